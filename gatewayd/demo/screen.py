"""What the demo shows: each campaign's bar and counts, the account, and every line at work, by kind. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gatewayd.words.translation import gettext as _

STYLES: Final = {
    "ready": "green",
    "busy": "bold green",
    "starting": "yellow",
    "waiting": "yellow",
    "recovering": "red",
    "quarantined": "bold red",
    "disabled": "dim",
}
LINES_SHOWN: Final = 8
"""Of each kind."""
SENT: Final = ("submitted", "delivered", "read", "undelivered")
"""States of what the network has taken."""


def screen(
    jobs: Sequence[Mapping[str, Any]], overview: Mapping[str, Any], account: Mapping[str, Any]
) -> RenderableType:
    """One frame, from the answers of `job.show` for each campaign, `overview` and `account.show`."""
    money = Table.grid(padding=(0, 3))
    money.add_row(
        Text(f" {account['name']}", style="bold"),
        _("{rate} segments/s").format(rate=f"{overview['rates']['segments_10s']:.1f}"),
        _("held {held}").format(held=account["held"]),
        _("balance {balance}").format(balance=account["balance"]),
    )
    return Group(*map(_campaign, jobs), money, Text(), lines(overview))


def _campaign(job: Mapping[str, Any]) -> RenderableType:
    counts, total = job["counts"], max(job["messages"], 1)
    sent = sum(counts[state] for state in SENT)
    bar = ProgressBar(total=total, completed=counts["delivered"], width=None, complete_style="green")
    facts = Table.grid(padding=(0, 3))
    facts.add_row(
        _("sent {sent} of {total}").format(sent=sent, total=job["messages"]),
        Text(_("delivered {count}").format(count=counts["delivered"]), style="bold green"),
        _("on their way {count}").format(count=counts["submitted"] + counts["sending"]),
        _("cost {cost} {currency}").format(cost=job["cost"], currency=job["currency"]),
    )
    title = f"{job['account']}/{job['job']} · {job['state']}"
    # The empty text ends the bar's line, which the bar itself does not.
    return Panel(Group(bar, Text(), facts), title=title, border_style="cyan")


def lines(overview: Mapping[str, Any]) -> RenderableType:
    """Every kind of line with what it does in all, and its lines, as many as the screen bears."""
    table = Table(expand=True, box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in (_("line"), _("state"), _("signal"), _("operator"), _("per minute"), _("today")):
        table.add_column(heading, justify="right" if heading in {_("per minute"), _("today")} else "left")
    for driver, group in groupby(overview["lines"], key=lambda line: line["driver"]):
        of_kind = list(group)
        pace, today = (str(int(sum(line[key] for line in of_kind))) for key in ("pace", "sent_today"))
        working = sum(line["state"] in {"ready", "busy"} for line in of_kind)
        told = _("{working} of {all} working").format(working=working, all=len(of_kind))
        table.add_row(kind(driver), told, "", "", pace, today, style="bold cyan")
        for line in of_kind[:LINES_SHOWN]:
            table.add_row(*_cells(line))
        if len(of_kind) > LINES_SHOWN:
            table.add_row("  " + _("… and {count} more").format(count=len(of_kind) - LINES_SHOWN))
    return table


def _cells(line: Mapping[str, Any]) -> tuple[RenderableType, ...]:
    state, signal = line["state"], line["signal"]
    return (
        f"  {line['name']}",
        Text(state, style=STYLES.get(state, "")),
        "▂▄▆█"[: max(1, round((signal or 0) / 25))] + f" {signal}%" if signal is not None else "-",
        line["operator"] or "-",
        str(int(line["pace"])),
        str(line["sent_today"]),
    )


def kind(driver: str) -> str:
    """A driver's lines as people call them."""
    names = {
        "gsm": _("modems"),
        "android": _("phones"),
        "provider": _("providers"),
        "asterisk": _("calls"),
        "smtp": _("mail accounts"),
    }
    return names.get(driver, driver)
