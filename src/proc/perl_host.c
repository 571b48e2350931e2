/* SPDX-License-Identifier: MIT */
/* perl_host.c - becomes the Perl program that loads plugins and forks hosts. */
#include "perl_host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/num.h"
#include "command.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_value.h"
#include "memfile.h"
#include "perl_dns.h"
#include "perl_list.h"
#include "server/plugin_dir.h"
#include "service.h"
#include "settings.h"
#include "shm/shm.h"

#define PERL "/usr/bin/perl"
#define ARGS_MAX 64
#define DIRS_MAX 16

struct perl_host {
	struct arena arena;
	struct conf_dir *conf;
	const char *state_dir, *config_dir;
	char *args[ARGS_MAX];
	unsigned count;
};

static void
add(struct perl_host *self, const char *word)
{
	if (self->count + 1 < ARGS_MAX)
		self->args[self->count++] =
		    (char *)(uintptr_t)arena_str(&self->arena, slice_of(word))
			.p;
}

static void
add_number(struct perl_host *self, const char *option, uint64_t number)
{
	add(self, option);
	add(self,
	    arena_printf(&self->arena, "%llu", (unsigned long long)number).p);
}

/* The program: beside the shipped plugins (a build tree), or below the same
 * library directory (an installation). */
static const char *
script(struct perl_host *self)
{
	hl_str path = arena_printf(
	    &self->arena, "%s/../perl/hookline-host", plugin_dir());

	return path.p;
}

/* "MIN MAX", and what log lines need. */
static void
add_size(struct perl_host *self, unsigned loggers)
{
	unsigned min, max;

	conf_range(self->conf, STR_EMPTY, CONF_PERL_HOSTS, &min, &max);
	add_number(self, "--min", min);
	add_number(self, "--max", max + loggers);
}

static void
add_dirs(struct perl_host *self)
{
	struct conf_list *dirs =
	    conf_get(self->conf, STR_EMPTY, STR_LIT("plugin_dirs"));

	for (size_t i = 0; i < conf_list_count(dirs) && i < DIRS_MAX; i++) {
		add(self, "--dir");
		add(self, conf_list_at(dirs, i).p);
	}
	conf_list_unref(&dirs);
}

/* A host that takes more than this fails in it, not in all others. */
static void
limit_memory(uint64_t bytes)
{
	struct rlimit limit = { (rlim_t)bytes, (rlim_t)bytes };

	(void)setrlimit(RLIMIT_AS, &limit);
}

/* Hosts wait in accept(2) itself; the master, which has the socket too, does
 * not accept. */
static int
let_accept_wait(void)
{
	int flags = fcntl(SERVICE_FD_LISTEN, F_GETFL);

	return flags == -1
		   ? -1
		   : fcntl(SERVICE_FD_LISTEN, F_SETFL, flags & ~O_NONBLOCK);
}

static int
become(struct perl_host *self, int list_fd, unsigned loggers)
{
	uint64_t memory = conf_size(self->conf, STR_EMPTY, CONF_PERL_MEMORY);

	add(self, "perl");
	add(self, script(self));
	add(self, "--plugins");
	add(self, arena_printf(&self->arena, "/proc/self/fd/%d", list_fd).p);
	add(self, "--config");
	add(self, self->config_dir);
	add(self, "--state");
	add(self, self->state_dir);
	add_size(self, loggers);
	add_number(self, "--share",
	    (uint64_t)conf_int(self->conf, STR_EMPTY, CONF_PERL_SHARE));
	add_number(self, "--max-sessions",
	    (uint64_t)conf_int(self->conf, STR_EMPTY, CONF_PERL_MAX_SESSIONS));
	add_number(self, "--max-memory", memory / 2);
	add_number(self, "--load-time",
	    conf_time_ms(self->conf, STR_EMPTY, CONF_PERL_LOAD) / 1000);
	add_dirs(self);
	perl_dns_set(self->conf);
	limit_memory(memory);
	(void)fcntl(list_fd, F_SETFD, 0);
	if (let_accept_wait() == -1 ||
	    dup2(SERVICE_FD_MASTER, STDIN_FILENO) == -1)
		return EXIT_FAULT;
	(void)close(SERVICE_FD_MASTER);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)execv(PERL, self->args);
	(void)fprintf(
	    stderr, "hookline perl-host: " PERL ": %s\n", strerror(errno));
	return EXIT_FAULT;
}

int
perl_host_main(int argc, char **argv)
{
	struct perl_host self = { 0 };
	struct buf list = BUF_INIT;
	struct err err;
	int code = SERVICE_NOT_NEEDED, fd;
	unsigned workers;
	size_t loggers;

	if (argc < 4 ||
	    num_parse_unsigned(slice_of(argv[3]), SHM_SLOT_MAX, &workers) < 0)
		return EXIT_USAGE;
	self.state_dir = argv[1];
	self.config_dir = argv[2];
	if (settings_open(self.config_dir, &self.conf, &err) < 0) {
		(void)fprintf(stderr, "hookline perl-host: %s\n", err.text);
		return EXIT_FAULT;
	}
	arena_init(&self.arena, 4096, 0);
	if (perl_list_make(self.conf, (const char *const *)(argv + 4),
		(size_t)argc - 4, &list, &loggers) > 0) {
		fd = memfile_make("plugins", buf_slice(&list));
		code = fd < 0 ? EXIT_FAULT
			      : become(&self, fd, loggers > 0 ? workers : 0);
	}
	buf_done(&list);
	arena_done(&self.arena);
	conf_dir_free(&self.conf);
	return code;
}
