"""What of a configuration can be judged further, whatever else is wrong with it: one fault hides no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from gatewayd.config.feeds import FeedConfig
from gatewayd.config.sections import HttpConfig, SpoolConfig, StoreConfig, WebConfig, WebhookConfig


@dataclass(frozen=True, slots=True)
class SoundLine:
    """An enabled line as far as it can be judged."""

    key: str
    """Its place in the file: `line[claro-1]`."""
    name: str
    driver: str
    options: BaseModel
    """The driver's own keys, without those that are wrong."""
    trusted: frozenset[str] | None = None
    """The driver's keys that were given and are right; None: all are, and so are those left to their defaults."""

    def is_news(self, key: str) -> bool:
        """Whether what the driver says of a key does not merely follow from faults that are told already."""
        return self.trusted is None or key in self.trusted


@dataclass(frozen=True, slots=True)
class Sound:
    """The tables without faults, the lines, and the accounts that anything names (each after its key)."""

    file: Path
    store: StoreConfig | None = None
    spool: SpoolConfig | None = None
    http: HttpConfig | None = None
    web: WebConfig | None = None
    lines: tuple[SoundLine, ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    webhooks: tuple[tuple[str, WebhookConfig], ...] = ()
    """Each after its place in the file: `webhook[1]`."""
    feeds: tuple[tuple[str, FeedConfig], ...] = ()
    """Each after its place in the file: `feed[1]`."""
    contact: bool | None = None
    """Whether there are rules of contact; None: there are, and they have faults."""
    preset: str | None = None
    """The preset that they begin with."""
