/* SPDX-License-Identifier: MIT */
/* dns.c - the resolver: questions from fibers, answered by a recursive
 * server.
 *
 * A struct question is one question in flight, found by its key, with all the
 * fibers that asked it (struct dns_ask).  It belongs to the channel that it was
 * sent on until that has called back, whatever becomes of its fibers: one
 * that gives up leaves its ask behind, and the answer is cached all the same.
 *
 * A reply may come while the question is being sent, on the stack of the
 * fiber that asks.  Nothing here switches fibers: asks are marked done and
 * their fibers made ready.
 */
#include "dns/dns.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include <ares.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "dns/dns_cache.h"
#include "dns/dns_channel.h"
#include "dns/dns_name.h"
#include "dns/dns_reply.h"
#include "rt/fiber.h"
#include "rt/wait.h"

#define DNS_MAGIC 0x646e7321u
#define RESOLV_CONF "/etc/resolv.conf"
#define LOOK_MS 1000 /* between two looks at resolv.conf */
/* c-ares keeps its sockets as long as something is in flight: a new channel
 * gets new ports, so that these do not become known under steady load. */
#define CHANNEL_QUESTIONS 1024
#define KEY_MAX (DNS_TEXT_MAX + 8)

/* What tells two versions of a file apart. */
struct file_state {
	ino_t inode;
	off_t size;
	int64_t modified_ns;
};

struct dns {
	uint32_t magic;
	unsigned server_count;
	struct inet_addr servers[DNS_SERVERS_MAX];
	struct rt *rt;
	struct dns_channel *channel;
	struct dns_cache *cache;
	struct map *questions; /* to struct question */
	size_t questions_max;
	char *resolv_conf;
	uint64_t timeout_ms;
	struct mono next_look;
	struct file_state seen; /* when the channel was opened */
	struct dns_counters counters;
};

struct question {
	struct dns *dns;
	struct dns_channel *channel; /* until it calls back */
	enum dns_type type;
	unsigned tries;
	unsigned aliases;
	uint32_t ttl; /* the least of the aliases' */
	bool no_edns;
	struct list asks;
	struct dns_name name; /* the one asked for now */
	char key[];           /* of the one asked for first */
};

struct dns_ask {
	struct waiter waiter;
	struct link link; /* while it waits for a question's end */
	struct dns_answer *answer;
};

static void on_reply(void *arg, int status, const uint8_t *bytes, size_t n);

static void
ask_destroy(struct waiter *waiter)
{
	struct dns_ask *ask = CONTAINER_OF(waiter, struct dns_ask, waiter);

	dns_answer_unref(&ask->answer);
	mem_free(ask);
}

static void
question_send(struct question *question)
{
	uint8_t query[DNS_QUESTION_MAX];
	uint16_t id;
	size_t n;

	random_bytes(&id, sizeof(id));
	n = dns_question_write(
	    &question->name, question->type, id, !question->no_edns, query);
	dns_channel_send(question->channel, query, n, on_reply, question);
}

/* Hands the result to all who asked, and frees.  `answer` may be NULL. */
static void
question_finish(struct question *question, int rc, struct dns_answer *answer)
{
	struct dns *dns = question->dns;
	struct link *link;

	if (rc == -EAGAIN)
		dns->counters.failed++;
	if (answer != NULL)
		dns_cache_put(dns->cache, slice_of(question->key), answer);
	(void)map_remove(dns->questions, slice_of(question->key));
	while ((link = list_pop_front(&question->asks)) != NULL) {
		struct dns_ask *ask = CONTAINER_OF(link, struct dns_ask, link);

		if (answer != NULL)
			ask->answer = dns_answer_ref(answer);
		waiter_done(&ask->waiter, rc);
	}
	mem_free(question);
}

static void
on_answer(struct question *question, struct dns_answer *answer)
{
	if (answer->ttl > question->ttl)
		answer->ttl = question->ttl;
	question_finish(question, (int)answer->count, answer);
	dns_answer_unref(&answer);
}

/* Asks again for the name at the end of the aliases. */
static void
on_alias(struct question *question, const struct dns_reply *reply)
{
	question->aliases += reply->aliases;
	if (question->ttl > reply->ttl)
		question->ttl = reply->ttl;
	question->name = reply->alias;
	question->tries = 0;
	question_send(question);
}

static void
on_reply(void *arg, int status, const uint8_t *bytes, size_t n)
{
	struct question *question = arg;
	struct dns_reply reply = { 0 };

	if (status == 0)
		status =
		    dns_reply_parse(bytes, n, &question->name, question->type,
			DNS_ALIASES_MAX - question->aliases, &reply);
	if (status == -EPROTO && !question->no_edns) {
		question->no_edns = true;
		question_send(question);
	} else if (status == -ETIME && ++question->tries < DNS_TRIES) {
		question_send(question);
	} else if (status < 0) {
		question_finish(
		    question, status == -ECANCELED ? status : -EAGAIN, NULL);
	} else if (reply.answer != NULL) {
		on_answer(question, reply.answer);
	} else {
		on_alias(question, &reply);
	}
}

