/* SPDX-License-Identifier: MIT */
/* privilege.c - giving up root. */
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

#define CAP_BIT(cap) (UINT64_C(1) << (cap))
#define KEPT (CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_DAC_READ_SEARCH))
#define RAISED CAP_BIT(CAP_NET_BIND_SERVICE)
#define PASSWD_BUFFER 65536

static int
caps_get(uint64_t *ret_permitted, uint64_t *ret_effective)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) == -1)
		return -errno;
	*ret_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	*ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
	return 0;
}

/* Nothing inheritable. */
static int
caps_set(uint64_t permitted, uint64_t effective)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .permitted = (uint32_t)permitted,
		    .effective = (uint32_t)effective },
		{ .permitted = (uint32_t)(permitted >> 32),
		    .effective = (uint32_t)(effective >> 32) },
	};

	return syscall(SYS_capset, &header, data) == -1 ? -errno : 0;
}

static int
user_set(struct run_user *ret, const char *name, uid_t uid, gid_t gid)
{
	struct run_user user = { .uid = uid, .gid = gid };

	if (strlen(name) >= sizeof(user.name))
		return -ENAMETOOLONG;
	memcpy(user.name, name, strlen(name) + 1);
	*ret = user;
	return 0;
}

int
run_user_find(const char *name, struct run_user *ret, struct err *err)
{
	char *buffer = mem_alloc(PASSWD_BUFFER);
	struct passwd passwd, *found = NULL;
	int rc = -getpwnam_r(name, &passwd, buffer, PASSWD_BUFFER, &found);

	if (rc == 0 && found == NULL)
		rc = -ENOENT;
	if (rc == 0)
		rc = user_set(ret, name, found->pw_uid, found->pw_gid);
	mem_free(buffer);
	if (rc == -ENOENT)
		return err_set(err, rc, "there is no user %s", name);
	if (rc < 0)
		return err_set(err, rc, "user %s: %s", name, strerror(-rc));
	return 0;
}

void
run_user_self(struct run_user *ret)
{
	char *buffer = mem_alloc(PASSWD_BUFFER);
	struct passwd passwd, *found = NULL;
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", (unsigned)geteuid());
	if (getpwuid_r(geteuid(), &passwd, buffer, PASSWD_BUFFER, &found) !=
		0 ||
	    found == NULL ||
	    user_set(ret, found->pw_name, geteuid(), getegid()) < 0)
		CHECK(user_set(ret, number, geteuid(), getegid()) == 0);
	mem_free(buffer);
}

/* Nothing we execute can have capabilities, whatever its file says.  Needs
 * CAP_SETPCAP; where that is missing the container has its own bounds. */
static void
bounding_set_empty(void)
{
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int
user_become(const struct run_user *user)
{
	if (initgroups(user->name, user->gid) == -1 ||
	    setresgid(user->gid, user->gid, user->gid) == -1 ||
	    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1 ||
	    setresuid(user->uid, user->uid, user->uid) == -1)
		return -errno;
	return 0;
}

int
privilege_drop(const struct run_user *user, struct err *err)
{
	uint64_t permitted = 0, effective = 0;
	int rc;

	bounding_set_empty();
	/* Root may stay root, also where it may not become another. */
	rc = user->uid == 0 ? 0 : user_become(user);
	if (rc < 0)
		return err_set(err, rc,
		    "cannot become user %s: %s; start hookline as that user",
		    user->name, strerror(-rc));
	rc = caps_get(&permitted, &effective);
	if (rc == 0)
		rc = caps_set(permitted & KEPT, permitted & KEPT & RAISED);
	if (rc < 0)
		return err_set(err, rc, "capabilities: %s", strerror(-rc));
	(void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	/* What must not be possible any more. */
	CHECK(user->uid == 0 || setuid(0) == -1);
	return 0;
}

static bool
is_permitted(unsigned cap)
{
	uint64_t permitted = 0, effective = 0;

	return caps_get(&permitted, &effective) == 0 &&
	       (permitted & CAP_BIT(cap)) != 0;
}

bool
privilege_can_bind(void)
{
	return is_permitted(CAP_NET_BIND_SERVICE);
}

bool
privilege_can_read(void)
{
	return is_permitted(CAP_DAC_READ_SEARCH);
}

static void
read_set(bool is_on)
{
	const uint64_t bit = CAP_BIT(CAP_DAC_READ_SEARCH);
	uint64_t permitted = 0, effective = 0;

	if (caps_get(&permitted, &effective) < 0 || (permitted & bit) == 0)
		return;
	(void)caps_set(permitted, is_on ? effective | bit : effective & ~bit);
}

bool
privilege_read_begin(void)
{
	uint64_t permitted = 0, effective = 0;

	/* Before root is given up, and in a check by root, it is on. */
	if (caps_get(&permitted, &effective) < 0 ||
	    (effective & CAP_BIT(CAP_DAC_READ_SEARCH)) != 0)
		return false;
	read_set(true);
	return true;
}

void
privilege_read_end(bool begun)
{
	if (begun)
		read_set(false);
}

void
privilege_no_new(void)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
