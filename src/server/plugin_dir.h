/* SPDX-License-Identifier: MIT */
/* plugin_dir.h - where the shipped plugins are. */
#ifndef HOOKLINE_SERVER_PLUGIN_DIR_H
#define HOOKLINE_SERVER_PLUGIN_DIR_H

/* $HOOKLINE_PLUGINS, else "plugins" beside the program (a build tree), else
 * below ../lib of the program (an installation, also one that was moved), else
 * the place where it was to be installed.  Static; never NULL. */
const char *plugin_dir(void);

#endif
