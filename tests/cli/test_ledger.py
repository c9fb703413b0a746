# SPDX-License-Identifier: ISC
"""The office's ledger end to end: a device's slot is made once unless superseded, stations refuse what is, numbers nobody shipped
are said in public, and people can look at all of it."""
import hashlib
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
                          (["--supersede", "a"], "supersede-dropped"), (["--supersede", "a:4"], "supersede-index"),
                          (["--supersede", "a:all", "--supersede", "a:0"], "supersede-twice"),
                          (["--supersede", "a", "--rehearsal"], "supersede-rehearsal")) + tuple(
                              (["--supersede", form], "supersede-form") for form in (
                                  "a:", "a:some", "a:1,", "a:,1", "a:2,1", "a:1,1", "a:3-2", "a:1-", "a:-1", "a:1-2-3", "a:01", "a:1;2",
                                  "a:1-99999999", "A", ":all", "../a")):
        devices = [imei(3)] if "other" not in options else [imei(7)]
        refused = compile(scene, "b", devices, "--reason", "no reason", *options, check=None)
        expect(refused.code in (1, 2) and code_of(refused) == code, "%s instead of %s" % (refused.out, code))
    scene.compile("b", PROFILE_PSK, [imei(3)], "--supersede", "a", check=2)  # without a reason
    # nothing of these took a number for good
    compile(scene, "b", [imei(3), imei(4)], "--supersede", "a:same", "--reason", "label lost")
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
    compile(scene, "b", [imei(1)], "--supersede", "a:same", "--reason", "key seen by others")
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


def test_dropped(scene):
    """A batch was compiled with a device too many: the one in its place has it not, and supersedes all."""
    scene.make_org()
    scene.make_batch("a", PROFILE_PSK, [imei(i) for i in range(3)])
    scene.ingest("trust.json", "a", "grant-a")
    made = compile(scene, "b", [imei(0), imei(2)], "--supersede", "a:all", "--reason", "a row too many")
    expect("1 superseded device is not in this batch" in made.err, made.err)
    expect(manifest(scene, "b")["supersedes"] == [{"all": True, "indices": [], "reason": "a row too many",
                                                   "manifest_sha256": sha256(scene, "a", "manifest.json")}], manifest(scene, "b"))
    digest = sha256(scene, "a", "manifest.json")
    says = "  supersedes   every device of the batch whose manifest is\n               %s\n               because: a row too many\n" % (
        " ".join(digest[i:i + 4] for i in range(0, 64, 4)))
    for officer in "anna", "ben":
        shown = scene.sign(officer, "b")
        expect(says in shown.out + shown.err, shown.out + shown.err)
    scene.make_grant("b")
    scene.ingest("b")  # a station that may not open the new batch refuses the old one all the same
    for i, says in ((1, {"a": ("refused", "superseded")}), (2, {"a": ("refused", "superseded")}),
                    (0, {"a": ("refused", "superseded"), "b": ("done", None)})):
        if i == 0:
            scene.ingest("grant-b")
        modem = scene.modem(imei(i))
        result = scene.provision(modem, check=None)
        modem.stop()
        said = {e["batch"]: (e["result"], e.get("reason") if e["result"] != "done" else None) for e in result.devices()}
        expect(said == says and result.code == 1, said)
        expect((scene.slot(modem, 42, 3) is None) == (i != 0), "what is in the modem")
    scene.export("log")
    report = scene.reconcile(["a", "b"], ["log"])
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 1, report)
    again = scene.office("grant", "--office", "office", "--trust", "trust.json", "--batch", "a", "--station", "line1", "--all-lots",
                         "--replaces", 1, "--out", "grant-again", check=1)
    expect("[grant-superseded]" in again.err and not os.path.exists(scene.path("grant-again")), again.err)
    # it is free now, and in another batch needs to supersede nothing; what b has is not
    compile(scene, "c", [imei(1)])
    expect(code_of(compile(scene, "d", [imei(0)], check=1)) == "ledger-slot", "b does not count")
    expect([(w["batch"], w["superseded_by"]) for w in find(scene, imei(1))] == [("a", "b"), ("c", "")], "where it is")
    # single indices, replaced or not
    index = find(scene, imei(0))[1]["index"]
    made = compile(scene, "d", [imei(50)], "--supersede", "b:%d" % index, "--reason", "scrapped")
    expect("1 superseded device is not" in made.err, made.err)
    expect(manifest(scene, "d")["supersedes"][0]["indices"] == [index], manifest(scene, "d"))
    expect("  supersedes   1 device of the batch " in scene.office("inspect", "d").out, "what officers see")
    # the last of b, and now all of it is superseded; what was before is not dropped again
    made = compile(scene, "e", [imei(2)], "--supersede", "b", "--reason", "again")
    expect(manifest(scene, "e")["supersedes"][0]["all"] and "superseded device" not in made.err, made.err)
    scene.office("ledger", "verify", "--office", "office", *[w for b in "abcde" for w in ("--batch", b)])


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
    compile(scene, "b", [imei(1)], "--supersede", "a:same", "--reason", 'a "quoted" reason')
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
    expect("\n  superseded by batch b: a" in text and "batch b, acme number 2" in text, text)


