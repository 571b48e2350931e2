/* SPDX-License-Identifier: MIT */
/* settings.h - what the master reads of the configuration.
 *
 * At the start and at each reload, from the files anew; the master keeps no
 * configuration directory open.
 */
#ifndef HOOKLINE_PROC_SETTINGS_H
#define HOOKLINE_PROC_SETTINGS_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/log.h"

struct conf_dir;
struct conf_listeners;

struct settings {
	unsigned workers; /* 0 in the file: one for each processor */
	enum log_level loglevel;
	char *user; /* config/user; mem_free */
	bool user_given;
	struct conf_listeners *listeners;
};

/* `listen` are the lines of the command line, which replace the file's.
 * Returns 0; negative errno with file, line and reason in `err`. */
int settings_read(const char *config_dir, const char *const *listen,
    unsigned listen_count, struct settings *ret, struct err *err) WARN_UNUSED;
void settings_done(struct settings *settings);

/* config/confine, as a process reads it when it starts; on when it cannot be
 * read. */
bool settings_confine(struct conf_dir *dir);
bool settings_are_confined(const char *config_dir);

/* config/drain_timeout as it is now; its default when it cannot be read. */
uint64_t settings_drain_timeout_ms(const char *config_dir);

/* Opens the directory as all processes do: with $QMAIL/control behind it. */
int settings_open(
    const char *config_dir, struct conf_dir **ret, struct err *err) WARN_UNUSED;

#endif
