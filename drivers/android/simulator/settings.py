"""How a simulated phone differs and fails: settings by name, and faults that happen to the requests to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Final

from drivers.simulation.settings import SettingError

FAULTS: Final = frozenset({"drop_before", "drop_after", "error", "slow", "garbage"})
"""Connection gone before the phone has read the message, or after it took it; a status; a late answer; not JSON."""


@dataclass(slots=True)
class Settings:
    """One phone's. Times in seconds."""

    app: str = ""
    """The only app on it: `smsgate`, `traccar`, `rest`, `generic`; with "" it speaks as all of them."""
    user: str = "sms"
    password: str = "secret"  # noqa: S105 - of a simulated phone
    token: str = "key"  # noqa: S105 - of a simulated phone
    """Bearer token of SMSGate; the raw key of Traccar."""
    passphrase: str = ""
    """Of end-to-end encryption."""
    send_s: float = 0.0
    """From a message's turn to Sent; the phone sends one after the other."""
    report: str = "delivered"
    """`delivered`, `failed` or `none`: what the network says of a message it took."""
    report_delay_s: float = 0.05
    error: str = ""
    """With a text every message ends as Failed with it, and the network takes none."""
    stuck: str = ""
    """`Pending` or `Processed`: no message gets beyond that state."""
    backwards: bool = False
    """Every second answer about a message that was sent says Pending."""
    order: str = "LIFO"
    """`LIFO`, as the app comes, or `FIFO`."""
    duplicate_status: int = 409
    """The answer to an id it has already."""
    asleep: bool = False
    """Connections are taken, and nothing is answered."""
    health: str = "pass"
    """`pass`, `warn` or `fail`, which answers 500."""
    battery: int = 80
    charging: bool = False
    signal: int | None = 70
    operator: str = "Claro"
    webhook_key: str = "hook-key"


@dataclass(slots=True)
class Fault:
    """What happens to the next requests that fit: `count` of them (None: all), each by `probability`, after `skip`."""

    kind: str
    path: str = "/messages"
    """Beginning of the path it happens to."""
    method: str = "POST"
    count: int | None = 1
    probability: float = 1.0
    skip: int = 0
    delay_s: float = 1.0
    status: int = 500
    taken: bool = False
    """`error`, `slow` and `garbage`: whether the phone has taken the message all the same."""

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise SettingError(f"no fault {self.kind!r}: {', '.join(sorted(FAULTS))}")


@dataclass(slots=True)
class Faults:
    """The faults of one phone that are still to come."""

    random: Random
    waiting: list[Fault] = field(default_factory=list)

    def strike(self, method: str, path: str) -> Fault | None:
        """Returns the fault that this request meets; it is used up."""
        for fault in self.waiting:
            if fault.method != method or not path.startswith(fault.path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if self.random.random() >= fault.probability:
                continue
            if fault.count is not None:
                fault.count -= 1
                if not fault.count:
                    self.waiting.remove(fault)
            return fault
        return None


def make_fault(given: Mapping[str, Any]) -> Fault:
    known = {each.name for each in fields(Fault)}
    if unknown := sorted(set(given) - known):
        raise SettingError(f"a fault has no {unknown[0]!r}: {', '.join(sorted(known))}")
    return Fault(**given)


def change(settings: Settings, values: Mapping[str, Any]) -> None:
    """Sets them all, or none where a name is unknown."""
    known = {each.name for each in fields(Settings)}
    if unknown := sorted(set(values) - known):
        raise SettingError(f"no setting {unknown[0]!r}: {', '.join(sorted(known))}")
    for name, value in values.items():
        setattr(settings, name, value)
