# SPDX-License-Identifier: MIT
"""The client's side of AUTH, up to the reply that ends it."""
import base64
import hashlib
import hmac

PASSWORD = b"pencil"        # of the keys that conform.c gives


def b64(text):
    return base64.b64encode(text).decode()


def plain(client):
    return client.do("AUTH PLAIN " + b64(b"\0user\0" + PASSWORD))


def login(client):
    assert client.do("AUTH LOGIN " + b64(b"user"))[0] == 334
    return client.do(b64(PASSWORD))


def cram_md5(client):
    assert client.do("AUTH CRAM-MD5")[0] == 334
    return client.do(b64(b"user " + b"0" * 32))


def explained(client, got):
    """A refused token is told why, and then refused."""
    if got[0] != 334:
        return got
    return client.do(b64(b"\1"))


def xoauth2(client):
    return explained(client, client.do(
        "AUTH XOAUTH2 " + b64(b"user=user\1auth=Bearer token\1\1")))


def oauthbearer(client):
    return explained(client, client.do(
        "AUTH OAUTHBEARER " + b64(b"n,a=user,\1auth=Bearer token\1\1")))


def mac(key, text):
    return hmac.new(key, text, "sha256").digest()


def scram_sha_256(client, password=PASSWORD):
    bare = b"n=user,r=abcdefgh"
    got = client.do("AUTH SCRAM-SHA-256 " + b64(b"n,," + bare))
    if got[0] != 334:
        return got
    first = base64.b64decode(got[2])
    said = dict(part.split(b"=", 1) for part in first.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", password,
                                 base64.b64decode(said[b"s"]),
                                 int(said[b"i"]))
    final = b"c=biws,r=" + said[b"r"]
    text = b",".join([bare, first, final])
    key = mac(salted, b"Client Key")
    signature = mac(hashlib.sha256(key).digest(), text)
    proof = bytes(a ^ b for a, b in zip(key, signature))
    got = client.do(b64(final + b",p=" + b64(proof).encode()))
    if got[0] != 334:
        return got
    assert base64.b64decode(got[2]) == b"v=" + b64(
        mac(mac(salted, b"Server Key"), text)).encode()
    return client.do("")


# hook: who goes this way, and the command's own hooks
WAYS = {
    "auth": plain, "auth-plain": plain, "auth-login": login,
    "auth-cram-md5": cram_md5, "auth-xoauth2": xoauth2,
    "auth-oauthbearer": oauthbearer, "auth-scram-sha-256": scram_sha_256,
}
# These ask `auth` when their own hook has no opinion.
WITH_AUTH = ("auth-plain", "auth-login", "auth-cram-md5")
