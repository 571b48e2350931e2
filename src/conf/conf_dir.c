/* SPDX-License-Identifier: MIT */
/* conf_dir.c - the configuration directory: from key to current list. */
#include "conf_dir.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "conf/conf_dir_private.h"

/* How many entries are looked through for one that can be forgotten. */
#define FORGET_STEPS 64

static char *
find_hostname(void)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) == -1 || name[0] == '\0')
		return mem_dup(SLICE_LIT("localhost"));
	return mem_dup(slice_of(name));
}

const char *
conf_qmail_control(struct buf *buf)
{
	const char *qmail = getenv("QMAIL");

	if (qmail == NULL || qmail[0] == '\0')
		return NULL;
	buf_printf(buf, "%s/control", qmail);
	return buf->p;
}

int
conf_dir_open(const char *path, const struct conf_options *options,
    struct conf_dir **ret, struct err *err)
{
	struct conf_dir *dir;
	struct stat st;

	if (stat(path, &st) == -1)
		return err_set(err, -errno,
		    "%s: cannot open the configuration directory: %s", path,
		    strerrordesc_np(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR,
		    "%s: no directory; name the directory that the control "
		    "files are in",
		    path);
	dir = mem_alloc(sizeof(*dir));
	dir->magic = CONF_DIR_MAGIC;
	dir->path = mem_dup(slice_of(path));
	dir->hostname = find_hostname();
	if (options != NULL)
		dir->options = *options;
	if (dir->options.qmail_control != NULL)
		dir->extra = mem_dup(slice_of(dir->options.qmail_control));
	dir->options.qmail_control = dir->extra;
	dir->lists = map_new(NULL);
	dir->maps = map_new(NULL);
	list_init(&dir->recent);
	conf_faults_init(&dir->all);
	*ret = dir;
	return 0;
}

void
conf_dir_free(struct conf_dir **dir_p)
{
	struct conf_dir *dir = *dir_p;

	*dir_p = NULL;
	if (dir == NULL)
		return;
	CHECK_OBJ(dir, CONF_DIR_MAGIC);
	LIST_FOR_EACH (link, safe, &dir->recent)
		conf_entry__free(CONTAINER_OF(link, struct conf_entry, link));
	map_free(&dir->lists);
	map_free(&dir->maps);
	conf_faults_done(&dir->all);
	mem_free(dir->hostname);
	mem_free(dir->extra);
	mem_free(dir->path);
	dir->magic = 0;
	mem_free(dir);
}

const char *
conf_dir_path(const struct conf_dir *dir)
{
	return dir->path;
}

const char *
conf_dir_extra(const struct conf_dir *dir)
{
	return dir->extra;
}

const char *
conf_dir_hostname(const struct conf_dir *dir)
{
	return dir->hostname;
}

/* --------------------------------------------------------------- entries */

static bool
is_good_part(struct slice part)
{
	for (size_t i = 0; i < part.n; i++)
		if ((unsigned char)part.p[i] < ' ' || part.p[i] == 127)
			return false;
	return part.n > 0 && !slice_eq_text(part, ".") &&
	       !slice_eq_text(part, "..");
}

/* It must not leave the directory; a part of it may be a client's word. */
static bool
is_good_name(struct slice name)
{
	struct slice part;

	if (name.n == 0)
		return false;
	while (slice_cut(&name, '/', &part))
		if (!is_good_part(part))
			return false;
	return true;
}

static void
forget(struct conf_entry *entry)
{
	(void)map_remove(entry->is_map ? entry->dir->maps : entry->dir->lists,
	    slice_of(entry->name));
	conf_entry__free(entry);
}

/* Makes room for one more.  What is present goes to the other end of the
 * queue: the files that exist are not the client's choice. */
static void
forget_one(struct conf_dir *dir)
{
	if (map_count(dir->lists) + map_count(dir->maps) < CONF_KEYS_MAX)
		return;
	for (int i = 0; i < FORGET_STEPS; i++) {
		struct link *link = list_pop_front(&dir->recent);
		struct conf_entry *entry =
		    CONTAINER_OF(link, struct conf_entry, link);

		if (conf_entry__is_absent(entry)) {
			forget(entry);
			return;
		}
		list_push_back(&dir->recent, link);
	}
}

/* False when it does not fit. */
static bool
add_part(char text[CONF_KEY_MAX], size_t *n, struct slice part)
{
	if (part.n > CONF_KEY_MAX - *n)
		return false;
	if (part.n > 0)
		memcpy(text + *n, part.p, part.n);
	*n += part.n;
	return true;
}

static struct conf_entry *
add_entry(struct conf_dir *dir, struct slice name, bool is_map, bool only_here)
{
	struct conf_entry *entry;

	forget_one(dir);
	entry = conf_entry__new(dir, name, is_map, only_here);
	map_set(is_map ? dir->maps : dir->lists, name, entry);
	list_push_back(&dir->recent, &entry->link);
	return entry;
}

static void
use_entry(struct conf_entry *entry)
{
	list_remove(&entry->link);
	list_push_back(&entry->dir->recent, &entry->link);
}

/* The entry of "LISTENER/KEY" or "KEY", or NULL for a bad name. */
static struct conf_entry *
find_entry(struct conf_dir *dir, hl_str listener, hl_str key, bool is_map)
{
	struct map *table = is_map ? dir->maps : dir->lists;
	char text[CONF_KEY_MAX];
	struct slice name = { text, 0 };
	struct conf_entry *entry;

	CHECK_OBJ(dir, CONF_DIR_MAGIC);
	/* Lists of conf_get_at are not for who has a key alone. */
	if (key.n > 0 && key.p[0] == '/')
		return NULL;
	if (!add_part(text, &name.n, slice_str(listener)) ||
	    (listener.n > 0 && !add_part(text, &name.n, SLICE_LIT("/"))) ||
	    !add_part(text, &name.n, slice_str(key)) ||
	    (is_map && !add_part(text, &name.n, SLICE_LIT(".cdb"))))
		return NULL;
	entry = map_get(table, name);
	if (entry == NULL && !is_good_name(name))
		return NULL;
	if (entry == NULL)
		entry = add_entry(dir, name, is_map, listener.n > 0);
	use_entry(entry);
	return entry;
}

/* A bad path is absent: NULL. */
static struct conf_entry *
find_entry_at(struct conf_dir *dir, hl_str path)
{
	struct slice name = slice_str(path);
	struct conf_entry *entry;

	CHECK_OBJ(dir, CONF_DIR_MAGIC);
	if (path.n >= PATH_MAX || !slice_starts(name, "/"))
		return NULL;
	entry = map_get(dir->lists, name);
	if (entry == NULL)
		entry = add_entry(dir, name, false, true);
	use_entry(entry);
	return entry;
}

/* The entry that holds now: the listener's own, if it has a file. */
static struct conf_entry *
current(struct conf_dir *dir, hl_str listener, hl_str key, bool is_map,
    unsigned kinds)
{
	struct conf_entry *entry = NULL;

	if (listener.n > 0)
		entry = find_entry(dir, listener, key, is_map);
	if (entry != NULL) {
		conf_entry__want(entry, kinds);
		(void)conf_entry__check(entry, false);
		if (entry->map != NULL || conf_list_is_present(entry->list))
			return entry;
	}
	entry = find_entry(dir, STR_EMPTY, key, is_map);
	if (entry != NULL) {
		conf_entry__want(entry, kinds);
		(void)conf_entry__check(entry, false);
	}
	return entry;
}

/* Its list, which the caller gives back; NULL: an absent one. */
static struct conf_list *
list_of(const struct conf_entry *entry)
{
	struct conf_lines none = { .count = 0 };

	if (entry == NULL)
		return conf_list_new(&none, false);
	return conf_list_ref(entry->list);
}

struct conf_list *
conf_get_as(struct conf_dir *dir, hl_str listener, hl_str key, unsigned kinds)
{
	return list_of(current(dir, listener, key, false, kinds));
}

struct conf_list *
conf_get_at(struct conf_dir *dir, hl_str path)
{
	struct conf_entry *entry = find_entry_at(dir, path);

	if (entry != NULL)
		(void)conf_entry__check(entry, false);
	return list_of(entry);
}

struct conf_list *
conf_get(struct conf_dir *dir, hl_str listener, hl_str key)
{
	return conf_get_as(dir, listener, key, 0);
}

struct conf_map *
conf_get_map(struct conf_dir *dir, hl_str listener, hl_str key)
{
	const struct conf_entry *entry = current(dir, listener, key, true, 0);

	if (entry == NULL || entry->map == NULL)
		return NULL;
	return conf_map_ref(entry->map);
}

hl_str
conf_map_path(
    struct conf_dir *dir, hl_str listener, hl_str key, struct arena *arena)
{
	const struct {
		const char *dir;
		hl_str listener;
	} places[] = { { dir->path, listener }, { dir->path, STR_EMPTY },
		{ dir->extra, STR_EMPTY } };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		hl_str name = arena_printf(
		    arena, "%.*s/%.*s.cdb", STR(places[i].listener), STR(key));
		hl_str path;

