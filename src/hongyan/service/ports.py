"""What the services need of the world: a clock, chance, a store, providers, a secret's keeper."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

from hongyan.core.command import Answer, Command
from hongyan.core.country import Scope
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.ledger import Package
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Deferred, Outcome
from hongyan.core.time import Millis
from hongyan.core.verification import Verification
from hongyan.service.credentials import Credentials
from hongyan.service.directory import App, Directory, KeyKind, Review
from hongyan.service.handing import Handings
from hongyan.service.recording import Records
from hongyan.service.reviewing import Submissions
from hongyan.service.tasks import Tasks
from hongyan.wire.http import Route

Clock: TypeAlias = Callable[[], Millis]
"""Now. Never runs backwards within a process."""

Chance: TypeAlias = Callable[[int], bytes]
"""So many unpredictable bytes."""


class Claimed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message in a worker's hands until its lease ends. `token` fences off earlier holders."""

    message: Message
    token: int
    attempts: int
    """How many hand-overs it has had."""
    first_attempt_at: Millis
    """0 before the first."""


class Begun(msgspec.Struct, frozen=True, gc=False):
    """One attempt about to leave: which message, under which token, to which provider."""

    message: MessageId
    token: int
    provider: str


class Settlement(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where a message goes after an attempt, and what is kept of the attempt."""

    message: Message
    token: int
    status: Status
    """submitted, rejected, queued or unconfirmed."""
    number: int
    provider: str
    started_at: Millis
    ended_at: Millis
    outcome: str
    """The word for the timeline: accepted, rejected, deferred, unconfirmed."""
    upstream_id: str = ""
    code: str = ""
    reason: str = ""
    due_at: Millis = 0
    """When a queued message may be claimed again."""
    give_up: bool = False
    """Queued, but nobody is left to try: it expires at once."""
    ask_at: Millis = 0
    """When to ask the provider what became of it; 0 where it tells by itself."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What the network says later of a message that a provider took."""

    message: MessageId
    status: Status
    at: Millis
    code: str = ""


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose provider must be asked what became of it."""

    message: MessageId
    asked: int
    """How often it has been asked."""
    in_doubt: bool
    """Whether the provider may never have got it."""


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """A status report that an app is owed."""

    message: MessageId
    app: int
    app_name: str
    attempts: int
    reference: str = ""
    record: "MessageRecord | None" = None
    """None where it cannot be read; `failure` says why."""
    failure: str = ""


class Reported(msgspec.Struct, frozen=True):
    """What came of an attempt to hand a report over."""

    message: MessageId
    failure: str = ""
    """Empty: the app has it."""
    due_at: Millis = 0
    """When to try again; 0 for never."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over, as records show it."""

    number: int
    provider: str
    started_at: Millis
    ended_at: Millis
    outcome: str
    code: str
    reason: str


class MessageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its app may see it. The text is masked."""

    id: MessageId
    kind: Kind
    phone: str
    text: str
    units: int
    status: Status
    accepted_at: Millis
    expires_at: Millis
    settled_at: Millis
    """Of its last move; 0 while it is open."""
    receipt_code: str
    """What the network said with its receipt."""
    attempts: tuple[Attempt, ...]
    warning: str = ""
    """What its app should know of it, in a word."""
    report_failure: str = ""
    """Why its status report was given up."""
    clicks: int = 0
    """How often its links were opened."""
    clicked_at: Millis = 0
    """When that was for the first time."""
    converted_at: Millis = 0
    """When it led to what it was for, as its app says."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the store is, for `/readyz`, `/metrics` and `doctor`."""

    trouble: str
    """Empty while writes work; else one sentence."""
    waiting: int
    """Messages that are queued for a provider."""
    pending: int
    """Commands that wait for the next commit."""
    recent: int
    """Entries of the recent window in memory."""
    commits: int
    """Batches committed since the start."""
    reports_given_up: int
    """Status reports that no app has taken, and that are tried no more."""


class Standpoint(msgspec.Struct, frozen=True):
    """How a provider stands."""

    stopped: str
    """Why it is given nothing; empty while it is."""
    balance: int | None
    """How many texts are left there, where it tells."""


class Traffic(Protocol):
    """What was counted since the start, and how those stand to whom messages go."""

    @property
    def requests(self) -> Mapping[tuple[str, int], int]:
        """(route, status) → requests answered."""

    def attempts(self) -> Mapping[tuple[str, str], int]:
        """(provider, outcome) → hand-overs."""

    def standpoints(self) -> Mapping[str, Standpoint]:
        """Of each provider."""


class Store(Records, Handings, Protocol):
    """The one truth. An answer means *on disk*; every method is one promise of the contract."""

    @property
    def directory(self) -> Directory:
        """The configuration as of now: immutable, replaced as a whole."""

    async def refresh(self) -> Directory:
        """The configuration after looking for changes by other processes."""

    def next_id(self) -> MessageId:
        """An id that no other writer makes."""

    def accept(self, command: Command) -> Awaitable[Answer | HongyanError]:
        """Decide the command with whatever else is waiting, in one commit.

        Raises StoreUnavailable and Overloaded: nothing was kept.
        """

    async def claim(self, room: Mapping[Kind, int], lease: Millis) -> list[Claimed]:
        """Take waiting messages that are due, as many of each kind as there is room for.

        None is taken twice. One whose time ran out is expired instead.
        """

    async def begin(self, attempts: Sequence[Begun], lease: Millis) -> set[MessageId]:
        """Commit that these are about to be sent; only those returned may be."""

    async def unbegin(self, attempts: Sequence[Begun]) -> None:
        """Take a begin back of which surely no byte has left: it was no attempt at all."""

    async def settle(self, settlements: Sequence[Settlement]) -> set[MessageId]:
        """Move the messages on; those returned were still held under their token."""

    async def receive(self, receipts: Sequence[Receipt]) -> None:
        """Apply receipts, or keep those that came before their settle until it comes."""

    async def sweep(self) -> int:
        """Do what time alone demands, a slice of it; how much was done (0: nothing is left)."""

    async def work(self, kinds: Collection[Kind], patience: Millis) -> None:
        """Return when a message of these kinds may be due, at the latest after `patience`."""

    async def message(self, app: int, message: MessageId) -> MessageRecord | None:
        """A message of this app, with its timeline."""

    async def balance(self, account: int) -> int:
        """Segments that the account may still send."""

    async def packages(self, account: int) -> list[Package]:
        """What the account has bought, oldest first."""

    async def find(self, reference: Mark) -> MessageId | None:
        """The newest message that an app gave this id of its own."""

    async def claim_inquiries(self, provider: str, most: int, lease: Millis) -> list[Inquiry]:
        """Inquiries of a provider that are due: doubts and others by turns, then what became due last.

        None is taken twice before the lease ends.
        """

    async def put_off(self, inquiries: Mapping[MessageId, Millis], *, asked: bool = True) -> None:
        """When to ask again of each; 0 for never. `asked`: whether this counts as a question."""

    async def claim_reports(
        self, most: int, lease: Millis, each: int, bounds: Mapping[int, int]
    ) -> list[Owed]:
        """Status reports that are due, the oldest of an app first: `each` of an app at most, or what
        `bounds` says of it. Apps take turns, so none hides the others however much it is owed.

        None is taken twice before the lease ends.
        """

    async def reported(self, reports: Sequence[Reported]) -> None:
        """What came of them."""

    async def verification(self, verification: VerificationId) -> Verification | None:
        """A verification, as last committed."""

    async def current(self, mark: Mark) -> VerificationId | None:
        """The newest verification under this mark, while it may be alive."""

    def standing(self) -> Standing:
        """How the store is; asks no disk."""


class Debt(msgspec.Struct, frozen=True):
    """A status report that was given up, as an operator sees it."""

    message: MessageId
    app: str
    status: Status
    attempts: int
    failure: str


class ReplyDebt(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that was given up; its app can still ask for it."""

    reply: MessageId
    app: str
    attempts: int
    failure: str


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key to be added. `secret` is hashed by the store and shown once by whoever made it."""

    kind: KeyKind
    secret: str
    hint: str
    purposes: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"NewKey({self.hint!r})"


class Administration(Credentials, Submissions, Tasks, Protocol):
    """What an operator changes, beside a serving process that notices within a second."""

    def together(self) -> AbstractContextManager[None]:
        """Everything within happens, or nothing of it."""

    def directory(self) -> Directory: ...
    def create_account(self, name: str, kind: str) -> int: ...
    def add_package(self, account: int, units: int, note: str) -> int: ...
    def balance(self, account: int) -> int: ...
    def open_account(self, account: int, *, is_open: bool) -> None: ...
    def create_app(self, account: int, name: str, title: str) -> int: ...
    def name_app(self, app: int, protocol: str, name: str) -> None: ...
    def change_app(self, app: App) -> None: ...
    def add_key(self, app: int, key: NewKey) -> None: ...
    def end_key(self, app: int, hint: str, at: Millis) -> bool: ...
    def add_signature(self, account: int, name: str, scope: Scope | None = None) -> None: ...
    def remove_signature(self, account: int, name: str) -> bool: ...
    def add_template(
        self,
        account: int,
        name: str,
        kind: Kind,
        signature: str,
        body: str,
        scope: Scope = Scope.MAINLAND,
    ) -> int: ...
    def review_template(self, template: int, review: Review, reason: str) -> None: ...
    def debts(self, most: int) -> list[Debt]: ...
    def reply_debts(self, most: int) -> list[ReplyDebt]: ...
    def owe_again(self, messages: Collection[MessageId]) -> int: ...
    def conversions(self, app: int, since: Millis) -> int: ...
    def put_route(self, kind: Kind, providers: Sequence[str]) -> None: ...
    def add_signing_key(self, name: str, private: bytes) -> None: ...
    def forget_signing_keys(self, before: Millis) -> None: ...
    def dev_secrets(self) -> bytes | None: ...
    def put_dev_secrets(self, secrets: bytes) -> None: ...
    def close(self) -> None: ...


class Sealer(Protocol):
    """Keeper of the keys: makes marks and hashes; clear text never leaves by it."""

    def mark(self, kind: bytes, value: bytes) -> Mark:
        """The mark of something personal; one kind's marks never meet another's."""

    def code(
        self, verification: VerificationId, app: int, phone: Mark, purpose: str, code: str
    ) -> bytes:
        """The keyed hash of a code, bound to all that it belongs to (policy row 20)."""

    def secret(self, secret: bytes) -> bytes:
        """The keyed hash under which an API key is found."""

    def key(self, purpose: bytes) -> bytes:
        """32 bytes for whoever signs what it alone reads back, used for nothing else."""


class HandsetText(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text as the sandbox phone holds it."""

    id: MessageId
    phone: str
    text: str
    kind: Kind
    at: Millis


class Shelf(Protocol):
    """Where the sandbox phone keeps its texts, sealed, across restarts."""

    def put(self, texts: Sequence[HandsetText]) -> None:
        """Keep some more; a killed process does not lose them."""

    def load(self, most: int) -> list[HandsetText]:
        """The newest texts, oldest first."""

    def news(self) -> list[HandsetText]:
        """What has been put there since it was last asked, by whichever process."""


class StepUp(Protocol):
    """How a caller shows that it is a person: a CAPTCHA's ticket (policy row 18)."""

    async def passed(self, ticket: str, openid: str, phone: str, purpose: str) -> bool:
        """Whether the ticket is good for just this. It is used up by the question."""


class Provider(Protocol):
    """An upstream that we call. It sends and decides nothing: no retry, no rule, no log."""

    name: str
    concurrency: int
    """Hand-overs that may be under way at once."""
    rate: float
    """Hand-overs a second at most; 0 for no such bound."""
    timeout: Millis
    """After so long without an answer the hand-over is Unconfirmed."""

    async def send(self, message: Message) -> Outcome:
        """Hand one message over. Never raises for what the upstream did.

        Cancelled when its time is over: it may then still say that surely nothing was sent.
        """

    async def close(self) -> None:
        """Let go of its connections."""


class Told(msgspec.Struct, frozen=True):
    """What a provider says of a message."""

    status: Status | None = None
    """None: it has nothing to say yet. Rejected: surely not sent."""
    unknown: bool = False
    """It says that it never got such a message."""
    failed: bool = False
    """It could not be asked."""
    code: str = ""


@runtime_checkable
class Asked(Protocol):
    """A provider that does not tell by itself what became of a message, but answers."""

    asks_a_second: float
    """Questions a second at most."""

    async def ask(self, message: MessageId) -> Told:
        """Ask of one message. Never raises for what the upstream did."""


@runtime_checkable
class Watched(Protocol):
    """A provider that can be asked how it stands."""

    watch_every: Millis
    low_balance: int
    """Fewer texts than these are an alarm."""

    async def balance(self) -> int | Deferred | None:
        """How many texts are left there, None where it is well and tells no number; Deferred where it
        would take none now, or did not say.
        """


class DeskUnusable(Exception):
    """A desk cannot be opened, or did not take a change. What was not taken was not done."""


Desk: TypeAlias = Callable[[], Administration]
"""Opens a desk of its own, which waits for disks: to be used in a thread, and closed. It, and whatever
is done at it, may raise DeskUnusable.
"""


class ServedProtocol(Protocol):
    """An API of others that we serve. It translates and decides nothing."""

    def routes(self) -> Sequence[Route]:
        """Who answers where."""
