"""The driver's own keys of a `[[line]]` table, and what can be said of them before anything is sent."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from drivers.base import Finding, MisconfiguredError

_PIN = re.compile(r"\d{4,8}")


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
    shift_table: Literal["", "es"] | bool = ""
    """`es` (or true): send Spanish accents with the national single shift table (23.038 §A.3) instead of UCS-2."""
    baud: Annotated[int, Field(ge=1200, le=4_000_000)] = 115_200
    """Speed of a real serial line; USB ignores it."""

    @property
    def variant(self) -> Literal["", "es"]:
        return "es" if self.shift_table in ("es", True) else ""


def require_usable(options: GsmOptions) -> None:
    """Raise `MisconfiguredError` for keys that contradict each other."""
    for finding in contradictions(options):
        raise MisconfiguredError(finding.key, f"{finding.message}; {finding.remedy}")


def contradictions(options: GsmOptions) -> list[Finding]:
    named = [key for key in ("port", "imei", "imsi") if getattr(options, key) is not None]
    findings = []
    if not named:
        findings.append(Finding("port", "the line names no modem", "give one of port, imei, imsi"))
    if len(named) > 1:
        findings.append(Finding(named[1], f"{' and '.join(named)} are given", "keep one of them"))
    if options.pin is not None and _PIN.fullmatch(options.pin.get_secret_value()) is None:
        findings.append(Finding("pin", "a PIN has 4 to 8 digits", "write the SIM's PIN as a string of digits"))
    return findings


def check(options: GsmOptions, ports: Sequence[str]) -> list[Finding]:
    """All that is wrong with the keys and with the device they name; `ports` are the serial ports there are."""
    findings = contradictions(options)
    if options.port is not None:
        findings.extend(_check_port(options.port))
    elif (options.imei or options.imsi) and not ports:
        key = "imei" if options.imei else "imsi"
        findings.append(Finding(key, "there is no serial port to look for it", "plug the modem in"))
    return findings


def _check_port(port: str) -> list[Finding]:
    try:
        mode = os.stat(port).st_mode  # noqa: PTH116 - the path as the person wrote it, links followed
    except PermissionError:
        return [Finding("port", f"{port} cannot be looked at", "let the service's user into its folder")]
    except OSError:
        near = Path("/dev/serial/by-id")
        known = sorted(str(each) for each in near.iterdir()) if near.is_dir() else []
        remedy = f"plug the modem in, or name one of: {', '.join(known)}" if known else "plug the modem in"
        return [Finding("port", f"{port} does not exist", remedy)]
    if not stat.S_ISCHR(mode):
        return [Finding("port", f"{port} is not a serial device", "name the modem's device, e.g. /dev/serial/by-id/…")]
    if not os.access(port, os.R_OK | os.W_OK):
        return [Finding("port", f"no permission for {port}", "put the service's user into the group dialout")]
    return []
