"""What an app may send in a day and where it never does, by whatever service it sends."""

from typing import Any

import msgspec
import pytest

from hongyan.core.command import Queued
from hongyan.core.country import Scope
from hongyan.core.daily import Caps
from hongyan.core.errors import CountryClosed, HongyanError, Limited
from hongyan.core.identifier import written_uuid
from hongyan.core.message import Kind
from hongyan.core.outcome import Accepted
from hongyan.core.policy import Policy
from hongyan.core.time import MINUTE
from hongyan.core.verification import Rules
from hongyan.service.accept import Acceptance, Addressed, Outgoing
from hongyan.service.directory import App, Review
from hongyan.service.texting import Asked, Obstacle, Wording, read
from hongyan.service.texting import Rules as House
from hongyan.service.verify import Client, Verification
from support.world import World

HOME, OTHER, HONG_KONG = "+8613800138000", "+8613800138001", "+85251234567"


async def app_with(world: World, **caps: Any) -> App:
    desk = world.administering
    desk.add_signature(world.account, "鸿雁")
    if (world.account, "code") not in desk.directory().templates:
        made = desk.add_template(
            world.account, "code", Kind.VERIFICATION, "鸿雁", "{1}/{2}", Scope.BOTH
        )
        desk.review_template(made, Review.APPROVED, "")
    for kind in Kind:
        desk.put_route(kind, ["sandbox"])
    plain = desk.directory().apps["app_test"]
    desk.change_app(
        msgspec.structs.replace(
            plain,
            template="code",
            signature="鸿雁",
            countries=frozenset({"CN", "HK"}),
            caps=Caps(**caps),
        )
    )
    return (await world.store.refresh()).apps["app_test"]


@pytest.fixture
def acceptance(world: World) -> Acceptance:
    return Acceptance(world.store, world.sealer, world.clock, frozenset({"sandbox"}))


@pytest.fixture
def verification(world: World) -> Verification:
    return Verification(
        world.store,
        world.sealer,
        Rules(Policy()),
        clock=world.clock,
        chance=lambda size: world.store.next_id().to_bytes(size),
        providers=frozenset({"sandbox"}),
    )


def words(became: Queued | HongyanError) -> str:
    return became.window if isinstance(became, Limited) else type(became).__name__


async def free(acceptance: Acceptance, app: App, *to: str) -> list[str]:
    return [
        words(one.became)
        for one in await acceptance.send(app, Outgoing(to=to, text="您好，已发货"))
    ]


async def composed(acceptance: Acceptance, app: App, *to: str) -> list[str]:
    texts = [Addressed(to=one, kind=Kind.NOTICE, text="【鸿雁】到了", units=1) for one in to]
    return [words(one) for one in await acceptance.take(app, texts)]


async def test_texts_of_every_way_count_in_one_total(
    world: World, acceptance: Acceptance, verification: Verification
) -> None:
    app = await app_with(world, in_all=5, countries=(("HK", 1),))
    assert await free(acceptance, app, HOME, HONG_KONG, HONG_KONG) == [
        "Queued",
        "Queued",
        "app-day-country",
    ]
    assert await composed(acceptance, app, HOME, HONG_KONG) == ["Queued", "app-day-country"]
    started = await verification.start(app, HOME, "login", Client(openid="o1"))
    for claimed in await world.begun():
        # The text of a code that another follows would be given back while it waits.
        await world.settle(claimed, Accepted("up-1"))
    world.clock.pass_by(MINUTE)
    await verification.resend(app, written_uuid(started.verification), Client(openid="o1"))
    assert await free(acceptance, app, HOME) == ["app-day"]
    assert await composed(acceptance, app, OTHER) == ["app-day"]
    with pytest.raises(Limited) as told:
        await verification.start(app, OTHER, "login", Client(openid="o2"))
    assert (told.value.scope, told.value.window) == ("app", "app-day")


async def test_a_cap_that_is_lifted_or_narrowed_holds_from_then_on(
    world: World, acceptance: Acceptance
) -> None:
    """What was counted under the one is not forgotten by the other."""
    app = await app_with(world, in_all=2)
    assert await free(acceptance, app, HOME, HOME, HOME) == ["Queued", "Queued", "app-day"]
    app = await app_with(world, in_all=3)
    assert await free(acceptance, app, HOME, HOME) == ["Queued", "app-day"]
    app = await app_with(world, in_all=1)
    assert await free(acceptance, app, HOME) == ["app-day"]
    assert await free(acceptance, await app_with(world), HOME) == ["Queued"]


async def test_a_country_that_is_never_texted_is_closed_whatever_is_open(
    world: World, acceptance: Acceptance, verification: Verification
) -> None:
    app = await app_with(world)
    started = await verification.start(app, HONG_KONG, "login", Client(openid="o1"))
    world.clock.pass_by(MINUTE)
    app = await app_with(world, never=frozenset({"HK"}))
    assert app.countries == frozenset({"CN", "HK"})
    assert app.open_countries == frozenset({"CN"})
    assert await free(acceptance, app, HOME, HONG_KONG) == ["Queued", "CountryClosed"]
    with pytest.raises(CountryClosed):
        await verification.start(app, HONG_KONG, "login", Client(openid="o1"))
    with pytest.raises(CountryClosed):
        await verification.resend(app, written_uuid(started.verification), Client(openid="o1"))
    template = str(world.store.directory.templates[world.account, "code"].id)
    asked = Asked(template, ("384592", "5"), "")
    wording = Wording(world.store.directory, app, asked, House(), world.clock())
    assert wording.to(read(HONG_KONG), "") is Obstacle.COUNTRY_CLOSED
