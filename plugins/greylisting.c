/* SPDX-License-Identifier: MIT */
/* greylisting.c - refuses for now whom it does not know yet (RFC 6647).
 *
 *	greylisting [remote_ip 1] [sender 0] [recipient 0] [reject 1]
 *	            [black_timeout 50m] [grey_timeout 200m]
 *	            [white_timeout 36d] [deny_late 0] [per_recipient 0]
 *	            [p0f genre,windows,...] [geoip US,UK,...]
 *
 * A client, or a client with a sender and a recipient, that is seen for the
 * first time is refused for `black_timeout`.  When it comes again after that
 * it is let in, and stays known for `white_timeout` after each visit.  One that
 * has not come again within `grey_timeout` or two days, whichever is longer, is
 * new.  A client of IPv6 is its network, a /64.  Relay clients and whitelisted
 * ones are let in at once; with `geoip` those from these countries too, and
 * with `p0f` all whose system (genre, detail, link), uptime in hours (less
 * than) and distance (more than) are not all of these.
 *
 *	config/denysoft_greylist  the same settings, "NAME VALUE" in a line; the
 *				  plugin's line wins
 *	config/greylist_exclude_files  names of files there, or paths: clients
 *				  that are let in at once, as addresses,
 *				  192.0.2.0/24, example.com or /^mail\d/
 *
 * With `recipient` or `per_recipient` it decides at RCPT, and a recipient's
 * own denysoft_greylist (user_config) wins over both; else at MAIL, or with
 * `deny_late 1` at DATA.  The null sender is refused at DATA, never at RCPT.
 * Unless all recipients are whitelisted (note whitelistrcpt).
 *
 * Without its database nobody is refused; the log says so once, and when it is
 * over.  `hookline greylist` shows and changes what it knows.
 */
#include <errno.h>
#include <inttypes.h>

#include <hookline/policy.h>

#include "greylisting.h"
#include "record.h"

#define TABLE HL_STR("seen")
#define NOTE HL_STR("greylist")
#define DENIED "This mail is temporarily denied"
/* A server of good will may try again as late as this; most of what never does
 * is better forgotten soon. */
#define LATE_S (INT64_C(2) * 24 * 60 * 60)
#define TRIES 3 /* when other sessions write the same entry */

/* What stands in the database; TIME is the first visit, or the last one of who
 * is known. */
enum { TIME, FIRST, DEFERRED, DELIVERED };

struct instance {
	bool is_broken; /* and the log says so */
};

/* ---- visits ---------------------------------------------------------- */

/* How long one that was refused is remembered. */
static int64_t
late_of(const struct policy *policy)
{
	return policy->grey_s > LATE_S ? policy->grey_s : LATE_S;
}

/* Whether who has this record is let in, and *ret_why, for the log; changes it
 * for the next visit. */
static bool
visit(struct hl_ctx *ctx, const struct policy *policy, int64_t now,
    int64_t record[RECORD_NUMBERS], hl_str *ret_why)
{
	int64_t age = now - record[TIME];
	bool is_deferred = record[TIME] > 0 && record[DELIVERED] == 0;

	if (record[DELIVERED] > 0 && age < policy->white_s) {
		record[TIME] = now;
		*ret_why = hl_printf(ctx, "pass: white, %" PRId64 " deliveries",
		    ++record[DELIVERED]);
		return true;
	}
	if (is_deferred && age < policy->black_s) {
		*ret_why = hl_printf(ctx,
		    "fail: black DENYSOFT - %" PRId64 " deferred connections",
		    ++record[DEFERRED]);
		return false;
	}
	if (is_deferred && age < late_of(policy)) {
		record[TIME] = now;
		record[DELIVERED] = 1;
		*ret_why = age < policy->grey_s
			       ? HL_STR("pass: updated grey->white")
			       : HL_STR("pass: timed out (grey)");
		return true;
	}
	record[TIME] = now;
	record[FIRST]++;
	record[DEFERRED] = record[DELIVERED] = 0;
	*ret_why = HL_STR("fail: initial DENYSOFT, unknown");
	return false;
}

/* When it may be forgotten. */
static uint64_t
ttl_of(const struct policy *policy, int64_t now,
    const int64_t record[RECORD_NUMBERS])
{
	int64_t left =
	    record[TIME] - now +
	    (record[DELIVERED] > 0 ? policy->white_s : late_of(policy));

	return left > 0 ? (uint64_t)left : 1;
}

