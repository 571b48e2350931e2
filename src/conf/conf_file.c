/* SPDX-License-Identifier: MIT */
/* conf_file.c - reads one control file into lines.
 *
 * Includes are a stack of frames, not recursion: the top frame is the file
 * or the directory that is being read.  A frame's dev and ino tell a
 * circular include, whatever its path looks like.
 */
#include "conf_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"

struct frame {
	hl_str path;
	struct conf_stamp stamp;
	/* a file */
	struct slice rest; /* NULL once all lines are read */
	char *text;
	uint32_t file;
	uint32_t line; /* the last one taken */
	/* a directory: names != NULL */
	hl_str *names;
	size_t name_count, name_next;
};

struct reader {
	struct conf_lines *ret;
	const struct conf_places *places;
	struct conf_sources *sources;
	struct conf_faults *faults;
	struct frame frames[CONF_INCLUDE_DEPTH];
	unsigned depth;
	size_t total; /* bytes read */
};

/* The line that caused what is being done: that of the nearest file. */
static int
fail(struct reader *reader, int code, hl_str path, const char *what)
{
	for (unsigned i = reader->depth; i > 0; i--) {
		const struct frame *frame = &reader->frames[i - 1];

		if (frame->names != NULL)
			continue;
		(void)conf_faults_add(reader->faults, frame->path, frame->line,
		    "$include %s: %s", path.p, what);
		return code;
	}
	(void)conf_faults_add(reader->faults, path, 0, "%s", what);
	return code;
}

static int
fail_errno(struct reader *reader, hl_str path)
{
	int code = errno;
	const char *remedy = code == EACCES
				 ? "let the user that hookline runs as read it"
			     : code == ENOENT ? "create it, or remove this line"
					      : "see that it can be read";
	char what[200];

	(void)snprintf(what, sizeof(what), "cannot read it: %s; %s",
	    strerrordesc_np(code), remedy);
	/* -ENOENT is for a file that is not there itself. */
	return fail(reader, code == ENOENT ? -EINVAL : -code, path, what);
}

/* ------------------------------------------------------------- one file */

static int
read_bytes(int fd, char *to, size_t size)
{
	size_t got = 0;

	for (;;) {
		/* One byte more than it should have: has it grown? */
		ssize_t n = read(fd, to + got, size + 1 - got);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
		if (got > size)
			return -EAGAIN;
	}
	return got == size ? 0 : -EAGAIN;
}

/* Reads all of `fd`, which is a regular file, to frame->text. */
static int
read_file(struct reader *reader, int fd, struct frame *frame)
{
	size_t size = (size_t)frame->stamp.size;
	struct conf_stamp after;
	struct stat st;
	int res;

	if (size > CONF_FILE_MAX)
		return fail(reader, -EINVAL, frame->path,
		    "larger than 64 MiB; use a map (KEY.cdb)");
	reader->total += size;
	if (reader->total > CONF_TOTAL_MAX ||
	    reader->ret->file_count >= CONF_INCLUDE_FILES)
		return fail(reader, -EINVAL, frame->path,
		    "more than 256 MiB or 4,096 files with all includes; "
		    "include less");
	/* The byte too much ends as the NUL of the last line. */
	frame->text = arena_alloc(&reader->ret->arena, size + 1);
	res = read_bytes(fd, frame->text, size);
	if (res == -EAGAIN)
		return res;
	if (res != 0 || fstat(fd, &st) == -1) {
		if (res != 0)
			errno = -res;
		return fail_errno(reader, frame->path);
	}
	after = conf_stamp_from(&st);
	if (!conf_stamp_eq(&after, &frame->stamp))
		return -EAGAIN;
	frame->rest = (struct slice){ frame->text, size };
	return 0;
}

static int
check_nul(struct reader *reader, const struct frame *frame)
{
	size_t at = slice_find(frame->rest, '\0');
	struct slice before = slice_head(frame->rest, at);
	struct slice text;
	unsigned line = 0;

	if (at == frame->rest.n)
		return 0;
	while (slice_cut(&before, '\n', &text))
		line++;
	(void)conf_faults_add(reader->faults, frame->path, line,
	    "a NUL byte; this must be a text file");
	return -EINVAL;
}

