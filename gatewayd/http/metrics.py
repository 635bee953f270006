"""Metrics in the words of Prometheus, made from one look at the running daemon. Nothing is counted for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import CollectorRegistry

from gatewayd.operations import Backend, LineView, Rates, WriterView
from gatewayd.operations.base import live_of
from gatewayd.process import logs
from gatewayd.store.commands import AccountInfo
from gatewayd.store.snapshots import QueueDepth
from gatewayd.values.model import State
from gatewayd.values.money import MICROS
from gatewayd.values.views import StallView

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

LINE_STATES: Final = ("starting", "ready", "busy", "waiting", "recovering", "quarantined", "disabled")
QUEUE_STATES: Final = (State.SCHEDULED, State.QUEUED, State.HELD, State.SENDING)

_process = ProcessCollector(registry=None)
"""Memory, CPU time and open files of the daemon itself."""


@dataclass(frozen=True, slots=True)
class Look:
    """The daemon at one instant; a collector that Prometheus' library writes out."""

    version: str
    node: str
    depth: QueueDepth
    lines: Sequence[LineView]
    rates: Rates
    writer: WriterView
    stalls: Sequence[StallView]
    accounts: Sequence[AccountInfo]

    def collect(self) -> Iterator[Metric]:
        about = GaugeMetricFamily("gatewayd_info", "The running daemon.", labels=["version", "node"])
        about.add_metric([self.version, self.node], 1)
        yield about
        yield from self._queue()
        yield from self._rates()
        yield from self._lines()
        yield from self._store()
        yield from self._stalls()
        yield from self._accounts()
        yield CounterMetricFamily("gatewayd_log_lost_lines", "Log lines that could not be written.", value=logs.lost())
        yield from _process.collect()

    def _queue(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("gatewayd_queue_messages", "Messages not yet sent, by state.", labels=["state"])
        for state in QUEUE_STATES:
            depth.add_metric([str(state)], self.depth.counts.get(state, 0))
        yield depth
        held = GaugeMetricFamily("gatewayd_queue_held_messages", "Held messages, by reason.", labels=["reason"])
        for reason in ("credit", "window", "cap", "paused", "no_line"):
            held.add_metric([reason], self.depth.held.get(reason, 0))
        yield held
        yield GaugeMetricFamily(
            "gatewayd_queue_oldest_seconds",
            "How long the oldest message that is due and may go has waited.",
            value=self.depth.oldest_s,
        )
        yield GaugeMetricFamily(
            "gatewayd_uncertain_messages",
            "Messages that may or may not have left: a report or a person settles them.",
            value=self.depth.counts.get(State.UNCERTAIN, 0),
        )

    def _rates(self) -> Iterator[Metric]:
        segments = GaugeMetricFamily("gatewayd_segments_per_second", "Segments sent, over a window.", labels=["window"])
        segments.add_metric(["10s"], self.rates.segments_10s)
        segments.add_metric(["60s"], self.rates.segments_60s)
        yield segments
        reports = GaugeMetricFamily("gatewayd_reports_per_second", "Messages ended, over a window.", labels=["window"])
        reports.add_metric(["10s"], self.rates.reports_10s)
        reports.add_metric(["60s"], self.rates.reports_60s)
        yield reports

    def _lines(self) -> Iterator[Metric]:
        state = GaugeMetricFamily("gatewayd_line_state", "1 for the state the line is in.", labels=["line", "state"])
        up = GaugeMetricFamily("gatewayd_line_up", "Whether the line takes messages.", labels=["line"])
        enabled = GaugeMetricFamily("gatewayd_line_enabled", "Whether the line is in service.", labels=["line"])
        signal = GaugeMetricFamily("gatewayd_line_signal_percent", "Signal as the device tells it.", labels=["line"])
        today = GaugeMetricFamily("gatewayd_line_segments_today", "Segments sent today.", labels=["line"])
        pace = GaugeMetricFamily("gatewayd_line_segments_last_minute", "Segments in the last 60 s.", labels=["line"])
        work = GaugeMetricFamily("gatewayd_line_messages_in_work", "Messages the line works on.", labels=["line"])
        attempts = CounterMetricFamily(
            "gatewayd_line_attempts", "Attempts ended since the daemon started.", labels=["line", "outcome"]
        )
        unknown = CounterMetricFamily(
            "gatewayd_line_unknown_reports", "Reports of nothing known when they came.", labels=["line"]
        )
        for line in self.lines:
            for name in LINE_STATES:
                state.add_metric([line.name, name], line.state == name)
            up.add_metric([line.name], line.state in {"ready", "busy"})
            enabled.add_metric([line.name], line.enabled)
            if line.signal is not None:
                signal.add_metric([line.name], line.signal)
            today.add_metric([line.name], line.sent_today)
            pace.add_metric([line.name], line.pace)
            work.add_metric([line.name], line.in_work)
            for outcome, count in line.outcomes.items():
                attempts.add_metric([line.name, outcome], count)
            unknown.add_metric([line.name], line.unknown_reports)
        yield from (state, up, enabled, signal, today, pace, work, attempts, unknown)

    def _store(self) -> Iterator[Metric]:
        writer = self.writer
        yield HistogramMetricFamily(
            "gatewayd_store_commit_seconds",
            "Time of the store's transactions, from the first command taken to the commit.",
            buckets=[*((f"{bound:g}", count) for bound, count in writer.buckets), ("+Inf", writer.commits)],
            sum_value=writer.seconds,
        )
        yield CounterMetricFamily("gatewayd_store_commands", "Commands applied.", value=writer.commands)
        yield GaugeMetricFamily("gatewayd_store_waiting_commands", "Commands not applied yet.", value=writer.waiting)
        yield GaugeMetricFamily("gatewayd_store_healthy", "Whether the store takes commits.", value=writer.healthy)

    def _accounts(self) -> Iterator[Metric]:
        balances = GaugeMetricFamily(
            "gatewayd_account_balance", "Credit that is neither held nor charged.", labels=["account", "currency"]
        )
        for one in self.accounts:
            balances.add_metric([one.name, one.currency], one.balance / MICROS)
        yield balances

    def _stalls(self) -> Iterator[Metric]:
        stalled = GaugeMetricFamily(
            "gatewayd_stalled",
            "1 for an account that a service cannot serve now.",
            labels=["service", "account", "reason"],
        )
        for one in self.stalls:
            stalled.add_metric([one.service, one.account, one.reason], 1)
        yield stalled


class _Registry(CollectorRegistry):
    """One look, as the library's writer wants it."""

    def __init__(self, look: Look) -> None:
        super().__init__(auto_describe=False)
        self._look = look

    def collect(self) -> Iterator[Metric]:
        return self._look.collect()


async def exposition(backend: Backend, version: str) -> bytes:
    """The whole page, in the text format 0.0.4."""
    live = live_of(backend)
    depth = await backend.read(lambda reader: reader.depth(backend.now()))
    accounts = await backend.read(lambda reader: reader.accounts())
    look = Look(version, backend.config.node, depth, live.lines(), live.rates(), live.writer(), live.stalls(), accounts)
    return generate_latest(_Registry(look))
