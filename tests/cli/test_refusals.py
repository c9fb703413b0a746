# SPDX-License-Identifier: ISC
"""Bad input to the real programs: one clear line with place and rule, the right exit code, no output, nothing half-written."""
import json
import os
import shutil

from scene import BUILD, PROFILE_PSK, PROFILE_X509, expect, imei, main


def refused(result, code, *words):
    expect(result.code == code, "exit %d, not %d: %s%s" % (result.code, code, result.out, result.err))
    for word in words:
        expect(word in result.err, "%r in %r" % (word, result.err))
    return result


def usage_is_exit_2(scene):
    for program in ("gapseal", "gapseal-line", "gapseal-audit", "gapseal-sim"):
        refused(scene.run(program, "no-such-command"), 2)
        refused(scene.run(program), 2)
        result = scene.run(program, "--help", check=0)
        expect(result.out.startswith("usage:") and not result.err, program + " --help")
        expect(program in scene.run(program, "--version", check=0).out, program + " --version")
    for args in (("lint", "--profile", "x"), ("lint", "--nonsense"), ("compile",), ("sign", "x"), ("lint", "--csv", "a", "--csv", "b")):
        refused(scene.run("gapseal", *args), 2, "[usage]")
    refused(scene.run("gapseal-line", "run", "--home", "nowhere", "--once"), 2)


def every_command_has_help(scene):
    for program in ("gapseal", "gapseal-line", "gapseal-audit"):
        lines = scene.run(program, "--help", check=0).out.splitlines()
        commands = [l[2:18].strip() for l in lines if l.startswith("  ") and l[2] != " "]
        expect(len(commands) >= 2, lines)
        for command in commands:
            result = scene.run(program, *command.split(), "--help", check=0)
            expect(result.out.startswith("usage: %s %s" % (program, command)), result.out)


def lint_lists_everything_at_once(scene):
    scene.write("p.conf", PROFILE_PSK)
    good = imei(1)
    bad = good[:-1] + str((int(good[-1]) + 1) % 10)
    scene.write("d.csv", "imei\n%s\n%s\n%s\n3.52656E+14\n%s\n%s1\n000000000000000\n" % (good, bad, good, good[:14], good))
    result = scene.run("gapseal", "lint", "--profile", "p.conf", "--csv", "d.csv", check=1)
    for code in ("imei-check-digit", "imei-duplicate", "imei-digits", "imei-length", "imei-zero"):
        expect(code in result.out, code + " in " + result.out)
    expect("d.csv:3:1" in result.out, result.out)
    answer = json.loads(scene.run("gapseal", "lint", "--profile", "p.conf", "--csv", "d.csv", "--json", check=1).out)
    expect(answer["errors"] >= 6 and all(f["code"] and f["where"] and f["text"] for f in answer["findings"]), answer)


def a_refused_compile_leaves_nothing(scene):
    scene.make_org()
    result = scene.compile("psk-1", PROFILE_PSK, ["123456789012345"], check=1)
    refused(result, 1, "psk-1.csv:2:1", "imei-check-digit")
    expect(not os.path.exists(scene.path("psk-1")), "no batch folder")
    expect(not os.listdir(scene.path("office", "batches")), "no master key")
    expect(not [n for n in os.listdir(scene.folder) if n.endswith(".part") or ".part" in n], "no draft")
    scene.compile("psk-1", PROFILE_PSK, [imei(1)])
    refused(scene.compile("psk-1", PROFILE_PSK, [imei(2)], check=2), 2, "file-exists")


def compile_needs_what_it_needs(scene):
    scene.make_org()
    scene.make_ca()
    refused(scene.compile("x", PROFILE_X509, [imei(1)], check=2), 2, "ca-needed")
    shutil.rmtree(scene.path("x"), ignore_errors=True)
    scene.write("x.csv", "imei\n" + imei(1) + "\n")
    refused(scene.run("gapseal", "compile", "--office", "office", "--trust", "trust.json", "--profile", "x.conf", "--csv", "x.csv",
                      "--id", "x", "--out", "x", "--ca", "ca"), 1, "escrow-needed")
    refused(scene.run("gapseal", "compile", "--office", "office", "--trust", "trust.json", "--pin", "0" * 64, "--profile", "x.conf",
                      "--csv", "x.csv", "--id", "x", "--out", "x"), 1, "pin-differs")
    refused(scene.run("gapseal", "compile", "--office", "nowhere", "--trust", "trust.json", "--profile", "x.conf", "--csv", "x.csv",
                      "--id", "x", "--out", "x"), 2)
    expect(not os.path.exists(scene.path("x")), "nothing was made")


def thresholds_count_people(scene):
    scene.make_org()
    scene.compile("psk-1", PROFILE_PSK, [imei(1)])
    scene.sign("anna", "psk-1")
    expect("already signed" in scene.sign("anna", "psk-1").out, "signing twice is harmless")
    refused(scene.run("gapseal-audit", "verify", "--trust", "trust.json", "--batch", "psk-1"), 1)
    refused(scene.ingest("psk-1", check=1), 1, "signature-threshold")
    refused(scene.run("gapseal", "grant", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--station", "line1",
                      "--all-lots", "--out", "g"), 1, "signature-threshold")
    scene.office("keygen", "officer", "mallory", "--out", "officers", "--no-passphrase")
    scene.sign("mallory", "psk-1")
    scene.sign("ben", "psk-1")
    refused(scene.ingest("psk-1", check=1), 1, "signature-key")


