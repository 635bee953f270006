"""Schemathesis, with all its checks and a valid token: nothing that the document says is untrue.

The long form (`make faults ARGS=tests/acceptance/test_api_schema.py`) is a test an operation, so that it can be run in
parts (`-k putCustomer`) and by several processes (`-n 2`), each with a gateway of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gatewayd.web.v1.endpoint import Endpoint
from gatewayd.web.v1.table import ENDPOINTS
from tests.rig.fuzz import Fuzzed, fuzzed

EXAMPLES = 200
"""Of each operation and phase that generates, in the long form."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with fuzzed(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


@pytest.mark.timeout(240)
def test_the_document_is_true(gateway: Fuzzed) -> None:
    gateway.examine(None, gateway.account, 1, "examples,fuzzing", 200)


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: str(one.name))
def test_the_document_is_true_whatever_is_asked(endpoint: Endpoint, gateway: Fuzzed) -> None:
    gateway.examine([endpoint], gateway.bearer(endpoint), EXAMPLES, "examples,coverage,fuzzing", 1700)


@pytest.mark.fault
@pytest.mark.timeout(3700)
def test_the_document_is_true_of_one_request_after_another(gateway: Fuzzed) -> None:
    gateway.examine(None, gateway.account, EXAMPLES, "stateful", 3600)
