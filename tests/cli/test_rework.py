# SPDX-License-Identifier: ISC
"""What a person decides at a station: release, void, close-out and probe, and what the auditor makes of it."""
import json
import os
import select
import shutil
import signal
import subprocess

from scene import BUILD, PROFILE_PSK, Tap, Victim, expect, imei, main

NEVER = PROFILE_PSK.replace("policy {", "policy { rework = never ")
PERMIT = PROFILE_PSK.replace("policy {", "policy { rework = permit ")
TWO_ATTEMPTS = PROFILE_PSK.replace("policy {", "policy { attempts = 2 ")
WHO = ("--operator", "olga")
WHY = ("--reason", "board 7 came back") + WHO


def release(scene, number, *options, check=0):
    return scene.line("release", "--home", "line1", "--imei", number, *WHY, *options, check=check)


def void(scene, *options, check=0):
    return scene.line("void", "--home", "line1", *WHY, *options, check=check)


def close(scene, *options, home="line1", check=0):
    return scene.line("close", "--home", home, "--batch", "psk-1", "--yes", *options, check=check)


def refused(result, code, *words):
    expect(result.code == code, "exit %d, not %d: %s%s" % (result.code, code, result.out, result.err))
    for word in words:
        expect(word in result.out + result.err, "%r in %r" % (word, result.out + result.err))


def ready(scene, profile=PROFILE_PSK, devices=None, **options):
    scene.make_org(**options)
    devices = scene.make_batch(profile=profile, devices=devices)
    scene.ingest("psk-1", "grant-psk-1")
    return devices


def present(scene, modem, home="line1"):
    """One presentation: its event."""
    return scene.provision(modem, home=home, check=None).devices()[0]


def verdict(scene, modem, result, reason=None):
    event = present(scene, modem)
    expect((event["result"], event.get("reason")) == (result, reason), event)
    return event


def wiped(scene, modem):
    """The same device with nothing in its store."""
    modem.stop()
    os.remove(modem.store)
    return scene.modem(os.path.basename(modem.store)[len("store-"):])


def entries(scene, kind, home="line1"):
    lines = scene.read(home, "log", "entries.jsonl").decode().splitlines()
    return [e for e in map(json.loads, lines) if e["type"] == kind]


def judged(scene, *options, home="line1", grants=(), check=0):
    log = "log-%d" % scene.next()
    scene.export(log, home=home)
    more = [w for g in grants for w in ("--grant", g)]
    return scene.reconcile(["psk-1"], [log], *more, *options, check=check)


def lot_keys(scene, home, serial=1):
    """The lot keys of a grant, by stock age: what must be gone."""
    plain = scene.tool("age", "-d", "-i", os.path.join(home, "identity"),
                       os.path.join(home, "grants", str(serial), "keys.age")).stdout
    head = len(b"gapseal/keys/v1\n") + 32
    expect(plain[head] == 1, "lot keys")
    count = int.from_bytes(plain[head + 1:head + 5], "little")
    items = [plain[head + 5 + 36 * i:head + 41 + 36 * i] for i in range(count)]
    return {int.from_bytes(item[:4], "little"): item[4:] for item in items}


def in_home(scene, home, needle):
    """The files of a home that hold some bytes."""
    found = []
    for folder, _, names in os.walk(scene.path(home)):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                if needle in f.read():
                    found.append(os.path.relpath(os.path.join(folder, name), scene.path(home)))
    return sorted(found)


def sealed_in_home(scene, home):
    """Every file of a home that stock age opens with the station's identity."""
    found = []
    for folder, _, names in os.walk(scene.path(home)):
        for name in names:
            path = os.path.join(folder, name)
            done = scene.tool("age", "-d", "-i", os.path.join(home, "identity"), path, check=None)
            if done.returncode == 0:
                found.append(os.path.relpath(path, scene.path(home)))
    return sorted(found)


# Done and different.

