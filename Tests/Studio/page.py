"""Uses the studio's page as a visitor does, in a headless chromium:  page.py [PICTURES]"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

from studio import COMMAND, command, serving, train


class Visitor:
    def __init__(self, browser, server, width, height, scheme):
        self.problems = []
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.ask(server, request.url))
        self.page.goto(server.address)

    def ask(self, server, address):
        if not address.startswith((server.address, "data:", "blob:")):
            self.problems.append(f"asks for {address}")

    def expect_nothing_wrong(self):
        assert not self.problems, self.problems
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"
        assert self.page.locator("#trouble").is_hidden(), self.page.locator("#trouble").inner_text()


def until(page, expression):
    """Waits until it is true. (Playwright's own way would need what the page's security policy forbids.)"""
    end = time.monotonic() + 30
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def lengthen(history, longer):
    """A run whose last iteration is a long number at the end of the axis."""
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    for line in lines:
        line["iteration"] = line["iteration"] * 100_000 // 60
    longer.parent.mkdir()
    longer.write_text("".join(json.dumps(line) + "\n" for line in lines))


def check_runs(visitor, folder, texts):
    """A run that begins is there without a word, and its curve grows."""
    page = visitor.page
    page.get_by_text("first", exact=True).first.wait_for()
    # The runs so far come one after another: all of them, or the last would be taken for the new one.
    curves = len(list(folder.iterdir()))
    until(page, f"document.querySelectorAll('#chart path.training').length === {curves}")
    page.locator("#chart path.validation").first.wait_for(state="attached")
    new = f"run-{page.viewport_size['width']}"
    training = subprocess.Popen(
        [COMMAND, *map(str, train(texts, folder / new, "--max-epochs", "100000", "--label", new, "--eval-every", "20"))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(page, f"document.querySelectorAll('#chart path.training').length > {curves}")
        row = f"[...document.querySelectorAll('#table tr')].find(row => row.textContent.includes('{new}'))"
        until(page, f"{row} !== undefined")
        reached = f"+{row}.cells[3].textContent.replaceAll(',', '')"
        assert "LSTM 2 × 24" in page.evaluate(f"{row}.textContent")
        first = page.evaluate(reached)
        until(page, f"{reached} > {first + 20}")
        curve = "[...document.querySelectorAll('#chart path.training')].map(path => path.getAttribute('d')).join()"
        before = page.evaluate(curve)
        until(page, f"{curve} !== {json.dumps(before)}")
        page.locator(".live").first.wait_for()
        until(page, "[...document.querySelectorAll('#samples pre')].some(pre => pre.textContent.length > 20)")
    finally:
        training.terminate()
        training.wait()
    # It is live no longer than it runs, and a name that is not UTF-8 is shown by its bytes.
    until(page, "document.querySelectorAll('.live').length === 0")
    odd = os.fsencode(folder / "first") + b"\xe9"
    if not os.path.exists(odd):
        os.mkdir(odd)
        shutil.copy(os.fsencode(folder / "first/history.jsonl"), odd + b"/history.jsonl")
        curves += 1
    page.get_by_text("first\\xE9", exact=True).first.wait_for()
    # (To hover by name would need a picture that stays the same.)
    box = page.locator("#chart").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    assert "training" in page.locator("#tip").inner_text()
    check_axis(page)
    page.get_by_label(new).first.uncheck()
    until(page, f"document.querySelectorAll('#chart path.training').length <= {curves}")


def check_axis(page):
    """Of the losses and of what goes to the right there are two numbers at least, all of them whole."""
    for axis in ("iteration", "epoch", "time"):
        page.locator("#axis").select_option(axis)
        places = page.evaluate("""(() => {
            const box = document.querySelector("#chart svg").getBoundingClientRect();
            return [...document.querySelectorAll("#chart text")].map(text => {
                const { left, right } = text.getBoundingClientRect(), isLoss = text.getAttribute("text-anchor") === "end";
                return [isLoss, left >= box.left && right <= box.right, text.textContent];
            });
        })()""")
        assert all(is_whole for _, is_whole, _ in places), places
        assert sum(is_loss for is_loss, _, _ in places) > 1 < sum(not is_loss for is_loss, _, _ in places), places


def check_playground(visitor):
    page = visitor.page
    page.get_by_role("link", name="Playground").click()
    page.locator(".column select option").first.wait_for(state="attached")
    # Each of the columns, which ask for themselves: either may be told first.
    for column in page.locator(".column").all():
        column.get_by_text("LSTM 2 × 24, ").wait_for()
    titles = page.evaluate("import('/cells.js').then(cells => cells.cellTitles)")
    assert titles["mingru"] == "minGRU" and titles["mogrifier"] == "Mogrifier LSTM", titles
    page.locator("#prompt").fill("Where")
    page.locator("#length").fill("300")
    page.get_by_role("button", name="Write").click()
    until(page, "[...document.querySelectorAll('.column [role=status]')].every(p => p.textContent.startsWith('done'))")
    outputs = page.locator(".column output").all_inner_texts()
    assert len(outputs) == 2 and all(len(text) > 250 and text.startswith("Where") for text in outputs), outputs
    check_hover(page)


def hover(column, place):
    """Points at a character, or at the next one that can be seen: a space may hang over the end of a line."""
    characters = column.locator("output b")
    place = characters.evaluate_all("(all, place) => all.findIndex((b, i) => i >= place && b.textContent.trim())", place)
    characters.nth(place).hover()


def check_hover(page):
    for place in (0, 17, 120):
        hover(page.locator(".column").first, place)
        rows = page.locator("#tip div")
        assert rows.count() >= 6, "a heading and five characters"
        percents = [float(row.locator("span").first.inner_text().rstrip(" %")) for row in rows.all()[1:6]]
        assert percents == sorted(percents, reverse=True) and 0 < sum(percents) <= 101, percents
        assert page.locator("#tip div.drawn").count() == 1


def check_stop(visitor):
    """A long text comes piece by piece, and can be stopped."""
    page = visitor.page
    page.locator("#length").fill("1000000")
    page.get_by_role("button", name="Write").click()
    until(page, "document.querySelectorAll('.column output b').length > 1000")
    first = page.locator(".column output b").count()
    until(page, f"document.querySelectorAll('.column output b').length > {first}")
    page.get_by_role("button", name="Stop", exact=True).click()
    until(page, "[...document.querySelectorAll('.column [role=status]')].every(p => p.textContent.startsWith('stopped'))")
    count = page.locator(".column output b").count()
    page.wait_for_timeout(300)
    assert page.locator(".column output b").count() == count, "nothing comes after a stop"


def check_wrong_words(visitor):
    """What the model does not know is told in the column."""
    page = visitor.page
    page.locator("#prompt").fill("é")
    page.locator("#length").fill("10")
    page.get_by_role("button", name="Write").click()
    for column in page.locator(".column").all():
        column.locator(".wrong", has_text="does not know the character").wait_for()
    # The browser notes the refusals.
    visitor.problems = [problem for problem in visitor.problems if "422" not in problem]
    page.locator("#prompt").fill("Where")


def check_columns(visitor):
    page = visitor.page
    page.get_by_role("button", name="Add a column").click()
    assert page.locator(".column").count() == 3
    page.get_by_text("More ways to draw").last.click()
    page.get_by_label("Top-k").last.fill("1")
    # As many as the page of explain needs to name cells.
    page.locator("#length").fill("120")
    page.get_by_role("button", name="Write").click()
    until(page, "[...document.querySelectorAll('.column [role=status]')].every(p => p.textContent.startsWith('done'))")
    hover(page.locator(".column").last, 5)
    assert "100 %" in page.locator("#tip div.drawn").inner_text(), "of the likeliest alone that is drawn"


def check_explain(visitor):
    page = visitor.page
    page.get_by_role("button", name="Explain this text").first.click()
    page.get_by_role("button", name="Explain", exact=True).click()
    frame = page.frame_locator("#page")
    frame.locator("[data-i='3']").hover()
    assert frame.locator("#tip div").count() == 5
    frame.locator("#list button").first.click()
    assert frame.locator("#name").inner_text().startswith("Layer ")


def main():
    pictures = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if pictures:
        pictures.mkdir(exist_ok=True, parents=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        texts, folder = pathlib.Path(name) / "texts", pathlib.Path(name) / "cv"
        texts.mkdir()
        command(*train(texts, folder / "first", "--max-iterations", "60", "--label", "first", "--eval-every", "20"))
        lengthen(folder / "first/history.jsonl", folder / "long/history.jsonl")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        with serving(folder, "--max-length", "1000000") as server:
            for width, height, scheme in [(1280, 900, "light"), (390, 844, "dark")]:
                visitor = Visitor(browser, server, width, height, scheme)

                def picture(part):
                    if pictures:
                        visitor.page.screenshot(path=pictures / f"{part}-{width}.png")

                check_runs(visitor, folder, texts)
                picture("runs")
                check_playground(visitor)
                picture("playground")
                check_stop(visitor)
                check_wrong_words(visitor)
                check_columns(visitor)
                picture("columns")
                check_explain(visitor)
                picture("explain")
                visitor.expect_nothing_wrong()
                visitor.page.close()
                print(f"{width} x {height}, {scheme}: a run appears and grows; texts stream, stop and show alternatives; no error")
        browser.close()


main()
