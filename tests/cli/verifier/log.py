# SPDX-License-Identifier: ISC
"""Section 13 of FORMAT.md: a station's log."""
import collections
import json
import os
import re

from .forms import (CODE, INTEGER_MAX, NAME, Refused, any_integer, demand, fields, hash_, integer, is_imei, leaf, list_of,
                    matching, open_note, or_empty, pairs_once, read, root, text, time, unbase64, verifier_key, words)

# Section 13: the log. The rules of a key are the same in all types but where check_entry says more.

KEYS = {
    "attempt": any_integer, "attestation": or_empty(hash_), "batch": matching(NAME), "begin": any_integer,
    "boot": text(39), "bytes": any_integer, "done": any_integer, "done_sha256": hash_, "failed": any_integer,
    "failed_sha256": hash_, "firmware": text(63), "form": words("", "exact", "nul"), "grant": any_integer, "imei": text(15),
    "index": any_integer, "leaf": or_empty(hash_), "log_key": text(255), "lot": matching(NAME),
    "manifest_sha256": or_empty(hash_), "mono": any_integer, "ms": any_integer, "n": any_integer, "operator": text(160),
    "org": matching(NAME), "port": text(39), "reason": text(39), "recipient": text(79),
    "result": words("done", "failed", "unknown", "same"), "sha256": hash_, "size": any_integer,
    "state": or_empty(hash_), "station": matching(NAME),
    "steps": lambda v: list_of(integer(0, 9003))(v) and len(v) <= 64, "text": text(160), "time": time, "tool": text(80),
    "trust": any_integer, "type": text(15), "unit": text(63), "unused": any_integer, "unused_sha256": hash_,
    "v": integer(1, 1), "void": any_integer, "void_sha256": hash_,
}
DEVICE = "attempt grant imei index leaf manifest_sha256 port unit "
VERDICT = "attestation firmware form ms reason result state steps "
TYPES = {
    "enroll": "log_key org recipient station tool", "trust": "sha256 trust",
    "ingest": "batch grant manifest_sha256 sha256 trust", "start": "operator sha256 tool", "begin": DEVICE,
    "end": DEVICE + VERDICT + "begin", "same": DEVICE + VERDICT, "refuse": DEVICE + "reason",
    "release": "index manifest_sha256 operator text", "void": "index manifest_sha256 operator text unit",
    "unvoid": "index manifest_sha256 operator text unit", "recover": "bytes sha256 text", "export": "size",
    "closeout": "done done_sha256 failed failed_sha256 grant lot manifest_sha256 unused unused_sha256 void void_sha256",
    "stop": "reason", "clock": "text",
}
RULES = {kind: {key: KEYS[key] for key in (keys + " boot mono n time type v").split()} for kind, keys in TYPES.items()}


def check_device(e, kind):
    if not (e["imei"] == "" or is_imei(e["imei"])) or not e["port"]:
        return False
    if kind == "refuse":
        return bool(CODE.match(e["reason"])) and (e["leaf"] or e["index"] == 0) and (e["manifest_sha256"] or not e["leaf"])
    if not e["leaf"] or not e["manifest_sha256"] or e["grant"] < 1:
        return False
    return kind == "same" or e["attempt"] >= 1


def check_verdict(e, kind):
    proven = e["result"] in ("done", "same")
    if (e["result"] == "same") != (kind == "same") or '"' in e["firmware"] or "\\" in e["firmware"]:
        return False
    return (e["reason"] == "" and e["state"] != "") if proven else bool(CODE.match(e["reason"]))


def check_entry(e):
    kind = e["type"]
    good = e["boot"] and e["time"]
    if kind in ("begin", "end", "same", "refuse"):
        good = good and check_device(e, kind)
    if kind in ("end", "same"):
        good = good and check_verdict(e, kind)
    if kind == "end":
        good = good and e["begin"] < e["n"]
    if kind in ("trust", "ingest"):
        good = good and e["trust"] >= 1
    if kind in ("ingest", "release", "void", "unvoid", "closeout"):
        good = good and e["manifest_sha256"]
    if kind == "enroll":
        good = good and e["recipient"] and e["log_key"]
    return good and (kind != "stop" or CODE.match(e["reason"]))


def read_entry(line, where):
    try:
        demand(len(line) <= 8192 and all(0x20 <= b <= 0x7e for b in line), "entry-form")
        entry = json.loads(line, object_pairs_hook=pairs_once)
        demand(type(entry) is dict and entry.get("type") in TYPES, "entry-form")
        fields(entry, RULES[entry["type"]])
        demand(json.dumps(entry, separators=(",", ":"), sort_keys=True).encode() == line, "entry-form")
        demand(check_entry(entry), "entry-form")
    except (ValueError, RecursionError, Refused, TypeError):
        raise Refused("entry-form", where) from None
    return entry


class Log(collections.namedtuple("Log", "station entries witnesses tail beyond")):
    """A log that verifies: the entries that count, the witnesses that signed its head, whether anything stands behind the head,
    whether entries stand beyond the last size that trust allows."""


def open_log(folder, trust):
    path = os.path.join(folder, "checkpoint")
    data = read(path)
    origins = {"%s/%s" % (trust["org"], s["name"]): s for s in trust["stations"]}
    station = origins.get(data.split(b"\n")[0].decode("latin-1"))
    demand(station is not None, "log-station", path)
    key = verifier_key(station["log_key"])
    body, signed = open_note(data, [key] + [verifier_key(w) for w in trust["witnesses"]], path)
    head = body.split("\n")[:-1]
    demand(key.name in signed, "checkpoint-unsigned", path)
    demand(head[0] == key.name, "checkpoint-origin", path)
    demand(len(head) >= 3 and all(head) and re.match(r"(0|[1-9][0-9]{0,15})\Z", head[1]), "checkpoint-form", path)
    size, expected = int(head[1]), unbase64(head[2], 32)
    demand(size <= INTEGER_MAX and expected is not None, "checkpoint-form", path)
    path = os.path.join(folder, "entries.jsonl")
    data = read(path)
    rows = data.split(b"\n")[:-1]
    entries = []
    for n, row in enumerate(rows[:size]):
        entries.append(read_entry(row, "%s:%d" % (path, n + 1)))
        demand(entries[n]["n"] == n, "entry-number", "%s:%d" % (path, n + 1))
    demand(len(entries) == size, "log-short", path)
    demand(root([leaf(row) for row in rows[:size]]) == expected, "log-root", path)
    limit = station["last_size"] or size
    tail = data.count(b"\n") > size or not data.endswith(b"\n")
    return Log(station, entries[:limit], signed - {key.name}, tail, size > limit)
