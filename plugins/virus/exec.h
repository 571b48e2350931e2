/* SPDX-License-Identifier: MIT */
/* exec.h - parts of virus/exec: how each scanner is run and understood. */
#ifndef HOOKLINE_VIRUS_EXEC_H
#define HOOKLINE_VIRUS_EXEC_H

#include <hookline/plugin.h>

struct exec_args {
	unsigned scanner; /* index into exec_scanners[] */
	uint64_t timeout_ms;
	/* Of the line virus/exec. */
	hl_str infected, name_after, name_before, by;
	unsigned on_virus, on_error;
	hl_str command;
	/* Of the plugins that it stands for. */
	hl_str aveclient, aveserver, bitdefender, antivir, kavscanner, uvscan;
	hl_str deny, bcc, to;
	bool block_on_error;
	int64_t max_size_kb;
};
enum { EXEC_DENY, EXEC_MARK };   /* on_virus */
enum { EXEC_PASS, EXEC_DEFER };  /* on_error */
#define EXEC_MAX_SIZE_UNSET (-1) /* max_size_kb */

/* What a scanner has done. */
struct exec_result {
	int status;    /* its exit status, or negative errno */
	int signal;    /* that ended it; 0 none did */
	hl_str output; /* lines end in LF */
};

struct exec_scanner {
	const char *name;
	/* The words that run it; %f is the message's file.  NULL: those of the
	 * line. */
	const char *command;
	hl_str (*program)(const struct exec_args *args);
	bool only_multipart;
	int64_t max_bytes;  /* 0: any size; max_size says else */
	bool with_errors;   /* its standard error is looked at, too */
	enum hl_level skip; /* at which it tells what it does not look at */
	enum hl_verdict (*judge)(
	    struct hl_ctx *ctx, const struct exec_result *result);
};

#define EXEC_SCANNERS "own|aveclient|bitdefender|hbedv|kavscanner|uvscan"
extern const struct exec_scanner exec_scanners[]; /* in that order */

/* The judge of a line virus/exec itself. */
enum hl_verdict exec_judge(
    struct hl_ctx *ctx, const struct exec_result *result);
/* Takes the next line off `rest`; false: there is none. */
bool exec_line(hl_str *rest, hl_str *ret_line);
/* Where `word` begins in `text`; -1: nowhere. */
long exec_find(hl_str text, const char *word);
/* In `line` what follows `word`; "" there is no such word. */
hl_str exec_behind(hl_str line, const char *word);

#endif
