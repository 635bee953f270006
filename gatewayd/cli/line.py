"""`gatewayd line`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from drivers.base import spoken
from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.words.reasons import explained, meaning, state_word
from gatewayd.words.translation import gettext as _


@click.group(help=_("Lines: modems, phones, trunks, providers, mailboxes."))
def line() -> None:
    pass


def _row(found: Mapping[str, Any]) -> tuple[object, ...]:
    signal = found["signal"]
    return (
        *(found["name"], found["driver"], found["channel"], state_word(found["state"]), found["rate"]),
        *("" if signal is None else f"{signal} %", found["operator"], found["sent_today"], meaning(found["reason"])),
    )


@line.command("list", help=_("All lines."))
@output.json_option
def list_(as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("line.list")
    if as_json:
        output.emit(found)
        return
    headings = (_("Line"), _("Driver"), _("Channel"), _("State"), _("Rate"), _("Signal"), _("Operator"), _("Today"))
    rows = [_row(one) for one in found["items"]]
    output.table((*headings, _("Reason")), rows, right=(4, 5, 7), spare=(1, 2, 6))


def _show(found: Mapping[str, Any], zone: Any) -> None:
    signal = found["signal"]
    outcomes = ", ".join(f"{state_word(name)} {count}" for name, count in found["outcomes"].items() if count)
    output.record(
        (
            (_("Line"), found["name"]),
            (_("Driver"), found["driver"]),
            (_("Channel"), found["channel"]),
            (_("Enabled"), _("yes") if found["enabled"] else _("no")),
            (_("State"), state_word(found["state"])),
            (_("Reason"), explained(found["reason"])),
            (_("Since"), output.local(found["since"], zone)),
            (_("Signal"), None if signal is None else f"{signal} %"),
            (_("Operator"), found["operator"]),
            (_("Rate"), found["rate"]),
            (_("Window"), found["window"]),
            (_("Last minute"), f"{found['pace']:g}"),
            (_("In work"), found["in_work"]),
            (_("Today"), _of(found["sent_today"], found["quota_day"])),
            (_("This month"), _of(found["sent_month"], found["quota_month"])),
            (_("Prefixes"), ", ".join(found["prefixes"])),
            (_("Attempts since start"), outcomes),
            *((_labelled(name), _detail(name, value)) for name, value in found["detail"].items()),
        )
    )


_LABELS: Final = {
    "maker": spoken("Manufacturer"),
    "model": spoken("Model"),
    "profile": spoken("Brand profile"),
    "roaming": spoken("Roaming"),
    "reports": spoken("Delivery reports"),
    "unreadable": spoken("Unreadable messages"),
    "text": spoken("Answer"),
    "balance": spoken("Balance"),
    "request": spoken("Request"),
    "headers": spoken("Headers"),
    "body": spoken("Body"),
    "signal": spoken("Signal"),
    "registered": spoken("Registered"),
    "operator": spoken("Operator"),
    "usable": spoken("Usable"),
    "logged_in": spoken("Logged in"),
    "took_ms": spoken("Took (ms)"),
    "battery": spoken("Battery"),
    "charging": spoken("Charging"),
    "channels": spoken("Channels"),
    "used": spoken("In use"),
    "doubted": spoken("In doubt"),
    "unknown_reports": spoken("Reports of unknown messages"),
    "reply_expected": spoken("Expects a reply"),
    "mailbox": spoken("Mailbox"),
    "bounces_unmatched": spoken("Bounces of unknown mails"),
    "mails_passed_over": spoken("Mails skipped"),
}
"""What drivers tell of a device; others by the driver's own word."""


def _labelled(name: str) -> str:
    return _(_LABELS.get(name, name))


