"""What the parts of an overview look like on a screen for people. Pure: documents in, rich texts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.text import Text

from gatewayd.cli.output import local
from gatewayd.translation import gettext as _

COLUMNS: Final[Sequence[tuple[str, Callable[[], str]]]] = (
    ("name", lambda: _("Line")),
    ("driver", lambda: _("Kind")),
    ("state", lambda: _("State")),
    ("reason", lambda: _("Reason")),
    ("signal", lambda: _("Signal")),
    ("operator", lambda: _("Operator")),
    ("rate", lambda: _("Rate")),
    ("pace", lambda: _("Last minute")),
    ("today", lambda: _("Today")),
    ("work", lambda: _("In work")),
    ("bad", lambda: _("Not accepted")),
)
"""Key and title of each column of the lines; titles are spoken when the screen is made."""

_STATE_STYLE: Final = {
    "ready": "green",
    "busy": "bold green",
    "starting": "cyan",
    "waiting": "yellow",
    "recovering": "dark_orange",
    "quarantined": "bold red",
    "disabled": "dim",
}
_BARS: Final = " ▂▄▆█"


def line_cells(line: Mapping[str, Any]) -> list[Text]:
    """A cell for each of `COLUMNS`."""
    outcomes = line["outcomes"]
    bad = sum(count for name, count in outcomes.items() if name not in {"accepted", "completed"})
    return [
        Text(line["name"]),
        Text(line["driver"], style="dim"),
        Text(line["state"], style=_STATE_STYLE.get(line["state"], "")),
        Text(line["reason"] or "", style="yellow"),
        _signal(line["signal"]),
        Text(line["operator"] or ""),
        Text(line["rate"] or "", justify="right"),
        Text(f"{line['pace']:g}", justify="right"),
        Text(str(line["sent_today"]), justify="right"),
        Text(str(line["in_work"] or ""), justify="right"),
        Text(str(bad or ""), style="red", justify="right"),
    ]


def _signal(per_cent: int | None) -> Text:
    if per_cent is None:
        return Text("")
    steps = round(per_cent * 4 / 100)
    style = "red" if per_cent < 25 else "yellow" if per_cent < 50 else "green"
    return Text.assemble(("".join(_BARS[1 : steps + 1]).ljust(4), style), f" {per_cent} %")


def heading(overview: Mapping[str, Any], zone: ZoneInfo) -> Text:
    """Node and time; rates; queue; each on a line of its own."""
    rates, queue = overview["rates"], overview["queue"]
    counts = queue["counts"]
    lines = overview["lines"]
    working = sum(line["state"] in {"ready", "busy"} for line in lines)
    first = Text.assemble(("gatewayd ", "bold"), (overview["node"], "bold cyan"), f"   {local(overview['at'], zone)}")
    first.append("   " + _("lines working: {working} of {all}").format(working=working, all=len(lines)))
    if overview["draining"]:
        first.append("   " + _("DRAINING"), style="bold yellow")
    if not overview["writer"]["healthy"]:
        first.append("   " + _("THE STORE TAKES NOTHING"), style="bold red")
    second = Text(
        _("segments/s {fast:.1f} (minute {slow:.1f})   ends/s {reports_fast:.1f} (minute {reports_slow:.1f})").format(
            fast=rates["segments_10s"],
            slow=rates["segments_60s"],
            reports_fast=rates["reports_10s"],
            reports_slow=rates["reports_60s"],
        )
    )
    third = Text(
        _("queued {queued}   scheduled {scheduled}   sending {sending}   oldest {oldest:.0f} s").format(
            queued=counts.get("queued", 0),
            scheduled=counts.get("scheduled", 0),
            sending=counts.get("sending", 0),
            oldest=queue["oldest_s"],
        )
    )
    held = ", ".join(f"{reason} {count}" for reason, count in queue["held"].items())
    if held:
        third.append("   " + _("held: {held}").format(held=held), style="yellow")
    if counts.get("uncertain"):
        third.append("   " + _("uncertain {count}").format(count=counts["uncertain"]), style="bold magenta")
    return Text("\n").join([first, second, third])


def event_line(event: Mapping[str, Any], zone: ZoneInfo) -> Text:
    at = (local(event["at"], zone) or "")[11:]
    text = Text.assemble((at, "dim"), f"  {event['kind']:8} ", (event["subject"], "bold"), "  ")
    text.append(event["state"], style=_STATE_STYLE.get(event["state"], ""))
    if event["reason"]:
        text.append(f"  {event['reason']}", style="yellow")
    return text
