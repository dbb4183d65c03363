"""Texts that a protocol has composed: taken as one call, told one by one."""

import msgspec
import pytest

from hongyan.core.command import Idempotency, Queued
from hongyan.core.draft import Tally
from hongyan.core.errors import HongyanError, KeyReused, Limited, NoBalance, NoRoute
from hongyan.core.limit import Window
from hongyan.core.link import LIFETIME
from hongyan.core.message import Kind
from hongyan.core.outcome import Accepted
from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.service.accept import Acceptance, Addressed, PageLink
from hongyan.service.directory import App
from support.world import Furnish, World

PHONE, OTHER = "+8613800138000", "+8613800138001"
CONTENT = (Window("30s", 1, 30 * SECOND),)
PROVIDERS = frozenset({"sandbox"})
EVER = 1 << 62


@pytest.fixture
async def world(furnish: Furnish) -> World:
    return await furnished(await furnish())


async def furnished(world: World) -> World:
    for kind in (Kind.NOTICE, Kind.MARKETING):
        world.administering.put_route(kind, ("sandbox",))
    world.administering.put_route(Kind.VERIFICATION, ("elsewhere",))
    await world.store.refresh()
    return world


@pytest.fixture
def acceptance(world: World) -> Acceptance:
    return Acceptance(world.store, world.sealer, world.clock, PROVIDERS)


def app_of(world: World, **differing: object) -> App:
    return msgspec.structs.replace(world.store.directory.apps["app_test"], **differing)


def addressed(
    to: str = PHONE, text: str = "【鸿雁】您的订单已发货", **differing: object
) -> Addressed:
    plain = Addressed(to=to, kind=Kind.NOTICE, text=text, units=1)
    return msgspec.structs.replace(plain, **differing)


def key(world: World) -> Idempotency:
    return world.idempotency("k")


def words(told: list[Queued | HongyanError]) -> list[str]:
    return [type(one).__name__ for one in told]


async def test_each_text_leaves_as_it_was_composed(world: World, acceptance: Acceptance) -> None:
    texts = [
        addressed(template=7, params=("一", "二"), units=2, reference="ctx"),
        addressed(OTHER, "【小雁】大促销，回T退订", kind=Kind.MARKETING, reference="ctx"),
    ]
    told = await acceptance.take(app_of(world), texts, reports=True)
    assert [one.units for one in told if isinstance(one, Queued)] == [2, 1]
    for one, claimed in zip(texts, await world.begun(), strict=True):
        message = claimed.message
        assert (message.phone, message.kind, message.text) == (one.to, one.kind, one.text)
        assert (message.template, message.params) == (one.template, one.params)
        assert (message.units, message.reference) == (one.units, one.reference)
        assert message.phone_mark == world.mark(one.to)
        await world.settle(claimed, Accepted("up-1"))
    assert await world.balance() == world.packages - 3


@pytest.mark.parametrize("reports", [True, False])
async def test_an_app_is_told_of_their_ends_where_it_wants_to_be(
    world: World, acceptance: Acceptance, reports: bool
) -> None:
    told = await acceptance.take(app_of(world), [addressed()], reports=reports)
    world.clock.pass_by(25 * HOUR)
    await world.sweep()
    owed = await world.store.take_results(world.app, 10)
    assert [one.id for one in owed] == [one.id for one in told if isinstance(one, Queued)] * reports


async def test_the_limits_of_the_app_hold(world: World, acceptance: Acceptance) -> None:
    app = app_of(world, windows=(Window("1m", 1, MINUTE),), content_windows=CONTENT)
    told = await acceptance.take(app, [addressed(), addressed(), addressed(text="【鸿雁】二")])
    assert words(told) == ["Queued", "Limited", "Limited"]
    assert [one.scope for one in told if isinstance(one, Limited)] == ["content", "phone"]


async def test_the_same_content_is_known_by_another_link(
    world: World, acceptance: Acceptance
) -> None:
    app = app_of(world, content_windows=CONTENT)
    texts = [addressed(text=f"【鸿雁】看 s/{n}", content="【鸿雁】看 /index") for n in range(2)]
    assert words(await acceptance.take(app, texts)) == ["Queued", "Limited"]
    assert words(await acceptance.take(app, [addressed(text=texts[1].text)])) == ["Queued"]


async def test_its_links_open(world: World, acceptance: Acceptance) -> None:
    made = PageLink(5, "env-1", "/index.html")
    [queued] = await acceptance.take(app_of(world), [addressed(links=(made,))])
    assert isinstance(queued, Queued)
    world.clock.pass_by(LIFETIME - 1)
    opened = await world.store.open_link(5, world.clock())
    assert opened is not None
    assert (opened.link.message, opened.app) == (queued.id, world.app)
    assert (opened.link.environment, opened.link.page) == ("env-1", "/index.html")


async def test_what_the_balance_does_not_cover_is_told_in_its_place(furnish: Furnish) -> None:
    world = await furnished(await furnish(packages=2))
    acceptance = Acceptance(world.store, world.sealer, world.clock, PROVIDERS)
    texts = [addressed(units=units) for units in (2, 1)]
    told = await acceptance.take(app_of(world), texts, tallied=True, refused=1)
    assert words(told) == ["Queued", "NoBalance"]
    assert isinstance(told[1], NoBalance)
    assert await world.store.tally(world.app, 0, EVER) == Tally(3, 1, 2)


async def test_with_no_texts_there_is_only_something_to_count(
    world: World, acceptance: Acceptance
) -> None:
    app = app_of(world)
    assert await acceptance.take(app, [], refused=3) == []
    assert await acceptance.take(app, [], tallied=True) == []
    assert await world.store.tally(world.app, 0, EVER) == Tally()
    assert await acceptance.take(app, [], refused=3, tallied=True) == []
    assert await world.store.tally(world.app, 0, EVER) == Tally(3)


async def test_a_repeated_call_gets_the_first_answer(world: World, acceptance: Acceptance) -> None:
    app, texts = app_of(world, content_windows=CONTENT), [addressed(), addressed()]
    first = await acceptance.take(app, texts, idempotency=key(world), keeps_refusals=True)
    world.clock.pass_by(HOUR)
    again = await acceptance.take(app, texts, idempotency=key(world), keeps_refusals=True)
    assert again[0] == first[0]
    assert words(again) == words(first) == ["Queued", "Limited"]
    assert await world.balance() == world.packages - 1


async def test_a_repeated_call_of_which_less_is_left_is_refused(
    world: World, acceptance: Acceptance
) -> None:
    """Something of the app has been changed in between: there is no first answer to these texts."""
    app, texts = app_of(world), [addressed(), addressed(OTHER)]
    await acceptance.take(app, texts, idempotency=key(world), keeps_refusals=True)
    with pytest.raises(KeyReused):
        await acceptance.take(app, texts[:1], idempotency=key(world), keeps_refusals=True)
    assert await world.balance() == world.packages - 2


async def test_nothing_is_taken_where_one_has_no_way_to_go(
    world: World, acceptance: Acceptance
) -> None:
    texts = [addressed(), addressed(kind=Kind.VERIFICATION)]
    with pytest.raises(NoRoute):
        await acceptance.take(app_of(world), texts, tallied=True)
    assert await world.balance() == world.packages
    assert await world.store.tally(world.app, 0, EVER) == Tally()
