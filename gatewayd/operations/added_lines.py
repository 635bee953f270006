"""What `gatewayd check` finds at the lines that people added, and at the key of their secrets."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gatewayd.config import Config, InvalidConfigError, load, merge, plain_secret_faults
from gatewayd.credentials.vault import Vault, exposed
from gatewayd.registry import findings as findings_of
from gatewayd.store.reader import Reader
from gatewayd.store.settings.lines import added_lines
from gatewayd.values.errors import GatewayError
from gatewayd.words.translation import gettext as _


def findings(file: Path | None) -> list[dict[str, str]]:
    """Returns what is wrong with added lines; nothing where the file itself is wrong or there is no store yet."""
    try:
        config = load(file, secrets=False)
    except InvalidConfigError:
        return []
    path = config.store.sqlite_path
    if path is not None and not path.exists():
        return []
    found = []
    if exposed(config.key_file):
        message = _("{path}: others than its owner can read the key of secrets").format(path=config.key_file)
        found.append(_finding(config, "store.key_file", message, f"chmod 600 {config.key_file}"))
    try:
        password = None if config.store.password is None else config.store.password.get_secret_value()
        with closing(Reader(config.store.url, password=password, pool=1)) as reader:
            added = reader.ask(added_lines)
    except GatewayError:
        return found  # an older schema, a store that cannot be read: said of the store itself
    merged = merge(config, added, Vault(config.key_file))
    for faults in merged.faulty.values():
        found += [_finding(config, one.key, one.message, one.remedy) for one in faults]
    for one in added:
        found += [
            _finding(config, fault.key, fault.message, fault.remedy)
            for fault in plain_secret_faults(config, one.name, one.keys)
        ]
    for line in merged.lines:
        if line.origin == "panel" and line.enabled:
            found += [
                _finding(config, f"line[{line.name}].{one.key}", one.message, one.remedy)
                for one in findings_of(line.driver, line.name, line.options)
            ]
    return found


def _finding(config: Config, key: str, message: str, remedy: str) -> dict[str, str]:
    return {"file": str(config.file), "key": key, "message": " ".join(message.split()), "remedy": remedy}
