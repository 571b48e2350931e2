/* SPDX-License-Identifier: MIT */
/* spawn_run.c - starts a program, reads its output, reaps it.
 *
 *	fiber: start -> park ... woken by output and by the end -> status
 *	loop:  on_output (reads), on_end (reaps)
 *
 * struct child is a heap object that outlives an impatient fiber: what it
 * leaves behind is killed, and reaped by on_end.  It is counted: by its
 * handles, until they are closed, and by the fiber.
 *
 * Standard input is a file in memory, so that nobody has to write while the
 * program reads.
 */
#include "spawn_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rt/fiber.h"
#include "rt/offload.h"
#include "rt/rt.h"

#define OUTPUT_STEP 2048u

/* The descriptors that a start makes; -1: none. */
struct starting {
	const struct spawn_job *job;
	int input, output_ours, output_its;
	int pidfd;
	pid_t pid;
};

struct child {
	pid_t pid;
	int pidfd, output; /* -1: closed */
	unsigned refs;
	bool has_ended;
	int status;          /* once it has; negative errno: unknown */
	struct fiber *fiber; /* NULL: nobody waits any more */
	struct buf kept;
	size_t kept_max;
	uv_poll_t end_poll, output_poll;
};

/* ---- starting it: on a thread of the pool ---- */

static int
close_fd(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
	return 0;
}

static int
make_input(struct starting *starting)
{
	const struct spawn_job *job = starting->job;
	const char *bytes = job->input;
	size_t left = job->input_size;

	if (bytes == NULL || left == 0)
		starting->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else
		starting->input = memfd_create("hookline-input", MFD_CLOEXEC);
	if (starting->input == -1)
		return -errno;
	if (bytes == NULL)
		return 0;
	while (left > 0) {
		ssize_t n = write(starting->input, bytes, left);

		if (n == -1 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			left -= (size_t)n;
		}
	}
	return lseek(starting->input, 0, SEEK_SET) == -1 ? -errno : 0;
}

static int
make_output(struct starting *starting)
{
	int fds[2];

	if (starting->job->output_max == 0) {
		starting->output_its = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return starting->output_its == -1 ? -errno : 0;
	}
	if (pipe2(fds, O_CLOEXEC) == -1)
		return -errno;
	starting->output_ours = fds[0];
	starting->output_its = fds[1];
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1)
		return -errno;
	return 0;
}

static int
set_actions(
    posix_spawn_file_actions_t *actions, const struct starting *starting)
{
	int rc = posix_spawn_file_actions_adddup2(
	    actions, starting->input, STDIN_FILENO);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(
		    actions, starting->output_its, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(
		    actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(
		    actions, STDERR_FILENO + 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_addchdir_np(actions, "/");
	return rc;
}

static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int rc;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID |
						POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETSIGMASK);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &none);
	return rc;
}

