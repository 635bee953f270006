"""Messages that wait for newer billing are looked at again once there is some, and not before."""

from __future__ import annotations

from typing import Any

from gatewayd.billing.engine.freshening import Freshening


async def test_an_account_is_looked_at_again_when_its_billing_is_another() -> None:
    waiting: dict[str, int] = {"norte": 100}
    looked: list[str] = []

    async def ask(_question: Any) -> Any:
        return dict(waiting)

    async def look_again(account: str) -> None:
        looked.append(account)

    freshening = Freshening(ask, look_again)
    await freshening.look()
    assert looked == ["norte"], "it may be newer than when its messages were held"
    await freshening.look()
    assert looked == ["norte"]
    waiting |= {"norte": 200, "sur": 100}
    await freshening.look()
    assert looked == ["norte", "norte", "sur"]
    waiting.clear()
    await freshening.look()
    waiting["norte"] = 200
    await freshening.look()
    assert looked[3:] == ["norte"], "what is held anew is looked at once"
