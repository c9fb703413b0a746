# SPDX-License-Identifier: ISC
"""gapseal-line run as a station: many ports, devices that come and go, labels, the owner's steps, faces, stops, full disks."""
import fcntl
import json
import os
import pty
import resource
import select
import shutil
import signal
import subprocess
import termios
import time

from scene import BUILD, PROFILE_PSK, expect, imei, main

PATIENCE = int(os.environ.get("GAPSEAL_PATIENCE", 60))  # seconds after which something is taken not to come


class Run:
    """gapseal-line run in the background; its events as they come."""

    def __init__(self, scene, ports, *options, home="line1", stdin=subprocess.PIPE, limit=None, **more):
        args = [os.path.join(BUILD, "gapseal-line"), "run", "--home", home, "--json"]
        for name, modem in ports.items():
            args += ["--port", "%s=%s" % (name, modem if isinstance(modem, str) else modem.link)]
        self.process = subprocess.Popen(args + [str(o) for o in options], cwd=scene.folder, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=limit, **more)
        self.rest = b""
        self.events = []
        self.seen = 0
        self.err = b""

    def read(self, deadline):
        ready = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
        data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
        if not data:
            raise AssertionError("no such event; so far %r" % self.events)
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        self.events += [json.loads(line) for line in lines]

    def wait(self, **keys):
        """The next event with these values, behind the last one waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            while self.seen < len(self.events):
                event = self.events[self.seen]
                self.seen += 1
                if all(event.get(k) == v for k, v in keys.items()):
                    return event
            self.read(deadline)

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self, code=0, send=None):
        if send is not None:
            self.process.send_signal(send)
        if self.process.stdin:
            self.process.stdin.close()
            self.process.stdin = None
        out, err = self.process.communicate(timeout=PATIENCE)
        self.err += err
        self.events += [json.loads(line) for line in (self.rest + out).split(b"\n") if line]
        expect(self.process.returncode == code, "exit %d, not %d: %r %r" % (self.process.returncode, code, self.events, self.err))
        return self

    def devices(self):
        return [e for e in self.events if e["event"] == "device"]


def make(scene, count=4, policy="", name="psk-1", profile=PROFILE_PSK):
    scene.make_org()
    devices = scene.make_batch(name, profile.replace("policy {", "policy { " + policy), [imei(i) for i in range(count)])
    scene.ingest(name, "grant-" + name)
    return devices


def entries(scene, home="line1"):
    return [json.loads(line) for line in scene.read(home, "log", "entries.jsonl").splitlines()]


def nothing_opened(scene):
    expect(not [e for e in entries(scene) if e["type"] == "begin"], "nothing was opened")


def accepted(scene, batch="psk-1", **counts):
    scene.export("log")
    report = scene.reconcile([batch], ["log"])
    expect(report["verdict"] == "accept", report)
    for key, value in counts.items():
        expect(report["counts"][key] == value, "%s: %r" % (key, report["counts"]))


def script(scene, name, text):
    """A step: a program of its owner. What it says in $1 of the folder's file is looked at afterwards."""
    path = scene.write(name, "#!/bin/sh\ncd %s\n%s\n" % (scene.folder, text))
    os.chmod(path, 0o755)
    return path


def conf(scene, text, home="line1"):
    with open(scene.path(home, "station.conf"), "a") as f:
        f.write(text)


# Many ports, and devices that come and go.

def thirty_two_ports_at_once(scene):
    devices = make(scene, 32)
    modems = [scene.modem(d, None, None, "--nvm-ms", "50") for d in devices]
    result = scene.provision(*modems)
    expect(sorted(e["imei"] for e in result.devices()) == sorted(devices), "each device once")
    expect(all(e["result"] == "done" for e in result.devices()), result.out)
    accepted(scene, done=32)


def devices_come_and_go(scene):
    devices = make(scene, 4)
    # Four answers to AT+CGSN=1 a device (two more when it is asked to leave), and the next one is there without a hang-up.
    modem = scene.modem(devices[0], "".join("swap %s on %d cgsn 1\n" % (d, 6 * (i + 1)) for i, d in enumerate(devices[1:])))
    run = Run(scene, {"p": modem})
    for device in devices:
        expect(run.wait(event="device")["imei"] == device, "in the order they came")
    run.end(0, signal.SIGTERM)
    expect([e["result"] for e in run.devices()] == ["done"] * 4, run.events)
    accepted(scene, done=4)


