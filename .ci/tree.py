"""The shape of the tree: which room imports which, how long a module is, what the pins say. Prints every breach."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("gatewayd", "drivers", "spool", "dialplan")
SHARED_BY_DRIVERS = ("drivers.base", "drivers.control", "drivers.http", "drivers.simulation")
"""What several technologies need alike: the port, HTTP, and what simulators are made of."""
MODULE_LINES_MAX = 455
"""A module has one noun; about 400 lines are plenty for it."""
FILE_BYTES_MAX = 1_000_000


def allowed(module: str, imported: str) -> bool:
    """Whether `module` may import `imported`, both dotted names of ours."""
    room, other = module.split(".", maxsplit=1)[0], imported.split(".", maxsplit=1)[0]
    if room == "gatewayd":
        # The core's values import nothing; the roof (daemon, cli) is imported by nobody below it.
        if module == "gatewayd.model":
            return False
        roof = ("gatewayd.daemon", "gatewayd.cli", "gatewayd.demo")
        return not imported.startswith(roof) or module.startswith((*roof, "gatewayd.__main__"))
    if room == "drivers":
        technology = ".".join(module.split(".")[:2])
        if other == "dialplan":
            return technology == "drivers.asterisk"
        return other == "drivers" and (imported.startswith((technology, *SHARED_BY_DRIVERS)) or imported == "drivers")
    return other == room


def imports(path: Path, package: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def breaches() -> Iterator[str]:
    tracked = subprocess.run(
        ["/usr/bin/env", "git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [Path(name) for name in tracked.stdout.split("\0") if name and (ROOT / name).is_file()]
    for file in files:
        size = (ROOT / file).stat().st_size
        if size > FILE_BYTES_MAX:
            yield f"{file}: {size} bytes; large files do not belong in the tree"
        if file.suffix != ".py" or file.parts[0] not in ROOMS:
            continue
        lines = len((ROOT / file).read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES_MAX:
            yield f"{file}: {lines} lines; split it by its nouns"
        module = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        for line, imported in imports(ROOT / file, package):
            if imported.split(".")[0] in ROOMS and not allowed(module, imported):
                yield f"{file}:{line}: {module} may not import {imported}"
    for number, text in enumerate((ROOT / "constraints.txt").read_text().splitlines(), start=1):
        if text and not text.startswith("#") and not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!-]+", text):
            yield f"constraints.txt:{number}: not name==version"


def main() -> int:
    found = list(breaches())
    for breach in found:
        print(breach, file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
