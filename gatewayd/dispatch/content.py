"""What a job says beyond a text, as lines and outcomes need it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from drivers.base import Completed, OutboundMessage, Outcome
from gatewayd.outcomes import Retries, Retry
from gatewayd.store.commands import Work

_PARTS: Final = ("call", "email", "push", "whatsapp")
"""Parts of a job that one channel alone has."""


def options(work: Work, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job's own part (`call` with its script's words filled in, `email` …), and `texts`: its further templates,
    rendered for this recipient."""
    rendered = json.loads(work.detail or "{}").get("options", {})
    given: dict[str, Any] = {key: content[key] for key in _PARTS if key in content} | {"texts": rendered}
    if (email := given.get("email")) and email.get("cc"):
        given["email"] = email | {"cc": [rendered.get(f"cc[{n}]", each) for n, each in enumerate(email["cc"])]}
    script = (given.get("call") or {}).get("script")
    if script:
        steps = [_filled(step, rendered.get(f"message[{place}]")) for place, step in enumerate(script["message"])]
        given["call"] = given["call"] | {"script": script | {"message": steps}}
    return given


def _filled(step: Mapping[str, str], words: str | None) -> Mapping[str, str]:
    """A step of a call's message with this recipient's words; a recording has none."""
    return step if words is None else dict.fromkeys(step, words)


def opts_out(outcome: Outcome) -> bool:
    """Whether the person called asked not to be called again."""
    return isinstance(outcome, Completed) and outcome.detail.get("action") == "opt_out"


def retries(content: Mapping[str, Any]) -> Retries:
    """A call's rules by disposition."""
    rules = (content.get("call") or {}).get("retries") or {}
    return {disposition: Retry(rule["times"], rule["pause_s"]) for disposition, rule in rules.items()}


def outbound(work: Work, address: str, beside: Mapping[str, Any]) -> OutboundMessage:
    """What a driver is handed of a claimed message; `address` as its line writes it, `beside` as `options` tells."""
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
