#!/usr/bin/env python3
"""A site as a browser loads it from a directory: page, style, script, picture, font, sound, and a film that is played from its middle."""

import base64
import os
import tempfile
import unittest

import harness
from browser import Browser
from harness import Server
from media import film, font, sound

WIDTH, HEIGHT, SECONDS, SHADES = 320, 240, 60, 8
PAGE = """<!doctype html><html lang="en"><title>A site</title><link rel="icon" href="picture.png"><link rel="stylesheet" href="style.css">
<script type="module" src="code/main.js"></script>
<h1>AAAA</h1><img id="picture" src="picture.png" alt="A picture"><audio id="sound" src="sound.wav" preload="auto"></audio>
<video id="film" src="film.webm" preload="metadata" muted></video></html>"""
STYLE = """@font-face { font-family: "Box"; src: url("box.ttf") }
h1 { font: 100px "Box"; display: inline-block; margin: 0; color: rgb(1, 2, 3) }"""
SCRIPT = 'import {told} from "./part.js"; document.documentElement.dataset.told = told;'
# Grey of one shade, and noise below, which keeps the pictures from becoming small.
PICTURES = f"""[...Array({SHADES}).keys()].map(shade => {{
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [{WIDTH}, {HEIGHT}];
  const pen = canvas.getContext("2d", {{alpha: false}}), noise = pen.createImageData({WIDTH}, {HEIGHT} / 2);
  let random = shade + 1;
  for (let i = 0; i < noise.data.length; ++i) {{
    random = random * 48271 % 2147483647;
    noise.data[i] = random & 255;
  }}
  pen.fillStyle = `rgb(${{shade * 30 + 15}}, ${{shade * 30 + 15}}, ${{shade * 30 + 15}})`;
  pen.fillRect(0, 0, {WIDTH}, {HEIGHT});
  pen.putImageData(noise, 0, {HEIGHT} / 2);
  return canvas.toDataURL("image/webp", 0.95).split(",")[1];
}})"""
SEEK = """(film => {
  film.currentTime = %s;
  return new Promise(done => film.onseeked = () => done(film.currentTime));
})(document.querySelector("#film"))"""
# Which picture of the film is shown, by its grey: soon after `seeked` it is the right one.
SHADE = """((film, pen) => {
  pen.drawImage(film, 0, 0);
  return Math.floor(pen.getImageData(20, 20, 1, 1).data[0] / 30);
})(document.querySelector("#film"), document.createElement("canvas").getContext("2d"))"""


class Watched(Browser):
    """Remembers what was answered: (path, status, Content-Range)."""

    def __init__(self):
        self.answers = []
        super().__init__()

    def _listen(self, method, parameters):
        super()._listen(method, parameters)
        if method == "Network.responseReceived":
            answer = parameters["response"]
            fields = {name.lower(): value for name, value in answer["headers"].items()}
            self.answers.append((answer["url"].rsplit("/", 1)[1], answer["status"], fields.get("content-range")))


class Site(unittest.TestCase):
    def test_all_of_it(self):
        with tempfile.TemporaryDirectory() as folder, Watched() as browser, Server(target=folder) as server:
            def write(name, content):
                os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            root = f"http://127.0.0.1:{server.port}/"
            write("blank.html", b"<!doctype html><link rel=icon href=data:,>")
            browser.visit(root + "blank.html")
            pictures = [base64.b64decode(text) for text in browser.ask(PICTURES)]
            pixels = browser.ask("(c => (c.width = c.height = 7, c.toDataURL('image/png').split(',')[1]))(document.createElement('canvas'))")
            written = {"index.html": PAGE.encode(), "style.css": STYLE.encode(), "code/main.js": SCRIPT.encode(), "code/part.js": b"export const told = 'yes';",
                       "picture.png": base64.b64decode(pixels), "box.ttf": font("Box", 700), "sound.wav": sound(3),
                       "film.webm": film(pictures, WIDTH, HEIGHT, SECONDS)}
            for name, content in written.items():
                write(name, content)
            self.assertGreater(len(written["film.webm"]), 8 << 20, "else a browser has all of it before anybody seeks")

            browser.visit(root)
            self.assertEqual(browser.wait_for("document.documentElement.dataset.told"), "yes")
            self.assertEqual(browser.ask("getComputedStyle(document.querySelector('h1')).color"), "rgb(1, 2, 3)")
            self.assertEqual(browser.ask("document.querySelector('#picture').naturalWidth"), 7)
            self.assertEqual(browser.ask("document.fonts.ready.then(() => document.querySelector('h1').offsetWidth)"), 280)
            self.assertEqual(browser.wait_for("document.querySelector('#sound').readyState > 3 && document.querySelector('#sound').duration"), 3)
            self.assertEqual(browser.wait_for("document.querySelector('#film').readyState > 0 && document.querySelector('#film').duration"), SECONDS)
            for time in (SECONDS - 5.05, 30.45, 0.15, SECONDS - 1.25):
                self.assertAlmostEqual(browser.ask(SEEK % time), time, places=3)
                browser.wait_for(f"{SHADE} === {int(time * 10) % SHADES}")
            self.assertEqual(browser.complaints, [])
            statuses = {name: status for name, status, _ in browser.answers if name != "film.webm"}
            self.assertEqual(statuses, {"blank.html": 200, "": 200, "style.css": 200, "main.js": 200, "part.js": 200, "picture.png": 200,
                                        "box.ttf": 200, "sound.wav": 206})
            pieces = [(status, piece) for name, status, piece in browser.answers if name == "film.webm"]
            self.assertEqual({status for status, _ in pieces}, {206})
            starts = [int(piece.split()[1].split("-")[0]) for _, piece in pieces]
            self.assertTrue(any(start > len(written["film.webm"]) // 2 for start in starts), pieces)


if __name__ == "__main__":
    harness.main()