def count_ends_by_itself(scene):
    devices = make(scene, 3)
    modem = scene.modem(devices[0], "swap %s on 6 cgsn 1\n" % devices[1])
    run = Run(scene, {"p": modem}, "--count", 2).end(0)
    expect([e["imei"] for e in run.devices()] == devices[:2], run.events)


def a_port_vanishes_and_comes_back(scene):
    devices = make(scene, 2)
    modem = scene.modem(devices[0], "hangup 300 on 6 cgsn 1\n")
    run = Run(scene, {"p": modem})
    expect(run.wait(event="device")["result"] == "done", "first")
    expect(run.wait(event="device")["result"] == "same", "unplugged and plugged in again")
    run.end(0, signal.SIGINT)


def unplugged_while_it_is_written(scene):
    devices = make(scene, 2)
    modem = scene.modem(devices[0], "hangup 300 on 1 write 42,4\n")
    run = Run(scene, {"p": modem})
    first = run.wait(event="device")
    expect((first["result"], first["reason"]) == ("unknown", "port-gone"), first)
    expect(run.wait(event="device")["result"] == "done", "presented again")
    run.end(3, signal.SIGTERM)
    accepted(scene, done=1)


def a_port_that_is_not_there_yet(scene):
    devices = make(scene, 2)
    link = scene.path("pty-later")
    run = Run(scene, {"p": link})
    expect(run.wait(event="port")["code"] == "port-open", "said once")
    modem = scene.modem(devices[0])
    os.rename(modem.link, link)
    expect(run.wait(event="device")["result"] == "done", "served when it came")
    run.end(0, signal.SIGTERM)


# Labels.

def label_and_modem_agree(scene):
    devices = make(scene, 2, "label = imei")
    modems = [scene.modem(d) for d in devices]
    run = Run(scene, {"a": modems[0], "b": modems[1]}, "--count", 1)
    for _ in modems:
        expect(run.wait(event="waiting", text="scan the label"), "asked for")
    run.say("IMEI:" + devices[1])
    expect(run.wait(event="device")["port"] == "b", "the label goes to the modem that says so")
    run.say(devices[0])
    expect(run.wait(event="device")["port"] == "a", "the other one")
    run.end(0)
    accepted(scene, done=2)


def a_label_may_come_first(scene):
    devices = make(scene, 2, "label = imei")
    run = Run(scene, {"a": scene.path("pty-a"), "b": scene.path("pty-b")}, "--count", 1, "--label-timeout", 30)
    run.wait(event="port", port="b")
    run.say(devices[0])
    run.say("b " + devices[1])
    for name, device in zip("ab", devices):
        os.rename(scene.modem(device).link, scene.path("pty-" + name))
    run.end(0)
    expect(sorted(e["result"] for e in run.devices()) == ["done", "done"], run.events)


def another_label_opens_nothing(scene):
    devices = make(scene, 2, "label = imei")
    modem = scene.modem(devices[0])
    run = Run(scene, {"p": modem}, "--once")
    run.wait(event="waiting", text="scan the label")
    run.say(devices[1])
    event = run.wait(event="device")
    expect((event["result"], event["reason"]) == ("refused", "label-differs"), event)
    run.end(1)
    nothing_opened(scene)
    expect(scene.slot(modem, 42, 3) is None, "nothing was written")


def no_label_opens_nothing(scene):
    devices = make(scene, 1, "label = imei")
    run = Run(scene, {"p": scene.modem(devices[0])}, "--once", "--label-timeout", 1).end(1)
    expect(run.devices()[0]["reason"] == "label-missing", run.events)
    nothing_opened(scene)


def a_bad_label_is_said(scene):
    devices = make(scene, 1, "label = imei")
    bad = devices[0][:-1] + str((int(devices[0][-1]) + 1) % 10)
    run = Run(scene, {"p": scene.modem(devices[0])}, "--once")
    run.wait(event="waiting", text="scan the label")
    run.say(bad)
    expect("check digit" in run.wait(event="error")["text"], "why")
    run.say("(8002)" + devices[0])
    expect(run.wait(event="device")["result"] == "done", "the next scan counts")
    run.end(0)


