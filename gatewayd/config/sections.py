"""What a configuration consists of: one frozen model a table, with the default of every optional key.

Paths are absolute once a file has been read: what a file names is relative to the file's own folder.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    StrictBool,
    StrictInt,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from gatewayd.config.faults import ConfigFault
from gatewayd.config.feeds import FeedConfig
from gatewayd.config.section import Section
from gatewayd.config.values import (
    Ceiling,
    Currency,
    Digits,
    Duration,
    Listen,
    Name,
    Pace,
    Prefix,
    Price,
    Rate,
    Region,
    WebUrl,
    Zone,
    is_local,
    split_listen,
)
from gatewayd.webhooks.signature import SecretError, key_of
from gatewayd.webhooks.target import TargetError, checked_url

Locale = Literal["es", "en"]
NumberFormat = Literal["e164", "digits", "e164_no9", "national10", "local15", "integer"]
Count = Annotated[StrictInt, Field(ge=1)]

DAY_S: Final = 86400.0


def placed(value: Any, info: ValidationInfo) -> Any:
    """A path as the file means it: relative to the file's folder, which the reader gives as context."""
    if isinstance(value, str) and value:
        folder = (info.context or {}).get("folder", Path.cwd())
        return Path(folder) / Path(value).expanduser()
    return value


Place = Annotated[Path, BeforeValidator(placed)]


class TopConfig(Section):
    """Keys above the first table."""

    node: Name = Field(default_factory=lambda: socket.gethostname()[:64] or "localhost")
    timezone: Zone = ZoneInfo("America/Argentina/Buenos_Aires")
    """Where days and months of quotas begin, and times without an offset are read."""
    locale: Locale = "es"
    discover: tuple[str, ...] = ()
    """Patterns of serial ports that are offered as modems besides the system's own: simulated ones, say."""
    control: Place | None = None
    """The control socket; None: see `Config.control`."""


class StoreConfig(Section):
    url: str = "sqlite:////var/lib/gatewayd/gatewayd.db"
    """`sqlite:///` with an absolute path once read, or `postgresql://`."""
    password: SecretStr | None = None
    key_file: Place | None = None
    """The key of the secrets that people enter in the panel; None: see `Config.key_file`."""
    lease: Duration = 10.0
    """Seconds without a heartbeat after which another node takes over (PostgreSQL)."""
    pool: Count = 4
    """Connections for reading."""

    @field_validator("url")
    @classmethod
    def _known_store(cls, url: str, info: ValidationInfo) -> str:
        scheme, separator, rest = url.partition("://")
        if separator and scheme == "sqlite" and rest.startswith("/") and rest[1:] and ":memory:" not in rest:
            return f"sqlite:///{placed(rest[1:], info)}"
        if separator and scheme in {"postgresql", "postgres"} and rest:
            return f"postgresql://{rest}"
        raise PydanticCustomError("store_unknown", "unknown store: {value}", {"value": url})

    @property
    def sqlite_path(self) -> Path | None:
        """The database file; None on PostgreSQL."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:///") else None


class SpoolConfig(Section):
    path: Place = Path("/var/spool/gatewayd")
    settle: Duration = 2.0
    """Seconds for which a file that is written in place has to be quiet before it is taken."""


class NumbersConfig(Section):
    region: Region = "AR"
    home_area: Digits | None = None
    assume_mobile: StrictBool = True


class HttpConfig(Section):
    listen: Listen = "127.0.0.1:8080"
    """Empty: no HTTP at all. Whether a person asked for the address: `"listen" in http.model_fields_set`."""

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on, or None."""
        return split_listen(self.listen)


