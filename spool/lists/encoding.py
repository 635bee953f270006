"""The encoding of a list as text, from its bytes: sure, or refused with the line that cannot be told.

The whole file is looked through before the first row is given (it is fast, and a wrong guess found at row 500,000 is
found too late). UTF-8 is strict or it is not UTF-8. Of the encodings of one byte a letter, Windows' own is the prior;
those of DOS and the old Macintosh are taken only where Windows' gives what no word has.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from spool.errors import JobFileError
from spool.lists.cells import CONTROLS

CHUNK: Final = 1 << 20

ENCODINGS: Final = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "cp1252": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-15": "iso8859-15",
    "cp850": "cp850",
    "cp437": "cp437",
    "mac-roman": "mac_roman",
    "ascii": "ascii",
}
"""Encodings that a job may name, by Python's name for them, and how they are read."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TAIL: Final = b"\0\x1a \t\r\n"
_END: Final = 0x1A
"""Where DOS says that a text ends; the rest of its last block is rubbish."""

_RUNS: Final = re.compile(rb"[\x80-\xff]{2,6}")
_WIDE: Final = re.compile(rb"[\x80-\xff]")
_ASCII: Final = bytes(range(128))
_AROUND_LIMIT: Final = 20_000
"""Letters beyond ASCII whose neighbours are looked at; further on only where there are new ones."""

_SINGLE_BYTE: Final = ("cp1252", "cp850", "mac_roman")
_SPANISH: Final = frozenset("áéíóúüñÁÉÍÓÚÜÑ")
_NEIGHBOURS: Final = frozenset("àâãäåæçèêëìîïòôõöøùûýÿßšžœÀÂÃÄÅÆÇÈÊËÌÎÏÒÔÕÖØÙÛÝŠŽŒŸ")
"""Letters of the names of neighbours: Portuguese, Italian, French, German, Catalan."""
_SIGNS: Final = frozenset("\u00a0‘’“”–—…•·´`¨«»€ºª°¡¿®©™²³½¼¾§±×÷‹›†")
"""Signs that stand between words."""

_GUARDS: Final = (b"=", b"'", b"`", b"\x92", "\u2019".encode())
_BEFORE_GUARDS: Final = tuple(bytes([code]) for code in b';,\t|\n\r" ')
_INVISIBLE_UTF8: Final = tuple(map(bytes.fromhex, ("c2ad", "cd8f", "d89c", "e1a08e", "e280", "e281", "efbbbf")))
_INVISIBLE_SINGLE: Final = (b"\xad", b"\xf0")
"""A soft hyphen in Windows' encoding and in that of DOS."""

_DOUBLED_LEADS: Final = tuple(letter.encode() for letter in "ÃÂ├┬√¬")
"""The first bytes of Spanish letters in UTF-8, as letters of Windows, DOS and the old Macintosh."""
_DOUBLED: Final = re.compile(
    b"(?:" + b"|".join(map(re.escape, _DOUBLED_LEADS)) + rb")(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2})"
)
_DOUBLED_PAIR: Final = re.compile(r"[ÃÂ├┬√¬][^\x00-\x7f]")
_DOUBLED_MOST: Final = 6
"""Bytes that a match may have, less one, before the next chunk begins."""

_FOREIGN, _ODD, _NEVER = 1, 3, 100


def encoding_of(path: Path, file: str, head: bytes, told: str | None) -> tuple[str, int]:
    """Returns the encoding of the list at `path` and where its text ends. `told` is the job's word for it.

    JobFileError `recipients_ambiguous` or `recipients_unreadable`, naming the list `file`.
    """
    end = _end(path)
    if told is not None:
        return _told(path, file, told, end)
    for mark, name in _MARKS:
        if head.startswith(mark):
            if _fault(path, name, file, end) is not None:
                raise JobFileError("recipients_unreadable", "recipients_encoding", file=file)
            if name == "utf-8-sig":
                _refuse_doubled(path, file, end)
            return name, end
    if unmarked := _utf16_without_mark(head):
        if _fault(path, unmarked, file, end) is None:
            return unmarked, end
    else:
        fault = _fault(path, "utf-8", file, end)
        if fault is None:
            _refuse_doubled(path, file, end)
            return "utf-8", end
        _refuse_cut(path, file, end, *fault)
    return _single_byte(path, file, end), end


