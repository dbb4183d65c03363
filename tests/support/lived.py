"""A house in which something of everything has happened, so that nothing can be lost unnoticed."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import msgspec

from hongyan.core.command import (
    Approved,
    Consumed,
    Declined,
    Hear,
    Heard,
    Knock,
    Link,
    Queued,
    Reply,
    Send,
    Sent,
)
from hongyan.core.daily import Caps
from hongyan.core.errors import Limited, ProofUsed
from hongyan.core.hours import Hours
from hongyan.core.identifier import MemberId, MessageId, VerificationId
from hongyan.core.limit import Window
from hongyan.core.lint.rule import Rulebook
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.service.credentials import NewCloudToken
from hongyan.service.directory import (
    NEVER,
    Authorisation,
    Callback,
    Environment,
    KeyKind,
    Review,
    SecretKey,
    TencentProfile,
    WechatProfile,
)
from hongyan.service.ports import Claimed, NewKey, Receipt, Reported
from hongyan.service.settle import Attempted, Patience, settlement
from hongyan.service.submit import By, Counter
from hongyan.service.tasks import Done, Task
from hongyan.wire.wechat.tokens import renewed
from support.forms import COMPANY, QUALIFICATION
from support.world import World

NUMBER = "+8613800138000"
CODE = "384592"
SECRET = "sk_0123456789"
LINK = 1 << 62
WINDOWS = (Window("24h", 2, DAY),)
CAPS = Caps(in_all=2)


@dataclass
class Lived:
    """What can be asked of it again."""

    pending: VerificationId
    """Its code is CODE."""
    approved: Approved
    """Its proof has not been used."""
    keyed: Sent
    """The answer under the Idempotency-Key "key"."""
    limited: str
    """This number has had all that WINDOWS allow."""
    waiting: list[MessageId]
    """Nobody has tried them yet."""
    deferred: MessageId
    """It waits for a minute."""
    sending: MessageId
    messages: list[MessageId]
    """All of them."""


async def lived_in(world: World) -> Lived:
    """Two days, the second of which is not over."""
    _furnish(world)
    await world.store.refresh()
    messages = await _day_before(world)
    this_day, deferred = await _this_day(world)
    messages += [*this_day, *await _linked(world, 0)]
    pending, approved = await _verifications(world)
    keyed = await world.send(world.message(NUMBER), key=world.idempotency("key"))
    assert isinstance(keyed, Sent)
    limited = await _limited(world)
    await world.sweep()
    messages += [*await _linked(world, 10), *await _heard(world), await _capped(world)]
    sending = (await world.begun(1))[0].message.id
    waiting = [one.message.id for one in await world.claim(100, *Kind)]
    messages += [sending, *[one for one in waiting if one not in messages]]
    world.clock.pass_by(SECOND)
    every = sorted(set(messages))
    return Lived(pending, approved, keyed, limited, waiting, deferred, sending, every)


async def _day_before(world: World) -> list[MessageId]:
    """All are sent, and their references filed."""
    messages = [(await _named(world, f"old {number}", number)).id for number in range(5)]
    for claimed in await world.begun():
        await _settle(world, claimed, Accepted("up-old"), is_asked=False)
    assert await world.store.convert(world.app, messages[0], world.clock())
    world.clock.pass_by(DAY + 2 * HOUR)
    await world.sweep()
    return messages


async def _this_day(world: World) -> tuple[list[MessageId], MessageId]:
    """One of each outcome, the last of which waits for its hour; some still wait."""
    messages = [(await _named(world, f"new {number}", 10 + number)).id for number in range(7)]
    outcomes: list[Outcome] = [
        Accepted("up-1"),
        Accepted("up-2"),
        Rejected("blocked", "Blocked."),
        Unconfirmed("Cut off."),
        Deferred("Busy.", MINUTE),
    ]
    begun = await world.begun(len(outcomes))
    for claimed, outcome in zip(begun, outcomes, strict=True):
        await _settle(world, claimed, outcome)
    taken = begun[0].message.id
    await world.store.receive([Receipt(taken, Status.DELIVERED, world.clock(), "DELIVRD")])
    owed = await world.store.claim_reports(1, MINUTE, 1, {})
    await world.store.reported([Reported(one.message, "No answer.", 0) for one in owed])
    for _ in range(3):
        await world.accept(Knock(world.mark("door", b"door"), right=False))
    return messages, begun[-1].message.id


async def _verifications(world: World) -> tuple[VerificationId, Approved]:
    """One with a guess, one that was passed; and a member."""
    caller = world.caller("o1")
    verification = await world.started("+8613900000001", caller=caller)
    approved = await world.check(verification, CODE, caller=caller)
    assert isinstance(approved, Approved)
    verification = await world.started("+8613900000002")
    member = await world.check(verification, CODE, member=MemberId(world.store.next_id()))
    assert isinstance(member, Approved)
    pending = await world.started("+8613900000003", caller=world.caller("o2", "10.0.0.1", "d1"))
    await world.check(pending, "000000", caller=world.caller("o2", "10.0.0.1", "d1"))
    return pending, approved


def _furnish(world: World) -> None:
    desk = world.administering
    other = desk.create_account("Other 账户", "personal")
    desk.add_package(other, 77, "a gift")
    desk.open_account(other, is_open=False)
    desk.name_app(world.app, "zhenzi", "123456")
    desk.name_app(world.app, "tencent", "1400006666")
    desk.add_key(
        world.app,
        NewKey(
            kind=KeyKind.PUBLISHABLE,
            secret="pk_0123456789",
            hint="pk_01…89",
            purposes=frozenset({"login"}),
            origins=frozenset({"https://a.example"}),
        ),
    )
    desk.add_key(world.app, NewKey(kind=KeyKind.SECRET, secret=SECRET, hint="sk_01…89"))
    desk.end_key(world.app, "pk_01…89", world.clock() + DAY)
    desk.add_signature(world.account, "鸿雁")
    template = desk.add_template(world.account, "code", Kind.VERIFICATION, "鸿雁", "验证码{1}")
    desk.review_template(template, Review.APPROVED, "")
    desk.review_template(
        desk.add_template(world.account, "ad", Kind.MARKETING, "鸿雁", "来{1}"),
        Review.REJECTED,
        "Too loud.",
    )
    desk.put_route(Kind.NOTICE, ["sandbox", "zhenzi"])
    desk.add_signing_key("k1", b"private")
    desk.put_dev_secrets(b"secrets")
    app = desk.directory().apps["app_test"]
    desk.change_app(
        msgspec.structs.replace(
            app,
            networks=(ip_network("10.0.0.0/8"),),
            callback=Callback("https://a.example/callback", b"s" * 16),
            windows=WINDOWS,
            refuses_meaningless=True,
            content_windows=WINDOWS,
            caps=Caps(in_all=9, countries=(("HK", 1),), never=frozenset({"KP"})),
            hours=Hours(9 * 60, 21 * 60),
            tencent=TencentProfile(test_numbers=frozenset({NUMBER}), test_until=NEVER),
            wechat=WechatProfile(nickname="云", trusted_networks=(ip_network("10.0.0.0/8"),)),
        )
    )
    _furnish_for_others(world, other)
    _furnish_reviews(world)


def _furnish_reviews(world: World) -> None:
    """A qualification in review, with its papers, and a call that may come again."""
    desk, now = world.administering, world.clock()
    account = msgspec.structs.replace(desk.directory().accounts[world.account], name=COMPANY)
    Counter(desk, account, Rulebook.DOCUMENT, By("ann", now)).submit(QUALIFICATION)
    desk.put_done(world.mark("a call", b"request"), b"its answer", now)


def _furnish_for_others(world: World, account: int) -> None:
    """What the protocols of others have of it."""
    desk, now = world.administering, world.clock()
    assert desk.begin_upload(LINK, world.app)
    desk.add_piece(LINK, 0, f"{NUMBER},能力上新,/index.html".encode())
    desk.end_upload(LINK, 1)
    task = desk.add_task(
        Task(id=LINK, app=world.app, environment="online-1", short_name=True, created_at=now)
    )
    assert desk.advance_task(task, 1, [Done(1, reason="It is no CSV.")], SECOND)
    desk.add_secret_key(
        SecretKey(
            id="AKID1",
            account=account,
            secret=SECRET,
            token="t0ken",
            networks=(ip_network("10.0.0.0/8"),),
            created_at=now,
            ends_at=now + 9 * DAY,
        )
    )
    desk.used_secret_keys({"AKID1": now})
    desk.hold_secret_key("AKID1", is_held=True)
    environment = Environment(
        id="env-1", app=world.app, has_website=False, opens_apis=False, apis=("/tcb/*",)
    )
    desk.put_environment(environment)
    desk.add_cloud_token(
        NewCloudToken(
            app=world.app,
            environment="env-1",
            permissions=frozenset({"cloudbase.sendSms"}),
            secret=SECRET,
            hint="wx_…",
        )
    )
    desk.put_ticket(world.app, "ticket@@@1")
    desk.put_authorisation(
        Authorisation(
            component=world.app,
            app=world.other_app,
            rights=frozenset({49, 99}),
            code_hash=b"",
            refresh_hash=desk.hashed("refresh"),
        )
    )
    desk.grant(1, world.app, 0, lambda grant: renewed(grant, now))
    desk.audit("ann", "approved", "template 1", "Good.")


def _marketing(world: World) -> Message:
    return world.message("+8613500135999", kind=Kind.MARKETING)


async def _heard(world: World) -> list[MessageId]:
    """Somebody wants no more marketing."""
    message = _marketing(world)
    await world.send(message)
    reply = Reply(
        id=world.store.next_id(),
        account=message.account,
        app=message.app,
        phone=message.phone,
        phone_mark=message.phone_mark,
        text="R",
        at=world.clock(),
        opts_out=True,
    )
    assert await world.accept(Hear(reply)) == Heard()
    return [message.id]


def _of_two(world: World) -> Send:
    """Of two that the app may send in a day."""
    return Send((world.message("+8613500135777"),), caps=(CAPS.of(world.app, "CN"),))


async def _capped(world: World) -> MessageId:
    send = _of_two(world)
    answer = await world.accept(send)
    assert isinstance(answer, Sent)
    assert isinstance(answer.messages[0], Queued)
    return send.messages[0].id


async def _linked(world: World, first: int) -> list[MessageId]:
    """A call of a protocol of others: links, one of which was opened, and statistics."""
    numbers = range(first, first + 2)
    messages = [world.message(f"+8613500135{number:03}") for number in numbers]
    links = [
        Link(LINK + number, one.id, "env-1", "/", NEVER)
        for number, one in zip(numbers, messages, strict=True)
    ]
    send = Send(tuple(messages), links=tuple(links), tallied=True, refused=1)
    answer = await world.accept(send)
    assert isinstance(answer, Sent)
    assert await world.store.open_link(LINK + first, world.clock()) is not None
    return [one.id for one in messages]


async def _named(world: World, reference: str, number: int) -> Message:
    """With a reference, a report that is owed, and a warning."""
    message = msgspec.structs.replace(
        world.message(f"+86137{number:08}"),
        reference=reference,
        reference_mark=world.mark(reference, b"reference"),
        reports=True,
        warning="meaningless" if number % 2 else "",
    )
    answer = await world.accept(
        Send((message,), client=world.mark(reference, b"client"), client_windows=WINDOWS)
    )
    assert isinstance(answer, Sent)
    assert isinstance(answer.messages[0], Queued)
    return message


async def _settle(
    world: World, claimed: Claimed, outcome: Outcome, *, is_asked: bool = True
) -> None:
    attempted = Attempted(
        claimed=claimed,
        provider="sandbox",
        providers=1,
        started_at=world.clock(),
        ended_at=world.clock(),
        outcome=outcome,
        is_asked=is_asked,
    )
    await world.store.settle([settlement(attempted, Patience())])


async def _limited(world: World) -> str:
    number = "+8613600000001"
    for _ in range(2):
        answer = await world.accept(Send((world.message(number),), WINDOWS))
        assert isinstance(answer, Sent)
        assert isinstance(answer.messages[0], Queued)
    return number


async def seen(world: World, lived: Lived) -> dict[str, Any]:
    """What can be asked without changing anything: alike wherever the house is."""
    await world.store.refresh()
    known = world.store.directory
    references = [f"{age} {number}" for age in ("old", "new") for number in range(7)]
    return {
        "records": [await world.record(message) for message in lived.messages],
        "balances": [world.administering.balance(account) for account in known.accounts],
        "references": [
            await world.store.find(world.mark(reference, b"reference")) for reference in references
        ],
        "verifications": [
            await world.store.verification(one)
            for one in (lived.pending, lived.approved.verification)
        ],
        "texts": await world.store.texts(world.app, 0, NEVER, 0, 1_000),
        "texts to one": [
            await world.store.texts_to(world.app, world.mark(f"+86137{n:08}"), 0, NEVER, 9)
            for n in range(12)
        ],
        "replies": await world.store.replies_from(
            world.app, world.mark("+8613500135999"), 0, NEVER, 9
        ),
        "ends": await world.store.ends(world.app, 0, NEVER),
        "tally": await world.store.tally(world.app, 0, NEVER),
        "debts": world.administering.debts(100),
        "secrets": world.administering.dev_secrets(),
        "uses": world.administering.uses_of_secret_keys(),
        "audits": world.administering.audits(100),
        "directory": msgspec.structs.replace(known, good_until=0),
    }


async def lives_on(world: World, lived: Lived) -> None:
    """Limits, Idempotency-Keys, codes and proofs are what they were; nothing is sent twice."""
    assert await world.send(world.message(NUMBER), key=world.idempotency("key")) == lived.keyed
    answer = await world.accept(Send((world.message(lived.limited),), WINDOWS))
    assert isinstance(answer, Sent)
    [declined] = answer.messages
    assert isinstance(declined, Declined)
    assert isinstance(declined.error(), Limited)
    again = await world.accept(
        Send((world.message(),), client=world.mark("new 1", b"client"), client_windows=WINDOWS)
    )
    assert isinstance(again, Sent)
    assert isinstance(again.messages[0], Queued), "one of two"
    assert isinstance(await world.consume(lived.approved), Consumed)
    assert isinstance(await world.consume(lived.approved), ProofUsed)
    seconds = [await world.accept(_of_two(world)) for _ in range(2)]
    became = [one.messages[0] for one in seconds if isinstance(one, Sent)]
    assert [isinstance(one, Queued) for one in became] == [True, False], "one of two"
    marketing = await world.send(_marketing(world))
    assert isinstance(marketing, Sent)
    assert marketing.messages == (Declined(opted_out=True),)
    opened = await world.store.open_link(LINK, world.clock())
    assert opened is not None
    assert (opened.link.environment, opened.times) == ("env-1", 2)
    caller = world.caller("o2", "10.0.0.1", "d1")
    approved = await world.check(lived.pending, CODE, caller=caller)
    assert isinstance(approved, Approved)
    member = await world.started("+8613900000002", purpose="login")
    found = await world.check(member, CODE, member=MemberId(world.store.next_id()))
    assert isinstance(found, Approved)
    assert not found.new_member
    assert world.store.next_id() > max(lived.messages)