def test_little(scene):
    """A ledger of nothing, and one of a rehearsal alone."""
    scene.make_org()
    scene.office("ledger", "verify", "--office", "office")
    scene.office("ledger", "backup", "--office", "office", "--out", "copy")
    expect(json.loads(scene.office("ledger", "show", "--office", "office", "--json").out)["batches"] == [], "a batch of nothing")
    scene.make_batch("r", PROFILE_PSK, [imei(1)], "--rehearsal")
    scene.office("ledger", "verify", "--office", "office", "--batch", "r")
    expect(find(scene, imei(1), check=1) == [], "a rehearsal has the device")


def test_find(scene):
    """What became of one device: its lot, who may open it, what came back, what superseded it."""
    scene.make_org(stations=("line1", "line2"))
    scene.make_batch("a", PROFILE_PSK, ["%s,%s" % (imei(i), "wo-%d" % (i % 2)) for i in range(4)], header="imei,lot",
                     stations=("line1", "line2"))
    scene.make_grant("a", "--replaces", 1, stations=("line2",), folder="grant-2", lots=("--lot", "wo-1"))
    place = find(scene, imei(1))[0]
    fields = manifest(scene, "a")
    expect(place["manifest_sha256"] == sha256(scene, "a", "manifest.json") and place["issued"] == fields["issued"], place)
    expect((place["lot"], place["series"], place["seq"], place["slots"]) == ("wo-1", "acme", 1, "42/3 42/4"), place)
    lot = fields["lots"][1]
    expect(lot["name"] == "wo-1" and lot["first"] <= place["index"] < lot["first"] + lot["count"], place)
    expect([(g["serial"], g["stations"], g["replaced_by"], g["records"]) for g in place["grants"]] ==
           [(1, "line1 line2", 2, False), (2, "line2", 0, False)], place["grants"])
    expect((place["done"], place["accepted"], place["closeouts"], place["superseded"]) == (False, "", [], False), place)
    expect([g["serial"] for g in find(scene, imei(0))[0]["grants"]] == [1], "a grant of the other lot")
    scene.ingest("trust.json", "a", "grant-a", "grant-2", home="line2")
    modem = scene.modem(imei(1))
    scene.provision(modem, home="line2")
    scene.line("close", "--home", "line2", "--batch", "a", "--lot", "wo-1", "--yes")
    scene.export("log", home="line2")
    scene.audit("reconcile", "--trust", "trust.json", "--batch", "a", "--grant", "grant-a", "--grant", "grant-2", "--log", "log",
                "--activation", "activation.json")
    scene.sign("anna", "activation.json")
    scene.office("accept", "--office", "office", "--trust", "trust.json", "--batch", "a", "--activation", "activation.json", "--log",
                 "log")
    compile(scene, "b", [imei(1)], "--supersede", "a:same", "--reason", "sold twice")
    place = find(scene, imei(1))[0]
    expect((place["done"], place["superseded_by"], place["reason"]) == (True, "b", "sold twice") and place["accepted"], place)
    entry = [json.loads(l) for l in scene.read("log", "entries.jsonl").splitlines() if b'"type":"closeout"' in l][0]
    expect(place["closeouts"] == [{"station": "line2", "entry": entry["n"], "grant": 2}], place)
    expect((find(scene, imei(3))[0]["done"], find(scene, imei(0))[0]["closeouts"]) == (False, []), "the others")
    text = scene.office("ledger", "find", "--office", "office", "--imei", imei(1)).out
    for says in ("batch a, acme number 1, issued ", "  lot wo-1, index %d, slots 42/3 42/4\n" % place["index"],
                 "  superseded by batch b: sold twice\n", "  is among the devices accepted as done on ",
                 "  grant 1 to line1 line2, ", ", replaced by grant 2\n",
                 "  lot closed out by line2, entry %d, under grant 2\n" % entry["n"]):
        expect(says in text, says + " is not in\n" + text)
    expect("  is not among" in scene.office("ledger", "find", "--office", "office", "--imei", imei(3)).out, "not done")
    shown = json.loads(scene.office("ledger", "show", "--office", "office", "--json").out)
    expect(shown["org"] == "acme" and shown["accepted"][0]["done"] == 1 and shown["grants"][1]["stations"] == "line2", shown)
    scene.office("ledger", "verify", "--office", "office", "--batch", "a", "--batch", "b")


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


