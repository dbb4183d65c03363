"""所有配置来自环境变量；密钥不写进代码。All settings come from the environment; no secret stands in code."""

import os
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Settings:
    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    sign_name: str
    template_id: str
    region: str
    protocol: str
    endpoint: str


def from_environment() -> Settings:
    address = os.environ.get("TENCENT_SMS_ENDPOINT") or "sms.tencentcloudapi.com"
    parts = urlsplit(address if "://" in address else f"https://{address}")
    return Settings(
        secret_id=_required("TENCENT_SECRET_ID"),
        secret_key=_required("TENCENT_SECRET_KEY"),
        sdk_app_id=_required("TENCENT_SMS_SDK_APP_ID"),
        sign_name=_required("TENCENT_SMS_SIGN_NAME"),
        template_id=_required("TENCENT_SMS_TEMPLATE_ID"),
        region=os.environ.get("TENCENT_REGION", "ap-guangzhou"),
        protocol=parts.scheme,
        endpoint=parts.netloc,
    )


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        sys.exit(f"缺少环境变量 {name} · {name} is not set; see README.md")
    return value
