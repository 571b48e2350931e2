/* SPDX-License-Identifier: MIT */
/* state_client.h - a command's connection to the state process of a server.
 *
 * The database is the running server's: commands ask the process that has it,
 * as workers do.  Plain blocking calls, each at most STATE_CLIENT_S.
 */
#ifndef HOOKLINE_PROC_STATE_CLIENT_H
#define HOOKLINE_PROC_STATE_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "state/proto.h"

#define STATE_CLIENT_S 30

struct state_client;

/* 0; negative errno with words in `err`: no server runs with this state
 * directory, or it does not let us in. */
int state_client_open(const char *state_dir, struct state_client **ret,
    struct err *err) WARN_UNUSED;
void state_client_close(struct state_client **client);

/* The status of the answer, which is borrowed until the next call; negative
 * errno with words in `err`, except for -EEXIST.  `request` gets an id. */
int state_client_ask(struct state_client *client, struct state_request *request,
    struct state_response *ret, struct err *err) WARN_UNUSED;

/* The value of a key.  1; 0 it is not there; negative errno. */
int state_client_get(struct state_client *client, const char *table,
    struct slice key, struct buf *ret, struct err *err) WARN_UNUSED;
/* Replaces `old` ("": absent) by `value`.  0; -EEXIST it was something else;
 * negative errno. */
int state_client_swap(struct state_client *client,
    const struct state_request *request, struct err *err) WARN_UNUSED;
/* 1; 0 it was not there; negative errno. */
int state_client_delete(struct state_client *client, const char *table,
    struct slice key, struct err *err) WARN_UNUSED;

/* Called for each row, which is borrowed until it returns.  Negative errno
 * ends the walk. */
typedef int state_row_fn(
    void *arg, const struct state_row *row, struct err *err);
/* All rows of a table in the order of their keys; what is put or deleted
 * meanwhile may be seen or not.  `fn` may ask.  0 or negative errno. */
int state_client_each(struct state_client *client, const char *table,
    state_row_fn *fn, void *arg, struct err *err) WARN_UNUSED;

#endif
