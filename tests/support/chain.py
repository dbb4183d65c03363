"""Hongyan behind Hongyan: a house whose texts go to another one, in processes of their own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hongyan.app.development import SIGNATURE
from hongyan.core.message import Kind
from hongyan.service.administer import add_template
from hongyan.service.directory import Review
from support.process import Dev

ASKED_S = 25.0
"""What real questions, some seconds apart, may take."""
SENT = ("submitted", "delivered")


@contextmanager
def front_of(data: Path, provider: str, environment: Mapping[str, str]) -> Iterator[Dev]:
    """A house of its own, whose texts go to its upstream."""
    with Dev(data, **environment) as house:
        for kind in ("verification", "notice"):
            house.command("route", kind, provider)
        yield house


def environment_of(provider: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """`[providers.NAME]` as variables."""
    prefix = f"HONGYAN__PROVIDERS__{provider.upper()}__"
    return {f"{prefix}{name.upper()}": str(value) for name, value in settings.items()}


def template_of(upstream: Dev, app: str, kind: Kind, body: str) -> str:
    """A template that the upstream's app may send at once; its number."""
    with upstream.administering() as administering:
        directory = administering.directory()
        name, account = f"{app}_{kind}", directory.apps[app].account.id
        made = add_template(administering, account, name, kind, SIGNATURE, body)
        administering.review_template(made, Review.APPROVED, "")
    return str(made)


def arrived(upstream: Dev, phone: str) -> list[str]:
    """What the phone behind the upstream has got."""
    return [str(one["text"]) for one in upstream.nobody.texts(phone)]


def port_of(house: Dev) -> int:
    return urlsplit(house.url).port or 0


def tried(found: Any, provider: str) -> list[str]:
    """What each hand-over came to."""
    steps = [one for one in found["timeline"] if one.get("attempt")]
    assert {one["provider"] for one in steps} == {provider}
    return [one["event"] for one in steps if one["event"] != "sending"]


def metric(house: Dev, name: str, **labels: str) -> float | None:
    """The first of this name with these labels."""
    lines = house.nobody.get("/metrics").body.decode().splitlines()
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    for line in lines:
        if line.startswith(f"{name}{{") and all(one in line for one in wanted):
            return float(line.rpartition(" ")[2])
    return None
