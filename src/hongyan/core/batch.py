"""Accept: commands that arrive together, decided together as one pure fold.

`decide(commands, snapshot, …) → (answers, draft)`. The store loads what the batch needs, this
decides each command in order, the store writes the draft and commits once, and only then does any
caller get its answer. A command is refused by an error among the answers; none raises.
"""

import hmac
from collections.abc import Iterator, Sequence
from typing import TypeAlias, assert_never

import msgspec

from hongyan.core import door, limit, opt_out
from hongyan.core.command import (
    Answer,
    Approved,
    Check,
    Command,
    Consume,
    Consumed,
    Declined,
    Hear,
    Heard,
    Idempotency,
    Knock,
    Opened,
    Queued,
    Refused,
    Resend,
    Send,
    Sent,
    Start,
    Started,
)
from hongyan.core.draft import Draft, Snapshot
from hongyan.core.errors import (
    CodeRefused,
    HongyanError,
    KeyReused,
    Limited,
    NoBalance,
    ProofInvalid,
    ProofUsed,
    Scope,
    WrongSecret,
)
from hongyan.core.identifier import VerificationId, made_at
from hongyan.core.limit import Window
from hongyan.core.mark import NOBODY, Mark, blend
from hongyan.core.message import Kind, Message
from hongyan.core.time import DAY, Millis
from hongyan.core.verification import (
    Caller,
    Digest,
    Rules,
    State,
    Verification,
    current_of,
    guesses_of,
    lock_of,
    send_tag,
)

Decided: TypeAlias = Answer | HongyanError


def decide(
    commands: Sequence[Command], snapshot: Snapshot, now: Millis, rules: Rules, digest: Digest
) -> tuple[list[Decided], Draft]:
    """Decide each command in order. Nothing is kept of a command that is refused."""
    draft = Draft(snapshot, now)
    return [_decided(command, draft, rules, digest) for command in commands], draft


def _decided(command: Command, draft: Draft, rules: Rules, digest: Digest) -> Decided:
    if not isinstance(command, Consume | Knock | Hear) and command.idempotency is not None:
        replayed = _replayed(command.idempotency, draft)
        if replayed is not None:
            return replayed
    match command:
        case Send():
            return _send(command, draft)
        case Knock():
            return _knock(command, draft)
        case Hear():
            draft.hear(command.reply)
            return Heard()
        case _:
            return _of_verification(command, draft, rules, digest)


def _of_verification(
    command: Start | Resend | Check | Consume, draft: Draft, rules: Rules, digest: Digest
) -> Decided:
    match command:
        case Start():
            return _start(command, draft, rules)
        case Resend():
            return _resend(command, draft, rules)
        case Check():
            return _check(command, draft, rules, digest)
        case Consume():
            return _consume(command, draft)
        case other:
            assert_never(other)


def _replayed(idempotency: Idempotency, draft: Draft) -> Decided | None:
    """The stored answer to the same request, or the refusal of another one (row 26)."""
    kept = draft.find_kept(idempotency.key)
    if kept is None:
        return None
    if kept.request != idempotency.request:
        return KeyReused()
    answer = kept.answer
    if isinstance(answer, Refused):
        return CodeRefused()
    if isinstance(answer, Started | Approved):
        # A kept answer holds nothing personal; its verification does, sealed.
        found = draft.verification(answer.verification)
        return msgspec.structs.replace(answer, phone=found.phone) if found else CodeRefused()
    return answer


# Texts that apps bring themselves.


def number_mark(app: int, phone: Mark) -> Mark:
    """The mark under which one app's texts to one number are counted."""
    return blend(phone, app)


def _send(command: Send, draft: Draft) -> Sent | WrongSecret:
    if command.door and door.is_shut(draft.history(command.door), draft.now):
        return WrongSecret()
    before = len(draft.queued)
    answer = Sent(tuple([_queue(command, at, draft) for at in range(len(command.messages))]))
    if command.links:
        queued = {message.id for message, _ in draft.queued[before:]}
        draft.links += [link for link in command.links if link.message in queued]
    if command.tallied:
        _tally(command, answer, draft)
    if command.idempotency is not None and (command.keeps_refusals or len(draft.queued) > before):
        draft.keep(command.idempotency, answer)
    return answer


def _tally(command: Send, answer: Sent, draft: Draft) -> None:
    units = [one.units for one in answer.messages if isinstance(one, Queued)]
    draft.tally(
        command.app or command.messages[0].app,
        requests=len(command.messages) + command.refused,
        accepted=len(units),
        units=sum(units),
    )


def _queue(command: Send, at: int, draft: Draft) -> Queued | Declined:
    message = command.messages[at]
    if message.kind is Kind.MARKETING and draft.has_opted_out(
        opt_out.mark_of(message.account, message.phone_mark)
    ):
        return Declined(opted_out=True)
    if message.reference_mark and _is_used(message, draft):
        return Declined(reference_used=True)
    if command.windows or command.client_windows or command.content_windows or command.caps:
        return _queue_within_limits(command, at, draft)
    if not draft.charge(message.account, message.units):
        return Declined()
    draft.queue(message)
    return Queued(message.id, message.units)