def blob(width, *numbers):
    return b"".join(n.to_bytes(width, "little") for n in numbers)


def test_broken(scene):
    """One specimen a rule of the ledger: a copy edited by SQLite itself."""
    scene.make_org()
    scene.make_batch("a", PROFILE_PSK, [imei(i) for i in range(3)])
    compile(scene, "b", [imei(7)])
    compile(scene, "c", [imei(i) for i in range(2)], "--supersede", "a:same", "--reason", "x", "--lot-size", 1)
    for officer in "anna", "ben":
        scene.sign(officer, "b")
    scene.make_grant("b")
    good = scene.read("office", "ledger.sqlite")
    whole = bytes.fromhex(sha256(scene, "a", "manifest.json"))
    first, last = sorted(i["index"] for n in (0, 1) for i in find(scene, imei(n)) if i["batch"] == "a")
    numbers = sorted(int(imei(i)) for i in range(3))
    h32 = bytes(32)
    for sql, values, says in (
            ("UPDATE batches SET count = 4 WHERE id = 'a'", (), "lists are not as long"),
            ("UPDATE batches SET imeis = ? WHERE id = 'a'", (blob(8, *numbers[:2]),), "lists are not as long"),
            ("UPDATE batches SET indices = ? WHERE id = 'a'", (bytes(11),), "lists are not as long"),
            ("UPDATE batches SET plan = x'00' WHERE id = 'a'", (), "hashes are none"),
            ("UPDATE batches SET purpose = 2 WHERE id = 'a'", (), "hashes are none"),
            ("UPDATE batches SET indices = ? WHERE id = 'a'", (bytes(12),), "not each there once"),
            ("UPDATE batches SET indices = ? WHERE id = 'a'", (blob(4, 3, 1, 2),), "not each there once"),
            ("UPDATE batches SET imeis = ? WHERE id = 'a'", (blob(8, numbers[0], numbers[2], numbers[1]),), "do not ascend"),
            ("UPDATE batches SET imeis = ? WHERE id = 'a'", (blob(8, numbers[0], numbers[1], numbers[1]),), "do not ascend"),
            ("UPDATE batches SET imeis = ? WHERE id = 'a'", (blob(8, numbers[0], numbers[1], 10 ** 15),), "do not ascend"),
            ("UPDATE batches SET imeis = ? WHERE id = 'b'", (blob(8, numbers[0]),), "slots of an earlier one"),
            ("UPDATE batches SET imeis = ? WHERE id = 'b'", (blob(8, numbers[2]),), "slots of an earlier one"),
            ("DELETE FROM supersedes", (), "slots of an earlier one that it does not supersede: c"),
            ("UPDATE supersedes SET indices = ?", (blob(4, first),), "slots of an earlier one that it does not supersede: c"),
            ("UPDATE batches SET seq = 9 WHERE id = 'b'", (), "without a number"),
            ("UPDATE batches SET series = 'eu' WHERE id = 'b'", (), "without a number"),
            ("DELETE FROM numbers", (), "without a number"),
            ("UPDATE numbers SET batch = 'x' WHERE seq = 1", (), "without a number"),
            ("INSERT INTO numbers VALUES ('acme', 5, 'x')", (), "a hole: acme"),
            ("DELETE FROM numbers WHERE seq = 2; DELETE FROM batches WHERE id = 'b'; DELETE FROM lots WHERE batch = 'b'", (), "a hole"),
            ("DELETE FROM batches WHERE id = 'b'", (), "another one is missing, or one too many is there: c"),
            ("UPDATE batches SET abandoned = 1 WHERE id = 'b'", (), "one too many is there: b"),
            ("DROP INDEX batch_numbers; UPDATE batches SET seq = 1 WHERE id = 'b'", (), "lacks something each has"),
            ("CREATE TRIGGER t AFTER INSERT ON grants BEGIN DELETE FROM lots; END", (), "something no ledger has"),
            ("UPDATE lots SET batch = 'x' WHERE batch = 'b'", (), "its lots are: x"),
            ("DELETE FROM lots WHERE batch = 'b'", (), "do not adjoin or are not all of it: b"),
            ("UPDATE lots SET count = 2 WHERE batch = 'a'", (), "do not adjoin or are not all of it: a"),
            ("UPDATE lots SET first = 5 WHERE batch = 'c' AND first = 1", (), "do not adjoin or are not all of it: c"),
            ("UPDATE lots SET name = 'lot-001' WHERE batch = 'c'", (), "two lots of one name: c"),
            ("UPDATE grants SET batch = 'x'", (), "a grant of a batch that is not there"),
            ("UPDATE grants SET not_after = '2001-01-01T00:00:00Z'", (), "ends before it begins"),
            ("UPDATE grant_lots SET serial = 9 WHERE serial = 1", (), "records or stations are: 9"),
            ("INSERT INTO grant_records VALUES (9, ?)", (blob(8, 1),), "records or stations are: 9"),
            ("INSERT INTO grant_stations VALUES (9, 'x')", (), "records or stations are: 9"),
            ("INSERT INTO grant_records VALUES (1, ?)", (blob(8, 1),), "of lots and of records"),
            ("DELETE FROM grant_lots WHERE serial = 1", (), "a grant of nothing"),
            ("DELETE FROM grant_stations WHERE serial = 2", (), "to nobody: 2"),
            ("DELETE FROM grant_lots WHERE serial = 1; INSERT INTO grant_records VALUES (1, x'0300000000000000')", (),
             "records that are not there: 1"),
            ("UPDATE grant_lots SET lot = 'lot-002'", (), "a lot that its batch does not have"),
            ("INSERT INTO grant_replaces VALUES (9, 1)", (), "replaces"),
            ("INSERT INTO grant_replaces VALUES (1, 1)", (), "an earlier one does"),
            ("INSERT INTO grant_replaces VALUES (2, 1)", (), "one of another batch"),
            ("INSERT INTO supersedes VALUES ('x', x'00', 1, '', x'')", (), "supersedes but is not there"),
            ("INSERT INTO supersedes VALUES ('a', x'00', 1, '', x'')", (), "supersedes one that is not there"),
            ("INSERT INTO supersedes VALUES ('a', ?, 1, '', x'')", (whole,), "supersedes a later one"),
            ("UPDATE supersedes SET whole = 1", (), "both all and some"),
            ("UPDATE supersedes SET indices = x''", (), "none of its devices"),
            ("UPDATE supersedes SET indices = ?", (blob(4, last, first),), "supersedes what is not there"),
            ("UPDATE supersedes SET indices = ?", (blob(4, 1, 3),), "supersedes what is not there"),
            ("INSERT INTO closeouts VALUES ('s', 1, ?, 'lot-001', 1, 1, 1, 1, 1)", (h32,), "a close-out of a batch"),
            ("INSERT INTO closeouts VALUES ('s', 1, ?, 'lot-009', 1, 1, 1, 1, 1)", (whole,), "a close-out of a batch"),
            ("INSERT INTO closeouts VALUES ('s', 1, ?, 'lot-001', 2, 1, 1, 1, 1)", (whole,), "a close-out of a batch"),
            ("INSERT INTO closeouts VALUES ('s', 1, ?, 'lot-001', 1, 1, 1, 1, 1)", (whole,), "beyond the log"),
            ("INSERT INTO heads VALUES ('s', 1, x'00')", (), "a station whose log has no head: s"),
            ("INSERT INTO accepted VALUES (?, ?, 1, '', x'')", (h32, h32), "accepted as done of a batch that is not there"),
            ("INSERT INTO accepted VALUES (?, ?, 1, '', x'0300000000000000')", (whole, h32), "done that are not there: a"),
            ("UPDATE grants SET batch = char(27) || '[2J'; UPDATE lots SET batch = char(27) WHERE batch = 'b'", (), "one without a name")):
        scene.write("office/ledger.sqlite", good)
        db = sqlite3.connect(scene.path("office", "ledger.sqlite"))
        for part in sql.split("; ") if "CREATE" not in sql else [sql]:
            db.execute(part, values)
        db.commit()
        db.close()
        fault = json.loads(scene.office("ledger", "verify", "--office", "office", "--json", check=1).out)
        expect(fault["code"] == "ledger-broken" and says in fault["text"], "%s: %s" % (sql, fault))
        scene.office("ledger", "backup", "--office", "office", "--out", "copy", check=1)
        expect(not os.path.exists(scene.path("copy")), "a broken ledger was copied")
    scene.write("office/ledger.sqlite", good[:5000] + b"\377" * 100 + good[5100:])
    scene.office("ledger", "verify", "--office", "office", check=None)
    scene.write("office/ledger.sqlite", good)
    scene.office("ledger", "verify", "--office", "office", "--batch", "a", "--batch", "b", "--batch", "c")
    scene.write("a/records-000.bin", scene.read("a", "records-000.bin")[:-1] + b"x")
    scene.office("ledger", "verify", "--office", "office", "--batch", "a", check=1)


