"""What a batch reads and counts is what its keys say: nothing is read that was not loaded, nothing is
counted that was not locked.
"""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import opt_out
from hongyan.core.batch import decide, number_mark
from hongyan.core.command import (
    Check,
    Command,
    Consume,
    Hear,
    Idempotency,
    Knock,
    Reply,
    Resend,
    Send,
    Start,
)
from hongyan.core.daily import Caps
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import MemberId, MessageId, VerificationId
from hongyan.core.limit import Window
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message
from hongyan.core.policy import Policy
from hongyan.core.time import DAY, MINUTE, Millis
from hongyan.core.verification import (
    Caller,
    Rules,
    State,
    Verification,
    current_of,
    guesses_of,
    lock_of,
)
from hongyan.store.postgres.keys import keys_of, named
from hongyan.store.postgres.snapshot import LoadedSnapshot

NOW = 1_795_233_600_000
RULES = Rules(Policy(accept_previous=1))
WINDOWS = (Window("30s", 1, MINUTE),)
CAPS = Caps(in_all=4, mainland=2, countries=(("HK", 1),))
PHONE, IP, OPENID, DEVICE = Mark(11), Mark(21), Mark(31), Mark(41)
CALLER = Caller(OPENID, DEVICE, IP)
VERIFICATION = VerificationId(bytes(15) + b"\1")


def message(number: int = 1, phone: Mark = PHONE, **words: object) -> Message:
    plain = Message(
        id=MessageId(number),
        account=1,
        app=1,
        kind=Kind.NOTICE,
        template=0,
        phone="+8613800138000",
        phone_mark=phone,
        text="text",
        units=1,
        expires_at=NOW + DAY,
    )
    return msgspec.structs.replace(plain, **words)


def verification(**words: object) -> Verification:
    plain = Verification(
        id=VERIFICATION,
        app=1,
        purpose="login",
        phone="+8613800138000",
        phone_mark=PHONE,
        caller=CALLER,
        stepped_up=False,
        created_at=NOW - MINUTE,
        sends=1,
        sent_at=NOW - MINUTE,
        message=MessageId(5),
        code=b"384592",
    )
    return msgspec.structs.replace(plain, **words)


def check(code: str = "384592", **words: object) -> Check:
    plain = Check(app=1, verification=VERIFICATION, caller=CALLER, code=code, proof=b"proof")
    return msgspec.structs.replace(plain, **words)


def start(number: int = 1, phone: Mark = PHONE, **words: object) -> Start:
    plain = Start(
        verification=VerificationId(number.to_bytes(16)),
        purpose="login",
        caller=CALLER,
        stepped_up=False,
        code=b"384592",
        message=message(number, phone),
    )
    return msgspec.structs.replace(plain, **words)


def reply(phone: Mark, *, opts_out: bool) -> Reply:
    return Reply(
        id=MessageId(9),
        account=1,
        app=1,
        phone="+8613800138000",
        phone_mark=phone,
        text="R",
        at=NOW,
        opts_out=opts_out,
    )


def test_a_plain_text_needs_its_account_alone() -> None:
    keys = keys_of([Send((message(),))], {})
    assert keys.accounts == {1}
    assert not keys.counted | keys.looked_at | keys.kept | keys.references


def test_a_text_within_limits_locks_its_number_and_its_user_but_not_its_door() -> None:
    one = message(reference_mark=Mark(51))
    send = Send((one,), WINDOWS, Idempotency(Mark(61), Mark(62)), Mark(71), WINDOWS, Mark(81))
    keys = keys_of([send], {})
    assert keys.counted == {number_mark(1, PHONE), Mark(71)}
    assert keys.looked_at == {Mark(81)}
    assert (keys.references, keys.kept) == ({Mark(51)}, {Mark(61)})


def test_a_text_is_locked_by_its_content_and_marketing_asks_who_wants_none() -> None:
    plain, other = message(2), message(3, Mark(501), kind=Kind.MARKETING)
    send = Send((plain, other), contents=(Mark(91), Mark(92)), content_windows=WINDOWS)
    keys = keys_of([send], {})
    assert keys.counted == {Mark(91), Mark(92)}
    assert keys.opt_outs == {opt_out.mark_of(1, Mark(501))}
    unmeasured = msgspec.structs.replace(send, content_windows=())
    assert keys_of([unmeasured], {}).counted == set()


def test_a_text_of_an_app_with_caps_locks_its_totals() -> None:
    caps, other = CAPS.of(1, "CN"), CAPS.of(1, "HK")
    send = Send((message(), message(2)), caps=(caps, other))
    assert keys_of([send], {}).caps == {*caps, *other}
    assert keys_of([start(caps=caps)], {}).caps == set(caps)
    assert keys_of([Send((message(),)), start()], {}).caps == set()


def test_texts_are_apart_whose_limits_are_of_their_numbers_alone() -> None:
    send = Send((message(),), WINDOWS, contents=(Mark(91),), content_windows=WINDOWS)
    assert keys_of([send, Send((message(2),))], {}).are_apart
    of_a_user = msgspec.structs.replace(send, client=Mark(71), client_windows=WINDOWS)
    for shared in (of_a_user, msgspec.structs.replace(send, caps=(CAPS.of(1, "CN"),)), start()):
        assert not keys_of([send, shared], {}).are_apart


def test_a_reply_needs_nothing() -> None:
    keys = keys_of([Hear(reply(PHONE, opts_out=True))], {})
    assert msgspec.structs.replace(keys, are_apart=True) == keys_of([], {})


