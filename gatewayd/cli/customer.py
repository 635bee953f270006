"""`gatewayd customer`."""

from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from drivers.base import spoken
from gatewayd.cli import completion, output
from gatewayd.cli.session import Session, session
from gatewayd.customers.filters import DAYS_MAX
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

CHANNELS: Final = {"phone": spoken("Telephone"), "email": spoken("Mail"), "whatsapp": "WhatsApp", "push": "Push"}
STATES: Final = {"confirmed": spoken("confirmed"), "wrong_person": spoken("of somebody else")}
"""States of a contact point that say something; most are not confirmed."""
POLL_S: Final = 0.25
PORTION: Final = 256 * 1024
"""Octets of a sheet that one request carries."""
BUSY: Final = frozenset({"checking", "running", "undoing"})
ISSUES_SHOWN: Final = 20


def _account(command: Any) -> Any:
    return click.option(
        "--account",
        metavar="A",
        required=True,
        help=_("The account whose customers they are."),
        shell_complete=completion.accounts,
    )(command)


@click.group(help=_("Customers: find, change, import, merge, carry out, forget."))
def customer() -> None:
    pass


@customer.command("list", help=_("Customers, found by name, document, id, telephone or mail."))
@_account
@click.option("--search", metavar="TEXT", help=_("A name, document, id, telephone or mail address."))
@click.option("--tag", "tags", multiple=True, metavar="TAG", help=_("Bears this tag (may be repeated)."))
@click.option("--portfolio", type=click.Choice(["vigente", "castigada"]), help=_("Of this portfolio."))
@click.option("--absent", is_flag=True, help=_("Whom a complete sheet lacks."))
@click.option(
    "--not-contacted",
    type=click.IntRange(1, DAYS_MAX),
    metavar="DAYS",
    help=_("Whom nothing has reached for so many days."),
)
@output.page_options
@output.json_option
def list_(  # noqa: PLR0917 - the options of a command
    account: str,
    search: str | None,
    tags: tuple[str, ...],
    portfolio: str | None,
    absent: bool,
    not_contacted: int | None,
    limit: int | None,
    cursor: str | None,
    as_json: bool,
) -> None:
    wanted = {"search": search, "tags": list(tags), "portfolio_type": portfolio, "absent": absent or None}
    with session() as open_session:
        given: dict[str, Any] = {name: value for name, value in wanted.items() if value}
        if not_contacted is not None:
            given["not_contacted_days"] = not_contacted
        if not as_json and limit is None:
            limit = output.SHOWN
        pages = open_session.pages("customer.list", limit=limit, cursor=cursor, account=account, filter=given)
        if as_json:
            output.emit_list(pages)
            return
        output.shown_list(
            pages,
            (_("Id"), _("Name"), _("Document"), _("Telephone or mail"), _("Portfolio"), _("Debt")),
            lambda one: (
                *(one["external_id"], one["name"], one["document_number"]),
                next((point["address"] for point in one["contacts"]), None),
                one["portfolio_type"],
                None if one["debt"] is None else one["debt"]["balance"],
            ),
        )


@customer.command(help=_("One customer."))
@click.argument("id")
@_account
@output.json_option
def show(id: str, account: str, as_json: bool) -> None:  # noqa: A002 - the argument's name for people
    with session() as open_session:
        found = open_session.ask("customer.show", account=account, external_id=id)
    _show(found, as_json)


def _point(address: str, state: str) -> str:
    return f"{address} ({_(STATES[state])})" if state in STATES else address


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(found)
        return
    debt = found["debt"] or {}
    output.record(
        [
            (_("Id"), found["external_id"]),
            (_("Name"), found["name"]),
            (_("Document"), " ".join(filter(None, (found["document_type"], found["document_number"])))),
            (_("Portfolio"), " ".join(filter(None, (found["portfolio_type"], found["portfolio_name"])))),
            (_("Tags"), ", ".join(found["tags"])),
            *(
                (_(CHANNELS.get(point["channel"], point["channel"])), _point(point["address"], point["state"]))
                for point in found["contacts"]
            ),
            (_("Debt"), " ".join(filter(None, (debt.get("balance"), debt.get("currency"), debt.get("due"))))),
            *((header[:40], text[:200]) for header, text in found["columns"].items()),
        ]
    )


@customer.command(
    "set", help=_("Write a customer: DOCUMENT is JSON; what it does not name stays as it is. - reads it.")
)
@click.argument("id")
@click.argument("document")
@_account
@output.json_option
def set_(id: str, document: str, account: str, as_json: bool) -> None:  # noqa: A002
    try:
        given = json.loads(sys.stdin.read() if document == "-" else document)
    except ValueError as error:
        raise UsageError(_("DOCUMENT is no JSON: {error}").format(error=error)) from None
    with session() as open_session:
        found = open_session.ask("customer.put", account=account, external_id=id, customer=given)
    _show(found, as_json)


@customer.command(help=_("Make one customer of two: GONE becomes part of ID. It cannot be undone."))
@click.argument("id")
@click.argument("gone")
@_account
@output.json_option
def merge(id: str, gone: str, account: str, as_json: bool) -> None:  # noqa: A002
    with session() as open_session:
        found = open_session.ask("customer.merge", account=account, external_id=id, gone=gone)
    _show(found, as_json)


