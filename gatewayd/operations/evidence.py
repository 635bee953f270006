"""Evidence of contacts: why each message of a person went or was kept back, and whether one may go now."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import judge
from gatewayd.contact.rules import lookback_ms
from gatewayd.contact.words import cap_words, class_name
from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.blocklist import address_of
from gatewayd.operations.contact_rules import rules_of, settings_of, zone_of
from gatewayd.operations.paging import before_of, instant_of
from gatewayd.operations.ports import Backend
from gatewayd.store.insight import evidence as store
from gatewayd.store.reader import Reader
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import UsageError
from gatewayd.values.model import Channel
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 1000
PORTION: Final = 5_000
"""Rows of one portion of an export: a snapshot of some ten milliseconds."""
SHEET_MAX: Final = 20_000
"""Rows of a sheet: twenty years of one person's contacts."""
COLUMNS: Final = (
    *("at", "account", "customer", "to", "channel", "class", "verdict", "rule", "version", "until"),
    "job",
    "message",
)

Text = Annotated[str, Field(min_length=1, max_length=2048)]


def shape(found: store.EvidenceView) -> Json:
    """Returns a decision as it is shown."""
    return {
        "id": found.id,
        "at": iso(found.at),
        "account": found.account,
        "customer": found.customer,
        "to": found.to,
        "channel": found.channel,
        "class": found.klass,
        "verdict": found.verdict,
        "rule": found.rule,
        "version": found.version,
        "until": iso(found.until),
        "job": found.job,
        "message": found.message,
    }


class _Filtered(Paged):
    account: str | None = None
    customer: Text | None = None
    """External id: all numbers and addresses of the person."""
    number: Text | None = None
    """A number or address, and the person whose it is."""
    since: datetime | None = None
    until: datetime | None = None

    async def page(self, backend: Backend, by: Actor, limit: int) -> tuple[list[Json], str | None]:
        persons: list[str] = []
        if self.customer is not None or self.number is not None:
            found = await subject_of(backend, by, self.account, self.customer, self.number)
            persons = list(found.persons)
        before, since, until = before_of(self.cursor), instant_of(self.since, backend), instant_of(self.until, backend)

        def asked(reader: Reader) -> Any:
            question = partial(
                store.decisions,
                scope=by.scope,
                salt=reader.salt(),
                account=self.account,
                persons=persons,
                since=since,
                until=until,
                before=before,
                limit=limit,
            )
            return reader.ask(question)

        page = await backend.read(asked)
        return [shape(one) for one in page.items], page.next


async def subject_of(
    backend: Backend, by: Actor, account: str | None, customer: str | None, number: str | None
) -> store.Subject:
    """Returns whose contacts are meant; NotFoundError, and UsageError without an account or a readable number."""
    if account is None:
        raise UsageError(_("account: name it: a person is one of an account's"))
    address = None if number is None else address_of(number, backend.config.numbers)
    question = partial(store.subject, scope=by.scope, account=account, customer=customer, address=address)
    return await backend.read(lambda reader: reader.ask(question))


class ListEvidence(_Filtered):
    """Decisions, the newest first: of an account, or of one person."""

    name: ClassVar[str] = "evidence.list"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        items, following = await self.page(backend, by, max(1, min(self.limit, LIMIT_MAX)))
        return {"items": items, "next": following}


class ExportEvidence(_Filtered):
    """Answers decisions as a file: CSV (RFC 4180, UTF-8) in portions, `next` goes on; or one sheet (`xlsx`, in base64).

    A sheet has at most 20,000 rows: name a person.
    """

    name: ClassVar[str] = "evidence.export"
    format: Literal["csv", "xlsx"] = "csv"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if self.format == "csv":
            items, following = await self.page(backend, by, PORTION)
            return {"csv": await asyncio.to_thread(_csv, items, self.cursor is None), "next": following}
        items, following = await self.page(backend, by, SHEET_MAX)
        if following is not None:
            raise UsageError(
                _("format: a sheet holds at most {max} rows; name a person or days, or ask for CSV").format(
                    max=SHEET_MAX
                )
            )
        sheet = await asyncio.to_thread(_xlsx, items, backend.config.timezone)
        return {"xlsx": base64.b64encode(sheet).decode(), "next": None}


