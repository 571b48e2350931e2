/* SPDX-License-Identifier: MIT */
/* test_listen_set.c - sets made from lines and from the set before. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "conf/conf_list.h"
#include "conf/conf_listen.h"
#include "proc/listen_set.h"
#include "proc/notify.h"

static const struct activation nothing;

static struct conf_listeners *
lines_of(const char *const *texts, size_t count)
{
	struct conf_listeners *listeners = NULL;
	struct conf_faults faults;
	struct conf_list *list;
	hl_str lines[8] = { { "", 0 } };

	for (size_t i = 0; i < count; i++)
		lines[i] = str_of(texts[i]);
	list = conf_list_from(STR_LIT("listen"), lines, count);
	conf_faults_init(&faults);
	assert_int_equal(conf_listen_parse(list, &listeners, &faults), 0);
	conf_faults_done(&faults);
	conf_list_unref(&list);
	return listeners;
}

static int
make(const char *const *texts, size_t count, unsigned slots,
    const struct activation *activation, const struct listen_set *old,
    struct listen_set **ret, struct err *err)
{
	static unsigned next_id;
	struct conf_listeners *lines = lines_of(texts, count);
	int rc =
	    listen_set_make(lines, slots, activation, old, &next_id, ret, err);

	conf_listeners_free(&lines);
	return rc;
}

static bool
is_same_socket(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	       sa.st_ino == sb.st_ino;
}

static bool
listens(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 &&
	       value != 0;
}

static void
test_slots_share_a_port(void **state)
{
	static const char *const lines[] = { "127.0.0.1:0 name=a tls" };
	struct listen_set *set;
	struct err err;

	(void)state;
	assert_int_equal(make(lines, 1, 3, &nothing, NULL, &set, &err), 0);
	assert_int_equal(set->count, 1);
	assert_int_equal(set->addrs[0].count, 3);
	assert_string_equal(set->addrs[0].key, "127.0.0.1:0");
	assert_null(strstr(set->addrs[0].where, ":0"));
	assert_non_null(strstr(set->addrs[0].line, "tls"));
	assert_non_null(strstr(set->addrs[0].line, "name=a"));
	for (unsigned i = 0; i < 3; i++)
		assert_false(listens(set->addrs[0].fds[i]));
	assert_int_equal(listen_set_listen(set, &err), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(listens(set->addrs[0].fds[i]));
	listen_set_free(&set);
	assert_null(set);
}

static void
test_next_set(void **state)
{
	static const char *const before[] = { "127.0.0.1:0", "127.0.0.2:0" };
	static const char *const after[] = { "127.0.0.1:0 name=new",
		"127.0.0.1:0" };
	struct listen_set *a, *b;
	unsigned kept, gone;
	struct err err;

	(void)state;
	assert_int_equal(make(before, 2, 2, &nothing, NULL, &a, &err), 0);
	assert_int_equal(listen_set_listen(a, &err), 0);
	kept = a->addrs[0].id;
	gone = a->addrs[1].id;
	/* A third slot; 127.0.0.2 goes; a second "any port" comes. */
	assert_int_equal(make(after, 2, 3, &nothing, a, &b, &err), 0);
	assert_int_equal(b->addrs[0].id, kept);
	assert_true(is_same_socket(
	    listen_set_fd(a, kept, 1), listen_set_fd(b, kept, 1)));
	assert_int_equal(listen_set_fd(a, kept, 2), -1);
	assert_true(listen_set_fd(b, kept, 2) >= 0);
	assert_false(listens(listen_set_fd(b, kept, 2)));
	assert_string_equal(a->addrs[0].where, b->addrs[0].where);
	assert_null(listen_set_find(b, gone));
	assert_int_equal(listen_set_fd(b, gone, 0), -1);
	assert_int_not_equal(b->addrs[1].id, kept);
	assert_false(is_same_socket(b->addrs[0].fds[0], b->addrs[1].fds[0]));
	/* Thrown away, the first is as it was. */
	listen_set_free(&b);
	assert_true(listens(listen_set_fd(a, kept, 0)));
	listen_set_free(&a);
}

static void
test_unix(void **state)
{
	char path[] = "/tmp/hookline-test-XXXXXX", line[64];
	const char *const lines[] = { line };
	struct listen_set *a, *b;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(path));
	(void)snprintf(line, sizeof(line), "unix:%s/s", path);
	assert_int_equal(make(lines, 1, 4, &nothing, NULL, &a, &err), 0);
	assert_true(a->addrs[0].shared);
	assert_int_equal(a->addrs[0].count, 1);
	assert_int_equal(access(line + 5, F_OK), 0);
	assert_int_equal(make(lines, 1, 2, &nothing, a, &b, &err), 0);
	assert_true(is_same_socket(a->addrs[0].fds[0], b->addrs[0].fds[0]));
	listen_set_unlink(a, b);
	assert_int_equal(access(line + 5, F_OK), 0);
	listen_set_free(&a);
	listen_set_close(b);
	assert_int_equal(access(line + 5, F_OK), -1);
	listen_set_free(&b);
	assert_int_equal(rmdir(path), 0);
}

