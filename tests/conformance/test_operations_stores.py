"""Every operation and every page over PostgreSQL: what comes of them is what comes of them over SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gatewayd.operations import OPERATIONS, perform
from gatewayd.operations import guard as guards
from gatewayd.operations.guard import Guard
from gatewayd.values.actor import Actor
from gatewayd.values.errors import GatewayError
from tests.rig.pages import GUARDED, panel_of, visit
from tests.rig.rights import CASES, World


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory, emptied: Callable[[], str]) -> Iterator[tuple[World, World]]:
    """The same two accounts in either store."""
    made = World(tmp_path_factory.mktemp("sqlite")), World(tmp_path_factory.mktemp("postgresql"), emptied())
    for world in made:
        asyncio.run(world.fill())
    yield made
    for world in made:
        world.close()


async def outcome(world: World, name: str, arguments: Any, by: Actor) -> str:
    try:
        await perform(world.backend, name, arguments, by)
    except GatewayError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


async def test_a_page_is_answered_alike(worlds: tuple[World, World]) -> None:
    found = []
    for world in worlds:
        async with panel_of(world) as client:
            found.append(
                {
                    f"{one.method} {one.path} {who}": (await visit(client, one, who, world.mine)).status_code
                    for one in GUARDED
                    if one.method == "GET"
                    for who in ("administrator", "supervisor", "user")
                }
            )
    assert 200 in found[0].values()
    assert found[1] == found[0]


async def test_an_operation_comes_to_the_same(worlds: tuple[World, World]) -> None:
    found: list[dict[str, str]] = []
    for world in worlds:
        for name in ("_device", "_pair", "_address", "_name", "_code", "_told", "_rows"):
            setattr(guards.GUARD, name, getattr(Guard(), name))
        said = {}
        for name in sorted(OPERATIONS):
            for who, by in world.actors().items():
                said[f"{name} {who}"] = await outcome(world, name, CASES[name].arguments(world.mine), by)
        found.append(said)
    different = {key: (one, found[1][key]) for key, one in found[0].items() if found[1][key] != one}
    assert different == {}
