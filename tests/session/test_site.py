# SPDX-License-Identifier: MIT
"""A site that comes from qpsmtpd starts with its configuration as it stands:
`hookline check` finds nothing in that of Debian's package, nor in one with
each plugin that qpsmtpd ships."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from real import QPSMTPD_PLUGINS, WAIT

DEBIAN = Path("/etc/qpsmtpd")
# Modules that have no Debian package.
STAND_INS = Path(__file__).resolve().parents[1] / "diff" / "lib"

# With arguments as their documents show them.
PLUGINS = """
hosts_allow
connection_time
ident/geoip
ident/p0f /tmp/.p0f_socket version 3
karma penalty_box 1 reject naughty
fcrdns
quit_fortune
earlytalker
count_unrecognized_commands 4
relay
whitelist
dnsbl reject naughty reject_type disconnect
rhsbl
helo policy lenient reject naughty
tls $DIR/tls.crt $DIR/tls.key
auth/auth_flat_file
auth/auth_checkpassword checkpw /bin/true true /bin/true
auth/auth_cvm_unix_local cvm_socket $DIR/cvm enable_smtp yes
auth/auth_imap 127.0.0.1 143
auth/auth_ldap_bind
auth/auth_vpopmail
auth/auth_vpopmail_sql
auth/auth_vpopmaild
auth/authdeny
dont_require_anglebrackets
parse_addr_withhelo
noop_counter 3
badmailfrom reject naughty
badmailfromto
resolvable_fromhost reject 0
sender_permitted_from
greylisting
badrcptto
rcpt_regexp
rcpt_map domain example.com file $DIR/map
qmail_deliverable
user_config
http_config http://127.0.0.1:1/config
dns_whitelist_soft
help
loadcheck
milter test 5513
random_error 0
stunnel proxy ON
rcpt_ok
headers reject 0 reject_type temp require From,Date future 2 past 15
bogus_bounce log
loop
dkim reject 0
dmarc reject 1
domainkeys
uribl action deny
content_log
virus/klez_filter
virus/clamdscan deny_viruses yes max_size 1024
virus/clamav clamscan_path=$DIR/scan action=reject
virus/aveclient avclient_bin $DIR/scan
virus/bitdefender bitdefender_location $DIR/scan
virus/hbedv hbedvscanner $DIR/scan
virus/kavscanner kavscanner_bin $DIR/scan
virus/sophie sophie_socket $DIR/sophie
virus/uvscan deny_viruses yes uvscan_location $DIR/scan
spamassassin reject 12
dspam dspam_bin $DIR/scan autolearn any
naughty reject data
queue/maildir $DIR/maildir
queue/postfix-queue
queue/qmail-queue $DIR/scan
queue/exim-bsmtp exim_path $DIR/scan
queue/smtp-forward 127.0.0.1 2525
"""
LOGGING = """
logging/adaptive accept LOGINFO reject LOGWARN
logging/devnull
logging/file $DIR/log
logging/syslog
logging/warn 6
"""

# What is left to its Perl file.
PERL = {"auth/auth_cvm_unix_local", "auth/auth_vpopmail",
        "auth/auth_vpopmail_sql", "auth/auth_vpopmaild",
        "sender_permitted_from", "dkim", "dmarc", "domainkeys", "milter",
        "stunnel", "virus/klez_filter", "dspam"}
# In its folder, but nobody can load them, there or here: programs, a table,
# a module of Apache, and two that say themselves that they do not work.
NONE = {"karma_tool", "tls_cert", "registry.txt", "logging/apache",
        "logging/connection_id", "logging/transaction_id"}

pytestmark = pytest.mark.skipif(not QPSMTPD_PLUGINS.exists(),
                                reason="qpsmtpd is not installed")


def check(config, *words):
    """Where each plugin was taken from, when all is well."""
    done = subprocess.run(
        [os.environ["HOOKLINE"], "check", "--config", str(config), *words],
        timeout=WAIT, capture_output=True, text=True, check=False,
        env={**os.environ, "PERL5LIB": str(STAND_INS)})
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"^  ([a-z]\S+) +(shipped|alias|perl)\b",
                           done.stdout, re.M))


def names(lines):
    return {line.split()[0] for line in lines.splitlines()
            if line and not line.startswith(("#", "$"))}


def test_debian():
    """As it was installed: nothing of it was edited."""
    edited = subprocess.run(["dpkg", "--verify", "qpsmtpd"], check=False,
                            capture_output=True, text=True).stdout
    assert "/etc/" not in edited
    # Its spool is this user's.
    found = check(DEBIAN, *(("--user", "qpsmtpd") if os.geteuid() == 0
                            else ()))
    assert set(found) == (names((DEBIAN / "plugins").read_text()) |
                          names((DEBIAN / "logging").read_text()))
    assert "perl" not in found.values()


@pytest.fixture
def site(tmp_path):
    """One with all of them; here are their programs, keys and files."""
    tmp_path.chmod(0o755)
    for name, text in (("plugins", PLUGINS), ("logging", LOGGING),
                       ("plugin_dirs", str(QPSMTPD_PLUGINS)),
                       ("map", "me@example.com OK yes"),
                       ("scan", "#!/bin/sh")):
        path = tmp_path / name
        path.write_text(text.replace("$DIR", str(tmp_path)) + "\n")
    path.chmod(0o755)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=mx.example",
         "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.crt"],
        check=True, capture_output=True)
    return tmp_path


def test_every_plugin(site):
    found = check(site)
    assert set(found) == names(PLUGINS) | names(LOGGING)
    perl = {name for name, where in found.items() if where == "perl"}
    assert perl == PERL


def test_old_names(site):
    """Those of the package that were left out above."""
    old = sorted(str(path.relative_to(QPSMTPD_PLUGINS))
                 for pattern in ("async/**/*", "check_*")
                 for path in QPSMTPD_PLUGINS.glob(pattern) if path.is_file())
    assert "async/dnsbl" in old and "check_relay" in old
    (site / "plugins").write_text("".join(
        name + (" 127.0.0.1\n" if "smtp-forward" in name else "\n")
        for name in old))
    found = check(site)
    assert {found[name] for name in old} == {"alias"}


def test_none_is_missing():
    """The list above has each plugin of the package, but for old names."""
    shipped = {str(path.relative_to(QPSMTPD_PLUGINS))
               for path in QPSMTPD_PLUGINS.rglob("*") if path.is_file()}
    current = {name for name in shipped
               if not name.startswith(("async/", "check_"))}
    assert current - NONE <= names(PLUGINS) | names(LOGGING)
