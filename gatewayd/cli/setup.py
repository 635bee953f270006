"""`gatewayd setup`: from nothing to a gateway that runs, by questions or by options."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from grp import getgrnam
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.cli import asking, output
from gatewayd.cli.session import log_aside
from gatewayd.values.errors import ConflictError, GatewayError, UsageError
from gatewayd.words import translation
from gatewayd.words.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.cli.offline import OfflineBackend

COUNTRIES: Final[Mapping[str, tuple[str, str]]] = {
    "AR": ("America/Argentina/Buenos_Aires", "ARS"),
    "BO": ("America/La_Paz", "BOB"),
    "BR": ("America/Sao_Paulo", "BRL"),
    "CL": ("America/Santiago", "CLP"),
    "CO": ("America/Bogota", "COP"),
    "CR": ("America/Costa_Rica", "CRC"),
    "DO": ("America/Santo_Domingo", "DOP"),
    "EC": ("America/Guayaquil", "USD"),
    "ES": ("Europe/Madrid", "EUR"),
    "GT": ("America/Guatemala", "GTQ"),
    "HN": ("America/Tegucigalpa", "HNL"),
    "MX": ("America/Mexico_City", "MXN"),
    "NI": ("America/Managua", "NIO"),
    "PA": ("America/Panama", "PAB"),
    "PE": ("America/Lima", "PEN"),
    "PY": ("America/Asuncion", "PYG"),
    "SV": ("America/El_Salvador", "USD"),
    "UY": ("America/Montevideo", "UYU"),
    "VE": ("America/Caracas", "VES"),
}
"""Of each country: the zone of its capital, and its currency."""
PACKAGED: Final = Path("/etc/gatewayd/gatewayd.toml")
GROUP: Final = "gatewayd"

FILE: Final = """# gatewayd, written by `gatewayd setup` on {date}. docs/configuration.md explains every key.
# Lines that are added in the panel or by `gatewayd line add` are kept in the store, not here.

timezone = {timezone}
locale   = {language}
{discover}
[store]
url = {store}

[spool]
path = {spool}

[numbers]
region = {country}
{home_area}
[web]
listen = {listen}

