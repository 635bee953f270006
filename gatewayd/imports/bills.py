"""Sheets of invoices, payments and credit notes: what their columns are, and what each row says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gatewayd.billing import fields
from gatewayd.billing.fields import Kind
from gatewayd.billing.portion import DAYS, MOMENTS, MONEY, OF_KIND, BillPortion
from gatewayd.customers.faults import FieldError
from gatewayd.customers.words import folded
from gatewayd.imports.mapping import IGNORE, OWN_HEADS, Columns, place_of, tokens
from gatewayd.imports.rows import Issue
from gatewayd.imports.values import amount, day, day_first, decimal_mark
from gatewayd.values.errors import UsageError
from gatewayd.values.money import MICROS
from gatewayd.words.translation import gettext as _

REMEMBERED: Final = 10_000
BY_CUSTOMER: Final = "customer:50000"
"""What a step of an import says of the order in which it goes through the rows of invoices: by customer, so many
together. The writer waits for the first of them, and is alone with the last."""
_TOGETHER_BEFORE: Final = 100_000
"""Of an import that an earlier release has begun, which said no number."""
DEFAULTS: Final = ("currency", "state", "method", "policy", "reason")
"""Fields that may be said once for all rows."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CUSTOMER: Final = _set(
    "cliente clientes customer client abonado socio suscriptor contrato titular legajo deudor assinante"
)
_DOCUMENT: Final = _set("dni documento cuit cuil rut nit cedula cpf cnpj curp rfc ruc")
_DATE: Final = _set("fecha date data dia")
_BILL: Final = _set("factura facturas invoice comprobante fatura boleto")
_ID: Final = _set("id codigo cod code clave identificador interno external externo")
_NUMBER: Final = _set("nro num numero n no number")
_MONEY: Final = _set("importe monto total amount valor pago pagado abonado cobrado saldo deuda balance")
_BY_WORDS: Final[Mapping[Kind, tuple[tuple[str, frozenset[str], frozenset[str]], ...]]] = {
    "invoices": (
        ("pdf", _set("pdf"), frozenset()),
        ("link", _set("link url enlace boton web"), frozenset()),
        ("due", _set("vence vencimiento vencimientos vcto venc due vencimento"), _MONEY),
        ("issued", _set("emision emitida emitido issued emissao"), _MONEY),
        ("as_of", _set("actualizado actualizacion updated"), _MONEY),
        ("balance", _set("saldo pendiente adeudado debe balance deuda divida impago"), _DATE),
        ("state", _set("estado state status situacion"), frozenset()),
        ("currency", _set("moneda currency moeda divisa"), frozenset()),
        ("policy", _set("regla politica policy"), frozenset()),
        ("customer", _CUSTOMER, _BILL | _set("nombre name tipo email mail telefono")),
        ("total", _set("total importe monto amount valor"), _DATE),
        ("external_id", _ID, _NUMBER - _set("no")),
        ("number", _BILL | _NUMBER, _DATE | _set("tipo cantidad")),
        ("issued", _DATE, frozenset()),
        ("customer", _DOCUMENT, _set("tipo")),
    ),
    "payments": (
        ("reversal_of", _set("reversa reverso anula revierte reversal estorno"), frozenset()),
        ("posted_at", _set("registrado registro posted cargado contabilizado imputado"), _MONEY - _set("pago")),
        ("value_date", _DATE | _set("acreditado"), frozenset()),
        ("method", _set("metodo medio forma method"), frozenset()),
        ("currency", _set("moneda currency moeda divisa"), frozenset()),
        ("reason", _set("motivo concepto reason detalle observacion"), frozenset()),
        ("invoice", _BILL, _set("cantidad tipo")),
        ("customer", _CUSTOMER - _set("abonado"), _set("nombre name tipo email mail telefono")),
        ("amount", _MONEY - _set("pago abonado"), _ID | _NUMBER),
        ("external_id", _ID | _NUMBER | _set("recibo receipt operacion transaccion"), frozenset()),
        ("amount", _set("pago abonado"), frozenset()),
        ("customer", _DOCUMENT, _set("tipo")),
    ),
    "credit_notes": (),
}
_STATES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("open", "abierta", "abierto", "pendiente", "impaga", "impago", "vencida", "vencido"), "open"),
    **dict.fromkeys(("adeudada", "emitida", "parcial", "unpaid", "overdue", "due"), "open"),
    **dict.fromkeys(("paid", "pagada", "pagado", "paga", "pago", "cobrada", "cobrado", "abonada", "saldada"), "paid"),
    **dict.fromkeys(("cancelled", "canceled", "anulada", "anulado", "void", "voided"), "cancelled"),
    **dict.fromkeys(("disputed", "disputada", "en disputa", "reclamada", "en reclamo"), "disputed"),
}
"""`Cancelada` is none of them: to some it is paid, to others void."""


