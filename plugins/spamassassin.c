/* SPDX-License-Identifier: MIT */
/* spamassassin.c - marks or refuses what SpamAssassin's spamd finds spam.
 *
 *	spamassassin [reject SCORE] [reject_type perm|temp|...]
 *	    [munge_subject_threshold SCORE] [subject_prefix WORD]
 *	    [spamd_socket PATH|HOST:PORT] [spamd_user NAME] [headers none]
 *	    [leave_old_headers rename|drop|keep] [size_limit 500000]
 *	    [timeout 60s]
 *
 * spamd's fields X-Spam-... go on top of the message (but X-Spam-Report and
 * X-Spam-Prev-Subject); older ones of these names become X-Old-Spam-...  The
 * words of X-Spam-Status go to the transaction's note `spamassassin`, a map:
 * is_spam, score, required, tests, autolearn ...  The prefix of a subject is
 * config/subject_prefix, or the argument.
 *
 * Immune clients and messages over `size_limit` pass, and so does everything
 * while spamd is not there or answers nothing of use; a line at error level
 * says so.
 *
 * `spamd_user vpopmail` is the recipient, if there is but one.
 */
#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <hookline/policy.h>

#include "spamassassin_spamd.h"

#define SIZE_BY_DEFAULT 500000u
#define OLD_MAX 32 /* fields of a name that are renamed; more are dropped */
#define USER_MAX 256u

/* In the order of the choices. */
enum { OLD_RENAME, OLD_DROP, OLD_KEEP };
enum { HEADERS_ALL, HEADERS_NONE };

struct args {
	hl_str reject, old_reject, munge, prefix, socket, user, relayclient;
	unsigned headers, old_headers, reject_type;
	uint64_t timeout_ms, size_limit;
};

/* Of this line in config/plugins. */
struct line {
	int64_t reject, munge; /* thousandths of a point; 0: off */
	char user[USER_MAX];
};

/* "7", "-0.5" to thousandths; what follows the number does not matter. */
static bool
parse_score(const char *text, int64_t *ret)
{
	bool is_negative = *text == '-', has_digit = false;
	int64_t value = 0, unit = 1000;

	if (*text == '-' || *text == '+')
		text++;
	for (; *text >= '0' && *text <= '9'; text++, has_digit = true) {
		if (value < INT64_C(1000000000))
			value = value * 10 + (*text - '0') * 1000;
	}
	if (*text == '.')
		text++;
	for (; *text >= '0' && *text <= '9'; text++, has_digit = true) {
		unit /= 10;
		value += (*text - '0') * unit;
	}
	if (has_digit)
		*ret = is_negative ? -value : value;
	return has_digit;
}

static hl_str
where(struct hl_ctx *ctx)
{
	hl_str socket = ((const struct args *)hl_args(ctx))->socket;

	if (strchr(socket.p, '/') != NULL)
		return hl_printf(ctx, "unix:%s", socket.p);
	if (strchr(socket.p, ':') == NULL)
		return hl_printf(ctx, "%s:783", socket.p);
	return socket;
}

/* Whose preferences count. */
static hl_str
user(struct hl_ctx *ctx)
{
	const struct line *line = hl_instance(ctx);

	if (hl_rcpt_count(ctx) == 1 && strcmp(line->user, "vpopmail") == 0)
		return hl_addr_text(hl_rcpt_addr(hl_rcpt_at(ctx, 0)));
	return hl_text(line->user);
}

/* ---- what it said ---- */

/* "Yes, score=7.5 required=5.0 tests=A,B autolearn=no" to a map. */
static struct hl_value *
parse_status(struct hl_ctx *ctx, const char *text)
{
	struct hl_value *map = hl_value_map(ctx);
	const char *blanks = " \t\n";

	for (bool is_first = true; *text != '\0'; is_first = false) {
		int n = (int)strcspn(text, blanks);
		const char *equals = memchr(text, '=', (size_t)n);
		hl_str key = HL_STR("is_spam"), value;

		if (is_first) /* with a comma behind it */
			value = hl_printf(ctx, "%.*s", n - (n > 0), text);
		else if (equals != NULL)
			value = hl_printf(ctx, "%.*s",
			    (int)(text + n - equals - 1), equals + 1);
		if (!is_first && equals != NULL)
			key =
			    hl_printf(ctx, "%.*s", (int)(equals - text), text);
		if (strcmp(key.p, "hits") == 0) /* before 3.0 */
			key = HL_STR("score");
		if (is_first || equals != NULL)
			(void)hl_value_put(map, key, hl_value_text(ctx, value));
		text += n;
		text += strspn(text, blanks);
	}
	return map;
}

