# SPDX-License-Identifier: ISC
"""The office's ledger end to end: a device's slot is made once unless superseded, stations refuse what is, numbers nobody shipped
are said in public, and people can look at all of it."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess

from scene import BUILD, PROFILE_PSK, expect, imei, main


def code_of(result):
    return json.loads(result.out)["code"]


def compile(scene, name, devices, *options, check=0):
    return scene.compile(name, PROFILE_PSK, devices, "--json", *options, check=check)


def manifest(scene, name):
    return json.loads(scene.read(name, "manifest.json"))


def sha256(scene, *names):
    return scene.tool("sha256sum", scene.path(*names)).stdout.decode().split()[0]


def find(scene, number, check=0):
    return json.loads(scene.office("ledger", "find", "--office", "office", "--imei", number, "--json", check=check).out)["batches"]


def test_once(scene):
    scene.make_org()
    compile(scene, "a", [imei(i) for i in range(4)])
    expect(code_of(compile(scene, "b", [imei(3), imei(4)], check=1)) == "ledger-slot", "a second compile of a slot")
    expect(not os.path.exists(scene.path("b")), "a batch refused left a folder")
    # another slot of the same device is another matter
    scene.compile("other", PROFILE_PSK.replace("tag = 42", "tag = 43"), [imei(3)])
    for options, code in ((["--supersede", "b"], "supersede-batch"), (["--supersede", "other"], "supersede-none"),
                          (["--supersede", "a", "--supersede", "a"], "supersede-twice"),
                          (["--supersede", "a", "--rehearsal"], "supersede-rehearsal")):
        devices = [imei(3)] if "other" not in options else [imei(7)]
        refused = compile(scene, "b", devices, "--reason", "no reason", *options, check=None)
        expect(refused.code in (1, 2) and code_of(refused) == code, "%s instead of %s" % (refused.out, code))
    scene.compile("b", PROFILE_PSK, [imei(3)], "--supersede", "a", check=2)  # without a reason
    # nothing of these took a number for good
    compile(scene, "b", [imei(3), imei(4)], "--supersede", "a", "--reason", "label lost")
    fields = manifest(scene, "b")
    expect(fields["seq"] == 3 and fields["abandoned"] == [], fields["seq"])
    indices = fields["supersedes"][0]["indices"]
    expect(fields["supersedes"] == [{"all": False, "indices": indices, "manifest_sha256": sha256(scene, "a", "manifest.json"),
                                     "reason": "label lost"}], fields["supersedes"])
    where = find(scene, imei(3))
    expect([(w["batch"], w["superseded"]) for w in where] == [("a", True), ("other", False), ("b", False)], where)
    expect(indices == [where[0]["index"]], "another index than the ledger's")
    # its slot in a is free, but not the one in b; the others in a are not free at all
    expect(code_of(compile(scene, "c", [imei(3)], check=1)) == "ledger-slot", "b does not count")
    expect(code_of(compile(scene, "c", [imei(2)], check=1)) == "ledger-slot", "all of a was freed")
    compile(scene, "c", [imei(3), imei(4)], "--supersede", "b", "--reason", "again")
    expect(manifest(scene, "c")["supersedes"][0]["all"] is True, "both devices are all of b")
    expect(find(scene, imei(99), check=1) == [], "found what is not there")
    scene.office("ledger", "verify", "--office", "office", "--batch", "a", "--batch", "b", "--batch", "c")
    # the manifest that supersedes can be made again on the second machine
    scene.office("rebuild", "--office", "office", "--batch", "b", "--profile", "b.conf", "--csv", "b.csv", "--master",
                 "office/batches/b/master.age")


def test_station_refuses(scene):
    """A superseded index is refused at the line once the new manifest is there; the others go on."""
    scene.make_org()
    scene.make_batch("a", PROFILE_PSK, [imei(i) for i in range(3)])
    scene.ingest("trust.json", "a", "grant-a")
    compile(scene, "b", [imei(1)], "--supersede", "a", "--reason", "key seen by others")
    for officer in "anna", "ben":
        scene.sign(officer, "b")
    scene.make_grant("b")
    scene.ingest("b", "grant-b")
    results = {}
    for i in 1, 2:
        modem = scene.modem(imei(i))
        done = scene.provision(modem, check=None)
        results[i] = {e["batch"]: (e["result"], e.get("reason")) for e in done.devices()}
        modem.stop()
    expect(results[1]["a"] == ("refused", "superseded") and results[1]["b"][0] == "done", results)
    expect(results[2] == {"a": ("done", None)} or results[2]["a"][0] == "done", results)


def killed(scene, name, devices, call="renameat2", when=1):
    """A compile that dies at a system call, as if the power went."""
    scene.write(name + ".conf", PROFILE_PSK)
    scene.write(name + ".csv", "imei\n" + "".join(d + "\n" for d in devices))
    args = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, when),
            os.path.join(BUILD, "gapseal"), "compile", "--office", "office", "--trust", "trust.json", "--profile", name + ".conf",
            "--csv", name + ".csv", "--id", name, "--out", name, "--no-escrow", "--threads", "1"]
    return subprocess.run(args, cwd=scene.folder, capture_output=True).returncode


def test_abandoned(scene):
    """A number that was taken and never became a batch is said by every later manifest of the series, and never used again."""
    scene.make_org()
    expect(killed(scene, "a", [imei(1)]) in (137, -signal.SIGKILL), "was not killed")
    compile(scene, "a", [imei(1)], "--title", "second try")
    fields = manifest(scene, "a")
    expect((fields["seq"], fields["abandoned"]) == (2, [1]), fields)
    compile(scene, "r", [imei(1)], "--rehearsal")
    compile(scene, "b", [imei(2)])
    compile(scene, "us", [imei(3)], "--series", "us")
    expect((manifest(scene, "b")["seq"], manifest(scene, "b")["abandoned"]) == (3, [1]), "b")
    expect((manifest(scene, "us")["seq"], manifest(scene, "us")["abandoned"]) == (1, []), "us")
    shown = json.loads(scene.office("ledger", "show", "--office", "office", "--json").out)
    expect(shown["abandoned"] == [{"series": "acme", "seq": 1, "batch": "a"}], shown["abandoned"])


def test_two_at_once(scene):
    """A second compile does not wait for the first, nor take its number for abandoned."""
    scene.make_org()
    holder = subprocess.Popen(["flock", scene.path("office"), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdin.write(b"held\n")
    holder.stdin.flush()
    holder.stdout.readline()
    expect(code_of(compile(scene, "a", [imei(1)], check=2)) == "office-busy", "two compiles at once")
    holder.stdin.close()
    holder.wait()
    holder.stdout.close()
    compile(scene, "a", [imei(1)])


def test_looks(scene):
    scene.make_org()
    scene.make_batch("a", PROFILE_PSK, [imei(i) for i in range(3)], "--lot-size", "2")
    compile(scene, "b", [imei(1)], "--supersede", "a", "--reason", 'a "quoted" reason')
    shown = json.loads(scene.office("ledger", "show", "--office", "office", "--json").out)
    expect([b["id"] for b in shown["batches"]] == ["a", "b"], shown)
    expect(shown["batches"][0]["manifest_sha256"] == sha256(scene, "a", "manifest.json"), "another hash")
    expect(shown["grants"][0]["lots"] == "lot-001 lot-002" and shown["grants"][0]["serial"] == 1, shown["grants"])
    expect(shown["supersedes"][0]["reason"] == 'a "quoted" reason' and shown["supersedes"][0]["indices"] == 1, shown)
    text = scene.office("ledger", "show", "--office", "office").out
    expect("batches" in text and "grants" in text and "  a production, series acme" in text, text)
    expect("no batch" in scene.office("ledger", "find", "--office", "office", "--imei", imei(50), check=1).out, "found")
    scene.office("ledger", "find", "--office", "office", "--imei", "12", check=1)
    text = scene.office("ledger", "find", "--office", "office", "--imei", imei(1)).out
    expect("superseded" in text and "batch b, index 0" in text, text)


def test_backup(scene):
    scene.make_org()
    compile(scene, "a", [imei(i) for i in range(30)])
    before = scene.office("ledger", "show", "--office", "office", "--json").out
    scene.office("ledger", "backup", "--office", "office", "--out", "copy.sqlite")
    scene.office("ledger", "backup", "--office", "office", "--out", "copy.sqlite", check=2)  # never over another
    expect(os.stat(scene.path("copy.sqlite")).st_mode & 0o777 == 0o600, "others may read the backup")
    expect([n for n in os.listdir(scene.folder) if n.endswith(".part")] == [], "parts are left")
    shutil.copyfile(scene.path("copy.sqlite"), scene.path("office", "ledger.sqlite"))
    expect(scene.office("ledger", "show", "--office", "office", "--json").out == before, "the backup differs")
    scene.office("ledger", "verify", "--office", "office", "--batch", "a")
    os.mkdir(scene.path("full"))
    args = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC:when=3+",
            os.path.join(BUILD, "gapseal"), "ledger", "backup", "--office", "office", "--out", "full/copy"]
    done = subprocess.run(args, cwd=scene.folder, capture_output=True)
    expect(done.returncode == 2 and os.listdir(scene.path("full")) == [], "a full disk leaves %s" % os.listdir(scene.path("full")))


def test_broken(scene):
    """One specimen a rule of the ledger."""
    scene.make_org()
    scene.make_batch("a", PROFILE_PSK, [imei(i) for i in range(3)])
    compile(scene, "b", [imei(7)])
    good = scene.read("office", "ledger.sqlite")
    imeis = b"".join(int(imei(i)).to_bytes(8, "little") for i in (0, 2, 1))
    for sql, values, says in (
            ("UPDATE batches SET count = 4 WHERE id = 'a'", (), "lists are not as long"),
            ("UPDATE batches SET indices = ? WHERE id = 'a'", (bytes(12),), "not each there once"),
            ("UPDATE batches SET indices = ? WHERE id = 'a'", (b"\3\0\0\0\1\0\0\0\2\0\0\0",), "not each there once"),
            ("UPDATE batches SET imeis = ? WHERE id = 'a'", (imeis,), "do not ascend"),
            ("UPDATE batches SET imeis = ? WHERE id = 'b'", (imeis[:8],), "slots of an earlier one"),
            ("DELETE FROM numbers", (), "without a number"),
            ("UPDATE numbers SET batch = 'x' WHERE seq = 1", (), "without a number"),
            ("UPDATE grants SET batch = 'x'", (), "a grant of a batch that is not there"),
            ("UPDATE grant_lots SET serial = 9", (), "its lots are"),
            ("INSERT INTO grant_replaces VALUES (9, 1)", (), "replaces"),
            ("INSERT INTO grant_replaces VALUES (1, 1)", (), "an earlier one does"),
            ("INSERT INTO supersedes VALUES ('x', x'00', 1, '', x'')", (), "supersedes but is not there"),
            ("INSERT INTO supersedes VALUES ('a', x'00', 1, '', x'')", (), "supersedes one that is not there")):
        scene.write("office/ledger.sqlite", good)
        db = sqlite3.connect(scene.path("office", "ledger.sqlite"))
        db.execute(sql, values)
        db.commit()
        db.close()
        fault = json.loads(scene.office("ledger", "verify", "--office", "office", "--json", check=1).out)
        expect(fault["code"] == "ledger-broken" and says in fault["text"], "%s: %s" % (sql, fault))
        scene.office("ledger", "backup", "--office", "office", "--out", "copy", check=1)
        expect(not os.path.exists(scene.path("copy")), "a broken ledger was copied")
    scene.write("office/ledger.sqlite", good)
    scene.office("ledger", "verify", "--office", "office", "--batch", "a")
    scene.write("a/records-000.bin", scene.read("a", "records-000.bin")[:-1] + b"x")
    scene.office("ledger", "verify", "--office", "office", "--batch", "a", check=1)


if __name__ == "__main__":
    main(test_once, test_station_refuses, test_abandoned, test_two_at_once, test_looks, test_backup, test_broken)
