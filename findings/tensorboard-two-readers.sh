#!/usr/bin/env bash
# TensorBoard 2.21.0: its two readers show other points of the same files; one takes away, one purges, neither both.
#
# One expects the points of a folder not to depend on whether tensorboard-data-server (0.7.2, the default where it is
# installed) or Python (--load_fast=false) reads the files. For steps that go back they do:
#   - the data server drops of a tag all points from the new step on, though no writer asked for it: of a tag written as
#     1, 2, 3, 2 the 3 is lost, of points that all have step 0 there is one, and of two runs in one folder, the later of
#     which has the earlier steps, there is the second alone. Python shows them all;
#   - a SessionLog.START, which says from which step on a run begins anew, the data server does not follow. A tag whose
#     next point comes later keeps what was called back: here 2 and 3. Python (at the second START) takes it away.
# The data server says nothing of it. What comes of purge_step without a first session is in tensorboard-purge-step.sh.
#
# Who sets a run back sees with the data server old points of what is rarely measured, such as the validation loss,
# until it is measured again. Start TensorBoard with --load_fast=false to see them gone, and give each run its own
# folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 setuptools==65.5.0 tensorboard==2.21.0 tensorboard-data-server==0.7.2
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

folder = pathlib.Path(sys.argv[1]) / "runs"


def point(step):
    return Event(wall_time=1.0 + step, step=step, summary=Summary(value=[Summary.Value(tag="loss", simple_value=step)]))


def start(step):
    return Event(wall_time=1.0, step=step, session_log=SessionLog(status=SessionLog.START))


def write(run, *files):
    (folder / run).mkdir(parents=True)
    for number, events in enumerate(files, 1):
        with open(folder / run / f"events.out.tfevents.{number:010}.host", "wb") as file:
            writer = RecordWriter(file)
            for event in [Event(wall_time=0.0, file_version="brain.Event:2"), *events]:
                writer.write(event.SerializeToString())


points = lambda *steps: [point(step) for step in steps]
write("forward", points(0, 1, 2, 3))
write("back", points(0, 1, 2, 3, 2))
write("no step", points(0, 0, 0))
write("two files", points(5, 6, 7), points(0, 1, 2))
write("set back", [start(0), *points(0, 1, 2, 3), start(2), *points(4)])
write("set back, not measured", [start(0), *points(0, 1, 2, 3), start(2)])
expected = {  # steps of the data server, of Python
    "forward": ([0, 1, 2, 3], [0, 1, 2, 3]),
    "back": ([0, 1, 2], [0, 1, 2, 3, 2]),
    "no step": ([0], [0, 0, 0]),
    "two files": ([0, 1, 2], [5, 6, 7, 0, 1, 2]),
    "set back": ([0, 1, 2, 3, 4], [0, 1, 4]),
    "set back, not measured": ([0, 1, 2, 3], [0, 1]),
}


def shown(load_fast):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port),
                               "--load_fast", load_fast], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ask = lambda path: json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/data/plugin/scalars/{path}"))
    seen = None
    try:
        for _ in range(120):
            time.sleep(1)
            try:
                query = lambda run: "scalars?" + urllib.parse.urlencode({"run": run, "tag": "loss"})
                answer = {run: [step for _, step, _ in ask(query(run))] for run in ask("tags")}
            except OSError:
                continue
            if len(answer) == len(expected) and answer == seen:  # twice the same: all is read
                return answer
            seen = answer
        raise SystemExit("TensorBoard gave no points within two minutes")
    finally:
        server.terminate()
        server.wait()


changed = False
server, python = shown("true"), shown("false")
for run, steps in expected.items():
    print(f"{run}: the data server shows {server[run]}, Python {python[run]}")
    changed |= (server[run], python[run]) != steps
sys.exit("this has changed" if changed else 0)
PYTHON
