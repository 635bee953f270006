"""What a message says beyond its text: one frozen record for each channel that has more, with its recipient's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CallContent:
    """How somebody is called. Without a script the message's text is spoken."""

    script: Mapping[str, Any] | None = None
    """What is said and asked, in the shape of a job file's `call.script`."""
    amd: str = "off"
    """What an answering machine hears: `off`, `detect`, `leave_message`."""
    min_heard_s: float = 5.0
    ring_s: float = 30.0
    limit_s: int | None = None
    """Longest a call may last; None: the line's default."""


@dataclass(frozen=True, slots=True)
class EmailContent:
    """What a mail has beside its plain text."""

    subject: str = ""
    html: str | None = None
    cc: tuple[str, ...] = ()
    attachments: Mapping[str, str] = field(default_factory=dict)
    """Paths of the files to attach, by the names that the reader sees, in this order."""
    area: str = "all"
    """The area of the accounts that send it."""


@dataclass(frozen=True, slots=True)
class PushContent:
    """What a push has beside its text."""

    title: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    """For the app that receives it."""
    ttl_s: int | None = None
    """How long the service may keep it; None: the line's default."""


@dataclass(frozen=True, slots=True)
class WhatsappContent:
    """A template that stands in place of a text."""

    template: str | None = None
    """Its name at Meta; None: the message's own text goes out."""
    language: str = ""
    """As Meta writes it: `es_AR`."""
    parameters: tuple[str, ...] | Mapping[str, str] = ()
    """Of the template's body, in their order or by their names."""


Content = CallContent | EmailContent | PushContent | WhatsappContent


def as_options(content: Content | None) -> dict[str, Any]:
    """Returns the content as `OutboundMessage.options` had it in 0.1: the job's own keys, and the rendered `texts`."""
    match content:
        case None:
            return {}
        case CallContent():
            call = {"amd": content.amd, "min_heard_s": content.min_heard_s, "ring_s": content.ring_s}
            limited = {} if content.limit_s is None else {"limit_s": content.limit_s}
            return {"call": {"script": content.script, **call, **limited}, "texts": {}}
        case EmailContent():
            own = {"subject": content.subject, "html": content.html, "cc": list(content.cc), "area": content.area}
            texts = {"subject": content.subject} | ({} if content.html is None else {"html": content.html})
            email = {**own, "attachments": list(content.attachments)}
            return {"email": email, "texts": texts, "attachments": dict(content.attachments)}
        case PushContent():
            push = {"title": content.title or None, "data": dict(content.data), "ttl_s": content.ttl_s}
            texts = {f"data.{name}": value for name, value in content.data.items()}
            return {"push": push, "texts": ({"title": content.title} if content.title else {}) | texts}
        case WhatsappContent():
            given = content.parameters
            items = given.items() if isinstance(given, Mapping) else enumerate(given)
            parameters = dict(given) if isinstance(given, Mapping) else list(given)
            whatsapp = {"template": content.template, "language": content.language, "parameters": parameters}
            return {"whatsapp": whatsapp, "texts": {f"parameter.{name}": value for name, value in items}}
