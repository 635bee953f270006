"""The job file: what is read from it, and the place and reason of every refusal."""

from __future__ import annotations

import codecs
import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spool import document as document_module
from spool.document import JobDocument, parse
from spool.errors import CODES, JobFileError
from spool.strict_json import load

MINIMAL: dict[str, Any] = {"channel": "sms", "text": "hola", "recipients": [{"to": "1159876543"}]}

FULL: dict[str, Any] = {
    "job": "cobranza-2026-11",
    "channel": "sms",
    "text": "Estimado %nombre%, su saldo es $ %deuda%. %empresa%",
    "values": {"Empresa": "Norte Wifi", "mes": 11, "nada": None},
    "recipients_file": "clientes.csv",
    "recipients_rows": 3,
    "recipients_sha256": "AB" * 32,
    "not_before": "2026-11-23T09:00:00-03:00",
    "not_after": "2026-11-23T18:00:00-03:00",
    "priority": "bulk",
    "lines": ["claro-1", "claro-2"],
    "encoding": "gsm7",
    "resend": "allow",
}

CALL: dict[str, Any] = {
    "channel": "call",
    "recipients": [{"to": "1159876543", "nombre": "Ana", "deuda": "1.500"}],
    "call": {
        "script": {
            "message": [{"say": "Hola %nombre%"}, {"play": "intro.wav"}, {"amount": "%deuda%"}],
            "menu": {"1": "repeat", "2": "promise", "0": "transfer:ventas", "9": "opt_out"},
            "language": "es",
            "voice": None,
        },
        "amd": "detect",
        "min_heard_s": 7.5,
        "ring_s": 20,
        "retries": {"busy": {"times": 2, "pause": "10m"}},
    },
}

PUSH: dict[str, Any] = {
    "channel": "push",
    "text": "Vuelve a las 10",
    "push": {"title": "Corte", "data": {"zone": "norte", "hours": 2, "none": None}, "ttl": "2h"},
    "recipients": [{"to": "/topics/norte"}],
}
WHATSAPP: dict[str, Any] = {
    "channel": "whatsapp",
    "whatsapp": {"template": "saldo", "language": "es_AR", "parameters": ["%nombre%", "%nombre%"]},
    "recipients": [{"to": "1159876543", "nombre": "Ana"}],
}
EMAIL: dict[str, Any] = {
    "channel": "email",
    "text": "hola",
    "subject": "Factura",
    "html": "<p>hola</p>",
    "cc": ["a@example.com"],
    "attachments": ["factura.pdf"],
    "area": "invoices",
    "recipients_file": "clientes.csv",
}


def made(raw: Any, file: str = "trabajo.json") -> JobDocument:
    return parse(json.dumps(raw).encode(), file)


def refusal(raw: Any, file: str = "trabajo.json") -> JobFileError:
    data = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    with pytest.raises(JobFileError) as refused:
        parse(data, file)
    return refused.value


def test_a_full_job() -> None:
    job = made(FULL)
    assert (job.job, job.channel, job.priority, job.lines) == (
        "cobranza-2026-11",
        "sms",
        "bulk",
        ("claro-1", "claro-2"),
    )
    assert job.values == {"empresa": "Norte Wifi", "mes": "11"}
    assert job.not_before == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert job.not_after == datetime(2026, 11, 23, 21, tzinfo=UTC)
    assert (job.recipients_file, job.recipients_rows, job.recipients_sha256) == ("clientes.csv", 3, "ab" * 32)
    assert (job.encoding, job.resend, job.files) == ("gsm7", "allow", ("clientes.csv",))


def test_a_minimal_job_has_the_defaults() -> None:
    job = made(MINIMAL)
    assert (job.job, job.priority, job.lines, job.encoding, job.resend) == ("trabajo", "normal", (), "auto", "never")
    assert (job.not_before, job.not_after, job.call, job.email, job.files) == (None, None, None, None, ())


