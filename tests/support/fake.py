"""Secrets that nobody has issued, in the forms of real ones. Made, so that none is written down."""

import base64
import random
import string
import uuid

_ALPHANUMERIC = string.ascii_letters + string.digits


def _letters(alphabet: str, length: int, seed: int) -> str:
    return "".join(random.Random(f"{length} {seed}").choices(alphabet, k=length))


def zhenzi_secret(seed: int = 0) -> str:
    return str(uuid.UUID(_letters("0123456789abcdef", 32, seed), version=4))


def zhenzi_secret_in_base64(seed: int = 0) -> str:
    return base64.b64encode(zhenzi_secret(seed).encode()).decode()


def wechat_secret(seed: int = 0) -> str:
    return _letters("0123456789abcdef", 32, seed)


def tencent_id(seed: int = 0) -> str:
    return "AKID" + _letters(_ALPHANUMERIC, 32, seed)


def tencent_key(seed: int = 0) -> str:
    return _letters(_ALPHANUMERIC, 32, seed)


def hongyan_key(seed: int = 0, prefix: str = "sk") -> str:
    return f"{prefix}_{_letters(_ALPHANUMERIC + '-_', 32, seed)}"


def token(seed: int = 0) -> str:
    return _letters(_ALPHANUMERIC + "-_", 120, seed)


def private_key(seed: int = 0, kind: str = "RSA ") -> str:
    lines = [_letters(_ALPHANUMERIC + "+/", 64, seed + line) for line in range(12)]
    body = "\n".join(lines)
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----\n"
