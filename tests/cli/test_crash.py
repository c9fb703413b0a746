# SPDX-License-Identifier: ISC
"""kill -9 of gapseal-line at each step of one device, and at each system call that makes the log durable: the log still
verifies, the next run finishes the device, the auditor accepts. Several processes of one station share one log."""
import concurrent.futures
import os
import shutil
import signal
import subprocess

from scene import BUILD, PROFILE_PSK, PROFILE_X509, Tap, Victim, expect, imei, main


def line_args(home, link):
    return [os.path.join(BUILD, "gapseal-line"), "run", "--home", home, "--once", "--json", "--timeout", "20", "--port", "p=" + link]


def fresh_home(scene, name):
    shutil.rmtree(scene.path(name), ignore_errors=True)
    shutil.copytree(scene.path("line1"), scene.path(name))


def killed_at(scene, home, modem, at):
    """Runs the line with its at-th byte answered by SIGKILL; what it had sent by then."""
    victim = Victim()
    tap = Tap(modem, at, lambda: victim.end(signal.SIGKILL))
    victim.start(line_args(home, tap.link), cwd=scene.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    code = victim.process.wait()
    tap.close()
    expect(code == -signal.SIGKILL, "killed at byte %d, not exit %d" % (at, code))


def finish_and_judge(scene, home, batch, modem, what):
    """The next run must end the device well, and the auditor must agree."""
    result = scene.run("gapseal-line", *line_args(home, modem.link)[1:])
    expect(result.code == 0, "%s: the next run ended %d: %s%s" % (what, result.code, result.out, result.err))
    event = result.devices()[0]
    expect(event["result"] in ("done", "same"), "%s: %r" % (what, event))
    log = "log-%d" % scene.next()
    scene.export(log, home=home)
    report = scene.reconcile([batch], [log])
    expect(report["counts"]["done"] + report["counts"]["same"] == 1, "%s: %r" % (what, report["counts"]))


def whole_dialogue(scene, number):
    """What the line sends to one device, undisturbed."""
    fresh_home(scene, "trial")
    modem = scene.modem(number)
    tap = Tap(modem)
    result = scene.run("gapseal-line", *line_args("trial", tap.link)[1:])
    tap.close()
    modem.stop()
    os.remove(modem.store)
    expect(result.code == 0, result.out + result.err)
    return tap.sent


def steps(sent):
    """Before the first byte, in the middle, and after the last byte of each command."""
    at, marks = 0, set()
    for command in sent.split(b"\r")[:-1]:
        marks.update((at, at + len(command) // 2, at + len(command)))
        at += len(command) + 1
    return sorted(m for m in marks if m < len(sent))


def kill_at_each_step(scene, batch, profile):
    scene.make_org()
    devices = scene.make_batch(batch, profile, [imei(1), imei(2)])
    scene.ingest(batch, "grant-" + batch)
    marks = steps(whole_dialogue(scene, devices[0]))
    for at in marks:
        fresh_home(scene, "crash")
        modem = scene.modem(devices[0])
        killed_at(scene, "crash", modem, at)
        finish_and_judge(scene, "crash", batch, modem, "byte %d" % at)
        modem.stop()
        os.remove(modem.store)
    print("killed at %d places" % len(marks))


def psk_survives_a_kill_at_each_step(scene):
    kill_at_each_step(scene, "psk-1", PROFILE_PSK)


def x509_survives_a_kill_at_each_step(scene):
    kill_at_each_step(scene, "x509-1", PROFILE_X509)


def a_kill_at_each_durable_step_of_the_log(scene):
    """strace ends the program with SIGKILL at the n-th fdatasync, fsync, rename or truncation it asks for."""
    scene.make_org()
    devices = scene.make_batch(devices=[imei(1), imei(2)])
    scene.ingest("psk-1", "grant-psk-1")
    struck = 0
    for call in ("fdatasync", "renameat,renameat2,rename", "pwrite64,write"):
        for n in range(1, 40):
            fresh_home(scene, "crash")
            modem = scene.modem(devices[0])
            trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                     "inject=%s:signal=SIGKILL:when=%d" % (call, n)]
            done = subprocess.run(trace + line_args("crash", modem.link), cwd=scene.folder, capture_output=True)
            if done.returncode == 0:
                modem.stop()
                os.remove(modem.store)
                break
            struck += 1
            finish_and_judge(scene, "crash", "psk-1", modem, "%s %d" % (call, n))
            modem.stop()
            os.remove(modem.store)
    print("killed at %d system calls" % struck)
    expect(struck >= 6, "begin, end and stop alone are six")


def signatures(scene, home):
    names = [n for n in os.listdir(scene.path(home, "batches", "psk-1")) if n.startswith("manifest.json.")]
    return {n: scene.read(home, "batches", "psk-1", n) for n in names}


def a_kill_at_each_step_of_adding_signatures(scene):
    """Two officers have signed what is held: none, one or both of the new files are there, whole, and repeating mends it."""
    scene.make_org(officers=("anna", "ben", "carla", "dora"))
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    scene.office("trust", "next", "--from", "trust.json", "--out", "trust2.json", "--compromised", "ben")
    for officer in ("anna", "carla"):
        scene.office("sign", "trust2.json", "--trust", "trust.json", "--key", "officers/%s.key" % officer, "--yes")
    scene.ingest("trust2.json")
    before = signatures(scene, "line1")
    for officer in ("carla", "dora"):
        scene.sign(officer, "psk-1")
    after = {n: scene.read("psk-1", n) for n in os.listdir(scene.path("psk-1")) if n.startswith("manifest.json.")}
    seen = set()
    for call in ("openat", "write", "fsync", "renameat2", "fdatasync", "close"):
        for n in range(1, 400):
            fresh_home(scene, "crash")
            trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                     "inject=%s:signal=SIGKILL:when=%d" % (call, n)]
            ingest = [os.path.join(BUILD, "gapseal-line"), "ingest", "--home", "crash", "psk-1"]
            if subprocess.run(trace + ingest, cwd=scene.folder, capture_output=True).returncode == 0:
                break
            held = signatures(scene, "crash")
            expect(before.items() <= held.items() <= after.items(), "%s %d: %r" % (call, n, sorted(held)))
            seen.add(len(held))
            scene.ingest("psk-1", home="crash")
            expect(signatures(scene, "crash") == after, "%s %d: repeated" % (call, n))
            entries = scene.read("crash", "log", "entries.jsonl").splitlines()
            expect(sum(b'"type":"ingest"' in e and b'"grant":0' in e and b'"trust":2' in e for e in entries) == 1, (call, n))
    expect(seen == {2, 3, 4}, "killed before, between and after: %r" % seen)
    expect(scene.provision(scene.modem(devices[0]), home="crash").devices()[0]["result"] == "done", "served again")


def several_processes_share_one_log(scene):
    scene.make_org()
    devices = scene.make_batch(devices=[imei(i) for i in range(8)])
    scene.ingest("psk-1", "grant-psk-1")
    modems = [scene.modem(d, None, None, "--nvm-ms", "20") for d in devices]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda m: scene.run("gapseal-line", *line_args("line1", m.link)[1:]), modems))
    for result in results:
        expect(result.code == 0, result.out + result.err)
    scene.export("log")
    report = scene.reconcile(["psk-1"], ["log"], "--complete")
    expect(report["counts"]["done"] == 8, report["counts"])
    log = scene.read("log", "entries.jsonl")
    expect(log.count(b'"type":"start"') == 8 and log.count(b'"type":"stop"') == 8, "each process said when it began and ended")


def a_torn_tail_is_set_aside(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    with open(scene.path("line1", "log", "entries.jsonl"), "ab") as f:
        f.write(b'{"attempt":1,"boot')
    scene.provision(scene.modem(devices[0]))
    scene.export("log")
    expect(scene.read("log", "entries.jsonl").count(b'"type":"recover"') == 1, "the log says so")
    scene.reconcile(["psk-1"], ["log"])


def a_shortened_log_stops_everything(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    lines = scene.read("line1", "log", "entries.jsonl").splitlines(keepends=True)
    scene.write(os.path.join("line1", "log", "entries.jsonl"), b"".join(lines[:-1]))
    modem = scene.modem(devices[0])
    result = scene.run("gapseal-line", *line_args("line1", modem.link)[1:])
    expect(result.code == 3, "exit %d" % result.code)
    expect(not os.path.exists(modem.store) or scene.slot(modem, 42, 3) is None, "no device was touched")


main(psk_survives_a_kill_at_each_step, x509_survives_a_kill_at_each_step, a_kill_at_each_durable_step_of_the_log,
     a_kill_at_each_step_of_adding_signatures, several_processes_share_one_log, a_torn_tail_is_set_aside, a_shortened_log_stops_everything)
