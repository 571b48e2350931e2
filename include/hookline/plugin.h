/* SPDX-License-Identifier: MIT */
/* plugin.h - the interface of hookline's plugins.
 *
 * A plugin is one C file that fills a `struct hl_plugin` and names it with
 * HL_PLUGIN().  Build it with
 *	cc -shared -fPIC $(pkg-config --cflags hookline) -o NAME.so NAME.c
 *
 * The rules that hold for every function here:
 * - `ctx` is valid during the hook that got it, and is not kept.
 * - What a function returns is borrowed and lives until the hook returns,
 *   unless its comment says otherwise.  Never free it.
 * - Functions marked BLOCKS may let other sessions run before they return.
 *   They return a negative errno when they fail: -ECANCELED the client is
 *   gone, -ETIMEDOUT the hook's own deadline (hl.timeout=) is over; return
 *   soon then.  Write straight-line code; no callbacks, no threads.
 * - Static variables are shared by all sessions of a worker; what belongs to
 *   a session or a message goes to hl_session_mem, hl_txn_mem or notes.
 * - A `hl_str` is never NULL; "not there" is the empty string.
 */
#ifndef HOOKLINE_PLUGIN_H
#define HOOKLINE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
/* g++ -Wextra warns of each member that a descriptor leaves out. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* unset hooks */
#endif
#endif

/* What C++ and newer compilers refuse anyway: a hook with the arguments of
 * another one, and a function that nobody has declared. */
#if defined(__GNUC__) && !defined(__cplusplus)
#pragma GCC diagnostic error "-Wincompatible-pointer-types"
#pragma GCC diagnostic error "-Wimplicit-function-declaration"
#pragma GCC diagnostic error "-Wint-conversion"
#endif

#if defined(__GNUC__)
#define HL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define HL_EXPORT __attribute__((visibility("default")))
/* A verdict that the hook does not return decides nothing. */
#define HL_RETURN_IT __attribute__((warn_unused_result))
#else
#define HL_PRINTF(fmt, args)
#define HL_EXPORT
#define HL_RETURN_IT
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* ---- types --------------------------------------------------------- */

/* Text: pointer and length, borrowed; always NUL-terminated, no NUL inside. */
typedef struct hl_str {
	const char *p;
	size_t n;
} hl_str;

#define HL_STR(literal) ((hl_str){ (literal), sizeof(literal) - 1 })

/* What a hook answers.  Zero means "no opinion". */
enum hl_verdict {
	HL_DECLINED = 0,              /* ask the next plugin */
	HL_OK = 900,                  /* accept, ask no further plugin */
	HL_DENY = 901,                /* refuse for good (5xx) */
	HL_DENYSOFT = 902,            /* refuse for now (4xx) */
	HL_DENY_DISCONNECT = 903,     /* refuse for good and hang up */
	HL_DENYSOFT_DISCONNECT = 904, /* refuse for now and hang up */
	HL_DONE = 910                 /* answered by hl_reply, see there */
};

enum hl_level {
	HL_LOG_EMERG,
	HL_LOG_ALERT,
	HL_LOG_CRIT,
	HL_LOG_ERROR,
	HL_LOG_WARN,
	HL_LOG_NOTICE,
	HL_LOG_INFO,
	HL_LOG_DEBUG
};

/* Where notes live, and until when. */
enum hl_scope {
	HL_CONNECTION, /* the session */
	HL_TRANSACTION /* one message; ends with RSET, MAIL ... */
};

enum hl_phase { /* where the session is */
	HL_PHASE_CONNECT,
	HL_PHASE_HELO,
	HL_PHASE_MAIL,
	HL_PHASE_RCPT,
	HL_PHASE_DATA,
	HL_PHASE_END
};

/* Line ends that a reader gives; the body of a BODY=BINARYMIME message is no
 * text and comes as it was sent. */
enum hl_eol { HL_CRLF, HL_LF };

struct hl_ctx;     /* this hook call: session, transaction, plugin */
struct hl_addr;    /* a mail address */
struct hl_params;  /* the parameters of MAIL or RCPT */
struct hl_rcpt;    /* an accepted recipient */
struct hl_value;   /* a note's value */
struct hl_list;    /* a control file */
struct hl_map;     /* a control file in CDB format */
struct hl_pattern; /* a compiled regular expression */
struct hl_reader;  /* reads a message or its body */
struct hl_dns;     /* an answer of the DNS */
struct hl_dns_ask; /* a question to the DNS that is under way */
struct hl_conn;    /* a connection that a plugin made */
struct hl_file;    /* an open file */
struct hl_parsed;  /* what a *_parse hook found */
struct hl_out;     /* what a *_pre hook replaces the address with */
struct hl_lines;   /* what config, user_config, received_line give */
struct hl_log;     /* a log line, for the logging hook */
struct hl_reply;   /* a reply, for the reply hook */
struct hl_proxy;   /* a PROXY header */
struct hl_tls;     /* what a TLS handshake has shown */
struct hl_auth;    /* what a client has shown with AUTH */

/* ---- the descriptor ------------------------------------------------ */

enum hl_arg_type {
	HL_ARG_STR,     /* hl_str */
	HL_ARG_BOOL,    /* bool: 0 1 yes no true false on off */
	HL_ARG_INT,     /* int64_t, within min and max */
	HL_ARG_SIZE,    /* uint64_t bytes: 10, 10k, 5M, 1G */
	HL_ARG_SECONDS, /* uint64_t milliseconds: 30, 30s, 5m, 100ms */
	HL_ARG_CHOICE,  /* unsigned: index into `choices` */
	HL_ARG_LEVEL,   /* enum hl_level as int: 0-7 or its name */
	HL_ARG_WORDS,   /* hl_str: all remaining words; comes last */
	HL_ARG_FLAG,    /* bool: true when its name is there; no value */
	HL_ARG_MODE,    /* unsigned: permissions, octal, e.g. 750 */
	HL_ARG_PATH     /* hl_str: absolute; what was relative is put below
			 * the state directory */
};

/* One argument of the plugin's line in config/plugins.  A named one is
 * written `name value`; a positional one is the next word alone.  The core
 * checks and stores it at `offset` in the struct that hl_args() gives, and
 * prints it in `hookline plugins NAME`.  A name that the table has twice may
 * be written twice.  A table ends with { .name = NULL }. */
struct hl_arg {
	const char *name;
	const char *about;   /* one line, for people */
	const char *def;     /* as it would be written; NULL: stays zero */
	const char *choices; /* HL_ARG_CHOICE: "lenient|rfc|strict" */
	int64_t min, max;    /* HL_ARG_INT; both 0: no limits */
	size_t offset;
	enum hl_arg_type type;
	bool positional;
	bool required;
	const void *reserved[2]; /* for later releases; leave it zero */
};

/* Everything that hookline knows about a plugin.  Fill it with designated
 * initializers; leave out what you do not need. */
struct hl_plugin {
	const char *name;  /* as in config/plugins, e.g. "queue/maildir" */
	const char *about; /* one line, for `hookline plugins` */
	const struct hl_arg *args; /* table, or NULL: takes none */
	size_t args_size;          /* of the struct that `args` fills */
	size_t session_size;  /* of hl_session_mem(), zeroed for each session */
	size_t txn_size;      /* of hl_txn_mem(), zeroed for each message */
	size_t instance_size; /* of hl_instance(), zeroed for each line */
	/* The control files that it reads; ends with NULL.  A word behind a
	 * name tells how: "networks" (hl_list_find_ip), "patterns",
	 * "name-patterns", "slashed-patterns" and "whole-patterns" (enum
	 * hl_patterns), "map" (hl_config_map).  Faults in them are then found by `hookline check`
	 * and when the plugin is loaded.  "secret" is a file that `check`
	 * leaves alone, with a warning, when it is run by somebody who may not
	 * read it. */
	const char *const *files;
	/* Called once for each line in config/plugins in each worker, before
	 * any hook.  0, or a negative errno after hl_load_error(). */
	int (*load)(struct hl_ctx *ctx);
	/* Called when the worker ends or the load of another plugin failed. */
	void (*unload)(struct hl_ctx *ctx);
	uint64_t carries; /* queue plugins: HL_CARRIES_*, see there */
	void *reserved[6];

