"""Names of parameters: `phoneNumberList` and `PhoneNumberList` for `phone_number_list`.

The cloud call's SDK turns names into snake case, those of nested ones too, unless it is told not to;
two APIs have samples with capitals. So where either may come, both are understood.
"""

import re
from typing import Any, Final

_CAPITAL: Final = re.compile(r"(?<!^)[A-Z]")
_DEEPEST: Final = 16


class NameTwice(Exception):
    """A parameter is given twice, or under too many others."""


def snake(name: str) -> str:
    """`phoneNumberList`, `PhoneNumberList` and `phone_number_list` as the last of them."""
    return name if name.islower() else _CAPITAL.sub(r"_\g<0>", name).lower()


def in_snake_case(value: Any, depth: int = 0) -> Any:
    """A value of JSON with the names of all objects in it in snake case. Raises NameTwice."""
    if depth > _DEEPEST:
        raise NameTwice
    if isinstance(value, list):
        return [in_snake_case(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    renamed = {snake(name): in_snake_case(one, depth + 1) for name, one in value.items()}
    if len(renamed) < len(value):
        raise NameTwice
    return renamed


def in_pascal_case(value: Any) -> Any:
    """A value of JSON with `EnvId` for `env_id` everywhere in it."""
    if isinstance(value, list | tuple):
        return [in_pascal_case(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join(part.capitalize() for part in name.split("_")): in_pascal_case(one)
        for name, one in value.items()
    }
