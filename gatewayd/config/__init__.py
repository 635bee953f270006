"""The configuration: one TOML file, read whole, judged whole, frozen."""

from gatewayd.config.added import JudgedLine, from_text, judge_added, judge_line, merge, secret_keys
from gatewayd.config.checked import Sound, SoundLine
from gatewayd.config.faults import ConfigFault, InvalidConfigError
from gatewayd.config.reader import DEFAULT_FILE, default_file, examine, load, parse, salvage
from gatewayd.config.sections import (
    BillingConfig,
    Config,
    DeliveryConfig,
    HttpConfig,
    InboxConfig,
    LineConfig,
    Locale,
    NumberFormat,
    NumbersConfig,
    OptOutConfig,
    RetentionConfig,
    SpoolConfig,
    StoreConfig,
    TariffConfig,
    WebConfig,
    WebhookConfig,
)
from gatewayd.config.values import Rate, Window

__all__ = [
    "DEFAULT_FILE",
    "BillingConfig",
    "Config",
    "ConfigFault",
    "DeliveryConfig",
    "HttpConfig",
    "InboxConfig",
    "InvalidConfigError",
    "JudgedLine",
    "LineConfig",
    "Locale",
    "NumberFormat",
    "NumbersConfig",
    "OptOutConfig",
    "Rate",
    "RetentionConfig",
    "Sound",
    "SoundLine",
    "SpoolConfig",
    "StoreConfig",
    "TariffConfig",
    "WebConfig",
    "WebhookConfig",
    "Window",
    "default_file",
    "examine",
    "from_text",
    "judge_added",
    "judge_line",
    "load",
    "merge",
    "parse",
    "salvage",
    "secret_keys",
]
