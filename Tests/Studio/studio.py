"""What the checks of the studio share: a small model, and a server for its folder."""

import contextlib
import json
import pathlib
import re
import signal
import subprocess
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / ".build/release/char-rnn"
STUDIO = ROOT / "Examples/studio/.build/release/char-rnn-studio"

PARTS = ['"Where (so late) do you go?" she asked.\n', "    Nowhere, he said; it is 12 o'clock.\n", "\n", "<b>Good & well!\n"]
TEXT = "".join(PARTS[i * (i + 1) // 2 % 4] for i in range(3000))


def command(*words):
    return subprocess.run([COMMAND, *map(str, words)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def train(folder, checkpoints, *options, units=24):
    """The words that train a small model, which writes samples while it learns."""
    (folder / "input.txt").write_text(TEXT)
    return ["train", "--data-dir", folder, "--checkpoint-dir", checkpoints, "--hidden-size", units, "--sample-every", "10",
            "--sample-length", "80", *options]


def model_of(checkpoints):
    return sorted(checkpoints.glob("*.safetensors"))[-1]


class Server:
    """The studio on a free port."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen([STUDIO, str(folder), "--port", "0", *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.address + self.process.stderr.read()
        self.port = int(re.search(r":(\d+)/$", self.address)[1])

    def ask(self, path, value=None, headers=None, timeout=60):
        """The status and the body of an answer; a value is posted as JSON."""
        data = None if value is None else value if isinstance(value, bytes) else json.dumps(value).encode()
        heads = {"Content-Type": "application/json"} if data is not None else {}
        request = urllib.request.Request(self.address.rstrip("/") + path, data, {**heads, **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def get(self, path, value=None):
        """What a right request is answered."""
        status, body = self.ask(path, value)
        assert status == 200, (path, value, status, body)
        return json.loads(body)

    def refusal(self, status, path, value=None, headers=None):
        """What a wrong request is told, which must have the status."""
        found, body = self.ask(path, value, headers)
        error = json.loads(body)["error"]
        assert found == status == error["status"] and error["what"] and error["why"], (path, value, found, body)
        return error

    def events(self, path, value=None):
        """The events of a stream, as (name, value), while it lasts."""
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(self.address.rstrip("/") + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            name = "message"
            for line in response:
                line = line.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield name, json.loads(line[6:])
                    name = "message"

    def memory(self):
        _, text = self.ask("/metrics")
        return int(re.search(rb"^process_resident_memory_bytes (\d+)$", text, re.M)[1])

    def end(self):
        """Ends it as a service manager does, and says how long that took it."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 0 and not errors, (self.process.returncode, errors)


@contextlib.contextmanager
def serving(folder, *options):
    server = Server(folder, *options)
    try:
        yield server
        server.end()
    finally:
        server.process.kill()
        server.process.wait()
