/* SPDX-License-Identifier: MIT */
/* policy.h - what plugins that accept and refuse have in common.
 *
 * The conventions of qpsmtpd's filters: which clients they let pass, how an
 * administrator tells them to refuse, how they leave that to a later plugin,
 * and how they keep a score of a client.  The notes have qpsmtpd's names, so
 * that native and Perl plugins agree.  The rules of plugin.h hold here.
 */
#ifndef HOOKLINE_POLICY_H
#define HOOKLINE_POLICY_H

#include <hookline/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* ---- policy.h: what filters have in common --------------------------- */

/* The arguments `reject` and `reject_type`.  HL_REJECT_ARGS(struct args,
 * member) stands in the table of arguments for both.  Without `reject_type` a
 * filter refuses for good, and the plugin naughty hangs up, too. */
struct hl_reject {
	unsigned when; /* enum hl_reject_when */
	unsigned how;  /* enum hl_reject_how */
};
enum hl_reject_when { HL_REJECT_NEVER, HL_REJECT_NOW, HL_REJECT_NAUGHTY };
enum hl_reject_how {
	HL_REJECT_DEFAULT,
	HL_REJECT_PERM,
	HL_REJECT_TEMP,
	HL_REJECT_DISCONNECT,
	HL_REJECT_TEMP_DISCONNECT,
	HL_REJECT_HARD, /* as perm */
	HL_REJECT_SOFT  /* as temp */
};
/* The choices of `reject_type`, in the order of enum hl_reject_how, for a table
 * of a plugin's own. */
#define HL_REJECT_TYPES "default|perm|temp|disconnect|temp_disconnect|hard|soft"
#define HL_REJECT_ARGS(args, member) HL_REJECT_ARGS_DEFAULT(args, member, "1")
/* The same for a filter that lets pass ("0") or defers unless it is told. */
#define HL_REJECT_ARGS_DEFAULT(args, member, by_default)                     \
	{ .name = "reject",                                                  \
		.about = "0: let it pass; naughty: the plugin naughty does", \
		.def = (by_default),                                         \
		.choices = "0|1|naughty",                                    \
		.offset = offsetof(args, member.when),                       \
		.type = HL_ARG_CHOICE },                                     \
	{                                                                    \
		.name = "reject_type", .about = "how it refuses",            \
		.def = "default", .choices = HL_REJECT_TYPES,                \
		.offset = offsetof(args, member.how), .type = HL_ARG_CHOICE  \
	}
/* `reject_type` as it was written once: its value alone, at the end of the
 * table. */
#define HL_REJECT_TYPE_ALONE(args, member)                                     \
	{                                                                      \
		.name = "how", .about = "reject_type, as it was written once", \
		.choices = HL_REJECT_TYPES,                                    \
		.offset = offsetof(args, member.how), .type = HL_ARG_CHOICE,   \
		.positional = true                                             \
	}
/* Refuses as these arguments say: the verdict, or HL_DECLINED with the text
 * in the note `naughty`, or HL_DECLINED alone; the last two are logged.
 * `enhanced` gets the class of the verdict, 4 or 5; NULL: there is none. */
enum hl_verdict hl_reject(struct hl_ctx *ctx, const struct hl_reject *how,
    const char *enhanced, const char *fmt, ...) HL_PRINTF(4, 5);
/* Relay clients and whitelisted ones (notes `whitelisthost` of the connection,
 * `whitelistsender` of the transaction): a filter lets them pass. */
bool hl_is_immune(struct hl_ctx *ctx);
/* Has a filter left its text in the note `naughty` of the connection?  "0"
 * and "" are none, as in Perl. */
bool hl_is_naughty(const struct hl_ctx *ctx);
/* Adds to the note `karma` of the connection. */
void hl_karma(struct hl_ctx *ctx, int points);
/* The value of a Date field (RFC 5322, 3.3, with the obsolete forms of 4.3)
 * as seconds since 1970; a zone that is missing or not known is UTC.  0;
 * -EINVAL it is no such date, and *ret_s is unchanged. */
int hl_date_parse(hl_str text, int64_t *ret_s);
/* Adds one result, e.g. "iprev=pass", to the field Authentication-Results of
 * this session's messages (RFC 8601); it is kept in the note
 * `authentication_results` of the connection, parted by "; ". */
