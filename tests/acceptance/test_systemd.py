"""The unit, users, folders and device names, as systemd's own programs see them."""

import grp
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spool import folders

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
UNIT = SYSTEMD / "gatewayd.service"
EXPOSURE_MAX_TENTHS = 17


def program(name: str) -> str:
    """The path of one of systemd's programs; skips the test where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: systemd, udev)")
    return path


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "cat", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, env=environment, timeout=60, check=False
    )


@pytest.mark.parametrize("name", ["gatewayd.service", "gatewayd-web.service"])
def test_the_unit_has_no_fault(tmp_path: Path, name: str) -> None:
    verify = program("systemd-analyze")
    unit = tmp_path / name
    # Where the program is installed is not the unit's fault.
    unit.write_text((SYSTEMD / name).read_text().replace("/opt/gatewayd/bin/gatewayd", sys.executable))
    done = run(verify, "verify", "--man=no", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_is_exposed_no_more_than_it_must() -> None:
    done = run(program("systemd-analyze"), "security", "--offline=true", f"--threshold={EXPOSURE_MAX_TENTHS}", UNIT)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    assert "Overall exposure level for gatewayd.service" in done.stdout


def test_the_panels_unit_is_exposed_less_than_the_daemons() -> None:
    unit = SYSTEMD / "gatewayd-web.service"
    done = run(program("systemd-analyze"), "security", "--offline=true", "--threshold=13", unit)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    text = unit.read_text()
    assert "DeviceAllow=" not in text
    assert "SupplementaryGroups=" not in text
    assert "ReadWritePaths=" not in text


def test_the_unit_still_lets_the_daemon_do_its_work() -> None:
    keys: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            keys.setdefault(key, []).append(value)
    assert {"char-ttyUSB rw", "char-ttyACM rw"} <= set(keys["DeviceAllow"])
    assert keys["SupplementaryGroups"] == ["dialout"]
    assert keys["Type"] == ["notify"]
    assert keys["WatchdogSec"]
    assert keys["Restart"] == ["on-failure"]
    assert keys["RuntimeDirectory"] == keys["StateDirectory"] == ["gatewayd"]
    # Accounts' folders are setgid and may be given to a group: these would forbid it.
    assert keys["RestrictSUIDSGID"] == keys["PrivateUsers"] == ["no"]
    # DeviceAllow=char-… finds a driver only if it is loaded when the service starts.
    assert {"usbserial", "cdc_acm"} <= set((SYSTEMD / "gatewayd.modules-load.conf").read_text().split())


def test_users_and_folders_come_out_as_the_spool_wants_them(tmp_path: Path) -> None:
    sysusers, tmpfiles = program("systemd-sysusers"), program("systemd-tmpfiles")
    if os.geteuid() != 0:
        pytest.skip("giving folders to users takes root")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/group").write_text("root:x:0:\ndialout:x:20:\n")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")

    done = run(sysusers, f"--root={root}", SYSTEMD / "gatewayd.sysusers.conf")
    assert done.returncode == 0, done.stderr
    user = next(line.split(":") for line in (root / "etc/passwd").read_text().splitlines() if "gatewayd" in line)
    assert "dialout:x:20:gatewayd" in (root / "etc/group").read_text().splitlines()

    done = run(tmpfiles, f"--root={root}", "--create", SYSTEMD / "gatewayd.tmpfiles.conf")
    assert done.returncode == 0, done.stderr

    # What the daemon itself would make, in a folder beside it.
    made = tmp_path / "made"
    folders.Spool(made).create()
    spool = root / "var/spool/gatewayd"
    relative = sorted(path.relative_to(made) for path in made.rglob("*"))
    assert sorted(path.relative_to(spool) for path in spool.rglob("*")) == relative
    for path in [Path(), *relative]:
        ours, theirs = (spool / path).stat(), (made / path).stat()
        assert stat.S_IMODE(ours.st_mode) == stat.S_IMODE(theirs.st_mode), path
        assert (ours.st_uid, ours.st_gid) == (int(user[2]), int(user[3])), path
    configuration = (root / "etc/gatewayd").stat()
    assert (configuration.st_uid, stat.S_IMODE(configuration.st_mode)) == (pwd.getpwnam("root").pw_uid, 0o750)
    assert configuration.st_gid != grp.getgrnam("root").gr_gid


def rules() -> list[str]:
    text = (SYSTEMD / "70-gatewayd.rules").read_text()
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_the_device_rules_are_well_formed() -> None:
    term = re.compile(r'[A-Z]+(?:\{[^}]+\})?(?:==|!=|\+=|:=|=)"[^"]*"')
    for rule in rules():
        assert all(term.fullmatch(part.strip()) for part in re.split(r",(?=\s*[A-Z])", rule)), rule
    jumps = {match for rule in rules() for match in re.findall(r'GOTO="([^"]+)"', rule)}
    labels = {match for rule in rules() for match in re.findall(r'LABEL="([^"]+)"', rule)}
    assert jumps == labels
    # Every vendor that gets a name also stays awake.
    named = set(re.findall(r'ATTRS\{idVendor\}=="([0-9a-f]{4})"', "\n".join(rules())))
    awake = next(rule for rule in rules() if "power/control" in rule)
    assert named == set(re.findall(r'ATTR\{idVendor\}=="([^"]+)"', awake)[0].split("|"))


def test_udev_finds_no_fault_in_the_rules() -> None:
    udevadm = program("udevadm")
    if "verify" not in run(udevadm, "--help").stdout:
        pytest.skip("this udevadm cannot verify rules (systemd before 254)")
    done = run(udevadm, "verify", "--resolve-names=never", SYSTEMD / "70-gatewayd.rules")
    assert done.returncode == 0, done.stdout + done.stderr
