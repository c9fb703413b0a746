# SPDX-License-Identifier: ISC
"""An office with everything it can be asked about, copied for each fault there is to try, and looked at before and after: what a
refused command may not touch."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile

from scene import BUILD, PROFILE_PSK, PROFILE_X509, TOP, expect, imei

COMPILE = ["compile", "--office", "office", "--trust", "trust.json", "--profile", "p.conf", "--csv", "d.csv", "--id", "new",
           "--out", "new", "--no-escrow", "--threads", "1"]
COMPILE_X509 = [a if a != "p.conf" else "x.conf" for a in COMPILE] + ["--ca", "ca"]
LINT = ["lint", "--profile", "p.conf", "--csv", "d.csv"]
GRANT = ["grant", "--office", "office", "--trust", "trust.json", "--batch", "old", "--station", "line1", "--all-lots",
         "--replaces", "1", "--out", "g"]
SIGN = ["sign", "old", "--key", "officers/carla.key", "--yes"]
REBUILD = ["rebuild", "--batch", "old", "--profile", "p.conf", "--csv", "old.csv", "--office", "office", "--master",
           "office/batches/old/master.age"]
EXPORT = ["export", "--office", "office", "--trust", "trust.json", "--batch", "old", "--format", "csv", "--all", "--plain", "--out",
          "export.csv"]
EXTRACT = ["extract", "--office", "office", "--trust", "trust.json", "--batch", "old", "--imei", imei(100), "--opening", "opening"]
ACCEPT = ["accept", "--office", "office", "--trust", "trust.json", "--batch", "old", "--activation", "activation.json"]
TRUST_NEXT = ["trust", "next", "--from", "trust.json", "--retire", "carla", "--batch-threshold", "1", "--accept-no-spare", "--out",
              "t2.json"]
SHOW = ["ledger", "show", "--office", "office"]
VERIFY = ["ledger", "verify", "--office", "office", "--batch", "old"]
BACKUP = ["ledger", "backup", "--office", "office", "--out", "ledger.copy"]
KEYGEN_OFFICE = ["keygen", "office", "--out", "o2", "--no-passphrase"]
KEYGEN_OFFICER = ["keygen", "officer", "dora", "--out", "officers2", "--no-passphrase"]
CA_NEW = ["ca", "new", "--out", "ca2", "--subject", "O=Example,CN=CA", "--days", "10", "--no-passphrase"]
MAY_SPEAK_JSON = ("compile", "lint", "rebuild", "ledger show", "ledger verify")
# What changes something on the disk, and how it fails there.
FAILURES = {"write": "ENOSPC", "pwrite64": "ENOSPC", "fsync": "EIO", "fdatasync": "EIO", "renameat2": "EIO", "mkdirat": "EROFS"}


def csv_of(numbers):
    return "imei\n" + "".join(imei(i) + "\n" for i in numbers)


def vector(name):
    with open(os.path.join(TOP, "tests", "vectors", "x509", name), "rb") as f:
        return f.read()


def ledger_says(path):
    """What a ledger holds: not its bytes, which a number that is taken and given back may change."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(path, os.path.join(folder, "ledger"))
        db = sqlite3.connect(copy)
        try:
            return "\n".join(db.iterdump())
        except sqlite3.DatabaseError:
            return "damaged"
        finally:
            db.close()


class Desks:
    """The office all of them are copies of: one batch signed and granted, certificates, a CSV of new devices."""

    def __init__(self, scene):
        scene.make_org()
        scene.make_ca()
        scene.make_batch("old", PROFILE_PSK, [imei(i) for i in range(100, 110)])
        scene.write("p.conf", PROFILE_PSK)
        scene.write("x.conf", PROFILE_X509)
        scene.write("d.csv", csv_of(range(300, 308)))
        self.good = scene.folder
        self.folder = tempfile.mkdtemp(prefix="gapseal-desks-")
        self.numbers = 0

    def __enter__(self):
        return self

    def __exit__(self, *what):
        shutil.rmtree(self.folder)

    def new(self):
        self.numbers += 1
        return Desk(self.good, os.path.join(self.folder, str(self.numbers)))


