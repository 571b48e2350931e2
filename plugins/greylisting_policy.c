/* SPDX-License-Identifier: MIT */
/* greylisting_policy.c - the settings of greylisting: its line, its file, and
 * those of a recipient. */
#include "greylisting.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum kind { YES_NO, SECONDS, WORD, MODE, UNUSED };

struct args {
	hl_str remote_ip, sender, recipient, reject, black_timeout,
	    grey_timeout, white_timeout, deny_late, per_recipient, p0f, geoip,
	    mode, db_dir, redis, nfslock, upgrade, per_recipient_db;
};

#define ARG(arg, words)                              \
	{                                            \
		.name = #arg, .about = (words),      \
		.offset = offsetof(struct args, arg) \
	}
const struct hl_arg policy_args[] = {
	ARG(remote_ip, "know clients by address; 0 or 1, by default 1"),
	ARG(sender, "... and by sender; by default 0"),
	ARG(recipient, "... and by recipient; by default 0"),
	ARG(reject, "0: only take note; by default 1"),
	ARG(black_timeout, "how long it is refused; by default 50m"),
	ARG(grey_timeout, "when it should have come again; by default 200m"),
	ARG(white_timeout, "how long it is known; by default 36d"),
	ARG(deny_late, "refuse at DATA, not at MAIL; by default 0"),
	ARG(per_recipient, "recipients have settings of their own"),
	ARG(p0f, "only these systems: genre,windows,link,dsl,distance,3"),
	ARG(geoip, "not these countries: US,UK"),
	ARG(mode, "denysoft, testonly or off: reject, as it was written once"),
	ARG(db_dir, "of no use: the state directory has the database"),
	ARG(redis, "of no use: the state directory has the database"),
	ARG(nfslock, "of no use: one process has the database"),
	ARG(upgrade, "of no use: there is nothing old"),
	ARG(per_recipient_db, "of no use: there is one database"),
	{ .name = NULL },
};

static const struct setting {
	const char *name;
	size_t offset; /* in struct policy */
	enum kind kind;
} settings[] = {
	{ "remote_ip", offsetof(struct policy, remote_ip), YES_NO },
	{ "sender", offsetof(struct policy, sender), YES_NO },
	{ "recipient", offsetof(struct policy, recipient), YES_NO },
	{ "reject", offsetof(struct policy, reject), YES_NO },
	{ "black_timeout", offsetof(struct policy, black_s), SECONDS },
	{ "grey_timeout", offsetof(struct policy, grey_s), SECONDS },
	{ "white_timeout", offsetof(struct policy, white_s), SECONDS },
	{ "deny_late", offsetof(struct policy, deny_late), YES_NO },
	{ "per_recipient", offsetof(struct policy, per_recipient), YES_NO },
	{ "p0f", offsetof(struct policy, p0f), WORD },
	{ "geoip", offsetof(struct policy, geoip), WORD },
	{ "mode", offsetof(struct policy, reject), MODE },
	{ "db_dir", 0, UNUSED },
	{ "redis", 0, UNUSED },
	{ "nfslock", 0, UNUSED },
	{ "upgrade", 0, UNUSED },
	{ "per_recipient_db", 0, UNUSED },
};

static const struct policy defaults = {
	.remote_ip = true,
	.reject = true,
	.black_s = 50 * 60,
	.grey_s = 200 * 60,
	.white_s = 36 * 86400,
	.p0f = { "", 0 },
	.geoip = { "", 0 },
};

/* "600", "50m", "36d". */
static int
parse_seconds(hl_str text, int64_t *ret)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'd', 86400 } };
	size_t digits = strspn(text.p, "0123456789");
	int64_t number = 0;

	if (digits == 0 || digits > 9 || text.n > digits + 1)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		number = 10 * number + (text.p[i] - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit == text.p[digits])
			return *ret = number * units[i].seconds, 0;
	}
	return -EINVAL;
}

static int
parse_yes_no(hl_str text, bool *ret)
{
	static const char *const words[] = { "0", "1", "no", "yes", "off", "on",
		"false", "true" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text.p, words[i]) == 0)
			return *ret = i % 2 == 1, 0;
	}
	return -EINVAL;
}

static int
parse_mode(hl_str text, bool *ret_reject)
{
	static const char *const words[] = { "testonly", "off", "denysoft" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text.p, words[i]) == 0)
			return *ret_reject = i == 2, 0;
	}
	return -EINVAL;
}

