# SPDX-License-Identifier: MIT
"""Services of Debian packages on loopback, each with files of its own.

    service.start()     runs, and is ready
    service.stop()      all of its processes are gone
    service.hang()      they stand still; service.go_on()
"""
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from real import WAIT, free_port, free_ports, until

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
# In front of a program: it ends with this process, however that ends.
TOGETHER = ["setpriv", "--pdeathsig", "TERM"]
# Neither user nor password is easy to quote, for whoever would try.
USERS = {
    "tim": "pencil",
    "odd": "a \"b\\c{1}%s ä*)(uid=*",
    "tim@mail.example": "pen\u00a7",
}


def missing(*programs):
    """The first of these that is not installed, or None."""
    path = os.environ["PATH"] + ":/usr/sbin:/usr/lib/dovecot"
    return next((name for name in programs
                 if not shutil.which(name, path=path)), None)


def certificate(folder, name="mail.example"):
    """CA, key and certificate for `name` and 127.0.0.1, in `folder`."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True,
                       capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", f"/CN={name}", "-keyout", "key.pem",
            "-out", "req.pem")
    (folder / "ext").write_text(f"subjectAltName=DNS:{name},IP:{HOST}\n")
    openssl("x509", "-req", "-in", "req.pem", "-CA", "ca.pem", "-CAkey",
            "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext",
            "-out", "cert.pem")
    for path in folder.iterdir():
        path.chmod(0o644)


class Service:
    """`user`: who runs it, as words for Popen; else we do."""

    def __init__(self, folder, user=None):
        self.folder = folder
        self.process = None
        self.user = user or {}
        folder.mkdir(mode=0o755, parents=True)
        if self.user:
            os.chown(folder, self.user["user"], self.user["group"])

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                [*TOGETHER, *(str(word) for word in self.command())],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True, **self.user)
        until(lambda: self.process.poll() is not None or self.is_ready(),
              self.output)
        assert self.process.poll() is None, self.output()
        return self

    def output(self):
        return "".join(path.read_text(errors="replace")
                       for path in self.folder.glob("*output*"))

    def signal_all(self, number):
        """Its processes are those of its session: they may be in groups of
        their own."""
        for pid in processes_of_session(self.process.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def hang(self):
        self.signal_all(signal.SIGSTOP)
        until(lambda: not processes_of_session(self.process.pid, but="ZT"))

    def go_on(self):
        self.signal_all(signal.SIGCONT)

    def stop(self):
        if self.process is None:
            return
        self.go_on()
        self.process.terminate()
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            pass
        self.signal_all(signal.SIGKILL)
        self.process.wait(WAIT)
        until(lambda: not processes_of_session(self.process.pid))
        self.process = None


def processes_of_session(session, but="Z"):
    """Their ids, without those in one of these states."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] not in but:
            pids.append(int(path.parent.name))
    return pids


def answers(port):
    try:
        socket.create_connection((HOST, port), 5).close()
    except OSError:
        return False
    return True


def listens(path):
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(path))
        except OSError:
            return False
    return True


class Dovecot(Service):
    """IMAP, IMAPS, and the auth socket."""

    def __init__(self, folder):
        super().__init__(folder)
        certificate(folder)
        self.imap, self.imaps = free_ports(HOST, 2)
        self.socket = folder / "run" / "auth-test"
        user = "" if os.geteuid() == 0 else \
            f"default_internal_user = {os.environ['USER']}\n" \
            f"default_login_user = {os.environ['USER']}\n"
        (folder / "users").write_text("".join(
            f"{name}:{{PLAIN}}{password}\n"
            for name, password in USERS.items() if ":" not in password))
        (folder / "conf").write_text(f"""
{user}base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.output
protocols = imap
listen = {HOST}
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
auth_username_chars =
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
  result_failure = continue
}}
passdb {{
  driver = checkpassword
  args = {folder}/second
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%u
}}
service auth {{
  unix_listener auth-test {{
    mode = 0666
  }}
}}
# It would answer later and later after each wrong password.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = {self.imaps}
    ssl = yes
  }}
}}
""")
        # Nobody's password, or, with a file `fail`, cannot tell (111).  Who
        # ends before Dovecot has written it all cannot tell either.
        (folder / "second").write_text(
            "#!/bin/sh\ncat <&3 >/dev/null\n"
            f"[ -e {folder}/fail ] && exit 111\nexit 1\n")
        (folder / "second").chmod(0o755)
        (folder / "mail").mkdir(mode=0o777)
        (folder / "mail").chmod(0o777)

    def command(self):
        return ["/usr/sbin/dovecot", "-F", "-c", self.folder / "conf"]

    def is_ready(self):
        if not listens(self.socket) or not answers(self.imap):
            return False
        run = self.folder / "run"
        run.chmod(0o755)
        return True


class Cvm(Service):
    """cvm-pwfile, which takes any domain; of USERS those that a password file
    can have."""

    def __init__(self, folder):
        super().__init__(folder)
        self.socket = folder / "socket"
        (folder / "users").write_text("".join(
            f"{name}:{password}:1000:1000::/:/bin/sh\n"
            for name, password in USERS.items() if ":" not in password))

    def command(self):
        return ["env", f"CVM_PWFILE_PATH={self.folder}/users",
                "cvm-pwfile", f"cvm-local:{self.socket}"]

    def is_ready(self):
        if not listens(self.socket):
            return False
        self.socket.chmod(0o777)
        return True


class Slapd(Service):
    def __init__(self, folder):
        super().__init__(folder)
        certificate(folder)
        self.port, self.ldaps = free_ports(HOST, 2)
        (folder / "db").mkdir()
        (folder / "conf").write_text(f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/pid
argsfile {folder}/args
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
database mdb
maxsize 1048576
suffix dc=mail,dc=example
directory {folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by * read
""")
        people = [("tim", USERS["tim"]), ("odd", USERS["odd"]),
                  ("twin", "one"), ("a*b", "star"), ("nopass", None)]
        ldif = ["dn: dc=mail,dc=example\nobjectClass: dcObject\n"
                "objectClass: organization\no: test\ndc: mail\n"]
        for number, (uid, password) in enumerate(people + [("twin", "two")]):
            entry = f"dn: cn=n{number},dc=mail,dc=example\n" \
                    "objectClass: inetOrgPerson\n" \
                    f"cn: n{number}\nsn: x\nuid: {uid}\n" \
                    f"mail: {uid.replace('*', '')}@mail.example\n"
            if password:
                entry += f"userPassword: {password}\n"
            ldif.append(entry)
        (folder / "ldif").write_text("\n".join(ldif))
        subprocess.run(["/usr/sbin/slapadd", "-f", folder / "conf", "-l",
                        folder / "ldif"], check=True, capture_output=True)

    def command(self):
        return ["/usr/sbin/slapd", "-d", "0", "-f", self.folder / "conf",
                "-h", f"ldap://{HOST}:{self.port} ldaps://{HOST}:{self.ldaps}"]

    def is_ready(self):
        return answers(self.port) and answers(self.ldaps)


class Saslauthd(Service):
    """Asks an IMAP server, so that no user of this machine is needed."""

    def __init__(self, folder, imap_port):
        super().__init__(folder)
        self.imap_port = imap_port
        self.socket = folder / "mux"

    def command(self):
        return ["/usr/sbin/saslauthd", "-d", "-a", "rimap", "-O",
                f"{HOST}/{self.imap_port}", "-m", self.folder, "-n", "2"]

    def is_ready(self):
        if not listens(self.socket):
            return False
        self.folder.chmod(0o755)
        return True
