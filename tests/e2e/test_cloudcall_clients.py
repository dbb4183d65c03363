"""Unmodified wx-server-sdk, of seven versions: the document's calls, its answers and its exceptions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hongyan.service import enrol
from support.cloud_function import (
    SEND,
    VERSIONS,
    CloudFunction,
    deployed,
    function_of,
    told,
)
from support.held import HeldHouse
from support.mini_program import (
    CONTENT,
    MiniProgram,
    moved_in,
    new_number,
    noticed,
    third_party_in,
)
from support.postgres import database
from support.process import Dev

pytestmark = [
    pytest.mark.external,
    pytest.mark.timeout(180),  # the first of them installs
    pytest.mark.xdist_group("cloudcall"),
]

NEWEST: Final = VERSIONS[0]
WITH_CONVERT_CASE: Final = VERSIONS[:4]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldHouse]:
    with HeldHouse(tmp_path_factory.mktemp("cloudcall")) as opened:
        yield opened


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def mini(house: HeldHouse) -> MiniProgram:
    return moved_in(house)


@pytest.fixture(scope="module")
def function(house: HeldHouse, mini: MiniProgram) -> CloudFunction:
    return function_of(house, mini)


def test_the_calls_of_the_document_get_its_answers(
    version: str, function: CloudFunction, mini: MiniProgram
) -> None:
    one, other = new_number(), new_number()
    answers = function.call(version, function.marketing(one), function.notification(other))
    for number, answer in zip((one, other), answers, strict=True):
        result = answer["result"]
        assert (result["errCode"], result["errMsg"]) == (0, f"openapi.{SEND}:ok")
        (status,) = result["sendStatusList"]
        assert status.pop("serialNo").startswith("8:")
        assert status == {
            "code": "Ok",
            "message": "send success",
            "phoneNumber": number,
            "isoCode": "",
        }
        text = mini.get("/sandbox/messages/latest", phone=number, wait="5").json
        assert text["text"].startswith("【云】" if number == one else "【云开发】")


def test_what_is_refused_is_thrown(version: str, function: CloudFunction) -> None:
    answers = function.call(
        version,
        function.marketing(new_number(), env="online-00000000000"),
        function.marketing("13800138000"),
        function.marketing(new_number(), path="/nowhere.html"),
        {},
    )
    errors = [answer["error"] for answer in answers]
    assert [error["errCode"] for error in errors] == [-601027, -501007, -607001, -501007]
    for error in errors:
        assert error["errMsg"].startswith(f"openapi.{SEND}:fail ")
        assert " rid: " in error["errMsg"]


def test_what_the_cloud_refuses_is_thrown(
    version: str, house: HeldHouse, mini: MiniProgram, function: CloudFunction
) -> None:
    asked = function.marketing(new_number())
    bare = function_of(house, mini, "urllink.generate").environment(version)
    strange = function.having(secret_key="another").environment(version)
    code, sentence = _error(function.call(version, asked, environment=bare))
    in_words = {"0.4.3": "function has no permission to call this API"}
    assert (code, sentence) == (
        -604101,
        in_words.get(version, "system error: error code: -604101"),
    )
    code, sentence = _error(function.call(version, asked, environment=strange))
    assert code == -501006
    assert "check the SecretKey" in sentence


def test_an_address_may_stand_in_the_code(version: str, function: CloudFunction) -> None:
    here = {"TENCENTCLOUD_RUNENV": "SCF", "HTTP_PROXY": "", "TCB_CONTEXT_CNFG": ""}
    (answer,) = function.call(
        version,
        function.marketing(new_number()),
        init={"serviceUrl": f"{function.url}/admin"},
        environment=function.environment(version) | here,
    )
    assert answer["result"]["sendStatusList"][0]["code"] == "Ok"


def test_the_function_of_the_document_runs_as_it_stands(
    version: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its number is nobody's; in development the sandbox phone has it."""
    with Dev(tmp_path_factory.mktemp("document") / "data") as dev:
        require_document(dev, version, tmp_path_factory.mktemp("function"))


