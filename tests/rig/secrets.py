"""Secrets that are planted wherever the gateway takes one, so that they can be looked for wherever they should not be.

What takes a secret says so by its type (`SecretStr`): models of the configuration, of drivers, of operations. A new one
without a place here fails `tests/unit/test_secrets_kept.py`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel

from gatewayd import registry
from gatewayd.config import secret_keys
from gatewayd.config.public import secret as takes_secret
from gatewayd.config.section import Section
from gatewayd.operations import OPERATIONS
from tests.rig.rights import CASES, Side

KEYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "gsm": {"port": "/dev/ttyUSB9"},
    "asterisk": {"host": "127.0.0.1", "user": "gw", "dial": "PJSIP/{number}@trunk"},
    "android": {"url": "http://127.0.0.1:9", "webhook": "http://127.0.0.1:9/hooks/android"},
    "provider": {
        "url": "http://127.0.0.1:9/send",
        "form": {"to": "{number}", "text": "{text}", "user": "{user}", "password": "{password}", "key": "{key}"},
        "rules": [{"body": "OK.*", "result": "accepted"}],
    },
    "push": {"service": "ntfy", "url": "http://127.0.0.1:9"},
    "push webpush": {"service": "webpush", "subject": "mailto:avisos@norte.example"},
    "smtp": {"host": "127.0.0.1", "user": "avisos", "from_address": "avisos@norte.example", "imap_host": "127.0.0.1"},
    "whatsapp": {"phone_id": "1234567"},
}
"""Of a line of each driver, what it needs beside its secrets; twice where no one line has them all."""
LACKING: Final[Mapping[str, frozenset[str]]] = {
    "push": frozenset({"credentials"}),
    "push webpush": frozenset({"token"}),
}
ONLY_IN_FILE: Final[Mapping[str, frozenset[str]]] = {"asterisk": frozenset({"dial"})}


class Canaries:
    """Texts that are nowhere else, by what they were given as."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def plant(self, name: str) -> str:
        """Returns a secret of a form that is good as this: digits for a PIN, `whsec_…` for a signature's."""
        number = len(self.known)
        text = f"geheim{number:03}Zq9{number * 7919 % 99991:05}xK"
        if name.endswith(".pin"):
            text = f"{73_519_400 + number}"
        elif name.endswith(".credentials"):  # 32 octets are a private key of Web Push
            text = base64.urlsafe_b64encode(text.ljust(32, "w").encode()).decode().rstrip("=")
        elif name.startswith("webhook"):
            text = f"whsec_{base64.b64encode(f'{text}-und-noch-mehr-davon'.encode()).decode()}"
        self.known[name] = text
        return text

    def shown(self, data: bytes) -> list[str]:
        """Returns the names of those that stand in `data`, as they are or as another form of text would have them."""
        return sorted(name for name, text in self.known.items() if any(form in data for form in _forms(text.encode())))


def _forms(text: bytes) -> Iterator[bytes]:
    yield text
    yield text.hex().encode()
    yield quote(text).encode()
    for start in range(3):  # base64 of a longer text begins anywhere
        encoded = base64.b64encode(b"\0" * start + text)
        yield encoded[(start * 4 + 2) // 3 + (start > 0) : -4]


def models() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields every model that a configuration file is read by, with its name."""
    yield from ((one.__name__, one) for one in _below(Section))
    yield from ((name, registry.driver(name).options) for name in registry.names())


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


def fields(model: type[BaseModel]) -> list[str]:
    """Returns the names of a model's fields that take a secret."""
    return [name for name, field in model.model_fields.items() if takes_secret(field.annotation)]


def asking() -> Mapping[str, list[str]]:
    """Returns the fields that take a secret, by operation."""
    found = {name: fields(OPERATIONS[name]) for name in OPERATIONS}
    return {name: them for name, them in found.items() if them}


def given(planted: Canaries, operation: str, side: Side, who: str) -> dict[str, Any]:
    """Returns what an operation is asked with a secret in each field that takes one; `who` makes its names others."""
    kind = "webhook" if operation.startswith("webhook") else "op"
    arguments = {
        **CASES[operation].arguments(side),
        **{name: planted.plant(f"{kind}.{operation}.{name}") for name in fields(OPERATIONS[operation])},
    }
    apart = {"webhook.add": {"url": f"https://{who}.example/hook"}, "user.create": {"user": f"nuevo-{who}"}}
    return arguments | apart.get(operation, {})


def lines_of_file(planted: Canaries) -> list[dict[str, Any]]:
    """Returns a `[[line]]` table of each driver with all its secrets; none of them is enabled."""
    return [
        {
            "name": f"file-{kind.replace(' ', '-')}",
            "driver": driver,
            "enabled": False,
            **keys,
            **{key: planted.plant(f"file.{driver}.{key}") for key in wanted},
        }
        for kind, driver, keys, wanted in _lines()
    ]


def _lines() -> Iterator[tuple[str, str, Mapping[str, Any], list[str]]]:
    """Yields kind, driver, keys and secrets of each line."""
    for kind, keys in KEYS.items():
        driver = kind.partition(" ")[0]
        yield kind, driver, keys, [key for key in secret_keys(driver) if key not in LACKING.get(kind, ())]


def configuration(planted: Canaries) -> dict[str, Any]:
    """Returns tables with every secret that a file takes. The store is SQLite's, whose password nobody asks for."""
    return {
        "store": {"password": planted.plant("StoreConfig.password")},
        "web": {
            "store_url": f"postgresql://reader:{planted.plant('in a store_url')}@127.0.0.1/x"
            f"?password={planted.plant('in its query')}&sslmode=require",
            "store_password": planted.plant("WebConfig.store_password"),
        },
        "line": lines_of_file(planted),
        "feed": [feed(planted, "127.0.0.1:9")],
        "webhook": [
            {
                "account": "norte",
                "url": "https://norte.example/of-the-file",
                "secret": planted.plant("webhook.WebhookConfig.secret"),
            }
        ],
    }


def feed(planted: Canaries, host: str) -> dict[str, Any]:
    """Returns a `[[feed]]` whose address bears its password."""
    password = planted.plant("FeedConfig.url")
    return {
        "account": "norte",
        "name": "facturas",
        "url": f"postgresql://reader:{password}@{host}/facturas",
        "every": "1h",
        "invoices": "SELECT 1 AS external_id",
    }


def toml(tables: Mapping[str, Any]) -> str:
    """Returns tables as TOML; texts, lists and inline tables are JSON's, which TOML reads alike."""
    text = ""
    for name, table in tables.items():
        many = isinstance(table, list)
        for one in table if many else [table]:
            text += f"\n{'[[' if many else '['}{name}{']]' if many else ']'}\n"
            text += "".join(f"{key} = {_value(value)}\n" for key, value in one.items())
    return text


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def added_lines(planted: Canaries) -> Iterable[dict[str, Any]]:
    """Yields what `line.add` is asked for a line of each driver with all its secrets."""
    for kind, driver, keys, wanted in _lines():
        given = {key: one for key, one in keys.items() if key not in ONLY_IN_FILE.get(driver, ())}
        if driver == "gsm":
            given = {"port": "/dev/ttyUSB8"}
        secrets = {key: planted.plant(f"line.{driver}.{key}") for key in wanted}
        name = f"panel-{kind.replace(' ', '-')}"
        yield {"line": name, "driver": driver, "keys": given, "secrets": secrets, "enabled": False}
