/* SPDX-License-Identifier: MIT */
/* karma.c - remembers how clients behave, and keeps the naughty ones out.
 *
 *	karma [negative 1] [strikes 3] [penalty_days 1] [keep_days 90]
 *	      [reject naughty|0|1|connect] [reject_type disconnect|...]
 *
 * Other plugins raise and lower the note `karma` of a connection (hl_karma).
 * When it ends with `strikes` points or more the connection was nice, with as
 * many below zero naughty.  After a naughty one, a client who had `negative` or
 * more naughty connections than nice ones is in the penalty box for
 * `penalty_days` (1.5): it is refused when it connects.  One that was never nice
 * and more than five times naughty stays a day longer for each of them.
 *
 * The note `karma_history`, set before the greeting, is the number of nice
 * connections less the naughty ones.  Who has neither more nice than naughty
 * ones nor a karma above zero may name one recipient in a message, and below -4
 * is refused at DATA.  `recipient_count` is how many a connection has named.
 *
 *	config/karma_tlds	"info:-4": points for senders below such a name
 *
 * Without its database nobody is refused, and there is no karma_history; the
 * log says so once, and when it is over.  `hookline karma` shows and changes
 * what it knows; a client who has not come for `keep_days` is forgotten.  A
 * client of IPv6 is its network, a /64.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <hookline/policy.h>

#include "karma_envelope.h"
#include "record.h"

#define TABLE HL_STR("clients")
#define KARMA HL_STR("karma")
#define HISTORY HL_STR("karma_history")
#define RECIPIENTS HL_STR("recipient_count")
#define DAY_S 86400
#define DAYS_MAX 36500
#define TRIES 10 /* when other connections of the client end now, too */
#define VERY_BAD (-4)
#define VERY_GOOD_HISTORY 10
#define BONUS_HISTORY (-5)

struct args {
	struct hl_reject reject;
	int64_t negative, strikes, keep_days;
	hl_str penalty_days, db_dir, nfslock;
};

struct instance {
	double penalty_s;
	bool is_broken; /* the database, and the log says so */
};

/* What stands in the database; PENALTY is when the penalty box begins to count,
 * 0 for who is not in it. */
enum { PENALTY, NAUGHTY, NICE, CONNECTS };

/* ---- the database ---------------------------------------------------- */

static int64_t
now_s(const struct hl_ctx *ctx)
{
	return hl_wall_us(ctx) / 1000000;
}

static void
note_health(struct hl_ctx *ctx, int rc)
{
	struct instance *instance = hl_instance(ctx);

	record_health(
	    ctx, &instance->is_broken, rc, "nobody is refused or remembered");
}

/* 1; 0 nothing is known; negative errno. */
static int
look_up(struct hl_ctx *ctx, hl_str *ret_text, int64_t ret[RECORD_NUMBERS])
{
	int rc;

	*ret_text = HL_STR("");
	rc = hl_kv_get(ctx, TABLE, hl_peer_client(ctx), ret_text);
	/* That it can be read does not say that it can be written. */
	if (rc < 0)
		note_health(ctx, rc);
	else
		record_parse(ret_text->p, ret);
	return rc;
}

/* Returns what the log says of it; "" nothing. */
typedef hl_str change_fn(struct hl_ctx *ctx, int64_t record[RECORD_NUMBERS]);

/* Changes what is known of the client, though other connections do the same.
 * What it was is read again, but the change is made in one step. */
static void
change(struct hl_ctx *ctx, change_fn *fn)
{
	const struct args *args = hl_args(ctx);
	const struct instance *instance = hl_instance(ctx);
	hl_str said = HL_STR("");
	int rc = -EEXIST;

	for (int i = 0; i < TRIES && rc == -EEXIST; i++) {
		int64_t record[RECORD_NUMBERS];
		int64_t keep = args->keep_days * DAY_S, left;
		hl_str old;

		if (look_up(ctx, &old, record) < 0)
			return;
		said = fn(ctx, record);
		left =
		    record[PENALTY] + (int64_t)instance->penalty_s - now_s(ctx);
		if (record[PENALTY] > 0 && left > keep)
			keep = left;
		rc = hl_kv_swap(ctx, TABLE, hl_peer_client(ctx), old,
		    record_text(ctx, record), (uint64_t)keep);
	}
	note_health(ctx, rc);
	if (rc == 0 && said.n > 0)
		hl_log(ctx, HL_LOG_INFO, "%s", said.p);
}

