/* SPDX-License-Identifier: MIT */
/* tls_status.h - certificates in `ctl status`: for which name, until when,
 * since when, and what is wrong with a newer one.
 */
#ifndef HOOKLINE_PROC_TLS_STATUS_H
#define HOOKLINE_PROC_TLS_STATUS_H

struct buf;
struct json;
struct master;

/* Both say nothing without TLS. */
void tls_status_print(struct master *master, struct buf *buf);
void tls_status_print_json(struct master *master, struct json *json);

#endif
