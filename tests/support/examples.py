"""The examples as their readers run them: a process each, told all by its environment."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from support.node import installed_node
from support.process import STOP_S, Answer, Client, Dev, eventually, new_address

FOLDER: Final = Path(__file__).parents[2] / "examples"

_START_S: Final = 30.0
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Example:
    """A program that is open, and its visitors."""

    url: str
    _out: IO[bytes]

    @property
    def said(self) -> str:
        """All that it has printed so far."""
        return os.pread(self._out.fileno(), 1 << 20, 0).decode()

    def register(self, phone: str, address: str = "") -> Answer:
        return self._visitor(address).post("/user/register", {"phone": phone})

    def confirm(self, registration: str, code: str) -> Answer:
        body = {"registration": registration, "code": code}
        return self._visitor("").post("/user/confirm", body)

    def asked(self, path: str, body: object) -> Answer:
        return self._visitor("").post(path, body)

    def _visitor(self, address: str) -> Client:
        return Client(self.url, address=address or new_address())


def settings_of(house: Dev) -> dict[str, str]:
    """The environment by which an example finds a house."""
    app: Mapping[str, Any] = house.file["tencent"]
    return {
        "TENCENT_SMS_ENDPOINT": house.url,
        "TENCENT_SECRET_ID": app["secret_id"],
        "TENCENT_SECRET_KEY": app["secret_key"],
        "TENCENT_SMS_SDK_APP_ID": app["sdk_app_id"],
        "TENCENT_SMS_SIGN_NAME": app["sign_name"],
        "TENCENT_SMS_TEMPLATE_ID": app["template_id"],
    }


def express() -> tuple[Sequence[str], Path]:
    """How it is started, and where."""
    node = installed_node(FOLDER / "tencent-register-node")
    return (node.node, "server.js"), node.folder


def fastapi() -> tuple[Sequence[str], Path]:
    command = (sys.executable, "-m", "uvicorn", "main:app", "--port", "0", "--no-access-log")
    return command, FOLDER / "tencent-register-fastapi"


KINDS: Final[Mapping[str, Callable[[], tuple[Sequence[str], Path]]]] = {
    "express": express,
    "fastapi": fastapi,
}


@contextmanager
def running(kind: str, environment: Mapping[str, str]) -> Iterator[Example]:
    """One of them, for as long as the context lasts."""
    command, folder = KINDS[kind]()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(
            command, cwd=folder, env=_environment(environment), stdout=out, stderr=out
        )
        example = Example("", out)
        try:
            found = eventually(lambda: _ADDRESS.findall(example.said), _START_S)
            yield Example(found[0], out)
        finally:
            child.terminate()
            child.wait(STOP_S)


def refused_to_start(kind: str, environment: Mapping[str, str]) -> str:
    """What it says before it ends."""
    command, folder = KINDS[kind]()
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(environment),
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=_START_S,
    )
    assert done.returncode == 1, done
    return done.stdout + done.stderr


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENCENT")}
    return kept | {"PORT": "0", "PYTHONDONTWRITEBYTECODE": "1"} | dict(more)