static void
test_failures(void **state)
{
	static const char *const foreign[] = { "127.0.0.1:0", "192.0.2.77:0" };
	struct listen_set *set = NULL;
	struct err err;

	(void)state;
	assert_true(make(foreign, 2, 2, &nothing, NULL, &set, &err) < 0);
	assert_non_null(strstr(err.text, "192.0.2.77:0"));
	assert_int_equal(make(NULL, 0, 2, &nothing, NULL, &set, &err), -ENOENT);
	assert_non_null(strstr(err.text, "--listen"));
	assert_null(set);
}

/* A socket as systemd would pass it. */
static int
given_socket(void)
{
	static const char *const lines[] = { "127.0.0.1:0" };
	struct listen_set *set;
	struct err err;
	int fd;

	assert_int_equal(make(lines, 1, 1, &nothing, NULL, &set, &err), 0);
	assert_int_equal(listen_set_listen(set, &err), 0);
	fd = dup(set->addrs[0].fds[0]);
	listen_set_free(&set);
	return fd;
}

static void
test_activation(void **state)
{
	static const char *const by_name[] = { "127.0.0.1:1 name=smtp" };
	static const char *const other[] = { "127.0.0.1:0 name=other" };
	char name[] = "smtp";
	struct activation_socket socket = { given_socket(), name };
	const struct activation activation = { &socket, 1 };
	struct listen_set *set = NULL;
	struct err err;

	(void)state;
	assert_int_equal(make(by_name, 1, 4, &activation, NULL, &set, &err), 0);
	assert_true(set->addrs[0].shared);
	assert_true(is_same_socket(set->addrs[0].fds[0], socket.fd));
	assert_null(strstr(set->addrs[0].line, ":1 "));
	listen_set_free(&set);
	assert_int_equal(make(NULL, 0, 4, &activation, NULL, &set, &err), 0);
	assert_non_null(strstr(set->addrs[0].line, "name=smtp"));
	listen_set_free(&set);
	assert_int_equal(
	    make(other, 1, 4, &activation, NULL, &set, &err), -EINVAL);
	assert_non_null(strstr(err.text, "name=smtp"));
	(void)close(socket.fd);
}

/* Two sockets of one name, as one unit of systemd has them. */
static void
test_activation_with_one_name(void **state)
{
	char name[] = "smtp", a_line[64], b_line[64];
	const char *const lines[] = { a_line, b_line };
	struct activation_socket sockets[] = { { given_socket(), name },
		{ given_socket(), name } };
	const struct activation activation = { sockets, 2 };
	struct listen_set *set = NULL, *next;
	struct err err;

	(void)state;
	/* One line for both. */
	(void)snprintf(a_line, sizeof(a_line), "127.0.0.1:1 name=smtp");
	assert_int_equal(make(lines, 1, 4, &activation, NULL, &set, &err), 0);
	assert_int_equal(set->count, 2);
	assert_true(is_same_socket(set->addrs[1].fds[0], sockets[1].fd));
	/* A line each, in the other order; the sockets keep their ids. */
	(void)snprintf(
	    a_line, sizeof(a_line), "%s name=smtp tls", set->addrs[1].where);
	(void)snprintf(
	    b_line, sizeof(b_line), "%s name=smtp", set->addrs[0].where);
	assert_int_equal(make(lines, 2, 4, &activation, set, &next, &err), 0);
	assert_int_equal(next->count, 2);
	assert_true(is_same_socket(next->addrs[0].fds[0], sockets[1].fd));
	assert_int_equal(next->addrs[0].id, set->addrs[1].id);
	assert_int_equal(next->addrs[1].id, set->addrs[0].id);
	assert_non_null(strstr(next->addrs[0].line, " tls"));
	assert_null(strstr(next->addrs[1].line, " tls"));
	listen_set_free(&set);
	listen_set_free(&next);
	(void)close(sockets[0].fd);
	(void)close(sockets[1].fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_share_a_port),
		cmocka_unit_test(test_next_set),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_activation),
		cmocka_unit_test(test_activation_with_one_name),
	};

	return cmocka_run_group_tests_name("listen_set", tests, NULL, NULL);
}
