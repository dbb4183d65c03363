"""The Zhenzi wire: dialects in, bytes out."""

import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.message import Status
from hongyan.wire import zhenzi
from hongyan.wire.zhenzi import Code, Malformed, Unreadable

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
VALUES = st.lists(TEXT, max_size=zhenzi.MOST_PARAMS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
)


def as_java(values: list[str]) -> str:
    """`JsonUtil.toJSONString`: escapes `" \\ / \\b \\f \\n \\r \\t`, and nothing else."""
    escapes = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n"}
    escapes |= {"\r": "\\r", "\t": "\\t"}
    written = ["".join(escapes.get(one, one) for one in value) for value in values]
    return "[" + ",".join(f'"{one}"' for one in written) + "]"


# Values of a template.


@given(VALUES)
def test_every_dialect_of_values_reads_alike(values: list[str]) -> None:
    of_python = json.dumps(values)
    of_node = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    for written in (of_python, of_node, json.dumps(of_python), json.dumps(of_node)):
        assert zhenzi.read_params(written, loose=False) == tuple(values)
        assert zhenzi.read_params(written, loose=True) == tuple(values)


@given(st.lists(PLAIN, max_size=zhenzi.MOST_PARAMS))
def test_javas_values_are_read(values: list[str]) -> None:
    assert zhenzi.read_params(as_java(values), loose=False) == tuple(values)


@given(VALUES)
def test_our_own_values_are_read(values: list[str]) -> None:
    assert zhenzi.read_params(zhenzi.written_params(values), loose=False) == tuple(values)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        (r'["34\"2\/1\\","5分钟"]', ('34"2/1\\', "5分钟")),
        (r'["3421", "5\u5206\u949f"]', ("3421", "5分钟")),
        (r'"[\"3421\", \"5\\u5206\\u949f\"]"', ("3421", "5分钟")),
        ('["3421","5分钟"]', ("3421", "5分钟")),
        ("[3421, 5]", ("3421", "5")),
        ('[3421, "5"]', ("3421", "5")),
        ("[0.5,-1,90071992547409931]", ("0.5", "-1", "90071992547409931")),
        ("[]", ()),
        ("", ()),
        ('["",""]', ("", "")),
    ],
)
def test_a_dialect_that_was_seen_is_read(written: str, values: tuple[str, ...]) -> None:
    assert zhenzi.read_params(written, loose=False) == values


@pytest.mark.parametrize(
    "written",
    [
        *("3421;5分钟", "3421", '"3421"', '{"1":"3421"}', "null", "true", '[["3421"]]', "[null]"),
        *("[true]", '[{"a":1}]', '["3421"', '["3421",]', "['3421']", '["a\x01"]', '["\\ud800"]'),
        *('"\\"[1]\\""', "[1e999]", "[NaN]", "[" + "1" * 5_000 + "]", "[" * 50_000, "\ufeff[]"),
        json.dumps(["1"] * (zhenzi.MOST_PARAMS + 1)),
    ],
)
def test_what_is_no_array_of_strings_is_malformed(written: str) -> None:
    with pytest.raises(Malformed, match="templateParams"):
        zhenzi.read_params(written, loose=False)


@given(JSON.map(json.dumps) | TEXT, st.booleans())
def test_values_are_read_or_malformed(written: str, loose: bool) -> None:
    try:
        values = zhenzi.read_params(written, loose=loose)
    except Malformed:
        return
    assert all(isinstance(value, str) for value in values)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("3421;5分钟", ("3421", "5分钟")),
        ("3421", ("3421",)),
        ("3421;", ("3421", "")),
        ('["3;4","5"]', ("3;4", "5")),
    ],
)
def test_loose_values_are_split_at_semicolons(written: str, values: tuple[str, ...]) -> None:
    assert zhenzi.read_params(written, loose=True) == values


@pytest.mark.parametrize("written", ['["3421";"5"]', '{"1":"3421"}', '"3421;5"'])
def test_what_begins_like_json_is_not_split(written: str) -> None:
    with pytest.raises(Malformed):
        zhenzi.read_params(written, loose=True)


# Forms.


def test_an_empty_field_is_absent_and_an_unknown_one_is_passed_over() -> None:
    body = b"appId=1&messageId=&clientIp=&invalidTimes=5&invalidTimes=6&apiUrl=http%3A%2F%2Fx&a"
    assert zhenzi.read_form(body) == {"appId": "1"}


@pytest.mark.parametrize("name", ["appId", "appSecret", "number", "message", "templateParams"])
def test_a_repeated_field_is_malformed(name: str) -> None:
    with pytest.raises(Malformed, match=f"{name}重复"):
        zhenzi.read_form(f"{name}=1&{name}=1".encode())


@pytest.mark.parametrize("body", [b"message=%", b"message=\xff", b"other=%b0%a1"])
def test_a_broken_form_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        zhenzi.read_form(body)


@pytest.mark.parametrize(
    "indices", [("[0]", "[1]"), ("[]", "[]"), ("%5B0%5D", "%5B1%5D"), ("[1]", "[2]")]
)
def test_an_array_of_phps_reads_as_everybody_elses(indices: tuple[str, str]) -> None:
    written = [
        f"templateParams{index}={quote_plus(v)}" for index, v in zip(indices, "甲乙", strict=True)
    ]
    form = zhenzi.read_form("&".join(written).encode())
    assert zhenzi.read_params(form["templateParams"], loose=False) == ("甲", "乙")


