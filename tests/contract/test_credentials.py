"""The store's promises of those who call in the protocols of others: keys that sign, tokens of cloud
functions, third parties, grants; and of what an app is in those protocols.
"""

import asyncio
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from hongyan.core.country import Scope
from hongyan.core.daily import Caps
from hongyan.core.frequency import DOCUMENTED
from hongyan.core.hours import LAWFUL, Hours
from hongyan.core.marketing import Ending
from hongyan.core.message import Kind
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.service.credentials import Audited, NewCloudToken
from hongyan.service.directory import (
    NEVER,
    App,
    Authorisation,
    Callback,
    Environment,
    Form,
    SecretKey,
    TencentProfile,
    Ticket,
    WechatProfile,
)
from hongyan.service.ports import Administration
from hongyan.store.opening import StoreUnusable
from hongyan.store.postgres import Address
from hongyan.store.postgres import administration as postgres_administration
from hongyan.store.sqlite import SqliteStore, administration
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.tokens import Grant, renewed, stable
from support.postgres import database_of
from support.world import World

SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
SECRET = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
TOKEN = "tmpT0ken"
TICKET = "ticket@@@T"


def key(world: World, **differing: Any) -> SecretKey:
    made = SecretKey(id=SECRET_ID, account=world.account, secret=SECRET, created_at=world.clock())
    return msgspec.structs.replace(made, **differing)


def cloud_token(world: World) -> NewCloudToken:
    return NewCloudToken(
        app=world.app,
        environment="env-1",
        permissions=frozenset({"cloudbase.sendSms"}),
        secret="wx_token",
        hint="wx_…oken",
    )


def app(world: World) -> App:
    return world.store.directory.apps["app_test"]


async def changed(world: World, **changes: Any) -> App:
    """The app, as it is read again."""
    world.administering.change_app(msgspec.structs.replace(app(world), **changes))
    await world.store.refresh()
    return app(world)


# What an app is in the protocols of others.


async def test_an_app_of_before_has_the_laws_hours_and_is_known_in_no_other_protocol(
    world: World,
) -> None:
    known = app(world)
    assert (known.hours, known.content_windows) == (LAWFUL, ())
    assert (known.tencent, known.wechat, known.callback) == (None, None, None)


TENCENT = TencentProfile(
    pulls=False,
    test_template="1234",
    test_numbers=frozenset({"+8613800138000", "+8613800138001"}),
    test_until=1_795_000_000_000,
)
WECHAT = WechatProfile(
    nickname="云开发",
    short_name="云",
    is_personal=True,
    ending=Ending.REPLY_R,
    original_id="gh_1",
    trusted_networks=(ip_network("10.1.0.0/16"), ip_network("fd00::/8")),
)


@pytest.mark.parametrize(
    "changes",
    [
        {"windows": DOCUMENTED.windows, "content_windows": DOCUMENTED.content_windows},
        {"hours": Hours(9 * 60, 21 * 60)},
        {"caps": Caps(in_all=9, countries=(("HK", 2), ("MY", 1)), never=frozenset({"US", "CU"}))},
        {"tencent": TENCENT},
        {"tencent": TencentProfile()},
        {"wechat": WECHAT},
        {"wechat": WechatProfile()},
        {"callback": Callback("https://a.example/", b"s" * 32, Form.TENCENT)},
    ],
)
async def test_what_an_app_is_in_other_protocols_is_kept(
    world: World, changes: dict[str, Any]
) -> None:
    assert await changed(world, **changes) == msgspec.structs.replace(app(world), **changes)
    await world.restart()
    kept = app(world)
    assert {name: getattr(kept, name) for name in changes} == changes


async def test_a_protocol_can_be_taken_from_an_app_again(world: World) -> None:
    await changed(world, tencent=TENCENT, wechat=WECHAT)
    known = await changed(world, tencent=None, wechat=None)
    assert (known.tencent, known.wechat) == (None, None)