	/* The hooks, in the order of the contract table; `hookline hooks`
	 * tells when each is called and what each verdict does. */
	/* clang-format off */
	/* BEGIN hooks (written by tools/gen-hooks) */
	enum hl_verdict (*logging)(struct hl_ctx *ctx,
	    const struct hl_log *log);
	enum hl_verdict (*config)(struct hl_ctx *ctx,
	    hl_str key, struct hl_lines *ret);
	enum hl_verdict (*user_config)(struct hl_ctx *ctx,
	    const struct hl_addr *addr, hl_str key, struct hl_lines *ret);
	enum hl_verdict (*init_worker)(struct hl_ctx *ctx);
	enum hl_verdict (*shutdown)(struct hl_ctx *ctx);
	enum hl_verdict (*proxy)(struct hl_ctx *ctx,
	    const struct hl_proxy *proxy);
	enum hl_verdict (*tls_done)(struct hl_ctx *ctx,
	    const struct hl_tls *tls);
	enum hl_verdict (*pre_connection)(struct hl_ctx *ctx);
	enum hl_verdict (*connect)(struct hl_ctx *ctx);
	enum hl_verdict (*ehlo_parse)(struct hl_ctx *ctx,
	    hl_str line, struct hl_parsed *ret);
	enum hl_verdict (*ehlo)(struct hl_ctx *ctx, hl_str host, hl_str rest);
	enum hl_verdict (*helo_parse)(struct hl_ctx *ctx,
	    hl_str line, struct hl_parsed *ret);
	enum hl_verdict (*helo)(struct hl_ctx *ctx, hl_str host, hl_str rest);
	enum hl_verdict (*capabilities)(struct hl_ctx *ctx);
	enum hl_verdict (*auth_parse)(struct hl_ctx *ctx,
	    hl_str line, struct hl_parsed *ret);
	enum hl_verdict (*auth)(struct hl_ctx *ctx, const struct hl_auth *auth);
	enum hl_verdict (*auth_plain)(struct hl_ctx *ctx,
	    const struct hl_auth *auth);
	enum hl_verdict (*auth_login)(struct hl_ctx *ctx,
	    const struct hl_auth *auth);
	enum hl_verdict (*auth_cram_md5)(struct hl_ctx *ctx,
	    const struct hl_auth *auth);
	enum hl_verdict (*auth_xoauth2)(struct hl_ctx *ctx,
	    const struct hl_auth *auth);
	enum hl_verdict (*auth_oauthbearer)(struct hl_ctx *ctx,
	    const struct hl_auth *auth);
	enum hl_verdict (*auth_external)(struct hl_ctx *ctx,
	    const struct hl_auth *auth);
	enum hl_verdict (*auth_scram_sha_256)(struct hl_ctx *ctx,
	    hl_str mechanism, hl_str user);
	enum hl_verdict (*rcpt_parse)(struct hl_ctx *ctx,
	    hl_str line, struct hl_parsed *ret);
	enum hl_verdict (*rcpt_pre)(struct hl_ctx *ctx,
	    hl_str addr, const struct hl_params *params, struct hl_out *ret);
	enum hl_verdict (*rcpt)(struct hl_ctx *ctx, const struct hl_addr *addr);
	enum hl_verdict (*mail_parse)(struct hl_ctx *ctx,
	    hl_str line, struct hl_parsed *ret);
	enum hl_verdict (*mail)(struct hl_ctx *ctx, const struct hl_addr *addr);
	enum hl_verdict (*mail_pre)(struct hl_ctx *ctx,
	    hl_str addr, const struct hl_params *params, struct hl_out *ret);
	enum hl_verdict (*data)(struct hl_ctx *ctx);
	enum hl_verdict (*header)(struct hl_ctx *ctx,
	    hl_str name, hl_str value);
	enum hl_verdict (*data_headers_end)(struct hl_ctx *ctx);
	enum hl_verdict (*body_chunk)(struct hl_ctx *ctx,
	    const void *bytes, size_t size);
	enum hl_verdict (*max_data_exceeded)(struct hl_ctx *ctx,
	    uint64_t size, uint64_t limit);
	enum hl_verdict (*data_post_headers)(struct hl_ctx *ctx);
	enum hl_verdict (*received_line)(struct hl_ctx *ctx,
	    hl_str proto, hl_str auth, hl_str tls, struct hl_lines *ret);
	enum hl_verdict (*data_post)(struct hl_ctx *ctx);
	enum hl_verdict (*queue_pre)(struct hl_ctx *ctx);
	enum hl_verdict (*queue)(struct hl_ctx *ctx);
	enum hl_verdict (*queue_post)(struct hl_ctx *ctx);
	enum hl_verdict (*vrfy)(struct hl_ctx *ctx, hl_str rest);
	enum hl_verdict (*noop)(struct hl_ctx *ctx, hl_str rest);
	enum hl_verdict (*rset)(struct hl_ctx *ctx);
	enum hl_verdict (*quit)(struct hl_ctx *ctx);
	enum hl_verdict (*timeout)(struct hl_ctx *ctx, enum hl_phase phase);
	enum hl_verdict (*abort)(struct hl_ctx *ctx, enum hl_phase phase);
	enum hl_verdict (*reset_transaction)(struct hl_ctx *ctx);
	enum hl_verdict (*disconnect)(struct hl_ctx *ctx);
	enum hl_verdict (*post_connection)(struct hl_ctx *ctx);
	enum hl_verdict (*unrecognized_command)(struct hl_ctx *ctx,
	    hl_str verb, hl_str rest);
	enum hl_verdict (*help)(struct hl_ctx *ctx, hl_str rest);
	enum hl_verdict (*reply)(struct hl_ctx *ctx,
	    const struct hl_reply *reply);
	enum hl_verdict (*deny)(struct hl_ctx *ctx,
	    hl_str plugin, enum hl_verdict verdict, hl_str text);
	enum hl_verdict (*ok)(struct hl_ctx *ctx,
	    hl_str plugin, enum hl_verdict verdict, hl_str text);
	/* END hooks */
	/* clang-format on */
};

/* What a queue plugin keeps of a message and passes on to whoever has it next.
 * The keyword of EHLO is offered, and its parameters are taken, only where all
 * plugins that hook `queue` declare it.  Declare what you really do: the
 * client relies on it. */
#define HL_CARRIES_SMTPUTF8 (UINT64_C(1) << 0)
#define HL_CARRIES_DSN (UINT64_C(1) << 1)
#define HL_CARRIES_BINARYMIME (UINT64_C(1) << 2)
#define HL_CARRIES_REQUIRETLS (UINT64_C(1) << 3)
#define HL_CARRIES_MT_PRIORITY (UINT64_C(1) << 4)
#define HL_CARRIES_FUTURERELEASE (UINT64_C(1) << 5)

struct hl_plugin_entry {
	size_t size; /* of struct hl_plugin, as compiled */
	const struct hl_plugin *plugin;
};

/* Names the descriptor; once in each plugin.  The symbol carries the ABI
 * generation: fields are only added at the end, `size` tells which exist. */
extern HL_EXPORT const struct hl_plugin_entry hl_plugin_v1;
#define HL_PLUGIN(descriptor)                           \
	const struct hl_plugin_entry hl_plugin_v1 = {   \
		sizeof(struct hl_plugin), &(descriptor) \
	}

/* ---- this plugin --------------------------------------------------- */

/* The arguments of this line, a struct of `args_size` as the table says. */
const void *hl_args(const struct hl_ctx *ctx);
/* Typed memory, zeroed when first asked for.  NULL where there is no session
 * (load, init_worker, shutdown), and hl_txn_mem where there is no message: before
 * MAIL, in reset_transaction at a RSET without one, and in mail and rcpt that a
 * Perl plugin runs itself (run_hooks).  Freed by the core. */