static void
add_file_name(struct conf_lines *lines, hl_str path)
{
	size_t n = lines->file_count;

	if ((n & (n - 1)) == 0)
		lines->files = mem_grow(lines->files,
		    (n > 0 ? 2 * n : 1) * sizeof(lines->files[0]));
	lines->files[lines->file_count++] = path;
}

static int
start_file(struct reader *reader, int fd, struct frame *frame)
{
	int res = read_file(reader, fd, frame);

	if (res == 0)
		res = check_nul(reader, frame);
	if (res != 0)
		return res;
	if (slice_starts(frame->rest, "\xef\xbb\xbf")) /* UTF-8's mark */
		frame->rest = slice_from(frame->rest, 3);
	frame->file = (uint32_t)reader->ret->file_count;
	add_file_name(reader->ret, frame->path);
	return 0;
}

/* --------------------------------------------------------- one directory */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const hl_str *)a)->p, ((const hl_str *)b)->p);
}

static void
add_name(struct frame *frame, struct arena *arena, const char *name)
{
	size_t n = frame->name_count;

	/* frame->names has one place before the first name is added. */
	if (n > 0 && (n & (n - 1)) == 0)
		frame->names =
		    mem_grow(frame->names, 2 * n * sizeof(frame->names[0]));
	frame->names[frame->name_count++] =
	    arena_printf(arena, "%s/%s", frame->path.p, name);
}

static int
start_dir(struct reader *reader, int fd, struct frame *frame)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	dir = fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (dir == NULL)
		return fail_errno(reader, frame->path);
	frame->names = mem_array(1, sizeof(frame->names[0]));
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    fstatat(fd, entry->d_name, &st, 0) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (frame->name_count >= CONF_INCLUDE_FILES)
			break; /* the limit of files says it */
		add_name(frame, &reader->ret->arena, entry->d_name);
	}
	(void)closedir(dir);
	qsort(
	    frame->names, frame->name_count, sizeof(frame->names[0]), by_name);
	return 0;
}

/* ------------------------------------------------------------ the stack */

static bool
is_open(const struct reader *reader, const struct conf_stamp *stamp)
{
	for (unsigned i = 0; i < reader->depth; i++)
		if (reader->frames[i].stamp.ino == stamp->ino &&
		    reader->frames[i].stamp.dev == stamp->dev)
			return true;
	return false;
}

static void
pop(struct reader *reader)
{
	reader->depth--;
	mem_free(reader->frames[reader->depth].names);
	reader->frames[reader->depth].names = NULL;
}

static int
start(struct reader *reader, int fd, hl_str path, const struct stat *st)
{
	struct frame frame = { .path = path, .stamp = conf_stamp_from(st) };
	int res;

	if (is_open(reader, &frame.stamp))
		return fail(reader, -EINVAL, path,
		    "circular; a file must not include itself, remove one of "
		    "the lines");
	if (reader->depth == CONF_INCLUDE_DEPTH)
		return fail(reader, -EINVAL, path,
		    "more than 16 includes within each other; include less "
		    "deeply");
	if (S_ISREG(st->st_mode))
		res = start_file(reader, fd, &frame);
	else if (S_ISDIR(st->st_mode))
		res = start_dir(reader, fd, &frame);
	else
		return fail(reader, -EINVAL, path,
		    "neither a file nor a directory; put a file there");
	if (res == 0)
		reader->frames[reader->depth++] = frame;
	else
		mem_free(frame.names);
	return res;
}

/* Opens `path` as the new top of the stack. */
static int
push(struct reader *reader, hl_str path)
{
	struct conf_stamp stamp = { .exists = false };
	struct stat st;
	int res;
	int fd;

	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 || fstat(fd, &st) == -1) {
		res = -errno;
		stamp = conf_stamp_of(path.p);
		conf_sources_add(reader->sources, path.p, &stamp);
		if (fd != -1)
			(void)close(fd);
		if (reader->depth == 0 && (res == -ENOENT || res == -ENOTDIR))
			return -ENOENT;
		errno = -res;
		return fail_errno(reader, path);
	}
	stamp = conf_stamp_from(&st);
	conf_sources_add(reader->sources, path.p, &stamp);
	if (reader->depth == 0 && S_ISDIR(st.st_mode))
		res = -ENOENT;
	else
		res = start(reader, fd, path, &st);
	(void)close(fd);
	return res;
}

/* ------------------------------------------------------------- the lines */

