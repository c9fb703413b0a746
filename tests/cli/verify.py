#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""An independent verifier, written from manifests/FORMAT.md in Python's standard library: verify.py trust.json BATCH GRANT LOG
says what the devices of one batch are by one log, then accept or reject. Exit 0, 1, or 2 if it could not read."""
import sys

from verifier.documents import open_batch, open_grant, open_trust
from verifier.forms import Refused
from verifier.judge import Judge
from verifier.log import open_log


def verify(trust_path, batch_path, grant_path, log_path):
    """The judge of one log; Refused if a document or the log is not what it should be."""
    trust = open_trust(trust_path)
    batch = open_batch(batch_path, trust[0])
    grant = open_grant(grant_path, trust[0], batch[0], batch[1])
    log = open_log(log_path, trust[0])
    print("trust %d %s" % (trust[0]["version"], trust[1].hex()))
    print("batch %s %s" % (batch[0]["batch"], batch[1].hex()))
    print("grant %d %s" % (grant[0]["serial"], grant[1].hex()))
    print("log %s/%s entries %d" % (trust[0]["org"], log.station["name"], len(log.entries)))
    judge = Judge(trust, batch, grant, log)
    judge.read()
    return judge


def main(args):
    if len(args) != 4:
        print("usage: verify.py trust.json BATCH GRANT LOG", file=sys.stderr)
        return 2
    try:
        judge = verify(*args)
    except Refused as refused:
        print("reject %s %s" % (refused.code, refused.where))
        return 1
    except OSError as error:
        print("verify.py: %s" % error, file=sys.stderr)
        return 2
    for kind, count in judge.counts().items():
        print("%s %d" % (kind, count))
    print("foreign %d" % judge.foreign)
    for code, entry, error in judge.findings:
        print("%s %s%s" % ("error" if error else "warning", code, "" if entry is None else " entry %d" % entry))
    codes = sorted({code for code, _, error in judge.findings if error})
    print("reject " + " ".join(codes) if codes else "accept")
    return 1 if codes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
