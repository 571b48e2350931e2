# SPDX-License-Identifier: MIT
"""ident/geoip by databases that the test makes."""
import itertools
import os
import re
from pathlib import Path

import pytest

from mmdb import MARKER, database, encode
from real import until

HERE = Path(__file__).resolve().parent
NUMBERS = itertools.count()
MAIL = b"Subject: x\r\nX-GeoIP-Country: forged\r\nX-GeoIP-City: x\r\n\r\nText.\r\n"
CITY, COUNTRY, ASN = (f"GeoLite2-{name}.mmdb"
                      for name in ("City", "Country", "ASN"))


def place(code, country, continent, city=None, at=None):
    record = {"continent": {"code": continent, "names": {"en": "C"}},
              "country": {"geoname_id": 1, "iso_code": code,
                          "names": {"de": "Land", "en": country}}}
    if city:
        record["city"] = {"names": {"en": city}}
    if at:
        record["location"] = {"accuracy_radius": 5, "latitude": at[0],
                              "longitude": at[1]}
    return record


VIENNA = place("AT", "Austria", "EU", "Vienna", (48.2, 16.37))
SYDNEY = place("AU", "Australia", "OC", "Sydney", (-33.87, 151.21))
PAULO = place("BR", "Brazil", "SA", "S\u00e3o Paulo", (-23.5, -46.6))
VIENNA_NOTES = {"country": "AT", "country_name": "Austria",
                "continent": "EU", "city": "Vienna"}


class Folder:
    """Of databases."""

    def __init__(self, stage):
        self.path = stage.base / f"g{next(NUMBERS)}"
        self.path.mkdir(mode=0o755)
        self.path.chmod(0o755)
        self.age = 0

    def put(self, name, data, rename=True):
        """As geoipupdate does, or written over; no two are of one time, and
        none is young."""
        path = self.path / name
        target = path.with_suffix(".new") if rename else path
        target.write_bytes(data)
        target.chmod(0o644)
        self.age += 1
        os.utime(target, (1700000000 + self.age,) * 2)
        if rename:
            target.rename(path)


@pytest.fixture
def folder(stage):
    return Folder(stage)


def city(record):
    return database({"127.0.0.0/8": record, "198.51.100.0/24": SYDNEY},
                    "GeoLite2-City")


def serve(hookline, folder, words="", **files):
    server = hookline(
        plugins=[f"ident/geoip db_dir {folder.path} {words}", "show_notes",
                 "rcpt_ok", "queue/maildir $STATE/mail"],
        rcpthosts="example.com", max_per_client="0", **files)
    server.plugin(HERE / "show_notes.c")
    server.start()
    return server


def notes(server):
    before = len(server.lines("plugin=show_notes"))
    client = server.client()
    client.ask("NOOP")
    client.close()

    def lines():
        return server.lines("plugin=show_notes")[before:]
    until(lambda: "karma:" in "".join(lines()[-1:]))
    found = dict(re.search(r'text="?(\w+):(.*?);', line).groups()
                 for line in lines())
    karma = found.pop("karma")
    return dict(found, karma=karma) if karma != "0" else found


def complaints(server):
    return server.lines(" error ", "plugin=ident/geoip")


def mail(server):
    return next(Path(server.state, "mail", "new").iterdir()).read_text()


def test_notes(hookline, folder):
    folder.put(CITY, city(VIENNA))
    folder.put(COUNTRY, database({"127.0.0.0/8": PAULO}, "GeoLite2-Country"))
    folder.put(ASN, database({"127.0.0.0/16": {
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "Net"}}, "GeoLite2-ASN"))
    server = serve(hookline, folder, "distance 198.51.100.7 too_far 10000")
    assert notes(server) == dict(VIENNA_NOTES, asn="64500",
                                 distance="15994", karma="-1")
    assert len(server.lines("EU, AT, Vienna, ", "15994 km")) == 1
    client = server.client()
    client.send(MAIL)
    client.close()
    assert "X-GeoIP-Country: forged\n" in mail(server)
    assert not complaints(server)