def canonical(name: str) -> str | None:
    """Returns how Python calls an encoding that a job may name; None for any other."""
    with suppress(LookupError, ValueError):
        found = codecs.lookup(name.strip()).name
        return found if found in ENCODINGS else None
    return None


def _told(path: Path, file: str, told: str, end: int) -> tuple[str, int]:
    name = ENCODINGS[canonical(told) or "utf-8"]
    fault = _fault(path, name, file, end)
    if fault is not None:
        line = _line(path, fault[0])
        raise JobFileError(
            "recipients_unreadable", "encoding_other", file=file, line=line, field="recipients_encoding", encoding=told
        )
    if name not in {"utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"}:
        _refuse_utf8(path, file, told, end)
    return name, end


def _refuse_utf8(path: Path, file: str, told: str, end: int) -> None:
    """Refuses a list said to have one byte a letter that is UTF-8 throughout: chance does not make such letters."""
    seen = 0
    for chunk in chunks(path, end):
        if (match := _WIDE.search(chunk)) is not None:
            if _fault(path, "utf-8", file, end) is None:
                raise JobFileError(
                    "recipients_unreadable",
                    "encoding_other",
                    file=file,
                    line=_line(path, seen + match.start()),
                    field="recipients_encoding",
                    encoding=told,
                )
            return
        seen += len(chunk)


def _refuse_doubled(path: Path, file: str, end: int) -> None:
    """Refuses UTF-8 that was taken for letters of one byte and encoded again: no name has what `ñ` becomes by that."""
    line, last = 1, b""
    for chunk in chunks(path, end):
        block = last + chunk
        if any(lead in block for lead in _DOUBLED_LEADS):
            for match in _DOUBLED.finditer(block):
                found = match[0].decode("utf-8", "ignore")
                if (meant := _halved(found)) is not None:
                    raise JobFileError(
                        "recipients_ambiguous",
                        "encoding_doubled",
                        file=file,
                        line=line + block.count(b"\n", 0, match.start()),
                        field="recipients_encoding",
                        found=found,
                        meant=meant,
                    )
        last = block[-_DOUBLED_MOST:]
        line += block.count(b"\n") - last.count(b"\n")


def doubled(text: str) -> tuple[str, str] | None:
    """Returns the first letters of a text that one letter became, and which one; None where there are none."""
    if not text.isascii():
        for pair in _DOUBLED_PAIR.findall(text):
            if (meant := _halved(pair)) is not None:
                return pair, meant
    return None


def _halved(found: str) -> str | None:
    """Returns the letter that two are which were one letter's bytes; None where they were not."""
    for name in (*_SINGLE_BYTE, "latin-1"):
        with suppress(UnicodeError):
            letter = found.encode(name).decode()
            if len(letter) == 1 and (letter in _SPANISH or letter in _NEIGHBOURS or letter in _SIGNS):
                return letter
    return None


