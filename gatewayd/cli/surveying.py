"""How a list is read and what would be sent, for `gatewayd list` and `gatewayd submit --dry-run`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gatewayd.cli import output
from gatewayd.values.errors import GatewayError
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.cli.session import Session
    from gatewayd.config import Config
    from gatewayd.intake.lines import Lines
    from gatewayd.intake.survey import Survey
    from gatewayd.numbers import Policy
    from spool.document import JobDocument
    from spool.errors import JobFileError
    from spool.lists.judgement import Judgement

TEXT_SHOWN = 160
"""Characters of a message in a table."""


def policy_of(config: Config) -> Policy:
    from gatewayd.numbers import Policy

    return Policy(config.numbers.region, config.numbers.home_area, config.numbers.assume_mobile)


def lines_of(open_session: Session) -> Lines:
    """Returns the lines that messages may take: those of the configuration, and those that people added, where the
    gateway can be asked for them."""
    from gatewayd.config.values import read_window
    from gatewayd.intake.lines import Ceiling, Lines, least
    from gatewayd.registry import driver

    lines = Lines.of(open_session.config)
    known = {line.name for line in open_session.config.lines}
    added = []
    store = open_session.config.store.sqlite_path
    if open_session.client is None and store is not None and not store.exists():
        return lines  # nothing is made for a look
    with suppress(GatewayError):
        for one in open_session.ask("line.list", whole=True)["items"]:
            if one["name"] not in known:
                window = None if one["window"] is None else read_window(one["window"]).count
                most = least(window, one["quota_day"], one["quota_month"])
                channels = driver(one["driver"]).channels
                # How it cuts texts is not told: the shorter way is assumed.
                added.append(Ceiling(one["name"], channels, tuple(one["prefixes"]), most, shifts=True))
    return lines.with_(added)


def survey_of_job(
    file: Path, config: Config, lines: Callable[[], Lines], named: Callable[[JobDocument], JobDocument]
) -> Survey:
    """Reads a job file and the list it names, as intake would; `named` gives a job that names a stored template its
    words. JobFileError."""
    from gatewayd.intake.fitness import judge
    from gatewayd.intake.survey import survey
    from spool.document import JOB_FILE_LIMIT, parse
    from spool.errors import JobFileError, operating_system

    with operating_system(str(file)):
        if file.stat().st_size > JOB_FILE_LIMIT:
            raise JobFileError("too_large", "job_too_large", file=file.name, limit=f"{JOB_FILE_LIMIT >> 20} MiB")
        document = parse(file.read_bytes(), file.name)
    if document.template is not None:
        document = named(document)
    for name in document.files:
        if not (file.parent / name).is_file():
            raise JobFileError("recipients_missing", file=name)
    known = lines() if document.channel == "sms" or document.lines else None
    judge(document, {each.name for each in known.ceilings} if known is not None else (), time.time())
    return survey(document, file.parent, policy_of(config), known)


def show_survey(read: Callable[[], Survey], file: Path, locale: str, as_json: bool) -> None:
    """Prints what `read` finds. GatewayError: it would be refused, and why; after all the rest where nobody is left."""
    from spool.errors import JobFileError, SpoolError

    try:
        found = read()
    except JobFileError as error:
        raise GatewayError(refusal(file, error, locale)) from error
    except SpoolError as error:
        raise GatewayError(str(error)) from error
    if as_json:
        output.emit(found.document())
    else:
        _show(found)
    if not found.valid:
        raise GatewayError(refusal(file, JobFileError("no_valid_recipient", file=file.name), locale))


def _show(found: Survey) -> None:
    if found.judgement is not None:
        output.record(_judged(found.judgement))
    print()
    if found.first:
        headings = [_("Row"), _("Number"), _("Ref"), _("Text"), _("Segments")]
        rows = [(each.row, each.to, each.ref, _short(each.text), each.segments) for each in found.first]
        output.table(headings, rows, right=(0, 4))
    output.record(
        [(_("Recipients"), found.rows), (_("Would be sent"), found.valid), (_("Segments"), found.segments or None)]
    )
    if found.replaced:
        print()
        output.table(
            [_("Would be sent as ?"), _("Recipients")],
            [(character, count) for character, count in found.replaced.items()],
            right=(1,),
        )
    if found.reasons:
        print()
        output.table(
            [_("Left out because"), _("Recipients")],
            [(meaning(reason), count) for reason, count in sorted(found.reasons.items())],
            right=(1,),
        )
        rows_out = [(each.row, each.raw, each.ref, meaning(each.reason)) for each in found.left_out]
        output.table([_("Row"), _("In the list"), _("Ref"), _("Left out because")], rows_out, right=(0,))


def _judged(judgement: Judgement) -> list[tuple[str, object]]:
    written = ", ".join(filter(None, (judgement.format, judgement.encoding, _delimiter(judgement.delimiter))))
    first, *others = judgement.to
    return [
        (_("File"), judgement.file),
        (_("Format"), written),
        (_("Sheet"), judgement.sheet),
        (_("Sheets that are not lists"), ", ".join(judgement.other_sheets)),
        (
            _("Header in row"),
            judgement.header_row if judgement.header_row is not None else _("none: every row is sent"),
        ),
        (_("Rows above it, not sent"), ", ".join(map(str, judgement.rows_above))),
        (_("Number in column"), first),
        (_("If it has none, in"), ", ".join(others)),
        (_("Ref in column"), judgement.ref),
        (_("Variables"), ", ".join(f"%{name}%" for name in judgement.columns)),
        (_("Hidden rows"), f"{judgement.hidden_rows} ({judgement.hidden})" if judgement.hidden_rows else None),
        (_("As the job says"), ", ".join(judgement.said)),
    ]


def _delimiter(delimiter: str | None) -> str | None:
    return {"\t": _("tab"), None: None}.get(delimiter, delimiter)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_SHOWN else line[:TEXT_SHOWN] + "…"


def refusal(file: Path, error: JobFileError, locale: str) -> str:
    """Returns a refusal on one line, with the place in the file at fault: the job, or what it names."""
    document = error.document(locale)
    at_fault = file.parent / error.file if error.file and error.file != file.name else file
    place = ":".join(str(document[key]) for key in ("line", "column") if document[key] is not None)
    where = f"{at_fault}:{place}" if place else str(at_fault)
    field = f" {document['field']}:" if document["field"] else ""
    return f"{where}: {document['code']}:{field} {document['message']}"
