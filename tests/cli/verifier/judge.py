# SPDX-License-Identifier: ISC
"""Section 14 of FORMAT.md: what one log says of the devices of one batch under one grant."""
import hashlib

CLASSES = ("mismatch", "duplicate", "void", "done", "same", "unresolved", "failed", "unused")


class Judge:
    def __init__(self, trust, batch, grant, log):
        self.trust, self.trust_hash = trust
        self.manifest, self.manifest_hash, self.records = batch
        self.grant, self.grant_hash, self.covered = grant
        self.log, self.station = log, log.station
        self.policy = self.manifest["policy"]
        self.lots = {lot["name"]: range(lot["first"], lot["first"] + lot["count"]) for lot in self.manifest["lots"]}
        self.leaves = [None if r is None else hashlib.sha256(b"\0" + r).hexdigest() for r in self.records]
        self.flags = [set() for _ in self.records]
        self.done = {}          # index: whether each end done had a release before it
        self.opens = {}         # n of a begin: index
        self.closed = set()     # lots
        self.imeis, self.units = {}, {}
        self.in_force = 0       # version of trust
        self.taken = set()      # "batch", "grant"
        self.foreign = 0
        self.latest, self.boot, self.mono = "", "", 0
        self.findings = []

    def find(self, code, entry=None, error=True):
        self.findings.append((code, None if entry is None else entry["n"], error))

    def read(self):
        self.check_log()
        for entry in self.log.entries:
            self.check_clock(entry)
            getattr(self, "take_" + entry["type"], lambda e: None)(entry)
        self.end()

    def check_log(self):
        lost = self.station["status"] in ("lost", "stolen") and self.station["last_size"] == 0
        odd = {"station-lost": lost, "log-unwitnessed": self.trust["witnesses"] and not self.log.witnesses,
               "log-tail": self.log.tail, "last-size": self.log.beyond}
        for code in [code for code, is_so in odd.items() if is_so]:
            self.find(code, error=False)
        if self.log.entries and self.log.entries[0]["type"] != "enroll":
            self.find("log-enroll")

    def check_clock(self, e):
        if e["time"] < self.latest or (e["boot"] == self.boot and e["mono"] < self.mono) or e["type"] == "clock":
            self.find("clock", e, error=False)
        self.latest, self.boot, self.mono = max(self.latest, e["time"]), e["boot"], e["mono"]

    # Papers.

    def take_enroll(self, e):
        keys = ("log_key", "recipient")
        named = (e["org"], e["station"]) == (self.trust["org"], self.station["name"])
        if e["n"] != 0 or not named or any(e[key] != self.station[key] for key in keys):
            self.find("log-enroll", e)

    def take_trust(self, e):
        if e["trust"] != self.trust["version"]:
            self.find("trust-missing", e)
        elif e["sha256"] != self.trust_hash.hex():
            self.find("trust-other", e)
        if self.in_force not in (0, e["trust"], e["trust"] - 1):
            self.find("trust-order", e)
        self.in_force = e["trust"]

    def take_ingest(self, e):
        if e["trust"] != self.in_force:
            self.find("ingest-trust", e)
        if e["grant"] == 0 and e["manifest_sha256"] == e["sha256"] == self.manifest_hash.hex():
            self.taken.add("batch")
        if e["grant"] == self.grant["serial"] and e["sha256"] == self.grant_hash.hex():
            self.taken.add("grant")

    def take_recover(self, e):
        self.find("log-recovered", e, error=False)

    def take_export(self, e):
        if e["size"] > e["n"] + 1:
            self.find("log-export", e)

    # Devices.

    def lot_of(self, index):
        return next(name for name, indices in self.lots.items() if index in indices)

    def device(self, e):
        """The flags of the entry's device; None if it is not one of this batch, or not the one of an extract."""
        if e["manifest_sha256"] != self.manifest_hash.hex():
            return None
        if e["index"] < len(self.flags):
            return None if self.records[e["index"]] is None else self.flags[e["index"]]
        self.find("entry-index", e)
        return None

    def identity(self, e):
        """An IMEI seen first stays that of the record; so does the unit."""
        if self.policy["log_imei"] and e["imei"] and self.imeis.setdefault(e["index"], e["imei"]) != e["imei"]:
            self.find("imei-differs", e)
        if self.policy["log_unit"] and e["unit"] and self.units.setdefault(e["index"], e["unit"]) != e["unit"]:
            self.find("unit-differs", e, error=False)

    def opened(self, e):
        """What begin, end and same have in common."""
        flags = self.device(e)
        if flags is None:
            return None
        if e["leaf"] != self.leaves[e["index"]]:
            self.find("entry-leaf", e)
            return None
        if "batch" not in self.taken:
            self.find("batch-not-ingested", e)
        if e["grant"] != self.grant["serial"]:
            self.find("grant-missing", e)
        else:
            self.under_grant(e)
        if self.lot_of(e["index"]) in self.closed:
            self.find("after-closeout", e)
        self.identity(e)
        return flags

    def under_grant(self, e):
        if "grant" not in self.taken:
            self.find("grant-not-ingested", e)
        if self.station["name"] not in [s["name"] for s in self.grant["stations"]]:
            self.find("grant-other-station", e)
        if e["index"] not in self.covered:
            self.find("grant-not-covering", e)

    def may_begin(self, flags, e):
        if "void" in flags:
            return False
        if not flags & {"done", "same"}:
            return True
        permits = {"local": "released" in flags, "permit": e["index"] in self.grant["again"], "never": False}
        return permits[self.policy["rework"]]

    def take_begin(self, e):
        flags = self.opened(e)
        if flags is None:
            return
        if not self.grant["not_before"] <= e["time"] <= self.grant["not_after"]:
            self.find("outside-dates", e, error=False)
        if not self.may_begin(flags, e):
            self.find("begin-refused", e)
        flags.add("begun")
        self.opens[e["n"]] = e["index"]

    def check_proof(self, flags, e):
        if e["state"] != self.records[e["index"]][48:80].hex():
            flags.add("mismatch")
            self.find("mismatch", e)
        if e["form"] not in self.policy["digest_forms"]:
            self.find("digest-form", e)
        if self.policy["attestation"] == "require" and not e["attestation"]:
            self.find("attestation-missing", e)

    def close_begin(self, e):
        if e["begin"] not in self.opens:
            self.find("end-without-begin", e)
        elif self.opens[e["begin"]] != e["index"]:
            self.find("end-other-device", e)
        else:
            del self.opens[e["begin"]]

    def take_end(self, e):
        flags = self.opened(e)
        if flags is None:
            return
        self.close_begin(e)
        if e["result"] != "done":
            flags.add("failed")
            return
        self.check_proof(flags, e)
        self.done.setdefault(e["index"], []).append("released" in flags)
        flags.discard("released")
        flags.add("done")

    def take_same(self, e):
        flags = self.opened(e)
        if flags is not None:
            self.check_proof(flags, e)
            flags.add("same")

    def take_refuse(self, e):
        self.foreign += e["reason"] == "not-in-batch"
        if self.device(e) is not None and e["leaf"]:
            if e["leaf"] == self.leaves[e["index"]]:
                self.identity(e)
            else:
                self.find("entry-leaf", e)

    def take_release(self, e):
        if self.device(e) is not None:
            self.device(e).add("released")

    def take_void(self, e):
        if self.device(e) is not None:
            self.device(e).add("void")

    def take_unvoid(self, e):
        if self.device(e) is not None:
            self.device(e).discard("void")

    # Close-out and end.

    def list_of(self, index):
        flags = self.flags[index]
        if "void" in flags:
            return "void"
        if flags & {"done", "same"}:
            return "done"
        return "failed" if "begun" in flags else "unused"

    def take_closeout(self, e):
        if e["manifest_sha256"] != self.manifest_hash.hex():
            return
        if e["lot"] not in self.lots or e["lot"] in self.closed:
            self.find("closeout-twice" if e["lot"] in self.closed else "closeout-lot", e)
            return
        self.closed.add(e["lot"])
        for kind in ("done", "failed", "unused", "void") if None not in self.records else ():
            indices = [i for i in self.lots[e["lot"]] if self.list_of(i) == kind]
            digest = hashlib.sha256("".join("%d\n" % i for i in indices).encode()).hexdigest()
            if (e[kind], e[kind + "_sha256"]) != (len(indices), digest):
                self.find("closeout-differs", e)

    def permitted(self, released):
        """One end done is free; in one log under one grant only a release permits another."""
        others = [r for r in released if not (self.policy["rework"] == "local" and r)]
        return len(others) <= 1

    def end(self):
        for index in self.opens.values():
            self.flags[index].add("open")
        for index, released in self.done.items():
            if not self.permitted(released):
                self.flags[index].add("duplicate")
                self.find("duplicate")
        if len(self.done) > self.grant["max_success"]:
            self.find("max-success")
        if len(set(self.imeis.values())) != len(self.imeis):
            self.find("imei-twice", error=False)
        for index in self.opens.values():
            if "void" not in self.flags[index]:
                closed = self.lot_of(index) in self.closed
                self.find("unresolved", error=closed and self.class_of(self.flags[index]) == "unresolved")

    def class_of(self, flags):
        for kind in ("mismatch", "duplicate", "void", "done", "same"):
            if kind in flags:
                return kind
        if "open" in flags:
            return "unresolved"
        return "failed" if flags & {"failed", "begun"} else "unused"

    def counts(self):
        classes = [self.class_of(f) for f, record in zip(self.flags, self.records) if record is not None]
        return {kind: classes.count(kind) for kind in CLASSES}
