"""A message as the Cloud API takes it. Pure. Source: Meta's reference of `/{phone-number-id}/messages`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from drivers.base import OutboundMessage

TEXT_MAX: Final = 4096
"""Characters of a text message's body."""
PARAMETER: Final = "parameter."
"""Prefix of the rendered texts that are a template's parameters, followed by their place from 0 or their name."""

_SPACE: Final = re.compile(r"\s+")


class UnsendableError(Exception):
    """The API can never take this message; `reason` says why. Nothing was asked of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def document(message: OutboundMessage, *, preview_url: bool, callback_data: bool) -> dict[str, Any]:
    """Returns the body of a send; raises `UnsendableError`."""
    number = "".join(filter(str.isdecimal, message.address))
    if not 7 <= len(number) <= 15:
        raise UnsendableError("number")
    body: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": number}
    template = (message.options.get("whatsapp") or {}).get("template")
    if template:
        body |= {"type": "template", "template": _template(message, template)}
    else:
        if len(message.text) > TEXT_MAX:
            raise UnsendableError("too_long")
        body |= {"type": "text", "text": {"preview_url": preview_url, "body": message.text}}
    if callback_data:
        body["biz_opaque_callback_data"] = message.attempt
    return body


def _template(message: OutboundMessage, name: str) -> dict[str, Any]:
    whatsapp = message.options["whatsapp"]
    asked: dict[str, Any] = {"name": name, "language": {"code": whatsapp["language"]}}
    parameters = _parameters(message.options.get("texts") or {}, named=isinstance(whatsapp.get("parameters"), Mapping))
    if parameters:
        asked["components"] = [{"type": "body", "parameters": parameters}]
    return asked


def _parameters(texts: Mapping[str, str], *, named: bool) -> list[dict[str, str]]:
    """In the job's order; the rendered texts keep it."""
    parameters = []
    for key, text in texts.items():
        if key.startswith(PARAMETER):
            # The API takes neither line breaks nor tabs nor many spaces in a row here.
            plain = _SPACE.sub(" ", text).strip()
            name = {"parameter_name": key.removeprefix(PARAMETER)} if named else {}
            parameters.append({"type": "text", **name, "text": plain})
    return parameters
