"""The lines of other nodes on the same store, as far as intake has to know them: what a message may be at most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.config import Config
from gatewayd.intake.lines import Ceiling, Lines, packed, unpacked
from gatewayd.store.commands import Change
from gatewayd.store.settings import node_lines
from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

LOOK_S: Final = 30.0
"""Between looks: a line that another node has from now on is known so much later."""


class Neighbours:
    """Says what lines this node has and hears of the others'. `take` is called with all lines when they are others."""

    def __init__(
        self,
        config: Callable[[], Config],
        *,
        execute: Callable[[Change[Any]], Awaitable[Any]],
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        take: Callable[[Lines], object],
    ) -> None:
        """`config` is the configuration of the moment; `ask` puts a question to the reader."""
        self._config = config
        self._execute = execute
        self._ask = ask
        self._take = take
        self._said: str | None = None
        self._others: tuple[Ceiling, ...] | None = None
        """None: some node has said nothing of its lines."""

    def lines(self, config: Config) -> Lines:
        """Returns all lines, those of other nodes as they were heard of last."""
        return Lines.of(config).beside(self._others)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except GatewayError as error:
                log.warning("the lines of other nodes are not known", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Says what is new here, and hears what is new elsewhere. GatewayError."""
        config = self._config()
        own = packed(Lines.of(config).ceilings)
        if own != self._said:
            await self._execute(Change(partial(_told, config.node, own), "lines", aside=True))
            self._said = own
        found = dict(await self._ask(node_lines.told))
        found.pop(config.node, None)
        others = (
            None
            if None in found.values()
            else tuple(each for _node, said in sorted(found.items()) for each in unpacked(said or ""))
        )
        if others != self._others:
            self._others = others
            self._take(self.lines(config))


def _told(node: str, document: str, unit: Any) -> None:
    node_lines.tell(unit.session, node, document)