def chunks(path: Path, end: int) -> Iterator[bytes]:
    """Yields the bytes of the file up to `end`."""
    with path.open("rb") as stream:
        left = end
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _end(path: Path) -> int:
    """Where the text ends: before a final Ctrl-Z and what lies behind it. Without one, the file's end."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        at, found = size, size
        while at > 0:
            begin = max(0, at - CHUNK)
            stream.seek(begin)
            block = stream.read(at - begin)
            kept = block.rstrip(_TAIL)
            if (mark := block.find(_END, len(kept))) >= 0:
                found = begin + mark
            if kept:
                return found if _is_single(stream) else size
            at = begin
    return size


def _is_single(stream: IO[bytes]) -> bool:
    """Returns whether a letter takes one byte: in UTF-16, NULs and Ctrl-Z are halves of letters."""
    stream.seek(0)
    head = stream.read(64)
    return not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and _utf16_without_mark(head) is None


def _fault(path: Path, encoding: str, file: str, end: int) -> tuple[int, bool] | None:
    """Returns None when all of the file is text in this encoding; else where it is not, and whether text before it
    had letters beyond ASCII. NUL characters are nobody's text: JobFileError with their line."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, seen, wide = 1, 0, False
    try:
        for chunk in chunks(path, end):
            text = decoder.decode(chunk)
            if "\0" in text:
                line += text.count("\n", 0, text.index("\0"))
                raise JobFileError("recipients_unreadable", "recipients_nul", file=file, line=line)
            line += text.count("\n")
            wide = wide or not text.isascii()
            seen += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        pending = decoder.getstate()[0]
        beyond = not error.object[: error.start].isascii() if isinstance(error.object, bytes) else False
        return max(0, seen - len(pending)) + error.start, wide or beyond
    return None


def _refuse_cut(path: Path, file: str, end: int, at: int, wide: bool) -> None:
    """Refuses UTF-8 that ends within a letter: what was behind it is missing as well."""
    if end - at > 3:
        return
    with path.open("rb") as stream:
        stream.seek(at)
        rest = stream.read(end - at)
    try:
        rest.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return
    # A lone é in the last place is Windows' own, unless the list has shown letters of UTF-8.
    if wide or rest[0] < 0xE0 or len(rest) > 1:
        raise JobFileError("recipients_unreadable", "recipients_truncated", file=file, line=_line(path, at))


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 that lacks its mark shows by its NULs, all in the even or all in the odd places."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) // 4 and not odd else None


# ------------------------------------------------------------------------------------------------- one byte a letter


def _single_byte(path: Path, file: str, end: int) -> str:
    found: set[bytes] = set()
    runs: set[bytes] = set()
    used: set[int] = set()
    looked = 0
    before = b"\n"
    for chunk in chunks(path, end):
        wide = chunk.translate(None, _ASCII)
        if wide and (looked < _AROUND_LIMIT or not used.issuperset(wide)):
            used.update(wide)
            looked += len(wide)
            block = before + chunk + b"\n"
            found.update([block[match.start() - 1 : match.start() + 2] for match in _WIDE.finditer(block, 1)])
            runs.update(_RUNS.findall(block))
        before = chunk[-1:]
    if any(map(_is_utf8_word, runs)):
        raise _ambiguous(path, file, end, "encoding_mixed", encodings="utf-8")
    costs = {name: sum(_cost(around, name) for around in found) for name in _SINGLE_BYTE}
    best = min(_SINGLE_BYTE, key=costs.__getitem__)
    alone = all(cost > costs[best] for name, cost in costs.items() if name != best)
    strange = any(_cost(around, "cp1252") >= _ODD for around in found)
    if costs[best] < _NEVER and (best == "cp1252" or (alone and strange)):
        return best
    other = best if best != "cp1252" else "cp850"
    raise _ambiguous(path, file, end, "encoding_several", encodings=f"cp1252, {other}")


def _is_utf8_word(run: bytes) -> bool:
    """Returns whether some bytes are letters of UTF-8 that names have."""
    try:
        text = run.decode()
    except UnicodeDecodeError:
        return False
    return all(letter in _SPANISH or letter in _NEIGHBOURS or letter in _SIGNS for letter in text)