@customer.command(help=_("Print everything that is known of a customer, as JSON."))
@click.argument("id")
@_account
def export(id: str, account: str) -> None:  # noqa: A002
    with session() as open_session:
        output.emit(open_session.ask("customer.export", account=account, external_id=id))


@customer.command(help=_("Erase texts and addresses of a customer, at its wish. It cannot be undone."))
@click.argument("id")
@_account
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@output.json_option
def forget(id: str, account: str, yes: bool, as_json: bool) -> None:  # noqa: A002
    if not yes:
        click.confirm(_("Erase what is known of {customer}, for good?").format(customer=id), abort=True)
    with session() as open_session:
        done = open_session.ask("customer.forget", account=account, external_id=id, sure=True)
    if as_json:
        output.emit(done)
    else:
        output.say(_("erased: {messages} messages, {received} received, {contacts} addresses").format(**done))


@customer.command(
    "import", help=_("Import the customers of a sheet (CSV, XLSX, XLS, ODS); without --run it is only tried.")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_account
@click.option("--columns", metavar="JSON", help=_("Which column is what; by default as remembered, or guessed."))
@click.option("--run", is_flag=True, help=_("Write what the sheet says."))
@click.option("--complete", is_flag=True, help=_("Whom the sheet lacks is absent."))
@click.option("--absent", type=click.Choice(["mark", "skip"]), help=_("What of them where they are more than a tenth."))
@click.option("--sheet", metavar="NAME", help=_("Which sheet is the list."))
@click.option("--header-row", type=click.IntRange(min=0), metavar="N", help=_("Which row is the header (0: none)."))
@click.option("--encoding", metavar="NAME", help=_("The encoding of a CSV."))
@output.json_option
def import_(file: Path, *, account: str, columns: str | None, run: bool, as_json: bool, **given: Any) -> None:
    absent = given.pop("absent")
    try:
        mapping = None if columns is None else json.loads(columns)
    except ValueError as error:
        raise UsageError(_("--columns is no JSON: {error}").format(error=error)) from None
    complete = given.pop("complete")
    with session() as open_session:
        number = upload(open_session, account, file)
        reading = {name: value for name, value in given.items() if value is not None}
        made = open_session.ask(
            "import.create", account=account, upload=number, reading=reading, columns=mapping, complete=complete
        )
        if made["judgement"] is None:
            raise UsageError(made["reason"])
        if made["columns"] is None:
            made = open_session.ask("import.map", import_id=made["import"], columns=made["guess"])
        found = step(open_session, "dry", made["import"])
        if run and found["state"] == "checked":
            found = step(open_session, "run", made["import"], absent=absent)
    told(found, as_json)


def upload(open_session: Session, account: str, file: Path) -> str:
    """Brings a file; returns the number of its upload."""
    number: str = open_session.ask("upload.begin", account=account, file=file.name)["id"]
    at = 0
    with file.open("rb") as data:
        while portion := data.read(PORTION):
            text = base64.b64encode(portion).decode()
            at = open_session.ask("upload.add", account=account, upload=number, at=at, data=text)["at"]
    open_session.ask("upload.end", account=account, upload=number)
    return number


def step(open_session: Session, name: str, number: int, **given: Any) -> dict[str, Any]:
    """Has a step of an import done; returns the import when that is over."""
    found: dict[str, Any] = open_session.ask(f"import.{name}", import_id=number, **given)
    while found["state"] in BUSY:
        time.sleep(POLL_S)
        found = open_session.ask("import.show", import_id=number)
    return found


def _import_word(state: str) -> str:
    words = {
        "created": _("not imported yet"),
        "checked": _("tried, nothing is written"),
        "done": _("imported"),
        "failed": _("failed"),
        "undone": _("taken back"),
    }
    return words.get(state, state)


def _header(found: Any) -> str:
    """Returns which column (or columns, or values for all rows) a field is made of."""
    if isinstance(found, dict):
        return ", ".join(f"{name} = {value}" for name, value in found.items())
    return " + ".join(map(str, found)) if isinstance(found, list) else str(found)


def told(found: dict[str, Any], as_json: bool) -> None:
    """Says what became of an import."""
    if as_json:
        output.emit(found)
        return
    counts = {"rows": 0, "new": 0, "changed": 0, "same": 0, "repeated": 0, "refused": 0} | found["counts"]
    output.say(_("import {number}: {state}").format(number=found["import"], state=_import_word(found["state"])))
    if found["reason"]:
        output.say(found["reason"])
    output.record([(column, _header(header)) for column, header in (found["columns"] or {}).items()])
    output.say(
        _("{rows} rows: {new} new, {changed} changed, {same} the same, {repeated} repeated, {refused} refused").format(
            **counts
        )
    )
    for one in found.get("rows", [])[:ISSUES_SHOWN]:
        output.say(_("row {row}: {text}: {why}").format(row=one["row"], text=one["text"], why=one["reason_text"]))


@customer.command(help=_("Take an import back, by its number; nobody may have been written to since."))
@click.argument("number", type=int)
@output.json_option
def undo(number: int, as_json: bool) -> None:
    with session() as open_session:
        found = step(open_session, "undo", number)
    told(found, as_json)
