# SPDX-License-Identifier: MIT
"""A city database, of MaxMind's format of today and of GeoIP's old format, for
Geo::IP.  The old one:

A binary tree over the bits of an address, each node two numbers of three
bytes, little end first: a node, or the number of nodes (nothing is known), or
more: a record so far behind the tree.  At the end the type and that number.
"""
from mmdb import database as mmdb

CITY = 2
# Its number in the library's list of countries.
AT, AU = 15, 16
CODES = {AT: ("AT", "EU"), AU: ("AU", "OC")}
# Address: country, city, latitude, longitude.
PLACES = {
    "127.0.0.21": (AT, "Vienna", 48.2, 16.37),
    "127.0.0.22": (AU, "Sydney", -33.87, 151.21),
}


def number(value):
    return value.to_bytes(3, "little")


def record(country, city, latitude, longitude):
    """Region and postal code are empty."""
    return bytes([country]) + b"\0" + city.encode() + b"\0\0" \
        + b"".join(number(round((degrees + 180) * 10000))
                   for degrees in (latitude, longitude))


def record_today(country, city, latitude, longitude):
    code, continent = CODES[country]
    return {"country": {"iso_code": code}, "continent": {"code": continent},
            "city": {"names": {"en": city}},
            "location": {"latitude": latitude, "longitude": longitude}}


def bits(address):
    whole = int.from_bytes(map(int, address.split(".")), "big")
    return [whole >> at & 1 for at in range(31, -1, -1)]


def database(places):
    nodes, records = [[None, None]], b"\0"
    for address, place in places.items():
        at, (*path, last) = 0, bits(address)
        for bit in path:
            if nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit]
        nodes[at][last] = -len(records)
        records += record(*place)
    end = len(nodes)
    tree = b"".join(number(end if value is None else
                           end - value if value < 0 else value)
                    for node in nodes for value in node)
    return tree + records + b"\xff\xff\xff" + bytes([CITY]) + number(end)


class GeoIp:
    """A folder with both."""

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        self.folder.mkdir()
        (self.folder / "GeoLiteCity.dat").write_bytes(database(PLACES))
        (self.folder / "GeoLite2-City.mmdb").write_bytes(mmdb(
            {address: record_today(*place)
             for address, place in PLACES.items()}, "GeoLite2-City"))

    def stop(self):
        pass
