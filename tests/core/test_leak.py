"""Leaks: every secret in every quoting, and none in what only looks like one."""

import base64
import json
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hongyan.core.leak import IGNORE, Rule, leaks, masked
from hongyan.core.placeholder import is_placeholder
from support import fake

UUID, BASE64, HEX = fake.zhenzi_secret(), fake.zhenzi_secret_in_base64(), fake.wechat_secret()
SK, AKID, KEY = fake.hongyan_key(), fake.tencent_id(), fake.tencent_key()

seeds = st.integers(0, 2**64)


def rules(text: str) -> list[Rule]:
    return [leak.rule for leak in leaks(text)]


# What is found.

ASSIGNED = [
    "const {name} = '{value}'",
    'let {name}="{value}";',
    "var {name} = `{value}`",
    "  {name}: '{value}',",
    '{{"{name}": "{value}"}}',
    '{{\\"{name}\\":\\"{value}\\"}}',
    "a=1,{name}='{value}',b=2",
    "config.{name} = '{value}'",
    "config['{name}'] = '{value}'",
    "{name}: string = '{value}'",
    "{name}?: string = '{value}'",
    "{name}: process.env.THAT || '{value}'",
    "{name}: env.THAT ?? '{value}'",
    "{name} = live ? '{value}' : ''",
    "{name} = live ? process.env.THAT : '{value}'",
    "{name}: string = live ? '{value}' : read()",
    "{name} =\n    '{value}'",
    "if ({name} === '{value}') {{",
    '<view data-{name}="{value}">',
    "// {name}: '{value}'",
    "my_{name} = '{value}'",
]
UNQUOTED = [
    "{name}={value}",
    "export {name}={value}",
    "{name}: {value}",
    "https://a.example/token?{name}={value}&js_code=",
    "'&{name}=' + '{value}' + '&js_code='",
    "<{name}>{value}</{name}>",
    "form.append('{name}', '{value}')",
    "{name}: ('{value}')",
    "{name} = decrypt('{value}')",
]


@pytest.mark.parametrize("name", ["appSecret", "AppSecret", "app_secret", "APPSECRET", "secret"])
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (UUID, Rule.ZHENZI_APP_SECRET),
        (BASE64, Rule.ZHENZI_APP_SECRET),
        (HEX, Rule.WECHAT_APP_SECRET),
        (SK, Rule.HONGYAN_SECRET_KEY),
        (AKID, Rule.TENCENT_SECRET_ID),
    ],
)
@pytest.mark.parametrize("written", ASSIGNED + UNQUOTED)
def test_a_secret_is_found_however_it_is_assigned(
    written: str, value: str, rule: Rule, name: str
) -> None:
    text = written.format(name=name, value=value)
    [leak] = leaks(text)
    assert leak.rule is rule
    before = text[: text.index(value)]
    assert leak.line == before.count("\n") + 1
    assert leak.column == len(before.rpartition("\n")[2]) + 1


@pytest.mark.parametrize("name", ["secretKey", "SecretKey", "SECRET_KEY", "secretAccessKey"])
@pytest.mark.parametrize("written", ASSIGNED)
def test_a_secret_key_of_tencent_is_found(written: str, name: str) -> None:
    assert rules(written.format(name=name, value=KEY)) == [Rule.TENCENT_SECRET_KEY]


@pytest.mark.parametrize("name", ["accessToken", "access_token", "wx_api_token", "WX_API_TOKEN"])
@pytest.mark.parametrize("written", ASSIGNED)
def test_a_token_is_found(written: str, name: str) -> None:
    assert rules(written.format(name=name, value=fake.token())) == [Rule.ACCESS_TOKEN]


@pytest.mark.parametrize("name", ["mchKey", "mch_key", "partnerKey", "apiV3Key", "API_V3_KEY"])
@pytest.mark.parametrize("written", ASSIGNED + UNQUOTED)
def test_a_key_of_wechat_pay_is_found(written: str, name: str) -> None:
    assert rules(written.format(name=name, value=KEY)) == [Rule.WECHAT_PAY_KEY]


