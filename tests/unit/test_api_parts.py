"""Parts of the API by themselves: limits, faults and their places, what is uploaded, posts that go together."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import jsonschema_rs
import openpyxl
import pytest

from gatewayd.operations.posts import pointer
from gatewayd.operations.rights import RIGHTS
from gatewayd.values.errors import UnavailableError
from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.v1.absent import ABSENT
from gatewayd.web.v1.api import Api
from gatewayd.web.v1.door import _checked
from gatewayd.web.v1.follow_ups import FOLLOW_UPS
from gatewayd.web.v1.gathering import TOGETHER, Gatherer
from gatewayd.web.v1.limits import Limits
from gatewayd.web.v1.problems import Problem
from gatewayd.web.v1.schemas import SCHEMAS
from gatewayd.web.v1.table import ENDPOINTS
from gatewayd.web.v1.validation import Schema, read_json, refuse_nul
from spool import strict_json, uploads
from spool.folders import Spool
from spool.uploads import UploadError

BEARER = Bearer(token="gwd_live_x")


def test_a_token_has_a_pace_and_a_bound_of_its_own() -> None:
    limits = Limits(rate=5, burst=3, at_once=2)
    with limits.request("a"), limits.request("a"):
        with pytest.raises(Problem) as refused, limits.request("a"):
            pass
        assert (refused.value.kind, refused.value.headers) == ("too-many-requests", {"Retry-After": "1"})
        with limits.request("b"):
            pass
    with limits.request("a"):
        pass
    with pytest.raises(Problem, match="second"), limits.request("a"):
        pass
    time.sleep(0.25)
    with limits.request("a"):
        pass


@pytest.mark.parametrize(
    ("field", "place"),
    [
        (None, ""),
        ("recipients[3].to", "/recipients/3/to"),
        ("call.script.menu.1", "/call/script/menu/1"),
        ("apellido", "/text"),  # a variable
        ("job", "/job"),
    ],
)
def test_a_field_of_a_job_file_is_a_pointer(field: str | None, place: str) -> None:
    assert pointer(field) == place


def test_faults_name_their_places() -> None:
    components = {"components": {"schemas": SCHEMAS}}
    schema = Schema({"$ref": "#/components/schemas/NewMessages", **components})
    with pytest.raises(Problem) as refused:
        schema.check({"messages": [{"to": "1"}, {"to": "", "a/b": 1, "priority": "x"}]})
    assert {(one["pointer"], one["code"]) for one in refused.value.faults} == {
        ("/messages/1/to", "min_length"),
        ("/messages/1/a~1b", "unknown"),
        ("/messages/1/priority", "enum"),
    }


def test_numbers_of_a_job_are_written_as_they_came() -> None:
    raw = b'{"a": [1.50, 1e400, "x\\u00e1", null, true], "b": {"c": 007}}'.replace(b"007", b"7")
    assert strict_json.dump(strict_json.load(raw)) == '{"a": [1.50, 1e400, "xá", null, true], "b": {"c": 7}}'
    with pytest.raises(Problem):
        read_json(b'{"a":1,"a":2}')


def _sheet() -> bytes:
    book, data = openpyxl.Workbook(), io.BytesIO()
    book.save(data)
    return data.getvalue()


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("x.txt", "x")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"to;nombre\n1;Ana\n", "text"),
        ("teléfono\n1\n".encode("utf-16"), "text"),
        (b'{"job": 1}', "json"),
        (_sheet(), "xlsx"),
        (b"%PDF-1.7 x", "pdf"),
        (_zip(), None),
        (b"PK\x03\x04 broken", None),
        (b"\x7fELF\x02", None),
        (b"MZ\x90", None),
        (b"a\x00b", None),
        (b"", None),
    ],
)
def test_an_upload_is_what_it_holds(data: bytes, kind: str | None, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create()
    number = uploads.begin(spool, "norte", "clientes.csv")
    with pytest.raises(UploadError, match="missing"):
        uploads.find(spool, "norte", number)  # it is not whole yet
    assert uploads.add(spool, "norte", number, 0, data) == len(data)
    if kind is None:
        with pytest.raises(UploadError, match="type"):
            uploads.end(spool, "norte", number)
        with pytest.raises(UploadError, match="missing"):
            uploads.find(spool, "norte", number)
    else:
        assert uploads.end(spool, "norte", number).kind == kind
        assert uploads.find(spool, "norte", number).read_bytes() == data
        with pytest.raises(UploadError, match="missing"):
            uploads.find(spool, "sur", number)


def test_uploads_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create()
    monkeypatch.setattr(uploads, "SIZE_MAX", 10)
    monkeypatch.setattr(uploads, "COUNT_MAX", 2)
    number = uploads.begin(spool, "norte", "a")
    uploads.add(spool, "norte", number, 0, b"123456")
    with pytest.raises(UploadError, match="offset"):
        uploads.add(spool, "norte", number, 0, b"123456")
    with pytest.raises(UploadError, match="too_large"):
        uploads.add(spool, "norte", number, 6, b"12345")
    uploads.begin(spool, "norte", "b")
    with pytest.raises(UploadError, match="too_many"):
        uploads.begin(spool, "norte", "c")
    uploads.begin(spool, "sur", "c")
    uploads.begin(spool, "norte", "d", now=time.time() + uploads.KEPT_S + 1)  # the others are too old by then
    with pytest.raises(UploadError, match="missing"):
        uploads.add(spool, "norte", number, 6, b"1")
    for wrong in ("../../etc", "x" * 24, "0" * 24):
        with pytest.raises(UploadError, match="missing"):
            uploads.find(spool, "norte", wrong)


class _Daemon:
    """Answers as the daemon does, and remembers how posts came together."""

    def __init__(self, fails: bool = False) -> None:
        self.sizes: list[int] = []
        self.fails = fails

    async def ask(self, _bearer: Bearer, _operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.sizes.append(len(arguments["posts"]))
        await asyncio.sleep(0.01)
        if self.fails:
            raise UnavailableError("away")
        return {"results": [{"status": 202, "answer": [post["messages"][0]]} for post in arguments["posts"]]}


async def test_posts_go_together_and_each_has_its_answer() -> None:
    daemon = _Daemon()
    gatherer = Gatherer(daemon)  # type: ignore[arg-type]
    found = await asyncio.gather(*(gatherer.post(BEARER, None, [{"to": str(n)}], 100, None) for n in range(200)))
    assert [one["answer"][0]["to"] for one in found] == [str(n) for n in range(200)]
    assert sum(daemon.sizes) == 200
    assert max(daemon.sizes) <= TOGETHER
    assert len(daemon.sizes) <= 6
    assert not gatherer._ways


async def test_everybody_learns_that_the_daemon_is_away() -> None:
    gatherer = Gatherer(_Daemon(fails=True))  # type: ignore[arg-type]
    posts = (gatherer.post(BEARER, None, [{"to": "1"}], 100, None) for _ in range(10))
    found = await asyncio.gather(*posts, return_exceptions=True)
    assert all(isinstance(one, UnavailableError) for one in found)


def test_every_whole_number_of_a_query_is_taken_as_far_as_the_document_says() -> None:
    wholes = [one for each in ENDPOINTS for one in each.parameters if one.schema.get("type") == "integer"]
    assert {"limit", "run", "offset", "year"} <= {one.name for one in wholes}
    for one in wholes:
        known = one, Schema(one.schema)
        for text in {str(one.schema["minimum"]), str(one.schema["maximum"])}:
            assert _checked(known, text) == int(text), one.name
        with pytest.raises(Problem):
            _checked(known, str(one.schema["maximum"] + 1))


def test_what_cannot_be_kept_deep_in_a_free_object_is_refused_and_not_called_unclean() -> None:
    """The schema of a free object allows it, so that it is no 400: of the right form, and cannot be carried out."""
    content = Schema({"$ref": "#/components/schemas/NewTemplate", "components": {"schemas": SCHEMAS}})
    for body in (b'{"content": {"a": {"b\\u0000": 1}}}', b'{"content": {"a": [["\\u0000"]]}}'):
        value = read_json(body)
        content.check(value)
        with pytest.raises(Problem) as refused:
            refuse_nul(body, value)
        assert refused.value.kind == "refused"
    with pytest.raises(Problem) as unfit:
        content.check({"content": {"a\0": 1}})
    assert unfit.value.kind == "invalid-request"
    kept = b'{"content": {"a": "\\\\u0000"}}'  # a backslash and five letters
    refuse_nul(kept, read_json(kept))


def test_what_may_follow_is_there_and_takes_what_it_is_given() -> None:
    known = {one.name: one for one in ENDPOINTS}
    for name, links in FOLLOW_UPS.items():
        for to, parameters in links.items():
            wanted = {one.name for one in known[to].parameters if one.where == "path"}
            assert parameters.keys() == wanted, (name, to)
            for place in parameters.values():
                where, _dot, field = place.removeprefix("$request.").partition(".")
                if where == "path":
                    assert f"{{{field}}}" in known[name].path, (name, to)
                else:
                    answer = SCHEMAS[known[name].answer]
                    assert place.removeprefix("$response.body#/") in answer["properties"], (name, to)


def test_every_operation_has_an_address_or_a_reason_why_not() -> None:
    served = {one.operation for one in ENDPOINTS}
    assert served & ABSENT.keys() == set()
    assert served | ABSENT.keys() == RIGHTS.keys()
    assert {one for one in served if RIGHTS[one].scope == "none"} == set()


def test_every_schema_compiles_and_none_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its start the web process has people waiting."""
    compiled: list[object] = []
    real = jsonschema_rs.Draft202012Validator

    def counted(schema: Any, **keys: Any) -> Any:
        compiled.append(schema)
        return real(schema, **keys)

    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", counted)
    made: list[Schema] = []
    begin = Schema.__init__

    def remembered(schema: Schema, given: Any) -> None:
        begin(schema, given)
        made.append(schema)

    monkeypatch.setattr(Schema, "__init__", remembered)
    Api(cast("Remote", SimpleNamespace()))
    assert made
    assert compiled == []
    for one in made:
        assert one._validator is not None
    assert len(compiled) == len(made)