void *hl_session_mem(struct hl_ctx *ctx);
void *hl_txn_mem(struct hl_ctx *ctx);
/* Typed memory of this line in config/plugins; lives as long as the worker. */
void *hl_instance(struct hl_ctx *ctx);
hl_str hl_plugin_name(const struct hl_ctx *ctx); /* "name" or "name:1" */
hl_str hl_hook_name(const struct hl_ctx *ctx);
/* In load: why it fails, with file and line of the plugin's line put in
 * front by the core.  Returns -EINVAL. */
int hl_load_error(struct hl_ctx *ctx, const char *fmt, ...) HL_PRINTF(2, 3);
/* In load: what the plugin will open, run or connect to.  `hookline check`
 * prints it, and a use that was not declared fails with -EACCES; a worker is
 * confined to what was, so that holds for libraries too.  A path ends in '/'
 * to mean everything below it; `where` is as in hl_dial, or "*" for any
 * address.  Return 0 or -EINVAL. */
int hl_need_read(struct hl_ctx *ctx, hl_str path);
int hl_need_write(struct hl_ctx *ctx, hl_str path);
int hl_need_exec(struct hl_ctx *ctx, hl_str path);
/* The same for a program whose set-user-ID or set-group-ID bit shall count, as
 * qmail-queue's: else, and if a bit is root's, it runs as the user of the
 * workers. */
int hl_need_exec_setuid(struct hl_ctx *ctx, hl_str path);
int hl_need_connect(struct hl_ctx *ctx, hl_str where);

/* ---- answers ------------------------------------------------------- */

/* Set the reply's text and return the verdict of their name.  `enhanced` is
 * an RFC 3463 code such as "5.7.1", or NULL for the hook's own.  The text may
 * have several lines, parted by \n; with "" the default text is sent. */
enum hl_verdict hl_ok(struct hl_ctx *ctx, const char *fmt, ...)
    HL_PRINTF(2, 3) HL_RETURN_IT;
enum hl_verdict hl_deny(struct hl_ctx *ctx, const char *enhanced,
    const char *fmt, ...) HL_PRINTF(3, 4) HL_RETURN_IT;
enum hl_verdict hl_denysoft(struct hl_ctx *ctx, const char *enhanced,
    const char *fmt, ...) HL_PRINTF(3, 4) HL_RETURN_IT;
enum hl_verdict hl_deny_disconnect(struct hl_ctx *ctx, const char *enhanced,
    const char *fmt, ...) HL_PRINTF(3, 4) HL_RETURN_IT;
enum hl_verdict hl_denysoft_disconnect(struct hl_ctx *ctx, const char *enhanced,
    const char *fmt, ...) HL_PRINTF(3, 4) HL_RETURN_IT;
/* Any verdict, e.g. one that was read from a control file.  `enhanced` and
 * `text` may be empty. */
enum hl_verdict hl_answer(struct hl_ctx *ctx, enum hl_verdict verdict,
    hl_str enhanced, hl_str text) HL_RETURN_IT;
/* "DENY", "denysoft", "901" ... to a verdict.  -EINVAL if it is none. */
int hl_verdict_parse(hl_str text, enum hl_verdict *ret);
const char *hl_verdict_name(enum hl_verdict verdict); /* "DENY" */

/* Sends a reply now; the hook must then return HL_DONE.
 * `code` is 4xx, 5xx or 2xx, or 334 in an auth hook.  -EINVAL a code that is
 * not allowed here; -EALREADY the command was answered. */
int hl_reply(struct hl_ctx *ctx, unsigned code, const char *enhanced,
    const char *fmt, ...) HL_PRINTF(4, 5);
/* In the reply hook: what is about to be sent, and another text for it. */
unsigned hl_reply_code(const struct hl_reply *reply);
hl_str hl_reply_enhanced(const struct hl_reply *reply);
hl_str hl_reply_text(const struct hl_reply *reply); /* lines parted by \n */
/* `code` keeps its first digit (220, 221, 334, 353, 354, 421 stay as they are);
 * 0 keeps the code.  -EINVAL when it does not, or outside the reply hook. */
int hl_reply_set(
    struct hl_ctx *ctx, unsigned code, hl_str enhanced, hl_str text);
/* In the capabilities hook: lines of the EHLO reply, e.g. "XFOO 1".  Remove
 * takes the keyword alone; true when it was there.  What is removed is not
 * offered: its parameters get 555, BDAT 503.  In the ehlo hook, too, lines can
 * be added, but for keywords that hookline knows or somebody has added. */
int hl_ehlo_add(struct hl_ctx *ctx, hl_str line);
bool hl_ehlo_remove(struct hl_ctx *ctx, hl_str keyword);

/* ---- facts of the session ------------------------------------------ */

hl_str hl_peer_ip(const struct hl_ctx *ctx); /* "192.0.2.1", "2001:db8::1" */
unsigned hl_peer_port(const struct hl_ctx *ctx);
hl_str hl_local_ip(const struct hl_ctx *ctx);
unsigned hl_local_port(const struct hl_ctx *ctx);
/* The client's name by reverse DNS, not forward-confirmed; "Unknown" if there
 * is none, "[ip]" with config/rdns 0.  BLOCKS. */
hl_str hl_peer_name(struct hl_ctx *ctx);
/* Open connections of this client (IPv6: of its network, a /64 unless
 * config/client_prefix says another), in all workers. */
unsigned hl_peer_connections(const struct hl_ctx *ctx);
unsigned hl_peer_connections_max(const struct hl_ctx *ctx);
/* In pre_connection: this client may have `max` connections, not those of
 * config/max_per_client; at most HL_PEER_CONNECTIONS_EXTRA more than these. */
#define HL_PEER_CONNECTIONS_EXTRA 16
void hl_peer_connections_allow(struct hl_ctx *ctx, unsigned max);
hl_str hl_listener(const struct hl_ctx *ctx); /* name in config/listen */
hl_str hl_helo(const struct hl_ctx *ctx);     /* accepted HELO name, or "" */
bool hl_is_esmtp(const struct hl_ctx *ctx);   /* it said EHLO or LHLO */
bool hl_is_lmtp(const struct hl_ctx *ctx);    /* the listener speaks LMTP */
hl_str hl_me(const struct hl_ctx *ctx);       /* config/me */
hl_str hl_session_id(const struct hl_ctx *ctx);
hl_str hl_txn_id(const struct hl_ctx *ctx); /* "" before MAIL */
/* As the client sent it, but of AUTH the mechanism alone: "AUTH PLAIN ***". */
hl_str hl_command_line(const struct hl_ctx *ctx);
enum hl_phase hl_phase(const struct hl_ctx *ctx);
bool hl_relay_client(const struct hl_ctx *ctx); /* may relay */
/* STARTTLS ends AUTH, and relay_client unless it was set at `connect`. */
void hl_relay_client_set(struct hl_ctx *ctx, bool yes);
const struct hl_tls *hl_tls(const struct hl_ctx *ctx); /* NULL in clear */
hl_str hl_auth_user(const struct hl_ctx *ctx);         /* "" */
hl_str hl_auth_mechanism(const struct hl_ctx *ctx);
/* The PROXY header that the connection began with; NULL: none.  The address
 * above is then the client's, this is about the proxy. */
const struct hl_proxy *hl_proxy(const struct hl_ctx *ctx);
unsigned hl_proxy_version(const struct hl_proxy *proxy); /* 1 or 2 */
hl_str hl_proxy_ip(const struct hl_proxy *proxy); /* the proxy's own address */
/* The proxy speaks for itself, as in a health check: hl_peer_ip is its own.  If
 * it speaks for a client of which it knows no address, this is false, and
 * hl_peer_ip is "unknown". */
bool hl_proxy_is_local(const struct hl_proxy *proxy);
/* The bytes of the first TLV of that type (PROXY protocol 2.2.1: 0x01 ALPN,
 * 0x02 authority, 0x05 unique id, 0x20 SSL, 0xe0 and above your own).  False:
 * there is none, and nothing is set. */