def _cost(around: bytes, encoding: str) -> int:
    """How ill a letter beyond ASCII sits between its neighbours in this encoding; 0 is a Spanish word."""
    try:
        text = around.decode(encoding)
        before, letter, behind = text[0], text[1], text[2]
    except UnicodeDecodeError:
        try:
            letter = around[1:2].decode(encoding)
        except UnicodeDecodeError:
            return _NEVER
        before, behind = around[:1].decode("latin-1"), around[2:].decode("latin-1")
    if letter in _SPANISH or letter in _NEIGHBOURS:
        cost = 0 if letter in _SPANISH else _FOREIGN
        if not before.isalpha() and not behind.isalpha():
            return cost + _ODD  # a lone letter
        if letter.isupper() and before.islower():
            return cost + _ODD
        if letter.islower() and behind.isupper():
            return cost + (_FOREIGN if before.isupper() else _ODD)
        return cost
    if letter in _SIGNS:
        return _sign_cost(before, letter, behind)
    return _NEVER if before.isalpha() or unicodedata.category(letter) in {"Cc", "Cn", "Co"} else _ODD


def _sign_cost(before: str, letter: str, behind: str) -> int:
    """0 where a sign stands as people set it; odd where in its place a letter of another encoding makes a word."""
    within = before.isalpha() and behind.isalpha()
    if letter in "ºª°":
        return 0 if (before.isalnum() or before == ".") and not within else _ODD
    if letter in "’´`":
        # D’Angelo, dell’Acqua; not Garc’a, and not Mar’
        return _ODD if before.islower() and not behind.isupper() else 0
    if letter == "\u00a0":
        return _ODD if before.isalpha() and not behind.isupper() and not behind.isdigit() else 0
    if letter in "¡¿‘“«":
        return _ODD if before.isalnum() else 0
    if letter in "–—•·":
        return _ODD if before.isalpha() or behind.isalpha() else 0
    return _ODD if within else 0


def _ambiguous(path: Path, file: str, end: int, kind: str, *, encodings: str) -> JobFileError:
    """Returns the refusal, with the first line that holds a strange letter."""
    line, above = None, 1
    before = b"\n"
    for chunk in chunks(path, end):
        block = before + chunk + b"\n"
        for match in _WIDE.finditer(block, 1):
            at = match.start()
            if not _in_utf8(block, at) if kind == "encoding_mixed" else _cost(block[at - 1 : at + 2], "cp1252"):
                line = above + block.count(b"\n", 1, at)
                break
        if line is not None:
            break
        above += chunk.count(b"\n")
        before = chunk[-1:]
    return JobFileError(
        "recipients_ambiguous", kind, file=file, line=line, field="recipients_encoding", encodings=encodings
    )


def _in_utf8(block: bytes, at: int) -> bool:
    """Returns whether the byte there is part of a letter of UTF-8."""
    for begin in range(max(0, at - 3), at + 1):
        for size in (2, 3, 4):
            if begin + size > at:
                with suppress(UnicodeDecodeError):
                    if len(block[begin : begin + size].decode()) == 1 and block[begin] >= 0x80:
                        return True
    return False


def _line(path: Path, at: int) -> int:
    return 1 + sum(chunk.count(b"\n") for chunk in chunks(path, at))


def is_odd(path: Path, encoding: str, end: int) -> bool:
    """Returns whether some cell may hold more than a value: guards of a sheet, control characters, or invisible ones.

    Asked of the file as a whole, so that the rows of plain ones are read fast.
    """
    if encoding.startswith("utf-16"):
        return True
    invisible = _INVISIBLE_UTF8 if encoding.startswith("utf-8") else _INVISIBLE_SINGLE
    last = b"\n"
    for chunk in chunks(path, end):
        if len(chunk.translate(None, CONTROLS)) != len(chunk):
            return True
        block = last + chunk.removeprefix(codecs.BOM_UTF8)
        for guard in _GUARDS:
            if guard in block and any(before + guard in block for before in _BEFORE_GUARDS):
                return True
        # The first byte alone is looked for first, which is much faster.
        if not chunk.isascii() and any(each[:1] in block and each in block for each in invisible):
            return True
        last = chunk[-1:]
    return False
