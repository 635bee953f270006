"""The driver's own keys of a `[[line]]` table, and what can be said of them before anything is sent."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from drivers.base import Finding, MisconfiguredError, spoken

_PIN = re.compile(r"\d{4,8}")

_TTY_DRIVERS: Final = Path("/proc/tty/drivers")
"""What the kernel knows of terminals, a driver a line: name, device, major number, minors, kind (proc(5))."""
_TTY_MAJOR: Final = re.compile(r"\s/dev/\S+\s+(\d+)\s")


def _shift(value: Any) -> Any:
    """`true` and `false` mean the one table there is, and none."""
    return {True: "es", False: ""}[value] if isinstance(value, bool) else value


class GsmOptions(BaseModel):
    """Which modem it is (exactly one of `port`, `imei`, `imsi`) and what its SIM needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: str | None = None
    """Device; best a link that does not change: `/dev/serial/by-id/…`."""
    imei: Annotated[str, Field(pattern=r"^\d{14,16}$")] | None = None
    """The modem's own number: it is looked for on every serial port."""
    imsi: Annotated[str, Field(pattern=r"^\d{6,15}$")] | None = None
    """The SIM's own number, likewise."""
    search: tuple[str, ...] = ()
    """Patterns of the device names to look through for `imei` or `imsi`; default: every serial port of the system."""
    pin: SecretStr | None = None
    """PIN of the SIM; tried once, and never when it is the last try."""
    smsc: Annotated[str, Field(pattern=r"^\+?\d{5,20}$")] | None = None
    """Number of the service centre; default: the SIM's."""
    shift_table: Annotated[Literal["", "es"], BeforeValidator(_shift)] = ""
    """`es` (or true): send Spanish accents with the national single shift table (23.038 §A.3) instead of UCS-2."""
    baud: Annotated[int, Field(ge=1200, le=4_000_000)] = 115_200
    """Speed of a real serial line; USB ignores it."""

    @property
    def variant(self) -> Literal["", "es"]:
        return self.shift_table

    @property
    def sole_device(self) -> tuple[str, str] | None:
        """Implements `drivers.base.NamesDevice`: two links may lead to one port."""
        if self.port is not None:
            return "port", os.path.realpath(self.port)
        if self.imei is not None:
            return "imei", self.imei
        return ("imsi", self.imsi) if self.imsi is not None else None


def require_usable(options: GsmOptions) -> None:
    """Raises `MisconfiguredError` for keys that contradict each other."""
    for finding in contradictions(options):
        raise MisconfiguredError(finding.key, str(finding), finding)


def contradictions(options: GsmOptions) -> list[Finding]:
    named = [key for key in ("port", "imei", "imsi") if getattr(options, key) is not None]
    findings = []
    if not named:
        findings.append(Finding("port", spoken("the line names no modem"), spoken("give one of port, imei, imsi")))
    if len(named) > 1:
        given = {"first": named[0], "other": named[1]}
        findings.append(Finding(named[1], spoken("{other} is given beside {first}"), spoken("keep one of them"), given))
    if options.pin is not None and _PIN.fullmatch(options.pin.get_secret_value()) is None:
        findings.append(
            Finding("pin", spoken("a PIN has 4 to 8 digits"), spoken("write the SIM's PIN as a string of digits"))
        )
    return findings


def check(options: GsmOptions, ports: Sequence[str]) -> list[Finding]:
    """Returns all that is wrong with the keys and with the device they name; `ports` are the serial ports there are."""
    findings = contradictions(options)
    if options.port is not None:
        findings.extend(_check_port(options.port))
    elif (options.imei or options.imsi) and not ports:
        key = "imei" if options.imei else "imsi"
        findings.append(Finding(key, spoken("there is no serial port to look for it"), spoken("plug the modem in")))
    return findings


def _check_port(port: str) -> list[Finding]:
    given = {"port": port}
    try:
        status = os.stat(port)  # noqa: PTH116 - the path as the person wrote it, links followed
    except PermissionError:
        remedy = spoken("let the service's user into its folder")
        return [Finding("port", spoken("{port} cannot be examined"), remedy, given)]
    except OSError:
        near = Path("/dev/serial/by-id")
        known = ", ".join(sorted(str(each) for each in near.iterdir())) if near.is_dir() else ""
        remedy = spoken("plug the modem in, or name one of: {known}") if known else spoken("plug the modem in")
        return [Finding("port", spoken("{port} does not exist"), remedy, given | {"known": known})]
    if not is_terminal(status):
        remedy = spoken("name the modem's device, e.g. /dev/serial/by-id/…")
        return [Finding("port", spoken("{port} is not a serial device"), remedy, given)]
    if not os.access(port, os.R_OK | os.W_OK):
        remedy = spoken("put the service's user into the group dialout")
        return [Finding("port", spoken("no permission for {port}"), remedy, given)]
    return []


def is_terminal(status: os.stat_result) -> bool:
    """Returns whether what was looked at is a terminal. It is not opened: that alone may reset a modem, or worse."""
    if not stat.S_ISCHR(status.st_mode):
        return False
    try:
        table = _TTY_DRIVERS.read_text(encoding="ascii")
    except (OSError, ValueError):
        return True
    return str(os.major(status.st_rdev)) in _TTY_MAJOR.findall(table)
