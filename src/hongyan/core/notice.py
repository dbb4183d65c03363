"""Values of notices: those that name a page of the app's website go out as its short link.

`["商品", "/index.html"]` becomes 商品 and a link of each number's own. All others are values as any
(`template.require_values`): plain, short, without a link of their own.

For who accepts: `read` once, and `template.Body.given` all that are no pages; then for each number its
own links fill what is left of the body, and `filled` has them among the message's params.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from hongyan.core.errors import InvalidParameters
from hongyan.core.link import SLOTS
from hongyan.core.message import Kind
from hongyan.core.template import require_values
from hongyan.core.website import Page, UnsafePath

Value: TypeAlias = str | Page
"""What is sent as it is, or as the link to a page."""


def read(
    written: Sequence[str], count: int, find: Callable[[str], Page | None]
) -> tuple[Value, ...]:
    """The values of a template that takes `count` of them. `find` knows the website's page of a path,
    if there is one, and may raise UnsafePath.

    Raises InvalidParameters.
    """
    values = tuple([_page(value, find) or value for value in written])
    plain = ["" if isinstance(value, Page) else value for value in values]
    require_values(Kind.NOTICE, plain, count)
    if len(pages(values)) > SLOTS:
        raise InvalidParameters(f"A text takes at most {SLOTS} links.")
    return values


def pages(values: Sequence[Value]) -> list[Page]:
    """The pages among the values; the place of each is the slot of its link."""
    return [value for value in values if isinstance(value, Page)]


def filled(values: Sequence[Value], links: Sequence[str]) -> tuple[str, ...]:
    """The values with a link in the place of each page."""
    following = iter(links)
    return tuple([next(following) if isinstance(value, Page) else value for value in values])


def _page(value: str, find: Callable[[str], Page | None]) -> Page | None:
    """What begins with a slash but names no page is a value like others: `/月`."""
    if not value.startswith("/"):
        return None
    try:
        return find(value)
    except UnsafePath:
        return None
