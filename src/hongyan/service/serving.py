"""Serving: what a protocol of others is made of, whichever it is."""

import asyncio

import msgspec

from hongyan.service.accept import Acceptance
from hongyan.service.admit import Admission
from hongyan.service.ports import Chance, Clock, Desk, Sealer, Store


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """The services of a house, handed to each of its protocols."""

    store: Store
    sealer: Sealer
    clock: Clock
    chance: Chance
    admission: Admission
    acceptance: Acceptance
    desk: Desk
    base_url: str = ""
    """Where callers reach this house."""
    in_development: bool = False
    """Whether this is `hongyan dev`."""
    new_tasks: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    """Set when there is a task to be taken up."""
