"""Small charts beside one another as a picture in the format SVG, in light and in dark; for scale.py and Tests/MPI/predict.py."""
import math
from html import escape

WIDTH, MARGIN, HEIGHT, GAP = 760, 20, 200, 84
LEFT = 52  # of a panel, for what stands at its y axis
STYLE = (
    'text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#24292f}'
    ".t{font-size:15px;font-weight:600}.e{text-anchor:end}.m{text-anchor:middle}.q{fill:#57606a}.p{fill:#fff}"
    "path{fill:none;stroke-width:2.2;stroke-linejoin:round}.g{stroke:#d0d7de;stroke-width:1}.d{stroke-dasharray:6 4}"
    ".c0{stroke:#0072B2}.f0{fill:#0072B2}.c1{stroke:#D55E00}.f1{fill:#D55E00}.c2{stroke:#57606a}.f2{fill:#57606a}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.q{fill:#9da7b3}.p{fill:#0d1117}.g{stroke:#30363d}"
    ".c0{stroke:#56B4E9}.f0{fill:#56B4E9}.c1{stroke:#FF8A3D}.f1{fill:#FF8A3D}.c2{stroke:#9da7b3}.f2{fill:#9da7b3}}")


class Scale:
    """From values to pixels."""

    def __init__(self, values, start, end, logarithmic=True):
        self.map = math.log10 if logarithmic else float
        self.low, self.high = self.map(min(values)), self.map(max(values))
        self.start, self.end = start, end

    def __call__(self, value):
        return self.start + (self.map(value) - self.low) / (self.high - self.low) * (self.end - self.start)


def path(points, classes):
    return f'<path class="{classes}" d="M' + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + '"/>'


def label(x, y, words, classes):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}">{escape(words)}</text>'


def brief(value):
    """1000 as 1,000; 0.5 as it is."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def panel(x, y, width, title, unit, series, percent):
    """A chart of a width with its upper left corner at x, y. Series: the classes' number and the points of each; what is measured has
    dots, what is computed is dashed."""
    across = Scale([point[0] for _, _, points in series for point in points], x + LEFT, x + width)
    heights = [point[1] for _, _, points in series for point in points]
    if percent:
        ticks = [0, 25, 50, 75, 100]
        up = Scale(ticks, y + HEIGHT, y, logarithmic=False)
    else:
        least, most = math.floor(math.log10(min(heights))), math.ceil(math.log10(max(heights)))
        ticks = [10.0**power for power in range(least, most + 1)]
        up = Scale(ticks, y + HEIGHT, y)
    parts = [label(x + LEFT, y - 14, title, "t"), label(x + width, y - 14, unit, "e q")]
    for tick in ticks:
        parts += [path([(x + LEFT, up(tick)), (x + width, up(tick))], "g"), label(x + LEFT - 7, up(tick) + 5, brief(tick), "e q")]
    last = -math.inf
    for value in sorted({point[0] for _, _, points in series for point in points}):
        words = brief(value)
        if across(value) - last < 6 + 8 * len(words):
            continue
        last = across(value)
        parts.append(label(last, y + HEIGHT + 20, words, "m q"))
    for number, is_measured, points in series:
        at = [(across(a), up(b)) for a, b in points]
        if len(at) > 1:
            parts.append(path(at, f"c{number}" + ("" if is_measured else " d")))
        if is_measured:
            parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.4" class="f{number}"/>' for a, b in at]
    return parts


def picture(title, names, panels, columns=2, percent=False):
    """Panels as (title, unit, series), and the names of their series: (number, whether it is measured, name)."""
    rows, width = -(-len(panels) // columns), (WIDTH - (columns + 1) * MARGIN) / columns
    height = 60 + rows * (HEIGHT + GAP)
    parts, x = [], MARGIN + LEFT
    for number, is_measured, name in names:
        parts += [path([(x, 27), (x + 30, 27)], f"c{number}" + ("" if is_measured else " d")), label(x + 38, 32, name, "")]
        x += 70 + 8 * len(name)
    for index, (name, unit, series) in enumerate(panels):
        column, row = index % columns, index // columns
        parts += panel(
            MARGIN + column * (width + MARGIN), 92 + row * (HEIGHT + GAP), width, name, unit, series, percent)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'style="max-width:100%;height:auto" role="img">', f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
        f'<rect class="p" width="{WIDTH}" height="{height}" rx="8"/>', *parts, "</svg>", ""])
