"""`gatewayd list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.cli.surveying import policy_of, show_survey
from gatewayd.words.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.config import Config
    from gatewayd.intake.survey import Survey
    from spool.lists.instructions import Instructions

CHANNELS = ("sms", "call", "email", "push", "whatsapp")


@click.command("list", help=_("Show how a list of recipients is read, and who is left out; nothing is sent."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True)
@click.option("--text", default="", help=_("A text with variables, to see it filled in."))
@click.option("--to", "to", multiple=True, metavar="COLUMN", help=_("Which column is the number (may be repeated)."))
@click.option("--ref", metavar="COLUMN", help=_("Which column is your reference."))
@click.option("--sheet", metavar="NAME", help=_("Which sheet is the list."))
@click.option("--header-row", type=click.IntRange(min=0), metavar="N", help=_("Which row is the header (0: none)."))
@click.option("--hidden-rows", type=click.Choice(["send", "skip"]), help=_("What to do with hidden rows."))
@click.option("--encoding", metavar="NAME", help=_("The encoding of a CSV."))
@output.json_option
def list_command(
    file: Path,
    *,
    channel: str,
    text: str,
    to: tuple[str, ...],
    ref: str | None,
    sheet: str | None,
    header_row: int | None,
    hidden_rows: str | None,
    encoding: str | None,
    as_json: bool,
) -> None:
    from spool.lists.encoding import canonical
    from spool.lists.instructions import Instructions

    if encoding is not None and canonical(encoding) is None:
        raise click.BadParameter(encoding, param_hint="--encoding")
    said = Instructions(to, ref, sheet, header_row, hidden_rows, encoding)  # type: ignore[arg-type] # click checks it
    with session() as open_session:
        config = open_session.config
    show_survey(lambda: _survey(file, channel, text, said, config), file, config.locale, as_json)


def _survey(file: Path, channel: str, text: str, said: Instructions, config: Config) -> Survey:
    from gatewayd.intake.survey import survey
    from spool.document import JobDocument

    document = JobDocument(
        file=file.name,
        job="list",
        channel=channel,  # type: ignore[arg-type] # click has checked it
        text=text,
        recipients_file=file.name,
        reading=said,
    )
    return survey(document, file.parent, policy_of(config))
