"""`hongyan debug send`: one text as any protocol's client sends it, and what its code means."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hongyan.cli import cli
from hongyan.core.message import Kind
from hongyan.service.directory import Review
from support.process import Dev, Finished, hongyan, new_phone
from support.receiver import Receiver
from support.tencent_app import BODY, TencentApp, moved_in, templated
from support.zhenzi import noticed

WAYS = ("tencent", "wechat", "zhenzi")


def debugged(data: Path, *arguments: str) -> Finished:
    """The command in the test's own process."""
    done = CliRunner().invoke(cli, ["debug", "send", *arguments, "--data", str(data)])
    return Finished(done.exit_code, done.stdout, done.stderr)


def told(data: Path, *arguments: str) -> Any:
    """What `--json` has of a text that was not taken."""
    done = debugged(data, *arguments, "--json")
    assert (done.code, done.err) == (1, ""), done
    assert not done.json["taken"]
    return done.json


def refused(data: Path, *arguments: str) -> str:
    """The sentence of a call that came to nothing."""
    done = debugged(data, *arguments, "--json")
    assert (done.code, done.err, list(done.json)) == (1, "", ["error"]), done
    return str(done.json["error"])


def of(app: TencentApp) -> tuple[str, ...]:
    """The options that name an app."""
    return (
        *("--app", app.sdk_app_id, "--secret-id", app.secret_id, "--secret", app.secret_key),
        *("--sign-name", app.sign_name, "--template", app.template_id),
    )


@pytest.mark.parametrize("by", WAYS)
def test_a_number_is_enough_in_a_house_of_development(dev: Dev, phone: str, by: str) -> None:
    done = debugged(dev.data, phone, "--by", by, "--json")
    assert (done.code, done.json["taken"]) == (0, True), done
    assert done.json["cause"]["zh"]
    assert dev.nobody.latest(phone)["text"].startswith("【鸿雁")


@pytest.mark.parametrize(("by", "signed"), [("wechat", "【鸿雁体验】"), ("zhenzi", "【鸿雁】")])
def test_a_text_of_ones_own(dev: Dev, phone: str, by: str, signed: str) -> None:
    assert debugged(dev.data, f"+86{phone}", "--by", by, "--text", "新店开张").code == 0
    assert dev.nobody.latest(phone)["text"].startswith(f"{signed}新店开张")


def test_values_of_ones_own(dev: Dev, phone: str) -> None:
    assert debugged(dev.data, phone, "--param", "246810", "--param", "9").code == 0
    assert "246810，请于9分钟内" in dev.nobody.latest(phone)["text"]


def test_people_read_cause_and_cure_in_two_languages(dev: Dev, phone: str) -> None:
    assert debugged(dev.data, phone).code == 0
    done = debugged(dev.data, phone)
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0].startswith("tencent: LimitExceeded.PhoneNumberThirtySecondLimit  ")
    assert [line.split()[0] for line in lines[2:]] == ["原因", "办法", "Cause", "Cure"]
    assert all(len(line.split(maxsplit=1)[1]) > 5 for line in lines[2:])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--by", "tencent", "--secret", "x"), "AuthFailure.SignatureFailure"),
        (("--by", "tencent", "--sign-name", "x"), "FailedOperation.SignatureIncorrectOrUnapproved"),
        (
            ("--by", "tencent", "--template", "9", "--param", "1"),
            "FailedOperation.TemplateUnapprovedOrNotExist",
        ),
        (("--by", "wechat", "--secret", "x"), "40125"),
        (("--by", "wechat", "--env", "nobodys-1a2b"), "-601027"),
        (("--by", "wechat", "--text", "字" * 31), "-601029"),
        (("--by", "zhenzi", "--template", "9"), "117"),
        (("--by", "zhenzi", "--text", "字" * 1_001), "101"),
    ],
)
def test_what_is_wrong_is_explained(dev: Dev, arguments: tuple[str, ...], code: str) -> None:
    phone = new_phone()
    found = told(dev.data, phone, *arguments)
    assert found["code"] == code
    assert found["message"]
    for said in (found["cause"], found["cure"]):
        assert said["zh"].endswith("。")
        assert said["en"].endswith(".")
    assert "catalogue" not in found["cause"]["en"]
    assert dev.nobody.texts(phone) == []


@pytest.mark.parametrize("by", WAYS)
def test_a_number_that_is_none_is_explained_by_the_protocol(dev: Dev, by: str) -> None:
    assert told(dev.data, "12", "--by", by)["code"] in {
        "InvalidParameterValue.IncorrectPhoneNumber",
        "100",
    }


def test_a_test_template_goes_to_test_numbers_and_others_are_told_why(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    made = templated(dev, app, BODY, Kind.VERIFICATION, review=Review.SUBMITTED)
    tried = app.but(template_id=made)
    with dev.administering() as administering:
        name = administering.directory().template_ids[int(made)].name
    values = ("--param", "246810", "--param", "5")
    found = told(dev.data, phone, *of(tried), *values)
    assert found["code"] == "FailedOperation.TemplateIncorrectOrUnapproved"
    dev.command("app", "tencent", app.name, "--test-template", name, "--test-number", phone)
    noticed(dev)
    assert debugged(dev.data, phone, *of(tried), *values).code == 0
    assert dev.nobody.code(phone) == "246810"
    found = told(dev.data, new_phone(), *of(tried), *values)
    assert found["code"] == "UnauthorizedOperation.RequestPermissionDeny"
    assert "hongyan app tencent" in found["cure"]["zh"]


def test_secrets_come_by_the_environment_and_are_not_printed(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    noticed(dev)
    arguments = (*of(app)[:2], *of(app)[6:], "--url", dev.url, "--param", "1234", "--param", "5")
    secrets = {"HONGYAN_SECRET_ID": app.secret_id, "HONGYAN_SECRET": app.secret_key}
    done = hongyan("debug", "send", phone, *arguments, "--data", "nowhere", **secrets)
    assert done.code == 0, done
    assert app.secret_key not in done.out + done.err


def test_what_one_house_knows_is_not_shown_to_another(dev: Dev, phone: str) -> None:
    with Receiver() as other:
        for by in WAYS:
            sentence = refused(dev.data, phone, "--by", by, "--url", other.url)
            assert sentence.startswith("Give --app, --secret")
        assert other.silent()


def test_without_a_house_it_says_what_to_give(tmp_path: Path) -> None:
    sentence = refused(tmp_path, "13800138000")
    names = "--url, --app, --secret, --secret-id, --template"
    assert sentence == f"Give {names}, or the --data directory of a 'hongyan dev'."


@pytest.mark.parametrize("by", WAYS)
def test_what_does_not_answer_is_no_success(by: str, tmp_path: Path) -> None:
    given = ("--app", "1", "--secret", "x", "--secret-id", "x", "--env", "e", "--template", "1")
    house = ("--url", "http://127.0.0.1:1")
    sentence = refused(tmp_path, "13800138000", "--by", by, *house, *given)
    assert "is not known" in sentence


@pytest.mark.parametrize("by", WAYS)
def test_what_is_no_house_is_no_success(by: str, tmp_path: Path) -> None:
    given = ("--app", "1", "--secret", "x", "--secret-id", "x", "--env", "e", "--template", "1")
    with Receiver() as other:
        house = ("--url", other.url)
        sentence = refused(tmp_path, "13800138000", "--by", by, *house, *given)
    assert sentence.startswith(f"What answers at {other.url} is no Hongyan")
