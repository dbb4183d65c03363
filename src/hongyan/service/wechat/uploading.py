"""Uploading: a file of numbers comes in at an address that was made for it alone.

The address says whose file it will be and until when, signed, so nothing is kept of one that nobody
uses. What comes in is kept in sealed pieces until its task has ended.
"""

import asyncio
import base64
import hmac
import re
import struct
from typing import Final

import msgspec

from hongyan.core import link
from hongyan.core.errors import NotFound
from hongyan.core.identifier import random_uuid
from hongyan.core.time import DAY, HOUR, Millis
from hongyan.service.serving import Serving
from hongyan.service.wechat.caller import Caller
from hongyan.wire.wechat import body
from hongyan.wire.wechat.answers import FileData, UploadInfo, Wrapped
from hongyan.wire.wechat.fault import INVALID_PARAMETER, Fault
from hongyan.wire.wechat.requests import DescribeExtensionUploadInfo
from hongyan.wire.wechat.task import LARGEST

UPLOADS: Final = "/tcb/upload"
"""Where the letters of an upload stand behind."""
LIFETIME: Final[Millis] = HOUR
"""How long an address is good."""
PIECE_BYTES: Final = 1 << 16
MOST_A_DAY: Final = 100
"""Files of one app that are kept, in 24 hours. Ours: each may have 30 MB, and wait for a task as long."""

_KEY: Final = b"wechat uploads"
_FACTS: Final = struct.Struct(">QQQ")
_TAG_BYTES: Final = 16
_LETTERS: Final = re.compile(r"[\w-]{54}", re.ASCII)
_URI: Final = re.compile(r"extension://([0-9A-Za-z]{11})\.csv")
_ID_BYTES: Final = 16
_MEGABYTE: Final = 1 << 20


class UploadRefused(Exception):
    """The file is not taken in. `str()` is one sentence."""


class Uploading:
    """/tcb/describeextensionuploadinfo, and the address that it tells."""

    def __init__(self, serving: Serving) -> None:
        self._desk = serving.desk
        self._clock = serving.clock
        self._chance = serving.chance
        self._key = serving.sealer.key(_KEY)
        self._base_url = serving.base_url.rstrip("/")

    async def info(self, caller: Caller, given: bytes) -> bytes:
        """Where to put a file, and what to call it then. Raises Fault."""
        request = body.read(given, DescribeExtensionUploadInfo)
        request.require()
        caller.require_sending()
        upload = link.made(self._chance(link.BYTES))
        facts = _FACTS.pack(upload, caller.app.id, self._clock() + LIFETIME)
        letters = _base64(facts + self._tag(facts))
        file = FileData(
            code_uri=f"extension://{link.written(upload)}.csv",
            upload_url=f"{self._base_url}{UPLOADS}/{letters}",
            max_size=LARGEST // _MEGABYTE,
        )
        request_id = random_uuid(self._chance(_ID_BYTES))
        return msgspec.json.encode(Wrapped(UploadInfo((file,), request_id)))

    def is_good(self, letters: str) -> bool:
        """Whether a file may be put there, as far as the address tells."""
        return self._read(letters) is not None

    async def put(self, letters: str, content: bytes) -> None:
        """Keep a file. Raises UploadRefused."""
        found = self._read(letters)
        if found is None:
            raise UploadRefused("The address is not good, or not any more. Ask for another.")
        if not content:
            raise UploadRefused("The file is empty.")
        if len(content) > LARGEST:
            raise UploadRefused(f"The file has over {LARGEST} octets.")
        if not await asyncio.to_thread(self._kept, *found, content):
            raise UploadRefused("The address was used. Ask for another.")

    def _kept(self, upload: int, app: int, content: bytes) -> bool:
        """Piece by piece, so that whoever else writes has a turn in between."""
        desk = self._desk()
        try:
            with desk.together():
                if not desk.begin_upload(upload, app):
                    return False
                if desk.uploads_since(app, self._clock() - DAY) > MOST_A_DAY:
                    raise UploadRefused(f"The app has put {MOST_A_DAY} files in a day.")
            try:
                for number, start in enumerate(range(0, len(content), PIECE_BYTES)):
                    desk.add_piece(upload, number, content[start : start + PIECE_BYTES])
                desk.end_upload(upload, len(content))
            except BaseException:
                desk.drop_upload(upload)
                raise
            return True
        finally:
            desk.close()

    def _read(self, letters: str) -> tuple[int, int] | None:
        """(upload, app) of an address that is good."""
        if not _LETTERS.fullmatch(letters):
            return None
        octets = base64.urlsafe_b64decode(letters + "==")
        facts, tag = octets[: _FACTS.size], octets[_FACTS.size :]
        # One spelling only: base64 reads others too.
        if not hmac.compare_digest(tag, self._tag(facts)) or _base64(octets) != letters:
            return None
        upload, app, until = _FACTS.unpack(facts)
        return (upload, app) if self._clock() < until else None

    def _tag(self, facts: bytes) -> bytes:
        return hmac.digest(self._key, facts, "sha256")[:_TAG_BYTES]


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def upload_of(uri: str) -> int:
    """The file that a CodeUri names. Raises Fault."""
    found = _URI.fullmatch(uri)
    try:
        if found is not None:
            return link.read(found[1])
    except NotFound:
        pass
    raise Fault(INVALID_PARAMETER, "file_url is none that describeextensionuploadinfo has given")
