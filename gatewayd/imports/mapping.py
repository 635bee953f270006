"""Which column of a sheet is what: guessed by the words of its header, said by a person, remembered. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.base import spoken
from gatewayd.customers.words import folded
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _
from spool.lists.words import sense
from spool.names import column_name

MANY: Final = frozenset({"name", "phone", "whatsapp", "email", "push", "tags"})
"""Fields that several columns may make up: names are joined, addresses are the next best each."""
FIELDS: Final = (
    "external_id",
    "document_type",
    "document_number",
    "name",
    "phone",
    "whatsapp",
    "email",
    "push",
    "language",
    "zone",
    "portfolio_type",
    "portfolio_name",
    "assigned",
    "tags",
    "no_claim",
    "debt.balance",
    "debt.due",
    "debt.number",
    "debt.currency",
)
IGNORE: Final = "ignore"
DEFAULTS: Final = ("document_type", "language", "zone", "portfolio_type", "portfolio_name", "debt.currency", "tags")
"""Fields that may be said once for all rows."""

REASON_HEAD, ROW_HEAD = spoken("Why it was refused"), spoken("Row of the sheet")
"""Heads of what our own sheet of refused rows adds; such columns are nobody's data."""
OWN_HEADS: Final = ("Why it was refused", "Row of the sheet", "Por qué se rechazó", "Fila de la planilla")

_TOKEN: Final = re.compile(r"[^a-z0-9]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ID: Final = _set(
    "id codigo cod cliente customer client abonado cuenta contrato legajo socio suscriptor external externo"
    " identificador code account clave assinante contrato"
)
_NUMBER: Final = _set("nro num numero n no number nº num")
_DOCUMENTS: Final = _set(
    "dni documento doc cuit cuil rut nit cedula ci cpf cnpj curp rfc ruc document identificacion identidad rg"
)
_SPECIFIC: Final = _set("dni cuit cuil rut nit cpf cnpj curp rfc ruc")
_TYPE: Final = _set("tipo type")
_NAME: Final = _set("nombre nombres name titular apellido apellidos nome sobrenome deudor razon surname lastname")
_PORTFOLIO: Final = _set("cartera portfolio carteira")
_TAGS: Final = _set("tag tags etiqueta etiquetas")
_BALANCE: Final = _set("saldo deuda importe monto debe amount balance debt divida adeudado")
_DUE: Final = _set("vence vencimiento vencimientos vcto venc due vencimento")
_INVOICE: Final = _set("factura invoice comprobante fatura boleto")
_CURRENCY: Final = _set("moneda currency moeda divisa")
_LANGUAGE: Final = _set("idioma language lengua lingua")
_ZONE: Final = _set("horaria timezone huso tz")
_NO_CLAIM: Final = _set("reclamar cobrar")
_DATE: Final = _set("fecha date data emision")
_OTHER_PERSON: Final = _set("garante aval fiador conyuge vendedor cobrador sucursal madre padre referencia banco plan")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a sheet's columns are. Columns are named by their places."""

    fields: Mapping[str, tuple[int, ...]]
    further: Mapping[int, str] = field(default_factory=dict)
    """Columns that are kept as they come, by the header they are kept under."""
    defaults: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> int | None:
        found = self.fields.get(name)
        return found[0] if found else None

    @property
    def contacts(self) -> tuple[tuple[str, int], ...]:
        """Channels and places of addresses, the preferred first."""
        return tuple(
            (channel, place)
            for channel in ("phone", "whatsapp", "email", "push")
            for place in self.fields.get(channel, ())
        )

    @property
    def owes(self) -> bool:
        return any(name.startswith("debt.") for name in self.fields)


def tokens(header: str) -> tuple[str, ...]:
    """Returns the words of a header, in lower case without accents."""
    return tuple(word for word in _TOKEN.split(folded(_CAMEL.sub(" ", header)).replace("º", " ")) if word)


def header_key(headers: Sequence[str]) -> str:
    """Returns what is the same for sheets with the same header, whatever order, case and signs it is written in."""
    own = {" ".join(tokens(head)) for head in OWN_HEADS}
    names = sorted(name for name in (" ".join(tokens(header)) for header in headers) if name not in own)
    return hashlib.sha256("\0".join(names).encode()).hexdigest()


