"""Composing: what a call wants to be sent, made into the text of each number.

Whatever a text may not say is found here, before anything is counted or charged. Each number gets links
of its own.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from hongyan.core import link, marketing, notice, text
from hongyan.core.errors import Invalid, TextTooLong, UnknownSignature
from hongyan.core.fee import fee
from hongyan.core.marketing import Ending
from hongyan.core.message import Kind
from hongyan.core.notice import Value
from hongyan.core.phone import MAINLAND
from hongyan.core.template import Body
from hongyan.core.website import Page
from hongyan.service.accept import Addressed, PageLink
from hongyan.service.directory import App, Directory, Environment, Review, Template, WechatProfile
from hongyan.service.ports import Chance
from hongyan.service.website import Websites
from hongyan.service.wechat.leading import Leading, Leads
from hongyan.wire.wechat.fault import INVALID_PARAMETER, Fault

MARKETING_TEMPLATES: Final = frozenset({"844110", "2053122"})
"""Names under which WeChat has the template of marketing texts."""

_MOST_COMPOSED: Final = 500


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """A text that lacks its links."""

    kind: Kind
    signature: str
    words: Body
    """What stands around the links."""
    values: tuple[Value, ...] = ()
    """Those of its template, where it has one."""
    leads: tuple[Leads, ...] = ()
    """What its links open, in their order."""
    content: str = ""
    """What the same text is known by, whatever links it has."""
    units: int = 1
    template: int = 0

    def text(self, links: Sequence[str]) -> str:
        """As it leaves with these. Raises InvalidText for a text with 【】 of its own."""
        return text.signed(self.signature, self.words.fill(links))

    def addressed(self, to: str, links: Sequence[int], websites: Websites) -> Addressed:
        """The text to a number, with these links."""
        written = [websites.link(one) for one in links]
        return Addressed(
            to=to,
            kind=self.kind,
            text=self.text(written),
            units=self.units,
            template=self.template,
            params=notice.filled(self.values, written),
            links=tuple(map(_page_link, links, self.leads)),
            content=self.content,
        )


class Composer:
    """Makes texts of calls. Everything here raises Fault."""

    def __init__(self, websites: Websites, leading: Leading, chance: Chance) -> None:
        self._websites = websites
        self._leading = leading
        self._chance = chance
        self._sample = websites.link(0)
        """One link is as long as another."""
        self._composed: dict[tuple[str, str, Leads, Ending], Composed] = {}
        """Marketing of late: one text goes to many, and often by many calls."""

    def marketing(self, signature: str, content: str, leads: Leads, app: App) -> Composed:
        """【名称】…,跳转小程序 … 回T退订"""
        of_it = signature, content, leads, _profile(app).ending
        found = self._composed.get(of_it)
        if found is None:
            found = self._marketing(*of_it)
            if len(self._composed) >= _MOST_COMPOSED:
                self._composed.clear()
            self._composed[of_it] = found
        return found

    def _marketing(self, signature: str, content: str, leads: Leads, ending: Ending) -> Composed:
        words = marketing.words(content, ending)
        try:
            marketing.require_content(content)
            whole = text.signed(signature, words.fill([self._sample]))
            marketing.require_fits(whole, [self._sample])
        except TextTooLong as error:
            raise Fault(-601029) from error
        except Invalid as error:
            raise Fault(-601030) from error
        return Composed(
            kind=Kind.MARKETING,
            signature=signature,
            words=words,
            leads=(leads,),
            content=text.signed(signature, words.fill([leads[1]])),
            units=fee(whole, MAINLAND),
        )

    def notice(
        self,
        signature: str,
        template: Template,
        values: Sequence[str],
        environment: Environment,
        last: Leads | None = None,
    ) -> Composed:
        """By a template of the app's. `last` is what a link in the place of its last value opens."""
        count = template.body.count - (last is not None)
        try:
            read = notice.read(values, count, lambda path: self._leading.page(environment, path))
        except Invalid as error:
            raise Fault(INVALID_PARAMETER, str(error)) from error
        plain = ["" if isinstance(value, Page) else value for value in read]
        if template.body.makes_link([*plain, ""] if last is not None else plain):
            raise Fault(
                INVALID_PARAMETER, "The parameters make a link; put links into the template."
            )
        leads = [(environment.id, one.path) for one in notice.pages(read)]
        if last is not None:
            read, leads = (*read, Page("", "")), [*leads, last]

        words = template.body.given([None if isinstance(one, Page) else one for one in read])
        try:
            whole = text.signed(signature, words.fill([self._sample] * len(leads)))
            text.require_showable(whole)
        except TextTooLong as error:
            raise Fault(-601029) from error
        except Invalid as error:
            raise Fault(-601030) from error
        pages = [path for _, path in leads]
        return Composed(
            kind=template.kind,
            signature=signature,
            words=words,
            values=read,
            leads=tuple(leads),
            content=text.signed(signature, words.fill(pages)) if leads else "",
            units=fee(whole, MAINLAND),
            template=template.id,
        )

    def addressed(self, composed: Composed, numbers: Sequence[str]) -> list[Addressed]:
        """The text to each of the numbers, with links of its own."""
        each = len(composed.leads)
        octets = self._chance(link.BYTES * each * len(numbers)) if each else b""
        starts = range(0, len(octets), link.BYTES)
        links = [link.made(octets[start : start + link.BYTES]) for start in starts]
        return [
            composed.addressed(number, links[place * each : (place + 1) * each], self._websites)
            for place, number in enumerate(numbers)
        ]


def signature_of(app: App, *, use_short_name: bool) -> str:
    """The name that a mini program's texts go out under. Raises Fault."""
    profile = _profile(app)
    if profile.is_personal:
        raise Fault(-601033)
    try:
        return marketing.signature(
            profile.nickname, profile.short_name, use_short_name=use_short_name
        )
    except UnknownSignature as error:
        raise Fault(-601032) from error
    except TextTooLong as error:
        raise Fault(INVALID_PARAMETER, f"use_short_name is false. {error}") from error


def template_of(directory: Directory, app: App, name: str) -> Template:
    """A notification template of the app's account, by what its account calls it or by its number.
    Raises Fault.
    """
    account = app.account.id
    found = directory.templates.get((account, name))
    if found is None and name.isascii() and name.isdigit():
        found = directory.template_ids.get(int(name))
    if (
        found is None
        or found.account != account
        or found.review is not Review.APPROVED
        or found.kind is not Kind.NOTICE
        or not found.scope.covers(MAINLAND)
    ):
        raise Fault(INVALID_PARAMETER, "TemplateId not exist")
    return found


def _profile(app: App) -> WechatProfile:
    return app.wechat or WechatProfile()


def _page_link(one: int, leads: Leads) -> PageLink:
    return PageLink(one, *leads)
