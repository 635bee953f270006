"""Proves the shape of the tree: who imports whom, where SQL and HTTP live, how long a module is, what the pins say.

Prints every breach and exits with 1 where there is one. `TYPE_CHECKING` counts: a circle that only types close is one.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rooms import CODING, CORE, FOUNDATION, LIBRARIES, NAMES, PORT, ROOF, ROOMS, SHARED_BY_DRIVERS, STORE, VALUES, WINGS

MODULE_LINES_MAX: Final = 420
"""A module has one noun; about 400 lines are plenty for it."""
FILE_BYTES_MAX: Final = 1_000_000
SELF: Final = ".ci"
"""The checks themselves: as short as what they check, and of no room."""


@dataclass(frozen=True, slots=True)
class Import:
    line: int
    name: str
    """Dotted; `package.attribute` where a name is taken from a module."""


def within(module: str, rooms: Iterable[str]) -> bool:
    """Returns whether `module` is one of `rooms` or lies in one."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def allowed(module: str, imported: str) -> bool:
    """Returns whether `module` may import `imported`, both dotted names of ours."""
    room, other = module.split(".", maxsplit=1)[0], imported.split(".", maxsplit=1)[0]
    if room == "gatewayd":
        return _core(module, imported)
    if room == "drivers":
        technology = ".".join(module.split(".")[:2])
        if other == "dialplan":
            return technology == "drivers.asterisk"
        return imported == "drivers" or within(imported, (technology, *SHARED_BY_DRIVERS))
    return other == room


def _core(module: str, imported: str) -> bool:
    if within(module, ROOF):
        return True
    if module == "gatewayd" or within(imported, ROOF):
        return False
    if module == "gatewayd.values.model":
        return False
    if imported == "gatewayd":
        return True
    if within(module, VALUES):
        return within(imported, (*VALUES, *CODING, *NAMES))
    if within(module, (STORE,)):
        return _store(module, imported)
    for room, others in CORE.items():
        if within(module, (room,)):
            return within(imported, (room, *others))
    return False


def _store(module: str, imported: str) -> bool:
    if not within(imported, (STORE,)):
        # The cut of an SMS is worked out when a message is claimed.
        return within(imported, (*VALUES, *PORT))
    if imported == STORE:
        return True
    mine, other = _rank(module), _rank(imported)
    if mine is None:
        # The foundation knows no wing; the rest of the machine knows all of them.
        return not within(module, FOUNDATION) or within(imported, FOUNDATION)
    if other is None:
        return within(imported, FOUNDATION)
    return other < mine or module.split(".")[2] == imported.split(".")[2]


def _rank(module: str) -> int | None:
    parts = module.split(".")
    if len(parts) > 2:
        for rank, wings in enumerate(WINGS):
            if parts[2] in wings:
                return rank
    return None


def _homeless(module: str) -> str:
    """Says that a module of the core stands in no room yet, so that its author gives it one."""
    if not module.startswith("gatewayd.") or within(module, (*VALUES, STORE, *CORE, *ROOF)):
        return ""
    return " (it stands in no room of .ci/rooms.py yet)"


def imports(path: Path, package: str) -> Iterator[Import]:
    """Yields what a file imports, relative names made whole."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                yield Import(node.lineno, f"{base}.{alias.name}")


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Returns each set of modules that import one another, by Tarjan's strongly connected components."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = low[module] = len(number)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in number:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], number[other])
        if low[module] == number[module]:
            at = stack.index(module)
            component, stack[at:] = stack[at:], []
            if len(component) > 1:
                found.append(sorted(component))

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return found


def breaches(root: Path, files: Iterable[Path]) -> Iterator[str]:
    """Yields each breach among `files` (relative to `root`), as one line for a person."""
    modules: dict[str, Path] = {}
    found: dict[str, list[Import]] = {}
    for file in files:
        size = (root / file).stat().st_size
        if size > FILE_BYTES_MAX:
            yield f"{file}: {size} bytes; large files do not belong in the tree"
        if file.suffix != ".py" or file.parts[0] not in {*ROOMS, SELF}:
            continue
        lines = len((root / file).read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES_MAX:
            yield f"{file}: {lines} lines; split it by its nouns"
        if file.parts[0] == SELF:
            continue
        module = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        modules[module], found[module] = file, list(imports(root / file, package))
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for module, imported in found.items():
        for each in imported:
            library = each.name.split(".")[0]
            if library in LIBRARIES and not within(module, LIBRARIES[library]):
                yield f"{modules[module]}:{each.line}: {library} belongs in {', '.join(LIBRARIES[library])} alone"
            if library in ROOMS:
                other = each.name if each.name in modules else each.name.rpartition(".")[0]
                if not allowed(module, each.name):
                    yield f"{modules[module]}:{each.line}: {module} may not import {each.name}{_homeless(module)}"
                if other in modules and other != module:
                    graph[module].add(other)
    for circle in circles(graph):
        yield f"a circle: {', '.join(circle)}"


def loose_pins(root: Path) -> Iterator[str]:
    """Yields each line of the constraints that is not a name and a version."""
    for number, text in enumerate((root / "constraints.txt").read_text(encoding="utf-8").splitlines(), start=1):
        if text and not text.startswith("#") and not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!-]+", text):
            yield f"constraints.txt:{number}: not name==version"


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    tracked = subprocess.run(
        ["/usr/bin/env", "git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    files = [Path(name) for name in tracked.stdout.split("\0") if name and (root / name).is_file()]
    found = [*breaches(root, files), *loose_pins(root)]
    for breach in found:
        print(breach, file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
