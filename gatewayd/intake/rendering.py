"""From a job and its recipients to messages as the store takes them. Pure.

A row becomes a plain tuple in the order of `gatewayd.store.commands.NewMessage` (a plain one, for it may cross from
another process); the store is not imported here, so that this process stays small.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Final

from drivers.gsm.alphabet import septets
from drivers.gsm.transliteration import lost
from gatewayd.intake.destinations import as_json, is_email, readers_of
from gatewayd.intake.doubles import Doubles
from gatewayd.intake.further import fixed, further
from gatewayd.intake.speech import VALUE_INVALID, Speech, too_long
from gatewayd.numbers import NumberError, Numbers, Policy
from gatewayd.values.addresses import AddressError
from gatewayd.values.characters import visible
from gatewayd.values.links import begins_with_value, strays
from gatewayd.values.templates import Renderer, Unknown, Variables, VariableUnknownError
from gatewayd.values.texts import ONE_SEGMENT, TOO_LONG, Wanted, as_sent, parts_with_shift
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.lists.cells import is_date
from spool.lists.rows import HIDDEN, SHORT
from spool.recipients import Recipients

CHUNK: Final = 1000
"""Rows a chunk: what the store takes in one transaction."""
ROW_CHARACTERS: Final = 4_000_000
"""Of all texts of one row: twice the longest HTML, and more than any server takes."""
CHUNK_CHARACTERS: Final = 1 << 20
"""Characters of the texts of a chunk: long ones fill it before a thousand rows do, so that one job's transactions are
no longer than another's."""

VALUE_MISSING: Final = "value_missing"
REPEATED: Final = "repeated"
OVER_LINES: Final = "over_lines"
"""More parts than any line that the message may take sends in its whole window or quota."""
RAGGED: Final = "row_ragged"
"""More cells than columns: a delimiter in a value, most likely, and nobody knows which cell is which."""
MARKED: Final = {HIDDEN: "row_hidden", SHORT: "row_short"}
"""By its mark: the sheet does not show the row, and the job leaves such rows out; a cell of it is missing."""
CC_INVALID: Final = "cc_invalid"

CAUSE: Final = "#cause"
"""Key of a recipient in a job of the daemon's own: the facts that its text was written from. No column of a campaign is
called so, for no variable has a sign in its name."""

CAUSE_DIGITS: Final = 18

Most = Mapping[str, Sequence[int]]
"""By the prefix of a route: parts that a line takes which cuts texts as they are counted, and one that cuts with the
Spanish shift table; 0 where there is no such line. A prefix that is missing has no bound."""

Row = tuple[int, str | None, str | None, str | None, str, int, str, str | None, str | None, str | None, int | None]
"""row, ref, to, text, encoding, segments, prefix, reason, detail, options, cause."""


_LOST_MOST: Final = 50
"""Different characters that are counted as lost."""
_SHOWN: Final = 200
"""Characters of a cell that are kept for a person to see."""


class Unusable(Exception):  # noqa: N818 - a signal inside this module
    """The row makes no message."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """What is the same for all recipients of a job."""

    file: str
    """Name of the job file, for errors."""
    channel: str
    text: str
    values: Mapping[str, str]
    encoding: Wanted
    policy: Policy
    prefixes: tuple[str, ...] = ()
    """Every prefix that some line has."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further templates by name (an e-mail's `subject` …); rendered beside the message's text."""
    fixed: tuple[str, ...] = ()
    """Texts without a variable that go out as they are; looked at for placeholders of other programs alone."""
    max_segments: int = 10
    """A text that takes more is `too_long`."""
    speech: Speech | None = None
    """What a call's words must be; None for other channels."""
    own: bool = False
    """Whether the daemon itself brings the job: only such a one says what its texts were written from."""
    most: Most = field(default_factory=dict)
    """How many parts its lines take."""

    @classmethod
    def of(
        cls,
        document: JobDocument,
        policy: Policy,
        prefixes: Iterable[str] = (),
        *,
        own: bool = False,
        most: Most | None = None,
    ) -> RenderPlan:
        """JobFileError `template_unknown`: the words of the template that it names were not looked up."""
        if document.template is not None and document.stored is None:
            raise JobFileError("template_unknown", file=document.file, field="template", name=document.template)
        return cls(
            document.file,
            document.channel,
            document.text or "",
            document.values,
            document.encoding,
            policy,
            tuple(prefixes),
            further(document),
            fixed(document),
            document.max_segments,
            Speech.of(document),
            own,
            most or {},
        )


