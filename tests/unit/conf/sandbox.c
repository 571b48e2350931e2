/* SPDX-License-Identifier: MIT */
/* sandbox.c - a configuration directory of its own and a clock. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

static struct mono test_mono;
static struct wall test_wall;
static struct buf text;

static struct mono
now_mono(void)
{
	return test_mono;
}

static struct wall
now_wall(void)
{
	return test_wall;
}

static const struct clock_source test_clock = { .mono = now_mono,
	.wall = now_wall };

void
sandbox_start(struct sandbox *box, int64_t ahead_s)
{
	clock_set_source(NULL);
	test_wall = wall_now();
	test_wall.us += ahead_s * 1000000;
	test_mono = (struct mono){ 1000000000 };
	clock_set_source(&test_clock);
	*box = (struct sandbox){ .path = "/tmp/hookline-conf-XXXXXX" };
	CHECK(mkdtemp(box->path) != NULL);
}

static void
on_fault(void *arg, const struct conf_fault *fault)
{
	struct sandbox *box = arg;
	struct conf_fault short_fault = *fault;
	size_t skip = strlen(box->path) + 1;

	if (strncmp(fault->file.p, box->path, skip - 1) == 0 &&
	    fault->file.n > skip)
		short_fault.file = str_of(fault->file.p + skip);
	conf_fault_print(&box->told, &short_fault);
	buf_add_char(&box->told, '\n');
	box->told_count++;
}

void
sandbox_open(struct sandbox *box)
{
	struct conf_options options = { .on_fault = on_fault, .arg = box };

	CHECK(conf_dir_open(box->path, &options, &box->dir, NULL) == 0);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
sandbox_stop(struct sandbox *box)
{
	conf_dir_free(&box->dir);
	(void)nftw(box->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	buf_done(&box->told);
	buf_done(&text);
	clock_set_source(NULL);
}

const char *
sandbox_path(struct sandbox *box, const char *name)
{
	(void)snprintf(box->file, sizeof(box->file), "%s/%s", box->path, name);
	return box->file;
}

static void
make_dirs(struct sandbox *box, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s", sandbox_path(box, name));
	for (char *slash = strchr(path + strlen(box->path) + 1, '/');
	     slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static void
set_age(const char *path, int64_t age_ms)
{
	int64_t us = test_wall.us - age_ms * 1000;
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ us / 1000000, us % 1000000 * 1000 },
	};

	CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

void
sandbox_bytes(struct sandbox *box, const char *name, const void *bytes,
    size_t n, int64_t age_ms)
{
	FILE *file;

	make_dirs(box, name);
	file = fopen(sandbox_path(box, name), "w");
	CHECK(file != NULL);
	CHECK(fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
	set_age(box->file, age_ms);
}

void
sandbox_write(
    struct sandbox *box, const char *name, const char *what, int64_t age_ms)
{
	sandbox_bytes(box, name, what, strlen(what), age_ms);
}

void
sandbox_replace(
    struct sandbox *box, const char *name, const char *what, int64_t age_ms)
{
	char other[512];

	sandbox_write(box, ".new", what, age_ms);
	(void)snprintf(other, sizeof(other), "%s", box->file);
	CHECK(rename(other, sandbox_path(box, name)) == 0);
}

void
sandbox_remove(struct sandbox *box, const char *name)
{
	CHECK(remove(sandbox_path(box, name)) == 0);
}

void
sandbox_wait(uint64_t ms)
{
	test_mono = mono_add_ms(test_mono, ms);
	test_wall.us += (int64_t)ms * 1000;
}

const char *
sandbox_get_for(struct sandbox *box, const char *listener, const char *key)
{
	struct conf_list *list =
	    conf_get(box->dir, str_of(listener), str_of(key));

	buf_clear(&text);
	buf_add_text(&text, conf_list_is_present(list) ? "" : "-");
	for (size_t i = 0; i < conf_list_count(list); i++) {
		buf_add_text(&text, i > 0 ? "|" : "");
		buf_add_slice(&text, slice_str(conf_list_at(list, i)));
	}
	conf_list_unref(&list);
	return text.p;
}

const char *
sandbox_get(struct sandbox *box, const char *key)
{
	return sandbox_get_for(box, "", key);
}
