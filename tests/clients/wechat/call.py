"""Calls WeChat's APIs by wechatpy, as it comes from PyPI; what it is told goes to standard output."""

import json
import sys
from typing import Any

from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException


def main(asked: dict[str, Any]) -> list[dict[str, Any]]:
    client = WeChatClient(asked["appid"], asked["secret"], access_token=asked["token"] or None)
    client.API_BASE_URL = asked["url"] or "https://api.weixin.qq.com/"
    told: list[dict[str, Any]] = []
    for call in asked["calls"]:
        try:
            told.append({"answer": client.post(call["path"], data=call["body"])})
        except WeChatClientException as error:
            name = type(error).__name__
            told.append({"error": {"name": name, "code": error.errcode, "message": error.errmsg}})
    return told


json.dump(main(json.load(sys.stdin)), sys.stdout)