def done_and_changed_needs_a_release(scene):
    devices = ready(scene)
    modem = scene.modem(devices[0])
    verdict(scene, modem, "done")
    verdict(scene, modem, "same")
    modem = wiped(scene, modem)
    verdict(scene, modem, "refused", "changed-after-done")
    refused(release(scene, devices[1], check=1), 1, "not-needed")
    result = release(scene, devices[0])
    expect("released, entry" in result.out and devices[0] in result.out, result.out)
    refused(release(scene, devices[0], check=1), 1, "not-needed")
    verdict(scene, modem, "done")
    entry, = entries(scene, "release")
    expect(entry["operator"] == "olga" and entry["text"] == "board 7 came back", entry)
    modem = wiped(scene, modem)
    verdict(scene, modem, "refused", "changed-after-done")
    report = judged(scene)
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 1, report)


def a_release_is_the_policys_to_allow(scene):
    devices = ready(scene, profile=NEVER)
    modem = scene.modem(devices[0])
    verdict(scene, modem, "done")
    verdict(scene, wiped(scene, modem), "refused", "changed-after-done")
    refused(release(scene, devices[0], check=1), 1, "rework-policy", "nothing-changed")
    expect(not entries(scene, "release"), "nothing was entered")
    refused(release(scene, imei(99), check=1), 1, "not-in-batch")


def a_permit_comes_with_a_grant(scene):
    devices = ready(scene, profile=PERMIT)
    modem = scene.modem(devices[1])
    index = verdict(scene, modem, "done")["index"]
    modem = wiped(scene, modem)
    verdict(scene, modem, "refused", "changed-after-done")
    refused(release(scene, devices[1], check=1), 1, "rework-policy")
    scene.make_grant("psk-1", "--again", str(index), "--replaces", "1", folder="grant-2")
    scene.ingest("grant-2")
    verdict(scene, modem, "done")
    modem = wiped(scene, modem)
    verdict(scene, modem, "refused", "changed-after-done")
    report = judged(scene, grants=["grant-2"])
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 1, report)
    scene.make_grant("psk-1", "--again", "3", "--again", "0", "--replaces", "2", folder="grant-3")
    expect(json.loads(scene.read("grant-3", "grant.json"))["again"] == [0, 3], "in order")


def permits_count_too(scene):
    """A grant that permits three devices again and allows one success: the auditor would reject a second."""
    devices = ready(scene, profile=PERMIT)
    modems = [scene.modem(d) for d in devices[:3]]
    indices = [verdict(scene, m, "done")["index"] for m in modems]
    scene.make_grant("psk-1", "--replaces", "1", "--max", 1, *[w for i in indices for w in ("--again", i)], folder="grant-2")
    scene.ingest("grant-2")
    modems = [wiped(scene, m) for m in modems]
    verdict(scene, modems[0], "done")
    verdict(scene, modems[1], "refused", "max-success")
    expect(judged(scene, grants=["grant-2"])["verdict"] == "accept", "the log of an honest station")


def what_is_in_hand_counts_too(scene):
    """Two ports at once and one success left."""
    scene.make_org()
    devices = [imei(i) for i in range(2)]
    scene.compile("psk-1", PROFILE_PSK, devices)
    for officer in "anna", "ben":
        scene.sign(officer, "psk-1")
    scene.make_grant("psk-1", "--max", 1)
    scene.ingest("psk-1", "grant-psk-1")
    slow = "slow 1500 on 1 write 42,3\n"
    said = scene.provision(*[scene.modem(d, slow) for d in devices], check=None).devices()
    expect(sorted((e["result"], e.get("reason")) for e in said) == [("done", None), ("refused", "max-success")], said)
    expect(judged(scene)["verdict"] == "accept", "the log of an honest station")


def a_damaged_record_is_nobodys(scene):
    """release and void believe a record only under the signed root: here two lie in each other's place."""
    devices = ready(scene, devices=[imei(i) for i in range(2)])
    path = scene.path("line1", "batches", "psk-1", "records-000.bin")
    data = open(path, "rb").read()
    stride = len(data) // 2
    swapped = bytearray(data)
    swapped[16:stride], swapped[stride + 16:] = data[stride + 16:], data[16:stride]
    with open(path, "wb") as f:
        f.write(swapped)
    refused(void(scene, "--imei", devices[0], check=2), 2, "psk-1")
    expect(entries(scene, "void") == [], "nothing was declared")


