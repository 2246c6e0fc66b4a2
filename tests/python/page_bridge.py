"""The page of `dcgan-convert --to page`, in headless Chromium: pixels, z, every control, its look.

The page is opened from a file and from a static server, as a folder and as a single file.
"""

import base64
import functools
import http.server
import json
import pathlib
import shutil
import struct
import tempfile
import threading
import time
import unittest

import numpy as np

import bridges
import browser
import dcgan_random
import dcgan_torch

N = 20
SEEDS = [(0, 0), (7, 3), (2**64 - 1, 2**64 - 1), (123456789012, 2**32)]
COLOUR = ["prepare.source=synthetic", "prepare.synthetic.channels=3"]


def open_browser(folder):
    program = next(filter(None, map(shutil.which, browser.PROGRAMS)), None)
    if program is None:
        raise AssertionError(f"none of {', '.join(browser.PROGRAMS)} is installed")
    opened = browser.Browser(program, folder)
    target = opened.call("Target.createTarget", url="about:blank")["targetId"]
    attached = opened.call("Target.attachToTarget", targetId=target, flatten=True)
    opened.session = attached["sessionId"]
    for domain in ("Page", "Network", "Runtime", "Log"):
        opened.call(f"{domain}.enable")
    return opened


class Page:
    """A page that is open and has loaded its network."""

    def __init__(self, opened, address):
        self.browser, self.address = opened, address
        opened.events, opened.deadline = [], time.monotonic() + browser.SECONDS
        size = dict(width=1280, height=1000, deviceScaleFactor=1, mobile=False)
        opened.call("Emulation.setDeviceMetricsOverride", **size)
        opened.call("Page.navigate", url=address)
        opened.wait("Page.loadEventFired")
        self.until("document.body.dataset.ready === 'yes'")

    def run(self, expression):
        """The value of an expression, which may be a promise."""
        answer = self.browser.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, condition):
        deadline = time.monotonic() + 60
        while not self.run(condition):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.address}: never true: {condition}")
            time.sleep(0.02)

    def point(self, selector, x=0.5, y=0.5):
        """A point of an element on the screen; x and y are shares of its width and height."""
        return self.run(
            f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: "center"}}); const b = e.getBoundingClientRect();
            return {{x: b.left + {x} * b.width, y: b.top + {y} * b.height}}; }})()"""
        )

    def mouse(self, kind, at, buttons=0):
        self.browser.call(
            "Input.dispatchMouseEvent",
            type=kind, button="left", clickCount=1, buttons=buttons, **at,
        )

    def click(self, selector, x=0.5, y=0.5):
        at = self.point(selector, x, y)
        self.mouse("mousePressed", at, 1)
        self.mouse("mouseReleased", at)

    def press(self, key, text=None):
        words = dict(key=key, code=key, **({"text": text} if text else {}))
        self.browser.call("Input.dispatchKeyEvent", type="keyDown", **words)
        self.browser.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def type(self, selector, text):
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.browser.call("Input.insertText", text=text)
        self.press("Tab")

    def canvas(self, name):
        """The colours of a canvas, uint8 `[height, width, 3]`."""
        url = self.run(
            f"""(() => {{ const c = document.getElementById({json.dumps(name)});
            const d = c.getContext("2d").getImageData(0, 0, c.width, c.height);
            let s = ""; for (const v of d.data) s += String.fromCharCode(v);
            return c.width + ":" + btoa(s); }})()"""
        )
        width, data = url.split(":")
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(-1, int(width), 4)[:, :, :3]

    def problems(self, allowed):
        """What Chromium reported, and requests for anything but the files `allowed`."""
        found = []
        for problem in browser.problems_of(self.browser.events, self.address):
            url = problem.removeprefix("the page asks for ")
            name = url.rsplit("/", 1)[-1]
            inside = url == self.address.rsplit("/", 1)[0] + "/" + name or url.startswith("blob:")
            if "Multiple readback operations" in problem:
                continue  # said of `canvas` above
            if url == problem or not inside or name not in allowed and not url.startswith("blob:"):
                found.append(problem)
        return found


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class PageTest(bridges.Test):
    @classmethod
    def setUpClass(cls):
        cls.models = {name: cls.model(name, *words) for name, words in {
            "labelled": [],
            "normal": ["train.z_distribution=normal", "train.z_dim=11"],
            "colour": ["train.network=unlabelled"],
        }.items()}
        profile = tempfile.mkdtemp(dir=bridges.folder)
        cls.browser = open_browser(profile)
        serve = functools.partial(Quiet, directory=bridges.folder)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.browser.process.kill()

    @classmethod
    def model(cls, name, *settings):
        """A trained model, its images, and its page as a folder and as a file."""
        run = bridges.folder / "pages" / name
        odd = ["prepare.pictures.height=22", "prepare.pictures.width=30"]
        data = bridges.dataset("colour", *COLOUR, *odd) if name == "colour" else None
        data = data or bridges.dataset("page")
        words = [word for setting in settings for word in ("--set", setting)]
        shared = ["--pipeline", bridges.SMOKE, *words]
        bridges.program("train", *shared, "--dataset", data, "--out", run / "train")
        model = run / "train" / "generator.safetensors"
        words = ["--model", model, "--n", N, "--out", run / "sample"]
        bridges.program("sample", *words)
        bridges.program("convert", "--to", "page", "--model", model, "--out", run / "page")
        words = ["--to", "page", "--single", "--model", model, "--out", run / "single"]
        bridges.program("convert", *words)
        return run

    def open(self, name, kind="page", served=False):
        page = self.models[name] / kind / "index.html"
        if not served:
            return Page(self.browser, page.as_uri())
        path = page.relative_to(bridges.folder).as_posix()
        return Page(self.browser, f"http://127.0.0.1:{self.server.server_port}/{path}")

    def network(self, name):
        return dcgan_torch.read(self.models[name] / "train" / "generator.safetensors")[0]["network"]

    def test_pixels_are_those_of_dcgan_sample(self):
        for name, run in self.models.items():
            expected = samples(run / "sample" / "samples.safetensors")
            for kind, served in [("page", False), ("page", True), ("single", False)]:
                for plain in ("false", "true"):
                    with self.subTest(name=name, kind=kind, served=served, plain=plain):
                        page = self.open(name, kind, served)
                        drawn = base64.b64decode(page.run(DRAW % (plain, N)))
                        drawn = np.frombuffer(drawn, np.uint8).reshape(expected.shape)
                        apart = np.abs(drawn.astype(int) - expected.astype(int))
                        self.assertLessEqual(apart.max(), 1)
                        self.assertLess((apart > 0).mean(), 0.005)
                        self.assertGreater(expected.std(), 1)

    def test_z_is_that_of_the_programs_bit_for_bit(self):
        for name in self.models:
            page, network = self.open(name), self.network(name)
            for seed, number in SEEDS:
                drawn = page.run(
                    f"Array.from(new Uint32Array(Random.latent(dcganModel.network, {seed}n,"
                    f" {number}n).slice().buffer))"
                )
                expected = dcgan_random.draw(
                    network, seed, "sample-latent", number, network["z_dim"]
                )
                self.assertEqual(drawn, expected.view(np.uint32).tolist(), (name, seed, number))

    def test_it_looks_right_on_every_screen(self):
        for name, kind in [("labelled", "page"), ("colour", "single")]:
            page = (self.models[name] / kind / "index.html").as_uri()
            for mode in browser.MODES:
                self.browser.deadline = time.monotonic() + browser.SECONDS
                found, counts = browser.look(self.browser, page, mode, None)
                found = [problem for problem in found if "the page asks for" not in problem]
                self.assertEqual(found, [], name)
                self.assertEqual(counts["headings"], 5)

    def test_every_control_works(self):
        page = self.open("labelled")
        downloads = self.folder / "downloads"
        page.browser.call(
            "Page.setDownloadBehavior", behavior="allow", downloadPath=str(downloads)
        )
        used = set()

        def changes(canvas, selector, act, settle=lambda: None):
            """That an action on a control changes a canvas; returns the new one."""
            used.add(selector)
            before = page.canvas(canvas)
            act()
            settle()
            after = page.canvas(canvas)
            self.assertFalse(np.array_equal(before, after), selector)
            return after

        first = page.canvas("image")
        expected = samples(self.models["labelled"] / "sample" / "samples.safetensors")
        self.assertLessEqual(np.abs(first[:, :, :1].astype(int) - expected[0]).max(), 1)

        second = changes("image", "#next", lambda: page.click("#next"))
        self.assertLessEqual(np.abs(second[:, :, :1].astype(int) - expected[1]).max(), 1)
        back = changes("image", "#previous", lambda: page.click("#previous"))
        self.assertTrue(np.array_equal(back, first))
        changes("image", "#seed", lambda: page.type("#seed", "12"))
        changes("image", "#number", lambda: page.type("#number", "5"))
        page.type("#number", "-1")
        self.assertIn("expected a whole number", page.run("document.querySelector('#status').textContent"))
        page.type("#number", "0")
        page.type("#seed", "0")
        self.assertTrue(np.array_equal(page.canvas("image"), first))
        labels = page.run("document.querySelectorAll('#classes label').length")
        self.assertEqual(labels, len(self.network("labelled")["class_names"]))
        changes("image", "#classes input", lambda: page.click("#classes label:nth-of-type(4)"))
        page.press("ArrowRight")
        self.assertEqual(page.run("document.querySelector('#classes :checked').value"), "4")
        changes("image", "#random", lambda: page.click("#random"))

        # Painting z with the mouse and with the keyboard.
        page.type("#seed", "0")
        clean = page.canvas("image")
        used.add("#brush")
        page.run("document.querySelector('#brush').focus()")
        for _ in range(20):
            page.press("ArrowLeft")
        self.assertEqual(page.run("document.querySelector('#brush-value').textContent"), "0.80")

        def drag():
            page.mouse("mousePressed", page.point("#latent", 0.1, 0.1), 1)
            page.mouse("mouseMoved", page.point("#latent", 0.9, 0.1), 1)
            page.mouse("mouseReleased", page.point("#latent", 0.9, 0.1))

        changes("image", "#latent", drag)
        self.assertIn("= 0.800", page.run("document.querySelector('#cell').textContent"))
        undone = changes("image", "#reset", lambda: page.click("#reset"))
        self.assertTrue(np.array_equal(undone, clean))
        page.run("document.querySelector('#latent').focus()")
        page.press("ArrowLeft")
        for key, text in [(" ", " "), ("+", "+"), ("-", "-")]:
            before = page.run("document.querySelector('#cell').textContent")
            page.press(key, text)
            self.assertNotEqual(before, page.run("document.querySelector('#cell').textContent"))
        page.click("#reset")

        # The grid, and an image of it.
        page.type("#number", "0")
        page.type("#count", str(N))
        used.add("#count")
        done = lambda: page.until("!document.querySelector('#save-grid').disabled")
        grid = changes("grid", "#draw-grid", lambda: page.click("#draw-grid"), done)
        columns = len(self.network("labelled")["class_names"])
        height, width = expected.shape[1:3]
        for i in range(N):
            row, column = divmod(i, columns)
            cell = grid[row * (height + 1) :][:height, column * (width + 1) :][:, :width, :1]
            self.assertLessEqual(np.abs(cell.astype(int) - expected[i]).max(), 1, i)
        changes("image", "#grid", lambda: page.click("#grid", 2.5 / columns, 0.25))
        self.assertEqual(page.run("document.querySelector('#number').value"), "2")

        # Interpolation.
        changes("strip", "#set-start", lambda: page.click("#set-start"))
        page.click("#next")
        changes("strip", "#set-end", lambda: page.click("#set-end"))
        page.run("document.querySelector('#way').focus()")
        changes("strip", "#way", lambda: page.press("l", "l"))
        page.run("document.querySelector('#position').focus()")
        changes("image", "#position", lambda: page.press("ArrowRight"))
        page.click("#play")
        used.add("#play")
        page.until("Number(document.querySelector('#position').value) < 0.9")
        self.assertEqual(page.run("document.querySelector('#play').textContent"), "Pause")
        page.click("#play")
        self.assertEqual(page.run("document.querySelector('#play').textContent"), "Play")

        for name in ("image", "grid", "strip"):
            used.add(f"#save-{name}")
            page.click(f"#save-{name}")
            self.assert_saved(downloads, page.canvas(name).shape)
        controls = "Array.from(document.querySelectorAll('button,input:not([type=radio]),select'))"
        known = {"#" + name for name in page.run(f"{controls}.map(e => e.id)")}
        self.assertEqual(known - used, set())
        files = {path.name for path in (self.models["labelled"] / "page").iterdir()}
        self.assertEqual(page.problems(files), [])

    def assert_saved(self, downloads, shape):
        """That one PNG of this shape was saved; removes it."""
        deadline = time.monotonic() + 20
        while not (found := list(downloads.glob("*.png"))) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(len(found), 1)
        data = found[0].read_bytes()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", data[16:24]), (shape[1], shape[0]))
        found[0].unlink()

    def test_it_asks_for_nothing(self):
        for kind, served in [("single", False), ("page", True)]:
            page = self.open("colour", kind, served)
            folder = self.models["colour"] / kind
            allowed = {path.name for path in folder.iterdir()} if kind == "page" else set()
            self.assertEqual(page.problems(allowed), [])


# Draws the first images one by one, as the page does, and returns them in base64.
DRAW = """(async () => {
  const { network } = dcganModel, classes = network.class_names.length;
  const generator = await Network.load(dcganModel, %s);
  let text = "";
  for (let i = 0; i < %d; i++) {
    const y = Float32Array.from({ length: classes }, (_, k) => (k === i %% classes ? 1 : 0));
    const pixels = generator.draw(Random.latent(network, 0n, BigInt(i)), y);
    for (const value of pixels) text += String.fromCharCode(value);
  }
  return btoa(text);
})()"""


def samples(path):
    """The images of `samples.safetensors`, uint8 `[N, H, W, C]`."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    entry = json.loads(data[8 : 8 + size])["images"]
    start, end = (8 + size + offset for offset in entry["data_offsets"])
    return np.frombuffer(data[start:end], np.uint8).reshape(entry["shape"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