def _is_used(message: Message, draft: Draft) -> bool:
    found = draft.reference(message.reference_mark)
    return found is not None and made_at(found) > draft.now - DAY


def _queue_within_limits(command: Send, at: int, draft: Draft) -> Queued | Declined:
    message = command.messages[at]
    counted: list[tuple[Mark, int]] = []
    for scope, mark, windows in _measures(command, at):
        history = draft.history(mark)
        held = limit.refused(scope, windows, history, draft.now)
        if held is not None:
            return Declined(held.window, held.retry_at, scope)
        counted.append((mark, history))
    caps = command.caps[at] if command.caps else ()
    full = draft.full(caps)
    if full is not None:
        return Declined(full.window, full.retry_at, full.scope)
    if not draft.charge(message.account, message.units):
        return Declined()
    for mark, history in counted:
        draft.hit(mark, history, keep=limit.MOST_EVENTS)
    draft.queue(message, [*((mark, 0) for mark, _ in counted), *draft.count(caps)])
    return Queued(message.id, message.units)


def _measures(command: Send, at: int) -> Iterator[tuple[Scope, Mark, Sequence[Window]]]:
    """By what a message is measured, the narrowest first: where the same text comes again, that is
    what its sender must hear.
    """
    if command.content_windows:
        yield "content", command.contents[at], command.content_windows
    if command.windows:
        message = command.messages[at]
        yield "phone", number_mark(message.app, message.phone_mark), command.windows
    if command.client and command.client_windows:
        yield "client", command.client, command.client_windows


# Doors.


def _knock(command: Knock, draft: Draft) -> Opened | WrongSecret:
    """While the door is shut nothing is compared, so nothing is counted either."""
    history = draft.history(command.door)
    if door.is_shut(history, draft.now):
        return WrongSecret()
    if command.right:
        return Opened()
    draft.hit(command.door, history, keep=door.KEPT)
    return WrongSecret()


# Verifications.


def _start(command: Start, draft: Draft, rules: Rules) -> Started | HongyanError:
    message, caller = command.message, command.caller
    known = draft.knows(message.phone_mark, caller.openid)
    held = _text_refused(command, command.purpose, known=known, draft=draft, rules=rules)
    if held is not None:
        if isinstance(held, Limited):
            held.verification = _own_pending(command, draft, rules)
        return held
    if not draft.charge(message.account, message.units):
        return NoBalance()
    started = Verification(
        id=command.verification,
        app=message.app,
        purpose=command.purpose,
        phone=message.phone,
        phone_mark=message.phone_mark,
        caller=caller,
        stepped_up=command.stepped_up,
        created_at=draft.now,
        sends=1,
        sent_at=draft.now,
        message=message.id,
        code=command.code,
    )
    draft.create(started, current_of(message.app, message.phone_mark, command.purpose))
    return _texted(command, started, draft, rules, known=known)


def _resend(command: Resend, draft: Draft, rules: Rules) -> Started | HongyanError:
    message, caller = command.message, command.caller
    found = draft.verification(command.verification)
    if found is None:
        return CodeRefused()
    refused = rules.resend_refused(found, message.app, caller, draft.now)
    if refused is not None:
        return refused
    known = draft.knows(found.phone_mark, caller.openid)
    held = _text_refused(command, found.purpose, known=known, draft=draft, rules=rules)
    if held is not None:
        return held
    if not draft.charge(message.account, message.units):
        return NoBalance()
    resent = rules.resent(found, command.code, message.id, draft.now, stepped_up=command.stepped_up)
    draft.change(resent)
    draft.void += found.messages - resent.messages
    return _texted(command, resent, draft, rules, known=known)


def _text_refused(
    command: Start | Resend, purpose: str, *, known: bool, draft: Draft, rules: Rules
) -> HongyanError | None:
    """Every limit that a verification text must pass; of several, the one that lasts longest."""
    phone, caller, now = command.message.phone_mark, command.caller, draft.now
    stepped_up = command.stepped_up
    sends = draft.history(phone)
    refusals = [
        rules.send_refused(sends, now, caller, purpose, known=known, stepped_up=stepped_up),
        _guesses_refused(
            guesses_of(command.message.app, phone, purpose),
            lock_of(phone, purpose, caller.identity),
            caller,
            known=known,
            stepped_up=stepped_up,
            draft=draft,
            rules=rules,
        ),
    ]
    if caller.ip:
        addressed = draft.history(caller.ip)
        refusals.append(rules.address_refused(addressed, now, stepped_up=stepped_up))
    refusals.append(draft.full(command.caps))
    limits = [refusal for refusal in refusals if isinstance(refusal, Limited)]
    if limits:
        return max(limits, key=lambda held: held.retry_at)
    return next((refusal for refusal in refusals if refusal is not None), None)


def _guesses_refused(  # noqa: PLR0913
    guesses: Mark,
    lock: Mark,
    caller: Caller,
    *,
    known: bool,
    stepped_up: bool,
    draft: Draft,
    rules: Rules,
) -> Limited | None:
    """Rows 8 and 11, for sends as for checks: a text that nobody could use is not sent."""
    locked = None
    if caller.identity and not known:
        locked = rules.locked(draft.history(lock), draft.now)
    failures = draft.history(guesses)
    failed = rules.guesses_refused(failures, draft.now, caller, known=known, stepped_up=stepped_up)
    return limit.later(locked, failed)