def a_device_that_two_ports_show_is_not_named(scene):
    """Refused before any batch was asked: policy still decides about IMEI and unit."""
    devices = ready(scene, profile=PROFILE_PSK.replace("log_imei = true  log_unit = true", "log_imei = false"))
    slow = "slow 1500 on 1 write 42,3\n"
    first, second = scene.modem(devices[0], slow), scene.modem(devices[0], slow, scene.path("other-store"))
    said = scene.provision(first, second, check=None).devices()
    expect("imei-twice" in [e.get("reason") for e in said], said)
    expect(devices[0] not in scene.read("line1", "log", "entries.jsonl").decode(), "the IMEI is in the log")


def attempts_used_up_need_a_release(scene):
    devices = ready(scene, profile=TWO_ATTEMPTS)
    modem = scene.modem(devices[2], "corrupt on 1+ write 42,3\n")
    verdict(scene, modem, "failed", "digest-differs")
    refused(release(scene, devices[2], check=1), 1, "not-needed")
    verdict(scene, modem, "failed", "digest-differs")
    verdict(scene, modem, "refused", "attempts-used")
    release(scene, devices[2])
    modem = wiped(scene, modem)
    verdict(scene, modem, "done")
    expect(judged(scene)["verdict"] == "accept", "accepted")


# Void.

def void_is_refused_until_undone(scene):
    devices = ready(scene)
    modem = scene.modem(devices[0])
    expect("void, entry" in void(scene, "--imei", devices[0]).out, "said")
    expect("already-void" in void(scene, "--imei", devices[0]).out, "twice is harmless")
    verdict(scene, modem, "refused", "void")
    refused(release(scene, devices[0], check=1), 1, "[void]")
    expect(judged(scene)["counts"]["void"] == 1, "void")
    void(scene, "--imei", devices[0], "--undo")
    expect("not-void" in void(scene, "--imei", devices[0], "--undo").out, "twice is harmless")
    verdict(scene, modem, "done")
    kinds = [len(entries(scene, kind)) for kind in ("void", "unvoid")]
    expect(kinds == [1, 1], "one entry each: %r" % kinds)
    expect(judged(scene)["verdict"] == "accept", "accepted")


def void_by_unit_and_by_list(scene):
    devices = ready(scene, devices=[imei(i) for i in range(6)])
    for i in (0, 1):
        scene.provision(scene.modem(devices[i]), options=("--unit", "B%d" % i))
    refused(void(scene, "--unit", "B7", check=1), 1, "not-in-log")
    expect("unit B1" in void(scene, "--unit", "B1").out, "by unit")
    expect(entries(scene, "void")[0]["unit"] == "B1", "the unit is in the entry")
    scene.write("list.csv", "unit,order,imei\nB0,7,\nB9,8,%s\n,9,%s\n" % (devices[2], devices[3]))
    result = void(scene, "--from", "list.csv")
    expect(result.out.count("void, entry") == 3 and "list.csv:4" in result.out, result.out)
    expect([e["unit"] for e in entries(scene, "void")] == ["B1", "B0", "B9", ""], "units noted")
    expect(void(scene, "--from", "list.csv").out.count("already-void") == 3, "again is harmless")
    expect(judged(scene)["counts"]["void"] == 4, "four")
    void(scene, "--from", "list.csv", "--undo")
    expect(judged(scene)["counts"]["void"] == 1, "one")


def a_list_with_one_bad_line_changes_nothing(scene):
    devices = ready(scene)
    bad = devices[1][:-1] + str((int(devices[1][-1]) + 1) % 10)
    scene.write("list", "%s\n%s\n%s\nB77\n\n%s\n spaced\n" % (devices[0], bad, imei(50), devices[0]))
    result = void(scene, "--from", "list", check=1)
    for line, word in ((1, "would be void"), (2, "imei-check-digit"), (3, "not-in-batch"), (4, "not-in-log"), (6, "asked-twice"),
                       (7, "rework-form")):
        found = [l for l in result.out.splitlines() if l.startswith("list:%d: " % line)]
        expect(len(found) == 1 and word in found[0], "line %d: %r" % (line, result.out))
    refused(result, 1, "5 refused", "nothing-changed")
    expect(not entries(scene, "void"), "nothing was entered")
    for text, word in (('imei\n"%s"\n' % devices[0], "quotes"), ("a,b\n1,2\n", "columns"), ("\n", "names no device")):
        scene.write("list", text)
        refused(void(scene, "--from", "list", check=1), 1, word)


