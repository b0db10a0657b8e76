"""How numbers are told to Prometheus, in its text format or in that of OpenMetrics.

Only who asks for it loads this: it needs the extra ``metrics``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, Final, cast

from prometheus_client import CollectorRegistry, make_asgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.utils import floatToGoString

from pop3spy.metrics.families import FAMILIES, Family, MetricKind
from pop3spy.metrics.tally import Tallies, Tally

PATH: Final = "/metrics"
SHARE: Final = 0.1
"""How much of the loop's time scrapes may take, however many there are."""
_OF_THE_FIRST: Final = ("process_start_time_seconds", "process_max_fds")
"""What of several processes makes no sense as a sum."""

App = Callable[[Any, Any, Any], Awaitable[None]]
"""What answers a request (ASGI)."""


class Exposition:
    """Tells the numbers of *tallies*, and what the system knows of the processes *pids*."""

    def __init__(self, tallies: Callable[[], Tallies], pids: Callable[[], Sequence[int]]) -> None:
        self._tallies = tallies
        self._processes = _Processes(pids)

    def describe(self) -> Iterator[Metric]:
        """Yield every metric without its numbers, so that a scrape may ask for some."""
        yield from map(_metric, FAMILIES.values())

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        for tally in self._tallies():
            yield _filled(tally)
        yield from self._processes.collect()


def _metric(family: Family) -> Any:
    kinds = {
        MetricKind.COUNTER: CounterMetricFamily,
        MetricKind.GAUGE: GaugeMetricFamily,
        MetricKind.HISTOGRAM: HistogramMetricFamily,
    }
    return kinds[family.kind](
        family.name, family.says, labels=[label.name for label in family.labels]
    )


def _filled(tally: Tally) -> Any:
    metric = _metric(tally.family)
    ends = [*map(floatToGoString, tally.family.buckets), "+Inf"]
    for series, numbers in tally.rows.items():
        if tally.family.kind is MetricKind.HISTOGRAM:
            *counts, total = numbers
            metric.add_metric(series, list(zip(ends, accumulate(counts), strict=True)), total)
        else:
            metric.add_metric(series, numbers[0])
    return metric


class _Processes:
    """What the system knows of some processes, added up."""

    def __init__(self, pids: Callable[[], Sequence[int]]) -> None:
        self._pids = pids

    def collect(self) -> Iterable[Metric]:
        merged: dict[str, Metric] = {}
        for pid in self._pids():
            for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                before = merged.setdefault(metric.name, metric)
                if before is not metric and metric.name not in _OF_THE_FIRST:
                    (one,), (other,) = before.samples, metric.samples
                    before.samples = [one._replace(value=one.value + other.value)]
        return merged.values()


def metrics_app(
    exposition: Exposition,
    ready: Callable[[], Awaitable[None]],
    failed: Callable[[Exception], None],
) -> App:
    """Return what answers scrapes; *ready* is awaited before each, *failed* told if one fails."""
    registry = CollectorRegistry()
    registry.register(cast("Any", exposition))  # it has what a collector has to have
    tell = make_asgi_app(registry, disable_compression=True)  # which costs more than the rest
    pace = _Pace()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != PATH:
            await _refuse(send, 404, f"the metrics are at {PATH}\n")
        elif scope["method"] not in ("GET", "HEAD"):
            await _refuse(send, 405, "the metrics can be read, and nothing else\n")
        else:
            try:
                await ready()
                answer: list[Any] = []

                async def keep(message: Any) -> None:
                    answer.append(message)

                async with pace:
                    await tell(scope, receive, keep)
                for message in answer:
                    await send(message)
            except Exception as error:  # whoever scrapes is told by the server
                failed(error)
                raise

    return app


class _Pace:
    """Lets answers be made one after the other, in no more than a share of the loop's time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._next = 0.0

    async def __aenter__(self) -> None:
        await self._turn.acquire()
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(self._next - loop.time())
        except BaseException:
            self._turn.release()
            raise
        self._begun = loop.time()

    async def __aexit__(self, *_: object) -> None:
        now = asyncio.get_running_loop().time()
        self._next = now + (now - self._begun) / SHARE
        self._turn.release()


async def _refuse(send: Any, status: int, why: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": why.encode()})
