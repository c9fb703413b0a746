# SPDX-License-Identifier: ISC
"""Sections 1 to 3 and 12 of FORMAT.md: building blocks, canonical JSON, signatures, notes."""
import base64
import binascii
import collections
import datetime
import hashlib
import json
import os
import re
import struct

from . import ed25519

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}\Z")
HASH = re.compile(r"[0-9a-f]{64}\Z")
CODE = re.compile(r"[a-z0-9-]+\Z")
INTEGER_MAX = 2 ** 53 - 1


class Refused(Exception):
    """The code, and where."""

    def __init__(self, code, where=""):
        super().__init__(code, where)
        self.code, self.where = code, where


def demand(condition, code, where=""):
    if not condition:
        raise Refused(code, where)


# Section 1: building blocks.

def sha256(data):
    return hashlib.sha256(data).digest()


def printable(text):
    return all(" " <= c <= "~" for c in text)


def is_time(text):
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z", text) or text < "1970":
        return False
    try:
        datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return False
    return text[17:19] <= "59"


def is_imei(text):
    if not re.match(r"[0-9]{15}\Z", text) or text == "0" * 15:
        return False
    doubled = [int(c) * (1 + i % 2) for i, c in enumerate(text)]
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def unbase64(text, size=None):
    """The bytes; None unless it is canonical and, if a size is given, of that size."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text and size in (None, len(data)) else None


def recipient_key(text):
    """The 32 bytes of an age recipient; None if it is none."""
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    if not re.match("age1[%s]{58}\\Z" % letters, text):
        return None
    values = [letters.index(c) for c in text[4:]]
    check = 1
    for value in [ord(c) >> 5 for c in "age"] + [0] + [ord(c) & 31 for c in "age"] + values:
        top = check >> 25
        check = (check & 0x1ffffff) << 5 ^ value
        for i, generator in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            check ^= generator if top >> i & 1 else 0
    number = 0
    for value in values[:52]:
        number = number << 5 | value
    key = (number >> 4).to_bytes(32, "big")
    coordinate = int.from_bytes(key, "little")
    good = check == 1 and number & 15 == 0 and coordinate < ed25519.P and not of_small_order(coordinate)
    return key if good else None


def of_small_order(u):
    """On Curve25519 or its twist: does doubling three times end at infinity?"""
    x, z = u, 1
    for _ in range(3):
        sum2, difference2 = (x + z) ** 2, (x - z) ** 2
        x, z = sum2 * difference2, (sum2 - difference2) * (difference2 + 121666 * (sum2 - difference2))
        x, z = x % ed25519.P, z % ed25519.P
    return z == 0


def leaf(data):
    return sha256(b"\0" + data)


def root(level):
    """Of a tree with these leaves."""
    while len(level) > 1:
        pairs = [sha256(b"\1" + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2:]
    return level[0] if level else sha256(b"")


def root_of(data, index, size, path):
    """The root above one leaf; None if the path has not as many hashes as the leaf has siblings on its way."""
    node, path = leaf(data), list(path)
    while size > 1:
        if index ^ 1 < size:
            if not path:
                return None
            sibling = path.pop(0)
            node = sha256(b"\1" + (sibling + node if index % 2 else node + sibling))
        index, size = index // 2, (size + 1) // 2
    return None if path else node


def read(path, missing=None):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        demand(missing is None, missing, path)
        raise


# Section 2: canonical JSON. A rule takes a value and says whether the key may have it.

def integer(low=0, high=INTEGER_MAX):
    return lambda v: type(v) is int and low <= v <= high


def text(length):
    return lambda v: type(v) is str and len(v) <= length and printable(v)


def words(*allowed):
    return lambda v: type(v) is str and v in allowed


def list_of(rule):
    return lambda v: type(v) is list and all(rule(x) for x in v)


def matching(pattern):
    return lambda v: type(v) is str and pattern.match(v) is not None


def or_empty(rule):
    return lambda v: v == "" or rule(v)


def lines(v):
    return type(v) is str and printable(v.replace("\n", ""))


def boolean(v):
    return type(v) is bool


def time(v):
    return type(v) is str and (v == "" or is_time(v))


def fields(v, rules):
    demand(type(v) is dict, "json-value")
    demand(set(v) == set(rules), "json-key")
    for key, rule in rules.items():
        demand(rule(v[key]), "json-value", key)
    return True


def record_of(**rules):
    return lambda v: fields(v, rules)


name, hash_, any_integer = or_empty(matching(NAME)), matching(HASH), integer()


def pairs_once(pairs):
    demand(len({key for key, _ in pairs}) == len(pairs), "json-canonical")
    return dict(pairs)


def canonical(data, schema, rules, where):
    try:
        demand(all(0x20 <= b <= 0x7e or b == 0x0a for b in data), "json-canonical")
        value = json.loads(data, object_pairs_hook=pairs_once)
        demand((json.dumps(value, indent=2, sort_keys=True) + "\n").encode() == data, "json-canonical")
        demand(type(value) is dict and value.get("schema") == schema, "json-schema")
        fields(value, dict(rules, schema=words(schema)))
    except (ValueError, RecursionError):
        raise Refused("json-canonical", where) from None
    except Refused as refused:
        raise Refused(refused.code, where) from None
    return value


def ascending(values):
    return all(a < b for a, b in zip(values, values[1:]))


def once(values):
    return len(set(values)) == len(values)


# Section 3: signatures on documents.

def officer_key(typed):
    """(id, key) of "minisign:RW..."; None if it is none."""
    blob = unbase64(typed[9:], 42) if typed.startswith("minisign:") else None
    return (blob[2:10], blob[10:]) if blob and blob[:2] == b"Ed" and ed25519.is_key(blob[10:]) else None


def signature_file(data, where):
    demand(len(data) <= 10240 and data.count(b"\n") == 4 and data.endswith(b"\n"), "minisig-form", where)
    first, second, third, fourth = data.split(b"\n")[:4]
    demand(first.startswith(b"untrusted comment: ") and b"\r" not in first and len(first) <= 1024, "minisig-form", where)
    second, third, fourth = (line.decode("latin-1") for line in (second, third, fourth))
    blob, whole = unbase64(second, 74), unbase64(fourth, 64)
    comment = third[len("trusted comment: "):]
    demand(third.startswith("trusted comment: ") and printable(comment) and len(comment) <= 8192, "minisig-form", where)
    demand(blob is not None and whole is not None and blob[:2] == b"ED", "minisig-form", where)
    return blob[2:10], blob[10:], comment, whole


def signatures(path, data, kind, officers):
    """The id all signatures beside a document were given for, and the key ids that signed."""
    folder, base = os.path.split(path)
    middles = [n[len(base) + 1:-8] for n in sorted(os.listdir(folder or "."))
               if n.startswith(base + ".") and n.endswith(".minisig") and len(n) >= len(base) + 9]
    keys = dict(officer_key(o["key"]) for o in officers)
    prehash, claimed, signed = hashlib.blake2b(data).digest(), None, set()
    demand(all(re.match("[0-9A-F]{16}\\Z", m) for m in middles), "signature-name", path)
    demand(len(middles) <= 32, "signature-count", path)
    demand(middles or kind == "trust", "signature-none", path)
    for middle in middles:
        where = "%s.%s.minisig" % (path, middle)
        key_id, signature, comment, whole = signature_file(read(where), where)
        parts = re.match("gapseal %s ([a-z0-9.-]+) sha256:%s\\Z" % (kind, sha256(data).hex()), comment)
        demand(key_id in keys and key_id[::-1].hex().upper() == middle, "signature-key", where)
        demand(ed25519.verify(keys[key_id], prehash, signature), "minisig-signature", where)
        demand(ed25519.verify(keys[key_id], signature + comment.encode(), whole), "minisig-comment", where)
        demand(parts and claimed in (None, parts[1]), "signature-comment", where)
        claimed = parts[1]
        signed.add(key_id)
    return claimed, signed


def approve(trust, role, signed, where):
    """One version of trust is both the one in force and the newest: a key that is active counts."""
    members = trust["roles"][role]
    count = sum(o["status"] == "active" and o["name"] in members["officers"] and officer_key(o["key"])[0] in signed
                for o in trust["officers"])
    demand(count >= members["threshold"], "signature-threshold", where)


# Section 12: notes.

Verifier = collections.namedtuple("Verifier", "name id algorithm key")


def note_name(typed):
    return typed != "" and not any(c < " " or c == "+" or c.isspace() for c in typed)


def verifier_key(typed):
    parts = typed.split("+", 2)
    blob = unbase64(parts[2], 33) if len(parts) == 3 else None
    if blob is None or not note_name(parts[0]) or len(parts[0]) > 128 or blob[0] not in (1, 4) or not ed25519.is_key(blob[1:]):
        return None
    key_id = sha256(parts[0].encode() + b"\n" + blob)[:4]
    return Verifier(parts[0], key_id, blob[0], blob[1:]) if parts[1] == key_id.hex() else None


def note_signed(key, body, signature):
    if key.algorithm == 1:
        return ed25519.verify(key.key, body, signature)
    if len(signature) != 72 or signature[0] >= 0x80:
        return False
    head = b"cosignature/v1\ntime %d\n" % struct.unpack(">Q", signature[:8])
    return ed25519.verify(key.key, head + body, signature[8:])


def open_note(data, keys, where):
    """The text of a note and the names of the known keys that signed it."""
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("note-form", where) from None
    demand(whole.endswith("\n") and not any(c < " " and c != "\n" for c in whole) and "\n\n" in whole, "note-form", where)
    body, _, rest = whole.rpartition("\n\n")
    rows, signed = rest.split("\n")[:-1], set()
    demand(1 <= len(rows) <= 64, "note-form", where)
    for row in rows:
        parts = row.split(" ", 2)
        blob = unbase64(parts[2]) if len(parts) == 3 and parts[0] == "\u2014" and note_name(parts[1]) else None
        demand(blob is not None and len(blob) > 4, "note-form", where)
        for key in keys:
            if (key.name, key.id) == (parts[1], blob[:4]):
                demand(note_signed(key, (body + "\n").encode(), blob[4:]), "note-signature", where)
                signed.add(key.name)
    demand(signed, "note-unsigned", where)
    return body + "\n", signed
