"""Receipts: what platforms push of texts that we sent by them.

Tencent signs nothing, so the address is the secret: whoever knows it is the platform.
"""

import hmac
from collections.abc import Sequence

from hongyan.api.endpoint import Endpoint
from hongyan.api.problem import BadRequest
from hongyan.core.errors import Invalid, NotFound
from hongyan.core.message import Status
from hongyan.core.time import SECOND
from hongyan.service.collect import Result, collect
from hongyan.service.hear import Hearing
from hongyan.service.ports import Clock, Store
from hongyan.wire.http import Request, Response
from hongyan.wire.tencent import push

_TENCENT = "tencent"
_STATUSES = {push.SUCCESS: Status.DELIVERED, push.FAIL: Status.UNDELIVERED}
_LONGEST_CODE = 32


class ReceiptsApi:
    """Takes what Tencent pushes: status reports, up to 100 at once, and replies, one by one."""

    def __init__(self, store: Store, hearing: Hearing, clock: Clock, key: str) -> None:
        self._store = store
        self._hearing = hearing
        self._clock = clock
        self._key = key.encode()

    async def tencent(self, request: Request) -> Response:
        """What is taken is on disk. What is refused is pushed again, twice, so nothing is refused that
        would be no better then: results of texts that are not ours, replies of people whom we know not.
        """
        if not hmac.compare_digest(request.variable.encode(), self._key):
            raise NotFound("Nobody takes receipts here.")
        try:
            pushed = push.read_push(request.body)
        except push.Unreadable as error:
            raise BadRequest("invalid_request", str(error)) from error
        if isinstance(pushed, push.Reply):
            await self._hear(pushed)
        else:
            await collect(self._store, _TENCENT, _results(pushed), self._clock())
        return Response(200, push.TAKEN)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/receipts/tencent/{key}",
                handle=self.tencent,
                name="takeTencentReceipts",
                summary="Status reports and replies, as Tencent Cloud SMS pushes them",
                tag="Receipts",
                gives={200: None},
                problems=("invalid_request", "not_found"),
            )
        ]

    async def _hear(self, reply: push.Reply) -> None:
        number = f"+{reply.nationcode or '86'}{reply.mobile}"
        at = min(reply.time * SECOND, self._clock())
        try:
            await self._hearing.hear(
                number, reply.text, at=max(at, 0), extend=reply.extend, signature=reply.sign
            )
        except (Invalid, NotFound):
            return


def _results(receipts: Sequence[push.Receipt]) -> list[Result]:
    return [
        Result(
            upstream_id=one.sid,
            phone=one.mobile,
            status=_STATUSES[one.report_status],
            code=(one.errmsg or one.description)[:_LONGEST_CODE],
            reference=one.ext,
        )
        for one in receipts
        if one.report_status in _STATUSES
    ]
