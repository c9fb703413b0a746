# SPDX-License-Identifier: ISC
"""Every fault a bench can have, with a PSK and with a certificate: what the station says, writes down and does next, and what
the auditor makes of it."""
import concurrent.futures
import itertools
import json
import os
import shutil
from dataclasses import dataclass, field

from scene import PROFILE_PSK, PROFILE_X509, expect, imei, main

BATCHES = {"psk-1": PROFILE_PSK, "x509-1": PROFILE_X509}
STRANGER = imei(900)  # no batch holds it
# A modem that does not answer is given up soon: the tests wait for it.
TIMEOUTS = ("--timeout", "20", "--command-timeout", "1300", "--write-timeout", "600", "--cfun-timeout", "600")

DONE = "done none ship"
LATE = "failed no-answer fixture retry"
GARBAGE = "garbage fixture other-fixture"
RESTART = "failed modem-reset fixture retry"
GONE = "unknown port-gone fixture retry"
OTHER = "imei-changed operator retry"


@dataclass
class Fault:
    """What a stand-in modem does, and the event of that presentation: result, reason (none if there is no "reason"), class, action."""
    name: str
    script: str
    event: str
    code: int = 0         # what the log's end says of the first step that was not answered OK; 0: none
    after: str = "done"   # an undisturbed presentation later
    options: tuple = field(default=())

    def exit(self):
        return {"done": 0, "same": 0, "refused": 1, "failed": 1, "unknown": 3}[self.event.split()[0]]