def units_need_their_port(scene):
    devices = make(scene, 3, "label = unit")
    run = Run(scene, {"left": scene.modem(devices[0]), "right": scene.modem(devices[1])}, "--count", 1)
    for _ in range(2):
        run.wait(event="waiting", text="scan the label, its port's name first")
    run.say("SN-1")
    expect(run.wait(event="error")["code"] == "label-port", "a serial alone")
    run.say("left SN-1")
    expect(run.wait(event="device", port="left")["unit"] == "SN-1", "named in front of it")
    run.say("right")
    run.say("SN-2")
    expect(run.wait(event="device", port="right")["unit"] == "SN-2", "named by the scan before")
    run.end(0)
    expect(sorted(e["unit"] for e in entries(scene) if e["type"] == "end") == ["SN-1", "SN-2"], "in the log")


def one_unit_at_two_ports(scene):
    devices = make(scene, 2, "label = unit")
    slow = scene.modem(devices[0], "slow 3000 on 1 list\n")
    run = Run(scene, {"left": slow, "right": scene.modem(devices[1])}, "--count", 1)
    for _ in range(2):
        run.wait(event="waiting", text="scan the label, its port's name first")
    run.say("left SN-1")
    run.say("right SN-1")
    event = run.wait(event="device", port="right")
    expect((event["result"], event["reason"]) == ("refused", "unit-differs"), event)
    run.end(1)


def a_unit_given_with_the_port(scene):
    devices = make(scene, 1, "label = unit")
    expect(scene.provision(scene.modem(devices[0]), options=("--unit", "SN-9")).devices()[0]["result"] == "done", "is its label")
    run = Run(scene, {"p": scene.modem(imei(0))}, "--once", "--label-timeout", 1, stdin=subprocess.DEVNULL).end(1)
    expect(run.devices()[0]["reason"] == "unit-missing", run.events)


def one_label_for_two_batches(scene):
    devices = make(scene, 1, "label = imei")
    scene.make_batch("psk-2", PROFILE_PSK.replace("policy {", "policy { label = imei ").replace("tag = 42", "tag = 43"), devices)
    scene.ingest("psk-2", "grant-psk-2")
    conf(scene, 'permit = {"%s"}\nafter = {"%s"}\n' % (script(scene, "permit", "echo permit >>ran"),
                                                       script(scene, "after", "echo after $GAPSEAL_RESULT >>ran")))
    run = Run(scene, {"p": scene.modem(devices[0], "corrupt on 1+ write 43,3\n")}, "--once")
    run.wait(event="waiting", text="scan the label")
    run.say(devices[0])
    run.end(1)
    expect([(e["batch"], e["result"]) for e in run.devices()] == [("psk-1", "done"), ("psk-2", "failed")], run.events)
    expect(len([e for e in run.events if e.get("text") == "scan the label"]) == 1, "scanned once")
    expect(scene.read("ran") == b"permit\nafter failed\n", "one presentation: %r" % scene.read("ran"))


def a_scanner_of_its_own(scene):
    devices = make(scene, 1, "label = imei")
    scanner = script(scene, "scanner", "echo ready >&2\necho $1\nexec cat")
    run = Run(scene, {"p": scene.modem(devices[0])}, "--once", "--label-cmd", scanner, "--", devices[0]).end(0)
    expect(run.devices()[0]["result"] == "done" and b"scanner: ready" in run.err, run.err)
    run = Run(scene, {"p": scene.path("none")}, "--label-cmd", script(scene, "gone", "exit 0"))
    expect(run.wait(event="error")["code"] == "label-cmd", "a scanner that ends is said")
    run.end(0, signal.SIGTERM)


def a_device_that_only_its_label_names(scene):
    devices = make(scene, 1)
    modem = scene.modem(devices[0], None, None, "--dialect", "cred")
    run = Run(scene, {"p": modem}, "--once")
    run.wait(event="waiting", text="scan the label")
    run.say(devices[0])
    expect(run.wait(event="device")["imei"] == devices[0], "named by its label")
    run.end(run.process.wait(PATIENCE))


# The owner's steps.