/* 1 let in, 0 not; negative errno: the database fails. */
static int
ask(struct hl_ctx *ctx, const struct policy *policy, hl_str key)
{
	int64_t now = hl_wall_us(ctx) / 1000000;
	int rc = -EEXIST;
	bool is_in = false;
	hl_str why = HL_STR("");

	for (int i = 0; i < TRIES && rc == -EEXIST; i++) {
		int64_t record[RECORD_NUMBERS];
		hl_str old = HL_STR("");

		rc = hl_kv_get(ctx, TABLE, key, &old);
		if (rc < 0)
			return rc;
		record_parse(old.p, record);
		is_in = visit(ctx, policy, now, record, &why);
		rc = hl_kv_swap(ctx, TABLE, key, old, record_text(ctx, record),
		    ttl_of(policy, now, record));
	}
	/* Others were faster all the time: it is decided all the same. */
	if (rc < 0 && rc != -EEXIST)
		return rc;
	hl_log(ctx, HL_LOG_INFO, "%s", why.p);
	return is_in;
}

/* ---- the decision ---------------------------------------------------- */

/* "192.0.2.1 <a@b.example> <c@d.example>"; hookline greylist reads it. */
static hl_str
key_of(struct hl_ctx *ctx, const struct policy *policy,
    const struct hl_addr *from, const struct hl_addr *to)
{
	hl_str key = policy->remote_ip ? hl_peer_client(ctx) : HL_STR("");

	if (policy->sender)
		key = hl_printf(ctx, "%s%s<%s>", key.p, key.n > 0 ? " " : "",
		    hl_addr_text(from).p);
	if (policy->recipient && to != NULL)
		key = hl_printf(ctx, "%s%s<%s>", key.p, key.n > 0 ? " " : "",
		    hl_addr_text(to).p);
	return key;
}

static bool
is_refused(struct hl_ctx *ctx, const struct policy *policy,
    const struct hl_addr *from, const struct hl_addr *to)
{
	struct instance *instance = hl_instance(ctx);
	hl_str key;
	int rc;

	if (!who_is_looked_at(ctx, policy))
		return false;
	key = key_of(ctx, policy, from, to);
	if (key.n == 0) {
		hl_log(ctx, HL_LOG_ERROR,
		    "error, enable one of remote_ip, sender, or recipient");
		return false;
	}
	rc = ask(ctx, policy, key);
	record_health(ctx, &instance->is_broken, rc, "nobody is refused");
	return rc == 0 && policy->reject;
}

/* ---- hooks ----------------------------------------------------------- */

static enum hl_verdict
refuse_later(struct hl_ctx *ctx)
{
	(void)hl_note_set_text(ctx, HL_TRANSACTION, NOTE, HL_STR(DENIED));
	return HL_DECLINED;
}

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	struct policy policy;

	policy_get(ctx, NULL, &policy);
	if (policy.recipient || policy.per_recipient ||
	    !is_refused(ctx, &policy, from, NULL))
		return HL_DECLINED;
	return policy.deny_late ? refuse_later(ctx)
				: hl_denysoft(ctx, NULL, DENIED);
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct hl_addr *from = hl_sender(ctx);
	struct policy policy;

	policy_get(ctx, NULL, &policy);
	if (!policy.recipient && !policy.per_recipient)
		return HL_DECLINED;
	policy_get(ctx, to, &policy);
	if (!is_refused(ctx, &policy, from, to))
		return HL_DECLINED;
	/* A probe for an address is not held up. */
	return hl_addr_is_null(from) ? refuse_later(ctx)
				     : hl_denysoft(ctx, NULL, DENIED);
}

static enum hl_verdict
on_data(struct hl_ctx *ctx)
{
	hl_str text = hl_note_text(ctx, HL_TRANSACTION, NOTE);
	int64_t white =
	    hl_note_int(ctx, HL_TRANSACTION, HL_STR("whitelistrcpt"), 0);

	if (text.n == 0)
		return HL_DECLINED;
	if (white == (int64_t)hl_rcpt_count(ctx)) {
		hl_log(ctx, HL_LOG_INFO, "skip: all recipients whitelisted");
		return HL_DECLINED;
	}
	return hl_denysoft(ctx, NULL, "%s", text.p);
}

static const char *const files[] = { POLICY_FILE, EXCLUDE_FILES, NULL };

static const struct hl_plugin plugin = {
	.name = "greylisting",
	.about = "refuse for now whom it does not know yet",
	.args = policy_args,
	.args_size = POLICY_ARGS_SIZE,
	.instance_size = sizeof(struct instance),
	.files = files,
	.load = policy_check,
	.mail = on_mail,
	.rcpt = on_rcpt,
	.data = on_data,
};
HL_PLUGIN(plugin);
