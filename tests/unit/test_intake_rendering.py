"""Recipients become messages as the store takes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gatewayd.intake.rendering import CAUSE, CHUNK_CHARACTERS, Rendering, RenderPlan, Totals
from gatewayd.intake.survey import survey
from gatewayd.numbers import Numbers, Policy
from gatewayd.store.commands import NewMessage
from spool.document import parse
from spool.errors import JobFileError
from spool.recipients import Recipients, inline

POLICY = Policy("AR", "11")
NUMBERS = Numbers(POLICY)


def render(
    recipients: Sequence[dict[str, Any]],
    text: str | None = "Hola %nombre%",
    prefixes: tuple[str, ...] = (),
    size: int = 1000,
    **keys: Any,
) -> tuple[list[NewMessage], Totals]:
    raw = {"channel": "sms", "text": text, "recipients": recipients, **keys}
    document = parse(json.dumps(raw).encode(), "job.json")
    rendering = Rendering(RenderPlan.of(document, POLICY, prefixes), inline(document), NUMBERS)
    messages = [NewMessage._make(row) for chunk in rendering.chunks(size) for row in chunk]
    return messages, rendering.totals


def refusal(recipients: Sequence[dict[str, Any]], **keys: Any) -> JobFileError:
    with pytest.raises(JobFileError) as refused:
        render(recipients, **keys)
    return refused.value


def test_a_recipient_becomes_a_message_with_its_number_text_and_price() -> None:
    [message], totals = render(
        [{"to": "011-15-5987-6543", "ref": "C-1001", "nombre": "Ana", "deuda": "1.500,50"}],
        "Estimado %nombre%, su saldo es $ %deuda%. %empresa%",
        values={"empresa": "Norte Wifi"},
        prefixes=("+54", "+549", "+56"),
    )
    assert message == NewMessage(
        row=1,
        ref="C-1001",
        to="+5491159876543",
        text="Estimado Ana, su saldo es $ 1.500,50. Norte Wifi",
        encoding="",
        segments=1,
        prefix="+549",
        reason=None,
        detail='{"raw":"011-15-5987-6543"}',
    )
    assert (totals.rows, totals.valid, totals.segments) == (1, 1, 1)


def test_bad_recipients_do_not_stop_a_job_and_keep_their_rows() -> None:
    messages, totals = render(
        [
            {"to": "1159876543", "nombre": "Ana"},
            {"to": "", "nombre": "Luis"},
            {"to": "1159876544 (Juan)", "nombre": "Juan"},
            {"to": "1111111111", "nombre": "Eva"},
            {"to": "1159876545", "nombre": "  "},
            {"to": "+54 9 11 5987-6543", "nombre": "Ana"},
            {"to": "1159876543", "nombre": "Otra"},
            {"to": 1159876546, "nombre": "í" * 20_000},
        ]
    )
    assert [(m.row, m.reason) for m in messages] == [
        (1, None),
        (2, "number_missing"),
        (3, "number_invalid"),
        (4, "number_junk"),
        (5, "value_missing"),
        (6, "repeated"),
        (7, None),
        (8, "too_long"),
    ]
    assert [m.to for m in messages] == ["+5491159876543", None, None, None, "+5491159876545"] + [
        "+5491159876543"
    ] * 2 + ["+5491159876546"]
    assert messages[1].detail is None
    assert json.loads(messages[2].detail or "") == {"raw": "1159876544 (Juan)"}
    assert all((m.text, m.segments, m.prefix) == (None, 0, "") for m in messages if m.reason)
    assert (totals.rows, totals.valid) == (8, 2)
    assert totals.invalid.total() == 6


def test_what_was_guessed_is_kept_beside_the_number() -> None:
    messages, _ = render(
        [{"to": "1159876543"}, {"to": '11 5987 6544 / "11 4321 0000"'}, {"to": "11 5987 6545 / 11 4321 0000"}], "Hola"
    )
    assert [json.loads(m.detail or "null") for m in messages] == [
        {"raw": "1159876543", "assumed_mobile": True},
        {"raw": '11 5987 6544 / "11 4321 0000"'},
        {"raw": "11 5987 6545 / 11 4321 0000", "assumed_mobile": True, "flag": "several"},
    ]
    assert messages[1].reason == "number_invalid"
    [plain], _ = render([{"to": "+5491159876543"}], "Hola")
    assert plain.detail is None


def test_the_encoding_decides_text_and_segments() -> None:
    text = "Su factura vence el día 10. " * 5
    [auto], _ = render([{"to": "1159876543"}], text)
    assert (auto.text, auto.encoding, auto.segments) == (text, "", 3)
    [plain], _ = render([{"to": "1159876543"}], text, encoding="gsm7")
    assert (plain.text, plain.encoding, plain.segments) == (text.replace("í", "i"), "gsm7", 1)
    [wide], _ = render([{"to": "1159876543"}], "Hola" * 20, encoding="ucs2")
    assert (wide.encoding, wide.segments) == ("ucs2", 2)


def test_decomposed_accents_are_composed() -> None:
    [message], _ = render([{"to": "1159876543", "nombre": "Pen\u0303a"}])
    assert message.text == "Hola Peña"


def test_texts_that_differ_before_transliteration_only_are_repeats() -> None:
    rows = [{"to": "1159876543", "nombre": "Jose Diaz"}, {"to": "1159876543", "nombre": "Jose Díaz"}]
    assert [m.reason for m in render(rows, encoding="gsm7")[0]] == [None, "repeated"]
    assert [m.reason for m in render(rows)[0]] == [None, None]


@pytest.mark.parametrize(
    ("prefixes", "expected"),
    [((), ""), (("+549",), "+549"), (("+54", "+5491159", "+549351"), "+5491159"), (("+56", "+5492"), ""), (("",), "")],
)
def test_the_route_is_the_longest_prefix_that_some_line_has(prefixes: tuple[str, ...], expected: str) -> None:
    [message], _ = render([{"to": "1159876543"}], "Hola", prefixes)
    assert message.prefix == expected


def test_chunks_are_full_and_rows_go_on_counting() -> None:
    rows = [{"to": f"11{59876543 + i}"} for i in range(25)]
    document = parse(json.dumps({"channel": "sms", "text": "Hola", "recipients": rows}).encode())
    rendering = Rendering(RenderPlan.of(document, POLICY), inline(document), NUMBERS)
    chunks = list(rendering.chunks(10))
    assert [len(chunk) for chunk in chunks] == [10, 10, 5]
    assert [row[0] for chunk in chunks for row in chunk] == list(range(1, 26))
    assert rendering.totals.rows == 25


def test_a_variable_that_nobody_knows_refuses_the_job() -> None:
    error = refusal([{"to": "1159876543", "nombre": "Ana"}], text="%nombre% debe %Deuda%")
    assert (error.code, error.field, error.file) == ("variable_unknown", "deuda", "job.json")


def test_all_unknown_variables_of_all_texts_are_named() -> None:
    raw = {
        "channel": "email",
        "subject": "Factura de %mes%",
        "html": "<b>%nombre%</b> {{Deuda}} <i>%zonna%</i>",
        "text": "%nombre% debe %deudda%",
        "recipients": [{"to": "ana@x.com", "nombre": "Ana", "deuda": "5", "zona": "3"}],
    }
    document = parse(json.dumps(raw).encode())
    with pytest.raises(JobFileError) as refused:
        Rendering(RenderPlan.of(document, POLICY), inline(document), NUMBERS)
    assert (refused.value.code, refused.value.field) == ("variable_unknown", "deudda")
    for named in ("%deudda%", "%mes%", "{{Deuda}}", "%zonna%", "%deuda%", "%zona%"):
        assert named in refused.value.text("es")
        assert named in refused.value.text("en")


def test_a_placeholder_in_words_of_a_call_that_have_no_variable_is_found() -> None:
    script = {"message": [{"say": "Hola %nombre%"}], "goodbye": "Chau {{nombre}}"}
    raw = {"channel": "call", "call": {"script": script}, "recipients": [{"to": "1159876543", "nombre": "Ana"}]}
    document = parse(json.dumps(raw).encode())
    with pytest.raises(JobFileError) as refused:
        Rendering(RenderPlan.of(document, POLICY), inline(document), NUMBERS)
    assert (refused.value.kind, "{{nombre}}" in refused.value.text("es")) == ("variable_foreign", True)


BILL_160 = (
    "Su saldo es $@1.500,50. Norte Wifi le recuerda que puede pagar su factura en cualquier Rapipago o Pago Facil"
    " hasta el dia 10 de cada mes, y evitar el corte. Gr"
)


@pytest.mark.parametrize(
    "sign",
    list(
        "\u00a0\u200b\u200c\ufeff\u2019\u201c\u2013\u2014\u2026\u2009\u202f\u00ad\u2022\u2212\u00b4\u2028\u2060\u200e`\ufe0f"
    ),
    ids=lambda sign: f"U+{ord(sign):04X}",
)
def test_what_a_reader_cannot_tell_apart_does_not_treble_the_price(sign: str) -> None:
    text = BILL_160.replace("@", sign)
    [auto], _ = render([{"to": "1159876543"}], text)
    assert (auto.reason, auto.encoding, auto.segments) == (None, "", 1)
    assert sign not in (auto.text or "")


def test_letters_are_never_folded_and_a_text_that_stays_wide_keeps_its_signs() -> None:
    for text in ("Vence mañana “Peña”", "El día “diez”", "Nº 5"):
        [auto], _ = render([{"to": "1159876543"}], text)
        assert auto.text == {"Vence mañana “Peña”": 'Vence mañana "Peña"'}.get(text, text)
    [wide], _ = render([{"to": "1159876543"}], "“Hola”\u200b", encoding="ucs2")
    assert wide.text == "“Hola”"


def test_control_characters_in_cells_are_dropped() -> None:
    cells = ["Ana\tMaria", "Lu\x07is", "Eva\x1a", "\x01x", "\ufeffEva\u200e", "Ana\u00a0Mar\u00eda"]
    messages, _ = render([{"to": f"115987654{index}", "nombre": cell} for index, cell in enumerate(cells)])
    assert [m.text for m in messages] == [
        "Hola Ana Maria",
        "Hola Luis",
        "Hola Eva",
        "Hola x",
        "Hola Eva",
        "Hola Ana Mar\u00eda",
    ]


@pytest.mark.parametrize("cell", ["\u200b", "\x07", "\ufeff \u00a0"])
def test_a_cell_in_which_nobody_sees_anything_is_empty(cell: str) -> None:
    messages, _ = render([{"to": "1159876543", "nombre": cell}])
    assert [m.reason for m in messages] == ["value_missing"]
    messages, _ = render([{"to": "1159876543", "nombre": cell}], values={"nombre": "cliente"})
    assert [m.text for m in messages] == ["Hola cliente"]


def test_what_gsm7_cannot_keep_is_counted() -> None:
    messages, totals = render(
        [{"to": "1159876543", "nombre": "Ana \U0001f600"}, {"to": "1159876544", "nombre": "Luís"}], encoding="gsm7"
    )
    assert [m.text for m in messages] == ["Hola Ana ?", "Hola Luis"]
    assert totals.lost == {"\U0001f600": 1}


def test_a_look_before_sending_names_what_gsm7_cannot_keep(tmp_path: Path) -> None:
    rows = [{"to": "1159876543", "nombre": "Ana \U0001f600"}, {"to": "1159876544", "nombre": "Luís"}]
    raw = {"channel": "sms", "text": "Hola %nombre%", "encoding": "gsm7", "recipients": rows}
    found = survey(parse(json.dumps(raw).encode()), tmp_path, POLICY)
    assert found.document()["replaced"] == {"\U0001f600": 1}


def test_a_text_above_the_most_segments_is_too_long() -> None:
    rows = [{"to": "1159876543", "nombre": "x" * 1525}, {"to": "1159876544", "nombre": "x" * 1526}]
    assert [(m.reason, m.segments) for m in render(rows)[0]] == [(None, 10), ("too_long", 0)]
    rows = [{"to": "1159876543", "nombre": "x" * 155}, {"to": "1159876544", "nombre": "x" * 156}]
    document = parse(
        json.dumps({"channel": "sms", "text": "Hola %nombre%", "recipients": rows, "max_segments": 1}).encode()
    )
    [chunk] = Rendering(RenderPlan.of(document, POLICY), inline(document), NUMBERS).chunks()
    assert [row[7] for row in chunk] == [None, "too_long"]


def test_long_texts_fill_a_chunk_before_its_rows_do() -> None:
    rows = [{"to": f"{index}@x.com"} for index in range(100)]
    raw = {"channel": "email", "subject": "s", "html": "x" * 100_000, "recipients": rows}
    document = parse(json.dumps(raw).encode())
    chunks = list(Rendering(RenderPlan.of(document, POLICY), inline(document), NUMBERS).chunks())
    assert sum(map(len, chunks)) == 100
    assert max(sum(len(row[8] or "") for row in chunk) for chunk in chunks) <= CHUNK_CHARACTERS + 101_000


def test_a_row_with_more_cells_than_columns_is_not_guessed_at() -> None:
    document = parse(json.dumps({"channel": "sms", "text": "Hola %nombre%", "recipients_file": "c.csv"}).encode())
    cells = [["1159876543", "Ana"], ["1159876544", "Paz, Luis", "x"]]
    table = Recipients("c.csv", ("to", "nombre"), 0, None, iter(cells))
    [chunk] = Rendering(RenderPlan.of(document, POLICY), table, NUMBERS).chunks()
    assert [(row[2], row[7]) for row in chunk] == [("+5491159876543", None), (None, "row_ragged")]


def test_a_column_of_some_recipients_is_one_of_the_job() -> None:
    messages, _ = render([{"to": "1159876543", "nombre": "Ana"}, {"to": "1159876544"}])
    assert [m.reason for m in messages] == [None, "value_missing"]
    messages, _ = render([{"to": "1159876543", "nombre": "Ana"}, {"to": "1159876544"}], values={"nombre": "cliente"})
    assert [m.text for m in messages] == ["Hola Ana", "Hola cliente"]


def test_a_list_without_an_address_is_refused() -> None:
    error = refusal([{"nombre": "Ana", "zona": "Sur"}])
    assert (error.code, error.field) == ("recipients_unreadable", "to")
    assert "nombre, zona" in str(error)


def test_stored_templates_do_not_exist_yet() -> None:
    error = refusal([{"to": "1159876543"}], text=None, template="aviso")
    assert (error.code, error.field) == ("template_unknown", "template")


@pytest.mark.parametrize(
    ("header", "kept"), [("telefono", "+5491159876543"), ("Celular", "+5491159876543"), ("phone", "+5491159876543")]
)
def test_the_number_is_found_under_its_usual_names(header: str, kept: str) -> None:
    [message], _ = render([{header: "1159876543", "codigo": " 77 ", "nombre": "Ana"}])
    assert (message.to, message.ref) == (kept, "77")


def test_mails_go_to_addresses() -> None:
    messages, _ = render(
        [
            {"correo": address}
            for address in ("Ana.Paz@Correo.COM.ar", " a@b.co ", "a@b", "a b@c.com", "a@@c.com", "", "a@.com")
        ],
        "Hola",
        channel="email",
        subject="Factura",
    )
    assert [(m.to, m.reason) for m in messages] == [
        ("ana.paz@correo.com.ar", None),
        ("a@b.co", None),
        (None, "address_invalid"),
        (None, "address_invalid"),
        (None, "address_invalid"),
        (None, "address_missing"),
        (None, "address_invalid"),
    ]
    assert messages[0].segments == 1


def test_what_a_mail_has_beside_its_text_is_rendered_too() -> None:
    rows = [{"to": "a@b.co", "nombre": "Ana"}, {"to": "a@b.co", "nombre": "Luis"}, {"to": " a@b.co", "nombre": "Ana"}]
    messages, _ = render(rows, "Hola", channel="email", subject="Para %nombre%")
    assert [m.reason for m in messages] == [None, None, "repeated"]
    assert json.loads(messages[1].options or "") == {"texts": {"subject": "Para Luis"}}
    assert messages[1].detail is None
    assert refusal(rows, text="Hola", channel="email", subject="%zona%").field == "zona"


def test_a_call_says_what_each_step_renders_to() -> None:
    script = {"message": [{"say": "Hola %nombre%"}, {"play": "intro.wav"}, {"amount": "%deuda%"}]}
    [message], _ = render(
        [{"to": "011 4321-0000", "nombre": "Ana", "deuda": "10"}], None, channel="call", call={"script": script}
    )
    assert json.loads(message.options or "")["texts"] == {"message[0]": "Hola Ana", "message[2]": "10"}


def test_calls_reach_landlines_and_messages_do_not() -> None:
    policy = Policy("CO")
    for channel, reason in (("call", None), ("sms", "number_not_mobile")):
        document = parse(
            json.dumps({"channel": channel, "text": "Hola", "recipients": [{"to": "6012345678"}]}).encode()
        )
        rendering = Rendering(RenderPlan.of(document, policy), inline(document), Numbers(policy))
        assert [row[7] for chunk in rendering.chunks() for row in chunk] == [reason]


def test_push_tokens_are_opaque() -> None:
    messages, _ = render([{"to": "fcm:AbC_-123"}, {"to": "two words"}, {"to": " "}], "Hola", channel="push")
    assert [(m.to, m.reason) for m in messages] == [
        ("fcm:AbC_-123", None),
        (None, "address_invalid"),
        (None, "address_missing"),
    ]


SUBSCRIPTION = {"endpoint": "https://fcm.googleapis.com/fcm/send/a", "keys": {"p256dh": "BN", "auth": "x"}}


def test_a_subscription_has_one_form_however_it_is_written() -> None:
    written = [
        json.dumps(SUBSCRIPTION),
        json.dumps({"expirationTime": None, **SUBSCRIPTION}, indent=2).replace("/", "\\/"),
        json.dumps({"endpoint": "https://x", "keys": {"auth": "x"}}),
        json.dumps({**SUBSCRIPTION, "endpoint": 1}),
        json.dumps({**SUBSCRIPTION, "endpoint": "https://x/" + "y" * 2100}),
        '{"endpoint',
        "t" * 2048,
        "t" * 2049,
        "ficha-ñ",
    ]
    messages, _ = render([{"to": to} for to in written], "Hola", channel="push")
    bad = (None, "address_invalid")
    one = '{"endpoint":"https://fcm.googleapis.com/fcm/send/a","keys":{"auth":"x","p256dh":"BN"}}'
    expected = [(one, None), (one, "repeated"), bad, bad, bad, bad, ("t" * 2048, None), bad, bad]
    assert [(m.to, m.reason) for m in messages] == expected
    assert json.loads(messages[0].detail or "{}") == {"raw": written[0]}


def test_a_push_s_title_and_data_are_rendered_for_each() -> None:
    push = {"title": "Factura de %nombre%", "data": {"invoice": "%factura%", "kind": "bill"}, "ttl": "2h"}
    messages, _ = render(
        [{"token": "a", "nombre": "Ana", "factura": "F-1"}, {"token": "b", "nombre": "Eva", "factura": ""}],
        "Vence mañana",
        channel="push",
        push=push,
    )
    assert json.loads(messages[0].options or "{}")["texts"] == {
        "title": "Factura de Ana",
        "data.invoice": "F-1",
        "data.kind": "bill",
    }
    assert messages[1].reason == "value_missing"
    assert refusal([{"to": "a"}], text="x", channel="push", push={"title": "%quien%"}).field == "quien"


@pytest.mark.parametrize(
    ("parameters", "texts"),
    [
        (["%nombre%", "$ %deuda%"], {"parameter.0": "Ana", "parameter.1": "$ 7,50"}),
        ({"quien": "%nombre%"}, {"parameter.quien": "Ana"}),
    ],
)
def test_a_whatsapp_template_s_parameters_are_rendered_for_each(parameters: Any, texts: dict[str, str]) -> None:
    whatsapp = {"template": "saldo", "language": "es_AR", "parameters": parameters}
    [message, repeat], _ = render(
        [{"to": "011-15-5987-6543", "nombre": "Ana", "deuda": "7,50"}] * 2, None, channel="whatsapp", whatsapp=whatsapp
    )
    assert (message.to, message.text, message.segments) == ("+5491159876543", "", 1)
    assert json.loads(message.options or "{}") == {"texts": texts}
    assert json.loads(message.detail or "{}") == {"raw": "011-15-5987-6543"}
    assert repeat.reason == "repeated"


def test_values_are_text_in_html_and_as_written_elsewhere() -> None:
    rows = [{"to": "ana@example.org", "nombre": 'A<b>"&na'}]
    keys: dict[str, Any] = {"channel": "email", "subject": "Para %nombre%", "html": "<p>%nombre% de %empresa%</p>"}
    messages, _ = render(rows, "Hola %nombre%", values={"empresa": "Pérez & Cía"}, **keys)
    texts = json.loads(messages[0].options or "{}")["texts"]
    assert texts["html"] == "<p>A&lt;b&gt;&quot;&amp;na de Pérez &amp; Cía</p>"
    assert texts["subject"] == 'Para A<b>"&na'
    assert messages[0].text == 'Hola A<b>"&na'


def test_an_amount_that_is_none_is_that_persons_alone() -> None:
    script = {
        "steps": [
            {"amount": "%deuda%"},
            {"ask": "a", "prompt": [{"say": "Debe"}, {"amount": "%deuda%"}], "digits": 1},
        ],
        "message": [{"say": "Su saldo es de"}, {"amount": "$ %deuda%"}],
    }
    good = ["1.500,50", "1500.505", "(1.500,50)", "-1500.5", "1\u00a0500,50"]
    bad = ["150050 centavos", "12.34.56", "r2", "consultar"]
    rows = [{"to": f"011 4321-{number:04d}", "deuda": each} for number, each in enumerate([*good, *bad])]
    messages, totals = render(rows, None, channel="call", call={"script": script, "amd": "leave_message"})
    assert [each.reason for each in messages] == [None] * len(good) + ["value_invalid"] * len(bad)
    assert totals.invalid == {"value_invalid": len(bad)}


def test_a_fixed_amount_that_is_none_refuses_the_file() -> None:
    script = {"message": [{"say": "Su deuda es de"}, {"amount": "12.34.56"}]}
    refused = refusal([{"to": "011 4321-0000"}], text=None, channel="call", call={"script": script})
    assert (refused.code, refused.field, refused.file) == ("value_invalid", "call.script.message[1]", "job.json")
    assert "12.34.56" not in refused.message


def test_what_cannot_be_spoken_is_refused_before_anybody_is_called() -> None:
    refused = refusal([{"to": "011 4321-0000"}], text="x" * 5_001, channel="call")
    assert (refused.code, refused.field) == ("value_invalid", "text")
    for call in ({"text": "%nota%"}, {"text": None, "call": {"script": {"message": "%nota%"}}}):
        rows = [{"to": "011 4321-0000", "nota": "x" * 5_001}, {"to": "011 4321-0001", "nota": "x" * 5_000}]
        messages, _ = render(rows, channel="call", **call)
        assert [each.reason for each in messages] == ["too_long", None]


def test_the_daemons_own_jobs_say_what_their_texts_were_written_from_and_nobody_elses_do() -> None:
    people = [
        {"to": "1159876543", CAUSE: "7", "cause": "avería"},
        {"to": "1159876544", "cause": "corte"},
        {"to": "1159876545", CAUSE: "7; DROP", "cause": "corte"},
    ]
    raw = {"channel": "sms", "text": "Por %cause%", "recipients": people, "values": {"#cause": ""}}
    document = parse(json.dumps(raw).encode(), "job.json")
    for own, expected in ((True, [7, None, 0]), (False, [None, None, None])):
        plan = RenderPlan.of(document, POLICY, own=own)
        rendering = Rendering(plan, inline(document), NUMBERS)
        messages = [NewMessage._make(row) for chunk in rendering.chunks() for row in chunk]
        assert [message.cause for message in messages] == expected
        if own:
            assert [message.text for message in messages] == ["Por avería", "Por corte", "Por corte"]
