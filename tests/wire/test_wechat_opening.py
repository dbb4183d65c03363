"""Lists of APIs, and the environments that a call may be read to name."""

import pytest

from hongyan.wire.wechat.opening import MOST_APIS, are_apis, environments_in, is_among


@pytest.mark.parametrize(
    ("body", "environments"),
    [
        (b'{"env": "a"}', {"a"}),
        (b'{"env": "a", "envId": "b", "EnvId": "c", "env_id": "d"}', {"a", "b", "c", "d"}),
        (b'{"Env": "a", "post_data": {"Env": "b"}, "PostData": {"env_id": "c"}}', {"a", "b", "c"}),
        (b'{"env": "a", "env": "b"}', {"b"}),
        (b'{"env": 7, "env_id": null, "PostData": "x", "content": "y"}', set()),
        (b'{"cloud_base": {"env": "a"}}', set()),
        (b"{}", set()),
        (b"", set()),
        (b"[]", set()),
        (b'{"env": "\xff"}', set()),
        (b'{"env": ' + b"[" * 100_000, set()),
    ],
)
def test_every_environment_is_found_that_a_call_may_name(
    body: bytes, environments: set[str]
) -> None:
    assert environments_in(body) == environments


@pytest.mark.parametrize(
    ("apis", "path", "is_open"),
    [
        (["/*"], "/tcb/sendsms", True),
        (["/tcb/sendsms"], "/tcb/sendsms", True),
        (["/tcb/sendsms"], "/tcb/sendsmsv2", False),
        (["/tcb/send*"], "/tcb/sendsmsv2", True),
        (["/wxa/*", "/tcb/sendsms"], "/tcb/sendsms", True),
        (["/tcb/*/x"], "/tcb/sendsms", False),
        ([], "/tcb/sendsms", False),
    ],
)
def test_a_list_opens_what_stands_in_it(apis: list[str], path: str, *, is_open: bool) -> None:
    assert is_among(path, apis) is is_open


@pytest.mark.parametrize(
    ("apis", "are"),
    [
        ([], True),
        (["/*", "/tcb/sendsms"], True),
        (["/" + "a" * 127] * MOST_APIS, True),
        (["/a"] * (MOST_APIS + 1), False),
        (["/" + "a" * 128], False),
        (["tcb/sendsms"], False),
        (["*"], False),
        (["/云"], False),
    ],
)
def test_a_list_is_of_paths(apis: list[str], *, are: bool) -> None:
    assert are_apis(apis) is are
