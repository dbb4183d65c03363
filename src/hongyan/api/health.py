"""/healthz, /readyz, /metrics: for machines that watch."""

import hmac
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from hongyan.api.endpoint import Endpoint, answer
from hongyan.core.errors import UnknownKey
from hongyan.service.ports import Store, Traffic
from hongyan.wire.http import Request, Response

_CONTENT_TYPE: Final = CONTENT_TYPE_LATEST.encode()


class Health(msgspec.Struct):
    """The process lives."""

    status: str


class Readiness(msgspec.Struct):
    """Whether it takes work, and if not, why."""

    status: str
    reasons: list[str]


class HealthApi:
    """Answers for the house's health."""

    def __init__(
        self,
        store: Store,
        traffic: Traffic,
        draining: Callable[[], bool],
        metrics_key: str,
    ) -> None:
        """`metrics_key`: what /metrics asks for as a Bearer token; empty for nothing."""
        self._store = store
        self._draining = draining
        self._metrics_key = metrics_key
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(store, traffic))
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    async def healthz(self, _request: Request) -> Response:
        return answer(Health("ok"))

    async def readyz(self, _request: Request) -> Response:
        reasons = []
        if self._draining():
            reasons.append("The process is stopping.")
        if trouble := self._store.standing().trouble:
            reasons.append(trouble)
        if reasons:
            return answer(Readiness("not ready", reasons), 503)
        return answer(Readiness("ready", []))

    async def metrics(self, request: Request) -> Response:
        if self._metrics_key:
            given = request.headers.get(b"authorization", b"")
            if not hmac.compare_digest(given, b"Bearer " + self._metrics_key.encode()):
                raise UnknownKey
        return Response(200, generate_latest(self._registry), _CONTENT_TYPE)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/healthz",
                handle=self.healthz,
                name="healthz",
                summary="Whether the process lives",
                tag="Health",
                gives={200: Health},
            ),
            Endpoint(
                method="GET",
                path="/readyz",
                handle=self.readyz,
                name="readyz",
                summary="Whether it takes work",
                tag="Health",
                gives={200: Readiness, 503: Readiness},
            ),
            Endpoint(
                method="GET",
                path="/metrics",
                handle=self.metrics,
                name="metrics",
                summary="Prometheus metrics",
                tag="Health",
                needs="metrics" if self._metrics_key else "",
                gives={200: None},
            ),
        ]


class _Collector:
    """Reads plain counters when it is asked, so that counting costs a request next to nothing."""

    def __init__(self, store: Store, traffic: Traffic) -> None:
        self._store = store
        self._traffic = traffic

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "hongyan_requests", "Requests answered.", labels=("route", "status")
        )
        for (route, status), count in list(self._traffic.requests.items()):
            requests.add_metric((route, str(status)), count)
        yield requests
        attempts = CounterMetricFamily(
            "hongyan_attempts", "Hand-overs to providers.", labels=("provider", "outcome")
        )
        for (provider, outcome), count in self._traffic.attempts().items():
            attempts.add_metric((provider, outcome), count)
        yield attempts
        stopped = GaugeMetricFamily(
            "hongyan_provider_stopped", "1 while it is given nothing.", labels=("provider",)
        )
        balances = GaugeMetricFamily(
            "hongyan_provider_balance", "Texts left there, where it tells.", labels=("provider",)
        )
        for provider, one in self._traffic.standpoints().items():
            stopped.add_metric((provider,), int(bool(one.stopped)))
            if one.balance is not None:
                balances.add_metric((provider,), one.balance)
        yield stopped
        yield balances
        standing = self._store.standing()
        yield CounterMetricFamily("hongyan_commits", "Batches committed.", standing.commits)
        gauges = {
            "hongyan_messages_waiting": ("Messages queued for a provider.", standing.waiting),
            "hongyan_commands_pending": ("Commands waiting for a commit.", standing.pending),
            "hongyan_window_entries": ("Entries of the recent window.", standing.recent),
            "hongyan_reports_given_up": (
                "Status reports that no app took; see 'hongyan callback list'.",
                standing.reports_given_up,
            ),
            "hongyan_store_writable": ("1 while writes work.", int(not standing.trouble)),
        }
        for name, (sentence, value) in gauges.items():
            yield GaugeMetricFamily(name, sentence, value=value)
