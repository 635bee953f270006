"""Nodes on one store tell each other of their lines: a message that no line of any node could ever send is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gatewayd.config import Config, parse
from gatewayd.daemon.neighbours import Neighbours
from gatewayd.intake.lines import Ceiling, Lines, packed, unpacked
from gatewayd.store.commands import StartNode
from gatewayd.store.settings import node_lines
from spool.document import JobDocument
from spool.document import parse as parse_job
from tests.conformance.house import House

SMS = frozenset({"sms"})


class Node:
    """One node as intake sees the lines."""

    def __init__(self, house: House, folder: Path, name: str, quota: int | None) -> None:
        self.house = house
        line = {"name": f"m-{name}", "driver": "gsm", "port": "/dev/null"}
        self.raw: dict[str, Any] = {
            "node": name,
            "store": {"url": "postgresql://localhost/x"},
            "spool": {"path": str(folder)},
            "line": [line | ({} if quota is None else {"quota_day": quota})],
        }
        self.folder = folder
        self.lines = Lines.of(self.config)
        self.known = Neighbours(lambda: self.config, execute=self._do, ask=self._ask, take=self._take)

    @property
    def config(self) -> Config:
        return parse(self.raw, self.folder / "g.toml")

    async def _do(self, command: Any) -> Any:
        return self.house.do(command)

    async def _ask(self, question: Any) -> Any:
        return question(self.house.transactions.session.connection)

    def _take(self, lines: Lines) -> None:
        self.lines = lines

    def most(self) -> Any:
        return dict(self.lines.most(job()))


def job() -> JobDocument:
    raw = {"channel": "sms", "text": "x", "recipients": [{"to": "1159876543"}]}
    return parse_job(json.dumps(raw).encode(), "job.json")


async def test_what_no_line_of_any_node_takes_is_known(house: House, tmp_path: Path) -> None:
    north, south = Node(house, tmp_path, "pop", 4), Node(house, tmp_path, "sur", 6)
    house.do(StartNode("sur", house.now))
    await north.known.look()
    assert north.most() == {}, "the other has said nothing: it may have any line"
    await south.known.look()
    await north.known.look()
    assert north.most() == south.most() == {"": (6, 0)}
    south.raw["line"][0].pop("quota_day")
    await south.known.look()
    await north.known.look()
    assert north.most() == {}, "a line of the other takes anything"


async def test_a_node_alone_is_bounded_by_its_own(house: House, tmp_path: Path) -> None:
    node = Node(house, tmp_path, "pop", 4)
    assert node.most() == {}
    await node.known.look()
    assert node.most() == {"": (4, 0)}
    told = house.transactions.session.connection
    assert unpacked(node_lines.told(told)["pop"] or "") == (Ceiling("m-pop", SMS, (), 4),)


def test_what_a_newer_node_says_beside_is_passed_over() -> None:
    (document,) = json.loads(packed([Ceiling("a", SMS, ("+54",), 3, shifts=True)]))
    assert unpacked(json.dumps([document | {"colour": "red"}])) == (Ceiling("a", SMS, ("+54",), 3, shifts=True),)
