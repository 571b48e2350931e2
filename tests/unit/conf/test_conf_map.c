/* SPDX-License-Identifier: MIT */
/* test_conf_map.c - constant databases, sound and corrupt. */
#include "unit.h"

#include <cdb.h>
#include <errno.h>

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_map.h"
#include "sandbox.h"

static struct sandbox box;

static int
setup(void **state)
{
	(void)state;
	sandbox_start(&box, 0);
	sandbox_open(&box);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	sandbox_stop(&box);
	return 0;
}

enum { RECORDS = 50 };

/* "k0" to "k49" with `value`, behind which the number stands. */
static void
make(const char *name, const char *value)
{
	static struct cdb_make make; /* large */
	char key[16], text[64];
	int fd;

	sandbox_write(&box, name, "", 0);
	fd = open(sandbox_path(&box, name), O_RDWR | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(cdb_make_start(&make, fd), 0);
	for (int i = 0; i < RECORDS; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)snprintf(text, sizeof(text), "%s%d", value, i);
		assert_int_equal(cdb_make_add(&make, key, (unsigned)strlen(key),
				     text, (unsigned)strlen(text)),
		    0);
	}
	assert_int_equal(cdb_make_finish(&make), 0);
	assert_int_equal(close(fd), 0);
}

/* What "k7" has in the current map; "-" nothing, "?" no map. */
static const char *
look_up(const char *key, struct arena *arena)
{
	struct conf_map *map = conf_get_map(box.dir, STR_EMPTY, str_of(key));
	hl_str value = STR_LIT("-");

	if (map == NULL)
		return "?";
	if (conf_map_find(map, SLICE_LIT("k7"), arena, &value) < 0)
		value = STR_LIT("!");
	conf_map_unref(&map);
	return value.p;
}

static void
test_find(void **state)
{
	struct conf_stamp stamp;
	struct conf_map *map;
	struct arena arena;
	struct err err;
	hl_str value;

	(void)state;
	make("a.cdb", "v");
	arena_init(&arena, 256, 0);
	assert_int_equal(
	    conf_map_open(sandbox_path(&box, "a.cdb"), &map, &stamp, &err), 0);
	assert_true(stamp.exists);
	assert_int_equal(conf_map_count(map), RECORDS);
	assert_int_equal(
	    conf_map_find(map, SLICE_LIT("k49"), &arena, &value), 1);
	assert_string_equal(value.p, "v49");
	assert_int_equal(
	    conf_map_find(map, SLICE_LIT("K49"), &arena, &value), 0);
	assert_int_equal(
	    conf_map_find(map, SLICE_LIT("k50"), &arena, &value), 0);
	assert_int_equal(conf_map_find(map, SLICE_NONE, &arena, &value), 0);
	assert_string_equal(value.p, "v49");
	/* Writing into the file does not reach us. */
	assert_int_equal(truncate(sandbox_path(&box, "a.cdb"), 0), 0);
	assert_int_equal(
	    conf_map_find(map, SLICE_LIT("k0"), &arena, &value), 1);
	conf_map_unref(&map);
	conf_map_unref(&map);
	arena_done(&arena);
}

static void
test_follows_the_file(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 256, 0);
	assert_string_equal(look_up("m", &arena), "?");
	make("m.cdb", "one");
	(void)conf_flush(box.dir);
	assert_string_equal(look_up("m", &arena), "one7");
	make("m.cdb", "three");
	assert_string_equal(look_up("m", &arena), "one7");
	(void)conf_flush(box.dir);
	assert_string_equal(look_up("m", &arena), "three7");
	/* The lines of "m.cdb" and of "m" are other things. */
	assert_string_equal(sandbox_get(&box, "m"), "-");
	sandbox_remove(&box, "m.cdb");
	(void)conf_flush(box.dir);
	assert_string_equal(look_up("m", &arena), "?");
	assert_int_equal(box.told_count, 0);
	arena_done(&arena);
}

