"""How far a long command has come, as a log and as a person see it."""

from io import StringIO

import pytest
from rich.console import Console
from rich.progress import Progress

from hongyan.cli.progress import Bars, Lines


def test_a_log_gets_a_line_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(lambda: now[0])
    for step in range(10):
        lines("message", step, 10)
        now[0] += 0.25
    assert capsys.readouterr().err == "message 4/10\nmessage 8/10\n"


def test_a_person_gets_a_bar_for_each_table() -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    with Progress(console=console) as progress:
        bars = Bars(progress)
        for table in ("account", "message"):
            for step in range(3):
                bars(table, step, 2)
    assert [task.description for task in progress.tasks] == ["account", "message"]
    assert all(task.finished for task in progress.tasks)
    assert "message" in shown.getvalue()
