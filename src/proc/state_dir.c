/* SPDX-License-Identifier: MIT */
/* state_dir.c - the state directory: made, owned, held by one master. */
#include "state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hook/auth_secret.h"
#include "net/listen_socket.h"

#define DIR_MODE 0750
/* How long processes of a master that was killed may take to end. */
#define PREDECESSOR_MS 3000

static int
fail(struct err *err, const char *path)
{
	int code = errno;

	return err_set(
	    err, -code, "state directory %s: %s", path, strerror(code));
}

/* Like mkdir -p.  Returns 1 when the last part was made, 0 when it was
 * there. */
static int
make_dirs(char *path)
{
	int rc = 0;

	for (char *slash = path; slash != NULL;) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		rc = mkdir(path, slash != NULL ? 0755 : DIR_MODE);
		if (slash != NULL)
			*slash = '/';
		if (rc == -1 && errno != EEXIST)
			return -errno;
	}
	return rc == 0;
}

/* Empty, or with our pid file in it. */
static bool
is_ours(int fd)
{
	DIR *dir = fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	bool empty = true, has_pid = false;
	struct dirent *entry;

	if (dir == NULL)
		return false;
	rewinddir(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		empty = false;
		has_pid |= strcmp(entry->d_name, STATE_PID_FILE) == 0;
	}
	(void)closedir(dir);
	return empty || has_pid;
}

/* As root: the directory becomes the user's if it is safe to do so. */
static int
give_to(int fd, const char *path, const struct run_user *user, bool made,
    struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return fail(err, path);
	if (st.st_uid == user->uid)
		return 0;
	if (st.st_uid != geteuid() || (st.st_mode & S_IWOTH) != 0 ||
	    !(made || is_ours(fd)))
		return err_set(err, -EPERM,
		    "state directory %s is not %s's; give it one of its own, "
		    "or run: chown %s %s",
		    path, user->name, user->name, path);
	if (fchown(fd, user->uid, user->gid) == -1)
		return fail(err, path);
	return 0;
}

int
state_dir_prepare(
    const char *path, const struct run_user *user, char **ret, struct err *err)
{
	char *copy = mem_dup(slice_of(path));
	int made = make_dirs(copy), fd, rc = 0;
	char *real;

	mem_free(copy);
	if (made < 0) {
		errno = -made;
		return fail(err, path);
	}
	real = realpath(path, NULL);
	if (real == NULL)
		return fail(err, path);
	fd = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		rc = fail(err, path);
	else if (geteuid() == 0)
		rc = give_to(fd, real, user, made == 1, err);
	if (fd != -1)
		(void)close(fd);
	if (rc == 0)
		*ret = mem_dup(slice_of(real));
	free(real);
	return rc;
}

static char *
pid_path(const char *dir)
{
	size_t size = strlen(dir) + sizeof("/" STATE_PID_FILE);
	char *path = mem_alloc(size);

	(void)snprintf(path, size, "%s/" STATE_PID_FILE, dir);
	return path;
}

/* The lock is on the file that has the name now, not on one that a master
 * which was just ending has removed. */
static bool
is_current(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int
is_busy(int fd, const char *dir, struct err *err)
{
	char pid[24] = "?";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	if (n > 0)
		pid[strcspn(pid, "\n")] = '\0';
	return err_set(err, -EBUSY,
	    "another hookline (pid %s) runs with the state directory %s; "
	    "choose another with --state, or stop that one: "
	    "hookline ctl --state %s stop",
	    pid, dir, dir);
}

static int
lock_path(const char *path, const char *dir, struct err *err)
{
	int fd, flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;

	for (;;) {
		fd = open(path, flags, 0644);
		if (fd == -1)
			return err_set(
			    err, -errno, "%s: %s", path, strerror(errno));
		if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
			int rc = errno == EWOULDBLOCK ? is_busy(fd, dir, err)
						      : fail(err, path);
			(void)close(fd);
			return rc;
		}
		if (is_current(fd, path))
			return fd;
		(void)close(fd);
	}
}

int
state_dir_lock(const char *dir, struct err *err)
{
	char *path = pid_path(dir);
	char pid[24];
	int fd = lock_path(path, dir, err), n, rc;

	if (fd >= 0) {
		n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
		if (ftruncate(fd, 0) == -1 || pwrite(fd, pid, n, 0) != n) {
			rc = fail(err, path);
			(void)close(fd);
			fd = rc;
		}
	}
	mem_free(path);
	return fd;
}

void
state_dir_unlock(const char *dir, int fd)
{
	char *path = pid_path(dir);

	(void)unlink(path);
	(void)close(fd);
	mem_free(path);
}

static char *
path_of(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = mem_alloc(size);

	(void)snprintf(path, size, "%s/%s", dir, name);
	return path;
}

/* We hold the lock, so who still listens there is a process of a master that
 * was killed, which is about to end. */
static int
listen_patiently(
    const struct endpoint *where, bool keeps_bounds, struct err *err)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };
	const struct listen_options options = { .unix_mode = 0600,
		.unix_bounds = keeps_bounds };
	struct mono end = mono_add_ms(mono_now(), PREDECESSOR_MS);
	int fd;

	while ((fd = listen_socket_make(where, &options, err)) == -EADDRINUSE &&
	       mono_is_before(mono_now(), end))
		(void)nanosleep(&pause, NULL);
	return fd;
}

int
state_dir_listen(
    const char *dir, const char *name, bool keeps_bounds, struct err *err)
{
	struct endpoint where = { .kind = ENDPOINT_UNIX };
	char *path = path_of(dir, name);
	int fd;

	if (strlen(path) > ENDPOINT_PATH_MAX) {
		fd = err_set(err, -ENAMETOOLONG,
		    "%s: longer than the %d bytes that a socket's path may "
		    "have; choose another --state",
		    path, ENDPOINT_PATH_MAX);
	} else {
		memcpy(where.name, path, strlen(path) + 1);
		fd = listen_patiently(&where, keeps_bounds, err);
	}
	mem_free(path);
	return fd;
}

void
state_dir_unlink(const char *dir, const char *name)
{
	char *path = path_of(dir, name);

	(void)unlink(path);
	mem_free(path);
}

static int
write_secret(const char *path, struct err *err)
{
	uint8_t secret[AUTH_SECRET];
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags, 0600), rc = 0;

	if (fd == -1)
		return fail(err, path);
	random_bytes(secret, sizeof(secret));
	if (write(fd, secret, sizeof(secret)) != sizeof(secret))
		rc = fail(err, path);
	secret_wipe(secret, sizeof(secret));
	if (close(fd) == -1 && rc == 0)
		rc = fail(err, path);
	return rc;
}

int
state_dir_secret(const char *dir, struct err *err)
{
	char *path = path_of(dir, AUTH_SECRET_FILE);
	struct stat st;
	int rc = 0;

	if (lstat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size != AUTH_SECRET)
		rc = write_secret(path, err);
	mem_free(path);
	return rc;
}