def test_a_null_is_a_key_left_out() -> None:
    assert made({**MINIMAL, "job": None, "not_before": None, "lines": None, "values": None}) == made(MINIMAL)


def test_numbers_of_recipients_keep_every_digit() -> None:
    data = b"""{"channel":"sms","text":"x","values":{"iva":21.00},
               "recipients":[{"Tel\xc3\xa9fono": 1159876543, "Saldo Final": 1500.50, "id": 00, "x": null}]}"""
    assert refusal(data).code == "json_invalid"  # 00 is no JSON number
    job = parse(data.replace(b"00,", b"7,"), "x.json")
    assert job.recipients == ({"teléfono": "1159876543", "saldo_final": "1500.50", "id": "7"},)
    assert job.values == {"iva": "21.00"}


def test_a_calls_plan_has_its_defaults_and_seconds() -> None:
    plan = made(CALL).call
    assert plan is not None
    assert plan["script"]["message"] == CALL["call"]["script"]["message"]
    assert (plan["amd"], plan["min_heard_s"], plan["ring_s"]) == ("detect", 7.5, 20.0)
    assert plan["retries"] == {"busy": {"times": 2, "pause_s": 600}}
    bare = made({**MINIMAL, "channel": "call"})
    assert bare.call is None
    spoken = made({**CALL, "call": {"script": {"message": "Hola"}}}).call
    assert spoken == {
        "script": {"message": [{"say": "Hola"}], "menu": {}, "language": "es", "voice": None},
        "amd": "off",
        "min_heard_s": 5.0,
        "ring_s": 30.0,
        "retries": {},
    }


def test_an_email_has_its_files() -> None:
    job = made(EMAIL)
    assert job.email is not None
    assert (job.email.subject, job.email.cc, job.email.area) == ("Factura", ("a@example.com",), "invoices")
    assert job.files == ("clientes.csv", "factura.pdf")


@pytest.mark.parametrize("subject", [None, "", "  "])
def test_an_email_without_a_subject_is_refused(subject: str | None) -> None:
    error = refusal(EMAIL | {"subject": subject})
    assert (error.code, error.field) == ("value_invalid", "subject")


def test_a_push_says_more_than_its_text() -> None:
    push = made(PUSH).push
    assert push is not None
    assert (push.title, push.data, push.ttl_s) == ("Corte", {"zone": "norte", "hours": "2"}, 7200)
    assert made({**MINIMAL, "channel": "push"}).push is None


def test_a_whatsapp_template_stands_for_a_text() -> None:
    job = made(WHATSAPP)
    assert job.text is None
    assert job.whatsapp is not None
    assert (job.whatsapp.template, job.whatsapp.language) == ("saldo", "es_AR")
    assert job.whatsapp.parameters == ("%nombre%", "%nombre%")
    named = made({**WHATSAPP, "whatsapp": {**WHATSAPP["whatsapp"], "parameters": {"nombre": "%nombre%"}}}).whatsapp
    assert named is not None
    assert named.parameters == {"nombre": "%nombre%"}
    assert made({**MINIMAL, "channel": "whatsapp"}).whatsapp is None


