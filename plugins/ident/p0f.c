/* SPDX-License-Identifier: MIT */
/* ident/p0f.c - asks p0f which system a client runs.
 *
 *	ident/p0f SOCKET [version 3|2] [local_ip IP] [smite_os PATTERN]
 *	    [add_headers 0|1] [timeout 5s]
 *
 * What p0f knows goes to the connection's note `p0f`, a map: genre ("Linux
 * 3.x"), distance, link, uptime, and with version 2 detail, with version 3
 * magic status first_seen last_seen total_conn uptime_min up_mod_days last_nat
 * last_chg bad_sw os_match_q os_name os_flavor http_name http_flavor link_type
 * language.
 *
 * Clients whose genre the regular expression `smite_os` fits (case does not
 * matter) get a karma of -1.  Those whose genre stands in a line of
 * config/p0f_blocked_operating_systems, in whole or its first words
 * ("windows xp", "windows"), are refused, unless they are immune.  With
 * `add_headers` messages get X-P0f-OS, -Link, -Distance and -Uptime.
 *
 * p0f 2 knows a connection by its addresses and ports: `local_ip` is what the
 * world has for this server, where that is not its own address.  It knows IPv4
 * alone.  Nothing is refused because p0f does not answer; a line at error
 * level says so.
 *
 * The questions and answers are structs of C; numbers are in the order of the
 * host, addresses in that of the network (p0f 3: api.h; p0f 2: p0f-query.h):
 *
 *	3  u32 magic, u8 4 or 6, u8 address[16]
 *	   u32 magic status first_seen last_seen total_conn uptime_min
 *	   up_mod_days last_nat last_chg, s16 distance, u8 bad_sw os_match_q,
 *	   char os_name os_flavor http_name http_flavor link_type language [32]
 *	2  u32 magic type id, in_addr src dst, u16 src_port dst_port
 *	   u32 magic id, u8 type, char genre[20] detail[40], s8 distance,
 *	   char link[30] tos[30], u8 fw nat real, pad, s16 score, u16 flags,
 *	   pad[2], s32 uptime
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

#define QUESTION_3 0x50304601u
#define ANSWER_3 0x50304602u
#define MAGIC_2 0x0defacedu
#define QUESTION_MAX 24
#define ANSWER_SIZE_3 232
#define ANSWER_SIZE_2 144
#define STATUS_BAD 0x00u
#define STATUS_OK 0x10u
#define STATUS_UNKNOWN 0x20u
#define TYPE_BAD 1
#define TYPE_UNKNOWN 2

enum { VERSION_3, VERSION_2 };

struct args {
	hl_str socket, local_ip, smite;
	uint64_t timeout_ms;
	unsigned version;
	bool add_headers;
};

struct line {
	struct hl_pattern *smite; /* NULL: none */
};

/* What p0f sent; zeros behind it. */
struct answer {
	unsigned char bytes[ANSWER_SIZE_3];
	size_t n;
};

static uint32_t
u32_at(const struct answer *answer, size_t at)
{
	uint32_t number;

	memcpy(&number, answer->bytes + at, sizeof(number));
	return number;
}