@dataclass(slots=True)
class Totals:
    """What has become of the rows so far."""

    rows: int = 0
    segments: int = 0
    """Of the valid ones."""
    invalid: Counter[str] = field(default_factory=Counter)
    """Rows by reason."""
    lost: Counter[str] = field(default_factory=Counter)
    """Rows by the character that `gsm7` makes a `?` of, of some characters at least."""

    @property
    def valid(self) -> int:
        return self.rows - self.invalid.total()


class Rendering:
    """Renders the rows of one job, whose columns are known. Used once."""

    def __init__(self, plan: RenderPlan, table: Recipients, numbers: Numbers) -> None:
        """`numbers` reads by the plan's policy. JobFileError `variable_unknown`, its field the variable."""
        self.totals = Totals()
        self._plan = plan
        self._weight = 0
        """Characters of the texts of the present chunk."""
        self._rows = table.rows
        self._sms = plan.channel == "sms"
        self._encoding = plan.encoding if self._sms and plan.encoding != "auto" else ""
        self._seven = self._sms and plan.encoding != "ucs2"
        """A text of GSM 7-bit that needs one segment, as most do, goes as it is."""
        self._to = table.to
        self._choice = table.choice
        self._several = len(table.choice.places) > 1
        self._columns = table.columns
        self._ref = table.ref
        self._width = len(table.columns)
        self._doubles = Doubles.of(table)
        self._cause = table.columns.index(CAUSE) if plan.own and CAUSE in table.columns else None
        self._text, self._options = self._bound(_named(table.columns, self._cause))
        self._address = readers_of(plan.channel, numbers)
        landlines = table.choice.landlines
        if landlines:
            # What the header calls a landline is not taken for a mobile.
            self._fixed = readers_of(plan.channel, Numbers(replace(numbers.policy, assume_mobile=False)))
            self._address = self._fixed if self._to in landlines else self._address
        by_length = {len(prefix) for prefix in plan.prefixes if prefix}
        self._prefix_lengths = sorted(by_length, reverse=True)
        self._prefixes = frozenset(plan.prefixes)
        self._most = plan.most
        # 64-bit hashes of (to, text), keyed anew in each process: of a million rows, some 3 in 10^8 jobs would call one
        # row a repeat that is none.
        self._seen: set[int] = set()

    def _bound(self, columns: Sequence[str]) -> tuple[Renderer, dict[str, Renderer]]:
        """The renderers of the text and of the further templates; one error names what is wrong with any of them."""
        plan = self._plan
        values = {name: visible(value) for name, value in plan.values.items()}
        firsts = self._doubles.firsts
        variables = Variables(columns, values, firsts)
        escaped = variables
        if "html" in plan.options:
            # The template is the sender's own HTML; what a customer's name holds is text, whatever it looks like.
            escaped = Variables(columns, {name: escape(value) for name, value in values.items()}, firsts)
        unknown: list[Unknown] = []

        def bound(text: str, names: Variables = variables, *, tags: bool = False) -> Renderer:
            try:
                return names.bind(text, tags=tags)
            except VariableUnknownError as error:
                unknown.extend(error.unknown)
                return lambda _row: None

        text = bound(visible(plan.text))
        options = {
            name: _mailed(template, bound(template, escaped, tags=True))
            if name == "html"
            else _headed(name, bound(visible(template)))
            for name, template in plan.options.items()
        }
        for said in plan.fixed:
            bound(said)
        if unknown:
            raise _unknown(unknown, plan.file)
        self._doubles = self._doubles.among(variables.by_name | escaped.by_name)
        return text, options

    def one(self, cells: Sequence[str]) -> Row:
        """Returns the message of a row that stands alone: numbered 1, and no repeat of any other."""
        self._seen.clear()
        self._weight = 0
        return self._row(1, cells)

    def chunks(self, size: int = CHUNK) -> Iterator[list[Row]]:
        """The messages of all rows, in order and numbered from 1, `size` at a time, or fewer where their texts are
        long. Bad rows never stop it.

        JobFileError when the table turns out unusable in the middle, or at its end.
        """
        chunk: list[Row] = []
        for number, cells in enumerate(self._rows, 1):
            chunk.append(self._row(number, cells))
            if self._weight > CHUNK_CHARACTERS or len(chunk) == size:
                self.totals.rows = number
                yield chunk
                chunk, self._weight = [], 0
        if chunk:
            self.totals.rows = chunk[-1][0]
            yield chunk

    def _row(self, number: int, cells: Sequence[str]) -> Row:
        ref = (cells[self._ref].strip() or None) if self._ref is not None else None
        raw = cells[self._to]
        to, detail, prefix = None, None, ""
        if len(cells) > self._width:
            return self._invalid(number, ref, None, MARKED.get(cells[-1], RAGGED), as_json({"raw": raw[:_SHOWN]}))
        if self._doubles.groups:
            self._doubles.judge(number, cells)
        cause = None if self._cause is None else _number(cells[self._cause])
        try:
            to, detail = self._reached(cells) if self._several else self._address(raw)
            text, encoding, count, options = self._words(to, cells)
            for length in self._prefix_lengths:
                if to[:length] in self._prefixes:
                    prefix = to[:length]
                    break
            if prefix in self._most:
                self._fit(self._most[prefix], text, encoding, count)
        except (Unusable, AddressError, NumberError) as refused:
            if to is None and raw:
                detail = as_json({"raw": raw[:_SHOWN]})
            return self._invalid(number, ref, to, refused.reason, detail)
        self.totals.segments += count
        return (number, ref, to, text, encoding, count, prefix, None, detail, options, cause)

    def _fit(self, most: Sequence[int], text: str, encoding: str, count: int) -> None:
        """Some line takes so many parts, else Unusable."""
        plain, shifted = most
        if count > plain and (not shifted or (count if encoding else parts_with_shift(text)) > shifted):
            raise Unusable(OVER_LINES)

    def _reached(self, cells: Sequence[str]) -> tuple[str, str | None]:
        """The first address of a row with several columns for it; one that says it is a mobile before one that is only
        taken for it. A receipt says which column it was, unless it was the first."""
        error: AddressError | NumberError | None = None
        assumed: tuple[str, str | None] | None = None
        for place in self._choice.places:
            address = self._fixed if place in self._choice.landlines else self._address
            try:
                to, detail = address(cells[place])
            except (AddressError, NumberError) as refused:
                if is_date(cells[place]):
                    raise  # the row's cells have moved
                error = error or refused
                continue
            if place != self._to:
                detail = as_json({**json.loads(detail or "{}"), "column": self._columns[place]})
            if place not in self._choice.open or '"assumed_mobile":true' not in (detail or ""):
                return to, detail
            assumed = assumed or (to, detail)
        if assumed is None:
            raise error or NumberError("number_missing")
        return assumed

    def _invalid(self, number: int, ref: str | None, to: str | None, reason: str, detail: str | None) -> Row:
        self.totals.invalid[reason] += 1
        return (number, ref, to, None, "", 0, "", reason, detail, None, None)

    def _words(self, to: str, cells: Sequence[str]) -> tuple[str, str, int, str | None]:
        """Text, encoding, segments and options of a row whose address is good; Unusable."""
        text = self._text(cells)
        # What is rendered tells of its cells, but for those that only the further texts have.
        if text is None or self._options or not text.isprintable():
            text, cells = self._said(cells)
        encoding, count, options = self._encoding, 1, None
        if not self._seven or not 0 < (septets(text) or 0) <= ONE_SEGMENT:
            text, count = self._cut(text) if self._sms else (unicodedata.normalize("NFC", text), 1)
        key = hash((to, text))
        speech = self._plan.speech
        if speech is not None and too_long(text):
            raise Unusable(TOO_LONG)
        if self._options:
            rendered = {name: render(cells) for name, render in self._options.items()}
            if None in rendered.values():
                raise Unusable(VALUE_MISSING)
            if speech is not None:
                if any(map(too_long, rendered.values())):
                    raise Unusable(TOO_LONG)
                if speech.wrong_amount(rendered):
                    raise Unusable(VALUE_INVALID)
            if not all(is_email(copy or "") for name, copy in rendered.items() if name.startswith("cc[")):
                raise Unusable(CC_INVALID)
            key = hash((key, *rendered.values()))
            options = as_json({"texts": rendered})
        weight = len(text) + len(options or "")
        if weight > ROW_CHARACTERS:
            raise Unusable(TOO_LONG)
        if key in self._seen:
            raise Unusable(REPEATED)
        self._seen.add(key)
        self._weight += weight
        return text, encoding, count, options

    def _said(self, cells: Sequence[str]) -> tuple[str, Sequence[str]]:
        """The text of a row, and its cells without what nobody sees; Unusable."""
        if not all(map(str.isprintable, cells)):
            cells = [visible(cell) for cell in cells]
        text = self._text(cells)
        if text is None:
            raise Unusable(VALUE_MISSING)
        return text, cells

    def _cut(self, text: str) -> tuple[str, int]:
        """The text as it goes by SMS, and its segments; Unusable."""
        wanted = self._plan.encoding
        try:
            sent, count = as_sent(text, wanted)
        except ValueError:
            raise Unusable(TOO_LONG) from None
        if wanted == "gsm7" and sent is not text and len(self.totals.lost) < _LOST_MOST:
            self.totals.lost.update(lost(text))
        if count > self._plan.max_segments:
            raise Unusable(TOO_LONG)
        return sent, count


