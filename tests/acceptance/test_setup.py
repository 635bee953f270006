"""`gatewayd setup`: from nothing to a gateway that sends, by questions or options, never over a file that is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gatewayd.cli.root import root
from gatewayd.config import load
from gatewayd.words import translation
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

PASSWORD = "corral-de-piedra-verde-41"


def setup(file: Path, *options: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gatewayd", "--config", str(file), "setup", "--yes", "--password-stdin", *options]
    return subprocess.run(command, input=f"{password}\n", capture_output=True, text=True, timeout=120, check=False)


def test_by_options_a_modem_is_found_and_the_gateway_runs(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path, 1)
    file = tmp_path / "gatewayd.toml"
    try:
        pattern = str(Path(simulator.ports[0]).parent / "*")
        options = ["--language", "en", "--country", "AR", "--home-area", "11", "--price", "0.85", "--listen", ""]
        done = setup(file, *options, "--account", "norte", "--search", pattern, "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["made"], told["lines"], told["panel"]) == (["account", "user"], ["modem-1"], None)
        assert PASSWORD not in file.read_text()
        config = load(file)
        assert (config.numbers.home_area, config.tariff.currency, str(config.timezone)) == (
            "11",
            "ARS",
            "America/Argentina/Buenos_Aires",
        )
        text = file.read_text()
        gateway = Gateway(tmp_path, [])
        gateway.config.write_text(text)
        with gateway:
            gateway.start()
            gateway.call("account.credit", account="norte", amount="100")
            gateway.wait_line("modem-1", "ready")
            gateway.campaign(2)
            assert gateway.wait_job("c1")["counts"]["delivered"] == 2
            assert [one["name"] for one in gateway.call("user.list")["items"]] == ["admin"]
    finally:
        simulator.close()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "gatewayd.toml"
    file.write_text("# mine\n")
    refused = setup(file, "--no-modems")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["gatewayd.toml"]
    assert file.read_text() == "# mine\n"
    forced = setup(file, "--no-modems", "--force", "--json")
    assert forced.returncode == 0, forced.stderr
    assert Path(json.loads(forced.stdout)["kept"]).read_text() == "# mine\n"
    load(file)


@pytest.mark.parametrize(
    ("options", "password", "named"),
    [
        (["--country", "XX"], PASSWORD, "numbers.region"),
        (["--timezone", "Mars/Base"], PASSWORD, "timezone"),
        (["--price", "1,5"], PASSWORD, "tariff.sms"),
        (["--listen", "nowhere"], PASSWORD, "web.listen"),
        (["--account", "a b"], PASSWORD, "account"),
        ([], "short", "password"),
        (["--home-area", '11"\nregion = "CL'], PASSWORD, "home_area"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    tmp_path: Path, options: list[str], password: str, named: str
) -> None:
    done = setup(tmp_path / "gatewayd.toml", "--no-modems", *options, password=password)
    assert done.returncode == 2, done.stderr
    assert named in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("language", "asked"), [("es", "Zona horaria"), ("en", "Time zone")])
def test_it_asks_in_the_language_that_is_chosen(tmp_path: Path, language: str, asked: str) -> None:
    file = tmp_path / "gatewayd.toml"
    answers = [language, "CL", "", "", "", "25", "127.0.0.1:0", "austral", "carla", PASSWORD, PASSWORD]
    spoken = translation.language()
    try:
        command: Any = root()
        done = CliRunner().invoke(
            command, ["--config", str(file), "setup", "--no-modems"], input="\n".join(answers) + "\n"
        )
    finally:
        translation.set_language(spoken)
    assert done.exit_code == 0, done.output
    assert asked in done.output
    assert PASSWORD not in done.output
    config = load(file)
    assert (str(config.timezone), config.tariff.currency, config.locale) == ("America/Santiago", "CLP", language)
