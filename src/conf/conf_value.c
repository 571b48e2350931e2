/* SPDX-License-Identifier: MIT */
/* conf_value.c - control files with one value, typed. */
#include "conf_value.h"

#include <errno.h>

#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_listen.h"
#include "conf/conf_plugins.h"

static const struct conf_def *
def_of(enum conf_key key)
{
	CHECK(key < CONF_KEY_COUNT);
	return &conf_defs[key];
}

/* 0 for a row without default. */
static int64_t
default_of(const struct conf_def *def)
{
	int64_t value = 0;

	if (def->text[0] != '\0')
		CHECK(conf_value_parse(
			  def, slice_of(def->text), &value, NULL) == 0);
	return value;
}

/* qpsmtpd reads the first word of a number. */
static struct slice
first_word(const struct conf_list *list)
{
	struct slice text = slice_str(conf_list_first(list));

	return slice_word(&text);
}

int
conf_list_value(const struct conf_list *list, enum conf_key key, int64_t *ret,
    struct err *err)
{
	const struct conf_def *def = def_of(key);
	struct slice text = def->type == CONF_TYPE_RANGE
				? slice_str(conf_list_first(list))
				: first_word(list);
	int res = 0;

	if (text.n > 0)
		res = conf_value_parse(def, text, ret, err);
	if (text.n == 0 || res != 0)
		*ret = default_of(def);
	return res;
}

static int64_t
value(struct conf_dir *dir, hl_str listener, enum conf_key key,
    enum conf_type type)
{
	const struct conf_def *def = def_of(key);
	hl_str name = str_of(def->name);
	struct conf_list *list = conf_get(dir, listener, name);
	struct err err;
	int64_t value;

	CHECK(def->type == type);
	if (conf_list_value(list, key, &value, &err) != 0)
		conf_fault_add(dir, listener, name, conf_list_file(list, 0),
		    conf_list_line(list, 0), "%s; until then it is %s",
		    err.text, def->text[0] != '\0' ? def->text : "unset");
	conf_list_unref(&list);
	return value;
}

int64_t
conf_int(struct conf_dir *dir, hl_str listener, enum conf_key key)
{
	return value(dir, listener, key, CONF_TYPE_INT);
}

uint64_t
conf_size(struct conf_dir *dir, hl_str listener, enum conf_key key)
{
	return (uint64_t)value(dir, listener, key, CONF_TYPE_SIZE);
}

uint64_t
conf_time_ms(struct conf_dir *dir, hl_str listener, enum conf_key key)
{
	return (uint64_t)value(dir, listener, key, CONF_TYPE_TIME);
}

bool
conf_bool(struct conf_dir *dir, hl_str listener, enum conf_key key)
{
	return value(dir, listener, key, CONF_TYPE_BOOL) != 0;
}

unsigned
conf_mode(struct conf_dir *dir, hl_str listener, enum conf_key key)
{
	return (unsigned)value(dir, listener, key, CONF_TYPE_OCTAL);
}

void
conf_range(struct conf_dir *dir, hl_str listener, enum conf_key key,
    unsigned *ret_least, unsigned *ret_most)
{
	uint64_t both = (uint64_t)value(dir, listener, key, CONF_TYPE_RANGE);

	*ret_least = (unsigned)(both >> 32);
	*ret_most = (unsigned)(both & UINT32_MAX);
}

unsigned
conf_enum(struct conf_dir *dir, hl_str listener, enum conf_key key)
{
	return (unsigned)value(dir, listener, key, CONF_TYPE_ENUM);
}

hl_str
conf_text(struct conf_dir *dir, hl_str listener, enum conf_key key,
    struct arena *arena)
{
	const struct conf_def *def = def_of(key);
	struct conf_list *list = conf_get(dir, listener, str_of(def->name));
	hl_str text = conf_list_first(list);

	CHECK(def->type == CONF_TYPE_TEXT);
	if (text.n == 0)
		text = str_of(def->text);
	text = arena_str(arena, slice_str(text));
	conf_list_unref(&list);
	return text;
}

hl_str
conf_me(struct conf_dir *dir, hl_str listener, struct arena *arena)
{
	hl_str text = conf_text(dir, listener, CONF_ME, arena);

	if (text.n == 0)
		text = arena_str(arena, slice_of(conf_dir_hostname(dir)));
	return text;
}

/* ----------------------------------------------------------------- check */

static void
check_lines(struct conf_dir *dir, hl_str listener, const struct conf_def *def)
{
	hl_str name = str_of(def->name);
	struct conf_list *list = conf_get(dir, listener, name);
	struct conf_listeners *listeners = NULL;
	struct conf_plugins *plugins = NULL;
	struct conf_faults faults;

	conf_faults_init(&faults);
	if (def->type == CONF_TYPE_LISTEN) {
		(void)!conf_listen_parse(list, &listeners, &faults);
		conf_listeners_free(&listeners);
	} else {
		(void)!conf_plugins_parse(list, &plugins, &faults);
		conf_plugins_free(&plugins);
	}
	for (size_t i = 0; i < faults.count; i++)
		conf_fault_add(dir, listener, name, faults.at[i].file,
		    faults.at[i].line, "%s", faults.at[i].text.p);
	conf_faults_done(&faults);
	conf_list_unref(&list);
}

static void
check_key(struct conf_dir *dir, hl_str listener, enum conf_key key)
{
	const struct conf_def *def = def_of(key);
	struct conf_list *list;

	switch (def->type) {
	case CONF_TYPE_INT:
	case CONF_TYPE_SIZE:
	case CONF_TYPE_TIME:
	case CONF_TYPE_BOOL:
	case CONF_TYPE_OCTAL:
	case CONF_TYPE_RANGE:
	case CONF_TYPE_ENUM:
		(void)value(dir, listener, key, def->type);
		break;
	case CONF_TYPE_TEXT:
	case CONF_TYPE_LIST:
		list = conf_get(dir, listener, str_of(def->name));
		conf_list_unref(&list);
		break;
	case CONF_TYPE_NETS:
		list = conf_get_as(
		    dir, listener, str_of(def->name), CONF_KIND_NETS);
		conf_list_unref(&list);
		break;
	case CONF_TYPE_PLUGINS:
	case CONF_TYPE_LISTEN:
		check_lines(dir, listener, def);
		break;
	}
}

void
conf_check(struct conf_dir *dir, const hl_str *listeners, size_t listener_count)
{
	for (int key = 0; key < CONF_KEY_COUNT; key++) {
		check_key(dir, STR_EMPTY, (enum conf_key)key);
		for (size_t i = 0; i < listener_count; i++)
			check_key(dir, listeners[i], (enum conf_key)key);
	}
}
