"""What Prometheus reads at /metrics: requests of the surfaces, calls of models, what they used and cost.

With several workers, each writes into files of a shared folder (prometheus-client's multi-process mode), and any of them
answers for all: `PROMETHEUS_MULTIPROC_DIR` is set before this module is imported (see `server`).
"""

from __future__ import annotations

import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from jackfield.host.events import AttemptFailed, CallFinished, CallRefused, Event

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUEST_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_FIRST_BYTE_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_UNITS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "audio_seconds",
    "characters",
    "search_units",
)


class Metrics:
    """The metrics of one host. Model names are those of catalogs and of added models, so that their number is bounded."""

    def __init__(self) -> None:
        shared = bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
        self._registry = registry = CollectorRegistry()
        r: Any = None if shared else registry  # shared values are collected from the files
        self._requests = Counter("jackfield_http_requests", "Requests answered", ["surface", "status"], registry=r)
        self._request_seconds = Histogram(
            "jackfield_http_request_seconds", "Time to the last byte", ["surface"], buckets=_REQUEST_SECONDS, registry=r
        )
        self._running = Gauge("jackfield_http_requests_running", "Requests now", registry=r, multiprocess_mode="livesum")
        model = ["provider", "model", "type"]
        self.calls = Counter("jackfield_calls", "Calls of models", [*model, "outcome", "credential", "path"], registry=r)
        self.first_byte = Histogram(
            "jackfield_call_first_byte_seconds",
            "Time until a model's answer began",
            ["provider", "model"],
            buckets=_FIRST_BYTE_SECONDS,
            registry=r,
        )
        self.used = Counter("jackfield_usage", "Units used", ["provider", "model", "unit"], registry=r)
        self.cost = Counter("jackfield_cost", "Cost by list prices", ["provider", "model", "currency"], registry=r)
        self._failed = Counter(
            "jackfield_attempts_failed",
            "Vendor calls that failed, whatever became of the call",
            ["provider", "error"],
            registry=r,
        )
        self._refused = Counter("jackfield_calls_refused", "Calls that the host refused", ["error"], registry=r)
        if shared:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        self._children: dict[tuple[Any, ...], Any] = {}
        self._begin = self._running.inc
        self._done = self._running.dec

    def began(self) -> None:
        """A request of a surface has come."""
        self._begin()

    def ended(self, surface: str, status: int, seconds: float) -> None:
        """It has been answered; status 499: its client went away first."""
        self._done()
        key = (surface, status)
        pair = self._children.get(key)
        if pair is None:
            pair = self._children[key] = (
                self._requests.labels(surface, str(status)),
                self._request_seconds.labels(surface),
            )
        pair[0].inc()
        pair[1].observe(seconds)

    def observe(self, event: Event) -> None:
        """An observer of the host's calls."""
        if isinstance(event, CallFinished):
            self._finished(event)
        elif isinstance(event, AttemptFailed):
            self._failed.labels(event.provider, event.error).inc()
        elif isinstance(event, CallRefused):
            self._refused.labels(event.error).inc()

    def _finished(self, event: CallFinished) -> None:
        key = (event.provider, event.model, event.model_type, event.outcome, event.hosted, event.dialect is None)
        cells = self._children.get(key)
        if cells is None:
            cells = self._children[key] = _Cells(self, event)
        cells.count(event)

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self._registry)


class _Cells:
    """The metrics of one kind of call, their labels looked up once."""

    __slots__ = ("_calls", "_cost", "_event", "_first_byte", "_metrics", "_units")

    def __init__(self, metrics: Metrics, event: CallFinished) -> None:
        labels = (event.provider, event.model)
        self._metrics = metrics
        self._event = labels
        path = "typed" if event.dialect is None else "relay"
        self._calls = metrics.calls.labels(
            *labels, str(event.model_type), event.outcome, "hosted" if event.hosted else "own", path
        )
        self._first_byte = metrics.first_byte.labels(*labels)
        self._units = [(unit, metrics.used.labels(*labels, unit)) for unit in _UNITS]
        self._cost: dict[str, Any] = {}

    def count(self, event: CallFinished) -> None:
        self._calls.inc()
        if event.first_byte_seconds is not None:
            self._first_byte.observe(event.first_byte_seconds)
        usage = event.usage
        for unit, cell in self._units:
            amount = getattr(usage, unit)
            if amount:
                cell.inc(amount)
        if event.cost:
            cost = self._cost.get(event.currency)
            if cost is None:
                cost = self._cost[event.currency] = self._metrics.cost.labels(*self._event, event.currency)
            cost.inc(float(event.cost))
