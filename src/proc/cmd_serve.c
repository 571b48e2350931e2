/* SPDX-License-Identifier: MIT */
/* cmd_serve.c - `hookline serve`: the command line of the master. */
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "command.h"
#include "conf/conf_listen.h"
#include "master.h"
#include "shm/layout.h"
#include "state_dir.h"

#define DEFAULT_CONFIG "/etc/hookline"

static const struct option_spec options[] = {
	{ "config", "DIR",
	    "configuration directory (default " DEFAULT_CONFIG ")" },
	{ "listen", "LINE",
	    "listen here instead of on the lines of config/listen; may "
	    "repeat" },
	{ "start-timeout", "S",
	    "how long workers may take to get ready (default 60 seconds)" },
	{ "state", "DIR", "state directory (default " STATE_DIR_DEFAULT ")" },
	{ "user", "NAME", "run as this user when started as root" },
	{ "workers", "N", "worker processes (default: config/workers)" },
	{ NULL, NULL, NULL },
};

/* Points into argv. */
struct parsed {
	struct master_options master;
	const char *listen[CONF_LISTENERS_MAX];
};

static int
take_start_s(const char *value, unsigned *ret, struct err *err)
{
	if (num_parse_unsigned(slice_of(value), MASTER_START_S_MAX, ret) == 0 &&
	    *ret > 0)
		return 0;
	return err_set(err, -EINVAL, "--start-timeout is 1 to %d seconds",
	    MASTER_START_S_MAX);
}

static int
take(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct parsed *parsed = arg;
	struct master_options *master = &parsed->master;

	if (spec == NULL)
		return err_set(err, -EINVAL,
		    "serve takes no argument '%.100s'; quote a --listen line "
		    "that has spaces",
		    value);
	if (strcmp(spec->name, "config") == 0) {
		master->config_dir = value;
	} else if (strcmp(spec->name, "state") == 0) {
		master->state_dir = value;
	} else if (strcmp(spec->name, "user") == 0) {
		master->user = value;
	} else if (strcmp(spec->name, "listen") == 0) {
		if (master->listen_count == CONF_LISTENERS_MAX)
			return err_set(err, -E2BIG, "at most %d --listen",
			    CONF_LISTENERS_MAX);
		parsed->listen[master->listen_count++] = value;
	} else if (strcmp(spec->name, "start-timeout") == 0) {
		return take_start_s(value, &master->start_s, err);
	} else if (num_parse_unsigned(
		       slice_of(value), SHM_SLOT_MAX, &master->workers) < 0 ||
		   master->workers == 0) {
		return err_set(
		    err, -EINVAL, "--workers is 1 to %d", SHM_SLOT_MAX);
	}
	return 0;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct parsed parsed = {
		.master.config_dir = DEFAULT_CONFIG,
		.master.state_dir = STATE_DIR_DEFAULT,
		.master.listen = parsed.listen,
		.master.start_s = MASTER_START_S,
	};
	struct err err;

	if (option_parse(self->options, argc, argv, take, &parsed, &err) < 0)
		return command_usage_error(self, "%s", err.text);
	return master_run(&parsed.master);
}

const struct command command_serve = {
	.name = "serve",
	.args = "[--config DIR] [--listen LINE]... [--state DIR]"
		" [--user NAME] [--workers N] [--start-timeout S]",
	.about = "run the server, in the foreground, log on stderr",
	.options = options,
	.more =
	    "A LINE is one of config/listen, for example\n"
	    "  --listen 127.0.0.1:2525 --listen '[::1]:2525 name=local'\n"
	    "Signals: HUP reloads, TERM and INT drain, a second one stops at"
	    " once.\n",
	.run = run,
};