/* ---- connections ----------------------------------------------------- */

static int64_t
set_history(struct hl_ctx *ctx, const int64_t record[RECORD_NUMBERS])
{
	int64_t history = record[NICE] - record[NAUGHTY];

	(void)hl_note_set_int(ctx, HL_CONNECTION, HISTORY, history);
	return history;
}

static enum hl_verdict
on_pre_connection(struct hl_ctx *ctx)
{
	int64_t record[RECORD_NUMBERS];
	hl_str text;

	if (look_up(ctx, &text, record) >= 0)
		(void)set_history(ctx, record);
	return HL_DECLINED;
}

static hl_str
count_connection(struct hl_ctx *ctx, int64_t record[RECORD_NUMBERS])
{
	(void)ctx;
	record[CONNECTS]++;
	return HL_STR("");
}

static enum hl_verdict
refuse(struct hl_ctx *ctx, hl_str text)
{
	const struct args *args = hl_args(ctx);
	struct hl_reject how = args->reject;

	if (how.when > HL_REJECT_NAUGHTY) /* `reject connect` */
		how.when = HL_REJECT_NOW;
	return hl_reject(ctx, &how, "5.7.1", "%s", text.p);
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	const struct instance *instance = hl_instance(ctx);
	int64_t record[RECORD_NUMBERS];
	hl_str text;
	double left;

	(void)hl_note_set_int(ctx, HL_CONNECTION, KARMA, 0);
	if (hl_is_immune(ctx) || look_up(ctx, &text, record) < 0)
		return HL_DECLINED;
	if (text.n == 0) {
		hl_log(ctx, HL_LOG_DEBUG, "pass, no record");
		return HL_DECLINED;
	}
	if (set_history(ctx, record) > VERY_GOOD_HISTORY)
		hl_karma(ctx, 1);
	left = instance->penalty_s - (double)(now_s(ctx) - record[PENALTY]);
	if (record[PENALTY] == 0 || left <= 0) {
		hl_log(ctx, HL_LOG_INFO,
		    "pass, %s (%" PRId64 " naughty, %" PRId64 " nice, %" PRId64
		    " connects)",
		    record[PENALTY] == 0 ? "no penalty" : "penalty expired",
		    record[NAUGHTY], record[NICE], record[CONNECTS]);
		return HL_DECLINED;
	}
	change(ctx, count_connection);
	return refuse(
	    ctx, hl_printf(ctx,
		     "You were naughty. You cannot connect for %.2f more days.",
		     left / DAY_S));
}

/* ---- the end --------------------------------------------------------- */

static hl_str
count_naughty(struct hl_ctx *ctx, int64_t record[RECORD_NUMBERS], int64_t karma)
{
	const struct args *args = hl_args(ctx);
	int64_t history = record[NICE] - ++record[NAUGHTY];
	bool is_penalty = history <= -args->negative;
	bool is_bonus =
	    is_penalty && record[NICE] == 0 && history < BONUS_HISTORY;

	if (is_penalty)
		record[PENALTY] = now_s(ctx) - (is_bonus ? history * DAY_S : 0);
	return hl_printf(ctx,
	    "negative%s%s, (msg: %" PRId64 ", his: %" PRId64 ")",
	    is_penalty ? ", sent to penalty box" : "",
	    is_bonus ? ", penalty box bonus!" : "", karma, history);
}

/* What the connection was. */
static hl_str
count_end(struct hl_ctx *ctx, int64_t record[RECORD_NUMBERS])
{
	const struct args *args = hl_args(ctx);
	int64_t karma = hl_note_int(ctx, HL_CONNECTION, KARMA, 0);
	bool is_nice = karma >= args->strikes;

	record[CONNECTS]++;
	if (karma <= -args->strikes)
		return count_naughty(ctx, record, karma);
	record[NICE] += is_nice;
	return hl_printf(ctx, "%s, (msg: %" PRId64 ", his: %" PRId64 ")",
	    is_nice ? "positive" : "neutral", karma,
	    record[NICE] - record[NAUGHTY]);
}

static enum hl_verdict
on_disconnect(struct hl_ctx *ctx)
{
	if (hl_note_int(ctx, HL_CONNECTION, KARMA, 0) != 0)
		change(ctx, count_end);
	return HL_DECLINED;
}

