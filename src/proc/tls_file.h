/* SPDX-License-Identifier: MIT */
/* tls_file.h - reads files of certificates and keys.
 *
 * With the right to read files of others where we have it (privilege.h), and
 * only regular files.  What was read is wiped when it is given up.
 */
#ifndef HOOKLINE_PROC_TLS_FILE_H
#define HOOKLINE_PROC_TLS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"
#include "conf/conf_source.h"

#define TLS_FILE_MAX (256u * 1024) /* bytes; a bundle of all CAs fits */

struct tls_early;

struct tls_bytes {
	char *p;
	size_t n;
};

static inline struct slice
tls_bytes_slice(const struct tls_bytes *bytes)
{
	return (struct slice){ bytes->p, bytes->n };
}
/* Wipes and frees. */
void tls_bytes_done(struct tls_bytes *bytes);

/* Returns 0; negative errno with "PATH: why; remedy" in `err`; -EACCES we
 * may not, -ENOENT it is not there. */
int tls_file_read(const char *path, struct tls_bytes *ret,
    struct conf_stamp *ret_stamp, struct err *err) WARN_UNUSED;
/* The stamps of `count` paths, symbolic links followed. */
void tls_file_stamps(
    const char *const *paths, size_t count, struct conf_stamp *ret);

/* What was read before root was given up, where the system leaves us no
 * right to read it again: by path. */
struct tls_early *tls_early_new(void);
void tls_early_free(struct tls_early **early);
/* Copies. */
void tls_early_add(
    struct tls_early *early, const char *path, struct slice bytes);
/* `early` may be NULL.  The second gives a copy: 0, or -ENOENT. */
bool tls_early_has(const struct tls_early *early, const char *path);
int tls_early_get(const struct tls_early *early, const char *path,
    struct tls_bytes *ret) WARN_UNUSED;

#endif
