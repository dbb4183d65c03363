"""The seal: what it closes opens in its place and nowhere else, and it tells nothing."""

import stat
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.mark import BITS, Mark
from hongyan.core.time import DAY
from hongyan.core.verification import Caller, Verification
from hongyan.store.seal import KeyFileUnusable, KeyRing, MasterKey, Seal, SealBroken
from support.desk import GOOD
from support.world import NOON, Moment

PLACE, ROW = b"message.sealed", (7).to_bytes(8)
CLEAR = "您的验证码为：384592".encode()
FIRST, SECOND, STRANGE = (MasterKey(n, bytes([n]) * 32, NOON) for n in (1, 2, 3))
HEAD_AND_NONCE = 15


def seal(*keys: MasterKey, clock: Moment | None = None) -> Seal:
    return Seal(KeyRing(keys or (FIRST,)), clock or Moment())


SEAL = seal()
SEALED = SEAL.close(PLACE, ROW, CLEAR)


# Values.


@given(st.binary(max_size=2_000), st.binary(max_size=16))
def test_what_is_closed_opens_again(clear: bytes, row: bytes) -> None:
    sealed = SEAL.close(PLACE, row, clear)
    assert SEAL.open(PLACE, row, sealed) == clear
    assert len(clear) < 4 or clear not in sealed


@pytest.mark.parametrize(
    ("place", "row"),
    [
        (b"member.phone", ROW),
        (PLACE, (8).to_bytes(8)),
        (PLACE, b""),
        (b"", PLACE),
        (PLACE[:-1], ROW),
    ],
)
def test_a_value_that_was_moved_does_not_open(place: bytes, row: bytes) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(place, row, SEALED)


def test_another_house_opens_nothing() -> None:
    other = seal(MasterKey(1, bytes(32), NOON))
    with pytest.raises(SealBroken):
        other.open(PLACE, ROW, SEALED)


def test_a_key_that_the_file_does_not_hold_is_named() -> None:
    with pytest.raises(SealBroken, match="under key 3"):
        SEAL.open(PLACE, ROW, seal(STRANGE).close(PLACE, ROW, CLEAR))


@pytest.mark.parametrize("position", range(len(SEALED)))
def test_a_changed_byte_is_noticed(position: int) -> None:
    altered = bytearray(SEALED)
    altered[position] ^= 1
    with pytest.raises(SealBroken):
        SEAL.open(PLACE, ROW, bytes(altered))


@pytest.mark.parametrize("length", range(11, len(SEALED)))
def test_a_value_that_was_cut_short_does_not_open(length: int) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(PLACE, ROW, SEALED[:length])


@pytest.mark.parametrize("length", [0, 1, 3, 10])
def test_a_value_that_was_cut_to_its_head_does_not_open_either(length: int) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(PLACE, ROW, SEALED[:length])


@given(st.binary(min_size=HEAD_AND_NONCE))
def test_whatever_is_found_does_not_open(found: bytes) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(PLACE, ROW, found)


def test_the_same_value_is_never_sealed_alike() -> None:
    sealed = [SEAL.close(PLACE, ROW, CLEAR) for _ in range(2_000)]
    nonces = {one[3:HEAD_AND_NONCE] for one in sealed}
    assert len(nonces) == len(sealed)


def test_whatever_another_thread_seals_in_between_has_a_nonce_of_its_own() -> None:
    shared, values = seal(clock=Moment(NOON)), []

    def between(frame: FrameType, _event: str, _argument: object) -> Any:
        if frame.f_globals["__name__"] != Seal.__module__:
            return None
        values.append(shared.close(PLACE, ROW, CLEAR))
        return between

    tracing = sys.gettrace()
    # At each line of a seal another one is made: wherever a thread might be stopped.
    sys.settrace(between)
    try:
        values.extend([shared.close(PLACE, ROW, CLEAR) for _ in range(700)])
    finally:
        sys.settrace(tracing)
    assert len(values) > 3_000
    assert len({value[3:HEAD_AND_NONCE] for value in values}) == len(values)
    assert {SEAL.open(PLACE, ROW, value) for value in values} == {CLEAR}


