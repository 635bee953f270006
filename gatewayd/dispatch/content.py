"""What a job says beyond a text, as lines and outcomes need it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from drivers.base import OutboundMessage
from gatewayd.callscript import filled
from gatewayd.outcomes import Retries, Retry
from gatewayd.store.commands import Work

_PARTS: Final = ("call", "email", "push", "whatsapp")
"""Parts of a job that one channel alone has."""


def options(work: Work, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job's own part (`call` with its script's words filled in, `email` …), and `texts`: its further templates,
    rendered for this recipient."""
    rendered = json.loads(work.options or "{}").get("texts", {})
    given: dict[str, Any] = {key: content[key] for key in _PARTS if key in content} | {"texts": rendered}
    if (email := given.get("email")) and email.get("cc"):
        given["email"] = email | {"cc": [rendered.get(f"cc[{n}]", each) for n, each in enumerate(email["cc"])]}
    script = (given.get("call") or {}).get("script")
    if script:
        given["call"] = given["call"] | {"script": filled(script, rendered)}
    return given


def outbound(work: Work, address: str, beside: Mapping[str, Any]) -> OutboundMessage:
    """A claimed message as its line gets it; `beside` is what its channel needs beyond the text."""
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
        options=beside,
    )


def retries(content: Mapping[str, Any]) -> Retries:
    """A call's rules by disposition."""
    rules = (content.get("call") or {}).get("retries") or {}
    return {disposition: Retry(rule["times"], rule["pause_s"]) for disposition, rule in rules.items()}
