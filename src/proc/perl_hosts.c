/* SPDX-License-Identifier: MIT */
/* perl_hosts.c - the processes that run Perl plugins, as the master sees them.
 */
#include "perl_hosts.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "conf/conf_dir.h"
#include "conf/conf_listen.h"
#include "conf/conf_value.h"
#include "generation.h"
#include "master_private.h"
#include "service.h"

struct perl_hosts {
	struct link link; /* in master->perl */
	unsigned generation;
	struct service *service;
};

/* Those of generations that we may never have: each has its own name. */
void
perl_hosts_sweep(const char *state_dir)
{
	DIR *dir = opendir(state_dir);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		struct slice name = slice_of(entry->d_name);

		if (slice_starts(name, "perl-") && slice_ends(name, ".sock"))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
}

static void
on_fault(void *arg, const struct conf_fault *fault)
{
	struct log_line line;

	(void)arg;
	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "config");
	log_add(&line, LOG_file, slice_str(fault->file));
	log_add_int(&line, LOG_line, fault->line);
	log_add(&line, LOG_err, slice_str(fault->text));
	log_end(&line);
}

/* The process that reads these settings has no log. */
static void
tell_faults(const char *config_dir)
{
	static const enum conf_key numbers[] = { CONF_PERL_SHARE,
		CONF_PERL_MAX_SESSIONS };
	struct conf_options options = { .on_fault = on_fault };
	struct conf_dir *dir;
	unsigned least, most;

	if (conf_dir_open(config_dir, &options, &dir, NULL) < 0)
		return;
	conf_range(dir, STR_EMPTY, CONF_PERL_HOSTS, &least, &most);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		(void)conf_int(dir, STR_EMPTY, numbers[i]);
	(void)conf_size(dir, STR_EMPTY, CONF_PERL_MEMORY);
	(void)conf_time_ms(dir, STR_EMPTY, CONF_PERL_LOAD);
	conf_dir_free(&dir);
}

int
perl_hosts_start(struct master *master, const struct generation *generation,
    const struct conf_listeners *listeners, struct err *err)
{
	char workers[16];
	const char *more[CONF_LISTENERS_MAX + 3] = { master->config_dir,
		workers };
	struct service_kind kind = { .command = "perl-host",
		.died = "perl_host_died",
		.start_failed = "perl_host_start_failed",
		.died_text = "the process that starts Perl hosts has died; "
			     "sessions wait until the next one runs" };
	struct perl_hosts *hosts = mem_alloc(sizeof(*hosts));
	char socket[32];
	int rc;

	for (size_t i = 0; i < listeners->count; i++)
		more[2 + i] = listeners->at[i].plugins.p;
	(void)snprintf(socket, sizeof(socket), PERL_SOCKET, generation->number);
	(void)snprintf(workers, sizeof(workers), "%u", generation->workers);
	kind.socket = socket;
	hosts->generation = generation->number;
	tell_faults(master->config_dir);
	rc = service_start(&master->loop, &kind, master->state_dir, more, NULL,
	    NULL, &hosts->service, err);
	if (rc < 0)
		mem_free(hosts);
	else
		list_push_back(&master->perl, &hosts->link);
	return rc;
}

static void
stop(struct perl_hosts *hosts)
{
	service_stop(&hosts->service);
	list_remove(&hosts->link);
	mem_free(hosts);
}

static bool
is_wanted(const struct master *master, unsigned generation)
{
	if (master->next != NULL && master->next->number == generation)
		return true;
	if (master->current != NULL && master->current->number == generation)
		return true;
	LIST_FOR_EACH (link, safe, &master->children) {
		if (CONTAINER_OF(link, struct child, link)->generation ==
		    generation)
			return true;
	}
	return false;
}

void
perl_hosts_tick(struct master *master)
{
	LIST_FOR_EACH (link, safe, &master->perl) {
		struct perl_hosts *hosts =
		    CONTAINER_OF(link, struct perl_hosts, link);

		if (!is_wanted(master, hosts->generation))
			stop(hosts);
	}
}

void
perl_hosts_stop(struct master *master)
{
	LIST_FOR_EACH (link, safe, &master->perl)
		stop(CONTAINER_OF(link, struct perl_hosts, link));
}

/* The parent of a process; 0 when it is gone. */
static int
parent_of(int pid)
{
	char path[64], text[512];
	struct slice rest;
	unsigned parent;
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	n = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	/* "PID (NAME) STATE PARENT ..."; the name may hold anything. */
	rest = (struct slice){ text, n };
	rest = slice_from(rest, slice_rfind(rest, ')') + 1);
	(void)slice_word(&rest);
	return num_parse_unsigned(slice_word(&rest), INT32_MAX, &parent) == 0
		   ? (int)parent
		   : 0;
}

/* Who forked it; NULL: it is none of ours. */
static struct service *
starter_of(struct master *master, int pid)
{
	int parent = parent_of(pid);

	LIST_FOR_EACH (link, safe, &master->perl) {
		struct perl_hosts *hosts =
		    CONTAINER_OF(link, struct perl_hosts, link);

		if (parent > 0 && service_pid(hosts->service) == parent)
			return hosts->service;
	}
	return NULL;
}

void
perl_hosts_kill(struct master *master, int pid, struct slice how)
{
	struct service *starter = starter_of(master, pid);
	int signal = slice_eq_text(how, "gone") ? SIGKILL : SIGQUIT;
	struct log_line line;
	char text[64];

	if (starter == NULL)
		return;
	(void)snprintf(text, sizeof(text), "stuck %d %.*s", pid, STR(how));
	/* Its starter kills it when SIGQUIT is not enough. */
	if (service_send(starter, -1, text) < 0)
		signal = SIGKILL;
	if (kill(pid, signal) == -1)
		return;
	log_begin(&line, LOG_LEVEL_WARN);
	log_add_text(&line, LOG_event, "perl_host_killed");
	log_add_int(&line, LOG_pid, pid);
	log_add_text(&line, LOG_text, "a call in it was given up");
	log_end(&line);
}
