"""`gatewayd demo`: a campaign through simulated devices, from a file in the spool to its receipts."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

if TYPE_CHECKING:
    from gatewayd.demo.kind import Campaign
    from gatewayd.demo.people import Key
    from gatewayd.demo.stage import Stage

LATENCY_S: Final = 0.4
"""Quicker than a real submit of some 3 s, slow enough to be watched."""
FRAME_S: Final = 0.25
NEWS_S: Final = 20.0
"""Between two small jobs once the campaign is done: the panel has something that moves."""
FINAL: Final = frozenset({"done"})

INTERRUPTED: Final = 130
"""The exit code of what Ctrl-C ended, as shells have it (128 and the number of the signal)."""


@click.command(
    help=_(
        "See a real campaign go through simulated modems, a phone and a provider, with no hardware: starts them and a "
        "daemon of its own, drops a campaign file into a fresh spool, and shows its progress. Without --exit it serves "
        "the panel of an invented company until Ctrl-C; address, user and password are shown."
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
    from gatewayd.values.errors import NotFoundError

    # Ended from outside, it ends its own processes as after a Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = Path(tempfile.mkdtemp(prefix="gatewayd-demo-")) if folder is None else folder.absolute()
    place.mkdir(parents=True, exist_ok=True)
    click.echo(_("playing in {folder}").format(folder=place))
    with stage(
        Play(place, modems, messages, LATENCY_S), locale=language(), panel=not leave, told=_told_of_the_past
    ) as playing:
        if playing.key is not None:
            click.echo(_door(playing, playing.key))
        _submit(playing, messages)
        try:
            jobs = _watch(playing, leave=leave)
        except KeyboardInterrupt:
            try:
                jobs = _jobs(playing)
            except NotFoundError:  # before the campaign was recorded: there is no result to tell
                return INTERRUPTED
        result = _result(playing, jobs)
    if not sys.stderr.isatty():
        click.echo(err=True)  # rich leaves its last frame without an end of line there
    if not leave:
        click.echo(_("what was written stays in {folder}").format(folder=place))
    click.echo(json.dumps(result))
    ended = all(job["state"] in FINAL for job in jobs) and result["messages"] == messages
    return 0 if ended and result["ledger_ok"] else 1


def _told_of_the_past(done: int, days: int) -> None:
    """Shows how far the company's past is, on one line of a terminal."""
    if sys.stderr.isatty():
        told = _("making {days} days of past … {done}").format(days=days, done=done)
        click.echo(f"\r{told}", nl=done == days, err=True)


def _door(playing: Stage, key: Key) -> str:
    """Returns how one gets into the panel."""
    return "\n".join(
        [
            "",
            _("The panel: {address}").format(address=playing.panel),
            _("  user {user}, password {password}").format(user=key.user, password=key.password),
            _("  to send to many people at once: {password}").format(password=key.mass),
            "",
        ]
    )


def _submit(playing: Stage, messages: int) -> None:
    """What a billing system does: its data files, then the job files, into the account's folder."""
    from gatewayd.demo.campaign import ACCOUNT

    if playing.key is None:
        playing.client.call("account.create", {"account": ACCOUNT})
        playing.client.call("account.credit", {"account": ACCOUNT, "amount": str((messages + 100) * 2)})
    for campaign in playing.campaigns:
        _drop(playing, campaign)


def _drop(playing: Stage, campaign: Campaign) -> None:
    from gatewayd.demo.campaign import ACCOUNT
    from spool.folders import Spool
    from spool.submit import submit

    outbox = playing.folder / "billing"
    outbox.mkdir(exist_ok=True)
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

    from gatewayd.demo.campaign import ACCOUNT, news
    from gatewayd.demo.screen import screen
    from gatewayd.values.errors import NotFoundError

    console = Console(stderr=True)
    told, next_news = False, 0.0
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
                    if playing.key is not None and time.monotonic() > next_news:
                        next_news = time.monotonic() + NEWS_S
                        _drop(playing, news(int(time.time())))
            time.sleep(FRAME_S)


def _hints(playing: Stage) -> str:
    command = f"gatewayd --config {shlex.quote(str(playing.config))}"
    return "\n".join(
        [
            "",
            *([_door(playing, playing.key).strip()] if playing.key is not None else []),
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

    account, every = _of_one_moment(playing)
    held = Decimal(account["held"])
    charged = Decimal(account["charged"])
    sums = Decimal(account["balance"]) + held + charged == Decimal(account["granted"])
    done = all(job["state"] in FINAL and not job["counts"]["uncertain"] for job in every)
    settled = charged == sum(Decimal(job["cost"]) for job in every) and (not done or held == 0)
    main = jobs[0]
    return {
        "messages": main["messages"],
        "delivered": main["counts"]["delivered"],
        "uncertain": main["counts"]["uncertain"],
        "segments": main["segments"],
        "cost": main["cost"],
        "ledger_ok": sums and settled,
    }


def _of_one_moment(playing: Stage) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Returns the account and its jobs as they were together: a small job may be on its way while one reads."""
    from gatewayd.demo.campaign import ACCOUNT

    account = playing.client.call("account.show", {"account": ACCOUNT})
    while True:
        every = list(_every_job(playing))
        before, account = account, playing.client.call("account.show", {"account": ACCOUNT})
        if account == before:
            return account, every


def _every_job(playing: Stage) -> Iterator[dict[str, Any]]:
    """Yields the jobs of the account, those of its past among them."""
    from gatewayd.demo.campaign import ACCOUNT

    cursor = None
    while True:
        page = playing.client.call("job.list", {"account": ACCOUNT, "limit": 500, "cursor": cursor})
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return