def steps_run_in_order(scene):
    devices = make(scene, 1)
    say = 'echo "$GAPSEAL_PORT|$GAPSEAL_PORT_PATH|$GAPSEAL_IMEI|$GAPSEAL_UNIT|$GAPSEAL_RESULT|$GAPSEAL_REASON|$*" >>said; echo hello; env | wc -l >>said'
    modem = scene.modem(devices[0])
    for step in ("prepare", "permit", "after"):
        conf(scene, '%s = {"%s", "%s"}\n' % (step, script(scene, step, say), "of " + step))
    run = Run(scene, {"bench3": modem}, "--once", "--unit", "SN-1").end(0)
    lines = scene.read("said").decode().splitlines()
    expect(lines[0] == "bench3|%s|||||of prepare" % modem.link, lines)
    expect(lines[2] == "bench3|%s|%s|SN-1|||of permit" % (modem.link, devices[0]), lines)
    expect(lines[4] == "bench3|%s|%s|SN-1|done||of after" % (modem.link, devices[0]), lines)
    expect(all(int(n) <= 10 for n in lines[1::2]), "a small environment: %r" % lines)
    for step in ("prepare", "permit", "after"):
        expect(b"bench3 %s: hello" % step.encode() in run.err, run.err)
    accepted(scene, done=1)


def the_port_is_free_for_prepare_and_after(scene):
    devices = make(scene, 1)
    modem = scene.modem(devices[0])
    check = 'python3 -c "import fcntl,os,sys; fcntl.flock(os.open(os.environ[\'GAPSEAL_PORT_PATH\'], os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX | fcntl.LOCK_NB)"'
    conf(scene, 'prepare = {"%s"}\n' % script(scene, "prepare", check))
    conf(scene, 'permit = {"%s"}\n' % script(scene, "permit", check.replace("python3", "! python3") + " 2>/dev/null"))
    conf(scene, 'after = {"%s"}\n' % script(scene, "after", check))
    Run(scene, {"p": modem}, "--once").end(0)


def a_step_that_fails(scene):
    devices = make(scene, 3)
    fail = script(scene, "fail", "exit 3")
    hang = script(scene, "hang", "trap '' TERM; echo hanging; while :; do read x </dev/tty || sleep 1; done")
    base = scene.read("line1", "station.conf").decode()
    for step, program, code, reason in (("prepare", fail, 2, "prepare-failed"), ("prepare", hang, 2, "prepare-failed"),
                                        ("permit", fail, 1, "permit-refused"), ("permit", hang, 1, "permit-failed"),
                                        ("permit", "/nowhere/program", 1, "permit-failed")):
        scene.write(os.path.join("line1", "station.conf"), base + '%s = {"%s"}\n%s_timeout = 1\n' % (step, program, step))
        run = Run(scene, {"p": scene.modem(devices[0])}, "--once").end(code)
        said = [e.get("reason") or e.get("code") for e in run.events if e["event"] in ("device", "port")]
        expect(said == [reason], "%s %s: %r" % (step, program, run.events))
        nothing_opened(scene)
    expect([e["reason"] for e in entries(scene) if e["type"] == "refuse"] == ["permit-refused", "permit-failed", "permit-failed"], "logged")
    left = subprocess.run(["pgrep", "-f", scene.path("hang")], capture_output=True).stdout
    expect(not left, "what hung was killed")


def after_fails_though_it_is_done(scene):
    devices = make(scene, 1)
    modem = scene.modem(devices[0])
    conf(scene, 'after = {"%s"}\n' % script(scene, "after", 'test -e ok'))
    event = Run(scene, {"p": modem}, "--once").end(1).devices()[0]
    expect((event["result"], event["pass"], event["reason"], event["class"]) == ("failed", False, "after-failed", "fixture"), event)
    expect(entries(scene)[event["entry"]]["result"] == "done", "the log says what is in the modem")
    scene.write("ok", "")
    event = Run(scene, {"p": modem}, "--once").end(0).devices()[0]
    expect((event["result"], event["pass"]) == ("same", True), event)
    accepted(scene, done=1)


def a_relative_step_is_refused(scene):
    devices = make(scene, 1)
    conf(scene, 'permit = {"permit.sh"}\n')
    result = scene.line("run", "--home", "line1", "--once", "--port", "p=" + scene.modem(devices[0]).link, check=1)
    expect("station.conf:" in result.err and "step-path" in result.err, result.err)