static hl_str
status_word(const struct hl_value *status, const char *key)
{
	return hl_value_as_text(hl_value_find(status, hl_text(key)));
}

/* Fields of that name that the message has brought. */
static void
clean_up(struct hl_ctx *ctx, hl_str name)
{
	const struct args *args = hl_args(ctx);
	hl_str old = hl_printf(ctx, "X-Old-%s", name.p + strlen("X-"));
	size_t count = hl_header_count(ctx, name);

	if (args->old_headers == OLD_KEEP)
		return;
	for (size_t i = 0;
	     args->old_headers == OLD_RENAME && i < count && i < OLD_MAX; i++)
		(void)hl_header_add_top(ctx, old, hl_header_get(ctx, name, i));
	(void)hl_header_delete(ctx, name, SIZE_MAX);
}

/* Whose preferences have not counted. */
static void
add_user(struct hl_ctx *ctx)
{
	hl_str name = HL_STR("X-Spam-User");

	clean_up(ctx, name);
	if (hl_rcpt_count(ctx) > 1)
		(void)hl_header_add_top(ctx, name,
		    hl_printf(ctx, "%s, %zu recipients", user(ctx).p,
			hl_rcpt_count(ctx)));
}

/* In spamd's order. */
static void
add_fields(struct hl_ctx *ctx, const struct spamd_answer *answer)
{
	add_user(ctx);
	for (size_t i = answer->count; i-- > 0;) {
		const struct spamd_field *field = &answer->fields[i];

		if (strcasecmp(field->name.p, "X-Spam-Prev-Subject") == 0 ||
		    strcasecmp(field->name.p, "X-Spam-Report") == 0)
			continue;
		clean_up(ctx, field->name);
		if (hl_header_add_top(ctx, field->name, hl_text(field->value)) <
		    0)
			hl_log(ctx, HL_LOG_WARN, "error, cannot add %.100s",
			    field->name.p);
	}
}

static void
munge_subject(struct hl_ctx *ctx, const struct hl_value *status, int64_t score)
{
	const struct args *args = hl_args(ctx);
	const struct line *line = hl_instance(ctx);
	hl_str prefix = hl_config(ctx, "subject_prefix");
	int64_t required = 0;

	(void)parse_score(status_word(status, "required").p, &required);
	if (line->munge == 0 || score <= required || score <= line->munge)
		return;
	if (prefix.n == 0)
		prefix = args->prefix;
	(void)hl_header_replace(ctx, HL_STR("Subject"), 0,
	    hl_printf(ctx, "%s %s", prefix.p,
		hl_header_get(ctx, HL_STR("Subject"), 0).p));
}

static hl_str
threshold(const struct args *args)
{
	return args->reject.n > 0 ? args->reject : args->old_reject;
}

/* Its log lines have qpsmtpd's words: the verdict comes first. */
static enum hl_verdict
judge(struct hl_ctx *ctx, const struct hl_value *status, int64_t score)
{
	const struct args *args = hl_args(ctx);
	const struct line *line = hl_instance(ctx);
	struct hl_reject how = { HL_REJECT_NOW, args->reject_type };
	bool is_spam = strcmp(status_word(status, "is_spam").p, "Yes") == 0;
	hl_str learn = status_word(status, "autolearn");
	hl_str what = hl_printf(ctx, "%s, %s", is_spam ? "Spam" : "Ham",
	    status_word(status, "score").p);
	bool is_over = line->reject != 0 && score >= line->reject;

	if (line->reject != 0)
		what = hl_printf(ctx, "%s %s %s", what.p, is_over ? ">" : "<",
		    threshold(args).p);
	if (is_spam)
		hl_karma(ctx, -1);
	if (strcmp(learn.p, "ham") == 0)
		hl_karma(ctx, 1);
	else if (strcmp(learn.p, "spam") == 0)
		hl_karma(ctx, -1);
	if (learn.n > 0)
		what = hl_printf(ctx, "%s, learn=%s", what.p, learn.p);
	if (!is_over) {
		hl_log(ctx, HL_LOG_INFO, "%s, %s",
		    is_spam ? "fail, tolerated" : "pass", what.p);
		return HL_DECLINED;
	}
	hl_log(ctx, HL_LOG_INFO, "fail, %s", what.p);
	return hl_reject(ctx, &how, "5.7.1", "spam score exceeded threshold");
}

