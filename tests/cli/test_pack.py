# SPDX-License-Identifier: ISC
"""A medium for named stations: everything verified first, written whole with SHA256SUMS last, read back, taken by the stations
it is for; each refusal with one fault; disks that fail and power that goes."""
import glob
import hashlib
import json
import os
import random
import re
import shutil
import subprocess

from scene import BUILD, PROFILE_PSK, expect, imei, main

GROUPS = re.compile(r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}\n +(?:[0-9a-f]{4} ){7}[0-9a-f]{4}\n")
FULL = ["--trust", "trust-1.json", "--trust", "trust.json", "--station", "line1", "--station", "line2", "--batch", "a",
        "--batch", "b", "--grant", "grant-a", "--grant", "grant-b"]


def rename_document(scene, old, new):
    for path in glob.glob(scene.path(old) + "*"):
        os.rename(path, path.replace(scene.path(old), scene.path(new)))


def next_trust(scene, *options):
    """Version N+1 becomes trust.json; version N is kept as trust-N.json."""
    version = json.loads(scene.read("trust.json"))["version"]
    kept = "trust-%d.json" % version
    rename_document(scene, "trust.json", kept)
    scene.office("trust", "next", "--from", kept, "--out", "trust.json", *options)
    for officer in "anna", "ben":
        scene.office("sign", "trust.json", "--key", "officers/%s.key" % officer, "--trust", kept, "--yes")


def prepare(scene):
    """Two batches under two versions of trust: a for both stations, b for the second alone; b is a rehearsal."""
    scene.make_org(stations=("line1", "line2", "line3"))
    scene.make_batch("a", PROFILE_PSK, [imei(i) for i in range(5)], "--lot-size", "2", "--title", "Run 7, the blue ones",
                     stations=("line1", "line2"))
    next_trust(scene, "--station-off", "line3=lost")
    scene.make_batch("b", PROFILE_PSK, [imei(i) for i in range(10, 13)], "--rehearsal", stations=("line2",))


def pack(scene, *args, check=0):
    return scene.office("pack", *args, check=check)


def files_of(scene, folder):
    found = []
    for path, _, names in os.walk(scene.path(folder)):
        found += [os.path.relpath(os.path.join(path, n), scene.path(folder)) for n in names]
    return sorted(found)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def grouped(text):
    return [g.replace(" ", "").replace("\n", "") for g in GROUPS.findall(text)]


def test_delivery(scene):
    prepare(scene)
    slip = pack(scene, *FULL, "--out", "m").out
    # what lies there
    listed = [line.split("  ", 1)[1] for line in scene.read("m", "SHA256SUMS").decode().splitlines()]
    expect(listed == sorted(listed) and sorted(listed + ["SHA256SUMS"]) == files_of(scene, "m"), listed)
    expect(len({p.lower() for p in listed}) == len(listed), "two names differ in case alone")
    for name in "a", "b":
        expect(scene.read("m", "batches", name, "records-000.bin") == scene.read(name, "records-000.bin"), "records differ")
    expect(scene.tool("sha256sum", "-c", "--strict", "SHA256SUMS", check=None).returncode != 0, "the tool reads nothing")
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=scene.path("m"), check=True)
    # what the slip says of it
    lines = slip.splitlines()
    expect(max(map(len, lines)) <= 80 and slip.isascii() and "\t" not in slip, max(lines, key=len))
    read_aloud = digest(scene.read("m", "SHA256SUMS"))
    expected = [read_aloud, digest(scene.read("trust-1.json")), digest(scene.read("trust.json"))]
    expected += [digest(scene.read(n, "manifest.json")) for n in "ab"]
    expected += [digest(scene.read("grant-" + n, "grant.json")) for n in "ab"]
    expect(grouped(slip) == expected, slip)
    size = sum(os.path.getsize(scene.path("m", p)) for p in listed)
    for word in ("%d files of %d bytes" % (len(listed), size), "acme", "Run 7, the blue ones", "lot-001 (2)", "signed   anna ben",
                 "stations line1 line2", "b  *** REHEARSAL ***", "gapseal-line ingest --home H PATH", "trust-000002.json"):
        expect(word in slip, "%s is not in\n%s" % (word, slip))
    expect("  a\n" in slip, "production is called a rehearsal")
    for station in "line1", "line2":
        key = [s["log_key"] for s in json.loads(scene.read("trust.json"))["stations"] if s["name"] == station][0]
        expect(key.split("+", 1)[1] in slip, "the log key of " + station)
    # and both stations take it; the first holds version 1 alone
    done = scene.ingest("m")
    expect(re.search(r"trust version 2: taken.*grant 2: passed over", done.out, re.S) and "refused" not in done.out, done.out)
    done = scene.ingest("m", home="line2")
    expect(done.out.count(": taken") == 5, done.out)
    modem = scene.modem(imei(11))
    done = scene.provision(modem, home="line2")
    expect([(d["batch"], d["result"]) for d in done.devices()] == [("b", "done")], done.out)
    again = scene.ingest("m", home="line2")
    expect(": taken" not in again.out and "refused" not in again.out, again.out)