def three_faults_suspend_a_port(scene):
    devices = make(scene, 2)
    conf(scene, 'prepare = {"%s"}\n' % script(scene, "prepare", 'echo x >>tried; test -e ok'))
    run = Run(scene, {"p": scene.modem(devices[0])})
    run.wait(event="port", code="port-suspended")
    expect(len(scene.read("tried").splitlines()) == 3, "three times")
    run.say("ack nowhere")
    expect(run.wait(event="error")["code"] == "ack-port", "no such port")
    run.say("ack p")
    run.wait(event="port", code="port-suspended")
    expect(len(scene.read("tried").splitlines()) == 6, "and three times again")
    scene.write("ok", "")
    run.process.send_signal(signal.SIGUSR1)
    expect(run.wait(event="device")["result"] == "done", "the fixture is mended")
    run.end(0, signal.SIGTERM)


# Stops.

def a_stop_finishes_what_is_in_hand(scene):
    devices = make(scene, 2)
    modem = scene.modem(devices[0], "slow 1500 on 1 write 42,3\n")
    run = Run(scene, {"p": modem, "q": scene.path("none")})
    wait_for(lambda: any(e["type"] == "begin" for e in entries(scene)))
    scene.write(os.path.join("line1", "stop"), "")
    expect(run.wait(event="device")["result"] == "done", "finished")
    run.end(0)
    result = scene.line("run", "--home", "line1", "--once", "--json", "--port", "p=" + modem.link, check=2)
    expect(result.events()[-1]["code"] == "stop-file", "a station that is held does not start")
    os.remove(scene.path("line1", "stop"))
    accepted(scene, done=1)


def a_bounded_run_that_was_stopped_is_no_pass(scene):
    make(scene, 1)
    run = Run(scene, {"p": scene.path("none")}, "--once")
    run.wait(event="waiting")
    run.end(2, signal.SIGTERM)


def a_stop_ends_a_wait_for_a_label(scene):
    devices = make(scene, 1, "label = imei")
    run = Run(scene, {"p": scene.modem(devices[0])})
    run.wait(event="waiting", text="scan the label")
    run.end(0, signal.SIGTERM)
    expect(run.devices()[0]["reason"] == "stopped", run.events)


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        expect(time.monotonic() < deadline, "it does not come")
        select.select([], [], [], 0.02)


# What other processes do meanwhile.

def plug_again(scene, modem, number):
    """The same device at the same port, unplugged and plugged in."""
    modem.stop()
    again = scene.modem(number, None, modem.store)
    os.rename(again.link, modem.link)
    again.link = modem.link
    return again


def a_batch_that_comes_meanwhile(scene):
    devices = make(scene, 2)
    later = imei(77)
    other = scene.modem(later)
    run = Run(scene, {"p": scene.modem(devices[0]), "q": other})
    expect(run.wait(event="device", port="q")["reason"] == "not-in-batch", "not yet")
    scene.make_batch("psk-2", PROFILE_PSK, [later])
    scene.ingest("psk-2", "grant-psk-2")
    plug_again(scene, other, later)
    expect(run.wait(event="device", port="q")["result"] == "done", "now it is")
    run.end(0, signal.SIGTERM)


def an_extract_that_comes_meanwhile(scene):
    """First one device of a batch, then all of it."""
    devices = make(scene, 1)
    later = [imei(77), imei(78)]
    modems = [scene.modem(d) for d in later]
    run = Run(scene, {"p": scene.modem(devices[0]), "q": modems[0], "r": modems[1]})
    first = {e["port"]: e.get("reason") for e in (run.wait(event="device") for _ in range(3))}
    expect(first == {"p": None, "q": "not-in-batch", "r": "not-in-batch"}, first)
    scene.make_batch("psk-2", PROFILE_PSK, later)
    scene.office("extract", "--office", "office", "--trust", "trust.json", "--batch", "psk-2", "--imei", later[0], "--station", "line1",
                 "--out", "x")
    scene.sign("anna", "x")
    scene.ingest("x")
    for i, result in ((0, "done"), (1, "refused")):
        modems[i] = plug_again(scene, modems[i], later[i])
        expect(run.wait(event="device", port="qr"[i])["result"] == result, "one of them")
    scene.ingest("psk-2", "grant-psk-2")
    for i, result in ((1, "done"), (0, "same")):
        modems[i] = plug_again(scene, modems[i], later[i])
        expect(run.wait(event="device", port="qr"[i])["result"] == result, "both")
    run.end(0, signal.SIGTERM)


