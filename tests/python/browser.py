"""Opens a page in headless Chromium as a reader would and prints what is wrong with it.

    python3 browser.py PAGE.html [--screenshots DIR]

Opens it light and dark, wide and on a phone, and for print from a light and a dark screen. Checks
that the console has no error or warning, that the page itself is the only request, that no picture
is missing, that nothing is wider than the screen, that text has enough contrast and in charts
enough size, and that paper is white. Prints a line per problem and exits 1; if there is no
Chromium, prints the reason and exits 77. Speaks the DevTools protocol over a pipe; needs only
Python.
"""

import argparse
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-pipe",
]
SECONDS = 120

# Name, width, height, whether a phone, media, colour scheme.
MODES = [
    ("light", 1280, 900, False, "screen", "light"),
    ("dark", 1280, 900, False, "screen", "dark"),
    ("phone", 360, 740, True, "screen", "light"),
    ("print", 794, 1123, False, "print", "light"),
    ("print of a dark screen", 794, 1123, False, "print", "dark"),
]

# Runs in the page and returns its problems. Contrast as in WCAG 2.1, 1.4.3.
INSPECT = """(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const contrast = (e, name) => { const ink = light(getComputedStyle(e)[name]);
    return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05); };
  const problems = [];
  if (matchMedia('print').matches && paper < 1) problems.push('the paper is not white');
  for (const e of document.querySelectorAll('h1,h2,p,th,td,dt,dd,figcaption'))
    if (e.textContent.trim() && contrast(e, 'color') < 4.5)
      problems.push(`${e.tagName} \\u201c${e.textContent.slice(0, 30)}\\u201d is hard to read: ${contrast(e, 'color').toFixed(2)}`);
  for (const e of document.querySelectorAll('svg text'))
    if (contrast(e, 'fill') < 4.5)
      problems.push(`text \\u201c${e.textContent.slice(0, 30)}\\u201d of a chart is hard to read: ${contrast(e, 'fill').toFixed(2)}`);
  // In pixels of the screen, as a chart is scaled to the width available.
  for (const e of document.querySelectorAll('svg text')) {
    const to = e.getScreenCTM(), size = parseFloat(getComputedStyle(e).fontSize) * Math.hypot(to.a, to.b);
    if (matchMedia('screen').matches && size < 9)
      problems.push(`text \\u201c${e.textContent.slice(0, 30)}\\u201d of a chart is too small to read: ${size.toFixed(1)} pixels`);
  }
  for (const e of document.images) {
    if (!e.complete || !e.naturalWidth) problems.push(`picture \\u201c${e.alt}\\u201d is not shown`);
    if (!e.alt) problems.push('a picture has no text in its place');
  }
  for (const e of document.querySelectorAll('svg'))
    if (!e.getAttribute('aria-label') || !e.getBoundingClientRect().height)
      problems.push('a chart has no label or no height');
  for (const e of document.querySelectorAll('.wide'))
    if (e.tabIndex != 0) problems.push('a table that scrolls cannot be reached by the keyboard');
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) problems.push(`the page is ${over} pixels wider than the screen`);
  if (!document.title || !document.documentElement.lang) problems.push('no title or no language');
  const count = s => document.querySelectorAll(s).length;
  return JSON.stringify({problems, counts: {headings: count('h2'), tables: count('table'), charts: count('svg'), pictures: document.images.length}});
})()"""


class Browser:
    """Chromium at the other end of a pipe."""

    def __init__(self, program, folder):
        to_child, self.write_end = os.pipe()
        self.read_end, from_child = os.pipe()
        # Chromium reads commands from descriptor 3 and answers on 4; ours may have other numbers.
        to_child, from_child = (os.dup2(fd, 50 + i) for i, fd in enumerate((to_child, from_child)))
        command = f'exec "$@" 3<&{to_child} 4>&{from_child}'
        self.process = subprocess.Popen(
            ["bash", "-c", command, "bash", program, *FLAGS, f"--user-data-dir={folder}"],
            pass_fds=(to_child, from_child),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_child)
        os.close(from_child)
        self.events, self.buffer, self.number, self.session = [], b"", 0, None
        self.deadline = time.monotonic() + SECONDS

    def message(self):
        while b"\0" not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                raise TimeoutError(f"Chromium did not answer within {SECONDS} s")
            piece = os.read(self.read_end, 1 << 16)
            if not piece:
                raise EOFError("Chromium has ended")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.write_end, data) :]
        while True:
            answer = self.message()
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())


def problems_of(events, address):
    for event in events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if url != address and not url.startswith("data:"):
                yield f"the page asks for {url}"
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            yield f"exception: {details.get('exception', {}).get('description', details['text'])}"
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            yield f"console: {[value.get('value') for value in parameters['args']]}"
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            yield f"log: {parameters['entry']['text']}"


def look(browser, address, mode, screenshots):
    name, width, height, phone, media, scheme = mode
    browser.events = []
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=height, deviceScaleFactor=1, mobile=phone,
    )
    scheme = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
    browser.call("Page.navigate", url=address)
    browser.wait("Page.loadEventFired")
    answer = browser.call("Runtime.evaluate", expression=INSPECT, returnByValue=True)
    found = json.loads(answer["result"]["value"])
    if screenshots:
        size = browser.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {**size, "scale": 1}
        shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path = pathlib.Path(screenshots, f"{name}.png")
        path.write_bytes(base64.b64decode(shot["data"]))
    problems = found["problems"] + list(problems_of(browser.events, address))
    return [f"{name}: {problem}" for problem in dict.fromkeys(problems)], found["counts"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("page")
    parser.add_argument("--screenshots", metavar="DIR")
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        print(f"none of {', '.join(PROGRAMS)} is installed")
        return 77
    if arguments.screenshots:
        os.makedirs(arguments.screenshots, exist_ok=True)
    address = pathlib.Path(arguments.page).resolve().as_uri()
    problems = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
            browser.session = attached["sessionId"]
            for domain in ("Page", "Network", "Runtime", "Log"):
                browser.call(f"{domain}.enable")
            for mode in MODES:
                found, counts = look(browser, address, mode, arguments.screenshots)
                problems += found
        finally:
            browser.process.kill()
            browser.process.wait()
    print("\n".join(problems) if problems else json.dumps(counts, sort_keys=True))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
