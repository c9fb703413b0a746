# SPDX-License-Identifier: ISC
"""What manifests/FORMAT.md claims, held against the golden documents, the real programs and the sources."""
import contextlib
import hashlib
import io
import json
import os
import re
import shutil

import verify
from quotes import DEVICE, FORMAT, GOLDEN, Worked, age, blocks, golden, quoted
from scene import BUILD, TOP, expect, imei, main
from verifier import sealed
from verifier.forms import Refused
from verifier.log import TYPES, read_entry

with open(FORMAT, encoding="utf-8") as f:
    TEXT = f.read()
COMMON = {"boot", "mono", "n", "time", "type", "v"}


def sources(*folders):
    """The text of all C files below these folders of the tree."""
    text = ""
    for folder in folders:
        for path, _, names in os.walk(os.path.join(TOP, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    with open(os.path.join(path, name), encoding="utf-8") as source:
                        text += source.read()
    return text


def every_example_is_quoted_from_the_golden_documents(scene):
    worked = Worked()
    found = blocks(TEXT)
    expect(len(found) > 40, "%d examples" % len(found))
    for path, word, body in found:
        expect(body == quoted(path, word, worked), "golden/%s %s is another: %r" % (path, word, body[:80]))


def judged(folder, batch="golden-1"):
    """What verify.py says of a story, or of one device of it, and its exit code."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = verify.main([os.path.join(folder, n) for n in ("trust.json", batch, "grant-1", "log")])
    return code, said.getvalue()


def the_golden_documents_verify(scene):
    for batch, done in (("golden-1", "done 3\n"), ("extract", "done 1\n")):
        code, said = judged(GOLDEN, batch)
        expect(code == 0 and said.endswith("accept\n") and done in said, said)
    for folder in ("golden-1", "extract", "grant-1", "log"):
        shutil.copytree(os.path.join(GOLDEN, folder), scene.path(folder))
    for name in os.listdir(GOLDEN):
        if name.startswith("trust.json"):
            shutil.copy(os.path.join(GOLDEN, name), scene.folder)
    papers = ("--trust", "trust.json", "--batch", "golden-1", "--grant", "grant-1", "--log", "log", "--json")
    report = json.loads(scene.audit("reconcile", *papers).out)
    kept = json.loads(golden("output", "reconcile.json"))
    expect((report["verdict"], report["counts"]) == ("accept", kept["counts"]), report)
    scene.audit("verify", "--trust", "trust.json", "--batch", "extract")


def one_record_follows_from_the_seed(scene):
    w = Worked()
    expect(w.magic == b"gapseal/master/v1\n" and len(w.seed) == 32, "master.age")
    expect(w.manifest_hash == hashlib.sha256(golden("golden-1", "manifest.json")).digest(), "the manifest's hash")
    expect(w.plan_hash == hashlib.sha256(w.plan().encode()).digest(), "the plan hash is that of\n" + w.plan())
    expect(w.check.hex() == w.manifest["lots"][0]["check"], "check")
    expect(sealed.contents(w.plain)[0] == DEVICE, "the IMEI inside")
    expect(sealed.contents(w.plain)[1][1] == (42, 3, w.psk.hex().encode()), "the PSK is derived")
    expect(hashlib.sha256(w.state().encode()).digest() == w.data[48:80], "state commitment")
    keys = age("specimen-line1-identity", "grant-1", "keys.age")
    lots = [sealed.kdf(32, w.k_batch, j, "gs-lot__") for j in range(2)]
    entries = b"".join(j.to_bytes(4, "little") + lots[j] for j in range(2))
    expect(keys == b"gapseal/keys/v1\n" + w.manifest_hash + b"\1\2\0\0\0" + entries, "keys.age")


def the_golden_batch_is_rebuilt(scene):
    """Byte for byte, by the compiler of today: the formats have not changed."""
    shutil.copytree(GOLDEN, scene.path("golden"))
    read, write = os.pipe()
    os.write(write, Worked().seed.hex().encode() + b"\n")
    os.close(write)
    done = scene.tool(os.path.join(BUILD, "gapseal"), "rebuild", "--batch", "golden/golden-1", "--profile",
                      "golden/profile.conf", "--csv", "golden/devices.csv", "--seed-fd", read, "--json", pass_fds=[read])
    os.close(read)
    expect(json.loads(done.stdout)["equal"] is True, done.stdout)


def a_record_opens_at_its_place_only(scene):
    w = Worked()
    for lot, index, record, root in ((1, w.index, w.data, w.root), (0, w.index + 1, w.data, w.root),
                                     (0, w.index, w.data[:-1] + bytes([w.data[-1] ^ 1]), w.root), (0, w.index, w.data, w.k_lot)):
        try:
            sealed.open_record(w.manifest, lot, index, record, root)
        except Refused:
            continue
        raise AssertionError("opened as record %d of lot %d" % (index, lot))


def documented_types():
    rows = re.findall(r"^\| `([a-z]+)` \| ((?:`[a-z0-9_]+` ?)+)\|", TEXT[TEXT.index("| type | further keys |"):], re.M)
    return {kind: set(re.findall(r"`([a-z0-9_]+)`", keys)) for kind, keys in rows[:len(TYPES)]}


def play(scene):
    """A story with every type of entry but clock."""
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[0])
    scene.provision(modem)
    scene.provision(modem)
    scene.provision(scene.modem(imei(999)), check=1)
    with open(scene.path("line1", "log", "entries.jsonl"), "ab") as log:
        log.write(b'{"attempt":1,"attest')
    scene.provision(scene.modem(devices[1], "corrupt on 1+ write 42,3\n"), check=1)
    home = ("--home", "line1", "--operator", "maria", "--reason", "trial", "--imei")
    scene.line("release", *home, devices[0])
    scene.line("void", *home, devices[1])
    scene.line("void", *home, devices[1], "--undo")
    scene.line("close", "--home", "line1", "--batch", "psk-1", "--yes")
    scene.export("log")


def entries_have_the_documented_keys(scene):
    documented = documented_types()
    expect({kind: set(keys.split()) for kind, keys in TYPES.items()} == documented, "the verifier's table: %r" % documented)
    play(scene)
    seen = set()
    for log in (scene.read("log", "entries.jsonl"), golden("log", "entries.jsonl")):
        for line in log.splitlines():
            entry = json.loads(line)
            expect(set(entry) - COMMON == documented[entry["type"]] and COMMON <= set(entry), line)
            seen.add(entry["type"])
    expect(seen == set(TYPES) - {"clock"}, seen)


def entries_of_every_type_are_read_strictly(scene):
    examples = {word: body for path, word, body in blocks(TEXT) if word in TYPES and path in ("worked", "log/entries.jsonl")}
    expect(set(examples) == set(TYPES), "an example of each type")
    for kind, body in examples.items():
        line = body.rstrip("\n").encode()
        expect(read_entry(line, "")["type"] == kind, kind)
        for bad in (line + b" ", line.replace(b":", b": ", 1), line.replace(b'"v":1', b'"v":2'),
                    line.replace(b'"v":1', b'"v":01'), line.replace(b'{"', b'{"a":1,"', 1), re.sub(rb'"mono":\d+,', b"", line),
                    line.replace(kind.encode(), b"other"), line.replace(b'"time":"2', b'"time":"\xc3'),
                    line.replace(b'"n":', b'"n":-')):
            try:
                read_entry(bad, "")
            except Refused:
                continue
            raise AssertionError("read: %r" % bad)


def schemas_are_those_of_the_sources(scene):
    pattern = r"gapseal/[a-z-]+/v[0-9]+"
    there = set(re.findall(pattern, re.sub(r"/\*.*?\*/", "", sources("include", "src", "cmd"), flags=re.S)))
    expect(set(re.findall(pattern, TEXT)) == there, "%r" % (set(re.findall(pattern, TEXT)) ^ there))


def codes_are_those_of_the_sources(scene):
    text = sources("src")
    codes = set(re.findall(r"`\[([a-z0-9-]+)\]`", TEXT))
    expect(len(codes) > 80, "%d codes" % len(codes))
    missing = sorted(c for c in codes if '"%s"' % c not in text)
    expect(not missing, "no program says %r" % missing)


def findings_are_those_of_the_auditor(scene):
    with open(os.path.join(TOP, "src", "audit", "rules.c"), encoding="utf-8") as rules:
        text = re.sub(r'"\s*\n\s*"', "", rules.read())
    there = re.findall(r'\{"([a-z-]+)", AUDIT_(ERROR|WARNING),\s*"([^"]*)"\}', text)
    rows = re.findall(r"^\| `\[([a-z-]+)\]` \| (error|warning) \| (.*) \|$", TEXT, re.M)
    there = [(code, severity.lower(), text) for code, severity, text in there]
    expect(len(there) > 40 and rows == there, "%r" % (set(rows) ^ set(there)))


def shape(value):
    """The keys of a document, however many elements its lists have."""
    if isinstance(value, dict):
        return {key: shape(v) for key, v in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def same_shape(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(same_shape(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return not a or not b or same_shape(a[0], b[0])
    return a == b or "NoneType" in (a, b)


def golden_documents_have_the_keys_of_today(scene):
    play(scene)
    papers = ("--trust", "trust.json", "--batch", "psk-1", "--grant", "grant-psk-1", "--log", "log", "--json")
    bad = imei(0)[:-1] + str((int(imei(0)[-1]) + 1) % 10)
    scene.write("bad.csv", "imei\n%s\n" % bad)
    scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--imei", imei(0), "--station", "line1",
                 "--out", "extract")
    today = {
        "trust.json": scene.read("trust.json"), "golden-1/manifest.json": scene.read("psk-1", "manifest.json"),
        "grant-1/grant.json": scene.read("grant-psk-1", "grant.json"), "extract/proof.json": scene.read("extract", "proof.json"),
        "output/lint.json": scene.office("lint", "--profile", "psk-1.conf", "--csv", "bad.csv", "--json", check=1).out,
        "output/status.json": scene.line("status", "--home", "line1", "--json").out,
        "output/verify.json": scene.audit("verify", *papers).out, "output/reconcile.json": scene.audit("reconcile", *papers).out,
        "output/error.json": scene.office("lint", "--profile", "no.conf", "--csv", "no.csv", "--json", check=2).out,
    }
    for name, text in today.items():
        one, other = shape(json.loads(text)), shape(json.loads(golden(*name.split("/"))))
        expect(same_shape(one, other), "%s: %r %r" % (name, one, other))


def flips(folder):
    """(file, offset): some of every file, dense at both ends."""
    names = [n for n in os.listdir(folder) if n.startswith("trust.json")]
    for part in ("golden-1", "extract", "grant-1", "log"):
        names += [os.path.join(part, n) for n in os.listdir(os.path.join(folder, part))]
    for name in sorted(names):
        with open(os.path.join(folder, name), "rb") as data:
            data = data.read()
        free = range(19, data.index(b"\n")) if name.endswith(".minisig") else ()
        places = {0, 1, 2, len(data) - 1, len(data) - 2} | set(range(3, len(data), max(len(data) // 12, 1)))
        for at in sorted(places - set(free)):
            yield name, at


def a_flipped_byte_is_refused(scene):
    shutil.rmtree(scene.path("flip"), ignore_errors=True)
    shutil.copytree(GOLDEN, scene.path("flip"))
    places = list(flips(scene.path("flip")))
    for name, at in places:
        path = scene.path("flip", name)
        with open(path, "r+b") as data:
            data.seek(at)
            byte = data.read(1)[0]
            data.seek(at)
            data.write(bytes([byte ^ 1]))
        code, said = judged(scene.path("flip"), "extract" if name.startswith("extract") else "golden-1")
        with open(path, "r+b") as data:
            data.seek(at)
            data.write(bytes([byte]))
        expect(code == 1 and "\naccept" not in said, "byte %d of %s: exit %d %s" % (at, name, code, said))
    expect(judged(scene.path("flip"))[0] == 0, "all bytes are back")
    print("%d bytes flipped in %d files" % (len(places), len({name for name, _ in places})))


main(every_example_is_quoted_from_the_golden_documents, the_golden_documents_verify, one_record_follows_from_the_seed,
     the_golden_batch_is_rebuilt, a_record_opens_at_its_place_only, entries_have_the_documented_keys,
     entries_of_every_type_are_read_strictly, schemas_are_those_of_the_sources, codes_are_those_of_the_sources,
     findings_are_those_of_the_auditor, golden_documents_have_the_keys_of_today, a_flipped_byte_is_refused)