def signatures_that_come_meanwhile(scene):
    """An officer is compromised while a station runs; others sign what it holds, batch and grant."""
    devices = make(scene)
    modems = [scene.modem(d) for d in devices[:2]]
    run = Run(scene, {"p": modems[0]})
    expect(run.wait(event="device")["result"] == "done", "all is well")
    scene.office("trust", "next", "--from", "trust.json", "--out", "trust2.json", "--compromised", "anna", "--accept-no-spare")
    for officer in ("ben", "carla"):
        scene.office("sign", "trust2.json", "--trust", "trust.json", "--key", "officers/%s.key" % officer, "--yes")
    scene.ingest("trust2.json")

    def plug(device):
        modem = modems.pop(0)
        modem.stop()
        os.rename(scene.modem(device).link, modem.link)
        modems.insert(0, scene.modems[-1])
        scene.modems[-1].link = modem.link
        return run.wait(event="device")

    expect(plug(devices[1])["reason"] == "not-in-batch", "anna's signature counts no more")
    scene.sign("carla", "psk-1")
    scene.ingest("psk-1")
    expect(plug(devices[2])["reason"] == "not-in-batch", "the grant is hers, too")
    scene.sign("ben", "grant-psk-1")
    scene.ingest("grant-psk-1")
    expect(plug(devices[1])["result"] == "done", "both are mended")
    run.end(0, signal.SIGTERM)


def what_comes_meanwhile_and_is_damaged(scene):
    devices = make(scene, 2)
    modem = scene.modem(devices[0])
    other = scene.modem(devices[1], "slow 3000 on 1 write 42,3\n")
    run = Run(scene, {"p": modem, "q": other})
    expect(run.wait(event="device", port="p")["result"] == "done", "first")
    scene.make_batch("psk-2", PROFILE_PSK, [imei(77)])
    scene.ingest("psk-2", "grant-psk-2")
    os.remove(scene.path("line1", "batches", "psk-2", "tree.bin"))
    plug_again(scene, modem, devices[0])
    expect(run.wait(event="error")["code"] == "reader", "said")
    run.end(2)
    said = [(e["port"], e["result"]) for e in run.devices()]
    expect(said == [("p", "done"), ("p", "refused"), ("q", "done")] or said == [("p", "done"), ("q", "done"), ("p", "refused")],
           "what was in hand was finished: %r" % said)


def a_release_meanwhile(scene):
    devices = make(scene, 2, "rework = local")
    modem = scene.modem(devices[0])
    scene.provision(modem)
    modem.stop()
    os.remove(modem.store)
    modem = scene.modem(devices[0])
    run = Run(scene, {"p": modem})
    expect(run.wait(event="device")["reason"] == "changed-after-done", "not without a release")
    scene.line("release", "--home", "line1", "--imei", devices[0], "--operator", "boss", "--reason", "board swapped")
    plug_again(scene, modem, devices[0])
    expect(run.wait(event="device")["result"] == "done", "released")
    run.end(0, signal.SIGTERM)


def a_lot_closed_meanwhile(scene):
    devices = make(scene, 2)
    modem = scene.modem(devices[0], "swap %s on 6 cgsn 1\n" % devices[1])
    conf(scene, 'prepare = {"%s"}\n' % script(scene, "prepare", "echo x >>tried; test $(wc -l <tried) -lt 2 || while ! test -e go; do sleep 0.02; done"))
    run = Run(scene, {"p": modem})
    expect(run.wait(event="device")["result"] == "done", "open")
    lot = json.loads(scene.line("status", "--home", "line1", "--json").out)["lots"][0]["lot"]
    scene.line("close", "--home", "line1", "--batch", "psk-1", "--lot", lot, "--yes")
    scene.write("go", "")
    expect(run.wait(event="device")["result"] == "refused", "closed")
    run.end(0, signal.SIGTERM)
    expect(len([e for e in entries(scene) if e["type"] == "begin"]) == 1, "nothing was opened after the close-out")


# One IMEI in two places.

def one_imei_at_two_ports(scene):
    devices = make(scene, 1)
    slow = scene.modem(devices[0], "slow 2000 on 1 list\n", scene.path("first"))
    twin = scene.modem(devices[0], "slow 500 on 1 cgmr\n", scene.path("second"))
    run = Run(scene, {"a": slow, "b": twin}, "--once").end(1)
    expect([e["reason"] for e in run.devices()] == ["imei-twice", "imei-twice"], run.events)
    nothing_opened(scene)


