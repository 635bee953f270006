"""The templates of a job besides its text, and its texts without a variable. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from gatewayd.values.callscript import templates, texts
from spool.document import JobDocument


def further(document: JobDocument) -> dict[str, str]:
    """Returns the job's templates besides its text, by the name under which lines find them rendered."""
    if document.email is not None:
        given = {"subject": document.email.subject, "html": document.email.html}
        copies = {f"cc[{number}]": copy for number, copy in enumerate(document.email.cc) if "%" in copy}
        return {name: template for name, template in given.items() if template is not None} | copies
    if document.push is not None:
        title = {} if document.push.title is None else {"title": document.push.title}
        return title | {f"data.{name}": template for name, template in document.push.data.items()}
    if document.whatsapp is not None:
        parameters = document.whatsapp.parameters
        named = parameters.items() if isinstance(parameters, Mapping) else enumerate(parameters)
        return {f"parameter.{name}": template for name, template in named}
    script = (document.call or {}).get("script")
    if script is not None:
        return templates(script)
    return {}


def fixed(document: JobDocument) -> tuple[str, ...]:
    """Returns the texts of a call that are said as they are."""
    script = (document.call or {}).get("script")
    return () if script is None else tuple(text for text in texts(script) if "%" not in text)