def decisions_need_who_and_why(scene):
    devices = ready(scene)
    for args in (("--imei", devices[0], *WHO), ("--imei", devices[0], "--reason", "x"), WHY,
                 ("--imei", devices[0], "--unit", "B", *WHY), ("--imei", devices[0], "--reason", "x" * 161, *WHO)):
        refused(scene.line("void", "--home", "line1", *args, check=2), 2, "usage")
    refused(void(scene, "--imei", "123456789012345", check=1), 1, "imei-check-digit")
    expect(not entries(scene, "void"), "nothing was entered")


# Close-out.

def line_args(home, link):
    return [os.path.join(BUILD, "gapseal-line"), "run", "--home", home, "--once", "--timeout", "20", "--port", "p=" + link]


def first_write(scene, number):
    """How many bytes the line sends to a device before it writes, tried in a copy of the home."""
    shutil.copytree(scene.path("line1"), scene.path("trial"))
    modem = scene.modem(number)
    tap = Tap(modem)
    scene.tool(*line_args("trial", tap.link))
    tap.close()
    modem.stop()
    os.remove(modem.store)
    return tap.sent.index(b"AT%CMNG=0,")


def interrupted(scene, number):
    """A device whose begin has no end: the line was killed in the middle of it."""
    at = first_write(scene, number)
    modem = scene.modem(number)
    victim = Victim()
    tap = Tap(modem, at, lambda: victim.end(signal.SIGKILL))
    victim.start(line_args("line1", tap.link), cwd=scene.folder, stdout=subprocess.DEVNULL)
    code = victim.process.wait()
    tap.close()
    expect(code == -signal.SIGKILL, "killed, not exit %d" % code)
    expect(len(entries(scene, "begin")) == len(entries(scene, "end")) + 1, "a begin without its end")
    return modem


def close_is_refused_while_a_begin_is_open(scene):
    devices = ready(scene)
    scene.provision(scene.modem(devices[0]))
    modem = interrupted(scene, devices[1])
    result = close(scene, check=1)
    refused(result, 1, "lot-open")
    expect(not entries(scene, "closeout"), "nothing was closed")
    verdict(scene, modem, "done")
    close(scene)
    report = judged(scene)
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 2 and report["counts"]["unused"] == 2, report)


def a_dead_board_is_void_before_the_lot_is_closed(scene):
    devices = ready(scene)
    interrupted(scene, devices[1]).stop()
    refused(release(scene, devices[1], check=1), 1, "device-open")
    void(scene, "--imei", devices[1])
    result = close(scene, "--export", "log")
    expect("closed, entry" in result.out, result.out)
    entry, = entries(scene, "closeout")
    expect((entry["done"], entry["failed"], entry["void"], entry["unused"]) == (0, 0, 1, 3), entry)
    report = scene.reconcile(["psk-1"], ["log"])
    expect(report["verdict"] == "accept" and report["counts"]["void"] == 1, report)


def close_asks_and_knows_its_lots(scene):
    ready(scene)
    command = [os.path.join(BUILD, "gapseal-line"), "close", "--home", "line1", "--batch", "psk-1"]
    expect(b"no-terminal" in scene.tool("setsid", *command, check=2).stderr, "nobody to ask")
    refused(scene.line("close", "--home", "line1", "--yes", check=2), 2, "--batch")
    refused(scene.line("close", "--home", "line1", "--batch", "other", "--yes", check=1), 1, "batch-unknown")
    refused(close(scene, "--lot", "nine", check=1), 1, "lot-unknown")
    expect(not entries(scene, "closeout"), "nothing was closed")


