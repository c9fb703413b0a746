# SPDX-License-Identifier: ISC
"""The examples of manifests/FORMAT.md: a fenced block whose info string ends in "golden/PATH [WORDS]" quotes a file of
manifests/golden, or what is computed from there."""
import glob
import hashlib
import json
import os
import re
import subprocess

from scene import TOP
from verifier import sealed

FORMAT = os.path.join(TOP, "manifests", "FORMAT.md")
GOLDEN = os.path.join(TOP, "manifests", "golden")
BLOCK = re.compile(r"^```[a-z]+ golden/(\S+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
DEVICE = "001014000000000"


def golden(*names):
    with open(os.path.join(GOLDEN, *names), "rb") as f:
        return f.read()


def age(identity, *names):
    """The plaintext of an age file of the golden folder."""
    done = subprocess.run(["age", "-d", "-i", os.path.join(GOLDEN, identity), os.path.join(GOLDEN, *names)], capture_output=True,
                          check=True)
    return done.stdout


class Worked:
    """The device of section 16, from the seed down."""

    def __init__(self):
        master = age("specimen-office-identity", "master.age")
        self.magic, self.manifest_hash, self.plan_hash, self.seed = master[:18], master[18:50], master[50:82], master[82:]
        self.manifest = json.loads(golden("golden-1", "manifest.json"))
        self.k_batch = sealed.batch_key(self.seed, self.plan_hash)
        self.k_lot = sealed.kdf(32, self.k_batch, 0, "gs-lot__")
        self.check, self.tag_key = sealed.lot_keys(self.k_lot)
        self.tag = sealed.blake(16, self.tag_key, DEVICE.encode())
        data, stride = golden("golden-1", "records-000.bin"), self.manifest["stride"]
        records = [data[at:at + stride] for at in range(0, len(data), stride)]
        self.index = next(i for i, r in enumerate(records) if r[:16] == self.tag)
        self.data = records[self.index]
        self.root = sealed.kdf(32, self.k_lot, self.index, "gs-rec__")
        self.aead, self.nonce_key, self.blind, self.commitment = sealed.record_keys(self.root)
        self.k_cred = sealed.kdf(32, self.k_batch, 0, "gs-cred_")
        self.device_key = sealed.blake(32, self.k_cred, DEVICE.encode())
        self.psk = sealed.kdf(16, self.device_key, 42 * 256 + 3, "gs-psk__")
        self.plain = sealed.open_record(self.manifest, 0, self.index, self.data, self.root)

    def rows(self, *pairs):
        return "".join("%-20s %s\n" % (name, value.hex() if isinstance(value, bytes) else value) for name, value in pairs)

    def seed_(self):
        return self.rows(("seed", self.seed), ("plan hash", self.plan_hash), ("manifest hash", self.manifest_hash))

    def device(self):
        associated = sealed.associated_data(self.manifest, 0, self.index, self.data)
        return self.rows(("lot", "0"), ("index", str(self.index)), ("stride", str(self.manifest["stride"])),
                         ("leaf", hashlib.sha256(b"\0" + self.data).digest()), ("associated data", associated))

    def record(self):
        d = self.data
        return self.rows(("tag", d[:16]), ("key commitment", d[16:48]), ("state commitment", d[48:80]), ("nonce", d[80:104]),
                         ("ciphertext", d[104:-16]), ("Poly1305", d[-16:]))

    def keys(self):
        return self.rows(("K_batch", self.k_batch), ("K_lot[0]", self.k_lot), ("check", self.check), ("tag key", self.tag_key),
                         ("tag", self.tag), ("root[%d]" % self.index, self.root), ("AEAD key", self.aead),
                         ("nonce key", self.nonce_key), ("blind", self.blind), ("key commitment", self.commitment),
                         ("K_cred", self.k_cred), ("device", self.device_key), ("PSK of slot 42,3", self.psk))

    def contents(self):
        p, at = self.plain, [0, 1, 16, 17, 26]
        at.append(at[-1] + 9 + 32 + 1)
        at.append(at[-1] + 9 + len("urn:imei:" + DEVICE) + 1)
        names = ("version", "IMEI", "count", "write common 42,0", "write 42,3", "write 42,4")
        parts = [(name, p[a:b]) for name, a, b in zip(names, at, at[1:])]
        return self.rows(*parts, ("padding", "80 and %d bytes 00" % (len(p) - at[-1] - 1)))

    def slots(self):
        for tag, kind, content in sealed.contents(self.plain)[1]:
            common = isinstance(content, int)
            yield tag, kind, self.manifest["common"][content]["digest"] if common else hashlib.sha256(content).hexdigest()

    def state(self):
        return sealed.state_text(self.blind, DEVICE, self.slots())

    def plan(self):
        """The bytes that the plan hash is over, of the profile beside it."""
        unused = {"bytes": 0, "column": "", "days": 0, "line_ending": "lf", "pem": "", "tag": 42, "template": ""}
        credentials = [dict(unused, name="ca", source="files", type=0, pem=self.manifest["common"][0]["text"]),
                       dict(unused, name="psk", source="derived", type=3, bytes=16),
                       dict(unused, name="identity", source="template", type=4, template="urn:imei:{imei}")]
        m = self.manifest
        document = {"schema": "gapseal/plan/v1", "batch": m["batch"], "org": m["org"], "ca": "", "credentials": credentials,
                    "lots": [{"count": lot["count"], "name": lot["name"]} for lot in m["lots"]], "policy": m["policy"],
                    "title": m["title"]}
        rows = [row.split(",") for row in golden("devices.csv").decode().split("\n")[1:-1]]
        devices = "".join("%s,%s,24:urn:imei:%s\n" % (imei, lot, imei) for imei, lot in rows)
        return json.dumps(document, indent=2, sort_keys=True) + "\n" + devices

    def clock(self):
        """An entry of the one type that the story has not."""
        last = json.loads(golden("log", "entries.jsonl").splitlines()[-1])
        line = {key: last[key] for key in ("boot", "mono", "n", "time", "v")}
        line.update(type="clock", text="the clock is earlier than 2026-12-24T17:00:00Z, the latest time in this log")
        return json.dumps(line, separators=(",", ":"), sort_keys=True) + "\n"


def quoted(path, word, worked):
    """What a block with this info string must hold."""
    if path == "worked":
        return getattr(worked, word if word != "seed" else "seed_")()
    with open(sorted(glob.glob(os.path.join(GOLDEN, path)))[0], encoding="utf-8") as f:
        text = f.read()
    if word is None:
        return text
    rows = [(json.loads(line), line) for line in text.splitlines(keepends=True)]
    return next(line for row, line in rows if word in (row.get("type"), row.get("event"), row.get("what")))


def blocks(text):
    """(path, word, body) of each quoting block."""
    return [match.groups() for match in BLOCK.finditer(text)]


def requote(text):
    """The text with every quoting block filled anew."""
    worked = Worked()

    def fill(match):
        head = match.group(0).split("\n", 1)[0]
        return "%s\n%s```" % (head, quoted(match.group(1), match.group(2), worked))

    return BLOCK.sub(fill, text)
