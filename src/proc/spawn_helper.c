/* SPDX-License-Identifier: MIT */
/* spawn_helper.c - the process that runs programs for the workers.
 *
 * One struct run for each connection:
 *
 *	accepted --request--> running --program ends--> answered, freed
 *	   |                     |
 *	   |                     +--the worker is gone--> killed, then freed
 *	   +--refused, given up, or no request--> freed
 *
 * It listens once it has the lists of the master.
 */
#include "spawn_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel.h"
#include "command.h"
#include "master_log.h"
#include "memfile.h"
#include "service.h"
#include "spawn/grants.h"
#include "spawn/program.h"
#include "spawn/proto.h"

#define GRANTS_ALL_MAX (64u << 20) /* bytes of all lists */

struct helper {
	uv_loop_t loop;
	uv_poll_t listener;
	struct channel *channel; /* of the master */
	struct buf grants;
	struct list runs;
	char request[SPAWN_REQUEST_MAX];
};

struct run {
	struct helper *helper;
	struct link link;
	int worker; /* its pid */
	int fd;
	struct program program; /* pid 0: not started */
	char *path;             /* once it is started */
	unsigned handles;
	uv_poll_t peer, end;
};

/* ---- the end of a run ---- */

static void
on_run_closed(uv_handle_t *handle)
{
	struct run *run = handle->data;

	if (--run->handles > 0)
		return;
	mem_free(run->path);
	mem_free(run);
}

static void
run_free(struct run *run)
{
	list_remove(&run->link);
	uv_close((uv_handle_t *)&run->peer, on_run_closed);
	(void)close(run->fd);
	if (run->program.pid == 0)
		return;
	uv_close((uv_handle_t *)&run->end, on_run_closed);
	(void)close(run->program.pidfd);
}

static void
run_answer(struct run *run, int status)
{
	(void)send(
	    run->fd, &status, sizeof(status), MSG_NOSIGNAL | MSG_DONTWAIT);
	run_free(run);
}

static void
on_program_end(uv_poll_t *poll, int poll_status, int events)
{
	struct run *run = poll->data;
	int status = program_end(&run->program);

	(void)poll_status;
	(void)events;
	if (status != -EAGAIN)
		run_answer(run, status);
}

/* ---- requests ---- */

static void
log_refused(const struct run *run, const char *path)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "spawn_refused");
	log_add_int(&line, LOG_pid, run->worker);
	log_add_text(&line, LOG_path, path);
	log_add_text(
	    &line, LOG_text, "no plugin of this worker declared the program");
	log_end(&line);
}

static unsigned
runs_of(const struct helper *helper, int worker)
{
	unsigned count = 0;

	LIST_FOR_EACH (link, safe, &helper->runs)
		count += CONTAINER_OF(link, struct run, link)->worker == worker;
	return count;
}

/* Of those that the worker has, this one included. */
static int
check_grant(const struct run *run, struct program_plan *plan)
{
	struct slice grants = buf_slice(&run->helper->grants);
	enum grant grant =
	    grants_find(grants, run->worker, slice_of(plan->argv[0]));

	if (grant == GRANT_NONE) {
		log_refused(run, plan->argv[0]);
		return -EACCES;
	}
	if (runs_of(run->helper, run->worker) > grants_max(grants, run->worker))
		return -EAGAIN;
	plan->may_gain = grant == GRANT_GAIN;
	return 0;
}

/* What came with a request. */
struct descriptors {
	int at[PROGRAM_FDS_MAX];
	size_t count;
};

static int
plan_start(
    struct run *run, struct program_plan *plan, const struct descriptors *fds)
{
	int rc;

	if (plan->fd_count != fds->count)
		return -EINVAL;
	for (size_t i = 0; i < fds->count; i++)
		plan->fds[i].fd = fds->at[i];
	rc = check_grant(run, plan);
	return rc == 0 ? program_start(plan, &run->program) : rc;
}

static int
run_start(struct run *run, size_t n, const struct descriptors *fds)
{
	struct program_plan plan;
	const char **words;
	int rc = spawn_request_read(run->helper->request, n, &plan, &words);

	if (rc < 0)
		return rc;
	rc = plan_start(run, &plan, fds);
	if (rc == 0)
		run->path = mem_dup(slice_of(plan.argv[0]));
	mem_free(words);
	if (rc < 0)
		return rc;
	CHECK(uv_poll_init(&run->helper->loop, &run->end, run->program.pidfd) ==
	      0);
	run->end.data = run;
	run->handles++;
	CHECK(uv_poll_start(&run->end, UV_READABLE, on_program_end) == 0);
	return 0;
}

/* The control message has room for no more than these. */
static void
take_fds(struct msghdr *msg, struct descriptors *fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		fds->count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds->at, CMSG_DATA(c), fds->count * sizeof(int));
	}
}

/* Reads the request, once.  The kernel closes descriptors for which there is
 * no room. */