def two_lots(scene):
    """Two lots, one device of each done; the lot keys."""
    scene.make_org()
    devices = [imei(i) for i in range(6)]
    rows = ["%s,%s" % (d, "a" if i < 3 else "b") for i, d in enumerate(devices)]
    scene.make_batch(devices=rows, header="imei,lot")
    scene.ingest("psk-1", "grant-psk-1")
    for i in (0, 3):
        scene.provision(scene.modem(devices[i]))
    return devices, lot_keys(scene, "line1")


def closed_lots_lose_their_keys(scene):
    devices, keys = two_lots(scene)
    expect(sealed_in_home(scene, "line1") == ["grants/1/keys.age"], "the keys are in keys.age")
    result = close(scene, "--lot", "a")
    expect("lot a closed, entry" in result.out and "lot b closed" not in result.out, result.out)
    expect(sealed_in_home(scene, "line1") == [], "keys.age is gone")
    expect(in_home(scene, "line1", keys[0]) == [], "the closed lot's key is gone")
    expect(in_home(scene, "line1", keys[1]) == ["grants/1/keys.left"], "the other's is left")
    expect(os.stat(scene.path("line1", "grants", "1", "keys.left")).st_mode & 0o777 == 0o600, "for the station alone")
    verdict(scene, scene.modem(devices[1]), "refused", "not-in-batch")
    verdict(scene, scene.modem(devices[4]), "done")
    expect("closed" in close(scene, "--lot", "a").out, "closing again is harmless")
    refused(void(scene, "--imei", devices[1], check=1), 1, "not-in-batch")
    status = json.loads(scene.line("status", "--home", "line1", "--json").out)
    expect([(l["lot"], l["closed"], l["done"]) for l in status["lots"]] == [("a", True, 1), ("b", False, 2)], status)
    expect("held already" in scene.ingest("grant-psk-1").out, "ingesting again is harmless")
    expect(in_home(scene, "line1", keys[0]) == [], "and brings no key back")
    close(scene)
    for key in keys.values():
        expect(in_home(scene, "line1", key) == [], "all keys are gone")
    expect(sealed_in_home(scene, "line1") == [] and sorted(os.listdir(scene.path("line1", "grants", "1")))[0] == "grant.json" and
           not [n for n in os.listdir(scene.path("line1", "grants", "1")) if n.startswith("keys")], "no keys file is left")
    counts = {e["lot"]: (e["done"], e["failed"], e["void"], e["unused"]) for e in entries(scene, "closeout")}
    expect(counts == {"a": (1, 0, 0, 2), "b": (2, 0, 0, 1)}, counts)
    report = judged(scene)
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 3, report)


def keys_that_come_back_with_a_medium_go_again(scene):
    devices, keys = two_lots(scene)
    close(scene, "--lot", "a")
    shutil.rmtree(scene.path("line1", "grants", "1"))
    scene.ingest("grant-psk-1")
    expect(sealed_in_home(scene, "line1") == ["grants/1/keys.age"], "all of them came")
    verdict(scene, scene.modem(devices[1]), "refused", "not-in-batch")
    expect(sealed_in_home(scene, "line1") == [] and in_home(scene, "line1", keys[0]) == [], "gone again")
    verdict(scene, scene.modem(devices[4]), "done")


def a_later_grant_of_a_closed_lot_gives_nothing(scene):
    devices, keys = two_lots(scene)
    scene.make_grant("psk-1", "--replaces", "1", folder="grant-2")
    close(scene, "--lot", "a")
    scene.ingest("grant-2")
    verdict(scene, scene.modem(devices[4]), "done")
    verdict(scene, scene.modem(devices[1]), "refused", "not-in-batch")
    expect(in_home(scene, "line1", keys[0]) == [] and sealed_in_home(scene, "line1") == [], "neither grant keeps the key")


def a_withdrawn_grant_keeps_no_key_of_a_closed_lot(scene):
    devices, keys = two_lots(scene)
    scene.make_grant("psk-1", "--replaces", "1", folder="grant-2")
    scene.ingest("grant-2")
    expect(sealed_in_home(scene, "line1") == ["grants/1/keys.age", "grants/2/keys.age"], "both hold every key")
    close(scene, "--lot", "a")
    expect(entries(scene, "closeout")[0]["grant"] == 2, "closed under the later one")
    expect(sealed_in_home(scene, "line1") == [] and in_home(scene, "line1", keys[0]) == [], "the key is gone from both")
    verdict(scene, scene.modem(devices[4]), "done")


