"""Where the play takes place: the devices of every kind, and a daemon of its own over a fresh store and spool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gatewayd.control import ControlClient
from gatewayd.demo import calls, campaign, modems, phone, provider
from gatewayd.demo.kind import Campaign, Kind, Play
from gatewayd.demo.processes import daemon
from gatewayd.demo.toml import line_table

KINDS: Final[Sequence[Kind]] = (modems, phone, provider, calls)
"""In the order in which the screen shows them."""


@dataclass(frozen=True, slots=True)
class Stage:
    folder: Path
    config: Path
    spool: Path
    client: ControlClient
    campaigns: Sequence[Campaign]
    """The main one first, then those of the kinds."""


CONFIG: Final = """\
node = "demo"
locale = "{locale}"
control = "{folder}/control.sock"

[store]
url = "sqlite:///{folder}/gatewayd.db"

[spool]
path = "{folder}/spool"

[numbers]
region = "AR"
home_area = "11"

[http]
listen = ""

[web]
listen = ""

[tariff]
currency = "ARS"
sms = "0.85"
call = "0.90"

[inbox]
default = "norte"
"""


@contextmanager
def stage(play: Play, *, locale: str) -> Iterator[Stage]:
    """Simulators and daemon running; all ended, and waited for, at the end."""
    folder = play.folder
    with ExitStack() as running:
        lines = [line for kind in KINDS for line in running.enter_context(kind.lines(play))]
        config = folder / "gatewayd.toml"
        text = CONFIG.format(folder=folder, locale=locale) + "".join(map(line_table, lines))
        config.write_text(text, encoding="utf-8")
        yield Stage(
            folder=folder,
            config=config,
            spool=folder / "spool",
            client=running.enter_context(daemon(config, folder / "control.sock", folder / "gatewayd.log")),
            campaigns=[campaign.billing(play.messages), *(each for kind in KINDS for each in kind.campaigns(play))],
        )
