# SPDX-License-Identifier: ISC
"""An office with everything it can be asked about, copied for every fault there is to try, and looked at before and after: what a
refused command may not touch."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess

from scene import BUILD, PROFILE_PSK, PROFILE_X509, expect, imei

COMPILE = ["compile", "--office", "office", "--trust", "trust.json", "--profile", "p.conf", "--csv", "d.csv", "--id", "new", "--out",
           "new", "--no-escrow", "--threads", "1"]
COMPILE_X509 = [a if a != "p.conf" else "x.conf" for a in COMPILE] + ["--ca", "ca"]
GRANT = ["grant", "--office", "office", "--trust", "trust.json", "--batch", "old", "--station", "line1", "--all-lots", "--out", "g"]
SIGN = ["sign", "unsigned", "--key", "officers/anna.key", "--yes"]
REBUILD = ["rebuild", "--batch", "old", "--profile", "p.conf", "--csv", "old.csv", "--office", "office", "--master",
           "office/batches/old/master.age"]
EXPORT = ["export", "--office", "office", "--trust", "trust.json", "--batch", "old", "--format", "csv", "--all", "--plain", "--out",
          "export.csv"]
EXTRACT = ["extract", "--office", "office", "--trust", "trust.json", "--batch", "old", "--imei", imei(100), "--opening", "opening"]
ACCEPT = ["accept", "--office", "office", "--trust", "trust.json", "--batch", "old", "--activation", "activation.json"]
NEXT = ["trust", "next", "--from", "trust.json", "--retire", "carla", "--batch-threshold", "1", "--accept-no-spare", "--out", "t2.json"]
LINT = ["lint", "--profile", "p.conf", "--csv", "d.csv"]
BACKUP = ["ledger", "backup", "--office", "office", "--out", "ledger.copy"]
SHOW = ["ledger", "show", "--office", "office"]


def prepare(scene):
    """Two batches, one of them signed and granted, in a folder every desk is a copy of."""
    scene.make_org()
    scene.make_ca()
    scene.make_batch("old", PROFILE_PSK, [imei(i) for i in range(100, 110)])
    scene.compile("unsigned", PROFILE_PSK, [imei(i) for i in range(200, 205)])
    scene.write("p.conf", PROFILE_PSK)
    scene.write("x.conf", PROFILE_X509)
    scene.write("d.csv", "imei\n" + "".join(imei(i) + "\n" for i in range(300, 308)))
    os.mkdir(scene.path("../" + os.path.basename(scene.folder) + ".desks"))
    return Desks(scene)


class Desks:
    def __init__(self, scene):
        self.scene = scene
        self.good = scene.folder
        self.numbers = 0

    def new(self):
        self.numbers += 1
        return Desk(self.good, self.good + ".desks/%d" % self.numbers)

    def close(self):
        shutil.rmtree(self.good + ".desks")


def ledger_says(path):
    """What a ledger holds: not its bytes, which a number taken and given back may change."""
    with open(path, "rb") as f:
        if f.read(16) != b"SQLite format 3\0":
            return hashlib.sha256(open(path, "rb").read()).hexdigest()
    copy = path + ".looked-at"
    shutil.copyfile(path, copy)
    try:
        with sqlite3.connect(copy) as db:
            return "\n".join(db.iterdump())
    except sqlite3.DatabaseError:
        return hashlib.sha256(open(path, "rb").read()).hexdigest()
    finally:
        db.close()
        os.remove(copy)


class Desk:
    """A folder of its own for one fault."""

    def __init__(self, good, folder):
        self.folder = folder
        shutil.copytree(good, folder, symlinks=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, *names):
        with open(self.path(*names), "rb") as f:
            return f.read()

    def write(self, name, text, mode=None):
        with open(self.path(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        if mode is not None:
            os.chmod(self.path(name), mode)

    def tool(self, *args):
        subprocess.run(args, cwd=self.folder, check=True, capture_output=True)

    def look(self):
        """Every name, mode and content, the ledger by what it says."""
        seen = {}
        for at, folders, files in os.walk(self.folder):
            for name in folders:
                seen[os.path.relpath(os.path.join(at, name), self.folder)] = "folder"
            for name in files:
                path = os.path.join(at, name)
                status = os.lstat(path)
                if name == "ledger.sqlite" and os.path.isfile(path):
                    seen[os.path.relpath(path, self.folder)] = ledger_says(path)
                elif os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as f:
                        seen[os.path.relpath(path, self.folder)] = (status.st_mode, hashlib.sha256(f.read()).hexdigest())
                else:
                    seen[os.path.relpath(path, self.folder)] = status.st_mode
        return seen

    def run(self, args, inject=(), only=None, stdin=None, **options):
        """A command of gapseal, now and then under strace, which makes system calls fail."""
        command = [os.path.join(BUILD, "gapseal")] + args
        if inject:
            trace = ["strace", "-f", "-qq", "-o", self.folder + ".calls"]
            for rule in inject:
                trace += ["-e", "inject=" + rule]
            for path in only or ():
                trace += ["-P", path, "-P", self.path(path)]
            command = trace + command
        return subprocess.run(command, cwd=self.folder, capture_output=True, stdin=stdin or subprocess.DEVNULL, **options)

    def close(self):
        shutil.rmtree(self.folder)


def changes(before, after):
    return sorted(n for n in set(before) | set(after) if before.get(n) != after.get(n))


def refused(desk, args, exit_code, code, words=(), leaves=(), **options):
    """The command is refused as it should be, and nothing has changed but what it may leave. Returns what it said."""
    before = desk.look()
    done = desk.run(args, **options)
    said = done.stderr.decode("utf-8", "replace")
    expect(done.returncode == exit_code, "exit %d, not %d: %s%s" % (done.returncode, exit_code, done.stdout.decode(), said))
    expect(not done.stdout, "something on standard output: %r" % done.stdout)
    check_line(said, code, words)
    left = [n for n in changes(before, desk.look()) if n not in leaves]
    expect(left == [], "changed: %s" % left)
    return said


def check_line(said, code, words):
    lines = said.splitlines()
    expect(lines and all(line.startswith("gapseal: ") or ": " in line for line in lines), "no line: %r" % said)
    expect("[%s]" % code in said, "%s in %r" % (code, said))
    for word in words:
        expect(word in said, "%r in %r" % (word, said))


def refused_in_json(desk, args, exit_code, code):
    done = desk.run(args + ["--json"])
    answer = json.loads(done.stdout.decode().splitlines()[-1])
    expect(done.returncode == exit_code and answer["event"] == "error" and answer["code"] == code and answer["text"], answer)