def a_device_in_hand_is_refused_once_its_lot_is_closed(scene):
    devices, keys = two_lots(scene)
    modem = scene.modem(devices[1], "slow 8000 on 1 list\n")
    tap = Tap(modem)
    running = subprocess.Popen(line_args("line1", tap.link) + ["--json", "--command-timeout", "30000"], cwd=scene.folder,
                               stdout=subprocess.PIPE, text=True)
    while b"AT%CMNG=1" not in tap.sent and running.poll() is None:
        select.select([], [], [], 0.01)
    close(scene, "--lot", "a")
    event, = [e for e in map(json.loads, running.stdout) if e["event"] == "device"]
    expect(running.wait() == 1 and (event["result"], event["reason"]) == ("refused", "lot-closed"), event)
    tap.close()
    expect(judged(scene)["verdict"] == "accept", "nothing happened after the close-out")


def a_running_station_learns_of_a_close(scene):
    devices, keys = two_lots(scene)
    modem = scene.modem(devices[1], "boot 3000\n")
    running = subprocess.Popen([os.path.join(BUILD, "gapseal-line"), "run", "--home", "line1", "--once", "--json", "--timeout", "20",
                                "--port", "p=" + modem.link], cwd=scene.folder, stdout=subprocess.PIPE, text=True)
    events = [json.loads(running.stdout.readline()) for _ in range(2)]
    expect([e["event"] for e in events] == ["start", "waiting"], events)
    close(scene, "--lot", "a")
    last = [json.loads(l) for l in running.stdout]
    expect(running.wait() == 1, "refused")
    event, = [e for e in last if e["event"] == "device"]
    expect(event["result"] == "refused" and event["reason"] in ("lot-closed", "not-in-batch"), event)
    expect(in_home(scene, "line1", keys[0]) == [], "the key is gone")
    expect(judged(scene)["verdict"] == "accept", "accepted")


def a_kill_at_any_step_of_a_close(scene):
    """strace ends close with SIGKILL at each call that changes a file: the next look at the home finishes what the log
    says, and the lot that stays open still serves."""
    devices, keys = two_lots(scene)
    struck = between = 0
    for call in ("pwrite64,write,ftruncate", "fdatasync,fsync", "renameat,renameat2,rename", "unlinkat,unlink"):
        for n in range(1, 60):
            shutil.rmtree(scene.path("crash"), ignore_errors=True)
            shutil.copytree(scene.path("line1"), scene.path("crash"))
            trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                     "inject=%s:signal=SIGKILL:when=%d" % (call, n)]
            done = subprocess.run(trace + [os.path.join(BUILD, "gapseal-line"), "close", "--home", "crash", "--batch", "psk-1",
                                           "--lot", "a", "--yes"], cwd=scene.folder, capture_output=True)
            if done.returncode == 0:
                break
            struck += 1
            scene.line("status", "--home", "crash")
            closed = [e["lot"] for e in entries(scene, "closeout", "crash")]
            if closed:
                between += 1
                expect(in_home(scene, "crash", keys[0]) == [] and sealed_in_home(scene, "crash") == [],
                       "%s %d: closed, and the key is still there" % (call, n))
                expect(in_home(scene, "crash", keys[1]) == ["grants/1/keys.left"], "%s %d: the other is lost" % (call, n))
            names = [m for m in os.listdir(scene.path("crash", "grants", "1")) if m.endswith(".part") or m == "keys.next"]
            expect(names == [], "%s %d: left %r" % (call, n, names))
            close(scene, home="crash")
            for key in keys.values():
                expect(in_home(scene, "crash", key) == [], "%s %d: keys stay" % (call, n))
            expect(judged(scene, home="crash")["verdict"] == "accept", "%s %d" % (call, n))
    print("killed at %d system calls, at %d with the close-out in the log" % (struck, between))
    expect(between >= 6, "writing, overwriting, syncing, removing, renaming")


# Probe.

