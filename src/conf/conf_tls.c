/* SPDX-License-Identifier: MIT */
/* conf_tls.c - which certificates and keys a listener uses, and how. */
#include "conf/conf_tls.h"

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_plugins.h"
#include "conf/conf_value.h"

/* qpsmtpd's; below the configuration directory. */
#define DEFAULT_CERT "ssl/qpsmtpd-server.crt"
#define DEFAULT_KEY "ssl/qpsmtpd-server.key"
#define DEFAULT_CA "ssl/qpsmtpd-ca.crt"
#define DEFAULT_DH "ssl/dhparam.pem"

struct reader {
	struct conf_dir *dir; /* NULL: lines of elsewhere */
	const char *path;     /* of the directory */
	hl_str listener;
	struct conf_tls *tls;
	struct conf_faults *faults;
	bool is_bad;
};

/* ---- paths --------------------------------------------------------------- */

static hl_str
path_below(struct reader *reader, const char *between, struct slice path)
{
	return arena_printf(
	    &reader->tls->arena, "%s/%s%.*s", reader->path, between, STR(path));
}

/* Is there, or may be where we may not look: who opens it has more rights. */
static bool
may_exist(const char *path)
{
	return access(path, F_OK) == 0 || errno == EACCES;
}

static hl_str
path_resolve(struct reader *reader, struct slice path)
{
	hl_str here, above;

	if (path.n == 0)
		return STR_EMPTY;
	if (path.p[0] == '/')
		return arena_str(&reader->tls->arena, path);
	here = path_below(reader, "", path);
	above = path_below(reader, "../", path);
	return !may_exist(here.p) && may_exist(above.p) ? above : here;
}

/* ---- names --------------------------------------------------------------- */

static bool
is_label(struct slice label)
{
	if (label.n == 0 || label.n > 63)
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!ascii_is_alnum(label.p[i]) && label.p[i] != '-' &&
		    label.p[i] != '_')
			return false;
	return true;
}

/* A host name, also with "*" for its first label (RFC 6125 6.4.3). */
static bool
is_name(struct slice name)
{
	struct slice label;

	if (name.n > CONF_TLS_NAME_MAX || slice_ends(name, "."))
		return false;
	if (slice_starts(name, "*."))
		name = slice_from(name, 2);
	if (name.n == 0)
		return false;
	while (slice_cut(&name, '.', &label))
		if (!is_label(label))
			return false;
	return true;
}

static hl_str
name_lower(struct reader *reader, struct slice name)
{
	hl_str lower = arena_str(&reader->tls->arena, name);
	char *p = (char *)(uintptr_t)lower.p;

	for (size_t i = 0; i < lower.n; i++)
		p[i] = ascii_lower(p[i]);
	return lower;
}

/* ---- lines --------------------------------------------------------------- */

static void
bad_line(struct reader *reader, const struct conf_tls_cert *cert,
    const char *text, struct slice word)
{
	reader->is_bad = true;
	(void)conf_faults_add(reader->faults, cert->file, cert->line,
	    word.n > 0 ? "\"%.*s\" %s" : "%.*s%s", STR(slice_head(word, 80)),
	    text);
}

/* NAME CERT KEY [OCSP] */
static void
cert_line(struct reader *reader, struct slice text, struct conf_tls_cert *cert)
{
	struct slice name = slice_word(&text), crt = slice_word(&text),
		     key = slice_word(&text), ocsp = slice_word(&text);

	if (key.n == 0 || slice_word(&text).n > 0)
		bad_line(reader, cert,
		    "a line is NAME CERT KEY or NAME CERT KEY OCSP",
		    SLICE_NONE);
	else if (!slice_eq_text(name, "*") && !is_name(name))
		bad_line(reader, cert,
		    "is no name; write a host name (xn-- where it is not "
		    "ASCII), *.example for all one level below, or * for all",
		    name);
	if (reader->is_bad)
		return;
	cert->name =
	    slice_eq_text(name, "*") ? STR_EMPTY : name_lower(reader, name);
	cert->cert = path_resolve(reader, crt);
	cert->key = path_resolve(reader, key);
	cert->ocsp = path_resolve(reader, ocsp);
}

