"""A template as it goes out to one person, what it costs, and which letters make it dear; for a whole list too."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from operator import methodcaller
from typing import Annotated, Any, ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt

from gatewayd.campaigns.sizes import Cost, Sizes, cost
from gatewayd.config.publication import variant_of
from gatewayd.customers.faults import FieldError
from gatewayd.customers.filters import CustomerFilter
from gatewayd.customers.variables import variables as of_customer
from gatewayd.operations.base import Json
from gatewayd.operations.call_words import said_early
from gatewayd.operations.customer_filters import judged_filter
from gatewayd.operations.ports import Backend
from gatewayd.operations.template_row import Country, Known, Variable, rendered, variables_in
from gatewayd.operations.template_words import MENU, faults_of
from gatewayd.operations.templates import Channel, Name, OfTemplates
from gatewayd.registry import driver
from gatewayd.store.campaigns import lists
from gatewayd.store.campaigns import templates as store
from gatewayd.store.contacts.audience import AudienceRow, Occasion, audience_rows
from gatewayd.store.contacts.directory import account_of, customer
from gatewayd.store.settings import accounts as settings
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import FaultsError, UsageError
from gatewayd.values.money import format_money
from gatewayd.values.templates import VariableUnknownError, parts_of
from gatewayd.values.texts import Letters, letters, parts_with_shift
from gatewayd.words.translation import gettext as _
from spool import stored
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.names import variable_name

ROWS_MAX: Final = 500_000
PORTION: Final = 2_000
KEPT_S: Final = 300.0
"""How long the sizes of a list are believed."""
KEPT_MAX: Final = 4


class OfWords(OfTemplates):
    """A request about words: a template that is saved, or what somebody is writing."""

    template: Name | None = None
    channel: Channel | None = None
    version: StrictInt | None = None
    content: dict[str, Any] | None = None
    """What is being written, unsaved; with `channel`."""

    async def words(self, backend: Backend) -> tuple[str, Json]:
        """Returns channel and content. NotFoundError, UsageError."""
        if self.content is not None:
            if self.channel is None:
                raise UsageError(_("channel: say which channel the content is for"))
            return self.channel, self.content
        if self.template is None:
            raise UsageError(_("template: name it, or give channel and content"))
        question = partial(
            store.version_of, account=self.owner, name=self.template, version=self.version, channel=self.channel
        )
        found = await backend.read(lambda reader: reader.ask(question))
        return found.channel, dict(found.content) | ({} if found.klass is None else {"class": found.klass})


class OfRow(OfWords):
    """A request about words as one person would get them."""

    values: Annotated[dict[str, str], Field(max_length=200)] = Field(default_factory=dict)
    """Of variables, by name; before all else."""
    customer: Annotated[str, Field(max_length=200)] | None = None
    """External id of the customer whose row it is."""
    rows_of: Annotated[StrictInt, Field(ge=1)] | None = None
    """Number of a fixed list, such as an uploaded one, whose rows are meant in place of customers."""
    after: StrictInt | None = None
    """Without `customer`: the first reachable one behind that number (of a list: that row); 0: the first. None:
    invented values, but for a list its first row."""

    async def row(self, backend: Backend, channel: str) -> tuple[Known, AudienceRow | None, Context]:
        """Returns what is known of the row, and whose it is. NotFoundError where no such customer is."""
        context = await context_of(backend, self.owner)
        found = await backend.read(lambda reader: reader.ask(partial(_row, self, channel, context)))
        given = {variable_name(name): value for name, value in self.values.items()}
        columns = () if found is None else tuple(found.columns)
        account = dict.fromkeys(("empresa", "company"), context.company)
        return Known(given, None if found is None else found.columns, account, columns), found, context


class Context:
    """What an account's values are written by."""

    def __init__(self, account: str, company: str, zone: ZoneInfo, region: str, now: int) -> None:
        self.account, self.company, self.zone, self.region, self.now = account, company, zone, region, now

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.now / 1000, self.zone).date()

    @property
    def occasion(self) -> Occasion:
        return Occasion(self.now, self.today, None, self.region, str(self.zone))


async def context_of(backend: Backend, account: str) -> Context:
    """NotFoundError without the account."""
    found = await backend.read(lambda reader: reader.ask(partial(settings.settings, account=account)))
    zone = ZoneInfo(found.document.get("zone") or str(backend.config.timezone))
    company = found.document.get("company") or account
    return Context(account, company, zone, backend.config.numbers.region, backend.now())


