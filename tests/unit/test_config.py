import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd import config as configuration
from gatewayd import registry
from gatewayd.config import Config, ConfigFault, InvalidConfigError, Rate, Window
from gatewayd.config.reader import SOCKET_PATH_MAX
from gatewayd.values.errors import ConfigError

THIRD_PARTY = """
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator

class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    port: str
    tries: int = 3
    pin: SecretStr | None = None
    prompts: Path | None = None
    mode: Literal["slow", "fast"] = "slow"

    @field_validator("tries")
    @classmethod
    def _some(cls, tries: int) -> int:
        if tries > 9:
            raise ValueError("nobody tries that often")
        return tries

class AcmeDriver:
    name = "acme"
    channels = frozenset({"sms"})
    options = Options

driver = AcmeDriver()
"""


@pytest.fixture
def _acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Installs a third party's package that offers the drivers `acme` and (broken) `wreck`."""
    site = tmp_path / "site-packages"
    metadata = site / "acme_lines-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "acme_lines.py").write_text(THIRD_PARTY)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-lines\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[gatewayd.drivers]\nacme = acme_lines:driver\nwreck = acme_lines:nothing\n"
    )
    monkeypatch.syspath_prepend(str(site))
    registry._offered.cache_clear()
    registry.driver.cache_clear()
    yield
    sys.modules.pop("acme_lines", None)
    registry._offered.cache_clear()
    registry.driver.cache_clear()


@pytest.fixture
def read(tmp_path: Path, _acme: None) -> Callable[..., Config]:
    """Writes a configuration and loads it."""

    def write_and_load(text: str, *, secrets: bool = True) -> Config:
        file = tmp_path / "gatewayd.toml"
        file.write_text(dedent(text))
        return configuration.load(file, secrets=secrets)

    return write_and_load


@pytest.fixture
def faults(read: Callable[..., Config]) -> Callable[[str], dict[str, tuple[str, str]]]:
    """The faults of a configuration, by key: message and remedy."""

    def of(text: str) -> dict[str, tuple[str, str]]:
        with pytest.raises(InvalidConfigError) as caught:
            read(text)
        return {fault.key: (fault.message, fault.remedy) for fault in caught.value.faults}

    return of


MINIMAL = """
    [store]
    url = "sqlite:///data/g.db"
    [spool]
    path = "spool"
    [[line]]
    name = "one"
    driver = "acme"
    port = "/dev/ttyUSB0"
    """


def test_spool_store_and_a_line_are_enough(read: Callable[..., Config], tmp_path: Path) -> None:
    config = read(MINIMAL)
    assert config.store.sqlite_path == tmp_path / "data/g.db"
    assert config.store.url == f"sqlite:///{tmp_path}/data/g.db"
    assert config.spool.path == tmp_path / "spool"
    assert config.control == tmp_path / "data/control.sock"
    assert config.timezone == ZoneInfo("America/Argentina/Buenos_Aires")
    assert config.node
    assert (config.delivery.report_wait, config.delivery.tries, config.delivery.drain) == (259200, 4, 15)
    assert config.tariff.price("sms") == 0
    assert config.http.address == ("127.0.0.1", 8080)
    assert "listen" not in config.http.model_fields_set
    (line,) = config.lines
    assert line is config.line("one")
    assert config.line("two") is None
    assert (line.enabled, line.rate, line.window, line.prefixes) == (True, Rate(10, 60), None, ())
    assert line.options.model_dump()["port"] == "/dev/ttyUSB0"


