"""What a template says, looked at without recipients: its words, its variables, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gatewayd.values.callscript import texts
from gatewayd.values.links import bare, strays
from gatewayd.values.templates import Variables, VariableUnknownError, named_in
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language
from spool import stored
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.names import variable_name

CLASSES: Final = ("collections", "notice", "transactional")
"""A template's; `reply` is what the gateway gives to what it answers."""
MENU: Final = (
    *("nombre", "id", "documento", "cartera", "empresa"),
    *("deuda", "facturas", "factura", "vencimiento", "dias", "enlace_de_pago"),
    *("monto", "operador"),
)
"""Variables that the gateway itself fills in, where it knows them."""


def faults_of(channel: str, content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns what is wrong with a template, each with its field; none: it may be saved."""
    klass = content.get("class")
    if klass is not None and klass not in CLASSES:
        remedy = _("it is one of: {options}").format(options=", ".join(CLASSES))
        return [{"key": "content.class", "message": _("a template cannot have that class"), "remedy": remedy}]
    try:
        document = stored.judged(channel, content)
    except JobFileError as error:
        return [{"key": f"content.{error.field or 'text'}", "message": error.text(language()), "remedy": ""}]
    return [*_foreign(document), *_linked(document)]


def _linked(document: JobDocument) -> Iterator[dict[str, str]]:
    """Yields a fault for a link that leads elsewhere than to a page, a mail or a telephone, and for a variable that
    stands as an attribute without quotes."""
    html = "" if document.email is None else document.email.html or ""
    if found := strays(html):
        message = _("a link leads to {address}").format(address=found[0])
        yield {
            "key": "content.html",
            "message": message,
            "remedy": _("it begins with https://, http://, mailto: or tel:"),
        }
    elif tag := bare(html):
        message = _("in {tag} the variable stands without quotes").format(tag=tag)
        yield {"key": "content.html", "message": message, "remedy": _("put it in quotes")}


def _foreign(document: JobDocument) -> Iterator[dict[str, str]]:
    """Yields a fault for each text with a placeholder of another program, or a percent sign that was forgotten."""
    pieces = dict(pieces_of(document))
    names = dict.fromkeys([*MENU, *(name for text in pieces.values() for name in named_in(text))])
    variables = Variables(tuple(names), {})
    for field, text in pieces.items():
        try:
            variables.bind(text, tags=field == "html")
        except VariableUnknownError as error:
            written = ", ".join(one.written for one in error.unknown)
            hint = next((one.hint for one in error.unknown if one.hint), None)
            yield {
                "key": f"content.{field}",
                "message": _("{written} is how another program writes a variable").format(written=written),
                "remedy": _("here it is written %{name}%").format(name=hint or _("name")),
            }


def pieces_of(document: JobDocument) -> Iterator[tuple[str, str]]:
    """Yields each text of a template with the field of a job file where it stands."""
    if document.text is not None:
        yield "text", document.text
    if document.email is not None:
        if document.email.subject is not None:
            yield "subject", document.email.subject
        if document.email.html is not None:
            yield "html", document.email.html
        for number, copy in enumerate(document.email.cc):
            yield f"cc[{number}]", copy
    if document.push is not None:
        if document.push.title is not None:
            yield "push.title", document.push.title
        for name, text in document.push.data.items():
            yield f"push.data.{name}", text
    if document.whatsapp is not None:
        given = document.whatsapp.parameters
        named = given.items() if isinstance(given, Mapping) else enumerate(given)
        for key, text in named:
            yield f"whatsapp.parameters.{key}", text
    script = (document.call or {}).get("script")
    if script is not None:
        for number, text in enumerate(texts(script)):
            yield f"call.script[{number}]", text


def variables_of(channel: str, content: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the names of a template's variables, each once; of one that no version of this program reads any more,
    none."""
    try:
        document = stored.judged(channel, content)
    except JobFileError:
        return ()
    found: dict[str, str] = {}
    for _field, text in pieces_of(document):
        for written in named_in(text):
            found.setdefault(variable_name(written), written)
    return tuple(found.values())


def words_of(channel: str, content: Mapping[str, Any]) -> str:
    """Returns what a template says first, for a list: its text, its subject, its first spoken words."""
    try:
        document = stored.judged(channel, content)
    except JobFileError:
        return ""
    if document.whatsapp is not None:
        return document.whatsapp.template
    pieces = dict(pieces_of(document))
    return pieces.get("subject") or pieces.get("text") or next(iter(pieces.values()), "")
