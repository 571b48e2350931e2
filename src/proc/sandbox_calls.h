/* SPDX-License-Identifier: MIT */
/* sandbox_calls.h - which system calls are allowed, refused, refused aloud.
 *
 * Names; those that an architecture or an older libseccomp does not have are
 * skipped.  sandbox.c adds those that are allowed with certain arguments only:
 * clone, kill, prctl, prlimit64, socket, socketpair, tgkill.
 */
#ifndef HOOKLINE_PROC_SANDBOX_CALLS_H
#define HOOKLINE_PROC_SANDBOX_CALLS_H

/* clang-format off */

/* What our code, libuv, OpenSSL, c-ares, libcurl, the C library and the
 * loader of shared objects do. */
static const char *const allowed_calls[] = {
	/* files */
	"access", "chmod", "close", "close_range", "copy_file_range", "creat",
	"dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
	"fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown",
	"fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr", "flock",
	"fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents",
	"getdents64", "getxattr", "ioctl", "lgetxattr", "link", "linkat",
	"listxattr", "llistxattr", "lseek", "lstat", "mkdir", "mkdirat",
	"newfstatat", "open", "openat", "openat2", "pread64", "preadv",
	"preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead",
	"readlink", "readlinkat", "readv", "rename", "renameat", "renameat2",
	"rmdir", "sendfile", "splice", "stat", "statfs", "statx", "symlink",
	"symlinkat", "sync_file_range", "syncfs", "tee", "truncate", "umask",
	"unlink", "unlinkat", "utime", "utimensat", "utimes", "futimesat",
	"write", "writev", "chdir",
	/* waiting, and what is waited for */
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"epoll_pwait2", "epoll_wait", "eventfd", "eventfd2",
	"inotify_add_watch", "inotify_init1", "inotify_rm_watch",
	"memfd_create", "pipe", "pipe2", "poll", "ppoll", "pselect6",
	"select", "signalfd", "signalfd4", "timerfd_create",
	"timerfd_gettime", "timerfd_settime",
	/* connections */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname",
	"getsockopt", "listen", "recvfrom", "recvmmsg", "recvmsg",
	"sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
	/* memory */
	"brk", "madvise", "map_shadow_stack", "membarrier", "mincore",
	"mlock", "mlock2", "mlockall", "mmap", "mprotect", "mremap", "msync",
	"munlock", "munlockall", "munmap",
	/* threads and signals */
	"alarm", "arch_prctl", "exit", "exit_group", "futex", "futex_waitv",
	"get_robust_list", "getcpu", "getitimer", "gettid", "pause",
	"restart_syscall", "rseq", "rt_sigaction", "rt_sigpending",
	"rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
	"sched_get_priority_max", "sched_get_priority_min",
	"sched_getaffinity", "sched_getattr", "sched_getparam",
	"sched_getscheduler", "sched_setaffinity", "sched_yield",
	"set_robust_list", "set_tid_address", "setitimer", "sigaltstack",
	"timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
	"timer_settime", "wait4", "waitid",
	/* who and where we are, what time it is */
	"capget", "clock_getres", "clock_gettime", "clock_nanosleep",
	"get_mempolicy", "getegid", "geteuid", "getgid", "getgroups",
	"getpgid", "getpgrp", "getpid", "getppid", "getpriority",
	"getrandom", "getresgid", "getresuid", "getrlimit", "getrusage",
	"getsid", "gettimeofday", "getuid", "nanosleep", "sysinfo", "time",
	"times", "uname",
	/* to give up more */
	"landlock_add_rule", "landlock_create_ruleset",
	"landlock_restrict_self",
};

/* EPERM, and a line in the log: no library does these by itself. */
static const char *const loud_calls[] = {
	"acct", "add_key", "adjtimex", "bpf", "capset", "chroot",
	"clock_adjtime", "clock_settime", "delete_module", "execve",
	"execveat", "finit_module", "fsconfig", "fsmount", "fsopen",
	"fspick", "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load",
	"kexec_load", "keyctl", "mknod", "mknodat", "mount", "mount_setattr",
	"move_mount", "open_by_handle_at", "open_tree", "perf_event_open",
	"personality", "pidfd_getfd", "pidfd_open", "pidfd_send_signal",
	"pivot_root", "process_madvise", "process_vm_readv",
	"process_vm_writev",
#ifndef HOOKLINE_ASAN /* the leak checker needs it */
	"ptrace",
#endif
	"quotactl", "reboot", "request_key",
	"rt_sigqueueinfo", "rt_tgsigqueueinfo", "seccomp", "setdomainname",
	"setfsgid", "setfsuid", "setgid", "setgroups", "sethostname",
	"setns", "setpgid", "setregid", "setresgid", "setresuid", "setreuid",
	"setsid", "settimeofday", "setuid", "swapoff", "swapon", "syslog",
	"tkill", "umount2", "unshare", "userfaultfd", "vhangup",
};

/* EPERM without a line: they are made with all signals blocked, so that a
 * handler could not run.  clone without CLONE_THREAD is one of them. */
static const char *const quiet_calls[] = {
	"fork", "vfork",
};

/* clang-format on */

#endif
