/* SPDX-License-Identifier: MIT */
/* conf_list_private.h - what conf_list.c and conf_list_find.c share. */
#ifndef HOOKLINE_CONF_LIST_PRIVATE_H
#define HOOKLINE_CONF_LIST_PRIVATE_H

#include <stdint.h>

#include "base/check.h"
#include "conf/conf_index.h"
#include "conf/conf_list.h"
#include "conf/conf_nets.h"
#include "conf/conf_regexes.h"

#define CONF_LIST_MAGIC 0x4c697374u

struct conf_list {
	uint32_t magic;
	unsigned refs;
	bool present;
	unsigned kinds; /* compiled */
	unsigned bad;   /* those of them with a line that is left out */
	struct conf_lines lines;
	struct conf_index words, whole;
	struct slice *ascii_words; /* of conf_ascii_words; for `words` */
	struct conf_nets *nets;
	struct conf_regexes *regexes[CONF_FLAVOURS];
	conf_list_fault_fn *on_fault;
	void *arg;
};

/* A line that cannot be used: to `faults`, or to who is behind the list. */
void conf_list__report(struct conf_list *list, struct conf_faults *faults,
    size_t index, const char *text);

#endif
