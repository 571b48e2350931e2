/* SPDX-License-Identifier: MIT */
/* conf_nets.h - from an address to the first line whose network has it.
 *
 * One hash table; a look-up asks it once for each length of prefix that
 * occurs (at most 33 for IPv4, 129 for IPv6), however many networks there
 * are.  Private to conf_list.c.
 */
#ifndef HOOKLINE_CONF_NETS_H
#define HOOKLINE_CONF_NETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/inet.h"
#include "base/slice.h"

struct conf_nets;

/* Room for `count` networks. */
struct conf_nets *conf_nets_new(size_t count);
void conf_nets_free(struct conf_nets **nets); /* NULL is fine */
/* Lines must come in rising order.  0, or -EINVAL: no network; see
 * conf_list_find_ip for the forms. */
int conf_nets_add(
    struct conf_nets *nets, struct slice text, size_t line) WARN_UNUSED;
bool conf_nets_find(
    struct conf_nets *nets, const struct inet_addr *addr, size_t *ret_line);
/* Slots that were looked at so far, also to build it. */
uint64_t conf_nets_work(const struct conf_nets *nets);

#endif
