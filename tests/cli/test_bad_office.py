#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Bad input to the office's real program, one row a fault: a line that says where and what to do, a stable code, the right exit,
and nothing touched that was there before."""
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess

from desk import (ACCEPT, BACKUP, CA_NEW, COMPILE, COMPILE_X509, EXPORT, EXTRACT, FAILURES, GRANT, KEYGEN_OFFICE, KEYGEN_OFFICER,
                  LINT, REBUILD, SHOW, SIGN, TRUST_NEXT, VERIFY, Desks, Row, check_rows, csv_of, vector)
from scene import expect, imei, main

MANY = csv_of(range(10000, 19000))  # more than one write takes
NUMBER = imei(1)


def put(name, text, mode=0o644):
    return lambda desk: desk.write(name, text, mode)


def gone(name):
    return lambda desk: desk.remove(name)


def cut(name, size):
    return lambda desk: desk.write(name, desk.read(name)[:size])


def instead(name, make):
    """Something that is no file where a file should be."""
    def spoil(desk):
        desk.remove(name)
        make(desk.path(name))
    return spoil


def link_to_itself(path):
    os.symlink(os.path.basename(path), path)


def mode(name, bits):
    return lambda desk: os.chmod(desk.path(name), bits)


def without(args, old, new):
    return [new if a == old else a for a in args]


def out(args, path):
    return args[:args.index("--out") + 1] + [path] + args[args.index("--out") + 2:]


def csv_row(name, answer, code, *words, csv=None, spoil=None, **options):
    return Row("CSV " + name, COMPILE, answer, code, *words, spoil=spoil or put("d.csv", csv), **options)


CSVS = [
    csv_row("absent", 2, "file-open", "d.csv: cannot open", spoil=gone("d.csv")),
    csv_row("without a byte", 1, "csv-empty", "d.csv: the file is empty", csv=""),
    csv_row("without devices", 1, "csv-rows", "d.csv: the file has 0 devices", csv="imei\n"),
    csv_row("without devices or a line end", 1, "csv-rows", csv="imei"),
    csv_row("with a byte order mark", 0, "", csv="\ufeff" + csv_of([1])),
    csv_row("in UTF-16", 1, "csv-utf16", "save the table as CSV UTF-8", csv=csv_of([1]).encode("utf-16")),
    csv_row("in UTF-16 without a mark", 1, "csv-utf16", csv=csv_of([1]).encode("utf-16-le")),
    csv_row("in Latin-1", 1, "csv-utf8", "d.csv:2:2", csv=b"imei,serial\n" + NUMBER.encode() + b",\xe9\n"),
    csv_row("with a NUL", 1, "csv-control", "d.csv:2:1", "2 errors, this is the first; nothing was written", csv="imei\n" + NUMBER[:5] + "\0" + NUMBER[5:] + "\n"),
    csv_row("with NULs behind it", 1, "csv-control", "d.csv:3:1", csv=csv_of([1]) + "\0" * 4096),
    csv_row("with CR alone", 1, "csv-line", "d.csv:1", "line ends of LF or CR LF", csv=csv_of([1]).replace("\n", "\r")),
    csv_row("with a long line", 1, "csv-line", "d.csv:2", "70000", csv="imei\n" + "1" * 70000 + "\n"),
    csv_row("with 100 000 columns", 1, "csv-line", "d.csv:1", csv="imei" + "".join(",c%d" % i for i in range(100000)) + "\n"),
    csv_row("with 20 000 short columns", 1, "csv-columns", "20001", csv="imei" + ",c" * 20000 + "\n" + NUMBER + "\n"),
    csv_row("with 65 columns", 1, "csv-columns", csv="imei" + "".join(",c%d" % i for i in range(64)) + "\n" + NUMBER + "\n"),
    csv_row("with a row of 100 000 fields", 1, "csv-line", "d.csv:2", csv=csv_of([1])[:-1] + "," * 100000 + "\n"),
    csv_row("a FIFO", 2, "file-kind", "d.csv: not a regular file", spoil=instead("d.csv", os.mkfifo)),
    csv_row("a folder", 2, "file-kind", "d.csv", spoil=instead("d.csv", os.mkdir)),
    csv_row("a link to itself", 2, "file-kind", "d.csv", spoil=instead("d.csv", link_to_itself)),
    Row("CSV a device", without(COMPILE, "d.csv", "/dev/zero"), 2, "file-kind", "/dev/zero"),
    csv_row("not to be read", 2, "file-open", "d.csv: cannot open: Permission denied", csv=csv_of([1]),
            inject=["openat:error=EACCES"], only=["d.csv"]),
    csv_row("on a bad medium", 2, "file-read", "d.csv: cannot read: Input/output error", csv=csv_of([1]),
            inject=["pread64:error=EIO"], only=["d.csv"]),
    Row("lint of no CSV", LINT, 2, "file-open", "d.csv", spoil=gone("d.csv")),
    Row("profile absent", COMPILE, 2, "file-open", "p.conf", spoil=gone("p.conf")),
    Row("profile empty", COMPILE, 1, "lint", "p.conf: 1 error; nothing was written", spoil=put("p.conf", "")),
    Row("profile of bytes", COMPILE, 1, "config-form", "p.conf:1", spoil=put("p.conf", b"\x7fELF\0\0")),
    Row("profile too long", COMPILE, 2, "file-size", "p.conf", spoil=put("p.conf", "#" * 3000000)),
    Row("roots absent", COMPILE_X509, 1, "pem-file", "x.conf:2: root.pem: cannot open", spoil=gone("root.pem")),
]


def ca(cert, key):
    def spoil(desk):
        desk.write("ca/ca.pem", vector(cert))
        desk.write("ca/ca.key", vector(key), 0o600)
    return spoil


def ca_of(*algorithm):
    def spoil(desk):
        desk.tool("openssl", "req", "-x509", "-newkey", *algorithm, "-nodes", "-keyout", "ca/ca.key", "-out", "ca/ca.pem", "-subj",
                  "/CN=CA", "-days", "10")
        os.chmod(desk.path("ca/ca.key"), 0o600)
    return spoil


def ca_row(name, answer, code, *words, spoil, **options):
    return Row("CA " + name, COMPILE_X509, answer, code, *words, spoil=spoil, **options)


SEALED = ca("p256.pem", "p256-encrypted.key")
CAS = [
    ca_row("expired", 1, "ca-expired", "ca: ", "only to 2025-01-01", "set the clock", spoil=ca("p256-expired.pem", "p256.key")),
    ca_row("not valid yet", 1, "ca-expired", "only from 2100-01-01", spoil=ca("p256-early.pem", "p256.key")),
    ca_row("ending before its certificates", 0, "cert-outlives", "x.conf:3",
           spoil=ca_of("ec", "-pkeyopt", "ec_paramgen_curve:P-256")),
    ca_row("that is none", 1, "ca-usage", "CA:TRUE", spoil=ca("p256-not-ca.pem", "p256.key")),
    ca_row("that may not sign", 1, "ca-usage", spoil=ca("p256-no-cert-sign.pem", "p256.key")),
    ca_row("with the key of another", 1, "ca-match", "do not belong together", spoil=ca("p256.pem", "rsa2048.key")),
    ca_row("of RSA 1024", 1, "ca-key", "2048 bits", spoil=ca("rsa1024.pem", "rsa1024.key")),
    ca_row("of P-384", 1, "ca-key", spoil=ca("p384.pem", "p384.key")),
    ca_row("of P-521", 1, "ca-key", spoil=ca_of("ec", "-pkeyopt", "ec_paramgen_curve:P-521")),
    ca_row("of Ed25519", 1, "ca-key", spoil=ca_of("ed25519")),
    ca_row("key empty", 1, "pem-parse", "the private key", spoil=put("ca/ca.key", "", 0o600)),
    ca_row("key of words", 1, "pem-parse", spoil=put("ca/ca.key", "a secret\n", 0o600)),
    ca_row("certificate empty", 1, "pem-none", spoil=put("ca/ca.pem", "")),
    ca_row("key absent", 2, "file-open", "ca/ca.key: cannot open", spoil=gone("ca/ca.key")),
    ca_row("certificate absent", 2, "file-open", "ca/ca.pem: cannot open", spoil=gone("ca/ca.pem")),
    ca_row("absent", 2, "file-open", "ca: cannot open", spoil=gone("ca")),
    ca_row("key not to be read", 2, "file-open", "ca/ca.key: cannot open: Permission denied", spoil=mode("ca/ca.key", 0o600),
           inject=["openat:error=EACCES"], only=["ca.key"]),
    ca_row("key the group may read", 2, "file-mode", "ca/ca.key", "chmod 600", spoil=mode("ca/ca.key", 0o640)),
    ca_row("key sealed and nobody to ask", 2, "no-terminal", "--passphrase-fd", spoil=SEALED),
    ca_row("passphrase wrong", 1, "passphrase-wrong", spoil=SEALED, phrase=b"wrong\n"),
    ca_row("passphrase empty", 2, "passphrase-empty", spoil=SEALED, phrase=b"\n"),
    ca_row("passphrase not there", 2, "passphrase-empty", spoil=SEALED, phrase=b""),
    ca_row("passphrase without end", 2, "passphrase-read", "1024", spoil=SEALED, phrase=b"a" * 4000),
    Row("passphrase descriptor closed", COMPILE_X509 + ["--passphrase-fd", "97"], 2, "passphrase-read", "Bad file descriptor",
        spoil=SEALED),
]


def seal_identity(desk):
    """An identity with a passphrase: 256 MiB and half a second of scrypt."""
    done = desk.run(KEYGEN_OFFICE[:4], phrase=b"right words\n")
    expect(done.returncode == 0, done.stderr)
    for name in ("identity.age", "recipient"):
        shutil.copy(desk.path("o2", name), desk.path("office", name))
    os.remove(desk.path("office", "identity"))
    shutil.rmtree(desk.path("o2"))


KEYS = [
    Row("identity the group may read", GRANT, 2, "file-mode", "office/identity", "chmod 600", spoil=mode("office/identity", 0o640)),
    Row("identity not to be read", EXTRACT, 2, "file-open", "office/identity: cannot open: Permission denied",
        inject=["openat:error=EACCES"], only=["identity"], spoil=mode("office/identity", 0o600)),
    Row("identity empty", GRANT, 1, "age-identity", "office/identity", spoil=put("office/identity", "", 0o600)),
    Row("identity absent", GRANT, 2, "file-open", "office/identity", spoil=gone("office/identity")),
    Row("identity sealed, passphrase wrong", GRANT, 1, "passphrase-wrong", "office/identity.age", spoil=seal_identity,
        phrase=b"wrong words\n"),
    Row("officer's key others may read", SIGN, 2, "file-mode", "officers/carla.key", "chmod 600",
        spoil=mode("officers/carla.key", 0o644)),
    Row("officer's key not to be read", SIGN, 2, "file-open", "officers/carla.key: cannot open: Permission denied",
        inject=["openat:error=EACCES"], only=["officers/carla.key"]),
    Row("officer's key empty", SIGN, 1, "officer-key", "the file is empty", spoil=put("officers/carla.key", "", 0o600)),
    Row("officer's key absent", SIGN, 2, "file-open", "officers/carla.key", spoil=gone("officers/carla.key")),
    Row("public key for the secret one", without(SIGN, "officers/carla.key", "officers/carla.pub"), 1, "officer-key",
        "this is a public key", spoil=mode("officers/carla.pub", 0o600)),
]

FOLDERS = {
    "without SHA256SUMS": (gone("old/SHA256SUMS"), 2, "file-open", "old/SHA256SUMS: the file is missing", "copy it again"),
    "with empty SHA256SUMS": (put("old/SHA256SUMS", ""), 1, "sums-form", "old/SHA256SUMS"),
    "without records": (gone("old/records-000.bin"), 1, "records-missing", "old/records-000.bin: the file is missing"),
    "with records cut short": (cut("old/records-000.bin", 1000), 1, "records-size", "old/records-000.bin: the file has 1000 bytes"),
    "without a manifest": (gone("old/manifest.json"), 2, "file-open", "old/manifest.json: cannot open"),
    "that is not there": (gone("old"), 2, "file-open", "old: cannot open"),
}
# What differs where a command looks at less, or in another order.
FOLDERS_BUT = {
    ("with records cut short", "rebuild"): (1, "rebuild-files", "old/records-000.bin"),
    ("without a manifest", "sign"): (2, "sign-kind", "old: neither a batch folder nor a grant folder"),
}


def folder_rows():
    for what, (spoil, *refusal) in FOLDERS.items():
        for args in (SIGN, GRANT, REBUILD, EXPORT, EXTRACT, ACCEPT, VERIFY):
            answer, code, *words = FOLDERS_BUT.get((what, args[0]), refusal)
            yield Row("%s of a batch %s" % (args[0], what), args, answer, code, *words, spoil=spoil)
    half = cut("old/manifest.json", 700)
    yield Row("sign of half a manifest", SIGN, 2, "sign-kind", "old/manifest.json", "not all of it", spoil=half)
    yield Row("rebuild of half a manifest", REBUILD, 1, "json-schema", "old/manifest.json", spoil=half)
    yield Row("verify of half a manifest", VERIFY, 1, "json-schema", "old/manifest.json", spoil=half)
    for args in (GRANT, EXPORT, EXTRACT, ACCEPT):
        yield Row(args[0] + " of half a manifest", args, 1, "minisig-signature", "old/manifest.json.", spoil=half)


def damage_page(desk):
    """The page of the batches is overwritten: the header of the file stays good."""
    text = desk.read("office/ledger.sqlite")
    at = text.index(b"42/3 42/4") // 4096 * 4096
    desk.write("office/ledger.sqlite", text[:at] + b"\xff" * 4096 + text[at + 4096:], 0o600)


LEDGERS = {
    "absent": (gone("office/ledger.sqlite"), "ledger-open", "office/ledger.sqlite: the office has no ledger", "backup"),
    "empty": (put("office/ledger.sqlite", "", 0o600), "ledger-form", "take it from the backup"),
    "of words": (put("office/ledger.sqlite", "no database " * 1000, 0o600), "ledger-form", "take it from the backup"),
    "cut short": (cut("office/ledger.sqlite", 8192), "ledger-form", "take it from the backup"),
    "with a page overwritten": (damage_page, "ledger-form", "take it from the backup"),
    "of a newer program": (lambda desk: desk.sql("PRAGMA user_version = 99"), "ledger-form", "version 99"),
}


def ledger_rows():
    for what, (spoil, *refusal) in LEDGERS.items():
        for args in (COMPILE, GRANT, EXPORT, SHOW, VERIFY, BACKUP, EXTRACT):
            if spoil != damage_page or args not in (VERIFY, BACKUP):
                yield Row("%s with a ledger %s" % (" ".join(args[:2]), what), args, 2, *refusal, spoil=spoil)
    yield Row("verify of a ledger with a page overwritten", VERIFY, 1, "ledger-broken", "office/ledger.sqlite",
              "take it from the backup", spoil=damage_page)
    yield Row("backup of a ledger with a page overwritten", BACKUP, 1, "ledger-broken", "ledger.copy: the copy does not verify",
              spoil=damage_page)


def other_org(desk):
    """Everything of trust.json but the organisation."""
    args = ["trust", "new", "--org", "globex", "--out", "other.json", "--batch-threshold", "2", "--trust-threshold", "2"]
    for name in ("anna", "ben", "carla"):
        args += ["--officer", "officers/%s.pub" % name]
    for args in (args, ["sign", "other.json", "--key", "officers/anna.key", "--yes"],
                 ["sign", "other.json", "--key", "officers/ben.key", "--yes"]):
        expect(desk.run(args).returncode == 0, args)


def trust_of_tomorrow(desk):
    """Signed by the same officers in a year to come, for an office that has seen no other."""
    desk.write("t.json", re.sub(rb'"issued": "[0-9]{4}', b'"issued": "2399', desk.read("trust.json")))
    sign = ["sign", "t.json", "--yes", "--key"]
    for args in (sign + ["officers/anna.key"], sign + ["officers/ben.key"], KEYGEN_OFFICE):
        expect(desk.run(args).returncode == 0, args)


OFFICES = [
    Row("clock before the trust file's", without(without(COMPILE, "trust.json", "t.json"), "office", "o2"), 0, "",
        "WARNING: the clock of this machine says 20", "issued 2399-", "set the clock", spoil=trust_of_tomorrow),
    Row("ledger of another organisation", COMPILE, 1, "ledger-org", "office/ledger.sqlite",
        spoil=lambda desk: desk.sql("UPDATE meta SET org = 'globex'")),
    Row("ledger of another organisation, grant", GRANT, 1, "ledger-org",
        spoil=lambda desk: desk.sql("UPDATE meta SET org = 'globex'")),
    Row("trust of another organisation", without(COMPILE, "trust.json", "other.json"), 1, "trust-differs", "other.json",
        spoil=other_org),
    Row("trust cut short", COMPILE, 1, "json-schema", "trust.json", "not all of it", spoil=cut("trust.json", 300)),
    Row("trust absent", COMPILE, 2, "file-open", "trust.json", spoil=gone("trust.json")),
    Row("office absent", COMPILE, 2, "file-open", "office", spoil=gone("office")),
    Row("office without recipient", COMPILE, 2, "office-open", "office", "keygen office", spoil=gone("office/recipient")),
    Row("office.conf absent", COMPILE, 0, "", spoil=gone("office/office.conf")),
    Row("office.conf with what nobody knows", COMPILE, 1, "config-option", "office/office.conf:1",
        spoil=put("office/office.conf", "nonsense = 1\n")),
    Row("office.conf with one thing twice", COMPILE, 1, "config-option", "office/office.conf:2",
        spoil=put("office/office.conf", "lot_size = 1\nlot_size = 2\n")),
    Row("out in a folder that is not there", out(COMPILE, "none/new"), 2, "file-open", "none: cannot open"),
    Row("out there already", COMPILE, 2, "file-exists", "new: exists already", spoil=lambda desk: os.mkdir(desk.path("new"))),
    Row("out beside a read-only medium", COMPILE, 2, "file-write", "new: cannot create a folder here: Read-only file system",
        inject=["mkdirat:error=EROFS"]),
    Row("out where nothing may be made", COMPILE, 2, "file-write", "new: cannot create a folder here: Permission denied",
        inject=["mkdirat:error=EACCES"]),
]


def calls_that_fail(scene):
    """Each call that changes the disk fails once, in every command that makes a file or a folder: nothing is left, or the whole."""
    commands = (GRANT, SIGN, EXPORT, EXTRACT, TRUST_NEXT, BACKUP, KEYGEN_OFFICE, KEYGEN_OFFICER, CA_NEW)
    failed, tried = [], 0
    with Desks(scene) as desks:
        for args in commands:
            with desks.new() as desk:
                before = desk.look()
                counts = desk.calls(args, FAILURES)
                whole = [name for name in desk.changed(before) if name != "office/ledger.sqlite"]
            for call, n in ((c, n) for c in counts for n in range(1, counts[c] + 1)):
                tried += 1
                with desks.new() as desk:
                    failed += one_call_fails(desk, args, call, n, whole)
    print("     %d calls" % tried)
    expect(tried > 100 and not failed, "\n".join(failed))


def one_call_fails(desk, args, call, n, whole):
    before = desk.look()
    done = desk.run(args, inject=["%s:error=%s:when=%d" % (call, FAILURES[call], n)])
    said, changed = done.stderr.decode(), desk.changed(before)
    made = [name for name in changed if name != "office/ledger.sqlite"]
    where = "%s, %s %d failing: exit %d, changed %s, %s" % (" ".join(args[:2]), call, n, done.returncode, changed, said)
    if done.returncode not in (0, 2) or made not in ([], whole) or (done.returncode == 0 and made != whole):
        return [where]
    # a message that could not be written says nothing, and what lacks nothing but its sync is whole
    return [] if done.returncode == 0 or "]" in said or call == "write" else [where]


def interrupted(scene):
    """A signal lets a compile take back what is half made; from some moment on it completes it instead."""
    whole = 0
    with Desks(scene) as desks:
        with desks.new() as desk:
            desk.write("d.csv", MANY)
            counts = desk.calls(COMPILE, FAILURES)
        for name in "SIGINT", "SIGTERM", "SIGHUP":
            with desks.new() as desk:
                Row(name, COMPILE, 2, "interrupted", "nothing was written", spoil=put("d.csv", MANY),
                    inject=["mkdirat:signal=%s:when=1" % name]).check(desk)
        for call, n in ((c, n) for c in counts if c != "write" for n in range(1, counts[c] + 1)):
            with desks.new() as desk:
                whole += one_interrupt(desk, call, n)
        with desks.new() as desk:
            ignored = desk.run(COMPILE, inject=["mkdirat:signal=SIGHUP:when=1"],
                               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
            expect(ignored.returncode == 0, "a signal that was ignored stays so: %s" % ignored.stderr)
        expect(0 < whole < sum(counts.values()) - counts["write"], "%d completed" % whole)


def one_interrupt(desk, call, n):
    desk.write("d.csv", MANY)
    before = desk.look()
    done = desk.run(COMPILE, inject=["%s:signal=SIGINT:when=%d" % (call, n)])
    changed = desk.changed(before)
    where = "%s %d: exit %d, %s, %s" % (call, n, done.returncode, changed, done.stderr)
    if changed == []:
        expect((done.returncode == 2 and b"[interrupted]" in done.stderr) or done.returncode == -signal.SIGINT, where)
        return False
    expect(done.returncode == 0 and b"batch new: 9000 devices" in done.stdout, where)
    expect(desk.run(without(VERIFY, "old", "new")).returncode == 0, where)
    return True


def nobody_listens(scene):
    """Standard output that takes nothing: what was made is whole, and the exit says that nobody heard of it."""
    with Desks(scene) as desks:
        for args in (COMPILE, GRANT, KEYGEN_OFFICER, SHOW, ["--help"]):
            with desks.new() as desk, open("/dev/full", "w") as full:
                done = subprocess.run(desk.command(args), cwd=desk.folder, stdout=full, stderr=subprocess.PIPE)
                expect(done.returncode == 2 and b"[stdout]" in done.stderr, "%s: %s" % (args, done))
        for stream in "stdout", "stderr":
            with desks.new() as desk:
                before = desk.look()
                read, write = os.pipe()
                os.close(read)
                streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: write}
                subprocess.run(desk.command(COMPILE), cwd=desk.folder, **streams)
                os.close(write)
                verified = desk.run(without(VERIFY, "old", "new")).returncode == 0
                expect(verified or desk.changed(before) == [], "%s closed: %s" % (stream, desk.changed(before)))


def full_disks(scene):
    """A file that may not grow, then a file system that is full."""
    with Desks(scene) as desks:
        for size in (1, 1000, 5000, 70000, 200000, 2000000):
            with desks.new() as desk:
                desk.write("d.csv", MANY)
                before = desk.look()
                done = desk.run(COMPILE, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
                said = done.stderr.decode()
                expect(done.returncode == 2 and ("[file-write]" in said or "[ledger-failed]" in said), "%d: %s" % (size, said))
                expect(desk.changed(before) == [], "%d: %s" % (size, desk.changed(before)))
        with desks.new() as desk:
            full_medium(desk)


def full_medium(desk):
    medium = desk.path("medium")
    os.mkdir(medium)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", medium], capture_output=True)
    if mounted.returncode != 0:
        print("     no file system may be mounted here")
        return
    try:
        desk.write("d.csv", MANY)
        before = desk.look()
        done = desk.run(out(COMPILE, "medium/new"))
        expect(done.returncode == 2 and b"No space left on device [file-write]" in done.stderr, done)
        expect(desk.changed(before) == [], desk.changed(before))
        shutil.move(desk.path("office"), medium)
        with open(os.path.join(medium, "filler"), "wb") as f:
            left = os.statvfs(medium).f_bavail * 4096
            f.write(bytes(left))
        before = desk.look()
        done = desk.run(without(COMPILE, "office", "medium/office"))
        expect(done.returncode == 2 and b"disk is full" in done.stderr, done)
        expect(desk.changed(before) == [], desk.changed(before))
        subprocess.run(["mount", "-o", "remount,ro", medium], check=True)
        for args in (out(GRANT, "medium/g"), out(EXPORT, "medium/e")):
            done = desk.run(without(args, "office", "medium/office"))
            expect(done.returncode == 2 and b"Read-only file system" in done.stderr or b"readonly" in done.stderr, done)
        expect(desk.changed(before) == [], desk.changed(before))
    finally:
        subprocess.run(["umount", medium], check=True)


def busy_ledger(scene):
    """Another program in the middle of a change: no waiting, nothing touched."""
    with Desks(scene) as desks, desks.new() as desk:
        db = sqlite3.connect(desk.path("office", "ledger.sqlite"), isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        names = sorted(os.listdir(desk.folder))
        for args in (COMPILE, GRANT, EXPORT, SHOW, VERIFY, BACKUP):
            done = desk.run(args)
            expect(done.returncode == 2 and b"try again when it is done [ledger-busy]" in done.stderr, done)
        db.execute("ROLLBACK")
        db.close()
        expect(sorted(os.listdir(desk.folder)) == names, os.listdir(desk.folder))
        expect(os.listdir(desk.path("office", "batches")) == ["old"], os.listdir(desk.path("office", "batches")))


def bad_csvs(scene):
    check_rows(scene, CSVS)


def bad_cas(scene):
    check_rows(scene, CAS)


def bad_keys(scene):
    check_rows(scene, KEYS)


def half_batches(scene):
    check_rows(scene, list(folder_rows()))


def bad_ledgers(scene):
    check_rows(scene, list(ledger_rows()))


def bad_offices(scene):
    check_rows(scene, OFFICES)


main(bad_csvs, bad_cas, bad_keys, half_batches, bad_ledgers, bad_offices, calls_that_fail, interrupted, nobody_listens, full_disks,
     busy_ledger)
