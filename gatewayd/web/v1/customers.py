"""Customers and imports of them."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, LIMIT, Endpoint, Handler, Parameter
from gatewayd.web.v1.house import account_of, in_account, performed
from gatewayd.web.words import spoken

CUSTOMER: Final = Parameter(
    "customer", forms.named("^[^/\\u0000-\\u001f\\u007f]{1,200}$"), spoken("The customer's id in your system."), "path"
)
KIND: Final = Parameter(
    "kind", forms.named("^[^/\\u0000-\\u001f\\u007f]{1,40}$"), spoken("What you call it: app, movil, trabajo."), "path"
)
IMPORT: Final = Parameter("import", forms.named(forms.DIGITS), spoken("The import's number."), "path")
CURSOR: Final = Parameter("cursor", forms.text(300, least=1), spoken("The `next` of the page before."))
_WORD: Final = forms.text(200, least=1)


def _of_customer(operation: str) -> Handler:
    return in_account(operation, customer="external_id")


def _of_import(operation: str, status: int = 200) -> Handler:
    return performed(operation, status, **{"import": "import_id"})


async def customers(call: Call) -> Response:
    wanted = dict(call.query)
    wanted.pop("account", None)
    given = {name: wanted.pop(name) for name in ("sort", "cursor", "limit") if name in wanted}
    if "tag" in wanted:
        wanted["tags"] = [wanted.pop("tag")]
    return answer(await call.ask("customer.list", account=await account_of(call), filter=wanted, **given))


async def put(call: Call) -> Response:
    given = dict(call.body)
    version = given.pop("version", None)
    done = await call.ask(
        "customer.put",
        account=await account_of(call),
        external_id=call.path["customer"],
        customer=given,
        version=version,
    )
    return answer(done)


async def forget(call: Call) -> Response:
    done = await call.ask(
        "customer.forget", account=await account_of(call), external_id=call.path["customer"], sure=True
    )
    return answer(done)


_TAG: Final = spoken("Customers")

ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/customers", "listCustomers", "customer.list", spoken("List customers"), "Customers", customers),
        tag=_TAG,
        parameters=(
            ACCOUNT,
            Parameter("search", _WORD, spoken("Words of a name, a document, an id, a telephone or mail address.")),
            Parameter("portfolio_type", {"enum": ["vigente", "castigada"]}, spoken("Of this portfolio.")),
            Parameter("portfolio_name", _WORD, spoken("Of the portfolio of this name.")),
            Parameter("assigned", _WORD, spoken("Assigned to this user.")),
            Parameter("tag", _WORD, spoken("Bears this tag.")),
            Parameter("channel", {"enum": ["phone", "email", "push", "whatsapp"]}, spoken("Has an address of it.")),
            Parameter(
                "not_contacted_days",
                {"type": "integer", "minimum": 1, "maximum": 3650},
                spoken("Nothing has reached them on today and the days before, so many in all."),
            ),
            Parameter(
                "sort",
                {"enum": ["id", "-id", "name", "-name", "updated", "-updated"]},
                spoken("The order; `-`: the other way."),
            ),
            CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/customers", "putCustomers", "customer.put_many", spoken("Write many customers")),
        *("PutCustomers", in_account("customer.put_many")),
        description=spoken("Each by its `external_id`. All of them, or none where one is wrong."),
        tag=_TAG,
        body="ManyCustomers",
        body_max=8 << 20,
        parameters=(ACCOUNT,),
        examples={"two": {"customers": [{"external_id": "C1", "name": "Ana Pérez"}, {"external_id": "C2"}]}},
    ),
    Endpoint(
        *("GET", "/v1/customers/{customer}", "showCustomer", "customer.show", spoken("Show a customer"), "Customer"),
        *(_of_customer("customer.show"),),
        tag=_TAG,
        parameters=(CUSTOMER, ACCOUNT),
    ),
    Endpoint(
        *(
            "PUT",
            "/v1/customers/{customer}",
            "putCustomer",
            "customer.put",
            spoken("Write a customer"),
            "Customer",
            put,
        ),
        description=spoken(
            "What the body names is replaced, everything else stays as it is. With `version`, only where nobody has"
            " changed it since: else 409."
        ),
        tag=_TAG,
        body="NewCustomer",
        parameters=(CUSTOMER, ACCOUNT),
        conflicts=True,
        examples={
            "customer": {
                "name": "Ana Pérez",
                "tags": ["fibra"],
                "contacts": [{"channel": "phone", "address": "11 5987-6543"}],
                "debt": {"balance": "1500.50", "due": "2026-11-10", "currency": "ARS"},
            }
        },
    ),
    Endpoint(
        *("PUT", "/v1/customers/{customer}/contacts/{kind}", "setContact", "customer.contact"),
        *(spoken("Set a customer's contact"), "CustomerContact", _of_customer("customer.contact")),
        description=spoken(
            "In place of the others of its kind and channel; without an address they are taken away. A token with the"
            " scope push alone may bring an app's push token this way, and learns nothing else of the customer."
        ),
        tag=_TAG,
        body="NewContact",
        parameters=(CUSTOMER, KIND, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("POST", "/v1/customers/{customer}/merge", "mergeCustomers", "customer.merge"),
        *(spoken("Merge another customer into this one"), "Customer", _of_customer("customer.merge")),
        description=spoken("Its id leads here from then on; where they differ the stricter holds. It is for good."),
        tag=_TAG,
        body="MergeCustomers",
        parameters=(CUSTOMER, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *("GET", "/v1/customers/{customer}/export", "exportCustomer", "customer.export"),
        *(spoken("Carry out all that is known of a customer"), "CustomerKnowledge", _of_customer("customer.export")),
        tag=_TAG,
        parameters=(CUSTOMER, ACCOUNT),
    ),
    Endpoint(
        *("POST", "/v1/customers/{customer}/forget", "forgetCustomer", "customer.forget"),
        *(spoken("Forget a customer"), "ForgottenCustomer", forget),
        description=spoken("Erases texts and addresses at the person's wish. It is for good."),
        tag=_TAG,
        parameters=(CUSTOMER, ACCOUNT),
        conflicts=True,
    ),
    Endpoint(
        *(
            "GET",
            "/v1/imports",
            "listImports",
            "import.list",
            spoken("List imports"),
            "Imports",
            performed("import.list"),
        ),
        tag=_TAG,
        parameters=(ACCOUNT, CURSOR, LIMIT),
    ),
    Endpoint(
        *(
            "POST",
            "/v1/imports",
            "createImport",
            "import.create",
            spoken("Bring a sheet of customers"),
            "Import",
            in_account("import.create", 201, name="title"),
        ),
        description=spoken("One that was uploaded. The answer says how it is read and what its columns seem to be."),
        tag=_TAG,
        status=201,
        body="NewImport",
        parameters=(ACCOUNT,),
        conflicts=True,
    ),
    Endpoint(
        *(
            "GET",
            "/v1/imports/{import}",
            "showImport",
            "import.show",
            spoken("Show an import"),
            "Import",
            _of_import("import.show"),
        ),
        description=spoken("With a page of the rows that were refused, repeated, or taken in part."),
        tag=_TAG,
        parameters=(
            IMPORT,
            Parameter("kind", {"enum": ["refused", "repeated", "noted"]}, spoken("Only rows of this kind.")),
            CURSOR,
        ),
    ),
    Endpoint(
        *("POST", "/v1/imports/{import}/map", "mapImport", "import.map", spoken("Say what the columns of a sheet are")),
        *("Import", _of_import("import.map")),
        tag=_TAG,
        body="ImportMapping",
        parameters=(IMPORT,),
        conflicts=True,
    ),
    Endpoint(
        *(
            "POST",
            "/v1/imports/{import}/dry",
            "dryImport",
            "import.dry",
            spoken("Try an import"),
            "Import",
            _of_import("import.dry", 202),
        ),
        tag=_TAG,
        status=202,
        parameters=(IMPORT,),
        conflicts=True,
    ),
    Endpoint(
        *(
            "POST",
            "/v1/imports/{import}/run",
            "runImport",
            "import.run",
            spoken("Run an import"),
            "Import",
            _of_import("import.run", 202),
        ),
        description=spoken("The same rows again change nothing."),
        tag=_TAG,
        status=202,
        body="RunImport",
        parameters=(IMPORT,),
        conflicts=True,
    ),
    Endpoint(
        *(
            "POST",
            "/v1/imports/{import}/undo",
            "undoImport",
            "import.undo",
            spoken("Take an import back"),
            "Import",
            _of_import("import.undo", 202),
        ),
        description=spoken("As long as nothing was sent to whom it brought."),
        tag=_TAG,
        status=202,
        parameters=(IMPORT,),
        conflicts=True,
    ),
    Endpoint(
        *("GET", "/v1/imports/{import}/refused", "readRefusedRows", "import.refused"),
        *(spoken("Read the sheet of rows that were refused"), "Stretch", _of_import("import.refused")),
        description=spoken("A stretch of it from `offset` on, in base64; an empty one at its end."),
        tag=_TAG,
        parameters=(
            IMPORT,
            Parameter("format", {"enum": ["csv", "xlsx"], "default": "xlsx"}, spoken("What it is made as.")),
            Parameter("offset", {"type": "integer", "minimum": 0, "maximum": (1 << 40) - 1}, spoken("In octets.")),
        ),
        conflicts=True,
    ),
    Endpoint(
        *(
            "POST",
            "/v1/reports/customer-count",
            "countCustomers",
            "customer.count",
            spoken("Count customers"),
            "CustomerCount",
        ),
        *(in_account("customer.count"),),
        description=spoken("Who fit a filter; null above ten thousand."),
        tag=_TAG,
        body="CustomersFilter",
        parameters=(ACCOUNT,),
        examples={"tag": {"filter": {"tags": ["fibra"]}}},
    ),
    Endpoint(
        *("POST", "/v1/customer-marks", "markCustomers", "customer.mark", spoken("Tag or assign many customers")),
        *("MarkedCustomers", in_account("customer.mark")),
        description=spoken("All that a filter means."),
        tag=_TAG,
        body="CustomerMarks",
        parameters=(ACCOUNT,),
        conflicts=True,
        examples={"tag": {"filter": {"tags": ["fibra"]}, "add_tags": ["zona-3"]}},
    ),
)
