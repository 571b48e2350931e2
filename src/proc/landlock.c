/* SPDX-License-Identifier: MIT */
/* landlock.c - gives up files, and TCP ports, beyond a list.
 *
 * The C library has no functions for it, and its header may be older than
 * the kernel, so what later versions brought is defined here.
 */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FS_REFER (UINT64_C(1) << 13)     /* since 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* since 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* since 5 */
#define NET_BIND_TCP (UINT64_C(1) << 0)  /* since 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* since 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)
#define RULE_NET_PORT 2

/* As in the newest header; older kernels take it if what they do not know
 * is zero. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct port_attr {
	uint64_t allowed, port;
};

#define FS_ALL_1 (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1) /* all that 1 has */
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                             \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |                           \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |      \
	    LANDLOCK_ACCESS_FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)
/* Those that a rule for a file may have. */
#define FS_OF_FILE                                                    \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi == -1 ? -errno : (int)abi;
}

/* All that this version can forbid, and is not wanted. */
static struct ruleset_attr
handled(int abi, const struct landlock_rules *rules)
{
	struct ruleset_attr attr = { .fs = FS_ALL_1 | FS_REFER };

	if (abi >= 3)
		attr.fs |= FS_TRUNCATE;
	if (abi >= 4) {
		attr.net = NET_BIND_TCP;
		if (!rules->any_port)
			attr.net |= NET_CONNECT_TCP;
	}
	if (abi >= 5)
		attr.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	return attr;
}

static int
add_place(int ruleset, uint64_t handled_fs, const struct landlock_place *place)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access =
		    (place->may_write ? FS_WRITE : FS_READ) & handled_fs,
	};
	struct stat st;
	int rc = 0;

	rule.parent_fd = open(place->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		/* What is not there, or not for us, cannot be used either. */
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR
			   ? 0
			   : -errno;
	if (fstat(rule.parent_fd, &st) == -1)
		rc = -errno;
	else if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILE;
	if (rc == 0 && syscall(SYS_landlock_add_rule, ruleset,
			   LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == -1)
		rc = -errno;
	(void)close(rule.parent_fd);
	return rc;
}

static int
add_port(int ruleset, uint16_t port)
{
	const struct port_attr rule = { NET_CONNECT_TCP, port };

	return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule,
		   0) == -1
		   ? -errno
		   : 0;
}

static int
add_rules(int ruleset, const struct ruleset_attr *attr,
    const struct landlock_rules *rules)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < rules->place_count; i++)
		rc = add_place(ruleset, attr->fs, &rules->places[i]);
	if ((attr->net & NET_CONNECT_TCP) == 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < rules->port_count; i++)
		rc = add_port(ruleset, rules->ports[i]);
	return rc;
}

int
landlock_apply(const struct landlock_rules *rules)
{
	int abi = landlock_abi(), ruleset, rc;
	struct ruleset_attr attr;

	if (abi < 0)
		return abi;
	if (abi < LANDLOCK_LEAST_ABI)
		return -EOPNOTSUPP;
	attr = handled(abi, rules);
	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset == -1)
		return -errno;
	rc = add_rules(ruleset, &attr, rules);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		rc = -errno;
	(void)close(ruleset);
	return rc < 0 ? rc : abi;
}