/* ---- messages -------------------------------------------------------- */

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	envelope_format(ctx, "FROM:<");
	envelope_tlds(ctx, from);
	return HL_DECLINED;
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	int64_t count = hl_note_int(ctx, HL_CONNECTION, RECIPIENTS, 0);
	int64_t history = hl_note_int(ctx, HL_CONNECTION, HISTORY, 0), karma;

	(void)to;
	envelope_format(ctx, "TO:<");
	karma = hl_note_int(ctx, HL_CONNECTION, KARMA, 0);
	(void)hl_note_set_int(ctx, HL_CONNECTION, RECIPIENTS, count + 1);
	if (hl_is_immune(ctx) || hl_rcpt_count(ctx) == 0 ||
	    !hl_note_has(ctx, HL_CONNECTION, HISTORY) || history > 0 ||
	    karma > 0)
		return HL_DECLINED;
	return hl_deny(ctx, "5.5.3",
	    "too many recipients for karma %" PRId64 " (h: %" PRId64 ")", karma,
	    history);
}

static enum hl_verdict
on_data(struct hl_ctx *ctx)
{
	int64_t karma = hl_note_int(ctx, HL_CONNECTION, KARMA, 0);

	if (karma >= VERY_BAD || hl_is_immune(ctx) || hl_is_naughty(ctx))
		return HL_DECLINED;
	return refuse(ctx, hl_printf(ctx, "very bad karma: %" PRId64, karma));
}

/* ---- the plugin ------------------------------------------------------ */

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct instance *instance = hl_instance(ctx);
	char *end;
	double days = strtod(args->penalty_days.p, &end);

	if (end == args->penalty_days.p || *end != '\0' || !(days > 0) ||
	    days > DAYS_MAX)
		return hl_load_error(ctx,
		    "penalty_days %s is no number of days above 0",
		    args->penalty_days.p);
	instance->penalty_s = days * DAY_S;
	envelope_check(ctx);
	if (args->db_dir.n > 0 || args->nfslock.n > 0)
		hl_log(ctx, HL_LOG_NOTICE,
		    "db_dir and nfslock are passed over: the database is "
		    "state.db in the state directory, for all workers; see "
		    "`hookline karma`");
	return 0;
}

static const char *const files[] = { ENVELOPE_TLDS, NULL };

static const struct hl_arg args[] = {
	{ .name = "negative",
	    .about = "so many more naughty connections than nice ones: penalty",
	    .def = "1",
	    .min = 1,
	    .max = 1000000,
	    .offset = offsetof(struct args, negative),
	    .type = HL_ARG_INT },
	{ .name = "strikes",
	    .about = "points that make a connection nice or naughty",
	    .def = "3",
	    .min = 1,
	    .max = 1000000,
	    .offset = offsetof(struct args, strikes),
	    .type = HL_ARG_INT },
	{ .name = "penalty_days",
	    .about = "how long it is refused, e.g. 0.5",
	    .def = "1",
	    .offset = offsetof(struct args, penalty_days) },
	{ .name = "penalty_box",
	    .about = "penalty_days, as qpsmtpd's sample calls it",
	    .def = "1",
	    .offset = offsetof(struct args, penalty_days) },
	{ .name = "keep_days",
	    .about = "how long who does not come is remembered",
	    .def = "90",
	    .min = 1,
	    .max = DAYS_MAX,
	    .offset = offsetof(struct args, keep_days),
	    .type = HL_ARG_INT },
	{ .name = "reject",
	    .about = "0: let it pass; naughty: the plugin naughty does; "
		     "connect: as 1",
	    .def = "naughty",
	    .choices = "0|1|naughty|connect",
	    .offset = offsetof(struct args, reject.when),
	    .type = HL_ARG_CHOICE },
	{ .name = "reject_type",
	    .about = "how it refuses",
	    .def = "disconnect",
	    .choices = HL_REJECT_TYPES,
	    .offset = offsetof(struct args, reject.how),
	    .type = HL_ARG_CHOICE },
	{ .name = "db_dir",
	    .about = "of no use: the state directory has the database",
	    .offset = offsetof(struct args, db_dir) },
	{ .name = "nfslock",
	    .about = "of no use: one process has the database",
	    .offset = offsetof(struct args, nfslock) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "karma",
	.about = "remember how clients behave, and keep the naughty ones out",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct instance),
	.files = files,
	.load = on_load,
	.pre_connection = on_pre_connection,
	.connect = on_connect,
	.rcpt = on_rcpt,
	.mail = on_mail,
	.data = on_data,
	.data_post = on_data,
	.disconnect = on_disconnect,
};
HL_PLUGIN(plugin);
