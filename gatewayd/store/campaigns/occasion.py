"""What a campaign is about, as those who choose its people need to know it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gatewayd.contact.classes import DEFAULT
from gatewayd.store.contacts.audience import Occasion
from gatewayd.store.settings.accounts import zone_of


def occasion(connection: Connection, account: str, klass: str | None, *, now: int, zone: str, region: str) -> Occasion:
    """Returns what a contact of that class is about, today where the account is; `zone` is the gateway's."""
    name = zone_of(connection, account, zone)
    today = datetime.fromtimestamp(now / 1000, ZoneInfo(name)).date()
    return Occasion(now, today, klass or str(DEFAULT), region, name)
