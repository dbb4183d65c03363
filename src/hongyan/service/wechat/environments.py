"""Environments 环境: whose one is that a call names."""

from hongyan.service.administer import COMPONENT, WECHAT
from hongyan.service.directory import App, Directory, Environment
from hongyan.service.wechat.caller import Caller
from hongyan.wire.wechat.fault import Fault


def environment_of(
    directory: Directory, caller: Caller, name: str, resource_appid: str = ""
) -> Environment:
    """The environment that a caller may use: the mini program's, or with its appid as
    `resource_appid` that of the third party who calls. Raises Fault.
    """
    owner = _owner(directory, caller, resource_appid)
    found = directory.environments.get(name)
    if found is None or found.app != owner.id:
        has_any = any(one.app == owner.id for one in directory.environments.values())
        raise Fault(-601027 if has_any else 85088)
    return found


def _owner(directory: Directory, caller: Caller, appid: str) -> App:
    if not appid:
        return caller.app
    for protocol in (WECHAT, COMPONENT):
        named = directory.named.get((protocol, appid))
        if named is not None and named.id in _owners(caller):
            return named
    raise Fault(-601027)


def _owners(caller: Caller) -> set[int]:
    third_party = caller.third_party
    return {caller.app.id} if third_party is None else {caller.app.id, third_party.id}
