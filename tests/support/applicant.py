"""An app that applies for signatures and templates, and the reviewer beside its house."""

import base64
from dataclasses import dataclass
from typing import Any

import msgspec

from hongyan.core.lint.rule import Rulebook
from hongyan.core.review import Carrier, Filing
from hongyan.service import review, submit
from hongyan.service.reviewing import Subject, Submitted
from hongyan.service.submit import By, Counter
from support.forms import COMPANY, QUALIFICATION
from support.held import HeldHouse
from support.papers import jpeg
from support.tencent_app import TencentApp, moved_in
from support.zhenzi import noticed

CODE = "您的验证码为：{1}，请于{2}分钟内填写。"


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


PROOF = base64_of(jpeg())


@dataclass
class Applicant:
    """An app, its account's qualification, and the forms that it fills in."""

    house: HeldHouse
    app: TencentApp
    qualification: int

    @property
    def account(self) -> int:
        with self.house.administering() as desk:
            return desk.directory().apps[self.app.name].account.id

    def sign(self, name: str = "AA商城", **changes: Any) -> dict[str, Any]:
        good: dict[str, Any] = {
            "SignName": name,
            "SignType": 6,
            "DocumentType": 6,
            "International": 0,
            "SignPurpose": 0,
            "ProofImage": PROOF,
            "QualificationId": self.qualification,
            "Remark": "用于微信小程序用户注册验证码发送",
        }
        return {field: value for field, value in (good | changes).items() if value is not None}

    def template(self, body: str = CODE, **changes: Any) -> dict[str, Any]:
        good: dict[str, Any] = {
            "TemplateName": "用户注册验证码",
            "TemplateContent": body,
            "SmsType": 3,
            "International": 0,
            "Remark": "用户手机号注册验证场景",
        }
        return good | changes

    def add_sign(self, *name: str, **changes: Any) -> int:
        said = self.app.call("AddSmsSign", **self.sign(*name, **changes))
        assert not said.error, said.answer
        return int(said.response["AddSignStatus"]["SignId"])

    def add_template(self, *body: str, **changes: Any) -> str:
        said = self.app.call("AddSmsTemplate", **self.template(*body, **changes))
        assert not said.error, said.answer
        made = said.response["AddTemplateStatus"]["TemplateId"]
        assert isinstance(made, str)
        return made

    def signs(self, *numbers: int, **more: Any) -> list[dict[str, Any]]:
        asked = {"International": 0} | ({"SignIdSet": list(numbers)} if numbers else {}) | more
        said = self.app.call("DescribeSmsSignList", **asked)
        assert not said.error, said.answer
        found: list[dict[str, Any]] = said.response["DescribeSignListStatusSet"]
        return found

    def templates(self, *numbers: str, **more: Any) -> list[dict[str, Any]]:
        named = {"TemplateIdSet": list(map(int, numbers))} if numbers else {}
        said = self.app.call("DescribeSmsTemplateList", **({"International": 0} | named | more))
        assert not said.error, said.answer
        found: list[dict[str, Any]] = said.response["DescribeTemplateStatusSet"]
        return found

    def decided(self, subject: Subject, number: int, reason: str = "") -> None:
        """What a reviewer does beside the house."""
        by = By("reviewer", self.house.clock())
        with self.house.administering() as desk, desk.together():
            one = submit.find(desk, subject, number)
            if reason:
                review.reject(desk, one, by, reason)
            else:
                one = review.approve(desk, one, by)
                if subject is Subject.SIGNATURE and one.status == 2:
                    review.file(desk, one, by, {Carrier.MOBILE: Filing.FILED})
        noticed(self.house)

    def submissions(self, subject: Subject) -> list[Submitted]:
        with self.house.administering() as desk:
            return desk.submissions(subject, self.account)


def applicant(house: HeldHouse, **more: Any) -> Applicant:
    app = moved_in(house, **more)
    with house.administering() as desk, desk.together():
        account = desk.directory().apps[app.name].account
        named = msgspec.structs.replace(account, name=COMPANY)
        by = By("applicant", house.clock())
        if account.kind == "personal":
            return Applicant(house, app, 0)
        one = Counter(desk, named, Rulebook.DOCUMENT, by).submit(QUALIFICATION)
        review.approve(desk, one, by)
    noticed(house)
    return Applicant(house, app, one.id)
