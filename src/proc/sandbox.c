/* SPDX-License-Identifier: MIT */
/* sandbox.c - system calls that a process gives up (seccomp). */
#include "sandbox.h"

#include <errno.h>

#include "rt/sanitizers.h"

#ifdef HOOKLINE_SECCOMP

#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_calls.h"

/* Numbers of loud_calls, for the handler. */
static int loud_numbers[ARRAY_SIZE(loud_calls)];

/* crash.c can put an errno in the place of a result on these only. */
#if defined(__x86_64__) || defined(__aarch64__)
#define ALOUD SCMP_ACT_TRAP
#else
#define ALOUD SCMP_ACT_ERRNO(EPERM)
#endif

/* What a process may do to itself: names of threads, dumps, less rights. */
static const int prctl_options[] = {
	PR_CAPBSET_READ,
	PR_GET_DUMPABLE,
	PR_GET_NAME,
	PR_GET_NO_NEW_PRIVS,
	PR_GET_SECCOMP,
	PR_GET_TIMERSLACK,
	PR_SET_DUMPABLE,
	PR_SET_NAME,
	PR_SET_NO_NEW_PRIVS,
	PR_SET_PDEATHSIG,
	PR_SET_PTRACER,
	PR_SET_TIMERSLACK,
	PR_SET_VMA,
};

/* The kernel compares 64 bits; the numbers are never negative. */
static struct scmp_arg_cmp
argument(unsigned index, enum scmp_compare op, unsigned a, unsigned b)
{
	return (struct scmp_arg_cmp){
		.arg = index, .op = op, .datum_a = a, .datum_b = b
	};
}

/* 0 also for a call that this architecture does not have. */
static int
add_call(scmp_filter_ctx *filter, uint32_t action, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	return number < 0 ? 0 : seccomp_rule_add(filter, action, number, 0);
}

static int
add_calls(scmp_filter_ctx *filter, uint32_t action, const char *const *names,
    size_t count)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = add_call(filter, action, names[i]);
	return rc;
}

/* Threads, but no processes.  clone3 keeps its flags where a filter cannot
 * see them; without it (ENOSYS) the C library takes clone. */
static int
add_clone(scmp_filter_ctx *filter)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    argument(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

#ifdef HOOKLINE_ASAN
	/* The leak checker stops our threads from a process of its own; all
	 * others fail with ENOSYS. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone),
		    1,
		    argument(0, SCMP_CMP_EQ,
			CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, 0));
	if (rc == 0)
		rc = add_call(filter, SCMP_ACT_ALLOW, "ptrace");
#else
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(clone), 1,
		    argument(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
#endif
	return rc;
}

/* Signals and limits: for ourselves alone. */
static int
add_own(scmp_filter_ctx *filter, uint32_t aloud)
{
	unsigned self = (unsigned)getpid();
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    argument(0, SCMP_CMP_EQ, self, 0));

	if (rc == 0)
		rc = seccomp_rule_add(filter, aloud, SCMP_SYS(tgkill), 1,
		    argument(0, SCMP_CMP_NE, self, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
		    argument(0, SCMP_CMP_EQ, self, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, aloud, SCMP_SYS(kill), 1,
		    argument(0, SCMP_CMP_NE, self, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(prlimit64), 1, argument(0, SCMP_CMP_EQ, 0, 0));
	return rc;
}

static int
add_prctl(scmp_filter_ctx *filter)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(prctl_options); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl),
		    1, argument(0, SCMP_CMP_EQ, (unsigned)prctl_options[i], 0));
	return rc;
}

/* Other families do not exist here: libraries that try one expect that.
 * A filter has no "else", so they are named. */
static int
add_family(scmp_filter_ctx *filter, unsigned family)
{
	uint32_t action = SCMP_ACT_ERRNO(EAFNOSUPPORT);

	if (family == AF_NETLINK) /* the C library looks at our addresses */
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(socket), 2, argument(0, SCMP_CMP_EQ, family, 0),
		    argument(2, SCMP_CMP_EQ, NETLINK_ROUTE, 0));
	if (family == AF_UNIX || family == AF_INET || family == AF_INET6)
		action = SCMP_ACT_ALLOW;
	return seccomp_rule_add(filter, action, SCMP_SYS(socket), 1,
	    argument(0, SCMP_CMP_EQ, family, 0));
}

static int
add_sockets(scmp_filter_ctx *filter)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair),
	    1, argument(0, SCMP_CMP_EQ, AF_UNIX, 0));

	for (unsigned i = 0; rc == 0 && i <= AF_NETLINK; i++)
		rc = add_family(filter, i);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
		    SCMP_SYS(socket), 1,
		    argument(0, SCMP_CMP_GT, AF_NETLINK, 0));
	return rc;
}

static int
add_rules(scmp_filter_ctx *filter, enum sandbox_kind kind)
{
	uint32_t aloud = kind == SANDBOX_WORKER ? ALOUD : SCMP_ACT_ERRNO(EPERM);
	int rc = add_calls(
	    filter, SCMP_ACT_ALLOW, allowed_calls, ARRAY_SIZE(allowed_calls));

	if (rc == 0)
		rc = add_calls(
		    filter, aloud, loud_calls, ARRAY_SIZE(loud_calls));
	if (rc == 0)
		rc = add_calls(filter, SCMP_ACT_ERRNO(EPERM), quiet_calls,
		    ARRAY_SIZE(quiet_calls));
	if (rc == 0)
		rc = add_clone(filter);
	if (rc == 0)
		rc = add_own(filter, aloud);
	if (rc == 0)
		rc = add_prctl(filter);
	if (rc == 0 && kind == SANDBOX_WORKER)
		rc = add_sockets(filter);
	return rc;
}

int
sandbox_apply(enum sandbox_kind kind)
{
	scmp_filter_ctx filter;
	int rc;

	/* It makes calls of its own. */
	if (RUNNING_ON_VALGRIND)
		return -ENOSYS;
	filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (filter == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(loud_calls); i++)
		loud_numbers[i] = seccomp_syscall_resolve_name(loud_calls[i]);
	/* A tree instead of a list; and no slower memory in exchange for
	 * being filtered, which old kernels do. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	rc = add_rules(filter, kind);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

const char *
sandbox_call_name(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(loud_calls); i++)
		if (loud_numbers[i] == number)
			return loud_calls[i];
	return number == SYS_kill     ? "kill"
	       : number == SYS_tgkill ? "tgkill"
				      : "?";
}

#else

int
sandbox_apply(enum sandbox_kind kind)
{
	(void)kind;
	return -ENOSYS;
}

const char *
sandbox_call_name(int number)
{
	(void)number;
	return "?";
}

#endif
