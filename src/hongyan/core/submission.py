"""Submissions: what is handed in for review, as the forms of the platform have it.

Numbers are those that its API shows. What stands on a paper (the name on the seal, a date, a
watermark) is told by who hands it in and looked at by a reviewer; nothing here reads pictures.
"""

from datetime import date
from enum import IntEnum, StrEnum, auto
from typing import Final

import msgspec

from hongyan.core.message import Kind


class Purpose(IntEnum):
    """Whose name it is. For others takes a letter of authorisation."""

    OWN = 0
    OTHERS = 1


class LicenceKind(StrEnum):
    BUSINESS_LICENCE = auto()
    """营业执照"""
    SOCIAL_CREDIT_CERTIFICATE = auto()
    """统一社会信用代码证"""


class SignatureKind(IntEnum):
    """What a signature is the name of."""

    COMPANY = 0
    APP = 1
    WEBSITE = 2
    OFFICIAL_ACCOUNT = 3
    TRADEMARK = 4
    INSTITUTION = 5
    MINI_PROGRAM = 6


class DocumentKind(IntEnum):
    """What proves that the name is one's own."""

    THREE_IN_ONE = 0
    BUSINESS_LICENCE = 1
    ORGANISATION_CODE = 2
    SOCIAL_CREDIT_CERTIFICATE = 3
    APP_CONSOLE = 4
    WEBSITE_FILING = 5
    MINI_PROGRAM_SETTINGS = 6
    TRADEMARK_REGISTRATION = 7
    OFFICIAL_ACCOUNT_SETTINGS = 8
    SOFTWARE_COPYRIGHT = 9
    """软件著作权证书. Ours: the API has no number for it, so it comes by command line only."""


class _Submission(msgspec.Struct, frozen=True, kw_only=True):
    """Its repr tells nothing: it holds people's papers."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Licence(_Submission, frozen=True, kw_only=True):
    kind: LicenceKind
    image: bytes
    holder: str
    """The name on it."""
    legal_person: str
    valid_until: date | None = None
    """None for one that does not end (长期)."""
    seal: str = ""
    """The name on the red seal; empty where there is none, or none that can be read."""
    watermark: str = ""


class IdCard(_Submission, frozen=True, kw_only=True):
    front: bytes
    back: bytes
    holder: str
    valid_until: date | None = None


class Qualification(_Submission, frozen=True, kw_only=True):
    """资质: who somebody is that wants to send texts."""

    name: str
    purpose: Purpose
    licence: Licence
    legal_person: IdCard
    authorisation: bytes = b""
    """The letter, where it is for others."""
    administrator: str = ""
    promise: bytes = b""
    """合规使用承诺函"""


class Signature(_Submission, frozen=True, kw_only=True):
    """签名: the name in front of a text."""

    name: str
    kind: SignatureKind
    document: DocumentKind
    purpose: Purpose
    is_international: bool = False
    proof: bytes
    authorisation: bytes = b""
    remark: str = ""
    """What it is for."""
    mini_program: str = ""
    """The mini program's whole name on the open platform."""


class Template(_Submission, frozen=True, kw_only=True):
    """模板: a text with places for values."""

    name: str
    body: str
    kind: Kind
    is_international: bool = False
    remark: str = ""


KIND_OF: Final = {1: Kind.MARKETING, 2: Kind.NOTICE, 3: Kind.VERIFICATION}
"""SmsType → kind."""
SMS_TYPE_OF: Final = {kind: number for number, kind in KIND_OF.items()}
