"""The table of rights against the operations, and what it refuses to whom."""

from __future__ import annotations

import pytest

from gatewayd.actor import NOBODY, Actor, Role
from gatewayd.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from gatewayd.operations import OPERATIONS
from gatewayd.operations.base import read_request
from gatewayd.operations.rights import RIGHTS, allows, judge

ANA = Actor("person", "ana", Role.USER, "norte", number=1)
ROOT = Actor("person", "root", Role.ADMINISTRATOR, number=2)


def test_every_operation_has_a_right_and_every_right_an_operation() -> None:
    assert RIGHTS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_nobody_may_do_what_asks_for_a_person(name: str) -> None:
    assert allows(name, NOBODY) is RIGHTS[name].anybody
    assert allows(name, ROOT) is (RIGHTS[name].anybody or Role.ADMINISTRATOR in RIGHTS[name].roles)


def test_another_account_does_not_exist() -> None:
    with pytest.raises(NotFoundError, match="sur"):
        judge(read_request(OPERATIONS["account.show"], {"account": "sur"}), ANA)
    with pytest.raises(NotFoundError, match="sur/j"):
        judge(read_request(OPERATIONS["job.show"], {"job": "sur/j"}), ANA)
    assert judge(read_request(OPERATIONS["job.show"], {"job": "j"}), ANA).model_dump()["job"] == "norte/j"
    assert judge(read_request(OPERATIONS["job.list"], {}), ANA).model_dump()["account"] == "norte"


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(UnauthenticatedError):
        judge(read_request(OPERATIONS["status"], {}), NOBODY)
    with pytest.raises(ForbiddenError):
        judge(read_request(OPERATIONS["account.create"], {"account": "norte"}), ANA)
