"""How what comes in is judged and whose it is."""

from __future__ import annotations

from pathlib import Path

from gatewayd import config as configuration
from gatewayd.contact.said import Verdict
from gatewayd.inbound import PARTS_WAIT_MS, InboundRules

BASE = """
[store]
url = "sqlite:///a.db"
[spool]
path = "spool"
[inbox]
default = "norte"
"""
LINE = """
[[line]]
name = "claro-1"
driver = "gsm"
port = "/dev/ttyUSB0"
inbox = "sur"
"""


def rules_of(folder: Path, text: str) -> configuration.Config:
    file = folder / "gatewayd.toml"
    file.write_text(BASE + text)
    return configuration.load(file)


def test_a_reloaded_configuration_holds_for_lines_that_go_on(tmp_path: Path) -> None:
    rules = InboundRules(rules_of(tmp_path, LINE))
    assert (rules.account("claro-1"), rules.account("claro-2")) == ("sur", "norte")
    assert rules.judge("fuera de lista") is Verdict.NO
    judge = rules.judge
    rules.take_over(rules_of(tmp_path, '[opt_out]\nwords = ["Fuera de lista"]'))
    assert rules.account("claro-1") == "norte"
    assert judge("¡FUERA DE LISTA!") is Verdict.YES
    assert judge("Ana", "fuera de lista") is Verdict.YES


def test_long_texts_that_never_become_whole_are_kept_by_the_same_rules(tmp_path: Path) -> None:
    rules = InboundRules(rules_of(tmp_path, LINE))
    command = rules.end_parts(PARTS_WAIT_MS + 5)
    assert (command.before, dict(command.accounts), command.default_account) == (5, {"claro-1": "sur"}, "norte")
    assert command.judge("BAJA", "") is Verdict.YES