@pytest.mark.parametrize(
    "text",
    [
        "appSecret: 'q7" + "w2kd93'",
        "appSecret = process.env.SECRET || 'q7" + "w2kd93'",
        "clientSecret: 'q7w2kd93" + "mZp5vR1x'",
        "secretKey = 'q7w2kd93" + "mZp5vR1x'",
        "apiSecret: 'k8Zq2L" + "mP0xYv'",
        "clientSecret = 'k8zq2l" + "mp0xyv'",
        "secretKey = 'k8Zq2L" + "mP0xYv'",
        "clientSecret: 'Qw3rTy!9s" + "dkfj2Zx81'",
        "appSecret: 'q7w2" + "#kd@9'",
        "apiSecret: 'k8Z$2L" + "mP%xY^v&q*7?w'",
        f"SECRETKEY = '{HEX}{HEX[::-1]}'",
        f"WECHAT_SECRET_KEY={KEY}"[:34],
        "  export APP_SECRET=q7w2" + "kd93mZp5",
    ],
)
def test_other_secrets_are_found_by_their_name(text: str) -> None:
    assert rules(text) == [Rule.SECRET_LITERAL]


@pytest.mark.parametrize(
    "text",
    [
        f"zhenzisms.client.init('https://sms_developer.zhenzikj.com', '100001', '{UUID}');",
        f"zhenzisms.client.init(apiUrl, appId, '{UUID}')",
        f'a.client.init("https://sms.example","100001","{BASE64}")',
        f"a.client\n  .init(\n    url,\n    'id',\n    '{KEY}'\n  )",
        f"const s = '{UUID}'\nrequire('../../utils/zhenzisms.js')",
        f"const base = 'https://smsdeveloper.zhenzikj.com'\nconst s = '{UUID}'",
        f"const anything = '{BASE64}'",
    ],
)
def test_a_secret_of_zhenzi_is_found_whatever_it_is_called(text: str) -> None:
    assert rules(text) == [Rule.ZHENZI_APP_SECRET]


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "])
@pytest.mark.parametrize("written", ["{}", "key = `{}`"])
def test_a_private_key_is_found(kind: str, written: str) -> None:
    [leak] = leaks(written.format(fake.private_key(kind=kind)))
    assert leak.rule is Rule.PRIVATE_KEY
    assert leak.masked == f"-----BEGIN {kind}PRIVATE KEY-----"


def test_a_private_key_in_one_string_is_found() -> None:
    escaped = json.dumps({"key": fake.private_key()})
    assert rules(escaped) == [Rule.PRIVATE_KEY]
    assert rules(json.dumps({"sourcesContent": [escaped]})) == [Rule.PRIVATE_KEY]


def test_a_secret_key_of_ours_is_found_by_its_form_alone() -> None:
    assert rules(f"header: {{ Authorization: 'Bearer {SK}' }}") == [Rule.HONGYAN_SECRET_KEY]


def test_every_secret_of_a_minified_line_is_found() -> None:
    padding = "function(e,t){return e&&t||void 0}," * 4_000
    line = padding.join([f'appSecret:"{UUID}"', f'"{SK}"', f'secret:"{HEX}"'])
    found = leaks(line)
    assert [leak.line for leak in found] == [1, 1, 1]
    assert [line[leak.column - 1 :][:3] for leak in found] == [UUID[:3], SK[:3], HEX[:3]]


def test_places_are_counted_over_many_lines() -> None:
    text = f"\n\n  secret: '{HEX}'\r\n中文 secret: '{UUID}', s: '{SK}'\n"
    first = 2 + len(" secret: '") + 1
    assert [(leak.line, leak.column) for leak in leaks(text)] == [
        (3, 12),
        (4, first),
        (4, first + len(f"{UUID}', s: '")),
    ]


