"""The seal: what is personal or secret goes into the store encrypted, or as a keyed hash.

All keys come from the key file beside the database (never in it), one purpose each, by HKDF.
Sealed values are AES-256-GCM under a key of the day, bound to their column and row, so that one
key never sees more than a day's nonces and a value moved to another row does not open.
"""

import hashlib
import hmac
import os
import secrets
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hongyan.core.mark import BITS, Mark
from hongyan.core.time import DAY, Millis
from hongyan.core.verification import Verification
from hongyan.service.ports import Clock

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_NONCES: Final = 341
_HEAD_BYTES: Final = 3
"""Key id (1), day (2): what it takes to find the key again."""
_FIRST_DAY: Final = 20_000
"""2024-10-04. Days are counted from here in two bytes, which last until 2204."""
_MARK_MASK: Final = (1 << BITS) - 1


class SealBroken(Exception):
    """A sealed value does not open: the key file is not this database's, or the row was altered."""


class KeyFileUnusable(Exception):
    """The key file is missing, cannot be read or written, or is not one."""


class MasterKey(msgspec.Struct, frozen=True):
    """One generation of the house's key."""

    id: int
    key: bytes
    made_at: Millis

    def __repr__(self) -> str:
        return f"MasterKey(id={self.id})"


class KeyRing(msgspec.Struct, frozen=True):
    """The key file: oldest first. New values are sealed under the last, old ones keep opening."""

    keys: tuple[MasterKey, ...]

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """Raises KeyFileUnusable, with what to do about it."""
        try:
            ring = msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError as error:
            sentence = f"{path} is missing. Restore it from your backup: without it nobody can read"
            raise KeyFileUnusable(sentence + " the database.") from error
        except OSError as error:
            raise KeyFileUnusable(f"{path} cannot be read: {error.strerror}.") from error
        except msgspec.MsgspecError as error:
            raise KeyFileUnusable(f"{path} is not a key file: {error}.") from error
        if not ring.keys or any(len(one.key) != _KEY_BYTES for one in ring.keys):
            raise KeyFileUnusable(f"{path} holds no usable key.")
        return ring

    @classmethod
    def create(cls, path: Path, now: Millis) -> "KeyRing":
        """A new key file that only its owner may read.

        Never overwrites one. Raises FileExistsError and KeyFileUnusable.
        """
        ring = cls((MasterKey(1, secrets.token_bytes(_KEY_BYTES), now),))
        ring._write(path, os.O_EXCL)
        return ring

    def rotate(self, path: Path, now: Millis) -> "KeyRing":
        """The same keys and a new last one, put in place in one step. Raises KeyFileUnusable."""
        newest = MasterKey(self.keys[-1].id + 1, secrets.token_bytes(_KEY_BYTES), now)
        ring = KeyRing((*self.keys, newest))
        beside = path.with_suffix(".new")
        ring._write(beside, os.O_TRUNC)
        beside.replace(path)
        return ring

    def _write(self, path: Path, flag: int) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(self)))
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            raise
        except OSError as error:
            sentence = f"{path} cannot be written: {error.strerror}. Choose another directory or"
            raise KeyFileUnusable(sentence + " give this user the right to write there.") from error


class _Today(NamedTuple):
    """What a day's values are sealed with."""

    ends_at: Millis
    head: bytes
    cipher: AESGCM


