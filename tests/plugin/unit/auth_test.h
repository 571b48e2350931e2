/* SPDX-License-Identifier: MIT */
/* auth_test.h - plugins that ask a service about credentials; the service is
 * played by a thread, from a script.
 *
 * A script is a list of lines that ends with NULL:
 *	"<text"   says the text and CRLF (LF with service_lf); '~' in it is the
 *	          second word of what was heard last, between tabs
 *	">text"   the next line heard begins with the text
 *	"#"       closes, and accepts the next connection
 *	"..."     says nothing more until the plugin hangs up
 */
#ifndef HOOKLINE_TESTS_AUTH_TEST_H
#define HOOKLINE_TESTS_AUTH_TEST_H

#include "plugin_test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "../../unit/net/net_test.h"
#include "hook/auth.h"

#define PASSWORD "pen\"cil\\ 7"

static struct hl_auth attempt;
static struct auth_ret given;
static char given_user[64]; /* of hl_auth_user_set, "" */

struct service {
	int listening;
	uint16_t port;
	char path[96];
	const char *const *script;
	void (*talk)(int fd); /* instead of a script */
	char heard[512];      /* the last line */
	char fault[600];      /* what was not as in the script */
	atomic_bool is_mute;  /* at "..." */
	pthread_t thread;
};

static struct service service;
static bool service_lf;

/* ---- the service ---- */

static inline bool
service_hear(int fd)
{
	size_t n = 0;
	char byte;

	while (n < sizeof(service.heard) - 1 && read(fd, &byte, 1) == 1) {
		if (byte == '\n') {
			service.heard[n] = '\0';
			return true;
		}
		if (byte != '\r')
			service.heard[n++] = byte;
	}
	service.heard[n] = '\0';
	return false;
}

static inline void
service_say(int fd, const char *text)
{
	char line[1024];
	size_t front = strcspn(text, "~"), word = strcspn(service.heard, "\t");
	const char *id = service.heard + word + (service.heard[word] == '\t');
	int n = snprintf(line, sizeof(line), "%.*s%.*s%s%s", (int)front, text,
	    text[front] == '~' ? (int)strcspn(id, "\t") : 0, id,
	    text + front + (text[front] == '~'), service_lf ? "\n" : "\r\n");

	(void)send(fd, line, (size_t)n, MSG_NOSIGNAL);
}

static inline void
service_wait_for_end(int fd)
{
	char byte;

	service.is_mute = true;
	while (read(fd, &byte, 1) > 0)
		;
}

static inline int
service_accept(void)
{
	return accept4(service.listening, NULL, NULL, SOCK_CLOEXEC);
}

/* Replaces `fd` by the next connection at "#". */
static inline bool
service_step(const char *step, int *fd)
{
	if (strcmp(step, "#") == 0) {
		(void)close(*fd);
		*fd = service_accept();
	} else if (strcmp(step, "...") == 0) {
		service_wait_for_end(*fd);
	} else if (step[0] == '<') {
		service_say(*fd, step + 1);
	} else if (!service_hear(*fd) ||
		   strncmp(service.heard, step + 1, strlen(step + 1)) != 0) {
		(void)snprintf(service.fault, sizeof(service.fault),
		    "'%s' was heard, not '%s'", service.heard, step + 1);
		return false;
	}
	return true;
}

static inline void *
service_run(void *arg)
{
	int fd = service_accept();

	(void)arg;
	if (service.talk != NULL) {
		service.talk(fd);
	} else {
		for (const char *const *step = service.script; *step != NULL;
		     step++) {
			if (!service_step(*step, &fd))
				break;
		}
	}
	(void)close(fd);
	return NULL;
}

/* Before the plugin is loaded; `where` is a prefix for the path, or NULL for
 * a port of 127.0.0.1. */
static inline void
service_open(struct fixture *fixture, bool is_unix)
{
	char where[128] = "127.0.0.1:0";

	memset(&service, 0, sizeof(service));
	if (is_unix) {
		(void)snprintf(service.path, sizeof(service.path), "%s",
		    fixture_path(fixture, "service"));
		(void)unlink(service.path);
		(void)snprintf(where, sizeof(where), "unix:%s", service.path);
	}
	service.listening = test_listen(where, &service.port);
	assert_int_equal(listen(service.listening, 8), 0);
	assert_int_equal(fcntl(service.listening, F_SETFL, 0), 0);
}

static inline void
service_begin(const char *const *script)
{
	service.script = script;
	service.fault[0] = '\0';
	service.is_mute = false;
	assert_int_equal(
	    pthread_create(&service.thread, NULL, service_run, NULL), 0);
}

static inline void
service_end(void)
{
	assert_int_equal(pthread_join(service.thread, NULL), 0);
	if (service.fault[0] != '\0')
		fail_msg("%s", service.fault);
}

static inline void
service_close(void)
{
	(void)close(service.listening);
}

/* ---- one attempt ---- */

static inline int
auth_setup(void **state)
{
	int rc = plugin_setup(state);

	attempt = (struct hl_auth){ .mechanism = STR_LIT("plain"),
		.user = STR_LIT("tim"),
		.clear = STR_LIT(PASSWORD),
		.hash = STR_EMPTY,
		.ticket = STR_EMPTY,
		.authzid = STR_EMPTY };
	service_lf = false;
	return rc;
}

/* What the plugin gives lives as long as the fiber. */
static inline void
auth_keep_user(void *arg, struct hl_ctx *ctx, const struct record *record)
{
	(void)arg;
	(void)ctx;
	(void)record;
	(void)snprintf(given_user, sizeof(given_user), "%s", given.user.p);
}

static inline void
auth_prepare(void)
{
	given = (struct auth_ret){ .user = STR_EMPTY };
	f->engine->on_record = auth_keep_user;
	args.object = &attempt;
	args.ret = &given;
	buf_clear(&f->replies);
	buf_clear(&f->log);
}

/* Nothing of the password was logged. */
static inline void
auth_check_log(void)
{
	buf_add(&f->log, "", 1);
	assert_null(strstr(f->log.p, "pen"));
	assert_null(strstr(f->log.p, "cil"));
	f->log.n--;
}

static inline enum hook_column
auth_run(void)
{
	enum hook_column column;

	auth_prepare();
	column = plugin_run(HOOK_AUTH_PLAIN);
	auth_check_log();
	return column;
}

/* Runs it until the service is mute, then lets `ms` pass. */
static inline enum hook_column
auth_run_mute(uint64_t ms)
{
	auth_prepare();
	fixture_begin(f, HOOK_AUTH_PLAIN, NULL);
	while (!service.is_mute)
		(void)uv_run(rt_loop(f->rt), UV_RUN_NOWAIT);
	for (int i = 0; i < 3 && !f->is_done; i++) {
		turn(f->rt);
		fixture_pass_ms(f, ms);
	}
	fixture_end(f);
	auth_check_log();
	return f->outcome.column;
}

/* The client was told that nobody can tell, and the log says why. */
static inline void
auth_was_unavailable(const char *label, const char *why)
{
	buf_add(&f->replies, "", 1);
	f->replies.n--;
	if (f->outcome.column != COLUMN_DONE ||
	    strcmp(f->replies.p,
		"454 4.7.0 Temporary authentication failure\n") != 0)
		fail_msg("%s: column %d, '%s'", label, f->outcome.column,
		    f->replies.p);
	if (!plugin_logged(why))
		fail_msg("%s: no '%s' in %s", label, why, f->log.p);
}

#define AUTH_TEST(name) \
	cmocka_unit_test_setup_teardown(name, auth_setup, fixture_teardown)

#endif
