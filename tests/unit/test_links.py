"""Links of an HTML text with values in it: where they may lead, and that a recipient's value decides nothing else."""

from __future__ import annotations

import pytest

from gatewayd.intake.rendering import Rendering, RenderPlan
from gatewayd.numbers import Numbers, Policy
from gatewayd.values.links import bare, begins_with_value, strays
from spool.recipients import Recipients
from spool.stored import judged

POLICY = Policy("AR", "11", True)


@pytest.mark.parametrize(
    "html",
    [
        "<a href='https://a.b/c?x=%id%'>a</a>",
        '<a href="%enlace_de_pago%">pagar</a>',
        "<a href=mailto:a@b.c>x</a> <a href='tel:+5411'>y</a> <img src='cid:logo'> <a href='#x'>z</a>",
        '<p title="a=%b%">un 10 % de descuento</p>',
    ],
)
def test_good_links(html: str) -> None:
    assert strays(html) == []
    assert bare(html) is None


@pytest.mark.parametrize(
    "html",
    [
        "<a href='javascript:alert(1)'>",
        "<a href='JaVa\tscript:alert(1)'>",
        "<a href='&#106;avascript:alert(1)'>",
        "<img src=data:text/html,x>",
        "<form action='//evil.example/'>",
        "<a xlink:href=' vbscript:x'>",
    ],
)
def test_links_that_lead_astray(html: str) -> None:
    assert strays(html)


def test_a_value_leads_to_a_page_or_its_recipient_is_left_out() -> None:
    content = {"subject": "De %nombre%", "html": "<a href='%enlace%'>pagar</a> %nombre%"}
    assert begins_with_value(content["html"])
    rows = [
        ["a@b.example", "https://pagos.example/1?a=1&b=2", "Ana\r\nBcc: x@y.example"],
        ["b@b.example", "javascript:alert(1)", "Luis"],
        ["c@b.example", "' onclick='alert(1)", "Eva"],
    ]
    table = Recipients("x", ("to", "enlace", "nombre"), 0, None, iter(rows))
    [made] = Rendering(RenderPlan.of(judged("email", content), POLICY), table, Numbers(POLICY)).chunks()
    assert [row[7] for row in made] == [None, "value_invalid", "value_invalid"]
    assert made[0][9] is not None
    assert "De Ana Bcc: x@y.example" in made[0][9]
    assert "https://pagos.example/1?a=1&amp;b=2" in made[0][9]
