"""What guesses are counted as: an address, or the network that is one household's."""

from __future__ import annotations

import pytest

from gatewayd.operations.guard import Guard
from gatewayd.values.errors import ThrottledError
from gatewayd.values.throttle import counted_as


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:7:1:aaaa:bbbb:cccc:dddd", "2001:db8:7:1::/64"),
        ("2001:db8:7:1::1", "2001:db8:7:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_an_address_is_counted_as(address: str, counted: str) -> None:
    assert counted_as(address) == counted


async def test_who_has_a_whole_network_has_no_more_guesses() -> None:
    guard = Guard(clock=lambda: 0.0)
    for number in range(20):
        assert not await guard.sign_in(f"name{number}", f"2001:db8:7:1::{number:x}", "x", None, None)
    with pytest.raises(ThrottledError):
        await guard.sign_in("another", "2001:db8:7:1::ffff", "x", None, None)
    assert not await guard.sign_in("ana", "2001:db8:7:2::1", "x", None, None), "a neighbour is not touched"
    for asked in range(5):
        guard.once("reset", "ana", f"2001:db8:8:1::{asked:x}")
    with pytest.raises(ThrottledError):
        guard.once("reset", "ana", "2001:db8:8:1::ffff")
