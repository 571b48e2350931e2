/* SPDX-License-Identifier: MIT */
/* ident/geoip.c - notes where in the world a client is.
 *
 *	ident/geoip [db_dir DIR] [distance IP] [too_far KM] [add_headers 0|1]
 *
 * By the databases GeoLite2-City.mmdb, or else GeoLite2-Country.mmdb, and
 * GeoLite2-ASN.mmdb in DIR (/usr/local/share/GeoIP), as far as they know it, the
 * connection gets the notes
 *
 *	geoip_country, _country_name	"AT", "Austria"
 *	geoip_continent, _city		"EU", "Vienna"
 *	geoip_asn			the number of its network
 *	geoip_distance			kilometres from the address `distance`
 *
 * A client that is farther away than `too_far` gets a karma of -1.  With
 * `add_headers`, or a 1 in config/add_geoip_headers, messages get
 * X-GeoIP-Country, -Continent, -City and -ASN.
 *
 * A database that is replaced is picked up.  One that is missing or damaged
 * gives no notes, and one line at error level until there is another.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

#include "geoip_db.h"

#define EARTH_KM 6378.0
#define RADIANS(degrees) ((degrees)*3.14159265358979323846 / 180.0)
#define TRIES 2u     /* the second in a file that was just replaced */
#define WORD_MAX 75u /* an encoded word, RFC 2047, 2 */

struct args {
	hl_str dir, distance;
	int64_t too_far;
	bool add_headers;
};

struct line {
	struct geoip_db place, network;
	bool is_lost; /* nobody knows where `distance` is; logged */
};

/* One client, on the thread pool. */
struct search {
	struct geoip_file *place, *network;
	const char *ip, *here;
	struct geoip_facts facts, own;
	int place_rc, network_rc;
};

static int
run_search(void *what)
{
	struct search *search = what;

	search->place_rc =
	    geoip_file_find(search->place, search->ip, &search->facts);
	if (search->place_rc == 0 && search->here[0] != '\0')
		search->place_rc =
		    geoip_file_find(search->place, search->here, &search->own);
	search->network_rc =
	    geoip_file_find(search->network, search->ip, &search->facts);
	return 0;
}

/* False: a file was replaced meanwhile, or nobody waits for the answer. */
static bool
find(struct hl_ctx *ctx, struct search *ret)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->place = geoip_db_get(ctx, &line->place, args->dir);
	ret->network = geoip_db_get(ctx, &line->network, args->dir);
	ret->ip = hl_peer_ip(ctx).p;
	ret->here = args->distance.p;
	rc = hl_offload(ctx, run_search, ret);
	if (ret->place_rc < 0) {
		geoip_db_drop(ctx, &line->place, ret->place, ret->place_rc);
		ret->facts = (struct geoip_facts){ .asn = ret->facts.asn };
	}
	if (ret->network_rc < 0) {
		geoip_db_drop(
		    ctx, &line->network, ret->network, ret->network_rc);
		ret->facts.asn = 0;
	}
	geoip_db_put(&ret->place);
	geoip_db_put(&ret->network);
	return rc == 0 && ret->place_rc != -ESTALE &&
	       ret->network_rc != -ESTALE;
}

/* As the crow flies, in whole kilometres; 0: not known. */
static int64_t
distance(struct hl_ctx *ctx, const struct search *search)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	const struct geoip_facts *a = &search->own, *b = &search->facts;
	double cosine;

	if (args->distance.n == 0 || !b->has_place)
		return 0;
	if (!a->has_place && !line->is_lost)
		hl_log(ctx, HL_LOG_ERROR, "no record for my location, %s",
		    args->distance.p);
	line->is_lost = !a->has_place;
	if (line->is_lost)
		return 0;
	cosine = sin(RADIANS(a->latitude)) * sin(RADIANS(b->latitude)) +
		 cos(RADIANS(a->latitude)) * cos(RADIANS(b->latitude)) *
		     cos(RADIANS(a->longitude - b->longitude));
	/* Rounding leads a little beyond one. */
	cosine = fmin(1.0, fmax(-1.0, cosine));
	return llround(EARTH_KM * acos(cosine));
}

static void
note(struct hl_ctx *ctx, const char *name, const char *text)
{
	if (text[0] != '\0')
		(void)hl_note_set_text(
		    ctx, HL_CONNECTION, hl_text(name), hl_text(text));
}

