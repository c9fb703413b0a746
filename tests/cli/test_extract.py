# SPDX-License-Identifier: ISC
"""One device as a folder of its own: made, signed, audited, and served by a station that has no other record of the batch."""
import hashlib
import json
import os
import shutil

from forge import compare, put
from scene import PROFILE_PSK, expect, imei, main
from verifier.documents import open_batch, open_trust

DEVICES = [imei(i) for i in range(11)]
PROFILE = PROFILE_PSK.replace("log_unit = true", "log_unit = true  rework = permit")


def extract(scene, device, out, *options, station="spare", sign=True, batch="psk-1", check=0):
    result = scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", batch, "--imei", device, "--station",
                          station, "--out", out, *options, check=check)
    if sign and check == 0:
        scene.sign("anna", out)
    return result


def story(scene, profile=PROFILE_PSK):
    """Lots of four, four and three; all of them granted to line1."""
    scene.make_org(stations=("line1", "spare"))
    scene.make_batch("psk-1", profile, ["%s,wo-%d" % (d, 1 + i // 4) for i, d in enumerate(DEVICES)], header="imei,lot")


def one_result(scene, device, result, reason="", home="spare", state=None, options=()):
    modem = device if not isinstance(device, str) else scene.modem(device, None, state)
    code = 0 if result in ("done", "same") else 1
    events = scene.provision(modem, home=home, options=options, check=code).devices()
    expect([(e["result"], e.get("reason", "")) for e in events] == [(result, reason)], events)
    return events[0]


def entries(scene, home="spare"):
    return [json.loads(line) for line in scene.read(home, "log", "entries.jsonl").splitlines()]


def audit(scene, batches, grants, logs, *options, check=0):
    args = ["reconcile", "--trust", "trust.json", "--json"]
    for option, names in (("--batch", batches), ("--grant", grants), ("--log", logs)):
        for name in names:
            args += [option, name]
    return json.loads(scene.audit(*args, *options, check=check).out)


def codes(answer, severity="error"):
    return {f["code"] for f in answer["findings"] if f["severity"] == severity}


def one_device_at_a_spare_station(scene):
    story(scene)
    device = DEVICES[5]
    extract(scene, device, "x", sign=False)
    expect(sorted(n for n in os.listdir(scene.path("x")) if not n.endswith(".minisig")) ==
           ["SHA256SUMS", "grant", "manifest.json", "proof.json", "record.bin"], os.listdir(scene.path("x")))
    scene.tool("sh", "-c", "cd x && sha256sum -c SHA256SUMS")
    expect(scene.read("x", "manifest.json") == scene.read("psk-1", "manifest.json"), "the manifest is the batch's")
    scene.audit("verify", "--trust", "trust.json", "--batch", "x")
    scene.ingest("x", check=1, home="spare")  # nobody has signed the grant
    shown = scene.office("inspect", "x").out
    scene.sign("anna", "x")
    proof = json.loads(scene.read("x", "proof.json"))
    expect("record %d of 11 in batch psk-1, lot wo-2" % proof["index"] in shown, shown)
    expect("already" in scene.sign("anna", "x/grant").out, "x and x/grant are the same document")
    verified = scene.audit("verify", "--trust", "trust.json", "--batch", "x", "--grant", "x/grant").out
    expect("extract of batch psk-1: record %d of 11 devices, lot wo-2" % proof["index"] in verified, verified)
    trust = open_trust(scene.path("trust.json"))[0]
    records, whole = open_batch(scene.path("x"), trust)[2], open_batch(scene.path("psk-1"), trust)[2]
    expect([r for r in records if r is not None] == [whole[proof["index"]]], "the record is the one of the batch")

    scene.ingest("x", home="spare")
    expect([(e["grant"], e["batch"]) for e in entries(scene) if e["type"] == "ingest"] == [(0, "psk-1"), (2, "psk-1")], "ingests")
    before = len(entries(scene))
    expect("held already" in scene.ingest("x", home="spare").out and len(entries(scene)) == before, "repeating is harmless")
    lots = json.loads(scene.line("status", "--home", "spare", "--json").out)["lots"]
    expect([(l["lot"], l["record"], l["count"], l["left"]) for l in lots] == [("wo-2", proof["index"], 1, 1)], lots)
    modem = scene.modem(device)
    event = one_result(scene, modem, "done")
    expect((event["batch"], event["lot"], event["index"]) == ("psk-1", "wo-2", proof["index"]), event)
    expect(len(bytes.fromhex(scene.slot(modem, 42, 3).decode())) == 32, "the PSK is there")
    one_result(scene, modem, "same")
    one_result(scene, DEVICES[6], "refused", "not-in-batch")
    begins = [e for e in entries(scene) if e["type"] == "begin"]
    expect([(e["index"], e["grant"]) for e in begins] == [(proof["index"], 2)], "one record was disclosed, once")

    scene.export("log", home="spare")
    answer = audit(scene, ["x"], ["x/grant"], ["log"], "--complete")
    expect(answer["verdict"] == "accept" and answer["counts"]["devices"] == answer["counts"]["done"] == 1, answer)
    expect(answer["counts"]["foreign"] == 1 and answer["batches"][0]["extract"] is True, answer)
    expect("extracts only" in scene.audit("reconcile", "--trust", "trust.json", "--batch", "x", "--grant", "x/grant", "--log",
                                          "log").out, "the report says so")
    activation = scene.audit("reconcile", "--trust", "trust.json", "--batch", "x", "--grant", "x/grant", "--log", "log",
                             "--activation", "activation.json", check=1)
    expect("[activation-extract]" in activation.err, activation.err)
    answer = audit(scene, ["psk-1"], ["grant-psk-1", "x/grant"], ["log"])
    expect(answer["verdict"] == "accept" and answer["counts"]["done"] == 1 and answer["counts"]["unused"] == 10, answer)
    opening = scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--imei", device,
                           "--opening", "opening").out
    state = next(e["state"] for e in entries(scene) if e["type"] == "end")
    expect(state in opening and hashlib.sha256(scene.read("opening")).hexdigest() == state, opening)


def what_a_station_may_hold_besides(scene):
    """The whole batch before or after, another extract, and one that came back damaged."""
    story(scene)
    for i, name in enumerate("xyz"):
        extract(scene, DEVICES[i], name)
    scene.ingest("x", "y", home="spare")
    scene.ingest("psk-1", home="spare")
    scene.ingest("z", home="spare")
    for i in range(3):
        one_result(scene, DEVICES[i], "done")
    one_result(scene, DEVICES[3], "refused", "not-in-batch")
    ingests = [e["grant"] for e in entries(scene) if e["type"] == "ingest"]
    expect(ingests == [0, 0, 2, 3, 0, 0, 4], ingests)
    name = "psk-1@%d" % json.loads(scene.read("x", "proof.json"))["index"]
    scene.write("spare/batches/%s/record.bin" % name, b"x" + scene.read("x", "record.bin")[1:])
    taken = scene.ingest("x", home="spare").out
    expect("damaged and taken anew" in taken, taken)
    expect(scene.read("spare", "batches", name, "record.bin") == scene.read("x", "record.bin"), "it is whole again")
    # a medium with everything on it; the lot grant is for another station and passed over
    os.mkdir(scene.path("medium"))
    for name in ("x", "y", "grant-psk-1", "psk-1"):
        shutil.copytree(scene.path(name), scene.path("medium", name))
    scene.ingest("medium", home="line1")
    expect(sorted(os.listdir(scene.path("line1", "grants"))) == ["1"], "grants of others are passed over")
    one_result(scene, DEVICES[3], "done", home="line1")
    for name in os.listdir(scene.path("line1", "batches")):
        if "@" in name:
            shutil.rmtree(scene.path("line1", "batches", name))
    scene.ingest("x", home="line1", check=1)  # named, so that its grant is for another station is told


def a_damaged_copy_is_told_from_a_strange_device(scene):
    story(scene)
    extract(scene, DEVICES[0], "x")
    extract(scene, DEVICES[1], "y")
    scene.ingest("x", "y", home="spare")
    name = "psk-1@%d" % json.loads(scene.read("x", "proof.json"))["index"]
    record = scene.read("x", "record.bin")
    scene.write("spare/batches/%s/record.bin" % name, record[:-1] + bytes([record[-1] ^ 1]))
    one_result(scene, DEVICES[1], "done")
    one_result(scene, DEVICES[0], "failed", "record-path")
    scene.write("spare/batches/%s/record.bin" % name, record[:-1])
    one_result(scene, DEVICES[0], "failed", "reader")
    scene.ingest("x", home="spare")
    one_result(scene, DEVICES[0], "done")


def a_permit_is_for_one_device(scene):
    """Done on the line, wiped, and done again at the repair station: permitted if the extract says so."""
    story(scene, PROFILE)
    scene.ingest("psk-1", "grant-psk-1")
    for device in DEVICES[:3]:
        one_result(scene, device, "done", home="line1")
    extract(scene, DEVICES[0], "x", "--again")
    extract(scene, DEVICES[1], "y")
    extract(scene, DEVICES[2], "z", "--again", station="line1")
    scene.ingest("x", "y", home="spare")
    one_result(scene, DEVICES[2], "refused", "changed-after-done", home="line1", state=scene.path("wiped-2"))
    scene.ingest("z", home="line1")
    event = one_result(scene, DEVICES[2], "done", home="line1", state=scene.path("wiped-2"))
    expect([e["grant"] for e in entries(scene, "line1") if e["type"] == "begin" and e["index"] == event["index"]] == [1, 4],
           "the second one is under the permit")
    one_result(scene, DEVICES[3], "done", home="line1")
    one_result(scene, DEVICES[0], "done", state=scene.path("wiped-0"))
    scene.export("log-1")
    scene.export("log-2", home="spare")
    grants = ["grant-psk-1", "x/grant", "y/grant", "z/grant"]
    answer = audit(scene, ["psk-1"], grants, ["log-1", "log-2"])
    expect(answer["verdict"] == "accept" and answer["counts"]["done"] == 4, answer)
    one_result(scene, DEVICES[1], "done", state=scene.path("wiped-1"))
    scene.export("log-3", home="spare")
    answer = audit(scene, ["psk-1"], grants, ["log-1", "log-3"], check=1)
    expect(codes(answer) == {"duplicate"} and answer["counts"]["duplicate"] == 1, answer)


def the_office_keeps_count(scene):
    story(scene, PROFILE)
    extract(scene, DEVICES[0], "x")
    refused = extract(scene, DEVICES[0], "x2", check=1)
    expect("[grant-overlap]" in refused.err, refused.err)
    expect("[unseal-imei]" in extract(scene, imei(99), "x2", check=1).err, "a strange device")
    expect("[grant-station]" in extract(scene, DEVICES[1], "x2", station="line9", check=1).err, "a strange station")
    expect("[file-exists]" in extract(scene, DEVICES[1], "x", check=2).err, "nothing is overwritten")
    scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--imei", DEVICES[0], check=2)
    scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--imei", DEVICES[0], "--out", "x2",
                 check=2)
    scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "x", "--imei", DEVICES[0], "--station", "spare",
                 "--out", "x2", check=1)
    expect(not [n for n in os.listdir(scene.folder) if n.startswith((".", "x2"))], "nothing is left of what was refused")
    extract(scene, DEVICES[0], "x2", "--replaces", 2)
    extract(scene, DEVICES[1], "y", sign=False)
    os.rename(scene.path("y", "grant"), scene.path("y-grant"))
    shutil.copytree(scene.path("x", "grant"), scene.path("y", "grant"))
    refused = scene.office("sign", "y", "--key", "officers/anna.key", "--yes", check=1)
    expect("[grant-records]" in refused.err, refused.err)
    shutil.rmtree(scene.path("y", "grant"))
    shutil.copytree(scene.path("grant-psk-1"), scene.path("y", "grant"))
    expect("[grant-records]" in scene.office("inspect", "y", check=1).err, "nor the grant of a lot")
    scene.ingest("x", "x2", home="spare")
    one_result(scene, DEVICES[0], "done")
    expect([e["grant"] for e in entries(scene) if e["type"] == "begin"] == [3], "the later grant counts")
    scene.export("log", home="spare")
    answer = audit(scene, ["psk-1"], ["grant-psk-1", "x/grant", "x2/grant"], ["log"], "--activation", "activation.json")
    expect(answer["verdict"] == "accept", answer)
    scene.sign("anna", "activation.json")
    accepted = scene.office("accept", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--activation",
                            "activation.json", "--log", "log").out
    expect("1 of 11 devices accepted" in accepted, accepted)
    scene.office("ledger", "verify", "--office", "office")
    shown = json.loads(scene.office("ledger", "show", "--office", "office", "--json").out)
    expect([g["records"] for g in shown["grants"]] == [0, 1, 1, 1], shown["grants"])