def _said(value: object) -> object:
    """A value of a device's answer for people: what holds others, one a line."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        if "request" in value and "took_ms" in value:
            return _exchange(value)
        named = [(str(name), _said(each)) for name, each in value.items() if each is not None]
        return "\n".join(f"{_labelled(name)}: {said}" for name, said in named)
    if isinstance(value, list | tuple):
        lines = [str(_said(each)) for each in value]
        return ("\n" if any("\n" in line for line in lines) else ", ").join(lines)
    return value


def _exchange(told: Mapping[str, Any]) -> str:
    """One exchange with a provider among others."""
    outcome = ": ".join(filter(None, (state_word(told.get("outcome")), meaning(told.get("reason")))))
    return "\n".join([outcome, *(f"{name}: {value}" for name, value in _exchange_rows(told) if value is not None), ""])


def _detail(name: str, value: object) -> object:
    # Why a mail account's mailbox cannot be read is a reason like the line's own.
    return explained(str(value)) if name == "mailbox" else _said(value)


def _of(sent: int, quota: int | None) -> str:
    return str(sent) if quota is None else f"{sent} / {quota}"


@line.command(help=_("One line."))
@click.argument("name", shell_complete=completion.lines)
@output.json_option
def show(name: str, as_json: bool) -> None:
    _perform("line.show", name, as_json)


@line.command(help=_("Put a line back into service; this survives a restart."))
@click.argument("name", shell_complete=completion.lines)
@output.json_option
def enable(name: str, as_json: bool) -> None:
    _perform("line.enable", name, as_json)


@line.command(help=_("Take a line out of service; this survives a restart."))
@click.argument("name", shell_complete=completion.lines)
@output.json_option
def disable(name: str, as_json: bool) -> None:
    _perform("line.disable", name, as_json)


def _perform(operation: str, name: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask(operation, line=name)
        if as_json:
            output.emit(found)
        else:
            _show(found, open_session.config.timezone)


@line.command(help=_("Send one message over a line and show what became of it."))
@click.argument("name", shell_complete=completion.lines)
@click.argument("number")
@click.option("--account", shell_complete=completion.accounts, help=_("Who pays (default: the only account there is)."))
@click.option("--text", help=_("What it says."))
@output.json_option
def test(name: str, number: str, account: str | None, text: str | None, as_json: bool) -> int:
    from gatewayd.cli.message import show_message

    with session() as open_session:
        found = open_session.ask("line.test", line=name, number=number, account=account, text=text)
        if as_json:
            output.emit(found)
        else:
            show_message(found, open_session.config.timezone)
            if found["exchange"] is not None:
                _show_exchange(found["exchange"])
            for one in found.get("findings", ()):
                output.say(f"{one['key']}: {one['message']}; {one['remedy']}", error=True)
    return 0 if found["state"] in {"submitted", "delivered", "read"} else 1


def _show_exchange(told: Mapping[str, Any]) -> None:
    """What went out and came back, as the driver shows it: its secrets are masked already."""
    output.record(_exchange_rows(told))


def _exchange_rows(told: Mapping[str, Any]) -> tuple[tuple[str, str | None], ...]:
    request, answer = told["request"] or {}, told["answer"]
    headers = [f"{name}: {value}" for name, value in (request.get("headers") or {}).items()]
    return (
        (_("Request"), "\n".join([request.get("request", "-"), *headers])),
        (_("Body"), request.get("body")),
        (_("Answer"), _("none") if answer is None else f"HTTP {answer['status']}\n{answer['body']}".rstrip()),
        (_("Took"), f"{told['took_ms']} ms"),
    )


@line.command(help=_("Ask the device: QUESTION is the driver's own (balance, ussd …)."))
@click.argument("name", shell_complete=completion.lines)
@click.argument("question")
@click.argument("argument", default="")
@output.json_option
def ask(name: str, question: str, argument: str, as_json: bool) -> None:
    with session() as open_session:
        answer = open_session.ask("line.ask", line=name, question=question, argument=argument)
    if as_json:
        output.emit(answer)
    else:
        output.record((_labelled(name), _said(value)) for name, value in answer["answer"].items())


# -------------------------------------------------------------------------------------------- lines that people add


@line.command(help=_("The kinds of lines that can be added, and what each asks for."))
@output.json_option
def kinds(as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("line.kinds")
    if as_json:
        output.emit(found)
        return
    rows = [
        (one["kind"], one["title"], " ".join(field["key"] for field in one["fields"] if field["required"]))
        for one in found["items"]
    ]
    output.table((_("Kind"), _("What it is"), _("Needs")), rows)


@line.command(
    help=_("Find modems that no line has yet; those at work are left alone. PATTERN names further ports to look at.")
)
@click.argument("patterns", nargs=-1, metavar="[PATTERN]…")
@output.json_option
def discover(patterns: tuple[str, ...], as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("line.discover", search=list(patterns))
    if as_json:
        output.emit(found)
        return
    rows = []
    for one in found["items"]:
        detail = one["detail"]
        made = " ".join(filter(None, (detail.get("maker"), detail.get("model"))))
        state = _("in use") if one["busy"] else one["line"] or _sim(detail.get("sim"))
        rows.append((one["keys"].get("port"), made, detail.get("imei"), detail.get("operator"), state))
    output.table((_("Port"), _("Model"), "IMEI", _("Operator"), "SIM"), rows)


_SIMS: Final = {"pin": "pin_required", "puk": "puk_required", "missing": "no_sim"}


def _sim(state: str | None) -> str:
    return _("ready") if state == "ready" else meaning(_SIMS.get(state or "", state))


def _pairs(driver: str, pairs: tuple[str, ...]) -> dict[str, Any]:
    """KEY=VALUE words as a line's keys; KEY= takes a key away."""
    from gatewayd.config import from_text

    keys: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(_("{word}: write it as KEY=VALUE").format(word=pair))
        keys[key] = from_text(driver, key, text) if text else None
    return keys