static hl_str
join(struct hl_ctx *ctx, hl_str text, const char *more)
{
	if (more[0] == '\0')
		return text;
	return hl_printf(ctx, "%s%s%s", text.p, text.n > 0 ? ", " : "", more);
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct search *search = hl_alloc(ctx, sizeof(*search));
	const struct geoip_facts *facts = &search->facts;
	hl_str line = HL_STR("");
	bool has_found = false;
	int64_t km;

	for (unsigned i = 0; i < TRIES && !has_found; i++)
		has_found = find(ctx, search);
	if (!has_found)
		return HL_DECLINED;
	if (facts->asn > 0)
		(void)hl_note_set_int(
		    ctx, HL_CONNECTION, HL_STR("geoip_asn"), facts->asn);
	if (facts->country[0] == '\0') {
		hl_log(ctx, HL_LOG_INFO, "skip, no results");
		return HL_DECLINED;
	}
	note(ctx, "geoip_country", facts->country);
	note(ctx, "geoip_country_name", facts->country_name);
	note(ctx, "geoip_continent", facts->continent);
	note(ctx, "geoip_city", facts->city);
	line = join(ctx, line, facts->continent);
	line = join(ctx, line, facts->country);
	line = join(ctx, line, facts->city);
	km = distance(ctx, search);
	if (km > 0) {
		(void)hl_note_set_int(
		    ctx, HL_CONNECTION, HL_STR("geoip_distance"), km);
		line = join(
		    ctx, line, hl_printf(ctx, "\t%lld km", (long long)km).p);
		if (args->too_far > 0 && km > args->too_far)
			hl_karma(ctx, -1);
	}
	hl_log(ctx, HL_LOG_INFO, "%s", line.p);
	return HL_DECLINED;
}

/* ---- the header ---- */

static bool
is_ascii(hl_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

static bool
starts_char(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* What is not ASCII, in encoded words of whole characters (RFC 2047, 4.2). */
static hl_str
encode(struct hl_ctx *ctx, hl_str text)
{
	static const char begin[] = "=?UTF-8?Q?", end[] = "?=";
	hl_str all = HL_STR(""), word = hl_text(begin);

	if (is_ascii(text))
		return text;
	for (size_t i = 0; i < text.n; i++) {
		/* A character has four bytes at most. */
		if (starts_char(text.p[i]) &&
		    word.n + strlen("=xx") * 4 + strlen(end) > WORD_MAX) {
			all = hl_printf(ctx, "%s%s%s ", all.p, word.p, end);
			word = hl_text(begin);
		}
		word =
		    hl_printf(ctx, "%s=%02X", word.p, (unsigned char)text.p[i]);
	}
	return hl_printf(ctx, "%s%s%s", all.p, word.p, end);
}

static bool
has_headers(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str word = hl_config(ctx, "add_geoip_headers");

	return args->add_headers || (word.n > 0 && strcmp(word.p, "0") != 0 &&
					strcasecmp(word.p, "false") != 0);
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	static const char *const names[][2] = {
		{ "geoip_country", "X-GeoIP-Country" },
		{ "geoip_continent", "X-GeoIP-Continent" },
		{ "geoip_city", "X-GeoIP-City" },
		{ "geoip_asn", "X-GeoIP-ASN" },
	};

	if (!has_headers(ctx))
		return HL_DECLINED;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		hl_str field = hl_text(names[i][1]);
		hl_str text =
		    hl_note_text(ctx, HL_CONNECTION, hl_text(names[i][0]));

		(void)hl_header_delete(ctx, field, SIZE_MAX);
		if (text.n > 0)
			(void)hl_header_add(ctx, field, encode(ctx, text));
	}
	return HL_DECLINED;
}

/* ---- the line in config/plugins ---- */

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	struct in6_addr ip;

	if (args->distance.n > 0 &&
	    inet_pton(AF_INET, args->distance.p, &ip) != 1 &&
	    inet_pton(AF_INET6, args->distance.p, &ip) != 1)
		return hl_load_error(
		    ctx, "distance %s: must be an address", args->distance.p);
	line->place = (struct geoip_db){ .names = { "GeoLite2-City.mmdb",
					     "GeoLite2-Country.mmdb" } };
	line->network = (struct geoip_db){ .names = { "GeoLite2-ASN.mmdb" },
		.is_optional = true };
	return hl_need_read(ctx, hl_printf(ctx, "%s/", args->dir.p));
}

/* The first client finds them open. */
static enum hl_verdict
on_init_worker(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	struct geoip_file *file;

	file = geoip_db_get(ctx, &line->place, args->dir);
	geoip_db_put(&file);
	file = geoip_db_get(ctx, &line->network, args->dir);
	geoip_db_put(&file);
	return HL_DECLINED;
}

static void
on_unload(struct hl_ctx *ctx)
{
	struct line *line = hl_instance(ctx);

	geoip_db_put(&line->place.file);
	geoip_db_put(&line->network.file);
}

static const struct hl_arg args[] = {
	{ "db_dir", "where the databases are", .def = "/usr/local/share/GeoIP",
	    .offset = offsetof(struct args, dir), .type = HL_ARG_PATH },
	{ "distance", "the address from which distances count",
	    .offset = offsetof(struct args, distance) },
	{ "too_far", "km; who is farther away gets bad karma", .max = 1000000,
	    .offset = offsetof(struct args, too_far), .type = HL_ARG_INT },
	{ "add_headers", "tell it in the header", .def = "0",
	    .offset = offsetof(struct args, add_headers), .type = HL_ARG_BOOL },
	{ .name = NULL },
};

static const char *const files[] = { "add_geoip_headers", NULL };

static const struct hl_plugin plugin = {
	.name = "ident/geoip",
	.about = "note where in the world a client is",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct line),
	.files = files,
	.load = on_load,
	.unload = on_unload,
	.init_worker = on_init_worker,
	.connect = on_connect,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
