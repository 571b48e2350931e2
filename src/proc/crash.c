/* SPDX-License-Identifier: MIT */
/* crash.c - a worker's last words. */
#include "crash.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/check.h"
#include "rt/fiber.h"
#include "sandbox.h"
#include "shm/running.h"
#include "shm/stats.h"

#define STACK_SIZE (64 * 1024)
/* Of each worker: what a plugin does once it may do for each client. */
#define FORBIDDEN_LINES 20
#define CODE_SECCOMP 1 /* SYS_SECCOMP, which only the kernel's headers have */

static struct shm *crash_shm;
static pid_t crash_thread;

static const struct {
	int number;
	const char *name;
} signals[] = {
	{ SIGABRT, "ABRT" },
	{ SIGSEGV, "SEGV" },
	{ SIGBUS, "BUS" },
	{ SIGFPE, "FPE" },
	{ SIGILL, "ILL" },
};

static struct sigaction before[ARRAY_SIZE(signals)];

/* A line being built without stdio. */
struct words {
	char text[512];
	size_t n;
};

static void
add_text(struct words *words, const char *text)
{
	while (*text != '\0' && words->n < sizeof(words->text) - 1)
		words->text[words->n++] = *text++;
}

/* Names of plugins and ids are ours, but a torn cell may hold anything. */
static void
add_name(struct words *words, const char *key, const char *name)
{
	add_text(words, key);
	for (; *name != '\0' && words->n < sizeof(words->text) - 1; name++)
		words->text[words->n++] =
		    *name > ' ' && *name < 0x7f && *name != '"' ? *name : '?';
}

static void
add_number(struct words *words, const char *key, unsigned long number)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	add_text(words, key);
	add_text(words, digits + at);
}

static void
add_hex(struct words *words, uintptr_t number)
{
	char digits[2 * sizeof(number) + 1];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[number % 16];
		number /= 16;
	} while (number > 0);
	add_text(words, "0x");
	add_text(words, digits + at);
}

/* The address of the instruction; 0 where we do not know how. */
static uintptr_t
place_of(const void *context)
{
	const ucontext_t *at = context;

#if defined(__x86_64__)
	return (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (uintptr_t)at->uc_mcontext.pc;
#else
	(void)at;
	return 0;
#endif
}

/* "at=FILE.so+0x1139", which `addr2line -e FILE.so 0x1139` turns into a line
 * of the source.  dladdr walks the list of loaded files; it allocates
 * nothing, and its lock can be taken again by the thread that has it. */
static void
add_place(struct words *words, const void *context)
{
	uintptr_t place = place_of(context);
	Dl_info info;
	const char *slash;

	if (place == 0 || dladdr((const void *)place, &info) == 0 ||
	    info.dli_fname == NULL)
		return;
	slash = strrchr(info.dli_fname, '/');
	add_name(words, " at=", slash != NULL ? slash + 1 : info.dli_fname);
	add_text(words, "+");
	add_hex(words, place - (uintptr_t)info.dli_fbase);
}

static void
add_running(struct words *words)
{
	const struct shm_segment *segment = crash_shm->own;
	struct shm_running running;

	if (gettid() != crash_thread) {
		add_text(words, " plugin=- hook=- text=\"in the pool\"");
		return;
	}
	if (!shm_running_get(segment, &running)) {
		add_text(words, " plugin=- hook=-");
		return;
	}
	add_name(words, " plugin=", shm_stat_plugin(segment, running.stat));
	add_name(words, " hook=", shm_stat_hook(segment, running.stat));
	add_name(words, " sid=", running.sid);
	add_name(words, " tid=", running.tid);
}

static void
on_crash(int number, siginfo_t *info, void *context)
{
	struct words words = { .n = 0 };

	add_text(&words, "crit event=crash signal=");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == number) {
			add_text(&words, signals[i].name);
			(void)sigaction(number, &before[i], NULL);
		}
	add_number(&words, " pid=", (unsigned long)getpid());
	add_running(&words);
	add_place(&words, context);
	if ((number == SIGSEGV || number == SIGBUS) && info->si_code > 0 &&
	    fiber_of_fault(info->si_addr) != NULL)
		add_text(&words, " stack=overflow");
	words.text[words.n++] = '\n';
	(void)!write(STDERR_FILENO, words.text, words.n);
	/* As it would have been: a fault happens again on return. */
	if (info->si_code <= 0)
		(void)raise(number);
}

/* ---- calls that a worker may not make (sandbox.h) ------------------------- */

/* The call was not made; this is what it returns. */
static void
set_result(void *context, int result)
{
	ucontext_t *at = context;

#if defined(__x86_64__)
	at->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
	at->uc_mcontext.regs[0] = (unsigned long long)(long long)result;
#else
	(void)at; /* sandbox.c does not send the signal there */
	(void)result;
#endif
}

static void
on_forbidden(int number, siginfo_t *info, void *context)
{
	static unsigned lines;
	struct words words = { .n = 0 };
	int before_errno = errno;

	if (info->si_code != CODE_SECCOMP) {
		(void)signal(number, SIG_DFL);
		(void)raise(number);
		return;
	}
	set_result(context, -EPERM);
	if (__atomic_fetch_add(&lines, 1, __ATOMIC_RELAXED) < FORBIDDEN_LINES) {
		add_text(&words, "error event=forbidden cmd=");
		add_text(&words, sandbox_call_name(info->si_syscall));
		add_number(&words, " pid=", (unsigned long)getpid());
		add_running(&words);
		add_place(&words, context);
		words.text[words.n++] = '\n';
		(void)!write(STDERR_FILENO, words.text, words.n);
	}
	errno = before_errno;
}

static void
forbidden_install(void)
{
	struct sigaction action = {
		.sa_sigaction = on_forbidden,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGSYS, &action, NULL);
}

void
crash_install(struct shm *shm)
{
	struct sigaction action = {
		.sa_sigaction = on_crash,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	stack_t stack = { .ss_size = STACK_SIZE };

	crash_shm = shm;
	crash_thread = gettid();
	stack.ss_sp = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(stack.ss_sp != MAP_FAILED);
	CHECK(sigaltstack(&stack, NULL) == 0);
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaction(signals[i].number, &action, &before[i]);
	forbidden_install();
}