def test_json(scene):
    prepare(scene)
    # no version of trust named: the office's all go along
    done = pack(scene, "--office", "office", "--station", "line1", "--batch", "a", "--grant", "grant-a", "--out", "m", "--json")
    told = json.loads(done.out)
    expect(done.out == json.dumps(told, indent=2, sort_keys=True) + "\n", "not canonical")
    expect(told["schema"] == "gapseal/delivery/v1" and told["sums_sha256"] == digest(scene.read("m", "SHA256SUMS")), told)
    expect([t["version"] for t in told["trust"]] == [1, 2] and not told["rehearsal"], told)
    expect(told["batches"][0]["manifest_sha256"] == digest(scene.read("a", "manifest.json")), told)
    grant = json.loads(scene.read("grant-a", "grant.json"))
    for key in "lots", "max_success", "not_after", "not_before", "records", "serial":
        expect(told["grants"][0][key] == grant[key], key)
    expect(told["grants"][0]["stations"] == ["line1", "line2"] and told["grants"][0]["officers"] == ["anna"], told)
    # held: the grant alone goes along; a later one of the same batch
    scene.make_grant("a", "--replaces", "1", stations=("line1",), folder="grant-a2")
    told = json.loads(pack(scene, "--office", "office", "--station", "line1", "--held", "a", "--grant", "grant-a2", "--out", "m2",
                           "--json").out)
    expect(told["batches"][0]["held"] and not os.path.exists(scene.path("m2", "batches")), told)
    scene.ingest("m")
    expect("grant 3 for batch a: taken" in scene.ingest("m2").out, "a grant for a held batch is not taken")
    # trust alone
    slip = pack(scene, "--trust", "trust-1.json", "--trust", "trust.json", "--station", "line2", "--out", "m3").out
    expect("BATCHES" not in slip and "trust version 2: taken" in scene.ingest("m3", home="line2").out, slip)
    # defaults of the office
    with open(scene.path("office", "office.conf"), "a") as conf:
        conf.write('trust = "trust-1.json"\n')
    pack(scene, "--office", "office", "--station", "line2", "--out", "m4")


def refused(scene, args, code, exit=1):
    """Refused for this reason, and nothing was written."""
    done = pack(scene, *args, "--json", "--out", "none", check=None)
    expect(done.code == exit and json.loads(done.out)["code"] == code, "%d %s instead of %s" % (done.code, done.out, code))
    expect(not os.path.exists(scene.path("none")), "%s: the medium was touched" % code)
    return json.loads(done.out)


def swap(args, old, *new):
    """Arguments with an option and its value replaced."""
    at = next(i for i in range(len(args) - 1) if args[i:i + 2] == list(old))
    return args[:at] + list(new) + args[at + 2:]


def test_refusals(scene):
    prepare(scene)
    args = FULL
    # trust
    refused(scene, swap(args, ("--trust", "trust-1.json")) + ["--pin", "0" * 64], "pin-differs")
    shutil.copytree(scene.path("a"), scene.path("unsigned"))
    for name in glob.glob(scene.path("unsigned", "*.minisig")):
        os.unlink(name)
    fault = refused(scene, swap(args, ("--batch", "a"), "--batch", "unsigned"), "signature-none")
    expect("ask another officer to sign" in fault["text"], fault)
    shutil.copytree(scene.path("a"), scene.path("one"))
    os.unlink(glob.glob(scene.path("one", "*.minisig"))[0])
    fault = refused(scene, swap(args, ("--batch", "a"), "--batch", "one"), "signature-threshold")
    expect("signatures of 1 officers count" in fault["text"] and "ask another officer to sign" in fault["text"], fault)
    scene.office("grant", "--office", "office", "--trust", "trust.json", "--batch", "b", "--all-lots", "--station", "line2",
                 "--replaces", "2", "--out", "grant-bare")
    refused(scene, swap(args, ("--grant", "grant-b"), "--grant", "grant-bare"), "signature-none")
    # stations
    refused(scene, args + ["--station", "line9"], "pack-station")
    refused(scene, args + ["--station", "line3"], "pack-station")
    refused(scene, args + ["--station", "line1"], "pack-station")
    just_b = ["--trust", "trust-1.json", "--trust", "trust.json", "--batch", "b", "--grant", "grant-b", "--station", "line2"]
    refused(scene, just_b + ["--station", "line1"], "pack-station-grant")
    # grants and batches that do not belong together
    refused(scene, swap(swap(args, ("--station", "line2")), ("--trust", "trust-1.json")), "pack-grant")
    refused(scene, swap(swap(args, ("--station", "line2")), ("--grant", "grant-b")), "pack-batch")
    refused(scene, swap(args, ("--batch", "b")), "pack-grant-batch")
    refused(scene, args + ["--batch", "a"], "pack-twice")
    refused(scene, args + ["--held", "a"], "pack-twice")
    refused(scene, args + ["--grant", "grant-a"], "pack-twice")
    scene.sign("ben", "grant-bare")
    refused(scene, args + ["--grant", "grant-bare"], "grant-withdrawn")
    # bytes
    for name in "records-000.bin", "SHA256SUMS":
        shutil.copytree(scene.path("a"), scene.path("bad"))
        data = bytearray(scene.read("a", name))
        data[40] = ord("0") if data[40] != ord("0") else ord("1")
        scene.write("bad/" + name, bytes(data))
        refused(scene, swap(args, ("--batch", "a"), "--batch", "bad"), "records-hash" if name[0] == "r" else "sums-differ")
        shutil.rmtree(scene.path("bad"))
    shutil.copytree(scene.path("grant-a"), scene.path("bad"))
    scene.write("bad/keys.age", scene.read("grant-a", "keys.age")[:-1] + b"x")
    refused(scene, swap(args, ("--grant", "grant-a"), "--grant", "bad"), "grant-keys")
    refused(scene, swap(args, ("--batch", "a"), "--batch", "nowhere"), "file-open", 2)
    # a file that is not there is named with its folder
    for folder, name in ("a", "manifest.json"), ("a", "SHA256SUMS"), ("grant-a", "grant.json"), ("grant-a", "keys.age"):
        option = "--batch" if folder == "a" else "--grant"
        shutil.rmtree(scene.path("bad"), ignore_errors=True)
        shutil.copytree(scene.path(folder), scene.path("bad"))
        os.unlink(scene.path("bad", name))
        fault = refused(scene, swap(args, (option, folder), option, "bad"), "file-open", 2)
        expect(fault["where"] == "bad/" + name, fault)


