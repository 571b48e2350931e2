/* SPDX-License-Identifier: MIT */
/* settings.c - what the master reads of the configuration. */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <uv.h>

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_listen.h"
#include "conf/conf_value.h"
#include "shm/layout.h"

#define DRAIN_TIMEOUT_MS 30000 /* where the directory cannot be read */

int
settings_open(const char *config_dir, struct conf_dir **ret, struct err *err)
{
	struct conf_options options = { 0 };
	struct buf control = BUF_INIT;
	int rc;

	options.qmail_control = conf_qmail_control(&control);
	rc = conf_dir_open(config_dir, &options, ret, err);
	buf_done(&control);
	return rc;
}

static int
first_fault(const struct conf_faults *faults, struct err *err)
{
	struct buf text = BUF_INIT;

	if (faults->count == 0)
		return 0;
	conf_fault_print(&text, &faults->at[0]);
	(void)err_set(err, -EINVAL, "%.*s", STR(buf_slice(&text)));
	buf_done(&text);
	return -EINVAL;
}

static struct conf_list *
listen_list(
    struct conf_dir *dir, const char *const *listen, unsigned listen_count)
{
	hl_str lines[CONF_LISTENERS_MAX];

	if (listen_count == 0)
		return conf_get(dir, STR_EMPTY, STR_LIT("listen"));
	if (listen_count > CONF_LISTENERS_MAX)
		listen_count = CONF_LISTENERS_MAX;
	for (unsigned i = 0; i < listen_count; i++)
		lines[i] = str_of(listen[i]);
	return conf_list_from(STR_LIT("--listen"), lines, listen_count);
}

static int
read_listeners(struct conf_dir *dir, const char *const *listen,
    unsigned listen_count, struct settings *ret, struct err *err)
{
	struct conf_list *list = listen_list(dir, listen, listen_count);
	struct conf_faults faults;
	int rc;

	conf_faults_init(&faults);
	rc = conf_listen_parse(list, &ret->listeners, &faults);
	if (rc < 0 && first_fault(&faults, err) == 0)
		(void)err_set(err, rc, "config/listen cannot be used");
	conf_faults_done(&faults);
	conf_list_unref(&list);
	return rc;
}

static unsigned
worker_count(int64_t configured)
{
	unsigned count =
	    configured > 0 ? (unsigned)configured : uv_available_parallelism();

	return count < SHM_SLOT_MAX ? count : SHM_SLOT_MAX;
}

int
settings_read(const char *config_dir, const char *const *listen,
    unsigned listen_count, struct settings *ret, struct err *err)
{
	struct settings found = { 0 };
	struct arena arena;
	struct conf_list *list;
	struct conf_dir *dir;
	int rc = settings_open(config_dir, &dir, err);

	if (rc < 0)
		return rc;
	arena_init(&arena, 256, 0);
	found.workers = worker_count(conf_int(dir, STR_EMPTY, CONF_WORKERS));
	found.loglevel =
	    (enum log_level)conf_enum(dir, STR_EMPTY, CONF_LOGLEVEL);
	found.user =
	    mem_dup(slice_str(conf_text(dir, STR_EMPTY, CONF_USER, &arena)));
	list = conf_get(dir, STR_EMPTY, STR_LIT("user"));
	found.user_given = conf_list_count(list) > 0;
	conf_list_unref(&list);
	rc = first_fault(conf_faults(dir), err);
	if (rc == 0)
		rc = read_listeners(dir, listen, listen_count, &found, err);
	arena_done(&arena);
	conf_dir_free(&dir);
	if (rc < 0)
		settings_done(&found);
	else
		*ret = found;
	return rc;
}

void
settings_done(struct settings *settings)
{
	mem_free(settings->user);
	settings->user = NULL;
	if (settings->listeners != NULL)
		conf_listeners_free(&settings->listeners);
}

/* The values of the row, in their order. */
enum { CONFINE_ON, CONFINE_OFF };

bool
settings_confine(struct conf_dir *dir)
{
	return conf_enum(dir, STR_EMPTY, CONF_CONFINE) == CONFINE_ON;
}

bool
settings_are_confined(const char *config_dir)
{
	struct conf_dir *dir;
	bool ret;

	if (settings_open(config_dir, &dir, NULL) < 0)
		return true;
	ret = settings_confine(dir);
	conf_dir_free(&dir);
	return ret;
}

uint64_t
settings_drain_timeout_ms(const char *config_dir)
{
	struct conf_dir *dir;
	uint64_t ms;

	if (settings_open(config_dir, &dir, NULL) < 0)
		return DRAIN_TIMEOUT_MS;
	ms = conf_time_ms(dir, STR_EMPTY, CONF_DRAIN_TIMEOUT);
	conf_dir_free(&dir);
	return ms;
}
