/* SPDX-License-Identifier: MIT */
/* wait.c - see wait.h. */
#include "rt/wait.h"

#include <errno.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rt/fiber.h"

#define WAITER_MAGIC 0x57616974u

static void
free_waiter(struct waiter *waiter)
{
	mem_free(waiter);
}

void
waiter_init(struct waiter *waiter, void (*destroy)(struct waiter *))
{
	*waiter = (struct waiter){
		.magic = WAITER_MAGIC,
		.refs = 2,
		.destroy = destroy,
	};
}

struct waiter *
waiter_new(void)
{
	struct waiter *waiter = mem_alloc(sizeof(*waiter));

	waiter_init(waiter, free_waiter);
	return waiter;
}

void
waiter_unref(struct waiter **waiterp)
{
	struct waiter *waiter = *waiterp;

	if (waiter == NULL)
		return;
	CHECK_OBJ(waiter, WAITER_MAGIC);
	*waiterp = NULL;
	CHECK(waiter->refs > 0);
	if (--waiter->refs > 0)
		return;
	waiter->magic = 0;
	waiter->destroy(waiter);
}

/* Parks until it is done or `rc` of the park says otherwise. */
static int
wait_until(struct waiter *waiter, struct mono end)
{
	int rc = 0;

	while (!waiter->done && rc == 0) {
		uint64_t left_us = mono_since_us(end, mono_now());

		rc = left_us > 0 ? fiber_block((left_us + 999) / 1000) : -ETIME;
	}
	return rc;
}

int
waiter_wait(struct waiter *waiter, uint64_t timeout_ms)
{
	int rc = 0;

	CHECK_OBJ(waiter, WAITER_MAGIC);
	CHECK(waiter->fiber == NULL && !waiter->abandoned);
	waiter->fiber = fiber_self();
	if (timeout_ms > 0)
		rc = wait_until(waiter, mono_add_ms(mono_now(), timeout_ms));
	else
		while (!waiter->done && rc == 0)
			rc = fiber_block(0);
	waiter->fiber = NULL;
	waiter->abandoned = !waiter->done;
	return waiter->done ? 0 : rc;
}

void
waiter_wait_always(struct waiter *waiter)
{
	CHECK_OBJ(waiter, WAITER_MAGIC);
	CHECK(waiter->fiber == NULL && !waiter->abandoned);
	waiter->fiber = fiber_self();
	while (!waiter->done)
		fiber_block_always();
	waiter->fiber = NULL;
}

void
waiter_done(struct waiter *waiter, int result)
{
	CHECK_OBJ(waiter, WAITER_MAGIC);
	CHECK(!waiter->done);
	waiter->done = true;
	waiter->result = result;
	if (waiter->fiber != NULL)
		fiber_wake(waiter->fiber);
	waiter_unref(&waiter);
}

bool
waiter_is_abandoned(const struct waiter *waiter)
{
	return waiter->abandoned;
}

int
fiber_sleep(uint64_t ms)
{
	struct mono end;
	int rc = 0;

	if (ms == 0)
		return fiber_yield();
	end = mono_add_ms(mono_now(), ms);
	while (rc == 0) {
		uint64_t left_us = mono_since_us(end, mono_now());

		if (left_us == 0)
			return 0;
		fiber_label_wait("sleep");
		rc = fiber_block((left_us + 999) / 1000);
	}
	return rc == -ETIME ? 0 : rc;
}
