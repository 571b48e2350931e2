/* SPDX-License-Identifier: MIT */
/* option.c - reading a command line by a table. */
#include "option.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/slice.h"
#include "conf/conf_nearest.h"

#define NAMES_MAX 32

/* Where "--name=value" has its '='; the end if there is none. */
static size_t
name_length(const char *text)
{
	return strcspn(text, "=");
}

static const struct option_spec *
option_find(const struct option_spec *specs, struct slice name)
{
	for (; specs != NULL && specs->name != NULL; specs++)
		if (slice_eq_text(name, specs->name))
			return specs;
	return NULL;
}

static int
unknown_option(
    const struct option_spec *specs, struct slice name, struct err *err)
{
	const char *names[NAMES_MAX], *near;
	size_t count = 0;

	for (; specs != NULL && specs->name != NULL && count < NAMES_MAX;
	     specs++)
		names[count++] = specs->name;
	near = conf_nearest(name, names, count);
	if (near != NULL)
		return err_set(err, -EINVAL,
		    "no option --%.*s; did you mean --%s?",
		    (int)(name.n < 100 ? name.n : 100), name.p, near);
	return err_set(err, -EINVAL, "no option --%.*s",
	    (int)(name.n < 100 ? name.n : 100), name.p);
}

/* Handles argv[at] = "--...".  Returns how many arguments it took. */
static int
take_option(const struct option_spec *specs, int argc, char **argv, int at,
    option_fn *fn, void *arg, struct err *err)
{
	const char *text = argv[at] + 2;
	struct slice name = { text, name_length(text) };
	const char *value = text[name.n] == '=' ? text + name.n + 1 : NULL;
	const struct option_spec *spec = option_find(specs, name);
	int taken = 1, rc;

	if (spec == NULL)
		return unknown_option(specs, name, err);
	if (spec->value == NULL && value != NULL)
		return err_set(err, -EINVAL, "--%s takes no value", spec->name);
	if (spec->value != NULL && value == NULL) {
		if (at + 1 == argc)
			return err_set(err, -EINVAL, "--%s needs a value: %s",
			    spec->name, spec->value);
		value = argv[at + 1];
		taken = 2;
	}
	rc = fn(arg, spec, value, err);
	return rc < 0 ? rc : taken;
}

int
option_parse(const struct option_spec *specs, int argc, char **argv,
    option_fn *fn, void *arg, struct err *err)
{
	bool ended = false;
	int at = 1;

	while (at < argc) {
		int rc;

		if (!ended && strcmp(argv[at], "--") == 0) {
			ended = true;
			at++;
			continue;
		}
		if (ended || argv[at][0] != '-' || argv[at][1] == '\0')
			rc = fn(arg, NULL, argv[at], err) < 0 ? -EINVAL : 1;
		else if (argv[at][1] != '-')
			rc = err_set(err, -EINVAL,
			    "no option %.100s; options begin with --",
			    argv[at]);
		else
			rc = take_option(specs, argc, argv, at, fn, arg, err);
		if (rc < 0)
			return rc;
		at += rc;
	}
	return 0;
}

int
option_name(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	const char **name = arg;

	(void)spec;
	if (*name != NULL)
		return err_set(err, -EINVAL, "one name at a time");
	*name = value;
	return 0;
}

void
option_print(FILE *out, const struct option_spec *specs)
{
	for (; specs != NULL && specs->name != NULL; specs++) {
		char head[64];

		(void)snprintf(head, sizeof(head), "--%s%s%s", specs->name,
		    specs->value != NULL ? " " : "",
		    specs->value != NULL ? specs->value : "");
		(void)fprintf(out, "  %-18s %s\n", head, specs->about);
	}
}