		if (places[i].listener.n == 0)
			name = str_of(name.p + 1);
		if (places[i].dir == NULL || !is_good_name(slice_str(name)))
			continue;
		path = arena_printf(arena, "%s/%.*s", places[i].dir, STR(name));
		if (access(path.p, R_OK) == 0)
			return path;
	}
	return STR_EMPTY;
}

unsigned
conf_flush(struct conf_dir *dir)
{
	unsigned count = 0;

	CHECK_OBJ(dir, CONF_DIR_MAGIC);
	LIST_FOR_EACH (link, safe, &dir->recent)
		count += conf_entry__check(
		    CONTAINER_OF(link, struct conf_entry, link), true);
	return count;
}

/* ---------------------------------------------------------------- faults */

const struct conf_faults *
conf_faults(struct conf_dir *dir)
{
	CHECK_OBJ(dir, CONF_DIR_MAGIC);
	conf_faults_clear(&dir->all);
	LIST_FOR_EACH (link, safe, &dir->recent)
		conf_faults_merge(&dir->all,
		    &CONTAINER_OF(link, struct conf_entry, link)->faults);
	conf_faults_sort(&dir->all);
	return &dir->all;
}

void
conf_fault_add(struct conf_dir *dir, hl_str listener, hl_str key, hl_str file,
    unsigned line, const char *fmt, ...)
{
	bool is_path = key.n > 0 && key.p[0] == '/';
	struct conf_entry *entry = is_path
				       ? find_entry_at(dir, key)
				       : current(dir, listener, key, false, 0);
	struct buf path = BUF_INIT;
	struct buf text = BUF_INIT;
	va_list args;

	if (entry == NULL)
		return;
	va_start(args, fmt);
	buf_vprintf(&text, fmt, args);
	va_end(args);
	if (file.n == 0) {
		buf_printf(&path, "%s%s%s", is_path ? "" : dir->path,
		    is_path ? "" : "/", entry->name);
		file = str_of(path.p);
	}
	conf_entry__fault(entry, file, line, text.p);
	buf_done(&text);
	buf_done(&path);
}