def test_it_does_on_postgresql(tmp_path: Path) -> None:
    with database() as address, Dev(tmp_path / "data", "--database", address) as dev:
        require_document(dev, NEWEST, tmp_path / "function")


def require_document(dev: Dev, version: str, folder: Path) -> None:
    """What the document says of its function."""
    seeded = dev.file["wechat"]
    function = CloudFunction(
        dev.url,
        seeded["env"],
        seeded["secret_id"],
        seeded["secret_key"],
        seeded["wx_api_token"],
    )
    deployed(folder, version)
    answer = told("run.js", {"function": str(folder)}, function.environment(version))
    assert list(answer) == ["sendStatusList", "errMsg", "errCode"]
    assert answer["errMsg"] == "openapi.cloudbase.sendSms:ok"
    (status,) = answer["sendStatusList"]
    assert (status["phoneNumber"], status["code"]) == ("+8612345678910", "Ok")
    query = "phone=%2B8612345678910&wait=5"
    text = dev.nobody.get(f"/sandbox/messages/latest?{query}").json["text"]
    assert text.startswith("【鸿雁】发布了新的能力,跳转小程序 http")
    assert text.endswith(" 回T退订")


def test_a_third_party_calls_for_a_mini_program(house: HeldHouse, mini: MiniProgram) -> None:
    third = third_party_in(house)
    theirs, own = function_of(house, third), function_of(house, mini)
    asked = own.marketing(new_number(), useShortName=False)
    options = {"appid": mini.appid}
    assert _error(theirs.call(NEWEST, asked, options=options))[0] == -604104
    _authorise(house, third, mini, 49)
    (answer,) = theirs.call(NEWEST, asked, options=options)
    assert answer["result"]["sendStatusList"][0]["code"] == "Ok"
    in_theirs = asked | {"env": third.env, "resourceAppid": third.appid}
    (answer,) = theirs.call(NEWEST, in_theirs, options=options)
    assert answer["result"]["errCode"] == 0
    _authorise(house, third, mini, 1)
    assert _error(theirs.call(NEWEST, asked, options=options))[0] == 61007


@pytest.mark.parametrize("version", WITH_CONVERT_CASE)
@pytest.mark.parametrize("options", [None, {"convertCase": False}], ids=["converted", "as it is"])
def test_other_apis_are_called(
    version: str, options: dict[str, bool] | None, function: CloudFunction
) -> None:
    dates = {"StartDate": "2026-01-01", "EndDate": "2099-01-01"}
    asked = {"PostData": {"EnvId": function.env, **dates, "PageNumber": 1, "PageSize": 1}}
    api = "cloudbase.describeSmsRecords"
    (answer,) = function.call(version, asked, api=api, options=options)
    assert answer["result"]["TotalCount"] >= 0
    assert answer["result"]["errMsg"] == f"openapi.{api}:ok"


def test_links_are_made(function: CloudFunction) -> None:
    (answer,) = function.call(NEWEST, {"path": "/index"}, api="urllink.generate")
    assert answer["result"]["urlLink"].startswith(f"{function.url}/u/")
    number = new_number()
    asked = {
        "env": function.env,
        "phoneNumberList": [number],
        "urlLink": answer["result"]["urlLink"],
        "templateId": "844110",
        "templateParamList": [CONTENT],
    }
    (answer,) = function.call(NEWEST, asked, api="cloudbase.sendSmsV2")
    assert answer["result"]["sendStatusList"][0]["code"] == "Ok"
    (answer,) = function.call(NEWEST, {}, api="urlscheme.generate")
    assert answer["result"]["openlink"].startswith("weixin://dl/business/?t=")


def _authorise(house: HeldHouse, third: MiniProgram, mini: MiniProgram, right: int) -> None:
    with house.administering() as administering:
        apps = administering.directory().apps
        enrol.authorise(administering, apps[third.name], apps[mini.name], {right})
    noticed(house)


def _error(answers: list[Any]) -> tuple[int, str]:
    (answer,) = answers
    return answer["error"]["errCode"], answer["error"]["errMsg"]
