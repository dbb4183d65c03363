"""Forms: what a request applies for, as the lint and the reviewers read it."""

import asyncio
from collections.abc import Sequence
from typing import Final

from hongyan.core.errors import Invalid
from hongyan.core.image import MOST_BYTES
from hongyan.core.submission import (
    KIND_OF,
    DocumentKind,
    Purpose,
    Signature,
    SignatureKind,
    Template,
)
from hongyan.core.text import require_showable
from hongyan.wire.tencent import requests
from hongyan.wire.tencent.bounds import image
from hongyan.wire.tencent.fault import Fault

_VALUE: Final = "InvalidParameterValue"
_LONGEST_NAME: Final = 64
"""Ours, of a template's name, and of a signature with whatever is wrong with it."""
_LONGEST_REMARK: Final = 1_000
_MOST_BASE64: Final = -(-MOST_BYTES // 3) * 4
"""What is longer is an image of more bytes than may be: it is not even decoded."""


async def signature(
    request: requests.AddSmsSignRequest | requests.ModifySmsSignRequest, sensitive: Sequence[str]
) -> Signature:
    """Raises Fault."""
    _require_plain(request.sign_name, "SignName", _LONGEST_NAME)
    _require_plain(request.remark or "", "Remark", _LONGEST_REMARK)
    if any(word in request.sign_name for word in sensitive):
        raise Fault("InvalidParameter.DirtyWordFound")
    letter = request.commission_image
    # Megabytes, which take their time.
    proof = await asyncio.to_thread(_image, request.proof_image)
    authorisation = await asyncio.to_thread(_image, letter) if letter else b""
    return Signature(
        name=request.sign_name,
        kind=SignatureKind(request.sign_type),
        document=DocumentKind(request.document_type),
        purpose=Purpose(request.sign_purpose),
        is_international=bool(request.international),
        proof=proof,
        authorisation=authorisation,
        remark=request.remark or "",
    )


def template(
    request: requests.AddSmsTemplateRequest | requests.ModifySmsTemplateRequest,
    sensitive: Sequence[str],
) -> Template:
    """Raises Fault."""
    _require_plain(request.template_name, "TemplateName", _LONGEST_NAME)
    _require_plain(request.remark, "Remark", _LONGEST_REMARK)
    if any(word in request.template_content for word in sensitive):
        raise Fault(f"{_VALUE}.TemplateWithDirtyWords")
    return Template(
        name=request.template_name,
        body=request.template_content,
        kind=KIND_OF[request.sms_type],
        is_international=bool(request.international),
        remark=request.remark,
    )


def _image(written: str) -> bytes:
    """Raises Fault."""
    if len(written) > _MOST_BASE64:
        raise Fault(f"{_VALUE}.ImageInvalid")
    return image(written)


def _require_plain(written: str, parameter: str, longest: int) -> None:
    """Raises Fault for what no list could show."""
    try:
        if written.strip():
            require_showable(written, longest)
    except Invalid as error:
        raise Fault(_VALUE, parameter) from error
