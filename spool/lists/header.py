"""The header of a list: which row it is, or that there is none. Judged by the first rows; pure.

A header names the column of the address, has no address itself, and has addresses below it. What else stands above it
are titles. A list without a header is one only where a single column can be meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from spool.columns import names
from spool.errors import JobFileError
from spool.lists.cells import digits, folded, is_address_like, is_mail_like, is_number_like, shown
from spool.lists.choice import Alien, Choice, Several, choose
from spool.lists.instructions import Instructions
from spool.lists.named import column_of, listed, places_of
from spool.lists.rows import Row
from spool.lists.words import is_area, sense

SEARCHED: Final = 10
"""Rows among which a header is looked for."""
_NAMES: Final = frozenset(
    {
        "dni", "documento", "doc", "cuit", "cuil", "rut", "nit", "nro", "nº", "no", "id", "codigo", "cuenta",
        "contrato", "cliente", "nombre", "apellido", "titular", "contacto", "dato", "ref", "referencia", "factura",
        "importe", "deuda", "saldo", "monto", "total", "vence", "vencimiento", "fecha", "email", "correo", "direccion",
        "localidad", "plan", "estado", "obs", "nota", "observaciones", "name", "customer", "amount", "balance", "date",
        "telefono", "celular", "cel", "tel", "movil", "phone", "mobile", "whatsapp", "numero", "number",
    }
)  # fmt: skip
"""Headers that are no values."""
_NEAR: Final = 4
"""Rows among which one of words alone is taken for a header."""
_IN_NAMES: Final = 2
"""Digits that a header has in its name: `Celular 2`."""
_MONTH: Final = 6
"""Digits of a month; a header has no longer numbers."""
_TEXT: Final = 10
"""Letters from which on a cell is a text and no note about a number ("no tiene")."""
_FULL_NUMBER: Final = 9
"""Digits of a number that needs no area to be told from other numbers."""

Mobile = Callable[[str], bool]
"""Whether a cell is the number of a mobile, by the gateway's own policy."""


@dataclass(frozen=True, slots=True)
class Header:
    """A list's header; `line` is None where it has none, and the cells are names by their place."""

    line: int | None
    cells: tuple[str, ...]
    first: int
    """Place of the first recipient among the rows it was judged by."""
    choice: Choice
    ref: int | None = None
    """Where the job says which column it is."""


def find(rows: Sequence[Row], file: str, channel: str, said: Instructions, mobile: Mobile | None) -> Header:
    """Returns the header. `said` is what the job says; `mobile` tells numbers of mobiles where that is known.

    JobFileError `recipients_ambiguous` where several rows or columns may be meant, `recipients_unreadable` where none.
    """
    if said.header_row is not None:
        return _numbered(rows, file, channel, said, mobile)
    if said.to:
        return _named(rows, file, channel, said)
    header = _spoken(rows, file, channel, said)
    return header if header is not None else _headerless(rows, file, channel, mobile)


def in_names(columns: Sequence[str], file: str, channel: str, said: Instructions) -> Header:
    """Returns the header that the keys of inline recipients make. JobFileError as in `find`."""
    row = Row(0, columns)
    if said.to:
        return _by_names(row, 0, None, file, said)
    header = _chosen(row, 0, file, channel, said)
    return Header(None, header.cells, 0, header.choice, header.ref)


# -------------------------------------------------------------------------------------------------- as the job says


def _numbered(rows: Sequence[Row], file: str, channel: str, said: Instructions, mobile: Mobile | None) -> Header:
    if said.header_row == 0:
        if said.to:
            return _by_names(Row(0, _places(rows)), -1, None, file, said)
        return _headerless(rows, file, channel, mobile, sure=True)
    for place, row in enumerate(rows):
        if row.line == said.header_row:
            if said.to:
                return _by_names(row, place, row.line, file, said)
            return _chosen(row, place, file, channel, said)
    raise JobFileError("value_invalid", "header_row_missing", file=file, field="header_row", row=said.header_row)