def guess(headers: Sequence[str], examples: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Returns what the columns of a header seem to be, as a mapping of fields to headers. `examples` are rows."""
    found: dict[str, list[str]] = {}
    taken: set[int] = set()
    words = [frozenset(tokens(header)) for header in headers]
    for place, header in enumerate(headers):
        field_ = _guessed(header, words[place], [row[place] for row in examples if place < len(row)])
        if field_ is None or (field_ not in MANY and field_ in found):
            continue
        found.setdefault(field_, []).append(header)
        taken.add(place)
    if "external_id" not in found:
        at = _id_place(words, taken)
        if at is not None:
            found["external_id"] = [headers[at]]
    mapping: dict[str, Any] = {name: heads if name in MANY else heads[0] for name, heads in found.items()}
    ignored = [header for header in headers if " ".join(tokens(header)) in {" ".join(tokens(one)) for one in OWN_HEADS}]
    if ignored:
        mapping[IGNORE] = ignored
    specific = _SPECIFIC.intersection(*[frozenset(tokens(mapping.get("document_number", "")))])
    if specific and "document_type" not in mapping:
        mapping["defaults"] = {"document_type": min(specific).upper()}
    return mapping


def _guessed(header: str, words: frozenset[str], cells: Sequence[str]) -> str | None:
    if words & _OTHER_PERSON:
        return None
    meant = sense(header)
    if meant.kind in {"mobile", "phone", "landline", "to", "whatsapp"} and not meant.other:
        return "phone"
    if meant.kind in {"mail", "token"} and not meant.other:
        return {"mail": "email", "token": "push"}[meant.kind]
    if words & _DOCUMENTS:
        return "document_type" if words & _TYPE else "document_number"
    if words & _PORTFOLIO:
        known = {folded(cell) for cell in cells if cell}
        return "portfolio_type" if words & _TYPE or (known and known <= {"vigente", "castigada"}) else "portfolio_name"
    for field_, own, unless in _BY_WORDS:
        if words & own and not words & unless:
            return field_
    if words and words <= _ID | _NUMBER | {"de", "del", "of", "the"} and words & _ID:
        letters = sum(any(map(str.isdigit, cell)) for cell in cells if cell)
        filled = sum(map(bool, cells))
        # `Cliente` above names is no id.
        return "external_id" if letters * 2 >= filled or "id" in words else "name"
    return None


_BY_WORDS: Final[tuple[tuple[str, frozenset[str], frozenset[str]], ...]] = (
    ("debt.due", _DUE, _set("dias days importe saldo monto")),
    ("debt.balance", _BALANCE, _DATE | _set("dias plan cuotas moneda")),
    ("debt.number", _INVOICE, _DATE | _BALANCE | _set("cantidad facturas tipo link url")),
    ("debt.currency", _CURRENCY, frozenset()),
    ("tags", _TAGS, frozenset()),
    ("language", _LANGUAGE, frozenset()),
    ("zone", _ZONE, frozenset()),
    ("no_claim", _NO_CLAIM, _BALANCE | _DATE),
    ("name", _NAME, _ID - _set("cliente customer client abonado socio suscriptor") | _set("empresa usuario user")),
)


def _id_place(words: Sequence[frozenset[str]], taken: set[int]) -> int | None:
    for place, own in enumerate(words):
        if place not in taken and own & _ID and own & (_NUMBER | {"id", "codigo", "cod"}):
            return place
    return None


# ------------------------------------------------------------------------------------------------------ as it is said


def columns_of(mapping: Mapping[str, Any], names: Sequence[str], headers: Sequence[str]) -> Columns:
    """Returns what a mapping of fields to headers says of a sheet; `names` are its columns' plain names.

    UsageError names the key whose header is not there, or that is no field.
    """
    found: dict[str, tuple[int, ...]] = {}
    used: dict[int, str] = {}
    ignored: set[int] = set()
    for name, value in mapping.items():
        if name in {"defaults", "rest"}:
            continue
        if name not in FIELDS and name != IGNORE:
            raise UsageError(_("columns.{key}: there is no such field of a customer").format(key=str(name)[:40]))
        said = [value] if isinstance(value, str) else value
        if not isinstance(said, list | tuple) or not all(isinstance(one, str) for one in said):
            raise UsageError(_("columns.{key}: a header, or a list of headers").format(key=name))
        places = tuple(dict.fromkeys(place_of(one, names, headers, name) for one in said if one))
        if name == IGNORE:
            ignored.update(places)
            continue
        if len(places) > 1 and name not in MANY:
            raise UsageError(_("columns.{key}: one header only").format(key=name))
        for place in places:
            if place in used:
                text = _("columns.{key}: the column {header} is {other} already")
                raise UsageError(text.format(key=name, header=headers[place], other=used[place]))
            used[place] = name
        if places:
            found[name] = places
    if not any(name in found for name in ("external_id", "document_number", "phone")):
        raise UsageError(_("columns: one must be the id, the document or the telephone by which a customer is known"))
    rest = mapping.get("rest", "keep")
    if rest not in {"keep", IGNORE}:
        raise UsageError(_("columns.rest: keep or ignore"))
    further = {
        place: headers[place] or names[place]
        for place in range(len(names))
        if rest == "keep" and place not in used and place not in ignored
    }
    return Columns(found, further, _defaults(mapping.get("defaults")))


def _defaults(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise UsageError(_("columns.defaults: texts by field"))
    for name in given:
        if name not in DEFAULTS:
            raise UsageError(_("columns.defaults.{key}: this field is said row by row").format(key=str(name)[:40]))
    return {name: value for name, value in given.items() if value}


def place_of(header: str, names: Sequence[str], headers: Sequence[str], name: str) -> int:
    """Returns the place of the column that a header names, however it is written. UsageError, of the key `name`."""
    for form in (str, column_name, lambda text: " ".join(tokens(text))):
        wanted = form(header)
        for place, one in enumerate(headers):
            if wanted and form(one) == wanted:
                return place
    plain = column_name(header)
    if plain in names:
        return list(names).index(plain)
    text = _("columns.{key}: the sheet has no column {header}; it has {columns}")
    shown = ", ".join(one for one in headers if one)[:300]
    raise UsageError(text.format(key=name, header=header[:60], columns=shown))
