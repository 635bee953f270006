"""Names that a shell completes: lines, accounts, jobs, messages in doubt. Quick and quiet: without a daemon, what the
configuration and the spool's folders show, and nothing where those cannot be read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from gatewayd.values.errors import GatewayError

if TYPE_CHECKING:
    from gatewayd.config import Config

WITHIN_S: Final = 0.5
"""A person waits at the keyboard; a daemon that is busy for longer is not asked."""
MOST: Final = 200
"""Names offered; the newest jobs."""

Names = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completer(names: Callable[[Path | None], Iterator[str]]) -> Names:
    def complete(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        found: list[str] = []
        # Whatever is wrong is told by the command itself, not between two keys.
        with suppress(GatewayError, OSError, ValueError, KeyError, TypeError):
            found = list(names(context.find_root().params.get("config_file")))
        return [CompletionItem(name) for name in found if name.startswith(begun)][:MOST]

    return complete


def _asked(file: Path | None, operation: str, **arguments: Any) -> tuple[Config, list[dict[str, Any]] | None]:
    """The items that a daemon lists; None where none answers."""
    from gatewayd.config import salvage
    from gatewayd.control import ControlClient

    config = salvage(file)
    with suppress(GatewayError):
        client = ControlClient.connect(config.control_candidates, within_s=WITHIN_S)
        if client is not None:
            try:
                items = client.call(operation, arguments)["items"]
                assert isinstance(items, list)
                return config, items
            finally:
                client.close()
    return config, None


def _lines(file: Path | None) -> Iterator[str]:
    from gatewayd.config import default_file

    with (file or default_file()).expanduser().open("rb") as stream:
        for line in tomllib.load(stream).get("line", ()):
            if isinstance(line, dict) and isinstance(name := line.get("name"), str):
                yield name


def _accounts(file: Path | None) -> Iterator[str]:
    config, found = _asked(file, "account.list")
    if found is not None:
        yield from (each["name"] for each in found)
    else:
        yield from sorted(each.name for each in (config.spool.path / "incoming").iterdir() if each.is_dir())


def _jobs(file: Path | None) -> Iterator[str]:
    config, found = _asked(file, "job.list", limit=MOST)
    if found is not None:
        yield from (f"{each['account']}/{each['job']}" for each in found)
    else:
        folders = (each for each in (config.spool.path / "receipts").glob("*/*") if each.is_dir())
        yield from sorted(f"{each.parent.name}/{each.name}" for each in folders)


def _in_doubt(file: Path | None) -> Iterator[str]:
    _config, found = _asked(file, "message.list", state="uncertain", limit=MOST)
    yield from (each["message"] for each in found or ())


lines, accounts, jobs, in_doubt = map(_completer, (_lines, _accounts, _jobs, _in_doubt))
