"""Placeholders: values that only stand where a secret will, as documents and templates have them."""

import re
from typing import Final

_FEW: Final = 5
_FORESEEABLE: Final = 0.6

# No braces, nor at the beginning what begins a variable or a query.
_LETTERS: Final = re.compile(r"(?![$%&?*])[\w+/=.~!@#$%^&*?-]{8,}", re.ASCII)
# Short words only where they begin or end a value: in the midst they come about by chance.
_WORDS: Final = re.compile(
    r"example|placeholder|change_?me|replace|dummy|sample|secret|app_?id|[x*]{6}|\.\.\."
    r"|^(?:your|fake|test|demo|todo|mock|my[_-])|[_-]here$",
    re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Whether a value is no secret: `your-app-secret`, `11111111-2222-…`, `你的密钥`, ``, `<key>`.

    Of random values of 32 letters, a few in a million are taken for one.
    """
    return (
        not _LETTERS.fullmatch(value)
        or bool(_WORDS.search(value))
        or len(set(value) - {"-"}) <= _FEW
        or _is_row(value)
    )


def _is_row(value: str) -> bool:
    """Whether most letters repeat or follow others: `1234567890abcdef`, `a1b2c3d4`, `000000`."""
    row = [ord(letter) for letter in value if letter.isalnum()]
    foreseen = sum(
        third - second in (0, 1) or third - first == 1
        for first, second, third in zip(row, row[1:], row[2:], strict=False)
    )
    return foreseen >= _FORESEEABLE * (len(row) - 2)
