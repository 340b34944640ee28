"""Whose an e-mail address is: a person's own, a mailbox that many share, or one made up where none was known.

A made-up address ('noemail@noemail.com', 'na@na.com', 'x@x.com') is no address at all. A shared mailbox ('info@',
'kontakt@', 'ventas@') can be written to but says nothing about who a person is. Both are told by what the words mean,
in the languages of `column_words`; the address alone decides, and cheaply: an import asks for every row.
"""

import re
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT = _words(
    """no non not none without missing invalid fake dummy kein keine keinen ohne fehlt sans pas pasde aucun aucune sin
    ningun ninguno sem nao nenhum senza nessun nessuna geen zonder brak nie bez ingen intet ingenting ei ilman nema
    nincs fara yok нет без unknown unbekannt inconnu desconocido desconhecido sconosciuto onbekend"""
)
_MAIL = _words(
    """email emails emailu mail mails mailu emailaddress mailaddress address addresse adresse emailadresse mailadresse
    emailadress adres emailadres courriel correo correoelectronico direccion endereco indirizzo posta eposta epost
    sahkoposti poczta почта почты data contact available provided given set found applicable supplied listed vorhanden
    angegeben bekannt disponible fourni connu tiene unlocked"""
)
_COMPOUNDS = frozenset(f"{first}{joint}{second}" for first in _NOT for second in _MAIL for joint in ("", ".", "-", "_"))
_NOTHING = _COMPOUNDS | _words(
    """none null undefined unknown noone nobody nothing notexist doesnotexist unbekannt inconnu inconnue desconocido
    desconhecido sconosciuto onbekend nieznany okand ukjent ukendt neznamy placeholder keineangabe nonrenseigne
    nonrenseignee invalid неизвестно нет emailnotunlocked email_not_unlocked emailmissing mailfehlt emailunknown
    pas-de-mail pas-de-email pas.de.mail pas_de_mail pasdemail"""
)
"""Words that say of a whole address that there is none, whatever its domain."""
_TESTS = _words("test tests testing tester testtest")
_FILLING = (
    _NOTHING
    | _TESTS
    | _words(
        """na nan nd ns sn tbc tbd tba todo nil nobody niemand nadie ninguno nenhum nessuno personne niets nichts rien
        nada no non nein kein keine sin sans ohne nowhere empty blank missing asdf asdfasdf qwerty qwertz azerty abc
        abcd abcdef xyz foo bar foobar baz fake
        temp tmp sample example muster mustermann beispiel exemple ejemplo esempio name firstname lastname vorname
        nachname username user you your youremail yourname me someone somebody anyone email mail mymail address domain
        company yourcompany yourdomain mydomain firma website site asd sdf dfg jkl hjkl lorem ipsum default dummy"""
    )
)
"""Words that people type to fill a field: an address whose name and domain are both of these is nobody's."""
_SUSPECT = _FILLING | frozenset(
    char * times for char in "abcdefghijklmnopqrstuvwxyz0123456789" for times in range(4, 13)
)

_ROLES = _words(
    """info infos information informacion informacoes informazioni informacje informatie infor hello hi hey hallo
    hola ola ciao bonjour contact contacts contactus contacto contato contatti contatto kontakt kontakty
    contacteznous kapcsolat yhteys kontakta iletisim office offices buero buro bureau oficina ufficio kantoor
    kontor biuro iroda toimisto kancelar kancelaria kanzlei praxis sekretariat secretariat secretaria segreteria
    secretary secretariaat sekretariatet reception rezeption empfang recepcion recepcao recepcja receptie mail
    mails email post posta poststelle correo correio mailbox postbox postmaster sales sale verkauf vertrieb
    ventas venta vendas vendite commerciale commercial comercial verkoop salg forsaljning sprzedaz obchod prodej
    myynti satis orders order bestellung bestellungen pedidos ordini commande commandes zamowienia support
    helpdesk help hilfe service services servicio servizio serwis klantenservice kundenservice kundendienst
    kundeservice customerservice customercare soporte suporte assistenza atencion atencionalcliente admin
    administration administracion administracao amministrazione administrator verwaltung administratie team
    staff enquiries inquiries enquiry inquiry anfrage anfragen general allgemein jobs job career careers
    karriere bewerbung bewerbungen recruiting recruitment hr personal personalabteilung rrhh rh press presse
    prensa media marketing pr news newsletter redaktion redaccion accueil direction direktion direccion
    diretoria direzione geschaeftsleitung geschaeftsfuehrung management gf zentrale central centrale webmaster
    hostmaster web website noreply donotreply nichtantworten privacy datenschutz dpo abuse legal billing invoice
    invoices rechnung rechnungen buchhaltung accounts accounting account finance finanzen contabilidad
    contabilidade contabilita facturacion fatturazione compta comptabilite faktura fakturering payment payments
    bookings booking reservations reservation reservierung reservas prenotazioni investors investor ir ask
    welcome main all everyone company firma empresa azienda societe shop store boutique tienda loja negozio
    winkel einkauf purchasing procurement compras acquisti achats export import logistics logistik versand
    dispatch technik it edv security quality events event partners partner partnership partnerships franchise
    leads lead hq hotel restaurant school schule club verein gemeinde rathaus stadt инфо почта"""
)
_TRAILING = re.compile(r"\d+$")
_BREAKS = str.maketrans("", "", ".-_+ ")
_WORD_END = re.compile(r"[.\-_+]")
_LEADING = _words(
    """info infos office kontakt contact contacto contato sales verkauf vertrieb ventas service support admin team mail
    hello buero noreply hr jobs press presse marketing billing accounts rechnung kundenservice"""
)
"""Words that make a mailbox shared also where more follows: 'info.berlin@', 'sales-de@'."""


def is_made_up(address: str) -> bool:
    """Say whether an address was put in where none was known.

    Args:
        address: In lower case, with one '@'.
    """
    name, _, host = address.partition("@")
    if name in _SUSPECT or len(name) < 4 or name[:4] == "test" or host.partition(".")[0] in _SUSPECT:
        return _is_made_up(name, host)
    return False


@lru_cache(maxsize=16_384)
def _is_made_up(name: str, host: str) -> bool:
    label = host.partition(".")[0].translate(_BREAKS)
    plain = _TRAILING.sub("", name.translate(_BREAKS))
    if name in _NOTHING or plain in _NOTHING or plain in _TESTS or label in _NOTHING:
        return True
    if len(set(plain + label)) == 1 or (name == label and name.isdigit()):  # one character again: 'xx@xx', '123@123'
        return True
    return plain in _FILLING and label in _FILLING


def is_shared(address: str) -> bool:
    """Say whether a mailbox is a company's or a department's and not a person's.

    Args:
        address: In lower case.
    """
    name = _TRAILING.sub("", address.partition("@")[0])
    if name in _ROLES or name.translate(_BREAKS) in _ROLES:
        return True
    first, *rest = _WORD_END.split(name)
    return bool(rest) and first in _LEADING
