"""Secrets sealed with a key outside the store."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd import config as configuration
from gatewayd.credentials.vault import SECRET_MAX, Vault, VaultError, exposed, new_key, replace_key


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.key"


def test_the_key_is_made_with_the_first_secret_for_its_owner_alone(key_file: Path) -> None:
    vault = Vault(key_file)
    with pytest.raises(VaultError, match="missing"):
        vault.open(Vault(key_file.with_name("other.key")).seal("1234", "line.claro-1.pin"), "line.claro-1.pin")
    assert not key_file.exists()
    vault.seal("1234", "line.claro-1.pin")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert not exposed(key_file)
    key_file.chmod(0o640)
    assert exposed(key_file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(max_size=200), st.text(max_size=50))
def test_what_was_sealed_opens_in_its_place_and_in_no_other(key_file: Path, secret: str, place: str) -> None:
    sealed = Vault(key_file).seal(secret, place)
    assert Vault(key_file).open(sealed, place) == secret
    assert Vault(key_file).seal(secret, place) != sealed
    with pytest.raises(VaultError, match="enter it again"):
        Vault(key_file).open(sealed, place + "x")


@pytest.mark.parametrize("at", [0, 3, 12, 20, 45, -1])
def test_a_changed_letter_is_seen(key_file: Path, at: int) -> None:
    vault = Vault(key_file)
    sealed = vault.seal("a secret of some length", "totp.7")
    changed = list(sealed)
    changed[at] = "A" if changed[at] != "A" else "Q"
    with pytest.raises(VaultError):
        vault.open("".join(changed), "totp.7")
    assert "a secret" not in sealed


def test_a_new_key_seals_and_the_old_one_still_opens(key_file: Path) -> None:
    vault = Vault(key_file)
    old = vault.seal("1234", "p")
    name = replace_key(key_file)
    assert vault.open(old, "p") == "1234"
    new = vault.seal("1234", "p")
    assert new.split(".")[1] == name
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_another_key_is_named_and_nothing_of_the_secret_shown(key_file: Path, tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "lost.key").seal("hunter22", "p")
    Vault(key_file).seal("x", "p")
    with pytest.raises(VaultError, match=sealed.split(".")[1]) as raised:
        Vault(key_file).open(sealed, "p")
    assert "hunter22" not in str(raised.value)


def test_a_key_of_the_same_name_but_another_one_does_not_open(key_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    name = new_key().partition(":")[0]
    key_file.write_text(f"{name}:{base64.b64encode(bytes(32)).decode()}\n")
    other.write_text(f"{name}:{base64.b64encode(bytes([1]) * 32).decode()}\n")
    with pytest.raises(VaultError, match="does not open"):
        Vault(other).open(Vault(key_file).seal("x", "p"), "p")


@pytest.mark.parametrize(
    "text", ["", "\n# only words\n", "k1:short\n", "k1", "\xff", "k:" + "A" * 43 + "=\n" * 2 + "k"]
)
def test_a_file_that_is_no_key_says_so(key_file: Path, text: str) -> None:
    key_file.write_bytes(text.encode("latin-1"))
    with pytest.raises(VaultError, match=r"gatewayd\.key"):
        Vault(key_file).seal("x", "p")
    assert key_file.read_bytes() == text.encode("latin-1")


def test_a_place_where_no_key_can_be_made_says_which(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be made"):
        Vault(tmp_path / "nowhere" / "gatewayd.key").seal("x", "p")


def test_many_that_begin_at_once_agree_on_one_key(key_file: Path) -> None:
    vaults = [Vault(key_file) for _ in range(16)]
    with ThreadPoolExecutor(16) as threads:
        sealed = list(threads.map(lambda vault: vault.seal("x", "p"), vaults))
    assert len({one.split(".")[1] for one in sealed}) == 1
    assert {Vault(key_file).open(one, "p") for one in sealed} == {"x"}
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]


def test_a_secret_has_a_bound(key_file: Path) -> None:
    vault = Vault(key_file)
    vault.seal("x" * SECRET_MAX, "p")
    with pytest.raises(VaultError, match=str(SECRET_MAX)):
        vault.seal("x" * (SECRET_MAX + 1), "p")


def test_where_the_key_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gatewayd.toml"
    store = tmp_path / "lib" / "gatewayd.db"
    assert configuration.parse({"store": {"url": f"sqlite:///{store}"}}, file).key_file == store.with_name(
        "gatewayd.key"
    )
    server = {"store": {"url": "postgresql://db/gw"}, "spool": {"path": str(tmp_path / "spool")}}
    assert configuration.parse(server, file).key_file == tmp_path / "spool" / "gatewayd.key"
    given_ = {"store": {"key_file": "secrets/key"}}
    assert configuration.parse(given_, file).key_file == tmp_path / "secrets" / "key"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/gatewayd.service")
    given_ = {"store": {"key_file": "$CREDENTIALS_DIRECTORY/store.key"}}
    assert configuration.parse(given_, file).key_file == Path("/run/credentials/gatewayd.service/store.key")
