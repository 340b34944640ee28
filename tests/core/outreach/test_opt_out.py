"""Who asks to be left alone is heard in many languages, and few others are taken for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outreach.opt_out import is_opt_out, said_themselves

LEAVING = [
    *("Please unsubscribe me", "Stop calling me!", "don't call me again", "Don’t contact me", "Take me off your list"),
    *("remove my number please", "No more emails, thanks", "I do not want to hear from you", "STOP", "Stop."),
    *("Bitte rufen Sie mich nicht mehr an", "Ich möchte mich abmelden", "Keine weiteren E-Mails bitte"),
    *("Löschen Sie meine Daten", "Lassen Sie mich in Ruhe", "Melden Sie mich bitte ab", "Ne m'appelez plus"),
    *("Je veux me désabonner", "Retirez-moi de votre liste", "Quiero darme de baja", "No me llame más"),
    *("Quítenme de la lista", "Non chiamatemi più", "Cancellatemi dalla lista", "Não me ligue mais"),
    *("Quero me descadastrar", "Bel me niet meer", "Ik wil me uitschrijven", "Proszę mnie wypisać", "Ring mig inte"),
    *("Отпишите меня", "请退订", "opt-out", "please stop e-mailing me", "take us off the list"),
]
STAYING = [
    *("how do I stop the pump?", "How much does it cost?", "Not now, call me in March", "Call me again tomorrow"),
    *("Don't worry, go on", "I don't know, please write to my colleague", "Can you remove old servers?"),
    *("Kein Problem", "We stop at five", "Do not forget to send me the price", "Stopp mal kurz, was kostet das?"),
    *("keine Ahnung", "pas de probleme", "We have no more budget", "", "   "),
]


@pytest.mark.parametrize("words", LEAVING)
def test_who_wants_to_be_left_alone_is_heard(words: str) -> None:
    assert is_opt_out(words)


@pytest.mark.parametrize("words", STAYING)
def test_others_are_not_taken_for_them(words: str) -> None:
    assert not is_opt_out(words)


@given(st.sampled_from(LEAVING[:1] + LEAVING[5:8]), st.text(max_size=80), st.text(max_size=80))
def test_it_is_heard_whatever_stands_around_it(words: str, before: str, after: str) -> None:
    assert is_opt_out(f"{before} | {words.upper()} | {after}")


def test_what_we_wrote_ourselves_asks_for_nothing() -> None:
    ours = 'answer with "unsubscribe"'
    assert not is_opt_out(said_themselves(f"Yes please.\n> {ours}\n"))
    assert not is_opt_out(said_themselves(f"Yes please.\nFrom: us\n{ours}\n"))
    letter = f"Hello Ada,\nmay we talk on Tuesday?\n{ours}\n"
    assert not is_opt_out(said_themselves(f"Yes please.\n{letter}", letter)), "quoted without any mark"
    assert is_opt_out(said_themselves(f"unsubscribe\n{letter}", letter))
    assert is_opt_out(said_themselves(f"> {ours}\n\nUnsubscribe me"))
