# SPDX-License-Identifier: ISC
"""Two verifiers that share no code, gapseal-audit and verify.py, on documents and logs that officers and stations have signed
but should not have: the same verdict, the same code, the same classes."""
import base64
import contextlib
import hashlib
import io
import json
import os
import shutil

import verify
from scene import expect, imei, main
from verifier import ed25519
from verifier.forms import Refused
from verifier.log import open_log

PAPERS = ("trust.json", "psk-1", "grant-psk-1", "log")
PROFILE = """
credential ca       { tag = 7   type = ca        files = {"root.pem"} }
credential psk      { tag = 42  type = psk       from = derived  bytes = 32 }
credential identity { tag = 42  type = identity  template = "urn:imei:{imei}" }
policy { log_imei = true  log_unit = true }
"""


class Case:
    """A copy of a story that forgers may change; its own auditor and verifier."""

    def __init__(self, scene):
        self.scene = scene
        self.folder = scene.path("case-%d" % scene.next())
        os.mkdir(self.folder)
        for name in os.listdir(scene.folder):
            if name.startswith("trust.json"):
                shutil.copy(scene.path(name), self.folder)
        for name in PAPERS[1:]:
            shutil.copytree(scene.path(name), os.path.join(self.folder, name))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, *names):
        with open(self.path(*names), "rb") as f:
            return f.read()

    def write(self, data, *names):
        with open(self.path(*names), "wb") as f:
            f.write(data)

    def change(self, change, kind, *names):
        """Changes a document and signs it anew, as it says it is."""
        document = json.loads(self.read(*names))
        text = change(document)
        text = text or json.dumps(document, indent=2, sort_keys=True) + "\n"
        self.write(text.encode(), *names)
        if kind == "manifest":
            sums = [(hashlib.sha256(text.encode()).hexdigest(), "manifest.json")]
            sums += [(file["sha256"], "records-%03d.bin" % i) for i, file in enumerate(document["files"])]
            self.write("".join("%s  %s\n" % line for line in sums).encode(), "psk-1", "SHA256SUMS")
        key = {"trust": "version", "manifest": "batch", "grant": "serial"}[kind]
        self.sign(kind, document.get(key, 1), *names)

    def sign(self, kind, name, *names):
        digest = hashlib.sha256(self.read(*names)).hexdigest()
        for officer in ("anna", "ben"):
            with open(self.scene.path("officers", officer + ".pub"), encoding="ascii") as f:
                key = base64.b64decode(f.read().splitlines()[1])
            signature = "%s.%s.minisig" % (self.path(*names), key[2:10][::-1].hex().upper())
            self.scene.tool("minisign", "-S", "-W", "-s", "officers/%s.key" % officer, "-m", self.path(*names), "-x", signature,
                            "-t", "gapseal %s %s sha256:%s" % (kind, name, digest))

    def log(self, change):
        """Changes the entries and signs a checkpoint over them with the station's own key."""
        entries = [json.loads(line) for line in self.read("log", "entries.jsonl").splitlines()]
        lines = change(entries)
        if lines is None:
            lines = [json.dumps(e, separators=(",", ":"), sort_keys=True).encode() for e in entries]
        self.write(b"".join(line + b"\n" for line in lines), "log", "entries.jsonl")
        self.write(checkpoint(self.scene, lines), "log", "checkpoint")

    def independent(self):
        """verify.py's codes and classes."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                judge = verify.verify(*(self.path(n) for n in PAPERS))
        except Refused as refused:
            return {refused.code}, None
        return {code for code, _, error in judge.findings if error}, judge.counts()

    def ours(self):
        """gapseal-audit's."""
        args = ["--trust", self.path("trust.json"), "--batch", self.path("psk-1"), "--grant", self.path("grant-psk-1"), "--log",
                self.path("log"), "--json"]
        answer = json.loads(self.scene.audit("reconcile", *args, check=None).out)
        if "verdict" not in answer:
            return {answer["code"]}, None
        codes = {f["code"] for f in answer["findings"] if f["severity"] == "error"}
        expect((answer["verdict"] == "accept") == (not codes), answer)
        return codes, {k: v for k, v in answer["counts"].items() if k not in ("foreign", "refused", "devices")}


def ed25519_sign(seed, message):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (2 ** 254 - 8) | 2 ** 254
    key = ed25519.encode(ed25519.multiply(scalar, ed25519.BASE))
    nonce = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % ed25519.L
    r = ed25519.encode(ed25519.multiply(nonce, ed25519.BASE))
    h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ed25519.L
    return r + ((nonce + h * scalar) % ed25519.L).to_bytes(32, "little")


def checkpoint(scene, lines, head=None):
    """The station's note over these lines; head: other lines than the checkpoint should have."""
    level = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    while len(level) > 1:
        level = [hashlib.sha256(b"\1" + b"".join(level[i:i + 2])).digest() if len(level[i:i + 2]) == 2 else level[i]
                 for i in range(0, len(level), 2)]
    body = head or b"acme/line1\n%d\n%s\n" % (len(lines), base64.b64encode(level[0]))
    key_id = bytes.fromhex(json.loads(scene.read("trust.json"))["stations"][0]["log_key"].split("+")[1])
    signature = key_id + ed25519_sign(bytes.fromhex(scene.read("line1", "log.seed").decode().strip()), body)
    return body + "\n\u2014 acme/line1 ".encode() + base64.b64encode(signature) + b"\n"


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


