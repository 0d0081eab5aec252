"""A home on a machine where every host is the stub: what is run there, and what was sent."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

import marks

HERE = Path(__file__).parent

# Loaded machines are slow; who needs longer than this hangs.
PATIENCE = 120


class Ran:
    """What a program did: how it ended, what it said, and what it sent."""

    def __init__(self, status, out, err, requests):
        self.status, self.out, self.err, self.requests = status, out, err, requests

    def carried(self, secret):
        """The requests in which this secret is, with where it stands in each."""
        return [(request, place) for request in self.requests for place, text in request.texts() if secret in _plain(text)]

    def leaks(self):
        """Each marked value that arrived anywhere, and each host that only a marked address names."""
        found = set()
        for request in self.requests:
            for place, text in request.texts():
                found |= {f"{value} ({place}, {request.host})" for value in marks.MARKED.findall(_plain(text))}
            if request.host == marks.ELSEWHERE:
                found.add(f"a request to {request.host}{request.path}")
        return sorted(found)


class World:
    """One home, one store, one project; nothing of it is left afterwards."""

    def __init__(self, stub, authority, credlatch):
        self._stub, self._authority, self._credlatch = stub, authority, credlatch
        self._folder = Path(tempfile.mkdtemp(prefix="client-"))
        self.home, self.project = self._folder / "home", self._folder / "project"
        for folder in (self.home, self.project):
            folder.mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self._folder, ignore_errors=True)

    def env(self):
        """What a program needs to be found, to know its home and to believe the stub; and to keep to the matter."""
        certificate = str(self._authority.certificate)
        ours = Path(self._credlatch).parent
        path = [ours, HERE / "node_modules/.bin", HERE / ".venv/bin", Path("/usr/local/bin"), Path("/usr/bin"), Path("/bin")]
        return {
            "HOME": str(self.home),
            "PATH": os.pathsep.join(map(str, path)),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "CREDLATCH_HOME": str(self._folder / "store"),
            "CREDLATCH_CLAIMS": str(self._folder / "claims"),
            "SSL_CERT_FILE": certificate,
            "NODE_EXTRA_CA_CERTS": certificate,
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
        }

    def table(self):
        return json.loads(self.run(["credlatch", "providers", "--json"]).out)

    def store(self, provider, secret, kind="api-key"):
        done = self.run(["credlatch", "set", provider, "--kind", kind], feed=secret)
        if done.status != 0:
            raise RuntimeError(done.err)

    def marked(self):
        """Every variable with a marked value, on top of what is needed."""
        return marks.variables(self.home, self.table()) | self.env()

    def run(self, command, env=None, feed=None):
        """Runs a command in the project, and waits for it."""
        self._stub.take()
        env, held = self._with_descriptors(env or self.env())
        process = subprocess.Popen(
            command, env=env, cwd=self.project, text=True, start_new_session=True, pass_fds=held,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        try:
            out, err = process.communicate(feed, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += f"\nstopped after {PATIENCE} s"
        for descriptor in held:
            os.close(descriptor)
        return Ran(process.returncode, out, err, self._stub.take())

    def came_since(self):
        """What was sent after a command had ended, by a server that it left behind."""
        return self._stub.take()

    def _with_descriptors(self, env):
        """A variable that has the number of an open file gets one, in which its mark stands."""
        opened = {}
        for name in set(marks.DESCRIPTORS) & set(env):
            opened[name] = os.open(marks.file(self.home, name), os.O_RDONLY)
        return env | {name: str(descriptor) for name, descriptor in opened.items()}, list(opened.values())


def _plain(text):
    """The text, and whatever it has in base64 or behind percent signs."""
    plain = [text, urllib.parse.unquote(text)]
    for piece in re.findall(r"[\w+/=-]{12,4096}", text):
        try:
            plain.append(base64.b64decode(piece.replace("-", "+").replace("_", "/") + "==").decode("utf-8", "ignore"))
        except ValueError:
            continue
    return "\n".join(plain)
