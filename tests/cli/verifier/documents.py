# SPDX-License-Identifier: ISC
"""Sections 4, 5, 6 and 11 of FORMAT.md: trust, batch and grant."""
import os
import re

from .forms import (HASH, any_integer, approve, ascending, boolean, canonical, demand, hash_, leaf, lines, list_of, name,
                    officer_key, once, read, recipient_key, record_of, root, root_of, sha256, signatures, text, time, verifier_key, words)

# Section 4: trust.json.

ROLE = record_of(officers=list_of(name), threshold=any_integer)
TRUST = {
    "escrow": list_of(text(62)), "issued": time, "org": name, "prev": text(64), "version": any_integer,
    "officers": list_of(record_of(key=text(79), name=name, status=words("active", "compromised", "retired"))),
    "revoked_batches": list_of(text(64)), "revoked_grants": list_of(any_integer),
    "roles": record_of(batch=ROLE, grant=ROLE, trust=ROLE),
    "stations": list_of(record_of(last_size=any_integer, log_key=text(255), name=name, recipient=text(62),
                                  status=words("active", "lost", "retired", "stolen"))),
    "witnesses": list_of(text(255)),
}


def check_keys(trust, where):
    officers = [officer_key(o["key"]) for o in trust["officers"]]
    logs = [verifier_key(s["log_key"]) for s in trust["stations"]]
    witnesses = [verifier_key(w) for w in trust["witnesses"]]
    recipients = [recipient_key(r) for r in [s["recipient"] for s in trust["stations"]] + trust["escrow"]]
    demand(all(officers) and all(logs) and all(witnesses) and all(recipients) and len(witnesses) <= 63, "trust-key", where)
    demand(all(key.algorithm == 1 for key in logs), "trust-key", where)
    demand(all(key.name == "%s/%s" % (trust["org"], s["name"]) for key, s in zip(logs, trust["stations"])),
           "trust-station", where)
    names = [s["name"] for s in trust["stations"]]
    demand(once(names) and not {w.name for w in witnesses} & set(names), "trust-duplicate", where)
    demand(once([k.name for k in logs + witnesses]) and once([key_id for key_id, _ in officers]), "trust-duplicate", where)
    demand(once([key for _, key in officers] + [k.key for k in logs + witnesses] + recipients), "trust-duplicate", where)


def open_trust(path):
    data = read(path)
    trust = canonical(data, "gapseal/trust/v1", TRUST, path)
    names = [o["name"] for o in trust["officers"]]
    demand(trust["org"] and trust["issued"] and 1 <= trust["version"] <= 999999, "trust-form", path)
    demand(len(names) <= 256 and len(trust["stations"]) <= 4096, "trust-form", path)
    demand(trust["prev"] == "" if trust["version"] == 1 else HASH.match(trust["prev"]), "trust-prev", path)
    demand(all(names), "trust-officer", path)
    demand(once(names), "trust-duplicate", path)
    demand(all(s["name"] for s in trust["stations"]), "trust-station", path)
    check_keys(trust, path)
    for role in trust["roles"].values():
        active = [o["name"] for o in trust["officers"] if o["status"] == "active" and o["name"] in role["officers"]]
        demand(once(role["officers"]), "trust-duplicate", path)
        demand(set(role["officers"]) <= set(names), "trust-officer", path)
        demand(1 <= role["threshold"] <= len(active), "trust-threshold", path)
    demand(all(HASH.match(h) for h in trust["revoked_batches"]) and all(trust["revoked_grants"]), "trust-revoked", path)
    demand(once(trust["revoked_batches"]) and once(trust["revoked_grants"]), "trust-duplicate", path)
    claimed, signed = signatures(path, data, "trust", trust["officers"])
    demand(claimed in (None, str(trust["version"])), "signature-comment", path)
    approve(trust, "trust", signed, path)
    return trust, sha256(data)


# Sections 5, 6 and 11: batch and grant.

SLOT = record_of(state=words("absent", "digest", "present"), tag=any_integer, type=any_integer)
POLICY = record_of(
    attempts=any_integer, attestation=words("off", "record", "require"), digest_forms=list_of(words("exact", "nul")),
    existing=words("keep-same", "refuse", "replace"), families=list_of(name), finish=words("cfun0", "none", "reset"),
    label=words("imei", "off", "unit"), log_imei=boolean, log_unit=boolean, minimum_firmware=text(15),
    rework=words("local", "never", "permit"), slots=list_of(SLOT))
