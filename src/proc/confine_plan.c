/* SPDX-License-Identifier: MIT */
/* confine_plan.c - what a process may still use when it is confined. */
#include "confine_plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "net/endpoint.h"
#include "server/server.h"

/* Names, time zones, certificates, modules that libraries load when they
 * need them, what an allocator asks of the machine. */
static const char *const system_reads[] = {
	"/dev/random",
	"/dev/urandom",
	"/dev/zero",
	"/etc/ca-certificates",
	"/etc/crypto-policies",
	"/etc/gai.conf",
	"/etc/host.conf",
	"/etc/hosts",
	"/etc/ld.so.cache",
	"/etc/localtime",
	"/etc/networks",
	"/etc/nsswitch.conf",
	"/etc/pki/ca-trust",
	"/etc/pki/tls",
	"/etc/protocols",
	"/etc/resolv.conf",
	"/etc/services",
	"/etc/ssl/certs",
	"/etc/ssl/openssl.cnf",
	"/etc/timezone",
	"/lib",
	"/lib64",
	"/proc/cpuinfo",
	"/proc/meminfo",
	"/proc/self",
	"/run/NetworkManager/resolv.conf",
	"/run/resolvconf",
	"/run/systemd/resolve",
	"/sys/devices/system/cpu",
	"/usr/lib",
	"/usr/lib64",
	"/usr/local/lib",
	"/usr/local/share",
	"/usr/share",
	"/var/lib/ca-certificates",
};

static const char *const system_writes[] = {
	"/dev/full",
	"/dev/null",
};

void
confine_plan_init(struct confine_plan *plan)
{
	*plan = (struct confine_plan){ 0 };
	arena_init(&plan->arena, 4096, 0);
}

void
confine_plan_done(struct confine_plan *plan)
{
	arena_done(&plan->arena);
}

/* ---- paths --------------------------------------------------------------- */

static void
add_place(struct confine_plan *plan, const char *path, bool may_write)
{
	struct landlock_place *more;

	for (size_t i = 0; i < plan->place_count; i++)
		if (plan->places[i].may_write == may_write &&
		    strcmp(plan->places[i].path, path) == 0)
			return;
	if (plan->place_count == plan->place_room) {
		plan->place_room = plan->place_room * 2 + 64;
		more =
		    arena_array(&plan->arena, plan->place_room, sizeof(*more));
		for (size_t i = 0; i < plan->place_count; i++)
			more[i] = plan->places[i];
		plan->places = more;
	}
	plan->places[plan->place_count++] =
	    (struct landlock_place){ arena_str(&plan->arena, slice_of(path)).p,
		    may_write };
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
real_path(struct arena *arena, const char *path, hl_str *ret)
{
	char *real = realpath(path, NULL);

	if (real == NULL)
		return false;
	*ret = arena_str(arena, slice_of(real));
	free(real);
	return true;
}

/* The directory that a file is in; false for one in the root. */
static bool
above(struct arena *arena, hl_str path, hl_str *ret)
{
	size_t n = slice_rfind(slice_str(path), '/');

	if (n == 0 || n == path.n)
		return false;
	*ret = arena_str(arena, slice_head(slice_str(path), n));
	return true;
}

/* Without symbolic links; of a file that does not exist, its directory must.
 * False when that does not either. */
static bool
find_real(struct arena *arena, struct slice path, hl_str *ret)
{
	hl_str text = arena_str(arena, path), dir;

	if (real_path(arena, text.p, ret))
		return true;
	if (slice_ends(path, "/") || !above(arena, text, &dir) ||
	    !real_path(arena, dir.p, &dir))
		return false;
	*ret = arena_printf(arena, "%s%s", dir.n > 1 ? dir.p : "",
	    text.p + slice_rfind(path, '/'));
	return true;
}

/* Directly below the root, or below one of those where everybody has one. */
static bool
is_shared(struct slice dir)
{
	static const char *const tops[] = { "/home/", "/run/", "/usr/",
		"/var/" };
	struct slice rest = slice_from(dir, 1);

	if (slice_find(rest, '/') == rest.n)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		if (!slice_starts(dir, tops[i]))
			continue;
		rest = slice_from(dir, strlen(tops[i]));
		return slice_find(rest, '/') == rest.n;
	}
	return false;
}

void
confine_plan_read(struct confine_plan *plan, struct slice path)
{
	hl_str real, dir;

	if (!slice_starts(path, "/") || !find_real(&plan->arena, path, &real))
		return;
	if (!is_dir(real.p) && above(&plan->arena, real, &dir) &&
	    !is_shared(slice_str(dir)))
		real = dir;
	add_place(plan, real.p, false);
}