static struct file_state
file_state_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return (struct file_state){ 0 };
	return (struct file_state){
		.inode = st.st_ino,
		.size = st.st_size,
		.modified_ns = st.st_mtim.tv_sec * INT64_C(1000000000) +
			       st.st_mtim.tv_nsec,
	};
}

static bool
file_state_eq(const struct file_state *a, const struct file_state *b)
{
	return a->inode == b->inode && a->size == b->size &&
	       a->modified_ns == b->modified_ns;
}

/* Opens a channel with what the servers are now; the old one finishes what it
 * has.  On failure it stays. */
static int
channel_renew(struct dns *dns, const struct file_state *state, struct err *err)
{
	struct dns_channel_options options = {
		.servers = dns->servers,
		.server_count = dns->server_count,
		.resolv_conf = dns->resolv_conf,
		.timeout_ms = dns->timeout_ms,
	};
	struct dns_channel *channel;
	int rc = dns_channel_open(dns->rt, &options, &channel, err);

	if (rc < 0)
		return rc;
	dns->seen = *state;
	dns_channel_retire(&dns->channel);
	dns->channel = channel;
	return 0;
}

static void
channel_refresh(struct dns *dns)
{
	struct mono now = mono_now();
	struct file_state state = dns->seen;
	bool is_worn = dns_channel_sent(dns->channel) >= CHANNEL_QUESTIONS;

	if (dns->server_count == 0 && !mono_is_before(now, dns->next_look)) {
		dns->next_look = mono_add_ms(now, LOOK_MS);
		state = file_state_of(dns->resolv_conf);
	}
	if ((is_worn || !file_state_eq(&state, &dns->seen)) &&
	    channel_renew(dns, &state, NULL) < 0)
		return; /* the old one goes on; tried again */
}

int
dns_new(struct rt *rt, const struct dns_options *options, struct dns **ret_dns,
    struct err *err)
{
	static const struct dns_options defaults;
	struct file_state state;
	struct dns *dns;
	int rc;

	if (options == NULL)
		options = &defaults;
	if (options->server_count > DNS_SERVERS_MAX)
		return err_set(
		    err, -EINVAL, "more than %d resolvers", DNS_SERVERS_MAX);
	/* Counted by c-ares; nothing undoes it, it holds nothing. */
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return err_set(err, -EINVAL, "c-ares does not start");
	dns = mem_alloc(sizeof(*dns));
	dns->magic = DNS_MAGIC;
	dns->rt = rt;
	for (unsigned i = 0; i < options->server_count; i++)
		dns->servers[i] = options->servers[i];
	dns->server_count = options->server_count;
	dns->resolv_conf = mem_dup(slice_of(
	    options->resolv_conf != NULL ? options->resolv_conf : RESOLV_CONF));
	dns->timeout_ms =
	    options->timeout_ms != 0 ? options->timeout_ms : DNS_TIMEOUT_MS;
	dns->cache = dns_cache_new(
	    options->cache_bytes != 0 ? options->cache_bytes : DNS_CACHE_BYTES);
	dns->questions = map_new(NULL);
	dns->questions_max = options->questions_max != 0
				 ? options->questions_max
				 : DNS_QUESTIONS_MAX;
	dns->next_look = mono_add_ms(mono_now(), LOOK_MS);
	state = file_state_of(dns->resolv_conf);
	rc = channel_renew(dns, &state, err);
	if (rc < 0)
		dns_free(&dns);
	else
		*ret_dns = dns;
	return rc;
}

void
dns_free(struct dns **dns_p)
{
	struct dns *dns = *dns_p;
	size_t cursor;
	void *value;
	hl_str key;

	*dns_p = NULL;
	if (dns == NULL)
		return;
	CHECK_OBJ(dns, DNS_MAGIC);
	/* Those of retired channels too. */
	while (cursor = 0, map_next(dns->questions, &cursor, &key, &value)) {
		struct question *question = value;

		dns_channel_abort(question->channel);
	}
	dns_channel_retire(&dns->channel);
	map_free(&dns->questions);
	dns_cache_free(&dns->cache);
	mem_free(dns->resolv_conf);
	dns->magic = 0;
	mem_free(dns);
}

static struct question *
question_new(struct dns *dns, struct slice key, const struct dns_name *name,
    enum dns_type type)
{
	struct question *question = mem_alloc(sizeof(*question) + key.n + 1);

	question->dns = dns;
	question->channel = dns->channel;
	question->type = type;
	question->ttl = UINT32_MAX;
	question->name = *name;
	list_init(&question->asks);
	for (size_t i = 0; i < key.n; i++)
		question->key[i] = key.p[i];
	map_set(dns->questions, key, question);
	return question;
}

