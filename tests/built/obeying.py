"""Firefox and WebKit, driven with the standard library alone: Marionette, and the WebDriver of WebKitGTK under Xvfb."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from serving import Handler, missing

NEEDED = {"firefox": ["firefox-esr", "firefox"], "webkit": ["WebKitWebDriver"], "display": ["Xvfb"]}
PREFERENCES = {"marionette.port": 0, "network.proxy.type": 0, "datareporting.policy.dataSubmissionEnabled": False}
LISTEN = """<script>window.problems = []; {
  const note = (what) => (event) => problems.push(`${what} ${event.message ?? event.reason ?? event.target.src}`);
  addEventListener("error", note("error:"), true);
  addEventListener("unhandledrejection", note("rejection:"));
  for (const kind of ["error", "warn"]) console[kind] = (...said) => problems.push(`${kind}: ${said.join(" ")}`);
  window.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      this.addEventListener("error", note("worker:"));
      this.addEventListener("message", () => (window.worked = true));
    }
  };
}</script>"""


class Listening(Handler):
    def do_GET(self):
        """Send a page with LISTEN before all else, so that what fails on it is known."""
        if not self.path.endswith(".html"):
            return super().do_GET()
        page = Path(self.translate_path(self.path)).read_text("utf-8").replace("<head>", f"<head>{LISTEN}", 1).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


class Browser:
    """A browser that obeys commands of WebDriver. What it starts ends with it, and its files are in a folder."""

    def __init__(self, folder, ends):
        self.folder, self.ends = folder, ends

    def start(self, *command, **environment):
        environment = {**os.environ, "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder), **environment}
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "start_new_session": True}
        process = subprocess.Popen([found(command[0]), *command[1:]], env=environment, **quiet)
        self.ends.callback(process.wait)
        self.ends.callback(os.killpg, process.pid, signal.SIGKILL)
        return process

    def do(self, command, path, **what):
        """Return the answer to a command, which has a name in Firefox and a path in WebKit."""
        raise NotImplementedError

    def run(self, script, *arguments):
        return self.do("ExecuteScript", "execute/sync", script=script, args=list(arguments))

    def point(self, *way):
        """Press at the first place, move over the others, and let go."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 20} for x, y in way]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        self.do("PerformActions", "actions", actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def press(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.do("PerformActions", "actions", actions=[{"type": "key", "id": "keys", "actions": actions}])


class Firefox(Browser):
    def open(self):
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (self.folder / "user.js").write_text("\n".join(lines))
        self.start("firefox", "--headless", "--marionette", "--no-remote", "--profile", str(self.folder))
        port = until(lambda: (self.folder / "MarionetteActivePort").read_text())
        self.socket = self.ends.enter_context(socket.create_connection(("127.0.0.1", int(port)), timeout=120))
        self.file = self.ends.enter_context(self.socket.makefile("rwb"))
        self.hear()
        self.do("NewSession", "")

    def hear(self):
        length = b"".join(iter(lambda: self.file.read(1), b":"))
        return json.loads(self.file.read(int(length)))

    def do(self, command, _, **what):
        text = json.dumps([0, 1, f"WebDriver:{command}", what]).encode()
        self.file.write(b"%d:%b" % (len(text), text))
        self.file.flush()
        _, _, error, result = self.hear()
        assert not error, error
        return result.get("value")


class WebKit(Browser):
    def open(self):
        display = self.start("display", "-displayfd", "1", "-screen", "0", "1280x1000x24").stdout.readline()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.start("webkit", f"--port={port}", DISPLAY=f":{int(display)}")
        self.address = f"http://127.0.0.1:{port}/session"
        capabilities = {"alwaysMatch": {}}
        self.address += "/" + until(lambda: self.do("", "", capabilities=capabilities))["sessionId"]

    def do(self, _, path, **what):
        address = f"{self.address}/{path}".rstrip("/")
        with urllib.request.urlopen(urllib.request.Request(address, json.dumps(what).encode()), timeout=120) as answer:
            return json.load(answer)["value"]


def found(name):
    return next(filter(None, map(shutil.which, NEEDED[name])), None) or missing(f"there is no {NEEDED[name][0]}")


def until(holds, seconds=60):
    """Wait until something holds, and return it; that it cannot be asked yet is no failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            if result := holds():
                return result
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain")
