"""qualification, signature, template: both sides of a review, and the guide from its first step to its
last with Tencent's own client.
"""

import base64
import json
import os
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hongyan.cli import cli
from hongyan.core.image import MOST_BYTES
from hongyan.core.lint.qualification import WATERMARK
from support.commands import refused
from support.forms import PERSON
from support.papers import jpeg, png
from support.process import NOTICED_S, Dev, eventually, hongyan, new_phone
from support.tencent_app import TencentApp, moved_in
from support.tencent_sdks import Asked, NodeSdk, PythonSdk, Sdk

pytestmark = pytest.mark.timeout(60)

_NAME = "AA生活服务"
_BODY = "您的验证码为：{1}，请于{2}分钟内填写。如非本人操作，请忽略本短信。"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """One in which nothing decides itself."""
    data = tmp_path_factory.mktemp("reviewed") / "data"
    with Dev(data, HONGYAN__TENCENT__APPROVE_AFTER_S="86400") as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A directory with scans."""
    (tmp_path / "licence.jpg").write_bytes(jpeg())
    (tmp_path / "front.png").write_bytes(png(801, 601))
    (tmp_path / "back.jpg").write_bytes(jpeg(802, 602))
    (tmp_path / "settings.png").write_bytes(png(803, 603))
    return tmp_path


class Side:
    """An account at the counter."""

    def __init__(self, house: Dev, desk: Path, name: str, account: int) -> None:
        self.house = house
        self.desk = desk
        self.name = name
        self.account = account

    def qualification(self, **changes: str) -> tuple[str, ...]:
        given = {
            "licence": str(self.desk / "licence.jpg"),
            "holder": self.name,
            "legal-person": PERSON,
            "licence-until": "never",
            "seal": self.name,
            "watermark": WATERMARK,
            "id-front": str(self.desk / "front.png"),
            "id-back": str(self.desk / "back.jpg"),
            "id-until": "2030-01-01",
        }
        return ("qualification", "submit", "AA公司短信主资质", *self._options(given | changes))

    def signature(self, qualification: int, name: str = _NAME, **changes: str) -> tuple[str, ...]:
        given = {
            "kind": "mini_program",
            "document": "software_copyright",
            "proof": str(self.desk / "settings.png"),
            "qualification": str(qualification),
            "remark": "用于AA公司微信小程序用户注册验证码发送",
            "mini-program": name,
        }
        return ("signature", "submit", name, *self._options(given | changes))

    def template(self, body: str = _BODY, **changes: str) -> tuple[str, ...]:
        given = {"kind": "verification", "remark": "用户手机号注册验证场景"}
        return ("template", "submit", "用户注册验证码", body, *self._options(given | changes))

    def _options(self, given: dict[str, str]) -> list[str]:
        named = [word for name, value in given.items() for word in (f"--{name}", value)]
        return [*named, "--account", str(self.account)]

    def command(self, *words: str) -> Any:
        """What a command answers. Beside the house as any other, but in this process: a start takes a
        second, and there are many.
        """
        return self._ran(0, *words)

    def refused(self, *words: str) -> Any:
        """What a command says that ends with 1."""
        return self._ran(1, *words)

    def _ran(self, code: int, *words: str) -> Any:
        given = [*words, "--data", str(self.house.data), "--json"]
        done = CliRunner().invoke(cli, given, prog_name="hongyan")
        assert (done.exit_code, done.stderr) == (code, ""), done.output
        return json.loads(done.stdout)


@pytest.fixture
def side(house: Dev, desk: Path) -> Side:
    name = f"深圳市AA科技{new_phone()}有限公司"
    with house.administering() as administering:
        return Side(house, desk, name, administering.create_account(name, "enterprise"))


def test_a_reviewer_sees_all_that_was_handed_in(side: Side, tmp_path: Path) -> None:
    made = side.command(*side.qualification())
    number = str(made["qualification"])
    assert (made["status"], made["code"], made["account"]) == ("in review", 0, side.account)
    assert made["submitted_at"] < made["expected_at"]
    assert {note["severity"] for note in made["notes"]} <= {"warning"}

    shown = side.command("qualification", "show", number, "--papers", str(tmp_path / "papers"))
    assert shown["form"]["licence"]["legal_person"] == PERSON
    assert shown["form"]["licence"]["image"] == f"{len(jpeg())} bytes"
    papers = {Path(path).name: Path(path) for path in shown["papers"]}
    assert papers.keys() == {
        "licence.image.jpeg",
        "legal_person.front.png",
        "legal_person.back.jpeg",
    }
    assert papers["legal_person.front.png"].read_bytes() == png(801, 601)
    assert {stat.S_IMODE(path.stat().st_mode) for path in papers.values()} == {0o600}
    again = side.refused("qualification", "show", number, "--papers", str(tmp_path / "papers"))
    assert "another directory" in again["error"]


def test_a_qualification_goes_to_and_fro(side: Side) -> None:
    number = str(side.command(*side.qualification())["qualification"])
    words = ("qualification", "reject", number, "--reason", "请补充承诺函", "--incomplete")
    assert side.command(*words)["code"] == 3
    assert side.command(*side.qualification(again=number))["code"] == 0
    rejected = side.command(
        "qualification", "reject", number, "--reason", "公章模糊", "--by", "ann"
    )
    assert (rejected["status"], rejected["reason"]) == ("rejected", "公章模糊")
    assert "cannot become" in side.refused("qualification", "approve", number)["error"]
    assert side.command(*side.qualification(again=number))["qualification"] == int(number)
    assert side.command("qualification", "approve", number)["code"] == 1
    assert "has been decided" in side.refused("qualification", "withdraw", number)["error"]

    (row,) = [
        one for one in side.command("qualification", "list") if one["account"] == side.account
    ]
    assert (row["qualification"], row["status"]) == (int(number), "approved")
    with side.house.administering() as administering:
        audits = administering.audits(10, f"qualification {number}")
    assert [one.action for one in audits] == [
        "approve",
        "resubmit",
        "reject",
        "resubmit",
        "ask for more",
        "submit",
    ]
    assert audits[2].who == "ann"
    assert side.command("qualification", "remove", number)["status"] == "removed"
    assert "no qualification" in side.refused("qualification", "show", number)["error"]


def test_what_the_lint_stops_is_told_with_its_cure(side: Side, desk: Path) -> None:
    (desk / "renamed.jpg").write_bytes(b"%PDF-1.7")
    (desk / "large.jpg").write_bytes(jpeg() + bytes(MOST_BYTES))
    for changes, rule in (
        ({"licence": str(desk / "renamed.jpg")}, "image.not_image"),
        ({"licence": str(desk / "large.jpg")}, "image.too_large"),
        ({"seal": "别的公司"}, "qualification.seal_differs"),
        ({"watermark": ""}, "qualification.watermark_missing"),
        ({"licence-until": "2020-01-01"}, "qualification.licence_expired"),
        ({"id-until": "2020-01-01"}, "qualification.id_expired"),
        ({"id-holder": "李四"}, "qualification.legal_person_differs"),
        ({"holder": "别的公司", "seal": "别的公司"}, "qualification.subject_differs"),
        ({"purpose": "others"}, "qualification.authorisation_missing"),
    ):
        told = side.refused(*side.qualification(**changes))
        (finding,) = told["findings"]
        assert finding["rule"] == rule
        assert finding["cure"] in told["error"]
        assert finding["cure_zh"]
    known = side.command("qualification", "list")
    assert not [one for one in known if one["account"] == side.account]


def test_what_cannot_be_read_is_said_so(side: Side, desk: Path) -> None:
    missing = side.refused(*side.qualification(licence=str(desk / "none.jpg")))
    assert "cannot be read" in missing["error"]
    done = hongyan(*side.qualification(**{"id-until": "tomorrow"}), "--data", side.house.data)
    assert done.code == 2
    assert "is no day" in done.err
    assert "There is no account 99" in refused(
        *side.qualification(), "--account", "99", "--data", str(side.house.data)
    )


def test_a_house_that_is_not_there_is_named(tmp_path: Path) -> None:
    words = ("template", "submit", "a", "b", "--kind", "notice", "--config")
    assert "does not exist" in refused(*words, tmp_path / "none.toml")


def test_who_has_no_name_is_known_by_a_number(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nobody)
    made = side.command(*side.qualification())
    with side.house.administering() as administering:
        (audit,) = administering.audits(1, f"qualification {made['qualification']}")
    assert audit.who == str(os.getuid())


def test_a_signature_is_filed_with_each_carrier(side: Side) -> None:
    qualification = side.command(*side.qualification())["qualification"]
    told = side.refused(*side.signature(qualification))
    assert [one["rule"] for one in told["findings"]] == ["signature.qualification_missing"]
    side.command("qualification", "approve", str(qualification))
    made = side.command(*side.signature(qualification))
    number = str(made["signature"])
    warned = {note["rule"] for note in made["notes"]} - {"review.outside_hours"}
    assert warned == {"signature.kind_closed", "signature.document_closed"}
    assert (
        "carries the signature"
        in side.refused("qualification", "remove", str(qualification))["error"]
    )
    assert "has been approved" in side.refused("signature", "file", number)["error"]
    assert side.command("signature", "approve", number)["code"] == 2
    filed = side.command("signature", "file", number, "--carrier", "mobile", "--said", "refused")
    assert (filed["code"], filed["filings"]) == (2, {"mobile": "refused"})
    words = ("signature", "file", number, "--carrier", "unicom", "--carrier", "telecom")
    assert side.command(*words)["status"] == "usable"
    assert side.command("signature", "file", number, "--said", "refused")["code"] == -1
    (row,) = [one for one in side.command("signature", "list") if one["account"] == side.account]
    assert "报备" in row["reason"]
    again = side.command(*side.signature(qualification, again=number))
    assert (again["signature"], again["filings"]) == (int(number), {})
    assert side.command("signature", "approve", number, "--filed")["code"] == 0
    rejected = side.command("signature", "reject", number, "--reason", "被投诉")
    assert rejected["status"] == "rejected"
    side.command(*side.signature(qualification, again=number))
    assert side.command("signature", "withdraw", number)["status"] == "withdrawn"


def test_a_template_is_applied_for_without_a_signature(side: Side) -> None:
    told = side.refused(*side.template())
    assert [one["rule"] for one in told["findings"]] == ["template.signature_missing"]
    qualification = side.command(*side.qualification())["qualification"]
    side.command("qualification", "approve", str(qualification))
    signature = side.command(*side.signature(qualification))["signature"]
    side.command("signature", "approve", str(signature))

    made = side.command(*side.template("【AA】" + _BODY))
    number = str(made["template"])
    assert "template.brackets" in {note["rule"] for note in made["notes"]}
    with side.house.administering() as administering:
        assert administering.directory().template_ids[int(number)].source == "AA" + _BODY
    again = side.command(*side.template(again=number))
    assert again["template"] == int(number)
    account = ("--account", str(side.account))
    rejected = side.command("template", "reject", number, "--reason", "请写明用途", *account)
    assert (rejected["review"], rejected["reason"]) == ("rejected", "请写明用途")
    assert "cannot become" in side.refused("template", "approve", number, *account)["error"]
    side.command(*side.template(again=number))
    approved = side.command("template", "approve", number, *account, "--by", "ann")
    assert (approved["review"], approved["signature"]) == ("approved", "")
    assert side.command("template", "show", number)["form"]["remark"] == "用户手机号注册验证场景"
    told = side.refused(*side.template(again=number))
    assert [one["rule"] for one in told["findings"]] == ["template.approved"]
    both = side.refused(*side.template(signature="鸿雁"))
    assert "without --signature" in both["error"]
    assert side.command("template", "remove", number)["status"] == "removed"
    assert "no template" in side.refused("template", "show", number)["error"]


def test_rules_of_today_come_from_the_configuration(side: Side) -> None:
    number = side.command(*side.qualification())["qualification"]
    side.command("qualification", "approve", str(number))
    words = (*side.signature(number), "--data", str(side.house.data), "--json")
    done = hongyan(*words, HONGYAN__TENCENT__RULES="live")
    assert done.code == 1
    assert {one["rule"] for one in done.json["findings"]} == {
        "signature.kind_closed",
        "signature.document_closed",
    }


def test_people_are_told_in_sentences(side: Side) -> None:
    done = hongyan(*side.qualification(), "--data", side.house.data)
    assert done.code == 0
    assert "is in review. Expect an answer by" in done.out
    assert PERSON not in done.out
    listed = hongyan("qualification", "list", "--data", side.house.data)
    assert "AA公司短信主资质" in listed.out
    assert PERSON not in listed.out


@pytest.mark.parametrize("sdk", [NodeSdk(), PythonSdk()], ids=lambda sdk: sdk.name)
def test_the_guide_from_its_first_step_to_its_last(house: Dev, desk: Path, sdk: Sdk) -> None:
    """Qualification → signature → template → SendSms → registered."""
    app = moved_in(house)
    with house.administering() as administering:
        account = administering.directory().apps[app.name].account
    side = Side(house, desk, account.name, account.id)

    def call(action: str, **parameters: Any) -> dict[str, Any]:
        (told,) = sdk.call(app, Asked(action, parameters))
        assert not told.code, told
        return dict(told.answer)

    qualification = side.command(*side.qualification())["qualification"]
    side.command("qualification", "approve", str(qualification), "--by", "reviewer")

    name = "AA商城"
    sign = call(
        "AddSmsSign",
        SignName=name,
        SignType=6,
        DocumentType=6,
        International=0,
        SignPurpose=0,
        ProofImage=_base64(desk / "settings.png"),
        QualificationId=qualification,
        Remark="用于AA公司微信小程序用户注册验证码发送",
    )["AddSignStatus"]["SignId"]
    looked = call("DescribeSmsSignList", International=0, SignIdSet=[sign])
    assert looked["DescribeSignListStatusSet"][0]["StatusCode"] == 1
    side.command("signature", "approve", str(sign), "--filed", "--by", "reviewer")
    looked = call("DescribeSmsSignList", International=0, SignIdSet=[sign])
    assert looked["DescribeSignListStatusSet"][0]["StatusCode"] == 0

    template = call(
        "AddSmsTemplate",
        TemplateName="用户注册验证码",
        TemplateContent=_BODY,
        SmsType=3,
        International=0,
        Remark="用户手机号注册验证场景",
    )["AddTemplateStatus"]["TemplateId"]
    side.command("template", "approve", template, "--account", str(account.id))

    sender = app.but(sign_name=name, template_id=template)
    _registered(house, sdk, sender)


def _registered(house: Dev, sdk: Sdk, app: TencentApp) -> None:
    """A user asks for a code, reads it from the phone, and gives it back."""
    phone, code, tries = new_phone(), "384592", count()

    def send() -> str:
        # The very same call would get the same answer.
        form = app.form(f"+86{phone}", SessionContext=f"try {next(tries)}")
        (told,) = sdk.call(app, Asked("SendSms", form))
        assert not told.code, told
        return str(told.answer["SendStatusSet"][0]["Code"])

    # A house notices within a second what a command beside it has changed.
    eventually(lambda: send() == "Ok", NOTICED_S + 20)
    text = house.nobody.latest(phone)["text"]
    assert text.startswith(f"【{app.sign_name}】您的验证码为：{code}，请于5分钟内填写。")


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
