/* SPDX-License-Identifier: MIT */
/* reply_view.h - a reply while the `reply` hooks look at it. */
#ifndef HOOKLINE_HOOK_REPLY_VIEW_H
#define HOOKLINE_HOOK_REPLY_VIEW_H

#include <hookline/plugin.h>

/* The opaque handle of plugin.h. */
struct hl_reply {
	unsigned code;
	hl_str enhanced; /* "" none */
	hl_str text;     /* lines parted by \n */
};

#endif