def _named(rows: Sequence[Row], file: str, channel: str, said: Instructions) -> Header:
    """Returns the first row that has all the names."""
    wanted = [*said.to, *([said.ref] if said.ref else [])]
    for place, row in enumerate(rows[:SEARCHED]):
        if all(places_of(row.cells, name) for name in wanted):
            return _by_names(row, place, row.line, file, said)
    row = _likeliest(rows, channel)
    if any(map(is_address_like, row.cells)) and all(name in _places(rows) for name in wanted):
        return _by_names(Row(0, _places(rows)), -1, None, file, said)
    return _by_names(Row(row.line, names(row.cells)), rows.index(row), row.line, file, said)


def _by_names(row: Row, place: int, line: int | None, file: str, said: Instructions) -> Header:
    found = [column_of(row.cells, name, file, "columns.to") for name in said.to]
    return Header(line, tuple(row.cells), place + 1, Choice(tuple(dict.fromkeys(found))), _ref(row, file, said))


def _ref(row: Row, file: str, said: Instructions) -> int | None:
    return None if said.ref is None else column_of(row.cells, said.ref, file, "columns.ref")


# ------------------------------------------------------------------------------------------------ as the list says


def _spoken(rows: Sequence[Row], file: str, channel: str, said: Instructions) -> Header | None:
    """Returns the header by its words; None where no row speaks of an address."""
    candidates = [
        place
        for place, row in enumerate(rows[:SEARCHED])
        if not _has_address(row) and choose(row.cells, channel) is not None
    ]
    if not candidates:
        return None
    titles = [place for place in candidates if _is_title(rows, place, channel)]
    candidates = [place for place in candidates if place not in titles]
    if not candidates:
        raise _rows_ambiguous(file, [rows[titles[0]], rows[titles[0] + 1]])
    served = [place for place in candidates if _is_served(rows, place, channel)]
    if not served:
        # Nothing that looks like an address is below: its rows will say so one by one, or there are none.
        wide = [place for place in candidates if sum(map(bool, rows[place].cells)) > 1]
        place = (wide or candidates)[0]
        return _chosen(rows[place], place, file, channel, said, below=rows[place + 1 :])
    columns = {_columns(rows[place], channel) for place in served}
    if len(columns) > 1:
        # A title that speaks of telephones stands alone in its row; a header of several columns does not.
        wide = [place for place in served if sum(map(bool, rows[place].cells)) > 1]
        columns = {_columns(rows[place], channel) for place in wide}
        if len(columns) > 1:
            raise _rows_ambiguous(file, [rows[place] for place in wide])
        served = wide
    [places] = columns
    data = next(
        (
            place
            for place, row in enumerate(rows)
            if place > served[0] and any(is_address_like(row.cells[at]) for at in places if at < len(row.cells))
        ),
        len(rows),
    )
    place = max(each for each in served if each < data)
    _refuse_people_above(rows, place, places, file)
    _refuse_rivals(rows, place, places[0], file)
    return _chosen(rows[place], place, file, channel, said, below=rows[place + 1 :])


def _is_title(rows: Sequence[Row], place: int, channel: str) -> bool:
    """Returns whether a row that speaks of an address is a title, for the row below it looks like the header.

    That one has neither addresses nor numbers, and names a column that the title leaves empty, or the very column.
    """
    if place + 1 >= len(rows):
        return False
    title, below = rows[place].cells, rows[place + 1]
    if _has_address(below) or any(digits(cell) > _IN_NAMES for cell in below.cells):
        return False
    if any(cell and not title[at : at + 1] for at, cell in enumerate(below.cells)):
        return True
    if any(cell and not title[at] for at, cell in enumerate(below.cells) if at < len(title)):
        return True
    first = _columns(rows[place], channel)[0]
    return first < len(below.cells) and folded(below.cells[first]).strip(" .:") in _NAMES


def _has_address(row: Row) -> bool:
    """Returns whether a row has an address, and so is no header; a header may be a month (202611)."""
    return any(map(_is_address, row.cells))


def _is_address(cell: str) -> bool:
    return is_mail_like(cell) or (is_number_like(cell) and digits(cell) > _MONTH)