def one_imei_at_two_processes(scene):
    devices = make(scene, 1)
    slow = scene.modem(devices[0], "slow 3000 on 1 write 42,3\n", scene.path("first"))
    first = Run(scene, {"a": slow}, "--once")
    wait_for(lambda: any(e["type"] == "begin" for e in entries(scene)))
    twin = scene.modem(devices[0], None, scene.path("second"))
    second = Run(scene, {"b": twin}, "--once").end(1)
    expect(second.devices()[0]["reason"] == "imei-twice", second.events)
    first.end(0)
    expect(scene.slot(twin, 42, 3) is None, "the other one got nothing")
    accepted(scene, done=1)


# Faces and readers.

def a_reader_that_never_reads(scene):
    devices = make(scene, 2)
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    os.write(write, b"x" * 4096)
    modem = scene.modem(devices[0])
    args = [os.path.join(BUILD, "gapseal-line"), "run", "--home", "line1", "--once", "--json", "--port", "p=" + modem.link]
    done = subprocess.run(args, cwd=scene.folder, stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, timeout=PATIENCE)
    os.close(write)
    expect(done.returncode == 0 and b"events-dropped" in done.stderr, done)
    expect(os.read(read, 65536) == b"x" * 4096 and not os.read(read, 1), "nothing was forced in")
    os.close(read)
    accepted(scene, done=1)


def a_reader_that_is_gone(scene):
    devices = make(scene, 2)
    read, write = os.pipe()
    os.close(read)
    args = [os.path.join(BUILD, "gapseal-line"), "run", "--home", "line1", "--once", "--json", "--port", "p=" + scene.modem(devices[0]).link]
    done = subprocess.run(args, cwd=scene.folder, stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, timeout=PATIENCE)
    os.close(write)
    expect(done.returncode == 0, done)
    accepted(scene, done=1)


def events_beside(scene):
    devices = make(scene, 2)
    result = scene.line("run", "--home", "line1", "--once", "--events", "events.jsonl", "--port", "p=" + scene.modem(devices[0]).link)
    expect("PASS" in result.out and not result.out.startswith("{"), result.out)
    lines = [json.loads(line) for line in scene.read("events.jsonl").splitlines()]
    expect([e["event"] for e in lines] == ["start", "waiting", "device", "stop"], lines)
    result = scene.line("run", "--home", "line1", "--once", "--quiet", "--events", "2", "--port", "p=" + scene.modem(devices[1]).link)
    expect(result.out == "" and '"event":"device"' in result.err, result.err)
    result = scene.line("run", "--home", "line1", "--once", "--events", "no/such/file", "--port", "p=" + scene.modem(devices[1]).link, check=2)
    expect("events-open" in result.err, result.err)


def standard_input_is_left_alone(scene):
    devices = make(scene, 2)
    modems = [scene.modem(d) for d in devices]
    scene.write("links", "".join(m.link + "\n" for m in modems))
    loop = "while read link; do %s run --home line1 --once --quiet --port p=$link || exit 1; echo $link; done <links" % os.path.join(BUILD, "gapseal-line")
    done = scene.tool("sh", "-c", loop)
    expect(len(done.stdout.splitlines()) == 2, "the loop went over both: %r" % done.stdout)


