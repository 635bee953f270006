"""Every driver: its line comes and goes with its device, and a crash at any step is told apart from the next one."""

from __future__ import annotations

import asyncio
import time

import pytest

from drivers.base import (
    Accepted,
    AwaitedAttempt,
    Completed,
    DeliveryReport,
    FollowsAttempts,
    LineError,
    LineStatus,
    NotSent,
    Outcome,
    Uncertain,
)
from drivers.conformance import Fault
from tests.conformance.trial import PATIENCE_S, Crossing, Trial, taken

# -------------------------------------------------------------------------------------------------------------- a crash


async def resumed(trial: Trial, *attempts: tuple[object, float]) -> dict[str, Outcome]:
    async with asyncio.timeout(2 * PATIENCE_S):
        return dict(await trial.line.resume([trial.open_attempt(message, at) for message, at in attempts]))  # type: ignore[arg-type]


async def test_a_crash_before_the_message_left_never_calls_it_sent(trial: Trial) -> None:
    """The point of no return is on the disk, and nothing more has happened."""
    message = trial.message()
    crossing = Crossing(trial.device, hold=True)
    trial.begin(message, crossing)
    await crossing.reached.wait()
    await trial.kill()
    assert trial.copies(message) == 0
    await trial.start()
    known = await resumed(trial, (message, time.time()))
    outcome = known.get(message.attempt, Uncertain("crashed"))
    assert isinstance(outcome, (NotSent, Uncertain)), outcome
    await trial.goes_on()
    assert trial.copies(message) == 0


async def test_a_crash_after_the_message_left_never_calls_it_unsent(trial: Trial) -> None:
    """The device has it, and its answer was never heard."""
    message = trial.message()
    silent = Fault.SILENT_TAKEN if Fault.SILENT_TAKEN in trial.traits.faults else Fault.SLOW
    await trial.device.strike(silent)
    trial.begin(message)
    at = time.time()
    await trial.device.until_left(1)
    await trial.kill()
    await trial.device.mend()
    await trial.start()
    outcome = (await resumed(trial, (message, at))).get(message.attempt, Uncertain("crashed"))
    if trial.traits.resumes:
        assert taken(outcome), outcome
        if isinstance(outcome, Accepted):
            assert sorted(outcome.references) == [1]
    else:
        assert taken(outcome) or isinstance(outcome, (Uncertain, Completed)), outcome
    await trial.goes_on()
    assert trial.copies(message) == 1


async def test_what_it_never_had_is_not_called_sent(trial: Trial) -> None:
    stranger = trial.message()
    known = await resumed(trial, (stranger, time.time() - 3 * 86_400))
    assert not any(isinstance(outcome, (Accepted, Completed)) for outcome in known.values()), known
    assert await resumed(trial) == {}


async def test_a_line_may_be_killed_as_soon_as_it_starts_and_twice(trial: Trial) -> None:
    for number in range(12):
        await trial.kill()
        await trial.start(ready=False)
        # At another of its first steps each time: at once, and some milliseconds on.
        await asyncio.sleep(number * 0.002)
    await trial.kill()
    await trial.kill()
    await trial.start()
    await trial.goes_on()


# ------------------------------------------------------------------------------------------------------------ a device


async def test_a_device_that_goes_and_comes_back(trial: Trial) -> None:
    await trial.device.unplug()
    message = trial.message()
    outcome = await trial.send(message)
    assert isinstance(outcome, NotSent), outcome
    assert trial.copies(message) == 0
    await trial.device.replug()
    assert taken(await trial.sent(message))
    await trial.told(message, 1)
    await trial.goes_on()


async def test_a_device_that_is_not_there_yet(trial: Trial) -> None:
    await trial.kill()
    await trial.device.unplug()
    await trial.start(ready=False)
    await trial.sink.until(lambda: bool(trial.sink.of(LineStatus)))
    message = trial.message()
    assert isinstance(await trial.send(message), NotSent)
    await trial.device.replug()
    await trial.goes_on()
    assert trial.copies(message) == 0


# ------------------------------------------------------------------------------------------------------- other answers


async def test_an_unknown_command_is_refused(trial: Trial) -> None:
    with pytest.raises(LineError, match=r"\w"):
        await trial.line.command("no such command", "x")


async def test_its_keys_keep_their_secrets(trial: Trial) -> None:
    """Options are written into tracebacks and reports: what is secret shows itself to its driver alone."""
    setup = trial.device.setup()
    shown = f"{setup!r} {setup.options.model_dump_json()}"
    assert [secret for secret in trial.device.secrets if secret in shown] == []
    assert setup.options.model_config.get("extra") == "forbid"
    driver = trial.adapter.driver
    assert isinstance(setup.options, driver.options)
    assert driver.channels
    assert driver.encoding_variant(setup.options) in ("", "es")
    # A check may ask the device: it is called where no event loop runs.
    for finding in await asyncio.to_thread(driver.check, setup):
        assert finding.key
        assert finding.remedy
        assert not any(secret in str(finding) for secret in trial.device.secrets)


async def test_a_line_made_by_the_driver_is_the_one_that_was_proven(trial: Trial) -> None:
    made, proven = trial.adapter.driver.make(trial.device.setup()), trial.line
    assert type(made) is type(proven)
    assert made.capacity == proven.capacity


# ------------------------------------------------------------------------------------------------------------- reports


async def test_a_report_finds_its_message(trial: Trial, report: str) -> None:
    message = trial.message()
    outcome = await trial.send(message)
    assert isinstance(outcome, Accepted), outcome
    assert outcome.reported, "a report can come"
    await trial.device.report(message, report)
    await trial.sink.until(lambda: any(each.status == report for each in trial.sink.of(DeliveryReport)))
    found = next(each for each in trial.sink.of(DeliveryReport) if each.status == report)
    assert found.attempt == message.attempt if found.attempt else found.reference == outcome.references[1]


async def test_a_report_is_told_again_until_it_is_durable(trial: Trial, report: str) -> None:
    """Killed between the report and its commit: the next life hears of it, or asks."""
    message = trial.message()
    outcome = await trial.send(message)
    assert isinstance(outcome, Accepted), outcome
    trial.sink.gate.clear()
    await trial.device.report(message, report)
    await trial.sink.until(lambda: any(isinstance(each, DeliveryReport) for each in trial.sink.offered))
    await trial.kill()
    await trial.start()
    if isinstance(trial.line, FollowsAttempts):
        await trial.line.follow([AwaitedAttempt(message.attempt, message.to, outcome.references, (), time.time())])
    await trial.sink.until(lambda: any(each.status == report for each in trial.sink.of(DeliveryReport)))
