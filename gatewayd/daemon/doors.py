"""The daemon's doors: the control socket, the web process's, and HTTP for devices and monitors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from gatewayd.config import Config
from gatewayd.daemon.web_process import open_to_web, web_process
from gatewayd.live import LiveGateway

WEB_CONNECTIONS_MAX: Final = 64
"""The web process keeps 32 for requests, and some for what is watched."""


@asynccontextmanager
async def doors(config: Config, live: LiveGateway) -> AsyncIterator[None]:
    """The control socket, the web process's, and HTTP."""
    from gatewayd.control import ControlServer, WebDoor

    live.begin_news()
    async with AsyncExitStack() as stack:
        control = ControlServer(live, config.control)
        await control.start()
        stack.push_async_callback(control.close)
        if config.web.address is not None:
            door = WebDoor(live, config.web.user)
            stack.push_async_callback(door.close)
            web = ControlServer(live, config.web_socket, door, connections_max=WEB_CONNECTIONS_MAX)
            await web.start()
            stack.push_async_callback(web.close)
            await open_to_web(config)
            if config.web.start:
                await stack.enter_async_context(web_process(config, live.happened))
        if config.http.address is not None:
            from gatewayd.http.server import serving

            await stack.enter_async_context(serving(config, live))
        yield
