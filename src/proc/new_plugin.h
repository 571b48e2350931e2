/* SPDX-License-Identifier: MIT */
/* new_plugin.h - the files that `hookline new-plugin` writes.
 *
 * @NAME@ stands for the plugin's name.  tests/plugin/test_new_plugin.py
 * builds and plays them.
 */
#ifndef HOOKLINE_PROC_NEW_PLUGIN_H
#define HOOKLINE_PROC_NEW_PLUGIN_H

extern const char new_plugin_source[]; /* NAME.c */
extern const char new_plugin_dialog[]; /* NAME.dlg */
extern const char new_plugin_script[]; /* test.sh */

#endif
