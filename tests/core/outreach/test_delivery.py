"""What a mail server's answer means, stage by stage: refused only by what concerns this recipient or message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outreach.delivery import (
    ACCOUNT,
    LATER,
    REFUSED,
    SENT,
    UNKNOWN,
    DeliveryStatus,
    ReplyMeaning,
    Stage,
    meaning_of,
    told,
)

BEFORE_MAIL = [Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH]
CODES = [None, 220, 250, 354, 421, 432, 450, 451, 452, 454, 500, 501, 503, 530, 535, 550, 551, 552, 553, 554, 555, 571]


@pytest.mark.parametrize("stage", BEFORE_MAIL)
@pytest.mark.parametrize("code", CODES)
def test_before_mail_it_is_never_about_a_message(stage: Stage, code: int | None) -> None:
    assert meaning_of(stage, code, "5.1.1 no such user") == ACCOUNT


@pytest.mark.parametrize(
    ("stage", "code", "text", "meant"),
    [
        # MAIL: about us, except the message's size and form
        (Stage.MAIL, 550, "", ACCOUNT),
        (Stage.MAIL, 554, "5.7.1 sender rejected", ACCOUNT),
        (Stage.MAIL, 452, "4.3.1 insufficient storage", ACCOUNT),
        (Stage.MAIL, 553, "5.1.8 sender's domain does not exist", ACCOUNT),
        (Stage.MAIL, 552, "5.3.4 message too big", REFUSED),
        (Stage.MAIL, 452, "4.3.4 message too big", ACCOUNT),
        (Stage.MAIL, 553, "5.6.7 needs SMTPUTF8", REFUSED),
        # RCPT: the recipient
        (Stage.RCPT, 550, "", REFUSED),
        (Stage.RCPT, 550, "5.1.1 no such user", REFUSED),
        (Stage.RCPT, 550, "5.1.1 user unknown in relay recipient table", REFUSED),
        (Stage.RCPT, 550, "user unknown in relay recipient table", REFUSED),
        (Stage.RCPT, 501, "", REFUSED),
        (Stage.RCPT, 501, "5.1.3 bad address", REFUSED),
        (Stage.RCPT, 550, "5.5.0 mailbox unavailable", REFUSED),
        (Stage.RCPT, 551, "5.1.6 moved", REFUSED),
        (Stage.RCPT, 552, "5.2.2 over quota", REFUSED),
        (Stage.RCPT, 552, "5.2.2 the user has exceeded their daily quota", REFUSED),
        (Stage.RCPT, 553, "5.1.10 null MX", REFUSED),
        (Stage.RCPT, 556, "5.1.10 domain does not accept mail", REFUSED),
        (Stage.RCPT, 550, "5.4.4 unable to route", REFUSED),
        (Stage.RCPT, 550, "5.7.124 only members may write", REFUSED),
        (Stage.RCPT, 450, "", LATER),
        (Stage.RCPT, 451, "4.7.1 greylisted", LATER),
        (Stage.RCPT, 452, "4.2.2 mailbox full", LATER),
        (Stage.RCPT, 450, "4.1.8 sender's domain not found", ACCOUNT),
        # RCPT: us or the server, in the guise of a recipient's refusal
        (Stage.RCPT, 421, "4.7.0 too many errors", ACCOUNT),
        (Stage.RCPT, 452, "", ACCOUNT),
        (Stage.RCPT, 530, "5.7.0 must authenticate", ACCOUNT),
        (Stage.RCPT, 503, "5.5.1 MAIL first", ACCOUNT),
        (Stage.RCPT, 521, "", ACCOUNT),
        (Stage.RCPT, 554, "5.7.1 Relay access denied", ACCOUNT),
        (Stage.RCPT, 550, "relay not permitted", ACCOUNT),
        (Stage.RCPT, 550, "Daily sending quota exceeded", ACCOUNT),
        (Stage.RCPT, 550, "5.4.5 daily user sending limit", ACCOUNT),
        (Stage.RCPT, 550, "5.1.90 daily limit for recipients", ACCOUNT),
        (Stage.RCPT, 550, "5.7.708 traffic not accepted from this IP", ACCOUNT),
        (Stage.RCPT, 550, "5.7.25 no reverse DNS", ACCOUNT),
        (Stage.RCPT, 450, "4.7.28 flood", ACCOUNT),
        (Stage.RCPT, 451, "4.3.2 system not accepting messages", ACCOUNT),
        (Stage.RCPT, 550, "5.7.1 not allowed", LATER),
        (Stage.RCPT, 571, "", LATER),
        (Stage.RCPT, 553, "5.3.0 rejected", LATER),
        # DATA, before 354
        (Stage.DATA, 554, "no valid recipients", REFUSED),
        (Stage.DATA, 503, "", ACCOUNT),
        (Stage.DATA, 451, "", LATER),
        (Stage.DATA, 250, "", ACCOUNT),
        (Stage.DATA, None, "", ACCOUNT),
        # the message
        (Stage.CONTENT, 250, "2.0.0 taken", SENT),
        (Stage.CONTENT, 451, "", LATER),
        (Stage.CONTENT, 421, "", ACCOUNT),
        (Stage.CONTENT, 452, "4.3.1 no room", ACCOUNT),
        (Stage.CONTENT, 554, "", REFUSED),
        (Stage.CONTENT, 554, "5.7.1 looks like spam", REFUSED),
        (Stage.CONTENT, 552, "5.7.0 an attachment that is not allowed", REFUSED),
        (Stage.CONTENT, 552, "5.3.4 too big", REFUSED),
        (Stage.CONTENT, 554, "5.6.0 malformed", REFUSED),
        (Stage.CONTENT, 550, "5.4.5 Daily sending quota exceeded", ACCOUNT),
        (Stage.CONTENT, 554, "5.2.0 SubmissionQuotaExceededException", ACCOUNT),
        (Stage.CONTENT, 550, "5.7.26 unauthenticated sender", ACCOUNT),
        (Stage.CONTENT, 550, "5.7.1 your IP is on a blocklist", ACCOUNT),
        (Stage.CONTENT, None, "", UNKNOWN),
        (Stage.CONTENT, 354, "", UNKNOWN),
        (Stage.CONTENT, 999, "", UNKNOWN),
        # an enhanced code of another class is none
        (Stage.RCPT, 450, "5.1.1 no such user", LATER),
        *((Stage.QUIT, code, "", SENT) for code in (None, 421, 500, 550)),
    ],
)
def test_what_an_answer_means(stage: Stage, code: int | None, text: str, meant: ReplyMeaning) -> None:
    assert meaning_of(stage, code, text) == meant


@given(
    st.sampled_from(Stage),
    st.none() | st.integers(0, 999),
    st.text(max_size=60) | st.from_regex(r"[245]\.\d{1,3}\.\d{1,3} \w*", fullmatch=True),
)
def test_every_answer_has_one_meaning(stage: Stage, code: int | None, text: str) -> None:
    meaning = meaning_of(stage, code, text)
    assert (meaning.verdict is DeliveryStatus.UNKNOWN) <= (stage is Stage.CONTENT)
    assert (meaning.verdict is DeliveryStatus.REFUSED) <= (code is not None and code // 100 == 5)
    assert (meaning.verdict is DeliveryStatus.SENT) <= (stage is Stage.QUIT or (code is not None and code // 100 == 2))
    if stage not in (Stage.RCPT, Stage.DATA, Stage.CONTENT, Stage.QUIT):
        assert meaning.stops_account or meaning.verdict is DeliveryStatus.REFUSED
    words = told(stage, code, text, meaning)
    assert (words == "") == (meaning.verdict is DeliveryStatus.SENT)


def test_the_servers_own_words_are_not_repeated() -> None:
    said = told(Stage.RCPT, 550, "5.1.1 <ada@brightwell.example> unknown", REFUSED)
    assert said == "the mail server said 550 5.1.1 at RCPT: refused because of this recipient or message"
    assert "SMTP_PASSWORD" in told(Stage.AUTH, 535, "5.7.8 no", ACCOUNT)
