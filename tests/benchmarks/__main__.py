"""`python -m tests.benchmarks [ROW …]`: measures, prints one table, and writes it as JSON. `make bench` calls this.

Every row stands alone: one that fails is told in the table and the others go on.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console

from tests.benchmarks import (
    answers,
    audio,
    backlog,
    biglist,
    bills,
    claims,
    comeback,
    company,
    customers,
    doubt,
    export,
    first_send,
    forecast,
    idle,
    inbound,
    launch,
    panel,
    population,
    posts,
    provider,
    quiet,
    share,
    sizes,
    status,
    throughput,
    voice,
    web,
    webhooks,
)
from tests.benchmarks.figure import Figure, Result
from tests.benchmarks.machine import Watch, describe
from tests.benchmarks.report import load, merged, publish, save
from tests.benchmarks.scale import FULL, SHORT, Scale
from tests.benchmarks.table import print_table

Measure = Callable[[Path, Scale], Iterator[Figure]]

ROWS: Final[dict[str, tuple[str, Measure]]] = {
    "throughput": ("modems at zero latency", throughput.measure),
    "provider": ("a provider's line", provider.measure),
    "doubt": ("answers that are lost", doubt.measure),
    "inbound": ("what comes in", inbound.measure),
    "answers": ("people who ask are answered", answers.measure),
    "status": ("from a report to its receipt", status.measure),
    "sizes": ("what a text costs while it is written", sizes.measure),
    "share": ("modems that take their time", share.measure),
    "first": ("from the drop to the first AT+CMGS", first_send.measure),
    "launch": ("a campaign to a live list", launch.measure),
    "biglist": ("a large list is dropped", biglist.measure),
    "backlog": ("a million wait", backlog.measure),
    "comeback": ("modems go and come back", comeback.measure),
    "company": ("bad people among good ones", company.measure),
    "api": ("programs post messages", posts.measure),
    "idle": ("nothing to do", idle.measure),
    "voice": ("calls at the pace of a busy trunk", voice.measure),
    "audio": ("from the answer to the first sound", audio.measure),
    "web": ("the web process dies, or is flooded", web.measure),
    "panel": ("twenty people at the panel", panel.measure),
    "export": ("a year of interactions as a sheet", export.measure),
    "customers": ("a sheet of customers", customers.measure),
    "bills": ("a list of invoices", bills.measure),
    "quiet": ("a first import with every answer on", quiet.measure),
    "claims": ("a day's run of claims", claims.measure),
    "forecast": ("forecasts against what happened", forecast.measure),
    "webhooks": ("receipts that are posted", webhooks.measure),
    "population": ("calls to all kinds of people", population.measure),
}
PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
ROW_S: Final = 900
"""No row may take longer; the longest needs some seven minutes."""


class Overdue(Exception):  # noqa: N818 - a signal of its own
    """A row takes too long."""


def main() -> int:
    options = _options()
    scale = SHORT if options.short else FULL
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    earlier, machine = load(options.json)
    results: list[Result] = []
    if not options.read:
        machine = describe()
        _mind_signals()
        for row in options.rows or ROWS:
            console.print(f"[dim]{datetime.now().astimezone():%H:%M:%S} {row} …[/]")
            results.append(one(row, options.dir, scale))
            print_table(results[-1:], console)
            if results[-1].error:
                console.print(results[-1].error, style="red", markup=False)
            # After each row: an end from outside does not take away what was measured.
            save(options.json, merged(earlier, results, [*ROWS]), machine)
        console.print()
    else:
        results = earlier
    print_table(results, console)
    console.print(f"{machine}; {'read from' if options.read else 'written to'} {options.json}")
    if options.publish:
        publish(PAGE, merged(earlier, results, [*ROWS]), machine)
        console.print(f"{PAGE} has these figures now")
    missed = [figure for result in results for figure in result.figures if figure.met is False]
    return 1 if missed or any(result.error for result in results) else 0


def one(row: str, base: Path, scale: Scale) -> Result:
    """One row, measured; what goes wrong is told in the result."""
    title, measure = ROWS[row]
    result = Result(row, title)
    watch = Watch(base)
    signal.alarm(ROW_S)
    # A thread that ends in an error has measured too little: figures of what is left would look better than they are.
    fallen: list[str] = []
    threading.excepthook = lambda it: fallen.append("".join(traceback.format_exception(it.exc_value)))
    try:
        with watch:
            for figure in measure(base, scale):
                result.figures.append(figure)
        assert not fallen, f"a thread of the row ended:\n{fallen[0]}"
    except Exception as error:  # noqa: BLE001 - the outermost edge of a row: the others are measured all the same
        result.error = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
    finally:
        threading.excepthook = threading.__excepthook__
        signal.alarm(0)
    at = datetime.now().astimezone().isoformat(timespec="minutes")
    result.conditions = {"at": at, **watch.conditions.document()}
    return result


def _mind_signals() -> None:
    """An end from outside, or a row that takes too long, leaves its blocks and so ends its processes."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    def overdue(_number: int, _frame: FrameType | None) -> None:
        raise Overdue(f"not done within {ROW_S} s")

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGALRM, overdue)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the gateway.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which rows: {', '.join(ROWS)} (default: all)")
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="folder for stores and spools; its disk counts (a tmpfs shows the CPU alone)",
    )
    parser.add_argument("--json", type=Path, help="file for the figures (default: gatewayd-bench.json in --dir)")
    parser.add_argument("--short", action="store_true", help="just enough to see that everything runs")
    parser.add_argument("--read", action="store_true", help="measure nothing: the figures of an earlier run (--json)")
    parser.add_argument("--publish", action="store_true", help="put the figures into docs/benchmarks.md")
    options = parser.parse_args()
    if unknown := set(options.rows) - ROWS.keys():
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
    options.dir.mkdir(parents=True, exist_ok=True)
    options.dir = options.dir.absolute()
    options.json = options.json or options.dir / "gatewayd-bench.json"
    return options


if __name__ == "__main__":
    sys.exit(main())
