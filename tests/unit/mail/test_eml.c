/* SPDX-License-Identifier: MIT */
/* test_eml.c - real messages: what comes out is what went in.
 *
 * They are no part of the project (tests/data.md); test_message.c has cases of
 * our own.
 */
#include "mail_test.h"

#include <dirent.h>

static struct buf
read_file(const char *path)
{
	struct buf out = BUF_INIT;
	int fd = open(path, O_RDONLY);
	static char bytes[65536];
	ssize_t n;

	assert_true(fd != -1);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(&out, bytes, (size_t)n);
	assert_int_equal(n, 0);
	(void)close(fd);
	return out;
}

/* As a client sends it: every line end is CRLF, no other CR. */
static struct buf
to_crlf(struct slice text)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\r')
			continue;
		if (text.p[i] == '\n')
			buf_add_char(&out, '\r');
		buf_add_char(&out, text.p[i]);
	}
	return out;
}

static void
check_message(const char *path, struct slice sent, size_t threshold)
{
	struct buf out = BUF_INIT, lf = BUF_INIT, want = BUF_INIT;
	struct message_limits limits = test_limits(threshold);
	struct test_store test;
	struct message message;
	uint64_t seed = sent.n;
	struct slice got;

	test_store_init(&test, 0);
	message_init(&message, &test.store, &limits, NULL);
	assert_int_equal(feed_cut(&message, sent, 1000, &seed), 0);
	assert_int_equal(message_end(&message), 0);
	assert_int_equal(header_add_top(&message.header, SLICE_LIT("Received"),
			     SLICE_LIT("from us"), NULL),
	    0);
	delivered(&message, LINE_CRLF, &out);
	delivered(&message, LINE_LF, &lf);
	to_lf(buf_slice(&out), &want);
	UNIT_CASE(path, slice_eq(buf_slice(&lf), buf_slice(&want)));
	/* Without our field, and that one line, it is what was sent. */
	got = slice_from(buf_slice(&out), strlen("Received: from us\r\n"));
	buf_clear(&want);
	buf_add_slice(&want, slice_head(sent, message.header_size));
	if (!message.has_separator && sent.n > message.header_size)
		buf_add_text(&want, "\r\n");
	buf_add_slice(&want, slice_from(sent, message.header_size));
	UNIT_CASE(path, slice_eq(got, buf_slice(&want)));
	buf_done(&out);
	buf_done(&lf);
	buf_done(&want);
	message_done(&message);
	test_store_done(&test);
}

static unsigned
check_folder(const char *path)
{
	unsigned count = 0;
	DIR *dir = opendir(path);
	struct dirent *entry;
	char file[1200];

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		struct buf text, sent;

		if (!slice_ends(slice_of(entry->d_name), ".eml"))
			continue;
		(void)snprintf(
		    file, sizeof(file), "%s/%s", path, entry->d_name);
		text = read_file(file);
		sent = to_crlf(buf_slice(&text));
		check_message(file, buf_slice(&sent), 1 << 24);
		check_message(file, buf_slice(&sent), 0);
		buf_done(&text);
		buf_done(&sent);
		count++;
	}
	(void)closedir(dir);
	return count;
}

static const char *
data_folder(void)
{
	const char *data = getenv("HOOKLINE_DATA");

	return data != NULL ? data : SOURCE_ROOT "/../shared/data";
}

static void
test_messages(void **state)
{
	static const char *const folders[] = { "rfc", "legacy", "thirdparty" };
	unsigned count = 0;
	char path[900];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/mail/%s", data_folder(),
		    folders[i]);
		count += check_folder(path);
	}
	print_message("# %u messages\n", count);
	assert_true(count > 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
	};

	if (access(data_folder(), R_OK) == -1) {
		/* cmocka's skip() is "not ok" in TAP. */
		(void)printf(
		    "1..0 # SKIP no %s, see tests/data.md\n", data_folder());
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