/* ---- files --------------------------------------------------------------- */

static hl_str
keep(struct reader *reader, hl_str text)
{
	return arena_str(&reader->tls->arena, slice_str(text));
}

static struct slice
arg(const struct conf_plugin *plugin, size_t i)
{
	return i < plugin->arg_count ? slice_str(plugin->args[i]) : SLICE_NONE;
}

static struct conf_tls_file
arg_file(struct reader *reader, const struct conf_plugin *plugin, size_t i,
    const char *other)
{
	struct slice given = arg(plugin, i);
	bool is_default = given.n == 0;

	return (struct conf_tls_file){
		.path =
		    path_resolve(reader, is_default ? slice_of(other) : given),
		.is_default = is_default,
		.file = keep(reader, plugin->file),
		.line = plugin->line,
	};
}

static void
plugin_line(struct reader *reader, const struct conf_plugin *plugin)
{
	struct conf_tls *tls = reader->tls;
	struct conf_tls_cert *cert = &tls->certs[tls->count];
	struct slice crt = arg(plugin, 0), key = arg(plugin, 1);

	if (tls->count == 0) {
		tls->chain_ca = arg_file(reader, plugin, 2, DEFAULT_CA);
		tls->dh = arg_file(reader, plugin, 3, DEFAULT_DH);
	}
	*cert = (struct conf_tls_cert){
		.name = STR_EMPTY,
		.cert = path_resolve(
		    reader, crt.n > 0 ? crt : SLICE_LIT(DEFAULT_CERT)),
		.key = path_resolve(
		    reader, key.n > 0 ? key : SLICE_LIT(DEFAULT_KEY)),
		.ocsp = STR_EMPTY,
		.file = keep(reader, plugin->file),
		.line = plugin->line,
	};
	tls->count++;
}

static bool
is_tls_line(const struct conf_plugin *plugin)
{
	return str_eq_text(plugin->name, "tls") &&
	       plugin->runtime != CONF_RUNTIME_PERL;
}

static void
certs_alloc(struct reader *reader, size_t count)
{
	reader->tls->certs = arena_array(
	    &reader->tls->arena, count, sizeof(*reader->tls->certs));
}