async def test_a_signature_has_a_scope_which_others_who_name_it_leave_alone(world: World) -> None:
    desk = world.administering
    desk.add_signature(world.account, "鸿雁")
    desk.add_signature(world.account, "国际", Scope.ABROAD)
    desk.add_signature(world.account, "国际")
    known = (await world.store.refresh()).signatures
    assert known[world.account, "鸿雁"].scope is Scope.BOTH
    assert known[world.account, "国际"].scope is Scope.ABROAD
    desk.add_signature(world.account, "鸿雁", Scope.MAINLAND)
    known = (await world.store.refresh()).signatures
    assert known[world.account, "鸿雁"].scope is Scope.MAINLAND


async def test_a_signature_is_removed_once(world: World) -> None:
    world.administering.add_signature(world.account, "鸿雁")
    assert world.administering.remove_signature(world.account, "鸿雁")
    assert (world.account, "鸿雁") not in (await world.store.refresh()).signatures
    assert not world.administering.remove_signature(world.account, "鸿雁")


async def test_a_template_has_a_scope(world: World) -> None:
    desk = world.administering
    made = desk.add_template(world.account, "abroad", Kind.NOTICE, "S", "Hi {1}", Scope.ABROAD)
    other = desk.add_template(world.account, "home", Kind.NOTICE, "S", "您好{1}")
    known = (await world.store.refresh()).template_ids
    assert (known[made].scope, known[other].scope) == (Scope.ABROAD, Scope.MAINLAND)


# Keys that sign.


@pytest.mark.parametrize(
    "differing",
    [
        {},
        {"token": TOKEN, "ends_at": 1_795_233_600_000 + HOUR},
        {"networks": (ip_network("10.0.0.0/8"), ip_network("::1/128"))},
    ],
)
async def test_a_key_that_signs_is_kept_whole(world: World, differing: dict[str, Any]) -> None:
    made = key(world, **differing)
    world.administering.add_secret_key(made)
    assert (await world.store.refresh()).secret_keys == {SECRET_ID: made}
    await world.restart()
    assert world.store.directory.secret_keys == {SECRET_ID: made}


async def test_a_key_that_does_not_say_when_it_was_made_was_made_now(world: World) -> None:
    world.administering.add_secret_key(key(world, created_at=0))
    kept = (await world.store.refresh()).secret_keys[SECRET_ID]
    assert kept.created_at == world.clock()


async def test_a_secret_id_is_given_once(world: World) -> None:
    world.administering.add_secret_key(key(world))
    with pytest.raises(StoreUnusable):
        world.administering.add_secret_key(key(world, secret="other"))
    assert (await world.store.refresh()).secret_keys[SECRET_ID].secret == SECRET


async def test_two_keys_are_alive_until_one_of_them_ends(world: World) -> None:
    desk, other = world.administering, SECRET_ID[::-1]
    desk.add_secret_key(key(world))
    desk.add_secret_key(key(world, id=other))
    assert desk.end_secret_key(SECRET_ID, world.clock() + HOUR)
    assert set((await world.store.refresh()).secret_keys) == {SECRET_ID, other}
    world.clock.pass_by(HOUR - 1)
    assert set(world.store.directory.secret_keys) == {SECRET_ID, other}
    world.clock.pass_by(1)
    assert set(world.store.directory.secret_keys) == {other}
    assert not desk.end_secret_key(SECRET_ID, world.clock() + HOUR), "what has ended stays so"
    assert not desk.end_secret_key("AKID", world.clock())


async def test_a_key_may_be_bound_to_networks_and_let_go_again(world: World) -> None:
    desk, networks = world.administering, (ip_network("10.0.0.0/8"),)
    desk.add_secret_key(key(world))
    assert desk.restrict_secret_key(SECRET_ID, networks)
    assert (await world.store.refresh()).secret_keys[SECRET_ID].networks == networks
    assert desk.restrict_secret_key(SECRET_ID, ())
    assert (await world.store.refresh()).secret_keys[SECRET_ID].networks == ()
    assert not desk.restrict_secret_key("AKID", ())


