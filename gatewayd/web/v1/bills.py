"""Invoices, payments, what a customer owes, and how fresh billing is."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.customers import CUSTOMER
from gatewayd.web.v1.endpoint import ACCOUNT, LIMIT, Endpoint, Parameter
from gatewayd.web.v1.house import account_of, in_account
from gatewayd.web.words import spoken

_PATH: Final = "^[^/\\u0000-\\u001f\\u007f]{1,200}$"
INVOICE: Final = Parameter("invoice", forms.named(_PATH), spoken("The invoice's id in your system."), "path")
PAYMENT: Final = Parameter("payment", forms.named(_PATH), spoken("The payment's id in your system."), "path")
CURSOR: Final = Parameter("cursor", forms.text(300, least=1), spoken("The `next` of the page before."))
OF_CUSTOMER: Final = Parameter("customer", forms.text(200, least=1), spoken("Of this customer, by its id."))
SEARCH: Final = Parameter(
    "search", forms.text(200, least=1), spoken("The beginning of an id or number, or words of a customer's name.")
)


async def put_invoice(call: Call) -> Response:
    done = await call.ask(
        "invoice.put", account=await account_of(call), external_id=call.path["invoice"], invoice=call.body
    )
    return answer(done)


async def put_payment(call: Call) -> Response:
    given: dict[str, Any] = dict(call.body)
    kind = given.pop("kind", "payment")
    done = await call.ask(
        "payment.put",
        account=await account_of(call),
        external_id=call.path["payment"],
        kind=kind,
        payment=given,
    )
    return answer(done)


_TAG: Final = spoken("Bills and payments")
_MERGED: Final = spoken(
    "What the body names is replaced, everything else stays as it is. The same again changes nothing."
)

ENDPOINTS: Final = (
    Endpoint(
        *(
            "GET",
            "/v1/invoices",
            "listInvoices",
            "invoice.list",
            spoken("List invoices"),
            "Invoices",
            in_account("invoice.list"),
        ),
        description=spoken("The newest first; `open` and `overdue` ones by due date."),
        tag=_TAG,
        parameters=(
            ACCOUNT,
            Parameter(
                "state",
                {"enum": ["open", "overdue", "disputed", "paid", "cancelled", "closed", "unknown"]},
                spoken("Only these; `unknown`: of customers that nobody has brought."),
            ),
            OF_CUSTOMER,
            SEARCH,
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/invoices", "putInvoices", "invoice.put_many", spoken("Write many invoices"), "PutBills"),
        *(in_account("invoice.put_many"),),
        description=spoken(
            "Each by its `external_id`, at most 1,000. One that cannot be read never drops the others, and is told in"
            " `refused_rows`."
        ),
        tag=_TAG,
        body="NewInvoices",
        body_max=8 << 20,
        parameters=(ACCOUNT,),
        examples={
            "two": {
                "invoices": [
                    {"external_id": "F-1001", "customer": "C1", "due": "2026-12-10", "balance": "15300.50"},
                    {"external_id": "F-1002", "customer": "C2", "due": "2026-12-10", "total": "9000", "state": "paid"},
                ]
            }
        },
    ),
    Endpoint(
        *("GET", "/v1/invoices/{invoice}", "showInvoice", "invoice.show", spoken("Show an invoice"), "Invoice"),
        *(in_account("invoice.show", invoice="external_id"),),
        tag=_TAG,
        parameters=(INVOICE, ACCOUNT),
    ),
    Endpoint(
        *("PUT", "/v1/invoices/{invoice}", "putInvoice", "invoice.put", spoken("Write an invoice"), "PutBill"),
        *(put_invoice,),
        description=_MERGED,
        tag=_TAG,
        body="NewInvoice",
        parameters=(INVOICE, ACCOUNT),
        examples={
            "invoice": {
                "customer": "C1",
                "number": "A-0001-00001001",
                "due": "2026-12-10",
                "currency": "ARS",
                "total": "15300.50",
                "balance": "15300.50",
                "link": "https://pagos.norte.example/F-1001",
            }
        },
    ),
    Endpoint(
        *(
            "GET",
            "/v1/payments",
            "listPayments",
            "payment.list",
            spoken("List payments"),
            "Payments",
            in_account("payment.list"),
        ),
        description=spoken("With credit notes; those that were posted last first."),
        tag=_TAG,
        parameters=(
            ACCOUNT,
            Parameter(
                "kind",
                {"enum": ["payment", "credit_note", "reversal", "unknown"]},
                spoken("Only these; `unknown`: of customers that nobody has brought."),
            ),
            OF_CUSTOMER,
            SEARCH,
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/payments", "putPayments", "payment.put_many", spoken("Write many payments"), "PutBills"),
        *(in_account("payment.put_many"),),
        description=spoken(
            "Each by its `external_id`, at most 1,000. One that cannot be read never drops the others, and is told in"
            " `refused_rows`."
        ),
        tag=_TAG,
        body="NewPayments",
        body_max=8 << 20,
        parameters=(ACCOUNT,),
        examples={
            "one": {
                "payments": [
                    {
                        "external_id": "R-77",
                        "customer": "C1",
                        "amount": "15300.50",
                        "posted_at": "2026-12-01T10:15:00-03:00",
                    }
                ]
            }
        },
    ),
    Endpoint(
        *("GET", "/v1/payments/{payment}", "showPayment", "payment.show", spoken("Show a payment"), "Payment"),
        *(in_account("payment.show", payment="external_id"),),
        tag=_TAG,
        parameters=(PAYMENT, ACCOUNT),
    ),
    Endpoint(
        *("PUT", "/v1/payments/{payment}", "putPayment", "payment.put", spoken("Write a payment"), "PutBill"),
        *(put_payment,),
        description=spoken(
            "Answered once no message that was written from the older debt can leave any more; `open` names those that"
            " had left before and have no outcome after ten seconds."
        ),
        tag=_TAG,
        body="NewPayment",
        parameters=(PAYMENT, ACCOUNT),
        examples={
            "payment": {
                "customer": "C1",
                "amount": "15300.50",
                "posted_at": "2026-12-01T10:15:00-03:00",
                "method": "automatic",
                "invoices": [{"external_id": "F-1001", "amount": "15300.50"}],
            }
        },
    ),
    Endpoint(
        *("GET", "/v1/customers/{customer}/account", "showCustomerAccount", "customer.account"),
        *(
            spoken("Show what a customer owes"),
            "CustomerAccount",
            in_account("customer.account", customer="external_id"),
        ),
        tag=_TAG,
        parameters=(CUSTOMER, ACCOUNT),
    ),
    Endpoint(
        *("GET", "/v1/billing", "showBilling", "billing.status", spoken("Show how fresh billing is"), "Billing"),
        *(in_account("billing.status"),),
        tag=_TAG,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/billing/missing", "listMissingInvoices", "billing.rows"),
        *(spoken("List what a complete list lacks"), "Invoices", in_account("billing.rows")),
        description=spoken("Open invoices that close once somebody confirms the list."),
        tag=_TAG,
        parameters=(ACCOUNT, CURSOR, LIMIT),
    ),
    Endpoint(
        *("POST", "/v1/billing/confirm", "confirmBilling", "billing.confirm"),
        *(
            spoken("Say whether what a complete list lacks is closed"),
            "ConfirmedBilling",
            in_account("billing.confirm"),
        ),
        tag=_TAG,
        body="ConfirmBilling",
        parameters=(ACCOUNT,),
        conflicts=True,
    ),
    Endpoint(
        *("POST", "/v1/billing/vouch", "vouchBilling", "billing.vouch"),
        *(spoken("Say that what is written down is up to date"), "VouchedBilling", in_account("billing.vouch")),
        description=spoken("For whoever enters bills by hand: from now on they are as old as this word."),
        tag=_TAG,
        parameters=(ACCOUNT,),
    ),
)
