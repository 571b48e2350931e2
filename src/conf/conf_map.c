/* SPDX-License-Identifier: MIT */
/* conf_map.c - one version of one constant database (KEY.cdb), counted. */
#include "conf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>

#include "base/mem.h"

#define CONF_MAP_MAGIC 0x4d617020u
#define CDB_TABLES 256 /* at the head of the file: place and length of each */

struct conf_map {
	uint32_t magic;
	unsigned refs;
	size_t count;
	struct cdb cdb;
};

/* Copies `size` bytes of `fd` to a file of our own in memory. */
static int
copy_to_memory(int fd, size_t size, int *ret_copy)
{
	int copy = memfd_create("cdb", MFD_CLOEXEC);
	size_t done = 0;

	if (copy == -1)
		return -errno;
	while (done < size) {
		ssize_t n = sendfile(copy, fd, NULL, size - done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			int code = n == 0 ? -EAGAIN : -errno;

			(void)close(copy);
			return code;
		}
		done += (size_t)n;
	}
	*ret_copy = copy;
	return 0;
}

/* Do the tables lie in the file? */
static bool
tables_are_sound(const struct cdb *cdb)
{
	for (size_t i = 0; i < CDB_TABLES; i++) {
		const unsigned char *entry = cdb->cdb_mem + 8 * i;
		uint64_t place = cdb_unpack(entry);
		uint64_t length = cdb_unpack(entry + 4);

		if (place + 8 * length > cdb->cdb_fsize)
			return false;
	}
	return true;
}

/* Walks all records. */
static bool
count_records(struct cdb *cdb, size_t *ret_count)
{
	unsigned place;
	int res;

	cdb_seqinit(&place, cdb);
	*ret_count = 0;
	while ((res = cdb_seqnext(&place, cdb)) > 0)
		++*ret_count;
	return res == 0;
}

/* Takes `copy` over. */
static int
open_copy(int copy, struct conf_map **ret)
{
	struct conf_map *map = mem_alloc(sizeof(*map));
	bool is_open = cdb_init(&map->cdb, copy) == 0;

	(void)close(copy); /* it is mapped */
	if (is_open && tables_are_sound(&map->cdb) &&
	    count_records(&map->cdb, &map->count)) {
		map->magic = CONF_MAP_MAGIC;
		map->refs = 1;
		*ret = map;
		return 0;
	}
	if (is_open)
		cdb_free(&map->cdb);
	mem_free(map);
	return -EINVAL;
}

static int
open_file(int fd, struct conf_map **ret, struct conf_stamp *ret_stamp,
    struct err *err)
{
	struct conf_stamp after;
	struct stat st;
	int copy = -1;
	int res;

	if (fstat(fd, &st) == -1)
		return err_set(
		    err, -errno, "cannot read it: %s", strerrordesc_np(errno));
	*ret_stamp = conf_stamp_from(&st);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "no file; make it with cdb -c");
	if ((size_t)st.st_size > CONF_MAP_MAX)
		return err_set(err, -EINVAL, "larger than 256 MiB; use less");
	res = copy_to_memory(fd, (size_t)st.st_size, &copy);
	if (res != 0)
		return err_set(
		    err, res, "cannot read it: %s", strerrordesc_np(-res));
	if (fstat(fd, &st) == 0)
		after = conf_stamp_from(&st);
	else
		after = (struct conf_stamp){ .exists = false };
	if (!conf_stamp_eq(&after, ret_stamp)) {
		(void)close(copy);
		return err_set(err, -EAGAIN, "it changed while it was read");
	}
	if (open_copy(copy, ret) != 0)
		return err_set(err, -EINVAL,
		    "no sound cdb file; make it again with cdb -c and rename "
		    "it into place");
	return 0;
}

int
conf_map_open(const char *path, struct conf_map **ret,
    struct conf_stamp *ret_stamp, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int res;

	if (fd == -1) {
		res = errno == ENOTDIR ? -ENOENT : -errno;
		*ret_stamp = conf_stamp_of(path);
		return err_set(err, res,
		    "cannot read it: %s; let the user "
		    "that hookline runs as read it",
		    strerrordesc_np(-res));
	}
	res = open_file(fd, ret, ret_stamp, err);
	(void)close(fd);
	return res;
}

struct conf_map *
conf_map_ref(struct conf_map *map)
{
	CHECK_OBJ(map, CONF_MAP_MAGIC);
	map->refs++;
	return map;
}

void
conf_map_unref(struct conf_map **map_p)
{
	struct conf_map *map = *map_p;

	*map_p = NULL;
	if (map == NULL)
		return;
	CHECK_OBJ(map, CONF_MAP_MAGIC);
	if (--map->refs > 0)
		return;
	cdb_free(&map->cdb);
	map->magic = 0;
	mem_free(map);
}

int
conf_map_find(const struct conf_map *map, struct slice name,
    struct arena *arena, hl_str *ret)
{
	struct cdb cdb; /* a look-up writes into it */
	struct slice value;
	int res;

	CHECK_OBJ(map, CONF_MAP_MAGIC);
	if (name.n > CONF_MAP_MAX)
		return 0;
	cdb = map->cdb;
	res = cdb_find(&cdb, name.n > 0 ? name.p : "", (unsigned)name.n);
	if (res == 0)
		return 0;
	value.n = cdb_datalen(&cdb);
	value.p = res > 0 ? cdb_getdata(&cdb) : NULL;
	if (value.p == NULL)
		return -EIO;
	*ret = arena_str(arena, value);
	return 1;
}

size_t
conf_map_count(const struct conf_map *map)
{
	CHECK_OBJ(map, CONF_MAP_MAGIC);
	return map->count;
}
