"""Templates: a reviewed body with `{1}…{n}`, filled once, in order, by rules of its kind."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, assert_never

import msgspec

from hongyan.core.errors import InvalidParameters, InvalidTemplate
from hongyan.core.message import Kind
from hongyan.core.parameter import LONGEST_VALUE, Flaw, flaw_of, holds_link

_PLACEHOLDER: Final = re.compile(r"\{(\d{1,2})\}")
_STAR: Final = "*"


class Body(msgspec.Struct, frozen=True):
    """A body taken apart: literals around the values `order[0]`, `order[1]`, … (0 = `{1}`)."""

    literals: tuple[str, ...]
    order: tuple[int, ...]
    count: int

    def fill(self, values: Sequence[str]) -> str:
        """The text. Values are not looked into, so `{2}` in a value stays `{2}`."""
        pieces = [""] * (len(self.literals) + len(self.order))
        pieces[::2] = self.literals
        pieces[1::2] = [values[index] for index in self.order]
        return "".join(pieces)

    def given(self, values: Sequence[str | None]) -> "Body":
        """The body with these values in it. Those that are None it still takes, in their order."""
        awaited = [index for index, value in enumerate(values) if value is None]
        literals, order = [self.literals[0]], []
        for index, literal in zip(self.order, self.literals[1:], strict=True):
            value = values[index]
            if value is None:
                order.append(awaited.index(index))
                literals.append(literal)
            else:
                literals[-1] += value + literal
        return Body(tuple(literals), tuple(order), len(awaited))

    def makes_link(self, values: Sequence[str]) -> bool:
        """Whether values that are no links are parts of one, side by side or beside the body's words."""
        return bool(values) and holds_link(self.fill(values)) and not _has_link(self)

    def masked(self) -> str:
        """The text with every value as `*`: what records show once the clear text is gone."""
        return self.fill((_STAR,) * self.count)


@lru_cache(maxsize=1_024)
def _has_link(body: Body) -> bool:
    """Whether the words of a body make one. Cached because each of its texts asks."""
    return holds_link(body.masked())


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
    place = flaw_of(kind, values, count, longest_code)
    if place is None:
        return
    match place.flaw:
        case Flaw.COUNT:
            sentence = f"The template takes {count} parameters, not {len(values)}."
        case Flaw.NOT_CODE_LIKE:
            sentence = f"Parameter {place.position} of a verification template is 0-{longest_code}"
            sentence += " digits."
        case Flaw.TOO_LONG:
            sentence = f"Parameter {place.position} has over {LONGEST_VALUE} characters."
        case Flaw.UNSEEN:
            sentence = f"Parameter {place.position} holds a line break or an unseen character."
        case Flaw.LINK:
            sentence = f"Parameter {place.position} holds a link; put links into the template."
        case never:
            assert_never(never)
    raise InvalidParameters(sentence)


def require_no_link(kind: Kind, body: Body, values: Sequence[str]) -> None:
    """Raise InvalidParameters for values that make a link together. Those of a verification are digits."""
    if kind is not Kind.VERIFICATION and body.makes_link(values):
        raise InvalidParameters("The parameters make a link; put links into the template.")
