/* SPDX-License-Identifier: MIT */
/* test_option.c - command lines by a table. */
#include "../unit.h"

#include <errno.h>

#include "base/buf.h"
#include "proc/option.h"

static const struct option_spec specs[] = {
	{ "config", "DIR", "a directory" },
	{ "json", NULL, "a flag" },
	{ NULL, NULL, NULL },
};

/* Writes what it gets: "config=x json - arg". */
static int
take(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct buf *got = arg;

	if (value != NULL && strcmp(value, "refuse") == 0)
		return err_set(err, -EDOM, "refused");
	if (got->n > 0)
		buf_add_char(got, ' ');
	if (spec == NULL)
		buf_printf(got, "[%s]", value);
	else if (value == NULL)
		buf_add_text(got, spec->name);
	else
		buf_printf(got, "%s=%s", spec->name, value);
	return 0;
}

static const struct {
	const char *name;
	const char *args[6];
	const char *got;   /* NULL: refused */
	const char *error; /* part of the text */
} cases[] = {
	{ "nothing", { NULL }, "", NULL },
	{ "two words", { "--config", "a" }, "config=a", NULL },
	{ "one word", { "--config=a" }, "config=a", NULL },
	{ "empty value", { "--config=" }, "config=", NULL },
	{ "value with =", { "--config=a=b" }, "config=a=b", NULL },
	{ "value like an option", { "--config", "--json" }, "config=--json",
	    NULL },
	{ "flag", { "--json" }, "json", NULL },
	{ "twice", { "--json", "--json" }, "json json", NULL },
	{ "between", { "x", "--json", "y" }, "[x] json [y]", NULL },
	{ "lone dash", { "-" }, "[-]", NULL },
	{ "after --", { "--", "--json", "-x" }, "[--json] [-x]", NULL },
	{ "unknown", { "--frob" }, NULL, "no option --frob" },
	{ "near", { "--confg=a" }, NULL, "did you mean --config?" },
	{ "short", { "-c" }, NULL, "options begin with --" },
	{ "value missing", { "--config" }, NULL, "needs a value: DIR" },
	{ "value not wanted", { "--json=1" }, NULL, "takes no value" },
	{ "refused by the taker", { "--config", "refuse" }, NULL, "refused" },
	{ "argument refused", { "refuse" }, NULL, "refused" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[8] = { (char *)(uintptr_t) "serve" };
		struct buf got = BUF_INIT;
		struct err err = { 0 };
		int argc = 1, rc;

		while (cases[i].args[argc - 1] != NULL) {
			argv[argc] = (char *)(uintptr_t)cases[i].args[argc - 1];
			argc++;
		}
		rc = option_parse(specs, argc, argv, take, &got, &err);
		UNIT_CASE(cases[i].name, (rc == 0) == (cases[i].got != NULL));
		if (rc == 0)
			unit_slice_is(
			    cases[i].name, buf_slice(&got), cases[i].got);
		else
			UNIT_CASE(cases[i].name,
			    strstr(err.text, cases[i].error) != NULL);
		buf_done(&got);
	}
}

static void
test_no_table(void **state)
{
	char *argv[] = { (char *)(uintptr_t) "x",
		(char *)(uintptr_t) "--json" };
	struct buf got = BUF_INIT;
	struct err err;

	(void)state;
	assert_int_equal(
	    option_parse(NULL, 2, argv, take, &got, &err), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_table),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
