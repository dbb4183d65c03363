"""Files of numbers: they come in, everybody in them is texted once, and each bad line is told."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from hongyan.core.hours import Hours
from hongyan.core.limit import Window
from hongyan.core.time import DAY, HOUR, MINUTE
from hongyan.service.directory import WechatProfile
from support.cloud_function import Plain, function_of
from support.held import HeldHouse
from support.mini_program import (
    CONTENT,
    RECORDS,
    Heard,
    Holder,
    MiniProgram,
    changed,
    moved_in,
    new_number,
    noticed,
)
from support.postgres import database
from support.process import Dev, eventually

INFO: Final = "/tcb/describeextensionuploadinfo"
CREATE: Final = "/tcb/createsendsmstask"
TEMPLATE: Final = "844110"
DATES: Final = {"StartDate": "2020-01-01", "EndDate": "2099-12-31"}
LIMIT: Final = 30 << 20


@pytest.fixture
def holder(held: HeldHouse) -> Holder:
    return moved_in(held).with_token()


def described(holder: Holder, name: str = "gongzi.csv") -> Any:
    files = {"ExtensionFiles": [{"FileType": "SMS", "FileName": name}]}
    heard = holder.call(INFO, {"PostData": files})
    assert heard.errcode == 0, heard
    (file,) = heard.json["Response"]["FilesData"]
    return file


def put(holder: Holder, address: str, content: bytes, method: str = "PUT") -> Heard:
    assert address.startswith(holder.mini.url)
    return holder.mini.http(method, urlsplit(address).path, content)


def uploaded(holder: Holder, content: bytes) -> str:
    file = described(holder)
    heard = put(holder, file["UploadUrl"], content)
    assert (heard.status, heard.body) == (200, b"")
    uri: str = file["CodeUri"]
    return uri


def asked(holder: Holder, uri: str, **changes: Any) -> Heard:
    body = {"env": holder.mini.env, "file_url": uri, "template_id": TEMPLATE}
    return holder.call(CREATE, body | changes)


def begun(holder: Holder, content: bytes, **changes: Any) -> str:
    heard = asked(holder, uploaded(holder, content), **changes)
    assert list(heard.json) == ["errcode", "query_id"], heard
    query_id: str = heard.json["query_id"]
    return query_id


def told(holder: Holder, query_id: str, **changes: Any) -> Any:
    body = {"EnvId": holder.mini.env, "QueryId": query_id, **DATES, "PageSize": 1000} | changes
    heard = holder.call(RECORDS, {"PostData": {"PageNumber": 1, **body}})
    assert heard.errcode == 0, heard
    return heard.json


def records(holder: Holder, query_id: str, lines: int) -> Any:
    """Once so many lines are done."""

    def look() -> Any:
        found = told(holder, query_id)
        return found["SmsRecords"] if found["TotalCount"] == lines else None

    return eventually(look, 20)


def lines_of(numbers: Sequence[str], content: str = CONTENT) -> bytes:
    return "".join([f"{number},{content},/index.html\r\n" for number in numbers]).encode()


def test_everybody_in_a_file_is_texted(held: HeldHouse, holder: Holder) -> None:
    numbers = [new_number() for _ in range(5)]
    before = holder.balance(held)
    query_id = begun(holder, "手机号,短信内容,跳转的静态托管地址\r\n".encode() + lines_of(numbers))
    found = records(holder, query_id, 5)
    assert [one["Mobile"] for one in found] == numbers
    assert {one["Status"] for one in found} == {"sent"}
    for number in numbers:
        text = holder.text(number)["text"]
        assert text.startswith(f"【云开发】{CONTENT},跳转小程序 {holder.mini.url}/s/")
    links = {holder.text(number)["text"].split("/s/")[1].split()[0] for number in numbers}
    assert len(links) == len(numbers)
    assert before - holder.balance(held) == sum(one["Fee"] for one in found)


def test_bad_lines_are_told_and_good_ones_sent(held: HeldHouse) -> None:
    holder = moved_in(held, windows=(Window("24h", 1, DAY),)).with_token()
    good, other = new_number(), new_number()
    content = "\n".join(
        [
            f"{good},{CONTENT},/index.html",
            "12345,能力上新,/index.html",
            f"{new_number()},{'长' * 31},/index.html",
            f"{new_number()},能力上新,//example.com",
            f"{new_number()},能力上新,/nowhere.html",
            f'{new_number()},"能力上新,/index.html',
            "1.38E+10,能力上新,/index.html",
            "",
            f"{good},{CONTENT},/index.html",
            f"{other},{CONTENT},/index.html",
        ]
    ).encode()
    before = holder.balance(held)
    found = records(holder, begun(holder, content), 9)
    assert [one["Status"] for one in found] == ["sent"] + ["error"] * 7 + ["sent"]
    bad = [one["Remarks"].partition("：")[0] for one in found if one["Status"] == "error"]
    assert bad == [f"第{line}行" for line in (2, 3, 4, 5, 6, 7, 9)]
    assert {one["Fee"] for one in found[1:-1]} == {0}
    assert "-607001" in found[4]["Remarks"]
    assert "Excel" in found[6]["Remarks"]
    assert found[7]["Remarks"].startswith("第9行：LimitExceeded.")
    assert before - holder.balance(held) == sum(one["Fee"] for one in found)
    assert holder.text(other)["text"]


def test_a_file_makes_one_task(holder: Holder) -> None:
    number = new_number()
    uri = uploaded(holder, lines_of([number]))
    first, again = asked(holder, uri), asked(holder, uri)
    assert first.json == again.json
    records(holder, first.json["query_id"], 1)
    assert asked(holder, uri).json == first.json
    assert asked(holder, uri, use_short_name=True).fault[0] == -501007
    assert len(holder.texts(number)) == 1


def test_records_are_pages_of_lines_and_of_a_number(holder: Holder) -> None:
    numbers = [new_number() for _ in range(5)]
    query_id = begun(holder, lines_of([*numbers, "1"]))
    records(holder, query_id, 6)
    page = told(holder, query_id, PageNumber=2, PageSize=2)
    assert page["TotalCount"] == 6
    assert [one["Mobile"] for one in page["SmsRecords"]] == numbers[2:4]
    last = told(holder, query_id, PageNumber=3, PageSize=2)["SmsRecords"]
    assert [one["Mobile"] for one in last] == [numbers[4], ""]
    one = told(holder, query_id, Mobile=numbers[3])
    assert (one["TotalCount"], one["SmsRecords"][0]["Mobile"]) == (1, numbers[3])
    assert told(holder, query_id, Mobile=new_number())["TotalCount"] == 0
    long_ago = told(holder, query_id, StartDate="2020-01-01", EndDate="2020-01-02")
    assert long_ago["TotalCount"] == 0


def test_nobody_else_is_told_of_a_task(held: HeldHouse, holder: Holder) -> None:
    uri = uploaded(holder, lines_of([new_number()]))
    other = moved_in(held).with_token()
    assert asked(other, uri).fault == _wrong("file_url names no file of this app's")
    query_id = asked(holder, uri).json["query_id"]
    records(holder, query_id, 1)
    for guess in (query_id, "0" * 11, "x", "z" * 11):
        body = {"EnvId": other.mini.env, "QueryId": guess, **DATES}
        heard = other.call(RECORDS, body)
        assert heard.fault == _wrong("QueryId not exist")


@pytest.mark.parametrize(
    "uri", ["extension://AAAAAAAAAAA.csv", "https://example.com/a.csv", "extension://../a.csv", "x"]
)
def test_only_a_file_of_ours_is_taken(holder: Holder, uri: str) -> None:
    assert asked(holder, uri).fault[0] == -501007


def test_a_task_is_refused_as_a_text_is(held: HeldHouse, holder: Holder) -> None:
    uri = uploaded(holder, lines_of([new_number()]))
    assert asked(holder, uri, env="online-nowhere").fault[0] == -601027
    assert asked(holder, uri, template_id="1").fault == _wrong("TemplateId not exist")
    assert asked(holder, "").fault[0] == -501007
    bare = moved_in(held, website=False).with_token()
    assert asked(bare, uri).fault[0] == -601028
    nameless = moved_in(held, profile=WechatProfile()).with_token()
    assert asked(nameless, uri).fault[0] == -601032
    assert asked(holder, uri).errcode == 0


def _wrong(words: str) -> tuple[int, str]:
    return -501007, f"{words} TcbCode: [InvalidParameter]"


# Addresses of files.


def test_an_address_is_good_once(holder: Holder) -> None:
    file = described(holder)
    assert file["MaxSize"] == 30
    assert put(holder, file["UploadUrl"], b"1").status == 200
    again = put(holder, file["UploadUrl"], b"2")
    assert (again.status, again.body) == (403, b"The address was used. Ask for another.")


def test_an_address_is_good_for_an_hour(held: HeldHouse, holder: Holder) -> None:
    file = described(holder)
    held.clock.pass_by(HOUR)
    assert put(holder, file["UploadUrl"], b"1").status == 403


def test_an_address_is_not_guessed(holder: Holder) -> None:
    address = described(holder)["UploadUrl"]
    before, letters = address.rsplit("/", 1)
    assert put(holder, f"{before}/{letters[:-1]}{'AB'[letters[-1] == 'A']}", b"1").status == 403
    assert put(holder, f"{before}/{'A' * 54}", b"1").status == 403
    assert put(holder, f"{before}/A", b"1").status == 403
    assert put(holder, address, b"").status == 403
    assert put(holder, address, b"1", "POST").status == 405
    assert put(holder, address, b"1").status == 200


def test_nothing_large_is_held_of_a_stranger(holder: Holder) -> None:
    address, large = described(holder)["UploadUrl"], b"," * (1 << 20)
    refused = put(holder, f"{address.rsplit('/', 1)[0]}/{'A' * 54}", large)
    assert refused.status == 413
    assert put(holder, address, large).status == 200


@pytest.mark.parametrize(
    "files",
    [[], [{"FileType": "SMS", "FileName": "x" * 25}], [{"FileType": "X", "FileName": "a"}], [{}]],
)
def test_what_is_wrong_with_a_file_is_told(holder: Holder, files: Any) -> None:
    assert holder.call(INFO, {"PostData": {"ExtensionFiles": files}}).fault[0] == -501007


def test_thirty_megabytes_are_taken_and_no_more(holder: Holder) -> None:
    """Most of its lines are bad, and each is told."""
    number, other = new_number(), new_number()
    filling = b"," * (LIMIT - 200) + b"\n"
    content = lines_of([number]) + filling + lines_of([other]) + b"1,2,3\n"
    found = records(holder, begun(holder, content), 4)
    assert [one["Status"] for one in found] == ["sent", "error", "sent", "error"]
    assert "octets" in found[1]["Remarks"]
    file = described(holder)
    heard = put(holder, file["UploadUrl"], b"," * (LIMIT + 1))
    assert heard.status == 413
    assert put(holder, file["UploadUrl"], b"1").status == 200


def test_a_file_that_is_no_csv_is_told(holder: Holder) -> None:
    (one,) = records(holder, begun(holder, "手机号".encode("utf-16")), 1)
    assert one["Remarks"] == "第1行：The file is UTF-16; save it as CSV UTF-8."


def test_nobody_who_has_the_disk_reads_a_file(held: HeldHouse, holder: Holder) -> None:
    """Neither while it waits nor when it was texted; nor in what is told of bad lines."""
    number, bad = new_number(), new_number()
    uri = uploaded(holder, lines_of([number]) + f"{bad},机密的内容,//x\n".encode())
    for lines in (0, 2):
        if lines:
            records(holder, asked(holder, uri).json["query_id"], lines)
        kept = [path for path in held.directory.rglob("*") if path.is_file()]
        assert any(path.name.startswith("hongyan.db") for path in kept)
        found = b"".join(path.read_bytes() for path in kept)
        for secret in (number, number[3:], bad, bad[3:], CONTENT, "机密的内容"):
            assert secret.encode() not in found


# Time.


def test_a_task_waits_for_the_hours_of_marketing(held: HeldHouse) -> None:
    mini = moved_in(held)
    minutes = (held.clock() + 8 * HOUR) % DAY // MINUTE
    opens = (minutes + 120) % (22 * 60)
    changed(held, mini, hours=Hours(opens, opens + 60))
    holder, number = mini.with_token(), new_number()
    query_id = begun(holder, lines_of([number]))
    assert told(holder, query_id)["TotalCount"] == 0
    held.clock.pass_by(((opens - minutes) % (24 * 60) + 1) * MINUTE)
    noticed(held)
    again = mini.with_token()
    begun(again, b"1,2,3\n")
    assert records(again, query_id, 1)[0]["Mobile"] == number


def test_the_cloud_call_reaches_the_same(held: HeldHouse, holder: Holder) -> None:
    plain = Plain(function_of(held, holder.mini), held.clock() // 1_000)
    file = {"file_type": "SMS", "file_name": "gongzi.csv"}
    answer = plain.ask(
        "cloudbase.describeExtensionUploadInfo", post_data={"extension_files": [file]}
    )
    (made,) = answer.json["Response"]["FilesData"]
    number = new_number()
    assert put(holder, made["UploadUrl"], lines_of([number])).status == 200
    created = plain.ask(
        "cloudbase.createSendSmsTask",
        env=holder.mini.env,
        fileUrl=made["CodeUri"],
        templateId=TEMPLATE,
        useShortName=True,
    )
    assert created.errcode == 0
    records(holder, created.json["query_id"], 1)
    assert holder.text(number)["text"].startswith("【云】")


# Killed.


@pytest.mark.timeout(120)
def test_a_task_that_was_killed_goes_on_and_texts_nobody_twice(
    tmp_path: Path, where: tuple[str, ...]
) -> None:
    numbers = [f"+86139{place:08d}" for place in range(3_000)]
    with Dev(tmp_path / "data", *where) as dev:
        holder = dev_holder(dev)
        query_id = begun(holder, lines_of(numbers))
        eventually(lambda: told(holder, query_id)["TotalCount"], 20)
        dev.kill()
    with Dev(tmp_path / "data", *where) as dev:
        holder = dev_holder(dev)
        before = told(holder, query_id)["TotalCount"]
        assert 0 < before < len(numbers)
        eventually(lambda: told(holder, query_id)["TotalCount"] == len(numbers), 60)
        pages = [told(holder, query_id, PageNumber=page)["SmsRecords"] for page in (1, 2, 3)]
        assert [one["Mobile"] for page in pages for one in page] == numbers
        texts = holder.call(RECORDS, {"EnvId": holder.mini.env, **DATES}).json
        assert texts["TotalCount"] == len(numbers)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """What says to `dev` where its store is."""
    with ExitStack() as stack:
        yield (
            ("--database", stack.enter_context(database())) if request.param == "postgres" else ()
        )


def dev_holder(dev: Dev) -> Holder:
    seeded = dev.file["wechat"]
    return MiniProgram(dev.url, seeded["appid"], seeded["secret"], seeded["env"]).with_token()
