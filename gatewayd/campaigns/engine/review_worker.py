"""The process that looks through a campaign before it is launched: who is reached by what, who is not and why.

`python -m gatewayd.campaigns.engine.review_worker PARENT MEMORY`. One request (JSON) on its standard input; on its
output `{"done": people}` now and then, at the end `{"end": people, "review": …}` or `{"error": sentence}`. What is left
out goes into a sheet (CSV) of its own.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.engine.cuts import Cuts
from gatewayd.campaigns.engine.later_rungs import LadderCost, LaterRungs, Rung
from gatewayd.campaigns.engine.words import Words, speaks_of_debt
from gatewayd.campaigns.slices import head_of
from gatewayd.numbers import Policy
from gatewayd.store.campaigns import audience, campaigns, facts, repeats
from gatewayd.store.campaigns.occasion import occasion
from gatewayd.store.campaigns.runs import Person
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Scope
from gatewayd.values.errors import GatewayError
from gatewayd.words.translation import set_language
from gatewayd.workers.documents import begin
from spool.document import parse
from spool.errors import JobFileError
from spool.stored import filled

REQUEST_MAX: Final = 4 << 20
PORTION: Final = 1_000
TELL_S: Final = 0.5
SHOWN: Final = 5
FAULTY_SHOWN: Final = 20
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet takes for a formula."""


@dataclass(slots=True)
class Review:
    """What was found so far."""

    people: int = 0
    segments: int = 0
    """The most that all texts take, over whichever lines they go."""
    fewest: int = 0
    """Of segments, where each goes over the line that cuts it best."""
    by_segments: Counter[int] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    faulty: list[dict[str, Any]] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)
    last: list[dict[str, Any]] = field(default_factory=list)
    dearest: list[dict[str, Any]] = field(default_factory=list)
    encodings: Counter[str] = field(default_factory=Counter)
    contacted: Counter[int] = field(default_factory=Counter)
    """By campaign of today that said the same, people."""
    with_fault: int = 0
    ladder: dict[str, Any] | None = None
    """What all channels may cost; None where there is one."""

    def document(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "recipients": self.people + self.left_out.total(),
            "segments": self.segments,
            "segments_least": self.fewest,
            "by_segments": {str(count): people for count, people in sorted(self.by_segments.items())},
            "left_out": dict(self.left_out.most_common()),
            "faulty": self.faulty,
            "first": self.first,
            "last": self.last,
            "dearest": self.dearest,
            "encodings": dict(self.encodings),
            "ladder": self.ladder,
            "contacted_today": [
                {"campaign": campaign, "people": people} for campaign, people in self.contacted.most_common(10)
            ],
        }


def main() -> int:
    """`review_worker PARENT MEMORY`: the parent's pid, octets of address space."""
    request, tell = begin(REQUEST_MAX)
    try:
        _look_through(request, tell)
    except JobFileError as error:
        tell({"error": error.text(request["language"]), "code": error.code})
    except (GatewayError, OSError) as error:
        tell({"error": str(error), "code": type(error).__name__})
    except MemoryError:
        tell({"error": "out of memory", "code": "too_large"})
    return 0


def _look_through(request: Mapping[str, Any], tell: Callable[[Mapping[str, Any]], None]) -> None:
    set_language(request["language"])
    reader = Reader(request["url"], password=request["password"], pool=1)
    path = Path(request["path"])
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=request["delimiter"])
            writer.writerow(request["heads"])
            review, fault = _reviewed(request, reader, writer, tell)
        part.rename(path)
    finally:
        reader.close()
        part.unlink(missing_ok=True)
    document = review.document() | {
        "fault": None
        if fault is None
        else {"code": fault.code, "sentence": fault.text(request["language"]), "people": review.with_fault}
    }
    tell({"end": review.people, "review": document})


