"""The lines of the README work as printed."""

import os
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
    first_call, zhenzi = [block for block in printed["sh"] if "curl" in block]
    assert '"status":"approved","proof":"' in _run(first_call, own)
    told = _run(zhenzi, own)
    assert told.startswith('{"code":0,"data":"发送成功"}{"code":0,"data":{"message":"')
    assert '"messageId":"m-1"' in told
    [python] = printed["python"]
    ran = subprocess.run(
        [sys.executable, "-c", python],
        cwd=own.data.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.endswith("queued\n")


@pytest.mark.parametrize("printed", ["README.md", "README.zh-CN.md"], indirect=True)
def test_the_texts_of_other_platforms_clients_are_taken(
    printed: dict[str, list[str]], own: Dev
) -> None:
    [block] = [block for block in printed["sh"] if "hongyan debug send" in block]
    told = _run(block, own)
    assert "tencent: Ok  send success" in told
    assert "wechat: Ok  send success" in told


def _run(block: str, house: Dev) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", block.replace("http://127.0.0.1:8080", house.url)],
        cwd=house.data.parent,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
