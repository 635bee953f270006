"""The daemon's watch over its web process: memory, pauses where it ends again and again, an end with the daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gatewayd import config as configuration
from gatewayd.config.publication import publish
from gatewayd.daemon import web_process


async def test_one_that_keeps_too_much_is_ended_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_process, "LOOK_S", 0.1)
    monkeypatch.setattr(web_process, "MEMORY_MAX", 1 << 20)
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def rest(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", rest)
    file = tmp_path / "gatewayd.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/gatewayd.db"\n[spool]\npath = "{tmp_path}/spool"\n')
    config = configuration.load(file)
    publish(config)
    ended: list[str] = []
    enough = asyncio.Event()

    def tell(state: str, _reason: str | None) -> None:
        ended.append(state)
        if len(ended) == 3:
            enough.set()

    async with asyncio.timeout(60), web_process.web_process(config, tell):
        await enough.wait()
    assert ended == ["web_ended"] * 3
    assert pauses[:2] == [web_process.PAUSE_FIRST_S] * 2


def test_five_ends_in_a_row_cost_no_delay_and_more_of_them_up_to_a_minute() -> None:
    first = web_process.PAUSE_FIRST_S
    assert [web_process.pause_after(lives) for lives in range(1, 9)] == [first] * 5 + [first * 2, first * 4, first * 8]
    assert web_process.pause_after(1_000) == web_process.PAUSE_MAX_S
