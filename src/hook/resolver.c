/* SPDX-License-Identifier: MIT */
/* resolver.c - follows config/resolvers.
 *
 * A struct dns is used by those who have asked it; `users` counts them, so
 * that one which was replaced is freed by the last of them.
 */
#include "resolver.h"

#include <errno.h>

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "dns/dns.h"
#include "engine.h"
#include "hook_log.h"
#include "rt/fiber.h"

#define RESOLVER_MAGIC 0x7265736fu

struct source {
	struct link link; /* in resolver.sources */
	struct dns *dns;  /* NULL: could not be made, or stopped */
	struct inet_addr servers[DNS_SERVERS_MAX];
	unsigned server_count;
	unsigned users;
	bool is_current;
};

struct resolver {
	uint32_t magic;
	struct engine *engine;
	struct list sources;
	struct source *current; /* NULL: not asked yet */
	struct conf_list *list; /* that `current` was made of */
	unsigned users;         /* of all sources */
	bool stopped;
};

struct resolver_ask {
	struct resolver *resolver;
	struct source *source;
	struct dns_ask *inner;
};

struct resolver *
resolver_new(struct engine *engine)
{
	struct resolver *resolver = mem_alloc(sizeof(*resolver));

	resolver->magic = RESOLVER_MAGIC;
	resolver->engine = engine;
	list_init(&resolver->sources);
	return resolver;
}

static void
source_release(struct source *source)
{
	if (source->is_current || source->users > 0)
		return;
	list_remove(&source->link);
	dns_free(&source->dns);
	mem_free(source);
}

static void
current_drop(struct resolver *resolver)
{
	struct source *old = resolver->current;

	resolver->current = NULL;
	if (old == NULL)
		return;
	old->is_current = false;
	source_release(old);
}

void
resolver_free(struct resolver **resolver)
{
	struct resolver *old = *resolver;

	*resolver = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, RESOLVER_MAGIC);
	CHECK(old->users == 0);
	current_drop(old);
	if (old->list != NULL)
		conf_list_unref(&old->list);
	old->magic = 0;
	mem_free(old);
}

/* The servers of `list`.  Returns their number; -EINVAL when a line is bad,
 * which is then a fault of the configuration. */
static int
servers_of(struct conf_dir *conf, const struct conf_list *list,
    struct inet_addr ret[DNS_SERVERS_MAX])
{
	size_t count = conf_list_count(list);
	int status = 0;

	for (size_t i = 0; i < count; i++) {
		const char *text = NULL;

		if (i >= DNS_SERVERS_MAX)
			text = "too many resolvers; 8 are enough";
		else if (dns_server_parse(
			     slice_str(conf_list_at(list, i)), &ret[i]) < 0)
			text = "not a resolver; write ADDR, ADDR:PORT or "
			       "[ADDR]:PORT";
		if (text == NULL)
			continue;
		conf_fault_add(conf, STR_EMPTY, STR_LIT("resolvers"),
		    conf_list_file(list, i), conf_list_line(list, i), "%s",
		    text);
		status = -EINVAL;
	}
	return status < 0 ? status : (int)count;
}

void
resolver_check(struct conf_dir *conf)
{
	struct conf_list *list =
	    conf_get(conf, STR_EMPTY, STR_LIT("resolvers"));
	struct inet_addr servers[DNS_SERVERS_MAX];

	(void)servers_of(conf, list, servers);
	conf_list_unref(&list);
}

static void
tell_failure(int status, const struct err *err)
{
	struct log_line line;

	hook_log_begin(&line, LOG_LEVEL_ERROR, NULL);
	log_add_text(&line, LOG_event, "no_resolver");
	log_add_int(&line, LOG_err, status);
	log_add(&line, LOG_text, slice_of(err->text));
	log_end(&line);
}

static void
current_make(
    struct resolver *resolver, const struct inet_addr *servers, unsigned count)
{
	struct dns_options options = { .servers = servers,
		.server_count = count };
	struct source *source = mem_alloc(sizeof(*source));
	struct err err = { 0, "" };
	int status =
	    dns_new(resolver->engine->rt, &options, &source->dns, &err);