def rows_together(order: str | None) -> int:
    """Returns how many rows of invoices are put in the order of their customers together; 0: none."""
    name, _sign, count = (order or "").partition(":")
    return (int(count) if count else _TOGETHER_BEFORE) if name == "customer" else 0


def guess(kind: Kind, headers: Sequence[str]) -> dict[str, Any]:
    """Returns what the columns of a header seem to be, as a mapping of fields to headers."""
    words = [frozenset(tokens(header)) for header in headers]
    own = {" ".join(tokens(one)) for one in OWN_HEADS}
    found: dict[str, str] = {}
    taken: set[int] = set()
    for field, wanted, unless in _BY_WORDS[kind] or _BY_WORDS["payments"]:
        if field in found or field not in {*OF_KIND[kind], "external_id"}:
            continue
        for place, header in enumerate(headers):
            if place not in taken and words[place] & wanted and not words[place] & unless:
                found[field] = header
                taken.add(place)
                break
    ignored = [header for header in headers if " ".join(tokens(header)) in own]
    return {**found, **({IGNORE: ignored} if ignored else {})}


def columns_of(kind: Kind, mapping: Mapping[str, Any], names: Sequence[str], headers: Sequence[str]) -> Columns:
    """Returns what a mapping of fields to headers says of a sheet of bills. UsageError."""
    found: dict[str, tuple[int, ...]] = {}
    used: dict[int, str] = {}
    known = {*OF_KIND[kind], "external_id"}
    for name, value in mapping.items():
        if name in {"defaults", "rest", IGNORE}:
            continue
        if name not in known:
            raise UsageError(_("columns.{key}: there is no such field of a bill").format(key=str(name)[:40]))
        said = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
        if not isinstance(said, str):
            raise UsageError(_("columns.{key}: one header only").format(key=name))
        if not said:
            continue
        place = place_of(said, names, headers, name)
        if place in used:
            text = _("columns.{key}: the column {header} is {other} already")
            raise UsageError(text.format(key=name, header=headers[place], other=used[place]))
        used[place] = name
        found[name] = (place,)
    _complete(kind, found)
    defaults = mapping.get("defaults") or {}
    if not isinstance(defaults, Mapping) or not all(isinstance(one, str) for one in defaults.values()):
        raise UsageError(_("columns.defaults: texts by field"))
    for name in defaults:
        if name not in DEFAULTS or name not in known:
            raise UsageError(_("columns.defaults.{key}: this field is said row by row").format(key=str(name)[:40]))
    return Columns(found, {}, {name: one for name, one in defaults.items() if one})


def _complete(kind: Kind, found: Mapping[str, Any]) -> None:
    if kind == "invoices":
        if "customer" not in found:
            raise UsageError(_("columns: one must be the customer's id"))
        if "external_id" not in found and "number" not in found:
            raise UsageError(_("columns: one must be the invoice's id or number"))
        if "balance" not in found and "total" not in found:
            raise UsageError(_("columns: one must be what is open of an invoice, or its total"))
        return
    if "external_id" not in found:
        raise UsageError(_("columns: one must be the payment's id"))
    if "amount" not in found:
        raise UsageError(_("columns: one must be the amount"))
    if "customer" not in found and "invoice" not in found:
        raise UsageError(_("columns: one must be the customer's id or the invoice's"))


