"""Where the play takes place: the devices of every kind, and a daemon of its own over a fresh store and spool."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gatewayd.control import ControlClient
from gatewayd.demo import billing_system, calls, campaign, modems, phone, provider, today
from gatewayd.demo.kind import Campaign, Kind, Play
from gatewayd.demo.people import Key, furnish
from gatewayd.demo.processes import daemon
from gatewayd.demo.toml import line_table
from gatewayd.values.errors import UnavailableError

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
    panel: str = ""
    """Its address; "" where there is none."""
    key: Key | None = None
    """How one signs in there."""


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
listen = "{web}"

[tariff]
currency = "ARS"
sms = "0.85"
call = "0.90"

[inbox]
default = "norte"
"""


WEB_PORT: Final = 8081
"""As `[web] listen` has it by default."""


def free_port(wanted: int) -> int:
    """Returns `wanted`, or where somebody listens on it already, a port that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise UnavailableError("no port is free")


@contextmanager
def stage(
    play: Play, *, locale: str, panel: bool = False, told: Callable[[int, int], None] = lambda _done, _of: None
) -> Iterator[Stage]:
    """Simulators and daemon running; all ended, and waited for, at the end.

    With the `panel`, its company has people and a past; `told` is called as that is made, with how many days of how
    many are done.
    """
    folder = play.folder
    listen = f"127.0.0.1:{free_port(WEB_PORT)}" if panel else ""
    with ExitStack() as running:
        lines = [line for kind in KINDS for line in running.enter_context(kind.lines(play))]
        config = folder / "gatewayd.toml"
        text = CONFIG.format(folder=folder, locale=locale, web=listen) + "".join(map(line_table, lines))
        text += billing_system.feed(folder) if panel else ""
        config.write_text(text, encoding="utf-8")
        key = furnish(config, play.messages * 2 + 20_000, told) if panel else None
        client = running.enter_context(daemon(config, folder / "control.sock", folder / "gatewayd.log"))
        if key is not None:
            modems_ = [str(line["name"]) for line in lines if line["driver"] == "gsm"]
            today.begin(client.call, datetime.now().astimezone(), key.mass, modems_[:1])
        yield Stage(
            folder=folder,
            config=config,
            spool=folder / "spool",
            client=client,
            campaigns=[campaign.billing(play.messages), *(each for kind in KINDS for each in kind.campaigns(play))],
            panel=f"http://{listen}/" if panel else "",
            key=key,
        )