def probe(scene, *options, check=0):
    return scene.line("probe", *options, check=check)


def probe_reads_without_a_grant(scene):
    number = imei(5)
    modem = scene.modem(number, 'store 7,4 "somebody-else"\n')
    result = probe(scene, "--port", "left=" + modem.link)
    expect("ok device left: IMEI %s, firmware mfw_nrf91x1_2.0.2" % number in result.out and "\n  7,4 " in result.out, result.out)
    lines = [json.loads(l) for l in probe(scene, "--json", "--port", "left=" + modem.link).out.splitlines()]
    device, = [l for l in lines if l["what"] == "device"]
    expect(device["imei"] == number and device["listing"][0]["tag"] == 7 and len(device["listing"][0]["digest"]) == 64, device)
    expect({"modem-manager", "port"} <= {l["what"] for l in lines}, lines)
    expect(device["dialect"] == "at", device)
    expect(not os.path.exists(scene.path("line1")), "no home was needed")


def probe_collects_for_the_office(scene):
    first, second = scene.modem(imei(5)), scene.modem(imei(6))
    probe(scene, "--port", first.link, "--append", "found.csv", "--unit", "B5")
    refused(probe(scene, "--port", first.link, "--append", "found.csv", "--unit", "B6", check=1), 1, "collect-twice", "found.csv:2")
    refused(probe(scene, "--port", second.link, "--append", "found.csv", "--unit", "B5", check=1), 1, "collect-twice")
    refused(probe(scene, "--port", second.link, "--append", "found.csv", "--unit", "B,6", check=1), 1, "collect-serial")
    probe(scene, "--port", second.link, "--append", "found.csv", "--unit", "B6")
    expect(scene.read("found.csv").decode() == "imei,serial\n%s,B5\n%s,B6\n" % (imei(5), imei(6)), scene.read("found.csv"))
    refused(probe(scene, "--port", "a=" + first.link, "--port", "b=" + second.link, "--unit", "B", check=2), 2, "usage")
    scene.make_org()
    scene.write("p.conf", PROFILE_PSK)
    scene.office("lint", "--profile", "p.conf", "--csv", "found.csv")
    scene.write("other.csv", "imei;serial\n")
    refused(probe(scene, "--port", first.link, "--append", "other.csv", check=1), 1, "collect-form")


def probe_says_what_disturbs(scene):
    ready(scene)
    size = len(scene.read("line1", "log", "entries.jsonl"))
    modem = scene.modem(imei(1), "ignore on 1+ any\n")
    result = probe(scene, "--home", "line1", "--timeout", "2", "--port", "silent=" + modem.link, "--port", "gone=/dev/nowhere", check=2)
    for words in ("no device silent: ", "[no-modem]", "no port gone: ", "[port-missing]", "no device gone: ", "[port-open]",
                  "ok clock: ", "disk: ", "modem-manager: "):
        expect(words in result.out, "%r in %r" % (words, result.out))
    expect(len(scene.read("line1", "log", "entries.jsonl")) == size, "nothing was logged")
    refused(probe(scene, check=2), 2, "--port")


main(done_and_changed_needs_a_release, a_release_is_the_policys_to_allow, a_permit_comes_with_a_grant,
     permits_count_too, what_is_in_hand_counts_too, a_damaged_record_is_nobodys, a_device_that_two_ports_show_is_not_named,
     attempts_used_up_need_a_release, void_is_refused_until_undone, void_by_unit_and_by_list,
     a_list_with_one_bad_line_changes_nothing, decisions_need_who_and_why, close_is_refused_while_a_begin_is_open,
     a_dead_board_is_void_before_the_lot_is_closed, close_asks_and_knows_its_lots, closed_lots_lose_their_keys,
     keys_that_come_back_with_a_medium_go_again, a_later_grant_of_a_closed_lot_gives_nothing,
     a_withdrawn_grant_keeps_no_key_of_a_closed_lot, a_device_in_hand_is_refused_once_its_lot_is_closed,
     a_running_station_learns_of_a_close, a_kill_at_any_step_of_a_close, probe_reads_without_a_grant,
     probe_collects_for_the_office, probe_says_what_disturbs)