def closing_a_lot_ends_its_records(scene):
    story(scene)
    for i, name in ((0, "x"), (5, "y")):
        extract(scene, DEVICES[i], name, station="line1")
    scene.ingest("psk-1", "grant-psk-1", "x", "y")
    one_result(scene, DEVICES[1], "done", home="line1")
    scene.line("close", "--home", "line1", "--batch", "psk-1", "--lot", "wo-1", "--yes")
    held = {serial: sorted(n for n in os.listdir(scene.path("line1", "grants", serial)) if n.startswith("keys"))
            for serial in os.listdir(scene.path("line1", "grants"))}
    expect(held == {"1": ["keys.left"], "2": [], "3": ["keys.age"]}, held)
    one_result(scene, DEVICES[0], "refused", "not-in-batch", home="line1")
    one_result(scene, DEVICES[5], "done", home="line1")
    scene.export("log")
    answer = audit(scene, ["psk-1"], ["grant-psk-1", "x/grant", "y/grant"], ["log"])
    expect(answer["verdict"] == "accept", answer)
    answer = audit(scene, ["x", "y"], ["grant-psk-1", "x/grant", "y/grant"], ["log"])
    expect(answer["verdict"] == "accept" and answer["counts"]["devices"] == 2 and answer["counts"]["done"] == 1, answer)
    answer = audit(scene, ["x", "psk-1", "y"], ["grant-psk-1", "x/grant", "y/grant"], ["log"])
    expect(answer["verdict"] == "accept" and answer["counts"]["devices"] == 11 and answer["counts"]["done"] == 2, answer)