def test_an_array_of_phps_comes_in_the_order_of_its_indices() -> None:
    body = "&".join(f"templateParams[{index}]={index}" for index in (10, 1, 0, 2))
    form = zhenzi.read_form(body.encode())
    assert zhenzi.read_params(form["templateParams"], loose=False) == ("0", "1", "2", "10")


@pytest.mark.parametrize(
    "body",
    [b"templateParams[0]=1&templateParams[0]=2", b'templateParams=["1"]&templateParams[0]=1'],
)
def test_a_value_that_stands_twice_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed, match="templateParams重复"):
        zhenzi.read_form(body)


@pytest.mark.parametrize("name", ["templateParams[a]", "templateParams[-1]", "templateParams[٣]"])
def test_what_is_no_index_is_an_unknown_field(name: str) -> None:
    assert zhenzi.read_form(urlencode({name: "1"}).encode()) == {}


@given(st.binary())
def test_a_form_is_read_or_malformed(body: bytes) -> None:
    try:
        found = zhenzi.read_form(body)
    except Malformed:
        return
    assert "" not in found.values()


@pytest.mark.parametrize(
    "written",
    [
        *("+8615811111111", "8615811111111", "008615811111111", "158-1111-1111", "158 1111 1111"),
        *("15811111111,15811111112", "1581111111", "158111111111", "25811111111", "1581111111a"),
        *("１５８１１１１１１１１", "٠١٥٨١١١١١١١", "15811111111\n", " 15811111111", "", "null"),
    ],
)
def test_a_number_is_eleven_digits_and_no_more(written: str) -> None:
    assert zhenzi.read_number("15811111111") == "15811111111"
    with pytest.raises(Malformed, match="手机号码"):
        zhenzi.read_number(written)


@pytest.mark.parametrize(
    ("written", "template"),
    [("1", 1), ("355", 355), ("9" * 18, 10**18 - 1), ("9" * 19, 0)]
    + [(written, 0) for written in ("0", "-1", "1.0", "٣", "1\n", " 1", "01", "1 OR 1=1", "code")],
)
def test_what_is_no_template_id_names_no_template(written: str, template: int) -> None:
    assert zhenzi.read_template_id(written) == template


@pytest.mark.parametrize("reference", ["a\r\nb", "\x00", "a\x7f", "a\x85b", "a" * 65])
def test_a_message_id_is_one_line_of_64_characters(reference: str) -> None:
    assert zhenzi.read_reference("鸿" * 64) == "鸿" * 64
    with pytest.raises(Malformed, match="messageId"):
        zhenzi.read_reference(reference)


# Answers.


def test_answers_are_compact_with_the_code_first() -> None:
    assert zhenzi.answer(Code.OK, "发送成功") == zhenzi.ACCEPTED
    assert zhenzi.ACCEPTED.decode() == '{"code":0,"data":"发送成功"}'
    assert zhenzi.answer(Code.OK, 537) == b'{"code":0,"data":537}'
    assert zhenzi.refusal(Code.NO_BALANCE) == '{"code":108,"data":"余额不足"}'.encode()
    told = zhenzi.SentText("码", "应用", "2021-03-10 19:24:19", "success", "158****0252", "123")
    assert (
        zhenzi.answer(Code.OK, told)
        == (
            '{"code":0,"data":{"message":"码","appName":"应用","createTime":"2021-03-10 19:24:19",'
            '"status":"success","toNumber":"158****0252","messageId":"123"}}'
        ).encode()
    )


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_every_refusal_has_words_that_a_client_reads(code: Code) -> None:
    for detail in ("", 'a "b"\n</script>'):
        read = zhenzi.read_answer(zhenzi.refusal(code, detail))
        assert read.code == code
        assert read.data.startswith(zhenzi.REASONS[code])
        assert read.data.endswith(detail)


@given(st.sampled_from(Code), JSON)
def test_an_answer_is_read_as_it_was_written(code: Code, data: object) -> None:
    body = zhenzi.answer(code, data)
    assert zhenzi.read_answer(body) == zhenzi.Answer(code, json.loads(body)["data"])


@given(st.binary() | JSON.map(lambda one: json.dumps(one).encode()))
def test_what_comes_back_is_an_answer_or_unreadable(body: bytes) -> None:
    try:
        read = zhenzi.read_answer(body)
    except Unreadable:
        return
    assert type(read.code) is int


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"<html>502</html>",
            b"[]",
            b"null",
            b"{}",
            b'{"data":1}',
            b'{"code":"0","data":""}',
        ),
        *(
            b'{"code":null}',
            b'{"code":true}',
            b'{"code":0.0}',
            b'{"code":0',
            b"\xff",
            b"[" * 50_000,
        ),
        '{"code":0,"data":"发送成功"}'.encode("gbk"),
    ],
)
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        zhenzi.read_answer(body)


# What is told of a message.


def test_only_what_was_delivered_is_a_success() -> None:
    words = {status: zhenzi.status_word(status) for status in Status}
    assert [status for status, word in words.items() if word == "success"] == [Status.DELIVERED]
    assert words[Status.CLAIMED] == "queued"
    others = set(Status) - {Status.DELIVERED, Status.CLAIMED}
    assert all(words[status] == status.value for status in others)


@given(st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1)))  # noqa: DTZ001 - made aware below
def test_times_are_beijings(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    beijing = aware.astimezone(timezone(timedelta(hours=8)))
    at = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert zhenzi.written_time(at) == f"{beijing:%Y-%m-%d %H:%M:%S}"
