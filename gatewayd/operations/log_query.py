"""What people ask of the log of interactions: words of an address, a command or the API, read into a store's filter."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.config import Config
from gatewayd.customers.words import document_key
from gatewayd.numbers import NumberError, Numbers, Policy
from gatewayd.store.insight.filters import ANSWERED, NOTED, RECEIVED, UNREAD, InteractionFilter
from gatewayd.values.errors import UsageError
from gatewayd.values.model import Channel, State, ulid_ms, ulid_number
from gatewayd.values.money import parse_money
from gatewayd.words.translation import gettext as _

STATES: Final = (*(str(state) for state in State), UNREAD, ANSWERED, RECEIVED, NOTED)
ALIKE: Final = {"failed": ("failed", "undelivered")}
"""Words that stand for several states: nobody but the network tells them apart."""

Period = Literal["today", "yesterday", "7d", "30d", "45d", "month"]
AnyChannel = Channel | Literal["visit", "web", "note"]
"""Those of messages, and of contacts made elsewhere."""
Word = Annotated[str, Field(max_length=200)]

_DIGITS: Final = re.compile(r"\+?[\d\s().\-/]{3,40}", re.ASCII)
_ADDRESS: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")


class LogQuery(BaseModel):
    """The filters; what is left out filters nothing. Every one of them stands in the page's address under its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Period | None = None
    """Days up to now, in the gateway's zone; stays true in a saved view."""
    since: Annotated[str, Field(max_length=40)] | None = None
    """A day, or a time; a day begins at midnight in the gateway's zone."""
    until: Annotated[str, Field(max_length=40)] | None = None
    """A day (it is included), or a time (it is not)."""
    direction: Literal["out", "in"] | None = None
    channel: Annotated[list[AnyChannel], Field(max_length=8)] = Field(default_factory=list)
    state: Annotated[list[str], Field(max_length=len(STATES))] = Field(default_factory=list)
    customer: Word | None = None
    """The external id of one."""
    document: Word | None = None
    """Of the customer, however it is written."""
    portfolio_type: Literal["vigente", "castigada"] | None = None
    portfolio_name: Word | None = None
    assigned: Word | None = None
    """The user whom the customer is assigned to."""
    supervisor: Word | None = None
    campaign: Word | None = None
    flow: Literal["campaign", "resend", "panel", "api", "file", "upload", "noted"] | None = None
    template: Word | None = None
    kind: Literal["automatic", "manual"] | None = None
    line: Word | None = None
    job: Word | None = None
    reason: Annotated[str, Field(max_length=100)] | None = None
    cost_min: Annotated[str, Field(max_length=24)] | None = None
    cost_max: Annotated[str, Field(max_length=24)] | None = None
    q: Word | None = None
    """A number (or its end), an address, a reference, or words of a text."""

    def given(self) -> dict[str, Any]:
        """Returns the filters that are set, as they stand in an address."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value not in (None, [], "")}


FIELDS: Final = frozenset(LogQuery.model_fields)


PICKED_MAX: Final = 500
"""Single interactions that one request names."""

Picked = Annotated[str, Field(pattern=r"^(out|in|noted)-[0-9A-Za-z]{26}$")]
"""One interaction: which way it went (`noted`: made elsewhere), and its id."""


def picked_of(picked: Sequence[str]) -> InteractionFilter:
    """Returns the filter that means single interactions and no other; UsageError for what is no id."""
    rows: list[tuple[str, int]] = []
    oldest: list[int] = []
    for key in picked:
        kind, _hyphen, public = key.partition("-")
        try:
            number, at = ulid_number(public), ulid_ms(public)
        except ValueError:
            number = at = -1
        if not 0 <= number < 1 << 62:
            raise UsageError(_("no interaction {id}").format(id=public[:40]))
        rows.append((kind, number))
        oldest.append(at)
    # Nothing left or came in before it was recorded; a contact made elsewhere is recorded afterwards.
    since = None if any(kind == "noted" for kind, _number in rows) else min(oldest, default=None)
    return InteractionFilter(since=since, rows=tuple(rows))


def filter_of(query: LogQuery, config: Config, now: int) -> InteractionFilter:
    """Returns what a query means at `now` (Unix ms); UsageError names the field that cannot be read."""
    zone = config.timezone
    since, until = _period(query.period, now, zone)
    if query.since:
        since = _moment("since", query.since, zone, day_after=False)
    if query.until:
        until = _moment("until", query.until, zone, day_after=True)
    unknown = [state for state in query.state if state not in STATES]
    if unknown:
        raise UsageError(_("state: there is no {state}").format(state=unknown[0][:40]))
    states = dict.fromkeys(state for word in query.state for state in ALIKE.get(word, (word,)))
    return InteractionFilter(
        since=since,
        until=until,
        direction=query.direction,
        channels=tuple(dict.fromkeys(str(channel) for channel in query.channel)),
        states=tuple(states),
        customer=query.customer or None,
        document=document_key(query.document) if query.document else None,
        portfolio_type=query.portfolio_type,
        portfolio_name=query.portfolio_name or None,
        assigned=query.assigned or None,
        supervisor=query.supervisor or None,
        campaign=query.campaign or None,
        flow=query.flow,
        template=query.template or None,
        kind=query.kind,
        line=query.line or None,
        job=query.job or None,
        reason=query.reason or None,
        cost_min=_money("cost_min", query.cost_min),
        cost_max=_money("cost_max", query.cost_max),
        **_sought(query.q, config),
    )


def _sought(text: str | None, config: Config) -> dict[str, Any]:
    """Returns what the search field means: a number is one however it is written, its last digits are part of it."""
    text = (text or "").strip()
    if not text:
        return {}
    if _ADDRESS.fullmatch(text):
        return {"numbers": tuple(dict.fromkeys((text, text.lower())))}
    if _DIGITS.fullmatch(text):
        with_sign = re.sub(r"[^\d+]", "", text)
        try:
            numbers = _numbers(config.numbers.region, config.numbers.home_area, config.numbers.assume_mobile)
            return {"numbers": (numbers.parse(text, fixed=True).e164,)}
        except NumberError:
            return {"digits": with_sign.lstrip("+")}
    return {"words": text}


@functools.lru_cache(maxsize=4)
def _numbers(region: str, home_area: str | None, assume_mobile: bool) -> Numbers:
    return Numbers(Policy(region, home_area, assume_mobile))


def _money(name: str, text: str | None) -> int | None:
    if not text:
        return None
    try:
        return parse_money(text.replace(",", "."))
    except ValueError:
        raise UsageError(_("{field}: not an amount").format(field=name)) from None


def _moment(name: str, text: str, zone: tzinfo, *, day_after: bool) -> int:
    """Returns the instant (Unix ms) that a day or a time names."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=1 if day_after else 0)
            return _ms(datetime.combine(day, time(), zone))
        found = datetime.fromisoformat(text)
        return _ms(found if found.tzinfo else found.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise UsageError(_("{field}: not a day or time (2026-11-30, 2026-11-30T09:00)").format(field=name)) from None


def _period(period: Period | None, now: int, zone: tzinfo) -> tuple[int | None, int | None]:
    if period is None:
        return None, None
    today = datetime.fromtimestamp(now / 1000, zone).date()
    first, end = today, None
    if period == "yesterday":
        first, end = today - timedelta(days=1), today
    elif period == "month":
        first = today.replace(day=1)
    elif period != "today":
        first = today - timedelta(days=int(period[:-1]) - 1)
    since = _ms(datetime.combine(first, time(), zone))
    return since, None if end is None else _ms(datetime.combine(end, time(), zone))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
