"""A rule that claims from more than one person is saved with the account's password for sends to many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from gatewayd.operations import perform
from gatewayd.operations.masssend import PasswordNeededError
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ConflictError, ForbiddenError
from tests.rig.rights import World

MASS: Final = "todos-a-la-vez-41"
LEVEL: Final = {"id": "primero", "days": 5, "templates": {"sms": "aviso"}}
CLAIMS: Final = {"levels": [LEVEL]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An account with two customers and a password for sends to many."""
    import asyncio

    made = World(tmp_path_factory.mktemp("activation"))
    asyncio.run(made.fill())
    yield made
    made.close()


async def save(world: World, by: Actor, document: Any = CLAIMS, **said: Any) -> Any:
    return await perform(world.backend, "policy.save", {"policy": "nueva", "document": document, **said}, by)


def program(world: World, *scopes: str, test: bool = False) -> Actor:
    return Actor("token", "erp", Role.SUPERVISOR, "norte", world.mine.token, frozenset(scopes), test=test)


async def test_a_person_gives_the_password(world: World) -> None:
    supervisor = world.mine.actors["supervisor"]
    with pytest.raises(ConflictError, match="no password"):
        await save(world, supervisor, standard=True)
    await perform(world.backend, "mass.set", {"account": "norte", "password": MASS}, world.administrator)
    with pytest.raises(PasswordNeededError):
        await save(world, supervisor, standard=True)
    with pytest.raises(ForbiddenError):
        await save(world, supervisor, standard=True, password="wrong")
    with pytest.raises(PasswordNeededError):
        await save(world, supervisor, {**CLAIMS, "audience": {"ids": ["A1", "A2"]}})
    assert (await save(world, supervisor, standard=True, password=MASS))["version"] >= 1


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"nothing": True}, {"standard": True}),
        ({"levels": [{"id": "corte", "days": 30, "action": "event"}]}, {"standard": True}),
        ({**CLAIMS, "audience": {"ids": ["A1"]}}, {}),
        (CLAIMS, {}),  # nobody's, until it is given to somebody
    ],
)
async def test_what_sends_to_nobody_or_one_asks_for_none(document: Any, said: Any, world: World) -> None:
    assert (await save(world, world.mine.actors["supervisor"], document, **said))["document"]["hour"] == "09:00"


async def test_a_program_needs_the_scope_and_one_for_tests_has_nobody_claimed(world: World) -> None:
    with pytest.raises(ForbiddenError, match="mass"):
        await save(world, program(world, "manage"), standard=True)
    with pytest.raises(ForbiddenError, match="test token"):
        await save(world, program(world, "manage", "mass", test=True), standard=True)
    assert (await save(world, program(world, "manage", "mass"), standard=True))["standard"] is True