def test_every_key_of_the_core_is_read(read: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "hook.secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    (tmp_path / "db.password").write_text("pass word \r\n")
    config = read("""
        node = "pop-norte"
        timezone = "America/Santiago"
        locale = "en"
        control = "run/control.sock"
        [store]
        url = "postgresql://gw@db/gatewayd"
        password_file = "db.password"
        lease = "20s"
        pool = 2
        [spool]
        path = "/srv/spool"
        [numbers]
        region = "CL"
        home_area = "2"
        assume_mobile = false
        [http]
        listen = ""
        [tariff]
        currency = "CLP"
        sms = "12"
        call = "0.000001"
        [delivery]
        report_wait = "1d"
        tries = 1
        urgent_share = 1
        drain = 3
        [inbox]
        default = "norte"
        [retention]
        messages = "1d"
        receipts = "2d"
        [[line]]
        name = "claro-1"
        driver = "acme"
        enabled = false
        rate = "2/s"
        window = "200/2h"
        quota_day = 1
        quota_month = 2
        recipients_month = 3
        prefixes = ["+569", "+5"]
        number_format = "integer"
        inbox = "sur"
        port = "p"
        [[webhook]]
        account = "norte"
        url = "https://example.test/hook?x=1"
        events = ["inbound"]
        secret_file = "hook.secret"
        allow_private = true
        """)
    assert (config.node, config.locale, config.timezone.key) == ("pop-norte", "en", "America/Santiago")
    assert config.control == tmp_path / "run/control.sock"
    assert config.control_candidates == (config.control,)
    assert config.store.password is not None
    assert config.store.password.get_secret_value() == "pass word "
    assert (config.store.url, config.store.sqlite_path) == ("postgresql://gw@db/gatewayd", None)
    assert (config.store.lease, config.store.pool) == (20, 2)
    assert (config.numbers.region, config.numbers.home_area, config.numbers.assume_mobile) == ("CL", "2", False)
    assert config.http.address is None
    assert (config.tariff.currency, config.tariff.price("sms"), config.tariff.price("call")) == ("CLP", 12_000_000, 1)
    assert (config.delivery.report_wait, config.delivery.urgent_share, config.delivery.drain) == (86400, 1, 3)
    assert (config.inbox.default, config.retention.messages, config.retention.receipts) == ("norte", 86400, 172800)
    line = config.lines[0]
    assert (line.enabled, line.rate, line.window) == (False, Rate(2, 1), Window(200, 7200))
    assert (line.quota_day, line.quota_month, line.recipients_month) == (1, 2, 3)
    assert (line.prefixes, line.number_format, line.inbox) == (("+569", "+5"), "integer", "sur")
    (webhook,) = config.webhooks
    assert (webhook.account, webhook.events, webhook.allow_private) == ("norte", ("inbound",), True)
    assert webhook.secret.get_secret_value() == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" not in repr(config)
    assert "pass word" not in repr(config)


def test_all_faults_at_once_each_with_file_key_and_remedy(read: Callable[..., Config], tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        read("""
            locale = "en"
            nod = "x"
            timezone = "Mars/Base"
            [store]
            url = "mysql://x"
            [numbers]
            region = "XX"
            [http]
            listen = "8080"
            [tariff]
            sms = 0.85
            curency = "ARS"
            [delivery]
            tries = 0
            urgent_share = 2
            drain = "soon"
            [inbox]
            default = "a b"
            [[line]]
            name = "one"
            driver = "acme"
            rate = "10"
            window = "2h"
            quota_day = "many"
            prefixes = ["549"]
            number_format = "roman"
            enabled = "yes"
            tries = 10
            mode = "warp"
            prot = "x"
            [[line]]
            name = "one"
            driver = "acmee"
            [[line]]
            driver = "wreck"
            [[webhook]]
            url = "ftp://x"
            events = ["lunch"]
            account = "norte"
            """)
    error = caught.value
    assert isinstance(error, ConfigError)
    by_key = {fault.key: fault for fault in error.faults}
    assert len(by_key) == len(error.faults)
    assert set(by_key) == {
        *("nod", "timezone", "store.url", "numbers.region", "http.listen", "tariff.sms", "tariff.curency"),
        *("delivery.tries", "delivery.urgent_share", "delivery.drain", "inbox.default"),
        *(f"line[one].{key}" for key in ("rate", "window", "quota_day", "prefixes[1]", "number_format", "enabled")),
        *(f"line[one].{key}" for key in ("tries", "mode", "prot", "port", "name", "driver")),
        *("line[3].name", "line[3].driver", "webhook[1].url", "webhook[1].events[1]", "webhook[1].secret"),
    }
    assert all(fault.file == tmp_path / "gatewayd.toml" and fault.message and fault.remedy for fault in error.faults)
    assert by_key["nod"].remedy == "remove it, or write 'node'"
    assert by_key["tariff.curency"].remedy == "remove it, or write 'currency'"
    assert by_key["line[one].prot"].remedy == "remove it, or write 'port'"
    assert by_key["line[one].tries"].message == "nobody tries that often"
    assert by_key["line[one].driver"].remedy.startswith("use one of those installed: acme")
    assert "nothing" in by_key["line[3].driver"].message
    assert str(error).splitlines() == [str(fault) for fault in error.faults]
    assert f"{tmp_path}/gatewayd.toml: delivery.tries: 0 is too small; the minimum is 1" in str(error)


def test_faults_speak_the_configurations_language(faults: Callable[[str], dict[str, tuple[str, str]]]) -> None:
    assert faults("[delivery]\ntries = 0\n") == {"delivery.tries": ("0 es demasiado pequeño", "el mínimo es 1")}
    assert faults('locale = "en"\n[delivery]\ntries = 0\n') == {
        "delivery.tries": ("0 is too small", "the minimum is 1")
    }
    assert set(faults('locale = "fr"\n[delivery]\ntries = 0\n')) == {"locale", "delivery.tries"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("store = 1", "store"),
        ("store = []", "store"),
        ("line = 1", "line"),
        ("line = [1]", "line"),
        ("[line]\nname = 'x'", "line"),
        ("webhook = {}", "webhook"),
    ],
)
def test_tables_that_are_none(faults: Callable[[str], dict[str, tuple[str, str]]], text: str, key: str) -> None:
    assert set(faults(text)) == {key}
    assert f"[{key}]" in faults(text)[key][1]


def test_a_file_that_is_missing_unreadable_or_no_toml(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[store\nurl = 1")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    for file, hint in [(tmp_path / "none.toml", "--config"), (tmp_path, ""), (broken, ""), (binary, "")]:
        with pytest.raises(InvalidConfigError) as caught:
            configuration.load(file)
        (fault,) = caught.value.faults
        assert (fault.file, fault.key) == (file, "")
        assert hint in fault.remedy
    with pytest.raises(InvalidConfigError, match="line 1"):
        configuration.load(broken)


def test_a_drivers_own_secrets_and_paths(read: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("0042\n")
    line = read('[[line]]\nname = "a"\ndriver = "acme"\nport = "p"\npin_file = "pin"\nprompts = "sounds"\n').lines[0]
    options = line.options.model_dump()
    assert options["pin"].get_secret_value() == "0042"
    assert options["prompts"] == tmp_path / "sounds"


def test_secrets_from_the_service_managers_credentials(
    read: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[[line]]\nname = "a"\ndriver = "acme"\nport = "p"\npin_file = "$CREDENTIALS_DIRECTORY/claro.pin"\n'
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(InvalidConfigError):
        read(text)
    # Who only speaks to the daemon needs no secrets, and may not read them.
    assert read(text, secrets=False).lines[0].options.model_dump()["pin"].get_secret_value() == ""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/claro.pin").write_text("1234")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert read(text).lines[0].options.model_dump()["pin"].get_secret_value() == "1234"


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ('pin = "1"\npin_file = "pin"', "pin_file"),
        ('pin_file = "none"', "pin_file"),
        ('pin_file = "empty"', "pin_file"),
        ("pin_file = 7", "pin_file"),
        ('port_file = "pin"', "port_file"),
    ],
)
def test_secret_files_that_will_not_do(
    faults: Callable[[str], dict[str, tuple[str, str]]], tmp_path: Path, keys: str, key: str
) -> None:
    (tmp_path / "pin").write_text("0042")
    (tmp_path / "empty").write_text("\n")
    assert set(faults(f'[[line]]\nname = "a"\ndriver = "acme"\nport = "p"\n{keys}\n')) == {f"line[a].{key}"}


def test_a_required_secret_given_by_a_bad_file_is_one_fault(
    faults: Callable[[str], dict[str, tuple[str, str]]],
) -> None:
    text = '[[webhook]]\naccount = "a"\nurl = "https://x"\nsecret_file = "none"\n'
    assert set(faults(text)) == {"webhook[1].secret_file"}


def test_where_the_control_socket_is(
    read: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/gw:/run/other")
    config = read(MINIMAL)
    assert config.control == Path("/run/gw/control.sock")
    assert config.control_candidates == (config.control, tmp_path / "data/control.sock")
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    assert read(MINIMAL.replace("sqlite:///data/g.db", "postgresql://x/y")).control == tmp_path / "spool/control.sock"


def test_a_socket_path_no_kernel_takes(faults: Callable[[str], dict[str, tuple[str, str]]]) -> None:
    assert set(faults(f'control = "/{"x" * SOCKET_PATH_MAX}"')) == {"control"}


def test_the_file_is_found_by_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GATEWAYD_CONFIG", raising=False)
    assert configuration.default_file() == Path("/etc/gatewayd/gatewayd.toml")
    monkeypatch.setenv("GATEWAYD_CONFIG", str(tmp_path / "g.toml"))
    (tmp_path / "g.toml").write_text('node = "here"\n')
    assert configuration.load().node == "here"


def test_reading_again_tells_what_changed(read: Callable[..., Config]) -> None:
    before, same = read(MINIMAL), read(MINIMAL)
    assert before == same
    changed = read(MINIMAL.replace("ttyUSB0", "ttyUSB1"))
    assert changed != before
    assert changed.lines != before.lines
    assert changed.store == before.store


_toml_values = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
_keys = st.sampled_from(
    [
        "node",
        "timezone",
        "locale",
        "control",
        "store",
        "spool",
        "numbers",
        "http",
        "tariff",
        "delivery",
        "line",
        "webhook",
    ]
)
_tables = st.dictionaries(
    st.sampled_from(
        ["url", "path", "name", "driver", "rate", "prefixes", "sms", "tries", "port", "pin_file", "secret"]
    ),
    _toml_values,
    max_size=6,
)


@pytest.mark.usefixtures("_acme")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_keys, st.one_of(_toml_values, _tables, st.lists(_tables, max_size=2)), max_size=5))
def test_whatever_a_document_holds_it_is_read_or_its_faults_are_told(document: dict[str, object]) -> None:
    faults: tuple[ConfigFault, ...] | None = None
    try:
        assert isinstance(configuration.parse(document, Path("/nowhere/g.toml")), Config)
    except InvalidConfigError as error:
        faults = error.faults
    assert faults is None or (faults and all(fault.message and fault.remedy for fault in faults))


EXAMPLE = Path(__file__).resolve().parents[2] / "docs/gatewayd.example.toml"


def test_the_example_is_valid_and_shows_every_key(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    # Keys that are shown commented out are part of the example, too.
    shown = {line.lstrip("# ").partition("=")[0].strip() for line in text.splitlines() if "=" in line}
    shown |= {key.removesuffix("_file") for key in shown}
    for name, model in configuration.reader._TABLES.items():
        assert f"[{name}]" in text
        assert set(model.model_fields) <= shown, name
    of_arrays = (configuration.sections.LineKeys, configuration.WebhookConfig, configuration.FeedConfig)
    for model in (configuration.sections.TopConfig, *of_arrays):
        assert set(model.model_fields) <= shown

    named = ("pin_file", "secret_file", "url_file")
    contents = {"webhook": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "billing.url": "mysql://u:p@10.0.0.9/billing"}
    for secret in {line.split('"')[1] for line in text.splitlines() if line.startswith(named)}:
        path = tmp_path / secret
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents.get(path.name, "1234") + "\n")
    config = configuration.parse(tomllib.loads(text), tmp_path / "gatewayd.toml")
    assert len(config.lines) >= 2


def test_every_key_is_documented() -> None:
    text = (EXAMPLE.parent / "configuration.md").read_text()
    parts = dict(part.split("\n## ")[0].split("\n", 1) for part in text.split("\n### ")[1:])
    documented = {
        title.strip("`[]"): {
            key
            for row in part.splitlines()
            if row.startswith("| `")
            for key in re.findall(r"`(\w+)`", row.split("|")[1])
        }
        for title, part in parts.items()
    }
    sections = configuration.sections
    assert documented["Top"] == set(sections.TopConfig.model_fields)
    for name, model in configuration.reader._TABLES.items():
        assert documented[name] == set(model.model_fields)
    assert set(sections.LineKeys.model_fields) | set(registry.driver("gsm").options.model_fields) <= documented["line"]
    assert documented["webhook"] == set(configuration.WebhookConfig.model_fields)
    assert documented["feed"] == set(configuration.FeedConfig.model_fields)
