"""The guides that lead to Hongyan work as printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.process import Dev, hongyan

pytestmark = pytest.mark.timeout(120)  # a dozen commands, each a process

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(name: str, word: str) -> list[str]:
    """What a shell is told in a guide, where this is said."""
    found = _BLOCK.findall((HOWTO / f"from-{name}.md").read_text("utf-8"))
    return [block for block in found if word in block]


def run(block: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", block],
        cwd=folder,
        env=os.environ | {"PATH": path, "NO_COLOR": "1"},
        check=False,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize(
    ("name", "app", "within"),
    [("tencent", "1400006789", "app_shop"), ("wechat", "app_mini", "aa-1a2b3c")],
)
def test_a_house_is_furnished_for_a_platforms_clients(
    name: str, app: str, within: str, production: Path
) -> None:
    [block] = blocks(name, "account create")
    run(block, production.parent)
    for trial in blocks(name, "--test-template"):
        run(trial, production.parent)
    shown = hongyan("app", "show", app, "--config", production)
    assert shown.code == 0
    assert within in shown.out


def test_what_the_guide_tries_on_a_laptop_is_taken(own: Dev) -> None:
    [block] = blocks("wechat", "--by wechat")
    said = run(block, own.data.parent)
    assert said.count("wechat: Ok") == 2
    assert "新品上市,跳转小程序 http://" in own.nobody.latest("13800138000")["text"]
    assert own.nobody.latest("13800138001")["text"].startswith("【鸿雁体验】")


def test_what_the_guide_sends_is_what_the_command_knows() -> None:
    [block] = blocks("tencent", "debug send")
    named = set(re.findall(r"--[a-z-]+", block))
    known = set(re.findall(r"--[a-z-]+", hongyan("debug", "send", "--help").out))
    assert named <= known