bool hl_proxy_tlv(const struct hl_proxy *proxy, unsigned type,
    const void **ret_bytes, size_t *ret_size);
/* What XFORWARD said of this message's first client: "name", "addr", "port",
 * "proto", "helo", "ident" (its queue id there), "source" ("LOCAL" or
 * "REMOTE").  "" when it said nothing.  Do not decide by it. */
hl_str hl_forwarded(const struct hl_ctx *ctx, hl_str attribute);
/* What `plugin` answered to `hook` earlier; false if it was not asked (or over
 * 4,094 plugins were). */
bool hl_result(
    const struct hl_ctx *ctx, hl_str hook, hl_str plugin, enum hl_verdict *ret);

/* ---- AUTH ---------------------------------------------------------- */

/* What the client has shown, in the auth hooks.  None of it may be logged or
 * kept: the memory is wiped when the command ends.
 *
 * user: PLAIN, LOGIN, CRAM-MD5, XOAUTH2: as the client sent it; EXTERNAL: its
 * authorization identity, else the first mail address in its certificate, else
 * the certificate's subject; OAUTHBEARER: its authorization identity, "" when
 * it sent none: then HL_OK needs a call of hl_auth_user_set.  Never empty
 * else, no control characters.
 * clear: PLAIN and LOGIN the password, XOAUTH2 and OAUTHBEARER the token;
 * never empty there, "" in CRAM-MD5 and EXTERNAL. */
hl_str hl_auth_attempt_mechanism(const struct hl_auth *auth); /* "plain" */
hl_str hl_auth_attempt_user(const struct hl_auth *auth);
hl_str hl_auth_attempt_clear(const struct hl_auth *auth);
/* CRAM-MD5 (RFC 2195): HMAC-MD5 of the ticket with the password as the key, in
 * lower-case hex, and the ticket, e.g. "<1896.697170952@mx.example>"; "" in
 * other mechanisms. */
hl_str hl_auth_attempt_hash(const struct hl_auth *auth);
hl_str hl_auth_attempt_ticket(const struct hl_auth *auth);
/* As whom it wants to act, "" when it did not say.  With a password that is
 * the user or nobody: all else is refused before any hook runs. */
hl_str hl_auth_attempt_authzid(const struct hl_auth *auth);

/* Is it the password of which `clear`, `crypted` or both are kept ("" for what
 * is not)?  `crypted` is a hash of crypt(3) that begins with '$' (yescrypt,
 * bcrypt, SHA-512 ...), one of Argon2 ($argon2id$ ...), or the keys of SCRAM-SHA-256 in the form of RFC 5803;
 * it is checked on the thread pool.  Compares in constant time.
 * HL_OK; HL_DENY it is not, or nothing is kept; HL_DECLINED: CRAM-MD5, and
 * `clear` is "", or `crypted` has no known form (logged).  BLOCKS. */
enum hl_verdict hl_auth_verify(struct hl_ctx *ctx, const struct hl_auth *auth,
    hl_str clear, hl_str crypted);
/* Is this text one that hl_auth_verify takes as `crypted`? */
bool hl_auth_is_hash(hl_str stored);
/* Before HL_OK: the name that the user goes by from now on (hl_auth_user, log
 * lines, Authentication-Results), e.g. what a directory or a token says.  0;
 * -EINVAL "", a control character, over HL_AUTH_USER_MAX octets, or outside of
 * the auth hooks. */
#define HL_AUTH_USER_MAX 1024
int hl_auth_user_set(struct hl_ctx *ctx, hl_str user);
/* In auth-scram-sha-256, before HL_OK: the user's keys.  The core does the
 * exchange and tells the client only whether it succeeded; DENY and "no such
 * user" look the same to it as a wrong password.  Salt and keys are base64,
 * 4,096 to 10,000,000 iterations.  0; -EINVAL they are not, or another hook. */
int hl_auth_scram(struct hl_ctx *ctx, unsigned iterations, hl_str salt,
    hl_str stored_key, hl_str server_key);
/* The same from "SCRAM-SHA-256$4096:SALT$STOREDKEY:SERVERKEY" (RFC 5803). */
int hl_auth_scram_stored(struct hl_ctx *ctx, hl_str stored);
/* The same from a password in clear text, for which keys are made (with
 * config/scram_iterations) on the thread pool.  0; -EINVAL "", or another hook; -ECANCELED; -ETIMEDOUT.
 * BLOCKS. */
int hl_auth_scram_clear(struct hl_ctx *ctx, hl_str password);
/* The client's credentials in base64, as a server of another protocol takes
 * them from a SASL client at once: of PLAIN and LOGIN as PLAIN (RFC 4616),
 * of XOAUTH2 and OAUTHBEARER (RFC 7628) as the same; "" of others. */
hl_str hl_auth_response(struct hl_ctx *ctx, const struct hl_auth *auth);
/* Nobody can tell now, e.g. the directory does not answer: logs why, answers
 * 454 4.7.0, and does not count as a failed attempt.  Return what it returns.
 */
enum hl_verdict hl_auth_unavailable(struct hl_ctx *ctx, const char *fmt, ...)
    HL_PRINTF(2, 3);
/* ---- TLS ----------------------------------------------------------- */

/* What hl_tls() or the tls_done hook gives; lives as long as the session.
 * None of these blocks or fails. */
hl_str hl_tls_version(const struct hl_tls *tls); /* "TLSv1.3" */
hl_str hl_tls_cipher(const struct hl_tls *tls);  /* OpenSSL's name of it */
unsigned hl_tls_bits(const struct hl_tls *tls);  /* of the cipher's key */
/* The server name that the client asked for, in lower case; "" none. */
hl_str hl_tls_sni(const struct hl_tls *tls);
/* An earlier session of the client goes on; what its certificate said then
 * holds now. */
bool hl_tls_resumed(const struct hl_tls *tls);
/* Who the client's certificate is for and who has signed it, as one line of
 * RFC 2253 in UTF-8 ("CN=mx.example,O=Example"); "" without a certificate, or
 * when it is longer than 1,024 bytes. */
hl_str hl_tls_cert_subject(const struct hl_tls *tls);
hl_str hl_tls_cert_issuer(const struct hl_tls *tls);
/* SHA-256 of the certificate, 64 hex digits in lower case; "" there is none. */
hl_str hl_tls_cert_fingerprint(const struct hl_tls *tls);
/* True: the client CA of this server vouches for it, and it is valid now.
 * Subject, issuer and names of any other are what the client made up. */
bool hl_tls_cert_verified(const struct hl_tls *tls);
/* When it ends, in seconds since 1970; 0 without a certificate. */
int64_t hl_tls_cert_not_after(const struct hl_tls *tls);
/* Its subjectAltNames that are host names or mail addresses, the first 32;
 * index from 0, "" beyond the end. */
size_t hl_tls_cert_name_count(const struct hl_tls *tls);
hl_str hl_tls_cert_name(const struct hl_tls *tls, size_t index);

/* ---- addresses and the envelope ------------------------------------ */

hl_str hl_addr_text(const struct hl_addr *addr);  /* "a@b", "" for <> */
hl_str hl_addr_local(const struct hl_addr *addr); /* unquoted */
hl_str hl_addr_host(const struct hl_addr *addr);  /* as sent; "" for <> */
bool hl_addr_is_null(const struct hl_addr *addr); /* the null sender <> */
/* A domain may have letters outside of ASCII (RFC 6531); written with them, in
 * UTF-8, or as "xn--bcher-kva.example", it is one.  Look-ups take both for it;
 * a plugin that compares domains itself asks hl_domain_equal, and takes the
 * ASCII form for the DNS, for keys and for other programs. */
