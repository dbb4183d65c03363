"""Writes the types of Tencent's actions from their names and types: `python scripts/tencent_types.py`.

The facts stand beside, in tencent_fields.json; a test makes sure that what is made of them is what
the package holds.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FACTS: Final = Path(__file__).with_name("tencent_fields.json")
PACKAGE: Final = Path(__file__).parents[1] / "src" / "hongyan" / "wire" / "tencent"

_TYPES: Final = {"string": "str", "uint64": "Whole", "int64": "int"}
_EMPTY: Final = {"str": '""', "Whole": "0", "int": "0"}
_LINE: Final = 100
_IN_REQUESTS: Final = ("MultiSmsInfo",)

_REQUESTS: Final = '''\
"""What is asked: the requests of Tencent Cloud SMS 2021-01-11. Made by scripts/tencent_types.py.

None stands for what was not sent.
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

Whole: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""Tencent's uint64, as far as any store keeps one."""


class Request(
    msgspec.Struct, rename="pascal", frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What an action takes."""
'''
_ANSWERS: Final = '''\
"""What is answered: the answers of Tencent Cloud SMS 2021-01-11. Made by scripts/tencent_types.py.

Fields have defaults so that an answer that lacks one can still be read.
"""

from typing import TypeAlias

import msgspec

Whole: TypeAlias = int
"""Tencent's uint64."""


class Answer(msgspec.Struct, rename="pascal"):
    """What an action answers, but for its RequestId."""
'''


def made() -> dict[str, str]:
    """Name of each module → its text."""
    facts = json.loads(FACTS.read_text("utf-8"))
    structures: dict[str, dict[str, str]] = facts["structures"]
    asked = [name for name in structures if name.endswith("Request") or name in _IN_REQUESTS]
    answered = [name for name in structures if name not in asked]
    return {
        "requests.py": _module(_REQUESTS, structures, asked, facts["actions"]),
        "answers.py": _module(_ANSWERS, structures, answered, facts["actions"]),
    }


def _module(
    head: str, structures: dict[str, dict[str, str]], names: list[str], told: dict[str, str]
) -> str:
    # What others hold comes first.
    ordered = sorted(names, key=lambda name: (name.endswith(("Request", "Response")), name))
    is_asked = head is _REQUESTS
    base = "Request, frozen=True" if is_asked else "Answer"
    blocks = []
    for name in ordered:
        action = name.removesuffix("Request").removesuffix("Response")
        sentence = f'    """{told[action]}"""\n\n' if action in told and action != name else ""
        fields = "\n".join(_fields(structures[name], is_asked=is_asked))
        blocks.append(f"class {name}({base}, kw_only=True):\n{sentence}{fields}\n")
    return head + "\n\n" + "\n\n".join(blocks)


def _fields(fields: dict[str, str], *, is_asked: bool) -> Iterator[str]:
    for name, written in fields.items():
        kind = written.rstrip("!").removeprefix("[]")
        type_ = _TYPES.get(kind, kind)
        is_list = written.startswith("[]")
        if is_list:
            type_ = f"tuple[{type_}, ...]"
        line = f"    {_snake(name)}: {type_}"
        if is_asked:
            yield line if written.endswith("!") else f"{line} | None = None"
        elif is_list:
            yield f"{line} = ()"
        elif kind in _TYPES:
            yield f"{line} = {_EMPTY[type_]}"
        else:
            default = f"default_factory={type_}"
            whole = f"{line} = msgspec.field({default})"
            broken = f"{line} = msgspec.field(\n        {default}\n    )"
            yield whole if len(whole) <= _LINE else broken


def _snake(name: str) -> str:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    if "".join(part.capitalize() for part in snake.split("_")) != name:
        sentence = f"{name} needs a name of its own"
        raise ValueError(sentence)
    return snake


if __name__ == "__main__":
    for module, text in made().items():
        (PACKAGE / module).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{module}: written\n")
