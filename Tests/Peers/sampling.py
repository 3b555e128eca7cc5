"""Measures how fast char-rnn and ONNX Runtime let a model write, in turns on this machine, and prints the ratios.

    python Tests/Peers/sampling.py [--rounds 3] [--seconds 2] [--threads 2] [CONFIGURATION ...]

Build first (make build), and have onnxruntime and numpy in the Python that runs this. A configuration is CELL-LAYERSxHIDDEN,
such as lstm-2x512. The model is one of `char-rnn`, which `convert` has written for ONNX Runtime; char-rnn has it in floats
and in 8 bits, ONNX Runtime in floats. Figures are medians over the rounds, the drawing of the likeliest character included.
Above 1, char-rnn is the faster one.
"""
import argparse
import json
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
program = root / ".build/release/char-rnn"
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("configurations", nargs="*", default=["lstm-2x128", "lstm-2x512"])
options = parser.parse_args()


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout


def onnx_file(folder, cell, layers, hidden):
    """A model that has learned one step of noise of 65 characters."""
    alphabet = [chr(0x21 + i) for i in range(65)]
    (folder / "input.txt").write_text("".join(alphabet + random.choices(alphabet, k=20_000)))
    run(program, "train", "--data-dir", folder, "--checkpoint-dir", folder / "cv", "--cell", cell, "--layers", layers,
        "--hidden-size", hidden, "--max-iterations", 1)
    run(program, "convert", folder / "cv", folder / "model.onnx")
    return folder / "model.onnx"


def bench(cell, layers, hidden, precision):
    return json.loads(run(program, "bench", "--json", "--cell", cell, "--layers", layers, "--hidden-size", hidden,
                          "--seconds", options.seconds, "--precision", precision))


columns = [("one text", "sampled_per_second"), ("64 texts", "group_sampled_per_second")]
print(f"{'characters a second':22}{'ONNX Runtime':>14}{'float32':>12}{'ratio':>7}{'int8':>12}{'ratio':>7}")
for name in options.configurations:
    match = re.fullmatch(r"(lstm|gru|rnn|mingru)-(\d+)x(\d+)", name)
    if not match:
        sys.exit(f"{name}: a configuration is CELL-LAYERSxHIDDEN, such as lstm-2x512")
    results = {"peer": [], "float32": [], "int8": []}
    with tempfile.TemporaryDirectory() as folder:
        file = onnx_file(pathlib.Path(folder), *match.groups())
        for _ in range(options.rounds):
            results["peer"].append(json.loads(run(
                sys.executable, root / "Tests/Peers/onnx_runtime.py", file, options.seconds, options.threads)))
            for precision in ["float32", "int8"]:
                results[precision].append(bench(*match.groups(), precision))
    for what, key in columns:
        peer, floats, rounded = (statistics.median(r[key] for r in each) for each in results.values())
        print(f"{name + ', ' + what:22}{peer:14,.0f}{floats:12,.0f}{floats / peer:7.2f}{rounded:12,.0f}"
              f"{rounded / peer:7.2f}", flush=True)