hl_str hl_addr_host_ascii(const struct hl_addr *addr);
/* The same mailbox?  Case matters in the local part alone. */
bool hl_addr_equal(const struct hl_addr *a, const struct hl_addr *b);
bool hl_domain_equal(hl_str a, hl_str b);
/* In lower case; "" what is no domain. */
hl_str hl_domain_ascii(struct hl_ctx *ctx, hl_str domain);
hl_str hl_domain_utf8(struct hl_ctx *ctx, hl_str domain);
/* `pattern` with %l (local part), %d (domain in lower case; config/me where
 * there is none) and %u (both, with '@') put in, safe as part of a path: ASCII
 * outside of -A-Za-z0-9+_.,@= becomes '_', as do names of dots alone and "".
 * UTF-8 of a local part stays, a domain is in its ASCII form. */
hl_str hl_addr_path(
    struct hl_ctx *ctx, const struct hl_addr *addr, hl_str pattern);
/* With or without brackets.  0; -EINVAL, *ret unchanged. */
int hl_addr_parse(struct hl_ctx *ctx, hl_str text, const struct hl_addr **ret);
const struct hl_addr *hl_sender(const struct hl_ctx *ctx); /* or NULL */
/* Was MAIL said with SMTPUTF8?  Then addresses and header fields may hold
 * UTF-8, and whoever gets the message must be told. */
bool hl_is_smtputf8(const struct hl_ctx *ctx);
/* Parameters of the MAIL that was accepted; none before. */
const struct hl_params *hl_sender_params(const struct hl_ctx *ctx);
/* What the parameters of DSN (RFC 3461) of an accepted envelope say. */
hl_str hl_dsn_ret(const struct hl_ctx *ctx); /* "FULL", "HDRS", or "" */
hl_str hl_dsn_envid(struct hl_ctx *ctx);     /* decoded; "" none */
enum hl_notify {
	HL_NOTIFY_NEVER = 1 << 0, /* alone */
	HL_NOTIFY_SUCCESS = 1 << 1,
	HL_NOTIFY_FAILURE = 1 << 2,
	HL_NOTIFY_DELAY = 1 << 3
};
unsigned hl_dsn_notify(const struct hl_rcpt *rcpt); /* bits; 0: not said */
/* The original recipient, decoded: its type ("rfc822", "utf-8") and address.
 * False, both unchanged, when there is none. */
bool hl_dsn_orcpt(struct hl_ctx *ctx, const struct hl_rcpt *rcpt,
    hl_str *ret_type, hl_str *ret_address);
/* Parameters of the running MAIL or RCPT; names in lower case. */
const struct hl_params *hl_params(const struct hl_ctx *ctx);
/* "" when it is absent or has no value; hl_param_has tells them apart. */
hl_str hl_param(const struct hl_params *params, hl_str name);
bool hl_param_has(const struct hl_params *params, hl_str name);
size_t hl_param_count(const struct hl_params *params);
hl_str hl_param_name(const struct hl_params *params, size_t index);
/* Accepted recipients, in order; index from 0, NULL beyond the end. */
size_t hl_rcpt_count(const struct hl_ctx *ctx);
struct hl_rcpt *hl_rcpt_at(const struct hl_ctx *ctx, size_t index);
const struct hl_addr *hl_rcpt_addr(const struct hl_rcpt *rcpt);
const struct hl_params *hl_rcpt_params(const struct hl_rcpt *rcpt);
/* 0; -EINVAL bad address, or one outside of ASCII while hl_is_smtputf8 says no;
 * -E2BIG too many; -EROFS in queue_post. */
int hl_rcpt_add(struct hl_ctx *ctx, hl_str address);
int hl_rcpt_remove(struct hl_ctx *ctx, struct hl_rcpt *rcpt);
/* In data_post and queue: the fate of one recipient.  What the hook returns
 * holds for the others; after HL_DECLINED the next plugins see those others
 * alone.  -EINVAL in any other hook. */
int hl_rcpt_verdict(struct hl_ctx *ctx, struct hl_rcpt *rcpt,
    enum hl_verdict verdict, hl_str text);
/* The client gets a reply for each recipient (LMTP, PRDR), so that they may
 * fare differently; else it gets one for all, and must not be told 250 before
 * each one's fate is known. */
bool hl_rcpt_replies(const struct hl_ctx *ctx);
/* What became of it so far, e.g. in queue_post: HL_OK, HL_DENY, HL_DENYSOFT,
 * or HL_DECLINED while it is open; with the plugin's text (NULL: not wanted). */
enum hl_verdict hl_rcpt_fate(const struct hl_rcpt *rcpt, hl_str *ret_text);

/* ---- the message --------------------------------------------------- */

/* Bytes of header, separator and body as received, line ends as LF. */
uint64_t hl_data_size(const struct hl_ctx *ctx);
/* Bytes that hl_message_read gives in all; 0 where there is no message yet. */
uint64_t hl_message_size(const struct hl_ctx *ctx, enum hl_eol eol);
/* A field's value, folds kept, without its final line end.  `index` counts
 * fields of that name from 0.  "" when there is none. */
hl_str hl_header_get(const struct hl_ctx *ctx, hl_str name, size_t index);
size_t hl_header_count(const struct hl_ctx *ctx, hl_str name);
/* All fields in order: false beyond the end. */
bool hl_header_at(const struct hl_ctx *ctx, size_t index, hl_str *ret_name,
    hl_str *ret_value);
/* 0; -EINVAL no message, a bad name, or a line end that is no fold; -E2BIG;
 * -EROFS in queue_post.  Replace adds the field when there is none; delete
 * with the index SIZE_MAX takes all of that name. */
int hl_header_add_top(struct hl_ctx *ctx, hl_str name, hl_str value);
int hl_header_add(struct hl_ctx *ctx, hl_str name, hl_str value);
int hl_header_replace(
    struct hl_ctx *ctx, hl_str name, size_t index, hl_str value);
int hl_header_delete(struct hl_ctx *ctx, hl_str name, size_t index);
/* Readers from the start: the message as it is delivered (added and edited
 * fields, separator, body), or the body alone as it was sent.  They live
 * until the hook returns.  NULL where there is no message yet. */
struct hl_reader *hl_message_read(struct hl_ctx *ctx, enum hl_eol eol);
struct hl_reader *hl_body_read(struct hl_ctx *ctx, enum hl_eol eol);
/* Bytes read, 0 at the end, negative errno.  BLOCKS. */
long hl_read(struct hl_reader *reader, void *bytes, size_t size);
/* One line without its end, at most `size` - 1 bytes and NUL (`size` >= 4);
 * a longer one comes in pieces, a NUL in it reads as a space.  In a body that
 * is no text CRLF and LF both end one.  1, or 0 at the end, or a negative
 * errno.  BLOCKS. */
int hl_read_line(struct hl_reader *reader, char *line, size_t size);
/* The path of a file with the message as received, LF line ends, without
 * edits; it is removed with the transaction.  0 or negative.  BLOCKS. */
int hl_body_filename(struct hl_ctx *ctx, hl_str *ret);

/* ---- notes --------------------------------------------------------- */

/* Names are free, but for "hl.result.HOOK.PLUGIN": the name of the verdict
 * that hl_result tells, in either scope; it cannot be set (-EROFS). */

/* Text and numbers, the common case.  "" and `fallback` when absent. */
hl_str hl_note_text(const struct hl_ctx *ctx, enum hl_scope scope, hl_str name);
int64_t hl_note_int(const struct hl_ctx *ctx, enum hl_scope scope, hl_str name,
    int64_t fallback);
bool hl_note_has(const struct hl_ctx *ctx, enum hl_scope scope, hl_str name);
/* 0; -E2BIG over the memory limit; -EINVAL there is no such scope now. */
int hl_note_set_text(
    struct hl_ctx *ctx, enum hl_scope scope, hl_str name, hl_str value);
int hl_note_set_int(
    struct hl_ctx *ctx, enum hl_scope scope, hl_str name, int64_t value);
bool hl_note_delete(struct hl_ctx *ctx, enum hl_scope scope, hl_str name);
/* Values in general.  What get returns stays valid until the hook returns,
 * also when another plugin replaces the note meanwhile.  NULL when absent. */