def _named(columns: Sequence[str], hidden: int | None) -> Sequence[str]:
    """Returns the columns as texts know them: the daemon's own has no name there."""
    return columns if hidden is None else [*columns[:hidden], "", *columns[hidden + 1 :]]


def _number(cell: str) -> int | None:
    """Returns the number of a cause; one that no store gives is 0, which is nobody's."""
    if not cell:
        return None
    return int(cell) if len(cell) <= CAUSE_DIGITS and cell.isascii() and cell.isdecimal() else 0


def _mailed(template: str, render: Renderer) -> Renderer:
    """Values are text in HTML; a link that begins with one leads to a page, a mail or a telephone, else Unusable."""
    if not begins_with_value(template):
        return lambda cells: render([escape(cell) for cell in cells])

    def judged(cells: Sequence[str]) -> str | None:
        html = render([escape(cell) for cell in cells])
        if html is not None and strays(html):
            raise Unusable(VALUE_INVALID)
        return html

    return judged


def _headed(name: str, render: Renderer) -> Renderer:
    """In the head of a mail a value is one line."""
    if name != "subject" and not name.startswith("cc["):
        return render

    def one_line(cells: Sequence[str]) -> str | None:
        return render([" ".join(cell.split()) if "\n" in cell or "\r" in cell else cell for cell in cells])

    return one_line


def _unknown(unknown: Sequence[Unknown], file: str) -> JobFileError:
    """One refusal for all variables that a job's texts use and nobody has."""
    each = {variable.written: variable for variable in unknown}
    hints = dict.fromkeys(f"%{variable.hint}%" for variable in each.values() if variable.hint is not None)
    kind = "variable_unknown" if not hints else "variable_hint"
    if all(variable.foreign for variable in each.values()):
        kind = "variable_foreign"
    return JobFileError(
        "variable_unknown",
        kind,
        file=file,
        field=unknown[0].name,
        names=", ".join(each),
        hints=", ".join(hints),
    )
