/* SPDX-License-Identifier: MIT */
/* state_test.h - a real state process for tests: its directory, the socket
 * that its master would own, and the process. */
#ifndef HOOKLINE_TESTS_STATE_TEST_H
#define HOOKLINE_TESTS_STATE_TEST_H

#include "unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "state/proto.h"
#include "state/server.h"

struct state_process {
	char dir[64];
	char database[96];
	int listen_fd;
	int master_fd; /* closing it ends the process */
	pid_t pid;     /* 0: none */
};

static inline struct sockaddr_un
state_addr(const struct state_process *p)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", p->dir,
	    STATE_SOCKET);
	return addr;
}

/* The directory and the socket, without a process. */
static inline void
state_init(struct state_process *p)
{
	struct sockaddr_un addr;

	*p = (struct state_process){ .master_fd = -1 };
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/hookline-state-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(
	    p->database, sizeof(p->database), "%s/%s", p->dir, STATE_DATABASE);
	addr = state_addr(p);
	p->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(p->listen_fd != -1);
	assert_int_equal(
	    bind(p->listen_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(p->listen_fd, 100), 0);
}

static inline void
state_start(struct state_process *p)
{
	struct state_options options = { .dir = p->dir };
	int ends[2];

	assert_int_equal(p->pid, 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)fflush(stdout);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		(void)close(ends[1]);
		log_set_sink(NULL, NULL);
		options.listen_fd = p->listen_fd;
		options.master_fd = ends[0];
		_exit(state_main(&options));
	}
	(void)close(ends[0]);
	p->master_fd = ends[1];
}

/* Ends it as the master does; returns its exit status. */
static inline int
state_stop(struct state_process *p)
{
	int status = 0;

	(void)close(p->master_fd);
	p->master_fd = -1;
	if (p->pid != 0)
		assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	p->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void
state_kill(struct state_process *p)
{
	assert_int_equal(kill(p->pid, SIGKILL), 0);
	assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
	p->pid = 0;
	(void)close(p->master_fd);
	p->master_fd = -1;
}

static inline void
state_done(struct state_process *p)
{
	char command[128];

	if (p->pid != 0)
		(void)state_stop(p);
	(void)close(p->listen_fd);
	(void)snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
}

#endif
