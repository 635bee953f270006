"""Schemathesis against a gateway that has a little of everything: one operation of the document, or several."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gatewayd.operations.rights import RIGHTS
from gatewayd.values.actor import Role
from gatewayd.web.v1.endpoint import Endpoint
from tests.rig.panel import Panel, panel
from tests.rig.programs import token

ROOT: Final = Path(__file__).parents[2]
CONFIG: Final = """
# A body that is larger than an address takes is 413, whatever it says: it is not read to its end.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "413", "429"]
"""
"""The one override of an expected status, with its reason."""
OURS: Final = """
[phases.stateful.inference]
algorithms = []

[phases.stateful.generation]
mode = "positive"
"""
"""Follows the document's own links alone, not what names alike make likely as well, by requests that fit."""
SCOPES: Final = ("read", "send", "manage", "mass", "push", "transactional")


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A gateway under test, and who asks it."""

    shown: Panel
    folder: Path
    account: str
    """Token of its account `norte`, with every scope."""
    administration: str
    administration_id: int
    upload: str
    """Id of a sheet that was uploaded."""

    def bearer(self, endpoint: Endpoint) -> str:
        """Returns the token for an operation: the account's, unless its role may not."""
        return self.account if Role.SUPERVISOR in RIGHTS[endpoint.operation].roles else self.administration

    def examine(
        self,
        endpoints: Iterable[Endpoint] | None,
        secret: str,
        examples: int,
        phases: str,
        timeout_s: float,
        config: str = "",
    ) -> str:
        """Runs Schemathesis with all checks over some operations, all where None; returns what it says.

        AssertionError says its findings.
        """
        (self.folder / "schemathesis.toml").write_text(CONFIG + config)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.rig.schemathesis_hooks",
            "SCHEMATHESIS_OWN_TOKEN": str(self.administration_id),
            "SCHEMATHESIS_UPLOAD": self.upload,
            "no_proxy": "*",
        }
        said = len(self.shown.gateway.log.read_text())
        wanted = [word for one in endpoints or () for word in ("--include-operation-id", one.name)]
        program = [str(Path(sys.executable).with_name("st")), "run", f"{self.shown.url}/v1/openapi.json"]
        arguments = ["--checks", "all", "--continue-on-failure", "-n", str(examples), "--phases", phases]
        ran = subprocess.run(
            [*program, "-H", f"Authorization: Bearer {secret}", *arguments, "--warnings", "off", *wanted],
            cwd=self.folder,
            env=environment,
            text=True,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
        log = self.shown.gateway.log.read_text()[said:]
        assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:6000]
        return ran.stdout


@contextmanager
def fuzzed(folder: Path) -> Iterator[Fuzzed]:
    """Starts a gateway with an account, furnishes it, and makes the tokens."""
    with panel(folder, modems=1, extra='[inbox]\ndefault = "norte"\n') as shown:
        upload = _furnish(shown)
        made = shown.gateway.call("token.create", label="fuzz", admin=True, kind="live", scopes=list(SCOPES))
        yield Fuzzed(shown, folder, token(shown, *SCOPES), str(made["secret"]), int(made["token"]), upload)


def _furnish(shown: Panel) -> str:
    """Gives the account `norte` what `tests.rig.schemathesis_hooks.KNOWN` names; returns the id of a sheet uploaded."""

    def ask(operation: str, **said: Any) -> Any:
        return shown.gateway.call(operation, account="norte", **said)

    number = "+5491150000001"
    known = {"name": "Ana", "contacts": [{"channel": "phone", "address": number, "kind": "movil"}]}
    ask("customer.put", external_id="C1", customer=known)
    ask("invoice.put", external_id="F1", invoice={"customer": "C1", "due": "2026-01-10", "balance": "10"})
    ask("payment.put", external_id="P1", payment={"customer": "C1", "amount": "1"})
    ask("ticket.add", customer="C1", text="sin internet")
    ask("template.save", template="aviso", channel="sms", content={"text": "Hola %nombre%"})
    ask("reminder.add", customer="C1", currency="ARS", text="Hola")
    ask("list.create", title="todos", filter={"search": "ana"})
    said = {"channel": "sms", "content": {"text": "Hola"}, "audience": {"list": "todos"}}
    ask("campaign.save", title="prueba", document=said)
    level = {"id": "aviso", "days": 5, "channels": ["sms"], "templates": {"sms": "aviso"}}
    ask("policy.save", policy="firme", document={"levels": [level]})
    ask("novelty.add", customer="C1", text="llamar")
    ask("pause.add", customer="C1", days=3, note="espera")
    shown.gateway.call("webhook.add", account="norte", url="https://norte.example/hook")
    assert shown.simulator is not None
    shown.gateway.wait_line("m0", "ready")
    shown.simulator.ask("inject", **{"from": number, "text": "no tengo internet"})
    shown.gateway.wait_inbox(1)
    sheet = b"external_id;nombre\nC8;Eva\n"
    upload = ask("upload.begin", file="clientes.csv")["id"]
    ask("upload.add", upload=upload, at=0, data=base64.b64encode(sheet).decode())
    ask("upload.end", upload=upload)
    return str(upload)
