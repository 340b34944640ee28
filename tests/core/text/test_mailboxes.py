"""Whose an address is: nobody's, many people's, or one person's own."""

import pytest

from core.text.mailboxes import is_made_up, is_shared
from core.text.normalize import real_email


def listed(text: str) -> list[str]:
    return text.split()


MADE_UP = listed(
    """noemail@noemail.com na@na.com x@x.com xx@xx.de 00@00.de 123@123.com test@acme.example test1@test.com
    none@gmail.com null@null.com no-email@acme.example keine-email@firma.example sin.correo@x.example
    pas-de-mail@x.example geenemail@x.example bez.emailu@x.example unknown@unknown.com jane@noemail.com
    your@email.com name@company.com user@domain.com asdf@asdf.com email_not_unlocked@domain.com"""
)
SHARED = listed(
    """info@a.example info2@a.example kontakt@a.example sales@a.example ventas@a.example vertrieb@a.example
    office@a.example hello@a.example no-reply@a.example customer.service@a.example info.berlin@a.example
    buchhaltung@a.example secretaria@a.example accueil@a.example noreply@a.example"""
)
OWN = listed(
    """jane@acme.example na@acme.example jo@acme.example mueller@mueller.example li@li.example
    test.er@acme.example nadia@nadia.example blank@acme.example nil@acme.example office.manager@acme.example
    joe@info.example a@b.example informatica.lopez@a.example marketa@a.example salesia@a.example"""
)


@pytest.mark.parametrize("address", MADE_UP)
def test_made_up(address: str) -> None:
    assert is_made_up(address)
    assert real_email(address.upper()) is None
    assert real_email(f"{address}; jane@acme.example") == "jane@acme.example"


@pytest.mark.parametrize("address", SHARED)
def test_shared(address: str) -> None:
    assert is_shared(address)
    assert real_email(address) == address


@pytest.mark.parametrize("address", [address for address in OWN if not address.startswith(("office.", "test."))])
def test_own(address: str) -> None:
    assert not is_shared(address)
    assert real_email(address) == address
