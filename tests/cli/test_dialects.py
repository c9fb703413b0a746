# SPDX-License-Identifier: ISC
"""What stands in front of the modem differs; what is stored, logged and accepted does not."""
import hashlib

from scene import PROFILE_PSK, PROFILE_X509, expect, imei, main

NUL = PROFILE_X509.replace("policy {", "policy { digest_forms = {exact, nul} ")
WIDE = ("--line-limit", "4096")


def serve(scene, modem, *options, code=0, scan=None):
    """One presentation at one port; its device event."""
    result = scene.run("gapseal-line", "run", "--home", "line1", "--once", "--json", "--timeout", "20", "--port",
                       "p0=" + modem.link, *options, check=code, stdin=None if scan is None else scan.encode() + b"\n")
    return result.devices()[0]


def accepted(scene, batch, **counts):
    log = "log-%d" % scene.next()
    scene.export(log)
    report = scene.reconcile([batch], [log])
    expect(report["verdict"] == "accept", report)
    for name, count in counts.items():
        expect(report["counts"][name] == count, report["counts"])


def form(scene):
    """The form of digest the log's last end names."""
    ends = [line for line in scene.read("line1", "log", "entries.jsonl").splitlines() if b'"type":"end"' in line]
    return ends[-1].split(b'"form":"')[1].split(b'"')[0].decode()


def every_way_to_the_modem_ends_in_accept(scene):
    scene.make_org()
    devices = scene.make_batch()
    scene.ingest("psk-1", "grant-psk-1")
    ways = (("--dialect", "at", "--terminator", "lf"), ("--dialect", "slm"), ("--dialect", "slm", "--terminator", "cr"),
            ("--dialect", "shell"))
    for number, way in zip(devices, ways):
        modem = scene.modem(number, None, None, *way)
        expect(serve(scene, modem)["result"] == "done", way)
        expect(scene.slot(modem, 42, 4) == b"urn:imei:" + number.encode(), "identity")
        expect(serve(scene, modem)["result"] == "same", "the listing is understood without the record")
        expect(form(scene) == "exact", "form")
    accepted(scene, "psk-1", done=4)


