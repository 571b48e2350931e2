/* SPDX-License-Identifier: MIT */
/* plugin_manual.h - what the file of a shipped plugin says at its head.
 *
 * tools/gen-manuals gathers it in one file beside the plugins.
 */
#ifndef HOOKLINE_PROC_PLUGIN_MANUAL_H
#define HOOKLINE_PROC_PLUGIN_MANUAL_H

/* Prints it, two spaces in front of each line; nothing for a plugin that is
 * not one of ours. */
void plugin_manual_print(const char *name);

#endif