def _row(asked: OfRow, channel: str, context: Context, connection: Any) -> AudienceRow | None:
    scope = Scope.of(context.account)
    if asked.customer is not None:
        kept = customer(connection, scope=scope, external_id=asked.customer)
        columns = of_customer(kept.customer, context.today, context.region)
        return AudienceRow(kept.id, kept.customer.external_id, "", columns)
    if asked.rows_of is not None:
        return _of_list(connection, scope, asked.rows_of, asked.after or 0, channel, context)
    if asked.after is None:
        return None
    account_id = account_of(connection, scope)
    ask = partial(audience_rows, connection, account_id, CustomerFilter(), channel, limit=1, occasion=context.occasion)
    found = ask(after_id=asked.after) or (ask(after_id=0) if asked.after else [])
    return found[0] if found else None


def _of_list(  # noqa: PLR0917 - a list's row, and whose it is
    connection: Any, scope: Scope, number: int, after: int, channel: str, context: Context
) -> AudienceRow | None:
    """Returns the first row of a fixed list behind `after`, else its first; None of a list without rows or of a live
    one. NotFoundError."""
    lists.by_number(connection, scope=scope, number=number)
    ask = partial(lists.members, connection, number=number, limit=1)
    for one in ask(after=after) or (ask(after=0) if after else ()):
        if one.cells is not None:
            cells = {variable_name(name): str(value) for name, value in json.loads(one.cells).items()}
            return AudienceRow(one.row, one.external_id or str(one.row), one.address or "", cells)
        if one.customer is None:
            continue
        known = audience_rows(
            *(connection, account_of(connection, scope), [one.customer], channel),
            after_id=0,
            limit=1,
            occasion=context.occasion,
        )
        return AudienceRow(one.row, known[0].external_id, known[0].address, known[0].columns) if known else None
    return None


class PreviewTemplate(OfRow):
    """Shows what one person would get: each text, characters, segments and cost of an SMS, the letters that make it
    dear, and what plain letters would save."""

    name: ClassVar[str] = "template.preview"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        channel, content = await self.words(backend)
        known, person, context = await self.row(backend, channel)
        currency = backend.config.tariff.currency
        shown: Json = {
            "channel": channel,
            "faults": faults_of(channel, content),
            "amount_early": None,
            "row": None
            if person is None
            else {"customer": person.external_id, "number": person.customer_id, "name": person.columns.get("nombre")},
            "known": list(dict.fromkeys([*known.given, *(known.customer or ()), "empresa", *MENU])),
            "fields": {},
            "variables": [],
            "sms": None,
            "price": format_money(backend.config.tariff.price(channel)),
            "currency": currency,
            "cost": None,
        }
        try:
            document = stored.judged(channel, content)
            shown["amount_early"] = said_early(document)
            variables = variables_in(document, known, Country(context.today, context.region, currency))
            fields = rendered(document, variables)
        except (JobFileError, VariableUnknownError):
            return shown
        shown |= said(document, variables, fields, backend.config.tariff.price(channel))
        if shown["sms"] is not None:
            shown["sms"]["shifted"] = _shifted(backend, document, shown)
        return shown


def said(document: JobDocument, variables: list[Variable], fields: Mapping[str, str], price: int) -> Json:
    """Returns what goes out and what it costs."""
    sms: Letters | None = None
    too_long = False
    if document.channel == "sms":
        try:
            sms = letters(fields["text"], document.encoding)
            too_long = sms.segments > document.max_segments
        except ValueError:
            too_long = True
    return {
        "fields": dict(fields) | ({} if sms is None else {"text": sms.text}),
        "variables": [
            {"name": one.written, "value": one.value, "from": one.source, "hint": one.hint} for one in variables
        ],
        "sms": None if sms is None else _letters(sms, price),
        "too_long": too_long,
        "cost": format_money(price * (1 if sms is None else sms.segments)),
    }


