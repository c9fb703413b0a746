# SPDX-License-Identifier: ISC
"""Documents and logs changed and signed anew by those who may sign them, shown to two verifiers: gapseal-audit and verify.py."""
import base64
import contextlib
import hashlib
import io
import json
import os
import shutil

import verify
from scene import expect
from verifier import ed25519
from verifier.forms import Refused, leaf, root

PAPERS = ("trust.json", "psk-1", "grant-psk-1", "log")


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
        """verify.py's error codes; warnings and classes, None if it refuses a document or the log."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                judge = verify.verify(*(self.path(n) for n in PAPERS))
        except Refused as refused:
            return {refused.code}, None
        warnings = {code for code, _, error in judge.findings if not error}
        return {code for code, _, error in judge.findings if error}, (warnings, judge.counts())

    def ours(self):
        """gapseal-audit's."""
        args = ["--trust", self.path("trust.json"), "--batch", self.path("psk-1"), "--grant", self.path("grant-psk-1"), "--log",
                self.path("log"), "--json"]
        answer = json.loads(self.scene.audit("reconcile", *args, check=None).out)
        if "verdict" not in answer:
            return {answer["code"]}, None
        codes = {f["code"] for f in answer["findings"] if f["severity"] == "error"}
        expect((answer["verdict"] == "accept") == (not codes), answer)
        warnings = {f["code"] for f in answer["findings"] if f["severity"] == "warning"}
        return codes, (warnings, {k: v for k, v in answer["counts"].items() if k not in ("foreign", "refused", "devices")})


def scalar(seed):
    return int.from_bytes(hashlib.sha512(seed).digest()[:32], "little") & (2 ** 254 - 8) | 2 ** 254


def public(seed):
    return ed25519.encode(ed25519.multiply(scalar(seed), ed25519.BASE))


def verifier_key(name, algorithm, seed):
    """As text, and its id."""
    blob = bytes([algorithm]) + public(seed)
    key_id = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    return "%s+%s+%s" % (name, key_id.hex(), base64.b64encode(blob).decode()), key_id


def ed25519_sign(seed, message):
    nonce = hashlib.sha512(hashlib.sha512(seed).digest()[32:] + message).digest()
    nonce = int.from_bytes(nonce, "little") % ed25519.L
    r = ed25519.encode(ed25519.multiply(nonce, ed25519.BASE))
    h = int.from_bytes(hashlib.sha512(r + public(seed) + message).digest(), "little") % ed25519.L
    return r + ((nonce + h * scalar(seed)) % ed25519.L).to_bytes(32, "little")


def checkpoint(scene, lines, change=lambda body: body):
    """The station's note over these lines; change: what else its text should say."""
    head = root([leaf(line) for line in lines])
    body = change(b"acme/line1\n%d\n%s\n" % (len(lines), base64.b64encode(head)))
    key_id = bytes.fromhex(json.loads(scene.read("trust.json"))["stations"][0]["log_key"].split("+")[1])
    signature = key_id + ed25519_sign(bytes.fromhex(scene.read("line1", "log.seed").decode().strip()), body)
    return body + "\n\u2014 acme/line1 ".encode() + base64.b64encode(signature) + b"\n"


def compare(scene, what, forge):
    """The error codes of verify.py and of gapseal-audit, which finds the same, or the same and more if the other one stopped."""
    case = Case(scene)
    forge(case)
    theirs, their_rest = case.independent()
    ours, our_rest = case.ours()
    shutil.rmtree(case.folder)
    if their_rest is not None:
        expect((theirs, their_rest) == (ours, our_rest),
               "%s: verify.py says %r %r, gapseal-audit %r %r" % (what, theirs, their_rest, ours, our_rest))
    return theirs, ours


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


def of_type(kind, nth=0):
    return lambda entries: [e for e in entries if e["type"] == kind][nth]
