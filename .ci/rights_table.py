"""Prints the table of rights of docs/people.md; with `--write`, puts it there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from gatewayd.operations.rights import RIGHTS, Right
from gatewayd.values.actor import Role

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "people.md"
BEGIN: Final = "<!-- rights: a test holds this table against the code -->\n"
END: Final = "<!-- /rights -->"


def least(right: Right) -> str:
    """Returns the least of those who may."""
    if right.anybody:
        return "anybody"
    if right.scope == "none" and Role.USER in right.roles:
        return "person"
    return next(str(role) for role in (Role.USER, Role.SUPERVISOR, Role.ADMINISTRATOR) if role in right.roles)


def table() -> str:
    """Returns the table, as Markdown."""
    lines = ["| operation | least role | scope of a token | trail |", "|---|---|---|---|"]
    for name, right in sorted(RIGHTS.items()):
        scope = "—" if right.scope == "none" else f"`{right.scope}`"
        lines.append(f"| `{name}` | {least(right)} | {scope} | {'●' if right.audited else ''} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    if "--write" not in sys.argv:
        sys.stdout.write(table())
        return 0
    text = PAGE.read_text(encoding="utf-8")
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
