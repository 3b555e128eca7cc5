"""Uses a page of `char-rnn explain` as a reader does:  explain.py CHAR_RNN [PICTURES]"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

PARTS = ['"Where (so late) do you go?" she asked.\n', "    Nowhere, he said; it is 12 o'clock.\n", "\n", "<b>Good & well!\n"]
TEXT = "".join(PARTS[i % 7 % 4] for i in range(3000))


def command(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def make_page(program, folder):
    """A page about a small model that was trained for a moment, one of a short text, and the bits of each character of the
    first as `score` has them."""
    (folder / "input.txt").write_text(TEXT)
    command(program, "train", "--data-dir", folder, "--checkpoint-dir", folder / "cv", "--hidden-size", "24", "--max-iterations",
            "30", "--eval-every", "30")
    model = next((folder / "cv").glob("*.safetensors"))
    page = folder / "page.html"
    command(program, "explain", model, folder / "input.txt", "-o", page)
    score = json.loads(command(program, "score", model, folder / "input.txt", "--json"))
    (folder / "short.txt").write_text(TEXT[:60])
    short = folder / "short.html"
    command(program, "explain", model, folder / "short.txt", "-o", short)
    return page, short, [0] + [-p / math.log(2) for p in score["log_probabilities"]]


class Reader:
    def __init__(self, browser, file, width, height, scheme="light"):
        self.problems = []
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.ask(request.url))
        self.page.goto(file.as_uri())

    def ask(self, address):
        if not address.startswith(("file:", "data:")):
            self.problems.append(f"asks for {address}")

    def color(self, place):
        return self.page.locator(f'[data-i="{place}"]').evaluate("e => getComputedStyle(e).backgroundColor")

    def colors(self):
        return [self.color(place) for place in range(80)]

    def expect_nothing_wrong(self):
        assert not self.problems, self.problems
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"


def check_hover(reader, bits):
    title = reader.page.locator("#cellsTitle").inner_text()
    assert title.endswith("; point at a character"), "why they have no color yet"
    for place in (3, 41, 77):
        reader.page.locator(f'[data-i="{place}"]').hover()
        tip = reader.page.locator("#tip")
        assert tip.is_visible()
        rows = tip.locator("div")
        assert rows.count() == 5, rows.count()
        chances = [float(row.locator(".r").inner_text().rstrip(" %")) for row in rows.all()]
        assert chances == sorted(chances, reverse=True) and 0 < sum(chances) <= 101, chances
        for name in tip.locator("code").all():
            assert name.evaluate("e => e.scrollWidth <= e.clientWidth"), f"{name.inner_text()} reaches into its bar"
        assert f"surprise {bits[place]:.2f} bits" in tip.inner_text(), (tip.inner_text(), bits[place])


def check_cells(reader):
    page, surprise = reader.page, reader.colors()
    assert page.locator("#facts").inner_text().startswith("LSTM, 2 × 24 cells, "), page.locator("#facts").inner_text()
    page.locator("#list button").first.click()
    assert page.locator("#list button[aria-pressed=true]").count() >= 1
    cell = reader.colors()
    assert cell != surprise and len(set(cell)) > 5, set(cell)
    assert page.locator("#name").inner_text().startswith("Layer ")
    assert "−" in page.locator("#least").inner_text(), "a scale with two sides"
    assert page.locator("#parts button").count() == 6, "cell, hidden and four gates of an LSTM"
    page.get_by_role("button", name="forget f").click()
    assert page.locator("#least").inner_text() == "0" and page.locator("#most").inner_text() == "1.00"
    page.locator("#layer").fill("1")
    assert page.locator("#name").inner_text().startswith("Layer 1, ")
    page.locator("#cells").click(position={"x": 3, "y": 3})
    assert page.locator("#name").inner_text().startswith("Layer 1, cell 0: ")


def check_short(reader):
    """No cell follows anything, since over few characters each does; and there is no next one in the list."""
    page = reader.page
    assert "too short to tell" in page.locator("#list").inner_text() and page.locator("#list button").count() == 0
    page.keyboard.press("n")
    page.locator("#cells").click(position={"x": 3, "y": 3})
    assert page.locator("#name").inner_text().startswith("Layer 0, cell 0: ")
    reader.expect_nothing_wrong()


def check_keys(reader):
    page = reader.page
    page.locator("#reader").focus()
    page.keyboard.press("s")
    assert page.locator("#name").inner_text().startswith("Surprise")
    place = int(page.locator(".here").get_attribute("data-i"))
    page.keyboard.press("ArrowRight")
    assert int(page.locator(".here").get_attribute("data-i")) == place + 1
    page.keyboard.press("n")
    first = page.locator("#name").inner_text()
    page.keyboard.press("n")
    assert page.locator("#name").inner_text() != first


def check_text(reader):
    """All of it is there, a part at a time."""
    page = reader.page
    assert page.locator("#sheet").inner_text().replace("\n", "").startswith(TEXT[:39].strip("\n"))
    page.locator("#reader").evaluate("e => { e.scrollTop = e.scrollHeight }")
    page.locator(f'[data-i="{len(TEXT) - 1}"]').wait_for()
    assert page.locator("[data-i]").count() < 6000, "only what is seen is in the page"


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        page, short, bits = make_page(program, pathlib.Path(name))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for width, height, scheme in [(1280, 800, "light"), (390, 844, "dark")]:
            reader = Reader(browser, page, width, height, scheme)
            check_hover(reader, bits)
            check_cells(reader)
            if width > 800:
                check_keys(reader)
            if pictures:
                pictures.mkdir(exist_ok=True)
                reader.page.screenshot(path=pictures / f"explain-{width}.png")
            check_text(reader)
            reader.expect_nothing_wrong()
            check_short(Reader(browser, short, width, height, scheme))
            print(f"{width} x {height}, {scheme}: a cell is chosen, a hover shows alternatives, no error")
        browser.close()


main()