/* A corrupt version is not taken. */
static void
test_corrupt(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 256, 0);
	make("m.cdb", "one");
	assert_string_equal(look_up("m", &arena), "one7");
	sandbox_write(&box, "m.cdb", "this is no database", 0);
	(void)conf_flush(box.dir);
	assert_string_equal(look_up("m", &arena), "one7");
	assert_int_equal(box.told_count, 1);
	assert_memory_equal(box.told.p, "m.cdb: no sound cdb file; ", 26);
	make("m.cdb", "two");
	(void)conf_flush(box.dir);
	assert_string_equal(look_up("m", &arena), "two7");
	assert_int_equal(conf_faults(box.dir)->count, 0);
	/* Never a good one. */
	sandbox_write(&box, "n.cdb", "", 0);
	assert_string_equal(look_up("n", &arena), "?");
	assert_int_equal(conf_faults(box.dir)->count, 1);
	arena_done(&arena);
}

/* Cut at every length and with every byte spoilt: refused, or look-ups say
 * so, or find something; nothing is read outside. */
static void
try_bytes(const char *bytes, size_t n)
{
	struct conf_stamp stamp;
	struct conf_map *map;
	struct arena arena;
	struct err err;
	char key[16];
	hl_str value;

	sandbox_bytes(&box, "x.cdb", bytes, n, 0);
	if (conf_map_open(sandbox_path(&box, "x.cdb"), &map, &stamp, &err) != 0)
		return;
	arena_init(&arena, 256, 0);
	for (int i = 0; i < RECORDS; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)!conf_map_find(map, slice_of(key), &arena, &value);
	}
	arena_done(&arena);
	conf_map_unref(&map);
}

static void
test_every_damage(void **state)
{
	static char bytes[8192];
	size_t n, refused_before;
	FILE *file;

	(void)state;
	make("m.cdb", "v");
	file = fopen(sandbox_path(&box, "m.cdb"), "r");
	n = fread(bytes, 1, sizeof(bytes), file);
	assert_int_equal(fclose(file), 0);
	assert_in_range(n, 2048, sizeof(bytes) - 1);
	refused_before = 0;
	for (size_t cut = 0; cut < n; cut += cut < 2040 ? 64 : 1) {
		struct conf_stamp stamp;
		struct conf_map *map;

		sandbox_bytes(&box, "x.cdb", bytes, cut, 0);
		refused_before++;
		/* Its tables are at its end. */
		assert_int_equal(conf_map_open(sandbox_path(&box, "x.cdb"),
				     &map, &stamp, NULL),
		    -EINVAL);
	}
	assert_true(refused_before > 100);
	for (size_t at = 0; at < n; at += 3) {
		char good = bytes[at];

		bytes[at] = (char)0xff;
		try_bytes(bytes, n);
		bytes[at] = (char)(good ^ 0x40);
		try_bytes(bytes, n);
		bytes[at] = good;
	}
}

/* Of a key for the listener "other"; relative to the directory. */
static const char *
place(const char *key, struct arena *arena)
{
	hl_str path =
	    conf_map_path(box.dir, STR_LIT("other"), str_of(key), arena);

	if (path.n == 0)
		return "";
	assert_memory_equal(path.p, box.path, strlen(box.path));
	return path.p + strlen(box.path) + 1;
}

static void
test_path(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 256, 0);
	sandbox_write(&box, "a.cdb", "", 0);
	sandbox_write(&box, "b.cdb", "", 0);
	sandbox_write(&box, "other/b.cdb", "", 0);
	sandbox_write(&box, "other/c.cdb", "", 0);
	assert_string_equal(place("a", &arena), "a.cdb");
	assert_string_equal(place("b", &arena), "other/b.cdb");
	assert_string_equal(place("c", &arena), "other/c.cdb");
	assert_string_equal(place("d", &arena), "");
	assert_string_equal(place("../other/c", &arena), "");
	assert_string_equal(
	    conf_map_path(box.dir, STR_EMPTY, STR_LIT("b"), &arena).p +
		strlen(box.path),
	    "/b.cdb");
	assert_int_equal(
	    conf_map_path(box.dir, STR_EMPTY, STR_LIT("c"), &arena).n, 0);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_follows_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_corrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_every_damage, setup, teardown),
	};

	return cmocka_run_group_tests_name("conf-map", tests, NULL, NULL);
}
