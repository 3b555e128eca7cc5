#!/usr/bin/env python3
"""How long a training step should take on four graphics cards, computed from what `char-rnn bench --profile` counts.

    Tests/Card/paper.py COMMAND            prints the tables of the article CardsOnPaper
    Tests/Card/paper.py COMMAND ARTICLE    fails unless the article has just these

PoCL poses as a card, and Tests/Faults/opencl.c has it compute nothing: counts are the same, and large models take no time.
"""
import dataclasses
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS, GATES = 50, 4  # of the models, which are LSTMs of two layers
MODELS = [(128, 50), (512, 50), (512, 256)]  # hidden size, batch size
LAUNCH = 5e-6  # from the end of a command to the start of the next that depends on it: an assumption
SYNCHRONIZE = 1e-6  # a time step's barriers and latencies within a work-group: an assumption
CAP = 0.8  # what the best tiles reach of the arithmetic: an assumption


@dataclasses.dataclass
class Card:
    name: str
    units: int  # multiprocessors, compute units, Xe cores: what has a local memory
    lanes: int  # multiply-adds that a unit does in a clock
    gigahertz: float
    bandwidth: float  # of memory, GB/s
    reads: float  # multiply-adds that a unit does in the time of one number's read from local memory
    # CLBlast's tables, as a tile's rows, columns and elements of an item (rows, columns): the untiled kernel's, the
    # tiled one's, and the edge of the cube from which on that is taken.
    untiled: tuple
    tiled: tuple
    edge: int

    @property
    def peak(self):  # operations a second
        return 2 * self.units * self.lanes * self.gigahertz * 1e9


CARDS = [
    Card("RTX 4070", 46, 128, 2.475, 504, 4, (32, 32, 4, 2), (32, 64, 4, 2), 1472),
    Card("RX 7800 XT", 60, 64, 2.43, 624, 2, (16, 16, 1, 2), (64, 64, 4, 8), 704),
    Card("Arc A770", 32, 128, 2.1, 560, 4, (8, 8, 1, 1), (64, 64, 4, 8), 128),
    Card("H100 SXM", 132, 128, 1.98, 3350, 4, (32, 32, 4, 2), (32, 64, 4, 2), 1472),
]
# What `char-rnn tune` has among its choices for the tiled kernel.
TUNED = [(32, 32, 4, 4), (64, 64, 4, 4), (64, 64, 8, 8), (128, 128, 8, 8)]


# MARK: Kernels


def product(card, m, n, k, tile):
    """The seconds of a product whose groups compute a tile each: operations at the peak, of which there is as much as the
    items can be fed from local memory, and as there are tiles for the card's units."""
    rows, columns, r, c = tile
    groups = math.ceil(m / rows) * math.ceil(n / columns)
    fed = min(CAP, r * c / (card.reads * (r + c)))
    busy = groups / (card.units * math.ceil(groups / card.units))
    return 2 * groups * rows * columns * k / (card.peak * fed * busy)


def clblast(card, m, n, k, tuned):
    """Seconds and launches of a call of CLBlast. The tiled kernel wants whole tiles: two copies before and one after."""
    def tiled(tile):
        copies = 8 * (m * k + k * n + m * n) / (card.bandwidth * 1e9)
        return product(card, m, n, k, tile) + copies, 4
    if tuned:
        ways = [(product(card, m, n, k, card.untiled), 1)] + [tiled(tile) for tile in TUNED]
        return min(ways, key=lambda way: way[0] + way[1] * LAUNCH)
    return tiled(card.tiled) if m * n * k >= card.edge**3 else (product(card, m, n, k, card.untiled), 1)


def whole_step(card, B, H, columns, k):
    """A half-step with its product: CLKernels/step.cl."""
    return product(card, B, columns * H, k, (16, 64, 4, 4))


def one_launch(card, B, H):
    """A layer's time steps in one launch, CLKernels/gpu.cl: each group reads U from the second-level cache, 64 bytes a
    clock and unit, in every step, and multiplies four rows by it."""
    weights, rows = GATES * H * H, 4
    turns = math.ceil(math.ceil(B / rows) / card.units)
    clocks = max(4 * weights / 64, rows * weights / card.lanes)
    return STEPS * (turns * clocks / (card.gigahertz * 1e9) + SYNCHRONIZE)


# MARK: A training step


def counts(command, hidden, batch, apart, folder):
    """What a step's commands are, by name, as the program counts them."""
    # A card with 4 KB of local memory, which its kernels do not mind, has no room for a half-step with its product.
    answers = "0x1000=4" + (" 0x1023=4096 0x11B2=0" if apart else "")
    environment = {
        **os.environ, "LD_PRELOAD": f"{folder}/faults.so", "OPENCL_IDLE": "1", "OPENCL_ANSWERS": answers,
        "XDG_CACHE_HOME": folder, "OCL_ICD_VENDORS": "libpocl.so.2"}
    output = subprocess.run(
        [command, "bench", "--opencl", "--profile", "--json", "--seconds", "0.001", "--hidden-size", str(hidden),
         "--batch-size", str(batch), "--sequence-length", str(STEPS)],
        env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output)["profile"]["commands"]


