"""Sending again what is in doubt is a send: many need the account's password, one by one or at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.operations import perform
from gatewayd.operations.masssend import PasswordNeededError
from gatewayd.store.commands import AddMessages, BeginJob, NewMessage, PublishJob
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ForbiddenError
from gatewayd.values.model import Priority
from tests.rig.rights import World

MASS = "todos-a-la-vez"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.fill()
    yield made
    made.close()


async def in_doubt(world: World, people: int, *, test: bool = False, name: str = "d") -> list[str]:
    """Returns the ids of messages that may have left."""
    backend, now, account = world.backend, world.backend.now(), world.mine.account
    begun = await backend.execute(
        BeginJob(
            *(account, name, "sms", Priority.BULK, f"hash {name}", None, None, False),
            *(850_000, "ARS", json.dumps({"lines": ["claro-1"]}), "trial", now),
        )
    )
    rows = [NewMessage(n, None, f"+54911500000{n:02}", "Hola", "", 1, "", None, None) for n in range(1, people + 1)]
    await backend.execute(AddMessages(begun.job_id, rows, now))
    await backend.execute(PublishJob(begun.job_id, now))
    backend.store.connection.exec_driver_sql("UPDATE message SET state = 'uncertain' WHERE job_id = ?", (begun.job_id,))
    if test:
        backend.store.connection.exec_driver_sql("UPDATE job SET test = 1 WHERE id = ?", (begun.job_id,))
    page = await perform(backend, "job.messages", {"job": f"{account}/{name}"}, world.administrator)
    return [one["message"] for one in page["items"]]


async def settle(world: World, by: Actor, operation: str = "message.settle_many", **arguments: Any) -> Any:
    return await perform(world.backend, operation, arguments, by)


async def test_many_need_the_password_and_nothing_is_settled_without_it(world: World) -> None:
    found, user = await in_doubt(world, 3), world.mine.actors["user"]
    await perform(world.backend, "mass.set", {"account": "norte", "password": MASS}, world.administrator)
    with pytest.raises(PasswordNeededError):
        await settle(world, user, messages=found, verdict="resend")
    with pytest.raises(ForbiddenError):
        await settle(world, user, messages=found, verdict="resend", password="wrong")
    left = [await perform(world.backend, "message.show", {"message": one}, user) for one in found]
    assert [one["state"] for one in left] == ["uncertain"] * 3
    assert (await settle(world, user, messages=found, verdict="resend", password=MASS))["settled"] == 3


async def test_one_after_the_other_is_many_too(world: World) -> None:
    (first, second), user = await in_doubt(world, 2), world.mine.actors["user"]
    await perform(world.backend, "mass.set", {"account": "norte", "password": MASS}, world.administrator)
    await settle(world, user, "message.settle", message=first, verdict="resend")
    with pytest.raises(PasswordNeededError):
        await settle(world, user, "message.settle", message=second, verdict="resend")
    assert (await settle(world, user, messages=[second], verdict="not-sent"))["settled"] == 1


async def test_above_the_accounts_bound_a_user_asks_somebody_else(world: World) -> None:
    found = await in_doubt(world, 3)
    rule = {"account": "norte", "password": MASS, "approve_above": 2}
    await perform(world.backend, "mass.set", rule, world.administrator)
    with pytest.raises(ForbiddenError, match="supervisor"):
        await settle(world, world.mine.actors["user"], messages=found, verdict="resend", password=MASS)
    supervisor = world.mine.actors["supervisor"]
    assert (await settle(world, supervisor, messages=found, verdict="resend", password=MASS))["settled"] == 3


async def test_a_program_needs_the_scope_and_a_test_token_sends_nothing(world: World) -> None:
    found = await in_doubt(world, 2)
    send = Actor("token", "erp", Role.SUPERVISOR, "norte", world.mine.token, frozenset({"send"}))
    with pytest.raises(ForbiddenError, match="mass"):
        await settle(world, send, messages=found, verdict="resend")
    tester = Actor("token", "t", Role.SUPERVISOR, "norte", world.mine.token, frozenset({"send", "mass"}), test=True)
    with pytest.raises(ForbiddenError, match="test token"):
        await settle(world, tester, messages=found, verdict="resend")
    program = Actor("token", "erp", Role.SUPERVISOR, "norte", world.mine.token, frozenset({"send", "mass"}))
    assert (await settle(world, program, messages=found, verdict="resend"))["settled"] == 2


async def test_what_a_test_token_posted_is_never_sent_again(world: World) -> None:
    found = await in_doubt(world, 2, test=True, name="t")
    asked = {"ids": found, "preview": True}
    answer = await perform(world.backend, "interaction.resend", asked, world.mine.actors["user"])
    assert (answer["messages"], answer["left_out"]) == (0, {"test": 2})
