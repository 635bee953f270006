"""The simulator of push services as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drivers.push.simulator.fcm import FcmProject
from drivers.push.simulator.ntfy import NtfyServer
from drivers.push.simulator.webpush import PushEndpoint
from drivers.simulation.launch import SimulatorProcess
from drivers.simulation.process import ServiceSimulator
from drivers.simulation.record import Record
from drivers.simulation.settings import SettingError

PushKind = FcmProject | NtfyServer | PushEndpoint
BRANDS: dict[str, Callable[[int, Record], PushKind]] = {"fcm": FcmProject, "ntfy": NtfyServer, "webpush": PushEndpoint}
COUNTERS = ("taken", "gone", "tokens", "health", "polls", "unreadable")


class PushSimulator(ServiceSimulator):
    """`async with PushSimulator(1, brand="ntfy") as sim:` — listening when the block begins.

    Beside the control socket lies what a line of each needs as `credentials_file`.
    """

    def __init__(
        self,
        n: int = 1,
        *,
        brand: str = "fcm",
        directory: Path | None = None,
        record: Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if brand not in BRANDS:
            raise SettingError(f"no brand is called {brand!r}; there are: {', '.join(BRANDS)}")
        self._kinds: list[PushKind] = []
        self._files: dict[int, Path] = {}
        super().__init__(
            n,
            lambda index, record: self._made(index, record, brand),
            kind="push",
            unit="device",
            counters=COUNTERS,
            settings=settings,
            directory=directory,
            record=record,
            operations={"subscribe": self.subscribe, "unsubscribe": self.unsubscribe, "revoke": self.revoke},
        )

    def _made(self, index: int, record: Record, brand: str) -> PushKind:
        kind = BRANDS[brand](index, record)
        self._kinds.append(kind)
        return kind

    async def start(self) -> None:
        await super().start()
        for index, kind in enumerate(self._kinds):
            if not isinstance(kind, NtfyServer):
                suffix = "json" if isinstance(kind, FcmProject) else "pem"
                self._files[index] = self.control.parent / f"credentials-{index}.{suffix}"
                self._files[index].write_text(kind.credentials(self.base(index)))
                self._files[index].chmod(0o600)

    async def stop(self) -> None:
        for file in self._files.values():
            file.unlink(missing_ok=True)
        self._files.clear()
        await super().stop()

    @property
    def devices(self) -> list[dict[str, Any]]:
        files = {index: {"credentials_file": str(path)} for index, path in self._files.items()}
        return [device | files.get(index, {}) for index, device in enumerate(super().devices)]

    # ------------------------------------------------------------------------------------------------------ operations

    def subscribe(self, device: int = 0, count: int = 1, server_key: str | None = None) -> dict[str, Any]:
        """Browsers subscribe, with that key or any: `{"subscriptions": […]}`."""
        endpoint = self._webpush(device)
        return {"subscriptions": [endpoint.subscribe(server_key) for _ in range(count)]}

    def unsubscribe(self, endpoint: str, device: int = 0) -> dict[str, Any]:
        """Lets its browser be gone: 410 from now on."""
        return {"known": self._webpush(device).unsubscribe(endpoint)}

    def revoke(self, device: int = 0) -> dict[str, Any]:
        """FCM: every access token ends before its time."""
        kind = self._kinds[device]
        if not isinstance(kind, FcmProject):
            raise SettingError("only FCM has access tokens")
        kind.revoke()
        return {}

    def _webpush(self, device: int) -> PushEndpoint:
        kind = self._kinds[device]
        if not isinstance(kind, PushEndpoint):
            raise SettingError("only Web Push has subscriptions")
        return kind


class PushSimulatorProcess(SimulatorProcess):
    """`with PushSimulatorProcess("--brand", "webpush") as sim: sim.ask("subscribe")`."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("drivers.push.simulator", *arguments)