PASSING = [
    Fault("a byte of the content is lost", "lose 30 on 1 write", "failed digest-differs device retry"),
    Fault("a comma is lost", "lose 9 on 1 write", "failed cme-other device repair", 50),
    Fault("a byte of the listing is lost", "lose 4 on 1 list", DONE, after="same"),
    Fault("the opening quote is lost", "lose-quote 1 on 1 write", LATE, 9002),
    Fault("the closing quote is lost", "lose-quote 2 on 1 write", LATE, 9002),
    Fault("the closing quote of the second is lost", "lose-quote 2 on 2 write", LATE, 9002),
    Fault("a write is not answered", "ignore on 1 write", LATE, 9002),
    Fault("a write is done and not answered", "swallow on 1 write", LATE, 9002),
    Fault("the last write is done and not answered", "swallow on 1 write 42,4\nswallow on 1 write 16842753,1", DONE, 9002, "same"),
    Fault("a listing is not answered", "ignore on 2 list", DONE, after="same"),
    Fault("no listing is answered", "ignore on 1+ list", LATE),
    Fault("silent from the first write on", "ignore on 1+ write\nignore on 12+ any", "unknown no-answer fixture retry", 9002),
    Fault("silent before the first write", "ignore on 8+ any", LATE, 9003),
    Fault("noise before the answer to a write", "garbage 40 on 1 write", LATE, 9002),
    Fault("noise in a listing", "garbage 40 on 2 list", DONE, after="same"),
    Fault("noise in every listing", "garbage 40 on 1+ list", "failed " + GARBAGE),
    Fault("noise in the IMEI once", "garbage 9 on 1 cgsn 1", DONE, after="same"),
    Fault("noise in the IMEI always", "garbage 9 on 1+ cgsn 1", "refused " + GARBAGE),
    Fault("restarts before a write", "reset on 1 write", RESTART, 9002),
    Fault("restarts after a write", "reset after on 1 write", RESTART, 9002),
    Fault("restarts without a word", "reset quiet on 1 write", LATE, 9002),
    Fault("restarts in the middle of a write", "reset at input 150", RESTART, 9002),
    Fault("unplugged before a write, and back", "hangup 300 on 1 write", GONE, 9002),
    Fault("unplugged after a write, and back", "hangup after 300 on 1 write", GONE, 9002),
    Fault("unplugged in the middle of a write, and back", "hangup 300 at input 150", GONE, 9002),
    Fault("the port vanishes for good", "hangup on 1 write", GONE, 9002),
    Fault("another device before the first write", "swap %s on 1 list" % STRANGER, "failed " + OTHER),
    Fault("another device after the first write", "swap %s on 1 write" % STRANGER, "unknown " + OTHER),
    Fault("another device after the last listing", "swap %s on 2 list" % STRANGER, "unknown " + OTHER, after="same"),
    Fault("513 to a write", "fail 513 on 1 write", "failed cme-other device repair", 513),
    Fault("514 to a write", "fail 514 on 1 write", "failed cme-514 data call", 514),
    Fault("515 to a write", "fail 515 on 1 write", "failed cme-515 device repair", 515),
    Fault("518 to one write", "fail 518 on 1 write", DONE, after="same"),
    Fault("518 to every write", "fail 518 on 1+ write", "failed cme-518 device retry", 518),
    Fault("519 to one write", "fail 519 on 1 write", DONE, after="same"),
    Fault("519 to every write", "fail 519 on 1+ write", "failed cme-519 device repair", 519),
    Fault("520 to a write", "fail 520 on 1 write", "failed cme-other device repair", 520),
    Fault("527 to a write", "fail 527 on 1 write", "failed cme-527 data call", 527),
    Fault("528 to a write", "fail 528 on 1 write", "failed cme-528 fixture other-fixture", 528),
    Fault("ERROR to a write", "fail error on 1 write", "failed cme-none fixture retry", 9001),
    Fault("514 to a delete", 'store 42,3 "aa"\nstore 16842753,0 "aa"\nfail 514 on 1 delete', "failed cme-514 data call", 514),
    Fault("a bit is stored wrong", "corrupt on 1 write", "failed digest-differs device retry"),
    Fault("answered OK and not stored", "hijack on 1 write", "failed not-listed device retry"),
    Fault("the last is answered OK and not stored", "hijack on 2 write", "failed not-listed device retry"),
    Fault("one byte repeated for a digest", "placeholder", "failed digest-placeholder device repair", after="same"),
    Fault("power-off warning", "power-warning", "failed cme-528 fixture other-fixture", 528),
    Fault("memory full", "room 0", "failed cme-515 device repair", 515),
    Fault("memory full after one slot", "room 1", "failed cme-515 device repair", 515),
    Fault("no IMEI", "imei error", "refused imei-none device quarantine"),
    Fault("an IMEI of zeros", "imei zeros", "refused imei-zero device quarantine"),
    Fault("production-test firmware", "", "refused firmware-pti device repair", options=("--firmware", "mfw-pti_nrf91x1_1.0.0")),
    Fault("not to be put offline", "fail 3 on 1 cfun 4", "failed offline-refused device repair", 9003),
    Fault("not to be powered down", "fail error on 1 cfun 0", "failed finish-failed device retry", after="same"),
    Fault("slow to wake", "boot 800", DONE, after="same"),
    Fault("talks in the middle", 'urc "+CEREG: 2" 1 on 2 list\nurc "%XSIM: 0" at input 150', DONE, after="same"),
    Fault("in LTE at first", "cfun 1", DONE, after="same"),
]

# Faults of the device itself do not pass: what the second, third and fourth presentation say.
USED = "refused attempts-used device quarantine"
LASTING = [
    (Fault("no IMEI", "imei error", "refused imei-none device quarantine"), None),
    (Fault("an IMEI of zeros", "imei zeros", "refused imei-zero device quarantine"), None),
    (Fault("production-test firmware", "", "refused firmware-pti device repair", options=("--firmware", "mfw-pti_1.0.0")), None),
    (Fault("power-off warning", "power-warning", "failed cme-528 fixture other-fixture"), None),
    (Fault("one byte repeated for a digest", "placeholder", "failed digest-placeholder device repair"), USED),
    (Fault("memory full", "room 1", "failed cme-515 device repair"), USED),
    (Fault("nothing is stored", "hijack on 1+ write", "failed not-listed device retry"), USED),
    (Fault("527 to every write", "fail 527 on 1+ write", "failed cme-527 data call"), None),
]
ATTEMPTS = 3  # what a policy allows unless it says otherwise