MANIFEST = {
    "abandoned": list_of(any_integer), "batch": name, "count": any_integer, "issued": time, "org": name, "policy": POLICY,
    "common": list_of(record_of(digest=hash_, line_ending=words("crlf", "lf"), text=lines)),
    "files": list_of(record_of(bytes=any_integer, sha256=hash_)), "kind": words("cert-only", "full", "harvest"),
    "lots": list_of(record_of(check=hash_, count=any_integer, first=any_integer, name=name)),
    "master_recipients": list_of(text(62)), "purpose": words("production", "rehearsal"), "root": hash_, "seq": any_integer,
    "series": name, "stride": any_integer, "title": text(80), "tool": text(80), "trust": any_integer,
    "supersedes": list_of(record_of(all=boolean, indices=list_of(any_integer), manifest_sha256=hash_, reason=text(80))),
}
GRANT = {
    "again": list_of(any_integer), "batch": name, "keys_sha256": hash_, "lots": list_of(name), "manifest_sha256": hash_,
    "max_success": any_integer, "not_after": time, "not_before": time, "note": text(160), "records": list_of(any_integer),
    "replaces": list_of(any_integer), "serial": any_integer, "trust": any_integer,
    "stations": list_of(record_of(name=name, recipient=text(62))),
}


def check_policy(policy, where):
    slots = [(s["tag"], s["type"]) for s in policy["slots"]]
    demand(1 <= policy["attempts"] <= 99 and policy["digest_forms"] in (["exact"], ["exact", "nul"]), "manifest-policy", where)
    demand(all(policy["families"]) and once(policy["families"]), "manifest-policy", where)
    firmware = re.match(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\Z", policy["minimum_firmware"])
    demand(policy["minimum_firmware"] == "" or firmware, "manifest-policy", where)
    demand(not firmware or all(int(n) < 2 ** 32 for n in firmware.groups()), "manifest-policy", where)
    demand(1 <= len(slots) <= 32 and ascending(slots), "manifest-policy", where)
    demand(all(tag <= 2147483647 and kind <= 255 for tag, kind in slots), "manifest-policy", where)


def check_common(common, where):
    content = common["text"].replace("\n", "\r\n" if common["line_ending"] == "crlf" else "\n").encode()
    demand(common["text"].endswith("\n") and sha256(content).hex() == common["digest"], "manifest-common", where)


def check_manifest(m, where):
    demand(m["org"] and m["batch"] and m["issued"] and m["trust"], "manifest-names", where)
    demand(ascending(m["abandoned"]) and all(n < m["seq"] for n in m["abandoned"]), "manifest-series", where)
    demand(192 <= m["stride"] <= 16384 and m["stride"] % 64 == 0, "manifest-stride", where)
    first = 0
    for lot in m["lots"]:
        demand(lot["name"] and 1 <= lot["count"] <= 65536 and lot["first"] == first, "manifest-lots", where)
        first += lot["count"]
    demand(m["count"] == first > 0 and once([lot["name"] for lot in m["lots"]]), "manifest-lots", where)
    sizes = [f["bytes"] for f in m["files"]]
    demand(all(0 < s <= 2 ** 30 and s % m["stride"] == 0 for s in sizes) and len(sizes) <= 1000, "manifest-files", where)
    demand(sum(sizes) == m["count"] * m["stride"], "manifest-files", where)
    demand(len(m["common"]) <= 32, "manifest-common", where)
    for common in m["common"]:
        check_common(common, where)
    demand(all(map(recipient_key, m["master_recipients"])) and once(m["master_recipients"]), "manifest-recipient", where)
    check_policy(m["policy"], where)
    demand(once([s["manifest_sha256"] for s in m["supersedes"]]), "manifest-supersedes", where)
    for s in m["supersedes"]:
        demand(s["all"] != bool(s["indices"]) and ascending(s["indices"]), "manifest-supersedes", where)


def read_records(folder, manifest):
    """Every record of a batch in the order of the indices."""
    records = []
    for i, expected in enumerate(manifest["files"]):
        path = os.path.join(folder, "records-%03d.bin" % i)
        data = read(path, "records-missing")
        demand(len(data) == expected["bytes"], "records-size", path)
        demand(sha256(data).hex() == expected["sha256"], "records-hash", path)
        records += [data[at:at + manifest["stride"]] for at in range(0, len(data), manifest["stride"])]
    for lot in manifest["lots"]:
        demand(ascending([r[:16] for r in records[lot["first"]:lot["first"] + lot["count"]]]), "records-order", folder)
    demand(root([leaf(r) for r in records]).hex() == manifest["root"], "records-root", folder)
    return records


PROOF = {"index": any_integer, "manifest_sha256": hash_, "path": list_of(hash_)}


def read_extract(folder, manifest, digest):
    """The one record of an extract, at its index; None at all others."""
    proof_path, record_path = os.path.join(folder, "proof.json"), os.path.join(folder, "record.bin")
    data, record = read(proof_path), read(record_path, "record-missing")
    check_sums(folder, [("manifest.json", digest.hex()), ("proof.json", sha256(data).hex()),
                        ("record.bin", sha256(record).hex())])
    proof = canonical(data, "gapseal/proof/v1", PROOF, proof_path)
    demand(proof["manifest_sha256"] == digest.hex(), "proof-manifest", proof_path)
    demand(proof["index"] < manifest["count"], "proof-index", proof_path)
    found = root_of(record, proof["index"], manifest["count"], map(bytes.fromhex, proof["path"]))
    demand(found is not None, "proof-path", proof_path)
    demand(len(record) == manifest["stride"], "record-size", record_path)
    demand(found.hex() == manifest["root"], "proof-inclusion", record_path)
    return [record if i == proof["index"] else None for i in range(manifest["count"])]


def batch_sums(digest, manifest):
    names = ["manifest.json"] + ["records-%03d.bin" % i for i in range(len(manifest["files"]))]
    return list(zip(names, [digest.hex()] + [f["sha256"] for f in manifest["files"]]))


def check_sums(folder, expected):
    path = os.path.join(folder, "SHA256SUMS")
    names, digests = [name for name, _ in expected], [digest for _, digest in expected]
    found = re.findall(rb"([0-9a-f]{64})  ([^\n]*)\n", read(path))
    demand(b"".join(b"%s  %s\n" % line for line in found) == read(path), "sums-form", path)
    demand([line[1].decode("latin-1") for line in found] == names, "sums-form", path)
    demand([line[0].decode() for line in found] == digests, "sums-differ", path)


def open_batch(folder, trust):
    path = os.path.join(folder, "manifest.json")
    data = read(path)
    claimed, signed = signatures(path, data, "manifest", trust["officers"])
    approve(trust, "batch", signed, path)
    manifest = canonical(data, "gapseal/manifest/v1", MANIFEST, path)
    check_manifest(manifest, path)
    demand(claimed == manifest["batch"], "signature-comment", path)
    demand(manifest["org"] == trust["org"], "manifest-org", path)
    demand(manifest["trust"] <= trust["version"], "manifest-trust", path)
    demand(sha256(data).hex() not in trust["revoked_batches"], "manifest-revoked", path)
    if os.path.exists(os.path.join(folder, "proof.json")):
        return manifest, sha256(data), read_extract(folder, manifest, sha256(data))
    check_sums(folder, batch_sums(sha256(data), manifest))
    return manifest, sha256(data), read_records(folder, manifest)


def granted(grant, manifest):
    """The indices a grant covers; None if it names a lot there is not."""
    lots = {lot["name"]: range(lot["first"], lot["first"] + lot["count"]) for lot in manifest["lots"]}
    if not set(grant["lots"]) <= set(lots):
        return None
    return set(grant["records"]).union(*(lots[n] for n in grant["lots"]))


def check_grant(g, where):
    demand(g["batch"] and g["serial"] and g["trust"] and g["max_success"], "grant-form", where)
    demand(bool(g["lots"]) != bool(g["records"]), "grant-scope", where)
    demand(g["not_before"] and g["not_before"] <= g["not_after"], "grant-dates", where)
    names, recipients = [s["name"] for s in g["stations"]], [s["recipient"] for s in g["stations"]]
    demand(names and all(names) and all(map(recipient_key, recipients)), "grant-stations", where)
    demand(once(names) and once(recipients), "grant-stations", where)
    demand(ascending(g["records"]) and ascending(g["again"]) and ascending(g["replaces"]), "grant-order", where)
    demand(all(s < g["serial"] for s in g["replaces"]) and all(g["lots"]) and once(g["lots"]), "grant-order", where)


def open_grant(folder, trust, manifest, manifest_hash):
    path = os.path.join(folder, "grant.json")
    data = read(path)
    claimed, signed = signatures(path, data, "grant", trust["officers"])
    approve(trust, "grant", signed, path)
    grant = canonical(data, "gapseal/grant/v1", GRANT, path)
    check_grant(grant, path)
    demand(claimed == str(grant["serial"]), "signature-comment", path)
    demand(grant["trust"] <= trust["version"], "grant-trust", path)
    demand(grant["serial"] not in trust["revoked_grants"], "grant-revoked", path)
    known = {s["name"]: s["recipient"] for s in trust["stations"] if s["status"] == "active"}
    demand(all(known.get(s["name"]) == s["recipient"] for s in grant["stations"]), "grant-station", path)
    keys = os.path.join(folder, "keys.age")
    demand(sha256(read(keys)).hex() == grant["keys_sha256"], "grant-keys", keys)
    demand((grant["manifest_sha256"], grant["batch"]) == (manifest_hash.hex(), manifest["batch"]), "grant-manifest", path)
    covered = granted(grant, manifest)
    demand(covered is not None and all(i < manifest["count"] for i in covered), "grant-lots", path)
    demand(set(grant["again"]) <= covered and grant["max_success"] <= len(covered), "grant-lots", path)
    return grant, sha256(data), covered
