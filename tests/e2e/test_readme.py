"""The lines of the README work as printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.process import Dev

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def printed(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Language → blocks of code."""
    blocks: dict[str, list[str]] = {}
    for language, code in _BLOCK.findall((ROOT / request.param).read_text("utf-8")):
        blocks.setdefault(language, []).append(code)
    return blocks


@pytest.mark.parametrize("printed", ["README.md", "README.zh-CN.md"], indirect=True)
def test_the_first_calls_work_as_printed(printed: dict[str, list[str]], own: Dev) -> None:
    [first_call] = [block for block in printed["sh"] if "curl" in block]
    lines = first_call.replace("http://127.0.0.1:8080", own.url)
    told = subprocess.run(
        ["/bin/bash", "-eu", "-c", lines],
        cwd=own.data.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"status":"approved","proof":"' in told.stdout
    [python] = printed["python"]
    told = subprocess.run(
        [sys.executable, "-c", python],
        cwd=own.data.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.endswith("queued\n")
