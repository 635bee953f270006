"""The lines that the guide to providers shows, as they stand: one of them is the simulator's own API."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from drivers.base import Accepted, Blame, DeliveryReport, LineSetup, Refused
from drivers.provider import driver
from drivers.provider.options import ProviderOptions
from tests.acceptance.test_provider_line import rig

ROOT = Path(__file__).resolve().parents[2]
OF_ANY_LINE = ("name", "driver", "rate", "prefixes")


def lines_shown() -> dict[str, dict[str, Any]]:
    """Every whole line of an HTTP provider in the guides, by its name."""
    pages = (ROOT / "docs/providers.md").read_text() + (ROOT / "docs/es/lineas.md").read_text()
    blocks = re.findall(r"```toml\n(\[\[line\]\]\n.*?)```", pages, re.DOTALL)
    found = [line for block in blocks for line in tomllib.loads(block)["line"] if line["driver"] == "provider"]
    return {line["name"]: line for line in found}


def keys_of(line: dict[str, Any]) -> dict[str, Any]:
    """The driver's own keys, a secret in place of the file that it is read from."""
    own = {key: value for key, value in line.items() if key not in OF_ANY_LINE}
    return {key.removesuffix("_file"): "clave1" if key.endswith("_file") else value for key, value in own.items()}


@pytest.mark.parametrize("name", sorted(lines_shown()))
def test_a_line_that_is_shown_has_no_fault(name: str) -> None:
    options = ProviderOptions.model_validate(keys_of(lines_shown()[name]))
    assert driver.check(LineSetup(name, options)) == []


async def test_the_pages_own_line_works_with_the_simulator_as_it_stands() -> None:
    shown = lines_shown()["otro"]
    own = {key: value for key, value in keys_of(shown).items() if key not in ("url", "key")}
    async with rig(**own, poll_interval=0.05) as r:
        assert urlsplit(r.options.url or "").path == urlsplit(shown["url"]).path
        assert isinstance(await r.send(), Accepted)
        (report,) = await r.sink.count(DeliveryReport, 1)
        assert report.status == "delivered"
        assert await r.send(to="12") == Refused("number", Blame.PERSON)
        assert (await r.line.command("balance"))["balance"]