const struct hl_value *hl_note_get(
    struct hl_ctx *ctx, enum hl_scope scope, hl_str name);
int hl_note_set(struct hl_ctx *ctx, enum hl_scope scope, hl_str name,
    const struct hl_value *value);
const struct hl_value *hl_rcpt_note_get(
    struct hl_ctx *ctx, const struct hl_rcpt *rcpt, hl_str name);
int hl_rcpt_note_set(struct hl_ctx *ctx, struct hl_rcpt *rcpt, hl_str name,
    const struct hl_value *value);
/* Makers; the value lives until the hook returns, or longer in a note. */
struct hl_value *hl_value_text(struct hl_ctx *ctx, hl_str text);
struct hl_value *hl_value_int(struct hl_ctx *ctx, int64_t number);
struct hl_value *hl_value_list(struct hl_ctx *ctx);
struct hl_value *hl_value_map(struct hl_ctx *ctx);
/* Only before the value is stored.  0; -EINVAL wrong kind, stored, or too
 * deep (16). */
int hl_value_append(struct hl_value *list, const struct hl_value *item);
int hl_value_put(struct hl_value *map, hl_str key, const struct hl_value *item);
/* Readers: the empty string, 0 or NULL where the kind does not fit. */
enum hl_kind { HL_KIND_TEXT, HL_KIND_INT, HL_KIND_LIST, HL_KIND_MAP };
enum hl_kind hl_value_kind(const struct hl_value *value);
hl_str hl_value_as_text(const struct hl_value *value);
int64_t hl_value_as_int(const struct hl_value *value); /* text is parsed */
size_t hl_value_count(const struct hl_value *value);
const struct hl_value *hl_value_at(const struct hl_value *value, size_t i);
hl_str hl_value_key_at(const struct hl_value *map, size_t i);
const struct hl_value *hl_value_find(const struct hl_value *map, hl_str key);

/* ---- configuration ------------------------------------------------- */

/* Control files are live: each call sees the newest version; one hook sees
 * the same version throughout.  `config` hooks are asked first, except by
 * config hooks themselves.  BLOCKS. */
hl_str hl_config(struct hl_ctx *ctx, const char *key); /* first line or "" */
/* A whole number, also as "10k", "5M"; another word counts as absent. */
int64_t hl_config_int(struct hl_ctx *ctx, const char *key, int64_t fallback);
const struct hl_list *hl_config_list(struct hl_ctx *ctx, const char *key);
const struct hl_list *hl_user_config_list(
    struct hl_ctx *ctx, const struct hl_addr *addr, const char *key);
/* A file elsewhere that is written as a control file is, and as live; empty
 * when there is none.  `path` is absolute and was declared (hl_need_read). */
const struct hl_list *hl_config_list_at(struct hl_ctx *ctx, hl_str path);
/* Says what is wrong with a line of a list, and the remedy: `hookline check`
 * does, with file and line, when it was found in load; the log once until the
 * file changes.  `key` is what the list was asked for by, a key or a path; an
 * index beyond the list means the file as a whole. */
void hl_config_fault(struct hl_ctx *ctx, const char *key,
    const struct hl_list *list, size_t index, const char *fmt, ...)
    HL_PRINTF(5, 6);
/* The file KEY.cdb; NULL if there is none. */
const struct hl_map *hl_config_map(struct hl_ctx *ctx, const char *key);
/* In a config hook: the answer holds for so many seconds. */
void hl_config_ttl(struct hl_ctx *ctx, unsigned seconds);
/* Where control files live: "/etc/hookline". */
hl_str hl_config_dir(const struct hl_ctx *ctx);

size_t hl_list_count(const struct hl_list *list);
hl_str hl_list_at(const struct hl_list *list, size_t index);
/* "FILE:LINE" of an entry, for log lines. */
hl_str hl_list_where(
    struct hl_ctx *ctx, const struct hl_list *list, size_t index);
/* What follows the first word of that line. */
hl_str hl_list_rest(const struct hl_list *list, size_t index);
/* Is `word` the first word of a line?  Case does not matter; the cost does
 * not grow with the list. */
bool hl_list_has(const struct hl_list *list, hl_str word);
/* The same for a domain: "example.com" is that domain, ".example.com" every
 * one below it. */
bool hl_list_has_domain(const struct hl_list *list, hl_str domain);
/* The rest of the line whose first word is `word`; false if there is none. */
bool hl_list_find(const struct hl_list *list, hl_str word, hl_str *ret_rest);
/* Index of that line, or -1. */
long hl_list_index(const struct hl_list *list, hl_str word);
/* Lines that begin with an address, a network or a prefix ("10.0.0.0/8",
 * "192.168.", "2001:db8::/32").  Index of the first that holds `ip`, or -1. */
long hl_list_find_ip(const struct hl_list *list, hl_str ip);
/* Patterns as in badmailfrom: an address, "@domain", or a Perl regular
 * expression where it has one of / ^ $ * + ! % ? \.  Index of the first that
 * fits, or -1; `ret_rest` is what follows the pattern. */
long hl_list_match(const struct hl_list *list, hl_str text, hl_str *ret_rest);
/* Ways to write patterns.  Case never matters; what is no Perl regular
 * expression must be equal. */
enum hl_patterns {
	/* As hl_list_match; in `files`: "patterns". */
	HL_PATTERNS_ADDRESSES,
	/* badhelo: the whole line is the pattern, an expression where it has
	 * one of { } [ ] ( ) ^ $ | * + ? \ !; behind a ! in front one that fits
	 * what it does not match.  In `files`: "name-patterns". */
	HL_PATTERNS_NAMES,
	/* rcpt_regexp: an expression stands between slashes.  In `files`:
	 * "slashed-patterns". */
	HL_PATTERNS_SLASHED,
	/* hbedv_deny: each line is an expression that stands between ^ and $,
	 * as it is: in "a|b" the first belongs to a alone, the other to b.  In
	 * `files`: "whole-patterns". */
	HL_PATTERNS_WHOLE
};
long hl_list_match_as(const struct hl_list *list, enum hl_patterns kind,
    hl_str text, hl_str *ret_rest);

bool hl_map_get(
    struct hl_ctx *ctx, const struct hl_map *map, hl_str key, hl_str *ret);

/* Regular expressions (PCRE2, with a match limit).  In load: lives as long
 * as the worker; in a hook: until it returns.  0; -EINVAL with the reason in
 * *ret_error (may be NULL). */
int hl_pattern_new(struct hl_ctx *ctx, hl_str regex, bool caseless,
    struct hl_pattern **ret, hl_str *ret_error);
/* 1 fits, 0 does not; -E2BIG gave up at the match limit. */
int hl_pattern_match(const struct hl_pattern *pattern, hl_str text);

/* Takes the next word off `rest`; "" when there is none left.  Words are parted
 * by spaces and tabs, as those of HL_ARG_WORDS and of hl_list_rest. */
hl_str hl_word(struct hl_ctx *ctx, hl_str *rest);

/* For hooks with a `ret`: adds a line to what they give.  There are at most
 * 100,000; the rest is left out, and the log tells the file that was asked
 * for. */
void hl_lines_add(struct hl_lines *ret, hl_str line);
/* Lines of a plugin's own, and all of them as one text, parted by \n. */
struct hl_lines *hl_lines_new(struct hl_ctx *ctx);
void hl_lines_printf(struct hl_lines *lines, const char *fmt, ...)
    HL_PRINTF(2, 3);
hl_str hl_lines_text(const struct hl_lines *lines);
void hl_out_set(struct hl_out *ret, hl_str address);
/* For *_parse hooks.  mail, rcpt: the address (with or without brackets);
 * helo, ehlo: the host; auth: the mechanism, and as a parameter of any name the
 * initial response, in base64. */
void hl_parsed_set(struct hl_parsed *ret, hl_str what);
void hl_parsed_param(struct hl_parsed *ret, hl_str name, hl_str value);

