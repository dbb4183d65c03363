"""Templates: a reviewed body with `{1}…{n}`, filled once, in order, by rules of its kind."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec

from hongyan.core.errors import InvalidParameters, InvalidTemplate
from hongyan.core.message import Kind

_PLACEHOLDER: Final = re.compile(r"\{(\d{1,2})\}")
_DIGITS: Final = re.compile(r"[0-9]*", re.ASCII)
_LINK: Final = re.compile(
    r"(?ai)://|www\.|[a-z0-9-]\.[a-z]{2,24}[/?:#]|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|[a-z0-9-]\.(?:com|cn|net|org|top|xyz|cc|io|vip|co|me|ly|info|site|shop|club|icu|wang|link|ltd"
    r"|tv|app|store|online|tech|pro|asia|mobi|im|gg|cf|tk|ml|ga|fun|live|work|biz|ren|xin|red|pub)\b"
)
_FULL_STOPS: Final = str.maketrans("。．｡", "...")
"""What a browser takes for the dot of a name."""
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
"""Line breaks, and what turns or hides letters: they would make a text read otherwise."""
_LONGEST_VALUE: Final = 30
_STAR: Final = "*"


class Body(msgspec.Struct, frozen=True):
    """A body taken apart: literals around the values `order[0]`, `order[1]`, … (0 = `{1}`)."""

    literals: tuple[str, ...]
    order: tuple[int, ...]
    count: int

    def fill(self, values: Sequence[str]) -> str:
        """The text. Values are not looked into, so `{2}` in a value stays `{2}`."""
        filled = [self.literals[0]]
        for index, literal in zip(self.order, self.literals[1:], strict=True):
            filled += (values[index], literal)
        return "".join(filled)

    def masked(self) -> str:
        """The text with every value as `*`: what records show once the clear text is gone."""
        return self.fill((_STAR,) * self.count)


def parse(body: str) -> Body:
    """Take a body apart.

    Raises InvalidTemplate unless its placeholders are `{1}` to `{n}`, each at least once, with
    some text around them.
    """
    pieces = _PLACEHOLDER.split(body)
    literals, order = tuple(pieces[::2]), tuple(int(number) - 1 for number in pieces[1::2])
    count = len(set(order))
    if sorted(set(order)) != list(range(count)):
        raise InvalidTemplate("Number the placeholders from {1} upwards, leaving none out.")
    if not "".join(literals).strip():
        raise InvalidTemplate("A template needs text of its own around its placeholders.")
    return Body(literals, order, count)


def require_values(kind: Kind, values: Sequence[str], count: int, longest_code: int = 6) -> None:
    """Raise InvalidParameters unless the values suit a template of this kind.

    Verification: digits only, at most `longest_code` (6, as carriers review them). Others: at most
    30 characters, no link, which reviewers allow only as a constant of the body, and no line break.
    """
    if len(values) != count:
        sentence = f"The template takes {count} parameters, not {len(values)}."
        raise InvalidParameters(sentence)
    for position, value in enumerate(values, start=1):
        if kind is Kind.VERIFICATION:
            _require_code_like(value, position, longest_code)
        else:
            _require_plain(value, position)


def _require_code_like(value: str, position: int, longest: int) -> None:
    if len(value) > longest or not _DIGITS.fullmatch(value):
        sentence = f"Parameter {position} of a verification template is 0-{longest} digits."
        raise InvalidParameters(sentence)


def _require_plain(value: str, position: int) -> None:
    if len(value) > _LONGEST_VALUE:
        sentence = f"Parameter {position} has over {_LONGEST_VALUE} characters."
        raise InvalidParameters(sentence)
    if _UNSEEN.search(value):
        raise InvalidParameters(f"Parameter {position} holds a line break or an unseen character.")
    if _LINK.search(unicodedata.normalize("NFKC", value.translate(_FULL_STOPS))):
        raise InvalidParameters(f"Parameter {position} holds a link; put links into the template.")
