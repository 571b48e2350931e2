/* SPDX-License-Identifier: MIT */
/* option.h - reading a command line by a table.
 *
 * Options are long ones, "--name VALUE" or "--name=VALUE"; "--" ends them.
 * They may stand between the other arguments.
 */
#ifndef HOOKLINE_PROC_OPTION_H
#define HOOKLINE_PROC_OPTION_H

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"

struct option_spec {
	const char *name;  /* without dashes; NULL ends a table */
	const char *value; /* what --help calls its value; NULL: takes none */
	const char *about;
};

/* Called for each option (`spec` from the table; value NULL if it takes
 * none) and for each other argument (spec NULL), in their order.  Returns 0,
 * or a negative errno with the reason in `err`, which ends the parsing. */
typedef int option_fn(void *arg, const struct option_spec *spec,
    const char *value, struct err *err);

/* argv[0] is skipped.  `specs` may be NULL.
 * Returns 0; -EINVAL unknown option, value missing or not wanted; or what
 * `fn` returned.  The text in `err` says what to do about it. */
int option_parse(const struct option_spec *specs, int argc, char **argv,
    option_fn *fn, void *arg, struct err *err) WARN_UNUSED;

/* An option_fn for a command whose one argument is a name: `arg` is a const
 * char **, NULL before. */
int option_name(void *arg, const struct option_spec *spec, const char *value,
    struct err *err);

/* One indented line for each option. */
void option_print(FILE *out, const struct option_spec *specs);

#endif