def _asked(names: tuple[str, ...], *, from_input: bool) -> dict[str, str]:
    """Secrets as they are typed, unseen; with `from_input`, a line of the input each."""
    import sys

    if from_input:
        return {name: sys.stdin.readline().rstrip("\r\n") for name in names}
    return {name: click.prompt(name, hide_input=True, err=True) for name in names}


_SECRET = click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="KEY",
    help=_("A secret to be asked for (password, pin …); repeatable."),
)
_STDIN = click.option("--secrets-stdin", is_flag=True, help=_("Read the secrets from the input, a line each."))


@line.command(
    help=_(
        "Add a line: NAME, its KIND (see `gatewayd line kinds`, or a driver), and its keys. It starts at once and is "
        "kept in the store; lines of the configuration file stay as they are."
    )
)
@click.argument("name")
@click.argument("kind")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]…")
@_SECRET
@_STDIN
@click.option("--disabled", is_flag=True, help=_("Add it switched off."))
@output.json_option
def add(
    name: str, kind: str, pairs: tuple[str, ...], *, secrets: tuple[str, ...], secrets_stdin: bool, disabled: bool,
    as_json: bool,
) -> None:  # fmt: skip
    from gatewayd.operations.line_kinds import BY_NAME

    known = BY_NAME.get(kind)
    driver = kind if known is None else known.driver
    keys = {key: value for key, value in _pairs(driver, pairs).items() if value is not None}
    if known is not None:
        defaults = {one.key: one.default for one in known.fields if one.default}
        given = [f"{key}={text}" for key, text in defaults.items() if key not in keys]
        keys = {**known.fixed, **_pairs(driver, tuple(given)), **keys}
    with session() as open_session:
        made = open_session.ask(
            "line.add",
            line=name,
            driver=driver,
            keys=keys,
            secrets=_asked(secrets, from_input=secrets_stdin),
            enabled=not disabled,
        )
        _told(made, open_session.config.timezone, as_json)


@line.command("set", help=_("Change keys of a line that was added; KEY= takes a key away."))
@click.argument("name", shell_complete=completion.lines)
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]…")
@_SECRET
@_STDIN
@output.json_option
def set_(name: str, pairs: tuple[str, ...], *, secrets: tuple[str, ...], secrets_stdin: bool, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("line.show", line=name)
        if pairs or not secrets:
            found = open_session.ask("line.set", line=name, keys=_pairs(found["driver"], pairs))
        for key, secret in _asked(secrets, from_input=secrets_stdin).items():
            found = open_session.ask("line.secret", line=name, key=key, secret=secret)
        _told(found, open_session.config.timezone, as_json)


@line.command(help=_("Remove a line that was added; what was sent over it stays in the records."))
@click.argument("name", shell_complete=completion.lines)
@output.json_option
def remove(name: str, as_json: bool) -> None:
    with session() as open_session:
        gone = open_session.ask("line.remove", line=name)
    if as_json:
        output.emit(gone)
    else:
        print(_("removed"))


def _told(found: Mapping[str, Any], zone: Any, as_json: bool) -> None:
    if as_json:
        output.emit(found)
        return
    _show(found, zone)
    for one in found.get("faults", ()):
        output.say(f"{one['key']}: {one['message']}; {one['remedy']}", error=True)