def _is_served(rows: Sequence[Row], place: int, channel: str) -> bool:
    """Returns whether addresses stand below the columns that a row names."""
    places = _columns(rows[place], channel)
    for row in rows[place + 1 :]:
        for at in places:
            cell = row.cells[at] if at < len(row.cells) else ""
            if is_address_like(cell) or (channel == "push" and cell):
                return True
    return False


def _columns(row: Row, channel: str) -> tuple[int, ...]:
    choice = choose(row.cells, channel)
    return choice.places if choice is not None else ()


def _refuse_people_above(rows: Sequence[Row], header: int, places: Sequence[int], file: str) -> None:
    """Refuses a header above which recipients seem to stand: they would be left out without a word."""
    above = [row for row in rows[:header] if _has_address(row)]
    in_column = [row for row in above if any(at < len(row.cells) and _is_address(row.cells[at]) for at in places)]
    if in_column or len(above) > 1:
        raise _rows_ambiguous(file, [rows[0], rows[header]])


def _refuse_rivals(rows: Sequence[Row], header: int, at: int, file: str) -> None:
    """Refuses a column that is called a number and no more, unless it alone has numbers in full."""
    cells = rows[header].cells
    if sense(cells[at]).kind != "bare":
        return
    # Rows with cells too many have theirs in other columns.
    whole = [row for row in rows[header + 1 :] if not any(row.cells[len(cells) :])]
    full = [place for place in range(len(cells)) if _is_full_column(whole, place)]
    if full != [at]:
        raise JobFileError(
            "recipients_ambiguous",
            "columns_several",
            file=file,
            line=rows[header].line,
            field="columns",
            columns=listed([cells[place] for place in sorted({at, *full})]),
        )


def _is_full_column(rows: Sequence[Row], at: int) -> bool:
    """Returns whether most cells of a column are numbers that need no area."""
    filled = [cell for cell in _column(rows, at) if cell]
    full = [cell for cell in filled if is_number_like(cell) and digits(cell) >= _FULL_NUMBER]
    return len(full) * 2 > len(filled)


def _chosen(row: Row, place: int, file: str, channel: str, said: Instructions, *, below: Sequence[Row] = ()) -> Header:
    match choose(row.cells, channel):
        case Choice() as choice:
            _refuse_areas(row, choice, file)
            return Header(row.line, tuple(row.cells), place + 1, choice, _ref(row, file, said))
        case Several(places) if (only := _without_texts(places, below)) is not None:
            return Header(row.line, tuple(row.cells), place + 1, Choice((only,)), _ref(row, file, said))
        case Several(places):
            raise JobFileError(
                "recipients_ambiguous",
                "columns_several",
                file=file,
                line=row.line,
                field="columns",
                columns=listed([row.cells[at] for at in places]),
                first=row.cells[places[0]],
            )
        case Alien(places):
            raise JobFileError(
                "recipients_ambiguous",
                "columns_alien",
                file=file,
                line=row.line,
                field="columns",
                columns=listed([row.cells[at] for at in places]),
                first=row.cells[places[0]],
            )
        case _:
            raise _no_column(file, row)


def _without_texts(places: Sequence[int], rows: Sequence[Row]) -> int | None:
    """Returns the only one of some columns that has addresses, where the others hold texts: `Celular`, `SMS`."""
    full = [at for at in places if any(map(is_address_like, _column(rows, at)))]
    others = [cell for at in places if at not in full for cell in _column(rows, at) if cell]
    texts = bool(others) and all(sum(map(str.isalpha, cell)) >= _TEXT for cell in others)
    return full[0] if len(full) == 1 and texts else None


def _refuse_areas(row: Row, choice: Choice, file: str) -> None:
    """Refuses a number whose area code stands in a column of its own: without it, it is somebody else's."""
    area = next((cell for cell in row.cells if is_area(cell)), None)
    if area is not None:
        name = row.cells[choice.places[0]]
        raise JobFileError(
            "recipients_ambiguous", "columns_area", file=file, line=row.line, field="columns", area=area, name=name
        )


