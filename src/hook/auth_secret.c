/* SPDX-License-Identifier: MIT */
/* auth_secret.c - what salts are made of that nobody has stored. */
#include "auth_secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

void
auth_secret_get(const char *state_dir, uint8_t ret[static AUTH_SECRET])
{
	char path[2048];
	ssize_t got = -1;
	int fd = -1;

	if (state_dir != NULL && snprintf(path, sizeof(path), "%s/%s",
				     state_dir, AUTH_SECRET_FILE) > 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd != -1) {
		got = read(fd, ret, AUTH_SECRET);
		(void)close(fd);
	}
	if (got != AUTH_SECRET)
		random_bytes(ret, AUTH_SECRET);
}
