"""Opening: what the containers of a mini program may call, which bring no secret of its.

A server in a trusted network, or one that brings a cloudbase_access_token, is such a container. A mini
program's environments are open to them all together, or none is; which APIs is said for each.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from hongyan.core.time import Millis
from hongyan.service.directory import App, Directory, Environment
from hongyan.service.ports import Administration
from hongyan.service.serving import Serving
from hongyan.service.wechat.bearer import Bearers
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.environments import environment_of
from hongyan.wire.wechat import body
from hongyan.wire.wechat.answers import CLOUD_RIGHTS
from hongyan.wire.wechat.fault import INVALID_PARAMETER, Fault
from hongyan.wire.wechat.opening import (
    CloudAccess,
    CloudAccessChanged,
    UseCloudAccessToken,
    environments_in,
    is_among,
)
from hongyan.wire.wechat.tokens import Kind

USE: Final = "/tcb/usecloudaccesstoken"
"""No container may call this, whatever it may call: it would open the rest to itself."""

_CLOSED: Final = 85112
_NOT_READY: Final = 85113
_NOT_LISTED: Final = 85107


class Opening:
    """Says what is open, and changes it."""

    def __init__(self, serving: Serving, bearers: Bearers) -> None:
        self._store = serving.store
        self._clock = serving.clock
        self._bearers = bearers

    async def use(self, caller: Caller, given: bytes) -> bytes:
        """/tcb/usecloudaccesstoken. Raises Fault."""
        wanted = body.read(given, UseCloudAccessToken)
        wanted.require()
        if caller.third_party is not None and not caller.rights & CLOUD_RIGHTS:
            raise Fault(61007)
        if not wanted.is_change:
            known = environment_of(self._store.directory, caller, wanted.env)
            told = CloudAccess(known.opens_apis, known.apis, known.apis_version)
            return msgspec.json.encode(told)

        third_party = caller.third_party.id if caller.third_party else 0
        self._bearers.count((Kind.CLOUDBASE, caller.app.id, third_party), self._clock())

        def change(administration: Administration) -> None:
            known = environment_of(administration.directory(), caller, wanted.env)
            if wanted.version != known.apis_version:
                raise Fault(INVALID_PARAMETER, f"version is {known.apis_version} by now")
            opens, apis = bool(wanted.open), wanted.api_whitelist or ()
            put_apis(administration, known, self._clock(), opens=opens, apis=apis)
            who = caller.third_party or caller.app
            subject, detail = f"environment {known.id}", in_words(opens=opens, apis=apis)
            administration.audit(f"app {who.name}", "opened APIs", subject, detail)

        await self._bearers.at_desk(change)
        return msgspec.json.encode(CloudAccessChanged())

    def require(self, app: App, path: str, given: bytes) -> None:
        """Raise Fault unless a container of this mini program may make this call.

        One that names no environment of its needs one that allows it.
        """
        if path == USE:
            raise Fault(_NOT_LISTED)
        directory = self._store.directory
        own = [one for one in directory.environments.values() if one.app == app.id]
        named = environments_in(given)
        asked = [one for one in own if one.id in named]
        refused = [_refused(directory, one, path) for one in asked or own]
        if asked:
            if worst := max(refused):
                raise Fault(worst)
        elif own and all(refused):
            raise Fault(max(refused))


def put_apis(
    administration: Administration,
    known: Environment,
    now: Millis,
    *,
    opens: bool,
    apis: Sequence[str],
) -> None:
    """Open an environment for these APIs, or close it; with it all others of its app."""
    for one in administration.directory().environments.values():
        if one.app != known.app:
            continue
        changed = msgspec.structs.replace(
            one,
            opens_apis=opens,
            opened_at=now if opens and not one.opens_apis else one.opened_at,
            apis=tuple(apis) if one.id == known.id else one.apis,
        )
        if changed != one:
            version = one.apis_version + 1
            administration.put_environment(msgspec.structs.replace(changed, apis_version=version))


def in_words(*, opens: bool, apis: Sequence[str]) -> str:
    """For the audit."""
    return f"open: {' '.join(apis) or 'none'}" if opens else "closed"


def _refused(directory: Directory, environment: Environment, path: str) -> int:
    """Why it does not allow a call; 0 where it does."""
    if not environment.opens_apis:
        return _CLOSED
    if not is_among(path, environment.apis):
        return _NOT_LISTED
    grant = directory.grants.get((Kind.CLOUDBASE.value, environment.app, 0))
    made_at = grant.issued_at if grant is not None else 0
    return _NOT_READY if made_at < environment.opened_at else 0
