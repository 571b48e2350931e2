/* SPDX-License-Identifier: MIT */
/* memory.c - accounts of bytes kept on the heap. */
#include "memory.h"

#include <errno.h>

int
memory_account_take(struct memory_account *account, size_t bytes)
{
	if (!memory_account_has(account, bytes)) {
		account->over = true;
		return -E2BIG;
	}
	account->used += bytes;
	return 0;
}

void
memory_account_force(struct memory_account *account, size_t bytes)
{
	if (!memory_account_has(account, bytes))
		account->over = true;
	account->used += bytes;
}

void
memory_account_give(struct memory_account *account, size_t bytes)
{
	CHECK(bytes <= account->used);
	account->used -= bytes;
}