def _texted(
    command: Start | Resend,
    verification: Verification,
    draft: Draft,
    rules: Rules,
    *,
    known: bool,
) -> Started:
    """What every verification text leaves behind: its windows, its message, its answer."""
    message, caller, purpose = command.message, command.caller, verification.purpose
    tag = send_tag(caller, purpose, known=known)
    before = draft.history(message.phone_mark)
    sends = draft.hit(message.phone_mark, before, tag=tag, keep=rules.sends_kept)
    hits = [(message.phone_mark, tag)]
    if caller.ip:
        draft.hit(caller.ip, draft.history(caller.ip), keep=rules.ip_kept)
        hits.append((caller.ip, 0))
    draft.queue(message, hits + draft.count(command.caps))
    resend_at = rules.resend_at(sends, draft.now, purpose)
    answer = Started(
        verification.id,
        verification.phone,
        rules.dies_at(verification),
        resend_at,
        rules.sends_left(verification, resend_at),
    )
    if command.idempotency is not None:
        draft.keep(command.idempotency, answer)
    return answer


def _own_pending(command: Start, draft: Draft, rules: Rules) -> VerificationId | None:
    """The pending verification that this very caller started, which it may be told (row 26)."""
    mark = current_of(command.message.app, command.message.phone_mark, command.purpose)
    current = draft.current(mark)
    found = draft.verification(current) if current is not None else None
    if found is None or rules.ended(found, draft.now):
        return None
    mine, asks = found.caller, command.caller
    if asks.openid or mine.openid:
        return found.id if mine.openid == asks.openid else None
    # An address alone is no caller: behind a carrier's NAT it has many.
    place = (asks.ip, asks.device)
    return found.id if NOBODY not in place and place == (mine.ip, mine.device) else None


def _check(command: Check, draft: Draft, rules: Rules, digest: Digest) -> Approved | CodeRefused:
    """Count, then compare; an answer of either kind costs one hash and one commit (rows 7, 22)."""
    found = draft.verification(command.verification) if command.verification else None
    known = found is not None and draft.knows(found.phone_mark, command.caller.openid)
    if found is None or _not_to_be_compared(command, found, draft, rules, known=known):
        rules.compare_with_nothing(command.code, digest)
        draft.probes += 1
    elif rules.matches(found, command.code, command.caller, digest, draft.now):
        return _approve(command, found, draft, rules)
    else:
        _fail(command.caller, found, draft, rules, known=known)
    if command.idempotency is not None:
        draft.keep(command.idempotency, Refused())
    return CodeRefused()


def _not_to_be_compared(
    command: Check, found: Verification, draft: Draft, rules: Rules, *, known: bool
) -> bool:
    if found.app != command.app or rules.ended(found, draft.now):
        return True
    if command.purposes is not None and found.purpose not in command.purposes:
        return True
    caller = command.caller
    held = _guesses_refused(
        guesses_of(found.app, found.phone_mark, found.purpose),
        lock_of(found.phone_mark, found.purpose, caller.identity),
        caller,
        known=known,
        # Whoever showed that they are a person to get this code may use it (rows 8 and 18).
        stepped_up=found.stepped_up,
        draft=draft,
        rules=rules,
    )
    return held is not None


def _approve(command: Check, found: Verification, draft: Draft, rules: Rules) -> Approved:
    draft.change(rules.approved(found, command.proof, draft.now))
    draft.void += found.messages
    if command.caller.openid:
        draft.known.add((found.phone_mark, command.caller.openid))
    member, new = draft.enrol(found, command.member) if command.member else (None, False)
    answer = Approved(found.id, found.purpose, found.phone, command.proof, draft.now, member, new)
    if command.idempotency is not None:
        draft.keep(command.idempotency, answer)
    return answer


def _fail(caller: Caller, found: Verification, draft: Draft, rules: Rules, *, known: bool) -> None:
    failed = rules.failed(found)
    draft.change(failed)
    guesses = guesses_of(found.app, found.phone_mark, found.purpose)
    tag = send_tag(caller, found.purpose, known=known)
    failures = draft.hit(guesses, draft.history(guesses), tag=tag, keep=rules.failures_kept)
    if failed.state is not State.LOCKED:
        return
    draft.void += found.messages
    if caller.identity and rules.locks_out(failures, found, caller):
        draft.hit(lock_of(found.phone_mark, found.purpose, caller.identity), 0, keep=1)


def _consume(command: Consume, draft: Draft) -> Consumed | HongyanError:
    found = draft.verification(command.verification)
    if found is None or found.app != command.app or found.proof is None:
        return ProofInvalid()
    if not hmac.compare_digest(found.proof, command.proof):
        return ProofInvalid()
    if found.proof_used_at:
        return ProofUsed()
    draft.change(msgspec.structs.replace(found, proof_used_at=draft.now))
    return Consumed(found.id, found.purpose, found.phone)
