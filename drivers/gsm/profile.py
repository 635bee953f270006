"""Brands as data: what is known of a maker's modems beyond what they answer themselves.

Everything that can be asked (`=?`, an error and the next form) is asked; a profile holds only what cannot.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    makers: tuple[str, ...] = ()
    """Words in lower case; the answer to +CGMI holds one of them."""
    hush: tuple[str, ...] = ()
    """What ends its unsolicited chatter, written as soon as the maker is known; an error is no matter."""
    setup: tuple[str, ...] = ()
    """The maker's own commands at the end of initialisation; an error is no matter."""
    certain: frozenset[int] = frozenset()
    """+CMS numbers, otherwise in doubt, that this firmware gives only when the part did not leave."""
    ussd_hex: bool = False
    """USSD travels as packed 7-bit in hex."""
    tries_left: str = ""
    """The maker's own question for the PIN tries left, where +CPINR is unknown; the tries are `tries_field`."""
    tries_prefix: str = ""
    tries_field: int = 0


GENERIC = Profile("generic")

_PROFILES = (
    # ^RSSI, ^DSFLOWRPT and the like come every few seconds unless CURC is off.
    Profile(
        "huawei",
        ("huawei",),
        hush=("AT^CURC=0",),
        ussd_hex=True,
        tries_left="AT^CPIN?",
        tries_prefix="^CPIN:",
        tries_field=3,
    ),
    # 515: "please wait, service is not available, init in progress" of the Q24 family.
    Profile("wavecom", ("wavecom",), setup=("AT+WIND=0",), certain=frozenset({515})),
    Profile("qualcomm", ("qualcomm",)),
    # +ZUSIMR:2 comes twice a second until somebody asks for the memories.
    Profile("zte", ("zte",), hush=("AT+CPMS?",), tries_left="AT+ZPINPUK?", tries_prefix="+ZPINPUK:"),
    Profile("nokia", ("nokia",)),
    Profile("siemens", ("siemens", "cinterion"), tries_left="AT^SPIC", tries_prefix="^SPIC:"),
    Profile("simcom", ("simcom",), tries_left="AT+SPIC", tries_prefix="+SPIC:"),
    Profile("quectel", ("quectel",), tries_left='AT+QPINC="SC"', tries_prefix="+QPINC:", tries_field=1),
    Profile("sierra", ("sierra",), tries_left="AT+CPINC?", tries_prefix="+CPINC:"),
)


def profile_for(maker: str) -> Profile:
    """Returns the profile of the maker that +CGMI names; `GENERIC` for one that is not known."""
    lower = maker.lower()
    for profile in _PROFILES:
        if any(word in lower for word in profile.makers):
            return profile
    return GENERIC
