/* SPDX-License-Identifier: MIT */
/* resolv_watch.c - says when workers cannot follow /etc/resolv.conf. */
#include "resolv_watch.h"

#include <sys/stat.h>

#include "base/log.h"

bool
resolv_watch_look(struct resolv_watch *watch, const char *path, struct mono now)
{
	ino_t before = watch->inode;
	struct stat st;

	if (mono_is_before(now, watch->next))
		return false;
	watch->next = mono_add_ms(now, RESOLV_WATCH_MS);
	/* While it is replaced it may not be there at all. */
	if (lstat(path, &st) == -1)
		return false;
	watch->inode = S_ISREG(st.st_mode) ? st.st_ino : 0;
	return before != 0 && watch->inode != before;
}

void
resolv_watch_tell(void)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, "resolv_conf_replaced");
	log_add_text(&line, LOG_path, RESOLV_WATCH_PATH);
	log_add_text(&line, LOG_text,
	    "workers go on with the name servers that they know; reload, so "
	    "that they may read the new file");
	log_end(&line);
}