def in_words(event):
    return " ".join(event[key] for key in ("result", "reason", "class", "action") if event.get(key))


def granted(scene, count):
    """Both batches at a station that has seen no device; homes are copied from it."""
    scene.next = itertools.count(1).__next__  # several threads ask
    scene.make_org()
    for batch, profile in BATCHES.items():
        scene.make_batch(batch, profile, [imei(i) for i in range(count)])
        scene.ingest(batch, "grant-" + batch)


def each(scene, cases, check):
    """check(scene, batch, home, index, case) for every case and both batches, a few at a time: most of them wait. What went wrong
    is collected, so that one run shows all of it."""
    def one(job):
        (batch, index), case = job
        home = "home-%s-%d" % (batch, index)
        shutil.copytree(scene.path("line1"), scene.path(home))
        try:
            check(scene, batch, home, index, case)
        except AssertionError as error:
            return "%s: %s: %s" % (batch, (case[0] if isinstance(case, tuple) else case).name, error)
        return None

    jobs = [((batch, index), case) for index, case in enumerate(cases) for batch in BATCHES]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        wrong = [text for text in pool.map(one, jobs) if text]
    expect(not wrong, "\n".join(wrong))


def present(scene, batch, home, modem, check, *options):
    """One presentation of the device at a modem; its event."""
    result = scene.line("run", "--home", home, "--once", "--json", "--batch", batch, "--port", "p=" + modem.link, *TIMEOUTS, *options,
                        check=check)
    modem.stop()
    events = result.devices()
    expect(len(events) == 1, "one event: %r" % result.out)
    expect(events[0]["pass"] == (events[0]["result"] in ("done", "same")), "pass says the same as result")
    return events[0]


def entries(scene, home):
    """The entries of the last run between its start and its stop."""
    lines = [json.loads(line) for line in scene.read(home, "log", "entries.jsonl").splitlines()]
    start = max(i for i, entry in enumerate(lines) if entry["type"] == "start")
    expect(lines[-1]["type"] == "stop", "the run ended in order")
    return lines[start + 1:-1]


def expect_entries(scene, home, event, code):
    """begin and end if a record was opened, same if nothing was to be done, otherwise a refusal; with the event's verdict."""
    found = entries(scene, home)
    types = [entry["type"] for entry in found]
    opened = types == ["begin", "end"]
    expect(opened or types == [{"same": "same"}.get(event["result"], "refuse")], "entries %r" % types)
    expect(opened or event["result"] != "done", "done only after a begin")
    expect(found[-1]["reason"] == event.get("reason", ""), "the log gives the reason %r" % found[-1]["reason"])
    if opened:
        expect(found[1]["result"] == event["result"] and found[1]["begin"] == found[0]["n"], "the end is that of the begin")
        steps = [step for step in found[1]["steps"] if step != 0]
        expect(steps[:1] == ([code] if code else []), "the steps ended %r" % found[1]["steps"])
        silent = event["result"] == "unknown" or event.get("reason") == "no-answer" and code == 9003
        expect((found[1]["state"] == "") == silent, "a state if, and only if, it was listed")


def expect_audit(scene, batch, home, result, opened):
    """The auditor accepts and puts the device where its last presentation put it."""
    log = "log-%d" % scene.next()
    scene.export(log, home=home)
    report = scene.reconcile([batch], [log])
    wanted = {"done": "done", "same": "same"}.get(result, "failed" if opened else "refused")
    counts = {key: n for key, n in report["counts"].items() if n and key not in ("devices", "unused")}
    expect(report["verdict"] == "accept" and counts == {wanted: 1}, "the auditor says %r, not %s" % (counts, wanted))
    shutil.rmtree(scene.path(log))


