"""Measures char-rnn and its peers in turns on this machine and prints the ratios.

    python Tests/Peers/compare.py [--rounds 5] [--seconds 2] [--threads 2] [CONFIGURATION ...]

Build first (make build). The peers are PyTorch and JAX, which train, and ONNX Runtime, which writes, with a model that
`char-rnn convert` has written for it: those that the Python which runs this has (pip install torch jax onnxruntime). A
configuration is CELL-LAYERSxHIDDEN[-DROPOUT], such as lstm-2x512-0.5; without any, those of the README's tables.

All take turns, so that whatever else the machine does meets all; the figures are medians over the rounds, the ratios those
to the best peer, and above 1 char-rnn is the faster one. Beside a busy neighbour, a process that keeps one core busy all
the time, a step takes so many times as long as alone.
"""
import argparse
import contextlib
import importlib.util
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
program = root / ".build/release/char-rnn"
peers = root / "Tests/Peers"
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--device", default="cpu", help="the device of char-rnn")
parser.add_argument("configurations", nargs="*", default=[
    "lstm-2x128", "lstm-2x512-0.5", "lstm-3x700", "gru-2x128", "rnn-2x128"])
options = parser.parse_args()
has_torch, has_jax, has_onnx = (
    importlib.util.find_spec(name) is not None for name in ("torch", "jax", "onnxruntime"))


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout


def measured(*command):
    """What a program prints last."""
    return json.loads(run(*command).splitlines()[-1])


@contextlib.contextmanager
def busy_neighbour():
    # It ends with this program, however that ends.
    process = subprocess.Popen([sys.executable, "-c", f"import os\nwhile os.getppid() == {os.getpid()}: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


class Configuration:
    def __init__(self, name, folder):
        match = re.fullmatch(r"(lstm|gru|rnn)-(\d+)x(\d+)(?:-([0-9.]+))?", name)
        if not match:
            sys.exit(f"{name}: a configuration is CELL-LAYERSxHIDDEN[-DROPOUT], such as lstm-2x512-0.5")
        self.name = name
        self.cell, self.layers, self.hidden, self.dropout = match[1], match[2], match[3], match[4] or "0"
        self.folder = pathlib.Path(folder)

    @property
    def sizes(self):
        return ["--cell", self.cell, "--layers", self.layers, "--hidden-size", self.hidden]

    def ours(self, precision="float32"):
        return measured(program, "bench", "--json", *self.sizes, "--dropout", self.dropout, "--seconds", options.seconds,
                        "--device", options.device, "--precision", precision)

    def torch(self):
        return measured(sys.executable, peers / "pytorch.py", self.cell, self.hidden, self.layers, self.dropout,
                        options.seconds, options.threads)

    def jax(self):
        return measured(sys.executable, peers / "jax_training.py", self.cell, self.hidden, self.layers, self.dropout,
                        options.seconds)

    def onnx(self):
        file = self.folder / "model.onnx"
        if not file.exists():
            self.write_model(file)
        return measured(sys.executable, peers / "onnx_runtime.py", file, options.seconds, options.threads)

    def write_model(self, file):
        """One that has learned one step of noise of 65 characters."""
        alphabet = [chr(0x21 + i) for i in range(65)]
        (self.folder / "input.txt").write_text("".join(alphabet + random.choices(alphabet, k=20_000)))
        run(program, "train", "--data-dir", self.folder, "--checkpoint-dir", self.folder / "cv", *self.sizes,
            "--max-iterations", 1)
        run(program, "convert", self.folder / "cv", file)

    def rounds(self):
        """All results, by whose they are."""
        turns = {"ours": self.ours}
        if has_torch:
            turns["torch"] = self.torch
        if has_jax:
            turns["jax"] = self.jax
        if has_onnx:
            turns["onnx"] = self.onnx
        if options.device == "cpu":
            turns["int8"] = lambda: self.ours("int8")
        results = {}
        for _ in range(options.rounds):
            for name, turn in turns.items():
                results.setdefault(name, []).append(turn())
            with busy_neighbour():
                for name in ("ours", "torch", "jax"):
                    if name in turns:
                        results.setdefault(f"busy {name}", []).append(turns[name]())
        return results


class Medians:
    def __init__(self, results):
        self.results = results

    def __call__(self, whose, what):
        """None for what was not measured."""
        values = [result[what] for result in self.results.get(whose, []) if what in result]
        return statistics.median(values) if values else None

    def beside_neighbour(self, whose):
        alone, busy = self(whose, "seconds_per_batch"), self(f"busy {whose}", "seconds_per_batch")
        return busy / alone if alone else None


def row(name, *columns):
    """Columns are (value, format)."""
    print(f"{name:26}" + "".join(f"{'-' if value is None else format(value, style):>11}" for value, style in columns), flush=True)


def header(name, *columns):
    print(f"\n{name:26}" + "".join(f"{column:>11}" for column in columns))


def ratio(a, b):
    return a / b if a and b else None


def train_row(name, median):
    torch, jax, ours = (median(whose, "seconds_per_batch") for whose in ("torch", "jax", "ours"))
    best = min((time for time in (torch, jax) if time), default=None)
    row(name, *((time and 1000 * time, ".1f") for time in (torch, jax, ours)), (ratio(best, ours), ".2f"),
        (100 * median("ours", "share"), ".0f"),
        *((median.beside_neighbour(whose), ".2f") for whose in ("torch", "jax", "ours")))


def sample_rows(name, median):
    for what, key in (("one text", "sampled_per_second"), ("64 texts", "group_sampled_per_second")):
        torch, onnx, ours, rounded = (median(whose, key) for whose in ("torch", "onnx", "ours", "int8"))
        best = max((rate for rate in (torch, onnx) if rate), default=None)
        row(f"{name}, {what}", *((rate, ",.0f") for rate in (torch, onnx, ours)), (ratio(ours, best), ".2f"),
            (rounded, ",.0f"), (ratio(rounded, best), ".2f"))


medians = {}
header("train, ms a batch", "PyTorch", "JAX", "char-rnn", "ratio", "% products", "busy: PT", "JAX", "char-rnn")
for name in options.configurations:
    with tempfile.TemporaryDirectory() as folder:
        medians[name] = Medians(Configuration(name, folder).rounds())
    train_row(name, medians[name])
header("sample, characters/s", "PyTorch", "ONNX RT", "char-rnn", "ratio", "int8", "ratio")
for name, median in medians.items():
    sample_rows(name, median)
