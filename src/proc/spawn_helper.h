/* SPDX-License-Identifier: MIT */
/* spawn_helper.h - the process that runs programs for the workers.
 *
 * It has no listeners but its own socket, no mail, no plugin and one thread;
 * it runs as the same user as the workers.  It trusts the master, whose lists
 * say what each worker may have run, and no worker: who asks is what the
 * kernel says of the connection's other end.  It could gain privileges by an
 * exec, since some of its programs shall (grants.h); each of the others is
 * started without that.
 */
#ifndef HOOKLINE_PROC_SPAWN_HELPER_H
#define HOOKLINE_PROC_SPAWN_HELPER_H

/* `hookline spawn-helper DIR`: what the master starts.  Runs until the master
 * is gone, then kills what still runs.  Returns the exit code. */
int spawn_helper_main(int argc, char **argv);

#endif
