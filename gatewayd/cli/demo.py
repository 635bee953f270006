"""`gatewayd demo`: a campaign through simulated devices, from a file in the spool to its receipts."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.translation import gettext as _
from gatewayd.translation import language

if TYPE_CHECKING:
    from gatewayd.demo.stage import Stage

LATENCY_S: Final = 0.4
"""Quicker than a real submit of some 3 s, slow enough to be watched."""
FRAME_S: Final = 0.25
FINAL: Final = frozenset({"done"})


@click.command(
    help=_(
        "See a real campaign go through simulated modems, a phone and a provider, with no hardware: starts them and a "
        "daemon of its own, drops a campaign file into a fresh spool, and shows its progress."
    )
)
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help=_("Folder to play in.")
)
@click.option(
    *("--modems", "modems"), type=click.IntRange(1, 256), metavar="N", default=8, show_default=True,
    help=_("How many modems."),
)  # fmt: skip
@click.option(
    *("--messages", "messages"), type=click.IntRange(1, 100_000), metavar="N", default=200, show_default=True,
    help=_("How many messages."),
)  # fmt: skip
@click.option("--exit", "leave", is_flag=True, help=_("End when the campaign is done; the last line is JSON."))
def demo(folder: Path | None, modems: int, messages: int, leave: bool) -> int:
    from gatewayd.demo.kind import Play
    from gatewayd.demo.stage import stage

    # Ended from outside, it ends its own processes as after a Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = Path(tempfile.mkdtemp(prefix="gatewayd-demo-")) if folder is None else folder.absolute()
    place.mkdir(parents=True, exist_ok=True)
    click.echo(_("playing in {folder}").format(folder=place))
    with stage(Play(place, modems, messages, LATENCY_S), locale=language()) as playing:
        _submit(playing, messages)
        try:
            jobs = _watch(playing, leave=leave)
        except KeyboardInterrupt:
            jobs = _jobs(playing)
        result = _result(playing, jobs)
    if not sys.stderr.isatty():
        click.echo(err=True)  # rich leaves its last frame without an end of line there
    if not leave:
        click.echo(_("what was written stays in {folder}").format(folder=place))
    click.echo(json.dumps(result))
    ended = all(job["state"] in FINAL for job in jobs) and result["messages"] == messages
    return 0 if ended and result["ledger_ok"] else 1


def _submit(playing: Stage, messages: int) -> None:
    """What a billing system does: its data files, then the job files, into the account's folder."""
    from gatewayd.demo.campaign import ACCOUNT
    from spool.folders import Spool
    from spool.submit import submit

    playing.client.call("account.create", {"account": ACCOUNT})
    playing.client.call("account.credit", {"account": ACCOUNT, "amount": str((messages + 100) * 2)})
    outbox = playing.folder / "billing"
    outbox.mkdir(exist_ok=True)
    for campaign in playing.campaigns:
        for name, data in campaign.files.items():
            (outbox / name).write_bytes(data)
        job = outbox / f"{campaign.job}.json"
        job.write_bytes(campaign.document)
        submit(Spool(playing.spool), job, ACCOUNT)


def _jobs(playing: Stage) -> Sequence[dict[str, Any]]:
    """Every job as it is, the main one first; NotFoundError until all are recorded."""
    from gatewayd.demo.campaign import ACCOUNT

    return [playing.client.call("job.show", {"job": f"{ACCOUNT}/{campaign.job}"}) for campaign in playing.campaigns]


def _watch(playing: Stage, *, leave: bool) -> Sequence[dict[str, Any]]:
    """Shows frames until the campaigns are done (and, without `leave`, until Ctrl-C)."""
    from rich.console import Console
    from rich.live import Live

    from gatewayd.demo.campaign import ACCOUNT
    from gatewayd.demo.screen import screen
    from gatewayd.errors import NotFoundError

    console = Console(stderr=True)
    told = False
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while True:
            with suppress(NotFoundError):  # not recorded yet
                jobs = _jobs(playing)
                overview = playing.client.call("overview", {})
                account = playing.client.call("account.show", {"account": ACCOUNT})
                live.update(screen(jobs, overview, account), refresh=True)
                if all(job["state"] in FINAL for job in jobs):
                    if leave:
                        return jobs
                    if not told:
                        live.console.print(_hints(playing))
                        told = True
            time.sleep(FRAME_S)


def _hints(playing: Stage) -> str:
    command = f"gatewayd --config {shlex.quote(str(playing.config))}"
    return "\n".join(
        [
            "",
            _("The campaign is done. The daemon goes on until Ctrl-C; in another terminal you may try:"),
            f"  {command} top",
            f"  {command} job messages {ACCOUNT_JOB}",
            f"  {command} account statement norte",
            f"  ls {playing.spool}/receipts/norte",
            "",
        ]
    )


ACCOUNT_JOB: Final = "norte/cobranza-demo"


def _result(playing: Stage, jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the store says of the main campaign, and whether the ledger of all sums up to the last digit."""
    from decimal import Decimal

    from gatewayd.demo.campaign import ACCOUNT

    account = playing.client.call("account.show", {"account": ACCOUNT})
    held = Decimal(account["held"])
    charged = Decimal(account["charged"])
    sums = Decimal(account["balance"]) + held + charged == Decimal(account["granted"])
    done = all(job["state"] in FINAL and not job["counts"]["uncertain"] for job in jobs)
    settled = charged == sum(Decimal(job["cost"]) for job in jobs) and (not done or held == 0)
    main = jobs[0]
    return {
        "messages": main["messages"],
        "delivered": main["counts"]["delivered"],
        "uncertain": main["counts"]["uncertain"],
        "segments": main["segments"],
        "cost": main["cost"],
        "ledger_ok": sums and settled,
    }
