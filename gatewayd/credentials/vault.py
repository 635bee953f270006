"""Secrets as the store keeps them: sealed with a key that is a file outside it (AES-256-GCM, NIST SP 800-38D).

A secret is sealed for a place ("line.claro-1.pin"): the same text moved to another row does not open there. The key
file has a key a line, `ID:BASE64`, the newest first: that one seals, all of them open, so that a key is replaced by
writing a new one above it.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import stat
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from gatewayd.values.errors import UnavailableError
from gatewayd.words.translation import gettext as _

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
"""96 bits, drawn at random: good for 2^32 secrets a key (SP 800-38D §8.3)."""
SECRET_MAX: Final = 65_536
"""Bytes of a secret: the largest is a private key or a service account's JSON."""
FILE_MAX: Final = 65_536
VERSION: Final = "v1"

_LINE: Final = re.compile(r"([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)", re.ASCII)
_SEALED: Final = re.compile(r"v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{38,})", re.ASCII)


class VaultError(UnavailableError):
    """A secret cannot be sealed or opened: the key is missing or another. The text names the file and what to do."""


class Vault:
    """Seals and opens secrets. The key file is read when it is needed, made when the first secret is sealed.

    May be used from several threads.
    """

    def __init__(self, key_file: Path) -> None:
        self._file = key_file
        self._lock = threading.Lock()
        self._keys: dict[str, bytes] = {}
        self._read_as: tuple[int, int, int] | None = None

    @property
    def key_file(self) -> Path:
        return self._file

    def seal(self, secret: str, place: str) -> str:
        """Returns `secret` sealed for `place`. VaultError where no key can be had."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        plain = secret.encode()
        if len(plain) > SECRET_MAX:
            raise VaultError(_("the secret is longer than {limit} bytes").format(limit=SECRET_MAX))
        with self._lock:
            if not self._current():
                _make(self._file)
                self._current()
            name, key = next(iter(self._keys.items()))
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, plain, _bound(name, place))
        return f"{VERSION}.{name}.{base64.urlsafe_b64encode(nonce + sealed).decode().rstrip('=')}"

    def open(self, sealed: str, place: str) -> str:
        """Returns what was sealed for `place`. VaultError where the key is missing, or it was sealed otherwise."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        match = _SEALED.fullmatch(sealed)
        if match is None:
            raise VaultError(_("a secret in the store is damaged; enter it again"))
        name, text = match.groups()
        with self._lock:
            self._current()
            key = self._keys.get(name)
        if key is None:
            raise VaultError(self._without(name))
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        try:
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(name, place)).decode()
        except InvalidTag:
            raise VaultError(
                _("a secret in the store does not open with the key {name} of {path}; enter it again").format(
                    name=name, path=self._file
                )
            ) from None

    def is_fresh(self, sealed: str) -> bool:
        """Returns whether it was sealed with the key that seals now. VaultError where there is none."""
        with self._lock:
            self._current()
            match = _SEALED.fullmatch(sealed)
            return match is not None and match[1] == next(iter(self._keys), None)

    def _current(self) -> bool:
        """Reads the key file where it is not the one that was read; returns whether there is one."""
        try:
            status = self._file.stat()
        except FileNotFoundError:
            self._keys, self._read_as = {}, None
            return False
        except OSError as error:
            raise VaultError(_unreadable(self._file, error)) from error
        read_as = (status.st_ino, status.st_mtime_ns, status.st_size)
        if read_as != self._read_as:
            self._keys, self._read_as = dict(_keys(self._file)), read_as
        return True

    def _without(self, name: str) -> str:
        if not self._keys:
            return _(
                "the secrets' key {path} is missing; put it back from its own copy, or enter the secrets again"
            ).format(path=self._file)
        return _("the key {name} is not in {path}; put it back from its own copy, or enter the secrets again").format(
            name=name, path=self._file
        )


def _bound(name: str, place: str) -> bytes:
    """Returns the associated data: version, key and place, so that none can be exchanged for another."""
    return f"gatewayd {VERSION} {name} {place}".encode()


def _keys(path: Path) -> Mapping[str, bytes]:
    """Returns the keys of a file by name, the newest first; VaultError."""
    try:
        with path.open("rb") as stream:
            text = stream.read(FILE_MAX).decode("ascii")
    except OSError as error:
        raise VaultError(_unreadable(path, error)) from error
    except UnicodeDecodeError:
        text = "?"
    found: dict[str, bytes] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or match[1] in found:
            raise VaultError(_("{path}: not a file of keys, or one name twice").format(path=path))
        found[match[1]] = base64.b64decode(match[2])
    if not found:
        raise VaultError(_("{path}: there is no key in it").format(path=path))
    return found


def _unreadable(path: Path, error: OSError) -> str:
    return _("the secrets' key {path} cannot be read: {why}").format(path=path, why=error.strerror or error)


def new_key() -> str:
    """Returns a new line for a key file: a random name, and 256 random bits."""
    return f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _make(path: Path) -> None:
    """Makes the file with one key, readable by its owner alone; one that another process has just made is left."""
    text = (
        "# Opens the secrets in gatewayd's store. Keep a copy apart from the store's own; without it they are lost.\n"
        f"{new_key()}\n"
    )
    aside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with suppress(FileExistsError):
            os.link(aside, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise VaultError(
            _("the secrets' key {path} cannot be made: {why}").format(path=path, why=error.strerror or error)
        ) from error
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()


def replace_key(path: Path) -> str:
    """Writes a new key above those of the file; returns its name. VaultError without a file, or where it is fixed."""
    kept = "".join(f"{name}:{base64.b64encode(key).decode()}\n" for name, key in _keys(path).items())
    line = new_key()
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        status = path.stat()
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, f"{line}\n{kept}".encode())
            if os.geteuid() == 0:
                os.fchown(descriptor, status.st_uid, status.st_gid)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        aside.rename(path)
    except OSError as error:
        raise VaultError(
            _("the secrets' key {path} cannot be written: {why}").format(path=path, why=error.strerror or error)
        ) from error
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()
    return line.partition(":")[0]


def exposed(path: Path) -> bool:
    """Returns whether others than its owner may read the key; a systemd credential is guarded by its folder."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and path.is_relative_to(credentials):
        return False
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    except OSError:
        return False
