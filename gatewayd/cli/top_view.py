"""What the parts of an overview look like on a screen for people. Pure: documents in, rich texts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.text import Text

from drivers.base import spoken
from gatewayd.cli.output import local
from gatewayd.values.visible import visible
from gatewayd.words.reasons import meaning, state_word, system_words
from gatewayd.words.translation import gettext as _

Titles = Sequence[tuple[str, Callable[[], str]]]

COLUMNS: Final[Titles] = (
    ("name", lambda: _("Line")),
    ("driver", lambda: _("Kind")),
    ("state", lambda: _("State")),
    ("signal", lambda: _("Signal")),
    ("today", lambda: _("Today")),
    ("pace", lambda: _("1 min")),
    ("rate", lambda: _("Rate")),
    ("bad", lambda: _("Failed")),
    ("operator", lambda: _("Operator")),
    ("reason", lambda: _("Reason")),
)
"""Key and title of each column of the lines; titles are spoken when the screen is made. The reason, of any length,
comes last: a narrow screen cuts it off and nothing else."""

_NARROW: Final = ((100, {"operator", "bad"}), (76, {"rate", "driver"}))
"""Below so many columns of a terminal, what is left out."""


def columns(width: int) -> Titles:
    """The columns that a terminal of that width has room for."""
    left_out = {key for limit, keys in _NARROW if width < limit for key in keys}
    return [column for column in COLUMNS if column[0] not in left_out]


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


def line_cells(line: Mapping[str, Any]) -> dict[str, Text]:
    """A cell for each of `COLUMNS`, by its key."""
    outcomes = line["outcomes"]
    bad = sum(count for name, count in outcomes.items() if name not in {"accepted", "completed"})
    return {
        "name": Text(line["name"]),
        "driver": Text(line["driver"], style="dim"),
        "state": Text(state_word(line["state"]), style=_STATE_STYLE.get(line["state"], "")),
        "signal": _signal(line["signal"]),
        "today": Text(str(line["sent_today"]), justify="right"),
        "pace": Text(f"{line['pace']:g}", justify="right"),
        "rate": Text(line["rate"] or "", justify="right"),
        "bad": Text(str(bad or ""), style="red", justify="right"),
        "operator": Text(visible(line["operator"] or "")),
        "reason": Text(visible(meaning(line["reason"])), style="yellow"),
    }


def _signal(per_cent: int | None) -> Text:
    if per_cent is None:
        return Text("")
    steps = round(per_cent * 4 / 100)
    style = "red" if per_cent < 25 else "yellow" if per_cent < 50 else "green"
    return Text.assemble(("".join(_BARS[1 : steps + 1]).ljust(4), style), f" {per_cent:3} %")


def heading(overview: Mapping[str, Any], zone: ZoneInfo, notice: str = "") -> Text:
    """Node and time; rates; queue; each on a line of its own. `notice` says why this is not what is now."""
    rates, queue = overview["rates"], overview["queue"]
    counts = queue["counts"]
    lines = overview["lines"]
    working = sum(line["state"] in {"ready", "busy"} for line in lines)
    first = Text.assemble(("gatewayd ", "bold"), (overview["node"], "bold cyan"), f"   {local(overview['at'], zone)}")
    first.append("   " + _("lines working: {working} of {all}").format(working=working, all=len(lines)))
    if notice:
        first.append("   " + notice, style="bold reverse")
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
    held = ", ".join(f"{meaning(reason)} {count}" for reason, count in queue["held"].items())
    if held:
        third.append("   " + _("held: {held}").format(held=held), style="yellow")
    if counts.get("uncertain"):
        third.append("   " + _("uncertain {count}").format(count=counts["uncertain"]), style="bold magenta")
    return Text("\n").join([first, second, third])


_WORDS: Final = {
    "line": spoken("line"),
    "job": spoken("job"),
    "message": spoken("message"),
    "inbound": spoken("inbound"),
    "daemon": spoken("daemon"),
    "credit": spoken("credit"),
    "exhausted": spoken("used up: messages wait for a top-up"),
    "restored": spoken("a copy of the store was put back: see gatewayd status"),
    "account": spoken("account"),
    "stalled": spoken("cannot be served"),
    "goes_on": spoken("is served again"),
    "recorded": spoken("recorded"),
    "replaced": spoken("sends ? for what SMS cannot write"),
    "refused": spoken("refused"),
    "received": spoken("received"),
    "opt_out": spoken("wants no more"),
    "doubtful": spoken("may want no more: read it in the inbox"),
    "reloaded": spoken("configuration applied"),
    "not_reloaded": spoken("configuration not applied"),
    "webhook": spoken("webhook"),
    "task": spoken("task"),
    "config_invalid": spoken("see `gatewayd check`"),
    "web_ended": spoken("the web process ended; it is started again"),
}
"""Words of events that are no state of a line or message; those are as everywhere."""


def _word(code: str) -> str:
    return _(_WORDS[code]) if code in _WORDS else state_word(code)


def event_line(event: Mapping[str, Any], zone: ZoneInfo) -> Text:
    at = (local(event["at"], zone) or "")[11:]
    text = Text.assemble((at, "dim"), f"  {_word(event['kind']):9}", (visible(event["subject"]), "bold"), "  ")
    text.append(_word(event["state"]), style=_STATE_STYLE.get(event["state"], ""))
    if event["reason"]:
        reason = event["reason"]
        told = _word(reason) if reason in _WORDS else system_words(meaning(reason))
        text.append("  " + visible(told), style="yellow")
    return text
