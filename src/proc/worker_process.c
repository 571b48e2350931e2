/* SPDX-License-Identifier: MIT */
/* worker_process.c - what a worker does to its own process. */
#include "worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command.h"
#include "confine.h"
#include "confine_plan.h"
#include "heritage.h"
#include "privilege.h"
#include "server/server.h"

/* From the loss of the master to the end. */
#define MASTER_LOST_S 1

/* The master died while a hook may hold the thread. */
static void
on_parent_lost(int sig)
{
	(void)sig;
	(void)alarm(MASTER_LOST_S);
}

void
worker_process_prepare(const struct heritage *heritage)
{
	struct sigaction lost = { .sa_handler = on_parent_lost };
	char name[16];

	privilege_no_new();
	(void)snprintf(name, sizeof(name), "hookline w%u", heritage->slot);
	(void)prctl(PR_SET_NAME, name);
	/* From a terminal these reach the master too, which decides. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGALRM, SIG_DFL);
	(void)sigaction(SIGUSR2, &lost, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGUSR2);
	if (getppid() != heritage->master_pid)
		_exit(EXIT_FAULT);
	(void)fcntl(heritage->channel_fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(heritage->shm_fd, F_SETFD, FD_CLOEXEC);
	if (heritage->tls_fd != 0) {
		(void)fcntl(heritage->tls_fd, F_SETFD, FD_CLOEXEC);
		(void)fcntl(heritage->tickets_fd, F_SETFD, FD_CLOEXEC);
	}
	for (size_t i = 0; i < heritage->socket_count; i++)
		(void)fcntl(heritage->sockets[i].fd, F_SETFD, FD_CLOEXEC);
}

int
worker_process_confine(const struct heritage *heritage,
    const struct server_loaded *loaded, struct err *err)
{
	struct confine_plan plan;
	int rc;

	confine_plan_init(&plan);
	plan.own_dir = heritage->state_dir.p;
	confine_plan_system(&plan);
	confine_plan_needs(&plan, loaded->needs, loaded->need_count);
	rc = confine_apply("worker", &plan, SANDBOX_WORKER, err);
	confine_plan_done(&plan);
	return rc;
}