class WebConfig(Section):
    """Where the web process serves the panel and the API."""

    listen: Listen = "127.0.0.1:8081"
    """Empty: no web process."""
    start: StrictBool = True
    """Whether the daemon starts it and watches over it; else a unit of its own does."""
    store_url: str | None = None
    """The store as the web process reaches it, by a role that can only read (PostgreSQL); None: as the daemon does."""
    store_password: SecretStr | None = None
    """Of that role, where the daemon starts the web process."""
    tls_cert: Place | None = None
    tls_key: Annotated[Place | None, Field(validate_default=True)] = None
    proxies: Annotated[tuple[str, ...], Field(validate_default=True)] = ()
    """Addresses or networks whose X-Forwarded-* headers are believed."""
    base_url: WebUrl | None = None
    """How people reach the panel, for links in mails."""
    user: str = "gatewayd-web"
    """The user that the web process runs as where it has a unit of its own; beside the daemon's, the only one that may
    speak on `web.sock`."""
    socket: Place | None = None
    """Its socket to the daemon; None: `web.sock` beside the control socket."""

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for one in proxies:
            try:
                ip_network(one, strict=False)
            except ValueError:
                raise PydanticCustomError("network_invalid", "not a network: {value}", {"value": one}) from None
        return proxies

    @field_validator("tls_key")
    @classmethod
    def _both(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if (key is None) != (info.data.get("tls_cert") is None):
            raise PydanticCustomError("tls_half", "certificate and key go together")
        return key

    @field_validator("proxies")
    @classmethod
    def _not_bare(cls, proxies: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        address = split_listen(info.data.get("listen", ""))
        if address is not None and not proxies and info.data.get("tls_cert") is None and not is_local(address[0]):
            raise PydanticCustomError("web_bare", "passwords would be readable on the way")
        return proxies

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on, or None."""
        return split_listen(self.listen)

    @property
    def tls(self) -> tuple[Path, Path] | None:
        """Certificate and key, or None."""
        return None if self.tls_cert is None or self.tls_key is None else (self.tls_cert, self.tls_key)


class TariffConfig(Section):
    """Prices in millionths of the currency, by channel: a segment, an answered call, a message."""

    currency: Currency = "ARS"
    low: Price | None = None
    """Balance of an account below which its credit runs low; None: a hundred times its dearest price."""
    sms: Price = 0
    call: Price = 0
    email: Price = 0
    push: Price = 0
    whatsapp: Price = 0

    def price(self, channel: str) -> int:
        """Millionths for one unit of `channel`; KeyError for a channel that does not exist."""
        return {
            "sms": self.sms,
            "call": self.call,
            "email": self.email,
            "push": self.push,
            "whatsapp": self.whatsapp,
        }[channel]


class DeliveryConfig(Section):
    report_wait: Duration = 3 * DAY_S
    tries: Count = 4
    urgent_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.2
    drain: Duration = 15.0


class InboxConfig(Section):
    default: Name | None = None
    """Account of inbound messages that belong to none; None: `inbox/_unmatched`."""


class OptOutConfig(Section):
    words: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    """Words and phrases that are an opt-out when they are all that a text says; besides the built-in ones."""


def _kept(seconds: float) -> float:
    """A job that is forgotten would be sent again when its file is dropped again: not within a day."""
    if seconds < DAY_S:
        raise PydanticCustomError("retention_short", "too short: {value}", {"value": f"{seconds:g}s"})
    return seconds


class RetentionConfig(Section):
    messages: Annotated[Duration, AfterValidator(_kept)] = 400 * DAY_S
    receipts: Duration = 90 * DAY_S
    exports: Duration = 30 * DAY_S
    """Files of exports; what stands of them in the process log stays."""
    audit: Annotated[Duration, AfterValidator(_kept)] = 730 * DAY_S
    """Of the audit trail."""
    evidence: Annotated[Duration, AfterValidator(_kept)] = 730 * DAY_S
    """Of why each message went or was kept back (`[contact]`)."""


class BillingConfig(Section):
    max_age: Annotated[Duration, Field(gt=0)] = 2 * DAY_S
    """How old what billing said may be: with older figures nobody is claimed, and no amount is said."""


class LineKeys(Section):
    """The keys every line has, whatever its driver."""

    name: Name
    driver: str
    enabled: StrictBool = True
    rate: Pace = Rate(10, 60.0)
    """What a consumer SIM in a modem bears; every other kind of line states its own."""
    window: Ceiling | None = None
    quota_day: Count | None = None
    quota_month: Count | None = None
    recipients_month: Count | None = None
    prefixes: tuple[Prefix, ...] = ()
    number_format: NumberFormat = "e164"
    inbox: Name | None = None


class LineConfig(LineKeys):
    """A line: the common keys, and `options`, an instance of its driver's own model."""

    options: BaseModel
    origin: Literal["file", "panel"] = "file"
    """Where it is kept; `panel`: people added it, in the panel or by command, and it is in the store."""


def _target(url: str) -> str:
    try:
        return checked_url(url)
    except TargetError:
        raise PydanticCustomError("url_invalid", "not a web address: {value}", {"value": url}) from None


def _signing(secret: SecretStr) -> SecretStr:
    """Empty: a client of the daemon, which may not read it."""
    text = secret.get_secret_value()
    if text:
        try:
            key_of(text)
        except SecretError:
            raise PydanticCustomError("webhook_secret", "no secret of a webhook") from None
    return secret


WebhookEvent = Literal["receipt", "inbound", "credit_low", "line", "campaign", "ticket", "payment_notice", "event"]


class WebhookConfig(Section):
    """An endpoint that events are posted to, as Standard Webhooks 1.0.0 has it."""

    account: Name
    url: Annotated[str, AfterValidator(_target)]
    events: Annotated[tuple[WebhookEvent, ...], Field(min_length=1)] = ("receipt", "inbound")
    secret: Annotated[SecretStr, AfterValidator(_signing)]
    """`whsec_` and 24 to 64 octets in base64."""
    allow_private: StrictBool = False
    """Whether it may lead to a private address: this machine, the office's network."""


class Config(TopConfig):
    """The whole configuration, valid in itself."""

    file: Path
    control: Path
    """Where a daemon of this configuration listens for commands."""
    control_candidates: tuple[Path, ...]
    """Where a client looks for the daemon, in this order; `control` is among them."""
    store: StoreConfig
    spool: SpoolConfig
    numbers: NumbersConfig
    http: HttpConfig
    web: WebConfig
    tariff: TariffConfig
    delivery: DeliveryConfig
    inbox: InboxConfig
    opt_out: OptOutConfig
    retention: RetentionConfig
    billing: BillingConfig
    lines: tuple[LineConfig, ...]
    """In the order of the file, then those that people added; disabled ones too."""
    faulty: Mapping[str, tuple[ConfigFault, ...]] = {}
    """Lines that people added and that cannot be made as they are, by name: the others go on without them."""
    waiting: frozenset[str] = frozenset()
    """Those of them that lack nothing but a secret which a person still has to enter."""
    webhooks: tuple[WebhookConfig, ...]
    feeds: tuple[FeedConfig, ...] = ()
    contact: Mapping[str, Any] | None = None
    """`[contact]` as a document for `gatewayd.contact.presets`, found right; None: no rules of contact."""
    public: dict[str, Any] = Field(default_factory=dict, repr=False)
    """What of the file the web process may know."""

    @property
    def web_store_password(self) -> str | None:
        """What the web process signs in to the store with; None: nothing."""
        found = self.store.password if self.web.store_url is None else self.web.store_password
        return None if found is None else found.get_secret_value()

    @property
    def published(self) -> Path:
        """Where the daemon writes that down: `web.json` beside the SQLite store, else in the daemon's state folder."""
        store = self.store.sqlite_path
        if store is not None:
            return store.with_name("web.json")
        state = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
        return Path(state or self.spool.path) / "web.json"

    @property
    def key_file(self) -> Path:
        """The key of the secrets in the store: `gatewayd.key` beside the SQLite store, else in the spool."""
        if self.store.key_file is not None:
            return self.store.key_file
        store = self.store.sqlite_path
        return (self.spool.path if store is None else store.parent) / "gatewayd.key"

    @property
    def web_socket(self) -> Path:
        """Where the daemon listens for the web process."""
        return self.web.socket or self.control.with_name("web.sock")

    @property
    def exports_folder(self) -> Path:
        """Where files of exports are kept: beside the SQLite store, else in the spool."""
        path = self.store.sqlite_path
        return (self.spool.path / ".exports") if path is None else path.parent / "exports"

    @property
    def imports_folder(self) -> Path:
        """Where sheets of customers are kept for their imports: beside the SQLite store, else in the spool."""
        path = self.store.sqlite_path
        return (self.spool.path / ".imports") if path is None else path.parent / "imports"

    def line(self, name: str) -> LineConfig | None:
        return next((line for line in self.lines if line.name == name), None)
