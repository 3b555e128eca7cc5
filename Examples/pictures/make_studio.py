#!/usr/bin/env python3
"""Makes the README's picture of the studio, studio.png, of a folder with runs:

    PYTHONPATH=.build/browser Examples/pictures/make_studio.py FOLDER

Build the command and the studio first, and have playwright and chromium: Tests/Studio/run sees to all of it.
"""

import pathlib
import sys

from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Tests/Studio"))

from studio import serving  # noqa: E402


def main():
    with serving(pathlib.Path(sys.argv[1])) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 660}, color_scheme="light")
        page.goto(server.address)
        page.get_by_role("link", name="Playground").click()
        page.get_by_text("parameters").first.wait_for()
        page.locator("#prompt").fill("ROMEO:")
        page.locator("#length").fill("300")
        page.get_by_role("button", name="Write").click()
        page.get_by_text("done").nth(1).wait_for()
        page.locator(".column output b").nth(165).hover()
        page.screenshot(path=HERE / "studio.png")
        browser.close()


main()
