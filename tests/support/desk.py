"""A store of dicts, small enough to be seen through, and a desk at which the fold is asked."""

from collections import Counter
from typing import Any
from zlib import crc32

import msgspec

from hongyan.core.batch import Decided, decide
from hongyan.core.command import Check, Command, Idempotency, Kept, Knock, Resend, Send, Start
from hongyan.core.daily import Total
from hongyan.core.draft import Draft
from hongyan.core.identifier import MemberId, MessageId, VerificationId, first_id
from hongyan.core.limit import NO_EVENTS, Window
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message
from hongyan.core.policy import Policy
from hongyan.core.time import HOUR
from hongyan.core.verification import Caller, Rules, Verification

NOW = 1_795_233_600_000
GOOD, OTHER, BAD = "384592", "117733", "000000"
"""The code of every first text, of every later one, of none."""

HOURLY = Window("1h", 1, HOUR)


def hashed(verification: VerificationId, app: int, phone: Mark, purpose: str, code: str) -> bytes:
    """Stands for the keyed hash, which is the store's affair: it binds all that it must."""
    return b"|".join((verification, f"{app} {phone} {purpose} {code}".encode()))


class Book:
    """A snapshot that can take a draft in."""

    def __init__(self, balance: int = 1_000) -> None:
        self.balances = {1: balance}
        self.histories: dict[Mark, int] = {}
        self.totals = Counter[Total]()
        self.answers: dict[Mark, Kept] = {}
        self.currents: dict[Mark, VerificationId] = {}
        self.verifications: dict[VerificationId, Verification] = {}
        self.known: set[tuple[Mark, Mark]] = set()
        self.members: dict[Mark, MemberId] = {}
        self.references: dict[Mark, MessageId] = {}
        self.opt_outs: set[Mark] = set()
        self.queued: list[Message] = []
        self.void: list[MessageId] = []

    def balance(self, account: int) -> int:
        return self.balances.get(account, 0)

    def history(self, mark: Mark) -> int:
        return self.histories.get(mark, NO_EVENTS)

    def kept(self, key: Mark) -> Kept | None:
        return self.answers.get(key)

    def current(self, mark: Mark) -> VerificationId | None:
        return self.currents.get(mark)

    def verification(self, verification: VerificationId) -> Verification | None:
        return self.verifications.get(verification)

    def knows(self, phone: Mark, openid: Mark) -> bool:
        return (phone, openid) in self.known

    def member(self, phone: Mark) -> MemberId | None:
        return self.members.get(phone)

    def reference(self, mark: Mark) -> MessageId | None:
        return self.references.get(mark)

    def opted_out(self, mark: Mark) -> bool:
        return mark in self.opt_outs

    def total(self, total: Total) -> int:
        return self.totals[total]

    def take(self, draft: Draft) -> None:
        self.totals.update(draft.totals)
        self.references |= draft.references
        self.opt_outs |= draft.opted_out
        self.balances |= draft.balances
        self.histories |= draft.histories
        self.answers |= draft.kept
        self.currents |= draft.currents
        self.verifications |= draft.created | draft.changed
        self.known |= draft.known
        self.members |= {phone: member for phone, (member, _) in draft.members.items()}
        self.queued += [message for message, _ in draft.queued]
        self.void += draft.void


class Desk:
    """A book, a clock, and short words for what is asked. Names are small numbers throughout."""

    def __init__(self, book: Book | None = None, rules: Rules | None = None) -> None:
        self.book = book or Book()
        self.rules = rules or Rules(Policy())
        self.now = NOW
        self.made = 0
        self.compared: Counter[VerificationId] = Counter()
        """How often a code was hashed for each verification."""

    def digest(self, one: Verification, _kept: bytes, code: str) -> bytes:
        self.compared[one.id] += 1
        return hashed(one.id, one.app, one.phone_mark, one.purpose, code)

    def draft(self, *commands: Command) -> tuple[list[Decided], Draft]:
        return decide(commands, self.book, self.now, self.rules, self.digest)

    def decide(self, *commands: Command) -> list[Decided]:
        """As one batch, committed."""
        answers, draft = self.draft(*commands)
        self.book.take(draft)
        return answers

    def message(self, phone: int = 1, app: int = 1, units: int = 1) -> Message:
        self.made += 1
        return Message(
            id=MessageId(first_id(self.now) + self.made),
            account=1,
            app=app,
            kind=Kind.NOTICE,
            template=0,
            phone=f"+861380013800{phone}",
            phone_mark=Mark(phone << 32 | phone),
            text="text",
            units=units,
            expires_at=self.now + HOUR,
        )

    def send(
        self,
        *phones: int,
        key: int = 0,
        limited: bool = False,
        reference: int = 0,
        client: int = 0,
        door: int = 0,
    ) -> Send:
        """`limited`: to one text an hour, per number and per client."""
        windows = (HOURLY,) if limited else ()
        messages = tuple(
            msgspec.structs.replace(self.message(phone), reference_mark=Mark(reference << 8))
            for phone in phones
        )
        idempotency = _key(key, f"send {phones}")
        return Send(messages, windows, idempotency, Mark(client << 16), windows, Mark(door << 24))

    def knock(self, door: int = 1, *, right: bool = False) -> Knock:
        return Knock(Mark(door << 24), right=right)

    def start(
        self, phone: int = 1, *, app: int = 1, purpose: str = "register", **who: Any
    ) -> Start:
        message = self.message(phone, app)
        verification = VerificationId(self.made.to_bytes(16))
        return Start(
            verification=verification,
            purpose=purpose,
            caller=_caller(**who),
            stepped_up=False,
            code=hashed(verification, app, message.phone_mark, purpose, GOOD),
            message=message,
            idempotency=_key(who.get("key", 0), f"start {phone} {app} {purpose}"),
        )

    def resend(self, start: Start, **who: Any) -> Resend:
        message = self.message(app=start.message.app)
        wanted, phone = start.verification, start.message.phone_mark
        return Resend(
            verification=wanted,
            caller=_caller(**who),
            stepped_up=False,
            code=hashed(wanted, message.app, phone, start.purpose, OTHER),
            message=msgspec.structs.replace(message, phone_mark=phone, phone=start.message.phone),
        )

    def check(self, start: Start, code: str = GOOD, **who: Any) -> Check:
        self.made += 1
        return Check(
            app=who.get("app", start.message.app),
            verification=start.verification,
            caller=_caller(**who),
            code=code,
            proof=self.made.to_bytes(16),
            member=who.get("member"),
            idempotency=_key(who.get("key", 0), f"check {start.verification!r} {code}"),
        )


def _caller(openid: int = 0, ip: int = 0, **_others: object) -> Caller:
    return Caller(openid=Mark(openid << 20 | openid), ip=Mark(ip << 40 | ip))


def _key(key: int, request: str) -> Idempotency | None:
    return Idempotency(Mark(key), Mark(crc32(request.encode()))) if key else None
