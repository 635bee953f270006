"""The command line with no daemon running: the real executable, in processes of its own."""

from __future__ import annotations

import csv
import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gatewayd.store.migrations import HEAD
from tests.rig.processes import run

ROOT = Path(__file__).parents[2]

CONFIG = """
node = "t"
locale = "en"
timezone = "America/Argentina/Buenos_Aires"
[store]
url = "sqlite:///{folder}/data/gatewayd.db"
[spool]
path = "{folder}/spool"
[numbers]
home_area = "11"
[tariff]
sms = "0.85"
[[line]]
name = "claro-1"
driver = "gsm"
port = "{folder}/no-such-port"
"""


class Cli:
    """`gatewayd` with the configuration of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "gatewayd.toml"
        self.config.write_text(CONFIG.format(folder=folder))

    def run(
        self, *arguments: str, config: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return run(["--config", str(config or self.config), *arguments], env=env)

    def ok(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def fails(self, *arguments: str, status: int = 1) -> str:
        """One clear line on stderr, nothing on stdout; answers the line."""
        done = self.run(*arguments)
        assert (done.returncode, done.stdout) == (status, ""), done
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("gatewayd: ")
        return done.stderr


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A house with one account, for what changes nothing."""
    made = Cli(tmp_path_factory.mktemp("furnished"))
    made.ok("account", "create", "norte")
    return made


def test_accounts_from_the_first_command_on(cli: Cli) -> None:
    made = cli.json("account", "create", "norte")
    assert made["name"] == "norte"
    assert (cli.folder / "data/gatewayd.db").exists()
    assert (cli.folder / "spool/incoming/norte").is_dir()
    assert cli.json("account", "credit", "norte", "100")["balance"] == "100.00"
    assert cli.json("account", "credit", "norte", "-5.5", "--note", "error")["balance"] == "94.50"
    assert cli.json("account", "credit", "norte", "-0.000001")["granted"] == "94.499999"
    assert cli.json("account", "list") == {"items": [cli.json("account", "show", "norte")], "next": None}
    statement = cli.json("account", "statement", "norte")
    assert [(one["kind"], one["amount"], one["note"]) for one in statement["items"]] == [
        ("grant", "-0.000001", None),
        ("grant", "-5.50", "error"),
        ("grant", "100.00", None),
    ]
    page = cli.json("account", "statement", "norte", "--limit", "2")
    assert len(page["items"]) == 2
    rest = cli.json("account", "statement", "norte", "--cursor", page["next"])
    assert page["items"] + rest["items"] == statement["items"]
    shown = cli.ok("account", "list")
    assert "Balance" in shown
    assert "94.499999" in shown
    assert "norte" in cli.fails("account", "create", "norte")
    assert "1000" in cli.fails("account", "credit", "norte", "-1000")


def test_what_needs_a_daemon_waits_for_one_and_says_so(furnished: Cli) -> None:
    commands = (
        ("line", "test", "claro-1", "1159876543"),
        ("line", "ask", "claro-1", "balance"),
        ("top",),
        ("top", "--json"),
    )
    with ThreadPoolExecutor(len(commands)) as threads:
        for said in threads.map(lambda command: furnished.fails(*command), commands):
            assert "gatewayd run" in said