def test_each_day_has_its_own_key_and_yesterdays_values_open() -> None:
    clock = Moment()
    one = seal(clock=clock)
    kept = []
    for _ in range(4):
        kept.append(one.close(PLACE, ROW, CLEAR))
        clock.pass_by(DAY)
    assert len({sealed[1:3] for sealed in kept}) == 4
    assert [one.open(PLACE, ROW, sealed) for sealed in kept] == [CLEAR] * 4
    swapped = kept[0][:1] + kept[1][1:3] + kept[0][3:]
    with pytest.raises(SealBroken):
        one.open(PLACE, ROW, swapped)


def test_the_day_turns_with_the_clock_to_the_millisecond() -> None:
    clock = Moment(NOON - NOON % DAY)
    one = seal(clock=clock)
    first = one.close(PLACE, ROW, CLEAR)
    clock.pass_by(DAY - 1)
    assert one.close(PLACE, ROW, CLEAR)[1:3] == first[1:3]
    clock.pass_by(1)
    assert one.close(PLACE, ROW, CLEAR)[1:3] != first[1:3]


# Marks and hashes.


@given(st.binary(), st.binary())
def test_a_mark_is_sixty_bits_and_never_nobodys(kind: bytes, value: bytes) -> None:
    mark = SEAL.mark(kind, value)
    assert 0 < mark < 1 << BITS
    assert mark == SEAL.mark(kind, value)


def test_marks_differ_by_kind_by_value_and_by_house() -> None:
    marks = {
        one.mark(kind, value)
        for one in (SEAL, seal(SECOND))
        for kind in (b"phone", b"openid", b"")
        for value in (b"a", b"b", b"")
    }
    assert len(marks) == 18


def verification(code: bytes = b"", phone: Mark = Mark(7)) -> Verification:  # noqa: B008 - a number
    return Verification(
        id=VerificationId(bytes(16)),
        app=1,
        purpose="register",
        phone="+8613800138000",
        phone_mark=phone,
        caller=Caller(),
        stepped_up=False,
        created_at=NOON,
        sends=1,
        sent_at=NOON,
        message=MessageId(1),
        code=code,
    )


def test_a_code_is_bound_to_all_that_it_belongs_to() -> None:
    bound = (bytes(16), 1, Mark(7), "register", GOOD)
    others = [
        (bytes(15) + b"1", 1, Mark(7), "register", GOOD),
        (bytes(16), 2, Mark(7), "register", GOOD),
        (bytes(16), 1, Mark(8), "register", GOOD),
        (bytes(16), 1, Mark(7), "login", GOOD),
        (bytes(16), 1, Mark(7), "register", "384593"),
    ]
    assert len({SEAL.code(*one) for one in (bound, *others)}) == 6
    assert SEAL.code(*bound) != seal(SECOND).code(*bound)
    assert GOOD.encode() not in SEAL.code(*bound)


def test_a_guess_is_hashed_as_the_code_was() -> None:
    one = verification()
    kept = SEAL.code(one.id, one.app, one.phone_mark, one.purpose, GOOD)
    assert SEAL.digest(one, kept, GOOD) == kept
    assert SEAL.digest(one, kept, "000000") != kept


def test_secrets_are_hashed_under_the_houses_key() -> None:
    hashes = {one.secret(secret) for one in (SEAL, seal(SECOND)) for secret in (b"a", b"b")}
    assert len(hashes) == 4


# Rotation.

OLD, NEW = seal(FIRST), seal(FIRST, SECOND)


def test_old_values_open_under_a_rotated_ring_and_new_ones_only_there() -> None:
    assert NEW.open(PLACE, ROW, SEALED) == CLEAR
    sealed = NEW.close(PLACE, ROW, CLEAR)
    assert sealed[0] == SECOND.id
    assert NEW.open(PLACE, ROW, sealed) == CLEAR
    with pytest.raises(SealBroken):
        OLD.open(PLACE, ROW, sealed)


