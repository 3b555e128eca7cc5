#!/usr/bin/env bash
# TensorBoard 2.21.0 with tensorboardX 2.6.4: of a resumed run the old points stay, though the writer was told to purge them.
#
# A run writes steps 0 to 11, dies, and is resumed from the checkpoint of step 6 up to step 15, in the same folder, with
# SummaryWriter(purge_step=6), whose documentation promises that what came from step 6 on is not shown twice. One expects
# 16 points. The default reader (--load_fast=true, the separate data server) shows 16; the one in Python
# (--load_fast=false, and wherever there is no data server) shows 22: the line runs forward, back and forward again.
#
# purge_step writes an event SessionLog.START. The reader in Python takes the first START that it meets for the beginning
# of the run, and purges only at a second one; the first session, which had no purge_step, wrote none. When the first
# session is given purge_step=0 both readers show 16: give every session its first step, the very first included.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 setuptools==65.5.0 tensorboard==2.21.0 tensorboard-data-server==0.7.2 tensorboardX==2.6.4
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

from tensorboardX import SummaryWriter


def session(folder, suffix, steps, purge_step):
    writer = SummaryWriter(str(folder), purge_step=purge_step, filename_suffix=suffix)
    for step in steps:
        writer.add_scalar("loss", 1.0 / (1 + step), step)
    writer.close()
    time.sleep(1.1)  # the files are read in the order of the second in their names


def points(folder, load_fast):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port),
               "--load_fast", load_fast]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/data/plugin/scalars/scalars?run=.&tag=loss"
    seen = None
    try:
        for _ in range(120):
            time.sleep(1)
            try:
                answer = [step for _, step, _ in json.load(urllib.request.urlopen(address))]
            except OSError:
                continue
            if answer and answer == seen:  # twice the same: all is read
                return answer
            seen = answer
        raise SystemExit("TensorBoard gave no points within two minutes")
    finally:
        server.terminate()
        server.wait()


changed = False
for first, expected in [(None, {"true": 16, "false": 22}), (0, {"true": 16, "false": 16})]:
    folder = pathlib.Path(sys.argv[1]) / f"run-{first}"
    session(folder, ".first", range(0, 12), first)
    session(folder, ".second", range(6, 16), 6)
    for load_fast in ["true", "false"]:
        steps = points(folder, load_fast)
        print(f"first session purge_step={first}, second 6, --load_fast={load_fast}: {len(steps)} points", steps)
        changed |= len(steps) != expected[load_fast]
sys.exit("this has changed" if changed else 0)
PYTHON
