/* SPDX-License-Identifier: MIT */
/* plugin_dir.h - where the shipped plugins are. */
#ifndef HOOKLINE_SERVER_PLUGIN_DIR_H
#define HOOKLINE_SERVER_PLUGIN_DIR_H

/* $HOOKLINE_PLUGINS, else "plugins" beside the program (a build tree), else
 * the place of the installation.  Static; never NULL. */
const char *plugin_dir(void);

#endif
