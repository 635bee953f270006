"""Lines that people add, over a real store with no daemon."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.operations.line_kinds import KINDS
from gatewayd.values.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.words.reasons import MEANINGS
from gatewayd.words.remedies import REMEDIES

FILE_LINE = {"name": "claro-1", "driver": "gsm", "port": "/dev/ttyUSB9"}


def opened(folder: Path, *lines: dict[str, Any], **top: Any) -> OfflineBackend:
    raw = {
        "locale": "en",
        "store": {"url": f"sqlite:///{folder}/gatewayd.db"},
        "spool": {"path": str(folder / "spool")},
        "line": list(lines),
        **top,
    }
    return OfflineBackend(parse(raw, folder / "gatewayd.toml"))


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[OfflineBackend]:
    made = opened(tmp_path, FILE_LINE)
    yield made
    made.close()


def ask(backend: OfflineBackend, operation: str, **arguments: Any) -> Any:
    answer = backend.perform(operation, arguments)
    assert json.loads(json.dumps(answer)) == answer
    return answer


def keys_of(error: pytest.ExceptionInfo[FaultsError]) -> set[str]:
    return {fault["key"] for fault in error.value.faults}


MAIL = {"from_address": "avisos@norte.example", "host": "mail.norte.example", "user": "avisos", "window": "200/2h"}


def test_a_mail_account_waits_for_its_password_and_then_works(backend: OfflineBackend) -> None:
    added = ask(backend, "line.add", line="correo", driver="smtp", keys={**MAIL, "area": "tickets"})
    assert (added["state"], added["reason"]) == ("waiting", "secret_missing")
    assert [fault["key"] for fault in added["faults"]] == ["password"]
    assert added["kind"] == "mail"
    given = ask(backend, "line.secret", line="correo", key="password", secret="hunter22-hunter22")
    assert given["faults"] == []
    assert given["secrets"]["password"] is True
    assert "hunter22" not in json.dumps(given)
    line = backend.config.line("correo")
    assert line is not None
    assert line.origin == "panel"
    assert line.options.password.get_secret_value() == "hunter22-hunter22"  # type: ignore[attr-defined]


def test_the_store_holds_no_secret_in_the_clear_and_survives(backend: OfflineBackend, tmp_path: Path) -> None:
    ask(backend, "line.add", line="correo", driver="smtp", keys=MAIL, secrets={"password": "hunter22-hunter22"})
    backend.close()
    assert b"hunter22" not in b"".join(path.read_bytes() for path in tmp_path.glob("gatewayd.db*"))
    again = opened(tmp_path, FILE_LINE)
    try:
        assert [one["name"] for one in ask(again, "line.list")["items"]] == ["claro-1", "correo"]
        line = again.config.line("correo")
        assert line is not None
        assert line.options.password.get_secret_value() == "hunter22-hunter22"  # type: ignore[attr-defined]
    finally:
        again.close()


def test_without_its_key_one_line_stands_still_and_the_others_go_on(backend: OfflineBackend, tmp_path: Path) -> None:
    ask(backend, "line.add", line="correo", driver="smtp", keys=MAIL, secrets={"password": "hunter22-hunter22"})
    ask(backend, "line.add", line="celular", driver="android", keys={"app": "rest", "url": "192.168.1.20"})
    backend.close()
    (tmp_path / "gatewayd.key").rename(tmp_path / "elsewhere.key")
    again = opened(tmp_path, FILE_LINE)
    try:
        assert {line.name for line in again.config.lines} == {"claro-1", "celular"}
        shown = ask(again, "line.show", line="correo")
        assert [fault["key"] for fault in shown["faults"]] == ["password"]
        assert "missing" in shown["faults"][0]["message"]
        ask(again, "line.secret", line="correo", key="password", secret="again-again")
        assert again.config.line("correo") is not None
    finally:
        again.close()


def test_a_change_is_judged_as_check_judges_and_by_field(backend: OfflineBackend) -> None:
    with pytest.raises(FaultsError) as error:
        ask(
            backend,
            "line.add",
            line="celular",
            driver="android",
            keys={"app": "rest", "url": "http://u:p@1.2.3.4", "rate": "ten", "colour": "red", "quota_day": 0},
        )
    assert keys_of(error) == {"url", "rate", "colour", "quota_day"}
    in_file = pytest.raises(Exception, match="rate")
    with in_file as judged:
        parse({"locale": "en", "line": [{**FILE_LINE, "rate": "ten"}]}, Path("/x/gatewayd.toml"))
    message = next(fault["message"] for fault in error.value.faults if fault["key"] == "rate")
    assert message in str(judged.value)
    with pytest.raises(NotFoundError):
        ask(backend, "line.show", line="celular")


def test_what_names_files_or_runs_commands_is_the_files_alone(backend: OfflineBackend) -> None:
    trunk = {"user": "gw", "dial": "PJSIP/{number}@t"}
    for key, value in [
        ("speech", ["sh", "-c", "id"]),
        ("convert", ["sh"]),
        ("prompts", "/etc"),
        ("secret_file", "/etc/shadow"),
        ("enabled", False),
    ]:
        with pytest.raises(FaultsError) as error:
            ask(backend, "line.add", line="t", driver="asterisk", keys={**trunk, key: value}, secrets={"secret": "x"})
        assert keys_of(error) == {key}
    with pytest.raises(FaultsError) as error:
        ask(backend, "line.add", line="t", driver="asterisk", keys={**trunk, "secret": "plain"})
    assert keys_of(error) == {"secret"}
    with pytest.raises(FaultsError) as error:
        ask(backend, "line.add", line="m", driver="smtp", keys={**MAIL, "ca_file": "/etc/passwd"})
    assert "ca_file" in keys_of(error)


def test_names_are_unique_over_file_and_store(backend: OfflineBackend, tmp_path: Path) -> None:
    phone = {"app": "rest", "url": "192.168.1.20"}
    with pytest.raises(ConflictError, match="claro-1"):
        ask(backend, "line.add", line="claro-1", driver="android", keys=phone)
    ask(backend, "line.add", line="celular", driver="android", keys=phone)
    with pytest.raises(ConflictError, match="celular"):
        ask(backend, "line.add", line="celular", driver="android", keys=phone)
    with pytest.raises(UsageError):
        ask(backend, "line.add", line="a b", driver="android", keys=phone)
    backend.close()
    again = opened(tmp_path, FILE_LINE, {"name": "celular", "driver": "gsm", "port": "/dev/ttyUSB8"})
    try:
        found = again.config.line("celular")
        assert found is not None
        assert (found.origin, found.driver) == ("file", "gsm")
        assert again.config.faulty["celular"][0].key == "line[celular].name"
        ask(again, "line.remove", line="celular")
        assert not again.config.faulty
    finally:
        again.close()


def test_a_line_of_the_file_is_shown_and_not_changeable(backend: OfflineBackend) -> None:
    shown = ask(backend, "line.show", line="claro-1")
    assert (shown["origin"], shown["kind"], shown["keys"]["port"]) == ("file", "modem", "/dev/ttyUSB9")
    changes: dict[str, dict[str, Any]] = {
        "line.set": {"keys": {"rate": "1/s"}},
        "line.remove": {},
        "line.secret": {"key": "pin"},
    }
    for operation, more in changes.items():
        with pytest.raises(ConflictError, match=r"gatewayd\.toml"):
            ask(backend, operation, line="claro-1", **more)


def test_a_key_is_changed_and_taken_away_and_who_looked_earlier_is_told(backend: OfflineBackend) -> None:
    phone = {"app": "rest", "url": "192.168.1.20", "rate": "1/s"}
    version = ask(backend, "line.add", line="celular", driver="android", keys=phone)["version"]
    changed = ask(backend, "line.set", line="celular", keys={"rate": "2/s", "quota_day": 50}, version=version)
    assert (changed["rate"], changed["quota_day"], changed["version"]) == ("2/s", 50, version + 1)
    with pytest.raises(ConflictError, match="meanwhile"):
        ask(backend, "line.set", line="celular", keys={"rate": "3/s"}, version=version)
    without = ask(backend, "line.set", line="celular", keys={"quota_day": None})
    assert "quota_day" not in without["keys"]
    with pytest.raises(FaultsError):
        ask(backend, "line.set", line="celular", keys={"url": ""})
    assert ask(backend, "line.show", line="celular")["keys"]["url"] == "192.168.1.20"
    ask(backend, "line.disable", line="celular")
    assert ask(backend, "line.show", line="celular")["state"] == "disabled"
    assert ask(backend, "line.set", line="celular", enabled=True)["enabled"] is True


def test_one_device_belongs_to_one_line(backend: OfflineBackend) -> None:
    with pytest.raises(FaultsError) as error:
        ask(backend, "line.add", line="otra", driver="gsm", keys={"port": "/dev/ttyUSB9"})
    assert keys_of(error) == {"port"}
    assert "claro-1" in str(error.value)


def test_a_removed_line_is_gone_and_its_secrets_too(backend: OfflineBackend, tmp_path: Path) -> None:
    ask(backend, "line.add", line="m", driver="gsm", keys={"port": "/dev/ttyUSB7"}, secrets={"pin": "1234"})
    ask(backend, "line.remove", line="m")
    assert backend.config.line("m") is None
    with pytest.raises(NotFoundError):
        ask(backend, "line.remove", line="m")
    with sqlite3.connect(tmp_path / "gatewayd.db") as store:
        assert store.execute("SELECT count(*) FROM line_secret").fetchone() == (0,)
    again = ask(backend, "line.add", line="m", driver="gsm", keys={"port": "/dev/ttyUSB7"})
    assert again["secrets"] == {"pin": False}


@pytest.mark.parametrize(
    "arguments",
    [
        {"keys": {f"k{n}": 1 for n in range(61)}},
        {"keys": {"x" * 65: 1}},
        {"keys": {"headers": {"a": "x" * 40_000}}},
        {"secrets": {"pin": "x" * 70_000}},
        {"secrets": {"pin": ""}},
        {"driver": "d" * 65},
        {"enabled": "maybe"},
    ],
)
def test_everything_has_a_bound(backend: OfflineBackend, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ask(backend, "line.add", **{"line": "m", "driver": "gsm", "keys": {"port": "/dev/ttyUSB7"}, **arguments})


def test_each_kind_makes_a_line_of_what_its_first_fields_ask(backend: OfflineBackend) -> None:
    examples = {
        "port": "/dev/ttyUSB5",
        "user": "usuario",
        "phone_id": "1234567",
        "url": "http://192.168.1.20",
    }
    for kind in KINDS:
        keys = dict(kind.fixed)
        for one in kind.fields:
            value = ("" if one.type == "number" else examples.get(one.key, "")) or one.default or one.example
            if value and (one.required or one.default or one.key == "user"):
                keys[one.key] = int(value) if one.type == "number" else value
        added = ask(backend, "line.add", line=f"k-{kind.name}", driver=kind.driver, keys=keys)
        assert added["kind"] == kind.name, kind.name
        lacking = {fault["key"] for fault in added["faults"]}
        assert lacking <= added["secrets"].keys(), kind.name
        assert bool(lacking) <= any(one.required for one in kind.secrets), kind.name
        if not any(one.long for one in kind.secrets):
            for secret in kind.secrets:
                added = ask(backend, "line.secret", line=f"k-{kind.name}", key=secret.key, secret="123456")
            assert added["faults"] == [], kind.name
        if kind.driver == "gsm":
            ask(backend, "line.remove", line=f"k-{kind.name}")


def test_the_kinds_are_told_with_their_fields(backend: OfflineBackend) -> None:
    found = {one["kind"]: one for one in ask(backend, "line.kinds")["items"]}
    assert {"modem", "sms-rest-android", "smsmasivos", "connectus", "mail", "whatsapp", "trunk"} <= found.keys()
    rest = [field["key"] for field in found["sms-rest-android"]["fields"] if not field["more"]]
    assert rest == ["url", "country_code"]


def test_every_remedy_is_of_a_reason_that_has_words() -> None:
    assert REMEDIES.keys() <= MEANINGS.keys()


def test_check_looks_at_added_lines_and_at_their_key(backend: OfflineBackend, tmp_path: Path) -> None:
    (tmp_path / "gatewayd.toml").write_text(
        f'locale = "en"\n[store]\nurl = "sqlite:///{tmp_path}/gatewayd.db"\n[spool]\npath = "{tmp_path}/spool"\n'
    )
    ask(backend, "line.add", line="m", driver="gsm", keys={"port": "/dev/ttyUSB7"}, secrets={"pin": "1234"})
    ask(backend, "line.add", line="correo", driver="smtp", keys=MAIL)
    found = {one["key"]: one for one in ask(backend, "check")["findings"]}
    assert {"line[correo].password", "line[m].port"} <= found.keys()
    assert "entered" in found["line[correo].password"]["message"]
    (tmp_path / "gatewayd.key").chmod(0o644)
    found = {one["key"]: one for one in ask(backend, "check")["findings"]}
    assert "chmod 600" in found["store.key_file"]["remedy"]
