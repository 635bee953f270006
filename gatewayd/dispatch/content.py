"""What a job says beyond a text: parsed once for its queue, filled in for each of its messages. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from drivers.base import CallContent, Content, EmailContent, OutboundMessage, PushContent, WhatsappContent
from gatewayd.outcomes import Retries, Retry
from gatewayd.store.commands import Work
from gatewayd.values.callscript import filled

_DATA: Final = "data."
_PARAMETER: Final = "parameter."
"""Prefixes of rendered texts, by which `gatewayd.intake.rendering` names them."""


@dataclass(frozen=True, slots=True)
class JobContent:
    """The content of a job, its templates as they were written. SMS, and texts alone, have none."""

    content: Content | None = None
    retries: Retries = field(default_factory=dict)
    """A call's rules by disposition."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """What the files held that a mail attaches when the job was recorded, in hex, by name."""

    staff: bool = False
    """Whether it is the gateway's own, to people who run it: a link gets its secret at the send."""

    @property
    def attaches(self) -> bool:
        return isinstance(self.content, EmailContent) and bool(self.content.attachments)


PLAIN: Final = JobContent()
"""Nothing beyond a text."""


def parsed(stored: str) -> JobContent:
    """Reads a job's content as the store keeps it (JSON); an empty one is `PLAIN`."""
    given: dict[str, Any] = json.loads(stored) if stored else {}
    if call := given.get("call"):
        return _call(call)
    if email := given.get("email"):
        mail = EmailContent(
            email.get("subject") or "",
            email.get("html"),
            tuple(email.get("cc") or ()),
            dict.fromkeys(email.get("attachments") or (), ""),
            email.get("area") or "all",
        )
        return JobContent(mail, sha256=email.get("sha256") or {}, staff=given.get("staff") is True)
    if push := given.get("push"):
        return JobContent(PushContent(push.get("title") or "", push.get("data") or {}, push.get("ttl_s")))
    if whatsapp := given.get("whatsapp"):
        parameters = whatsapp.get("parameters") or ()
        return JobContent(
            WhatsappContent(
                whatsapp.get("template"),
                whatsapp.get("language") or "",
                parameters if isinstance(parameters, Mapping) else tuple(parameters),
            )
        )
    return PLAIN


def _call(call: Mapping[str, Any]) -> JobContent:
    plain = CallContent()
    content = CallContent(
        call.get("script"),
        call.get("amd", plain.amd),
        call.get("min_heard_s", plain.min_heard_s),
        call.get("ring_s", plain.ring_s),
        call.get("limit_s"),
    )
    rules = call.get("retries") or {}
    return JobContent(
        content, {disposition: Retry(rule["times"], rule["pause_s"]) for disposition, rule in rules.items()}
    )


def rendered(content: Content | None, options: str | None, files: Mapping[str, str]) -> Content | None:
    """Returns a job's content as one message has it: `options` is the message's own (JSON), `files` has the paths of
    what is attached. Of what a template was made of nothing is left, even where no text was rendered for it."""
    if content is None:
        return None
    texts: dict[str, str] = json.loads(options or "{}").get("texts", {})
    match content:
        case CallContent(script=script):
            return replace(content, script=filled(script, texts)) if script else content
        case EmailContent():
            return replace(
                content,
                subject=texts.get("subject") or "",
                html=texts.get("html"),
                cc=tuple(texts.get(f"cc[{number}]", each) for number, each in enumerate(content.cc)),
                attachments={name: files.get(name, "") for name in content.attachments},
            )
        case PushContent():
            return replace(content, title=texts.get("title") or "", data=_of(texts, _DATA))
        case WhatsappContent():
            named = _of(texts, _PARAMETER)
            return replace(
                content, parameters=named if isinstance(content.parameters, Mapping) else tuple(named.values())
            )


def _of(texts: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The texts whose names begin so, by the rest of their names; rendered texts keep the job's order."""
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}


def outbound(work: Work, address: str, content: Content | None) -> OutboundMessage:
    """A claimed message as its line gets it."""
    return OutboundMessage(
        attempt=work.public,
        to=work.to,
        address=address,
        text=work.text,
        parts=work.parts,
        todo=work.todo,
        encoding=work.encoding,
        concat_ref=work.concat_ref,
        valid_until=work.not_after / 1000 if work.not_after else None,
        content=content,
    )
