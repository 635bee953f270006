"""What a server's answer means, and whose fault it may be: the words of servers in use."""

import pytest

from drivers.base import Blame, NotSent, Refused
from drivers.smtp.diagnosis import code_in, reason_of, status_in
from drivers.smtp.replies import Stage, outcome_of

PERSON, LINE, EITHER = Blame.PERSON, Blame.LINE, Blame.EITHER


def ours(reason: str) -> NotSent:
    return NotSent(reason, retry_after=300.0, counts=False, blame=LINE)


@pytest.mark.parametrize(
    ("code", "text", "outcome"),
    [
        (550, "5.1.1 <ana@x.example>: Recipient address rejected: User unknown", Refused("unknown_recipient", PERSON)),
        (550, "No such user", Refused("unknown_recipient", PERSON)),
        (550, "nope", Refused("smtp_550", EITHER)),
        (552, "5.2.2 over quota", Refused("mailbox_full", PERSON)),
        (554, "5.7.1 Message rejected", Refused("policy")),
        (452, "4.2.2 mailbox full", NotSent("mailbox_full")),
        (450, "4.7.1 Greylisted, retry in 120 seconds", NotSent("greylisted", retry_after=120.0)),
        (451, "Graylisting: come back in 5 min", NotSent("greylisted", retry_after=300.0)),
        (451, "4.7.1 greylisted", NotSent("greylisted", retry_after=300.0)),
        (451, "greylisted for 99999 minutes", NotSent("greylisted", retry_after=14_400.0)),
        (421, "4.3.2 shutting down", NotSent("server_closing", counts=False, blame=LINE)),
        (530, "5.7.0 must log in", ours("smtp_530")),
        (550, "5.4.5 Daily limit exceeded", ours("quota")),
        # a database that is away, a disk that is full: nobody's tries are used up by what is the server's
        (451, "4.3.0 Temporary lookup failure", NotSent("server_trouble", blame=EITHER)),
        (451, "Temporary local problem - please try later", NotSent("server_trouble", blame=EITHER)),
        (452, "4.3.1 Insufficient system storage", ours("server_full")),
        (452, "Insufficient system storage", ours("server_full")),
        # the number says one thing, the words another
        (552, "Mailbox full", Refused("mailbox_full", PERSON)),
        (550, "Caixa postal cheia", Refused("mailbox_full", PERSON)),
        (550, "Usuário inexistente", Refused("unknown_recipient", PERSON)),
        (552, "Message size exceeds fixed limit", Refused("too_large", PERSON)),
        (550, "5.0.0 <ana@x.example>... User unknown", Refused("unknown_recipient", PERSON)),
    ],
)
def test_an_answer_to_a_recipient(code: int, text: str, outcome: object) -> None:
    assert outcome_of(code, text, "rcpt") == outcome


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        # cPanel with Exim
        (
            550,
            "Domain norte.example has exceeded the max emails per hour (150/150 (100%)) allowed. Discarded.",
            "quota",
        ),
        (450, "4.7.1 <a@x.example>: Recipient address rejected: Policy Rejection - Quota exceeded.", "quota"),
        (552, "5.2.0 your account is over its outgoing quota", "quota"),
        (550, "User has reached the maximum number of recipients per day", "quota"),
        (550, "5.4.6 Your message was rejected because the number of daily messages was exceeded", "quota"),
        (452, "4.2.2 The sender's mailbox is over quota", "quota"),
        (550, "La cuota de envíos por hora ha sido superada", "quota"),
        (554, "Message refused: monthly limit reached, upgrade your plan", "quota"),
        (550, "Ha superado el máximo de correos por hora", "quota"),
        (550, "Your plan has expired", "account_suspended"),
        (550, "SMTP AUTH is required for message submission", "relay_denied"),
        (
            550,
            "Domain norte.example has exceeded the max defers and failures per hour (5/5 (100%)) allowed.",
            "quota",
        ),
        (550, 'Outgoing mail from "cobranzas@norte.example" has been suspended.', "account_suspended"),
        (550, "Sender verify failed", "sender_refused"),
        # Plesk
        (
            554,
            "5.7.0 Your message could not be sent. The limit on the number of allowed outgoing messages was exceeded.",
            "quota",
        ),
        # Microsoft 365
        (
            550,
            "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
            "quota",
        ),
        (550, "5.7.60 SMTP; Client does not have permissions to send as this sender", "sender_refused"),
        (550, "5.1.8 Access denied, bad outbound sender. For more information go to ...", "sender_refused"),
        (554, "5.2.252 SendAsDenied; cobranzas@norte.example not allowed to send as x@y.example", "sender_refused"),
        (
            554,
            "5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message",
            "account_suspended",
        ),
        (550, "5.7.501 Service unavailable. Access denied, spam abuse detected.", "account_suspended"),
        (550, "5.7.708 Access denied, traffic not accepted from this IP.", "account_suspended"),
        (
            550,
            "5.7.232 Your message can't be sent because your trial tenant has exceeded its limit",
            "account_suspended",
        ),
        (432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "quota"),
        (550, "5.2.2 Submission quota exceeded", "quota"),
        # Gmail
        (550, "5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to", "quota"),
        (421, "4.7.28 Our system has detected an unusual rate of unsolicited mail from your IP address.", "quota"),
        # Postfix, Exim
        (
            553,
            "5.7.1 <x@y.example>: Sender address rejected: not owned by user cobranzas@norte.example",
            "sender_refused",
        ),
        (450, "4.1.8 <x@y.example>: Sender address rejected: Domain not found", "sender_refused"),
        (554, "5.7.1 Service unavailable; Client host [1.2.3.4] blocked using zen.spamhaus.org", "host_blocked"),
        (
            550,
            "5.7.1 Service unavailable, Client host [1.2.3.4] blocked using Spamhaus. To",
            "host_blocked",
        ),
        (550, "Rejected because 1.2.3.4 is in a black list at zen.spamhaus.org", "host_blocked"),
        (554, "5.7.1 <ana@x.example>: Relay access denied", "relay_denied"),
        (550, "relay not permitted", "relay_denied"),
        (450, "4.7.1 Error: too many messages from cobranzas@norte.example", "quota"),
        (550, "Su cuenta ha superado el límite de envío", "quota"),
        (535, "5.7.8 Authentication credentials invalid", "login_refused"),
    ],
)
def test_an_answer_about_our_own_account_uses_up_nobodys_tries(code: int, text: str, reason: str) -> None:
    assert outcome_of(code, text, "end") == ours(reason)
    assert outcome_of(code, text, "rcpt") == ours(reason)


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (
            450,
            "4.2.1 The user you are trying to contact is receiving mail at a rate that\n4.2.1 prevents additional",
            "recipient_busy",
        ),
        (550, "5.2.1 The email account that you tried to reach is disabled.", "mailbox_disabled"),
        (550, "5.2.1 <ana@x.example> nope", "mailbox_disabled"),
        (550, "User ana (ana@x.example) not listed in Domino Directory", "smtp_550"),
        (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", "unknown_recipient"),
        (
            550,
            "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ana@x.example not found by SMTP address",
            "unknown_recipient",
        ),
        (554, "5.4.4 [internal] Domain Lookup Failed", "unknown_domain"),
        (556, "nope", "unknown_domain"),
        (550, "5.7.1 Message contains spam or virus", "policy"),
        (550, "5.7.26 Unauthenticated email from norte.example is not accepted due to DMARC policy", "unauthenticated"),
    ],
)
def test_an_answer_about_the_person_or_the_mail_is_never_the_lines(code: int, text: str, reason: str) -> None:
    outcome = outcome_of(code, text, "rcpt")
    assert outcome.reason == reason
    assert outcome.blame is not LINE


@pytest.mark.parametrize(("stage", "blame"), [("mail", LINE), ("rcpt", EITHER), ("data", EITHER), ("end", EITHER)])
def test_an_answer_without_words_may_be_anybodys_but_to_the_sender(stage: Stage, blame: Blame) -> None:
    outcome = outcome_of(451, "later", stage)
    assert (outcome.reason, outcome.blame) == ("smtp_451", blame)
    assert isinstance(outcome, NotSent)
    assert outcome.counts is (blame is EITHER)


def test_a_reason_without_codes() -> None:
    assert reason_of(None) == "undelivered"
    assert reason_of("5.9.9") == "status_5.9.9"
    assert reason_of("5.0.0", 550, "550 mailbox is full") == "mailbox_full"


def test_numbers_in_a_text_are_found_and_addresses_are_none() -> None:
    assert status_in("host 5.1.1.2 said: 550 5.7.1 no") == "5.7.1"
    assert status_in("from 5.6.7.8") is None
    assert code_in("said: 550-5.1.1 no") == 550
    assert code_in("port 5500, 4501 times") is None