def test_what_a_push_or_template_says_counts_as_content() -> None:
    hashes = {
        made(raw).content_hash()
        for raw in (
            PUSH,
            {**PUSH, "push": {**PUSH["push"], "title": "Otro"}},
            WHATSAPP,
            {**WHATSAPP, "whatsapp": {**WHATSAPP["whatsapp"], "language": "es"}},
        )
    }
    assert len(hashes) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_at_the_beginning_is_believed(encoding: str) -> None:
    data = json.dumps({**MINIMAL, "text": "ñandú €"}, ensure_ascii=False).encode(encoding)
    assert parse(data).text == "ñandú €"


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b'{"channel": "sms",\n "text": "a"\n "x": 1}', 3, 2),
        (b"", 1, 1),
        (b"   ", 1, 4),
        (b"{", 1, 2),
        (b"[1]", 1, 1),
        (b'"x"', 1, 1),
        (b"null", 1, 1),
        (b'{"a": 1}\n{"b": 2}', 2, 1),
        (b'{"text":\n "\xc3\xb1\xf1o"}', 2, 4),
        (b'{"text": NaN}', 1, 10),
        (b'{"a": "NaN",\n "b": -Infinity}', 2, 7),
        (b'{"a": "x\n"}', 1, 9),
        (b"[" * 100_000, 1, 33),
        (b'{"a":' * 5_000, 1, 161),
        (codecs.BOM_UTF8 + b'{"a": \xff}', 1, 7),
        (codecs.BOM_UTF16_LE + b"\0", 1, 1),
    ],
)
def test_what_is_no_json_is_told_with_its_place(data: bytes, line: int, column: int) -> None:
    error = refusal(data)
    assert (error.code, error.line, error.column, error.file) == ("json_invalid", line, column, "trabajo.json")