[tariff]
currency = {currency}
sms = {price}
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say; None is asked for, or left to its default."""

    language: str | None
    country: str | None
    timezone: str | None
    home_area: str | None
    currency: str | None
    price: str | None
    account: str | None
    administrator: str | None
    password_stdin: bool
    store: Path | None
    spool: Path | None
    listen: str | None
    search: tuple[str, ...]
    modems: bool
    yes: bool
    force: bool


@click.command(
    help=_(
        "Set the gateway up: asks what it needs, finds modems, writes the configuration file, and makes the first "
        "account and administrator. With --yes it asks nothing. A file that is there is never replaced without --force."
    )
)
@click.option("--language", type=click.Choice(translation.LANGUAGES), help=_("Language of texts for people."))
@click.option("--country", metavar="XX", help=_("Country of numbers without one (AR, CL …)."))
@click.option("--timezone", metavar="ZONE", help=_("Default: of the country's capital."))
@click.option("--home-area", metavar="DIGITS", help=_("Area code of numbers without one."))
@click.option("--currency", metavar="XXX", help=_("Default: the country's."))
@click.option("--price", metavar="AMOUNT", help=_("Of one part of a text message."))
@click.option("--account", metavar="NAME", help=_("The first account."))
@click.option("--administrator", metavar="NAME", help=_("The first administrator of the panel."))
@click.option("--password-stdin", is_flag=True, help=_("Read the administrator's password from the input."))
@click.option("--store", metavar="FILE", type=click.Path(path_type=Path), help=_("The SQLite file of the store."))
@click.option(
    "--spool", metavar="DIR", type=click.Path(path_type=Path), help=_("The folder that jobs are dropped into.")
)
@click.option("--listen", metavar="ADDRESS", help=_("Where the panel is served."))
@click.option("--search", multiple=True, metavar="PATTERN", help=_("Further ports to look for modems at; repeatable."))
@click.option("--modems/--no-modems", default=True, help=_("Whether modems are looked for and added."))
@click.option("--yes", is_flag=True, help=_("Ask nothing: take the options, and defaults for the rest."))
@click.option(
    "--force", is_flag=True, help=_("Replace a configuration file that is there; the old one is kept beside it.")
)
@output.json_option
def setup(*, as_json: bool, **options: Any) -> None:
    wanted = Wanted(**options)
    file = _file()
    _refuse_to_replace(file, wanted)
    choice = click.Choice(translation.LANGUAGES)
    language = wanted.language or _ask(wanted, "Idioma / Language (es, en)", _environment(), choice)
    translation.set_language(language)
    text, country = _written(file, wanted, language)
    _judge(text, file)
    account = wanted.account or _ask(wanted, _("Name of the first account (your company, no spaces)"), "principal")
    administrator = wanted.administrator or _ask(wanted, _("Your name in the panel"), "admin")
    password = _password(wanted)
    people = _judged(account, administrator, password)
    kept = _write(file, text)
    from gatewayd.cli.offline import OfflineBackend
    from gatewayd.config import load

    log_aside()
    backend = OfflineBackend(load(file))
    try:
        made = _people(backend, people, language)
        added = _modems(backend, wanted) if wanted.modems else []
    finally:
        backend.close()
    listen = tomllib.loads(text)["web"]["listen"]
    if as_json:
        output.emit(
            {
                "file": str(file),
                "kept": None if kept is None else str(kept),
                "country": country,
                "account": account,
                "administrator": administrator,
                "made": made,
                "lines": added,
                "panel": f"http://{listen}" if listen else None,
            }
        )
        return
    _tell(file, kept, added, listen, administrator)


def _file() -> Path:
    from gatewayd.config import default_file

    return (click.get_current_context().find_root().obj or default_file()).expanduser().absolute()


def _environment() -> str:
    return "en" if os.environ.get("LANG", "").startswith("en") else "es"


def _ask(wanted: Wanted, words: str, default: str, kind: Any = None) -> str:
    return default if wanted.yes else str(click.prompt(words, default=default, type=kind, err=True))


def _refuse_to_replace(file: Path, wanted: Wanted) -> None:
    if file.exists() and not wanted.force:
        raise ConflictError(
            _("{path} exists already; nothing was written. --force replaces it and keeps the old one beside it").format(
                path=file
            )
        )
    if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        advice = _("{path}: no permission to write here; run it as root, or name a file with --config")
        raise UsageError(advice.format(path=file.parent))


def _written(file: Path, wanted: Wanted, language: str) -> tuple[str, str]:
    """Returns the file's text and the country, from options and answers."""
    country = (wanted.country or _ask(wanted, _("Country of your customers' numbers (AR, CL, UY …)"), "AR")).upper()
    zone, currency = COUNTRIES.get(country, ("UTC", "USD"))
    zone = wanted.timezone or _ask(wanted, _("Time zone"), zone)
    area = wanted.home_area
    if area is None:
        area = _ask(wanted, _("Area code of numbers without one (may stay empty)"), "")
    currency = (wanted.currency or _ask(wanted, _("Currency"), currency)).upper()
    price = wanted.price or _ask(wanted, _("Price of one part of a text message"), "0")
    packaged = file == PACKAGED
    store = wanted.store or (Path("/var/lib/gatewayd/gatewayd.db") if packaged else file.parent / "gatewayd.db")
    spool = wanted.spool or (Path("/var/spool/gatewayd") if packaged else file.parent / "spool")
    listen = wanted.listen
    if listen is None:
        listen = _ask(wanted, _("Where the panel is served (address:port)"), "127.0.0.1:8081")
    text = FILE.format(
        date=f"{datetime.now():%Y-%m-%d}",  # noqa: DTZ005 - the clock on the wall, for a person
        timezone=_quoted(zone),
        language=_quoted(language),
        discover=f"discover = [{', '.join(map(_quoted, wanted.search))}]\n" if wanted.search else "",
        store=_quoted(f"sqlite:///{store.absolute()}"),
        spool=_quoted(str(spool.absolute())),
        country=_quoted(country),
        home_area=f"home_area = {_quoted(area)}\n" if area else "",
        listen=_quoted(listen),
        currency=_quoted(currency),
        price=_quoted(price),
    )
    return text, country


