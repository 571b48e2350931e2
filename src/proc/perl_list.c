/* SPDX-License-Identifier: MIT */
/* perl_list.c - which lines of a configuration Perl hosts are to load. */
#include "perl_list.h"

#include "base/arena.h"
#include "conf/conf_dir.h"
#include "conf/conf_listen.h"
#include "conf/conf_plugins.h"
#include "hook/plugin_find.h"
#include "server/plugin_dir.h"

struct list {
	struct conf_dir *conf;
	struct arena arena;
	struct conf_faults faults; /* nobody looks */
	hl_str seen[CONF_LISTENERS_MAX * 2 + 4];
	size_t seen_count, lines;
	struct buf *out;
};

static void
add_line(struct list *list, const struct conf_plugin *line)
{
	struct plugin_place place;

	if (plugin_find(list->conf, plugin_dir(), &list->arena, line, &place) <
		0 ||
	    !place.is_perl)
		return;
	buf_printf(list->out, "%.*s:%u\t%.*s", STR(line->file), line->line,
	    STR(line->name));
	if (line->has_instance)
		buf_printf(list->out, ":%u", line->instance);
	buf_printf(list->out, "\t%.*s", STR(place.path));
	if (line->stdio != CONF_STDIO_UNSET)
		buf_printf(
		    list->out, "\thl.stdio=%d", line->stdio == CONF_STDIO_YES);
	for (size_t i = 0; i < line->arg_count; i++)
		buf_printf(list->out, "\t%.*s", STR(line->args[i]));
	buf_add_char(list->out, '\n');
	list->lines++;
}

static bool
is_seen(struct list *list, hl_str key)
{
	for (size_t i = 0; i < list->seen_count; i++) {
		if (str_eq(list->seen[i], key))
			return true;
	}
	if (list->seen_count < ARRAY_SIZE(list->seen))
		list->seen[list->seen_count++] =
		    arena_str(&list->arena, slice_str(key));
	return false;
}

static void
add_file(struct list *list, hl_str key)
{
	struct conf_plugins *lines = NULL;
	struct conf_list *file;

	if (is_seen(list, key))
		return;
	file = conf_get(list->conf, STR_EMPTY, key);
	if (conf_plugins_parse(file, &lines, &list->faults) == 0) {
		for (size_t i = 0; i < lines->count; i++)
			add_line(list, &lines->at[i]);
		conf_plugins_free(&lines);
	}
	conf_list_unref(&file);
}

static void
add_listeners(struct list *list)
{
	struct conf_list *file =
	    conf_get(list->conf, STR_EMPTY, STR_LIT("listen"));
	struct conf_listeners *lines = NULL;

	if (conf_list_is_present(file) &&
	    conf_listen_parse(file, &lines, &list->faults) == 0) {
		for (size_t i = 0; i < lines->count; i++)
			add_file(list, lines->at[i].plugins);
		conf_listeners_free(&lines);
	}
	conf_list_unref(&file);
}

size_t
perl_list_make(struct conf_dir *conf, const char *const *keys, size_t key_count,
    struct buf *ret, size_t *ret_loggers)
{
	struct list list = { .conf = conf, .out = ret };

	arena_init(&list.arena, 4096, 0);
	conf_faults_init(&list.faults);
	add_file(&list, STR_LIT("logging"));
	*ret_loggers = list.lines;
	add_file(&list, STR_LIT("plugins"));
	add_listeners(&list);
	for (size_t i = 0; i < key_count; i++)
		add_file(&list, str_of(keys[i]));
	conf_faults_done(&list.faults);
	arena_done(&list.arena);
	return list.lines;
}
