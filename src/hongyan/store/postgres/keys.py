"""What a batch needs of the store, told from its commands before anything is decided.

Limits and verifications that a command may change are locked before they are read: limits first, each
table in the order of its keys, as everybody does; after them the daily totals of apps that have caps. A resend, a check and the use of a proof name a
verification, and which limits they touch follows from its app, phone and purpose. Those never change,
so it is read without a lock first; then its limits are locked, then itself, and what can change of it
is read again under that lock.

Texts whose limits are of their own numbers alone are decided without a lock: batches at the same time
hardly ever want the same row. All that they read is of one moment, and they are written only if each
limit still stands as it was then; else the batch is decided again, under locks.

Everything else is read without a lock. That is as exact, for two reasons:
- What is only made (an answer kept, a reference, a member) is made under its own key, once: of two that
  make it at the same time the later one finds it made, and its whole batch is decided again.
- What is only looked at (the guesses at a phone when a text is asked for, a door that a text passes)
  may be a moment old: then its batch is one that came that moment earlier.
Balances are guarded when they are debited.
"""

from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from hongyan.core import opt_out
from hongyan.core.batch import number_mark
from hongyan.core.command import Check, Command, Consume, Hear, Knock, Resend, Send, Start
from hongyan.core.daily import Cap
from hongyan.core.identifier import VerificationId
from hongyan.core.mark import Mark
from hongyan.core.message import Kind
from hongyan.core.verification import (
    Caller,
    Verification,
    current_of,
    guesses_of,
    lock_of,
)


class Keys(msgspec.Struct):
    """The keys of a batch, table by table."""

    counted: set[Mark] = msgspec.field(default_factory=set)
    """Limits that may count another event."""
    looked_at: set[Mark] = msgspec.field(default_factory=set)
    """Limits that are only read."""
    kept: set[Mark] = msgspec.field(default_factory=set)
    references: set[Mark] = msgspec.field(default_factory=set)
    currents: set[Mark] = msgspec.field(default_factory=set)
    members: set[Mark] = msgspec.field(default_factory=set)
    openids: set[tuple[Mark, Mark]] = msgspec.field(default_factory=set)
    accounts: set[int] = msgspec.field(default_factory=set)
    caps: set[Cap] = msgspec.field(default_factory=set)
    """Daily totals that may count another text."""
    opt_outs: set[Mark] = msgspec.field(default_factory=set)
    """Of the numbers that marketing is for."""
    are_apart: bool = True
    """Whether other batches at the same time hardly want the same limits."""


def named(commands: Iterable[Command]) -> set[VerificationId]:
    """The verifications that they name, and so may change."""
    return {
        one.verification
        for one in commands
        if isinstance(one, Resend | Check | Consume) and one.verification is not None
    }


def keys_of(
    commands: Iterable[Command], verifications: Mapping[VerificationId, Verification]
) -> Keys:
    """`verifications`: those that are named and exist, whatever has become of them meanwhile."""
    keys = Keys(are_apart=all(map(_is_apart, commands)))
    for command in commands:
        if not isinstance(command, Consume | Knock | Hear) and command.idempotency is not None:
            keys.kept.add(command.idempotency.key)
        _add(command, verifications, keys)
    keys.looked_at -= keys.counted
    return keys


def _is_apart(command: Command) -> bool:
    return isinstance(command, Send) and not (command.client_windows or any(command.caps))


def _add(
    command: Command, verifications: Mapping[VerificationId, Verification], keys: Keys
) -> None:
    match command:
        case Send():
            _of_send(command, keys)
        case Knock():
            (keys.looked_at if command.right else keys.counted).add(command.door)
        case Start():
            _of_start(command, keys)
        case Resend() | Check():
            found = verifications.get(command.verification) if command.verification else None
            if found is not None:
                _of_code(command, found, keys)
        case Consume() | Hear():
            pass
        case other:
            assert_never(other)


def _of_send(command: Send, keys: Keys) -> None:
    if command.door:
        keys.looked_at.add(command.door)
    if command.client and command.client_windows:
        keys.counted.add(command.client)
    if command.content_windows:
        keys.counted.update(command.contents)
    keys.caps.update(*command.caps)
    for one in command.messages:
        keys.accounts.add(one.account)
        if command.windows:
            keys.counted.add(number_mark(one.app, one.phone_mark))
        if one.reference_mark:
            keys.references.add(one.reference_mark)
        if one.kind is Kind.MARKETING:
            keys.opt_outs.add(opt_out.mark_of(one.account, one.phone_mark))


def _of_start(command: Start, keys: Keys) -> None:
    message, purpose = command.message, command.purpose
    _of_text(command, purpose, keys)
    keys.currents.add(current_of(message.app, message.phone_mark, purpose))
    if command.caller.openid:
        keys.openids.add((message.phone_mark, command.caller.openid))


def _of_text(command: Start | Resend, purpose: str, keys: Keys) -> None:
    """What every verification text is measured by."""
    message, caller = command.message, command.caller
    keys.accounts.add(message.account)
    keys.counted.add(message.phone_mark)
    keys.caps.update(command.caps)
    if caller.ip:
        keys.counted.add(caller.ip)
    keys.looked_at.update(_guessing(message.app, message.phone_mark, purpose, caller))


def _of_code(command: Resend | Check, found: Verification, keys: Keys) -> None:
    caller = command.caller
    if caller.openid:
        keys.openids.add((found.phone_mark, caller.openid))
    if isinstance(command, Resend):
        _of_text(command, found.purpose, keys)
        return
    keys.counted.update(_guessing(found.app, found.phone_mark, found.purpose, caller))
    if command.member is not None:
        keys.members.add(found.phone_mark)


def _guessing(app: int, phone: Mark, purpose: str, caller: Caller) -> list[Mark]:
    """Where guesses at a phone's codes are counted, and the caller's lock-out from it."""
    guesses = guesses_of(app, phone, purpose)
    return [guesses, lock_of(phone, purpose, caller.identity)] if caller.identity else [guesses]