static int
exec_it(struct starting *starting)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", "LANG=C",
		NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc != 0)
		return -rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0)
		rc = set_actions(&actions, starting);
	if (rc == 0)
		rc = set_attributes(&attr);
	if (rc == 0)
		rc = posix_spawn(&starting->pid, starting->job->argv[0],
		    &actions, &attr,
		    (char *const *)(uintptr_t)starting->job->argv,
		    (char *const *)(uintptr_t)env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

static void
kill_group(pid_t pid)
{
	/* It is not reaped yet, so the number is still its own. */
	(void)kill(-pid, SIGKILL);
}

/* For rt_offload: what takes time is the exec, and copying the input. */
static int
start(void *arg)
{
	struct starting *starting = arg;
	int rc = make_input(starting);

	if (rc == 0)
		rc = make_output(starting);
	if (rc == 0)
		rc = exec_it(starting);
	(void)close_fd(&starting->input);
	(void)close_fd(&starting->output_its);
	if (rc < 0)
		return rc;
	starting->pidfd = pidfd_open(starting->pid, 0);
	if (starting->pidfd != -1)
		return 0;
	rc = -errno;
	kill_group(starting->pid);
	(void)waitpid(starting->pid, NULL, 0);
	return rc;
}

/* ---- watching it: on the loop ---- */

static void
child_unref(struct child *child)
{
	if (--child->refs > 0)
		return;
	buf_done(&child->kept);
	mem_free(child);
}

static void
on_closed(uv_handle_t *handle)
{
	child_unref(handle->data);
}

static void
close_watch(uv_poll_t *poll, int *fd)
{
	if (*fd == -1)
		return;
	uv_close((uv_handle_t *)poll, on_closed);
	(void)close_fd(fd);
}

/* Reads what is there; what does not fit is thrown away, but not before the
 * program could write it.  True when there may be more. */
static bool
read_output(struct child *child)
{
	char bytes[OUTPUT_STEP];
	ssize_t n = read(child->output, bytes, sizeof(bytes));
	size_t room = child->kept_max - child->kept.n;

	if (n > 0) {
		buf_add(
		    &child->kept, bytes, (size_t)n < room ? (size_t)n : room);
		return true;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	close_watch(&child->output_poll, &child->output);
	return false;
}

static void
on_output(uv_poll_t *poll, int status, int events)
{
	struct child *child = poll->data;

	(void)status; /* an error shows in read */
	(void)events;
	(void)read_output(child);
}

/* The rest of the output: what is in the pipe now.  A process that it left
 * behind may hold the other end for ever. */
static void
drain_output(struct child *child)
{
	while (child->output != -1 && child->kept.n < child->kept_max &&
	       read_output(child))
		;
	close_watch(&child->output_poll, &child->output);
}

static int
status_of(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? info->si_status
					   : 128 + info->si_status;
}

static void
on_end(uv_poll_t *poll, int status, int events)
{
	struct child *child = poll->data;
	siginfo_t info = { 0 };

	(void)status;
	(void)events;
	if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) == -1)
		child->status = -errno;
	else if (info.si_pid == 0)
		return; /* not yet */
	else
		child->status = status_of(&info);
	child->has_ended = true;
	drain_output(child);
	close_watch(&child->end_poll, &child->pidfd);
	if (child->fiber != NULL)
		fiber_wake(child->fiber);
}

static void
watch(struct rt *rt, struct child *child, uv_poll_t *poll, int fd,
    uv_poll_cb on_event)
{
	/* These fail for descriptors that cannot be polled; ours can. */
	CHECK(uv_poll_init(rt_loop(rt), poll, fd) == 0);
	poll->data = child;
	child->refs++;
	CHECK(uv_poll_start(poll, UV_READABLE, on_event) == 0);
}

static struct child *
child_new(struct rt *rt, const struct starting *starting)
{
	struct child *child = mem_alloc(sizeof(*child));

	child->refs = 1;
	child->pid = starting->pid;
	child->pidfd = starting->pidfd;
	child->output = starting->output_ours;
	child->kept_max = starting->job->output_max;
	watch(rt, child, &child->end_poll, child->pidfd, on_end);
	if (child->output != -1)
		watch(rt, child, &child->output_poll, child->output, on_output);
	return child;
}

/* Nobody waits any more: it must not go on. */
static void
abandon(struct child *child)
{
	close_watch(&child->output_poll, &child->output);
	kill_group(child->pid);
}

/* BLOCKS. */
static int
wait_for(struct child *child, uint64_t timeout_ms)
{
	struct mono until = mono_add_ms(mono_now(), timeout_ms);
	int rc = 0;

	child->fiber = fiber_self();
	while (!child->has_ended && rc == 0) {
		uint64_t left_ms = 0;

		if (timeout_ms > 0) {
			left_ms =
			    (mono_since_us(until, mono_now()) + 999) / 1000;
			if (left_ms == 0) {
				rc = -ETIME;
				break;
			}
		}
		fiber_label_wait("spawn");
		rc = fiber_block(left_ms);
	}
	child->fiber = NULL;
	return child->has_ended ? 0 : rc;
}

int
spawn_run(struct rt *rt, const struct spawn_job *job, struct buf *output)
{
	struct starting starting = { .job = job,
		.input = -1,
		.output_ours = -1,
		.output_its = -1,
		.pidfd = -1 };
	struct child *child;
	int rc = rt_offload(start, &starting);

	if (rc < 0) {
		(void)close_fd(&starting.output_ours);
		return rc;
	}
	child = child_new(rt, &starting);
	rc = wait_for(child, job->timeout_ms);
	if (rc < 0) {
		abandon(child);
	} else {
		buf_add_slice(output, buf_slice(&child->kept));
		rc = child->status;
	}
	child_unref(child);
	return rc;
}
