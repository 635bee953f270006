"""The panel as a person has it: a daemon with simulated modems, its web process, and a real browser that is signed in.

    with panel(tmp_path, modems=1) as shown, shown.browser() as browser:
        page = browser.sign_in()                       # an administrator
        shown.gateway.campaign(3)
        page.goto(shown.url + "/")

A browser that a page makes break the Content Security Policy, or whose script fails, fails the test at its end.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.rig.browser_end import ended_after
from tests.rig.gateway import Gateway
from tests.rig.ports import free_port
from tests.rig.processes import end, gatewayd
from tests.rig.simulator import Simulator

CHROMIUM: Final = "/usr/bin/chromium"
SHELL: Final = "/usr/bin/chromium-headless-shell"
"""The same Chromium without windows and all that belongs to them: a page costs a third of the processor."""
PASSWORD: Final = "corral-de-piedra-verde-41"
ADMINISTRATOR: Final = "ana"
START_S: Final = 30.0
PATIENCE_MS: Final = 15_000
"""No wait for something on a page is this long unless something is broken or the machine is starved."""

_WATCH: Final = """
addEventListener("securitypolicyviolation", (event) => {
  window.gatewaydReport(`${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
}, true);
"""


def chromium(playwright: Playwright, *, whole: bool = False) -> Browser:
    """Starts Debian's Chromium, `whole` as people have it, else its shell where that is installed; skips the test where
    there is none."""
    program = CHROMIUM if whole or not Path(SHELL).exists() else SHELL
    if not Path(program).exists():
        pytest.skip("not installed: chromium (Debian)")
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])


class Signed:
    """A browser with pages of its own cookies: contexts are people."""

    def __init__(self, shown: Panel, browser: Browser) -> None:
        self._shown = shown
        self._browser = browser
        self.faults: list[str] = []
        """Breaches of the policy and errors of scripts, of all pages."""
        self._contexts: list[BrowserContext] = []

    def context(self, *, locale: str = "es-AR", **options: Any) -> BrowserContext:
        """Opens a context in which nobody is signed in; `options` as Playwright's `new_context` has them."""
        context = self._browser.new_context(locale=locale, **options)
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        context.expose_binding("gatewaydReport", lambda source, what: self._found(source["page"], what))
        context.add_init_script(_WATCH)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("console", self._said)
        return context

    def sign_in(
        self,
        user: str = ADMINISTRATOR,
        password: str = PASSWORD,
        *,
        context: BrowserContext | None = None,
        **options: Any,
    ) -> Page:
        """Signs somebody in by the form; returns the page that follows."""
        page = (context or self.context(**options)).new_page()
        page.goto(f"{self._shown.url}/entrar")
        page.fill("input[name=user]", user)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/entrar" not in url)
        return page

    @property
    def contexts(self) -> list[BrowserContext]:
        return list(self._contexts)

    def close(self) -> bool:
        """Closes what was opened here; returns whether the browser is still there."""
        with ended_after() as ended:
            for context in self._contexts:
                try:
                    context.close()
                except PlaywrightError:
                    if not ended.is_set():
                        raise
        return not ended.is_set()

    def _found(self, page: Page, what: str) -> None:
        self.faults.append(f"{page.url}: {what}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.faults.append(message.text)


class Panel:
    """A gateway with its panel; `url` has no slash at its end."""

    def __init__(self, gateway: Gateway, simulator: Simulator | None, port: int, *, tls: bool = False) -> None:
        self.gateway = gateway
        self.simulator = simulator
        self.port = port
        self.tls = tls
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self._browsing = ExitStack()
        self._playwright: Playwright | None = None
        self._launched: dict[bool, Browser] = {}
        """The whole one, and the shell."""

    def wait_web(self, timeout_s: float = START_S) -> float:
        """Waits until the web process that the daemon starts answers; returns the seconds it took."""
        began = time.monotonic()
        while not self.answers():
            if time.monotonic() - began > timeout_s:
                raise AssertionError(f"the web process did not start:\n{self.gateway.log.read_text()[-4000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def web_pid(self) -> int:
        """Returns the pid of the web process that the daemon has started."""
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                pid, _name, _state, parent = status.read_text().split()[:4]
                arguments = status.with_name("cmdline").read_bytes().split(b"\0")
                if int(parent) == self.gateway.pid and b"web" in arguments:
                    return int(pid)
        raise AssertionError("the daemon has no web process")

    def answers(self) -> bool:
        """Returns whether the web process serves its sign-in page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_S)
        if self.tls:
            unverified = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=START_S, context=unverified)
        try:
            connection.request("GET", "/entrar")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def restart(self, env: Mapping[str, str] | None = None) -> None:
        """Ends the daemon as systemd does, and starts it and its web process anew."""
        self.gateway.stop()
        self.gateway.start(env)
        self.wait_web()

    def user(self, name: str, role: str = "user", account: str | None = "norte") -> None:
        """Makes somebody who may sign in with `PASSWORD`."""
        self.gateway.call("user.create", user=name, role=role, account=account, password=PASSWORD)

    @contextmanager
    def browser(self, *, whole: bool = False) -> Iterator[Signed]:
        """A browser (`chromium`); at the end nothing may have broken the policy, and no script failed.

        It starts once for a panel: those who share it have contexts of their own, which close with the block.
        """
        if whole not in self._launched:
            if self._playwright is None:
                self._playwright = self._browsing.enter_context(sync_playwright())
            self._launched[whole] = chromium(self._playwright, whole=whole)
            self._browsing.callback(_closed, self._launched[whole])
        signed = Signed(self, self._launched[whole])
        try:
            yield signed
            assert not signed.faults, signed.faults
        finally:
            if not signed.close():
                self._launched.clear()

    def close(self) -> None:
        """Ends the browser."""
        self._browsing.close()


def _closed(browser: Browser) -> None:
    if browser.is_connected():
        browser.close()


@contextmanager
def _apart(gateway: Gateway) -> Iterator[None]:
    """Runs the web process as its own unit does."""
    with gateway.log.open("ab") as log:
        process = gatewayd(["--config", str(gateway.config), "web"], stdout=log, stderr=log)
    try:
        yield
    finally:
        end(process)


@contextmanager
def panel(
    folder: Path,
    *,
    modems: int = 1,
    extra: str = "",
    web: str = "",
    line: str = "",
    rate: str = "100000/s",
    options: Sequence[str] = (),
    tls: bool = False,
    apart: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[Panel]:
    """A daemon with an account `norte`, an administrator `ana`, simulated modems as lines `m0` …, and its web process.

    `extra` is TOML before the lines, `web` further keys of `[web]`, `options` the simulator's own arguments; `apart`:
    the web process is no child of the daemon, as with a unit of its own, and stays when that is killed; `env`: of the
    daemon's first life.
    """
    port = free_port()
    if apart:
        web = f"start = false\n{web}"
    section = f'[web]\nlisten = "127.0.0.1:{port}"\n{web}\n'
    simulator = Simulator(folder, modems, options=options) if modems else None
    try:
        ports = [] if simulator is None else simulator.ports
        with Gateway(folder, ports, extra=section + extra, line=line, rate=rate) as gateway:
            gateway.start(env)
            gateway.account()
            shown = Panel(gateway, simulator, port, tls=tls)
            shown.user(ADMINISTRATOR, "administrator", None)
            with closing(shown), _apart(gateway) if apart else nullcontext():
                shown.wait_web()
                yield shown
    finally:
        if simulator is not None:
            simulator.close()
