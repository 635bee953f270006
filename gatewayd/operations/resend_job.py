"""The job that sends messages again: the words that each person was sent, as a job file that intake reads. Pure.

What differed by person becomes a variable of its own, so that nothing is rendered a second time from a template that
was changed, and no sign of a text is taken for one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.values.callscript import templates

FILES: Final = "files"
"""Of a job that is made here, beside the keys of a job file: the job that attached the files which this one does, and
their SHA-256 (hex) by name. Whoever brings the job in takes it off, and brings the files."""
TEXT: Final = "texto"
_SUBJECT: Final = "asunto"
_TITLE: Final = "titulo"
_PLACE: Final = "parte_{number}"


class NotResendableError(Exception):
    """The message cannot be made anew from what is kept of it; the code says why."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What is kept of a message that is sent again."""

    number: int
    account: str
    job: str
    channel: str
    to: str
    ref: str | None
    text: str | None
    content: str
    """JSON: the job's, templates as they were written."""
    texts: str | None
    """JSON: the message's own rendered texts, by name."""


def attached_by(content: str) -> dict[str, str]:
    """Returns what a job's mails attach: SHA-256 (hex) by name. `content` is JSON as the store keeps it.
    NotResendableError where it is not known what a file held."""
    email = json.loads(content or "{}").get("email") or {}
    known = email.get("sha256") or {}
    names = email.get("attachments") or ()
    if not set(names) <= known.keys():
        raise NotResendableError("attachments")
    return {name: known[name] for name in names}


def jobs_of(messages: Sequence[SentMessage], name: str) -> list[tuple[str, dict[str, Any]]]:
    """Returns the job files that send these messages of one account again, each with the account: one for all that
    differ in words alone. `name` begins their names. NotResendableError.
    """
    grouped: dict[str, tuple[dict[str, Any], list[dict[str, str]]]] = {}
    for message in messages:
        head, recipient = _made(message)
        key = json.dumps([message.account, message.job, head], sort_keys=True)
        grouped.setdefault(key, (head, []))[1].append(recipient)
    found = []
    accounts = {message.account for message in messages}
    assert len(accounts) <= 1, accounts
    for index, (head, recipients) in enumerate(grouped.values(), 1):
        job = name if len(grouped) == 1 else f"{name}-{index}"
        found.append((messages[0].account, {"job": job, **head, "recipients": recipients}))
    return found


def _made(message: SentMessage) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns what the job says for everybody, and what it says for this person."""
    content: dict[str, Any] = json.loads(message.content or "{}")
    texts: dict[str, str] = json.loads(message.texts or "{}").get("texts", {})
    head: dict[str, Any] = {"channel": message.channel, "priority": "normal"}
    recipient = {"to": message.to}
    if message.ref:
        recipient["ref"] = message.ref
    if message.text:
        head["text"] = f"%{TEXT}%"
        recipient[TEXT] = message.text
    if message.channel == "sms" and content.get("encoding", "auto") != "auto":
        head["encoding"] = content["encoding"]
    if email := content.get("email"):
        _mail(email, texts, head, recipient)
        if wanted := attached_by(message.content):
            head["attachments"], head[FILES] = list(wanted), {"job": message.job, "sha256": wanted}
    if call := content.get("call"):
        _call(call, texts, head, recipient)
    if push := content.get("push"):
        _push(push, texts, head, recipient)
    if whatsapp := content.get("whatsapp"):
        _whatsapp(whatsapp, texts, head, recipient)
    return head, recipient


def _mail(email: Mapping[str, Any], texts: Mapping[str, str], head: dict[str, Any], recipient: dict[str, str]) -> None:
    head["area"] = email.get("area") or "all"
    if texts.get("subject"):
        head["subject"] = f"%{_SUBJECT}%"
        recipient[_SUBJECT] = texts["subject"]
    if texts.get("html"):
        # A value would be escaped: what was HTML stays so only as part of the job itself.
        head["html"] = literal(texts["html"])
    copies = [texts.get(f"cc[{number}]", each) for number, each in enumerate(email.get("cc") or ())]
    if copies:
        head["cc"] = [literal(each) for each in copies]


def _call(call: Mapping[str, Any], texts: Mapping[str, str], head: dict[str, Any], recipient: dict[str, str]) -> None:
    plan = {name: value for name, value in call.items() if value is not None}
    if script := plan.get("script"):
        named = {}
        for number, place in enumerate(templates(script), 1):
            variable = _PLACE.format(number=number)
            named[place] = f"%{variable}%"
            recipient[variable] = texts.get(place, "")
        from gatewayd.values.callscript import filled

        plan["script"] = {key: value for key, value in filled(script, _OrSame(named)).items() if value is not None}
        head.pop("text", None)
        recipient.pop(TEXT, None)
    if rules := plan.get("retries"):
        plan["retries"] = {
            each: {"times": rule["times"], "pause": f"{rule['pause_s']}s"} for each, rule in rules.items()
        }
    head["call"] = plan


class _OrSame(dict[str, str]):
    """Leaves words that are no templates as they are."""

    def get(self, place: str, words: Any = None) -> Any:
        return super().get(place, words)


def _push(push: Mapping[str, Any], texts: Mapping[str, str], head: dict[str, Any], recipient: dict[str, str]) -> None:
    made: dict[str, Any] = {}
    if texts.get("title"):
        made["title"] = f"%{_TITLE}%"
        recipient[_TITLE] = texts["title"]
    data = {}
    for number, name in enumerate(push.get("data") or {}, 1):
        variable = f"dato_{number}"
        data[name] = f"%{variable}%"
        recipient[variable] = texts.get(f"data.{name}", "")
    if data:
        made["data"] = data
    head["push"] = made


def _whatsapp(
    whatsapp: Mapping[str, Any], texts: Mapping[str, str], head: dict[str, Any], recipient: dict[str, str]
) -> None:
    made = {name: whatsapp[name] for name in ("template", "language") if whatsapp.get(name)}
    parameters = whatsapp.get("parameters") or ()
    names = list(parameters) if isinstance(parameters, Mapping) else [str(n) for n in range(len(parameters))]
    given = {}
    for number, name in enumerate(names, 1):
        variable = f"dato_{number}"
        given[name] = f"%{variable}%"
        recipient[variable] = texts.get(f"parameter.{name}", "")
    if given:
        made["parameters"] = given if isinstance(parameters, Mapping) else list(given.values())
    head["whatsapp"] = made


def literal(text: str) -> str:
    """Returns a text of a job file that says these words and no variable."""
    return text.replace("%", "%%")
