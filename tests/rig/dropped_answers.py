"""A way to a PostgreSQL server that loses answers."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class DroppedAnswers:
    """A way to a PostgreSQL server that loses the answer to a commit, link and all, as often as it is told."""

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self.drop = 0
        self.dropped = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server))
            for ours, theirs in ((client, server), (server, client)):
                thread = threading.Thread(target=self._pass, args=(ours, theirs, theirs is client), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pass(self, ours: socket.socket, theirs: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := ours.recv(65536):
                if answers and self.drop and b"COMMIT\0" in data:  # CommandComplete: it has committed
                    self.drop -= 1
                    self.dropped += 1
                    break
                theirs.sendall(data)
        for end in (ours, theirs):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