class Seal:
    """Encrypts, hashes, and makes marks, for any thread. Its repr tells nothing."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._keys = {one.id: one.key for one in ring.keys}
        self._newest = ring.keys[-1].id
        self._clock = clock
        # Marks and secret hashes are look-up keys, so they stay under the first key for good.
        first = ring.keys[0].key
        self._mark_key = _derived(first, "mark")
        self._secret_key = _derived(first, "secret")
        self._purposes = partial(_derived, first)
        self._code_keys = {one.id: _derived(one.key, "code") for one in ring.keys}
        self._marker = hashlib.blake2b(key=self._mark_key, digest_size=8)
        self._nonces: list[bytes] = []
        self._today = _Today(0, b"", self._cipher(self._newest, 0))
        self._opening = lru_cache(maxsize=64)(self._cipher)

    @property
    def check_value(self) -> bytes:
        """Kept in the database, so that another house's key file is noticed at once."""
        return hmac.digest(self._mark_key, b"hongyan", "sha256")

    def mark(self, kind: bytes, value: bytes) -> Mark:
        """The mark of something personal; one kind's marks never meet another's."""
        marker = self._marker.copy()
        marker.update(kind + b"\0" + value)
        return Mark(int.from_bytes(marker.digest(), "little") & _MARK_MASK or 1)

    def secret(self, secret: bytes) -> bytes:
        """The keyed hash under which an API key is found."""
        return hashlib.blake2b(secret, key=self._secret_key).digest()

    def key(self, purpose: bytes) -> bytes:
        """32 bytes for whoever signs what it alone reads back, used for nothing else."""
        return self._purposes(f"for {purpose.hex()}")

    def code(self, verification: bytes, app: int, phone: Mark, purpose: str, code: str) -> bytes:
        """The keyed hash of a code, its key's id in front (policy row 20)."""
        return self._code(self._newest, verification, app, phone, purpose, code)

    def digest(self, verification: Verification, kept: bytes, code: str) -> bytes:
        """The hash that a guessed code would have, under the key of the one that is kept."""
        key = kept[0] if kept[0] in self._code_keys else self._newest
        v = verification
        return self._code(key, v.id, v.app, v.phone_mark, v.purpose, code)

    def close(self, place: bytes, row: bytes, clear: bytes) -> bytes:
        """Seal a value into its place (`table.column`) and row."""
        now = self._clock()
        today = self._today
        if now >= today.ends_at:
            today = self._turned(now)
        try:
            # In one step, so that no two threads take the same.
            nonce = self._nonces.pop()
        except IndexError:
            nonce = self._drawn()
        return today.head + nonce + today.cipher.encrypt(nonce, clear, place + row)

    def open(self, place: bytes, row: bytes, sealed: bytes) -> bytes:
        """The value again. Raises SealBroken."""
        body = _HEAD_BYTES + _NONCE_BYTES
        if len(sealed) < body:
            raise SealBroken(f"A value in {place.decode()} is cut short.")
        key, day = sealed[0], int.from_bytes(sealed[1:_HEAD_BYTES])
        if key not in self._keys:
            raise SealBroken(f"Sealed under key {key}, which the key file does not hold.")
        try:
            return self._opening(key, day).decrypt(
                sealed[_HEAD_BYTES:body], sealed[body:], place + row
            )
        except InvalidTag as error:
            raise SealBroken(f"A value in {place.decode()} does not open.") from error

    def _drawn(self) -> bytes:
        """A nonce, and more of them put aside: a system call for each would cost as much as the seal."""
        drawn = os.urandom(_NONCE_BYTES * _NONCES)
        ends = range(2 * _NONCE_BYTES, len(drawn) + 1, _NONCE_BYTES)
        self._nonces.extend([drawn[end - _NONCE_BYTES : end] for end in ends])
        return drawn[:_NONCE_BYTES]

    def _turned(self, now: Millis) -> "_Today":
        day = now // DAY - _FIRST_DAY
        head = bytes((self._newest,)) + day.to_bytes(2)
        self._today = _Today((now // DAY + 1) * DAY, head, self._cipher(self._newest, day))
        return self._today

    def _cipher(self, key: int, day: int) -> AESGCM:
        return AESGCM(_derived(self._keys[key], f"seal {day}"))

    def _code(
        self, key: int, verification: bytes, app: int, phone: Mark, purpose: str, code: str
    ) -> bytes:
        bound = msgspec.msgpack.encode((key, app, verification, phone, purpose, code))
        return bytes((key,)) + hmac.digest(self._code_keys[key], bound, "sha256")


def _derived(master: bytes, purpose: str) -> bytes:
    info = f"hongyan {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(master)