def _spent() -> float:
    """Seconds of the processor that processes have taken which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["account", "show", "sur"], 1),
        (["job", "show", "sur/x"], 1),
        (["job", "messages", "x", "--json"], 1),
        (["message", "show", "01M80NPK7PYA4G000000000001"], 1),
        (["line", "show", "x"], 1),
        (["blocklist", "add", "junk"], 1),
        (["db", "copy", "sqlite:////dev/null/else.db"], 1),
        (["message", "show", "x"], 2),
        (["account", "credit", "norte", "five"], 2),
        (["account", "credit", "norte"], 2),
        (["account", "create", "../up"], 2),
        (["account", "list", "--no-such-option"], 2),
        (["no-such-command"], 2),
        (["message", "settle", "x", "--as", "maybe"], 2),
        (["job", "messages", "x", "--state", "odd"], 2),
        (["submit", "no-such-file"], 2),
        (["blocklist", "import", "no-such-file"], 2),
    ],
)
def test_what_fails_says_so_in_one_line(furnished: Cli, arguments: list[str], status: int) -> None:
    assert "Traceback" not in furnished.fails(*arguments, status=status)


def test_a_wrong_configuration_is_status_2_and_tells_all(cli: Cli) -> None:
    wrong = cli.folder / "wrong.toml"
    wrong.write_text('nod = "x"\n[tariff]\nsms = 0.85\n[store]\nurl = "mysql://x"\n')
    for command in (["account", "list"], ["check"], ["run"], ["submit", str(wrong)]):
        done = cli.run(*command, config=wrong)
        assert done.returncode == 2, done
        assert done.stdout == ""
        for key in ("nod", "tariff.sms", "store.url"):
            assert any(str(wrong) in line and key in line for line in done.stderr.splitlines()), key
    assert cli.run("account", "list", config=cli.folder / "none.toml").returncode == 2


def test_help_is_quick_and_in_the_readers_language(furnished: Cli) -> None:
    spanish = furnished.run("--help", config=furnished.folder / "none.toml", env={"LANG": "es_AR.UTF-8"})
    assert "Opciones:" in spanish.stdout
    assert "cuentas" in spanish.stdout.lower()
    assert "Options:" in furnished.ok("--help")
    assert "AMOUNT" in furnished.ok("account", "credit", "--help")
    assert furnished.ok("--version").startswith("gatewayd ")
    times = []
    for _ in range(3):
        begin = _spent()
        subprocess.run([sys.executable, "-m", "gatewayd", "--help"], cwd=ROOT, check=True, capture_output=True)
        times.append(_spent() - begin)
    assert min(times) < 0.3, times  # 0.06 s of the processor, however many share it


def test_a_group_alone_shows_its_commands(furnished: Cli) -> None:
    for group in (("account",), ("db",)):
        done = furnished.run(*group)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: gatewayd")


@pytest.mark.parametrize("command", ["--help", "account list --help"])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys\nfrom gatewayd.cli import main\n"
        f"try: main({command.split()!r})\nexcept SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'fastapi', 'textual', 'pydantic', 'rich', 'phonenumbers', 'asyncio'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=60)


def test_submit_puts_job_and_recipients(cli: Cli) -> None:
    job = cli.folder / "campaign.json"
    job.write_text(json.dumps({"channel": "sms", "text": "Hola %nombre%", "recipients_file": "people.csv"}))
    (cli.folder / "people.csv").write_text("to;nombre\n1159876543;Ana\n")
    assert "account create" in cli.fails("submit", str(job), status=2)
    cli.ok("account", "create", "norte")
    # They wait for a daemon, both at once.
    other = cli.folder / "other.json"
    other.write_text(json.dumps({"channel": "sms", "text": "Hola", "recipients": [{"to": "1159876543"}]}))
    with ThreadPoolExecutor(2) as threads:
        waits, as_json = threads.map(lambda more: cli.run("submit", *more), ([str(job)], [str(other), "--json"]))
    assert (waits.returncode, waits.stdout) == (0, "norte/campaign\n")
    assert "not picked up yet" in waits.stderr
    assert json.loads(as_json.stdout) == {"account": "norte", "job": "other", "recorded": False}
    incoming = cli.folder / "spool/incoming/norte"
    assert sorted(path.name for path in incoming.iterdir()) == ["campaign.json", "other.json", "people.csv"]
    cli.ok("account", "create", "sur")
    assert "norte | sur" in cli.fails("submit", str(job), status=2)
    assert cli.ok("submit", str(job), "--account", "sur", "--no-wait") == "sur/campaign\n"
    assert "oeste" in cli.fails("submit", str(job), "--account", "oeste")
    job.write_text('{"channel": "sms",\n "text" }')
    refusal = cli.fails("submit", str(job), "--account", "sur")
    assert "json_invalid" in refusal
    assert ":2:" in refusal


def test_lines_without_a_daemon(cli: Cli) -> None:
    (line,) = cli.json("line", "list")["items"]
    assert (line["state"], line["reason"], line["enabled"]) == ("unknown", "no_daemon", True)
    assert cli.json("line", "disable", "claro-1")["enabled"] is False
    assert cli.json("line", "show", "claro-1")["enabled"] is False
    assert cli.json("line", "enable", "claro-1")["enabled"] is True


def test_the_blocklist_and_its_import(cli: Cli) -> None:
    assert cli.json("blocklist", "add", "1159876543", "--note", "asked")["added"] == 1
    listed = cli.folder / "bajas.csv"
    with listed.open("w", encoding="cp1252", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["Nombre", "Teléfono"])
        rows.writerow(["Ana Muñoz", "11 5987-6543"])
        rows.writerow(["Beto", "junk"])
        rows.writerows([f"C{n}", f"11{40000000 + n}"] for n in range(2500))
    done = cli.json("blocklist", "import", str(listed))
    assert (done["added"], done["known"]) == (2500, 1)
    assert [(one["row"], one["number"]) for one in done["refused"]] == [(3, "junk")]
    everyone = cli.json("blocklist", "list")
    assert (len(everyone["items"]), everyone["next"]) == (2501, None)
    assert "--cursor" in cli.ok("blocklist", "list", "--limit", "10")
    assert cli.json("blocklist", "remove", "+5491159876543", "--reason", "asked again") == {"removed": "+5491159876543"}
    cli.fails("blocklist", "remove", "+5491159876543", "--reason", "asked again")
    bare = cli.folder / "bare.txt"
    bare.write_text("1159876543\n\n1159876544\n")
    assert cli.json("blocklist", "import", str(bare))["added"] == 2


def test_check_tells_every_fault_with_file_key_and_remedy(cli: Cli) -> None:
    done = cli.run("check", "--json")
    document = json.loads(done.stdout)
    assert document["ok"] is (done.returncode == 0)
    assert not (cli.folder / "data").exists(), "looking makes nothing"
    assert not (cli.folder / "spool").exists()
    for one in document["findings"]:
        assert one["file"] == str(cli.config)
        assert one["key"].startswith("line[claro-1]")
        assert one["message"]
        assert one["remedy"]
    cli.ok("account", "create", "norte")
    (cli.folder / "spool/inbox/norte").rmdir()
    (cli.folder / "spool/incoming/norte").chmod(0o777)
    with sqlite3.connect(cli.folder / "data/gatewayd.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    found = json.loads(cli.run("check", "--json").stdout)["findings"]
    keys = [one["key"] for one in found]
    assert keys.count("spool.path") >= 2
    assert "store.url" in keys
    told = cli.run("check")
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == len(found)
    assert "9999" in cli.fails("account", "list")


def test_check_hides_no_fault_behind_another(cli: Cli) -> None:
    cli.ok("account", "create", "norte")
    (cli.folder / "spool/incoming/fantasma").mkdir()
    text = CONFIG.format(folder=cli.folder).replace('locale = "en"', 'locale = "es"\nbogus = 1')
    text += """pin = "12"
