/* SPDX-License-Identifier: MIT */
/* run_as.c - `check` and `try` by root do what they do as the run user. */
#include "run_as.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "conf/conf_dir.h"
#include "conf/conf_value.h"
#include "settings.h"

/* As the master finds it. */
static int
find_user(const char *config_dir, struct run_user *ret, struct err *err)
{
	struct conf_dir *conf;
	struct arena arena;
	int rc = settings_open(config_dir, &conf, err);

	if (rc < 0)
		return rc;
	arena_init(&arena, 256, 0);
	rc = run_user_find(
	    conf_text(conf, STR_EMPTY, CONF_USER, &arena).p, ret, err);
	arena_done(&arena);
	conf_dir_free(&conf);
	return rc;
}

/* In a process of its own: there is no way back. */
static enum run_as_kind
probe(const struct run_user *user, const char *config_dir)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		/* Also where a relative path would do, the server's will not. */
		char *path = realpath(config_dir, NULL);
		struct err err;

		if (privilege_drop(user, &err) < 0)
			_exit(RUN_AS_STUCK);
		_exit(path != NULL && access(path, R_OK | X_OK) == 0
			  ? RUN_AS_SERVER
			  : RUN_AS_BARRED);
	}
	while (pid > 0 && waitpid(pid, &status, 0) == -1)
		CHECK(errno == EINTR);
	if (pid == -1 || !WIFEXITED(status))
		return RUN_AS_STUCK;
	return (enum run_as_kind)WEXITSTATUS(status);
}

int
run_as_server(const char *config_dir, const char *name, struct run_as *ret,
    struct err *err)
{
	int rc;

	ret->kind = RUN_AS_SELF;
	run_user_self(&ret->user);
	if (geteuid() != 0)
		return name == NULL || strcmp(name, ret->user.name) == 0
			   ? 0
			   : err_set(err, -EPERM, "--user %s needs root", name);
	if (name != NULL) {
		rc = run_user_find(name, &ret->user, err);
		if (rc < 0)
			return rc;
	} else if (find_user(config_dir, &ret->user, err) < 0) {
		return 0;
	}
	if (ret->user.uid == 0)
		return 0;
	ret->kind = probe(&ret->user, config_dir);
	return ret->kind == RUN_AS_SERVER ? privilege_drop(&ret->user, err) : 0;
}

void
run_as_print(const struct run_as *as, const char *config_dir)
{
	(void)printf("user\n");
	switch (as->kind) {
	case RUN_AS_SELF:
	case RUN_AS_SERVER:
		(void)printf("  %s\n", as->user.name);
		return;
	case RUN_AS_BARRED:
		(void)printf("  %-28s looked at as root: that user may not "
			     "enter %s\n",
		    as->user.name, config_dir);
		return;
	case RUN_AS_STUCK:
		(void)printf("  %-28s looked at as root, which may not become "
			     "that user here\n",
		    as->user.name);
		return;
	}
}
