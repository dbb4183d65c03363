"""deploy/: what users copy is confined, holds no secret, and names only what there is."""

import configparser
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import rich_click as click
import yaml  # type: ignore[import-untyped]

from hongyan.cli import cli
from hongyan.settings import ServerSettings, from_environment

ROOT: Final = Path(__file__).parents[1]
DEPLOY: Final = ROOT / "deploy"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
OURS: Final = [name for name, one in SERVICES.items() if one["image"] == "hongyan:local"]
UNITS: Final = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
STOPPING_S: Final = 3 + ServerSettings().drain_s
"""Answers under way, then hand-overs; the last commits come on top."""


def require_known(arguments: Sequence[str]) -> None:
    """The command line knows the command and its options. Raises UsageError."""
    name, *rest = arguments
    context = click.Context(cli, **cli.context_settings)
    command = cli.get_command(context, name)
    assert command is not None or name in {"--help", "--version"}, name
    if command is not None:
        command.make_context(name, rest, parent=context)


# compose.yaml


@pytest.mark.parametrize("name", OURS)
def test_the_command_line_knows_what_compose_says(name: str) -> None:
    require_known(
        [re.sub(r"\$\{.*\}", "sms.example.com", one) for one in SERVICES[name]["command"]]
    )


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_nobodies(name: str) -> None:
    one = SERVICES[name]
    assert one["user"].split(":")[0] not in {"", "0", "root"}
    assert one["cap_drop"] == ["ALL"]
    assert not one.get("cap_add")


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined(name: str) -> None:
    one = SERVICES[name]
    assert one["read_only"]
    assert "no-new-privileges:true" in one["security_opt"]
    assert not one.get("privileged")


def test_no_secret_stands_in_compose() -> None:
    for one in SERVICES.values():
        for name, value in one.get("environment", {}).items():
            assert "PASSWORD" not in name or value == "/run/secrets/postgres-password"
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value))
    assert COMPOSE["secrets"]["postgres-password"] == {"file": "./secrets/postgres-password"}


def test_only_who_must_reaches_the_database() -> None:
    assert SERVICES["postgres"]["networks"] == ["back"]
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert SERVICES["proxy"]["networks"] == ["front"]
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["proxy"]


def test_what_compose_mounts_is_there() -> None:
    assert set(COMPOSE["networks"]) == {net for one in SERVICES.values() for net in one["networks"]}
    for one in SERVICES.values():
        for volume in one.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists()


@pytest.mark.parametrize("name", OURS)
def test_settings_from_compose_are_settings(name: str) -> None:
    settings = from_environment(SERVICES[name]["environment"])
    (network,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert settings.server.trusted_proxies == (network["subnet"],)
    assert settings.store.database.startswith("postgresql://")


def test_there_are_two_of_each_and_the_proxy_knows_the_webs() -> None:
    webs = [name for name in SERVICES if name.startswith("web-")]
    assert len(webs) == len([name for name in SERVICES if name.startswith("worker-")]) == 2
    named = SERVICES["proxy"]["environment"]["HONGYAN_WEB"].split()
    ports = {SERVICES[name]["command"][-1] for name in webs}
    assert named == [f"{name}:{port}" for name in webs for port in ports]


@pytest.mark.parametrize("name", [one for one in OURS if "-" in one])
def test_who_serves_is_watched_and_has_time_to_stop(name: str) -> None:
    one = SERVICES[name]
    port = one["command"][one["command"].index("--port") + 1]
    assert re.search(
        rf"http://127\.0\.0\.1:{port}/(healthz|readyz)'", one["healthcheck"]["test"][-1]
    )
    assert float(one["stop_grace_period"].removesuffix("s")) > STOPPING_S
    assert one["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


# prepare


def test_prepare_makes_a_password_once(tmp_path: Path) -> None:
    script = shutil.copy(DEPLOY / "prepare", tmp_path)
    passwords = []
    for name in ("sms.example.com", "other.example.com"):
        subprocess.run(["/bin/sh", script, name], check=True)
        passwords.append((tmp_path / "secrets" / "postgres-password").read_text())
        assert (tmp_path / ".env").read_text() == f"HONGYAN_NAME={name}\n"
    assert re.fullmatch(r"[0-9a-f]{64}", passwords[0])
    assert passwords[0] == passwords[1]
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_prepare_needs_a_name(tmp_path: Path) -> None:
    script = shutil.copy(DEPLOY / "prepare", tmp_path)
    done = subprocess.run(["/bin/sh", script], check=False, capture_output=True, encoding="utf-8")
    assert done.returncode
    assert "sms.example.com" in done.stderr
    assert not (tmp_path / ".env").exists()


def test_what_prepare_makes_is_not_committed() -> None:
    assert (DEPLOY / ".gitignore").read_text().split() == [".env", "secrets/"]


# Dockerfile


def test_the_image_is_made_of_what_there_is() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split()
    copied = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", text)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists()
        assert f"!{name}" in let_in
    assert re.search(r'(?m)^name = "uv"\nversion = "', (ROOT / "uv.lock").read_text("utf-8"))
    assert re.search(r"(?m)^USER 10001:10001$", text)


# systemd


def unit(name: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(DEPLOY / "systemd" / name, "utf-8")
    return found


@pytest.mark.parametrize("name", UNITS)
def test_the_command_line_knows_what_units_start(name: str) -> None:
    program, *arguments = shlex.split(unit(name)["Service"]["ExecStart"].replace("%i", "8081"))
    assert program == "/opt/hongyan/bin/hongyan"
    require_known(arguments)


@pytest.mark.parametrize("name", UNITS)
def test_units_are_confined_and_have_time_to_stop(name: str) -> None:
    service = unit(name)["Service"]
    assert service["User"] == "hongyan"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert float(service["TimeoutStopSec"]) > STOPPING_S


@pytest.mark.external
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_the_units(name: str, tmp_path: Path) -> None:
    path = tmp_path / name.replace("@", "@8081")
    text = (DEPLOY / "systemd" / name).read_text("utf-8")
    path.write_text(text.replace("/opt/hongyan/bin/hongyan", sys.executable), "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(path)]
    done = subprocess.run(
        command, check=False, capture_output=True, encoding="utf-8", env=os.environ
    )
    about_ours = [line for line in done.stderr.splitlines() if path.name in line]
    assert not about_ours


def test_the_guide_names_every_file() -> None:
    guide = (ROOT / "docs" / "howto" / "deploy.md").read_text("utf-8")
    names = [path.name for path in DEPLOY.rglob("*") if path.is_file()]
    named = [one for one in names if not one.startswith(".") and not one.endswith(".dockerignore")]
    assert all(name in guide for name in named if name != "postgres-password")
