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
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

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
	return fcntl(fd, F_DUPFD_CLOEXEC, PROGRAM_FDS_MAX);
}

/* All that is open is closed by the exec, but what dup2 makes. */
static int
descriptors_place(const struct program_plan *plan)
{
	int from[PROGRAM_FDS_MAX], null;

	for (size_t i = 0; i < plan->fd_count; i++) {
		from[i] = lift(plan->fds[i].fd);
		if (from[i] == -1)
			return -errno;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	null = lift(null);
	if (null == -1 || close_range(STDERR_FILENO + 1, UINT32_MAX,
			      CLOSE_RANGE_CLOEXEC) == -1)
		return -errno;
	for (int number = 0; number <= STDERR_FILENO; number++)
		if (dup2(null, number) == -1)
			return -errno;
	for (size_t i = 0; i < plan->fd_count; i++)
		if (dup2(from[i], (int)plan->fds[i].number) == -1)
			return -errno;
	return 0;
}

/* Would the bits of its file make it root?  Without capabilities root is still
 * the owner of most files. */
static bool
is_roots(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 &&
	       (((st.st_mode & S_ISUID) != 0 && st.st_uid == 0) ||
		   ((st.st_mode & S_ISGID) != 0 && st.st_gid == 0));
}

static int
child_exec(
    const struct program_plan *plan, const char *const *env, pid_t parent)
{
	bool may_gain = plan->may_gain && !is_roots(plan->argv[0]);
	int rc;

	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* it died before the line above */
	rc = descriptors_place(plan);
	if (rc < 0)
		return rc;
	if (chdir("/") == -1)
		return -errno;
	if (!may_gain && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -errno;
	signals_reset();
	(void)execve(plan->argv[0], (char *const *)(uintptr_t)plan->argv,
	    (char *const *)(uintptr_t)env);
	return -errno;
}

static void
child_run(const struct program_plan *plan, const char *const *env, int report,
    pid_t parent)
{
	int rc;

	report = lift(report);
	rc = child_exec(plan, env, parent);
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

bool
program_env_is_valid(const char *variable)
{
	size_t n = strlen(PROGRAM_ENV_PREFIX);

	if (strncmp(variable, PROGRAM_ENV_PREFIX, n) != 0)
		return false;
	n += strspn(variable + n, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return variable[n] == '=';
}

/* The fixed one and the plan's; mem_free. */
static const char **
environment_make(const char *const *more)
{
	size_t count = 0, n = 0;
	const char **env;

	while (more != NULL && more[count] != NULL)
		count++;
	env = mem_array(count + ARRAY_SIZE(environment), sizeof(*env));
	while (environment[n] != NULL) {
		env[n] = environment[n];
		n++;
	}
	for (size_t i = 0; i < count; i++)
		env[n++] = more[i];
	return env;
}

int
program_start(const struct program_plan *plan, struct program *ret)
{
	const char **env;
	sigset_t all, before;
	pid_t pid, self = getpid();
	int report[2], rc;

	if (pipe2(report, O_CLOEXEC) == -1)
		return -errno;
	env = environment_make(plan->env);
	/* No handler of ours shall run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		child_run(plan, env, report[1], self);
	rc = pid == -1 ? -errno : 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)close(report[1]);
	if (rc == 0)
		rc = program_watch(pid, report[0], ret);
	(void)close(report[0]);
	mem_free(env);
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

int
program_kill(const struct program *program)
{
	/* This is good for as many of the group as it can be. */
	(void)kill(-program->pid, SIGKILL);
	if (pidfd_send_signal(program->pidfd, SIGKILL, NULL, 0) == -1 &&
	    errno == EPERM)
		return -EPERM;
	return 0;
}
