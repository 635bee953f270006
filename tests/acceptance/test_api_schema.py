"""Schemathesis, with all its checks and a valid token: nothing that the document says is untrue.

The long form (`make faults ARGS=tests/acceptance/test_api_schema.py`) is a test an operation, so that it can be run in
parts (`-k putCustomer`) and by several processes (`-n 2`), each with a gateway of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from gatewayd.web.v1.endpoint import Endpoint
from gatewayd.web.v1.follow_ups import FOLLOW_UPS
from gatewayd.web.v1.table import ENDPOINTS
from tests.rig.fuzz import OURS, Fuzzed, fuzzed
from tests.rig.programs import program
from tests.rig.schemathesis_hooks import KNOWN

EXAMPLES = 200
"""Of each operation and phase that generates, in the long form."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with fuzzed(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


NOT_HERE = {
    "settleMessage": "no message is in doubt",
    "launchCampaign": "its draft has been changed by the example before",
    "paceCampaign": "no campaign is under way",
    "linesCampaign": "no campaign is under way",
    "resendCampaign": "no campaign has sent anything",
}
"""Examples that speak of what this gateway does not have."""


@pytest.mark.timeout(240)
def test_every_example_of_the_document_runs(gateway: Fuzzed) -> None:
    """In the order of the document, each by who may."""
    failed = []
    with program(gateway.shown, gateway.account) as mine, program(gateway.shown, gateway.administration) as all_:
        document = mine.get("/v1/openapi.json").json()
        assert document["openapi"] == "3.1.0"
        for one in ENDPOINTS:
            if one.name in NOT_HERE or not one.examples:
                continue
            path = re.sub(r"\{(\w+)\}", lambda found: known(found[1]), one.path)
            client = mine if gateway.bearer(one) == gateway.account else all_
            for example in one.examples.values():
                answer = client.request(one.method, path, json=example)
                if answer.status_code != one.status:
                    failed.append((one.name, path, answer.status_code, answer.text[:300]))
    assert not failed, "\n".join(map(str, failed))


def known(name: str) -> str:
    return quote(KNOWN[name], safe="")


@pytest.mark.timeout(240)
def test_the_document_is_true(gateway: Fuzzed) -> None:
    gateway.examine(None, gateway.account, 1, "examples,fuzzing", 200)


# Schemathesis begins with no PUT where there is a POST that it may begin with.
BEGINNINGS = sorted(FOLLOW_UPS.keys() - {to for links in FOLLOW_UPS.values() for to in links} - {"putCustomer"})


def _chain(first: str) -> list[Endpoint]:
    """Returns an operation and all that may follow it, one after another."""
    found = [first]
    for name in found:
        found += [to for to in FOLLOW_UPS.get(name, ()) if to not in found]
    return [one for one in ENDPOINTS if one.name in found]


def _follow(gateway: Fuzzed, first: str, examples: int, timeout_s: float) -> None:
    chain = _chain(first)
    begins = next(one for one in chain if one.name == first)
    said = gateway.examine(chain, gateway.bearer(begins), examples, "stateful", timeout_s, OURS)
    covered = re.search(r"API Links: +([1-9]\d*) covered", said)
    assert covered is not None, said


@pytest.mark.timeout(240)
@pytest.mark.parametrize("first", ["createCampaign", "postJob"])
def test_what_follows_an_answer_is_true_as_well(first: str, gateway: Fuzzed) -> None:
    _follow(gateway, first, 10, 200)


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", BEGINNINGS)
def test_whatever_follows_an_answer_is_true(first: str, gateway: Fuzzed) -> None:
    _follow(gateway, first, EXAMPLES, 1700)


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: str(one.name))
def test_the_document_is_true_whatever_is_asked(endpoint: Endpoint, gateway: Fuzzed) -> None:
    gateway.examine([endpoint], gateway.bearer(endpoint), EXAMPLES, "examples,coverage,fuzzing", 1700)


@pytest.mark.fault
@pytest.mark.timeout(3700)
@pytest.mark.parametrize("who", ["account", "administration"])
def test_the_document_is_true_of_one_request_after_another(who: str, gateway: Fuzzed) -> None:
    """Among them what names alike make likely to follow."""
    gateway.examine(None, getattr(gateway, who), EXAMPLES, "stateful", 3600)
