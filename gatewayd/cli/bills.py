"""`gatewayd invoice` and `gatewayd payment`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from gatewayd.cli import completion, output
from gatewayd.cli.customer import step, told, upload
from gatewayd.cli.session import session
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

_STATES = ("open", "overdue", "disputed", "paid", "cancelled", "closed", "unknown")
_KINDS = ("payment", "credit_note", "reversal", "unknown")


def _account(command: Any) -> Any:
    return click.option(
        "--account",
        metavar="A",
        required=True,
        help=_("The account whose bills they are."),
        shell_complete=completion.accounts,
    )(command)


def _searched(command: Any) -> Any:
    command = click.option("--customer", metavar="ID", help=_("Of this customer."))(command)
    return click.option("--search", metavar="TEXT", help=_("The beginning of an id or number, or a name."))(command)


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise UsageError(_("DOCUMENT is no JSON: {error}").format(error=error)) from None
    if not isinstance(found, dict):
        raise UsageError(_("DOCUMENT is no JSON: {error}").format(error="{…}"))
    return found


@click.group(help=_("Invoices: find, write, import."))
def invoice() -> None:
    pass


@click.group(help=_("Payments and credit notes: find, write, import."))
def payment() -> None:
    pass


@invoice.command("list", help=_("Invoices, the newest first; open ones by due date."))
@_account
@_searched
@click.option("--state", type=click.Choice(_STATES), help=_("Only these."))
@output.page_options
@output.json_option
def list_invoices(*, limit: int | None, cursor: str | None, as_json: bool, **given: Any) -> None:
    _list(
        "invoice.list",
        {**given, "limit": limit, "cursor": cursor},
        as_json,
        (_("Id"), _("Number"), _("Customer"), _("State"), _("Due date"), _("Owed"), _("Currency")),
        lambda one, _zone: (
            *(one["external_id"], one["number"], one["customer"], one["state"], one["due"], one["open"]),
            one["currency"],
        ),
    )


@payment.command("list", help=_("Payments and credit notes, those that were posted last first."))
@_account
@_searched
@click.option("--kind", type=click.Choice(_KINDS), help=_("Only these."))
@output.page_options
@output.json_option
def list_payments(*, limit: int | None, cursor: str | None, as_json: bool, **given: Any) -> None:
    _list(
        "payment.list",
        {**given, "limit": limit, "cursor": cursor},
        as_json,
        (_("Id"), _("Customer"), _("Kind"), _("Posted"), _("Amount"), _("Currency")),
        lambda one, zone: (
            *(one["external_id"], one["customer"], one["kind"], output.local(one["posted_at"], zone)),
            *(one["amount"], one["currency"]),
        ),
    )


def _list(operation: str, given: dict[str, Any], as_json: bool, heads: tuple[str, ...], row: Any) -> None:
    if not as_json and given["limit"] is None:
        given["limit"] = output.SHOWN
    with session() as open_session:
        pages = open_session.pages(operation, **{name: one for name, one in given.items() if one is not None})
        if as_json:
            output.emit_list(pages)
        else:
            zone = open_session.config.timezone
            output.shown_list(pages, heads, lambda one: row(one, zone))


@invoice.command("show", help=_("One invoice, with what was paid or credited to it, as JSON."))
@click.argument("id")
@_account
def show_invoice(id: str, account: str) -> None:  # noqa: A002 - the argument's name for people
    with session() as open_session:
        output.emit(open_session.ask("invoice.show", account=account, external_id=id))


@payment.command("show", help=_("One payment or credit note, as JSON."))
@click.argument("id")
@_account
def show_payment(id: str, account: str) -> None:  # noqa: A002
    with session() as open_session:
        output.emit(open_session.ask("payment.show", account=account, external_id=id))


@invoice.command("put", help=_("Write an invoice: DOCUMENT is JSON; what it does not name stays as it is. - reads it."))
@click.argument("id")
@click.argument("document")
@_account
def put_invoice(id: str, document: str, account: str) -> None:  # noqa: A002
    given = _document(document)
    with session() as open_session:
        output.emit(open_session.ask("invoice.put", account=account, external_id=id, invoice=given))


@payment.command("put", help=_("Write a payment: DOCUMENT is JSON; what it does not name stays as it is. - reads it."))
@click.argument("id")
@click.argument("document")
@_account
@click.option("--credit-note", is_flag=True, help=_("It is a credit note."))
def put_payment(id: str, document: str, account: str, credit_note: bool) -> None:  # noqa: A002
    given, kind = _document(document), "credit_note" if credit_note else "payment"
    with session() as open_session:
        output.emit(open_session.ask("payment.put", account=account, external_id=id, kind=kind, payment=given))


def _importing(command: Any) -> Any:
    for option in (
        click.option(
            "--columns", metavar="JSON", help=_("Which column is what; by default as remembered, or guessed.")
        ),
        click.option("--run", is_flag=True, help=_("Write what the sheet says.")),
        click.option("--as-of", metavar="TIME", help=_("When what it says was so (default: now).")),
    ):
        command = option(command)
    return output.json_option(_account(command))


@invoice.command(
    "import", help=_("Import the invoices of a sheet (CSV, XLSX, XLS, ODS); without --run it is only tried.")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_importing
@click.option("--complete", is_flag=True, help=_("Open invoices that the sheet lacks are closed."))
def import_invoices(file: Path, **given: Any) -> None:
    _import(file, "invoices", **given)


@payment.command(
    "import", help=_("Import the payments of a sheet (CSV, XLSX, XLS, ODS); without --run it is only tried.")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_importing
@click.option("--credit-notes", is_flag=True, help=_("They are credit notes."))
def import_payments(file: Path, credit_notes: bool, **given: Any) -> None:
    _import(file, "credit_notes" if credit_notes else "payments", **given)


def _import(
    file: Path,
    kind: str,
    *,
    account: str,
    columns: str | None,
    run: bool,
    as_of: str | None,
    as_json: bool,
    complete: bool = False,
) -> None:
    mapping = None if columns is None else _document(columns)
    with session() as open_session:
        number = upload(open_session, account, file)
        made = open_session.ask(
            "import.create",
            account=account,
            upload=number,
            columns=mapping,
            complete=complete,
            as_of=as_of,
            kind=kind,
        )
        if made["judgement"] is None:
            raise UsageError(made["reason"])
        if made["columns"] is None:
            made = open_session.ask("import.map", import_id=made["import"], columns=made["guess"])
        found = step(open_session, "dry", made["import"])
        if run and found["state"] == "checked":
            found = step(open_session, "run", made["import"])
    told(found, as_json)
