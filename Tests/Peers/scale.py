"""Measures how the cost of training grows with the model, its batches and its text, in turns with PyTorch, and draws it.

    python Tests/Peers/scale.py RESULTS.json [--quick] [AXIS[=VALUE,VALUE…] ...]
    python Tests/Peers/scale.py RESULTS.json --draw PICTURE.svg

Build first (make build), and have PyTorch in the Python that runs this (pip install torch). An axis is hidden, layers, batch,
length or vocabulary, of which all but one stay as in the base: an LSTM of 2 x 256, batches of 50 x 50 over 65 characters; or
text, in megabytes. Without any, all are measured, in about half an hour. RESULTS.json keeps what is measured, so that axes may
be measured one by one. Beside each time stands what the operations of a step take at the rate of large products, which
`char-rnn bench` measures in the same run. --draw prints the tables too.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import curves

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Tests/MPI"))
import model  # noqa: E402

PROGRAM = ROOT / ".build/release/char-rnn"
BASE = {"hidden": 256, "layers": 2, "vocabulary": 65, "batch": 50, "length": 50}
AXES = {
    "hidden": [64, 128, 256, 512, 1024, 2048], "layers": [1, 2, 4, 8], "batch": [1, 10, 50, 200],
    "length": [10, 50, 100, 400], "vocabulary": [65, 1000, 4000, 16000], "text": [1, 10, 100, 1000, 10000]}
# Of a text of more megabytes the peer's list of Python numbers does not fit into this memory.
LARGEST_PEER_TEXT = 100


def run(*command):
    """What the command prints last, the seconds that it takes, and the bytes of memory that it needs."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{errors}")
    return output.splitlines()[-1:], time.perf_counter() - begin, usage.ru_maxrss * 1024


def median(results):
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def step(axis, value, rounds, seconds):
    """A training step of one model and its batch. A vocabulary beyond the base's is embedded, as everybody does it."""
    sizes = BASE | {axis: value}
    embedding = 256 if axis == "vocabulary" else 0
    shape = [sizes[name] for name in ("batch", "length", "vocabulary")] + [embedding]
    results = []
    for _ in range(rounds):
        peer, _, _ = run(sys.executable, ROOT / "Tests/Peers/pytorch.py", "lstm", sizes["hidden"], sizes["layers"], 0,
                         seconds, 2, *shape)
        ours, _, _ = run(PROGRAM, "bench", "--json", "--hidden-size", sizes["hidden"], "--layers", sizes["layers"],
                         "--seconds", seconds, "--batch-size", sizes["batch"], "--sequence-length", sizes["length"],
                         "--vocabulary-size", sizes["vocabulary"], *(["--embedding-size", embedding] if embedding else []))
        peer, ours = json.loads(peer[0]), json.loads(ours[0])
        results.append({"ours": ours["seconds_per_batch"], "peer": peer["seconds_per_batch"],
                        "formula": model.operations(**sizes, embedding=embedding) / ours["product_rate"] * 1e-9})
    return median(results)


def base(results, axis, value):
    """The figures of the base where another axis has them."""
    known = [points[str(BASE[other])] for other, points in results.items()
             if str(BASE.get(other)) in points and other != "vocabulary"]
    return known[0] if known and axis != "vocabulary" and value == BASE[axis] else None


def text(megabytes, rounds):
    """From a text to the tokens of a first step, the process included; the peer is nanoGPT's data/shakespeare_char/prepare.py.
    The most memory that a run takes, be it with a new text or from its cache; files that are mapped are counted."""
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        file = pathlib.Path(folder) / "input.txt"
        play = (ROOT / "data/tinyshakespeare/input.txt").read_bytes()
        with file.open("wb") as output:
            for _ in range(-(-megabytes * 10**6 // len(play))):
                output.write(play[:megabytes * 10**6 - output.tell()])
        results = []
        for _ in range(rounds):
            command = [PROGRAM, "train", "--data-dir", file, "--max-iterations", "1", "--hidden-size", "16", "--layers", "1",
                       "--train-fraction", "1", "--validation-fraction", "0", "--checkpoint-dir"]
            for cache in pathlib.Path(folder).glob("*.cache"):
                cache.unlink()
            _, ours, memory = run(*command, tempfile.mkdtemp(dir=folder))
            _, again, other = run(*command, tempfile.mkdtemp(dir=folder))
            results.append({"ours": ours, "again": again, "memory": max(memory, other)})
            if megabytes <= LARGEST_PEER_TEXT:
                _, results[-1]["peer"], results[-1]["peer memory"] = run(sys.executable, "-c", PREPARE, file)
    return median(results)


PREPARE = """
import sys, numpy
data = open(sys.argv[1]).read()
index = {c: i for i, c in enumerate(sorted(set(data)))}
numpy.array([index[c] for c in data], dtype=numpy.uint16).tofile(sys.argv[1] + ".bin")
"""


def table(axis, points):
    kinds = [("ours", 1e3), ("peer", 1e3), ("formula", 1e3)]
    if axis == "text":
        kinds = [("ours", 1), ("again", 1), ("peer", 1), ("memory", 1e-6), ("peer memory", 1e-6)]
    print("\n| " + " | ".join([axis, *(kind for kind, _ in kinds)]) + " |\n" + "|---" * (len(kinds) + 1) + "|")
    for value, figures in points.items():
        cells = [f"{figures[kind] * unit:.3g}" if kind in figures else "" for kind, unit in kinds]
        print("| " + " | ".join([value, *cells]) + " |")


NAMES = [("ours", 0, True, "char-rnn"), ("peer", 1, True, "PyTorch; text: Python"), ("formula", 2, False, "operations / rate")]
TITLES = {"hidden": "Hidden size", "layers": "Layers", "batch": "Streams of a batch", "length": "Characters of a sequence",
          "vocabulary": "Vocabulary, D = 256", "text": "A new text, megabytes"}


def picture(results):
    panels = []
    for axis, points in results.items():
        unit = 1 if axis == "text" else 1e3
        series = [(number, is_measured,
                   [(int(value), unit * figures[kind]) for value, figures in points.items() if kind in figures])
                  for kind, number, is_measured, _ in NAMES]
        panels.append((TITLES[axis], "seconds" if axis == "text" else "ms a step", series))
    return curves.picture("What training costs", [name[1:] for name in NAMES], panels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("axes", nargs="*", default=list(AXES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--quick", action="store_true", help="one short round of the first values of each axis")
    parser.add_argument("--draw", type=pathlib.Path)
    options = parser.parse_intermixed_args()
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    if options.draw:
        results = {axis: results[axis] for axis in AXES if axis in results}
        for axis, points in results.items():
            table(axis, points)
        options.draw.write_text(picture(results))
        return
    rounds, seconds = (1, 0.1) if options.quick else (options.rounds, options.seconds)
    for word in options.axes:
        axis, _, listed = word.partition("=")
        if axis not in AXES:
            sys.exit(f"{axis}: an axis is one of {', '.join(AXES)}")
        for value in [int(each) for each in listed.split(",")] if listed else AXES[axis][:2 if options.quick else None]:
            if axis == "text":
                figures = text(value, rounds)
            else:
                figures = base(results, axis, value) or step(axis, value, rounds, seconds)
            points = results.setdefault(axis, {})
            points[str(value)] = figures
            results[axis] = dict(sorted(points.items(), key=lambda point: int(point[0])))
            options.results.write_text(json.dumps(results, indent=1) + "\n")
            print(axis, value, {name: float(f"{figure:.4g}") for name, figure in figures.items()}, flush=True)


main()
