"""Measures char-rnn and PyTorch in turns on this machine and prints the ratios.

    python Tests/Peers/compare.py [--rounds 5] [--seconds 2] [--threads 2] [CONFIGURATION ...]

Build first (make build), and have PyTorch in the Python that runs this (pip install torch). A configuration is
CELL-LAYERSxHIDDEN[-DROPOUT], such as lstm-2x512-0.5; without any, those of the README's table. The two programs take
turns, so that whatever else the machine does meets both; the figures are medians over the rounds. Above 1, char-rnn is
the faster one.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--device", default="cpu", help="the device of char-rnn")
parser.add_argument("configurations", nargs="*", default=[
    "lstm-2x128", "lstm-2x512-0.5", "lstm-3x700", "gru-2x128", "rnn-2x128"])
options = parser.parse_args()


def run(*command):
    output = subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


print(f"{'':16} {'train, ms a batch':>24}  {'':6} {'sample, characters/s':>24}")
print(f"{'configuration':16} {'PyTorch':>12}{'char-rnn':>12}  {'ratio':>6} {'PyTorch':>12}{'char-rnn':>12}  {'ratio':>6}"
      f"  {'of sgemm':>8}")
for name in options.configurations:
    match = re.fullmatch(r"(lstm|gru|rnn)-(\d+)x(\d+)(?:-([0-9.]+))?", name)
    if not match:
        sys.exit(f"{name}: a configuration is CELL-LAYERSxHIDDEN[-DROPOUT], such as lstm-2x512-0.5")
    cell, layers, hidden, dropout = match[1], match[2], match[3], match[4] or "0"
    peers, ours = [], []
    for _ in range(options.rounds):
        peers.append(run(sys.executable, root / "Tests/Peers/pytorch.py", cell, hidden, layers, dropout,
                         options.seconds, options.threads))
        ours.append(run(root / ".build/release/char-rnn", "bench", "--json", "--cell", cell, "--layers", layers,
                        "--hidden-size", hidden, "--dropout", dropout, "--seconds", options.seconds,
                        "--device", options.device))

    def median(results, key):
        return statistics.median(r[key] for r in results)

    train = 1000 * median(peers, "seconds_per_batch"), 1000 * median(ours, "seconds_per_batch")
    sample = median(peers, "sampled_per_second"), median(ours, "sampled_per_second")
    print(f"{name:16} {train[0]:12.1f}{train[1]:12.1f}  {train[0] / train[1]:6.2f} {sample[0]:12,.0f}{sample[1]:12,.0f}"
          f"  {sample[1] / sample[0]:6.1f}  {100 * median(ours, 'share'):6.0f} %", flush=True)