static enum hl_verdict
on_answer(struct hl_ctx *ctx, const struct spamd_answer *answer)
{
	const struct args *args = hl_args(ctx);
	struct hl_value *status = NULL;
	int64_t score;

	for (size_t i = 0; i < answer->count; i++) {
		if (strcmp(answer->fields[i].name.p, "X-Spam-Status") == 0)
			status = parse_status(ctx, answer->fields[i].value);
	}
	if (args->headers != HEADERS_NONE)
		add_fields(ctx, answer);
	if (status == NULL ||
	    !parse_score(status_word(status, "score").p, &score)) {
		hl_log(ctx, HL_LOG_ERROR, "error, spamd tells no score");
		return HL_DECLINED;
	}
	(void)hl_note_set(ctx, HL_TRANSACTION, HL_STR("spamassassin"), status);
	if (args->headers != HEADERS_NONE)
		munge_subject(ctx, status, score);
	return judge(ctx, status, score);
}

static bool
is_too_large(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	uint64_t size = hl_data_size(ctx), limit = args->size_limit;

	if (size <= (limit > 0 ? limit : SIZE_BY_DEFAULT))
		return false;
	hl_log(ctx, HL_LOG_INFO, "skip, too large (%llu)",
	    (unsigned long long)size);
	return true;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct spamd spamd = { where(ctx), user(ctx), args->timeout_ms };
	struct spamd_answer *answer;

	if (hl_is_immune(ctx) || is_too_large(ctx))
		return HL_DECLINED;
	answer = hl_alloc(ctx, sizeof(*answer));
	return spamd_ask(ctx, &spamd, answer) < 0 ? HL_DECLINED
						  : on_answer(ctx, answer);
}

/* ---- the line in config/plugins ---- */

static int
set_score(struct hl_ctx *ctx, const char *name, hl_str text, int64_t *ret)
{
	if (text.n == 0 || parse_score(text.p, ret))
		return 0;
	return hl_load_error(ctx, "%s %s: must be a score", name, text.p);
}

/* spamd_user, or as whom this server runs. */
static int
set_user(struct hl_ctx *ctx, struct line *line)
{
	hl_str name = ((const struct args *)hl_args(ctx))->user;
	const struct passwd *entry;

	if (name.n == 0) {
		entry = getpwuid(geteuid());
		name =
		    entry != NULL ? hl_text(entry->pw_name) : HL_STR("nobody");
	}
	if (name.n >= sizeof(line->user))
		return hl_load_error(ctx, "spamd_user: longer than %zu bytes",
		    sizeof(line->user) - 1);
	memcpy(line->user, name.p, name.n + 1);
	return 0;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	int rc = set_score(ctx, "reject", threshold(args), &line->reject);

	if (rc == 0)
		rc = set_score(
		    ctx, "munge_subject_threshold", args->munge, &line->munge);
	if (rc == 0)
		rc = set_user(ctx, line);
	return rc < 0 ? rc : hl_need_connect(ctx, where(ctx));
}

static const struct hl_arg args[] = {
	{ "reject", "the score from which on it refuses",
	    .offset = offsetof(struct args, reject) },
	{ "reject_threshold", "older name of it",
	    .offset = offsetof(struct args, old_reject) },
	{ "reject_type", "how it refuses", .def = "default",
	    .choices = HL_REJECT_TYPES,
	    .offset = offsetof(struct args, reject_type),
	    .type = HL_ARG_CHOICE },
	{ "munge_subject_threshold", "the score beyond which the subject tells",
	    .offset = offsetof(struct args, munge) },
	{ "subject_prefix", "how, without config/subject_prefix",
	    .def = "*** SPAM ***", .offset = offsetof(struct args, prefix) },
	{ "spamd_socket", "path, or HOST:PORT", .def = "localhost:783",
	    .offset = offsetof(struct args, socket) },
	{ "spamd_user", "whose preferences count; vpopmail: the recipient's",
	    .offset = offsetof(struct args, user) },
	{ "headers", "none: adds no fields", .def = "all",
	    .choices = "all|none", .offset = offsetof(struct args, headers),
	    .type = HL_ARG_CHOICE },
	{ "leave_old_headers", "what becomes of X-Spam- fields",
	    .def = "rename", .choices = "rename|drop|keep",
	    .offset = offsetof(struct args, old_headers),
	    .type = HL_ARG_CHOICE },
	{ "relayclient", "skip: without effect, they always pass",
	    .offset = offsetof(struct args, relayclient) },
	{ "size_limit", "bytes; larger messages pass", .def = "500000",
	    .offset = offsetof(struct args, size_limit), .type = HL_ARG_SIZE },
	{ "timeout",
	    "for connecting, for each part of the message, and for the answer",
	    .def = "60s", .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ .name = NULL },
};

static const char *const files[] = { "subject_prefix", NULL };

static const struct hl_plugin plugin = {
	.name = "spamassassin",
	.about = "mark or refuse what SpamAssassin's spamd finds spam",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct line),
	.files = files,
	.load = on_load,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
