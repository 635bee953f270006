"""The mailbox of a simulated account: as much of IMAP4rev1 (RFC 3501) as a program that reads new mail uses."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from dataclasses import dataclass, field

from drivers.smtp.simulator.account import Account

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_PARTIAL = re.compile(r"BODY(?:\.PEEK)?\[\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)


@dataclass(slots=True)
class Stored:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)

    @property
    def seen(self) -> bool:
        return "\\Seen" in self.flags


class Folder:
    """The mails of one account's INBOX."""

    def __init__(self) -> None:
        self.mails: list[Stored] = []

    def add(self, raw: bytes) -> int:
        """Adds a mail; returns its UID."""
        self.mails.append(Stored(len(self.mails) + 1, raw))
        return len(self.mails)

    def chosen(self, wanted: str) -> list[Stored]:
        uids = sorted({int(each) for each in wanted.split(",") if each.isdigit()})
        return [self.mails[uid - 1] for uid in uids if 1 <= uid <= len(self.mails)]


class ImapServer:
    """Serves connections to one account."""

    def __init__(self, account: Account, folder: Folder) -> None:
        self._account, self._folder = account, folder
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            writer.write(f"* OK [CAPABILITY {self._capabilities}] ready\r\n".encode())
            while line := await reader.readline():
                words = [quoted or plain for quoted, plain in _WORD.findall(line.decode(errors="replace").strip())]
                if len(words) < 2:
                    break
                if words[1].upper() == "AUTHENTICATE":
                    await self._authenticate(words[0], words[2:], reader, writer)
                elif not await self._answer(words[0], words[1:], writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client went, or the simulator ends
        finally:
            self._connections.discard(task)
            writer.close()

    @property
    def _capabilities(self) -> str:
        offered = self._account.settings.mechanisms.upper().split()
        disabled = [] if {"LOGIN", "PLAIN"} & set(offered) else ["LOGINDISABLED"]
        return " ".join(["IMAP4rev1", *(f"AUTH={each}" for each in offered if each != "LOGIN"), *disabled])

    async def _authenticate(
        self, tag: str, words: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serves AUTHENTICATE (RFC 3501 §6.2.2) by PLAIN and XOAUTH2; answers a bad token by a challenge first."""
        writer.write(b"+ \r\n")
        try:
            response = base64.b64decode(await reader.readline())
        except binascii.Error:
            response = b""
        settings = self._account.settings
        if words[:1] == ["XOAUTH2"]:
            good = self._account.judge_xoauth2(response)
            if not good:
                writer.write(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
                await reader.readline()
        else:
            good = response.split(b"\0")[1:] == [settings.user.encode(), settings.password.encode()]
        self._account.count("imap_logins" if good else "imap_logins_refused")
        writer.write(f"{tag} {'OK' if good else 'NO [AUTHENTICATIONFAILED]'} AUTHENTICATE\r\n".encode())

    async def _answer(self, tag: str, words: list[str], writer: asyncio.StreamWriter) -> bool:
        """Answers a command; returns whether the connection goes on."""
        name = " ".join(words[:2] if words[0].upper() == "UID" else words[:1]).upper()
        fault = self._account.faults.take("imap", " ".join([name, *words[2 if " " in name else 1 :]]))
        if fault is not None:
            self._account.count("faults")
            await asyncio.sleep(fault.delay_s)
            if fault.kind == "drop":
                return False
            if fault.kind == "reply":
                writer.write(f"{tag} NO {fault.text}\r\n".encode())
                return True
        lines, verdict = self._done(name, words)
        for line in lines:
            writer.write(line + b"\r\n")
        writer.write(f"{tag} {verdict} {name}\r\n".encode())
        await writer.drain()
        return name != "LOGOUT"

    def _done(self, name: str, words: list[str]) -> tuple[list[bytes], str]:
        settings = self._account.settings
        match name:
            case "CAPABILITY":
                return [f"* CAPABILITY {self._capabilities}".encode()], "OK"
            case "LOGIN":
                good = words[1:3] == [settings.user, settings.password]
                self._account.count("imap_logins" if good else "imap_logins_refused")
                return [], "OK" if good else "NO [AUTHENTICATIONFAILED] no"
            case "SELECT":
                if words[1] != settings.folder:
                    return [], "NO no such folder"
                kept = "\\Seen \\*" if settings.keywords else "\\Seen"
                permanent = f"* OK [PERMANENTFLAGS ({kept})] kept".encode()
                exist = f"* {len(self._folder.mails)} EXISTS".encode()
                return [exist, permanent, b"* OK [UIDVALIDITY 1]"], "OK [READ-WRITE]"
            case "UID SEARCH":
                wanted = set(words[4:]) if "KEYWORD" in words else set[str]()
                found = [mail for mail in self._folder.mails if not mail.seen and wanted <= mail.flags]
                unseen = " ".join(str(mail.uid) for mail in found)
                self._account.count("imap_searches")
                return [f"* SEARCH {unseen}".rstrip().encode()], "OK"
            case "UID FETCH":
                return self._fetched(words), "OK"
            case "UID STORE":
                flags = {each.strip("()") for each in words[4:]}
                for mail in self._folder.chosen(words[2]):
                    self._account.count("imap_seen" if "\\Seen" in flags else "imap_marked")
                    mail.flags = mail.flags - flags if words[3].startswith("-") else mail.flags | flags
                return [], "OK"
            case "LOGOUT":
                return [b"* BYE"], "OK"
            case "NOOP":
                return [], "OK"
        return [], "BAD unknown"

    def _fetched(self, words: list[str]) -> list[bytes]:
        partial = _PARTIAL.search(" ".join(words[3:]))
        first, length = (int(partial[1]), int(partial[2])) if partial and partial[1] else (0, 1 << 30)
        label = f"BODY[]<{first}>" if partial and partial[1] else "BODY[]"
        answers = []
        for mail in self._folder.chosen(words[2]):
            data = mail.raw[first : first + length]
            head = f"* {mail.uid} FETCH (UID {mail.uid} {label} {{{len(data)}}}\r\n".encode()
            answers.append(head + data + b")")
        return answers
