"""The actions: what each takes and answers, by version and name."""

from collections.abc import Mapping
from typing import Final

import msgspec

from hongyan.wire.tencent import answers, requests
from hongyan.wire.tencent.answers import Answer
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.old import SendSms2019Request
from hongyan.wire.tencent.requests import Request

NEW: Final = "2021-01-11"
OLD: Final = "2019-07-11"

_CHANGING: Final = ("Send", "Add", "Modify", "Delete")


class Action(msgspec.Struct, frozen=True):
    """An action of a version."""

    name: str
    request: type[Request]
    answer: type[Answer]
    per_second: int
    """Calls of an account that the platform takes a second; 0 where no document says."""

    @property
    def changes(self) -> bool:
        """Whether a call does something, so that its repetition must not do it again."""
        return self.name.startswith(_CHANGING) and not self.name.endswith("Statistics")

    @property
    def brings_images(self) -> bool:
        """Whether a request may be large."""
        return "proof_image" in self.request.__struct_fields__


_PER_SECOND: Final = {
    # https://cloud.tencent.com/document/product/382/55981 and its neighbours
    "SendSms": 3_000,
    "SendMultiGlobalSms": 0,
    "AddSmsSign": 1,
    "ModifySmsSign": 1,
    "DeleteSmsSign": 1,
    "DescribeSmsSignList": 20,
    "AddSmsTemplate": 2,
    "ModifySmsTemplate": 20,
    "DeleteSmsTemplate": 1,
    "DescribeSmsTemplateList": 20,
    "PullSmsSendStatus": 100,
    "PullSmsReplyStatus": 100,
    "PullSmsSendStatusByPhoneNumber": 20,
    "PullSmsReplyStatusByPhoneNumber": 20,
    "DescribeSendRecordList": 0,
    "SendStatusStatistics": 10,
    "CallbackStatusStatistics": 10,
    "SmsPackagesStatistics": 0,
    "DescribePhoneNumberInfo": 1_000,
    "ReportConversion": 1_000,
}

ACTIONS: Final[Mapping[str, Mapping[str, Action]]] = {
    NEW: {
        name: Action(
            name,
            getattr(requests, f"{name}Request"),
            getattr(answers, f"{name}Response"),
            per_second,
        )
        for name, per_second in _PER_SECOND.items()
    },
    OLD: {"SendSms": Action("SendSms", SendSms2019Request, answers.SendSmsResponse, 3_000)},
}
"""Version → name → action."""


def action_of(version: str, name: str) -> Action:
    """Raises Fault."""
    known = ACTIONS.get(version)
    if known is None:
        raise Fault("NoSuchVersion", version)
    action = known.get(name)
    if action is None:
        raise Fault("InvalidAction", name)
    return action
