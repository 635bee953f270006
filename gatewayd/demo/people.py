"""What the demo's company is: its accounts, its people, its past. Made before its daemon starts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gatewayd.cli.offline import OfflineBackend
from gatewayd.demo import billing_system, desk, office
from gatewayd.demo.books import books
from gatewayd.demo.campaign import ACCOUNT
from gatewayd.demo.claiming import Claiming
from gatewayd.demo.past import DAYS, Past

ADMINISTRATOR: Final = "admin"
WORDS: Final = ("río", "cerro", "mate", "puente", "lluvia", "norte", "faro", "trigo", "nube", "monte", "luz", "viento")


@dataclass(frozen=True, slots=True)
class Key:
    """How one signs in at the demo's panel."""

    user: str
    password: str
    mass: str
    """The account's password of sends to many."""


class _AnyDay(OfflineBackend):
    """The locked store, at whichever moment is asked for."""

    moment: int | None = None
    """Unix ms; None: now."""

    def now(self) -> int:
        return super().now() if self.moment is None else self.moment

    def set_clock(self, moment: int | None) -> None:
        self.moment = moment


def password() -> str:
    """Returns a password that one can type from a screen, new each time: the panel may be seen by others."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(3)), str(secrets.randbelow(90) + 10)])


def furnish(config_file: Path, granted: int, told: Callable[[int, int], None]) -> Key:
    """Makes accounts, people and `DAYS` days of past in the store that the configuration names.

    `told` is called after each day with how many of how many are done.
    """
    from gatewayd.config import load
    from gatewayd.store.commands import Credit

    config = load(config_file)
    backend = _AnyDay(config)
    key = Key(ADMINISTRATOR, password(), password())
    try:
        before = backend.now() - (DAYS + 1) * 86_400_000
        for account in (ACCOUNT, "sur"):
            backend.perform("account.create", {"account": account})
            backend.apply([Credit(account, granted * 1_000_000, before, "Transferencia 4411")])
        administrator = {"user": key.user, "role": "administrator", "password": key.password}
        backend.perform("user.create", administrator)
        for name, role in (("marta", "supervisor"), ("lucia", "user")):
            person = {"user": name, "role": role, "account": ACCOUNT, "password": password()}
            backend.perform("user.create", person)
        office.furnish(backend.perform, key.mass)
        past = Past(
            backend.apply,
            zone=config.timezone,
            node=config.node,
            sms=[line.name for line in config.lines if line.driver in {"gsm", "android", "provider"}],
            calls=[line.name for line in config.lines if line.driver == "asterisk"],
        )
        now = backend.now()
        today = datetime.fromtimestamp(now / 1000, config.timezone).date()
        bills = books(office.CUSTOMERS, today)
        claiming = Claiming(
            *(backend.perform, backend.apply, past, bills),
            zone=config.timezone,
            set_clock=backend.set_clock,
            calls=any(line.driver == "asterisk" for line in config.lines),
        )
        claiming.begin(today - timedelta(days=DAYS + 1))
        for left in past.live(now):
            claiming.live(today - timedelta(days=left + 1), last=left == 0)
            told(DAYS - left, DAYS)
            backend.set_clock(None)
        claiming.bring(today)
        billing_system.write(config_file.parent, bills, today, config.timezone)
        desk.fill(backend.perform, bills, today, config.timezone, backend.set_clock)
        office.settle(backend.perform)
    finally:
        backend.close()
    return key
