# SPDX-License-Identifier: ISC
"""Two verifiers that share no code, gapseal-audit and verify.py, on documents and logs that officers and stations have signed
but should not have: the same verdict, the same code, the same classes."""
import base64
import hashlib
import json
import os

from forge import checkpoint, compare, ed25519_sign, of_type, put, text, verifier_key
from scene import expect, imei, main
from verifier.forms import leaf, root, sha256

PROFILE = """
credential ca       { tag = 7   type = ca        files = {"root.pem"} }
credential psk      { tag = 42  type = psk       from = derived  bytes = 32 }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
policy { log_imei = true  log_unit = true }
"""


def story(scene):
    scene.make_org()
    scene.make_ca()
    rows = ["%s,wo-%d" % (imei(i), 1 + i // 3) for i in range(6)]
    scene.make_batch("psk-1", PROFILE, rows, header="imei,lot")
    scene.ingest("psk-1", "grant-psk-1")
    first = scene.modem(imei(0))
    scene.provision(first)
    scene.provision(first)
    scene.provision(scene.modem(imei(1), "corrupt on 1+ write 42,3\n"), check=1)
    scene.provision(scene.modem(imei(2)), scene.modem(imei(3)))
    scene.export("log")


def agree(scene, kind, names, changes):
    for what, (expected, change) in changes.items():
        theirs, ours = compare(scene, "%s: %s" % (kind, what), lambda case: case.change(change, kind, *names))
        expect(theirs == {expected}, "%s: %s: verify.py says %r, not %r" % (kind, what, theirs, expected))
        expect(theirs <= ours or what in OF_ANOTHER_BATCH or (theirs | {expected} <= JSON and ours & JSON),
               "%s: %s: gapseal-audit says %r" % (kind, what, ours))


# Which of several broken rules is found first is the reader's own business.
JSON = {"json-canonical", "json-key", "json-schema", "json-value"}
COMMENT = {"minisig-comment", "signature-comment"}


# One batch and one grant are all that verify.py knows; to gapseal-audit they are two that have nothing to do with each other.
OF_ANOTHER_BATCH = ("nothing", "of another manifest")


def manifests(scene):
    story(scene)
    other = {"manifest_sha256": "0" * 64, "reason": ""}
    agree(scene, "manifest", ("psk-1", "manifest.json"), {
        "nothing": ("grant-manifest", put("title", "another")),
        "no blank": ("json-canonical", text('"count": ', '"count":')),
        "no last LF": ("json-canonical", lambda d: json.dumps(d, indent=2, sort_keys=True)),
        "CR": ("json-canonical", text(",\n", ",\r\n")),
        "escape": ("json-canonical", text('"full"', '"f\\u0075ll"')),
        "key twice": ("json-canonical", text('  "count": 6,\n', '  "count": 6,\n  "count": 6,\n')),
        "schema": ("json-schema", put("schema", "gapseal/manifest/v2")),
        "unknown key": ("json-key", lambda d: d.update(more=1)),
        "missing key": ("json-key", lambda d: d.pop("title")),
        "float": ("json-value", put("seq", 1.5)),
        "text for a number": ("json-value", put("count", "6")),
        "null": ("json-value", put("title", None)),
        "long title": ("json-value", put("title", "x" * 81)),
        "title with LF": ("json-value", put("title", "a\nb")),
        "large number": ("json-value", put("seq", 2 ** 53)),
        "unknown word": ("json-value", put("kind", "partial")),
        "list for an object": ("json-value", put("policy", [])),
        "object for a list": ("json-value", put("lots", {})),
        "bad time": ("json-value", put("issued", "2026-02-29T10:00:00Z")),
        "no time": ("manifest-names", put("issued", "")),
        "bad name": ("json-value", put("series", "Acme")),
        "other org": ("manifest-org", put("org", "other")),
        "later trust": ("manifest-trust", put("trust", 2)),
        "no trust": ("manifest-names", put("trust", 0)),
        "abandoned": ("manifest-series", put("abandoned", [1])),
        "stride": ("manifest-stride", put("stride", 250)),
        "lot count": ("manifest-lots", put("lots.0.count", 4)),
        "lot first": ("manifest-lots", put("lots.0.first", 1)),
        "lot names": ("manifest-lots", put("lots.0.name", "wo-2")),
        "no lots": ("manifest-lots", put("lots", [])),
        "file size": ("manifest-files", put("files.0.bytes", lambda n: n + 64)),
        "half a record": ("manifest-files", lambda d: d.update(files=[dict(d["files"][0], bytes=100),
                                                                      dict(d["files"][0], bytes=d["files"][0]["bytes"] - 100)])),
        "no files": ("manifest-files", put("files", [])),
        "file hash": ("records-hash", lambda d: d["files"][0].update(sha256="0" * 64)),
        "root": ("records-root", put("root", "0" * 64)),
        "common digest": ("manifest-common", put("common.0.digest", "0" * 64)),
        "common ending": ("manifest-common", put("common.0.line_ending", "crlf")),
        "common cut": ("manifest-common", put("common.0.text", "")),
        "recipient": ("manifest-recipient", put("master_recipients.0", lambda r: r[:-1] + ("q" if r[-1] != "q" else "p"))),
        "recipient twice": ("manifest-recipient", put("master_recipients", lambda r: r + r)),
        "attempts": ("manifest-policy", put("policy.attempts", 100)),
        "forms": ("manifest-policy", put("policy.digest_forms", ["nul"])),
        "families": ("manifest-policy", put("policy.families", ["a", "a"])),
        "firmware": ("manifest-policy", put("policy.minimum_firmware", "1.3")),
        "firmware large": ("manifest-policy", put("policy.minimum_firmware", "1.3.4294967296")),
        "firmware zero": ("manifest-policy", put("policy.minimum_firmware", "1.03.2")),
        "slots": ("manifest-policy", put("policy.slots", lambda s: s[::-1])),
        "slot tag": ("manifest-policy", put("policy.slots.2.tag", 2147483648)),
        "slot type": ("manifest-policy", put("policy.slots.2.type", 256)),
        "supersedes neither": ("manifest-supersedes", put("supersedes", [dict(other, all=False, indices=[])])),
        "supersedes both": ("manifest-supersedes", put("supersedes", [dict(other, all=True, indices=[1])])),
        "supersedes twice": ("manifest-supersedes", put("supersedes", [dict(other, all=True, indices=[])] * 2)),
    })


def grants(scene):
    story(scene)
    agree(scene, "grant", ("grant-psk-1", "grant.json"), {
        "serial 0": ("grant-form", put("serial", 0)),
        "no success": ("grant-form", put("max_success", 0)),
        "no lots": ("grant-scope", put("lots", [])),
        "both": ("grant-scope", put("records", [1])),
        "dates": ("grant-dates", put("not_after", "2020-01-01T00:00:00Z")),
        "no date": ("grant-dates", put("not_before", "")),
        "no stations": ("grant-stations", put("stations", [])),
        "station twice": ("grant-stations", put("stations", lambda s: s + s)),
        "recipient": ("grant-station", put("stations.0.name", "line2")),
        "again": ("grant-order", put("again", [2, 1])),
        "again beyond": ("grant-lots", put("again", [6])),
        "replaces itself": ("grant-order", put("replaces", [1])),
        "lot twice": ("grant-order", put("lots", ["wo-1", "wo-1"])),
        "no such lot": ("grant-lots", put("lots", ["wo-9"])),
        "too many": ("grant-lots", put("max_success", 7)),
        "of another manifest": ("grant-manifest", put("manifest_sha256", "0" * 64)),
        "batch": ("grant-manifest", put("batch", "psk-2")),
        "keys": ("grant-keys", put("keys_sha256", "0" * 64)),
        "later trust": ("grant-trust", put("trust", 2)),
        "long note": ("json-value", put("note", "x" * 161)),
        "another grant": ("grant-not-ingested", put("note", "x")),
    })


def trusts(scene):
    story(scene)
    officers = json.loads(scene.read("trust.json"))["officers"]
    blobs = [base64.b64decode(o["key"][9:]) for o in officers]
    same_id = "minisign:" + base64.b64encode(blobs[0][:10] + blobs[2][10:]).decode()
    seeds = [bytes([i]) * 32 for i in range(3)]
    crowd = [verifier_key("w%d" % i, 1, bytes([i] * 32))[0] for i in range(64)]
    witnesses = [verifier_key("witness", 4, seeds[0])[0], verifier_key("witness", 1, seeds[1])[0]]
    agree(scene, "trust", ("trust.json",), {
        "another": ("trust-other", put("issued", "2026-01-01T00:00:00Z")),
        "no time": ("trust-form", put("issued", "")),
        "version 0": ("trust-form", put("version", 0)),
        "prev": ("trust-prev", put("prev", "0" * 64)),
        "no prev": ("trust-prev", put("version", 2)),
        "officer twice": ("trust-duplicate", put("officers.2.name", "anna")),
        "key twice": ("trust-duplicate", put("officers.2.key", officers[0]["key"])),
        "no officer name": ("trust-officer", put("officers.2.name", "")),
        "key": ("trust-key", put("officers.2.key", "minisign:RW")),
        "no station name": ("trust-station", put("stations.0.name", "")),
        "too many officers": ("trust-form", put("officers", lambda officers: officers * 100)),
        "role": ("trust-officer", put("roles.batch.officers", ["anna", "dora"])),
        "role twice": ("trust-duplicate", put("roles.batch.officers", ["anna", "anna"])),
        "threshold 0": ("trust-threshold", put("roles.grant.threshold", 0)),
        "threshold": ("trust-threshold", put("roles.grant.threshold", 4)),
        "not enough signed": ("signature-threshold", put("roles.trust.threshold", 3)),
        "retired": ("signature-threshold", put("officers.0.status", "retired")),
        "station name": ("trust-station", put("stations.0.name", "line2")),
        "log key": ("trust-key", put("stations.0.log_key", lambda k: k[:-2] + "A=")),
        "recipient": ("trust-key", put("stations.0.recipient", "age1" + "q" * 58)),
        "key id twice": ("trust-duplicate", put("officers.2.key", same_id)),
        "log key of a witness": ("trust-key", put("stations.0.log_key", verifier_key("acme/line1", 4, seeds[2])[0])),
        "log key of another": ("trust-station", put("stations.0.log_key", verifier_key("acme/line2", 1, seeds[2])[0])),
        "station twice": ("trust-duplicate", put("stations", lambda stations: stations * 2)),
        "witness": ("trust-key", put("witnesses", ["acme/line1+00000000+" + "A" * 44])),
        "witness named twice": ("trust-duplicate", put("witnesses", witnesses)),
        "witness twice": ("trust-duplicate", put("witnesses", witnesses[:1] * 2)),
        "witness as log key": ("trust-duplicate", put("witnesses", [verifier_key("acme/line1", 4, seeds[0])[0]])),
        "witness as station": ("trust-duplicate", put("witnesses", [verifier_key("line1", 4, seeds[0])[0]])),
        "too many witnesses": ("trust-key", put("witnesses", crowd)),
        "escrow twice": ("trust-duplicate", lambda d: d.update(escrow=[d["stations"][0]["recipient"]])),
        "revoked": ("trust-revoked", put("revoked_grants", [0])),
        "revoked hash": ("trust-revoked", put("revoked_batches", ["x"])),
        "revoked twice": ("trust-duplicate", put("revoked_grants", [7, 7])),
        "this grant revoked": ("grant-revoked", put("revoked_grants", [1])),
        "this batch revoked": ("manifest-revoked", put("revoked_batches", [sha256(scene.read("psk-1", "manifest.json")).hex()])),
        "last size": ("trust-other", put("stations.0.last_size", 4)),
        "lost": ("grant-station", put("stations.0.status", "lost")),
        "status": ("json-value", put("stations.0.status", "idle")),
    })


def logs(scene):
    """Entries a station has signed for, whatever they say."""
    story(scene)
    manifest = hashlib.sha256(scene.read("psk-1", "manifest.json")).hexdigest()

    def entry(kind, nth=0, **keys):
        return lambda entries: of_type(kind, nth)(entries).update(keys)

    def append(kind, **keys):
        def change(entries):
            last = entries[-1]
            new = {key: last[key] for key in ("boot", "mono", "time", "v")}
            entries.append(dict(new, n=len(entries), type=kind, **keys))
        return change

    def again(kind, nth=0, **keys):
        def change(entries):
            entries.append(dict(of_type(kind, nth)(entries), n=len(entries), mono=entries[-1]["mono"], **keys))
        return change

    def both(*changes):
        def change(entries):
            for one in changes:
                one(entries)
        return change

    def redo(entries):
        again("begin")(entries)
        again("end", begin=len(entries) - 1)(entries)

    def not_enrolled(entries):
        entries[0] = dict(of_type("stop")(entries), n=0)

    def release(entries):
        append("release", index=of_type("end")(entries)["index"], **mark)(entries)

    def true_lists(entries):
        keys, left = {}, {0, 1, 2}
        of = {"done": {e["index"] for e in entries if e.get("result") in ("done", "same")},
              "failed": {e["index"] for e in entries if e["type"] == "begin"}, "unused": left, "void": set()}
        for kind in ("void", "done", "failed", "unused"):
            indices = sorted(left & of[kind])
            left = left - of[kind]
            keys[kind] = len(indices)
            keys[kind + "_sha256"] = hashlib.sha256("".join("%d\n" % i for i in indices).encode()).hexdigest()
        return dict(closeout, **keys)

    mark = {"manifest_sha256": manifest, "operator": "maria", "text": ""}
    lists = {"done": 0, "failed": 0, "unused": 3, "void": 0}
    hashes = {k + "_sha256": sha256(b"0\n1\n2\n" if k == "unused" else b"").hex() for k in lists}
    closeout = dict(hashes, grant=1, lot="wo-1", manifest_sha256=manifest, **lists)
    changes = {
        "nothing": (set(), lambda entries: None),
        "a blank": ({"entry-form"}, lambda entries: [json.dumps(e, sort_keys=True).encode() for e in entries]),
        "unknown type": ({"entry-form"}, append("pause")),
        "number": ({"entry-number"}, entry("stop", n=77)),
        "version": ({"entry-form"}, entry("stop", v=2)),
        "no boot": ({"entry-form"}, entry("stop", boot="")),
        "no time": ({"entry-form"}, entry("stop", time="")),
        "step code": ({"entry-form"}, entry("end", steps=[9004])),
        "form": ({"entry-form"}, entry("end", form="raw")),
        "result": ({"entry-form"}, entry("end", result="same")),
        "done with reason": ({"entry-form"}, entry("end", reason="no-answer")),
        "done without state": ({"entry-form"}, entry("end", state="")),
        "failed without reason": ({"entry-form"}, entry("end", 1, reason="")),
        "attempt 0": ({"entry-form"}, entry("begin", attempt=0)),
        "grant 0": ({"entry-form"}, entry("begin", grant=0)),
        "no leaf": ({"entry-form"}, entry("begin", leaf="")),
        "imei": ({"entry-form"}, entry("begin", imei="001014000000001")),
        "no port": ({"entry-form"}, entry("begin", port="")),
        "reason": ({"entry-form"}, entry("stop", reason="The End")),
        "end before begin": ({"entry-form"}, lambda entries: of_type("end")(entries).update(begin=len(entries))),
        "mismatch": ({"mismatch"}, entry("end", state="0" * 64)),
        "mismatch of a same": ({"mismatch"}, entry("same", state="0" * 64)),
        "digest form": ({"digest-form"}, entry("end", form="nul")),
        "index": ({"entry-index"}, entry("same", index=6)),
        "leaf": ({"entry-leaf"}, entry("same", leaf="0" * 64)),
        "no such grant": ({"grant-missing"}, entry("same", grant=2)),
        "no begin": ({"end-without-begin"}, entry("end", begin=0)),
        "ended twice": ({"end-without-begin"}, again("end", 1)),
        "unresolved": (set(), again("begin", 1)),
        "begun again": ({"begin-refused"}, again("begin")),
        "imei differs": ({"imei-differs"}, entry("same", imei=imei(5))),
        "not enrolled": ({"log-enroll"}, not_enrolled),
        "enrolled again": ({"log-enroll"}, again("enroll")),
        "enrolled other": ({"log-enroll"}, entry("enroll", station="line2")),
        "trust order": ({"trust-order", "trust-missing"}, again("trust", trust=3)),
        "trust other": ({"trust-other"}, entry("trust", sha256="0" * 64)),
        "ingest trust": ({"ingest-trust"}, entry("ingest", trust=2)),
        "export": ({"log-export"}, entry("export", size=99)),
        "void": (set(), append("void", index=0, unit="", **mark)),
        "void and back": (set(), both(append("void", index=0, unit="", **mark), append("unvoid", index=0, unit="", **mark))),
        "released": (set(), append("release", index=0, **mark)),
        "clock": (set(), append("clock", text="")),
        "clock back": (set(), entry("stop", time="2001-01-01T00:00:00Z")),
        "closeout differs": ({"closeout-differs"}, append("closeout", **closeout)),
        "closeout lot": ({"closeout-lot"}, append("closeout", **dict(closeout, lot="wo-3"))),
        "closed twice": ({"closeout-differs", "closeout-twice"},
                         both(append("closeout", **closeout), append("closeout", **closeout))),
        "after closeout": ({"closeout-differs", "after-closeout"},
                           both(append("closeout", **closeout), append("closeout", **dict(closeout, lot="wo-2")), again("same"))),
        "closed": (set(), lambda entries: append("closeout", **true_lists(entries))(entries)),
        "done twice": ({"begin-refused", "duplicate"}, redo),
        "done again": (set(), both(release, redo)),
        "done again twice": ({"begin-refused", "duplicate"}, both(release, redo, redo)),
        "released twice": (set(), both(release, redo, release, redo)),
    }
    for what, (expected, change) in changes.items():
        theirs, ours = compare(scene, "log: " + what, lambda case: case.log(change))
        expect(theirs == expected and theirs <= ours, "log: %s: %r and %r, not %r" % (what, theirs, ours, expected))


def replaced(old, new):
    return lambda data: data.replace(old, new, 1)


def agree_on(scene, what, expected, forge):
    theirs, ours = compare(scene, what, forge)
    same = theirs <= ours or (theirs <= COMMENT and ours & COMMENT)
    expect(theirs == expected and same, "%s: %r and %r, not %r" % (what, theirs, ours, expected))


def records(scene):
    """Records files that are not what was compiled: first those that the manifest says are right."""
    story(scene)
    stride = json.loads(scene.read("psk-1", "manifest.json"))["stride"]
    data = scene.read("psk-1", "records-000.bin")
    first, second, rest = data[:stride], data[stride:2 * stride], data[2 * stride:]

    def forge(case, forged):
        level = [leaf(forged[at:at + stride]) for at in range(0, len(forged), stride)]
        file = {"bytes": len(forged), "sha256": sha256(forged).hex()}
        case.write(forged, "psk-1", "records-000.bin")
        case.change(lambda d: d.update(files=[file], root=root(level).hex()), "manifest", "psk-1", "manifest.json")

    agree_on(scene, "records: swapped", {"records-order"}, lambda case: forge(case, second + first + rest))
    agree_on(scene, "records: twice", {"records-order"}, lambda case: forge(case, first + first + rest))
    for what, expected, forged in (("cut", "records-size", data[:-1]), ("longer", "records-size", data + b"x"),
                                   ("other", "records-hash", data[:-1] + bytes([data[-1] ^ 1]))):
        agree_on(scene, "records: " + what, {expected}, lambda case: case.write(forged, "psk-1", "records-000.bin"))
    agree_on(scene, "records: gone", {"records-missing"}, lambda case: os.remove(case.path("psk-1", "records-000.bin")))
    sums = {
        "digit": ("sums-differ", flipped_digit), "order": ("sums-form", swapped_lines),
        "CR": ("sums-form", replaced(b"\n", b"\r\n")), "more": ("sums-form", lambda data: data + b"\n"),
        "one blank": ("sums-form", replaced(b"  ", b" ")), "star": ("sums-form", replaced(b"  ", b" *")),
    }
    for what, (expected, change) in sums.items():
        agree_on(scene, "sums: " + what, {expected},
                 lambda case: case.write(change(case.read("psk-1", "SHA256SUMS")), "psk-1", "SHA256SUMS"))


def flipped_digit(data):
    return (b"1" if data[:1] == b"0" else b"0") + data[1:]


def swapped_lines(data):
    return b"".join(reversed(data.splitlines(keepends=True)))


def checkpoints(scene):
    """Heads of the log: what the station signs, and what is put round it."""
    story(scene)
    lines = scene.read("log", "entries.jsonl").splitlines()
    size = b"\n%d\n" % len(lines)
    unknown = "\u2014 somebody/else ".encode() + base64.b64encode(bytes(68)) + b"\n"
    known = "\u2014 acme/line1 ".encode()
    texts = {
        "nothing": (set(), replaced(b"", b"")),
        "extension": (set(), replaced(b"=\n", b"=\nmore\n")),
        "empty line": ({"checkpoint-form"}, replaced(b"=\n", b"=\n\nmore\n")),
        "origin": ({"log-station"}, replaced(b"line1", b"line2")),
        "zero before": ({"checkpoint-form"}, replaced(size, b"\n0%d\n" % len(lines))),
        "no root": ({"checkpoint-form"}, replaced(b"=\n", b"\n")),
        "too long": ({"log-short"}, replaced(size, b"\n%d\n" % (len(lines) + 1))),
        "root": ({"log-root"}, replaced(size, b"\n%d\n" % (len(lines) - 1))),
        "size": ({"checkpoint-form"}, replaced(size, b"\n%d\n" % 2 ** 53)),
        "blank": ({"checkpoint-form"}, replaced(size, size[:-1] + b" \n")),
    }
    notes = {
        "unknown signature": (set(), lambda note: note + unknown),
        "unknown first": (set(), replaced(known, unknown + known)),
        "nobody known": ({"note-unsigned"}, lambda note: note[:note.index(known)] + unknown),
        "a bad one more": ({"note-signature"}, lambda note: note + note[note.index(known):-8] + b"AAAAAA=\n"),
        "CR": ({"note-form"}, replaced(b"\n\n", b"\r\n\n")),
        "no last LF": ({"note-form"}, lambda note: note[:-1]),
        "no signature": ({"note-form"}, lambda note: note[:note.index(known)]),
        "hyphen": ({"note-form"}, replaced(known, b"- acme/line1 ")),
        "latin-1": ({"note-form"}, replaced(known, b"\x97 acme/line1 ")),
        "two blanks": ({"note-form"}, replaced(known, known + b" ")),
        "text changed": ({"note-signature"}, replaced(size, b"\n1\n")),
    }
    tails = {"half an entry": b'{"boot', "a whole one": lines[-1] + b"\n", "zeros": bytes(512)}
    for what, (expected, change) in texts.items():
        agree_on(scene, "checkpoint: " + what, expected,
                 lambda case: case.write(checkpoint(scene, lines, change), "log", "checkpoint"))
    for what, (expected, change) in notes.items():
        agree_on(scene, "note: " + what, expected,
                 lambda case: case.write(change(case.read("log", "checkpoint")), "log", "checkpoint"))
    for what, tail in tails.items():
        agree_on(scene, "tail: " + what, set(),
                 lambda case: case.write(case.read("log", "entries.jsonl") + tail, "log", "entries.jsonl"))


def witnesses(scene):
    """A cosignature of a witness that trust names; the trust is another one than the log took in."""
    story(scene)
    seed, name = bytes(range(32)), "witness.example"
    typed, key_id = verifier_key(name, 4, seed)
    body = scene.read("log", "checkpoint").partition(b"\n\n")[0] + b"\n"
    for what, expected, signed in (("good", "trust-other", b"cosignature/v1\ntime 1792500000\n" + body),
                                   ("other time", "note-signature", b"cosignature/v1\ntime 1792500001\n" + body),
                                   ("plain", "note-signature", body)):
        blob = key_id + (1792500000).to_bytes(8, "big") + ed25519_sign(seed, signed)
        line = ("\u2014 %s " % name).encode() + base64.b64encode(blob) + b"\n"

        def forge(case, line=line):
            case.change(put("witnesses", [typed]), "trust", "trust.json")
            case.write(case.read("log", "checkpoint") + line, "log", "checkpoint")

        agree_on(scene, "witness: " + what, {expected}, forge)

    def alone(case):
        case.change(put("witnesses", [typed]), "trust", "trust.json")
        blob = key_id + (5).to_bytes(8, "big") + ed25519_sign(seed, b"cosignature/v1\ntime 5\n" + body)
        case.write(body + ("\n\u2014 %s " % name).encode() + base64.b64encode(blob) + b"\n", "log", "checkpoint")

    agree_on(scene, "witness: alone", {"checkpoint-unsigned"}, alone)
    agree_on(scene, "witness: none", {"trust-other"}, lambda case: case.change(put("witnesses", [typed]), "trust", "trust.json"))


def line_changed(number, change):
    """A change of one line of a signature file."""
    return lambda data: b"\n".join(change(line) if i == number else line for i, line in enumerate(data.split(b"\n")))


def flipped(line):
    """Base64 with another byte in the signature's middle."""
    data = bytearray(base64.b64decode(line))
    data[-20] ^= 1
    return base64.b64encode(bytes(data))


SIGNATURES = {
    "other free text": (None, line_changed(0, lambda line: line[:19] + b"\xff\x00")),
    "no free text": (None, line_changed(0, lambda line: line[:19])),
    "CR": ("minisig-form", replaced(b"\n", b"\r\n")),
    "no last LF": ("minisig-form", lambda data: data[:-1]),
    "more": ("minisig-form", lambda data: data + b"\n"),
    "prefix": ("minisig-form", replaced(b"untrusted", b"Untrusted")),
    "long free text": ("minisig-form", replaced(b"signature", b"x" * 1024)),
    "legacy": ("minisig-form", replaced(b"\nRU", b"\nRW")),
    "base64": ("minisig-form", replaced(b"=\n", b"\n")),
    "comment": ("minisig-comment", replaced(b": gapseal ", b": gapseal x")),
    "comment tab": ("minisig-form", replaced(b": gapseal ", b": gapseal \t")),
    "comment blank": ("minisig-comment", replaced(b"sha256", b" sha256")),
    "other signature": ("minisig-signature", line_changed(1, flipped)),
    "other whole signature": ("minisig-comment", line_changed(3, flipped)),
}
NAMES = {"of another": ("signature-key", "0" * 16), "lower case": ("signature-name", "0123456789abcdef"),
         "short": ("signature-name", "0123"), "without": ("signature-name", "")}


def signature_files(scene):
    """One signature file of a document changed, the other one good."""
    story(scene)
    documents = {"trust.json": ("trust", "grant"), "psk-1/manifest.json": ("manifest", "trust"),
                 "grant-psk-1/grant.json": ("grant", "manifest")}
    for document, (kind, other) in documents.items():
        folder, base = os.path.split(document)
        files = sorted(n for n in os.listdir(scene.path(folder)) if n.startswith(base + ".") and n.endswith(".minisig"))
        first = os.path.join(folder, files[0])
        for what, (expected, change) in SIGNATURES.items():
            agree_on(scene, "%s: %s" % (document, what), {expected} if expected else set(),
                     lambda case: case.write(change(case.read(first)), first))
        for what, (expected, name) in NAMES.items():
            agree_on(scene, "%s: name %s" % (document, what), {expected},
                     lambda case: case.write(case.read(first), "%s.%s.minisig" % (document, name)))
        agree_on(scene, document + ": too many", {"signature-count"}, lambda case: [
            case.write(case.read(first), "%s.%016X.minisig" % (document, i)) for i in range(33)])
        agree_on(scene, document + ": nobody", {"signature-threshold" if base == "trust.json" else "signature-none"},
                 lambda case: [os.remove(case.path(folder, name)) for name in files])
        for what, wrong in (("as " + other, (other, "1")), ("for another", (kind, "9"))):
            agree_on(scene, "%s: signed %s" % (document, what), {"signature-comment"}, lambda case: case.sign(*wrong, document))


main(manifests, grants, trusts, records, logs, checkpoints, witnesses, signature_files)