def a_device_in_two_batches(scene):
    """Each has its own entry, whether its record was granted with its lot or by itself."""
    story(scene)
    scene.make_batch("psk-2", PROFILE_PSK.replace("42", "43"), DEVICES[:3], stations=("spare",))
    scene.make_batch("psk-3", PROFILE_PSK.replace("42", "44"), DEVICES[:3])
    extract(scene, DEVICES[0], "x")
    extract(scene, DEVICES[0], "z", batch="psk-3")
    scene.ingest("x", "psk-2", "grant-psk-2", "z", home="spare")
    modem = scene.modem(DEVICES[0])
    for result in ("done", "same"):
        events = scene.provision(modem, home="spare").devices()
        expect([(e["batch"], e["result"]) for e in events] == [("psk-%d" % i, result) for i in (1, 2, 3)], events)
    expect(all(scene.slot(modem, tag, 3) for tag in (42, 43, 44)), "all three PSKs are there")


def rework_by_name(scene):
    """void and unvoid find a device by IMEI although its record has no tag that could be computed here."""
    story(scene)
    extract(scene, DEVICES[0], "x")
    extract(scene, DEVICES[1], "y")
    scene.ingest("x", "y", home="spare")
    args = ["--home", "spare", "--operator", "maria", "--reason", "scrapped"]
    scene.line("void", *args, "--imei", DEVICES[1])
    one_result(scene, DEVICES[1], "refused", "void")
    one_result(scene, DEVICES[0], "done")
    scene.line("void", *args, "--imei", DEVICES[2], check=1)