rat = "10/min"
inbox = "nadie"
[[line]]
name = "claro-2"
driver = "gsm"
rate = "fast"
pin_file = "no-such-file"
shift_table = "fr"
imei = "x"
[[line]]
driver = "gsm"
[[line]]
name = "claro-3"
driver = "gsm"
port = "/dev/null"
imsi = "722340123456789"
[[line]]
name = "claro-4"
driver = "gsm"
port = "/dev/null"
enabled = false
[[webhook]]
account = "norte"
url = "https://example.com/"
secret = ""
"""
    cli.config.write_text(text)
    done = cli.run("check", "--json")
    assert done.returncode == 2
    found = {(one["key"], one["message"]): one["remedy"] for one in json.loads(done.stdout)["findings"]}
    told = {key for key, _message in found}
    assert told == {
        "bogus",
        "line[claro-1].rat",
        "line[claro-1].pin",
        "line[claro-1].port",
        "line[claro-1].inbox",
        "line[claro-2].rate",
        "line[claro-2].pin_file",
        "line[claro-2].shift_table",
        "line[claro-2].imei",
        "line[3].name",
        "line[3].port",
        "line[claro-3].imsi",
        "line[claro-3].port",
        "webhook[1].secret",
        "spool.path",
    }
    assert found["line[3].port", "la línea no nombra ningún módem"] == "dé uno de port, imei, imsi"
    assert found["spool.path", "no existe la cuenta fantasma"] == "gatewayd account create fantasma"
    assert found["line[claro-2].shift_table", "valor no admitido: fr"] == 'use uno de: "", "es"'


def test_two_lines_cannot_have_one_modem(cli: Cli) -> None:
    (cli.folder / "link").symlink_to(cli.folder / "no-such-port")
    cli.config.write_text(
        CONFIG.format(folder=cli.folder) + f'[[line]]\nname = "b"\ndriver = "gsm"\nport = "{cli.folder}/link"\n'
    )
    found = json.loads(cli.run("check", "--json").stdout)["findings"]
    assert ("line[b].port", "line claro-1 has this device already") in {(one["key"], one["message"]) for one in found}


def test_no_daemon_starts_with_a_line_that_cannot_be(cli: Cli) -> None:
    cli.config.write_text(CONFIG.format(folder=cli.folder) + '[[line]]\nname = "b"\ndriver = "gsm"\n')
    assert "line[b].port: the line names no modem" in cli.fails("run", status=2)
    assert not (cli.folder / "spool").exists()


def test_wrong_arguments_are_told_in_the_language_of_the_configuration(cli: Cli) -> None:
    cli.config.write_text(CONFIG.format(folder=cli.folder).replace('locale = "en"', 'locale = "es"'))
    assert "«a/b» no sirve como nombre" in cli.fails("account", "create", "a/b", status=2)
    assert "«usd» no es una moneda" in cli.fails("account", "create", "norte", "--currency", "usd", status=2)
    assert "clase de almacén desconocida: foo" in cli.fails("db", "copy", "foo://x", status=2)
    assert "sent" in cli.fails("message", "settle", "01JD", status=2)


def test_the_store_is_cared_for(cli: Cli) -> None:
    assert cli.json("db", "upgrade") == {"revision": HEAD}
    cli.ok("account", "create", "norte")
    assert cli.json("db", "check") == {"ok": True, "faults": []}
    copy = cli.folder / "copy.db"
    assert cli.json("db", "backup", str(copy))["bytes"] == copy.stat().st_size
    cli.fails("db", "backup", str(copy))
    moved = cli.folder / "moved.db"
    assert cli.json("db", "copy", f"sqlite:///{moved}")["tables"]["account"] == 1
    cli.fails("db", "copy", f"sqlite:///{moved}")
    cli.fails("db", "copy", f"sqlite:///{cli.folder}/data/gatewayd.db")
    with sqlite3.connect(cli.folder / "data/gatewayd.db") as store:
        store.execute("INSERT INTO transfer (account_id, kind, amount, at) VALUES (1, 'grant', 5, 1)")
    store.close()
    done = cli.run("db", "check", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False
    assert "norte" in cli.run("db", "check").stderr


def test_a_held_store_is_told_and_two_commands_take_turns(cli: Cli) -> None:
    cli.ok("account", "create", "norte")
    with subprocess.Popen(
        ["flock", str(cli.folder / "data/gatewayd.db.lock"), "sh", "-c", "echo held; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert "gatewayd.db" in cli.fails("account", "list")
    with_turns = [
        subprocess.Popen(
            [sys.executable, "-m", "gatewayd", "--config", str(cli.config), "account", "credit", "norte", "1"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(3)
    ]
    assert [one.wait(60) for one in with_turns] == [0, 0, 0]
    assert cli.json("account", "show", "norte")["balance"] == "3.00"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")
def test_what_root_makes_belongs_to_the_daemons_user(cli: Cli) -> None:
    user, group = 65534, 65534
    for name in ("data", "spool"):
        folder = cli.folder / name
        folder.mkdir()
        os.chown(folder, user, group)
    cli.ok("account", "create", "norte")
    made = [path for name in ("data", "spool") for path in (cli.folder / name).rglob("*")]
    assert {path.name for path in made} >= {"gatewayd.db", "gatewayd.db.lock", "incoming", "norte", "_unmatched"}
    for path in made:
        assert (path.stat().st_uid, path.stat().st_gid) == (user, group), path
    assert (cli.folder / "spool/incoming/norte").stat().st_mode & 0o7777 == 0o2770


def test_output_cut_short_by_a_reader_is_no_error(cli: Cli) -> None:
    cli.ok("account", "create", "norte")
    listed = cli.folder / "many.csv"
    listed.write_text("".join(f"11{40000000 + n}\n" for n in range(2000)))
    cli.ok("blocklist", "import", str(listed))
    done = subprocess.run(
        f"{sys.executable} -m gatewayd --config {cli.config} blocklist list --json | head -c 10",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ('{"items": ', "")