def test_trust_gap(scene):
    prepare(scene)
    next_trust(scene, "--grant-threshold", "2")
    base = ["--station", "line2", "--batch", "b", "--grant", "grant-b"]
    refused(scene, ["--trust", "trust-1.json", "--trust", "trust.json"] + base, "trust-version")
    # the newest trust asks for two, as the station will
    three = ["--trust", "trust.json", "--trust", "trust-2.json", "--trust", "trust-1.json"]
    fault = refused(scene, three + base, "signature-threshold")
    expect("asks for 2 of its grant officers" in fault["text"], fault)
    scene.sign("ben", "grant-b")
    pack(scene, *three, *base, "--out", "m")
    expect(scene.ingest("m", home="line2").out.count(": taken") == 4, "not taken")
    # an unsigned next version
    kept = "trust-3.json"
    rename_document(scene, "trust.json", kept)
    scene.office("trust", "next", "--from", kept, "--out", "trust.json", "--grant-threshold", "1")
    fault = refused(scene, three[2:] + ["--trust", kept, "--trust", "trust.json"] + base, "signature-threshold")
    expect("ask another officer to sign" in fault["text"], fault)
    # two that both call themselves version 1
    scene.office("trust", "new", "--org", "acme", "--officer", "officers/anna.pub", "--trust-threshold", "1", "--accept-no-spare",
                 "--out", "fork.json")
    scene.sign("anna", "fork.json")
    refused(scene, ["--trust", "trust-1.json", "--trust", "fork.json"] + base, "trust-differs")


def test_expired(scene):
    """A grant whose last day is over: its dates are altered and it is signed anew."""
    prepare(scene)
    fields = json.loads(scene.read("grant-a", "grant.json"))
    fields.update(not_before="2024-01-01T00:00:00Z", not_after="2024-02-01T00:00:00Z")
    for path in glob.glob(scene.path("grant-a", "*.minisig")):
        os.unlink(path)
    scene.write("grant-a/grant.json", json.dumps(fields, indent=2, sort_keys=True) + "\n")
    scene.sign("anna", "grant-a")
    fault = refused(scene, FULL, "grant-expired")
    expect("2024-02-01T00:00:00Z" in fault["text"] and fault["where"] == "grant-a", fault)


def test_names(scene):
    """What a stick that Windows has seen cannot hold."""
    scene.make_org()
    for name in "con", "lpt1.x", "run.":
        scene.make_batch(name, PROFILE_PSK, [imei(0)], "--rehearsal")
        refused(scene, ["--trust", "trust.json", "--station", "line1", "--batch", name, "--grant", "grant-" + name], "pack-name")
    scene.make_batch("console", PROFILE_PSK, [imei(0)], "--rehearsal")
    pack(scene, "--trust", "trust.json", "--station", "line1", "--batch", "console", "--grant", "grant-console", "--out", "m")


