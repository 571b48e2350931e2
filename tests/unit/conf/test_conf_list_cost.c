/* SPDX-License-Identifier: MIT */
/* test_conf_list_cost.c - a list of 100,000 lines costs what one of 100 does,
 * by what its look-ups do, not by a clock.
 */
#include "unit.h"

#include "base/mem.h"
#include "conf/conf_list.h"

enum { LOOK_UPS = 1000 };

/* A copy of `form` with these numbers for each '#'. */
static hl_str
fill(struct arena *arena, const char *form, const unsigned numbers[3])
{
	struct slice rest = slice_of(form), part;
	hl_str text = STR_EMPTY;
	unsigned i = 0;

	while (slice_cut(&rest, '#', &part)) {
		text = arena_printf(arena, "%s%.*s", text.p, STR(part));
		if (i < 3 && rest.p != NULL)
			text =
			    arena_printf(arena, "%s%u", text.p, numbers[i++]);
	}
	return text;
}

static struct conf_list *
make_list(size_t count, const char *form)
{
	hl_str *lines = mem_array(count, sizeof(lines[0]));
	struct conf_list *list;
	struct arena arena;

	arena_init(&arena, 65536, 0);
	for (unsigned i = 0; i < count; i++)
		lines[i] = fill(&arena, form,
		    (unsigned[]){ 16 + i / 65536, i / 256 % 256, i % 256 });
	list = conf_list_from(STR_LIT("many"), lines, count);
	arena_done(&arena);
	mem_free(lines);
	return list;
}

/* What LOOK_UPS of them did; half of the texts are in a list of 100. */
static uint64_t
look_up(struct conf_list *list, const char *form,
    bool (*fn)(struct conf_list *list, struct slice text))
{
	unsigned found = 0;
	struct arena arena;
	uint64_t before;

	(void)fn(list, SLICE_LIT("192.0.2.1")); /* makes the tables */
	before = conf_list_work(list);
	arena_init(&arena, 65536, 0);
	for (unsigned i = 0; i < LOOK_UPS; i++)
		found += fn(list,
		    slice_str(fill(&arena, form,
			(unsigned[]){ i % 2 == 0 ? 16 : 99, 0, i % 100 })));
	arena_done(&arena);
	assert_int_equal(found, LOOK_UPS / 2);
	return conf_list_work(list) - before;
}

static bool
by_word(struct conf_list *list, struct slice text)
{
	return conf_list_find(list, text, NULL);
}

static bool
by_line(struct conf_list *list, struct slice text)
{
	return conf_list_find_line(list, text, NULL);
}

static bool
by_domain(struct conf_list *list, struct slice text)
{
	return conf_list_find_domain(list, text, NULL);
}

static bool
by_ip(struct conf_list *list, struct slice text)
{
	struct inet_addr addr;

	return inet_parse(text, &addr) == 0 &&
	       conf_list_find_ip(list, &addr, NULL);
}

static bool
by_address(struct conf_list *list, struct slice text)
{
	return conf_list_match(list, CONF_ADDRESSES, text, NULL);
}

static bool
by_name(struct conf_list *list, struct slice text)
{
	return conf_list_match(list, CONF_NAMES, text, NULL);
}

static bool
by_slashed(struct conf_list *list, struct slice text)
{
	return conf_list_match(list, CONF_SLASHED, text, NULL);
}

/* A list of 100,000 costs what one of 100 does.  Tables are at most half
 * full; how many of their places are looked at is a matter of luck. */
static void
test_cost(void **state)
{
	static const struct {
		const char *name, *line, *text;
		bool (*fn)(struct conf_list *list, struct slice text);
		unsigned most; /* of what one look-up may do */
	} cases[] = {
		{ "words", "u#.#.#@x.example", "u#.#.#@x.example", by_word,
		    10 },
		{ "lines", "a # # #", "a # # #", by_line, 10 },
		{ "domains", ".d#.#.#.example", "x.d#.#.#.example", by_domain,
		    60 },
		{ "networks", "#.#.#.0/24", "#.#.#.7", by_ip, 10 },
		{ "addresses", "u#.#.#@x.example", "u#.#.#@x.example",
		    by_address, 20 },
		{ "domains of addresses", "@d#.#.#.example no",
		    "u@d#.#.#.example", by_address, 20 },
		{ "expressions for addresses", "^.*@d#\\.#\\.#\\.example$",
		    "u@d#.#.#.example", by_address, 150 },
		{ "expressions for names", "^h#-#-#\\.", "h#-#-#.example",
		    by_name, 150 },
		{ "slashed expressions", "/^u#_#_#@/ DENY", "u#_#_#@x.example",
		    by_slashed, 150 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_list *few = make_list(100, cases[i].line);
		struct conf_list *many = make_list(100000, cases[i].line);
		uint64_t little = look_up(few, cases[i].text, cases[i].fn);
		uint64_t much = look_up(many, cases[i].text, cases[i].fn);

		UNIT_CASE(cases[i].name,
		    little <= (uint64_t)LOOK_UPS * cases[i].most);
		UNIT_CASE(
		    cases[i].name, much <= (uint64_t)LOOK_UPS * cases[i].most);
		conf_list_unref(&few);
		conf_list_unref(&many);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests_name("conf-list_cost", tests, NULL, NULL);
}
