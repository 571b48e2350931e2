/* SPDX-License-Identifier: MIT */
/* proxy_text.h - what a proxy tells of the client's TLS, as text to show.
 *
 * In a TLV stands any byte, and some of them the client has chosen: the name
 * in its certificate, the server name that it asks for.
 */
#ifndef HOOKLINE_NET_PROXY_TEXT_H
#define HOOKLINE_NET_PROXY_TEXT_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/str.h"

#define PROXY_WORD_MAX 255 /* octets that are shown of a word */

/* The name of a version, a cipher or a host; what is no letter, digit or one
 * of ". - _ + :" becomes '?'.  Cut at PROXY_WORD_MAX. */
hl_str proxy_text_word(struct arena *arena, struct slice in);

/* "CN=" and the value as a distinguished name shows it (RFC 4514 2.4): what
 * could be taken for more of the name is escaped, and so are control
 * characters and octets above 127.  "" for "", and for what is longer than
 * TLS_INFO_NAME_MAX then. */
hl_str proxy_text_cn(struct arena *arena, struct slice cn);

#endif
