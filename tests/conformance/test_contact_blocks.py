"""Whom an account must not write to: its own list, everybody's, and registers, over both stores."""

from __future__ import annotations

import pytest

from drivers.base import Withdrawn
from gatewayd.store.commands import Block, Blocked, CreateAccount, NewMessage, Unblock
from gatewayd.store.contacts import blocklist
from gatewayd.values.errors import NotFoundError
from tests.conformance.house import House

ANA, BEN = "+5491100000001", "+5491100000002"


def to(number: str, row: int = 1) -> NewMessage:
    return NewMessage(row, None, number, "Hola", "", 1, "", None, None)


@pytest.fixture
def two(house: House) -> House:
    house.do(CreateAccount("sur", "ARS", house.now))
    return house


def test_a_block_is_its_accounts_or_everybodys(two: House) -> None:
    two.job_of([to(ANA)], name="a")
    two.job_of([to(ANA)], name="b", account="sur", price=0)
    done: Blocked = two.do(Block((ANA,), "person", None, two.now, account="norte"))
    assert (done.added, done.cancelled, len(done.jobs)) == (1, 1, 1)
    assert two.states() == ["cancelled", "queued"]
    two.job_of([to(ANA), to(BEN, 2)], name="c")
    assert two.states()[2:] == ["invalid", "queued"]
    two.do(Block((BEN,), "person", None, two.now))
    assert two.states() == ["cancelled", "queued", "invalid", "cancelled"]
    with pytest.raises(NotFoundError):
        two.do(Block((ANA,), "person", None, two.now, account="oeste"))
    assert not two.do(Unblock(ANA))
    assert two.do(Unblock(ANA, account="norte"))
    two.job_of([to(ANA)], name="d")
    assert two.states()[-1] == "queued"


def test_what_was_asked_for_passes_blocks_that_stop_all_else_at_the_last_moment(two: House) -> None:
    asked = two.job_of([to(ANA)], name="asked", klass="reply")
    claims = two.job_of([to(ANA)], name="claims")
    (work,) = two.claim(claims).work
    two.do(Block((ANA,), "opt_out", None, two.now, account="norte"))
    with pytest.raises(Withdrawn, match="blocked"):
        two.pnr(work)
    (reply,) = two.claim(asked).work
    two.pnr(reply)
    two.job_of([to(ANA)], name="again", klass="reply")
    two.job_of([to(ANA)], name="notice", klass="notice")
    assert two.states()[2:] == ["queued", "invalid"]


def test_a_register_may_be_for_calls_alone_and_outlives_a_persons_word(two: House) -> None:
    two.job_of([to(ANA)], name="text")
    two.job_of([to(ANA)], name="call", channel="call")
    done = two.do(Block((ANA,), "rne", None, two.now, register="no-llame", channel="call"))
    assert done.cancelled == 1
    assert two.states() == ["queued", "cancelled"]
    two.do(Block((ANA,), "person", None, two.now))
    assert two.do(Unblock(ANA))
    two.job_of([to(ANA)], name="call2", channel="call")
    two.job_of([to(ANA)], name="text2")
    assert two.states()[2:] == ["invalid", "queued"]


def test_the_lists_come_by_pages_with_whose_they_are(two: House) -> None:
    two.do(Block((ANA, BEN), "person", "asked", two.now))
    two.do(Block((ANA,), "person", None, two.now, account="norte"))
    two.do(Block((ANA,), "list", None, two.now, account="sur", register="a b", channel="call"))
    connection = two.transactions.session.connection
    seen, after = [], None
    while found := blocklist.page(connection, account_id=None, after=after, limit=1):
        seen += [(one.to, one.account, one.register, one.channel) for one in found]
        after = blocklist.place(found[-1])
    assert seen == [
        (ANA, None, None, None),
        (ANA, "norte", None, None),
        (ANA, "sur", "a b", "call"),
        (BEN, None, None, None),
    ]
    own = blocklist.page(connection, account_id=1, after=None, limit=10)
    assert [(one.to, one.account) for one in own] == [(ANA, None), (ANA, "norte"), (BEN, None)]
