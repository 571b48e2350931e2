/* SPDX-License-Identifier: MIT */
/* uribl_hosts.h - the hosts that a message names; of the plugin uribl. */
#ifndef HOOKLINE_PLUGINS_URIBL_HOSTS_H
#define HOOKLINE_PLUGINS_URIBL_HOSTS_H

#include <hookline/plugin.h>

#define HOSTS_MAX 100u    /* of a message */
#define HOSTS_BYTES 8192u /* that they take together */

/* Each once, in the order in which they came; zero at first. */
struct hosts {
	char text[HOSTS_BYTES]; /* one behind the other, each with a NUL */
	size_t n;
	unsigned count;
	bool is_full; /* there were more */
	bool is_ip[HOSTS_MAX];
	uint32_t hash[HOSTS_MAX];
	unsigned compared; /* texts, in all: what it costs */
};

/* Adds one.  A message may have the same many thousand times: that compares
 * one text, by its hash. */
void hosts_add(struct hosts *hosts, const char *host, bool is_ip);

/* Adds those in the values of its fields. */
void hosts_of_header(struct hl_ctx *ctx, struct hosts *hosts);
/* Adds those in its body.  0 or a negative errno.  BLOCKS. */
int hosts_of_body(struct hl_ctx *ctx, struct hosts *hosts);

#endif
