"""What needs a person, as sentences with a way to it. Pure but for the language spoken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from gatewayd.web.panel import places
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.pieces import Need
from gatewayd.web.words import Words
from gatewayd.words.reasons import meaning


def need(document: Mapping[str, Any], words: Words, formats: Formats) -> Need:
    """Returns the sentence of one of the needs of `status`; a kind that is unknown here is shown by its code."""
    kind, subject = str(document["kind"]), str(document["subject"])
    reason, count = document["reason"], int(document["count"] or 0)
    gettext, ngettext = words.gettext, words.ngettext
    match kind:
        case "daemon":
            return Need(gettext("The gateway is not running: nothing goes out"), tone="act", icon="act")
        case "store":
            text = gettext("The store takes nothing (disk full?): nothing is sent until it does")
            return Need(text, tone="act", icon="act")
        case "line":
            text = gettext("The line {line}: {reason}", line=subject, reason=meaning(reason))
            return Need(text, places.link(places.line(subject)), gettext("See the line"), "act", "act")
        case "uncertain":
            text = ngettext(
                "{count} message in doubt: it may have gone out",
                "{count} messages in doubt: they may have gone out",
                count,
            )
            return Need(text, places.link(places.doubts()), gettext("Decide"), "doubt", "uncertain")
        case "paused":
            account, _slash, job = subject.partition("/")
            text = gettext("{job} is paused and has messages left", job=job or account)
            return Need(text, places.link(places.job(account, job)), gettext("See it"), "look", "paused")
        case "credit":
            return _credit(document, subject, count, words, formats)
        case "opt_out":
            text = ngettext(
                "{count} answer may ask for no more messages", "{count} answers may ask for no more messages", count
            )
            return Need(text, places.link("/ajustes/bloqueados"), gettext("Read them"), "look", "in")
        case "campaign":
            text = _campaign(reason, words)
            return Need(text, places.link("/campanas"), gettext("See it"), "act", "act")
        case "notices":
            text = ngettext(
                "{count} customer would be told of something new: say whether",
                "{count} customers would be told of something new at once: say whether",
                count,
            )
            return Need(text, places.link("/ajustes/respuestas"), gettext("See it"), "look", "look")
        case "register":
            text = gettext("The register {name} is {count} days old: bring a newer one", name=subject, count=count)
            return Need(text, places.link("/ajustes/bloqueados#registros"), gettext("See registers"), "look", "look")
        case "billing":
            return _billing(str(reason), subject, count, words)
        case "stalled":
            text = gettext("The folders of {account} cannot be used: {reason}", account=subject, reason=meaning(reason))
            return Need(text, tone="act", icon="act")
    return _rare(kind, subject, reason, words)


def _rare(kind: str, subject: str, reason: str | None, words: Words) -> Need:
    """Returns what is hardly ever needed; of a kind that is unknown here its code."""
    if kind == "standstill":
        text = words.gettext("A copy of the store was put back: nothing is sent by itself until it is released")
        return Need(text, tone="act", icon="act")
    if kind == "webhook":
        account = subject.partition(" ")[0]
        text = words.gettext("A webhook of {account} fails: {reason}", account=account, reason=meaning(reason or ""))
        return Need(text, places.link("/ajustes/webhooks"), words.gettext("See it"), "act", "act")
    return Need(Markup("{} {} {}").format(kind, subject, meaning(reason or "")))


def _campaign(reason: str, words: Words) -> Markup:
    """Returns what a campaign wants of a person."""
    gettext = words.gettext
    if reason == "campaign_missed":
        return gettext("A campaign missed its time: say whether it still goes out")
    if reason == "campaign_stuck":
        return gettext("A campaign has come to a standstill: nothing of it leaves")
    return gettext("A campaign waits for somebody's approval")


def _billing(reason: str, account: str, count: int, words: Words) -> Need:
    if reason == "billing_pending":
        text = words.ngettext(
            "A complete list of {account} lacks {count} open invoice: say whether it is closed",
            "A complete list of {account} lacks {count} open invoices: say whether they are closed",
            count,
            account=account,
        )
    else:
        text = words.gettext(
            "Billing of {account} is {count} hours old: claims stand still", account=account, count=count
        )
    return Need(text, places.link("/cobranza/facturas"), words.gettext("See invoices"), "act", "act")


def _credit(document: Mapping[str, Any], account: str, count: int, words: Words, formats: Formats) -> Need:
    balance = formats.money(document.get("balance"))
    if count:
        text = words.ngettext(
            "{count} message of {account} waits for credit: {balance} are left",
            "{count} messages of {account} wait for credit: {balance} are left",
            count,
            account=account,
            balance=balance,
        )
    else:
        text = words.gettext("The credit of {account} runs low: {balance} are left", account=account, balance=balance)
    href = places.link(places.account(account)) or places.link("/ajustes/creditos")
    return Need(text, href, words.gettext("See credits"), "act" if count else "look", "act" if count else "look")