static void
log_wide(hl_str dir, hl_str above_it)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, "confined_wide");
	log_add(&line, LOG_path, slice_str(above_it));
	log_printf(&line, LOG_text,
	    "a plugin may write in %.*s, which does not exist; until it does, "
	    "and a reload, all of this directory is allowed",
	    STR(dir));
	log_end(&line);
}

/* The directory and those between `own` and it. */
static void
make_own(struct arena *arena, struct slice path, size_t own)
{
	for (size_t n = own + 1; n < path.n; n++)
		if (path.p[n] == '/')
			(void)mkdir(
			    arena_str(arena, slice_head(path, n)).p, 0700);
}

/* What stands for a directory that may be missing. */
static hl_str
find_dir(struct confine_plan *plan, struct slice path)
{
	struct arena *arena = &plan->arena;
	hl_str dir = arena_str(arena, path), at, real;
	const char *own = plan->own_dir;

	if (own != NULL && slice_starts(path, own) &&
	    path.p[strlen(own)] == '/')
		make_own(arena, path, strlen(own));
	if (real_path(arena, dir.p, &real))
		return real;
	for (at = dir; above(arena, at, &at);)
		if (real_path(arena, at.p, &real)) {
			if (own != NULL)
				log_wide(dir, real);
			return real;
		}
	return dir;
}

void
confine_plan_write(struct confine_plan *plan, struct slice path)
{
	hl_str real, dir;

	if (!slice_starts(path, "/"))
		return;
	if (slice_ends(path, "/"))
		real = find_dir(plan, path);
	else if (!find_real(&plan->arena, path, &real))
		return;
	else if (!is_dir(real.p) && above(&plan->arena, real, &dir))
		real = dir;
	add_place(plan, real.p, true);
}

/* OpenSSL's words for other authorities than the system's. */
static void
add_authorities(struct confine_plan *plan)
{
	struct slice dirs = slice_of(getenv("SSL_CERT_DIR")), dir;

	confine_plan_read(plan, slice_of(getenv("SSL_CERT_FILE")));
	while (slice_cut(&dirs, ':', &dir))
		if (dir.n > 0)
			confine_plan_read(plan,
			    slice_str(
				arena_printf(&plan->arena, "%.*s/", STR(dir))));
}

void
confine_plan_system(struct confine_plan *plan)
{
	for (size_t i = 0; i < ARRAY_SIZE(system_reads); i++)
		add_place(plan, system_reads[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(system_writes); i++)
		add_place(plan, system_writes[i], true);
	add_authorities(plan);
}

/* ---- ports --------------------------------------------------------------- */

static void
add_port(struct confine_plan *plan, uint16_t port)
{
	uint16_t *more;

	for (size_t i = 0; i < plan->port_count; i++)
		if (plan->ports[i] == port)
			return;
	if (plan->port_count == plan->port_room) {
		plan->port_room = plan->port_room * 2 + 16;
		more =
		    arena_array(&plan->arena, plan->port_room, sizeof(*more));
		for (size_t i = 0; i < plan->port_count; i++)
			more[i] = plan->ports[i];
		plan->ports = more;
	}
	plan->ports[plan->port_count++] = port;
}

void
confine_plan_connect(struct confine_plan *plan, struct slice where)
{
	struct endpoint endpoint;
	struct err err;

	if (slice_eq_text(where, "*"))
		plan->any_port = true;
	/* What cannot be parsed cannot be dialed either. */
	else if (endpoint_parse_dial(where, &endpoint, &err) == 0 &&
		 endpoint.kind != ENDPOINT_UNIX)
		add_port(plan, endpoint.addr.port);
}

/* ---- all ----------------------------------------------------------------- */

void
confine_plan_needs(
    struct confine_plan *plan, const struct server_need *needs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct slice what = slice_str(needs[i].what);

		switch (needs[i].kind) {
		case SERVER_NEED_READ:
			confine_plan_read(plan, what);
			break;
		case SERVER_NEED_WRITE:
			confine_plan_write(plan, what);
			break;
		case SERVER_NEED_CONNECT:
			confine_plan_connect(plan, what);
			break;
		case SERVER_NEED_EXEC:
		case SERVER_NEED_EXEC_SETUID:
			break; /* the spawn helper's */
		}
	}
}

struct landlock_rules
confine_plan_rules(const struct confine_plan *plan)
{
	return (struct landlock_rules){
		.places = plan->places,
		.place_count = plan->place_count,
		.ports = plan->ports,
		.port_count = plan->port_count,
		.any_port = plan->any_port,
	};
}
