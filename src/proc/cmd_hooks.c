/* SPDX-License-Identifier: MIT */
/* cmd_hooks.c - `hookline hooks [NAME]`: prints the contract table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "command.h"
#include "conf/conf_nearest.h"
#include "hook/hook_row.h"
#include "json.h"

static const char *const fate_names[] = {
	[FATE_GO] = "go",
	[FATE_KEEP] = "keep",
	[FATE_REPLY] = "reply",
	[FATE_RESET] = "reset",
	[FATE_DISC] = "disc",
	[FATE_CLOSE] = "close",
	[FATE_IGNORED] = "ignored",
	[FATE_ILLEGAL] = "illegal",
	[FATE_ANSWERED] = "answered",
	[FATE_DATA] = "data",
	[FATE_REFUSE] = "refuse",
	[FATE_SWALLOW] = "swallow",
};

static const struct {
	unsigned flag;
	const char *name;
} flags[] = {
	{ HOOK_FLAG_OKDENY, "okdeny" },
	{ HOOK_FLAG_DENYONLY, "denyonly" },
	{ HOOK_FLAG_NOENH, "noenh" },
	{ HOOK_FLAG_NOSESSION, "nosession" },
	{ HOOK_FLAG_LATER, "later" },
	{ HOOK_FLAG_RESULT, "result" },
};

/* ---- text ---- */

static void
print_cell(enum hook_column column, const struct hook_cell *cell)
{
	(void)printf(
	    "    %-22s %-9s", hook_column_name(column), fate_names[cell->fate]);
	if (cell->code != 0)
		(void)printf(" %u%s%s %s", cell->code,
		    cell->enhanced[0] != '\0' ? " " : "", cell->enhanced,
		    cell->text);
	(void)printf("\n");
}

/* As a plugin defines it. */
static void
print_function(const struct hook_row *row)
{
	(void)printf("enum hl_verdict on_");
	for (const char *c = row->name; *c != '\0'; c++)
		(void)putchar(*c == '-' ? '_' : *c);
	(void)printf("(struct hl_ctx *ctx%s%s)\n",
	    row->params[0] != '\0' ? ", " : "", row->params);
}

static void
print_row(const struct hook_row *row)
{
	(void)printf("%s", row->name);
	if (row->alias != NULL)
		(void)printf(" (%s)", row->alias);
	(void)printf("\n    called when %s\n    ", row->when);
	print_function(row);
	(void)printf("    on failure: %s\n",
	    row->failure == POLICY_SOFT ? "soft" : "open");
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		print_cell((enum hook_column)i, &row->cells[i]);
}

/* ---- JSON ---- */

static void
json_cell(
    struct json *json, enum hook_column column, const struct hook_cell *cell)
{
	json_open(json, hook_column_name(column), '{');
	json_text(json, "fate", fate_names[cell->fate]);
	json_number(json, "code", cell->code);
	json_text(json, "enhanced", cell->enhanced);
	json_text(json, "text", cell->text);
	json_close(json, '}');
}

static void
json_row(struct json *json, const struct hook_row *row)
{
	json_open(json, NULL, '{');
	json_text(json, "name", row->name);
	json_text(json, "alias", row->alias != NULL ? row->alias : "");
	json_text(json, "when", row->when);
	json_text(json, "params", row->params);
	json_text(
	    json, "failure", row->failure == POLICY_SOFT ? "soft" : "open");
	json_open(json, "flags", '[');
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if ((row->flags & flags[i].flag) != 0)
			json_text(json, NULL, flags[i].name);
	}
	json_close(json, ']');
	json_open(json, "verdicts", '{');
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		json_cell(json, (enum hook_column)i, &row->cells[i]);
	json_close(json, '}');
	json_close(json, '}');
}

static void
print_json(void)
{
	struct buf out = BUF_INIT;
	struct json json = { .buf = &out };

	json_open(&json, NULL, '[');
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		json_row(&json, &hook_table[i]);
	json_close(&json, ']');
	(void)printf("%s\n", out.p);
	buf_done(&out);
}

static const struct option_spec options[] = {
	{ "json", NULL, "print it as JSON" },
	{ NULL, NULL, NULL },
};

struct hooks_args {
	bool json;
	const char *name; /* NULL: all */
};

static int
on_option(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct hooks_args *args = arg;

	if (spec != NULL) {
		args->json = true;
		return 0;
	}
	return option_name(&args->name, NULL, value, err);
}

static int
print_one(const char *name)
{
	const char *names[HOOK_COUNT], *near;
	enum hook_id id;

	if (hook_find(slice_of(name), &id) == 0) {
		print_row(&hook_table[id]);
		return EXIT_OK;
	}
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		names[i] = hook_table[i].name;
	near = conf_nearest(slice_of(name), names, HOOK_COUNT);
	(void)fprintf(stderr, "hookline hooks: no hook %s%s%s%s\n", name,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
	return EXIT_FAULT;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct hooks_args args = { .json = false };
	struct err err;

	if (option_parse(self->options, argc, argv, on_option, &args, &err) < 0)
		return command_usage_error(self, "%s", err.text);
	if (args.json && args.name != NULL)
		return command_usage_error(self, "--json prints all hooks");
	if (args.name != NULL)
		return print_one(args.name);
	if (args.json) {
		print_json();
		return EXIT_OK;
	}
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		print_row(&hook_table[i]);
	return EXIT_OK;
}

const struct command command_hooks = {
	.name = "hooks",
	.args = "[--json | NAME]",
	.about = "print the contract of every hook, or of one",
	.options = options,
	.run = run,
};