def test_folders(scene):
    """The ledger against the manifests of what it made: what was changed consistently shows there."""
    scene.make_org()
    expect(killed(scene, "x", [imei(9)]) in (137, -signal.SIGKILL), "was not killed")
    compile(scene, "a", [imei(i) for i in range(3)], "--lot-size", 2)
    compile(scene, "b", [imei(0)], "--supersede", "a:same", "--reason", "x")
    good = scene.read("office", "ledger.sqlite")
    for sql, code, says in (
            ("UPDATE batches SET manifest = zeroblob(32) WHERE id = 'b'", "ledger-batch", "with this manifest"),
            ("UPDATE batches SET issued = '2026-01-01T00:00:00Z' WHERE id = 'b'", "ledger-broken", "another time of issue"),
            ("UPDATE batches SET slots = '42/3' WHERE id = 'b'", "ledger-broken", "another list of slots"),
            ("UPDATE lots SET count = 3 - count, first = 0 + (first > 0) WHERE batch = 'a'", "ledger-broken", "another list of lots"),
            ("UPDATE lots SET name = 'z' WHERE batch = 'b'", "ledger-broken", "another list of lots"),
            ("UPDATE supersedes SET reason = 'y'", "ledger-broken", "another list of what it supersedes"),
            ("UPDATE supersedes SET whole = 1, indices = x''", "ledger-broken", "another list of what it supersedes"),
            # the numbers of a and of the one that never came about, exchanged
            ("UPDATE numbers SET seq = 9 WHERE seq = 1; UPDATE numbers SET seq = 1 WHERE seq = 2; UPDATE numbers SET seq = 2 WHERE seq = 9;"
             " UPDATE batches SET seq = 1, abandoned = 0 WHERE id = 'a'", "ledger-broken", "another number")):
        scene.write("office/ledger.sqlite", good)
        db = sqlite3.connect(scene.path("office", "ledger.sqlite"))
        db.executescript(sql)
        db.close()
        fault = json.loads(scene.office("ledger", "verify", "--office", "office", "--batch", "a", "--batch", "b", "--json", check=1).out)
        expect(fault["code"] == code and says in fault["text"], "%s: %s" % (sql, fault))
    fault = json.loads(scene.office("ledger", "verify", "--office", "office", "--batch", "b", "--json", check=1).out)
    expect(fault["code"] == "ledger-broken" and "list of abandoned numbers" in fault["text"], fault)
    scene.write("office/ledger.sqlite", good)
    scene.office("ledger", "verify", "--office", "office", "--batch", "a", "--batch", "b")


