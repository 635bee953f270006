"""What the web process is told of the configuration: all that it needs, and nothing that is secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatewayd import config as configuration
from gatewayd.config import parse
from gatewayd.config.publication import publish, read, variant_of
from gatewayd.values.errors import UnavailableError

FULL = """
node = "pop"
locale = "en"
[store]
url = "postgresql://gateway:GEHEIM-1@db.example/gatewayd"
password = "GEHEIM-2"
[spool]
path = "spool"
[web]
listen = "127.0.0.1:8081"
base_url = "https://panel.example"
store_url = "postgresql://reader:GEHEIM-3@db.example/gatewayd"
store_password = "GEHEIM-4"
[tariff]
sms = "0.85"
[[line]]
name = "claro-1"
driver = "gsm"
port = "/dev/ttyUSB0"
pin = "9753"
rate = "6/min"
quota_day = 100
[[line]]
name = "correo"
driver = "smtp"
host = "mail.example"
user = "aviso"
password = "GEHEIM-5"
from_address = "aviso@example.org"
[[webhook]]
account = "norte"
url = "https://hooks.example/GEHEIM-6"
secret = "whsec_R0VIRUlNLTctYW5kLWxvbmdlci10aGFuLWl0LWhhcw=="
"""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    file = tmp_path / "gatewayd.toml"
    file.write_text(FULL)
    (tmp_path / "spool").mkdir()
    config = configuration.load(file)
    assert publish(config)
    return config.published


def test_no_secret_is_published(published: Path) -> None:
    text = published.read_text()
    assert "GEHEIM" not in text
    assert "9753" not in text
    assert "whsec_" not in text
    assert published.stat().st_mode & 0o007 == 0


def test_what_is_published_is_what_the_daemon_has(published: Path, tmp_path: Path) -> None:
    ours, theirs = configuration.load(tmp_path / "gatewayd.toml"), read(published)
    for name in ("node", "timezone", "locale", "spool", "numbers", "tariff", "delivery", "retention", "inbox", "http"):
        assert getattr(theirs, name) == getattr(ours, name), name
    assert (theirs.control, theirs.web_socket) == (ours.control, ours.web_socket)
    assert [(one.name, one.rate, one.quota_day) for one in theirs.lines] == [
        (one.name, one.rate, one.quota_day) for one in ours.lines
    ]
    assert theirs.store.url == "postgresql://reader@db.example/gatewayd"
    assert theirs.store.password is None


def test_it_is_written_only_where_it_changed(published: Path, tmp_path: Path) -> None:
    before = published.stat().st_ino
    assert publish(configuration.load(tmp_path / "gatewayd.toml"))
    assert published.stat().st_ino == before
    (tmp_path / "gatewayd.toml").write_text(FULL.replace('"0.85"', '"0.90"'))
    publish(configuration.load(tmp_path / "gatewayd.toml"))
    assert published.stat().st_ino != before
    assert read(published).tariff.sms == 900_000


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"file": 1, "raw": {}}', '{"file": "/x"}', "nothing"])
def test_another_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "web.json"
    file.write_text(text)
    with pytest.raises(UnavailableError, match=r"web\.json"):
        read(file)
    with pytest.raises(UnavailableError, match=r"other\.json"):
        read(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("web", "fault"),
    [
        ('listen = "0.0.0.0:8081"', "passwords"),
        ('listen = "[::]:8081"', "passwords"),
        ('listen = "192.0.2.1:8081"', "passwords"),
        ('tls_cert = "a.pem"', "go together"),
        ('tls_key = "a.pem"', "go together"),
        ('proxies = ["proxy.example"]', "neither an address nor a network"),
    ],
)
def test_an_open_door_is_objected_to(tmp_path: Path, web: str, fault: str) -> None:
    file = tmp_path / "gatewayd.toml"
    file.write_text(f'locale = "en"\n[web]\n{web}\n')
    with pytest.raises(configuration.InvalidConfigError, match=fault):
        configuration.load(file)


@pytest.mark.parametrize(
    "web",
    [
        'listen = "0.0.0.0:8081"\nproxies = ["10.0.0.1"]',
        'listen = "0.0.0.0:8443"\ntls_cert = "a.pem"\ntls_key = "b.pem"',
        'listen = "localhost:8081"',
        'listen = "[::1]:8081"',
        'listen = ""',
    ],
)
def test_a_closed_one_is_not(tmp_path: Path, web: str) -> None:
    file = tmp_path / "gatewayd.toml"
    file.write_text(f"[web]\n{web}\n")
    configuration.load(file)


def test_the_web_process_knows_how_a_line_cuts_texts(tmp_path: Path) -> None:
    raw = {
        "node": "n",
        "store": {"url": f"sqlite:///{tmp_path}/g.db"},
        "spool": {"path": str(tmp_path / "spool")},
        "line": [
            {"name": "a", "driver": "gsm", "port": "/dev/ttyUSB0", "shift_table": True},
            {"name": "b", "driver": "gsm", "port": "/dev/ttyUSB1"},
        ],
    }
    config = parse(raw, tmp_path / "gatewayd.toml")
    publish(config)
    known = read(config.published)
    assert [variant_of(line) for line in config.lines] == [variant_of(line) for line in known.lines] == ["es", ""]
