"""The pure rules of webhooks: signatures, schedule, answers, addresses, events, order."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from gatewayd.values.model import TRANSITIONS, State
from gatewayd.values.shown import quoted
from gatewayd.webhooks import event, schedule, signature, target, verdict
from gatewayd.webhooks.order import End, lanes, reached
from gatewayd.webhooks.schedule import Schedule
from gatewayd.webhooks.signature import Secret, SecretError
from gatewayd.webhooks.target import TargetError
from gatewayd.webhooks.verdict import Fate

DAY_MS = 86_400_000


def secret(octets: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(octets))).decode()


# ---------------------------------------------------------------------------------------------------------- signatures


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    known = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    made = signature.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', known)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.text(max_size=200), octets=st.integers(24, 64), more=st.integers(0, 3))
def test_the_library_of_receivers_verifies_each_secret_in_force(body: str, octets: int, more: int) -> None:
    known = [Secret(secret(octets)), *(Secret(signature.new_secret(), 1) for _ in range(more))]
    octets_of = body.encode("utf-8", "replace")
    headers = signature.headers("msg_1", int(time.time()), octets_of, known)
    for each in known:
        Webhook(each.text).verify(octets_of, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.new_secret()).verify(octets_of, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(known[0].text).verify(octets_of + b" ", headers, json_parse=False)


@pytest.mark.parametrize(
    "text",
    [
        *("", "whsec_", "secret", "WHSEC_" + "A" * 32, "whsec_" + "A" * 31 + "!", "whsec_" + "ñ" * 32, "whsec_====="),
        *(secret(23), secret(65), secret(24) + "\n", " " + secret(24)),
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(SecretError) as caught:
        signature.key_of(text)
    assert len(text) < 8 or text not in str(caught.value)


def test_a_secret_may_lack_its_padding() -> None:
    assert signature.key_of(secret(32).rstrip("=")) == bytes(range(32))


def test_a_secret_that_is_replaced_signs_for_a_while_and_there_are_few() -> None:
    first, now = (Secret(secret(24)),), 1_000
    second = signature.rotated(first, secret(32), now=now, overlap_ms=DAY_MS)
    assert [(each.text, each.until) for each in second] == [(secret(32), None), (secret(24), now + DAY_MS)]
    assert signature.in_force(second, now + DAY_MS) == (Secret(secret(32)),)
    many: tuple[Secret, ...] = first
    for octets in range(30, 40):
        many = signature.rotated(many, secret(octets), now=now, overlap_ms=DAY_MS)
    assert len(many) == signature.IN_FORCE_MAX
    assert many[0] == Secret(secret(39))
    assert signature.read(json.loads(json.dumps(signature.written(many)))) == many
    assert secret(39) not in repr(many)


# ------------------------------------------------------------------------------------------------------------ schedule


def test_ten_tries_over_75_hours_and_35_minutes() -> None:
    plain = Schedule(lambda: 0.0)
    assert plain.tries == 10
    now, times = 0, [0]
    for tries in range(1, 10):
        due = plain.again_at(tries, now)
        assert due is not None
        now = due
        times.append(now)
    assert times[-1] == (75 * 3600 + 35 * 60 + 5) * 1000
    assert plain.again_at(10, now) is None


@given(st.floats(0, 1), st.integers(1, 9), st.one_of(st.none(), st.floats(-10, 1e9)))
def test_a_pause_is_never_shorter_and_bounded(draw: float, tries: int, retry_after: float | None) -> None:
    due = Schedule(lambda: draw).again_at(tries, 0, retry_after)
    assert due is not None
    least = max(schedule.PAUSES_S[tries - 1], schedule.bounded(retry_after))
    assert int(least * 1000) <= due <= least * 1100 + 1
    assert due <= 24 * 3600 * 1100


def test_a_receiver_that_is_down_is_looked_at_every_five_minutes_at_last() -> None:
    plain = Schedule(lambda: 0.0)
    assert [plain.look_at(looks, 0) for looks in (0, 1, 2, 3, 99)] == [5_000, 30_000, 120_000, 300_000, 300_000]


# -------------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("status", "headers", "fate", "reason", "retry"),
    [
        (200, {}, Fate.ACKNOWLEDGED, None, None),
        (299, {}, Fate.ACKNOWLEDGED, None, None),
        (301, {"location": "http://10.0.0.1/"}, Fate.AGAIN, "redirected", None),
        (304, {}, Fate.AGAIN, "redirected", None),
        (400, {}, Fate.AGAIN, "http_400", None),
        (404, {"retry-after": "7"}, Fate.AGAIN, "http_404", 7.0),
        (410, {"retry-after": "7"}, Fate.GONE, "endpoint_gone", None),
        (429, {"retry-after": "999999999999999"}, Fate.AGAIN, "http_429", 86_400.0),
        (503, {"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, Fate.AGAIN, "http_503", 30.0),
        (503, {"retry-after": "Mon, 23 Nov 2020 12:00:30 GMT"}, Fate.AGAIN, "http_503", 0.0),
        (503, {"retry-after": "soon"}, Fate.AGAIN, "http_503", None),
        (503, {"retry-after": "٣"}, Fate.AGAIN, "http_503", None),
        (503, {"retry-after": "-5"}, Fate.AGAIN, "http_503", None),
    ],
)
def test_what_an_answer_means(
    status: int, headers: dict[str, str], fate: Fate, reason: str | None, retry: float | None
) -> None:
    found = verdict.of_answer(status, headers, 1_795_435_200.0)
    assert (found.fate, found.reason, found.retry_after_s) == (fate, reason, retry)


@given(st.text(max_size=80))
def test_no_retry_after_breaks_it(text: str) -> None:
    found = verdict.of_answer(503, {"retry-after": text}, 0.0)
    assert found.retry_after_s is None or 0 <= found.retry_after_s <= 86_400


# ------------------------------------------------------------------------------------------------------------ addresses

PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.0.8", "198.18.0.1", "203.0.113.7", "240.0.0.1", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1"),
    *("::ffff:10.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::8.8.8.8", "2002:7f00:1::"),
    *("2001:0:7f00:1::", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "fe80::1%eth0", "nonsense", ""),
]
NOWHERE = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.250", "::", "ff02::1", "ff0e::1", "nonsense"]
PUBLIC = ["8.8.8.8", "1.1.1.1", "200.45.1.1", "2606:4700::1111", "2001:4860:4860::8888", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE + NOWHERE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert target.forbidden(address, allow_private=False)


@pytest.mark.parametrize("address", NOWHERE)
def test_nobody_may_be_a_group_or_nowhere(address: str) -> None:
    assert target.forbidden(address, allow_private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_called(address: str) -> None:
    assert not target.forbidden(address, allow_private=False)


def test_the_file_may_allow_private_ones_and_a_mixed_name_is_refused() -> None:
    assert not target.forbidden("192.168.1.1", allow_private=True)
    assert target.any_forbidden(["8.8.8.8", "127.0.0.1"], allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://a.example/",
            "https://",
            "https:///x",
            "https://a b/",
            "https://u:p@a.example/",
            "https://a.example/#x",
        ),
        *("https://a.example/\n", "https://a.example/\r\nX: y", "https://a.example\\@b.example/", "https://ñ.example/"),
        *("https://a.example:0/", "https://a.example:99999/", "https://a.example:x/", "https://[::1/", "https://a_b!/"),
        *("https://a.example/" + "x" * 2000, "https://a.example/\x00", "https://a.example/\x7f", "//a.example/", ""),
    ],
)
def test_what_is_no_address_of_an_endpoint(url: str) -> None:
    with pytest.raises(TargetError):
        target.checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("https://billing.example/hook?key=x%20y&z=1", "http://192.168.1.5:8080", "https://[2606:4700::1111]:8443/a"),
        *("https://xn--billing-cja.example/", "https://billing.example?x=1", "https://2130706433/"),
    ],
)
def test_an_address_of_an_endpoint_is_taken_as_it_is(url: str) -> None:
    assert target.checked_url(url) == url


def test_a_log_sees_no_more_than_the_host() -> None:
    assert target.origin("https://billing.example:8443/hook/s3cret?key=s3cret") == "https://billing.example:8443"


# --------------------------------------------------------------------------------------------------------------- events


def line(
    state: str, *, final: bool = True, attempt: int | None = 1, seq: int = 17, ref: str = "C-1", detail: str = "{}"
) -> str:
    return (
        f'{{"v":1,"seq":{seq},"at":"2026-11-23T12:00:01.123-03:00","job":"c","message":"01JD","ref":{quoted(ref)},"row":1,'
        f'"to":"+5491159876543","channel":"sms","state":"{state}","final":{json.dumps(final)},"reason":null,'
        f'"line":"claro-1","attempt":{json.dumps(attempt)},"segments":1,"cost":"0.85","detail":{detail}}}'
    )


def test_a_receipt_is_posted_as_it_is_written() -> None:
    made = event.receipt(line("delivered"))
    body = json.loads(made.body)
    assert list(body) == ["id", "seq", "type", "at", "rank", "data"]
    assert body["data"] == json.loads(line("delivered"))
    assert (body["id"], body["seq"], body["type"], body["rank"]) == (made.id, 17, "receipt", 4)
    assert body["at"] == body["data"]["at"]
    assert made.key == "message 01JD"


def test_an_id_is_what_is_said_and_not_when_it_is_posted() -> None:
    """A store that was put back counts receipts anew, and the same news must bear the same id."""
    assert event.receipt(line("delivered", seq=17)).id == event.receipt(line("delivered", seq=99)).id
    others = [
        line("submitted", final=False),
        line("submitted", final=True),
        line("delivered"),
        line("uncertain"),
        line("submitted", final=False, attempt=2),
    ]
    assert len({event.receipt(each).id for each in others}) == len(others)
    assert all("." not in event.receipt(each).id for each in others)


def test_ranks_never_fall_on_the_way_of_a_message() -> None:
    """From each state to all that may follow it, whatever unreceipted states lie between."""

    def following(state: State, seen: set[State]) -> set[State]:
        for after in TRANSITIONS[state] - seen:
            seen.add(after)
            if after not in event.RANKS:
                following(after, seen)
        return seen

    for state, rank in event.RANKS.items():
        if state == State.HELD:
            continue
        for after in following(State(state), set()) & {State(each) for each in event.RANKS}:
            # A message in doubt that a person has sent again begins anew, and its later seq tells.
            if after is not State.UNCERTAIN and after is not State.HELD:
                assert event.RANKS[after] >= rank, f"{state} -> {after}"


@given(st.text(max_size=40_000), st.integers(0, 60))
def test_a_body_is_below_20_kb_whatever_is_in_it(text: str, many: int) -> None:
    text = text.encode("utf-8", "replace").decode()
    document = {
        "id": "01JD",
        "at": "2026-11-23T12:00:00Z",
        "text": text * 3,
        "detail": {str(n): text for n in range(many)},
    }
    made = event.inbound(document)
    assert len(made.body) < 20_000
    body = json.loads(made.body)
    assert body["data"].get("truncated", False) is (
        len(json.dumps(document, ensure_ascii=False).encode()) > 19_800
    ) or (body["data"] == document)


def test_a_long_text_is_cut_and_says_so() -> None:
    body = json.loads(event.inbound({"id": "01JD", "at": "2026-11-23T12:00:00Z", "text": "ñ" * 30_000}).body)
    assert body["data"]["truncated"] is True
    assert body["data"]["text"] == "ñ" * 4_000


def test_a_queue_that_waits_is_news_each_time() -> None:
    held = (
        '{"v":1,"seq":%d,"at":"2026-11-23T12:00:01Z","job":"c","message":null,"ref":null,"row":null,"to":null,'
        '"channel":"sms","state":"held","final":false,"reason":"credit","line":null,"attempt":null,"segments":null,'
        '"cost":"0","detail":{"count":3}}'
    )
    first, second = event.receipt(held % 1), event.receipt(held % 2)
    assert first.id != second.id
    assert first.key == second.key == "job c"
    assert json.loads(first.body)["rank"] == 0


# ---------------------------------------------------------------------------------------------------------------- order


def test_lanes_keep_each_key_in_order() -> None:
    assert lanes(["a", "b", "a", "c", "b"]) == [[0, 2], [1, 4], [3]]
    assert lanes([]) == []


def test_a_place_is_reached_without_a_gap() -> None:
    assert reached([End.ACKNOWLEDGED, End.FAILED, End.BEHIND, End.UNTRIED, End.ACKNOWLEDGED]) == 3
    assert reached([]) == 0
    assert reached([End.ACKNOWLEDGED] * 3) == 3
