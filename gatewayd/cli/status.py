"""`gatewayd status`: one look at what needs a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from drivers.base import spoken
from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.words.reasons import meaning, state_word, system_words
from gatewayd.words.translation import gettext as _


@click.command(help=_("Lines, queue and what needs a person, at a glance. Exit status 1 if something does."))
@output.json_option
def status(as_json: bool) -> int:
    with session() as open_session:
        found = open_session.ask("status")
    if as_json:
        output.emit(found)
    else:
        _show(found)
    return 0 if found["ok"] else 1


def _show(found: Mapping[str, Any]) -> None:
    counts = found["queue"]["counts"]
    lines = ", ".join(f"{state_word(state)} {count}" for state, count in found["lines"].items())
    waiting = {state: counts.get(state, 0) for state in ("queued", "scheduled", "held", "sending", "uncertain")}
    queue = ", ".join(f"{state_word(state)} {count}" for state, count in waiting.items() if count)
    output.record(((_("Node"), found["node"]), (_("Lines"), lines or None), (_("Queue"), queue or _("empty"))))
    if found["ok"]:
        print(_("all is well: nothing needs a person"))
        return
    print(_("needs a person:"))
    for each in found["needs"]:
        output.say("- " + SENTENCES[each["kind"]](each))


_SERVICES: Final = {"receipts": spoken("receipts"), "inbox": spoken("inbox"), "intake": spoken("intake")}


def _daemon(_need: Mapping[str, Any]) -> str:
    return _("no daemon is running: systemctl start gatewayd, or gatewayd run")


def _store(_need: Mapping[str, Any]) -> str:
    return _("the store takes nothing (disk full, its server is away, or it is damaged); see the log")


def _line(need: Mapping[str, Any]) -> str:
    return _("line {line}: {reason}; gatewayd line show {line}").format(
        line=need["subject"], reason=meaning(need["reason"])
    )


def _stalled(need: Mapping[str, Any]) -> str:
    account, _space, service = need["subject"].partition(" ")
    return _("account {account}: its {service} cannot be served: {reason}").format(
        account=account, service=_(_SERVICES.get(service, service)), reason=system_words(need["reason"])
    )


def _uncertain(need: Mapping[str, Any]) -> str:
    return output.counted(
        need["count"],
        _("{n} message is in doubt: gatewayd message list --state uncertain, then message settle"),
        _("{n} messages are in doubt: gatewayd message list --state uncertain, then message settle"),
    )


def _paused(need: Mapping[str, Any]) -> str:
    return _("job {job} is paused and has messages left: gatewayd job resume {job}").format(job=need["subject"])


def _credit(need: Mapping[str, Any]) -> str:
    account, balance = need["subject"], need["balance"]
    if need["count"]:
        return output.counted(
            need["count"],
            _("account {account}: {n} message waits for credit (balance {balance})"),
            _("account {account}: {n} messages wait for credit (balance {balance})"),
            account=account,
            balance=balance,
        )
    return _("account {account}: its credit is running low ({balance})").format(account=account, balance=balance)


def _opt_out(need: Mapping[str, Any]) -> str:
    return output.counted(
        need["count"],
        _("{n} reply may ask for no more messages: read it in the inbox"),
        _("{n} replies may ask for no more messages: read them in the inbox"),
    )


def _webhook(need: Mapping[str, Any]) -> str:
    _account, _space, number = need["subject"].partition(" ")
    return _("webhook {webhook}: {reason}; gatewayd webhook show {webhook}").format(
        webhook=number, reason=meaning(need["reason"])
    )


def _register(need: Mapping[str, Any]) -> str:
    return _("the register {name} is {days} days old: bring a newer one, gatewayd register import").format(
        name=need["subject"], days=need["count"]
    )


def _billing(need: Mapping[str, Any]) -> str:
    if need["reason"] == "billing_pending":
        told = _("{account}: a complete list lacks {count} open invoices; say in the panel whether they are closed")
    else:
        told = _("{account}: billing is {count} hours old, and claims stand still: bring newer invoices")
    return told.format(account=need["subject"], count=need["count"])


def _standstill(_need: Mapping[str, Any]) -> str:
    return _("a copy of the store was put back, and webhooks stand still: gatewayd db release once all is settled")


def _campaign(need: Mapping[str, Any]) -> str:
    _account, _space, number = need["subject"].partition(" ")
    if need["reason"] == "campaign_missed":
        told = _("campaign {campaign} missed its time: gatewayd campaign launch {campaign} --missed run, or skip")
        return told.format(campaign=number)
    if need["reason"] == "campaign_stuck":
        return _("campaign {campaign} has come to a standstill: gatewayd campaign show {campaign}").format(
            campaign=number
        )
    return _("campaign {campaign} waits for approval: gatewayd campaign approve {campaign}").format(campaign=number)


def _notices(need: Mapping[str, Any]) -> str:
    return output.counted(
        need["count"] or 0,
        _("account {account}: {n} customer would be told of something new; the panel's page of answers asks"),
        _("account {account}: {n} customers would be told of something new; the panel's page of answers asks"),
        account=need["subject"],
    )


SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "daemon": _daemon,
    "store": _store,
    "line": _line,
    "stalled": _stalled,
    "uncertain": _uncertain,
    "paused": _paused,
    "credit": _credit,
    "opt_out": _opt_out,
    "webhook": _webhook,
    "campaign": _campaign,
    "notices": _notices,
    "register": _register,
    "billing": _billing,
    "standstill": _standstill,
}