class BillRows:
    """Judges the rows of one sheet of bills, in their order, a portion at a time and column by column."""

    def __init__(self, kind: Kind, columns: Columns, width: int, region: str) -> None:
        """`width` is how many cells a row has; one with more is ragged."""
        self._kind = kind
        self._columns = columns
        self._width = width
        self._region = region
        self._marks: dict[str, Any] = {}
        self._seen: dict[str, int] = {}
        self._known: dict[str, dict[str, Any]] = {}

    def portion(self, rows: Sequence[tuple[int, list[str]]]) -> tuple[BillPortion | None, list[Issue]]:
        """Returns what at most 1,000 rows (line, cells) say, and what of them is not taken. None where none is left."""
        width = self._width
        issues = [
            Issue(line, "refused", "", "row_short" if cells[-1][:1] == "\0" else "row_ragged", "")
            for line, cells in rows
            if len(cells) != width
        ]
        whole = [row for row in rows if len(row[1]) == width] if issues else rows
        lines = [line for line, _cells in whole]
        if not lines:
            return None, issues
        table = list(zip(*(cells for _line, cells in whole), strict=True))
        self._learn(table)
        bad: dict[int, FieldError] = {}
        found: dict[str, list[Any]] = {}
        for name in OF_KIND[self._kind]:
            at, default = self._columns.of(name), self._columns.defaults.get(name, "")
            if at is None and not default:
                continue
            cells_ = table[at] if at is not None else ("",) * len(lines)
            found[name] = self._column(name, cells_, default, bad)
        at = self._columns.of("external_id")
        ids = list(table[at]) if at is not None else [one or "" for one in found["number"]]
        self._judge(ids, found, bad)
        repeated = self._once(lines, ids, bad)
        issues += [Issue(lines[place], "refused", one.field, one.reason, one.value) for place, one in bad.items()]
        issues += [Issue(lines[at], "repeated", "external_id", "row_repeated", ids[at][:80]) for at in repeated]
        return self._kept(lines, ids, found, {*bad, *repeated}), sorted(issues)

    def _learn(self, table: Sequence[Sequence[str]]) -> None:
        """Settles by the first rows what amounts and dates mean that can be read in two ways."""
        for name in (*MONEY, *DAYS, *MOMENTS):
            at = self._columns.of(name)
            if at is not None and name not in self._marks:
                learn: Callable[..., Any] = decimal_mark if name in MONEY else day_first
                self._marks[name] = learn(table[at], self._region)

    def _column(self, name: str, cells: Sequence[str], default: str, bad: dict[int, FieldError]) -> list[Any]:
        quick = None if default else self._quick(name, cells)
        if quick is not None:
            return quick
        judge = self._judges(name)
        texts = [cell or default for cell in cells] if default else cells
        if name not in MONEY and name != "customer":
            return self._few(self._known.setdefault(name, {}), name, texts, judge, bad)
        found: list[Any] = []
        for place, text in enumerate(texts):
            value = _judged(judge, name, text)
            if isinstance(value, FieldError):
                bad.setdefault(place, value)
                value = None
            found.append(value)
        return found

    @staticmethod
    def _few(
        known: dict[str, Any], name: str, cells: Sequence[str], judge: Callable[[str], Any], bad: dict[int, FieldError]
    ) -> list[Any]:
        """Returns what a column of few values says, each of which is judged once."""
        kinds = set(cells)
        if len(known) + len(kinds) > REMEMBERED:
            known.clear()
        for cell in kinds - known.keys():
            known[cell] = _judged(judge, name, cell)
        found = list(map(known.__getitem__, cells))
        if any(isinstance(known[cell], FieldError) for cell in kinds):
            for place, value in enumerate(found):
                if isinstance(value, FieldError):
                    bad.setdefault(place, value)
                    found[place] = None
        return found

    def _quick(self, name: str, cells: Sequence[str]) -> list[Any] | None:
        """Returns what a column says whose cells are all as most are, looked at together; None where some are not."""
        if name in _LINES:
            return [cell or None for cell in cells] if _is_plain(cells) else None
        if name in _LINKS:
            return [cell or None for cell in cells] if None not in map(_USUAL_LINK, cells) else None
        if name not in MONEY:
            return None
        text = "\n".join(cells)
        mark: str = self._marks[name]
        if not _CENTS[mark](text):
            return None
        found = [int(digits) * (MICROS // 100) for digits in text.replace(mark, "").split("\n")]
        return found if len(found) == len(cells) else None

    def _judges(self, name: str) -> Callable[[str], Any]:
        mark: Any = self._marks.get(name)
        if name in MONEY:
            return lambda cell: amount(cell, mark)
        if name in DAYS:
            return lambda cell: _day(cell, mark)
        if name in MOMENTS:
            return lambda cell: _moment(cell, mark)
        return _JUDGES.get(name, _text)

    def _judge(self, ids: list[str], found: dict[str, list[Any]], bad: dict[int, FieldError]) -> None:
        """Refuses rows that lack what every one of their kind has."""
        for place, name in enumerate(ids if "" in ids or not _is_plain(ids) else ()):
            if place in bad:
                continue
            try:
                ids[place] = fields.bill_id(name)
            except FieldError as error:
                bad[place] = error
        if self._kind == "invoices":
            customers = found["customer"]
            money = [found.get("balance", ()), found.get("total", ())]
            if None not in customers and any(column and None not in column for column in money):
                return
            for place, whose in enumerate(customers):
                if whose is None:
                    bad.setdefault(place, FieldError("customer", "customer_missing"))
                elif all(not column or column[place] is None for column in money):
                    bad.setdefault(place, FieldError("balance", "invoice_amount_missing"))
            return
        for place, much in enumerate(found["amount"]):
            if much is None:
                bad.setdefault(place, FieldError("amount", "amount_missing"))
            elif much <= 0:
                bad.setdefault(place, FieldError("amount", "amount_not_positive"))

    def _once(self, lines: Sequence[int], ids: Sequence[str], bad: Mapping[int, FieldError]) -> list[int]:
        """Returns the places of rows of which an earlier one is of the same bill."""
        seen = self._seen
        if not bad and seen.keys().isdisjoint(ids) and len(set(ids)) == len(ids):
            seen.update(zip(ids, lines, strict=True))
            return []
        return [
            place
            for place, name in enumerate(ids)
            if place not in bad and seen.setdefault(name, lines[place]) != lines[place]
        ]

    @staticmethod
    def _kept(lines: list[int], ids: list[str], found: Mapping[str, list[Any]], out: set[int]) -> BillPortion | None:
        whole = BillPortion(lines, ids, found)
        kept = [place for place in range(len(lines)) if place not in out] if out else lines
        return None if not kept else whole.only(kept) if out else whole


def _judged(judge: Callable[[str], Any], name: str, cell: str) -> Any:
    """Returns what a cell says, None where it is empty, or why it says nothing that can be."""
    try:
        return judge(cell) if cell else None
    except FieldError as error:
        return FieldError(name, error.reason, cell)


def _is_plain(cells: Sequence[str]) -> bool:
    """Returns whether cells are texts as they are kept: a sheet's cells have no blanks around them."""
    return "".join(cells).isprintable() and max(map(len, cells)) <= fields.TEXT_MAX


def _text(cell: str) -> str | None:
    return fields.text("", cell) or None


def _day(cell: str, first: bool) -> str:
    return day(cell, first)


def _moment(cell: str, first: bool) -> str:
    """Returns a moment as the sheet's clock says it: a day, or with the time behind it. FieldError."""
    text = cell.strip()
    date, sign, clock = text.replace("T", " ").partition(" ")
    found = day(date, first)
    if not sign:
        return found
    try:
        at = datetime.fromisoformat(
            f"{found}T{clock.strip().removesuffix('Z')}{'+00:00' if clock.endswith('Z') else ''}"
        )
    except ValueError:
        raise FieldError("", "instant_invalid", cell) from None
    return at.isoformat(timespec="seconds")


def _state(cell: str) -> str:
    found = _STATES.get(folded(cell).strip())
    if found is None:
        raise FieldError("state", "bill_state_invalid", cell)
    return found


def _method(cell: str) -> str:
    return "automatic" if folded(cell).strip().startswith(("automat", "debito automat")) else "manual"


_LINES: Final = frozenset({"customer", "invoice", "reversal_of", "number", "policy", "reason"})
"""Fields that are any line of text."""
_LINKS: Final = frozenset({"link", "pdf"})
_USUAL_LINK: Final = re.compile(
    r"(?:https?://[a-z0-9][a-z0-9.-]{0,200}(?::[1-9]\d{0,3})?/[!#-&(-;=?-\[\]-~]{0,1700})?", re.ASCII
).fullmatch
"""What `fields.link` takes as it stands, or nothing: most links of most sheets."""
_CENTS: Final[Mapping[Any, Callable[[str], Any]]] = {
    mark: re.compile(rf"\d{{1,11}}{re.escape(mark)}\d\d(?:\n\d{{1,11}}{re.escape(mark)}\d\d)*", re.ASCII).fullmatch
    for mark in ",."
}
"""Amounts a line each, by the mark before their cents."""
_JUDGES: Final[Mapping[str, Callable[[str], Any]]] = {
    "state": _state,
    "method": _method,
    "customer": fields.bill_id,
    "invoice": fields.bill_id,
    "reversal_of": fields.bill_id,
    "currency": lambda cell: fields.currency("currency", cell),
    "link": lambda cell: fields.link("link", cell) or None,
    "pdf": lambda cell: fields.link("pdf", cell) or None,
}
