#!/usr/bin/env python3
"""Makes the README's pictures of the run in cv, which the README's commands have trained:

    Examples/pictures/make.py CHAR_RNN [FOLDER]

loss.svg is what `char-rnn plot` draws. cells.svg shows a passage of the text twice, as a page of `char-rnn explain` does:
by the cell that follows the position in the line best, and by surprise.
"""

import array
import base64
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from html import escape

HERE = pathlib.Path(__file__).resolve().parent
TEXT = HERE.parents[1] / "data/tinyshakespeare/input.txt"
COUNT = 11  # lines of the passage
LETTER, LINE, MARGIN, WIDTH = 9.6, 23, 20, 560
STEPS = 8  # colours on each side of nothing


def mixed(paper, color, share):
    return "#" + "".join(f"{round(p + (c - p) * share):02x}" for p, c in zip(bytes.fromhex(paper), bytes.fromhex(color)))


def style(paper, low, high, ink, quiet):
    """The colours of the page that explain writes."""
    classes = [f".n{i}{{fill:{mixed(paper, low, i / STEPS)}}}.p{i}{{fill:{mixed(paper, high, i / STEPS)}}}" for i in range(1, STEPS + 1)]
    return f".paper{{fill:#{paper}}}text{{fill:#{ink}}}.q{{fill:#{quiet}}}" + "".join(classes)


def panel(title, rows, top):
    """The coloured lines of a passage. Each row is a list of characters with values from -1 to 1."""
    parts = [f'<text class="q" x="{MARGIN}" y="{top}">{escape(title)}</text>']
    for number, row in enumerate(rows):
        y = top + 12 + number * LINE
        start = 0
        levels = [round(value * STEPS) for _, value in row]
        for end in range(1, len(row) + 1):
            if end < len(row) and levels[end] == levels[start]:
                continue
            if levels[start]:
                name = ("n" if levels[start] < 0 else "p") + str(abs(levels[start]))
                parts.append(
                    f'<rect class="{name}" x="{MARGIN + start * LETTER:.1f}" y="{y}" width="{(end - start) * LETTER:.1f}" '
                    f'height="{LINE}"/>')
            start = end
        line = "".join(character for character, _ in row)
        if line.strip():
            parts.append(
                f'<text class="m" x="{MARGIN}" y="{y + 16}" textLength="{len(line) * LETTER:.1f}" '
                f'xml:space="preserve">{escape(line)}</text>')
    return parts


def explained(program, model):
    with tempfile.TemporaryDirectory() as folder:
        part = pathlib.Path(folder) / "part.txt"
        part.write_text(TEXT.read_text()[:20000])
        subprocess.run([program, "explain", model, part, "-o", f"{folder}/page.html"], check=True)
        page = (pathlib.Path(folder) / "page.html").read_text()
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def words(text, kind):
    return array.array(kind, base64.b64decode(text))


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "cv")
    subprocess.run([program, "plot", folder, "-o", HERE / "loss.svg", "--force"], check=True)

    model = min(folder.glob("*.safetensors"), key=lambda file: float(file.stem.split("_")[-1]))
    page = explained(program, model)
    text = [page["vocabulary"][token] for token in words(page["tokens"], "I")]
    group = next(group for group in page["telling"] if group["signal"] == "line position")
    cell = group["cells"][0]
    series = base64.b64decode(page["series"][f"{cell['layer']}/{page['parts'][0]['name']}/{cell['unit']}"]["data"])
    most = sorted(abs(byte - 128) for byte in series)[int(0.98 * len(series))]
    states = [max(-1, min(1, (byte - 128) / most)) for byte in series]
    surprises = [min(1, bits / 1024 / 8) for bits in words(page["surprise"], "H")]

    def rows(values):
        result = [[]]
        for character, value in zip(text, values):
            if character == "\n":
                result.append([])
            else:
                result[-1].append((character, value))
        return result

    # The first passage that fits, most of whose lines are long.
    lengths = [len(row) for row in rows(states)]
    fits = range(int((WIDTH - 2 * MARGIN) / LETTER) + 1)
    start = next(
        start for start in range(len(lengths)) if all(length in fits for length in lengths[start:start + COUNT])
        and lengths[start] > 0 and sum(length > 34 for length in lengths[start:start + COUNT]) >= 6)
    height = COUNT * LINE
    r = f"{cell['r']:.2f}".replace("-", "−")
    parts = panel(f"Layer {cell['layer']}, cell {cell['unit']}: follows the position in the line, r = {r}", rows(states)[start:start + COUNT], 34)
    parts += panel("Surprise: the more bits a character cost, the stronger", rows(surprises)[start:start + COUNT], 34 + height + 46)
    total = 34 + 2 * height + 46 + 30
    light = style("ffffff", "5a9cf5", "f59a3c", "1b1f24", "59636e")
    dark = style("14171c", "1f62c9", "b4580c", "e8ebef", "9aa5b1")
    document = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" width="{WIDTH}" height="{total}" '
        'style="max-width:100%;height:auto" role="img">',
        "<title>A passage of Shakespeare, coloured by a cell of the network and by its surprise</title>",
        f'<style>text{{font:15px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}}.m{{font:16px '
        f'ui-monospace,"DejaVu Sans Mono",Menlo,monospace}}{light}@media(prefers-color-scheme:dark){{{dark}}}</style>',
        f'<rect class="paper" width="{WIDTH}" height="{total}" rx="8"/>', *parts, "</svg>", ""]
    (HERE / "cells.svg").write_text("\n".join(document))


main()