static void
certs_lines(struct reader *reader, const struct conf_list *list)
{
	size_t count = conf_list_count(list);

	if (count > CONF_TLS_CERTS_MAX) {
		reader->is_bad = true;
		(void)conf_faults_add(reader->faults,
		    conf_list_file(list, CONF_TLS_CERTS_MAX),
		    conf_list_line(list, CONF_TLS_CERTS_MAX),
		    "more than %d certificates; remove some",
		    CONF_TLS_CERTS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct conf_tls_cert *cert =
		    &reader->tls->certs[reader->tls->count];
		struct reader line = *reader;

		cert->file = keep(reader, conf_list_file(list, i));
		cert->line = conf_list_line(list, i);
		line.is_bad = false;
		cert_line(&line, slice_str(conf_list_at(list, i)), cert);
		reader->tls->count += !line.is_bad;
		reader->is_bad |= line.is_bad;
	}
}

/* The `tls` lines, then those of tls_certs. */
static void
read_certs(struct reader *reader, hl_str plugins_key)
{
	struct conf_list *lines = conf_get(reader->dir, STR_EMPTY, plugins_key);
	struct conf_list *certs =
	    conf_get(reader->dir, reader->listener, STR_LIT("tls_certs"));
	struct conf_plugins *plugins = NULL;
	size_t count = conf_list_count(certs);

	if (conf_plugins_parse(lines, &plugins, reader->faults) == 0)
		count += plugins->count;
	else
		reader->is_bad = true; /* no word about certificates then */
	certs_alloc(reader, count);
	for (size_t i = 0; plugins != NULL && i < plugins->count; i++)
		if (is_tls_line(&plugins->at[i]))
			plugin_line(reader, &plugins->at[i]);
	certs_lines(reader, certs);
	conf_plugins_free(&plugins);
	conf_list_unref(&certs);
	conf_list_unref(&lines);
}

static void
read_protocols(struct reader *reader)
{
	struct conf_list *list =
	    conf_get(reader->dir, reader->listener, STR_LIT("tls_protocols"));
	hl_str text = conf_list_first(list);
	struct err err;

	if (text.n > 0 && conf_tls_protocols_parse(slice_str(text),
			      &reader->tls->protocols, &err) < 0) {
		reader->is_bad = true;
		(void)conf_faults_add(reader->faults, conf_list_file(list, 0),
		    conf_list_line(list, 0), "%s", err.text);
	}
	conf_list_unref(&list);
}

static void
read_ciphers(struct reader *reader)
{
	struct conf_list *list =
	    conf_get(reader->dir, reader->listener, STR_LIT("tls_ciphers"));

	if (conf_list_count(list) > 0) {
		reader->tls->ciphers = keep(reader, conf_list_first(list));
		reader->tls->ciphers_file =
		    keep(reader, conf_list_file(list, 0));
		reader->tls->ciphers_line = conf_list_line(list, 0);
	}
	conf_list_unref(&list);
}

static void
read_client_ca(struct reader *reader)
{
	struct conf_list *list =
	    conf_get(reader->dir, reader->listener, STR_LIT("tls_client_ca"));

	if (conf_list_count(list) > 0)
		reader->tls->client_ca = (struct conf_tls_file){
			.path = path_resolve(
			    reader, slice_str(conf_list_first(list))),
			.file = keep(reader, conf_list_file(list, 0)),
			.line = conf_list_line(list, 0),
		};
	conf_list_unref(&list);
}

static void
tls_init(struct conf_tls *tls)
{
	const struct conf_tls_file none = { .path = STR_EMPTY,
		.file = STR_EMPTY };

	arena_init(&tls->arena, 4096, 0);
	tls->chain_ca = tls->dh = tls->client_ca = none;
	tls->ciphers = tls->ciphers_file = STR_EMPTY;
}

int
conf_tls_certs_parse(const struct conf_list *list, const char *dir,
    struct conf_tls **ret, struct conf_faults *faults)
{
	struct conf_tls *tls = mem_alloc(sizeof(*tls));
	struct reader reader = { NULL, dir, STR_EMPTY, tls, faults, false };

	tls_init(tls);
	certs_alloc(&reader, conf_list_count(list));
	certs_lines(&reader, list);
	if (reader.is_bad)
		conf_tls_free(&tls);
	else
		*ret = tls;
	return reader.is_bad ? -EINVAL : 0;
}

int
conf_tls_read(struct conf_dir *dir, hl_str listener, hl_str plugins,
    struct conf_tls **ret, struct conf_faults *faults)
{
	struct conf_tls *tls = mem_alloc(sizeof(*tls));
	struct reader reader = { dir, conf_dir_path(dir), listener, tls, faults,
		false };

	tls_init(tls);
	read_certs(&reader, plugins);
	read_protocols(&reader);
	read_client_ca(&reader);
	read_ciphers(&reader);
	tls->request_cert = conf_bool(dir, listener, CONF_TLS_REQUEST_CERT);
	if (reader.is_bad)
		conf_tls_free(&tls);
	else
		*ret = tls;
	return reader.is_bad ? -EINVAL : 0;
}

void
conf_tls_free(struct conf_tls **tls)
{
	if (*tls != NULL)
		arena_done(&(*tls)->arena);
	mem_free(*tls);
	*tls = NULL;
}