def test_not_empty(scene):
    prepare(scene)
    os.mkdir(scene.path("m"))
    scene.write("m/holiday.jpg", "x")
    done = pack(scene, *FULL, "--out", "m", check=2)
    expect("[medium-not-empty]" in done.err and "holiday.jpg" in done.err, done.err)
    expect(os.listdir(scene.path("m")) == ["holiday.jpg"], "something was written all the same")
    done = pack(scene, *FULL, "--out", "m", "--force")
    expect("1 names of others at its top, left alone" in done.out and "WARNING: 1 names" in done.err, done.err)
    expect(scene.read("m", "holiday.jpg") == b"x", "the foreign file")
    before = scene.read("m", "SHA256SUMS")
    expect("[medium-not-empty]" in pack(scene, *FULL, "--out", "m", check=2).err, "overwritten without --force")
    # the same again, over damage
    with open(scene.path("m", "batches", "a", "records-000.bin"), "r+b") as f:
        f.write(b"zzzz")
    pack(scene, *FULL, "--out", "m", "--force")
    expect(scene.read("m", "SHA256SUMS") == before, "another list")
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=scene.path("m"), check=True)
    # fewer things: the rest of the earlier delivery would be taken too
    less = swap(swap(swap(FULL, ("--station", "line2")), ("--batch", "b")), ("--grant", "grant-b"))
    done = pack(scene, *less, "--out", "m", "--force", check=2)
    expect("[medium-foreign]" in done.err and "m/batches/b:" in done.err, done.err)
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=scene.path("m"), check=True)
    # nor a name that FAT takes for ours: SHA256SUMS would not find what lies below it
    os.makedirs(scene.path("capitals", "BATCHES"))
    done = pack(scene, *FULL, "--out", "capitals", "--force", check=2)
    expect("[medium-foreign]" in done.err and os.listdir(scene.path("capitals")) == ["BATCHES"], done.err)
    # a link is not followed, whatever it is called
    os.mkdir(scene.path("elsewhere"))
    os.mkdir(scene.path("m2"))
    os.symlink("../elsewhere", scene.path("m2", "trust"))
    done = pack(scene, *FULL, "--out", "m2", "--force", check=2)
    expect("[file-kind]" in done.err and os.listdir(scene.path("elsewhere")) == [], done.err)
    scene.write("file", "x")
    expect("[file-kind]" in pack(scene, *FULL, "--out", "file", check=2).err, "a file as medium")


def strace(scene, calls, *options, out="m", force=False):
    return subprocess.run(["strace", "-qq", "-o", scene.path("calls"), "-e", "trace=" + ",".join(calls), *options,
                           os.path.join(BUILD, "gapseal"), "pack", *FULL, "--out", out, "--json"] + ["--force"] * force,
                          cwd=scene.folder, capture_output=True)


def counted(scene, calls, out="m"):
    """How often each call is made by a pack that works."""
    done = strace(scene, calls, out=out)
    expect(done.returncode == 0, "a pack fails under strace: %s" % done.stdout)
    lines = scene.read("calls").decode("ascii", "replace").splitlines()
    if os.path.exists(scene.path(out)):
        shutil.rmtree(scene.path(out))
    return lines


