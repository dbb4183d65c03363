"""Authorising: whoever guesses codes costs no more than a look."""

import pytest

from hongyan.service.accept import Acceptance
from hongyan.service.administer import COMPONENT
from hongyan.service.admit import Admission
from hongyan.service.directory import Authorisation
from hongyan.service.ports import Administration
from hongyan.service.serving import Serving
from hongyan.service.wechat.authorising import Authorising
from hongyan.service.wechat.bearer import Bearers
from hongyan.service.wechat.caller import Callers
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.login import ApiQueryAuth
from support.world import World

THIRD = "wxfedcba9876543210"


class DeskOpened(Exception):
    """Somebody went to change something."""


def no_desk() -> Administration:
    raise DeskOpened


async def test_a_guess_goes_to_no_desk(world: World) -> None:
    serving = Serving(
        store=world.store,
        sealer=world.sealer,
        clock=world.clock,
        chance=bytes,
        admission=Admission(world.store, world.sealer),
        acceptance=Acceptance(world.store, world.sealer, world.clock, frozenset({"sandbox"})),
        desk=no_desk,
    )
    bearers = Bearers(serving)
    authorising = Authorising(serving, bearers, Callers(world.store, bearers))
    desk = world.administering
    desk.name_app(world.other_app, COMPONENT, THIRD)
    desk.put_authorisation(
        Authorisation(
            component=world.other_app,
            app=world.app,
            rights=frozenset({99}),
            code_hash=desk.hashed("code"),
            refresh_hash=b"",
        )
    )
    component = (await world.store.refresh()).named[COMPONENT, THIRD]
    for code, raised in (("guess", Fault), ("", Fault), ("code", DeskOpened)):
        asked = ApiQueryAuth(component_appid=THIRD, authorization_code=code)
        with pytest.raises(raised):
            await authorising.by_code(component, asked)
