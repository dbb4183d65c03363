"""Permissions of cloud functions: what config.json names, and nothing else."""

import pytest

from hongyan.wire.cloudcall.permission import EVERYTHING, MalformedConfig, permits, read

CONFIG = (
    b'{"permissions": {"openapi": ["cloudbase.sendSms", "urlscheme.generate"]}, "triggers": []}'
)


def test_what_config_json_names_may_be_called() -> None:
    granted = read(CONFIG)
    assert granted == {"cloudbase.sendSms", "urlscheme.generate"}
    assert permits(granted, "cloudbase.sendSms")
    assert not permits(granted, "cloudbase.sendSmsV2")
    assert not permits(granted, "cloudbase.sendsms")


def test_developments_token_may_call_everything() -> None:
    assert permits({EVERYTHING}, "anything.atAll")


def test_a_function_without_permissions_may_call_nothing() -> None:
    assert read(b"{}") == read(b'{"permissions": {}}') == frozenset()
    assert not permits(frozenset(), "cloudbase.sendSms")


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"[]",
        b'{"permissions": []}',
        b'{"permissions": {"openapi": "a"}}',
        b"\xff",
        b"[" * 9_000,
        b'{"permissions": {"openapi": ["*"]}}',
    ],
)
def test_another_file_is_refused(config: bytes) -> None:
    with pytest.raises(MalformedConfig, match=r"\w"):
        read(config)