def _shifted(backend: Backend, document: JobDocument, shown: Json) -> Json | None:
    """Returns what the text takes over lines with the Spanish shift table, which carries accents at a plain text's
    price; None where no line of ours has it, or the job asks for an encoding."""
    lines = [
        line.name
        for line in backend.config.lines
        if line.enabled and "sms" in driver(line.driver).channels and variant_of(line) == "es"
    ]
    if not lines or document.encoding != "auto":
        return None
    segments = min(parts_with_shift(shown["fields"]["text"]), shown["sms"]["segments"])
    saved = shown["sms"]["segments"] - segments
    return {"lines": lines, "segments": segments, "saves": format_money(backend.config.tariff.price("sms") * saved)}


def _letters(sms: Letters, price: int) -> Json:
    return {
        "encoding": sms.encoding,
        "characters": len(sms.text),
        "units": sms.units,
        "segments": sms.segments,
        "left": sms.left,
        "dear": [[start, end, sms.text[start:end]] for start, end in sms.dear],
        "double": [[start, end, sms.text[start:end]] for start, end in sms.double],
        "plain": sms.plain,
        "plain_segments": sms.plain_segments,
        "saves": format_money(price * (sms.segments - sms.plain_segments)),
        "lost": list(sms.lost),
    }


class CostOfTemplate(OfWords):
    """Says what the words would cost for everybody whom a filter reaches: sum, median and worst of the segments, and
    the dearest rows. For SMS."""

    name: ClassVar[str] = "template.cost"
    reads_store = True
    audience: dict[str, Any] = Field(default_factory=dict)
    """A filter of customers, as `customer.list` takes it; none: everybody."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        channel, content = await self.words(backend)
        if channel != "sms":
            raise UsageError(_("channel: only an SMS is counted in segments"))
        if faults := faults_of(channel, content):
            raise FaultsError(faults)
        document = stored.judged(channel, content)
        context = await context_of(backend, self.owner)
        sizes, numbers = await _sizes(backend, context, self.audience)
        values = dict.fromkeys(("empresa", "company"), context.company)
        columns = list(sizes.columns)
        try:
            parts = parts_of(document.text or "", columns, values)
        except VariableUnknownError as error:
            return {"people": sizes.rows, "unknown": [one.written for one in error.unknown], "segments": None}
        found = await asyncio.to_thread(cost, parts, sizes, document.encoding, document.max_segments)
        return _cost(found, numbers, backend.config.tariff.price("sms"), backend.config.tariff.currency)


def _cost(found: Cost, numbers: list[int], price: int, currency: str) -> Json:
    return {
        "people": found.rows,
        "unknown": [],
        "messages": found.valid,
        "missing": found.missing,
        "too_long": found.too_long,
        "segments": found.total,
        "worst": found.worst,
        "median": found.median,
        "by_segments": {str(segments): rows for segments, rows in sorted(found.by_segments.items())},
        "ucs2": found.ucs2,
        "dearest": [{"number": numbers[row], "segments": segments} for row, segments in found.dearest],
        "cost": format_money(price * found.total),
        "currency": currency,
        "exact": found.exact,
    }


_KEPT: dict[tuple[str, str], tuple[float, Sizes, list[int]]] = {}
"""Of the lists that somebody is writing for."""


async def _sizes(backend: Backend, context: Context, audience: Mapping[str, Any]) -> tuple[Sizes, list[int]]:
    try:
        chosen = judged_filter(backend, audience)
    except FieldError as error:
        raise UsageError(f"audience.{error.field}: {error.reason}") from None
    key = context.account, repr(chosen)
    kept = _KEPT.get(key)
    if kept is not None and time.monotonic() - kept[0] < KEPT_S:
        return kept[1], kept[2]
    sizes, numbers = Sizes({}), list[int]()
    after = 0
    while sizes.rows < ROWS_MAX:
        question = partial(_portion, context, chosen, after)
        rows = await backend.read(methodcaller("ask", question))
        for row in rows:
            sizes.append(row.columns)
            numbers.append(row.customer_id)
        if len(rows) < PORTION:
            break
        after = rows[-1].customer_id
        await asyncio.sleep(0)
    if len(_KEPT) >= KEPT_MAX:
        _KEPT.pop(min(_KEPT, key=lambda one: _KEPT[one][0]))
    _KEPT[key] = time.monotonic(), sizes, numbers
    return sizes, numbers


def _portion(context: Context, chosen: CustomerFilter, after: int, connection: Any) -> list[AudienceRow]:
    account_id = account_of(connection, Scope.of(context.account))
    return audience_rows(
        connection, account_id, chosen, "sms", after_id=after, limit=PORTION, occasion=context.occasion
    )
