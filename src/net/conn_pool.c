/* SPDX-License-Identifier: MIT */
/* conn_pool.c - kept connections, shared by the sessions of a worker.
 *
 * Each key has a stack of idle connections; all of them are in one queue of
 * deadlines, oldest first.  A key without connections is removed.
 */
#include "net/conn_pool.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "rt/timeq.h"

#define POOL_MAGIC 0x706f6f6cu

struct conn_pool {
	uint32_t magic;
	unsigned max_idle; /* of a key */
	size_t idle;       /* of all keys */
	struct rt *rt;
	struct timeq *due;
	struct map *keys; /* to struct pool_key */
};

struct pool_key {
	struct list conns; /* of struct idle_conn, the newest first */
	unsigned count;
	char *name;
};

struct idle_conn {
	struct link link; /* in pool_key.conns */
	struct timeq_entry due;
	struct conn *conn;
	struct pool_key *key;
};

static void
key_free(void *arg)
{
	struct pool_key *key = arg;

	mem_free(key->name);
	mem_free(key);
}

/* The newest; a key in the map has at least one. */
static struct idle_conn *
idle_first(struct pool_key *key)
{
	struct link *link = list_first(&key->conns);

	CHECK(link != NULL);
	return CONTAINER_OF(link, struct idle_conn, link);
}

/* Takes it out of the pool and returns its connection.  May free its key. */
static struct conn *
idle_remove(struct conn_pool *pool, struct idle_conn *idle)
{
	struct conn *conn = idle->conn;
	struct pool_key *key = idle->key;

	list_remove(&idle->link);
	timeq_cancel(&idle->due);
	mem_free(idle);
	pool->idle--;
	if (--key->count == 0) {
		char *name = key->name;

		key->name = NULL;
		(void)map_remove(pool->keys, slice_of(name));
		mem_free(name);
	}
	return conn;
}

static void
say_goodbye(struct conn **conn)
{
	conn_say_farewell(*conn);
	conn_close(conn);
}

static void
on_due(struct timeq_entry *entry, void *arg)
{
	struct conn *conn =
	    idle_remove(arg, CONTAINER_OF(entry, struct idle_conn, due));

	say_goodbye(&conn);
}

struct conn_pool *
conn_pool_new(struct rt *rt, unsigned max_idle, uint64_t idle_ms)
{
	struct conn_pool *pool = mem_alloc(sizeof(*pool));

	pool->magic = POOL_MAGIC;
	pool->rt = rt;
	pool->max_idle = max_idle;
	pool->due = timeq_new(rt, idle_ms, on_due, pool);
	pool->keys = map_new(key_free);
	return pool;
}

void
conn_pool_free(struct conn_pool **pool_p)
{
	struct conn_pool *pool = *pool_p;
	size_t cursor;
	void *value;
	hl_str name;

	*pool_p = NULL;
	if (pool == NULL)
		return;
	CHECK_OBJ(pool, POOL_MAGIC);
	while (cursor = 0, map_next(pool->keys, &cursor, &name, &value)) {
		struct pool_key *key = value;
		struct conn *conn = idle_remove(pool, idle_first(key));

		say_goodbye(&conn);
	}
	map_free(&pool->keys);
	timeq_free(&pool->due);
	pool->magic = 0;
	mem_free(pool);
}

struct conn *
conn_pool_take(struct conn_pool *pool, struct slice name)
{
	struct pool_key *key;

	CHECK_OBJ(pool, POOL_MAGIC);
	/* idle_remove frees the key with its last connection. */
	while ((key = map_get(pool->keys, name)) != NULL) {
		struct conn *conn = idle_remove(pool, idle_first(key));

		if (conn_is_idle(conn))
			return conn;
		conn_close(&conn);
	}
	return NULL;
}

int
conn_pool_dial(struct conn_pool *pool, struct slice where, uint64_t timeout_ms,
    const struct dial_options *options, struct conn **ret_conn, struct err *err)
{
	struct conn *conn = conn_pool_take(pool, where);

	if (conn == NULL)
		return conn_dial(
		    pool->rt, where, timeout_ms, options, ret_conn, err);
	*ret_conn = conn;
	return 0;
}

static struct pool_key *
key_get_or_add(struct conn_pool *pool, struct slice name)
{
	struct pool_key *key = map_get(pool->keys, name);

	if (key != NULL)
		return key;
	key = mem_alloc(sizeof(*key));
	key->name = mem_dup(name);
	list_init(&key->conns);
	map_set(pool->keys, name, key);
	return key;
}

void
conn_pool_put(struct conn_pool *pool, struct slice name, struct conn **conn_p)
{
	struct pool_key *key;
	struct idle_conn *idle;

	CHECK_OBJ(pool, POOL_MAGIC);
	if (!conn_is_idle(*conn_p)) {
		conn_close(conn_p);
		return;
	}
	key = map_get(pool->keys, name);
	if ((key != NULL && key->count >= pool->max_idle) ||
	    pool->max_idle == 0 || pool->idle >= CONN_POOL_IDLE_MAX) {
		say_goodbye(conn_p);
		return;
	}
	key = key_get_or_add(pool, name);
	idle = mem_alloc(sizeof(*idle));
	idle->conn = *conn_p;
	*conn_p = NULL;
	idle->key = key;
	list_push_front(&key->conns, &idle->link);
	timeq_arm(pool->due, &idle->due);
	key->count++;
	pool->idle++;
}

size_t
conn_pool_idle(const struct conn_pool *pool)
{
	CHECK_OBJ(pool, POOL_MAGIC);
	return pool->idle;
}
