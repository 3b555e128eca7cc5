#!/usr/bin/env bash
# MNN 3.6.1: the model converter runs `pip install -U` by itself, with whichever pip is first in the path.
#
# One expects a program that converts a model, or prints its version, to leave the machine's packages alone. mnnconvert and
# mnnquant look for the library with which they report their use, and where it is missing they call, unasked,
#     pip install -U aliyun-log-python-sdk
# through the shell. The name `pip` is not that of the environment in which MNN is: called by its path, as in a script or a
# Makefile, venv/bin/mnnconvert changes the Python of the machine or of another project. Where we met it, nine packages came
# and one that others there rely on was upgraded. MNN's package does not name that library as something it needs.
#
# Here the first pip in the path is a stub that only writes down how it was called, so that nothing is installed. Call the
# converter as `python -c "import sys, MNN, _tools; _tools.mnnconvert(sys.argv)" ...`, which has neither, or put such a stub
# into the path.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 MNN==3.6.1
mkdir "$folder/first"
printf '#!/bin/sh\necho "pip $*" >> "%s"\n' "$folder/calls" > "$folder/first/pip"
chmod +x "$folder/first/pip"
changed=0
for program in mnnconvert mnnquant; do
    : > "$folder/calls"
    PATH="$folder/first:$PATH" "$folder/venv/bin/$program" --version > "$folder/output" 2>&1 || true
    echo "$program --version called: $(sort -u "$folder/calls")"
    grep -qx 'pip install -U aliyun-log-python-sdk' "$folder/calls" || changed=1
done
: > "$folder/calls"
beneath='import sys, MNN, _tools; _tools.mnnconvert(sys.argv)'
PATH="$folder/first:$PATH" "$folder/venv/bin/python" -c "$beneath" --version > "$folder/output" 2>&1
echo "beneath the command: $(cat "$folder/calls")"
[ ! -s "$folder/calls" ] || changed=1
needs=$("$folder/venv/bin/pip" show MNN | grep '^Requires:')
echo "$needs"
[ "$needs" = "Requires: numpy" ] || changed=1
[ "$changed" = 0 ] || { echo "this has changed" >&2; exit 1; }
