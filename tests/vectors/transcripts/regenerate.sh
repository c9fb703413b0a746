#!/bin/sh
# SPDX-License-Identifier: ISC
# Writes the transcripts anew: regenerate.sh BUILD, from the top of the tree. Read what git says has changed.
set -eu
exec "$1/tests/test_transcripts" --write tests/vectors/transcripts
