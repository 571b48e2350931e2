/* SPDX-License-Identifier: MIT */
/* tls_file.c - reads files of certificates and keys. */
#include "tls_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "privilege.h"

struct tls_early {
	struct map *files; /* path to tls_bytes */
};

void
tls_bytes_done(struct tls_bytes *bytes)
{
	if (bytes->p != NULL)
		secret_wipe(bytes->p, bytes->n);
	mem_free(bytes->p);
	*bytes = (struct tls_bytes){ NULL, 0 };
}

static const char *
remedy(int code)
{
	switch (code) {
	case -ENOENT:
		return "; make it, or name another file";
	case -EACCES:
		return "; start hookline as root, or let its user read it";
	default:
		return "";
	}
}

static int
file_open(const char *path, struct stat *ret, struct err *err)
{
	bool begun = privilege_read_begin();
	int fd, rc;

	/* Whatever it is, opening must not wait for anybody. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	rc = fd == -1 ? -errno : 0;
	privilege_read_end(begun);
	memset(ret, 0, sizeof(*ret));
	if (rc == 0 && fstat(fd, ret) == -1)
		rc = -errno;
	if (rc < 0)
		(void)err_set(
		    err, rc, "%s: %s%s", path, strerror(-rc), remedy(rc));
	else if (!S_ISREG(ret->st_mode))
		rc = err_set(err, -EINVAL, "%s: it is not a file", path);
	else if (ret->st_size > TLS_FILE_MAX)
		rc = err_set(err, -EFBIG, "%s: larger than %u bytes", path,
		    TLS_FILE_MAX);
	if (rc == 0)
		return fd;
	if (fd != -1)
		(void)close(fd);
	return rc;
}

int
tls_file_read(const char *path, struct tls_bytes *ret,
    struct conf_stamp *ret_stamp, struct err *err)
{
	struct tls_bytes bytes;
	struct stat st;
	int fd = file_open(path, &st, err);
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	/* A file that grows meanwhile has another stamp afterwards. */
	bytes.p = mem_alloc((size_t)st.st_size + 1);
	bytes.n = 0;
	while (n > 0 && bytes.n < (size_t)st.st_size) {
		n = read(fd, bytes.p + bytes.n, (size_t)st.st_size - bytes.n);
		if (n > 0)
			bytes.n += (size_t)n;
	}
	if (n == -1) {
		int rc = err_set(err, -errno, "%s: %s", path, strerror(errno));

		(void)close(fd);
		bytes.n = (size_t)st.st_size;
		tls_bytes_done(&bytes);
		return rc;
	}
	(void)close(fd);
	*ret = bytes;
	*ret_stamp = conf_stamp_from(&st);
	return 0;
}

void
tls_file_stamps(const char *const *paths, size_t count, struct conf_stamp *ret)
{
	bool begun = privilege_read_begin();

	for (size_t i = 0; i < count; i++)
		ret[i] = conf_stamp_of(paths[i]);
	privilege_read_end(begun);
}

/* ---- before root was given up -------------------------------------------- */

static void
early_bytes_free(void *arg)
{
	struct tls_bytes *bytes = arg;

	tls_bytes_done(bytes);
	mem_free(bytes);
}

struct tls_early *
tls_early_new(void)
{
	struct tls_early *early = mem_alloc(sizeof(*early));

	early->files = map_new(early_bytes_free);
	return early;
}

void
tls_early_free(struct tls_early **early)
{
	if (*early == NULL)
		return;
	map_free(&(*early)->files);
	mem_free(*early);
	*early = NULL;
}

static struct tls_bytes
bytes_copy(struct slice bytes)
{
	struct tls_bytes copy = { mem_alloc(bytes.n + 1), bytes.n };

	if (bytes.n > 0)
		memcpy(copy.p, bytes.p, bytes.n);
	return copy;
}

void
tls_early_add(struct tls_early *early, const char *path, struct slice bytes)
{
	struct tls_bytes *copy = mem_alloc(sizeof(*copy));

	*copy = bytes_copy(bytes);
	map_set(early->files, slice_of(path), copy);
}

bool
tls_early_has(const struct tls_early *early, const char *path)
{
	return early != NULL && map_has(early->files, slice_of(path));
}

int
tls_early_get(
    const struct tls_early *early, const char *path, struct tls_bytes *ret)
{
	const struct tls_bytes *bytes =
	    early == NULL ? NULL : map_get(early->files, slice_of(path));

	if (bytes == NULL)
		return -ENOENT;
	*ret = bytes_copy(tls_bytes_slice(bytes));
	return 0;
}