def sums(case):
    lines = [(hashlib.sha256(case.read("psk-1", n)).hexdigest(), n) for n in ("manifest.json", "proof.json", "record.bin")]
    case.write("".join("%s  %s\n" % line for line in lines).encode(), "psk-1", "SHA256SUMS")


def forged(change, name="proof.json"):
    """A changed file with sums that fit it: what whoever changes a folder would do."""
    def forge(case):
        data = case.read("psk-1", name)
        if name == "proof.json":
            document = json.loads(data)
            data = change(document) or json.dumps(document, indent=2, sort_keys=True) + "\n"
            data = data.encode() if isinstance(data, str) else data
        else:
            data = change(data)
        case.write(data, "psk-1", name)
        sums(case)
    return forge


def first_hash(path):
    return ["0" * 64] + path[1:]


def other_digit(data):
    return (b"1" if data[:1] == b"0" else b"0") + data[1:]


FAULTS = {
    "nothing": (None, forged(lambda d: None)),
    "index beyond": ("proof-index", forged(put("index", 11))),
    "index other": ("proof-inclusion", forged(put("index", lambda i: i ^ 1))),
    "index of a shorter path": ("proof-path", forged(put("index", 10))),
    "path longer": ("proof-path", forged(put("path", lambda p: p + p[:1]))),
    "path shorter": ("proof-path", forged(put("path", lambda p: p[:-1]))),
    "path far too long": ("proof-path", forged(put("path", lambda p: p * 20))),
    "path other": ("proof-inclusion", forged(put("path", first_hash))),
    "path turned": ("proof-inclusion", forged(put("path", lambda p: p[::-1]))),
    "no hash": ("json-value", forged(put("path", lambda p: p[:-1] + ["00"]))),
    "number for a hash": ("json-value", forged(put("path", lambda p: p[:-1] + [7]))),
    "other manifest": ("proof-manifest", forged(put("manifest_sha256", "0" * 64))),
    "schema": ("json-schema", forged(put("schema", "gapseal/proof/v2"))),
    "unknown key": ("json-key", forged(put("more", 1))),
    "missing key": ("json-key", forged(lambda d: d.pop("index") and None)),
    "no blank": ("json-canonical", forged(lambda d: json.dumps(d, sort_keys=True) + "\n")),
    "record flipped": ("proof-inclusion", forged(lambda r: bytes([r[0] ^ 1]) + r[1:], "record.bin")),
    "record cut": ("record-size", forged(lambda r: r[:-1], "record.bin")),
    "record longer": ("record-size", forged(lambda r: r + b"\0", "record.bin")),
    "record empty": ("record-size", forged(lambda r: b"", "record.bin")),
    "record gone": ("record-missing", lambda case: os.remove(case.path("psk-1", "record.bin"))),
    "sums of another": ("sums-differ", lambda case: case.write(other_digit(case.read("psk-1", "SHA256SUMS")), "psk-1", "SHA256SUMS")),
    "sums more": ("sums-form", lambda case: case.write(case.read("psk-1", "SHA256SUMS") + b"\n", "psk-1", "SHA256SUMS")),
    "manifest changed": ("minisig-signature", lambda case: case.write(case.read("psk-1", "manifest.json").replace(b"psk-1", b"psk-2"),
                                                                      "psk-1", "manifest.json")),
}
JSON = {"json-canonical", "json-key", "json-schema", "json-value"}


