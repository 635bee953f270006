"""What the number policy takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from gatewayd.values.errors import GatewayError

Reason = Literal[
    "number_missing",
    "number_invalid",
    "number_junk",
    "number_rounded",
    "number_not_mobile",
    "number_toll_free",
    "number_premium",
    "number_foreign",
]
"""Why a number cannot be used: the cell is empty; nobody's number can look so; a filler (all ones …); a sheet wrote it
as `1.15988E+09` and its last digits are lost; a landline, where a message cannot go; service numbers, free or dear; a
number of another country that the asked form cannot write."""

Flag = Literal["several", "old_form"]
"""What a person may want to look at: the first of several numbers was taken; digits were added to a form of old."""


class NumberError(GatewayError):
    """The text is no number that can be used; `reason` is a stable token."""

    def __init__(self, reason: Reason, raw: str = "") -> None:
        super().__init__(f"{reason}: {raw!r}" if raw else reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Policy:
    """How numbers without a country, an area or a mark of mobile are read.

    `region` is an ISO 3166 code; `home_area` the area code of numbers without one, without trunk 0; with
    `assume_mobile`, an Argentine number with neither 9 nor 15 is read as a mobile.
    """

    region: str
    home_area: str | None = None
    assume_mobile: bool = True


class Number(NamedTuple):
    """A number as it is kept. A tuple, for a million of them are made in a row."""

    e164: str
    assumed_mobile: bool = False
    """The text had no mark of a mobile; the policy said so."""
    flag: Flag | None = None
