"""Columns of other tools that say not to write: which they are, and what their cells say."""

import pytest

from core.imports.columns import map_columns
from core.imports.opt_out_columns import Said, read_cell, read_header

REFUSALS = """
Do Not Contact|Unsubscribed from all email|Email Opt Out|HasOptedOutOfEmail|is_unsubscribed|Unsubscribed at|
UNSUB_TIME|Opted out of email: Marketing Information|Do not allow Bulk Emails|donotbulkemail|EMAIL_BLACKLISTED|
Newsletter opt-out|Individual: Do Not Process|No Email|Not subscribed|Consent withdrawn|DNC|GDPR objection|
Abgemeldet|Abgemeldet am|Werbewiderspruch|Keine Werbung|Kontakt nicht erwünscht|E-Mail gesperrt|
Bitte nicht kontaktieren|Désabonné|Ne pas contacter|Opposition RGPD|Refus e-mail|Dado de baja|No contactar|
Lista Robinson|Disiscritto|Non contattare|Descadastrado|Não contatar|Uitgeschreven|Geen mailing|Niet benaderen|
Wypisany|Nie kontaktować|Sprzeciw|Avregistrerad|Kontakta ej|Ikke kontakt|Markkinointikielto|Odhlášen|
Leiratkozott|Dezabonat|Отписан|Не беспокоить|退订|配信停止|수신거부
"""
CONSENTS = """
Subscribed|Marketing consent|Accepts Marketing|Accepts Email Marketing|Email permission status|Opt In|
DOUBLE_OPT-IN|Can email|GDPR consent|Einwilligung|Werbeeinwilligung|Darf kontaktiert werden|Consentement|
Consentimiento|Consenso marketing|Consentimento|Toestemming|Zgoda marketingowa|Samtykke|Samtycke|Согласие|同意
"""
OTHERS = """
Has Opted Out Of Fax|SMS opt out|Do not fax|Do not send post|Phone|Call date|Telefon|Called|Call status|
Marketing contact status|Soft bounces|Bounce rate|Opt-in date|OPTIN_TIME|Unsubscribe link|
Privacy policy accepted|Consent to photos|Objection reason|Contact No|Email No.|No. of emails|# emails sent|
S No|Non-profit|Subscription plan|Newsletter|Gesperrt|Cleaned Phone Number|Company|Email|Name|Website|Notes|
City|Title
"""


def names(text: str) -> list[str]:
    return [name.strip() for name in text.strip("|\n").split("|") if name.strip()]


@pytest.mark.parametrize("name", names(REFUSALS))
def test_a_column_that_refuses(name: str) -> None:
    column = read_header(name)
    assert column is not None
    assert column.kind == "refusal"
    assert read_cell(column, "yes") is Said.OPT_OUT
    assert read_cell(column, "no") is Said.NOTHING


@pytest.mark.parametrize("name", names(CONSENTS))
def test_a_column_in_which_a_no_refuses(name: str) -> None:
    column = read_header(name)
    assert column is not None
    assert column.kind == "consent"
    assert read_cell(column, "no") is Said.OPT_OUT
    assert read_cell(column, "yes") is Said.NOTHING
    assert read_cell(column, "") is Said.NOTHING


CALLS = """
Do Not Call|DoNotCall|Nicht anrufen|Ne pas appeler|Do not allow Phone Calls|No calls|Phone opt-out|Bloctel|
Opted out of calls|Keine Anrufe
"""


@pytest.mark.parametrize("name", names(CALLS))
def test_a_column_that_refuses_calls_refuses_no_letter(name: str) -> None:
    column = read_header(name)
    assert column is not None
    assert (column.kind, column.is_of_calls) == ("refusal", True)
    for cell, said in (("yes", Said.NO_CALL), ("2026-01-31", Said.NO_CALL), ("no", Said.NOTHING), ("", Said.NOTHING)):
        assert read_cell(column, cell) is said
    assert read_cell(column, "do not call") is Said.NO_CALL