@pytest.mark.parametrize("how", ["argument", "file"])
def test_headers(hookline, folder, how):
    folder.put(CITY, city(PAULO))
    folder.put(ASN, database({"::/1": {"autonomous_system_number": 2 ** 31}},
                             "GeoLite2-ASN"))
    server = serve(hookline, folder, "add_headers true") \
        if how == "argument" else \
        serve(hookline, folder, add_geoip_headers="1")
    assert notes(server)["city"] == "S\u00e3o Paulo"
    client = server.client()
    client.send(MAIL)
    client.close()
    assert "\nX-GeoIP-Country: BR\nX-GeoIP-Continent: SA\n" \
        "X-GeoIP-City: =?UTF-8?Q?=53=C3=A3=6F=20=50=61=75=6C=6F?=\n" \
        "X-GeoIP-ASN: 2147483648\n" in mail(server)
    assert "forged" not in mail(server)


def test_countries_alone(hookline, folder):
    folder.put(COUNTRY, database(
        {"127.0.0.0/8": place("AT", "Austria", "EU")}, "GeoLite2-Country"))
    server = serve(hookline, folder, "distance 198.51.100.7")
    expected = dict(VIENNA_NOTES)
    del expected["city"]
    assert notes(server) == expected
    # A country has no distance.
    assert len(complaints(server)) == 0


def test_nobody_knows_us(hookline, folder):
    folder.put(CITY, city(VIENNA))
    server = serve(hookline, folder, "distance 203.0.113.1")
    assert notes(server) == VIENNA_NOTES
    assert notes(server) == VIENNA_NOTES
    assert len(complaints(server)) == 1
    assert "no record for my location, 203.0.113.1" in complaints(server)[0]


@pytest.mark.parametrize("rename", [True, False])
def test_replaced(hookline, folder, rename):
    folder.put(CITY, city(VIENNA))
    server = serve(hookline, folder)
    assert notes(server) == VIENNA_NOTES
    folder.put(CITY, city(SYDNEY), rename)
    until(lambda: notes(server).get("city") == "Sydney")
    # One that has become shorter.
    folder.put(CITY, database({"127.0.0.0/8": VIENNA}, "City"), rename)
    until(lambda: notes(server).get("city") == "Vienna")
    assert not complaints(server)


def test_missing(hookline, folder):
    server = serve(hookline, folder)
    assert notes(server) == {} and notes(server) == {}
    assert len(complaints(server)) == 1
    assert "no GeoLite2-City.mmdb or GeoLite2-Country.mmdb in " in \
        complaints(server)[0]
    folder.put(CITY, city(VIENNA))
    until(lambda: notes(server) == VIENNA_NOTES)
    (folder.path / CITY).unlink()
    until(lambda: notes(server) == {})
    until(lambda: len(complaints(server)) == 2)


def damaged():
    whole = city(VIENNA)
    start, end = whole.index(encode(VIENNA)), whole.index(MARKER)
    return {
        "empty": b"",
        "text": b"<html>Sign in to download</html>\n" * 100,
        "half": whole[:len(whole) // 2],
        "no tree": whole[end:],
        "ends early": whole[:len(whole) - 30],
        # The addresses' bits lead out of the tree, and to no data.
        "tree": b"\xff\xff\xfe" * (end // 3) + whole[end:],
        "data": whole.replace(b"\x47country", b"\xffcountry"),
        # Maps in maps, deeper than a fiber's stack.
        "deep": whole[:start] + b"\xe1\x41a" * 5000 + whole[end:],
        "directory": None,
    }


def test_damaged(hookline, folder):
    """One line for each, no notes, and it goes on."""
    folder.put(CITY, city(VIENNA))
    server = serve(hookline, folder)
    assert notes(server) == VIENNA_NOTES
    for count, (name, data) in enumerate(damaged().items(), 1):
        if data is None:
            (folder.path / CITY).unlink()
            (folder.path / CITY).mkdir()
        else:
            folder.put(CITY, data)
        until(lambda: notes(server) == {} and
              len(complaints(server)) == count,
              lambda: f"{name}: {complaints(server)}")
        seen = notes(server)
        assert seen == {}, (name, seen)
        assert len(complaints(server)) == count, (name, complaints(server))
    (folder.path / CITY).rmdir()
    folder.put(CITY, city(VIENNA))
    until(lambda: notes(server) == VIENNA_NOTES)


def test_damaged_tomorrow(hookline, folder):
    """A date in the future is no reason to wait for the rest of the file, and
    to open it each second: it has its line, as all others."""
    server = serve(hookline, folder)
    folder.age += 10 ** 10
    folder.put(CITY, damaged()["half"])
    until(lambda: notes(server) == {} and
          server.lines(" error ", f"{CITY}: "), server.log)
    folder.put(CITY, city(VIENNA))
    until(lambda: notes(server) == VIENNA_NOTES)
