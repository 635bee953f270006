"""The provider's pure parts: templates, answers, rules, ids, presets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Blame, LineSetup, MisconfiguredError, OutboundMessage
from drivers.http.answer import RETRY_AFTER_MAX_S, Answer
from drivers.provider import driver
from drivers.provider.answer import Finder
from drivers.provider.answer import Path as JsonPath
from drivers.provider.grammar import GrammarError
from drivers.provider.identity import ALPHABETS, CROCKFORD, attempt_of, foreign_id
from drivers.provider.options import ProviderOptions, effective, preset_names
from drivers.provider.pending import Pending, PendingReports
from drivers.provider.plan import Plan, UnsendableError
from drivers.provider.received import InboxReader
from drivers.provider.rules import Result, Verdict, judge, parse_rules
from drivers.provider.template import Document, Pairs, Template, TemplateError
from gatewayd.config import InvalidConfigError, parse

ATTEMPT = "01JD0000000000000000000001"
NOW = 1_795_435_200.0


def answer(status: int = 200, body: bytes | str = b"", kind: str = "application/json", **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    return Answer(status, {"content-type": kind, **headers}, raw)


# ----------------------------------------------------------------------------------------------------------- templates


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_value_stays_a_value_wherever_it_stands(text: str) -> None:
    values = {"text": text, "number": "+549"}
    query = Pairs.parse({"a": "x{text}y", "b": "{number}"}).encode(values, "utf-8")
    assert parse_qs(query, keep_blank_values=True) == {"a": [f"x{text}y"], "b": ["+549"]}
    url = Template.parse("http://h/{text}/z").url(values, "utf-8")
    assert unquote(url) == f"http://h/{text}/z"
    assert re.fullmatch(r"http://h/[A-Za-z0-9_.~%-]*/z", url)
    assert Document.parse({"t": "<{text}>"}).render(values) == {"t": f"<{text}>"}


@given(st.text(st.sampled_from("{}ab:"), max_size=8))
def test_a_template_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        template = Template.parse(text)
    except TemplateError:
        assert re.search(r"[{}]", text)
        return
    assert template.text({}) == text.replace("{{", "{").replace("}}", "}")


def test_braces_numbers_xml_and_empty_values() -> None:
    assert Template.parse("{{{number}}}").text({"number": "5"}) == "{5}"
    assert Document.parse({"to": "{number:int}", "n": [1, None]}).render({"number": "56912"}) == {
        "to": 56912,
        "n": [1, None],
    }
    assert Template.parse("<t>{text:xml}</t>").text({"text": "<&\"'"}) == "<t>&lt;&amp;&quot;&apos;</t>"
    assert Pairs.parse({"k": "{key}", "e": ""}).encode({"key": ""}, "utf-8") == "e="
    assert Document.parse({"k": "{key}", "e": ""}).render({"key": ""}) == {"e": ""}
    for wrong in ("{nobody}", "{", "a}", "{text:hex}", "x{number:int}"):
        with pytest.raises(TemplateError):
            Template.parse(wrong)


def test_what_a_charset_lacks_is_no_question_mark() -> None:
    assert Pairs.parse({"t": "{text}"}).encode({"text": "ñ €"[:1]}, "latin-1") == "t=%F1"
    with pytest.raises(UnicodeEncodeError):
        Pairs.parse({"t": "{text}"}).encode({"text": "€"}, "latin-1")


# ------------------------------------------------------------------------------------------------------ answers, rules


def test_json_paths() -> None:
    document = {"data": {"messages": [{"x": 1}, {"id": "m-1", "ok": None}]}}
    for path, found in (
        ("$.data.messages[1].id", "m-1"),
        ("$.data.messages[*].id", "m-1"),
        ("$.data.messages[0].x", "1"),
        ("$.data.messages[1].ok", None),
        ("$.data.messages[9]", None),
        ("$.nothing", None),
    ):
        assert Finder.parse(path).find(answer(body=json.dumps(document))) == found
    for wrong in ("data", "$..x", "$.a[", "$[x]"):
        with pytest.raises(ValueError, match="path"):
            JsonPath.parse(wrong)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999", RETRY_AFTER_MAX_S),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2020 12:00:30 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after(said: str, seconds: float | None) -> None:
    assert answer(429, **{"retry-after": said}).retry_after_s(NOW) == seconds


RULES = parse_rules(
    [
        {"json": "$.status", "matches": "ok", "result": "accepted"},
        {"json": "$.code", "matches": "-(1|2)", "result": "refused", "reason": "number"},
        {"body": "OK", "result": "accepted"},
        {"status": 503, "result": "retry", "reason": "busy", "retry_after": 5},
    ]
)


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (answer(200, '{"status":"ok"}'), Verdict(Result.ACCEPTED, "http_200")),
        (answer(200, '{"status":"okay"}'), Verdict(Result.UNCERTAIN, "answer_unknown")),
        (answer(200, '{"code":-2}'), Verdict(Result.REFUSED, "number")),
        (answer(200, "OK", "text/html"), Verdict(Result.ACCEPTED, "http_200")),
        (answer(200, "OK, not"), Verdict(Result.UNCERTAIN, "answer_unknown")),
        (answer(500, "OK"), Verdict(Result.UNCERTAIN, "http_500")),
        (answer(503, "OK"), Verdict(Result.RETRY, "busy", Blame.EITHER, 5.0)),
        (answer(400, '{"status":"ok"}'), Verdict(Result.REFUSED, "http_400")),
        (answer(403), Verdict(Result.RETRY, "forbidden", Blame.LINE)),
        (answer(200, "<html>OK</html>"), Verdict(Result.UNCERTAIN, "html_page")),
        (answer(200, " <!-- x --> <!DOCTYPE html><p>OK"), Verdict(Result.UNCERTAIN, "html_page")),
        (answer(302), Verdict(Result.UNCERTAIN, "http_302")),
        (answer(429, **{"retry-after": "3"}), Verdict(Result.RETRY, "http_429", Blame.LINE, 3.0)),
    ],
    ids=str,
)
def test_the_status_is_judged_before_the_body(given: Answer, verdict: Verdict) -> None:
    assert judge(RULES, given, NOW) == verdict


def test_an_html_page_is_no_success_by_its_status_alone() -> None:
    rules = parse_rules([{"result": "accepted"}, {"body": ".*", "result": "accepted"}])
    assert judge(rules, answer(200, "<html>login</html>"), NOW).result is Result.UNCERTAIN
    assert judge(rules, answer(200, ""), NOW).result is Result.ACCEPTED
    cut = Answer(200, {}, b"{}", truncated=True)
    assert judge(rules, cut, NOW) == Verdict(Result.UNCERTAIN, "answer_too_long")


@given(st.integers(100, 599), st.binary(max_size=60), st.sampled_from(["text/html", "application/json", ""]))
def test_no_rule_no_success(status: int, body: bytes, kind: str) -> None:
    assert judge((), answer(status, body, kind), NOW).result is not Result.ACCEPTED


def test_a_wrong_rule_is_named() -> None:
    for table, why in (
        ({"result": "yes"}, "result"),
        ({"result": "accepted", "status": 99}, "status"),
        ({"result": "accepted", "body": "("}, "pattern"),
        ({"result": "accepted", "body": "x", "json": "$.x"}, "only one of"),
        ({"result": "accepted", "bodi": "x"}, "bodi"),
        ({"result": "accepted", "json": 5}, "path"),
        ({"result": "accepted", "retry_after": "soon"}, "an invalid value"),
    ):
        with pytest.raises(GrammarError, match=why) as error:
            parse_rules([{"result": "accepted"}, table])
        fault = error.value.at("rules")
        assert fault.key == "rules"
        assert str(fault).endswith("; correct rule 2")


# ----------------------------------------------------------------------------------------------------------------- ids


attempts = st.integers(0, 2**128 - 1).map(
    lambda number: "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
)


@given(attempts, st.sampled_from(sorted(ALPHABETS)), st.integers(4, 64))
def test_an_id_fits_and_comes_back_where_it_can(attempt: str, alphabet: str, length: int) -> None:
    made = foreign_id(attempt, alphabet, length)
    assert made == foreign_id(attempt, alphabet, length)
    assert alphabet == "uuid" or len(made) <= length
    assert set(made) <= set(ALPHABETS[alphabet]) | {"-"}
    back = attempt_of(made, alphabet, length)
    assert back in (attempt, None)
    if alphabet == "uuid" or length >= 39:
        assert back == attempt


# -------------------------------------------------------------------------------------------------------------- presets


NEEDED: dict[str, dict[str, Any]] = {
    "smsmasivos": {"user": "norte", "password": "clave1"},
    "connectus": {"user": "42", "key": "secret-key"},
    "httpsms": {"key": "secret-key", "sender": "+5491150000000"},
    "textbee": {"key": "secret-key", "device": "d1"},
    "restsms": {"url": "http://192.168.0.7:8080/send"},
    "kannel": {"url": "http://127.0.0.1:13013/cgi-bin/sendsms", "user": "u", "password": "secret-pw"},
}


def message(text: str = "Hola", to: str = "+5491159876543") -> OutboundMessage:
    return OutboundMessage(attempt=ATTEMPT, to=to, address=to, text=text, parts=(text,))


def test_every_preset_is_known_here() -> None:
    assert set(preset_names()) == set(NEEDED)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_preset_says_a_message_and_hides_its_secrets(name: str) -> None:
    options = ProviderOptions(preset=name, **NEEDED[name])
    assert driver.check(LineSetup("p", options)) == []
    plan = Plan(effective(options))
    assert plan.can_accept
    request = plan.send(message())
    said = f"{request.url} {request.body!r}"
    assert "59876543" in said
    assert "Hola" in said
    shown = repr(plan.send(message(), masked=True))
    for secret in ("clave1", "secret-key", "secret-pw"):
        assert secret not in shown
    assert driver.make(LineSetup("p", options)).capacity >= 1


def test_sms_masivos_as_its_interface_wants_it() -> None:
    plan = Plan(effective(ProviderOptions(preset="smsmasivos", user="norte", password="clave1")))
    request = plan.send(message("$ 1.500 a 50%"))
    assert (request.method, "?" in request.url) == ("POST", False)
    assert request.body is not None
    assert parse_qs(request.body.decode()) == {
        "api": ["1"],
        "usuario": ["norte"],
        "clave": ["clave1"],
        "tos": ["1159876543"],
        "texto": ["$ 1.500 a 50%"],
        "idinterno": [ATTEMPT],
        "respuestanumerica": ["1"],
    }
    for text, to, reason in (("x" * 161, "+5491159876543", "text_too_long"), ("ñ", "+5491159876543", "characters")):
        with pytest.raises(UnsendableError, match=reason):
            plan.send(message(text, to))
    for to, tos in (("1159876543", "1159876543"), ("5491159876543", "1159876543"), ("+541143211234", "1143211234")):
        assert plan.number(to) == tos
    mild = Plan(effective(ProviderOptions(preset="smsmasivos", user="u", password="p", replace={"ñ": "n"})))
    sent = mild.send(message("Año")).body
    assert sent is not None
    assert parse_qs(sent.decode())["texto"] == ["Ano"]


@pytest.mark.parametrize(
    ("body", "result", "reason"),
    [
        ("OK", Result.ACCEPTED, "http_200"),
        ("0", Result.ACCEPTED, "http_200"),
        ("1;Mensaje de prueba", Result.ACCEPTED, "http_200"),
        ("-1;Telefono fijo", Result.REFUSED, "landline"),
        ("-6", Result.REFUSED, "text_too_long"),
        ("-9;Codigo de area", Result.REFUSED, "number"),
        ("-12", Result.REFUSED, "number"),
        ("-14;No llame", Result.REFUSED, "do_not_call"),
        ("-4;Duplicado", Result.UNCERTAIN, "answer_unknown"),
        ("-99;Otro", Result.UNCERTAIN, "answer_unknown"),
        ("-60", Result.UNCERTAIN, "answer_unknown"),
        ("Error: Usuario o clave inválidos", Result.RETRY, "unauthorized"),
        ("No tiene saldo", Result.RETRY, "no_credit"),
        ("Saldo insuficiente", Result.RETRY, "no_credit"),
        ("<html><body>OK</body></html>", Result.UNCERTAIN, "html_page"),
    ],
)
def test_sms_masivos_answers(body: str, result: Result, reason: str) -> None:
    plan = Plan(effective(ProviderOptions(preset="smsmasivos", user="u", password="p")))
    verdict = judge(plan.rules, Answer(200, {"content-type": "text/html"}, body.encode("latin-1"), "latin-1"), NOW)
    assert (verdict.result, verdict.reason) == (result, reason)


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("block", {"row": "{id} {number} {text}"}),
        ("block.row", {"url": "b", "row": "{number} {text}", "form": {"b": "{rows}"}}),
        ("block.row", {"url": "b", "row": "{id} {number} {text}", "json": {"b": "{rows}"}}),
        ("block.row", {"url": "b", "row": "{id} {number} {text} {password}", "form": {"b": "{rows}"}}),
        ("block.rules", {"url": "b", "row": "{id} {to} {text}", "form": {"b": "{rows}"}, "rules": [{"status": 200}]}),
        ("form", {"url": "b", "row": "{id} {to} {text}", "form": {"b": "{text}"}}),
    ],
)
def test_a_block_that_says_nothing_is_told(key: str, block: dict[str, Any]) -> None:
    options = ProviderOptions.model_validate({"url": "http://h/", "block": block})
    [finding] = driver.check(LineSetup("p", options))
    assert finding.key == key


def test_sms_masivos_replies_in_latin_1_and_local_time() -> None:
    options = effective(ProviderOptions(preset="smsmasivos", user="u", password="p"))
    body = '1144440000\tSí, "señor" <3\t2026-11-23 09:00:00\t77\tA1\r\n1144440000\tOtra\t\t78\t\r\n\r\n'.encode(
        "latin-1"
    )
    got = InboxReader(options.inbox, options.charset, options.timezone).read(answer(200, body, "text/html"), 5.0)
    assert [(each.key, each.sender, each.text, each.at) for each in got] == [
        ("77", "1144440000", 'Sí, "señor" <3', NOW),
        ("78", "1144440000", "Otra", 5.0),
    ]


def test_a_lines_own_keys_come_before_its_presets() -> None:
    own = {"body": "QUEUED", "result": "accepted"}
    options = ProviderOptions(preset="smsmasivos", user="u", password="p", rules=(own,), query={"x": "1"}, text_max=70)
    whole = effective(options)
    assert whole.rules[0] == own
    assert len(whole.rules) > 3
    assert (whole.text_max, whole.query, whole.url) == (70, {"x": "1"}, whole.url)
    assert whole.password is not None
    assert "p'" not in repr(whole.password)
    other = effective(ProviderOptions(preset="connectus", user="1", key="k", form={"to": "{number}"}))
    assert other.json_body is None


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({}, "url"),
        ({"preset": "nobody"}, "preset"),
        ({"url": "ftp://x"}, "url"),
        ({"url": "http://h/{nobody}"}, "url"),
        ({"url": "http://h", "form": {"a": "{nobody}"}}, "form"),
        ({"url": "http://h", "form": {}, "json": {}}, "json"),
        ({"url": "http://h", "rules": ({"result": "x"},)}, "rules"),
        ({"url": "http://h", "id": "$x"}, "id"),
        ({"url": "http://h", "charset": "klingon"}, "charset"),
        ({"url": "http://h", "auth": "bearer"}, "key"),
        ({"url": "http://h", "timezone": "Mars/Olympus"}, "timezone"),
        ({"url": "http://h", "number_pattern": "("}, "number_pattern"),
    ],
)
def test_keys_that_cannot_work_are_named(keys: dict[str, Any], key: str) -> None:
    with pytest.raises(MisconfiguredError) as error:
        driver.make(LineSetup("p", ProviderOptions.model_validate(keys)))
    assert error.value.key == key


def test_a_check_tells_what_would_surprise() -> None:
    options = ProviderOptions(url="http://example.test/send", key="k", form={"texto": "{text}"})
    assert [finding.key for finding in driver.check(LineSetup("p", options))] == ["rules", "url", "url"]
    odd = ProviderOptions(preset="smsmasivos", user="u", password="con$igno")
    assert [finding.key for finding in driver.check(LineSetup("p", odd))] == ["password"]


def test_a_configuration_file_says_it_all_and_keeps_the_secret_in_its_own(tmp_path: Path) -> None:
    (tmp_path / "clave").write_text("s3creto\n")
    line = {"name": "masivos", "driver": "provider", "preset": "smsmasivos", "user": "norte", "password_file": "clave"}
    raw = {"store": {"url": "sqlite:///g.db"}, "spool": {"path": "spool"}, "line": [line]}
    options = parse(raw, tmp_path / "g.toml").lines[0].options
    assert isinstance(options, ProviderOptions)
    assert options.password is not None
    assert options.password.get_secret_value() == "s3creto"
    line["jason"] = "{}"
    with pytest.raises(InvalidConfigError, match="jason"):
        parse(raw, tmp_path / "g.toml")


# -------------------------------------------------------------------------------------------------------------- waiting


def test_pauses_between_questions_grow_and_end() -> None:
    pending = PendingReports(10.0)
    pending.add(Pending(ATTEMPT, "r1", "+54", (1,), 0.0, 0.0), 0.0, poll=True)
    asked = []
    while (at := pending.next_at()) is not None:
        asked += [at for _ in pending.due(at)]
    assert asked[:4] == [10.0, 30.0, 70.0, 150.0]
    assert 72 * 3600 - 900 <= asked[-1] <= 72 * 3600
    assert len(pending) == 0