def every_fault_has_its_code(scene):
    """Two verifiers that share no code, and a station that takes nothing."""
    scene.make_org(stations=("line1",))
    scene.compile("psk-1", PROFILE_PSK, DEVICES)
    scene.sign("anna", "psk-1")
    scene.sign("ben", "psk-1")
    whole = scene.path("whole")
    index = 4
    device = next(d for d in DEVICES if extract(scene, d, "x-" + d, station="line1").out and
                  json.loads(scene.read("x-" + d, "proof.json"))["index"] == index)
    os.rename(scene.path("psk-1"), whole)
    os.rename(scene.path("x-" + device), scene.path("psk-1"))
    os.rename(scene.path("psk-1", "grant"), scene.path("grant-psk-1"))
    scene.ingest("psk-1", "grant-psk-1")
    one_result(scene, device, "done", home="line1")
    scene.export("log")
    scene.line("enroll", "--home", "fresh", "--org", "acme", "--name", "line2")
    scene.line("trust", "--home", "fresh", "trust.json", "--pin", scene.pin())
    for what, (expected, forge) in FAULTS.items():
        said = []

        def forge_and_ingest(case, forge=forge, said=said):
            forge(case)
            said.append(scene.line("ingest", "--home", "fresh", case.path("psk-1"), check=0 if expected is None else 1).err)

        theirs, ours = compare(scene, what, forge_and_ingest)
        wanted = {expected} - {None}
        expect(theirs == wanted or (wanted <= JSON and theirs & JSON), "%s: verify.py says %r" % (what, theirs))
        expect(wanted <= ours or (wanted <= JSON and ours & JSON), "%s: gapseal-audit says %r" % (what, ours))
        expect(expected is None or any("[%s]" % code in said[0] for code in (JSON if expected in JSON else wanted)),
               "%s: the station says %s" % (what, said[0]))
        if expected is None:
            for name in os.listdir(scene.path("fresh", "batches")):
                shutil.rmtree(scene.path("fresh", "batches", name))
        expect(not os.listdir(scene.path("fresh", "batches")), "%s: something was taken" % what)


main(one_device_at_a_spare_station, what_a_station_may_hold_besides, a_damaged_copy_is_told_from_a_strange_device,
     a_permit_is_for_one_device, the_office_keeps_count, closing_a_lot_ends_its_records, a_device_in_two_batches,
     rework_by_name, every_fault_has_its_code)
