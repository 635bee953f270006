"""`gatewayd webhook`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.config.sections import WebhookEvent
from gatewayd.values.errors import GatewayError, UsageError
from gatewayd.words.reasons import meaning, state_word
from gatewayd.words.translation import gettext as _

EVENTS: Final = WebhookEvent.__args__  # type: ignore[attr-defined]
LISTED = ("Id", _("Account"), _("Address"), _("Events"), _("State"), _("Reason"), _("Acknowledged"))
FAILED = (_("Event"), _("Type"), _("State"), _("Tries"), _("First try"), _("Next try"), _("Reason"))

event_option = click.option(
    "--event", "events", multiple=True, type=click.Choice(EVENTS), help=_("An event to be posted; may be repeated.")
)
secret_option = click.option(
    "--secret-stdin", is_flag=True, help=_("Read the secret (whsec_…) from the first line of the input.")
)


@click.group(help=_("Addresses that events are posted to (Standard Webhooks)."))
def webhook() -> None:
    pass


def _row(found: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        found["id"],
        found["account"],
        found["url"],
        ", ".join(found["events"]),
        state_word(found["state"]),
        meaning(found["reason"]),
        found["acknowledged"],
    )


def _show(found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(found)
        return
    with session() as open_session:
        zone = open_session.config.timezone
    output.record(
        (
            ("Id", found["id"]),
            (_("Account"), found["account"]),
            (_("Address"), found["url"]),
            (_("Events"), ", ".join(found["events"])),
            (_("From"), _("from the file") if found["origin"] == "file" else _("an administrator")),
            (_("Private address"), _("allowed") if found["allow_private"] else None),
            (_("State"), state_word(found["state"])),
            (_("Reason"), meaning(found["reason"]) or None),
            (_("Acknowledged"), found["acknowledged"]),
            (_("Latest"), output.local(found["acknowledged_at"], zone)),
            (_("Last failure"), output.local(found["failed_at"], zone)),
            (_("Wanted to be left alone until"), output.local(found["resting_until"], zone)),
            (_("Waiting to be tried again"), found["waiting"] or None),
            (_("Failed for good"), found["failed"] or None),
            (_("Oldest that was not tried"), output.local(found["oldest_at"], zone)),
            (_("Replay"), _("under way") if found["replaying"] else None),
        )
    )
    if found.get("secret"):
        output.say(_("Secret (shown this once): {secret}").format(secret=found["secret"]))


@webhook.command("list", help=_("The addresses, and how they do."))
@click.option("--account", metavar="A", help=_("Of this account alone."))
@output.json_option
def list_(account: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("webhook.list", account=account)
    if as_json:
        output.emit(found)
    else:
        output.table(LISTED, [_row(each) for each in found["items"]], right=(0, 6), spare=(5, 3))


@webhook.command(help=_("One address with all that is known of it."))
@click.argument("number", metavar="ID", type=int)
@output.json_option
def show(number: int, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("webhook.show", webhook=number)
    _show(found, as_json)


@webhook.command(help=_("Post events to an address from now on; its secret is shown once."))
@click.argument("url")
@click.option("--account", metavar="A", help=_("Whose events (default: the only account there is)."))
@event_option
@secret_option
@output.json_option
def add(url: str, account: str | None, events: tuple[str, ...], secret_stdin: bool, as_json: bool) -> None:
    with session() as open_session:
        made = open_session.ask(
            "webhook.add", url=url, account=account, events=list(events) or None, secret=_secret(secret_stdin)
        )
    _show(made, as_json)


@webhook.command("set", help=_("Change an address; a secret that is replaced goes on signing for a day."))
@click.argument("number", metavar="ID", type=int)
@click.option("--url", help=_("Its new address."))
@event_option
@click.option("--rotate", is_flag=True, help=_("Make a new secret; it is shown once."))
@secret_option
@output.json_option
def set_(
    number: int, url: str | None, events: tuple[str, ...], *, rotate: bool, secret_stdin: bool, as_json: bool
) -> None:
    with session() as open_session:
        changed = open_session.ask(
            "webhook.set",
            webhook=number,
            url=url,
            events=list(events) or None,
            rotate=rotate,
            secret=_secret(secret_stdin),
        )
    _show(changed, as_json)


def _secret(from_stdin: bool) -> str | None:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else None


@webhook.command(help=_("Remove an address with all that it has not acknowledged."))
@click.argument("number", metavar="ID", type=int)
@output.json_option
def remove(number: int, as_json: bool) -> None:
    with session() as open_session:
        done = open_session.ask("webhook.remove", webhook=number)
    if as_json:
        output.emit(done)
    else:
        print(_("Webhook {webhook} is removed.").format(webhook=done["removed"]))


@webhook.command(help=_("Go on where it was; what waits is posted at once."))
@click.argument("number", metavar="ID", type=int)
@output.json_option
def enable(number: int, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("webhook.enable", webhook=number)
    _show(found, as_json)


@webhook.command(help=_("Post nothing more; what happens is kept for it for a week."))
@click.argument("number", metavar="ID", type=int)
@output.json_option
def disable(number: int, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("webhook.disable", webhook=number)
    _show(found, as_json)


@webhook.command(help=_("Post a test event once. Exit status 1 where it is not acknowledged."))
@click.argument("number", metavar="ID", type=int)
@output.json_option
def test(number: int, as_json: bool) -> int:
    with session() as open_session:
        done = open_session.ask("webhook.test", webhook=number)
    if as_json:
        output.emit(done)
    elif done["ok"]:
        print(_("acknowledged (HTTP {status})").format(status=done["status"]))
    else:
        output.say(_("not acknowledged: {reason}").format(reason=meaning(done["reason"])), error=True)
    return 0 if done["ok"] else 1


@webhook.command(help=_("Events that it has not acknowledged, the newest first."))
@click.argument("number", metavar="ID", type=int)
@output.page_options
@output.json_option
def failures(number: int, limit: int | None, cursor: str | None, as_json: bool) -> None:
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("webhook.failures", limit=limit, cursor=cursor, webhook=number))
            return
        zone = open_session.config.timezone
        output.shown_list(
            open_session.pages("webhook.failures", limit=limit or output.SHOWN, cursor=cursor, webhook=number),
            FAILED,
            lambda one: (
                one["event"],
                one["type"],
                state_word(one["state"]),
                one["tries"],
                output.local(one["first_at"], zone),
                output.local(one["due"], zone),
                meaning(one["fault"]),
            ),
            right=(3,),
        )


@webhook.command(
    help=_("Post again what happened in a range of time: what has failed for good, or with --all everything.")
)
@click.argument("number", metavar="ID", type=int)
@click.option("--since", required=True, metavar="T", help=_("Its beginning: 2026-11-23 or 2026-11-23T09:00."))
@click.option("--until", metavar="T", help=_("Its end (default: now)."))
@click.option("--all", "everything", is_flag=True, help=_("What was acknowledged, too; ids stay the same."))
@output.json_option
def replay(number: int, since: str, until: str | None, everything: bool, as_json: bool) -> None:
    with session() as open_session:
        zone = open_session.config.timezone

        def time(text: str) -> str:
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                raise UsageError(_("not a time: {text}").format(text=text)) from None
            return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).isoformat()

        done = open_session.ask(
            "webhook.replay",
            webhook=number,
            since=time(since),
            until=None if until is None else time(until),
            all=everything,
        )
    if as_json:
        output.emit(done)
    elif everything:
        print(_("Being posted again: {count} segments and messages received.").format(count=done["count"]))
    else:
        print(_("Being posted again: {count} events.").format(count=done["count"]))


@webhook.command(help=_("Print a new secret, for a [[webhook]] of the configuration file."))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Write it into a new file that its owner alone may read."),
)
def secret(out: Path | None) -> None:
    from gatewayd.webhooks.signature import new_secret

    if out is None:
        print(new_secret())
        return
    import os

    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise GatewayError(f"{out}: {error.strerror}") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(new_secret() + "\n")