def passes(scene, batch, home, index, fault):
    modem = scene.modem(imei(index), fault.script, scene.path("store-" + home), *fault.options)
    event = present(scene, batch, home, modem, fault.exit())
    expect(in_words(event) == fault.event, "the event says %s" % in_words(event))
    expect_entries(scene, home, event, fault.code)
    opened = entries(scene, home)[0]["type"] == "begin"
    expect_audit(scene, batch, home, event["result"], opened)
    later = present(scene, batch, home, scene.modem(imei(index), None, modem.store), 0)
    expect(later["result"] == fault.after, "undisturbed it is %s" % in_words(later))
    planned = [(42, 3), (42, 4)] if batch == "psk-1" else [(16842753, kind) for kind in (0, 1, 2)]
    expect(all(scene.slot(modem, *slot) for slot in planned), "every slot is filled")


def stays(scene, batch, home, index, case):
    fault, end = case
    store = scene.path("store-" + home)
    for attempt in range(1, ATTEMPTS + 2):
        wanted = end if end and attempt > ATTEMPTS else fault.event
        event = present(scene, batch, home, scene.modem(imei(index), fault.script, store, *fault.options), 1)
        expect(in_words(event) == wanted, "presentation %d says %s" % (attempt, in_words(event)))


def every_fault_passes(scene):
    granted(scene, len(PASSING))
    each(scene, PASSING, passes)


def a_lasting_fault_is_refused_for_good(scene):
    granted(scene, len(LASTING))
    each(scene, LASTING, stays)


def one_imei_at_two_places_at_once(scene):
    granted(scene, 2)
    modems = [scene.modem(imei(0), "slow 100 on 1+ any", scene.path("store-%d" % i)) for i in range(2)]
    result = scene.provision(*modems, options=("--batch", "psk-1"), check=1)
    for modem in modems:
        modem.stop()
    told = sorted(in_words(event) for event in result.devices())
    expect(told[-1] == "refused imei-twice device quarantine", told)
    expect(told[0] in (DONE, told[-1]), told)
    scene.export("log")
    report = scene.reconcile(["psk-1"], ["log"])
    expect(report["verdict"] == "accept" and report["counts"]["duplicate"] == 0, report["counts"])
    expect(sum(os.path.exists(m.store) and scene.slot(m, 42, 3) is not None for m in modems) <= 1, "one of them at most was written")


def the_device_that_took_the_place_is_served_next(scene):
    granted(scene, 2)
    modem = scene.modem(imei(0), "swap %s on 1 write" % imei(1))
    result = scene.line("run", "--home", "line1", "--json", "--count", "2", "--batch", "psk-1", "--port", "p=" + modem.link, *TIMEOUTS,
                        check=3)
    told = [(event["imei"], in_words(event)) for event in result.devices()]
    expect(told == [(imei(0), "unknown " + OTHER), (imei(1), DONE)], told)
    scene.export("log")
    report = scene.reconcile(["psk-1"], ["log"])
    expect(report["verdict"] == "accept" and report["counts"]["done"] == 1 and report["counts"]["failed"] == 1, report["counts"])


def a_device_unplugged_and_back_is_served_again(scene):
    granted(scene, 1)
    modem = scene.modem(imei(0), "hangup 100 on 1 write")
    result = scene.line("run", "--home", "line1", "--json", "--count", "2", "--batch", "psk-1", "--port", "p=" + modem.link, *TIMEOUTS,
                        check=3)
    told = [in_words(event) for event in result.devices()]
    expect(told == [GONE, DONE], told)


main(every_fault_passes, a_lasting_fault_is_refused_for_good, one_imei_at_two_places_at_once,
     the_device_that_took_the_place_is_served_next, a_device_unplugged_and_back_is_served_again)
