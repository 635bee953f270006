"""Writes `docs/gatewayd.1`, the manual page, from the help of the commands; with `--check`, tells whether it is so."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/gatewayd.1"

DESCRIPTION = """\
gatewayd sends SMS, calls, mails, push messages and WhatsApp messages over lines of your own: modems, phones, providers,
trunks, mailboxes. A billing system drops a job file into the spool; receipts come back as files. Nothing is lost, and
nothing is silently sent twice.

JOB is ACCOUNT/JOB, or JOB alone where it is unique. Commands speak to the running daemon; those that need the store
alone open it themselves where none runs."""

FILES = (
    ("/etc/gatewayd/gatewayd.toml", "the configuration"),
    ("/etc/gatewayd/secrets/", "passwords, PINs and tokens, one a file, named by KEY_file keys"),
    ("/var/spool/gatewayd/", "the spool: incoming, accepted, rejected, receipts and inbox of each account"),
    ("/var/lib/gatewayd/gatewayd.db", "the store"),
    ("/run/gatewayd/control.sock", "where commands reach the daemon"),
)
ENVIRONMENT = (
    ("GATEWAYD_CONFIG", "the configuration file"),
    ("GATEWAYD_LOG_LEVEL", "debug, info, warning or error"),
    ("GATEWAYD_DEBUG", "not empty: an unexpected error shows where it happened"),
    ("LC_ALL, LC_MESSAGES, LANG", "the language, where the configuration cannot be read: es or en"),
)
STATUS = (
    ("0", "done"),
    ("1", "failed: one line on standard error says why. status: something needs a person"),
    ("2", "wrong usage, or a faulty configuration"),
    ("130", "interrupted"),
)


def escaped(text: str) -> str:
    """Text as roff takes it literally."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return "\n".join(r"\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text: str) -> Iterator[str]:
    for place, paragraph in enumerate(text.strip().split("\n\n")):
        if place:
            yield ".PP"
        yield escaped(" ".join(paragraph.split()))


def listed(pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for term, meaning in pairs:
        yield from (".TP", rf"\fB{escaped(term)}\fR", escaped(meaning))


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and "--help" not in parameter.opts:
            yield from (".TP", rf"\fB{escaped(record[0])}\fR", escaped(" ".join(record[1].split())))


def commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group) and name != "simulate":
            yield from commands(command, inner)
            continue
        usage = " ".join([inner.command_path, *command.collect_usage_pieces(inner)])
        yield from (f".SS {escaped(usage)}", *paragraphs(command.help or ""), *options(command, inner))


def page() -> str:
    from gatewayd.words import translation

    # Before any command is imported: its help is made then.
    translation.set_language("en")
    from gatewayd.cli.root import root

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    top = root()
    context = click.Context(top, info_name="gatewayd")
    lines = [
        r".\" Made by .ci/manpage.py from the help of the commands; make manpage",
        f'.TH GATEWAYD 1 "" "gatewayd {version}" "User Commands"',
        ".SH NAME",
        r"gatewayd \- telephony and SMS gateway on your own lines",
        ".SH SYNOPSIS",
        r"\fBgatewayd\fR [\fB\-\-config\fR \fIFILE\fR] \fICOMMAND\fR [\fIARGUMENT\fR ...]",
        ".SH DESCRIPTION",
        *paragraphs(DESCRIPTION),
        ".SH OPTIONS",
        *options(top, context),
        ".SH COMMANDS",
        r"Each command and group explains itself with \fB\-\-help\fR.",
        *commands(top, context),
        ".SH EXIT STATUS",
        *listed(STATUS),
        ".SH ENVIRONMENT",
        *listed(ENVIRONMENT),
        ".SH FILES",
        *listed(FILES),
        ".SH SEE ALSO",
        escaped("The guides in share/doc/gatewayd: operators.md, integrators.md, configuration.md; es/manual.md."),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    made = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made)
        return 0
    if PAGE.exists() and PAGE.read_text() == made:
        return 0
    sys.stderr.write(f"{PAGE.relative_to(ROOT)} is not what the commands' help says: make manpage\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
