/* SPDX-License-Identifier: MIT */
/* polled.c - the listening sockets of a worker, by the master's names. */
#include "polled.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/conf_list.h"
#include "conf/conf_listen.h"
#include "heritage.h"

/* fd -1: this place is free. */
struct polled_socket {
	unsigned id, slot;
	int fd;
};

static struct polled_socket *
polled_find(const struct polled *polled, unsigned id, unsigned slot)
{
	for (size_t i = 0; i < polled->count; i++) {
		struct polled_socket *s = &polled->at[i];

		if (s->fd != -1 && s->id == id && s->slot == slot)
			return s;
	}
	return NULL;
}

static struct polled_socket *
polled_place(struct polled *polled)
{
	for (size_t i = 0; i < polled->count; i++)
		if (polled->at[i].fd == -1)
			return &polled->at[i];
	polled->at =
	    mem_grow(polled->at, (polled->count + 1) * sizeof(*polled->at));
	return &polled->at[polled->count++];
}

/* A line of the heritage or of `adopt`; freed with conf_listeners_free.
 * NULL and `err`: it is not even one. */
static struct conf_listeners *
line_parse(hl_str line, struct err *err)
{
	struct conf_list *list =
	    conf_list_from(STR_LIT("config/listen"), &line, 1);
	struct conf_listeners *parsed = NULL;
	struct conf_faults faults;

	conf_faults_init(&faults);
	if (conf_listen_parse(list, &parsed, &faults) < 0)
		(void)err_set(err, -EINVAL, "cannot use the line \"%.*s\": %s",
		    STR(line), faults.count > 0 ? faults.at[0].text.p : "");
	conf_faults_done(&faults);
	conf_list_unref(&list);
	return parsed;
}

int
polled_add(struct polled *polled, struct server *server, unsigned id,
    unsigned slot, int fd, hl_str line, struct err *err)
{
	struct conf_listeners *parsed = line_parse(line, err);
	int rc = parsed == NULL
		     ? -EINVAL
		     : server_listen(server, fd, &parsed->at[0], err);

	if (rc == 0)
		*polled_place(polled) = (struct polled_socket){ id, slot, fd };
	else
		(void)close(fd);
	if (parsed != NULL)
		conf_listeners_free(&parsed);
	return rc;
}

int
polled_add_all(struct polled *polled, struct server *server,
    const struct heritage *heritage, struct err *err)
{
	for (size_t i = 0; i < heritage->socket_count; i++) {
		const struct heritage_socket *s = &heritage->sockets[i];
		int rc = polled_add(
		    polled, server, s->id, s->slot, s->fd, s->line, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

bool
polled_has(const struct polled *polled, unsigned id, unsigned slot)
{
	return polled_find(polled, id, slot) != NULL;
}

void
polled_remove(struct polled *polled, struct server *server, unsigned id,
    unsigned slot, enum server_unlisten how)
{
	struct polled_socket *s = polled_find(polled, id, slot);

	if (s == NULL)
		return;
	server_unlisten(server, s->fd, how);
	s->fd = -1;
}

void
polled_done(struct polled *polled)
{
	mem_free(polled->at);
	*polled = (struct polled){ NULL, 0 };
}

static bool
is_there(const char *const *names, unsigned count, hl_str name)
{
	for (unsigned i = 0; i < count; i++)
		if (str_eq_text(name, names[i]))
			return true;
	return false;
}

const char *const *
polled_chains(const struct heritage *heritage, struct arena *arena,
    unsigned *ret_count, struct err *err)
{
	const char **names =
	    arena_array(arena, heritage->socket_count + 1, sizeof(*names));
	unsigned count = 0;

	for (size_t i = 0; i < heritage->socket_count; i++) {
		struct conf_listeners *parsed =
		    line_parse(heritage->sockets[i].line, err);
		struct slice name;

		if (parsed == NULL)
			return NULL;
		name = slice_str(parsed->at[0].plugins);
		if (!is_there(names, count, parsed->at[0].plugins))
			names[count++] = arena_str(arena, name).p;
		conf_listeners_free(&parsed);
	}
	*ret_count = count;
	return names;
}