def test_a_wrong_secret_locks_its_door_and_a_right_one_looks_at_it() -> None:
    assert keys_of([Knock(Mark(81), right=False)], {}).counted == {Mark(81)}
    assert keys_of([Knock(Mark(81), right=True)], {}).looked_at == {Mark(81)}
    both = keys_of([Knock(Mark(81), right=True), Knock(Mark(81), right=False)], {})
    assert (both.counted, both.looked_at) == ({Mark(81)}, set())


def test_a_start_locks_what_it_counts_and_looks_at_guesses() -> None:
    keys = keys_of([start()], {})
    assert keys.counted == {PHONE, IP}
    assert keys.looked_at == {guesses_of(1, PHONE, "login"), lock_of(PHONE, "login", OPENID)}
    assert keys.currents == {current_of(1, PHONE, "login")}
    assert keys.openids == {(PHONE, OPENID)}


def test_a_check_locks_the_guesses_of_the_verification_that_it_names() -> None:
    commands = [check(member=MemberId(1))]
    assert named(commands) == {VERIFICATION}
    keys = keys_of(commands, {VERIFICATION: verification()})
    assert keys.counted == {guesses_of(1, PHONE, "login"), lock_of(PHONE, "login", OPENID)}
    assert keys.members == {PHONE}
    assert keys_of(commands, {}).counted == set()


marks = st.integers(1, 4).map(lambda number: Mark(number * 100))
callers = st.builds(
    Caller, st.just(Mark(0)) | marks, st.just(Mark(0)) | marks, st.just(Mark(0)) | marks
)
keys_of_requests = st.none() | st.builds(Idempotency, marks, marks)
texts = st.builds(message, st.integers(1, 1 << 40), marks)
"""Of verifications: these bear no reference of an app's."""
messages = st.builds(
    message,
    st.integers(1, 1 << 40),
    marks,
    reference_mark=st.just(Mark(0)) | marks,
    kind=st.sampled_from(Kind),
)
windows = st.sampled_from([(), WINDOWS])
caps = st.sampled_from([(), CAPS.of(1, "CN"), CAPS.of(1, "HK"), CAPS.of(2, "US")])
ids = st.integers(1, 3).map(lambda number: VerificationId(number.to_bytes(16)))
purposes = st.sampled_from(["login", "register"])

commands_of_all_kinds = st.one_of(
    st.builds(
        Send,
        st.lists(messages, min_size=1, max_size=3).map(tuple),
        windows,
        keys_of_requests,
        st.just(Mark(0)) | marks,
        windows,
        st.just(Mark(0)) | marks,
        st.tuples(marks, marks, marks),
        windows,
        tallied=st.booleans(),
        keeps_refusals=st.booleans(),
        caps=st.just(()) | st.tuples(caps, caps, caps),
    ),
    st.builds(Hear, st.builds(reply, marks, opts_out=st.booleans())),
    st.builds(Knock, marks, st.booleans()),
    st.builds(
        start,
        st.integers(4, 1 << 40),
        marks,
        purpose=purposes,
        caller=callers,
        idempotency=keys_of_requests,
        caps=caps,
    ),
    st.builds(
        Resend, ids, callers, st.booleans(), st.just(b"117733"), texts, keys_of_requests, caps
    ),
    st.builds(
        check,
        st.sampled_from(["384592", "000000"]),
        verification=st.none() | ids,
        caller=callers,
        member=st.none() | st.just(MemberId(1)),
        idempotency=keys_of_requests,
    ),
    st.builds(Consume, st.just(1), ids, st.just(b"proof")),
)
stored = st.dictionaries(
    ids,
    st.builds(
        verification,
        phone_mark=marks,
        purpose=purposes,
        caller=callers,
        state=st.sampled_from(State),
        proof=st.none() | st.just(b"proof"),
    ),
)


def digest(_verification: Verification, _kept: bytes, code: str) -> bytes:
    return code.encode()


@given(st.lists(commands_of_all_kinds, max_size=8), stored, st.integers(0, 3), st.integers(0, NOW))
def test_nothing_is_read_that_was_not_loaded_and_nothing_counted_that_was_not_locked(
    commands: list[Command],
    verifications: dict[VerificationId, Verification],
    events: int,
    last_at: Millis,
) -> None:
    named_as_stored = {
        name: msgspec.structs.replace(one, id=name) for name, one in verifications.items()
    }
    keys = keys_of(commands, named_as_stored)
    snapshot = LoadedSnapshot(keys, NOW)
    snapshot.balances.update(dict.fromkeys(keys.accounts, 3))
    snapshot.verifications.update(named_as_stored)
    for mark in snapshot.histories:
        for _ in range(events):
            snapshot.histories[mark] = snapshot.histories[mark] << 90 | max(last_at, NOW - DAY)
    answers, draft = decide(commands, snapshot, NOW, RULES, digest)
    assert len(answers) == len(commands)
    assert all(isinstance(one, HongyanError | msgspec.Struct) for one in answers)
    assert draft.histories.keys() <= keys.counted
    assert draft.totals.keys() <= snapshot.totals.keys()
    assert draft.balances.keys() <= keys.accounts
    assert draft.references.keys() <= keys.references
    assert draft.kept.keys() <= keys.kept
    assert draft.changed.keys() <= named(commands)
    assert draft.members.keys() <= keys.members
