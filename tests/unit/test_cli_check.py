"""`gatewayd check`: a disk without room (its size alone is made up), and lines of each kind that cannot work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from gatewayd.cli import main
from gatewayd.words import translation

CONFIG = """
locale = "en"
[store]
url = "sqlite:///data/gatewayd.db"
[spool]
path = "spool"
"""


class Disk:
    """statvfs(3), as far as it is asked for."""

    def __init__(self, *, free: int = 1 << 40, files: int = 1 << 20) -> None:
        self.f_frsize = 4096
        self.f_bavail = free // self.f_frsize
        self.f_files = 1 << 20
        self.f_favail = files


def checked(folder: Path, capsys: pytest.CaptureFixture[str], config: str = CONFIG) -> tuple[Any, list[str]]:
    file = folder / "gatewayd.toml"
    file.write_text(config)
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(file), "check"])
    return ended.value.code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("disk", "told"),
    [
        (Disk(free=20 << 20), "the disk is full: 20 MiB left; free disk space"),
        (Disk(files=0), "the disk is full: no more files fit on it; free disk space"),
    ],
)
def test_a_full_disk_is_told_for_spool_and_store(
    tmp_path: Path, mocker: MockerFixture, capsys: pytest.CaptureFixture[str], disk: Disk, told: str
) -> None:
    mocker.patch.object(os, "statvfs", return_value=disk)
    status, lines = checked(tmp_path, capsys)
    assert status == 1
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines] == ["spool.path", "store.url"]
    assert all(told in line for line in lines)
    assert not (tmp_path / "spool").exists()


def test_a_disk_with_room_is_no_fault(
    tmp_path: Path, mocker: MockerFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    mocker.patch.object(os, "statvfs", return_value=Disk())
    assert checked(tmp_path, capsys) == (0, [])


LINES = (
    CONFIG.replace('"en"', '"es"')
    + """
[[line]]
name = "telefono"
driver = "android"
app = "rest"
url = "ftp://"
[[line]]
name = "directo"
driver = "provider"
url = "https://sms.example/send"
rules = [{ result = "accepted" }, { result = "accepted", json = "id" }]
[[line]]
name = "masivos"
driver = "provider"
preset = "smsmasivos"
user = "u"
password = "con$igno"
[[line]]
name = "masivos-2"
driver = "provider"
preset = "smsmasivos"
user = "v"
password = "abc123"
[[line]]
name = "correo"
driver = "smtp"
from_address = "a@norte.example"
host = "mail.norte.example"
password = "p"
[[line]]
name = "wa"
driver = "whatsapp"
phone_id = 1
token = "t"
app_secret = "s"
verify_token = "v"
ca_file = "/nowhere/{ca}.pem"
[[line]]
name = "app"
driver = "push"
service = "fcm"
credentials = '{"type": "service_account"}'
"""
)


@pytest.fixture
def _language() -> Iterator[None]:
    spoken = translation.language()
    yield
    translation.set_language(spoken)


@pytest.mark.usefixtures("_language")
def test_what_is_wrong_with_a_line_of_any_kind_is_said_once_in_the_persons_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = checked(tmp_path, capsys, LINES)
    assert status == 2
    assert sorted(line.partition(": line[")[2] for line in lines) == [
        "app].credentials_file: al archivo le falta project_id; nombre el archivo correcto",
        "correo].user: password está sin user; dé las dos o ninguna",
        "directo].rules: una ruta JSON empieza con $, y 'id' no; corrija la regla 2",
        (
            "masivos].password: el proveedor puede no aceptar una contraseña con esos caracteres; "
            "cámbiela por una que cumpla [A-Za-z0-9]+"
        ),
        'telefono].url: no es la dirección de un teléfono; escríbala como "http://192.168.1.20:8080"',
        "wa].ca_file: /nowhere/{ca}.pem no existe; nombre un archivo de certificados (PEM)",
    ]


def test_a_certificate_that_does_not_serve_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web = '[web]\nlisten = "0.0.0.0:8443"\ntls_cert = "panel.crt"\ntls_key = "panel.key"\n'
    _status, lines = checked(tmp_path, capsys, CONFIG + web)
    assert any("web.tls_cert" in line and "panel.crt" in line and "No such file" in line for line in lines), lines
    for name in ("panel.crt", "panel.key"):
        (tmp_path / name).write_text("nothing\n")
    _status, lines = checked(tmp_path, capsys, CONFIG + web)
    assert any("web.tls_cert" in line and "do not serve" in line for line in lines), lines
    elsewhere = web.replace("panel.crt", "$CREDENTIALS_DIRECTORY/crt").replace(
        "panel.key", "$CREDENTIALS_DIRECTORY/key"
    )
    _status, lines = checked(tmp_path, capsys, CONFIG + elsewhere)
    assert not any("tls" in line for line in lines), lines