def _csv(items: list[Json], first: bool) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if first:
        writer.writerow(COLUMNS)
    writer.writerows([_cell(one[name]) for name in COLUMNS] for one in items)
    return out.getvalue()


def _cell(value: Any) -> str:
    """Returns a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _xlsx(items: list[Json], zone: ZoneInfo) -> bytes:
    """A sheet with text cells, and times in the gateway's zone as dates."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, times = book.add_worksheet("evidence"), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, COLUMNS)
    sheet.freeze_panes(1, 0)
    for row, one in enumerate(items, start=1):
        for column, name in enumerate(COLUMNS):
            value = one[name]
            if value is None:
                continue
            if name in {"at", "until"}:
                local = datetime.fromisoformat(value).astimezone(zone).replace(tzinfo=None, microsecond=0)
                sheet.write_datetime(row, column, local, times)
            else:
                sheet.write_string(row, column, str(value))
    book.close()
    return out.getvalue()


class Why(Operation):
    """Whether a person may be contacted now over a channel, and why not: block list, consent, hours, caps."""

    name: ClassVar[str] = "contact.why"
    reads_store = True
    account: str | None = None
    customer: Text | None = None
    number: Text | None = None
    channel: Channel = Channel.SMS
    message_class: MessageClass | None = None
    """Default: the account's."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if (self.customer is None) == (self.number is None):
            raise UsageError(_("name a customer or a number"))
        found = await subject_of(backend, by, self.account, self.customer, self.number)
        settings = await settings_of(backend, self.account)
        rules = await asyncio.to_thread(rules_of, backend, settings.document)
        zone = zone_of(backend, settings.document) if found.zone is None else ZoneInfo(found.zone)
        now = backend.now()
        klass = self.message_class or (MessageClass.COLLECTIONS if rules is None else rules.default_class)
        points = await backend.read(
            lambda reader: reader.ask(partial(store.points, subject=found, channel=str(self.channel), klass=str(klass)))
        )
        answer: Json = {
            "account": self.account,
            "customer": found.customer,
            "name": found.name,
            "channel": str(self.channel),
            "class": str(klass),
            "zone": str(zone),
            "addresses": points,
            "go": True,
            "reason": None,
            "until": None,
            "ends": None,
            "rule": None,
            "version": None if rules is None else rules.version,
            "contacts": [],
            "said": "",
        }
        if rules is not None:
            since = now - lookback_ms(rules)
            past = await backend.read(lambda reader: reader.ask(partial(store.past, subject=found, since=since)))
            verdict = await asyncio.to_thread(judge, rules, klass, str(self.channel), now, zone, past)
            answer |= {"go": verdict.go, "reason": verdict.reason, "rule": verdict.rule}
            answer |= {"until": iso(verdict.until), "ends": iso(verdict.ends)}
            answer["contacts"] = [
                {"at": iso(one.at), "channel": one.channel, "class": str(one.klass), "direct": one.direct}
                for one in past
            ]
            caps = {f"cap.{cap.id}": cap_words(cap) for cap in rules.caps}
            answer["said"] = caps.get(verdict.rule, "")
        usable = [
            one
            for one in points
            if not one["blocked"] and one["state"] != "wrong_person" and one["consent"] is not False
        ]
        if not usable:
            answer |= {"go": False, "reason": _unusable(points), "until": None, "ends": None}
        answer["sentence"] = _sentence(answer)
        return answer


def _unusable(points: list[Json]) -> str:
    if not points:
        return "no_address"
    if any(one["blocked"] for one in points):
        return "blocked"
    return "no_consent" if any(one["consent"] is False for one in points) else "wrong_person"


def _sentence(answer: Json) -> str:
    klass = class_name(answer["class"])
    if answer["go"]:
        return _("may be contacted now ({name})").format(name=klass)
    sentences = {
        "window": _("not now: outside hours"),
        "cap": _("not now: {rule}").format(rule=answer["said"] or answer["rule"]),
        "blocked": _("not at all: on the do-not-contact list"),
        "no_consent": _("not over this channel: it was not authorised"),
        "wrong_person": _("not over this channel: it is another person's"),
        "no_address": _("not over this channel: no address is known"),
    }
    return str(sentences[answer["reason"]])