# ---------------------------------------------------------------------------------------------------- without a header


def _headerless(rows: Sequence[Row], file: str, channel: str, mobile: Mobile | None, *, sure: bool = False) -> Header:
    """Returns a list without a header: the one column with addresses, while no other looks like numbers at all."""
    row = _likeliest(rows, channel)
    if not sure and not any(map(is_address_like, row.cells)):
        raise _no_column(file, row)
    if not sure:
        for place, each in enumerate(rows):
            if not _has_address(each) and (choose(each.cells, channel) is not None or _names_columns(each, place)):
                raise _rows_ambiguous(file, [rows[0], each])
    columns = _places(rows)
    like = is_mail_like if channel == "email" else is_number_like
    places = [at for at in range(len(columns)) if any(like(cell) for cell in _column(rows, at))]
    if channel == "push" or len(places) != 1:
        if not places:
            raise _no_column(file, row)
        raise _headerless_ambiguous(file, rows, places)
    [at] = places
    filled = [cell for cell in _column(rows, at) if cell]
    meant = [cell for cell in filled if like(cell) and (channel == "email" or _is_full(cell, mobile))]
    if not rows[0].cells[at : at + 1] or len(meant) * 5 < len(filled) * 4:
        raise _headerless_ambiguous(file, rows, places)
    names = tuple("to" if place == at else name for place, name in enumerate(columns))
    return Header(None, names, 0, Choice((at,)))


def _names_columns(row: Row, place: int) -> bool:
    """Whether a row without an address, below a first one that has one, is a header all the same: it says what columns
    hold, or is words alone near the beginning."""
    filled = [cell for cell in row.cells if cell]
    if any(folded(cell).strip(" .:") in _NAMES for cell in filled):
        return place < SEARCHED
    return place < _NEAR and len(filled) > 1 and not any(map(digits, filled))


def _is_full(cell: str, mobile: Mobile | None) -> bool:
    return digits(cell) >= _FULL_NUMBER and (mobile is None or mobile(cell))


def _column(rows: Sequence[Row], at: int) -> list[str]:
    return [row.cells[at] if at < len(row.cells) else "" for row in rows]


def _places(rows: Sequence[Row]) -> tuple[str, ...]:
    """Names by the places of the columns that most rows have."""
    lengths = [len(row.cells) for row in rows]
    return tuple(f"col{place + 1}" for place in range(max(set(lengths), key=lambda each: (lengths.count(each), each))))


# ------------------------------------------------------------------------------------------------------------- refusals


def _likeliest(rows: Sequence[Row], channel: str) -> Row:
    """Returns the row a refusal shows as the header: one that names an address, else the first with several cells."""
    for row in rows[:SEARCHED]:
        if choose(row.cells, channel) is not None and not _has_address(row):
            return row
    return next((row for row in rows[:SEARCHED] if sum(map(bool, row.cells)) > 1), rows[0])


def _no_column(file: str, row: Row) -> JobFileError:
    if not all(cell.isprintable() for cell in row.cells if "\n" not in cell and "\r" not in cell):
        return JobFileError("recipients_unreadable", "recipients_binary", file=file)
    return JobFileError(
        "recipients_unreadable",
        "recipients_column",
        file=file,
        field="to",
        row=row.line,
        columns=listed(row.cells),
    )


def _rows_ambiguous(file: str, rows: Sequence[Row]) -> JobFileError:
    numbers = ", ".join(str(row.line) for row in rows)
    line = rows[-1].line
    return JobFileError(
        "recipients_ambiguous", "header_several", file=file, line=line, field="header_row", rows=numbers
    )


def _headerless_ambiguous(file: str, rows: Sequence[Row], places: Sequence[int]) -> JobFileError:
    samples = []
    for at in places:
        cell = next((cell for cell in _column(rows, at) if cell), "")
        samples.append(f"col{at + 1} ({shown(cell, 20)})")
    return JobFileError(
        "recipients_ambiguous",
        "header_missing",
        file=file,
        line=rows[0].line,
        field="header_row",
        columns=", ".join(samples),
    )