def the_table_comes_and_goes(scene):
    devices = make(scene, 2)
    modem = scene.modem(devices[0], "slow 300 on 1+ write\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.chdir(scene.folder)
        os.execv(os.path.join(BUILD, "gapseal-line"), ["gapseal-line", "run", "--home", "line1", "--port", "bench1=" + modem.link])
    seen = b""
    deadline = time.monotonic() + PATIENCE
    echo = [termios.tcgetattr(terminal)[3] & termios.ECHO]
    while b"1 of 2 left" not in seen:
        expect(time.monotonic() < deadline and select.select([terminal], [], [], PATIENCE)[0], "no table: %r" % seen)
        seen += os.read(terminal, 65536)
        echo.append(termios.tcgetattr(terminal)[3] & termios.ECHO)
    os.write(terminal, b"\x03")
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        seen += data
        if not data:
            break
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    expect(os.waitstatus_to_exitcode(status) == 0, status)
    expect(seen.startswith(b"\x1b[?1049h\x1b[?25l"), "another screen: %r" % seen[:40])
    expect(b"\x1b[?25h\x1b[?1049l" in seen, "and back")
    expect(echo[0] != 0 and echo[-1] == 0, "a scanner's typing is not shown")
    last = seen.split(b"\x1b[?1049l")[-1].decode()
    expect("bench1" in last and "pass 1  fail 0" in last and "100%" in last, last)
    for word in ("line1", "bench1", devices[0], "write 1/2", "BUSY", "psk-1 lot-001:"):
        expect(word.encode() in seen, word)


# The log cannot be written.

def full_at(scene, home, size):
    """A disk that takes no more than this many bytes of the log."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    shutil.rmtree(scene.path(home), ignore_errors=True)
    shutil.copytree(scene.path("line1"), scene.path(home))
    return limit


def a_full_disk_stops_before_a_device_is_touched(scene):
    devices = make(scene, 1)
    codes = set()
    size = len(scene.read("line1", "log", "entries.jsonl"))
    for extra in (0, 300, 600, 1000, 1500):
        modem = scene.modem(devices[0], None, scene.path("store-%d" % extra))
        run = Run(scene, {"p": modem}, "--once", home="full", limit=full_at(scene, "full", size + extra))
        run.process.stdin.close()
        run.process.stdin = None
        code = run.process.wait(PATIENCE)
        run.end(code)
        begun = [e for e in entries(scene, "full") if e["type"] == "begin"]
        touched = os.path.exists(modem.store) and scene.slot(modem, 42, 3) is not None
        expect(touched <= bool(begun), "written without a begin at %d" % extra)
        if begun and not [e for e in entries(scene, "full") if e["type"] == "end"]:
            expect(code == 3, "%d: exit %d %r" % (extra, code, run.events))
            expect(run.devices()[0]["result"] == "unknown" and "entry" not in run.devices()[0], run.events)
        elif not begun:
            expect(code == 2, "%d: exit %d %r" % (extra, code, run.events))
        codes.add(code)
        modem.stop()
        again = scene.modem(devices[0], None, modem.store)
        expect(scene.provision(again, home="full").devices()[0]["pass"], "with room again it is finished")
        again.stop()
    expect(codes >= {2, 3}, "both were met: %r" % codes)


# What status says.

def status_fits_a_code_to_photograph(scene):
    devices = make(scene, 2)
    scene.provision(scene.modem(devices[0]))
    status = json.loads(scene.line("status", "--home", "line1", "--json").out)
    line = status["checkpoint"]
    text = scene.line("status", "--home", "line1").out
    expect("checkpoint " + line in text and "1 lot" in text and status["lots_left"] == 1, text)
    expect(len(line) <= 300 and line.isascii() and line.count("|") == 3, line)
    origin, size, root, signature = line.split("|")
    note = "%s\n%s\n%s\n\n\u2014 %s %s\n" % (origin, size, root, origin, signature)
    expect(note.encode() == scene.read("line1", "log", "checkpoint"), "it is the checkpoint")


main(thirty_two_ports_at_once, devices_come_and_go, count_ends_by_itself, a_port_vanishes_and_comes_back,
     unplugged_while_it_is_written, a_port_that_is_not_there_yet, label_and_modem_agree, a_label_may_come_first,
     another_label_opens_nothing, no_label_opens_nothing, a_bad_label_is_said, units_need_their_port, one_unit_at_two_ports,
     a_unit_given_with_the_port, one_label_for_two_batches, a_scanner_of_its_own, a_device_that_only_its_label_names, steps_run_in_order,
     the_port_is_free_for_prepare_and_after, a_step_that_fails, after_fails_though_it_is_done, a_relative_step_is_refused,
     three_faults_suspend_a_port, a_stop_finishes_what_is_in_hand, a_bounded_run_that_was_stopped_is_no_pass,
     a_stop_ends_a_wait_for_a_label, a_batch_that_comes_meanwhile, an_extract_that_comes_meanwhile, signatures_that_come_meanwhile, what_comes_meanwhile_and_is_damaged, a_release_meanwhile, a_lot_closed_meanwhile,
     one_imei_at_two_ports, one_imei_at_two_processes, a_reader_that_never_reads, a_reader_that_is_gone, events_beside,
     standard_input_is_left_alone, the_table_comes_and_goes, a_full_disk_stops_before_a_device_is_touched,
     status_fits_a_code_to_photograph)
