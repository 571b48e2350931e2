/* SPDX-License-Identifier: MIT */
/* breakout.c - a plugin that goes behind the API's back, on demand.
 *
 *	breakout [read PATH] [write PATH] [connect WHERE] [thread WHEN]
 *	VRFY [offload] WHAT ARGUMENT
 *
 * declares the paths; with `thread load` or `thread init` it starts a thread
 * then.  VRFY tries WHAT, on the pool after "offload", and answers with the
 * number of its errno, 0 if it could.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hookline/plugin.h>

struct args {
	hl_str read, write, connect, thread;
};

struct job {
	const char *what, *argument;
};

static int
result(long rc)
{
	return rc == -1 ? errno : 0;
}

static int
try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int rc = result(fd);

	if (fd != -1)
		(void)close(fd);
	return rc;
}

static int
try_read(const char *path)
{
	return try_open(path, O_RDONLY);
}

static int
try_write(const char *path)
{
	return try_open(path, O_WRONLY | O_CREAT);
}

static int
try_truncate(const char *path)
{
	return result(truncate(path, 0));
}

static int
try_unlink(const char *path)
{
	return result(unlink(path));
}

static int
try_mkdir(const char *path)
{
	return result(mkdir(path, 0700));
}

/* "FROM:TO" */
static int
try_rename(const char *paths)
{
	char from[500];
	const char *colon = strchr(paths, ':');

	(void)snprintf(from, sizeof(from), "%.*s", (int)(colon - paths), paths);
	return result(rename(from, colon + 1));
}

static int
try_exec(const char *path)
{
	char *const argv[] = { (char *)(uintptr_t)path, NULL };

	return result(execve(path, argv, argv + 1));
}

static int
try_fork(const char *path)
{
	pid_t pid = fork();

	(void)path;
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	return result(pid);
}

static int
try_spawn(const char *path)
{
	char *const argv[] = { (char *)(uintptr_t)path, NULL };
	pid_t pid;
	int rc = posix_spawn(&pid, path, NULL, NULL, argv, argv + 1);

	if (rc == 0)
		(void)waitpid(pid, NULL, 0);
	return rc;
}

static int
try_system(const char *command)
{
	int rc = system(command);

	return rc == -1 ? errno : rc;
}

static int
try_connect(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = result(connect(fd, (struct sockaddr *)&to, sizeof(to)));

	(void)close(fd);
	return rc;
}

static int
try_bind(const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = result(bind(fd, (struct sockaddr *)&at, sizeof(at)));

	(void)close(fd);
	return rc;
}

static int
try_socket(const char *family)
{
	int fd = socket((int)strtoul(family, NULL, 10), SOCK_DGRAM, 0);
	int rc = result(fd);

	if (fd != -1)
		(void)close(fd);
	return rc;
}

static int
try_kill(const char *pid)
{
	return result(kill((pid_t)strtoul(pid, NULL, 10), 0));
}

/* "PATH": a Unix socket that is told to stop the server.  EPIPE: it has hung
 * up. */
static int
try_stop(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;
	char byte;

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	rc = result(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	if (rc == 0)
		rc = result(send(fd, "stop\n", 5, MSG_NOSIGNAL));
	if (rc == 0)
		rc = recv(fd, &byte, 1, 0) == 1 ? 0 : EPIPE;
	(void)close(fd);
	return rc;
}

/* "NUMBER": any system call, with zeros. */
static int
try_call(const char *number)
{
	return result(syscall(strtol(number, NULL, 10), 0, 0, 0, 0, 0, 0));
}

static const struct {
	const char *name;
	int (*fn)(const char *argument);
} tries[] = {
	{ "read", try_read },
	{ "write", try_write },
	{ "truncate", try_truncate },
	{ "unlink", try_unlink },
	{ "mkdir", try_mkdir },
	{ "rename", try_rename },
	{ "exec", try_exec },
	{ "fork", try_fork },
	{ "spawn", try_spawn },
	{ "system", try_system },
	{ "connect", try_connect },
	{ "bind", try_bind },
	{ "socket", try_socket },
	{ "kill", try_kill },
	{ "stop", try_stop },
	{ "call", try_call },
};

static int
run(void *arg)
{
	const struct job *job = arg;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		if (strcmp(tries[i].name, job->what) == 0)
			return tries[i].fn(job->argument);
	return -1;
}

static enum hl_verdict
on_vrfy(struct hl_ctx *ctx, hl_str rest)
{
	char text[1000], *at = text;
	struct job job;
	bool offload;

	(void)snprintf(text, sizeof(text), "%s", rest.p);
	job.what = strsep(&at, " ");
	offload = strcmp(job.what, "offload") == 0;
	if (offload)
		job.what = strsep(&at, " ");
	job.argument = at != NULL ? at : "";
	return hl_ok(
	    ctx, "%d", offload ? hl_offload(ctx, run, &job) : run(&job));
}

static void *
sleep_for_ever(void *arg)
{
	(void)pause();
	return arg;
}

static const char keeps;

static int
begin_thread(const struct args *args, const char *when)
{
	pthread_t thread;
	Dl_info self;

	if (strcmp(args->thread.p, when) != 0)
		return 0;
	/* Its code must stay when the plugin is unloaded. */
	if (dladdr(&keeps, &self) != 0)
		(void)dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
	return -pthread_create(&thread, NULL, sleep_for_ever, NULL);
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	int rc = begin_thread(args, "load");

	if (rc == 0 && args->read.n > 0)
		rc = hl_need_read(ctx, args->read);
	if (rc == 0 && args->write.n > 0)
		rc = hl_need_write(ctx, args->write);
	if (rc == 0 && args->connect.n > 0)
		rc = hl_need_connect(ctx, args->connect);
	return rc;
}

/* Work on the pool before the worker is confined. */
static enum hl_verdict
on_init_worker(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct job job = { "read", "/etc/passwd" };

	hl_log(
	    ctx, HL_LOG_INFO, "at the start: %d", hl_offload(ctx, run, &job));
	(void)begin_thread(args, "init");
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "read", "declared", .offset = offsetof(struct args, read) },
	{ "write", "declared", .offset = offsetof(struct args, write) },
	{ "connect", "declared", .offset = offsetof(struct args, connect) },
	{ "thread", "when one is started",
	    .offset = offsetof(struct args, thread) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "breakout",
	.about = "tries what plugins may not do (for tests)",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.init_worker = on_init_worker,
	.vrfy = on_vrfy,
};
HL_PLUGIN(plugin);
