/* SPDX-License-Identifier: MIT */
/* fuzz_conf_listen.c - listen lines: what is parsed is within the limits, and
 * written again it parses to the same. */
#include "base/buf.h"
#include "conf/conf_listen.h"
#include "fuzz_conf.h"

static void
write_line(struct buf *buf, const struct conf_listener *listener)
{
	char text[INET_TEXT_MAX];

	(void)inet_text(&listener->addr, text);
	if (listener->addr.family == INET_UNIX)
		buf_printf(buf, "unix:%s", listener->path.p);
	else
		buf_printf(buf,
		    listener->addr.family == INET_V6 ? "[%s]:%u" : "%s:%u",
		    text, listener->addr.port);
	buf_printf(buf, "%s%s%s plugins=%s", listener->tls ? " tls" : "",
	    listener->lmtp ? " lmtp" : "", listener->proxy ? " proxy" : "",
	    listener->plugins.p);
	/* Without name= it is an address. */
	if (slice_find(slice_str(listener->name), ':') == listener->name.n)
		buf_printf(buf, " name=%s", listener->name.p);
	buf_add_char(buf, '\n');
}

static void
check_one(const struct conf_listener *listener)
{
	CHECK(listener->name.n > 0);
	CHECK((listener->addr.family == INET_UNIX) == (listener->path.n > 0));
	CHECK(listener->path.n <= CONF_UNIX_PATH_MAX);
	CHECK(listener->plugins.n > 0);
	CHECK(slice_find(slice_str(listener->plugins), '/') ==
	      listener->plugins.n);
	CHECK(!slice_starts(slice_str(listener->plugins), "."));
}

static void
check_again(const struct conf_listeners *listeners)
{
	struct conf_listeners *again = NULL;
	struct buf buf = BUF_INIT;
	struct conf_list *list;

	for (size_t i = 0; i < listeners->count; i++) {
		check_one(&listeners->at[i]);
		write_line(&buf, &listeners->at[i]);
	}
	list = fuzz_list(buf_slice(&buf));
	CHECK(conf_listen_parse(list, &again, NULL) == 0);
	CHECK(again->count == listeners->count);
	for (size_t i = 0; i < listeners->count; i++) {
		const struct conf_listener *a = &listeners->at[i];
		const struct conf_listener *b = &again->at[i];

		CHECK(inet_eq(&a->addr, &b->addr) || a->path.n > 0);
		CHECK(a->addr.port == b->addr.port);
		CHECK(str_eq(a->path, b->path));
		CHECK(str_eq(a->plugins, b->plugins));
		CHECK(a->tls == b->tls && a->lmtp == b->lmtp &&
		      a->proxy == b->proxy);
	}
	conf_listeners_free(&again);
	conf_list_unref(&list);
	buf_done(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct conf_list *list = fuzz_list(fuzz_input(bytes, n));
	struct conf_listeners *listeners = NULL;
	struct conf_faults faults;

	conf_faults_init(&faults);
	if (conf_listen_parse(list, &listeners, &faults) == 0)
		check_again(listeners);
	else
		CHECK(faults.count > 0);
	conf_listeners_free(&listeners);
	conf_faults_done(&faults);
	conf_list_unref(&list);
	return 0;
}