def _quoted(text: str) -> str:
    """Returns a basic string of TOML."""
    shown = "".join(char if char.isprintable() and char not in '"\\' else f"\\u{ord(char):04x}" for char in text)
    return f'"{shown}"'


def _judge(text: str, file: Path) -> None:
    """Raises InvalidConfigError, with every fault, before anything is written."""
    from gatewayd.config import parse

    parse(tomllib.loads(text), file)


def _password(wanted: Wanted) -> str:
    if wanted.yes and not wanted.password_stdin:
        raise UsageError(_("with --yes the administrator's password comes from the input: --password-stdin"))
    return asking.password(wanted.password_stdin)


def _write(file: Path, text: str) -> Path | None:
    """Writes the file in one step; answers where an older one is kept."""
    aside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    kept = None
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            if os.geteuid() == 0:
                with suppress(KeyError):
                    os.fchown(stream.fileno(), 0, getgrnam(GROUP).gr_gid)
        if file.exists():
            kept = file.with_name(f"{file.name}.{datetime.now():%Y%m%d-%H%M%S}")  # noqa: DTZ005
            os.link(file, kept)
        aside.rename(file)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()
    return kept


def _judged(account: str, administrator: str, password: str) -> Mapping[str, dict[str, Any]]:
    """Returns what is asked for account and administrator; FaultsError before anything is written."""
    from gatewayd.operations import OPERATIONS
    from gatewayd.operations.base import read_request

    asked: dict[str, dict[str, Any]] = {
        "account.create": {"account": account},
        "user.create": {"user": administrator, "role": "administrator", "password": password},
    }
    for name, arguments in asked.items():
        read_request(OPERATIONS[name], arguments)
    return asked


def _people(backend: OfflineBackend, asked: Mapping[str, dict[str, Any]], language: str) -> list[str]:
    """Makes account and administrator; what is there already stays. Answers what was made."""
    made = []
    for name, arguments in asked.items():
        with suppress(ConflictError):
            backend.perform(name, arguments)
            made.append(name.partition(".")[0])
    if "account" in made:
        backend.perform("account.set", {**asked["account.create"], "language": language})
    return made


def _modems(backend: OfflineBackend, wanted: Wanted) -> list[str]:
    """Adds the modems that are found and wanted; answers their names."""
    if not wanted.yes:
        output.say(_("Looking for modems …"), error=True)
    found = backend.perform("line.discover", {"search": list(wanted.search)})["items"]
    added: list[str] = []
    for number, one in enumerate((one for one in found if not one["busy"] and one["line"] is None), start=1):
        detail = one["detail"]
        said = " · ".join(filter(None, (detail.get("maker"), detail.get("model"), detail.get("operator"))))
        asked = _("{port} ({what}): add it?").format(port=one["keys"]["port"], what=said)
        if not wanted.yes and not click.confirm(asked, default=True, err=True):
            continue
        name = _ask(wanted, _("Name of this line"), f"modem-{number}")
        secrets = {}
        if detail.get("sim") == "pin" and not wanted.yes:
            secrets["pin"] = click.prompt(_("PIN of its SIM"), hide_input=True, err=True)
        try:
            new = {"line": name, "driver": one["driver"], "keys": one["keys"], "secrets": secrets}
            backend.perform("line.add", new)
        except GatewayError as error:
            output.say(str(error), error=True)
        else:
            added.append(name)
    return added


def _tell(file: Path, kept: Path | None, added: list[str], listen: str, administrator: str) -> None:
    print(_("written: {path}").format(path=file))
    if kept is not None:
        print(_("the old one is kept as {path}").format(path=kept))
    if added:
        print(_("lines: {names}").format(names=", ".join(added)))
    start = "systemctl enable --now gatewayd" if file == PACKAGED else f"gatewayd --config {file} run"
    print(_("start it: {command}").format(command=start))
    if listen:
        print(_("then sign in as {name} at http://{address}").format(name=administrator, address=listen))
    sys.stdout.flush()
