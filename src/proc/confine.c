/* SPDX-License-Identifier: MIT */
/* confine.c - a process gives up what it does not need. */
#include "confine.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "confine_plan.h"

/* A thread that was joined is still to be seen for a moment. */
#define THREAD_GONE_MS 500

/* 0 where /proc is not mounted. */
static unsigned
count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	unsigned count = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	return count;
}

static bool
is_alone(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	for (int i = 0; i < THREAD_GONE_MS; i++) {
		if (count_threads() <= 1)
			return true;
		(void)nanosleep(&moment, NULL);
	}
	return false;
}

static void
log_result(const char *who, int landlock, int sandbox, bool any_port)
{
	struct log_line line;

	log_begin(&line,
	    landlock < 0 || sandbox < 0 ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "confined");
	log_add_text(&line, LOG_name, who);
	if (landlock < 0)
		log_printf(&line, LOG_landlock, "no: %s", strerror(-landlock));
	else
		log_add_int(&line, LOG_landlock, landlock);
	if (sandbox < 0)
		log_printf(&line, LOG_seccomp, "no: %s", strerror(-sandbox));
	else
		log_add_text(&line, LOG_seccomp, "on");
	/* The first version that knows of ports. */
	log_add_text(
	    &line, LOG_port, landlock < 4 || any_port ? "any" : "declared");
	log_end(&line);
}

int
confine_apply(const char *who, const struct confine_plan *plan,
    enum sandbox_kind kind, struct err *err)
{
	struct landlock_rules rules = confine_plan_rules(plan);
	int landlock, sandbox;

	if (!is_alone())
		return err_set(err, -EBUSY,
		    "a plugin has started a thread in its load or init_worker "
		    "function, which confinement would not hold; start it in a "
		    "later hook, or set config/confine to off");
	landlock = landlock_apply(&rules);
	sandbox = sandbox_apply(kind);
	log_result(who, landlock, sandbox, rules.any_port);
	return 0;
}