def test_many_batches(scene):
    """Every batch supersedes the one before it and shares all its devices; one that forgot to is found among thousands."""
    scene.make_org()
    compile(scene, "a", [imei(i) for i in range(100)])
    db = sqlite3.connect(scene.path("office", "ledger.sqlite"))
    row = list(db.execute("SELECT * FROM batches").fetchone())
    for seq in range(2, 3001):
        before = row[4]
        row[0], row[3], row[4] = "b%d" % seq, seq, hashlib.sha256(b"%d" % seq).digest()
        db.execute("INSERT INTO batches VALUES (%s)" % ",".join("?" * len(row)), row)
        db.execute("INSERT INTO numbers VALUES ('acme', ?, ?)", (seq, row[0]))
        db.execute("INSERT INTO lots VALUES (?, 0, 100, 'lot-001')", (row[0],))
        db.execute("INSERT INTO supersedes VALUES (?, ?, 1, 'again', x'')", (row[0], before))
    db.commit()
    scene.office("ledger", "verify", "--office", "office")
    db.execute("DELETE FROM supersedes WHERE batch = 'b2000'")
    db.commit()
    fault = json.loads(scene.office("ledger", "verify", "--office", "office", "--json", check=1).out)
    expect(fault["text"].endswith("does not supersede: b2000"), fault)
    db.close()


if __name__ == "__main__":
    main(test_once, test_station_refuses, test_dropped, test_abandoned, test_two_at_once, test_looks, test_little, test_find, test_backup, test_broken,
         test_folders, test_many_batches)