	for (unsigned i = 0; i < count; i++)
		source->servers[i] = servers[i];
	source->server_count = count;
	if (status < 0)
		tell_failure(status, &err);
	current_drop(resolver);
	source->is_current = true;
	list_push_back(&resolver->sources, &source->link);
	resolver->current = source;
}

/* Has it a resolver with these servers?  It knows answers, which a file that
 * was only written or read again need not cost. */
static bool
is_same(const struct source *source, const struct inet_addr *servers,
    unsigned count)
{
	if (source == NULL || source->dns == NULL ||
	    source->server_count != count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!inet_eq(&source->servers[i], &servers[i]) ||
		    source->servers[i].port != servers[i].port)
			return false;
	}
	return true;
}

/* Looks at the file; a version with a bad line is not taken unless there is
 * no other. */
static void
follow(struct resolver *resolver)
{
	struct conf_list *list =
	    conf_get(resolver->engine->conf, STR_EMPTY, STR_LIT("resolvers"));
	struct inet_addr servers[DNS_SERVERS_MAX];
	int count;

	if (list == resolver->list) {
		conf_list_unref(&list);
		return;
	}
	if (resolver->list != NULL)
		conf_list_unref(&resolver->list);
	resolver->list = list;
	count = servers_of(resolver->engine->conf, list, servers);
	if (count < 0) {
		if (resolver->current != NULL)
			return;
		count = 0;
	}
	if (!is_same(resolver->current, servers, (unsigned)count))
		current_make(resolver, servers, (unsigned)count);
}

int
resolver_start(struct resolver *resolver, struct slice name, enum dns_type type,
    struct resolver_ask **ret)
{
	struct resolver_ask *ask;
	struct dns_ask *inner;
	struct source *source;
	int status;

	CHECK_OBJ(resolver, RESOLVER_MAGIC);
	if (resolver->stopped)
		return -ECANCELED;
	follow(resolver);
	source = resolver->current;
	if (source->dns == NULL)
		return -EAGAIN;
	status = dns_start(source->dns, name, type, &inner);
	if (status < 0)
		return status;
	ask = mem_alloc(sizeof(*ask));
	*ask = (struct resolver_ask){ resolver, source, inner };
	source->users++;
	resolver->users++;
	*ret = ask;
	return 0;
}

int
resolver_wait(
    struct resolver_ask **ask, uint64_t timeout_ms, struct dns_answer **ret)
{
	int status = dns_wait(&(*ask)->inner, timeout_ms, ret);

	resolver_ask_free(ask);
	return status;
}

void
resolver_ask_free(struct resolver_ask **ask_p)
{
	struct resolver_ask *ask = *ask_p;

	*ask_p = NULL;
	if (ask == NULL)
		return;
	dns_ask_free(&ask->inner);
	ask->resolver->users--;
	ask->source->users--;
	source_release(ask->source);
	mem_free(ask);
}

int
resolver_query(struct resolver *resolver, struct slice name, enum dns_type type,
    struct dns_answer **ret)
{
	struct resolver_ask *ask;
	int status = fiber_check();

	if (status < 0)
		return status;
	status = resolver_start(resolver, name, type, &ask);
	return status < 0 ? status : resolver_wait(&ask, 0, ret);
}

void
resolver_stop(struct resolver *resolver)
{
	CHECK_OBJ(resolver, RESOLVER_MAGIC);
	resolver->stopped = true;
	LIST_FOR_EACH (link, next, &resolver->sources)
		dns_free(&CONTAINER_OF(link, struct source, link)->dns);
	while (resolver->users > 0)
		(void)fiber_yield();
}

void
resolver_count(const struct resolver *resolver, struct dns_counters *ret)
{
	CHECK_OBJ(resolver, RESOLVER_MAGIC);
	*ret = (struct dns_counters){ 0 };
	if (resolver->current != NULL && resolver->current->dns != NULL)
		dns_count(resolver->current->dns, ret);
}
