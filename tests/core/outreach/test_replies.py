"""A reply books only what it accepts beyond doubt, in every language that is known; everything else waits for a person.

The labelled replies are made up. `labelled.jsonl` was written before the reader, `fresh.jsonl` and `fresh_2.jsonl`
after it; the scores at first sight stand in the decision record.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.outreach.meetings import Span, said
from core.outreach.own_words import LONGEST_REPLY, own_words
from core.outreach.reply_reading import ReplyReading, read_reply
from core.outreach.reply_words import languages

REPLIES = Path(__file__).parents[2] / "data" / "replies"
ZONE = "Europe/Berlin"
STARTS = [datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 25, 12, tzinfo=UTC)]
STARTS.append(datetime(2026, 11, 26, 15, 30, tzinfo=UTC))
OFFERED = [Span(start, start + timedelta(minutes=30)) for start in STARTS]
LINES = "\n".join(f"  {number}. {said(slot, ZONE)}" for number, slot in enumerate(OFFERED, 1))
OURS = (
    f"Hello Ada,\n\nWould one of these times suit you for a call of 30 minutes?\n\n{LINES}\n\n"
    'Answer with "slot 1", "slot 2" or "slot 3" and I send an invitation.\n'
    'If you would rather not hear from me, answer with "unsubscribe".\n\nKind regards\nMaud\n'
)


def read(reply: str, offered: list[Span] = OFFERED, zone: str = ZONE) -> ReplyReading:
    return read_reply(reply, offered, zone=zone, names=["Ada Byron"], ours=OURS)


def labelled() -> list[tuple[str, int | None]]:
    lines = [line for file in sorted(REPLIES.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]
    return [(each["reply"], each["slot"]) for each in map(json.loads, lines)]


def test_no_labelled_reply_books_what_it_does_not_accept_and_few_acceptances_wait() -> None:
    found = [(reply, slot, read(reply)) for reply, slot in labelled()]
    assert [each for each in found if each[2].slot not in (None, each[1])] == []
    accepted = [each for each in found if each[1] is not None]
    waiting = [each for each in accepted if each[2].slot is None]
    assert len(waiting) <= len(accepted) // 20, waiting
    assert all(each[2].doubt for each in found if each[2].slot is None)


ACCEPTANCES = sorted({reply for reply, slot in labelled() if slot is not None and "\n" not in reply})
TURNS = [
    "{}?",
    "not {}",
    "{}, or another one",
    "{} unless it rains",
    "if possible {}",
    "maybe {}",
    "{} - no wait",
    "{} / slot 3 / slot 1",
]
TURNS += [
    "nicht {}",
    "{} wenn möglich",
    "{} ou autre",
    "sauf {}",
    "excepto {}",
    "{} si se puede",
    "tranne {}",
    "{} forse",
    "talvez {}",
    "niet {}",
]
TURNS += [
    "{} misschien",
    "może {}",
    "inte {}",
    "ikke {}",
    "не {}",
    "{}...",
    "{} 👎",
    "~~{}~~",
    "{} is bad",
    "{} is gone",
    "{} next year",
]
TURNS += [
    "anything but {}",
    "after {}",
    "{} {}".format("{}", "slot 1 slot 2 slot 3"),
    "ist {} noch frei",
    "je ne peux pas {}",
]


@given(st.sampled_from(ACCEPTANCES), st.sampled_from(TURNS))
@example("Passt, Donnerstag 16:30 Uhr. Danke und viele Grüße, Ada", "{} 👎")
def test_an_acceptance_that_is_turned_books_nothing(acceptance: str, turn: str) -> None:
    assert read(turn.format(acceptance)).slot is None


@given(
    st.sampled_from(ACCEPTANCES),
    st.sampled_from(sorted({reply for reply, slot in labelled() if slot is None and "\n" not in reply})),
)
def test_a_doubt_beside_an_acceptance_is_a_doubt(acceptance: str, doubt: str) -> None:
    slot = read(f"{acceptance}. {doubt}").slot
    assert slot is None or doubt in ("Ok", "Thanks for your message!")


@given(st.text(max_size=300), st.integers(0, 5))
def test_any_text_is_read(reply: str, count: int) -> None:
    slot = read(reply, OFFERED[:count]).slot
    assert slot is None or 1 <= slot <= count


HEADS = [
    "On Mon, 23 Nov 2026 at 09:12, Maud <maud@our-company.example> wrote:",
    "On Mon, 23 Nov 2026 at 09:12, Maud\n<maud@our-company.example> wrote:",
    "Am 23.11.2026 um 09:12 schrieb Maud:",
    "Le lun. 23 nov. 2026 à 09:12, Maud <maud@our-company.example> a écrit :",
    "El lun, 23 nov 2026 a las 9:12, Maud (<maud@our-company.example>) escribió:",
    "Il giorno lun 23 nov 2026 alle ore 09:12 Maud <maud@our-company.example> ha scritto:",
    "Em seg., 23 de nov. de 2026 às 09:12, Maud <maud@our-company.example> escreveu:",
    "Op ma 23 nov. 2026 om 09:12 schreef Maud <maud@our-company.example>:",
    "pon., 23 lis 2026 o 09:12 Maud <maud@our-company.example> napisał(a):",
    "Den mån 23 nov. 2026 kl 09:12 skrev Maud <maud@our-company.example>:",
    "man. 23. nov. 2026 kl. 09.12 skrev Maud <maud@our-company.example>:",
    "пн, 23 нояб. 2026 г. в 09:12, Maud <maud@our-company.example>:",
    "Maud <maud@our-company.example> 于2026年11月23日周一 09:12写道：",
    "2026年11月23日(月) 9:12 Maud <maud@our-company.example>:",
]
BLOCKS = [
    "-----Original Message-----\nFrom: Maud\nSent: Monday\nTo: Ada",
    "-----Ursprüngliche Nachricht-----\nVon: Maud\nGesendet: Montag\nAn: Ada",
    "________________________________\nDe : Maud <maud@our-company.example>\nEnvoyé : lundi 23 novembre 2026\nÀ : Ada",
    "De: Maud <maud@our-company.example>\nEnviado: lunes, 23 de noviembre de 2026\nPara: Ada\nAsunto: A call",
    "Da: Maud <maud@our-company.example>\nInviato: lunedì 23 novembre 2026\nA: Ada\nOggetto: A call",
    "Van: Maud <maud@our-company.example>\nVerzonden: maandag 23 november 2026\nAan: Ada\nOnderwerp: A call",
    "Från: Maud <maud@our-company.example>\nSkickat: den 23 november 2026\nTill: Ada\nÄmne: A call",
    "发件人: Maud <maud@our-company.example>\n发送时间: 2026年11月23日\n收件人: Ada",
    "---------- Forwarded message ---------\nFrom: Maud <maud@our-company.example>\nDate: Mon, 23 Nov 2026",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("mark", ["> ", ">", ""])
def test_what_is_quoted_is_taken_off_whatever_the_mail_program(head: str, mark: str) -> None:
    quoted = "\n".join(f"{mark}{line}" for line in OURS.splitlines())
    for ours in (OURS, ""):
        assert own_words(f"slot 2\n\n{head}\n\n{quoted}\n", ours) == "slot 2"
    if mark:
        assert own_words(f"{head}\n{quoted}\n\nslot 2\n", OURS) == "slot 2"
        assert own_words(f"slot 2\n\n{head}\n{quoted}\n\nnot any more, sorry\n").endswith("not any more, sorry")


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_headers_ends_what_they_wrote(block: str) -> None:
    assert own_words(f"slot 2\n\n{block}\nSubject: A call\n\n{OURS}") == "slot 2"


def test_what_is_quoted_without_any_mark_is_known_by_our_own_lines() -> None:
    assert own_words(f"slot 2\n{OURS}", OURS) == "slot 2"
    assert read(f"{OURS}\nslot 2").slot == 2
    assert read(OURS).slot is None
    copied = LINES.splitlines()[1]
    assert read(copied).slot == 2, "one line that is copied is a choice"
    assert read_reply(f"slot 2\n{OURS}", OFFERED, zone=ZONE).slot is None, "where it is not known as ours, a doubt"


@given(st.text(max_size=400))
def test_own_words_stay_own_words(reply: str) -> None:
    once = own_words(reply)
    assert all(line in reply for line in once.splitlines())


def test_a_time_is_read_in_the_zone_that_is_said() -> None:
    assert read("Wednesday 12:00 GMT works").slot == 2
    assert read("Wednesday 12:00 UTC works").slot == 2
    assert read("Wednesday 7 am New York time works").slot == 2
    assert read("Wednesday 13:00 CET works").slot == 2
    assert read("Wednesday 13:00 (Europe/Berlin) works").slot == 2
    assert read("Mittwoch 12 Uhr Londoner Zeit passt").slot == 2
    assert read("Wednesday 13:00 GMT works").slot is None
    assert read("Wednesday 13:00 IST works").slot is None, "three zones have this name"
    assert read("Wednesday 12:00 works", zone="Europe/London").slot == 2


def test_what_fits_two_of_the_times_is_a_doubt() -> None:
    same_day = [
        Span(STARTS[0] + timedelta(hours=shift), STARTS[0] + timedelta(hours=shift, minutes=30)) for shift in (4, 0)
    ]
    assert read("Tuesday works", same_day).slot is None
    assert read("Tuesday at 14:00 works", same_day).slot == 1
    assert read("2 works", same_day).slot is None, "the second one, or two o'clock"
    assert read("slot 2 works", same_day).slot == 2
    assert read("at 2 on Tuesday", same_day).slot == 1
    second_of_december = [
        OFFERED[0],
        OFFERED[1],
        Span(datetime(2026, 12, 2, 9, tzinfo=UTC), datetime(2026, 12, 2, 9, 30, tzinfo=UTC)),
    ]
    assert read("the 2nd works", second_of_december).slot is None
    assert read("2 December works", second_of_december).slot == 3


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("slot 3 is bad, any other", "bad, any, other"),
        ("slot 2?", "asks"),
        ("slots", "more than is understood"),
        ("slot 1, slot 2", "several"),
        ("slot 7", "not offered"),
        ("thanks", "none of the times"),
        ("> slot 2", "no words of their own"),
        ("slot 2\n\nBest regards\nAda\n\nI will not come", "below the signature"),
    ],
)
def test_the_reading_says_why(reply: str, why: str) -> None:
    assert why in read(reply).doubt


def test_every_language_has_seven_days_and_twelve_months() -> None:
    assert len(languages()) >= 12
    for code, language in languages().items():
        assert set(language.weekdays.values()) == set(range(7)), code
        assert set(language.months.values()) == set(range(1, 13)), code


def test_the_longest_reply_is_read_in_linear_time() -> None:
    def seconds(reply: str) -> float:
        began = time.process_time()
        read(reply)
        return time.process_time() - began

    for atom in ("slot 2 ", "a:", "> ", "On ", "1.", "10:00-", "thank you for ", "\n", "no. ", "é'"):
        half, whole = (atom * (length // len(atom)) for length in (LONGEST_REPLY // 2, LONGEST_REPLY))
        seconds(half)
        assert seconds(whole) < 5 * seconds(half) + 0.2, atom
        assert seconds(whole[:2000]) < 5 * seconds(whole[:1000]) + 0.2, atom
