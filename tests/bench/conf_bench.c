/* SPDX-License-Identifier: MIT */
/* conf_bench.c - what a look-up in the configuration costs, by list size.
 *
 * Prints nanoseconds for each operation: the least of several rounds.  A
 * list of 100,000 lines must cost about what one of 100 does; what it costs
 * more is the processor's cache.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_value.h"

#define ROUNDS 15
#define REPEAT 20000

/* The compiler must believe that `x` is used. */
#define KEEP(x) __asm__ volatile("" : : "r"(x) : "memory")

struct lists {
	size_t count;
	struct conf_list *words, *domains, *nets, *patterns, *regexes;
};

static struct conf_list *
make(size_t count, hl_str (*line)(struct arena *, size_t), unsigned kinds)
{
	hl_str *lines = mem_array(count, sizeof(lines[0]));
	struct conf_list *list;
	struct arena arena;

	arena_init(&arena, 65536, 0);
	for (size_t i = 0; i < count; i++)
		lines[i] = line(&arena, i);
	list = conf_list_from(STR_LIT("bench"), lines, count);
	CHECK(conf_list_compile(list, kinds, NULL) == 0);
	arena_done(&arena);
	mem_free(lines);
	return list;
}

static hl_str
address(struct arena *arena, size_t i)
{
	return arena_printf(arena, "user%zu@host%zu.example", i, i % 977);
}

static hl_str
domain(struct arena *arena, size_t i)
{
	return arena_printf(arena, "%sd%zu.example", i % 2 ? "." : "", i);
}

static hl_str
net(struct arena *arena, size_t i)
{
	return arena_printf(arena, "%zu.%zu.%zu.0/%zu", 10 + i / 65536,
	    i / 256 % 256, i % 256, 24 - i % 3 * 4);
}

static hl_str
pattern(struct arena *arena, size_t i)
{
	return i < 4 ? arena_printf(arena, "^spam%zu\\d+@", i)
		     : address(arena, i);
}

static hl_str
regex(struct arena *arena, size_t i)
{
	return arena_printf(arena, "^[^@]*@(mail\\.)?host%zu\\.example$", i);
}

static double
measure(void (*fn)(const struct lists *, unsigned), const struct lists *lists)
{
	uint64_t least = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		struct mono start = mono_now();
		uint64_t ns;

		for (unsigned i = 0; i < REPEAT; i++)
			fn(lists, i);
		ns = mono_now().ns - start.ns;
		if (ns < least)
			least = ns;
	}
	return (double)least / REPEAT;
}

static void
find_word(const struct lists *lists, unsigned i)
{
	(void)i;
	KEEP(conf_list_has(lists->words, SLICE_LIT("user77@host77.example")));
}

static void
miss_word(const struct lists *lists, unsigned i)
{
	(void)i;
	KEEP(conf_list_has(lists->words, SLICE_LIT("nobody@nowhere.example")));
}

static void
find_domain(const struct lists *lists, unsigned i)
{
	(void)i;
	KEEP(conf_list_find_domain(
	    lists->domains, SLICE_LIT("mail.d77.example"), NULL));
}

static void
find_ip(const struct lists *lists, unsigned i)
{
	struct inet_addr addr = { .family = INET_V4,
		.bytes = { 10, 0, (uint8_t)i, 1 } };

	KEEP(conf_list_has_ip(lists->nets, &addr));
}

static void
match_pattern(const struct lists *lists, unsigned i)
{
	(void)i;
	KEEP(conf_list_match(lists->patterns, CONF_ADDRESSES,
	    SLICE_LIT("nobody@nowhere.example"), NULL));
}

static void
match_regexes(const struct lists *lists, unsigned i)
{
	(void)i;
	KEEP(conf_list_match(lists->regexes, CONF_ADDRESSES,
	    SLICE_LIT("nobody@nowhere.example"), NULL));
}

