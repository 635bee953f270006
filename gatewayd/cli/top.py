"""`gatewayd top`: the running gateway on one screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.control import ControlClient
from gatewayd.values.errors import GatewayError, UsageError
from gatewayd.words.translation import gettext as _

AWAY_S: Final = 1.0
"""Between looks for a daemon that is away."""

Connect = Callable[[], ControlClient | None]


@click.command(help=_("Watch lines, rates, queue and the newest events live; q ends it."))
@output.json_option
def top(as_json: bool) -> None:
    with session() as open_session:
        client = open_session.daemon()
        if as_json:
            output.emit(client.call("overview", {}))
            return
        if not sys.stdout.isatty():
            raise UsageError(_("top needs a terminal; --json prints the state once"))
        candidates = open_session.config.control_candidates
        make_screen(client, open_session.config.timezone, lambda: ControlClient.connect(candidates)).run()


def make_screen(client: ControlClient, zone: ZoneInfo, connect: Connect = lambda: None) -> Any:
    """The screen over a connection to the daemon, and over the next one (`connect`) when the daemon starts again. A
    function, so that textual is imported only here."""
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.binding import BindingType
    from textual.widgets import DataTable, Footer, RichLog, Static
    from textual.worker import get_current_worker

    from gatewayd.cli.top_view import columns, event_line, heading, line_cells

    class Top(App[None]):
        TITLE = "gatewayd"
        ENABLE_COMMAND_PALETTE = False
        BINDINGS: ClassVar[list[BindingType]] = [
            ("q", "quit", _("Quit")),
            ("ctrl+c", "quit", _("Quit")),
            ("space", "freeze", _("Freeze")),
        ]
        CSS = """
        #heading { height: auto; max-height: 8; padding: 0 1; background: $panel; }
        #lines { height: 1fr; }
        #events { height: 11; border-top: solid $primary; padding: 0 1; }
        """

        frozen = False
        away = False
        """Whether no daemon answers; what is shown is what the last one said."""
        last: dict[str, Any] | None = None

        def compose(self) -> ComposeResult:
            yield Static(id="heading")
            yield DataTable(id="lines", cursor_type="none", zebra_stripes=True)
            yield RichLog(id="events", wrap=False, max_lines=500)
            yield Footer()

        def on_mount(self) -> None:
            self.query_one("#events").border_title = _("Events")
            self.run_worker(self._watch, thread=True, exit_on_error=False)

        def _watch(self) -> None:
            worker = get_current_worker()

            def ended() -> bool:
                return worker.is_cancelled

            current: ControlClient | None = client
            while not ended():
                if current is None:
                    time.sleep(AWAY_S)
                    current = connect()
                    continue
                try:
                    for overview in current.stream("watch", {}):
                        if ended():
                            return
                        self.call_from_thread(self.show, overview)
                except GatewayError:
                    if ended():
                        return
                    if current is not client:
                        current.close()
                    current = None
                    self.call_from_thread(self.lose)

        def lose(self) -> None:
            """Says that no daemon answers; one that starts again is followed at once."""
            self.away = True
            self._redraw()

        def action_freeze(self) -> None:
            self.frozen = not self.frozen
            self._redraw()

        def _redraw(self) -> None:
            if self.last is not None:
                self._draw(self.last)

        def show(self, overview: dict[str, Any]) -> None:
            events = self.query_one(RichLog)
            for event in overview["events"]:
                events.write(event_line(event, zone))
            self.away = False
            if self.frozen:
                return
            self.last = overview
            self._draw(overview)

        def on_resize(self) -> None:
            self._redraw()

        def _draw(self, overview: dict[str, Any]) -> None:
            notice = _("NO DAEMON ANSWERS; waiting for it") if self.away else _("FROZEN") if self.frozen else ""
            self.query_one("#heading", Static).update(heading(overview, zone, notice))
            table: DataTable[Text] = self.query_one(DataTable)
            fitting = columns(self.size.width)
            keys = [key for key, _title in fitting]
            names = [line["name"] for line in overview["lines"]]
            if names != [row.value for row in table.rows] or keys != [column.value for column in table.columns]:
                table.clear(columns=True)
                for key, title in fitting:
                    table.add_column(title(), key=key)
                for line in overview["lines"]:
                    cells = line_cells(line)
                    table.add_row(*[cells[key] for key in keys], key=line["name"])
                return
            for line in overview["lines"]:
                cells = line_cells(line)
                for key in keys:
                    if table.get_cell(line["name"], key) != cells[key]:
                        table.update_cell(line["name"], key, cells[key], update_width=True)

    return Top()
