/* SPDX-License-Identifier: MIT */
/* counter.c - for dialogs: VRFY WORD answers how often WORD was said, to any
 * worker, ever; VRFY passwd reads a file that was not declared. */
#include <hookline/plugin.h>

#include <fcntl.h>
#include <string.h>

static enum hl_verdict
on_vrfy(struct hl_ctx *ctx, hl_str word)
{
	struct hl_file *file;
	int64_t sum;
	int status;

	if (strcmp(word.p, "passwd") == 0)
		status = hl_file_open(
		    ctx, HL_STR("/etc/passwd"), O_RDONLY, 0, &file);
	else
		status = hl_kv_add(ctx, HL_STR("words"), word, 1, 0, &sum);
	if (status < 0)
		return hl_deny(ctx, NULL, "%s", strerror(-status));
	return hl_ok(ctx, "%s %lld", word.p, (long long)sum);
}

static const struct hl_plugin plugin = {
	.name = "counter",
	.about = "count words",
	.vrfy = on_vrfy,
};
HL_PLUGIN(plugin);