async def test_the_last_use_of_a_key_is_known_and_makes_nobody_read_the_directory(
    world: World,
) -> None:
    desk, now = world.administering, world.clock()
    desk.add_secret_key(key(world))
    desk.add_secret_key(key(world, id="AKIDother"))
    assert desk.uses_of_secret_keys() == {}
    version = (await world.store.refresh()).version
    desk.used_secret_keys({SECRET_ID: now, "AKIDunknown": now})
    desk.used_secret_keys({SECRET_ID: now - MINUTE})
    assert desk.uses_of_secret_keys() == {SECRET_ID: now}
    assert (await world.store.refresh()).version == version


# Cloud functions.


async def test_an_environment_is_one_apps(world: World) -> None:
    desk = world.administering
    other = world.other_app
    made = Environment(id="env-1", app=world.app)
    assert desk.put_environment(made)
    assert not desk.put_environment(msgspec.structs.replace(made, app=other))
    assert (await world.store.refresh()).environments == {"env-1": made}
    closed = msgspec.structs.replace(made, has_website=False)
    assert desk.put_environment(closed)
    assert (await world.store.refresh()).environments == {"env-1": closed}


async def test_a_cloud_token_is_found_by_its_hash_until_it_ends(world: World) -> None:
    desk = world.administering
    desk.add_cloud_token(cloud_token(world))
    [found] = (await world.store.refresh()).cloud_tokens.items()
    assert found[0] == world.sealer.secret(b"wx_token") == desk.hashed("wx_token")
    kept = found[1]
    assert (kept.app, kept.environment, kept.hint) == (app(world), "env-1", "wx_…oken")
    assert (kept.permissions, kept.ends_at) == (frozenset({"cloudbase.sendSms"}), NEVER)
    assert desk.end_cloud_token(world.app, "wx_…oken", world.clock() + SECOND)
    assert len((await world.store.refresh()).cloud_tokens) == 1
    world.clock.pass_by(SECOND)
    assert not world.store.directory.cloud_tokens
    assert not desk.end_cloud_token(world.app, "wx_…oken", world.clock())


async def test_nothing_tells_a_token_or_a_key(world: World) -> None:
    shown = repr((cloud_token(world), key(world, token=TOKEN)))
    assert "wx_token" not in shown
    assert SECRET not in shown
    assert TOKEN not in shown


async def test_a_key_is_held_and_released(world: World) -> None:
    desk = world.administering
    desk.add_secret_key(key(world))
    for is_held in (True, False):
        assert desk.hold_secret_key(SECRET_ID, is_held=is_held)
        known = await world.store.refresh()
        assert known.secret_keys == {SECRET_ID: key(world, is_held=is_held)}
    assert not desk.hold_secret_key("AKIDnone", is_held=True)


# Third parties.


async def test_a_newer_ticket_replaces_the_one_before(world: World) -> None:
    for ticket in (TICKET, TICKET + "2"):
        world.administering.put_ticket(world.app, ticket)
        known = await world.store.refresh()
        hashed = world.sealer.secret(ticket.encode())
        assert known.tickets == {world.app: Ticket(hashed, world.clock() + 12 * HOUR)}
        assert hashed.hex() not in repr(known.tickets)
        assert str(hashed) not in repr(known.tickets)


async def test_an_authorisation_is_replaced_by_the_next_and_can_be_dropped(world: World) -> None:
    desk = world.administering
    other = world.other_app
    made = Authorisation(
        component=other,
        app=world.app,
        rights=frozenset({49, 99}),
        code_hash=desk.hashed("code"),
        refresh_hash=b"",
    )
    used = msgspec.structs.replace(made, code_hash=b"", refresh_hash=desk.hashed("refresh"))
    for one in (made, used):
        desk.put_authorisation(one)
        assert (await world.store.refresh()).authorisations == {(other, world.app): one}
    assert desk.drop_authorisation(other, world.app)
    assert (await world.store.refresh()).authorisations == {}
    assert not desk.drop_authorisation(other, world.app)


