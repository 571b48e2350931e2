/* SPDX-License-Identifier: MIT */
/* program.c - starts a program and tells how it ended.
 *
 * fork and exec: posix_spawn knows no parent-death signal.  Between the two
 * the child calls only what a signal handler may call, since other threads
 * may have held locks.  Its errno comes back through a pipe that a successful
 * exec closes.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const environment[] = { "PATH=/usr/bin:/bin", "LANG=C",
	NULL };

/* ---- in the child ---- */

static void
signals_reset(void)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	sigset_t none;

	/* Fails for those that cannot be caught, which nobody has changed. */
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &normal, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Above those that the program gets, whatever number it had. */
static int
lift(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, PROGRAM_INPUT_AGAIN + 1);
}

static int
descriptors_place(int in, int out)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	in = lift(in);
	out = lift(out);
	null = lift(null);
	if (in == -1 || out == -1 || null == -1 ||
	    dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 ||
	    dup2(in, PROGRAM_INPUT_AGAIN) == -1 ||
	    close_range(
		PROGRAM_INPUT_AGAIN + 1, UINT32_MAX, CLOSE_RANGE_CLOEXEC) == -1)
		return -errno;
	return 0;
}

static int
child_exec(const char *const *argv, int in, int out, pid_t parent)
{
	int rc;

	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* it died before the line above */
	rc = descriptors_place(in, out);
	if (rc < 0)
		return rc;
	if (chdir("/") == -1)
		return -errno;
	signals_reset();
	(void)execve(argv[0], (char *const *)(uintptr_t)argv,
	    (char *const *)(uintptr_t)environment);
	return -errno;
}

static void
child_run(const char *const *argv, int in, int out, int report, pid_t parent)
{
	int rc;

	report = lift(report);
	rc = child_exec(argv, in, out, parent);
	(void)!write(report, &rc, sizeof(rc));
	_exit(1);
}

/* ---- in the parent ---- */

/* What the child reports; 0 when the exec has closed the pipe. */
static int
report_read(int fd)
{
	int rc = 0;
	ssize_t n;

	do
		n = read(fd, &rc, sizeof(rc));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(rc) ? rc : 0;
}

static int
program_watch(pid_t pid, int report, struct program *ret)
{
	struct program program = { pid, -1 };
	int rc = report_read(report);

	if (rc == 0) {
		program.pidfd = pidfd_open(pid, 0);
		if (program.pidfd == -1)
			rc = -errno;
	}
	if (rc < 0) {
		(void)kill(-pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return rc;
	}
	*ret = program;
	return 0;
}

int
program_start(const char *const *argv, int in, int out, struct program *ret)
{
	sigset_t all, before;
	pid_t pid, self = getpid();
	int report[2], rc;

	if (pipe2(report, O_CLOEXEC) == -1)
		return -errno;
	/* No handler of ours shall run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		child_run(argv, in, out, report[1], self);
	rc = pid == -1 ? -errno : 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)close(report[1]);
	if (rc == 0)
		rc = program_watch(pid, report[0], ret);
	(void)close(report[0]);
	return rc;
}

int
program_end(const struct program *program)
{
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)program->pidfd, &info, WEXITED | WNOHANG) ==
	    -1)
		return -errno;
	if (info.si_pid == 0)
		return -EAGAIN;
	return info.si_code == CLD_EXITED ? info.si_status
					  : 128 + info.si_status;
}

void
program_kill(const struct program *program)
{
	(void)kill(-program->pid, SIGKILL);
}
