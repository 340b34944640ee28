"""The rule that stands in front of every model: does somebody ask, in their own words, to be left alone?

It looks for wordings, in several languages, in text without case, accents and punctuation, so that typed replies and
transcripts read alike. In doubt it says yes: a letter too few costs less than one that was forbidden.
"""

import re

from core.outreach.own_words import own_words
from core.text.folding import fold

_NO_WORD = re.compile(r"[^\w]+")
_LONGEST = 20_000

_WORDINGS = {
    "en": (
        r"unsubscribe\w*|opt(?:ing|ed)? ?out|(?:remove|delete|erase) (?:me|us|my (?:\w+ )?(?:number|name"
        r"|address|e ?mail|data|details))"
        r"|take (?:me|us|my \w+) off|strike me off|leave me alone"
        r"|stop (?:e ?mailing|writing to|contacting|calling|phoning|ringing|texting|messaging|bothering|spamming|"
        r"sending (?:me|us|these|this|e ?mails?|mails?|letters?|messages?))(?: (?:me|us))?"
        r"|(?:do not|don ?t|never|not to) (?:ever )?(?:contact|e ?mail|write to|write me|call|phone|ring|text"
        r"|message|bother)"
        r"(?: (?:me|us|here|this number|again|anymore|any more|any longer))"
        r"|(?:do not|don ?t|never) (?:contact|e ?mail|write|call)$"
        r"|no (?:more|further) (?:calls|e ?mails?|mails|messages|letters|contact|advertising)"
        r"|(?:do not|don ?t) want (?:to (?:be (?:called|contacted|emailed|written to)|hear from you)|(?:any"
        r"|your) (?:more )?"
        r"(?:calls|e ?mails?|messages|letters|advertising))|lose my number"
    ),
    "de": (
        r"abmelden|abbestell\w*|austragen|(?:melden|melde|tragen|trage|streichen"
        r"|streich) (?:sie )?mich (?:\w+ ){0,5}(?:ab|aus)\b"
        r"|streich\w* (?:sie )?mich|keine? (?:weiteren? |mehr )?(?:e ?mails?|mails?|anrufe|werbung|nachrichten"
        r"|post)(?: mehr)?"
        r"|(?:ruf\w*|schreib\w*|kontaktier\w*|belastig\w*) (?:sie )?(?:mich|mir|uns) (?:bitte )?(?:nicht|nie)"
        r"|nicht mehr (?:an(?:rufen|schreiben)|kontaktier\w*|schreib\w*|belastig\w*)"
        r"|(?:lass\w*) (?:sie )?mich (?:bitte )?in ruhe"
        r"|(?:losch\w*|entfern\w*) (?:sie )?(?:bitte )?(?:mich|mein\w* (?:\w+ )?(?:daten|nummer|adresse|namen))"
    ),
    "fr": (
        r"(?:me |nous )?desabonn\w*|desinscri\w*|ne (?:m |me |nous )(?:appelez|rappelez|contactez|ecrivez"
        r"|telephonez|derangez) (?:plus|pas|jamais)"
        r"|ne plus (?:etre|recevoir|m |me )|(?:retirez|enlevez|supprimez|effacez) (?:moi|mon|mes|nous)"
        r"|(?:arretez|cessez) de (?:m |me |nous )|laissez moi tranquille|plus d ?(?:appels|e ?mails?|messages)"
    ),
    "es": (
        r"(?:dar(?:me|nos)?|de(?:n)?me|deme) de baja|cancelar (?:la |mi )?suscripcion"
        r"|no (?:me|nos) (?:llame\w*|contacte\w*|escriba\w*|moleste\w*|envie\w*|mande\w*)(?: mas)?"
        r"|(?:quiten?me|borren?me|eliminen?me|saquen?me)|dejen? de (?:llamar|escribir|contactar|molestar)\w*"
        r"|dejen?me en paz"
    ),
    "it": (
        r"disiscri\w*|cancella(?:mi|temi|te i miei|re l ?iscrizione)|annulla\w* l ?iscrizione|(?:toglie\w*"
        r"|rimuove\w*|toglimi|rimuovimi)(?:temi| il mio)?"
        r"|non (?:chiamate|contattate|scrive|disturbate|chiamar|contattar)(?:mi|ci|te?mi)(?: piu)?|non (?:mi"
        r"|ci) (?:chiami\w*|contatti\w*|scriva\w*)"
    ),
    "pt": (
        r"descadastr\w*|cancelar (?:a |minha )?(?:inscricao|assinatura)|nao (?:me|nos) (?:ligue\w*|contate\w*"
        r"|contacte\w*|escreva\w*|envie\w*|mande\w*)"
        r"|(?:remova|retire|tire|exclua)m?(?: |-)?(?:me|o meu|meu|minha|os meus)|pare\w* de (?:me )?(?:ligar"
        r"|escrever|contatar|mandar)"
    ),
    "nl": (
        r"uitschrijven|afmelden|schrijf (?:me|mij) uit|(?:bel|mail|schrijf|contacteer) (?:me|mij"
        r"|ons) (?:alstublieft )?(?:niet|nooit)"
        r"|haal (?:me|mij) van|verwijder (?:me|mij|mijn)|geen (?:e ?)?(?:mails|telefoontjes|berichten"
        r"|reclame) meer|laat (?:me|mij) met rust"
    ),
    "pl": (
        r"wypisa\w*|wypisz\w*|(?:nie|prosze nie) (?:dzwoni\w*|pisac|piszcie|kontaktowac"
        r"|kontaktujcie)(?: .{0,20}wiecej)?|usun\w* (?:mnie|moje|moj)"
    ),
    "nordic": (
        r"avregistrera\w*|avprenumerera\w*|avsluta prenumeration\w*|(?:ring|kontakta|skriv|mejla"
        r"|kontakt) (?:mig|meg|oss|os|till mig|til meg) (?:inte|ikke|aldrig)"
        r"|afmeld\w*|avmeld\w*|ta bort mig|fjern (?:meg|mig)|slet mig|slett meg"
    ),
    "other": r"отпи[шс]\w*|не звоните|не пишите|удалите меня",
}
"""Wordings by language, for text as `_plain` gives it."""

_UNSPACED = "退订|取消订阅|配信停止|구독 ?취소|수신 ?거부"
"""Wordings of languages that put no space between words, or join them."""
_OPT_OUT = re.compile(rf"\b(?:{'|'.join(_WORDINGS.values())})\b|{_UNSPACED}")
_WHOLE = re.compile(
    r"(?:please |bitte |por favor |s il vous plait )?(?:stop|stopp|stop all|arret|arreter|baja|remove|halt|abmeldung)"
)
"""What opts out where it is all that is said, as people answer text messages."""


def said_themselves(text: str, ours: str = "") -> str:
    """Return what somebody wrote themselves: above, between and below what they quote of `ours` or of others."""
    return own_words(text, ours)


def is_opt_out(own_words: str) -> bool:
    """Tell whether somebody asks, in their own words, not to be written to or called."""
    plain = _plain(own_words)
    return _OPT_OUT.search(plain) is not None or _WHOLE.fullmatch(plain) is not None


def _plain(text: str) -> str:
    """Return words with one space between them, for wordings that do not depend on how a line was punctuated."""
    return _NO_WORD.sub(" ", fold(text[:_LONGEST])).strip()