/* Up to a NUL; p0f learns some of these words from the network. */
static hl_str
text_at(struct hl_ctx *ctx, const struct answer *answer, size_t at, size_t size)
{
	const char *text = (const char *)answer->bytes + at;
	size_t n = strnlen(text, size);
	char *copy;

	while (n > 0 && text[n - 1] == ' ')
		n--;
	copy = hl_alloc(ctx, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	return hl_text(copy);
}

/* ---- asking ---- */

static size_t
question_3(struct hl_ctx *ctx, unsigned char *ret)
{
	static const uint32_t magic = QUESTION_3;
	hl_str ip = hl_peer_ip(ctx);

	memcpy(ret, &magic, 4);
	ret[4] = 4;
	if (inet_pton(AF_INET, ip.p, ret + 5) == 1)
		return 21;
	ret[4] = 6;
	return inet_pton(AF_INET6, ip.p, ret + 5) == 1 ? 21 : 0;
}

static size_t
question_2(struct hl_ctx *ctx, unsigned char *ret)
{
	const struct args *args = hl_args(ctx);
	hl_str local = args->local_ip.n > 0 ? args->local_ip : hl_local_ip(ctx);
	uint32_t head[3] = { MAGIC_2, 1, 0 };
	uint16_t ports[2] = { (uint16_t)hl_peer_port(ctx),
		(uint16_t)hl_local_port(ctx) };

	hl_random(ctx, &head[2], sizeof(head[2]));
	memcpy(ret, head, sizeof(head));
	memcpy(ret + 20, ports, sizeof(ports));
	return inet_pton(AF_INET, hl_peer_ip(ctx).p, ret + 12) == 1 &&
		       inet_pton(AF_INET, local.p, ret + 16) == 1
		   ? 24
		   : 0;
}

static hl_str
where(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return hl_printf(ctx, "unix:%s", args->socket.p);
}

/* At least one: 0 would be no limit. */
static uint64_t
left_ms(const struct hl_ctx *ctx, uint64_t until)
{
	uint64_t now = hl_now_ms(ctx);

	return now < until ? until - now : 1;
}

/* One timeout for all of it, in how many pieces ever the answer comes. */
static int
exchange(struct hl_ctx *ctx, const unsigned char *question, size_t n,
    size_t size, struct answer *ret)
{
	const struct args *args = hl_args(ctx);
	uint64_t until = hl_now_ms(ctx) + args->timeout_ms;
	struct hl_conn *conn;
	long got = 1;
	int rc = hl_dial(ctx, where(ctx), args->timeout_ms, &conn);

	if (rc < 0)
		return rc;
	rc = hl_send(conn, question, n, left_ms(ctx, until));
	while (rc == 0 && got > 0 && ret->n < size) {
		if (hl_now_ms(ctx) >= until)
			got = -ETIME;
		else
			got = hl_recv(conn, ret->bytes + ret->n, size - ret->n,
			    left_ms(ctx, until));
		if (got > 0)
			ret->n += (size_t)got;
	}
	hl_conn_close(&conn);
	return got < 0 ? (int)got : rc;
}

/* Why this answer says nothing; NULL: it does. */
static const char *
fault_of(const struct answer *answer, bool is_3, enum hl_level *ret_level)
{
	*ret_level = HL_LOG_ERROR;
	if (answer->n < (is_3 ? 8 : 9) ||
	    u32_at(answer, 0) != (is_3 ? ANSWER_3 : MAGIC_2))
		return "Bad response magic.";
	if (is_3 && u32_at(answer, 4) == STATUS_UNKNOWN) {
		*ret_level = HL_LOG_INFO;
		return "no match";
	}
	if (is_3)
		return u32_at(answer, 4) == STATUS_OK    ? NULL
		       : u32_at(answer, 4) == STATUS_BAD ? "bad query"
							 : "unknown status";
	if (answer->bytes[8] == TYPE_UNKNOWN) {
		*ret_level = HL_LOG_WARN;
		return "connection not in the cache";
	}
	return answer->bytes[8] == TYPE_BAD ? "p0f did not honor our query"
					    : NULL;
}

/* True: there is something to know. */
static bool
ask(struct hl_ctx *ctx, bool is_3, struct answer *ret)
{
	unsigned char question[QUESTION_MAX] = { 0 };
	size_t n = is_3 ? question_3(ctx, question) : question_2(ctx, question);
	enum hl_level level;
	const char *fault;
	hl_str why;
	int rc;

	if (n == 0) {
		hl_log(ctx, HL_LOG_INFO, "skip, no address that p0f %c knows",
		    is_3 ? '3' : '2');
		return false;
	}
	rc = exchange(
	    ctx, question, n, is_3 ? ANSWER_SIZE_3 : ANSWER_SIZE_2, ret);
	if (rc == -ECANCELED)
		return false;
	if (rc < 0) {
		why = hl_conn_error(ctx);
		hl_log(ctx, HL_LOG_ERROR, "skip, %s%s", why.p,
		    why.n > 0 ? ""
			      : hl_printf(ctx, "p0f at %s: %s", where(ctx).p,
				    rc == -ETIME ? "no answer in time"
						 : strerror(-rc))
				    .p);
		return false;
	}
	fault = fault_of(ret, is_3, &level);
	if (fault != NULL)
		hl_log(ctx, level, "skip, %s", fault);
	return fault == NULL;
}

/* ---- the note ---- */

static void
put_text(
    struct hl_ctx *ctx, struct hl_value *map, const char *key, hl_str value)
{
	(void)hl_value_put(map, hl_text(key), hl_value_text(ctx, value));
}

static void
put_number(
    struct hl_ctx *ctx, struct hl_value *map, const char *key, int64_t value)
{
	(void)hl_value_put(map, hl_text(key), hl_value_int(ctx, value));
}

/* Both give the genre: "" p0f has no name for it. */
static hl_str
fill_3(struct hl_ctx *ctx, struct hl_value *map, const struct answer *answer)
{
	static const char *const numbers[] = { "magic", "status", "first_seen",
		"last_seen", "total_conn", "uptime_min", "up_mod_days",
		"last_nat", "last_chg" };
	static const char *const words[] = { "os_name", "os_flavor",
		"http_name", "http_flavor", "link_type", "language" };
	hl_str name = text_at(ctx, answer, 40, 32), genre;
	int16_t distance;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		put_number(ctx, map, numbers[i], u32_at(answer, 4 * i));
	memcpy(&distance, answer->bytes + 36, sizeof(distance));
	put_number(ctx, map, "distance", distance);
	put_number(ctx, map, "bad_sw", answer->bytes[38]);
	put_number(ctx, map, "os_match_q", answer->bytes[39]);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		put_text(
		    ctx, map, words[i], text_at(ctx, answer, 40 + 32 * i, 32));
	if (name.n == 0)
		return name;
	genre = hl_printf(ctx, "%s %s", name.p, text_at(ctx, answer, 72, 32).p);
	put_text(ctx, map, "genre", genre);
	put_text(ctx, map, "link", text_at(ctx, answer, 168, 32));
	put_number(ctx, map, "uptime", u32_at(answer, 20));
	return genre;
}

static hl_str
fill_2(struct hl_ctx *ctx, struct hl_value *map, const struct answer *answer)
{
	hl_str genre = text_at(ctx, answer, 9, 20);

	put_text(ctx, map, "genre", genre);
	put_text(ctx, map, "detail", text_at(ctx, answer, 29, 40));
	put_number(ctx, map, "distance", (signed char)answer->bytes[69]);
	put_text(ctx, map, "link", text_at(ctx, answer, 70, 30));
	put_number(ctx, map, "uptime", (int32_t)u32_at(answer, 140));
	return genre;
}

/* ---- verdicts ---- */

static bool
is_blocked(struct hl_ctx *ctx, hl_str genre)
{
	const struct hl_list *list =
	    hl_config_list(ctx, "p0f_blocked_operating_systems");

	for (size_t i = 0; i < hl_list_count(list); i++) {
		hl_str name = hl_list_at(list, i);

		if (name.n <= genre.n &&
		    strncasecmp(name.p, genre.p, name.n) == 0 &&
		    (genre.p[name.n] == '\0' || genre.p[name.n] == ' '))
			return true;
	}
	return false;
}

static enum hl_verdict
judge(struct hl_ctx *ctx, hl_str genre)
{
	const struct line *line = hl_instance(ctx);

	if (genre.n == 0)
		return HL_DECLINED;
	if (line->smite != NULL && hl_pattern_match(line->smite, genre) == 1)
		hl_karma(ctx, -1);
	if (!is_blocked(ctx, genre) || hl_is_immune(ctx))
		return HL_DECLINED;
	hl_log(ctx, HL_LOG_INFO, "fail, %s is blocked", genre.p);
	hl_karma(ctx, -1);
	return hl_deny(ctx, "5.7.1", "Your operating system is blocked here");
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	bool is_3 = args->version == VERSION_3;
	struct answer *answer = hl_alloc(ctx, sizeof(*answer));
	struct hl_value *map = hl_value_map(ctx);
	hl_str genre;

	if (!ask(ctx, is_3, answer))
		return HL_DECLINED;
	genre = is_3 ? fill_3(ctx, map, answer) : fill_2(ctx, map, answer);
	(void)hl_note_set(ctx, HL_CONNECTION, HL_STR("p0f"), map);
	if (genre.n == 0)
		hl_log(ctx, HL_LOG_INFO, "skip, p0f has no name for it");
	else if (is_3)
		hl_log(ctx, HL_LOG_INFO, "%s", genre.p);
	else
		hl_log(ctx, HL_LOG_INFO, "%s (%s)", genre.p,
		    text_at(ctx, answer, 29, 40).p);
	return judge(ctx, genre);
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	static const char *const fields[][2] = { { "genre", "X-P0f-OS" },
		{ "link", "X-P0f-Link" }, { "distance", "X-P0f-Distance" },
		{ "uptime", "X-P0f-Uptime" } };
	const struct args *args = hl_args(ctx);
	const struct hl_value *map =
	    hl_note_get(ctx, HL_CONNECTION, HL_STR("p0f"));

	for (size_t i = 0; args->add_headers && i < 4; i++) {
		const struct hl_value *value =
		    hl_value_find(map, hl_text(fields[i][0]));
		hl_str name = hl_text(fields[i][1]), text;

		(void)hl_header_delete(ctx, name, SIZE_MAX);
		if (value == NULL)
			continue;
		text = hl_value_kind(value) == HL_KIND_INT
			   ? hl_printf(
				 ctx, "%lld", (long long)hl_value_as_int(value))
			   : hl_value_as_text(value);
		if (text.n > 0)
			(void)hl_header_add(ctx, name, text);
	}
	return HL_DECLINED;
}

/* ---- the line in config/plugins ---- */

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	struct in_addr ip;
	hl_str why;

	if (args->local_ip.n > 0 &&
	    inet_pton(AF_INET, args->local_ip.p, &ip) != 1)
		return hl_load_error(ctx,
		    "local_ip %s: must be an IPv4 address", args->local_ip.p);
	if (args->smite.n > 0 &&
	    hl_pattern_new(ctx, args->smite, true, &line->smite, &why) < 0)
		return hl_load_error(
		    ctx, "smite_os %s: %s", args->smite.p, why.p);
	return hl_need_connect(ctx, where(ctx));
}

static const struct hl_arg args[] = {
	{ "socket", "p0f's Unix socket",
	    .offset = offsetof(struct args, socket), .type = HL_ARG_PATH,
	    .positional = true, .required = true },
	{ "version", "p0f's own", .def = "3", .choices = "3|2",
	    .offset = offsetof(struct args, version), .type = HL_ARG_CHOICE },
	{ "local_ip", "this server's address, for p0f 2",
	    .offset = offsetof(struct args, local_ip) },
	{ "smite_os", "a pattern; systems that it fits get bad karma",
	    .offset = offsetof(struct args, smite) },
	{ "add_headers", "tell it in the header", .def = "0",
	    .offset = offsetof(struct args, add_headers), .type = HL_ARG_BOOL },
	{ "timeout", "how long all of it may take", .def = "5s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ .name = NULL },
};

static const char *const files[] = { "p0f_blocked_operating_systems", NULL };

static const struct hl_plugin plugin = {
	.name = "ident/p0f",
	.about = "ask p0f which system a client runs",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct line),
	.files = files,
	.load = on_load,
	.connect = on_connect,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
