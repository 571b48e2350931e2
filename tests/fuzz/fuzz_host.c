/* SPDX-License-Identifier: MIT */
/* fuzz_host.c - any bytes as the updates of a host's answer, and as a value;
 * values that are written again read as the same. */
#include "fuzz.h"

#include "base/buf.h"
#include "host/host_private.h"
#include "host/wire.h"
#include "mail/value.h"

static void
check_value(struct slice in)
{
	struct hl_value *value = NULL, *again = NULL;
	struct buf out = BUF_INIT;
	struct slice list, field;

	if (wire_value(in, &value) < 0 || value == NULL)
		return;
	CHECK(value_depth(value) <= VALUE_DEPTH_MAX);
	wire_add_value(&out, value);
	list = buf_slice(&out);
	CHECK(wire_next(&list, &field) && list.n == 0);
	CHECK(wire_value(field, &again) == 0);
	CHECK(value_equal(value, again));
	value_unref(&value);
	value_unref(&again);
	buf_done(&out);
}

static void
check_list(struct slice in)
{
	struct slice rest = in, field;
	struct buf out = BUF_INIT;

	while (wire_next(&rest, &field))
		wire_add(&out, field);
	CHECK(rest.n + out.n == in.n);
	if (wire_is_list(in))
		CHECK(rest.n == 0 && slice_eq(buf_slice(&out), in));
	buf_done(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);

	check_list(in);
	check_value(in);
	CHECK(sync_check(in) <= 0);
	return 0;
}