void hl_auth_results_add(struct hl_ctx *ctx, hl_str result);

/* Is `b` the same IP address as `a`, or near it: in the same /24, of IPv6 in
 * the same /64?  What is no address is near to nothing. */
enum hl_ip_match { HL_IP_OTHER, HL_IP_NEAR, HL_IP_SAME };
enum hl_ip_match hl_ip_compare(hl_str a, hl_str b);

/* Whom the client is remembered as, for keys of hl_kv_*: its address, of IPv6
 * its /64, "2001:db8:0:1::/64", of which it could have any address.  In the
 * call's memory; "" or a word where hl_peer_ip is no address. */
hl_str hl_peer_client(struct hl_ctx *ctx);

/* ---- policy.h: lists that decide ------------------------------------- */

/* Control files with a verdict behind the first word of each line, and behind
 * it perhaps a text: "info@example.com DENY No such user.".  `key` is what the
 * list was asked for by (hl_config_fault). */

/* In load: says which lines have no verdict. */
void hl_list_check_answers(
    struct hl_ctx *ctx, const char *key, const struct hl_list *list);
/* Answers as that line says; one without a verdict is told, and declines.
 * `text` is that of a refusal which has none in the file, `enhanced` the code
 * of one for good; both may be NULL. */
enum hl_verdict hl_list_answer(struct hl_ctx *ctx, const char *key,
    const struct hl_list *list, size_t index, const char *enhanced,
    const char *text);

/* ---- policy.h: the DNS ----------------------------------------------- */

/* From now on all waits of this hook for the DNS (hl_dns_wait, hl_dns_query,
 * hl_zones_find) together take at most so long, however many names somebody
 * makes us look up; 0: as long as each may take.  Then answers that are there
 * are still given; of others wait and query return -ETIME, and no more is
 * asked. */
void hl_dns_budget(struct hl_ctx *ctx, uint64_t ms);

/* ---- policy.h: lists in the DNS -------------------------------------- */

/* Lists of addresses or domains (RFC 5782), as a control file names them: a
 * zone in each line, and behind `separator` what the administrator says to a
 * client that it lists. */
struct hl_zones {
	const char *file; /* in config/: "dnsbl_zones" */
	char separator;   /* ':', or ' ' for any white space */
	/* A zone alone is asked for a text, one with words behind it for an
	 * address.  This asks for texts only. */
	bool only_texts;
	uint64_t timeout_ms; /* for all zones together; 0: hl_dns_budget's */
	const void *reserved[2]; /* for later releases; leave it zero */
};
/* What a list has answered, as one number.  False, and *ret (may be NULL) is
 * unchanged: no list says that, since it is outside of 127.0.0.0/8 (RFC 5782,
 * 2.1), or one says that it will not answer (127.255.255.*). */
bool hl_listing_address(hl_str ip, uint32_t *ret);
struct hl_listing {
	hl_str zone;    /* "bl.example" */
	hl_str message; /* what stands behind it; "" nothing */
	hl_str text;    /* its TXT record, or the name that has an address */
};
/* Looks `what` up, an address (in reverse) or a domain, in all zones at once.
 * 1: the first that lists it, in the order of the file, in *ret; 0: none
 * does.  A zone that fails, lies (hl_listing_address) or is too late lists
 * nothing: one line at error level names all of them.  -ECANCELED, -ETIMEDOUT.
 * BLOCKS. */
int hl_zones_find(struct hl_ctx *ctx, const struct hl_zones *zones, hl_str what,
    struct hl_listing *ret);
/* Asks without waiting, so that a later hook's hl_zones_find finds answers.
 * BLOCKS for the control file alone. */
void hl_zones_start(
    struct hl_ctx *ctx, const struct hl_zones *zones, hl_str what);

/* ---- policy.h: handing messages on ----------------------------------- */

/* The address without the quoting of SMTP, as the envelopes of other programs
 * have it: "a b@example.com"; "" is the null sender. */
hl_str hl_addr_plain(struct hl_ctx *ctx, const struct hl_addr *addr);
/* The message's Message-Id in angle brackets, for a reply; "<>" when it has
 * none, or one that is no word of printable ASCII of at most 200 octets. */
hl_str hl_message_id(struct hl_ctx *ctx);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
