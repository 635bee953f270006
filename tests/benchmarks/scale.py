"""How much is measured: all of it for the table, or just enough to see that nothing has fallen over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts, and seconds where the name says so."""

    runs: int
    """Of each throughput; the median counts."""
    fleets: tuple[int, ...]
    run_s: float
    """About so long a throughput run."""
    submit_s: float
    """A submit's time where the share of the possible is measured."""
    share_s: float
    drops: int
    """Single messages, each on an idle line."""
    list_rows: int
    busy_submit_s: float
    """A submit's time at the modems that are busy while the list comes."""
    busy_s: float
    """How long they have work: longer than it takes to measure."""
    backlog_rows: int
    group: int
    """Messages whose rate is taken together; the rates with and without a backlog are compared."""
    groups: int
    comebacks: int
    """Of each way a modem goes and comes back; the slowest counts."""
    idle_modems: int
    idle_work: int
    """Messages sent before it may rest, so that it has all in memory that it ever loads."""
    idle_s: float
    doubts: int
    """Messages whose answers are lost."""
    inbound: int
    """Messages that come in by each of the `receivers`, names of `tests.rig.devices`."""
    receivers: tuple[str, ...]
    answers_s: float
    """So long people ask for their balance."""
    reports: int
    calls_s: float
    """Calls a second."""
    calls_ramp_s: float
    """Until as many calls end as begin, and the list has been read."""
    calls_for_s: float
    audio_s: float
    """Calls a second where the first audio is waited for."""
    audio_calls: int
    population: int
    """Local calls to a mixed population; a tenth as many over SIP."""
    channels: int
    """For them: fewer than the pace would fill."""
    log_messages: int
    """In the log that people look at and export."""
    log_inbound: int
    customers: int
    """In a sheet that is imported."""
    claims: tuple[int, ...]
    """Customers of a day's run of claims, of one after another."""
    beside: int
    """Modems that send meanwhile, beside claims and people at the panel."""
    beside_every_s: float
    """Between two messages of each of them, beside claims."""
    panel_reads_s: float
    """What somebody who is in no great hurry looks at a page for."""
    panel_rounds: int
    """Of looks at the panel, each beside a round at a bare route."""
    panel_each: int
    """Times that each page is looked at in a round."""
    forecasts: tuple[int, int]
    """Campaigns drawn for each cause; how many of them are played without each cause as well."""


FULL = Scale(
    runs=5,
    fleets=(1, 16, 64),
    run_s=6.0,
    submit_s=3.0,
    share_s=120.0,
    drops=200,
    list_rows=100_000,
    busy_submit_s=0.5,
    busy_s=200.0,
    backlog_rows=1_000_000,
    group=1000,
    groups=9,
    comebacks=5,
    idle_modems=64,
    idle_work=2000,
    idle_s=300.0,
    doubts=1000,
    inbound=10_000,
    receivers=("gsm", "smsgate", "rest", "provider", "smtp"),
    answers_s=60.0,
    reports=1000,
    calls_s=50.0,
    calls_ramp_s=10.0,
    calls_for_s=60.0,
    audio_s=20.0,
    audio_calls=1200,
    population=1000,
    channels=40,
    log_messages=1_000_000,
    log_inbound=200_000,
    customers=200_000,
    claims=(50_000, 200_000),
    beside=64,
    beside_every_s=5.0,
    panel_reads_s=3.0,
    panel_rounds=5,
    panel_each=20,
    forecasts=(40, 12),
)

SHORT = Scale(
    runs=1,
    fleets=(4,),
    run_s=1.0,
    submit_s=0.3,
    share_s=3.0,
    drops=10,
    list_rows=5_000,
    busy_submit_s=0.1,
    busy_s=30.0,
    backlog_rows=10_000,
    group=200,
    groups=1,
    comebacks=1,
    idle_modems=8,
    idle_work=100,
    idle_s=3.0,
    doubts=24,
    inbound=300,
    receivers=("gsm", "provider"),
    answers_s=3.0,
    reports=60,
    calls_s=10.0,
    calls_ramp_s=1.0,
    calls_for_s=2.0,
    audio_s=5.0,
    audio_calls=20,
    population=20,
    channels=10,
    log_messages=20_000,
    log_inbound=4_000,
    customers=4_000,
    claims=(2_000,),
    beside=16,
    beside_every_s=1.0,
    panel_reads_s=0.3,
    panel_rounds=1,
    panel_each=4,
    forecasts=(2, 1),
)
