"""Statistics: what was asked for, what the network said, and what the packages have left."""

from collections import Counter
from typing import Final

from hongyan.core.ledger import Package
from hongyan.core.message import Status
from hongyan.core.time import DAY, HOUR, SECOND, Millis
from hongyan.protocols.tencent.asking import Asking, Works, app_of
from hongyan.service.serving import Serving
from hongyan.wire.tencent import answers, requests
from hongyan.wire.tencent.bounds import hour
from hongyan.wire.tencent.carrier import Meaning, meaning
from hongyan.wire.tencent.fault import Fault

_BOUGHT: Final = 1
"""PackageType."""
_FOREVER: Final[Millis] = 36_500 * DAY
"""Packages here do not end; a client that reads when is told of a day that nobody waits for."""


class Statistics:
    """See `service.ports.ServedProtocol`; a part of one."""

    def __init__(self, serving: Serving) -> None:
        self._store = serving.store

    def works(self) -> Works:
        return {
            "SendStatusStatistics": self.sent,
            "CallbackStatusStatistics": self.told,
            "SmsPackagesStatistics": self.packages,
        }

    async def sent(
        self, asking: Asking, request: requests.SendStatusStatisticsRequest
    ) -> answers.SendStatusStatisticsResponse:
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        since, until = _hours(request.begin_time, request.end_time)
        tally = await self._store.tally(app.id, since, until)
        return answers.SendStatusStatisticsResponse(
            send_status_statistics=answers.SendStatusStatistics(
                fee_count=tally.units,
                request_count=tally.requests,
                request_success_count=tally.accepted,
            )
        )

    async def told(
        self, asking: Asking, request: requests.CallbackStatusStatisticsRequest
    ) -> answers.CallbackStatusStatisticsResponse:
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        since, until = _hours(request.begin_time, request.end_time)
        tally = await self._store.tally(app.id, since, until)
        counted: Counter[Status] = Counter()
        meant: Counter[Meaning] = Counter()
        for (status, code), times in (await self._store.ends(app.id, since, until)).items():
            counted[status] += times
            if status is Status.UNDELIVERED:
                meant[meaning(code)] += times
        delivered, failed = counted[Status.DELIVERED], counted[Status.UNDELIVERED]
        return answers.CallbackStatusStatisticsResponse(
            callback_status_statistics=answers.CallbackStatusStatistics(
                callback_count=delivered + failed,
                request_success_count=tally.accepted,
                callback_fail_count=failed,
                callback_success_count=delivered,
                internal_error_count=meant[Meaning.INTERNAL],
                invalid_number_count=meant[Meaning.INVALID_NUMBER],
                shutdown_error_count=meant[Meaning.SHUTDOWN],
                black_list_count=meant[Meaning.BLACKLIST],
                frequency_limit_count=meant[Meaning.FREQUENCY],
            )
        )

    async def packages(
        self, asking: Asking, request: requests.SmsPackagesStatisticsRequest
    ) -> answers.SmsPackagesStatisticsResponse:
        """Those that were added in these hours. The oldest are used first."""
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        since, until = _hours(request.begin_time, request.end_time)
        bought = await self._store.packages(app.account.id)
        found = [_package(one) for one in bought if since <= one.bought_at < until]
        page = found[request.offset : request.offset + request.limit]
        return answers.SmsPackagesStatisticsResponse(sms_packages_statistics_set=tuple(page))


def _hours(begin: str, end: str) -> tuple[Millis, Millis]:
    """The hours of both are within."""
    since, last = hour(begin), hour(end)
    if since is None or last is None:  # `bounds` has looked.
        raise Fault("InternalError")
    return since, last + HOUR


def _package(package: Package) -> answers.SmsPackagesStatistics:
    bought_s = package.bought_at // SECOND
    return answers.SmsPackagesStatistics(
        package_create_time=bought_s,
        package_effective_time=bought_s,
        package_expired_time=(package.bought_at + _FOREVER) // SECOND,
        package_amount=package.units,
        package_type=_BOUGHT,
        package_id=package.id,
        current_usage=package.used,
    )
