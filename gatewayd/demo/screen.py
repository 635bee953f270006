"""What the demo shows: the campaign's bar, its counts, and every modem at work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gatewayd.translation import gettext as _

STYLES: Final = {
    "ready": "green",
    "busy": "bold green",
    "starting": "yellow",
    "waiting": "yellow",
    "recovering": "red",
    "quarantined": "bold red",
    "disabled": "dim",
}
LINES_SHOWN: Final = 16


def screen(job: Mapping[str, Any], overview: Mapping[str, Any], account: Mapping[str, Any]) -> RenderableType:
    """One frame, from the answers of `job.show`, `overview` and `account.show`."""
    counts, total = job["counts"], max(job["messages"], 1)
    sent = sum(counts[state] for state in SENT)
    bar = ProgressBar(total=total, completed=counts["delivered"], width=None, complete_style="green")
    facts = Table.grid(padding=(0, 3))
    facts.add_row(
        _("sent {sent} of {total}").format(sent=sent, total=job["messages"]),
        Text(_("delivered {count}").format(count=counts["delivered"]), style="bold green"),
        _("on their way {count}").format(count=counts["submitted"] + counts["sending"]),
        _("{rate} segments/s").format(rate=f"{overview['rates']['segments_10s']:.1f}"),
    )
    money = Table.grid(padding=(0, 3))
    money.add_row(
        _("cost {cost} {currency}").format(cost=job["cost"], currency=job["currency"]),
        _("held {held}").format(held=account["held"]),
        _("balance {balance}").format(balance=account["balance"]),
    )
    title = f"{job['account']}/{job['job']} · {job['state']}"
    return Group(Panel(Group(bar, Text(), facts, money), title=title, border_style="cyan"), lines(overview))


SENT: Final = ("submitted", "delivered", "read", "undelivered")
"""States of what the network has taken."""


def lines(overview: Mapping[str, Any]) -> RenderableType:
    table = Table(expand=True, box=None, header_style="bold")
    for heading in (_("line"), _("state"), _("signal"), _("operator"), _("per minute"), _("today")):
        table.add_column(heading, justify="right" if heading in {_("per minute"), _("today")} else "left")
    for line in overview["lines"][:LINES_SHOWN]:
        state = line["state"]
        signal = line["signal"]
        table.add_row(
            line["name"],
            Text(state, style=STYLES.get(state, "")),
            "▂▄▆█"[: max(1, round((signal or 0) / 25))] + f" {signal}%" if signal is not None else "-",
            line["operator"] or "-",
            str(int(line["pace"])),
            str(line["sent_today"]),
        )
    if len(overview["lines"]) > LINES_SHOWN:
        table.add_row(_("… and {count} more").format(count=len(overview["lines"]) - LINES_SHOWN))
    return table