def test_a_key_twice_is_refused() -> None:
    error = refusal(b'{"channel": "sms", "text": "a", "text": "b"}')
    assert (error.code, error.field) == ("json_invalid", "text")


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("txt", {**MINIMAL, "txt": "x"}),
        ("Channel", {**MINIMAL, "Channel": "sms"}),
        ("push.badge", {**PUSH, "push": {"badge": 1}}),
        ("whatsapp.header", {**WHATSAPP, "whatsapp": {**WHATSAPP["whatsapp"], "header": "x"}}),
        ("call.volume", {**CALL, "call": {"volume": 1}}),
        ("call.script.speed", {**CALL, "call": {"script": {"message": "x", "speed": 1}}}),
        ("call.retries.answered", {**CALL, "call": {"retries": {"answered": {}}}}),
        ("call.retries.busy.every", {**CALL, "call": {"retries": {"busy": {"every": "1m"}}}}),
        ("call.script.menu.A", {**CALL, "call": {"script": {"message": "x", "menu": {"A": "repeat"}}}}),
        ("call.script.message[0].shout", {**CALL, "call": {"script": {"message": [{"shout": "x"}]}}}),
    ],
)
def test_an_unknown_key_is_told_with_its_path(key: str, raw: dict[str, Any]) -> None:
    error = refusal(raw)
    assert (error.code, error.field) == ("key_unknown", key)


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("channel", {"text": "x", "recipients": [{"to": "1"}]}),
        ("channel", {**MINIMAL, "channel": "fax"}),
        ("channel", {**MINIMAL, "channel": 7}),
        ("channel", {**MINIMAL, "channel": ["sms"]}),
        ("job", {**MINIMAL, "job": "a/b"}),
        ("job", {**MINIMAL, "job": 7}),
        ("job", {**MINIMAL, "job": "x" * 65}),
        ("text", {"channel": "sms", "recipients": [{"to": "1"}]}),
        ("text", {**MINIMAL, "text": ""}),
        ("text", {**MINIMAL, "text": "  \n"}),
        ("text", {**MINIMAL, "text": 5}),
        ("text", {**MINIMAL, "text": "x" * 20_001}),
        ("template", {**MINIMAL, "template": "cobranza"}),
        ("values", {**MINIMAL, "values": []}),
        ("values.12", {**MINIMAL, "values": {"12": "a"}}),
        ("values.($)", {**MINIMAL, "values": {"($)": "a"}}),
        ("values.Saldo $", {**MINIMAL, "values": {"saldo": "1", "Saldo $": "2"}}),
        ("text", {**MINIMAL, "text": "Hola\x07"}),
        ("text", {**MINIMAL, "text": "Hola\x85"}),
        ("max_segments", {**MINIMAL, "max_segments": 0}),
        ("max_segments", {**MINIMAL, "max_segments": 256}),
        ("values.A", {**MINIMAL, "values": {"a": "1", "A": "2"}}),
        ("values.x", {**MINIMAL, "values": {"x": True}}),
        ("values.x", {**MINIMAL, "values": {"x": {"y": 1}}}),
        ("recipients", {"channel": "sms", "text": "x"}),
        ("recipients", {**MINIMAL, "recipients_file": "a.csv"}),
        ("recipients", {**MINIMAL, "recipients": {}}),
        ("recipients[1]", {**MINIMAL, "recipients": [{"to": "1"}, "2"]}),
        ("recipients[0].deuda", {**MINIMAL, "recipients": [{"to": "1", "deuda": [1]}]}),
        ("recipients[0].to", {**MINIMAL, "recipients": [{"to": "1", "TO": "2"}]}),
        ("recipients[0]", {**MINIMAL, "recipients": [{" ": "1"}]}),
        ("recipients_sha256", {**MINIMAL, "recipients_sha256": "ab" * 32}),
        ("recipients_sha256", {**FULL, "recipients_sha256": "ab"}),
        ("recipients_rows", {**FULL, "recipients_rows": -1}),
        ("recipients_rows", {**FULL, "recipients_rows": 1.5}),
        ("recipients_rows", {**FULL, "recipients_rows": "3"}),
        ("recipients_rows", {**FULL, "recipients_rows": 10**30}),
        ("not_before", {**MINIMAL, "not_before": "2026-11-23T09:00:00"}),
        ("not_before", {**MINIMAL, "not_before": "mañana"}),
        ("not_before", {**MINIMAL, "not_before": 1700000000}),
        ("not_after", {**MINIMAL, "not_after": "0001-01-01T00:00:00+14:00"}),
        ("not_after", {**FULL, "not_after": FULL["not_before"]}),
        ("priority", {**MINIMAL, "priority": "high"}),
        ("lines", {**MINIMAL, "lines": []}),
        ("lines", {**MINIMAL, "lines": "claro-1"}),
        ("lines", {**MINIMAL, "lines": ["a", "a"]}),
        ("lines[1]", {**MINIMAL, "lines": ["a", 1]}),
        ("encoding", {**MINIMAL, "encoding": "utf-8"}),
        ("resend", {**MINIMAL, "resend": True}),
        ("call", {**MINIMAL, "call": {}}),
        ("subject", {**MINIMAL, "subject": "x"}),
        ("call.amd", {**CALL, "call": {"amd": "on"}}),
        ("call.ring_s", {**CALL, "call": {"ring_s": 0}}),
        ("call.ring_s", {**CALL, "call": {"ring_s": "30"}}),
        ("call.min_heard_s", {**CALL, "call": {"min_heard_s": -1}}),
        ("call.script", {**CALL, "call": {"script": "hola"}}),
        ("call.script", {**CALL, "text": "hola"}),
        ("call.script.message", {**CALL, "call": {"script": {}}}),
        ("call.script.message", {**CALL, "call": {"script": {"message": []}}}),
        ("call.script.message[0]", {**CALL, "call": {"script": {"message": [{"say": "x", "play": "y"}]}}}),
        ("call.script.message[0].play", {**CALL, "call": {"script": {"message": [{"play": "../x.wav"}]}}}),
        ("call.script.menu.1", {**CALL, "call": {"script": {"message": "x", "menu": {"1": "rm -rf /"}}}}),
        ("call.retries.busy.times", {**CALL, "call": {"retries": {"busy": {"times": 99}}}}),
        ("call.retries.busy.pause", {**CALL, "call": {"retries": {"busy": {"pause": "soon"}}}}),
        ("area", {**EMAIL, "area": "all areas"}),
        ("attachments[0]", {**EMAIL, "attachments": ["/etc/passwd"]}),
        ("attachments[0]", {**EMAIL, "attachments": ["factura\u202efdp.exe"]}),
        ("attachments", {**EMAIL, "attachments": ["factura.pdf", "clientes.csv"]}),
        ("cc[1]", {**EMAIL, "cc": ["%jefa%", "jefa"]}),
        ("cc", {**EMAIL, "cc": "a@example.com"}),
        ("push", {**MINIMAL, "push": {"title": "x"}}),
        ("push", {**PUSH, "push": "x"}),
        ("push.title", {**PUSH, "push": {"title": " "}}),
        ("push.ttl", {**PUSH, "push": {"ttl": 60}}),
        ("push.ttl", {**PUSH, "push": {"ttl": "29d"}}),
        ("push.ttl", {**PUSH, "push": {"ttl": "0s"}}),
        ("push.data", {**PUSH, "push": {"data": ["x"]}}),
        ("push.data", {**PUSH, "push": {"data": {str(n): "x" for n in range(65)}}}),
        ("push.data.a b", {**PUSH, "push": {"data": {"a b": "x"}}}),
        ("push.data.a", {**PUSH, "push": {"data": {"a": True}}}),
        ("text", {**PUSH, "text": None}),
        ("whatsapp", {**MINIMAL, "whatsapp": {"template": "a", "language": "es"}}),
        ("whatsapp.template", {**WHATSAPP, "whatsapp": {"language": "es"}}),
        ("whatsapp.template", {**WHATSAPP, "whatsapp": {"template": "Saldo Vencido", "language": "es"}}),
        ("whatsapp.template", {**WHATSAPP, "text": "x"}),
        ("whatsapp.language", {**WHATSAPP, "whatsapp": {"template": "saldo"}}),
        ("whatsapp.language", {**WHATSAPP, "whatsapp": {"template": "saldo", "language": "Spanish"}}),
        ("whatsapp.parameters", {**WHATSAPP, "whatsapp": {"template": "a", "language": "es", "parameters": "x"}}),
        (
            "whatsapp.parameters[1]",
            {**WHATSAPP, "whatsapp": {"template": "a", "language": "es", "parameters": [1, ""]}},
        ),
        (
            "whatsapp.parameters.El",
            {**WHATSAPP, "whatsapp": {"template": "a", "language": "es", "parameters": {"El": "x"}}},
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_field(field: str, raw: dict[str, Any]) -> None:
    error = refusal(raw)
    assert (error.code, error.field) == ("value_invalid", field)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x.csv",
        "a/b.csv",
        ".",
        "..",
        ".x.csv",
        "",
        "x.tmp",
        "x.part",
        "x.json",
        "a\0b",
        "a\nb",
        "ñ" * 101,
    ],
)
def test_a_file_is_named_by_its_bare_name(name: str) -> None:
    assert refusal({**FULL, "recipients_file": name}).field == "recipients_file"