static int
read_request(struct run *run, size_t *ret_n, struct descriptors *fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(PROGRAM_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { run->helper->request, SPAWN_REQUEST_MAX };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(run->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n == -1)
		return errno == EINTR ? -EAGAIN : -errno;
	take_fds(&msg, fds);
	*ret_n = (size_t)n;
	if (n == 0)
		return -EPIPE;
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return -EINVAL;
	return 0;
}

/* While a helper was replaced, or slow: whoever has gone was told, or will
 * never know, that the program did not run. */
static bool
is_given_up(const struct run *run)
{
	struct pollfd peer = { .fd = run->fd, .events = POLLRDHUP };

	return poll(&peer, 1, 0) == 1;
}

static void
on_request(struct run *run)
{
	struct descriptors fds = { 0 };
	size_t n = 0;
	int rc = read_request(run, &n, &fds);

	if (rc == -EAGAIN)
		return;
	if (rc == 0 && is_given_up(run))
		rc = -ECANCELED;
	if (rc == 0)
		rc = run_start(run, n, &fds);
	for (size_t i = 0; i < fds.count; i++)
		(void)close(fds.at[i]);
	if (rc < 0)
		run_answer(run, rc);
}

/* Nobody of us may end it: the master, too, has given up root. */
static void
log_goes_on(const struct run *run)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "spawn_goes_on");
	log_add_int(&line, LOG_pid, run->program.pid);
	log_add_text(&line, LOG_path, run->path);
	log_printf(&line, LOG_text,
	    "its time is over, but it has become another user and cannot be "
	    "killed; it counts among the programs of worker %d until it ends: "
	    "kill it as root",
	    run->worker);
	log_end(&line);
}

/* Nothing follows a request, so this is the worker's end. */
static void
on_worker_gone(struct run *run)
{
	char byte;

	if (recv(run->fd, &byte, 1, MSG_DONTWAIT) == -1 &&
	    (errno == EAGAIN || errno == EINTR))
		return;
	(void)uv_poll_stop(&run->peer);
	if (program_kill(&run->program) == -EPERM)
		log_goes_on(run);
}

static void
on_peer(uv_poll_t *poll, int status, int events)
{
	struct run *run = poll->data;

	(void)status;
	(void)events;
	if (run->program.pid == 0)
		on_request(run);
	else
		on_worker_gone(run);
}

/* ---- connections ---- */

/* Only our own user's; who it is the kernel has noted at connect. */
static int
peer_pid(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1 ||
	    peer.uid != geteuid())
		return -1;
	return peer.pid;
}

static void
run_new(struct helper *helper, int fd, int worker)
{
	struct run *run = mem_alloc(sizeof(*run));

	run->helper = helper;
	run->fd = fd;
	run->worker = worker;
	list_push_back(&helper->runs, &run->link);
	CHECK(uv_poll_init(&helper->loop, &run->peer, fd) == 0);
	run->peer.data = run;
	run->handles = 1;
	CHECK(uv_poll_start(&run->peer, UV_READABLE, on_peer) == 0);
}

/* One a turn, so that answers go out between them. */
static void
on_listener(uv_poll_t *poll, int status, int events)
{
	struct helper *helper = poll->data;
	int fd = accept4(
	    SERVICE_FD_LISTEN, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int worker;

	(void)status;
	(void)events;
	if (fd == -1)
		return;
	/* What the master said before it let the worker ask. */
	channel_drain(helper->channel);
	worker = peer_pid(fd);
	/* One connection more than programs: that one hears -EAGAIN.  Others
	 * would only hold descriptors. */
	if (worker == -1 || runs_of(helper, worker) >
				grants_max(buf_slice(&helper->grants), worker))
		(void)close(fd);
	else
		run_new(helper, fd, worker);
}

/* ---- the master ---- */

static void
on_message(void *owner, struct slice text, int fd)
{
	struct helper *helper = owner;
	struct buf grants = BUF_INIT;

	if (fd != -1 && slice_eq_text(text, "grants") &&
	    memfile_read(fd, GRANTS_ALL_MAX, &grants) == 0) {
		buf_done(&helper->grants);
		helper->grants = grants;
		/* Not before the first list: who has waited while a helper was
		 * replaced would be refused. */
		(void)uv_poll_start(
		    &helper->listener, UV_READABLE, on_listener);
	} else {
		buf_done(&grants);
	}
	if (fd != -1)
		(void)close(fd);
}

static void
on_master_gone(void *owner)
{
	struct helper *helper = owner;

	LIST_FOR_EACH (link, safe, &helper->runs) {
		const struct run *run = CONTAINER_OF(link, struct run, link);

		if (run->program.pid != 0)
			(void)program_kill(&run->program);
	}
	_exit(EXIT_OK);
}

/* ---- life ---- */

static void
process_prepare(void)
{
	(void)prctl(PR_SET_NAME, "hookline spawn");
	/* They come to the whole group; the workers still need us. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)fcntl(SERVICE_FD_LISTEN, F_SETFD, FD_CLOEXEC);
	(void)fcntl(SERVICE_FD_MASTER, F_SETFD, FD_CLOEXEC);
}

int
spawn_helper_main(int argc, char **argv)
{
	static const struct channel_events events = { on_message,
		on_master_gone };
	struct helper *helper;

	(void)argv;
	if (argc != 2)
		return EXIT_USAGE;
	helper = mem_alloc(sizeof(*helper));
	master_log_start();
	process_prepare();
	list_init(&helper->runs);
	CHECK(uv_loop_init(&helper->loop) == 0);
	/* Descriptors that are no sockets are a fault of who starts us. */
	if (uv_poll_init(&helper->loop, &helper->listener, SERVICE_FD_LISTEN) <
	    0)
		return EXIT_USAGE;
	helper->listener.data = helper;
	helper->channel =
	    channel_open(&helper->loop, SERVICE_FD_MASTER, &events, helper);
	(void)uv_run(&helper->loop, UV_RUN_DEFAULT);
	UNREACHABLE(); /* on_master_gone ends it */
}