static const struct setting *
setting_of(hl_str name)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(settings[i].name, name.p) == 0)
			return &settings[i];
	}
	return NULL;
}

/* 0; -ENOENT no such setting; -EINVAL a bad value. */
static int
policy_set(struct policy *policy, hl_str name, hl_str value)
{
	const struct setting *setting = setting_of(name);
	char *at = (char *)policy;

	if (setting == NULL)
		return -ENOENT;
	switch (setting->kind) {
	case YES_NO:
		return parse_yes_no(value, (bool *)(at + setting->offset));
	case SECONDS:
		return parse_seconds(value, (int64_t *)(at + setting->offset));
	case MODE:
		return parse_mode(value, (bool *)(at + setting->offset));
	case WORD:
		memcpy(at + setting->offset, &value, sizeof(value));
		return 0;
	case UNUSED:
		return 0;
	}
	return -EINVAL;
}

static hl_str
first_word(struct hl_ctx *ctx, hl_str line)
{
	return hl_word(ctx, &line);
}

static void
take_lines(
    struct hl_ctx *ctx, const struct hl_list *list, struct policy *policy)
{
	for (size_t i = 0; i < hl_list_count(list); i++)
		(void)policy_set(policy, first_word(ctx, hl_list_at(list, i)),
		    hl_list_rest(list, i));
}

/* The words of the plugin's line; the first fault in *ret_bad. */
static int
take_args(struct hl_ctx *ctx, struct policy *policy, const char **ret_bad)
{
	const char *args = hl_args(ctx);

	for (const struct hl_arg *arg = policy_args; arg->name != NULL; arg++) {
		hl_str value;

		memcpy(&value, args + arg->offset, sizeof(value));
		if (value.n > 0 &&
		    policy_set(policy, hl_text(arg->name), value) < 0)
			return *ret_bad = arg->name, -EINVAL;
	}
	return 0;
}

void
policy_get(struct hl_ctx *ctx, const struct hl_addr *to, struct policy *ret)
{
	const struct hl_list *all = hl_config_list(ctx, POLICY_FILE), *own;
	const char *bad;

	*ret = defaults;
	take_lines(ctx, all, ret);
	(void)take_args(ctx, ret, &bad); /* checked when it was loaded */
	if (to == NULL)
		return;
	/* The file itself when the recipient has none. */
	own = hl_user_config_list(ctx, to, POLICY_FILE);
	if (own != all)
		take_lines(ctx, own, ret);
}

static void
check_line(struct hl_ctx *ctx, const struct hl_list *list, size_t at)
{
	hl_str name = first_word(ctx, hl_list_at(list, at));
	struct policy policy = defaults;
	int rc = policy_set(&policy, name, hl_list_rest(list, at));

	if (rc < 0)
		hl_config_fault(ctx, POLICY_FILE, list, at, "%s %s", name.p,
		    rc == -ENOENT ? "is no setting; `hookline plugins "
				    "greylisting` lists them"
				  : "has a value that is not understood; write "
				    "0 or 1, or a time as 600, 50m, 3h or 36d");
}

/* Given, and of no use here. */
static void
tell_unused(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	if (args->db_dir.n > 0 || args->redis.n > 0 || args->nfslock.n > 0 ||
	    args->upgrade.n > 0 || args->per_recipient_db.n > 0)
		hl_log(ctx, HL_LOG_NOTICE,
		    "db_dir, redis, nfslock, upgrade and per_recipient_db are "
		    "passed over: the database is state.db in the state "
		    "directory, for all workers; see `hookline greylist`");
}

int
policy_check(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, POLICY_FILE);
	struct policy policy = defaults;
	const char *bad;

	for (size_t i = 0; i < hl_list_count(list); i++)
		check_line(ctx, list, i);
	take_lines(ctx, list, &policy);
	if (take_args(ctx, &policy, &bad) < 0)
		return hl_load_error(ctx,
		    "%s has a value that is not understood; write 0 or 1, or a "
		    "time as 600, 50m, 3h or 36d",
		    bad);
	if (!policy.per_recipient && !policy.remote_ip && !policy.sender &&
	    !policy.recipient)
		return hl_load_error(
		    ctx, "enable one of remote_ip, sender, or recipient");
	if (policy.grey_s <= policy.black_s)
		return hl_load_error(ctx,
		    "grey_timeout must be longer than black_timeout, or nobody "
		    "is ever let in");
	tell_unused(ctx);
	return exclude_check(ctx);
}