def test_a_name_may_have_spaces_and_accents() -> None:
    assert made({**FULL, "recipients_file": "clientes año 2026 (final).XLSX"}).files == (
        "clientes año 2026 (final).XLSX",
    )


def test_a_stem_that_is_no_id_asks_for_one() -> None:
    error = refusal(MINIMAL, "campaña nueva.json")
    assert (error.code, error.field) == ("value_invalid", "job")
    assert "campaña nueva" in error.text("es")


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udc00x", "\\uD83D"])
def test_escapes_of_what_no_text_may_hold_are_refused(escape: str) -> None:
    data = f'{{"channel":"sms","text":"x","recipients":[{{"to":"1"}},{{"to":"2","n":"{escape}"}}]}}'.encode()
    error = refusal(data)
    assert (error.code, error.field) == ("value_invalid", "recipients[1].n")
    assert parse(data.replace(escape.encode(), b"\\ud83d\\ude00")).recipients == ({"to": "1"}, {"to": "2", "n": "😀"})


def test_no_recipient_at_all() -> None:
    assert refusal({**MINIMAL, "recipients": []}).code == "no_valid_recipient"


def test_rows_are_checked_inline_too() -> None:
    error = refusal({**MINIMAL, "recipients_rows": 2})
    assert (error.code, error.field) == ("recipients_mismatch", "recipients_rows")


