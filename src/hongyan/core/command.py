"""What the accept batch is asked and what it answers: plain values, in the clear."""

from typing import TypeAlias

import msgspec

from hongyan.core.daily import Cap
from hongyan.core.errors import (
    HongyanError,
    Limited,
    NoBalance,
    OptedOut,
    ReferenceUsed,
    Scope,
)
from hongyan.core.identifier import MemberId, MessageId, VerificationId
from hongyan.core.limit import Window
from hongyan.core.mark import NOBODY, Mark
from hongyan.core.message import Message
from hongyan.core.time import DAY, Millis
from hongyan.core.verification import Caller


class Idempotency(msgspec.Struct, frozen=True, gc=False):
    """An Idempotency-Key as marks: of the key with its app and path, and of the whole request."""

    key: Mark
    request: Mark
    lasts: Millis = DAY
    """How long an answer is kept under it: a day at most."""


class Link(msgspec.Struct, frozen=True, gc=False):
    """A short link in a text, and the page of the app's website that it opens."""

    id: int
    """63 random bits: whoever knows them may open it. Outside, `core.link` writes them."""
    message: MessageId
    environment: str
    page: str
    until: Millis


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A text that came back (MO)."""

    id: MessageId
    account: int
    app: int
    phone: str
    phone_mark: Mark
    text: str
    at: Millis
    signature: str = ""
    """Of the text that it answers."""
    extend: str = ""
    opts_out: bool = False
    """Whether it wants no more marketing; see `opt_out`."""


class Send(msgspec.Struct, frozen=True):
    """Texts that an app brings itself: 1-1000 numbers, decided in order, each alone."""

    messages: tuple[Message, ...]
    windows: tuple[Window, ...] = ()
    idempotency: Idempotency | None = None
    client: Mark = NOBODY
    """The app's own user who caused them, where the app tells; counted by `client_windows`."""
    client_windows: tuple[Window, ...] = ()
    door: Mark = NOBODY
    """Where the app came in, if by a secret that can be guessed (see `door`)."""
    contents: tuple[Mark, ...] = ()
    """Of each message the mark of its text to its number, where `content_windows` count those."""
    content_windows: tuple[Window, ...] = ()
    links: tuple[Link, ...] = ()
    """Short links that stand in the texts; kept only of messages that are queued."""
    tallied: bool = False
    """Whether the app's statistics are kept: see `tally`."""
    refused: int = 0
    """Numbers of the same call that were refused before they could become messages."""
    app: int = 0
    """Whose call it is, where it may have no message at all."""
    keeps_refusals: bool = False
    """Whether its idempotency keeps an answer of which nothing was queued, too."""
    caps: tuple[tuple[Cap, ...], ...] = ()
    """Of each message the daily totals that it counts in; nothing where its app has none."""


class Hear(msgspec.Struct, frozen=True):
    """A reply (MO) of somebody whom an app has texted."""

    reply: Reply


class Knock(msgspec.Struct, frozen=True):
    """Somebody at a door, with the right secret or a wrong one."""

    door: Mark
    right: bool


class Start(msgspec.Struct, frozen=True):
    """A new verification and its first text."""

    verification: VerificationId
    purpose: str
    caller: Caller
    stepped_up: bool
    code: bytes
    message: Message
    idempotency: Idempotency | None = None
    caps: tuple[Cap, ...] = ()
    """The daily totals of the app that it counts in."""


class Resend(msgspec.Struct, frozen=True):
    """Another code for a verification that has not passed yet."""

    verification: VerificationId
    caller: Caller
    stepped_up: bool
    code: bytes
    message: Message
    idempotency: Idempotency | None = None
    caps: tuple[Cap, ...] = ()


class Check(msgspec.Struct, frozen=True):
    """A guess. `proof` names the proof that it earns when it is right.

    With `member` set, the phone is registered under that id, or found under the one it has.
    `verification` is None where the caller named none that could exist.
    """

    app: int
    verification: VerificationId | None
    caller: Caller
    code: str
    proof: bytes
    purposes: frozenset[str] | None = None
    """What the caller's key may verify for; None for anything."""
    member: MemberId | None = None
    idempotency: Idempotency | None = None


class Consume(msgspec.Struct, frozen=True):
    """Use a proof up."""

    app: int
    verification: VerificationId
    proof: bytes


Command: TypeAlias = Send | Hear | Knock | Start | Resend | Check | Consume


class Queued(msgspec.Struct, frozen=True, gc=False, tag="queued"):
    """A message that is on disk and will be handed over."""

    id: MessageId
    units: int


class Declined(msgspec.Struct, frozen=True, gc=False, tag="declined"):
    """A number of a Send that got no message: a limit's window, a reference that is used already, an
    opt-out, or (without any of these) no balance.
    """

    window: str = ""
    retry_at: Millis = 0
    scope: Scope = "phone"
    reference_used: bool = False
    opted_out: bool = False
    """Its owner wants no marketing of this account."""

    def error(self) -> HongyanError:
        if self.opted_out:
            return OptedOut()
        if self.reference_used:
            return ReferenceUsed()
        return Limited(self.scope, self.window, self.retry_at) if self.window else NoBalance()


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """What became of each number of a Send, in order."""

    messages: tuple[Queued | Declined, ...]


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The door is open to the right secret."""


class Heard(msgspec.Struct, frozen=True, tag="heard"):
    """The reply is on disk; if it opts out, no marketing follows it."""


class Started(msgspec.Struct, frozen=True, tag="started"):
    """A verification whose text is on its way; the answer to a Resend too."""

    verification: VerificationId
    phone: str
    expires_at: Millis
    resend_at: Millis
    sends_left: int


class Approved(msgspec.Struct, frozen=True, tag="approved"):
    """The code was right, for the first and only time."""

    verification: VerificationId
    purpose: str
    phone: str
    proof: bytes
    at: Millis
    member: MemberId | None = None
    new_member: bool = False


class Consumed(msgspec.Struct, frozen=True, tag="consumed"):
    """The proof was good and is used up now."""

    verification: VerificationId
    purpose: str
    phone: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """A failed check, as it is kept for a repeat of the same request."""


Answer: TypeAlias = Sent | Heard | Opened | Started | Approved | Consumed
Keepable: TypeAlias = Sent | Started | Approved | Refused


class Kept(msgspec.Struct, frozen=True):
    """The answer that an Idempotency-Key has got, and the mark of the request it answered."""

    request: Mark
    answer: Keepable
    lasts: Millis = DAY
    """From when it was given."""
