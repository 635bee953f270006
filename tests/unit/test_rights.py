"""The table of rights against the operations, and every operation tried by everybody on both of two accounts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.operations import OPERATIONS, perform
from gatewayd.operations import guard as guards
from gatewayd.operations.base import read_request
from gatewayd.operations.guard import Guard
from gatewayd.operations.rights import RIGHTS, allows, judge
from gatewayd.values.actor import NOBODY, Actor, Role
from gatewayd.values.errors import ForbiddenError, GatewayError, NotFoundError, UnauthenticatedError, UsageError
from tests.rig.rights import CASES, World, may

ANA = Actor("person", "ana", Role.USER, "norte", number=1)
ROOT = Actor("person", "root", Role.ADMINISTRATOR, number=2)


def test_every_operation_has_a_right_and_every_right_an_operation() -> None:
    assert RIGHTS.keys() == OPERATIONS.keys()


def test_every_operation_is_found_under_its_own_name() -> None:
    assert {name: operation.name for name, operation in OPERATIONS.items()} == {name: name for name in OPERATIONS}


def test_every_operation_has_a_case_of_rights() -> None:
    """A new operation says in `tests/rig/rights.py` who may perform it, and how it is tried on another's account."""
    assert CASES.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_nobody_may_do_what_asks_for_a_person(name: str) -> None:
    assert allows(name, NOBODY) is RIGHTS[name].anybody
    assert allows(name, ROOT) is (RIGHTS[name].anybody or Role.ADMINISTRATOR in RIGHTS[name].roles)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two accounts, whose store is copied for each operation."""
    import asyncio

    world = World(tmp_path_factory.mktemp("rights"))
    asyncio.run(world.fill())
    world.close()
    return world


@pytest.fixture
def world(furnished: World, tmp_path: Path) -> Iterator[World]:
    """The two accounts, as they were."""
    source = furnished.backend.config.spool.path.parent
    shutil.copytree(source, tmp_path / "world", ignore=shutil.ignore_patterns("*.sock"))
    fresh = World(tmp_path / "world")
    fresh.mine, fresh.other, fresh.administrator = furnished.mine, furnished.other, furnished.administrator
    yield fresh
    fresh.close()


@pytest.fixture(autouse=True)
def unthrottled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test guessed wrong is not counted against the next."""
    fresh = Guard()
    for name in ("_device", "_pair", "_address", "_name", "_code", "_told", "_rows"):
        monkeypatch.setattr(guards.GUARD, name, getattr(fresh, name))


REFUSED = (UnauthenticatedError, ForbiddenError)


async def outcome(world: World, name: str, arguments: object, by: Actor) -> object:
    """Returns the answer, or the error."""
    try:
        return await perform(world.backend, name, arguments, by)
    except GatewayError as error:
        return error


@pytest.mark.parametrize("name", sorted(CASES))
async def test_who_may_may_and_nobody_else(name: str, world: World) -> None:
    """Whoever may not is refused; whoever may does what is their account's, and is shown nothing of another's."""
    case = CASES[name]
    for who, actor in world.actors().items():
        found = await outcome(world, name, dict(case.arguments(world.mine)), actor)
        if not may(case, actor):
            assert isinstance(found, REFUSED), f"{who} may {name}: {found}"
            continue
        assert not isinstance(found, NotFoundError | UsageError) or case.vain, f"{who}, {name}: {found!r}"
        if case.least not in {"anybody", "person"}:
            assert not isinstance(found, REFUSED), f"{who} may not {name}: {found!r}"
        if actor.account is not None:
            text = str(found) if isinstance(found, GatewayError) else json.dumps(found, ensure_ascii=False)
            shown = [mark for mark in world.other.marks if mark in text]
            assert not shown, f"{name} shows {who} {shown}: {text}"


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.bound))
async def test_what_is_anothers_does_not_exist(name: str, world: World) -> None:
    case = CASES[name]
    arguments = dict(case.arguments(world.other))
    for who, actor in world.actors().items():
        if not may(case, actor):
            continue
        found = await outcome(world, name, arguments, actor)
        if actor.account is None:
            assert not isinstance(found, NotFoundError | ForbiddenError), f"{who}, {name}: {found!r}"
        else:
            assert isinstance(found, NotFoundError), f"{who} reaches another's by {name}: {found!r}"


def _mixed(name: str, world: World) -> dict[str, object] | None:
    """Returns what is another's as if it were of one's own account; None where nothing but the account is named."""
    case = CASES[name]
    mixed = dict(case.arguments(world.other))
    if "account" not in mixed:
        return None
    mixed["account"] = world.mine.account
    return None if mixed == case.arguments(world.mine) else mixed


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.bound))
async def test_what_is_anothers_is_not_found_under_ones_own_account_either(name: str, world: World) -> None:
    arguments = _mixed(name, world)
    if arguments is None:
        return
    for who, actor in world.actors().items():
        if may(CASES[name], actor) and actor.account is not None:
            found = await outcome(world, name, arguments, actor)
            assert isinstance(found, NotFoundError), f"{who} reaches another's by {name}: {found!r}"


def test_another_account_does_not_exist() -> None:
    with pytest.raises(NotFoundError, match="sur"):
        judge(read_request(OPERATIONS["account.show"], {"account": "sur"}), ANA)
    with pytest.raises(NotFoundError, match="sur/j"):
        judge(read_request(OPERATIONS["job.show"], {"job": "sur/j"}), ANA)
    assert judge(read_request(OPERATIONS["job.show"], {"job": "j"}), ANA).model_dump()["job"] == "norte/j"
    assert judge(read_request(OPERATIONS["job.list"], {}), ANA).model_dump()["account"] == "norte"


@pytest.mark.parametrize("public", ["05SWTVQYNHG31ZD9MFT4W4TRR7", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0" * 26])
async def test_an_id_that_no_row_can_bear_is_nobodys(public: str, world: World) -> None:
    """Its number may be larger than the store takes."""
    for name, arguments in (
        ("message.show", {"message": public}),
        ("message.settle", {"message": public, "verdict": "sent"}),
        ("interaction.show", {"direction": "out", "id": public}),
        ("interaction.show", {"direction": "in", "id": public}),
        ("interaction.show", {"direction": "noted", "id": public}),
        ("interaction.resend", {"ids": [public], "preview": True}),
    ):
        with pytest.raises(NotFoundError):
            await perform(world.backend, name, arguments, world.administrator)
    many = {"messages": [public], "verdict": "sent"}
    assert (await perform(world.backend, "message.settle_many", many, world.administrator))["settled"] == 0


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(UnauthenticatedError):
        judge(read_request(OPERATIONS["status"], {}), NOBODY)
    with pytest.raises(ForbiddenError):
        judge(read_request(OPERATIONS["account.create"], {"account": "norte"}), ANA)
