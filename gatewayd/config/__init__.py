"""The configuration: one TOML file, read whole, judged whole, frozen."""

from gatewayd.config.added import (
    JudgedLine,
    from_text,
    judge_added,
    judge_line,
    merge,
    plain_secret_faults,
    secret_keys,
)
from gatewayd.config.checked import Sound, SoundLine
from gatewayd.config.control_socket import DEFAULT_FILE
from gatewayd.config.faults import ConfigFault, InvalidConfigError
from gatewayd.config.feeds import FeedConfig
from gatewayd.config.reader import default_file, examine, load, parse, salvage
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
    "FeedConfig",
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
    "plain_secret_faults",
    "salvage",
    "secret_keys",
]