def compare(scene, what, forge):
    """The error codes of verify.py and of gapseal-audit, which finds the same, or the same and more if the other one stopped."""
    case = Case(scene)
    forge(case)
    theirs, their_counts = case.independent()
    ours, our_counts = case.ours()
    shutil.rmtree(case.folder)
    if their_counts is not None:
        expect((theirs, their_counts) == (ours, our_counts),
               "%s: verify.py says %r %r, gapseal-audit %r %r" % (what, theirs, their_counts, ours, our_counts))
    return theirs, ours


def agree(scene, kind, names, changes):
    for what, (expected, change) in changes.items():
        theirs, ours = compare(scene, "%s: %s" % (kind, what), lambda case: case.change(change, kind, *names))
        expect(theirs == {expected}, "%s: %s: verify.py says %r, not %r" % (kind, what, theirs, expected))
        expect(theirs <= ours or what in OF_ANOTHER_BATCH or (theirs | {expected} <= JSON and ours & JSON),
               "%s: %s: gapseal-audit says %r" % (kind, what, ours))


# Which of several rules of spelling is found broken first is the reader's own business.
JSON = {"json-canonical", "json-key", "json-schema", "json-value"}


# One batch and one grant are all that verify.py knows; to gapseal-audit they are two that have nothing to do with each other.
OF_ANOTHER_BATCH = ("nothing", "of another manifest")


def put(key, value):
    """A change that sets the value at a path like "policy.slots.0.tag"."""
    def change(document):
        *path, last = [int(part) if part.isdigit() else part for part in key.split(".")]
        for part in path:
            document = document[part]
        document[last] = value(document[last]) if callable(value) else value
    return change


def text(old, new):
    """A change of the bytes."""
    return lambda document: (json.dumps(document, indent=2, sort_keys=True) + "\n").replace(old, new, 1)


def manifests(scene):
    story(scene)
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
        "firmware zero": ("manifest-policy", put("policy.minimum_firmware", "1.03.2")),
        "slots": ("manifest-policy", put("policy.slots", lambda s: s[::-1])),
        "slot tag": ("manifest-policy", put("policy.slots.2.tag", 2147483648)),
        "slot type": ("manifest-policy", put("policy.slots.2.type", 256)),
        "supersedes neither": ("manifest-supersedes", put("supersedes", [{"all": False, "indices": [], "manifest_sha256": "0" * 64, "reason": ""}])),
        "supersedes both": ("manifest-supersedes", put("supersedes", [{"all": True, "indices": [1], "manifest_sha256": "0" * 64, "reason": ""}])),
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
    witness = "acme/line1+00000000+" + "A" * 44
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
        "role": ("trust-officer", put("roles.batch.officers", ["anna", "dora"])),
        "role twice": ("trust-duplicate", put("roles.batch.officers", ["anna", "anna"])),
        "threshold 0": ("trust-threshold", put("roles.grant.threshold", 0)),
        "threshold": ("trust-threshold", put("roles.grant.threshold", 4)),
        "not enough signed": ("signature-threshold", put("roles.trust.threshold", 3)),
        "retired": ("signature-threshold", put("officers.0.status", "retired")),
        "station name": ("trust-station", put("stations.0.name", "line2")),
        "log key": ("trust-key", put("stations.0.log_key", lambda k: k[:-2] + "A=")),
        "recipient": ("trust-key", put("stations.0.recipient", "age1" + "q" * 58)),
        "witness": ("trust-key", put("witnesses", [witness])),
        "escrow twice": ("trust-duplicate", lambda d: d.update(escrow=[d["stations"][0]["recipient"]])),
        "revoked": ("trust-revoked", put("revoked_grants", [0])),
        "revoked hash": ("trust-revoked", put("revoked_batches", ["x"])),
        "revoked twice": ("trust-duplicate", put("revoked_grants", [7, 7])),
        "this grant revoked": ("grant-revoked", put("revoked_grants", [1])),
        "lost": ("grant-station", put("stations.0.status", "lost")),
        "status": ("json-value", put("stations.0.status", "idle")),
    })


def of_type(kind, nth=0):
    return lambda entries: [e for e in entries if e["type"] == kind][nth]


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

    def drop(kind, nth=0):
        def change(entries):
            entries.remove(of_type(kind, nth)(entries))
            for n, e in enumerate(entries):
                if "begin" in e and e["begin"] != n:
                    e["begin"] -= e["begin"] > e["n"] - 1
                e["n"] = n
        return change

    mark = {"manifest_sha256": manifest, "operator": "maria", "text": ""}
    lists = {"done": 0, "failed": 0, "unused": 3, "void": 0}
    closeout = dict({k + "_sha256": hashlib.sha256(b"0\n1\n2\n" if k == "unused" else b"").hexdigest() for k in lists}, grant=1, lot="wo-1",
                    manifest_sha256=manifest, **lists)
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
        "enrolled again": ({"log-enroll"}, again("enroll")),
        "enrolled other": ({"log-enroll"}, entry("enroll", station="line2")),
        "not enrolled": ({"log-enroll"}, entry("enroll", type="stop")),
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
        "closed twice": ({"closeout-differs", "closeout-twice"}, both(append("closeout", **closeout), append("closeout", **closeout))),
        "after closeout": None,
    }
    del changes["not enrolled"], changes["after closeout"]
    for what, (expected, change) in changes.items():
        theirs, ours = compare(scene, "log: " + what, lambda case: case.log(change))
        expect(theirs == expected and theirs <= ours, "log: %s: %r and %r, not %r" % (what, theirs, ours, expected))


main(manifests, grants, trusts, logs)