/* Joins the question in flight, or sends it. */
static struct dns_ask *
ask_new(struct dns *dns, struct slice key, const struct dns_name *name,
    enum dns_type type)
{
	struct question *question = map_get(dns->questions, key);
	struct dns_ask *ask = mem_alloc(sizeof(*ask));
	bool is_new = question == NULL;

	waiter_init(&ask->waiter, ask_destroy);
	if (is_new) {
		channel_refresh(dns);
		dns->counters.sent++;
		question = question_new(dns, key, name, type);
	} else {
		dns->counters.merged++;
	}
	list_push_back(&question->asks, &ask->link);
	if (is_new)
		question_send(question); /* may finish and free it */
	return ask;
}

/* One that is answered already; takes the answer. */
static struct dns_ask *
ask_new_answered(struct dns_answer *answer)
{
	struct dns_ask *ask = mem_alloc(sizeof(*ask));

	waiter_init(&ask->waiter, ask_destroy);
	ask->answer = answer;
	waiter_done(&ask->waiter, (int)answer->count);
	return ask;
}

/* One that nobody is asked for. */
static struct dns_ask *
ask_new_refused(struct dns *dns)
{
	struct dns_ask *ask = mem_alloc(sizeof(*ask));

	dns->counters.failed++;
	waiter_init(&ask->waiter, ask_destroy);
	waiter_done(&ask->waiter, -EAGAIN);
	return ask;
}

/* Questions outlive who asked them, so sessions alone do not bound them. */
static bool
is_busy(const struct dns *dns, struct slice key)
{
	return map_count(dns->questions) >= dns->questions_max &&
	       map_get(dns->questions, key) == NULL;
}

int
dns_start(struct dns *dns, struct slice text, enum dns_type type,
    struct dns_ask **ret_ask)
{
	struct dns_answer *answer;
	struct dns_name name;
	char key_text[KEY_MAX];
	struct slice key;

	CHECK_OBJ(dns, DNS_MAGIC);
	if (dns_name_parse(text, &name) < 0)
		return -EINVAL;
	dns->counters.questions++;
	key = (struct slice){ key_text,
		(size_t)snprintf(key_text, sizeof(key_text), "%u %s",
		    (unsigned)type, name.text) };
	answer = dns_cache_get(dns->cache, key);
	if (answer != NULL)
		dns->counters.cached++;
	*ret_ask = answer != NULL      ? ask_new_answered(answer)
		   : is_busy(dns, key) ? ask_new_refused(dns)
				       : ask_new(dns, key, &name, type);
	return 0;
}

int
dns_wait(
    struct dns_ask **ask_p, uint64_t timeout_ms, struct dns_answer **ret_answer)
{
	struct dns_ask *ask = *ask_p;
	int rc;

	fiber_label_wait("dns");
	rc = waiter_wait(&ask->waiter, timeout_ms);
	if (rc == 0)
		rc = ask->waiter.result;
	if (rc >= 0) {
		*ret_answer = ask->answer;
		ask->answer = NULL;
	}
	dns_ask_free(ask_p);
	return rc;
}

void
dns_ask_free(struct dns_ask **ask)
{
	struct waiter *waiter = *ask != NULL ? &(*ask)->waiter : NULL;

	*ask = NULL;
	waiter_unref(&waiter);
}

int
dns_query(struct dns *dns, struct slice name, enum dns_type type,
    struct dns_answer **ret_answer)
{
	struct dns_ask *ask;
	int rc = fiber_check();

	if (rc < 0)
		return rc;
	rc = dns_start(dns, name, type, &ask);
	return rc < 0 ? rc : dns_wait(&ask, 0, ret_answer);
}

void
dns_count(const struct dns *dns, struct dns_counters *ret_counters)
{
	CHECK_OBJ(dns, DNS_MAGIC);
	*ret_counters = dns->counters;
	ret_counters->cache_bytes = dns_cache_bytes(dns->cache);
	ret_counters->in_flight = (unsigned)map_count(dns->questions);
}

int
dns_server_parse(struct slice text, struct inet_addr *ret)
{
	struct slice addr = text, port = SLICE_NONE;
	struct inet_addr parsed;
	unsigned number = 0;
	bool in_brackets = slice_starts(text, "[");
	size_t end = slice_find(text, in_brackets ? ']' : ':');

	/* An address with several colons is IPv6 alone. */
	if (in_brackets && end < text.n) {
		addr = slice_from(slice_head(text, end), 1);
		port = slice_from(text, end + 1);
	} else if (end < text.n && slice_rfind(text, ':') == end) {
		addr = slice_head(text, end);
		port = slice_from(text, end);
	}
	if (inet_parse(addr, &parsed) < 0)
		return -EINVAL;
	if (port.n > 0 &&
	    (port.p[0] != ':' ||
		num_parse_unsigned(slice_from(port, 1), 65535, &number) < 0 ||
		number == 0))
		return -EINVAL;
	parsed.port = (uint16_t)number;
	*ret = parsed;
	return 0;
}
