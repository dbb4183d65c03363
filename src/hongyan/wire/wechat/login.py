"""Who calls: the requests for tokens and for users, and what stands in a query for the caller.

Read by `body.read`, `body.read_query` and `credential`; `require()` finds what is missing. What is
wrong is for who knows the apps to say.
"""

from functools import lru_cache

import msgspec

from hongyan.wire.wechat.body import Body, last_of_each
from hongyan.wire.wechat.fault import Fault


class _Secret(Body):
    """A request whose repr tells nothing: most of what stands in it is secret."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class GetToken(_Secret, kw_only=True):
    """/cgi-bin/token, a query"""

    grant_type: str = ""
    appid: str = ""
    secret: str = ""

    def require(self) -> None:
        """Raises Fault."""
        _require_app(self.appid, self.secret)
        _require_grant(self.grant_type, "client_credential")


class StableToken(GetToken, kw_only=True):
    """/cgi-bin/stable_token"""

    force_refresh: bool = False


class CodeToSession(_Secret, kw_only=True):
    """/sns/jscode2session, a query"""

    appid: str = ""
    secret: str = ""
    js_code: str = ""
    grant_type: str = ""

    def require(self) -> None:
        """Raises Fault."""
        _require_app(self.appid, self.secret)
        if not self.js_code:
            raise Fault(41008)
        _require_grant(self.grant_type, "authorization_code")


class GetUserPhoneNumber(_Secret, kw_only=True):
    """/wxa/business/getuserphonenumber"""

    code: str = ""
    openid: str = ""

    def require(self) -> None:
        """Raises Fault."""
        if not self.code:
            raise Fault(41008)


class ApiComponentToken(_Secret, kw_only=True):
    """/cgi-bin/component/api_component_token"""

    component_appid: str = ""
    component_appsecret: str = ""
    component_verify_ticket: str = ""

    def require(self) -> None:
        """Raises Fault."""
        _require_app(self.component_appid, self.component_appsecret)


class ApiQueryAuth(_Secret, kw_only=True):
    """/cgi-bin/component/api_query_auth"""

    component_appid: str = ""
    authorization_code: str = ""


class ApiAuthorizerToken(_Secret, kw_only=True):
    """/cgi-bin/component/api_authorizer_token"""

    component_appid: str = ""
    authorizer_appid: str = ""
    authorizer_refresh_token: str = ""


class Credential(msgspec.Struct, frozen=True):
    """What stands in the query for who calls. Both are empty in the trusted-network mode."""

    access_token: str = ""
    cloudbase_access_token: str = ""
    component_access_token: str = ""
    from_appid: str = ""
    """Which app a container that has several calls for."""

    def __repr__(self) -> str:
        return "Credential(…)"


@lru_cache(maxsize=256)
def credential(query: bytes) -> Credential:
    """Raises Fault. Cached: a client sends the same for two hours."""
    return msgspec.convert(last_of_each(query), Credential)


def _require_app(appid: str, secret: str) -> None:
    if not appid:
        raise Fault(41002)
    if not secret:
        raise Fault(41004)


def _require_grant(given: str, wanted: str) -> None:
    if given != wanted:
        raise Fault(40002)