def test_a_job_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "JOB_FILE_LIMIT", 100)
    assert refusal(b" " * 101).code == "too_large"
    assert refusal(b" " * 100).code == "json_invalid"


def test_an_errors_field_stays_short() -> None:
    field = refusal({**MINIMAL, "k" * 1_000_000: 1}).field
    assert field is not None
    assert len(field) <= 301


# ---------------------------------------------------------------------------------------------------------- the hash


def test_spelling_does_not_change_the_hash() -> None:
    given_hash = {"clientes.csv": "00"}
    spelled = dict(reversed(FULL.items())) | {"not_before": "2026-11-23T12:00:00Z", "lines": ["claro-2", "claro-1"]}
    spelled["values"] = {"mes": "11", "empresa": "Norte Wifi"}
    del spelled["recipients_rows"], spelled["recipients_sha256"]
    assert made(spelled).content_hash(given_hash) == made(FULL).content_hash(given_hash)
    assert made({**MINIMAL, "priority": "normal"}).content_hash() == made(MINIMAL, "other.json").content_hash()
    renamed = made({**FULL, "recipients_file": "otros.csv"})
    assert renamed.content_hash({"otros.csv": "00"}) == made(FULL).content_hash(given_hash)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "otro"},
        {"channel": "whatsapp"},
        {"values": {"empresa": "Sur"}},
        {"not_before": "2026-11-23T09:00:01-03:00"},
        {"not_after": None},
        {"priority": "urgent"},
        {"lines": ["claro-1"]},
        {"encoding": "ucs2"},
        {"resend": "never"},
    ],
)
def test_content_changes_the_hash(change: dict[str, Any]) -> None:
    files = {"clientes.csv": "00"}
    assert made({**FULL, **change}).content_hash(files) != made(FULL).content_hash(files)


def test_the_files_bytes_and_their_absence_count() -> None:
    job = made(EMAIL)
    files = {"clientes.csv": "00", "factura.pdf": "11"}
    assert job.content_hash(files) != job.content_hash({**files, "factura.pdf": "22"})
    with pytest.raises(ValueError, match=r"factura\.pdf"):
        job.content_hash({"clientes.csv": "00"})


def test_a_recipient_more_or_another_order_changes_the_hash() -> None:
    a, b = {"to": "1"}, {"to": "2"}
    hashes = {made({**MINIMAL, "recipients": r}).content_hash() for r in ([a], [a, b], [b, a], [b], [a, a])}
    assert len(hashes) == 5


# -------------------------------------------------------------------------------------------------------- the messages


def test_every_code_has_a_sentence_and_a_document() -> None:
    for code in CODES:
        error = JobFileError(code, file="a.csv", line=3, column=4, field="x", name="n")
        for locale in ("es", "en", "fr"):
            told = error.document(locale)
            assert set(told) == {"code", "message", "file", "line", "column", "field"}
            assert told["message"]
        assert error.text("fr") == error.text("es") == error.message == str(error)
        assert error.text("en") != error.text("es")


def test_an_unknown_code_is_a_defect() -> None:
    with pytest.raises(ValueError, match="no such code"):
        JobFileError("oops")


def test_an_error_travels_between_processes() -> None:
    error = JobFileError("recipients_mismatch", "mismatch_rows", file="a.csv", field="recipients_rows", told=3, found=2)
    other = pickle.loads(pickle.dumps(error))
    assert other.document() == error.document()


def test_a_document_travels_between_processes() -> None:
    for raw in (FULL, CALL, EMAIL, MINIMAL):
        job = made(raw)
        assert pickle.loads(pickle.dumps(job)) == job


