/* SPDX-License-Identifier: MIT */
/* crash.h - last words of a worker, or of `hookline try`.
 *
 * On SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT one line on stderr names
 * signal, plugin, hook, session and transaction, and whether the hook had run
 * out of stack; then the signal takes its usual course.  The handler runs on
 * a stack of its own (a fiber's may be the cause) and calls nothing that is
 * not async-signal-safe.
 */
#ifndef HOOKLINE_PROC_CRASH_H
#define HOOKLINE_PROC_CRASH_H

struct shm;

/* Once, on the thread of the loop.  `shm` must live as long as the process.
 * Who had a handler before (AddressSanitizer) gets the signal afterwards. */
void crash_install(struct shm *shm);

#endif