class Desk:
    """A folder of its own for one fault."""

    def __init__(self, good, folder):
        self.folder = folder
        shutil.copytree(good, folder, symlinks=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        shutil.rmtree(self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(self.path(name), mode)

    def remove(self, name):
        path = self.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)

    def tool(self, *args):
        subprocess.run(args, cwd=self.folder, check=True, capture_output=True)

    def sql(self, statement):
        db = sqlite3.connect(self.path("office", "ledger.sqlite"))
        db.execute(statement)
        db.commit()
        db.close()

    def look(self):
        """Every name, mode and content, the ledger by what it says."""
        seen = {}
        for at, folders, files in os.walk(self.folder):
            for name in folders + files:
                path = os.path.join(at, name)
                mode, content = os.lstat(path).st_mode, None
                if name == "ledger.sqlite" and os.path.isfile(path):
                    content = ledger_says(path)
                elif os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as f:
                        content = hashlib.sha256(f.read()).hexdigest()
                seen[os.path.relpath(path, self.folder)] = (mode, content)
        return seen

    def changed(self, before):
        after = self.look()
        return sorted(n for n in set(before) | set(after) if before.get(n) != after.get(n))

    def command(self, args, inject=(), only=()):
        """A command of gapseal, if need be under strace, which makes system calls fail: all, or those on some paths."""
        command = [os.path.join(BUILD, "gapseal")] + args
        if not inject:
            return command
        trace = ["strace", "-f", "-qq", "-o", self.folder + ".calls"]
        for rule in inject:
            trace += ["-e", "inject=" + rule]
        for path in only:
            trace += ["-P", path, "-P", self.path(path)]
        return trace + command

    def run(self, args, inject=(), only=(), phrase=None, **options):
        """With a phrase the command reads it from a descriptor."""
        fds, pipe = [], None
        if phrase is not None:
            pipe = os.pipe()
            os.write(pipe[1], phrase)
            os.close(pipe[1])
            fds, args = [pipe[0]], args + ["--passphrase-fd", str(pipe[0])]
        try:
            return subprocess.run(self.command(args, inject, only), cwd=self.folder, capture_output=True, pass_fds=fds,
                                  stdin=subprocess.DEVNULL, start_new_session=True, **options)
        finally:
            if pipe:
                os.close(pipe[0])

    def calls(self, args, names):
        """How often a command that works makes each of the calls."""
        done = subprocess.run(["strace", "-f", "-qq", "-o", self.folder + ".calls", "-e", "trace=" + ",".join(names)] +
                              self.command(args), cwd=self.folder, capture_output=True, stdin=subprocess.DEVNULL)
        expect(done.returncode == 0, "%s: %s" % (args, done.stderr))
        counts = {}
        with open(self.folder + ".calls") as f:
            for line in f:
                call = line.split()[1].split("(")[0]
                if call in names:
                    counts[call] = counts.get(call, 0) + 1
        return counts


class Row:
    """One fault: what is spoilt, what is asked, and how it is refused. An answer of 0 is a fault that may not hurt."""

    def __init__(self, name, args, answer, code, *words, spoil=None, **options):
        self.name, self.args, self.answer, self.code, self.words = name, args, answer, code, words
        self.spoil, self.options = spoil, options

    def speaks_json(self):
        return self.answer > 0 and any(" ".join(self.args).startswith(c) for c in MAY_SPEAK_JSON)

    def check(self, desk):
        if self.spoil:
            self.spoil(desk)
        before = desk.look()
        done = desk.run(self.args, **self.options)
        said = done.stderr.decode("utf-8", "replace")
        self.check_words(done, said)
        if self.answer == 0:
            return
        expect(not done.stdout, "on standard output: %r" % done.stdout)
        expect(desk.changed(before) == [], "changed: %s" % desk.changed(before))
        if self.speaks_json():
            again = desk.run(self.args + ["--json"], **self.options)
            answer = json.loads(again.stdout.decode().splitlines()[-1])
            expect(again.returncode == self.answer, "exit %d with --json" % again.returncode)
            # what is found in profile and CSV is said line by line beside it
            expect(answer["event"] == "error" and answer["code"] in (self.code, "lint") and answer["text"], answer)
            expect(desk.changed(before) == [], "changed: %s" % desk.changed(before))

    def check_words(self, done, said):
        expect(done.returncode == self.answer, "exit %d, not %d: %r%s" % (done.returncode, self.answer, done.stdout, said))
        expect("[%s]" % self.code in said or not self.code, "[%s] in %r" % (self.code, said))
        for word in self.words:
            expect(word in said, "%r in %r" % (word, said))
        expect("PRIVATE KEY" not in said and "AGE-SECRET" not in said, "a secret was said")


def check_rows(scene, rows):
    """Each row at a desk of its own; all are tried before the first that failed is told."""
    failed = []
    with Desks(scene) as desks:
        for row in rows:
            with desks.new() as desk:
                try:
                    row.check(desk)
                except Exception as e:  # the next rows are still worth trying
                    failed.append("%s: %s" % (row.name, e))
    print("     %d faults" % len(rows))
    expect(not failed, "\n".join(failed))