/* ---- waiting, DNS, connections, programs --------------------------- */

int hl_sleep(struct hl_ctx *ctx, uint64_t ms); /* BLOCKS */
/* 1 the client has sent something, 0 it was silent for `ms`.  BLOCKS. */
int hl_client_wait(struct hl_ctx *ctx, uint64_t ms);
/* The client's next line, after hl_reply(334).  BLOCKS. */
int hl_client_line(struct hl_ctx *ctx, uint64_t timeout_ms, hl_str *ret);
/* Runs `fn(arg)` on the thread pool; returns what it returns.  `fn` must not
 * call hookline.  Never abandoned: it waits even if the client is gone.
 * BLOCKS. */
int hl_offload(struct hl_ctx *ctx, int (*fn)(void *arg), void *arg);

enum hl_dns_type {
	HL_DNS_A = 1,
	HL_DNS_NS = 2,
	HL_DNS_CNAME = 5,
	HL_DNS_SOA = 6,
	HL_DNS_PTR = 12,
	HL_DNS_MX = 15,
	HL_DNS_TXT = 16,
	HL_DNS_AAAA = 28,
	HL_DNS_SRV = 33,
	HL_DNS_TLSA = 52
};
/* Records > 0; 0 no such name or no such record; -EAGAIN the DNS failed
 * (answer 4xx, never 5xx), or has more than 256 records; -EINVAL bad name;
 * -ETIMEDOUT; -ECANCELED.  CNAMEs are followed, MX is sorted, TXT strings are
 * joined.  `ret` may be NULL and is set for >= 0.  BLOCKS. */
int hl_dns_query(struct hl_ctx *ctx, hl_str name, enum hl_dns_type type,
    const struct hl_dns **ret);
/* The same in two steps, so that several questions take the time of one.
 * Wait gives the answer once, as hl_dns_query does; -ETIME none came within
 * `timeout_ms` (0: no limit but the hook's).  An ask ends with the hook; one
 * that nobody has waited for is still answered, for who asks later. */
struct hl_dns_ask *hl_dns_start(
    struct hl_ctx *ctx, hl_str name, enum hl_dns_type type);
/* BLOCKS. */
int hl_dns_wait(struct hl_ctx *ctx, struct hl_dns_ask *ask, uint64_t timeout_ms,
    const struct hl_dns **ret);
/* "192.0.2.1" to "1.2.0.192.in-addr.arpa", or with another zone for lists:
 * "1.2.0.192.zone".  "" if it is no address. */
hl_str hl_dns_reverse(struct hl_ctx *ctx, hl_str ip, hl_str zone);
size_t hl_dns_count(const struct hl_dns *dns);
/* The address, host name or text of a record; SRV "HOST:PORT", TLSA
 * "3 1 1 HEX", SOA its fields with spaces between. */
hl_str hl_dns_text(const struct hl_dns *dns, size_t index);
unsigned hl_dns_priority(const struct hl_dns *dns, size_t index);
unsigned hl_dns_ttl(const struct hl_dns *dns); /* seconds */
bool hl_dns_name_exists(const struct hl_dns *dns);

/* `where`: "192.0.2.1:25", "[2001:db8::1]:25", "host.example:25",
 * "unix:/run/x.sock", or "tls:" and one of the first three: TLS with the
 * system's authorities, and a certificate for that address or host.  0;
 * -EACCES not declared; -EINVAL not understood; -ETIME took longer than
 * `timeout_ms` (0: none but the hook's); -EHOSTUNREACH the host has no
 * address, or none of them answers; as hl_conn_starttls; other negative errno.
 * BLOCKS. */
int hl_dial(struct hl_ctx *ctx, hl_str where, uint64_t timeout_ms,
    struct hl_conn **ret);
/* Whom hl_conn_starttls wants to find at the other end. */
struct hl_tls_peer {
	hl_str name;     /* host or address, as in its certificate; SNI */
	hl_str ca_file;  /* PEM, declared by hl_need_read; "": the system's */
	bool unverified; /* take any certificate; name may be "" */
	const void *reserved[4]; /* for later releases; leave it zero */
};
/* Goes on in TLS (1.2 or later), after the peer's answer to STARTTLS, or at
 * once after hl_dial where "tls:" does not fit.  0; -EKEYREJECTED its
 * certificate is not acceptable; -EPROTO it speaks no TLS, or has sent more
 * in clear than was asked for; -ECONNRESET it closed; -ETIME; -EINVAL no
 * name, or TLS already; -EACCES, -ENOENT and others: the CA file.  After an
 * error only hl_conn_close is of use.  BLOCKS. */
int hl_conn_starttls(struct hl_ctx *ctx, struct hl_conn *conn,
    const struct hl_tls_peer *peer, uint64_t timeout_ms);
/* Why the last hl_dial, hl_conn_pool_get or hl_conn_starttls of this hook that
 * failed did so, in words for the log: "cannot connect to tls:a.example:993:
 * certificate verify failed: certificate has expired".  "" if none did. */
hl_str hl_conn_error(const struct hl_ctx *ctx);
/* Bytes, at least one; 0 at the end (in TLS: of which the peer has assured us,
 * else -ECONNRESET); -ECONNABORTED, as all of these, when the kernel has given up
 * on a peer that does not answer.  BLOCKS. */
long hl_recv(
    struct hl_conn *conn, void *bytes, size_t size, uint64_t timeout_ms);
/* A line without its end into `line`; its length, -EMSGSIZE too long,
 * -EPIPE closed before a line end.  BLOCKS. */
long hl_recv_line(
    struct hl_conn *conn, char *line, size_t size, uint64_t timeout_ms);
int hl_send(struct hl_conn *conn, const void *bytes, size_t size,
    uint64_t timeout_ms); /* all; BLOCKS */
/* With one byte, 0; Unix sockets, not in TLS.  BLOCKS. */
int hl_send_fd(struct hl_conn *conn, int fd);
/* Connections that are left open are closed when the hook returns. */
void hl_conn_close(struct hl_conn **conn);
/* A connection to `where` that this plugin has kept, or a new one
 * (*ret_fresh, may be NULL).  Put gives it back for the next session of this
 * worker, with its TLS if it has begun.  BLOCKS. */
int hl_conn_pool_get(struct hl_ctx *ctx, hl_str where, uint64_t timeout_ms,
    struct hl_conn **ret, bool *ret_fresh);
void hl_conn_pool_put(struct hl_ctx *ctx, struct hl_conn **conn);
/* A few bytes that stay with a connection, also while it is kept: what was
 * agreed on it.  Set copies them: 0; -E2BIG over HL_CONN_NOTE_MAX.  Get gives
 * their number, 0 if there are none, and copies as many as there is room. */
#define HL_CONN_NOTE_MAX 256
int hl_conn_note_set(struct hl_conn *conn, const void *bytes, size_t size);
size_t hl_conn_note(const struct hl_conn *conn, void *bytes, size_t size);
/* What is said on a connection before it is closed while it is kept, or since
 * enough others are: "QUIT\r\n".  Nobody waits for an answer.  Copies it: 0;
 * -E2BIG over HL_CONN_NOTE_MAX bytes. */
int hl_conn_farewell(struct hl_conn *conn, const void *bytes, size_t size);

/* One datagram to "192.0.2.1:514", "[2001:db8::1]:514" or "unix:/dev/log", as
 * declared by hl_need_connect.  0; -EAGAIN the other end did not take it within
 * a second; -ENOENT, -ECONNREFUSED nobody is there; others.  BLOCKS. */
int hl_send_datagram(
    struct hl_ctx *ctx, hl_str where, const void *bytes, size_t size);

