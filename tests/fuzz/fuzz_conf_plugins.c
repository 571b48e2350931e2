/* SPDX-License-Identifier: MIT */
/* fuzz_conf_plugins.c - plugin lines: what is parsed is safe to look up, and
 * written again it parses to the same. */
#include <errno.h>

#include "base/buf.h"
#include "conf/conf_plugins.h"
#include "fuzz_conf.h"

static void
write_line(struct buf *buf, const struct conf_plugin *plugin)
{
	static const char *const runtimes[] = { "", "native:", "perl:" };
	static const char *const failures[] = { "", " hl.on_failure=open",
		" hl.on_failure=soft", " hl.on_failure=hard" };
	static const char *const stdio[] = { "", " hl.stdio=0", " hl.stdio=1" };

	buf_add_text(buf, runtimes[plugin->runtime]);
	buf_add_slice(buf, slice_str(plugin->name));
	if (plugin->has_instance)
		buf_printf(buf, ":%u", plugin->instance);
	if (plugin->timeout_ms > 0)
		buf_printf(buf, " hl.timeout=%llums",
		    (unsigned long long)plugin->timeout_ms);
	buf_add_text(buf, failures[plugin->on_failure]);
	buf_add_text(buf, stdio[plugin->stdio]);
	buf_add_char(buf, ' ');
	buf_add_slice(buf, slice_str(plugin->args_text));
	buf_add_char(buf, '\n');
}

static void
check_name(const struct conf_plugin *plugin)
{
	struct slice name = slice_str(plugin->name);
	struct slice part;

	CHECK(name.n > 0);
	while (slice_cut(&name, '/', &part))
		CHECK(part.n > 0 && !slice_eq_text(part, ".") &&
		      !slice_eq_text(part, ".."));
}

static void
check_same(const struct conf_plugin *a, const struct conf_plugin *b)
{
	CHECK(str_eq(a->name, b->name));
	CHECK(a->is_package == b->is_package);
	CHECK(a->has_instance == b->has_instance);
	CHECK(a->instance == b->instance);
	CHECK(a->runtime == b->runtime);
	CHECK(str_eq(a->args_text, b->args_text));
	CHECK(a->arg_count == b->arg_count);
	for (size_t i = 0; i < a->arg_count; i++)
		CHECK(str_eq(a->args[i], b->args[i]));
	CHECK(a->timeout_ms == b->timeout_ms);
	CHECK(a->on_failure == b->on_failure);
	CHECK(a->stdio == b->stdio);
}

static void
check_again(const struct conf_plugins *plugins)
{
	struct conf_plugins *again = NULL;
	struct buf buf = BUF_INIT;
	struct conf_list *list;

	for (size_t i = 0; i < plugins->count; i++) {
		check_name(&plugins->at[i]);
		write_line(&buf, &plugins->at[i]);
	}
	list = fuzz_list(buf_slice(&buf));
	CHECK(conf_plugins_parse(list, &again, NULL) == 0);
	CHECK(again->count == plugins->count);
	for (size_t i = 0; i < plugins->count; i++)
		check_same(&plugins->at[i], &again->at[i]);
	conf_plugins_free(&again);
	conf_list_unref(&list);
	buf_done(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct conf_list *list = fuzz_list(fuzz_input(bytes, n));
	struct conf_plugins *plugins = NULL;
	struct conf_faults faults;

	conf_faults_init(&faults);
	if (conf_plugins_parse(list, &plugins, &faults) == 0)
		check_again(plugins);
	else
		CHECK(faults.count > 0);
	conf_plugins_free(&plugins);
	conf_faults_done(&faults);
	conf_list_unref(&list);
	return 0;
}
