"""A message as the Cloud API takes it. Pure. Source: Meta's reference of `/{phone-number-id}/messages`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from drivers.base import OutboundMessage, WhatsappContent

TEXT_MAX: Final = 4096
"""Characters of a text message's body."""

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
    content = message.says(WhatsappContent)
    if content.template:
        body |= {"type": "template", "template": _template(content)}
    else:
        if len(message.text) > TEXT_MAX:
            raise UnsendableError("too_long")
        body |= {"type": "text", "text": {"preview_url": preview_url, "body": message.text}}
    if callback_data:
        body["biz_opaque_callback_data"] = message.attempt
    return body


def _template(content: WhatsappContent) -> dict[str, Any]:
    asked: dict[str, Any] = {"name": content.template, "language": {"code": content.language}}
    given = content.parameters
    if isinstance(given, Mapping):
        parameters = [{"type": "text", "parameter_name": name, "text": _plain(text)} for name, text in given.items()]
    else:
        parameters = [{"type": "text", "text": _plain(text)} for text in given]
    if parameters:
        asked["components"] = [{"type": "body", "parameters": parameters}]
    return asked


def _plain(text: str) -> str:
    """The API takes neither line breaks nor tabs nor many spaces in a row in a parameter."""
    return _SPACE.sub(" ", text).strip()