made = st.one_of(
    *(
        seeds.map(make)
        for make in (
            fake.zhenzi_secret,
            fake.zhenzi_secret_in_base64,
            fake.wechat_secret,
            fake.hongyan_key,
            fake.tencent_id,
        )
    )
)


@given(made, st.sampled_from(ASSIGNED + UNQUOTED), st.integers(0, 2))
def test_every_secret_is_found_once_and_never_told(value: str, written: str, depth: int) -> None:
    assume(not is_placeholder(value))
    text = written.format(name="appSecret", value=value)
    for _ in range(depth):
        text = json.dumps(text)
    [leak] = leaks(text)
    told = leak.masked.replace("…", "")
    assert value not in leak.masked
    assert len(told) <= 6
    assert leak.masked == masked(value)


@given(st.text(min_size=8))
def test_a_masked_value_never_is_the_whole(value: str) -> None:
    assert value not in masked(value)
    assert len(masked(value)) <= len(value)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    leaks(text)


# What is not.


@pytest.mark.parametrize(
    "value",
    [
        "",
        "appSecret",
        "AppSecret",
        "你的appSecret",
        "您的榛子云appSecret",
        "your-app-secret",
        "YOUR_APP_SECRET_123",
        "yourAppSecret2024",
        "<AppSecret>",
        "${APP_SECRET}",
        "{{secret1}}",
        "%APP_SECRET_1%",
        "xxxx",
        "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "********************************",
        "3f2a****************************",
        "3f2a1b...",
        "11111111-2222-3333-4444-555555555555",
        "00000000-0000-0000-0000-000000000000",
        "12345678-1234-1234-1234-123456789012",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "1234567890abcdef1234567890abcdef",
        "0123456789abcdef0123456789abcdef",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "abcdef123456",
        "test-app-secret-1",
        "change_me_please_1",
        "put-your-key-2-here",
        "sample1234value",
    ],
)
@pytest.mark.parametrize("written", ASSIGNED)
def test_a_placeholder_is_no_alarm(value: str, written: str) -> None:
    assert not leaks(written.format(name="appSecret", value=value))


@pytest.mark.parametrize(
    "text",
    [
        "appSecret: process.env.APP_SECRET",
        "const { appSecret } = event",
        "const appSecret = event.appSecret",
        "appSecret = config.zhenzi.appSecret2",
        "this.appSecret=t2,this.appId=e1",
        "appSecret = readSecretOfHouse1(file)",
        "APP_SECRET=$ZHENZI_APP_SECRET_1",
        "zhenzisms.client.init(apiUrl, appId, appSecret);",
        "zhenzisms.client.init('https://sms_developer.zhenzikj.com', 'appId', 'appSecret');",
        "client.init = function (apiUrl, appId, appSecret) {",
        "im.client.init('v1', options, 'zh-CN-2024')",
        f"zhenzisms.client.send(done, {{ messageId: '{UUID}' }})",
        f"zhenzisms.client.init(a, b, c)\n{' ' * 900}\nconst other = '{UUID}'",
        f"spuId: '{UUID}'",
        f"secretId: '{HEX}'",
        f"secretHash = '{HEX}'",
        f"['appId', 'appSecret', 'q7w2{KEY}']",
        f"sign(secret, '{HEX}')",
        f"hash: '{HEX}'",
        f'"integrity": "sha512-{BASE64}AA=="',
        f"url(data:font/woff2;base64,{BASE64}{BASE64})",
        "pem.replace('-----BEGIN RSA PRIVATE KEY-----', '')",
        "'-----BEGIN PRIVATE KEY-----\\n' + key + '\\n-----END PRIVATE KEY-----'",
        "-----BEGIN PRIVATE KEY-----\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        f"-----BEGIN PUBLIC KEY-----\n{HEX}{HEX}",
        "secretKey: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE'",
        "SecretId: 'AKID********************************'",
        "sk_this_is_a_name_in_snake_case_number1",
        "sk_" + "a_name_of_length_32_in_snakecase",
        "sk_" + "A_NAME_OF_LENGTH_32_IN_SNAKECASE",
        "'Z" + fake.tencent_key() + "abcdefghijklmno'",
        "'" + base64.b64encode(b"a sentence of thirty-six characters.").decode() + "'",
        f"task_{KEY}",
        "wx.setStorageSync('accessToken', res.data.accessToken)",
        "accessToken: 'pk." + fake.token() + "'",
        f'placeholder="请输入 secret" value="{HEX}"',
        "secret.title: '密钥不能为空'",
        "secretKey: 'q7" + "w2kd93'",
        "clientSecret: 'q7" + "w2kd93'",
        "apiSecret: 'q7" + "w2kd93mZp'",
        "apiSecret: 'user_cache_v12'",
        "secretKey: 'cacheOfUserV1'",
        "appSecret = '%ZENMO_KEY_12%'",
        "appSecret = '$ZENMO_KEY_12'",
        "appSecret = '&js_code=q7" + "w2kd93'",
        "appSecret = '?grant=q7" + "w2kd93'",
        "appSecret: 'required|min:32'",
        "appSecret: 'zenmo.q7" + "w2kd93'",
        "appSecret: { type: 'string', required: true, min: 32 }",
        "appSecret: '必填', appId: 'wx1" + HEX[:15] + "'",
    ],
)
def test_what_only_looks_like_a_secret_is_no_alarm(text: str) -> None:
    assert not leaks(text)


