#!/usr/bin/env python3
"""The documentation as a site: built by scripts/docs, served by the program, read with a browser."""

import html.parser
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

import harness
from browser import Browser
from harness import Server, scaled

TOP = pathlib.Path(__file__).resolve().parents[2]


class Page(html.parser.HTMLParser):
    """What a page refers to, and the places in it."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.places = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places.update(filter(None, (attributes.get("id"), attributes.get("name"))))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        elif attributes.get("src") or (tag == "link" and attributes.get("rel") in ("stylesheet", "icon")):
            self.loads.append(attributes.get("src") or attributes["href"])


@unittest.skipUnless(shutil.which("mkdocs"), "mkdocs is not installed")
class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.site = pathlib.Path(cls.scratch.name)
        done = subprocess.run([TOP / "scripts/docs", cls.site], capture_output=True, text=True, timeout=scaled(120))
        assert done.returncode == 0, done.stdout + done.stderr
        cls.server = Server(target=cls.scratch.name, workers=2)
        cls.addClassCleanup(cls.server.kill)
        cls.root = f"http://127.0.0.1:{cls.server.port}/"

    def pages(self):
        return {path.relative_to(self.site).as_posix(): Page(path.read_text()) for path in sorted(self.site.rglob("*.html"))}

    def test_every_page_of_the_documentation_is_there(self):
        for page in (TOP / "docs").rglob("*.md"):
            name = page.relative_to(TOP).with_suffix(".html").as_posix().replace("README.html", "index.html")
            self.assertTrue((self.site / name).exists(), name)
        navigation = (TOP / "docs/mkdocs.yml").read_text()
        for page in (TOP / "docs").glob("*.md"):
            self.assertIn(f"docs/{page.name}", navigation, "a page that the navigation does not show")

    def test_links_lead_somewhere(self):
        pages, asked = self.pages(), {}
        self.assertGreater(len(pages), 30)
        for name, page in pages.items():
            for link in page.links + page.loads:
                url = urllib.parse.urljoin(self.root + name, link)
                if not url.startswith(self.root):
                    self.assertIn(link, page.links, f"{name} loads {link}, from another host")
                    continue
                path, _, place = url[len(self.root):].partition("#")
                if path not in asked:
                    asked[path] = self.server.get("/" + path).status
                self.assertEqual(asked[path], 200, f"{name}: {link}")
                if place and path in pages and not place.startswith("__"):
                    self.assertIn(urllib.parse.unquote(place), pages[path].places, f"{name}: {link}")

    def test_on_a_telephone_nothing_is_cut_off(self):
        with Browser(390, 844, phone=True) as browser:
            for name in self.pages():
                browser.visit(self.root + name)
                self.assertLessEqual(browser.ask("document.documentElement.scrollWidth"), 390, name)
            self.assertEqual(browser.complaints, [])
            self.assertTrue(browser.ask("getComputedStyle(document.querySelector('label[for=__drawer]')).display != 'none'"))

    def test_search_finds(self):
        with Browser() as browser:
            for _ in range(5):
                browser.visit(self.root + "index.html")
                try:
                    browser.wait_for("""(field => {
                        field.focus();
                        field.value = Math.floor(performance.now() / 1500) % 2 ? "rate limit burst" : "rate limit";
                        field.dispatchEvent(new Event("keyup", {bubbles: true}));
                        return document.querySelector(".md-search-result__link") !== null;
                      })(document.querySelector("[data-md-component=search-query]"))""", 8)
                    break
                except AssertionError:
                    continue  # the theme's script is deaf to who asks while it starts: load the page again
            found = browser.ask("[...document.querySelectorAll('.md-search-result__link')].map(link => link.href).join(' ')")
            self.assertRegex(found, r"docs/operations\.html\?\S*#rate-limits")
            browser.visit(urllib.parse.urljoin(self.root, "docs/operations.html?h=burst#rate-limits"))
            browser.wait_for("document.querySelector('mark')")
            self.assertEqual(browser.complaints, [])

    def test_by_day_and_by_night(self):
        with Browser() as browser:
            shades = []
            for scheme in ("light", "dark"):
                browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                browser.visit(self.root + "docs/tls.html")
                shades.append(browser.ask("getComputedStyle(document.body).backgroundColor"))
                browser.ask("localStorage.clear()")  # it remembers what its reader has seen
            self.assertNotEqual(*shades)


if __name__ == "__main__":
    harness.main()