# Grants.


async def test_a_grant_is_seen_by_whoever_looks_again(world: World) -> None:
    now = world.clock()
    made = world.administering.grant(1, world.app, 0, lambda grant: renewed(grant, now))
    assert made == Grant(1, now)
    assert (await world.store.refresh()).grants == {(1, world.app, 0): made}
    await world.restart()
    assert world.store.directory.grants == {(1, world.app, 0): made}


async def test_grants_of_each_kind_and_third_party_are_their_own(world: World) -> None:
    def grow(grant: Grant) -> Grant:
        return renewed(grant, world.clock())

    for place in ((1, world.app, 0), (2, world.app, 0), (2, world.app, 7), (2, world.app, 7)):
        world.administering.grant(*place, grow)
    numbers = {place: grant.number for place, grant in (await world.store.refresh()).grants.items()}
    assert numbers == {(1, world.app, 0): 1, (2, world.app, 0): 1, (2, world.app, 7): 2}


async def test_what_changes_nothing_makes_nobody_read_the_directory(world: World) -> None:
    now = world.clock()

    def steady(grant: Grant) -> Grant:
        return stable(grant, now)

    made = world.administering.grant(2, world.app, 0, steady)
    version = (await world.store.refresh()).version
    assert world.administering.grant(2, world.app, 0, steady) == made
    assert (await world.store.refresh()).version == version


async def test_a_change_that_is_refused_changes_nothing(world: World) -> None:
    def forced(grant: Grant) -> Grant:
        return stable(grant, world.clock(), force=True)

    made = world.administering.grant(2, world.app, 0, forced)
    with pytest.raises(Fault):
        world.administering.grant(2, world.app, 0, forced)
    assert (await world.store.refresh()).grants == {(2, world.app, 0): made}


async def test_grants_that_are_asked_for_at_once_are_counted_one_by_one(world: World) -> None:
    def ask() -> int:
        desk = another_desk(world)
        try:
            return desk.grant(1, world.app, 0, lambda one: renewed(one, world.clock())).number
        finally:
            desk.close()

    numbers = await asyncio.gather(*(asyncio.to_thread(ask) for _ in range(6)))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


def another_desk(world: World) -> Administration:
    """One more of the same house."""
    seal, clock = world.raw._seal, world.clock
    if isinstance(world.store, SqliteStore):
        return administration(world.directory, seal, clock)
    return postgres_administration(Address(database_of(world.directory)), seal, clock)


# Who did what.


async def test_what_was_decided_is_told_newest_first(world: World) -> None:
    desk, version = world.administering, (await world.store.refresh()).version
    desk.audit("ann", "approved", "template 7")
    world.clock.pass_by(DAY)
    desk.audit("bob", "rejected", "template 8", "Too loud.")
    first = Audited(world.clock() - DAY, "ann", "approved", "template 7", "")
    second = Audited(world.clock(), "bob", "rejected", "template 8", "Too loud.")
    assert desk.audits(10) == [second, first]
    assert desk.audits(1) == [second]
    assert desk.audits(10, "template 7") == [first]
    assert (await world.store.refresh()).version == version


async def test_what_was_done_together_and_failed_was_not_decided(world: World) -> None:
    with pytest.raises(Fault):
        _refused_at_last(world)
    assert world.administering.audits(10) == []
    assert (await world.store.refresh()).secret_keys == {}


def _refused_at_last(world: World) -> None:
    with world.administering.together():
        world.administering.audit("ann", "approved", "template 7")
        world.administering.add_secret_key(key(world))
        raise Fault(-1)
