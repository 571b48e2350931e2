/* SPDX-License-Identifier: MIT */
/* greylisting.h - what the files of greylisting share. */
#ifndef GREYLISTING_H
#define GREYLISTING_H

#include <hookline/plugin.h>

#define POLICY_FILE "denysoft_greylist"

struct policy {
	bool remote_ip, sender, recipient, per_recipient, deny_late, reject;
	int64_t black_s, grey_s, white_s;
	hl_str p0f, geoip;
};

/* The table of arguments, and the size of what it fills. */
extern const struct hl_arg policy_args[];
#define POLICY_ARGS_SIZE (17 * sizeof(hl_str))

/* What holds now, for this recipient or (NULL) for all.  BLOCKS. */
void policy_get(
    struct hl_ctx *ctx, const struct hl_addr *to, struct policy *ret);
/* In load: 0, or -EINVAL with the reason.  A bad line of the file is a fault
 * of the configuration (hl_config_fault), and is passed over. */
int policy_check(struct hl_ctx *ctx);

/* Not those who are immune, or of another system or country than it looks
 * at; the log says why. */
bool who_is_looked_at(struct hl_ctx *ctx, const struct policy *policy);

/* Names of control files, or paths: clients that are let in at once. */
#define EXCLUDE_FILES "greylist_exclude_files"
bool exclude_has(struct hl_ctx *ctx); /* BLOCKS */
/* In load; declares what they need.  0 or -EINVAL. */
int exclude_check(struct hl_ctx *ctx);

#endif
