"""Statistics: one question a plot, its answer as the title, the numbers as a table below."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from gatewayd.web.panel.answers import delivered_by_day, delivered_by_weekday, spent, when_sent
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Chip, Figure, Tab
from gatewayd.web.panel.rendering import formats_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/interacciones/estadisticas"
DAYS: Final = 30
DAYS_MAX: Final = 366
"""A year is as much as a plot shows, and as anybody compares."""
TABLES: Final = (
    ("day", spoken("By day")),
    ("line", spoken("By line")),
    ("channel", spoken("By channel")),
    ("account", spoken("By account")),
    ("hour_of_day", spoken("By hour")),
)
CHANNELS: Final = ("sms", "call", "email", "push", "whatsapp")
FILE_COLUMNS: Final = (
    "group",
    "total",
    "sent",
    "delivered",
    "read",
    "failed",
    "awaiting_report",
    "uncertain",
    "cancelled",
    "received",
    "segments",
    "cost",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    since: date
    until: date
    channel: str
    line: str
    table: str

    @classmethod
    def of(cls, query: Mapping[str, str], zone: str) -> Asked:
        """Reads the address; what cannot be meant is left to its default."""
        today = datetime.now(ZoneInfo(zone)).date()
        until = min(_day(query.get("hasta"), today), today)
        since = min(_day(query.get("desde"), until - timedelta(days=DAYS - 1)), until)
        since = max(since, until - timedelta(days=DAYS_MAX - 1))
        channel = query.get("canal", "")
        table = query.get("tabla", "day")
        return cls(
            since,
            until,
            channel if channel in CHANNELS else "",
            query.get("linea", "")[:64],
            table if table in {key for key, _word in TABLES} else "day",
        )

    def address(self, path: str = HERE, **changes: str) -> str:
        """Returns the address of the page with some of it changed."""
        values = {
            "desde": self.since.isoformat(),
            "hasta": self.until.isoformat(),
            "canal": self.channel,
            "linea": self.line,
            "tabla": self.table,
        } | changes
        return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"

    async def answered(self, visit: Visit, by: str) -> Any:
        return await visit.ask(
            "statistics.show",
            since=self.since.isoformat(),
            until=self.until.isoformat(),
            by=by,
            channel=self.channel,
            line=self.line,
        )


def _day(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return otherwise


@page(HERE, operation="statistics.show", place=Place("interacciones", spoken("Statistics"), 30))
async def show(visit: Visit) -> Response:
    """Shows what became of what was sent in some days."""
    asked = Asked.of(visit.query, visit.zone)
    by_day = await asked.answered(visit, "day")
    by_weekday = await asked.answered(visit, "weekday")
    by_hour = await asked.answered(visit, "hour_of_day")
    table = by_day if asked.table == "day" else await asked.answered(visit, asked.table)
    formats = formats_of(visit.zone)
    days = [(asked.since + timedelta(days=number)) for number in range((asked.until - asked.since).days + 1)]
    plots = []
    if by_day["total"]["total"]:
        plots = [
            delivered_by_day(days, by_day, by_weekday, formats),
            delivered_by_weekday(by_weekday, formats),
            when_sent(by_hour),
            *spent(days, by_day, formats),
        ]
    chips = []
    if asked.channel:
        chips.append(Chip(_("only {channel}").format(channel=asked.channel), asked.address(canal="")))
    if asked.line:
        chips.append(Chip(_("only over {line}").format(line=asked.line), asked.address(linea="")))
    return visit.page(
        "statistics.html",
        asked=asked,
        total=by_day["total"],
        figures=_figures(by_day["total"], formats),
        plots=plots,
        tabs=[
            Tab(_(word), asked.address(tabla=key), key == asked.table)
            for key, word in TABLES
            if key != "account" or visit.actor.account is None
        ],
        rows=[_named(asked.table, row) for row in reversed(table["items"])] if asked.table == "day" else table["items"],
        lines=[one["name"] for one in (await visit.ask("line.list"))["items"]] if visit.may("line.list") else [],
        chips=chips,
        spans=_spans(asked),
        file=asked.address(f"{HERE}/archivo"),
    )


def _named(by: str, row: dict[str, Any]) -> dict[str, Any]:
    return row if by != "day" else row | {"day": row["group"]}


def _spans(asked: Asked) -> Sequence[Tab]:
    """Returns the stretches of days that people look at most, as addresses."""
    found = []
    for days, word in ((1, _("Today")), (7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("A year"))):
        since = (asked.until - timedelta(days=days - 1)).isoformat()
        found.append(Tab(word, asked.address(desde=since), asked.since.isoformat() == since))
    return found


def _figures(total: Mapping[str, Any], formats: Any) -> Sequence[Figure]:
    rate = total["delivery_rate"]
    costs = [formats.money(cost, currency) for currency, cost in total["cost"].items()]
    return [
        Figure(
            _("Sent"),
            formats.number(total["sent"]),
            _("{count} segments").format(count=formats.number(total["segments"])),
        ),
        Figure(
            _("Delivered"),
            formats.number(total["delivered"]),
            "" if rate is None else _("{share} of what was to be sent").format(share=formats.percent(rate)),
        ),
        Figure(_("Failed"), formats.number(total["failed"])),
        Figure(_("Came in"), formats.number(total["received"])),
        Figure(_("Cost"), " + ".join(costs) or formats.number(0)),
    ]


@page(f"{HERE}/archivo", operation="statistics.show")
async def download(visit: Visit) -> Response:
    """Gives the table that is shown as a CSV file."""
    asked = Asked.of(visit.query, visit.zone)
    found = await asked.answered(visit, asked.table)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(FILE_COLUMNS)
    for row in found["items"]:
        cost = " + ".join(f"{amount} {currency}" for currency, amount in row["cost"].items())
        writer.writerow([row[name] if name != "cost" else cost for name in FILE_COLUMNS])
    name = f"estadisticas-{asked.since}-{asked.until}.csv"
    # The mark makes a spreadsheet read it as UTF-8.
    return Response(
        "\N{ZERO WIDTH NO-BREAK SPACE}" + file.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
