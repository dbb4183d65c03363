"""Asking: a call whose caller is known, on its way to whoever carries it out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from hongyan.core.command import Idempotency
from hongyan.core.errors import AccountClosed, AddressNotAllowed, AppDisabled
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.protocols.tencent.authentication import Caller
from hongyan.service.directory import App
from hongyan.service.ports import Sealer, Store
from hongyan.wire.http import Request as HttpRequest
from hongyan.wire.tencent.answers import Answer
from hongyan.wire.tencent.call import Call
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.requests import Request

TENCENT: Final = "tencent"
"""The protocol in which an app is known by its SdkAppId."""

REPEATED: Final[Millis] = 10 * MINUTE + SECOND
"""So long a call that comes again gets the first answer: later its signature has ended, also that
of a caller whose clock is ahead, whose 300 seconds are counted whole.
"""

_KEY: Final = b"tencent-signature"
_REQUEST: Final = b"tencent-call"


class Asking(msgspec.Struct, frozen=True):
    """What is asked, by whom, and how the call came in."""

    caller: Caller
    call: Call
    request: Request
    http: HttpRequest

    def idempotency(self, sealer: Sealer, refused: Sequence[str] = ()) -> Idempotency:
        """What tells this call from every other, but not from its repetition.

        Which action is asked for is not signed, so it is a part of the request that a repetition
        must equal; so is what was `refused` before the store could decide, lest a repetition send
        what the first call did not.
        """
        claim = self.call.claim
        key = sealer.mark(_KEY, f"{claim.secret_id} {claim.signature}".encode())
        asked = f"{self.call.version} {self.call.name} {';'.join(refused)} ".encode()
        request = sealer.mark(_REQUEST, asked + self.http.query + b" " + self.http.body)
        return Idempotency(key, request, REPEATED)


Work: TypeAlias = Callable[[Asking, Any], Awaitable[Answer]]
"""Carries an action out; it is given the request once more, as the type that it knows it to have."""

Works: TypeAlias = Mapping[str, Work]
"""By the name of the action."""


async def app_of(store: Store, caller: Caller, sdk_app_id: str) -> App:
    """The app that a call is for. Raises Fault."""
    app = store.directory.named.get((TENCENT, sdk_app_id))
    if app is None:
        # It may have been made a moment ago by the command line.
        app = (await store.refresh()).named.get((TENCENT, sdk_app_id))
    if app is None:
        raise Fault("InvalidParameterValue.SdkAppIdNotExist")
    if app.account.id != caller.account.id:
        raise Fault("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
    try:
        app.require_open()
        app.require_from(caller.address)
    except AccountClosed as error:
        raise Fault("UnauthorizedOperation.ServiceSuspendDueToArrears") from error
    except AppDisabled as error:
        raise Fault("UnauthorizedOperation.SdkAppIdIsDisabled") from error
    except AddressNotAllowed as error:
        raise Fault("UnauthorizedOperation.RequestIpNotInWhitelist") from error
    return app
