"""Writes the parts of the documents that are made from the code: `make docs`.

What stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is replaced. A test makes sure that
it has been.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import rich_click as click
from click.testing import CliRunner

from hongyan.api.problem import REQUEST_WORDS, WORDS
from hongyan.cli import cli
from hongyan.core import phone
from hongyan.core.lint import RULES
from hongyan.core.message import TRANSITIONS, Status
from hongyan.core.policy import Policy
from hongyan.providers.sandbox import FAULTS

DOCS = Path(__file__).parents[1] / "docs"


def states() -> str:
    """The table of moves as a Mermaid diagram."""
    moves = [
        f"    {old} --> {new}"
        for old in Status
        for new in sorted(TRANSITIONS[old], key=list(Status).index)
    ]
    ends = [f"    {old} --> [*]" for old in Status if not TRANSITIONS[old]]
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> queued", *moves, *ends, "```"]
    return "\n".join(lines)


def problems() -> str:
    """Every code with its status and sentence."""
    rows = [
        (code, status, (error.__doc__ or "").strip().splitlines()[0])
        for error, (status, code) in WORDS.items()
    ]
    rows += [(code, status, sentence) for code, (status, sentence) in REQUEST_WORDS.items()]
    lines = ["| code | HTTP | |", "|---|--:|---|"]
    return "\n".join(lines + [f"| `{code}` | {status} | {told} |" for code, status, told in rows])


def sandbox() -> str:
    """The nine numbers."""
    rows = [f"| {phone.national(number)} | {told} |" for number, told in FAULTS.items()]
    return "\n".join(["| number | at hand-over |", "|---|---|", *rows])


def policy() -> str:
    """Every number of verification with its default and bounds."""
    schema = msgspec.json.schema(Policy)["$defs"]["Policy"]["properties"]
    rows = []
    for name, told in schema.items():
        inner = told.get("items", told)
        low, high = inner.get("minimum", ""), inner.get("maximum", "")
        if words := told.get("enum"):
            low, high = (f"`{word}`" for word in words)
        rows.append(f"| `{name}` | {_written(told['default'])} | {low} | {high} |")
    return "\n".join(["| key | default | least | most |", "|---|--:|--:|--:|", *rows])


def commands() -> str:
    """The help of every command."""
    runner = CliRunner()
    pieces = []
    for path in _paths(cli, ()):
        told = runner.invoke(
            cli,
            [*path, "--help"],
            prog_name="hongyan",
            env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"},
        )
        title = " ".join(("hongyan", *path))
        text = "\n".join(line.rstrip() for line in told.output.strip("\n").splitlines())
        pieces.append(f"## {title}\n\n```text\n{text}\n```")
    return "\n\n".join(pieces)


def lint_rules() -> str:
    """Every rule with its severity in both rulebooks, and its cure in both languages."""
    rows = [
        f"| `{name}` | {rule.document or '-'} | {rule.live} | {rule.says_en} {rule.cure_en} "
        f"| {rule.says_zh}{rule.cure_zh} |"
        for name, rule in RULES.items()
    ]
    return "\n".join(["| id | document | live | | |", "|---|---|---|---|---|", *rows])


MADE: dict[str, tuple[str, Callable[[], str]]] = {
    "states": ("reference/states.md", states),
    "problems": ("reference/problems.md", problems),
    "sandbox": ("reference/sandbox.md", sandbox),
    "policy": ("reference/policy.md", policy),
    "commands": ("reference/commands.md", commands),
    "lint": ("reference/lint.md", lint_rules),
}
"""Name of the part → (document, what makes it)."""


def renewed(name: str) -> tuple[Path, str, str]:
    """(document, its text now, its text with the part made anew)."""
    file, make = MADE[name]
    path = DOCS / file
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    return path, text, pattern.sub(lambda found: f"{found[1]}\n{make()}\n\n{found[2]}", text)


def _paths(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None  # noqa: S101 - it was listed
            yield from _paths(found, (*path, name))


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


if __name__ == "__main__":
    for part in MADE:
        document, before, after = renewed(part)
        document.write_text(after, encoding="utf-8")
        sys.stdout.write(f"{document.name}: {'written' if before != after else 'as it was'}\n")
