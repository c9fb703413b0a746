# SPDX-License-Identifier: ISC
"""A compile that dies, or whose disk fails, at any of its system calls: the ledger holds together, a batch counts whole or not at
all, what is left can be removed, and the next compile of the same id works."""
import json
import os
import random
import shutil
import subprocess

from scene import BUILD, PROFILE_PSK, expect, imei, main

# Everything that changes what lies on the disk.
CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "renameat2", "rename", "linkat", "unlink", "unlinkat", "mkdirat",
         "mkdir", "ftruncate")


def prepare(scene):
    scene.make_org()
    scene.compile("before", PROFILE_PSK, [imei(i) for i in range(100, 110)])
    shutil.copytree(scene.path("office"), scene.path("office.good"))
    scene.write("a.conf", PROFILE_PSK)
    scene.write("a.csv", "imei\n" + "".join(imei(i) + "\n" for i in range(8)))


COMPILE = [os.path.join(BUILD, "gapseal"), "compile", "--office", "office", "--trust", "trust.json", "--profile", "a.conf", "--csv",
           "a.csv", "--id", "a", "--out", "a", "--no-escrow", "--threads", "1", "--json"]


def clean(scene):
    for name in os.listdir(scene.folder):
        if name == "a" or name.endswith(".part"):
            shutil.rmtree(scene.path(name))
    shutil.rmtree(scene.path("office"))
    shutil.copytree(scene.path("office.good"), scene.path("office"))


def strace(scene, *options):
    return subprocess.run(["strace", "-f", "-qq", "-o", scene.path("calls"), "-e", "trace=" + ",".join(CALLS), *options] + COMPILE,
                          cwd=scene.folder, capture_output=True)


def points(scene):
    """How often each call is made by a compile that works."""
    expect(strace(scene).returncode == 0, "a compile fails under strace")
    counts = {}
    for line in scene.read("calls").decode("ascii", "replace").splitlines():
        call = line.split()[1].split("(")[0]
        counts[call] = counts.get(call, 0) + 1
    clean(scene)
    return counts


def chosen(counts, few):
    """Every call that orders things on the disk; of the many others a sample, the same one in every run."""
    chance = random.Random(1)
    for call in sorted(counts):
        whole = range(1, counts[call] + 1)
        yield from ((call, n) for n in (whole if counts[call] <= few else sorted(chance.sample(whole, few))))


def known(scene):
    shown = json.loads(scene.office("ledger", "show", "--office", "office", "--json").out)
    return [b["id"] for b in shown["batches"]], shown["abandoned"]


def check(scene, where):
    """What holds whatever happened. Returns whether the batch counts."""
    scene.office("ledger", "verify", "--office", "office")
    ids, _ = known(scene)
    expect(ids in (["before"], ["before", "a"]), "%s: batches %s" % (where, ids))
    counts = "a" in ids
    if counts:
        scene.office("ledger", "verify", "--office", "office", "--batch", "a")
        expect(os.path.exists(scene.path("office", "batches", "a", "master.age")), where + ": a batch without its seed")
    elif os.path.exists(scene.path("a")):
        # in place, but the ledger never heard of it: officers may sign it, nobody can grant it
        for officer in "anna", "ben":
            scene.sign(officer, "a")
        refused = scene.office("grant", "--office", "office", "--trust", "trust.json", "--batch", "a", "--all-lots", "--station",
                               "line1", "--out", "grant-a", check=1)
        expect("[ledger-batch]" in refused.err, "%s: %s" % (where, refused.err))
    return counts


def again(scene, where, counts):
    for name in os.listdir(scene.folder):
        if (name == "a" and not counts) or (name.startswith(".a.") and name.endswith(".part")):
            shutil.rmtree(scene.path(name))
    done = subprocess.run(COMPILE, cwd=scene.folder, capture_output=True)
    expect(done.returncode == (2 if counts else 0), "%s: then %s" % (where, done.stdout))
    ids, abandoned = known(scene)
    expect(ids == ["before", "a"], "%s: batches %s" % (where, ids))
    fields = json.loads(scene.read("a", "manifest.json"))
    expect(fields["abandoned"] == [a["seq"] for a in abandoned], "%s: abandoned %s" % (where, abandoned))
    expect(fields["seq"] == 2 + len(abandoned), "%s: number %d" % (where, fields["seq"]))
    scene.office("ledger", "verify", "--office", "office", "--batch", "a")
    return len(abandoned)


def test_killed(scene):
    prepare(scene)
    tried = whole = gaps = 0
    for call, n in chosen(points(scene), 12):
        where = "killed at %s %d" % (call, n)
        strace(scene, "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, n))
        counts = check(scene, where)
        gaps += again(scene, where, counts)
        tried += 1
        whole += counts
        clean(scene)
    print("     %d moments, %d of them with the batch committed, %d numbers abandoned" % (tried, whole, gaps))
    expect(tried > 40 and 0 < gaps < tried, "the moments are not spread over the whole compile")


def test_failing(scene):
    """A disk that fails instead: the program says so, and leaves nothing half."""
    prepare(scene)
    failures = {"fsync": "EIO", "renameat2": "EIO", "write": "ENOSPC", "pwrite64": "ENOSPC", "fdatasync": "EIO"}
    tried = gaps = 0
    for call, n in chosen({c: k for c, k in points(scene).items() if c in failures}, 12):
        where = "%s failing at %d" % (call, n)
        done = strace(scene, "-e", "inject=%s:error=%s:when=%d" % (call, failures[call], n))
        expect(done.returncode in (0, 2), "%s: exit %d" % (where, done.returncode))
        counts = check(scene, where)
        expect(counts == (done.returncode == 0) or (counts and os.path.exists(scene.path("a"))), where + ": said otherwise")
        expect([x for x in os.listdir(scene.folder) if x.endswith(".part")] == [], where + ": parts are left")
        if not os.path.exists(scene.path("a")) and known(scene)[1] != []:
            # a ledger that cannot say that its commit reached the disk may have taken the number, or not given it back
            expect(call in ("fsync", "fdatasync"), where + ": a number was not given back")
            gaps += 1
        again(scene, where, counts)
        tried += 1
        clean(scene)
    expect(tried > 10 and gaps <= 4, "%d moments, %d numbers abandoned" % (tried, gaps))


if __name__ == "__main__":
    main(test_killed, test_failing)