@given(seeds)
def test_a_publishable_key_is_meant_to_be_public(seed: int) -> None:
    assert not leaks(f"const KEY = '{fake.hongyan_key(seed, 'pk')}'")


# What its author has looked at.


@pytest.mark.parametrize(
    "text",
    [
        f"secret: '{HEX}', // {IGNORE}",
        f"secret={HEX} # {IGNORE}",
        f"// {IGNORE}\nsecret: '{HEX}'",
        f"a\n  /* {IGNORE} */\r\n  secret: '{HEX}'",
        f"<!-- {IGNORE} -->\n<view data-secret='{HEX}'/>",
        f"# {IGNORE}\n{fake.private_key()}",
    ],
)
def test_a_comment_ignores_a_leak(text: str) -> None:
    assert [leak.ignored for leak in leaks(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        f"secret: '{HEX}'\n// {IGNORE}",
        f"// {IGNORE}\n\nsecret: '{HEX}'",
        f"id: 1 // {IGNORE}\nsecret: '{HEX}'",
        f"/* {IGNORE} */ secret: '{HEX}'",
        f"secret: '{HEX}',{'a' * 300} // {IGNORE}",
        f"\"secret: '{HEX}'\\n// {IGNORE}\"",
    ],
)
def test_a_comment_elsewhere_does_not(text: str) -> None:
    assert [leak.ignored for leak in leaks(text)] == [False]


# Time.


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        " ",
        "\n",
        '"',
        "\\",
        "secret",
        "secret = ",
        "secret:" + "a" * 80,
        "secret: a b c d e f g h i j k l m n o p q r s t",
        'secret\\\\\\"=',
        "access_token" + " " * 8,
        "client.init(a,",
        "client.init('",
        "-----BEGIN RSA PRIVATE KEY-----\\n",
        "sk_a",
        "AKID",
        "M" * 47 + "=",
        f"'{UUID}'zhenzi",
        f"secret='{HEX}',",
        f"'{SK}'\n",
    ],
)
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    def took(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.process_time()
        leaks(text)
        return time.process_time() - began

    few = min(took(50_000) for _ in range(3))
    many = min(took(400_000) for _ in range(2))
    assert many < 8 * few * 4 + 0.05