static const struct {
	const char *name;
	void (*fn)(const struct lists *, unsigned);
} cases[] = {
	{ "conf_list_has", find_word },
	{ "conf_list_has, not there", miss_word },
	{ "conf_list_find_domain", find_domain },
	{ "conf_list_find_ip, 3 prefix lengths", find_ip },
	{ "conf_list_match, 4 regular expressions", match_pattern },
	{ "conf_list_match, all regular expressions", match_regexes },
};

static void
bench_lists(size_t count)
{
	struct lists lists = {
		count,
		make(count, address, CONF_KIND_WORDS),
		make(count, domain, CONF_KIND_WORDS),
		make(count, net, CONF_KIND_NETS),
		make(count, pattern, CONF_KIND_PATTERNS(CONF_ADDRESSES)),
		make(count, regex, CONF_KIND_PATTERNS(CONF_ADDRESSES)),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		(void)printf("%8.1f ns  %s, %zu lines\n",
		    measure(cases[i].fn, &lists), cases[i].name, count);
	conf_list_unref(&lists.words);
	conf_list_unref(&lists.domains);
	conf_list_unref(&lists.nets);
	conf_list_unref(&lists.patterns);
	conf_list_unref(&lists.regexes);
}

static struct conf_dir *dir;

static void
get_list(const struct lists *lists, unsigned i)
{
	struct conf_list *list = conf_get(dir, STR_EMPTY, STR_LIT("rcpthosts"));

	(void)lists;
	(void)i;
	KEEP(list);
	conf_list_unref(&list);
}

static void
get_listener_list(const struct lists *lists, unsigned i)
{
	struct conf_list *list =
	    conf_get(dir, STR_LIT("submission"), STR_LIT("rcpthosts"));

	(void)lists;
	(void)i;
	KEEP(list);
	conf_list_unref(&list);
}

static void
get_size(const struct lists *lists, unsigned i)
{
	(void)lists;
	(void)i;
	KEEP(conf_size(dir, STR_EMPTY, CONF_DATABYTES));
}

/* The time that a new version of a large file holds the loop. */
static void
bench_load(void)
{
	enum { LINES = 100000 };
	char path[] = "/tmp/hookline-bench-XXXXXX";
	struct mono start;
	struct arena arena;
	struct buf buf = BUF_INIT;
	struct conf_list *list;
	FILE *file;

	arena_init(&arena, 65536, 0);
	CHECK(mkdtemp(path) != NULL);
	buf_printf(&buf, "%s/rcpthosts", path);
	file = fopen(buf.p, "w");
	CHECK(file != NULL);
	for (size_t i = 0; i < LINES; i++)
		(void)fprintf(file, "%s\n", address(&arena, i).p);
	CHECK(fclose(file) == 0);
	CHECK(conf_dir_open(path, NULL, &dir, NULL) == 0);
	start = mono_now();
	list =
	    conf_get_as(dir, STR_EMPTY, STR_LIT("rcpthosts"), CONF_KIND_WORDS);
	(void)printf("%8.1f ms  reading and compiling %d lines\n",
	    (double)mono_since_us(mono_now(), start) / 1000, LINES);
	conf_list_unref(&list);
	(void)printf("%8.1f ns  conf_get\n", measure(get_list, NULL));
	(void)printf("%8.1f ns  conf_get for a listener\n",
	    measure(get_listener_list, NULL));
	(void)printf("%8.1f ns  conf_size\n", measure(get_size, NULL));
	conf_dir_free(&dir);
	(void)remove(buf.p);
	(void)remove(path);
	buf_done(&buf);
	arena_done(&arena);
}

/* The same for expressions. */
static void
bench_regexes(void)
{
	enum { LINES = 100000 };
	struct conf_list *list = make(LINES, regex, 0);
	struct mono start = mono_now();

	CHECK(conf_list_compile(
		  list, CONF_KIND_PATTERNS(CONF_ADDRESSES), NULL) == 0);
	(void)printf("%8.1f ms  compiling %d regular expressions\n",
	    (double)mono_since_us(mono_now(), start) / 1000, LINES);
	conf_list_unref(&list);
}

int
main(void)
{
	bench_regexes();
	bench_lists(100);
	bench_lists(100000);
	bench_load();
	return 0;
}