def test_marks_and_secret_hashes_outlive_a_rotation() -> None:
    assert NEW.mark(b"phone", b"+8613800138000") == OLD.mark(b"phone", b"+8613800138000")
    assert NEW.secret(b"sk_1") == OLD.secret(b"sk_1")
    assert NEW.check_value == OLD.check_value


def test_a_code_that_waits_over_a_rotation_can_still_be_checked() -> None:
    one = verification()
    kept = OLD.code(one.id, one.app, one.phone_mark, one.purpose, GOOD)
    assert NEW.code(one.id, one.app, one.phone_mark, one.purpose, GOOD) != kept
    assert NEW.digest(one, kept, GOOD) == kept


def test_a_code_under_an_unknown_key_never_matches() -> None:
    one = verification()
    kept = seal(STRANGE).code(one.id, one.app, one.phone_mark, one.purpose, GOOD)
    assert OLD.digest(one, kept, GOOD) != kept


# The key file.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hongyan.key"


def test_a_key_file_is_its_owners_alone(path: Path) -> None:
    ring = KeyRing.create(path, NOON)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ring.rotate(path, NOON + 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_is_read_back_as_it_was_made(path: Path) -> None:
    ring = KeyRing.create(path, NOON)
    assert KeyRing.load(path) == ring
    assert [(one.id, len(one.key), one.made_at) for one in ring.keys] == [(1, 32, NOON)]


def test_every_house_has_a_key_of_its_own(tmp_path: Path) -> None:
    rings = [KeyRing.create(tmp_path / str(number), NOON) for number in range(5)]
    assert len({ring.keys[0].key for ring in rings}) == 5


def test_a_key_file_is_never_overwritten(path: Path) -> None:
    KeyRing.create(path, NOON)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        KeyRing.create(path, NOON)
    assert path.read_bytes() == before


def test_a_rotation_adds_a_key_and_leaves_nothing_beside(path: Path) -> None:
    ring = KeyRing.create(path, NOON)
    rotated = ring.rotate(path, NOON + 1)
    assert rotated.keys[:1] == ring.keys
    assert [(one.id, one.made_at) for one in rotated.keys] == [(1, NOON), (2, NOON + 1)]
    assert KeyRing.load(path) == rotated
    assert list(path.parent.iterdir()) == [path]


def _key_file(*lengths: int) -> bytes:
    keys = tuple(MasterKey(number, bytes(length), NOON) for number, length in enumerate(lengths, 1))
    return msgspec.json.encode(KeyRing(keys))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a key file"),
        (b"\x00\xff", "is not a key file"),
        (b"[]", "is not a key file"),
        (b'{"keys":[{"id":1}]}', "is not a key file"),
        (b'{"keys":[{"id":1,"key":"?","made_at":0}]}', "is not a key file"),
        (_key_file(), "holds no usable key"),
        (_key_file(31), "holds no usable key"),
        (_key_file(32, 16), "holds no usable key"),
    ],
)
def test_a_file_that_is_no_key_file_is_named(path: Path, content: bytes, sentence: str) -> None:
    path.write_bytes(content)
    with pytest.raises(KeyFileUnusable, match=sentence) as unusable:
        KeyRing.load(path)
    assert str(path) in str(unusable.value)


def test_a_missing_key_file_is_to_be_restored_from_the_backup(path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match=r"is missing. Restore it from your backup"):
        KeyRing.load(path)


def test_a_key_file_that_cannot_be_read_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(KeyFileUnusable, match="cannot be read: Is a directory"):
        KeyRing.load(path)


def test_nothing_that_holds_a_key_tells_it(path: Path) -> None:
    ring = KeyRing.create(path, NOON)
    key = ring.keys[0].key
    for one in (ring, ring.keys[0], Seal(ring, Moment())):
        assert repr(key) not in repr(one)
        assert key.hex() not in repr(one)
    assert repr(ring) == "KeyRing(keys=(MasterKey(id=1),))"
