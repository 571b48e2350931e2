/* SPDX-License-Identifier: MIT */
/* cmd_try.c - `hookline try`: what would this configuration do? */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "command.h"
#include "crash.h"
#include "offline_host.h"
#include "rt/rt.h"
#include "run_as.h"
#include "server/try.h"
#include "shm/shm.h"

#define TO_MAX 1000
#define FILE_MAX (256u * 1024 * 1024)

struct try_args {
	struct try_options options;
	const char *to[TO_MAX];
	const char *user; /* of --user, or NULL */
	const char *file; /* NULL: a short message of ours; "-": stdin */
};

static const char default_message[] = "Subject: hookline try\r\n"
				      "\r\n"
				      "Nothing but a try.\r\n";

static const struct option_spec options[] = {
	{ "config", "DIR", "configuration directory (/etc/hookline)" },
	{ "ip", "ADDRESS", "the client's address (192.0.2.1)" },
	{ "helo", "NAME", "what it says in EHLO (client.example)" },
	{ "from", "ADDRESS", "sender; \"\" for <> (sender@client.example)" },
	{ "to", "ADDRESS", "recipient; may be given again" },
	{ "tls", NULL, "goes on in TLS after STARTTLS" },
	{ "user", "NAME", "by root: try as this user, not as config/user" },
	{ NULL, NULL, NULL },
};

static int
on_option(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct try_args *args = arg;

	if (spec == NULL)
		args->file = value;
	else if (strcmp(spec->name, "config") == 0)
		args->options.config_dir = value;
	else if (strcmp(spec->name, "tls") == 0)
		args->options.tls = true;
	else if (strcmp(spec->name, "user") == 0)
		args->user = value;
	else if (strcmp(spec->name, "helo") == 0)
		args->options.helo = value;
	else if (strcmp(spec->name, "from") == 0)
		args->options.from = value;
	else if (strcmp(spec->name, "ip") == 0) {
		if (inet_parse(slice_of(value), &args->options.peer) < 0)
			return err_set(
			    err, -EINVAL, "%s is no IP address", value);
	} else if (args->options.to_count == TO_MAX)
		return err_set(err, -EINVAL,
		    "more than %d recipients; leave some out", TO_MAX);
	else
		args->to[args->options.to_count++] = value;
	return 0;
}

static int
read_message(const char *path, struct buf *ret, struct err *err)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO
					: open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = malloc(65536);
	ssize_t n = -1;

	if (fd == -1 || bytes == NULL) {
		free(bytes);
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	}
	while (ret->n < FILE_MAX && (n = read(fd, bytes, 65536)) > 0)
		buf_add(ret, bytes, (size_t)n);
	free(bytes);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	if (n == -1)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int
remove_entry(
    const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status, (void)kind, (void)ftw;
	return remove(path);
}

static int
run_try(struct try_args *args, struct err *err)
{
	struct rt_options rt_options = { .max_fibers = 0 };
	char work[] = "/tmp/hookline-try-XXXXXX";
	struct buf message = BUF_INIT;
	struct offline_host *host = NULL;
	struct run_as as;
	int ret = 0;

	if (args->file != NULL)
		ret = read_message(args->file, &message, err);
	if (ret == 0)
		ret = run_as_server(
		    args->options.config_dir, args->user, &as, err);
	if (ret < 0) {
		buf_done(&message);
		return ret;
	}
	if (mkdtemp(work) == NULL)
		return err_set(err, -errno, "%s: %s", work, strerror(errno));
	args->options.rt = rt_new(&rt_options);
	args->options.shm = shm_private();
	/* A plugin may end us: all is to be out by then. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	crash_install(args->options.shm);
	args->options.work_dir = work;
	args->options.to = args->to;
	args->options.message =
	    args->file != NULL ? message.p : default_message;
	args->options.message_size =
	    args->file != NULL ? message.n : sizeof(default_message) - 1;
	ret = offline_host_start(args->options.config_dir, &host, err);
	args->options.host_socket = offline_host_socket(host);
	if (ret == 0)
		ret = server_try(&args->options, err);
	offline_host_stop(&host);
	rt_free(&args->options.rt);
	shm_free(&args->options.shm);
	(void)nftw(work, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	buf_done(&message);
	return ret;
}

static int
run(const struct command *self, int argc, char **argv)
{
	static struct try_args args = { .options = {
					    .config_dir = "/etc/hookline",
					    .helo = "client.example",
					    .from = "sender@client.example",
					    .peer = { .family = INET_V4,
						.bytes = { 192, 0, 2, 1 },
						.port = 40000 } } };
	struct err err = { 0, "" };
	int ret;

	if (option_parse(self->options, argc, argv, on_option, &args, &err) < 0)
		return command_usage_error(self, "%s", err.text);
	if (args.options.to_count == 0)
		args.to[args.options.to_count++] = "postmaster";
	ret = run_try(&args, &err);
	if (ret < 0)
		(void)fprintf(stderr, "hookline try: %s\n", err.text);
	return ret == 0 ? EXIT_OK : EXIT_FAULT;
}

const struct command command_try = {
	.name = "try",
	.args = "[--config DIR] [--ip ADDRESS] [--helo NAME] [--from ADDRESS] "
		"[--to ADDRESS]... [--tls] [--user NAME] [FILE]",
	.about = "run one conversation through the engine, and explain it",
	.options = options,
	.more = "FILE is the message, - for standard input.  Nothing is "
		"queued.\nExit status 0 when everything was accepted, 1 "
		"when something was refused.",
	.run = run,
};
