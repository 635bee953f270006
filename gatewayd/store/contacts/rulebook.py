"""What holds for each account (rules of contact, zone, age of billing), remembered between transactions.

The file's part is handed in; an account's own is read from its settings, and read again when they have changed: at once
where this process changed them, else within seconds.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select

from gatewayd.contact.classes import DEFAULT, MessageClass
from gatewayd.contact.judge import Verdict, judge
from gatewayd.contact.presets import effective
from gatewayd.contact.reading import RulesError
from gatewayd.contact.rules import Rules, capped, lookback_ms
from gatewayd.store.contacts.billing_age import own_ms
from gatewayd.store.session import Session, Statement, given
from gatewayd.store.tables import account, account_settings, customer
from gatewayd.values.staff import ACCOUNT as STAFF

_log: Final = logging.getLogger(__name__)

FRESH_S: Final = 5.0
"""How long what another process changes may stay unseen."""
ZONES_MAX: Final = 500

_VERSIONS: Final = Statement(select(account_settings.c.account_id, account_settings.c.version))
_DOCUMENT: Final = Statement(
    select(account.c.name, account_settings.c.document)
    .select_from(account.outerjoin(account_settings, account_settings.c.account_id == account.c.id))
    .where(account.c.id == given(account.c.id)),
    "p_id",
)
_NEXT_ZONE: Final = Statement(
    select(func.min(customer.c.zone)).where(
        customer.c.account_id == given(customer.c.account_id), customer.c.zone > given(customer.c.zone)
    ),
    "p_account_id p_zone",
)


@dataclass(slots=True)
class Course:
    """What the rules of an account say of one class over one channel."""

    rules: Rules
    klass: MessageClass
    channel: str
    timed: bool
    capped: bool
    lookback_ms: int
    _free: dict[str, tuple[int, int | None, Verdict]] = field(default_factory=dict)
    """By zone: from when until when the verdict holds of whoever had no contact that counts."""

    def free(self, at: int, zone: ZoneInfo) -> Verdict:
        """Judges a message to somebody without a contact that counts."""
        known = self._free.get(zone.key)
        if known is not None and known[0] <= at and (known[1] is None or at < known[1]):
            return known[2]
        verdict = judge(self.rules, self.klass, self.channel, at, zone, ())
        over = verdict.ends if verdict.go else verdict.until
        self._free[zone.key] = (at, over, verdict)
        return verdict


class Standing:
    """What holds for one account."""

    __slots__ = ("_courses", "billing_age_ms", "default", "rules", "zone", "zones")

    def __init__(
        self, rules: Rules | None, zone: ZoneInfo, zones: tuple[ZoneInfo, ...], billing_age_ms: int | None = None
    ) -> None:
        self.rules = rules
        self.billing_age_ms = billing_age_ms
        """How old billing may be for what was written from it; None: of any age."""
        self.default = DEFAULT if rules is None else rules.default_class
        self.zone = zone
        self.zones = zones
        """Those that customers have of their own, beside the account's."""
        self._courses: dict[tuple[str, str], Course | None] = {}

    def course(self, klass: str, channel: str) -> Course | None:
        """Returns what the rules say of a class over a channel; None: they do not touch it."""
        key = klass, channel
        if key not in self._courses:
            self._courses[key] = self._made(MessageClass(klass), channel)
        return self._courses[key]

    def _made(self, klass: MessageClass, channel: str) -> Course | None:
        rules = self.rules
        if rules is None:
            return None
        return Course(
            rules,
            klass,
            channel,
            timed=rules.hours.get(klass) is not None,
            capped=capped(rules, klass, channel),
            lookback_ms=lookback_ms(rules),
        )

    def closed(self, course: Course, at: int) -> Verdict | None:
        """Returns the verdict that keeps all people of the account back, with the first instant at which somebody of
        them may be contacted again; None: somebody may be now."""
        if not course.timed:
            return None
        soonest: Verdict | None = None
        for zone in (self.zone, *self.zones):
            verdict = course.free(at, zone)
            if verdict.go or verdict.until is None:
                return None
            if soonest is None or soonest.until is None or verdict.until < soonest.until:
                soonest = verdict
        return soonest


class Rulebook:
    """Of one store, for the thread that writes."""

    def __init__(self, contact: Mapping[str, Any] | None, zone: ZoneInfo, billing_age_ms: int | None = None) -> None:
        """`contact` is the file's part, None where it has none; `zone` is the gateway's; `billing_age_ms` is how old
        billing may be where an account says nothing else."""
        self._contact = contact
        self._zone = zone
        self._billing_age_ms = billing_age_ms
        self._known: dict[int, tuple[int, Standing]] = {}
        """By account: the version of its settings, and what they make of it."""
        self._looked = -FRESH_S

    def take(self, contact: Mapping[str, Any] | None, billing_age_ms: int | None = None) -> None:
        """Takes over another file's part."""
        self._contact = contact
        self._billing_age_ms = billing_age_ms
        self.forget()

    def forget(self) -> None:
        """Reads everything again."""
        self._known = {}

    def of(self, session: Session, account_id: int) -> Standing:
        """Returns what holds for an account."""
        now = time.monotonic()
        if now - self._looked >= FRESH_S:
            self._look(session)
            self._looked = now
        found = self._known.get(account_id)
        if found is None:
            versions: dict[int, int] = dict(session.all(_VERSIONS))
            found = self._known[account_id] = (versions.get(account_id, 0), self._read(session, account_id))
        return found[1]

    def _look(self, session: Session) -> None:
        """Forgets the accounts whose settings, or whose customers' zones, are others by now."""
        versions: dict[int, int] = dict(session.all(_VERSIONS)) if self._known else {}
        for account_id, (version, standing) in tuple(self._known.items()):
            if versions.get(account_id, 0) != version or (
                standing.rules is not None and _zones(session, account_id, standing.zone) != standing.zones
            ):
                del self._known[account_id]

    def _read(self, session: Session, account_id: int) -> Standing:
        row = session.one(_DOCUMENT, account_id)
        if row is None or row[0] == STAFF:
            # Who runs the gateway is told at any hour.
            return Standing(None, self._zone, ())
        document = json.loads(row[1] or "{}")
        zone = zone_named(document.get("zone")) or self._zone
        try:
            rules = effective(self._contact, document)
        except RulesError as error:
            # What was judged when it was set and cannot be read any more: the file's rules are better than none.
            _log.error("rules of account %s cannot be read, the file's hold: %s", account_id, error)
            rules = effective(self._contact, None)
        own = own_ms(row[1])
        age = self._billing_age_ms if own is None else own
        return Standing(rules, zone, () if rules is None else _zones(session, account_id, zone), age)


def _zones(session: Session, account_id: int, own: ZoneInfo) -> tuple[ZoneInfo, ...]:
    """Returns the zones that customers of the account have, each by one step of an index."""
    found: list[ZoneInfo] = []
    after = ""
    while len(found) < ZONES_MAX and (row := session.one(_NEXT_ZONE, account_id, after)) is not None:
        if row[0] is None:
            break
        after = row[0]
        if (zone := zone_named(after)) is not None and zone.key != own.key:
            found.append(zone)
    return tuple(found)


def zone_named(name: str | None) -> ZoneInfo | None:
    """Returns the zone of that name; None where there is none."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_of(name: str | None, standing: Standing) -> ZoneInfo:
    """Returns the zone of a customer that names one, else the account's."""
    return zone_named(name) or standing.zone