def test_a_no_in_a_column_of_leave_to_call_refuses_calls() -> None:
    for name in ("Einwilligung Telefon", "Phone consent", "Calls allowed"):
        column = read_header(name)
        assert column is not None, name
        assert [read_cell(column, cell) for cell in ("no", "yes")] == [Said.NO_CALL, Said.NOTHING], name


@pytest.mark.parametrize("name", names(OTHERS))
def test_a_column_about_something_else(name: str) -> None:
    assert read_header(name) is None


@pytest.mark.parametrize(
    ("name", "cell", "said"),
    [
        *[("Unsubscribed", cell, Said.OPT_OUT) for cell in ("TRUE", "1", "x", "Ja", "oui", "sí", "tak", "Да", "はい")],
        *[("Unsubscribed", cell, Said.OPT_OUT) for cell in ("✓", "2024-01-02", "12.03.2024", "Opted out", "all")],
        *[("Unsubscribed", cell, Said.NOTHING) for cell in ("FALSE", "0", "nein", "non", "n/a", "-", "0000-00-00")],
        *[("Unsubscribed", cell, Said.NOTHING) for cell in ("not unsubscribed", "subscribed", "Phone", "pending")],
        *[("Unsubscribed", cell, Said.UNCLEAR) for cell in ("maybe", "2", "see CRM")],
        ("Unsubscribe reason", "too many mails", Said.OPT_OUT),
        ("Unsubscribe reason", "", Said.NOTHING),
        ("Do not allow Emails", "Allow", Said.NOTHING),
        ("Do not allow Emails", "Do Not Allow", Said.OPT_OUT),
        *[("Marketing consent", cell, Said.OPT_OUT) for cell in ("withdrawn", "unsubscribed", "not subscribed", "0")],
        *[("Marketing consent", cell, Said.NOTHING) for cell in ("2024-02-03", "NEVER_SUBSCRIBED", "granted")],
        ("Marketing consent", "form 7", Said.UNCLEAR),
        *[("Hard bounces", cell, Said.BOUNCE) for cell in ("2", "hard", "550 5.1.1 user unknown")],
        *[("Hard bounces", cell, Said.NOTHING) for cell in ("0", "soft", "no", "452 mailbox full")],
        ("EmailBouncedReason", "user unknown", Said.BOUNCE),
        *[("Status", cell, Said.OPT_OUT) for cell in ("Unsubscribed", "do not contact", "Blacklisted", "Désabonné")],
        *[("Status", cell, Said.BOUNCE) for cell in ("cleaned", "Bounced", "hard bounce")],
        *[("Tags", cell, Said.NO_CALL) for cell in ("do not call", "fair, Do Not Call", "Nicht anrufen")],
        ("Tags", "do not call, unsubscribed", Said.OPT_OUT),
        *[("Status", cell, Said.NOTHING) for cell in ("subscribed", "New", "no consent", "Lost")],
        ("Contact stage", "Do Not Contact", Said.OPT_OUT),
        ("Kontaktstatus", "abgemeldet", Said.OPT_OUT),
        ("Tags", "vip, do not contact", Said.OPT_OUT),
        ("Tags", "newsletter; hot", Said.NOTHING),
        ("Email status", "Reported as spam", Said.COMPLAINT),
        ("Marketing status", "Non-marketing contact", Said.NOTHING),
    ],
)
def test_a_cell(name: str, cell: str, said: Said) -> None:
    column = read_header(name)
    assert column is not None
    assert read_cell(column, cell) is said


def test_a_column_of_the_company_is_told_from_a_persons() -> None:
    of_company, of_person = read_header("Account Do Not Contact"), read_header("Contact: do not contact")
    assert of_company is not None
    assert of_person is not None
    assert (of_company.is_of_company, of_person.is_of_company) == (True, False)


def test_no_field_takes_a_column_that_refuses() -> None:
    header = ["Email", "E-Mail abbestellt", "Company", "Company do not contact"]
    mapped = map_columns(header, [["a@b.example", "", "Fern Ltd", ""]]).mapping
    assert mapped == {"Email": "contact_email", "Company": "company_name"}
