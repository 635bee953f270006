"""A line at work, seen from inside."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from drivers.base import LineStatus
from gatewayd.config.values import Rate
from gatewayd.dispatch.content import PLAIN
from gatewayd.dispatch.health import PATIENCE
from gatewayd.dispatch.runner import LineRunner
from gatewayd.numbers import NumberError
from gatewayd.outcomes import Terms
from gatewayd.values.days import Calendar
from tests.unit.test_outcomes import work


def _without_form(_to: str) -> str:
    raise NumberError("number_foreign")


async def test_a_number_that_the_line_has_no_form_for_says_nothing_of_the_line() -> None:
    posted: list[Any] = []
    config: Any = SimpleNamespace(
        name="m", enabled=True, rate=Rate(100, 1), window=None, quota_day=None, quota_month=None,
        recipients_month=None, prefixes=(), options=SimpleNamespace(),
    )  # fmt: skip
    driver: Any = SimpleNamespace(channels={"sms"}, encoding_variant=lambda _options: "")
    desk: Any = SimpleNamespace(
        calendar=Calendar(ZoneInfo("UTC")), terms=Terms(4, 1000), content=lambda _queue: PLAIN,
        finished=lambda *_: None, line_changed=lambda _line: None, elsewhere=lambda *_: False,
        writer=SimpleNamespace(post=posted.append),
    )  # fmt: skip
    runner = LineRunner(config, driver, desk, _without_form, urgent_share=0.0)
    runner.status = LineStatus("ready")
    for number in range(PATIENCE):
        runner.sender.health.failed(1_790_000_000.0 + number, "no_prompt")
    line: Any = SimpleNamespace(capacity=1)
    await runner.sender.send(line, work())
    assert [(each.outcome, each.reason) for each in posted] == [("refused", "number_foreign")]
    assert runner.sender.health.probing