def test_disk_fails(scene):
    """Full, read-only, unplugged: a clear line, 2, and nothing left that looks whole."""
    prepare(scene)
    calls = ("write", "fsync", "mkdirat", "openat", "renameat2", "unlinkat")
    lines = counted(scene, calls)
    tried = 0
    for call, error in (("write", "ENOSPC"), ("write", "EIO"), ("fsync", "EIO"), ("mkdirat", "EROFS"), ("renameat2", "EIO")):
        total = sum(1 for line in lines if line.startswith(call + "(") and not re.match(r"write\([12],", line))
        expect(total > 0, "no %s" % call)
        for n in sorted({1, total // 2, total} - {0}):
            done = strace(scene, (call,), "-e", "inject=%s:error=%s:when=%d" % (call, error, n))
            fault = json.loads(done.stdout)
            expect(done.returncode == 2 and fault["code"] == "file-write", "%s %d: %s" % (call, n, fault))
            text = {"ENOSPC": "No space left on device", "EIO": "Input/output error", "EROFS": "Read-only file system"}[error]
            expect(text in fault["text"] and fault["where"].startswith("m"), "%s %d: %s" % (call, n, fault))
            expect(not os.path.exists(scene.path("m")), "%s %d left %s" % (call, n, files_of(scene, "m")))
            tried += 1
    expect(tried >= 9, tried)
    # gone for good in the middle: nothing can be removed either; then it must say that it is not whole
    done = strace(scene, ("write", "unlinkat"), "-e", "inject=write:error=EIO:when=12+", "-e", "inject=unlinkat:error=EIO:when=1+")
    expect(done.returncode == 2 and "SHA256SUMS.part" in files_of(scene, "m") and "SHA256SUMS" not in files_of(scene, "m"), done)
    expect("[medium-incomplete]" in scene.ingest("m", check=1).err, "an incomplete medium is taken")
    shutil.rmtree(scene.path("m"))
    # one file that cannot be removed is enough; the first call asks for an earlier SHA256SUMS
    done = strace(scene, ("write", "unlinkat"), "-e", "inject=write:error=EIO:when=12+", "-e", "inject=unlinkat:error=EIO:when=2")
    there = files_of(scene, "m")
    expect(done.returncode == 2 and len(there) == 2 and "SHA256SUMS.part" in there, there)
    shutil.rmtree(scene.path("m"))
    # over an earlier delivery, of which pieces are left
    pack(scene, *FULL, "--out", "m")
    done = strace(scene, ("write",), "-e", "inject=write:error=ENOSPC:when=12", force=True)
    there = files_of(scene, "m")
    expect(done.returncode == 2 and "SHA256SUMS.part" in there and "SHA256SUMS" not in there and len(there) > 2, there)
    expect("[medium-incomplete]" in scene.ingest("m", check=1).err, "pieces of an earlier delivery are taken")
    # what was there before is not ours to remove
    os.mkdir(scene.path("own"))
    done = strace(scene, ("write",), "-e", "inject=write:error=ENOSPC:when=20", out="own")
    expect(done.returncode == 2 and os.listdir(scene.path("own")) == [], os.listdir(scene.path("own")))


def test_stopped(scene):
    """Asked to stop in the middle: what was written is taken back."""
    prepare(scene)
    for call, n in ("write", 9), ("pread64", 12):
        done = strace(scene, (call,), "-e", "inject=%s:signal=SIGTERM:when=%d" % (call, n))
        expect(done.returncode == 2 and json.loads(done.stdout)["code"] == "interrupted", "%s: %s" % (call, done.stdout))
        expect(not os.path.exists(scene.path("m")), "%s: something is left" % call)


def test_small_medium(scene):
    """A medium with too little room says so before anything is written; one that fills up meanwhile, then."""
    prepare(scene)
    os.mkdir(scene.path("tiny"))
    if os.geteuid() != 0 or scene.tool("mount", "-t", "tmpfs", "-o", "size=16k", "none", "tiny", check=None).returncode != 0:
        print("     no tmpfs can be mounted here: not tried")
        return
    try:
        done = pack(scene, *FULL, "--out", "tiny", check=2)
        expect("[medium-full]" in done.err and os.listdir(scene.path("tiny")) == [], done.err)
        done = pack(scene, *FULL, "--out", "tiny", "--force", check=2)
        expect("No space left on device" in done.err and os.listdir(scene.path("tiny")) == [], done.err)
    finally:
        scene.tool("umount", "tiny")


def test_read_only(scene):
    prepare(scene)
    os.mkdir(scene.path("ro"))
    if os.geteuid() == 0:
        if scene.tool("mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", "ro", check=None).returncode != 0:
            print("     no tmpfs can be mounted here: not tried")
            return
        try:
            done = pack(scene, *FULL, "--out", "ro", check=2)
        finally:
            scene.tool("umount", "ro")
        expect("Read-only file system" in done.err, done.err)
        return
    os.chmod(scene.path("ro"), 0o555)
    expect("Permission denied" in pack(scene, *FULL, "--out", "ro", check=2).err, "read-only")


def test_read_back(scene):
    """One byte that the medium gives back differently, in any file: refused by its path, and nothing is left."""
    prepare(scene)
    lines = counted(scene, ("pread64", "openat"))
    reads, opened, number = [], {}, 0
    for line in lines:
        found = re.match(r'openat\([^,]+, "([^"]+)".* = (\d+)', line)
        if found:
            opened[found.group(2)] = found.group(1)
        elif line.startswith("pread64("):
            number += 1
            reads.append((number, opened[re.match(r"pread64\((\d+)", line).group(1)]))
    expect(len(reads) > 22 and reads[-1][1] == "SHA256SUMS.part", reads)
    last = {}
    for number, name in reads:
        last[name] = number
    for name in "SHA256SUMS.part", "records-000.bin", "keys.age", "trust-000002.json", "manifest.json":
        done = strace(scene, ("pread64",), "-e", "inject=pread64:poke_exit=@arg2=5a5a5a:when=%d" % last[name])
        fault = json.loads(done.stdout)
        expect(done.returncode == 2 and fault["code"] == "medium-readback" and fault["where"].endswith("/" + name),
               "%s: %s" % (name, fault))
        expect(not os.path.exists(scene.path("m")), "%s: something is left" % name)


def test_source_changes(scene):
    """Records that change between the verifying and the copying do not reach the medium as good ones."""
    prepare(scene)
    lines = counted(scene, ("pread64", "write"))
    first = next(i for i, line in enumerate(lines) if line.startswith("write("))
    number = 1 + sum(line.startswith("pread64(") for line in lines[:first])  # the first chunk that is copied
    done = strace(scene, ("pread64",), "-e", "inject=pread64:poke_exit=@arg2=5a5a5a:when=%d" % number)
    fault = json.loads(done.stdout)
    expect(done.returncode == 2 and fault["code"] == "medium-source" and fault["where"] == "a/records-000.bin", fault)
    expect(not os.path.exists(scene.path("m")), "something is left")


def test_killed(scene):
    """The power goes at a system call: no SHA256SUMS, nothing of the medium is taken, and --force makes it good."""
    prepare(scene)
    calls = ("openat", "write", "fsync", "mkdirat", "mkdir", "unlinkat", "renameat2", "pread64")
    lines = counted(scene, calls)
    names = [line.split("(")[0] for line in lines]
    begin = next(i for i, line in enumerate(lines) if "SHA256SUMS.part" in line)
    placed = names.index("renameat2")
    chance = random.Random(1)
    moments = sorted(set(chance.sample(range(begin, placed + 1), 25)) | {begin, begin + 1, placed - 1, placed})
    shutil.copytree(scene.path("line1"), scene.path("line1.good"))
    for i in moments:
        call, n = names[i], names[:i + 1].count(names[i])
        where = "killed at %s %d" % (call, n)
        done = strace(scene, (call,), "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, n))
        expect(done.returncode in (137, -9), "%s: exit %d" % (where, done.returncode))
        there = files_of(scene, "m")
        if i < placed:
            expect("SHA256SUMS" not in there, where + ": it looks whole")
        for name in "a", "b":  # what a document speaks of is there before it
            if os.path.join("batches", name, "manifest.json") in there:
                expect(scene.read("m", "batches", name, "records-000.bin") == scene.read(name, "records-000.bin"), where + ": cut")
        refusal = scene.ingest("m", check=None)
        if "SHA256SUMS" in there:
            expect(refusal.code == 0, where + ": whole, but refused")
        else:
            code = "medium-incomplete" if "SHA256SUMS.part" in there else "ingest-nothing"
            expect(refusal.code == 1 and "[%s]" % code in refusal.err, "%s: %s" % (where, refusal.err))
            expect(os.listdir(scene.path("line1", "batches")) == [], where + ": something was taken")
        pack(scene, *FULL, "--out", "m", "--force")
        subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=scene.path("m"), check=True)
        shutil.rmtree(scene.path("m"))
        if "SHA256SUMS" in there:
            shutil.rmtree(scene.path("line1"))
            shutil.copytree(scene.path("line1.good"), scene.path("line1"))
    print("     %d moments" % len(moments))
    # packing again over one that was cut off: it never stops saying so
    strace(scene, ("write",), "-e", "inject=write:signal=SIGKILL:when=12")
    shutil.copytree(scene.path("m"), scene.path("cut"))
    expect(strace(scene, ("openat",), force=True).returncode == 0, "a pack over one that was cut off fails")
    opens = scene.read("calls").decode("ascii", "replace").splitlines()
    part = 1 + next(n for n, line in enumerate(opens) if "SHA256SUMS.part" in line)
    for n in range(part - 1, part + 3):
        shutil.rmtree(scene.path("m"))
        shutil.copytree(scene.path("cut"), scene.path("m"))
        strace(scene, ("openat",), "-e", "inject=openat:signal=SIGKILL:when=%d" % n, force=True)
        expect("SHA256SUMS.part" in files_of(scene, "m"), "killed at openat %d: it looks whole" % n)


def test_missing(scene):
    """Any one file gone from the medium: the station refuses or says so, unless it is a signature more than needed."""
    prepare(scene)
    pack(scene, *FULL, "--out", "m")
    shutil.copytree(scene.path("line2"), scene.path("line2.good"))
    surplus = 0
    for name in files_of(scene, "m"):
        shutil.copytree(scene.path("m"), scene.path("cut"))
        os.unlink(scene.path("cut", name))
        done = scene.ingest("cut", home="line2", check=None)
        if name == "SHA256SUMS" or (done.code == 0 and name.endswith(".minisig")):
            surplus += name != "SHA256SUMS"
            expect(done.code == 0, name)
        else:
            expect(done.code in (1, 2) and "refused" in done.out, "%s is gone: %d %s" % (name, done.code, done.out))
            if name.endswith(("manifest.json", "grant.json")) or re.search(r"trust-\d+\.json$", name):
                expect("[medium-missing]" in done.err and name in done.out, "%s: %s %s" % (name, done.err, done.out))
        shutil.rmtree(scene.path("cut"))
        shutil.rmtree(scene.path("line2"))
        shutil.copytree(scene.path("line2.good"), scene.path("line2"))
    expect(surplus <= 2, "%d signatures are not needed" % surplus)  # of trust version 1, which the station holds


def extract(scene, number, folder, sign=True, options=()):
    """One device of batch a for line2; returns its index."""
    scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "a", "--imei", imei(number), "--station", "line2",
                 "--out", folder, *options)
    if sign:
        scene.sign("anna", folder)
    return json.loads(scene.read(folder, "proof.json"))["index"]


def test_extract(scene):
    """One device for a station that has nothing else of the batch."""
    scene.make_org(stations=("line1", "line2"))
    scene.make_batch("a", PROFILE_PSK, [imei(i) for i in range(5)], "--lot-size", "2")
    index = extract(scene, 3, "x")
    args = ["--trust", "trust.json", "--station", "line2", "--batch", "x"]
    slip = pack(scene, *args, "--grant", "x/grant", "--out", "m").out
    folder = "batches/a@%d" % index
    expect([n for n in files_of(scene, "m") if n.startswith("batches/") and not n.endswith(".minisig")] ==
           [folder + "/" + n for n in ("SHA256SUMS", "manifest.json", "proof.json", "record.bin")], files_of(scene, "m"))
    for name in files_of(scene, "m/" + folder):
        expect(scene.read("m", folder, name) == scene.read("x", name), name + " differs")
    for name in files_of(scene, "x/grant"):
        expect(scene.read("m/grants/2", name) == scene.read("x/grant", name), name + " differs")
    for place in "m", "m/" + folder:
        subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=scene.path(place), check=True)
    for line in ("  a\n    extract  one device alone: record %d\n" % index, "    devices  1\n    lots     lot-00%d (1)\n" % (1 + index // 2),
                 "    records  1 single device\n    at most  1 device\n"):
        expect(line in slip, "%s is not in\n%s" % (line, slip))
    expect(imei(3) not in slip and max(map(len, slip.splitlines())) <= 80, slip)
    # its grant comes along by itself, too
    told = json.loads(pack(scene, *args, "--out", "m2", "--json").out)
    expect(files_of(scene, "m2") == files_of(scene, "m") and scene.read("m2", "SHA256SUMS") == scene.read("m", "SHA256SUMS"), told)
    batch = told["batches"][0]
    expect((batch["devices"], batch["records"], [lot["count"] for lot in batch["lots"]]) == (1, [index], [1]), batch)
    expect([g["records"] for g in told["grants"]] == [[index]], told)
    # the station
    done = scene.ingest("m", home="line2")
    expect("record %d taken" % index in done.out and "grant 2 for batch a: taken" in done.out and "refused" not in done.out, done.out)
    modem = scene.modem(imei(3))
    expect([d["result"] for d in scene.provision(modem, home="line2").devices()] == ["done"], "not done")
    scene.provision(scene.modem(imei(1)), home="line2", check=1)
    # a later grant in place of the one inside; then for a station that holds the record
    extract(scene, 3, "later", options=("--replaces", "2"))
    told = json.loads(pack(scene, *args, "--grant", "later/grant", "--out", "m3", "--json").out)
    expect([g["serial"] for g in told["grants"]] == [3], "the grant inside goes along although another was named")
    base = args[:4]
    told = json.loads(pack(scene, *base, "--held", "x", "--grant", "later/grant", "--out", "m4", "--json").out)
    expect(told["batches"][0]["held"] and not os.path.exists(scene.path("m4", "batches")), told)
    expect("grant 3 for batch a: taken" in scene.ingest("m4", home="line2").out, "a grant for a held record is not taken")


def test_extracts_together(scene):
    """The whole batch and two records of it, each for who needs it."""
    prepare(scene)
    shutil.copytree(scene.path("line2"), scene.path("fresh"))
    indices = sorted([extract(scene, 0, "x"), extract(scene, 1, "y")])
    told = json.loads(pack(scene, *FULL, "--batch", "x", "--batch", "y", "--grant", "y/grant", "--out", "m", "--json").out)
    expect([(b["batch"], b["records"]) for b in told["batches"][:2]] == [("a", []), ("b", [])], told["batches"])
    expect(sorted(os.listdir(scene.path("m", "batches"))) == ["a"] + ["a@%d" % i for i in indices] + ["b"], "folders")
    expect(sorted(os.listdir(scene.path("m", "grants"))) == ["1", "2", "3", "4"], "grants")
    done = scene.ingest("m", home="line2")
    expect(done.out.count(" taken") == 9 and "refused" not in done.out, done.out)
    expect([d["result"] for d in scene.provision(scene.modem(imei(1)), home="line2").devices()] == ["done"], "not done")
    done = scene.ingest("m")
    expect("grant 3: passed over" in done.out and "refused" not in done.out, done.out)
    # extracts alone, and one whose proof is lost on the way
    pack(scene, "--office", "office", "--station", "line2", "--batch", "x", "--batch", "y", "--out", "m2")
    folder = "batches/a@%d" % indices[0]
    for name, code in ("proof.json", "medium-missing"), ("manifest.json", "medium-missing"), ("record.bin", "record-missing"):
        shutil.copytree(scene.path("m2"), scene.path("cut"))
        shutil.copytree(scene.path("fresh"), scene.path("home"))
        os.unlink(scene.path("cut", folder, name))
        done = scene.ingest("cut", home="home", check=1)
        expect("[%s]" % code in done.err and folder + "/" + name in done.out, done.out + done.err)
        expect(os.listdir(scene.path("home", "batches")) == ["a@%d" % indices[1]], "the other alone is to be taken")
        shutil.rmtree(scene.path("cut"))
        shutil.rmtree(scene.path("home"))


def test_extract_refusals(scene):
    prepare(scene)
    index, other = extract(scene, 0, "x"), extract(scene, 1, "y")
    extract(scene, 2, "bare", sign=False)
    base = ["--office", "office", "--station", "line2"]
    args = base + ["--batch", "x"]
    expect(refused(scene, base + ["--batch", "bare"], "signature-none")["where"] == "bare/grant/grant.json", "the grant inside")
    fault = refused(scene, args + ["--batch", "x"], "pack-twice")
    expect("a@%d" % index in fault["text"], fault)
    refused(scene, args + ["--held", "x"], "pack-twice")
    refused(scene, args + ["--grant", "y/grant"], "pack-grant-batch")
    refused(scene, args + ["--grant", "grant-a"], "pack-grant-batch")  # a lot is more than its one device
    refused(scene, base + ["--held", "x", "--grant", "y/grant"], "pack-grant-batch")
    refused(scene, base + ["--held", "x"], "pack-batch")
    refused(scene, ["--office", "office", "--station", "line1", "--batch", "x"], "pack-grant")
    # a grant of both records goes along with both alone
    shutil.copytree(scene.path("x", "grant"), scene.path("two"))
    fields = json.loads(scene.read("two", "grant.json"))
    fields.update(records=sorted([index, other]), max_success=2)
    for path in glob.glob(scene.path("two", "*.minisig")):
        os.unlink(path)
    scene.write("two/grant.json", json.dumps(fields, indent=2, sort_keys=True) + "\n")
    scene.sign("anna", "two")
    fault = refused(scene, args + ["--grant", "two"], "pack-grant-batch")
    expect("its records are not all given" in fault["text"], fault)
    told = json.loads(pack(scene, *args, "--held", "y", "--grant", "two", "--out", "m", "--json").out)
    expect([g["serial"] for g in told["grants"]] == [fields["serial"]] and [b["held"] for b in told["batches"]] == [False, True], told)
    shutil.copytree(scene.path("x"), scene.path("bad"))
    shutil.rmtree(scene.path("bad", "grant"))
    refused(scene, base + ["--batch", "bad"], "pack-batch")
    refused(scene, base + ["--batch", "a", "--grant", "grant-a", "--batch", "bad"], "pack-batch")
    expect(refused(scene, base + ["--batch", "a", "--batch", "x"], "pack-batch")["where"] == "a", "all of it for one device")
    shutil.copytree(scene.path("y", "grant"), scene.path("bad", "grant"))
    refused(scene, base + ["--batch", "bad"], "pack-grant-batch")
    refused(scene, base + ["--batch", "bad", "--batch", "y"], "pack-batch")
    # bytes: with and without sums that fit
    record = scene.read("x", "record.bin")
    scene.write("bad/record.bin", record[:-1] + bytes([record[-1] ^ 1]))
    refused(scene, base + ["--batch", "bad", "--grant", "x/grant"], "sums-differ")
    lines = scene.read("x", "SHA256SUMS").decode().splitlines()
    lines[2] = "%s  record.bin" % digest(scene.read("bad", "record.bin"))
    scene.write("bad/SHA256SUMS", "".join(line + "\n" for line in lines))
    refused(scene, base + ["--batch", "bad", "--grant", "x/grant"], "proof-inclusion")
    for path in glob.glob(scene.path("bad", "manifest.json.*")):
        os.unlink(path)
    refused(scene, base + ["--batch", "bad", "--grant", "x/grant"], "signature-none")


def test_no_secret(scene):
    """Of all that the office and the officers keep secret, nothing is on the medium or in the slip in the clear."""
    scene.make_org()
    psk = bytes(range(7, 39)).hex()
    profile = PROFILE_PSK.replace("from = derived  bytes = 32", 'from = column  column = "psk"')
    scene.make_batch("a", profile, ["%s,%s" % (imei(0), psk)], header="imei,psk")
    args = ["--trust", "trust.json", "--station", "line1", "--batch", "a", "--grant", "grant-a"]
    slip = pack(scene, *args, "--out", "m").out + pack(scene, *args, "--out", "m2", "--json").out
    data = slip.encode() + b"".join(scene.read("m", name) for name in files_of(scene, "m"))
    secrets = [psk.encode(), bytes.fromhex(psk), imei(0).encode(), scene.read("office", "identity").strip().split(b"\n")[-1]]
    secrets += [scene.read("officers", n + ".key").split(b"\n")[1] for n in ("anna", "ben")]
    secrets += [scene.read("line1", "log.seed").strip()]
    for secret in secrets:
        expect(len(secret) > 8 and secret not in data and secret.upper() not in data, "a secret is on the medium")
    expect(psk.encode() in scene.read("a.csv"), "the test looks for another PSK")


if __name__ == "__main__":
    main(test_delivery, test_json, test_refusals, test_trust_gap, test_expired, test_names, test_not_empty, test_disk_fails,
         test_stopped, test_small_medium, test_read_only, test_read_back, test_source_changes, test_killed, test_missing, test_extract,
         test_extracts_together, test_extract_refusals, test_no_secret)
