/* SPDX-License-Identifier: MIT */
/* make_dirs.c - a directory and what is missing above it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "rt/file.h"
#include "rt/offload.h"
#include "rt/rt_private.h"

struct job {
	char *path; /* cut and mended while the job runs */
	size_t keep;
	mode_t mode;
};

/* The name of `path` in the directory above it, made durable. */
static int
sync_above(char *path)
{
	char *slash = strrchr(path, '/');
	int rc;

	if (slash == NULL)
		return dir__sync_now(".");
	if (slash == path)
		return dir__sync_now("/");
	*slash = '\0';
	rc = dir__sync_now(path);
	*slash = '/';
	return rc;
}

static int
make_one(char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == -1) {
		int rc = -errno;

		if (rc != -EEXIST || stat(path, &st) == -1)
			return rc;
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	/* The umask may have taken bits away. */
	if (chmod(path, mode) == -1)
		return -errno;
	return sync_above(path);
}

static int
run_job(void *arg)
{
	const struct job *job = arg;
	char *at = job->path + (job->keep > 0 ? job->keep : 1);
	int rc = 0;

	for (at = strchr(at, '/'); rc == 0 && at != NULL;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		rc = make_one(job->path, job->mode);
		*at = '/';
	}
	return rc == 0 ? make_one(job->path, job->mode) : rc;
}

int
file_make_dirs(const char *path, size_t keep, mode_t mode)
{
	struct job job = {
		.path = mem_dup(slice_of(path)), .keep = keep, .mode = mode
	};
	int rc;

	fiber_label_wait("file");
	rc = rt_offload(run_job, &job);
	mem_free(job.path);
	return rc;
}