# ---------------------------------------------------------------------------------------------------------------- fuzz

SEEDS = [json.dumps(raw, ensure_ascii=False).encode() for raw in (MINIMAL, FULL, CALL, EMAIL)]

SPLICES = [
    b"\0", b"\xff", b"\xc3", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000", b"\\ud800", b"NaN", b"-Infinity",
    b"-0", b"null", b"true", b"{}", b"[]", b'""', b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b",", b":",
    b"1e999", b"\xef\xbb\xbf",
    b"\xff\xfe", b'"to"', b'"../x"', b'"2026-11-23T09:00:00-03:00"', b"\xe2\x80\xa8",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        upto = draw(st.integers(at, min(len(data), at + 40)))
        kind = draw(st.sampled_from(["cut", "splice", "copy", "flip"]))
        if kind == "cut":
            data = data[:at] + data[upto:]
        elif kind == "splice":
            data = data[:at] + draw(st.sampled_from(SPLICES)) + data[upto:]
        elif kind == "copy":
            data = data[:upto] + data[at:]
        elif at < len(data):
            data = data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
    return data


def judged(data: bytes) -> None:
    """Either a document with a hash, or JobFileError with all that its file needs."""
    refused = None
    try:
        job = parse(data, "fuzz.json")
    except JobFileError as error:
        refused = error
    if refused is None:
        assert len(job.content_hash(dict.fromkeys(job.files, "00"))) == 64
        return
    assert refused.code in CODES
    assert refused.file == "fuzz.json"
    assert len(json.dumps(refused.document(), ensure_ascii=False).encode()) < 4000


@settings(max_examples=1500, deadline=None)
@given(mutated())
def test_mutated_job_files_are_refused_and_nothing_else(data: bytes) -> None:
    judged(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from([MINIMAL, FULL, CALL, EMAIL]), st.data())
def test_any_json_in_any_place_is_judged(seed: dict[str, Any], data: st.DataObject) -> None:
    raw = json.loads(json.dumps(seed))
    node: Any = raw
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        inner = node[key]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            node[key] = data.draw(JSON)
            break
        node = inner
    judged(json.dumps(raw, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(JSON)
@example({"a": [1, 2.5, "x", None, True]})
def test_clean_json_is_read_as_the_standard_library_does(value: Any) -> None:
    def texts(value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (int, float)):
            return json.dumps(value)
        if isinstance(value, list):
            return [texts(item) for item in value]
        return {k: texts(v) for k, v in value.items()} if isinstance(value, dict) else value

    data = json.dumps(value)
    if "\\u0000" in data:
        with pytest.raises(JobFileError):
            load(data.encode())
    else:
        assert load(data.encode()) == texts(value)


def test_a_file_name_that_is_no_text_is_refused_even_where_the_job_has_a_name() -> None:
    with pytest.raises(JobFileError) as error:
        parse(json.dumps({**MINIMAL, "job": "bien"}).encode(), "mal\udcff.json")
    assert error.value.code == "value_invalid"


@pytest.mark.parametrize("text", ["\u200b", " \ufeff\u2060 ", "\u00ad"])
def test_a_text_that_nobody_could_see_is_blank(text: str) -> None:
    with pytest.raises(JobFileError) as refused:
        parse(json.dumps({"channel": "sms", "text": text, "recipients": [{"to": "1159876543"}]}).encode(), "job.json")
    assert (refused.value.code, refused.value.kind) == ("value_invalid", "value_blank")


def test_all_keys_that_are_none_are_named_at_once() -> None:
    error = refusal({"channel": "sms", "texto": "x", "recipient": [], "zzz": 1, "recipients": [{"to": "1"}]})
    assert (error.code, error.field) == ("key_unknown", "texto")
    for language in ("en", "es"):
        for word in ("texto (text?)", "recipient (recipients?)", "zzz"):
            assert word in error.text(language)
