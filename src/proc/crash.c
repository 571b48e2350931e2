/* SPDX-License-Identifier: MIT */
/* crash.c - a worker's last words. */
#include "crash.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "rt/fiber.h"
#include "shm/running.h"
#include "shm/stats.h"

#define STACK_SIZE (64 * 1024)

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

	(void)context;
	add_text(&words, "crit event=crash signal=");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == number) {
			add_text(&words, signals[i].name);
			(void)sigaction(number, &before[i], NULL);
		}
	add_number(&words, " pid=", (unsigned long)getpid());
	add_running(&words);
	if ((number == SIGSEGV || number == SIGBUS) && info->si_code > 0 &&
	    fiber_of_fault(info->si_addr) != NULL)
		add_text(&words, " stack=overflow");
	words.text[words.n++] = '\n';
	(void)!write(STDERR_FILENO, words.text, words.n);
	/* As it would have been: a fault happens again on return. */
	if (info->si_code <= 0)
		(void)raise(number);
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
}
