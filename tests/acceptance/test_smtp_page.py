"""What the page of mail accounts shows works as pasted."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from drivers.base import LineSetup
from drivers.smtp import driver
from drivers.smtp.line import SmtpLine
from drivers.smtp.options import SmtpOptions
from drivers.smtp.simulator import SmtpSimulator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mail.md"
CORE = {"name", "driver", "rate", "window"}
"""Keys of a line that are not the driver's."""


def shown(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def options_of(table: dict[str, Any]) -> SmtpOptions:
    """As the configuration reads them: a secret's file stands for the secret."""
    given = {name: value for name, value in table.items() if name not in CORE}
    secrets = {name.removesuffix("_file"): "0123456789abcdef" for name in given if name.endswith("_file")}
    plain = {name: value for name, value in given.items() if not name.endswith("_file") or name == "ca_file"}
    return SmtpOptions.model_validate(plain | {name: value for name, value in secrets.items() if name != "ca"})


@pytest.mark.parametrize("text", shown("toml"))
def test_what_is_shown_of_a_line_can_work(text: str) -> None:
    table = tomllib.loads(text)
    table = table["line"][0] if "line" in table else table
    needed = {"from_address": "cobranzas@norte.example", "host": "mail.norte.example"}
    findings = driver.check(LineSetup("m", options_of(needed | table)))
    assert [finding.key for finding in findings if finding.key != "ca_file"] == []


async def test_the_line_to_the_simulated_server_works_as_pasted(tmp_path: Path) -> None:
    [announced] = [json.loads(text.splitlines()[1]) for text in shown("console") if "simulate smtp" in text]
    [pasted] = [tomllib.loads(text)["line"][0] for text in shown("toml") if "correo-simulado" in text]
    device = announced["devices"][0]
    assert [pasted[name] for name in ("port", "imap_port", "ca_file")] == [
        device[name] for name in ("port", "imap_port", "ca_file")
    ]
    async with SmtpSimulator(security=pasted["security"], directory=tmp_path) as sim:
        real = sim.devices[0]
        assert set(device) == {"url", "imei", "number", "port", "imap_port", "ca_file", "token_url"}
        here = {"port": real.port, "imap_port": real.imap_port, "ca_file": real.ca_file}
        answer = await SmtpLine("m", options_of(pasted | here)).command("verify")
        assert (answer["logged_in"], answer["mailbox"]) == (True, "ready")
