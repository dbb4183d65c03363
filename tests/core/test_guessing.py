"""Guessing at codes, against a model that knows nothing of histories, lanes or locks."""

from collections.abc import Sequence

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hongyan.core.batch import Decided
from hongyan.core.command import Approved, Check, Consume, Consumed, Start, Started
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis
from hongyan.core.verification import State
from support.desk import BAD, GOOD, OTHER, Desk


class Pledge(msgspec.Struct):
    """What the model remembers of a verification."""

    start: Start
    openid: int
    code: str
    sent_at: Millis
    created_at: Millis
    proof: bytes | None = None
    consumed: bool = False


class Guessing(RuleBasedStateMachine):
    """Whoever guesses whatever, in whatever batches: one approval, for the right one, in time."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.pledges: list[Pledge] = []
        self.failures = 0

    @rule(
        phone=st.integers(1, 2),
        app=st.integers(1, 2),
        openid=st.integers(0, 2),
        purpose=st.sampled_from(["register", "login"]),
    )
    def start(self, phone: int, app: int, openid: int, purpose: str) -> None:
        start = self.desk.start(phone, app=app, openid=openid, purpose=purpose)
        [answer] = self.desk.decide(start)
        if isinstance(answer, Started):
            now = self.desk.now
            self.pledges.append(Pledge(start, openid, GOOD, now, now))

    @precondition(lambda self: self.pledges)
    @rule(which=st.integers(0, 9), openid=st.integers(0, 2))
    def resend(self, which: int, openid: int) -> None:
        pledge = self.pledges[-1 - which % len(self.pledges)]
        [answer] = self.desk.decide(self.desk.resend(pledge.start, openid=openid))
        if isinstance(answer, Started):
            assert pledge.openid in (0, openid)
            assert pledge.proof is None
            pledge.code, pledge.sent_at = OTHER, self.desk.now

    @precondition(lambda self: self.pledges)
    @rule(
        which=st.integers(0, 9),
        guesses=st.lists(
            st.tuples(
                st.sampled_from([GOOD, OTHER, BAD]),
                st.integers(0, 2),
                st.integers(1, 2),
            ),
            min_size=1,
            max_size=8,
        ),
    )
    def check(self, which: int, guesses: Sequence[tuple[str, int, int]]) -> None:
        pledge = self.pledges[-1 - which % len(self.pledges)]
        checks = [
            self.desk.check(pledge.start, code, openid=openid, app=app)
            for code, openid, app in guesses
        ]
        answers = self.desk.decide(*checks)
        for guess, check, answer in zip(guesses, checks, answers, strict=True):
            self._judge(pledge, guess, check, answer)

    @precondition(lambda self: self.pledges)
    @rule(which=st.integers(0, 9), app=st.integers(1, 2))
    def consume(self, which: int, app: int) -> None:
        pledge = self.pledges[-1 - which % len(self.pledges)]
        [answer] = self.desk.decide(Consume(app, pledge.start.verification, pledge.proof or b""))
        good = pledge.proof is not None and app == pledge.start.message.app
        assert isinstance(answer, Consumed) == (good and not pledge.consumed)
        pledge.consumed |= good

    @rule(span=st.sampled_from([SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, HOUR, DAY]))
    def wait(self, span: Millis) -> None:
        self.desk.now += span

    @invariant()
    def codes_are_gone_where_nothing_can_pass(self) -> None:
        for one in self.desk.book.verifications.values():
            assert (one.code is None) == (one.state is not State.PENDING)

    @invariant()
    def no_code_is_compared_more_than_five_times(self) -> None:
        mine = [self.desk.compared[pledge.start.verification] for pledge in self.pledges]
        assert max(mine, default=0) <= 5

    @invariant()
    def every_text_is_paid_for(self) -> None:
        assert self.desk.book.balances[1] == 1_000 - len(self.desk.book.queued)

    def _judge(
        self, pledge: Pledge, guess: tuple[str, int, int], check: Check, answer: Decided
    ) -> None:
        code, openid, app = guess
        now = self.desk.now
        alive = pledge.proof is None and now < pledge.created_at + 10 * MINUTE
        right = (
            alive
            and app == pledge.start.message.app
            and pledge.openid in (0, openid)
            and code == pledge.code
            and now < pledge.sent_at + 5 * MINUTE
        )
        if isinstance(answer, Approved):
            assert right
            assert (answer.purpose, answer.phone, answer.proof) == (
                pledge.start.purpose,
                pledge.start.message.phone,
                check.proof,
            )
            pledge.proof = check.proof
        else:
            assert not right or self.failures >= 5
            self.failures += not right


TestGuessing = Guessing.TestCase
