"""`gatewayd job`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.values.model import WAITING, State
from gatewayd.words.reasons import explained, meaning, state_word
from gatewayd.words.translation import gettext as _


@click.group(help=_("Jobs and their messages. JOB is ACCOUNT/JOB, or JOB alone where it is unique."))
def job() -> None:
    pass


def _counts(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{state_word(state)} {count}" for state, count in found["counts"].items() if count)


def _reasons(causes: Mapping[str, Mapping[str, int]]) -> str:
    """How many ended badly, a cause a line."""
    return "\n".join(
        f"{count}  {state_word(state)}: {explained(reason) or '-'}"
        for state, counts in causes.items()
        for reason, count in counts.items()
    )


def _row(found: Mapping[str, Any]) -> tuple[object, ...]:
    counts = found["counts"]
    waiting = sum(counts[state] for state in WAITING)
    return (
        f"{found['account']}/{found['job']}",
        state_word(found["state"]),
        found["messages"],
        waiting,
        counts["delivered"] + counts["read"],
        counts["undelivered"] + counts["failed"] + counts["expired"],
        counts["uncertain"],
        f"{found['cost']} {found['currency']}",
        ", ".join(meaning(reason) for reason in found["held"]),
    )


@job.command("list", help=_("Jobs, newest first."))
@click.option("--account", shell_complete=completion.accounts, help=_("Only this account's."))
@output.page_options
@output.json_option
def list_(account: str | None, limit: int | None, cursor: str | None, as_json: bool) -> None:
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("job.list", account=account, limit=limit, cursor=cursor))
            return
        output.shown_list(
            open_session.pages("job.list", account=account, limit=limit or output.SHOWN, cursor=cursor),
            (
                *(_("Job"), _("State"), _("Messages"), _("Waiting"), _("Delivered"), _("Not delivered")),
                *(_("Uncertain"), _("Cost"), _("Waits for")),
            ),
            _row,
            right=(2, 3, 4, 5, 6, 7),
            spare=(2, 7, 3),
        )


def _show(found: Mapping[str, Any], zone: Any, causes: Mapping[str, Any] = MappingProxyType({})) -> None:
    output.record(
        (
            (_("Job"), f"{found['account']}/{found['job']}"),
            (_("State"), state_word(found["state"])),
            (_("Channel"), found["channel"]),
            (_("Class"), found["class"]),
            (_("Priority"), found["priority"]),
            (_("Messages"), found["messages"]),
            (_("Segments"), found["segments"]),
            (_("States"), _counts(found)),
            (_("Held"), ", ".join(f"{explained(reason)} {count}" for reason, count in found["held"].items())),
            (_("Goes on"), output.local(found.get("held_until"), zone)),
            (_("Causes"), _reasons(causes)),
            (_("Cost"), f"{found['cost']} {found['currency']}"),
            (_("Recorded"), output.local(found["created_at"], zone)),
            (_("Not before"), output.local(found["not_before"], zone)),
            (_("Not after"), output.local(found["not_after"], zone)),
            (_("First"), output.local(found["first_at"], zone)),
            (_("Last"), output.local(found["last_at"], zone)),
            (_("Receipts"), found["last_seq"]),
        )
    )


@job.command(help=_("One job: its state, its messages by state, its cost."))
@click.argument("job_name", metavar="JOB", shell_complete=completion.jobs)
@output.json_option
def show(job_name: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("job.show", job=job_name)
        if as_json:
            output.emit(found)
            return
        causes = open_session.ask("job.causes", job=f"{found['account']}/{found['job']}")["causes"]
        _show(found, open_session.config.timezone, causes)


@job.command(help=_("Pause a job: nothing more of it is sent for now."))
@click.argument("job_name", metavar="JOB", shell_complete=completion.jobs)
@output.json_option
def pause(job_name: str, as_json: bool) -> None:
    _perform("job.pause", job_name, as_json)


@job.command(help=_("Resume a paused job."))
@click.argument("job_name", metavar="JOB", shell_complete=completion.jobs)
@output.json_option
def resume(job_name: str, as_json: bool) -> None:
    _perform("job.resume", job_name, as_json)


@job.command(help=_("Cancel what has not been sent of a job; this cannot be undone."))
@click.argument("job_name", metavar="JOB", shell_complete=completion.jobs)
@output.json_option
def cancel(job_name: str, as_json: bool) -> None:
    _perform("job.cancel", job_name, as_json)


def _perform(operation: str, job_name: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask(operation, job=job_name)
        if as_json:
            output.emit(found)
        else:
            _show(found, open_session.config.timezone)


@job.command(help=_("The messages of a job."))
@click.argument("job_name", metavar="JOB", shell_complete=completion.jobs)
@click.option(
    "--state", type=click.Choice([str(state) for state in State]), metavar="STATE", help=_("Only those in this state.")
)
@output.page_options
@output.json_option
def messages(job_name: str, state: str | None, limit: int | None, cursor: str | None, as_json: bool) -> None:
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("job.messages", job=job_name, state=state, limit=limit, cursor=cursor))
            return
        zone = open_session.config.timezone
        output.shown_list(
            open_session.pages("job.messages", job=job_name, state=state, limit=limit or output.SHOWN, cursor=cursor),
            (
                _("Row"),
                _("Message"),
                _("To"),
                _("State"),
                _("Reason"),
                _("Line"),
                _("Segments"),
                _("Cost"),
                _("Changed"),
            ),
            lambda one: (
                *(one["row"], one["message"], one["to"], state_word(one["state"]), meaning(one["reason"])),
                *(one["line"], one["segments"], one["cost"]),
                output.local(one["at"], zone),
            ),
            right=(0, 6, 7),
            spare=(8, 6, 7, 5),
        )
