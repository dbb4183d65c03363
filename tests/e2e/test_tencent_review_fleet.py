"""Reviews in a house of several processes on PostgreSQL: what one has decided, all know."""

import base64
from pathlib import Path

import pytest

from hongyan.core.lint.qualification import WATERMARK
from support.fleet import Member, database, web
from support.papers import jpeg, png
from support.process import Dev, eventually, hongyan, new_phone
from support.tencent_app import Said, TencentApp

pytestmark = pytest.mark.timeout(120)

_COMPANY = "深圳市AA科技有限公司"


def _of(house: Dev | Member, data: Path) -> TencentApp:
    """The app that `dev` has seeded, at one of the processes."""
    known = Dev.file_in(data)["tencent"]
    return TencentApp(
        house.url,
        known["secret_id"],
        known["secret_key"],
        known["sdk_app_id"],
        known["template_id"],
        known["sign_name"],
    )


def test_what_one_process_decides_all_know(tmp_path: Path) -> None:
    data, scan = tmp_path / "data", tmp_path / "scan.png"
    scan.write_bytes(png())
    (tmp_path / "other.jpg").write_bytes(jpeg())
    with (
        database() as url,
        Dev(data, "--database", url, HONGYAN__TENCENT__APPROVE_AFTER_S="0") as house,
        web(data, HONGYAN__TENCENT__APPROVE_AFTER_S="0") as other,
    ):
        made = hongyan(
            *("qualification", "submit", "AA公司短信主资质", "--json", "--data", data),
            *("--purpose", "others", "--letter", scan, "--licence", scan, "--holder", _COMPANY),
            *("--legal-person", "张三", "--licence-until", "never", "--seal", _COMPANY),
            *("--watermark", WATERMARK, "--id-front", scan, "--id-back", tmp_path / "other.jpg"),
            *("--id-until", "never"),
        )
        assert made.code == 0, made
        here, there = _of(house, data), _of(other, data)

        def add(remark: str) -> Said:
            return here.call(
                "AddSmsSign",
                SignName="AA商城",
                SignType=6,
                DocumentType=6,
                International=0,
                SignPurpose=0,
                ProofImage=base64.b64encode(png()).decode(),
                QualificationId=made.json["qualification"],
                Remark=remark,
            )

        # Approved by itself at the latest when the first of them looks.
        said = add("first")
        assert not said.error, said.answer
        sign = said.response["AddSignStatus"]["SignId"]
        assert add("second").error == "InvalidParameterValue.SignExistAndUnapproved"
        looked = there.call("DescribeSmsSignList", International=0, SignIdSet=[sign])
        (told,) = looked.response["DescribeSignListStatusSet"]
        assert (told["StatusCode"], told["QualificationStatusCode"]) == (0, 1)

        applied = there.call(
            "AddSmsTemplate",
            TemplateName="用户注册验证码",
            TemplateContent="您的验证码为：{1}，{2}分钟内有效。",
            SmsType=3,
            International=0,
            Remark="用户手机号注册验证场景",
        )
        template = applied.response["AddTemplateStatus"]["TemplateId"]

        def sent() -> tuple[str, str]:
            """(code, number) of a text to a number of its own."""
            phone = new_phone()
            (code,) = here.but(sign_name="AA商城", template_id=template).send(phone).codes
            return code, phone

        # Either process notices within a second what the other has done.
        arrived = eventually(lambda: [number for code, number in (sent(),) if code == "Ok"])
        text = house.nobody.latest(arrived[0])["text"]
        assert text.startswith("【AA商城】您的验证码为：384592，5分钟内有效。")
        assert not there.call("DeleteSmsSign", SignId=sign).error
        refused = "FailedOperation.SignatureIncorrectOrUnapproved"
        assert eventually(lambda: sent()[0] == refused)