/* A piece of what a program reads. */
enum hl_spawn_what {
	HL_SPAWN_BYTES,
	HL_SPAWN_MESSAGE, /* as hl_message_read gives it with HL_LF */
	HL_SPAWN_MESSAGE_CRLF,
	/* With LF, in lines of SMTP: a '.' more where one begins with a '.',
	 * and a line end at the end. */
	HL_SPAWN_MESSAGE_DOTS
};
struct hl_spawn_input {
	unsigned fd; /* in the program: 0 to 9, but 2 */
	enum hl_spawn_what what;
	const void *bytes; /* HL_SPAWN_BYTES */
	size_t size;
};
#define HL_SPAWN_INPUTS_MAX 64
struct hl_spawn {
	const char *const *argv; /* argv[0] is the absolute path */
	const void *input;       /* its stdin, and descriptor 3; or NULL */
	size_t input_size;
	size_t output_max;   /* of stdout that is kept; 0: none */
	uint64_t timeout_ms; /* then it is killed; 0: the hook's */
	/* In place of `input`: what it reads from which descriptor.  Pieces of
	 * the same one follow each other in this order; it is a file without
	 * a name, so a program need not read all of it. */
	const struct hl_spawn_input *inputs;
	const char *const *env; /* more variables, "HL_NAME=value"; or NULL */
	unsigned input_count;
	bool keep_errors;        /* its stderr is output, too */
	const void *reserved[1]; /* for later releases; leave it zero */
};
/* Runs a program that hl_need_exec declared; no shell, a fixed environment
 * (with `env`, of capital letters, digits and '_' behind HL_), its standard
 * error is lost but for `keep_errors`.  Its exit status, 128 + signal; -ETIME
 * it was killed after `timeout_ms`; -EINVAL a request that cannot be: both
 * kinds of input, more than HL_SPAWN_INPUTS_MAX, a message where there is none,
 * output from a stdout that is an input, other variables; -EACCES not
 * declared, or not executable; -E2BIG over 128 KiB of words and variables;
 * -ENOSPC, -EIO and others: the input could not be written; -EAGAIN the process
 * that runs programs is not there; -EPIPE that was lost, and the program with
 * it; or other negative errno.  At config/max_programs it waits for its turn.
 * BLOCKS. */
int hl_spawn(
    struct hl_ctx *ctx, const struct hl_spawn *spawn, hl_str *ret_output);

/* ---- state, files, time, chance, log ------------------------------- */

/* A small database shared by all workers; what was put is durable after one
 * second.  `table` is a name of the plugin's own.  ttl 0: never expires.
 * -EAGAIN: the state process is not there, was lost before it answered, or has
 * just set a damaged file aside; -ENOSPC, -EROFS, -EIO: it cannot write; -EINVAL
 * an empty key; -E2BIG a key over 4 KiB, a value over 256 KiB.  BLOCKS. */
/* 1, or 0 and *ret unchanged when absent. */
int hl_kv_get(struct hl_ctx *ctx, hl_str table, hl_str key, hl_str *ret);
/* 0. */
int hl_kv_put(
    struct hl_ctx *ctx, hl_str table, hl_str key, hl_str value, uint64_t ttl_s);
/* 1, or 0 when it was absent. */
int hl_kv_delete(struct hl_ctx *ctx, hl_str table, hl_str key);
/* Adds `delta` in one step (an absent key counts as 0) and gives the sum
 * (`ret` may be NULL); the ttl is set when the key is new.  0; -EINVAL the
 * value is no number; -ERANGE. */
int hl_kv_add(struct hl_ctx *ctx, hl_str table, hl_str key, int64_t delta,
    uint64_t ttl_s, int64_t *ret);
/* Replaces `old` by `value` in one step; an empty `old` means absent.  0;
 * -EEXIST when it was something else. */
int hl_kv_swap(struct hl_ctx *ctx, hl_str table, hl_str key, hl_str old,
    hl_str value, uint64_t ttl_s);

/* Files, through the thread pool.  `flags` as open(2).  Files that are left
 * open are closed when the hook returns.  Negative errno.  All BLOCK. */
int hl_file_open(struct hl_ctx *ctx, hl_str path, int flags, unsigned mode,
    struct hl_file **ret);
long hl_file_read(struct hl_file *file, void *bytes, size_t size);
int hl_file_write(struct hl_file *file, const void *bytes, size_t size);
int hl_file_sync(struct hl_file *file);
int hl_file_close(struct hl_file **file);
int hl_file_rename(struct hl_ctx *ctx, hl_str from, hl_str to);
int hl_file_unlink(struct hl_ctx *ctx, hl_str path);
/* Makes the directory with exactly this mode, and what is missing above it
 * as far as that was declared; the new names are durable.  0 also when it
 * was there. */
int hl_file_mkdir(struct hl_ctx *ctx, hl_str path, unsigned mode);
/* 0 with size and mtime (may be NULL), -ENOENT. */
int hl_file_stat(
    struct hl_ctx *ctx, hl_str path, uint64_t *ret_size, int64_t *ret_mtime_s);
/* Makes the names in a directory durable; requests are merged. */
int hl_dir_sync(struct hl_ctx *ctx, hl_str path);
/* Writes the message as hl_message_read gives it: one pass on the pool,
 * with the file's fsync. */
int hl_file_write_message(
    struct hl_file *file, struct hl_ctx *ctx, enum hl_eol eol, bool sync);
/* What an administrator can do about such an errno: "make room on its disk". */
const char *hl_file_remedy(int negative_errno);
/* One copy of the message: a new file, `tmp` while it is written. */
struct hl_copy {
	hl_str tmp, path;
	struct hl_lines *top;    /* fields to put in front, or NULL */
	const void *reserved[2]; /* for later releases; leave it zero */
};
/* Keeps the message in all of these files or in none: writes each `tmp`, which
 * must not be there, with exactly this mode, as hl_message_read gives it, and
 * syncs it; then renames each to `path` and syncs the directory.  Two trips to
 * the pool for one copy; the second, and its fsync, is shared with all others
 * who keep a message in that directory.  0, or a negative errno when nothing
 * is left behind; *ret_fault (may be NULL) then tells what went wrong with
 * which file, and what helps, for the log.  BLOCKS. */
int hl_message_keep(struct hl_ctx *ctx, const struct hl_copy *copies,
    size_t count, unsigned mode, enum hl_eol eol, hl_str *ret_fault);

uint64_t hl_now_ms(const struct hl_ctx *ctx); /* monotonic */
int64_t hl_wall_us(const struct hl_ctx *ctx); /* since 1970, UTC */
/* The local time as strftime(3) writes it, at most 1 KiB. */
hl_str hl_time_text(struct hl_ctx *ctx, const char *format);
void hl_random(struct hl_ctx *ctx, void *bytes, size_t size);
/* Text in the hook's own memory, for building answers and paths. */
hl_str hl_printf(struct hl_ctx *ctx, const char *fmt, ...) HL_PRINTF(2, 3);
hl_str hl_text(const char *text);                /* borrows; strlen */
void *hl_alloc(struct hl_ctx *ctx, size_t size); /* zeroed; until it returns */

void hl_log(struct hl_ctx *ctx, enum hl_level level, const char *fmt, ...)
    HL_PRINTF(3, 4);
/* In the logging hook.  Loggers are asked in order until one returns HL_OK;
 * if none does, the line goes to standard error, unless one has taken it. */
void hl_log_taken(const struct hl_log *log);
enum hl_level hl_log_level(const struct hl_log *log);
hl_str hl_log_text(const struct hl_log *log); /* the line, key=value */
hl_str hl_log_hook(const struct hl_log *log); /* "" outside of hooks */
hl_str hl_log_plugin(const struct hl_log *log);
/* The pairs of the line, in their order: *at is 0 before the first.  Values are
 * as they were logged, without quotes and escapes, so with any byte in them; a
 * NUL is a space.  False: there are no more. */
bool hl_log_pair(
    const struct hl_log *log, size_t *at, hl_str *ret_key, hl_str *ret_value);
/* The value of the first pair of that key, e.g. "sid"; "" there is none. */
hl_str hl_log_value(const struct hl_log *log, const char *key);
/* More lines wait behind this one: write them together with the last. */
bool hl_log_more(const struct hl_log *log);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
