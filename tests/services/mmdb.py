# SPDX-License-Identifier: MIT
"""Writes databases in MaxMind's format (version 2.0).

A binary tree over the bits of an IPv6 address, IPv4 below ::/96; each node has
two records of three bytes, a node, or the number of nodes (nothing is known),
or that number + 16 + where in the data section.  Sixteen zeros, the data
section, a marker, and the metadata as a map.
"""
import ipaddress
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"
TEXT, DOUBLE, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 3, 5, 6, 7, 9, 11


class Number(int):
    """With the type that the format asks for."""

    def __new__(cls, value, kind):
        number = super().__new__(cls, value)
        number.kind = kind
        return number


def control(kind, size):
    """Type and size, in front of each value."""
    more = b""
    if size >= 285:
        size, more = 30, (size - 285).to_bytes(2, "big")
    elif size >= 29:
        size, more = 29, bytes([size - 29])
    if kind > 7:
        return bytes([size, kind - 7]) + more
    return bytes([kind << 5 | size]) + more


def encode(value):
    if isinstance(value, dict):
        return control(MAP, len(value)) + b"".join(
            encode(key) + encode(item) for key, item in value.items())
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(map(encode, value))
    if isinstance(value, float):
        return control(DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        size = (value.bit_length() + 7) // 8
        return control(getattr(value, "kind", UINT32), size) + \
            int(value).to_bytes(size, "big")
    text = value.encode()
    return control(TEXT, len(text)) + text


def path_of(network):
    network = ipaddress.ip_network(network)
    number, length = int(network.network_address), network.prefixlen
    if network.version == 4:
        length += 96
    return [number >> 127 - at & 1 for at in range(length)]


def database(networks, kind):
    """The bytes; `networks`: what is known of each.  They do not overlap."""
    nodes, data = [[None, None]], b""
    for network, record in networks.items():
        at, (*path, last) = 0, path_of(network)
        for bit in path:
            if nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit]
        nodes[at][last] = -1 - len(data)
        data += encode(record)
    end = len(nodes)
    tree = b"".join((end if value is None else
                     end + 16 - 1 - value if value < 0 else value)
                    .to_bytes(3, "big") for node in nodes for value in node)
    return tree + bytes(16) + data + MARKER + encode({
        "binary_format_major_version": Number(2, UINT16),
        "binary_format_minor_version": Number(0, UINT16),
        "build_epoch": Number(1700000000, UINT64), "database_type": kind,
        "description": {"en": "of the tests"}, "ip_version": Number(6, UINT16),
        "languages": ["en"], "node_count": Number(end, UINT32),
        "record_size": Number(24, UINT16)})
