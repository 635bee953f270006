"""The command line. Subcommands are imported when they are called, so that `--help` and a short command start fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from gatewayd.values.errors import GatewayError, UsageError
from gatewayd.words import translation

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
"""As the shell tells it: 128 and the number of SIGINT."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and ends the process: 0 done, 1 failed (one line on stderr), 2 wrong usage or configuration."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _speak(given)
    try:
        status = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not complain of it while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    import click

    from gatewayd.cli.root import root
    from spool.errors import SpoolError

    try:
        answer = root().main(arguments, prog_name="gatewayd", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return WRONG_USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" ({context.command_path} --help)" if context is not None else ""
        # One line, even where click lists choices below each other.
        _complain(" ".join(error.format_message().split()) + hint)
        return WRONG_USAGE
    except UsageError as error:
        _complain(str(error))
        return WRONG_USAGE
    except GatewayError as error:
        _complain(str(error))
        return FAILED
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except SpoolError as error:
        _complain(str(error))
        return FAILED
    except OSError as error:
        from gatewayd.words.reasons import system_words

        said = system_words(error.strerror or str(error))
        _complain(f"{error.filename}: {said}" if error.filename else said)
        return FAILED
    except Exception as error:  # the command's outermost edge: people are told in one line
        if os.environ.get("GATEWAYD_DEBUG"):
            raise
        _complain(translation.gettext("unexpected: {error} (GATEWAYD_DEBUG=1 shows where)").format(error=repr(error)))
        return FAILED
    return answer if isinstance(answer, int) else 0


def _complain(text: str) -> None:
    from gatewayd.values.visible import visible

    print("\n".join(f"gatewayd: {visible(line)}" for line in text.split("\n")), file=sys.stderr)


def _speak(arguments: Sequence[str]) -> None:
    """Chooses the language before anything is read: help texts are made while the commands are imported."""
    file = os.environ.get("GATEWAYD_CONFIG") or "/etc/gatewayd/gatewayd.toml"
    for place, argument in enumerate(arguments):
        if not argument.startswith("-"):
            break
        if argument == "--config" and place + 1 < len(arguments):
            file = arguments[place + 1]
            break
        if argument.startswith("--config="):
            file = argument.partition("=")[2]
            break
    translation.set_language(translation.language_of(Path(file)))
    translation.speak_for_libraries()
