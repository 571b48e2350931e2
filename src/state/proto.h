/* SPDX-License-Identifier: MIT */
/* proto.h - what workers and the state process say to each other.
 *
 * A stream of frames each way; numbers are big-endian.  The server greets a
 * connection with a response of id 0 whose status is STATE_VERSION.  Answers
 * come in any order; `id` tells whose they are.
 *
 *	request   u32 bytes that follow
 *	          u8 version, u8 op, u16 table bytes
 *	          u32 id, u32 key bytes, u32 value bytes, u32 old bytes
 *	          u64 ttl_s, i64 delta
 *	          table, key, value, old
 *	response  u32 bytes that follow
 *	          u32 id, i32 status, i64 number, value
 *	rows      (the value that LIST gives)
 *	          u32 key bytes, u32 value bytes, i64 expires_ms, key, value
 *
 * Pure: bytes in, structs out, on both sides.  This folder is layer 3, as
 * shm/: what processes share.
 */
#ifndef HOOKLINE_STATE_PROTO_H
#define HOOKLINE_STATE_PROTO_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"

#define STATE_VERSION 1
/* STATE_DIR/... */
#define STATE_SOCKET "state.sock"
#define STATE_DATABASE "state.db"

/* Bytes.  `table` is PLUGIN:NAME. */
#define STATE_TABLE_MAX 255
#define STATE_KEY_MAX 4096
#define STATE_VALUE_MAX (256u * 1024)

enum state_op {
	STATE_GET = 1, /* 1 and the value; 0 absent */
	STATE_PUT,     /* 0 */
	STATE_DELETE,  /* 1 it was there; 0 */
	STATE_ADD,     /* 0 and the sum; -EINVAL, -ERANGE */
	STATE_SWAP,    /* 0; -EEXIST */
	/* The rows of `table` behind `key`, which may be empty, in the order
	 * of their keys: as many as one answer holds.  Their count; `number`
	 * is 1 when more may follow. */
	STATE_LIST
};

struct state_request {
	uint32_t id; /* not 0 */
	enum state_op op;
	struct slice table, key, value;
	struct slice old; /* SWAP */
	uint64_t ttl_s;   /* 0: never expires */
	int64_t delta;    /* ADD */
};

struct state_row {
	struct slice key, value;
	int64_t expires_ms; /* since 1970; 0: never */
};

struct state_response {
	uint32_t id;
	int32_t status; /* 0 or more, or negative errno */
	int64_t number;
	struct slice value;
};

/* 0; -EINVAL an empty table or key (LIST takes an empty key), or an unknown
 * op; -E2BIG over a limit above. */
int state_request_check(const struct state_request *request) WARN_UNUSED;

/* Append a frame.  The request must have passed the check; a value is at
 * most STATE_VALUE_MAX, or rows. */
void state_request_write(struct buf *out, const struct state_request *request);
void state_response_write(
    struct buf *out, const struct state_response *response);

/* Takes the first frame off `in`.  What it gives is borrowed from there.
 * Returns 1; 0 there is no whole frame yet; -EPROTO: nothing that follows can
 * be understood, close the connection.  `in` changes with 1 only. */
int state_request_read(struct slice *in, struct state_request *ret) WARN_UNUSED;
int state_response_read(
    struct slice *in, struct state_response *ret) WARN_UNUSED;

/* Appends a row to the value of an answer; 1.  0: there is no room for it,
 * which the first always has.  Its key and value keep their limits. */
int state_row_write(struct buf *rows, const struct state_row *row) WARN_UNUSED;
/* Takes the first row off `in`.  1; 0 there is none; -EPROTO. */
int state_row_read(struct slice *in, struct state_row *ret) WARN_UNUSED;

#endif