def _reviewed(
    request: Mapping[str, Any], reader: Reader, writer: Any, tell: Callable[[Mapping[str, Any]], None]
) -> tuple[Review, JobFileError | None]:
    found = reader.ask(partial(campaigns.campaign, scope=Scope.all(), number=request["campaign"]))
    said = CampaignDocument.model_validate_json(found.document)
    about = reader.ask(
        partial(
            occasion,
            account=found.account,
            klass=said.klass,
            now=request["now"],
            zone=request["zone"],
            region=request["policy"][0],
        )
    )
    source = reader.ask(
        partial(audience.source, campaign=found, meant=said.meant, channel=said.ladder[0].channel, occasion=about)
    )
    policy = Policy(*request["policy"])
    first, *later = request["rungs"]
    words = _words(first, policy)
    cuts = Cuts((prefixes, variant) for prefixes, variant in first["lines"])
    ladder = LadderCost([Rung(each["content"]["channel"], each["price"]) for each in request["rungs"]])
    rungs = LaterRungs(
        reader,
        said,
        lambda channel: reader.ask(
            partial(audience.source, campaign=found, meant=said.meant, channel=channel, occasion=about)
        ),
        [_words(each, policy) for each in later],
        [Cuts((prefixes, variant) for prefixes, variant in each["lines"]) for each in later],
    )
    owing = source.chosen is not None and source.chosen.owing
    caused = owing or any(speaks_of_debt(_document(each), policy) for each in request["rungs"])
    earlier = reader.ask(
        partial(
            repeats.same_content,
            campaign=found.id,
            account_id=source.account_id,
            content=first["content"],
            since=request["today"],
        )
    )
    review, cursor, over, told = Review(), 0, False, time.monotonic()
    seen: set[int] = set()
    while not over:
        page = reader.ask(partial(audience.page, source=source, after=cursor, limit=PORTION))
        cursor, over = page.cursor, page.over
        if page.without:
            review.left_out["no_address"] += page.without
        addresses = [one.address for one in page.people]
        blocked = reader.ask(
            partial(repeats.blocked, account_id=source.account_id, channel=source.channel, addresses=addresses)
        )
        several: frozenset[str] = frozenset()
        if caused:
            several = reader.ask(
                partial(facts.shared, account_id=source.account_id, channel=source.channel, addresses=addresses)
            )
        contacted = reader.ask(partial(repeats.contacted, runs=earlier, addresses=addresses))
        counts = rungs.counts(page.people) if later else ()
        for place, one in enumerate(page.people):
            before = review.fewest, review.segments
            reason = _one(review, words, cuts, one, blocked, seen, several)
            if later and reason is None:
                ladder.add([(review.fewest - before[0], review.segments - before[1]), *counts[place]])
            if reason is not None:
                writer.writerow([_harmless(one.external_id or ""), _harmless(one.address), reason])
            elif (campaign := contacted.get(one.address)) is not None:
                review.contacted[campaign] += 1
        if time.monotonic() - told >= TELL_S:
            tell({"done": review.people})
            told = time.monotonic()
    review.ladder = ladder.document() if later else None
    return review, words.fault


def _one(  # noqa: PLR0917 - one person, and what is known of all
    review: Review,
    words: Words,
    cuts: Cuts,
    one: Person,
    blocked: set[str],
    seen: set[int],
    several: frozenset[str],
) -> str | None:
    """Notes one person; returns why it is left out, None where it is not."""
    row = words.row(one.address, one.external_id, one.cells)
    reason = "value_missing" if row is None else row[7]
    if row is None:
        review.with_fault += 1
    if reason is None and one.address in blocked:
        reason = "blocked"
    if reason is None and one.address in several:
        reason = "shared_number"
    if row is not None and reason is None:
        key = hash((one.address, row[3], row[9]))
        if key in seen:
            reason = "repeated"
        seen.add(key)
    if row is None or reason is not None:
        review.left_out[reason or "invalid"] += 1
        if len(review.faulty) < FAULTY_SHOWN:
            review.faulty.append({"ref": one.external_id, "to": one.address, "reason": reason})
        return reason or "invalid"
    fewest, most = cuts.parts(one.address, row[3] or "", row[4], row[5])
    shown = {
        "ref": one.external_id,
        "to": one.address,
        "text": row[3],
        "segments": most,
        "texts": json.loads(row[9])["texts"] if row[9] else {},
    }
    review.people += 1
    review.segments += most
    review.fewest += fewest
    review.by_segments[most] += 1
    review.encodings[row[4] or "gsm7"] += 1
    if len(review.first) < SHOWN:
        review.first.append(shown)
    review.last = [*review.last[-SHOWN + 1 :], shown]
    if len(review.dearest) < SHOWN or most > review.dearest[-1]["segments"]:
        review.dearest = sorted([*review.dearest, shown], key=lambda each: -each["segments"])[:SHOWN]
    return None


def _words(rung: Mapping[str, Any], policy: Policy) -> Words:
    return Words(_document(rung), policy, rung["prefixes"], rung["most"])


def _document(rung: Mapping[str, Any]) -> Any:
    head = {**head_of(rung["content"], "c"), "recipients": [{"to": "-", "ref": ""}]}
    document = parse(json.dumps(head, ensure_ascii=False).encode(), "c.json")
    template = rung["template"]
    if template is None:
        return document
    return filled(document, template["version"], template["content"], template["values"])


def _harmless(cell: str) -> str:
    """Returns a cell that no spreadsheet takes for a formula; a reader of ours takes the apostrophe off again."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


if __name__ == "__main__":
    sys.exit(main())