def certificates_go_through_a_shell_with_a_long_line(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", PROFILE_X509, [imei(i) for i in range(2)])
    scene.ingest("x509-1", "grant-x509-1")
    modem = scene.modem(devices[0], None, None, "--dialect", "shell", *WIDE)
    expect(serve(scene, modem, *WIDE)["result"] == "done", "done")
    expect(scene.slot(modem, 16842753, 0) == scene.read("root.pem"), "the very bytes, line ends and all")
    expect(scene.slot(modem, 16842753, 2).endswith(b" PRIVATE KEY-----\n"), "the key")
    short = scene.modem(devices[1], None, None, "--dialect", "shell")
    event = serve(scene, short, code=1)
    expect(event["result"] == "failed" and event["reason"] == "line-limit" and event["class"] == "station", event)
    expect(scene.slot(short, 16842753, 0) is None, "nothing was begun")
    accepted(scene, "x509-1", done=1, failed=1)


def a_shell_that_rewrites_line_ends_changes_nothing(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", PROFILE_X509, [imei(0)])
    scene.ingest("x509-1", "grant-x509-1")
    modem = scene.modem(devices[0], "unescape-lf\n", None, "--dialect", "shell", *WIDE)
    expect(serve(scene, modem, "--dialect", "shell", *WIDE)["result"] == "done", "done")
    expect(scene.slot(modem, 16842753, 0) == scene.read("root.pem"), "no CR came in")


def the_credentials_shell_needs_the_policys_leave(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", PROFILE_X509, [imei(0)])
    scene.ingest("x509-1", "grant-x509-1")
    modem = scene.modem(devices[0], None, None, "--dialect", "cred")
    event = serve(scene, modem, code=1, scan=devices[0])
    expect(event["result"] == "refused" and event["reason"] == "digest-form", event)
    expect(b'"type":"begin"' not in scene.read("line1", "log", "entries.jsonl"), "the record stayed closed")
    accepted(scene, "x509-1", done=0, unused=1)


def with_it_the_other_form_of_digest_counts(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", NUL, [imei(0)])
    scene.ingest("x509-1", "grant-x509-1")
    modem = scene.modem(devices[0], 'store 16842753,2 "somebody else\'s"\n', None, "--dialect", "cred")
    event = serve(scene, modem, scan=devices[0])
    expect(event["result"] == "done" and event["pass"], event)
    expect(form(scene) == "nul", "the entry says so")
    expect(scene.slot(modem, 16842753, 0) == scene.read("root.pem") + b"\0", "content and NUL")
    accepted(scene, "x509-1", done=1)
    # What it lists means nothing without the record, and that stays closed: a person must say so.
    again = serve(scene, modem, code=1, scan=devices[0])
    expect(again["result"] == "refused" and again["reason"] == "done-uncompared", again)
    scene.line("release", "--home", "line1", "--imei", devices[0], "--operator", "op", "--reason", "check it")
    again = serve(scene, modem, scan=devices[0])
    expect(again["result"] == "done" and form(scene) == "nul", again)
    log = scene.read("line1", "log", "entries.jsonl").splitlines()
    expect(b'"steps":[]' in [line for line in log if b'"type":"end"' in line][-1], "nothing had to be written")
    accepted(scene, "x509-1", done=1)


def a_device_without_a_name_needs_its_label(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", NUL, [imei(0)])
    scene.ingest("x509-1", "grant-x509-1")
    modem = scene.modem(devices[0], None, None, "--dialect", "cred")
    event = serve(scene, modem, "--label-timeout", "1", code=1)
    expect(event["result"] == "refused" and event["reason"] == "label-missing", event)


def hex_digits_are_no_key_in_the_credentials_shell(scene):
    scene.make_org()
    devices = scene.make_batch("psk-1", PROFILE_PSK.replace("policy {", "policy { digest_forms = {exact, nul} "))
    scene.ingest("psk-1", "grant-psk-1")
    modem = scene.modem(devices[0], None, None, "--dialect", "cred")
    event = serve(scene, modem, code=1, scan=devices[0])
    expect(event["result"] == "failed" and event["reason"] == "kind-unsupported", event)
    expect(scene.slot(modem, 42, 4) is None, "nothing was begun")


def a_digest_of_neither_form_is_refused(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", NUL, [imei(0)])
    scene.ingest("x509-1", "grant-x509-1")
    modem = scene.modem(devices[0], "corrupt on 1+ write 16842753,1\n", None, "--dialect", "cred")
    event = serve(scene, modem, code=1, scan=devices[0])
    expect(event["result"] == "failed" and event["reason"] == "digest-differs", event)
    wrong = hashlib.sha256(scene.slot(modem, 16842753, 1)).hexdigest()
    expect(wrong.encode() not in scene.read("line1", "log", "entries.jsonl"), "no digest is in the log")


def settings_go_with_the_port(scene):
    scene.make_org()
    devices = scene.make_batch("x509-1", PROFILE_X509, [imei(i) for i in range(2)])
    scene.ingest("x509-1", "grant-x509-1")
    shell = scene.modem(devices[0], None, None, "--dialect", "shell", *WIDE)
    plain = scene.modem(devices[1], None, None, "--terminator", "crlf")
    scene.write("ports", "left = %s dialect shell line_limit 4096 pacing 64/1\nright = %s dialect at terminator crlf\n"
                % (shell.link, plain.link))
    result = scene.line("run", "--home", "line1", "--once", "--json", "--timeout", "20", "--ports-from", "ports")
    expect([d["result"] for d in result.devices()] == ["done", "done"], result.out)
    for line, what in (("left = %s dialect slm\n", "dialect is"), ("left = %s pacing 12\n", "pacing is"),
                       ("left = %s flow none flow none\n", "at most once"), ("left = %s speed 9\n", "at most once")):
        scene.write("ports", line % shell.link)
        result = scene.line("run", "--home", "line1", "--once", "--ports-from", "ports", check=2)
        expect("ports:1" in result.err and what in result.err, result.err)
    for option in (("--dialect", "slm"), ("--terminator", "no"), ("--pacing", "0/1"), ("--line-limit", "9")):
        result = scene.line("run", "--home", "line1", "--once", "--port", shell.link, *option, check=2)
        expect("setting-value" in result.err, result.err)


if __name__ == "__main__":
    main(every_way_to_the_modem_ends_in_accept, certificates_go_through_a_shell_with_a_long_line,
         a_shell_that_rewrites_line_ends_changes_nothing, the_credentials_shell_needs_the_policys_leave,
         with_it_the_other_form_of_digest_counts, a_device_without_a_name_needs_its_label,
         hex_digits_are_no_key_in_the_credentials_shell, a_digest_of_neither_form_is_refused, settings_go_with_the_port)
