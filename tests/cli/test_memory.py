#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""One allocation of an office's command fails: the command ends with 2 and leaves nothing, or does not need that memory and does
its work. libcrypto and libconfuse end the program themselves at a few of theirs, before anything is written."""
import os
import signal

from desk import COMPILE, EXPORT, GRANT, LINT, VERIFY, Desks
from scene import BUILD, expect, main

LIBRARY = os.path.join(BUILD, "tests", "libshort_of_memory.so")
MANY = 120  # at most so many of a command's allocations are tried
LIBRARIES_OWN = ("OpenSSL internal error", "lexer.l:", "out of dynamic memory in yy")


def run(desk, args, number):
    return desk.run(args, env=dict(os.environ, LD_PRELOAD=LIBRARY, GAPSEAL_MALLOC_FAILS=str(number),
                                   GAPSEAL_MALLOC_COUNT=desk.folder + ".count"))


def count(desks, args, holds):
    with desks.new() as desk:
        done = run(desk, args, 0)
        expect(done.returncode == 0 and holds(desk, done.stdout), done)
        with open(desk.folder + ".count") as f:
            return int(f.read())


def check(desk, args, number, holds):
    before = desk.look()
    done = run(desk, args, number)
    said, changed = done.stderr.decode("utf-8", "replace"), desk.changed(before)
    where = "allocation %d of %s: exit %d, %s, %s" % (number, args[0], done.returncode, changed, said)
    if done.returncode == 0:
        expect(holds(desk, done.stdout), where)
        return "done"
    if any(words in said for words in LIBRARIES_OWN):
        expect(done.returncode in (2, -signal.SIGABRT) and changed == [], where)
        return "library"
    expect(done.returncode == 2 and said.rstrip().endswith("]"), where)
    placed = "remove it and compile again" in said or "make it again with --replaces" in said or "[stdout]" in said
    expect(changed == [] or placed or changed == ["office/batches/new", "office/batches/new/master.age"], where)
    return "refused"


def try_all(scene, args, holds):
    """Every allocation of a short command, of a long one as many, evenly spread."""
    with Desks(scene) as desks:
        total = count(desks, args, holds)
        ends = {"done": 0, "library": 0, "refused": 0}
        for number in range(1, total + 1, 1 + total // MANY):
            with desks.new() as desk:
                ends[check(desk, args, number, holds)] += 1
    print("     %d allocations, %s" % (total, ends))
    expect(ends["refused"] > MANY // 4 and ends["library"] < MANY // 8, ends)


def lint(scene):
    try_all(scene, LINT, lambda desk, out: b"8 devices, 0 errors, 0 warnings, 2 notices" in out)


def compile_batch(scene):
    try_all(scene, COMPILE, lambda desk, out: desk.run([a if a != "old" else "new" for a in VERIFY]).returncode == 0)


def grant(scene):
    try_all(scene, GRANT, lambda desk, out: desk.run(["sign", "g", "--key", "officers/anna.key", "--yes"]).returncode == 0)


def export(scene):
    try_all(scene, EXPORT, lambda desk, out: desk.read("export.csv").count(b"\n") == 21)


main(lint, compile_batch, grant, export)