def step(card, commands, H, B, way, tuned):
    """A row for each kernel, (name, launches, seconds of work); `way` is "apart", "whole" or "one"."""
    rows, layers = [], 2
    for command in commands:
        name, calls = command["name"], command["calls"]
        words = name.split()
        work = command["bytes"] / (card.bandwidth * 1e9)
        if words[0] == "clblast_gemm":
            seconds, launches = clblast(card, *map(int, words[1].split("x")), tuned)
            rows.append((name, calls * launches, calls * seconds))
        elif "_whole_step_" in name and way == "one":
            rows.append((name.replace("whole_step", "sequence"), layers, layers * one_launch(card, B, H)))
        elif "_whole_step_" in name:
            forward = name.endswith("forward")
            product = whole_step(card, B, H, GATES if forward else 1, H if forward else GATES * H)
            rows.append((name, calls, command["operations"] / (2 * B * GATES * H * H) * product))
        else:
            rows.append((name, calls, work))
    return rows


def is_recurrence(name, B):
    return name.startswith("lstm_") or name.startswith(f"clblast_gemm {B}x")


def total(rows):
    return sum(launches * LAUNCH + seconds for _, launches, seconds in rows)


def table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def ms(seconds):
    return f"{1e3 * seconds:.2f}" if seconds < 9.995e-3 else f"{1e3 * seconds:.1f}"


def tables(command):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["clang", "-shared", "-fPIC", "-O1", "-o", f"{folder}/faults.so", ROOT / "Tests/Faults/opencl.c", "-ldl"],
            check=True)
        counted = {(model, apart): counts(command, *model, apart, folder) for model in MODELS for apart in (0, 1)}

    def rows(card, model, way, tuned):
        return step(card, counted[model, way == "apart"], *model, way, tuned)

    names = [card.name for card in CARDS]
    yield table(["", *names], [
        ["units × lanes, GHz", *(f"{c.units} × {c.lanes}, {c.gigahertz:g}" for c in CARDS)],
        ["TFLOP/s", *(f"{1e-12 * c.peak:.1f}" for c in CARDS)],
        ["GB/s", *(c.bandwidth for c in CARDS)],
        ["CLBlast's elements an item, untiled and tiled",
         *(f"{c.untiled[2]} × {c.untiled[3]}, {c.tiled[2]} × {c.tiled[3]}" for c in CARDS)],
        ["tiled from", *(f"{c.edge}³" for c in CARDS)]])

    ways = {"apart": "products apart", "whole": "half-steps", "one": "one launch"}
    lines = []
    for model in MODELS:
        title = f"2 × {model[0]}, B = {model[1]}"
        for way, words in ways.items():
            lines.append([title, words, *(ms(total(rows(card, model, way, False))) for card in CARDS)])
            title = ""
        best = [min((total(rows(card, model, way, True)), words) for way, words in ways.items()) for card in CARDS]
        lines.append(["", "the best, other tiles", *(f"{ms(seconds)} {words}" for seconds, words in best)])
    yield table(["ms", "time steps", *names], lines)

    lines = []
    for model in MODELS:
        H, B = model
        cells = []
        for card in CARDS:
            found = rows(card, model, "whole", False)
            parts = [
                sum(launches for _, launches, _ in found) * LAUNCH,
                sum(seconds for name, _, seconds in found if is_recurrence(name, B)),
                sum(seconds for name, _, seconds in found if name.startswith("clblast") and not is_recurrence(name, B))]
            parts.append(total(found) - sum(parts))
            cells.append(", ".join(f"{100 * part / total(found):.0f}" for part in parts))
        lines.append([f"2 × {H}, B = {B}", *cells])
    yield table(["%: launches, recurrence, products, rest", *names], lines)

    model = (512, 50)
    found = [rows(card, model, "whole", False) for card in CARDS]
    order = sorted(range(len(found[0])), key=lambda i: -found[0][i][2])
    lines = [[f"`{found[0][i][0]}`", f"{counted[model, 0][i]['calls']:g}", *(ms(f[i][2]) for f in found)] for i in order
             if max(f[i][2] for f in found) >= 2e-5]
    yield table(["kernel", "calls", *names], lines)


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    article = pathlib.Path(sys.argv[2]).read_text() if len(sys.argv) == 3 else None
    missing = 0
    for made in tables(os.path.abspath(sys.argv[1])):
        if article is None:
            print(made)
        elif made not in article:
            print(f"{sys.argv[2]} lacks this table:\n\n{made}", file=sys.stderr)
            missing += 1
    sys.exit(1 if missing else 0)


main()
