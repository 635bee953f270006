"""Sheets of bills: columns guessed by their words, rows judged one by one, what a worker says believed only so far."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.billing import fields
from gatewayd.billing.facts import Allocation
from gatewayd.billing.fields import Kind
from gatewayd.billing.portion import judged, plain
from gatewayd.customers.faults import FieldError
from gatewayd.customers.portion import AstrayError
from gatewayd.imports.bills import BillRows, columns_of, guess
from gatewayd.imports.values import amount
from gatewayd.values.errors import UsageError

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
NOON = 1_795_100_000_000


def rows(kind: Kind, heads: list[str], *cells: list[str], **mapping: Any) -> Any:
    said = {**guess(kind, heads), **mapping}
    reader = BillRows(kind, columns_of(kind, said, heads, heads), len(heads), "AR")
    return reader.portion(list(enumerate(cells, 2)))


@pytest.mark.parametrize(
    ("kind", "heads", "found"),
    [
        (
            "invoices",
            [
                "id_factura",
                "Nro Cliente",
                "Comprobante",
                "Fecha de emisión",
                "Fecha Vto",
                "Vencimiento",
                "Total",
                "Saldo",
            ],
            {
                "external_id": "id_factura",
                "customer": "Nro Cliente",
                "number": "Comprobante",
                "issued": "Fecha de emisión",
                "due": "Vencimiento",
                "total": "Total",
                "balance": "Saldo",
            },
        ),
        (
            "invoices",
            ["invoice", "customer", "due", "currency", "balance", "link", "status"],
            {
                "number": "invoice",
                "customer": "customer",
                "due": "due",
                "currency": "currency",
                "balance": "balance",
                "link": "link",
                "state": "status",
            },
        ),
        (
            "payments",
            ["Nº Recibo", "Abonado", "Factura", "Fecha de pago", "Forma de pago", "Importe"],
            {
                "external_id": "Nº Recibo",
                "invoice": "Factura",
                "value_date": "Fecha de pago",
                "method": "Forma de pago",
                "amount": "Importe",
            },
        ),
    ],
)
def test_columns_are_guessed_by_their_words(kind: Kind, heads: list[str], found: dict[str, str]) -> None:
    assert found.items() <= guess(kind, heads).items()


def test_rows_are_read_as_people_write_them() -> None:
    heads = ["id", "cliente", "factura", "vence", "saldo", "moneda", "estado", "link"]
    portion, issues = rows(
        "invoices",
        heads,
        ["1", "C1", "A-1", "5/12/2026", "$ 1.500,50", "USD", "PAGADA", "https://x.example/1"],
        ["2", "C2", "A-2", "2026-12-05", "(20,00)", "", "", ""],
        ["3", "C3", "A-3", "31/2/2026", "5", "", "", ""],
        ["4", "C4", "A-4", "", "5", "", "cancelada", ""],
        ["5", "C5", "A-5", "", "5", "", "", "javascript:alert(1)"],
        ["6", "", "A-6", "", "5", "", "", ""],
        ["7", "C7", "A-7", "", "", "", "", ""],
    )
    assert [(one.row, one.field, one.reason) for one in issues] == [
        (4, "due", "date_invalid"),
        (5, "state", "bill_state_invalid"),
        (6, "link", "link_invalid"),
        (7, "customer", "customer_missing"),
        (8, "balance", "invoice_amount_missing"),
    ]
    made = list(judged(plain(portion), 0, "invoices").made(ZONE, NOON, posted=False))
    assert [(one.row, one.external_id, dict(one.values)) for one in made] == [
        (
            2,
            "1",
            {
                "customer": "C1",
                "number": "A-1",
                "due": "2026-12-05",
                "balance": 1_500_500_000,
                "currency": "USD",
                "state": "paid",
                "link": "https://x.example/1",
            },
        ),
        (3, "2", {"customer": "C2", "number": "A-2", "due": "2026-12-05", "balance": -20_000_000}),
    ]


def test_a_payment_of_a_day_was_posted_by_its_end_and_not_after_the_sheet() -> None:
    heads = ["recibo", "cliente", "factura", "importe", "fecha"]
    portion, issues = rows(
        "payments",
        heads,
        ["R1", "C1", "A-1", "10", "18/11/2026"],
        ["R2", "C1", "", "10", "19/11/2026"],
        ["R3", "C1", "", "10", ""],
        ["R4", "C1", "", "-10", ""],
    )
    assert [(one.row, one.reason) for one in issues] == [(5, "amount_not_positive")]
    made = {one.external_id: one.values for one in portion.made(ZONE, NOON, posted=True)}
    assert made["R1"]["posted_at"] == 1_795_057_199_000
    assert made["R2"]["posted_at"] == NOON
    assert "posted_at" not in made["R3"]
    assert made["R1"]["invoices"] == (Allocation("A-1", 10_000_000),)
    assert "invoices" not in made["R2"]


@pytest.mark.parametrize(
    ("kind", "heads", "words"),
    [
        ("invoices", ["factura", "saldo"], "customer's id"),
        ("invoices", ["cliente", "saldo"], "invoice's id"),
        ("invoices", ["cliente", "factura"], "open of an invoice"),
        ("payments", ["recibo", "importe"], "or the invoice's"),
        ("payments", ["cliente", "importe"], "payment's id"),
    ],
)
def test_a_sheet_that_lacks_a_column_is_told(kind: Kind, heads: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        columns_of(kind, guess(kind, heads), heads, heads)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [[2], ["1"], {"customer": "C1", "amount": "1"}],
        [[2], ["1"], {"customer": "C1", "evil": "1"}],
        [[2], [None], {"customer": "C1"}],
        [[0], ["1"], {"customer": "C1"}],
        [[2], ["1"], {"customer": "C1", "state": "closed"}],
        [[2], ["1"], {"customer": "C1", "due": "soon"}],
        [[2], ["1"], {"customer": "C1", "balance": 1 << 70}],
        [[2], ["1"], {"customer": "C1", "balance": True}],
    ],
)
def test_a_reader_that_lies_is_not_believed(content: Any) -> None:
    with pytest.raises(AstrayError):
        judged(content, 0, "invoices")


@pytest.mark.parametrize(
    ("document", "field", "reason"),
    [
        ({"due": "10/11/2026"}, "due", "date_invalid"),
        ({"balance": "1.500,50"}, "balance", "amount_invalid"),
        ({"balance": 1.5}, "balance", "amount_invalid"),
        ({"state": "closed"}, "state", "bill_state_invalid"),
        ({"as_of": "2026-11-10T10:00:00"}, "as_of", "instant_invalid"),
        ({"link": "ftp://x"}, "link", "link_invalid"),
        ({"saldo": "1"}, "saldo", "key_unknown"),
        ({"customer": "\u2028"}, "customer", "customer_missing"),
    ],
)
def test_a_document_says_which_field_is_wrong(document: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(FieldError) as caught:
        fields.invoice(document, external_id="F1")
    assert (caught.value.field, caught.value.reason) == (field, reason)


@pytest.mark.parametrize("odd", [None, "due", "saldo", "link", "cliente"])
def test_a_column_looked_at_together_says_what_each_of_its_cells_says(odd: str | None) -> None:
    """One cell that is not as most are, and all of its column are looked at one by one."""
    heads = ["id", "cliente", "saldo", "due", "link"]
    usual = ["1", "C1", "1500,05", "05/12/2026", "https://pagos.norte.example:8080/f/1?x=1&y=%20#z"]
    cells = {"due": "5/12/26", "saldo": "$ 20", "link": "https://Pagos.example", "cliente": "C\u00a02"}
    other = ["2", *(cells[head] if head == odd else cell for head, cell in zip(heads[1:], usual[1:], strict=True))]
    alone, _issues = rows("invoices", heads, usual)
    both, issues = rows("invoices", heads, usual, other)
    assert issues == []
    assert {name: column[:1] for name, column in both.columns.items()} == alone.columns
    for name, head in (("customer", "cliente"), ("balance", "saldo"), ("due", "due"), ("link", "link")):
        if head != odd:
            assert both.columns[name][1] == both.columns[name][0]
    assert alone.columns["balance"] == [1_500_050_000]
    assert alone.columns["link"] == [usual[4]]


@pytest.mark.parametrize("cell", ["1,00\n2,00", "١٢٣,00", "12345678901234,00", "1,0", ""])
def test_amounts_looked_at_together_are_those_that_each_would_be(cell: str) -> None:
    heads = ["id", "cliente", "saldo", "total"]
    portion, issues = rows("invoices", heads, ["1", "C1", cell, "3,00"], ["2", "C2", "7,25", "3,00"])
    try:
        expected: list[int | None] = [amount(cell, ",") if cell else None]
    except FieldError:
        expected = []
    assert portion.columns["balance"] == [*expected, 7_250_000]
    assert [one.reason for one in issues] == ([] if expected else ["amount_invalid"])


@pytest.mark.parametrize(
    "link",
    [
        "http://x.example/a'b",
        "http://x.example/a<b",
        "http://x.example:0/",
        "http://x.example:99999/",
        "http:///x",
        "javascript:alert(1)/",
        "https://x.example/" + "a" * 2_000,
        "https://x.example/ñ",
        "HTTPS://X.EXAMPLE/",
        "https://u:p@x.example/",
    ],
)
def test_links_looked_at_together_are_those_that_each_would_be(link: str) -> None:
    heads = ["id", "cliente", "saldo", "link"]
    portion, issues = rows("invoices", heads, ["1", "C1", "1", link], ["2", "C2", "1", "https://x.example/2"])
    try:
        expected: str | None = fields.link("link", link)
    except FieldError:
        expected = None
    assert (portion.columns["link"][0] if not issues else None) == expected
    assert [one.reason for one in issues] == ([] if expected else ["link_invalid"])
