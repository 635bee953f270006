"""`gatewayd check` of an Asterisk line: everything that is missing, at once, each with where to correct it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dialplan.context import CALLEE, VERSION
from dialplan.install import EXTENSIONS, MANAGER, MODULES
from dialplan.prompts import PromptError
from drivers.asterisk.abilities import TRIED_S, context_version, deaf_to, forbidden, missing_modules, tried
from drivers.asterisk.ami import Connection
from drivers.asterisk.errors import LinkError, LoginRefusedError, PermissionMissingError, UnsafeValueError
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.speaker import Speaker
from drivers.asterisk.timing import Timing
from drivers.asterisk.trunk import TrunkExamination
from drivers.base import NETWORK_FORBIDDEN, Finding, spoken

QUICK: Final = Timing(connect_s=3.0, answer_s=5.0, booted_s=5.0)
"""A person waits for it."""

INSTALL: Final = spoken("run gatewayd dialplan install again, and asterisk -rx 'core reload'")


SAMPLE: Final = "uno dos tres"
"""Spoken to see that the speech command works; kept like any other prompt."""

BESIDE: Final = frozenset({"app_amd", "app_dial", "app_read", "res_agi"})
"""Modules without which a plain message can still be said."""


def check(line: str, options: AsteriskOptions, timing: Timing = QUICK, tried_s: float = TRIED_S) -> Sequence[Finding]:
    """Returns what is wrong here, and at the Asterisk that the line names; no telephone rings for it.

    Not from within a running loop: it has one of its own. `tried_s` bounds each call within Asterisk.
    """
    examination = Examination(line, options, timing, tried_s)
    return [*commands(options), *folder(options), *asyncio.run(examination.findings())]


def commands(options: AsteriskOptions) -> list[Finding]:
    found = []
    for key, command in (("speech", options.speech), ("convert", options.convert)):
        if not command or shutil.which(command[0]) is None:
            values = {"program": command[0] if command else "-"}
            found.append(
                Finding(
                    key, spoken("{program} is not installed"), spoken("install it, or name another command"), values
                )
            )
    return found


def folder(options: AsteriskOptions) -> list[Finding]:
    path, found = options.prompts, []
    remedy = spoken("create it, owned by the service's user and readable by Asterisk's")
    try:
        fault = None if stat.S_ISDIR(path.stat().st_mode) else spoken("{path} is not a folder")
        if fault is None and not os.access(path, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            fault = spoken("{path} cannot be written to")
    except FileNotFoundError:
        fault = spoken("{path} does not exist")
    except OSError:
        fault = spoken("{path} cannot be examined")
    if fault is not None:
        found.append(Finding("prompts", fault, remedy, {"path": str(path)}))
    inside = options.prompts_remote or str(path)
    if not options.prompts_url and re.search(r"[^A-Za-z0-9_./-]", inside):
        key = "prompts_remote" if options.prompts_remote else "prompts"
        fault = spoken("{path} contains characters that a dial plan interprets")
        found.append(Finding(key, fault, spoken("use a path of letters, digits, dots and dashes"), {"path": inside}))
    return found


class Examination:
    """One look at the Asterisk of a line, over a connection of its own."""

    def __init__(self, line: str, options: AsteriskOptions, timing: Timing, tried_s: float) -> None:
        self._line, self._options, self._timing, self._tried_s = line, options, timing, tried_s
        self._found: list[Finding] = []

    def _tell(self, key: str, message: str, remedy: str, **values: str) -> None:
        self._found.append(Finding(key, message, remedy, values))

    async def findings(self) -> list[Finding]:
        options = self._options
        if not commands(options) and not folder(options):
            await self._speech()
        place = {"address": f"{options.host}:{options.port}"}
        try:
            connection = await Connection.open(
                options.host, options.port, options.user, options.secret.get_secret_value(), self._timing
            )
        except LoginRefusedError:
            self._tell(
                "secret",
                spoken("Asterisk at {address} refuses the login of {user}"),
                spoken(
                    "set user and secret to what {file} says, include that from manager.conf, and let permit= name us"
                ),
                user=options.user,
                file=MANAGER,
                **place,
            )
        except PermissionMissingError as error:
            self._forbidden([error.permission])
        except UnsafeValueError as error:
            self._tell(
                error.field.lower(), spoken("it cannot be sent to Asterisk"), spoken("use letters, digits and dashes")
            )
        except LinkError as error:
            if error.reason == "login_in_use":
                self._tell(
                    "user",
                    spoken("Asterisk at {address} lets {user} log in once only, and it is logged in"),
                    spoken("set allowmultiplelogin = yes for it in {file}; then asterisk -rx 'manager reload'"),
                    user=options.user,
                    file=MANAGER,
                    **place,
                )
                return self._found
            silent = error.reason not in {"connect_failed", NETWORK_FORBIDDEN}
            self._tell(
                "host",
                spoken("Asterisk at {address} does not answer") if silent else spoken("nothing listens at {address}"),
                spoken("start Asterisk; manager.conf needs enabled = yes, port and bindaddr in [general]"),
                **place,
            )
        else:
            try:
                await self._look(connection)
            except LinkError as error:
                self._tell(
                    "host",
                    spoken("the connection to {address} broke: {reason}"),
                    spoken("see Asterisk's log"),
                    reason=error.reason,
                    **place,
                )
            finally:
                connection.close()
        return self._found

    def _forbidden(self, permissions: Sequence[str]) -> None:
        self._tell(
            "user",
            spoken("the manager account {user} lacks: {permissions}"),
            spoken(
                "give it that in {file}, or run gatewayd dialplan install again; then asterisk -rx 'manager reload'"
            ),
            user=self._options.user,
            permissions="; ".join(permissions),
            file=MANAGER,
        )

    async def _look(self, connection: Connection) -> None:
        lacking = await forbidden(connection)
        if lacking:
            self._forbidden(lacking)
        modules = await self._modules(connection)
        await self._silence(connection, modules)
        self._found += await TrunkExamination(connection, self._options.dial).findings()
        if await self._context(connection) and not lacking and not set(modules) - BESIDE:
            await self._try(connection, modules)

    async def _context(self, connection: Connection) -> bool:
        """Whether ours is there, so that it is worth trying."""
        context = self._options.context
        version = await context_version(connection, context)
        if version == VERSION:
            await self._transfers(connection, context)
            return True
        if version is None:
            self._tell(
                "context",
                spoken("Asterisk knows no context [{context}]"),
                spoken("include {file} from extensions.conf, then asterisk -rx 'dialplan reload'"),
                context=context,
                file=EXTENSIONS,
            )
        elif not version:
            self._tell(
                "context",
                spoken("the context [{context}] is not gatewayd's"),
                spoken("name the one that gatewayd dialplan install has written"),
                context=context,
            )
        else:
            self._tell("context", spoken("the context [{context}] is of an older gatewayd"), INSTALL, context=context)
        return False

    async def _transfers(self, connection: Connection, context: str) -> None:
        """Whether the context that transfers go to is there: its name stands in ours."""
        answer = await connection.action("ShowDialPlan", {"Context": context}, listing=True)
        named = (re.match(r"Local/\$\{GW_TO\}@([A-Za-z0-9_-]+)/n,", event["appdata"]) for event in answer.events)
        transfer = next((match.group(1) for match in named if match is not None), None)
        if transfer is not None and await context_version(connection, transfer) is None:
            self._tell(
                "context",
                spoken("Asterisk knows no context [{context}]; transfers lead there"),
                spoken("write it, with one extension for each place that calls are transferred to"),
                context=transfer,
            )

    async def _speech(self) -> None:
        """Whether the speech command says anything."""
        speaker = Speaker(self._line, self._options)
        try:
            await speaker.silence()
        except PromptError:
            return  # the folder is at fault
        try:
            await speaker.sample(SAMPLE)
        except PromptError as error:
            self._tell(
                "speech",
                spoken("the speech command fails: {reason}"),
                spoken("run it by hand as the service's user; speech and convert say how it is called"),
                reason=str(error),
            )

    async def _modules(self, connection: Connection) -> list[str]:
        missing = await missing_modules(connection, MODULES)
        if missing:
            self._tell(
                "host",
                spoken("Asterisk has not loaded: {modules}"),
                spoken(
                    "remove their noload from modules.conf, or install Asterisk's package of modules; then restart it"
                ),
                modules=", ".join(missing),
            )
        if self._options.prompts_url and await missing_modules(connection, ["res_http_media_cache"]):
            self._tell(
                "prompts_url",
                spoken("Asterisk has not loaded: {modules}"),
                spoken("load res_curl, func_curl and res_http_media_cache, or share a folder with prompts_remote"),
                modules="res_http_media_cache",
            )
        return missing

    async def _silence(self, connection: Connection, missing: Sequence[str]) -> None:
        if "app_amd" in missing:
            return
        answer = await connection.action("GetConfig", {"Filename": "asterisk.conf", "Category": "options"})
        said = [value.replace(" ", "") for name, value in answer.headers.items() if name.startswith("line-")]
        on = any(re.fullmatch(r"transmit_silence(_during_record)?=(yes|true|on|1)", each) for each in said)
        if answer.success and said and not on:
            self._tell(
                "host",
                spoken("Asterisk sends nothing while it listens, and then answering machine detection hears nothing"),
                spoken("set transmit_silence = yes in [options] of asterisk.conf, and restart Asterisk"),
            )

    async def _try(self, connection: Connection, missing: Sequence[str]) -> None:
        """A call inside Asterisk, of our context with a callee of ours."""
        options = self._options
        prompt = ""
        if not folder(options):
            try:
                prompt = await Speaker(self._line, options).silence()
            except PromptError as error:
                self._tell(
                    "prompts",
                    spoken("no prompt can be written: {reason}"),
                    spoken("correct the folder's permissions"),
                    reason=str(error),
                )
        seen = await tried(connection, options, prompt=prompt, within_s=self._tried_s)
        if not seen.placed:
            self._tell(
                "context", spoken("Asterisk knows no context [{context}]"), INSTALL, context=options.context + CALLEE
            )
        elif missing_classes := deaf_to(seen):
            self._forbidden(missing_classes)
        elif prompt and seen.report.get("played") != "SUCCESS":
            self._unplayable(prompt)
        if seen.report and "res_agi" not in missing:
            await self._try_script(connection)

    def _unplayable(self, prompt: str) -> None:
        options = self._options
        if options.prompts_url:
            self._tell(
                "prompts_url",
                spoken("Asterisk cannot fetch {address}"),
                spoken(
                    "run gatewayd with [http] listen at an address that Asterisk can reach, and give that address here"
                ),
                address=prompt,
            )
            return
        self._tell(
            "prompts_remote" if options.prompts_remote else "prompts",
            spoken("Asterisk cannot play what is in {path}"),
            spoken("let Asterisk's user read the folder and every folder above it; if Asterisk sees it at another "
"path, set prompts_remote, or give prompts_url"),
            path=str(Path(prompt).parent),
        )  # fmt: skip

    async def _try_script(self, connection: Connection) -> None:
        seen = await tried(connection, self._options, steps=True, within_s=self._tried_s)
        if seen.report and seen.report.get("script") != "done":
            self._tell(
                "context",
                spoken("Asterisk cannot run gatewayd_agi.py, which calls with steps need"),
                spoken("run gatewayd dialplan install --agi-dir with Asterisk's astagidir; there must be a python3 of "
                       "3.7 or newer"),
            )  # fmt: skip
