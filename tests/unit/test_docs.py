"""The guides say what the code does: their examples parse, their tables are complete, their links lead somewhere."""

import json
import re
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from drivers.asterisk.script import CallPlan
from gatewayd.cli.root import root
from gatewayd.values.model import State
from gatewayd.values.templates import Variables
from gatewayd.web.v1.table import ENDPOINTS
from spool import callplan, columns
from spool.document import parse
from spool.errors import CODES
from spool.recipients import inline
from spool.strict_json import load

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
INTEGRATORS = (ROOT / "docs/integrators.md").read_text()


def jobs_shown() -> list[str]:
    """Every job file in the guide for integrators and in the README."""
    blocks = re.findall(r"```json\n(.*?)```", INTEGRATORS, re.DOTALL) + re.findall(
        r"<<'END'\n(.*?)END", INTEGRATORS, re.DOTALL
    )
    return [block for block in blocks if '"channel"' in block and '"seq"' not in block and '"from"' not in block]


@pytest.mark.parametrize("text", jobs_shown())
def test_job_files_that_are_shown_are_valid(text: str) -> None:
    document = parse(text.encode(), "shown.json")
    if document.channel == "call":
        assert document.call is not None
        CallPlan.model_validate(document.call)
        return
    assert document.channel == "sms"
    assert document.text is not None
    if document.recipients is not None:
        Variables(inline(document).columns, document.values).bind(document.text)


def call_scripts_shown() -> list[str]:
    """Every `call` in the pages about calls."""
    pages = (ROOT / "docs/es/llamadas.md").read_text() + (ROOT / "docs/voice.md").read_text()
    return [block for block in re.findall(r"```json\n(.*?)```", pages, re.DOTALL) if '"script"' in block]


@pytest.mark.parametrize("text", call_scripts_shown())
def test_call_scripts_that_are_shown_are_valid(text: str) -> None:
    call = callplan.call({"call": load(text.encode())}, "call")
    assert call is not None
    CallPlan.model_validate(call)


def test_there_are_call_scripts_shown() -> None:
    assert len(call_scripts_shown()) >= 5


def test_there_are_job_files_shown() -> None:
    assert len(jobs_shown()) >= 2


def test_every_error_code_state_and_header_is_in_the_guide() -> None:
    section = INTEGRATORS.split("## When a file is refused")[1].split("## Receipts")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) - {"code"} == CODES
    words = set(re.findall(r"`(\w+)`", INTEGRATORS))
    assert {str(state) for state in State} - {"read"} <= words
    assert {*columns.REF} <= words


def test_the_receipt_and_the_reply_that_are_shown_are_json() -> None:
    lines = [line for line in INTEGRATORS.splitlines() if line.startswith('{"v":1')]
    receipt, reply = map(json.loads, lines)
    assert receipt["seq"] == 17
    assert reply["in_reply_to"]["ref"] == "C-1001"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "page", ["android", "providers", "mail", "push", "whatsapp", "voice", "operators", "es/lineas", "es/llamadas"]
)
def test_a_page_about_lines_says_how_the_service_reaches_other_machines(page: str) -> None:
    text = (ROOT / f"docs/{page}.md").read_text()
    assert re.search(r"```ini\n\[Service\]\nIPAddressAllow=", text)
    assert "network_forbidden" in text


def commands(group: click.Command, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = {path}
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found |= commands(command, (*path, name))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_shown_exist(page: Path) -> None:
    known = commands(root())
    for block in re.findall(r"```(?:sh)?\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.splitlines():
            match = re.match(r"(?:\$ |sudo (?:-u \w+ )?)?(?:/\S*/)?gatewayd ((?:[a-z][a-z-]* ?)+)", line)
            if match is None:
                continue
            words = tuple(match.group(1).split())
            longest = max(len(path) for path in known if words[: len(path)] == path)
            # What follows the longest known path is an argument; a group needs one of its commands.
            assert longest > 0, line
            if any(len(path) > longest and path[:longest] == words[:longest] for path in known):
                pytest.fail(f"no such command: {line}")


def shown_command(words: list[str]) -> tuple[click.Command, int]:
    """Returns the command that words begin with, and how many of them name it."""
    command: click.Command = root()
    for at, word in enumerate(words):
        found = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if found is None:
            return command, at
        command = found
    return command, len(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_that_are_shown_exist(page: Path) -> None:
    for line in page.read_text().splitlines():
        for text in re.findall(r"gatewayd ([a-z][a-z-]*(?: [^`|#;&]*)?)", line):
            command, named = shown_command(text.split())
            if named == 0 or isinstance(command, click.Group) or text.startswith("simulate "):
                continue  # prose; a simulator reads its own arguments
            known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - {"--config", "--json", "--help"}
            assert shown <= known, line


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in {"simulators.md", "CHANGELOG.md"}], ids=lambda page: page.name
)
def test_addresses_of_the_api_that_are_shown_exist(page: Path) -> None:
    """A provider's simulator has addresses of its own, and what changed may have changed again."""
    known = [re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(one.path)) + "$") for one in ENDPOINTS]
    for shown in re.findall(r"/v1/[A-Za-z0-9_{}./-]+", page.read_text()):
        path = shown.rstrip("/.")
        if path in {"/v1/docs", "/v1/openapi.json"} or path.startswith("/v1/problems"):
            continue
        assert any(one.match(re.sub(r"\{\w*\}", "x", path)) for one in known), shown


def test_every_address_of_the_api_is_in_the_guide() -> None:
    """By the resource that it is of; `…` stands for the address before it."""
    text = (ROOT / "docs/api.md").read_text()
    for one in ENDPOINTS:
        assert f"/v1/{one.path.split('/')[2]}" in text, one.path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_table_is_cut_in_two(page: Path) -> None:
    """A blank line ends a table, and what follows it is shown as bars."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for table in re.findall(r"(?:^\|.*\n)+", prose, re.MULTILINE):
        assert re.fullmatch(r"\|[-|: ]+\|", table.splitlines()[1:2][0] if table.count("\n") > 1 else ""), table


def test_buttons_that_the_manual_names_are_called_so() -> None:
    """What somebody is told to press stands on the page in those very words."""
    with (ROOT / "gatewayd/web/locale/es/LC_MESSAGES/web.po").open("rb") as file:
        said = {text for message in read_po(file, locale="es") for text in _all(message.string)}
    manual = re.sub(r"\s+", " ", (ROOT / "docs/es/manual.md").read_text())
    named = re.findall(r"(?:[Pp]ulse|pulsa|pulsó) \*\*(.+?)\*\*", manual)
    assert len(named) >= 15
    assert set(named) <= said


def _all(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def test_pictures_of_the_manual_are_used_and_described() -> None:
    shown = re.findall(r"!\[([^\]]*)\]\(pictures/([^)]+)\)", (ROOT / "docs/es/manual.md").read_text())
    assert {name for _, name in shown} == {file.name for file in (ROOT / "docs/es/pictures").iterdir()}
    assert all(len(description) > 20 for description, _ in shown)