def unsigned_trust_is_not_taken(scene):
    scene.make_org()
    scene.office("trust", "new", "--org", "acme", "--officer", "officers/anna.pub", "--officer", "officers/ben.pub", "--out", "t.json")
    refused(scene.run("gapseal-line", "enroll", "--home", "line9", "--org", "acme", "--name", "line9"), 0)
    pin = scene.tool("sha256sum", "t.json").stdout.decode().split()[0]
    refused(scene.run("gapseal-line", "trust", "--home", "line9", "t.json", "--pin", pin), 1, "signature-threshold")
    refused(scene.run("gapseal-line", "trust", "--home", "line9", "trust.json", "--pin", "1" * 64), 1, "pin-differs")
    refused(scene.run("gapseal-line", "trust", "--home", "line9", "trust.json"), 2, "pin-needed")
    refused(scene.run("gapseal-line", "ingest", "--home", "line9", "trust.json"), 1)
    scene.office("trust", "new", "--org", "acme", "--officer", "officers/anna.pub", "--trust-threshold", 1, "--out", "u.json", check=1)


def a_grant_for_another_station_is_refused(scene):
    scene.make_org(stations=("line1", "line2"))
    scene.make_batch()
    refused(scene.ingest("psk-1", "grant-psk-1", home="line2", check=1), 1, "grant-station")
    expect(not os.listdir(scene.path("line2", "grants")), "no grant was taken")
    refused(scene.ingest("grant-psk-1", home="line1", check=1), 1, "grant-batch")
    scene.ingest("psk-1", "grant-psk-1", home="line1")
    expect("held" in scene.ingest("psk-1", "grant-psk-1", home="line1").out, "repeating is harmless")


def grants_may_not_overlap(scene):
    scene.make_org(stations=("line1", "line2"))
    scene.make_batch()
    refused(scene.run("gapseal", "grant", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--station", "line2",
                      "--all-lots", "--out", "g2"), 1, "grant-overlap")
    expect(not os.path.exists(scene.path("g2")), "nothing was made")
    scene.office("grant", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--station", "line2", "--all-lots",
                 "--replaces", 1, "--out", "g2")


def the_same_slot_twice_is_refused(scene):
    scene.make_org()
    devices = scene.make_batch()
    refused(scene.compile("psk-2", PROFILE_PSK, devices[:1], check=1), 1, "ledger-slot")
    scene.compile("psk-3", PROFILE_PSK.replace("tag = 42", "tag = 43"), devices[:1])


def a_batch_the_ledger_does_not_know_gets_no_grant(scene):
    scene.make_org()
    scene.make_batch()
    os.remove(scene.path("office", "ledger.sqlite"))
    scene.office("keygen", "office", "--out", "other", "--no-passphrase")
    shutil.copy(scene.path("other", "ledger.sqlite"), scene.path("office", "ledger.sqlite"))
    refused(scene.run("gapseal", "grant", "--office", "office", "--trust", "trust.json", "--batch", "psk-1", "--station", "line1",
                      "--all-lots", "--out", "g2"), 1, "ledger-batch")


def sign_asks_or_refuses(scene):
    scene.make_org()
    scene.compile("psk-1", PROFILE_PSK, [imei(1)])
    result = scene.tool("setsid", os.path.join(BUILD, "gapseal"), "sign", "psk-1", "--key", "officers/anna.key", check=2)
    expect(b"no-terminal" in result.stderr, result.stderr)
    expect(not [n for n in os.listdir(scene.path("psk-1")) if n.endswith(".minisig")], "nothing was signed")


def json_errors_are_json(scene):
    result = scene.run("gapseal", "lint", "--json", "--profile", "no.conf", "--csv", "no.csv")
    expect(result.code == 2, result.code)
    answer = json.loads(result.out)
    expect(answer["event"] == "error" and answer["code"] and answer["text"], answer)


def a_broken_conf_is_refused(scene):
    scene.make_org()
    for text in ('trust = "$HOME/t.json"\n', "lot_size = 0x10\n", "nonsense = 1\n", 'trust = "a"\ntrust = "b"\n', 'trust = "a\n'):
        scene.write(os.path.join("office", "office.conf"), text)
        refused(scene.compile("psk-1", PROFILE_PSK, [imei(1)], check=None), 1, "office.conf:")


def officers_with_passphrases(scene):
    """Three programs agree on one passphrase file: keygen, sign, and stock minisign's key format (1 GiB of scrypt each)."""
    read, write = os.pipe()
    os.write(write, b"correct horse\n")
    os.close(write)
    scene.tool(os.path.join(BUILD, "gapseal"), "keygen", "officer", "anna", "--out", "officers", "--passphrase-fd", read, pass_fds=[read])
    os.close(read)
    scene.office("keygen", "officer", "ben", "--out", "officers", "--no-passphrase")
    scene.office("trust", "new", "--org", "acme", "--officer", "officers/anna.pub", "--officer", "officers/ben.pub", "--out", "t.json")
    for phrase, code in ((b"wrong\n", 1), (b"correct horse\n", 0)):
        read, write = os.pipe()
        os.write(write, phrase)
        os.close(write)
        scene.tool(os.path.join(BUILD, "gapseal"), "sign", "t.json", "--key", "officers/anna.key", "--yes", "--passphrase-fd", read,
                   pass_fds=[read], check=code)
        os.close(read)


main(usage_is_exit_2, every_command_has_help, lint_lists_everything_at_once, a_refused_compile_leaves_nothing,
     compile_needs_what_it_needs, thresholds_count_people, unsigned_trust_is_not_taken, a_grant_for_another_station_is_refused,
     grants_may_not_overlap, the_same_slot_twice_is_refused, a_batch_the_ledger_does_not_know_gets_no_grant, sign_asks_or_refuses,
     json_errors_are_json, a_broken_conf_is_refused, officers_with_passphrases)