static void
add_line(struct conf_lines *lines, hl_str text, uint32_t file, uint32_t line)
{
	if (lines->count == lines->cap) {
		lines->cap = lines->cap > 0 ? 2 * lines->cap : 16;
		lines->at =
		    mem_grow(lines->at, lines->cap * sizeof(lines->at[0]));
	}
	lines->at[lines->count++] = (struct conf_line){ text, file, line };
}

/* The path that an include means: where it is found, or the first place. */
static hl_str
find_include(struct reader *reader, struct slice name)
{
	struct arena *arena = &reader->ret->arena;
	struct conf_stamp stamp;
	hl_str first, second;

	if (slice_starts(name, "/"))
		return arena_str(arena, name);
	first = arena_printf(arena, "%s/%.*s", reader->places->dir, STR(name));
	if (reader->places->extra == NULL)
		return first;
	stamp = conf_stamp_of(first.p);
	if (stamp.exists)
		return first;
	/* It may appear there later. */
	conf_sources_add(reader->sources, first.p, &stamp);
	second =
	    arena_printf(arena, "%s/%.*s", reader->places->extra, STR(name));
	return conf_stamp_of(second.p).exists ? second : first;
}

static int
take_include(struct reader *reader, struct slice name)
{
	if (name.n == 0)
		return fail(
		    reader, -EINVAL, STR_EMPTY, "no path; write $include PATH");
	return push(reader, find_include(reader, name));
}

static bool
is_include(struct slice text, struct slice *ret_name)
{
	struct slice word = slice_word(&text);

	if (!slice_eq_text(word, "$include"))
		return false;
	*ret_name = slice_trim(text);
	return true;
}

/* Takes one line off the file on top. */
static int
take_line(struct reader *reader, struct frame *frame)
{
	struct slice text, name;
	size_t from;

	if (!slice_cut(&frame->rest, '\n', &text)) {
		pop(reader);
		return 0;
	}
	frame->line++;
	text = slice_trim(text);
	if (text.n == 0 || text.p[0] == '#')
		return 0;
	/* What follows is white space, a newline or the byte too much. */
	from = (size_t)(text.p - frame->text);
	frame->text[from + text.n] = '\0';
	if (is_include(text, &name))
		return take_include(reader, name);
	add_line(
	    reader->ret, (hl_str){ text.p, text.n }, frame->file, frame->line);
	return 0;
}

static int
take_name(struct reader *reader, struct frame *frame)
{
	if (frame->name_next == frame->name_count) {
		pop(reader);
		return 0;
	}
	return push(reader, frame->names[frame->name_next++]);
}

int
conf_file_read(const char *path, const struct conf_places *places,
    struct conf_lines *ret, struct conf_sources *sources,
    struct conf_faults *faults)
{
	struct reader *reader = mem_alloc(sizeof(*reader));
	struct conf_lines lines = { .count = 0 };
	int res;

	arena_init(&lines.arena, 4096, 0);
	*reader =
	    (struct reader){ &lines, places, sources, faults, .depth = 0 };
	res = push(reader, arena_str(&lines.arena, slice_of(path)));
	while (res == 0 && reader->depth > 0) {
		struct frame *top = &reader->frames[reader->depth - 1];

		res = top->names != NULL ? take_name(reader, top)
					 : take_line(reader, top);
	}
	while (reader->depth > 0)
		pop(reader);
	mem_free(reader);
	if (res == 0)
		*ret = lines;
	else
		conf_lines_done(&lines);
	return res;
}

void
conf_lines_from(
    struct conf_lines *ret, hl_str name, const hl_str *lines, size_t count)
{
	*ret = (struct conf_lines){ .count = 0 };
	arena_init(&ret->arena, 4096, 0);
	add_file_name(ret, arena_str(&ret->arena, slice_str(name)));
	for (size_t i = 0; i < count; i++) {
		struct slice text = slice_trim(slice_str(lines[i]));

		if (text.n > 0 && text.p[0] != '#')
			add_line(ret, arena_str(&ret->arena, text), 0,
			    (uint32_t)i + 1);
	}
}

void
conf_lines_done(struct conf_lines *lines)
{
	/* Some of these files hold passwords. */
	arena_wipe(&lines->arena);
	arena_done(&lines->arena);
	mem_free(lines->at);
	mem_free(lines->files);
	*lines = (struct conf_lines){ .count = 0 };
}
