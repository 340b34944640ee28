"""What a mail server's answer means: sent, refused, later, or not known; and whose trouble it is.

One rule stands behind the table: a message is refused for good only by what concerns this recipient or this message.
Trouble of the server, of our account or of us as a sender (log-in, quota, relaying, reputation) is the same for every
message, so it refuses none: it is `later`, and it stops the account until somebody has mended it or time has. In doubt
it is later: a message that waits costs less than one that is lost, and each approval ends at its own expiry.

Sources: RFC 5321 (4.2 replies, 4.2.5 when a message is the server's, 4.3.2 which command answers what, 4.5.3.2), RFC
3463 and IANA's registry of enhanced status codes, RFC 4954 (log-in), RFC 3207 (STARTTLS), RFC 1870 (size), RFC 6531 and
6710, RFC 7504 (521, 556), RFC 7505, RFC 7372; and for x.y.100 and above the lists of the two largest hosts.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """How far a conversation with a mail server was."""

    CONNECT = "connecting"
    GREETING = "the greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "the log-in"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    """Until the server says 354: no byte of the message has gone out."""
    CONTENT = "the message"
    """From the first byte of the message to the answer to its last."""
    QUIT = "QUIT"


class DeliveryStatus(StrEnum):
    """What became of handing a message over."""

    SENT = "sent"
    REFUSED = "refused"
    """For good, because of this recipient or this message."""
    LATER = "later"
    """Certainly not sent, and may be tried again."""
    UNKNOWN = "unknown"
    """A byte of the message may have gone out, and there is no final answer."""


@dataclass(frozen=True)
class ReplyMeaning:
    """A verdict; `stops_account`: every other message would meet the same, so none is tried now."""

    verdict: DeliveryStatus
    stops_account: bool = False


@dataclass(frozen=True)
class Delivery:
    """What became of handing a message over.

    Attributes:
        verdict: the end.
        stage: where it ended.
        detail: in words; never the server's, which often quote addresses. '' where it was sent.
        stops_account: whether every other message would meet the same.
        code: the server's reply code, where it gave one.
    """

    verdict: DeliveryStatus
    stage: Stage
    detail: str = ""
    stops_account: bool = False
    code: int | None = None


SENT = ReplyMeaning(DeliveryStatus.SENT)
REFUSED = ReplyMeaning(DeliveryStatus.REFUSED)
LATER = ReplyMeaning(DeliveryStatus.LATER)
ACCOUNT = ReplyMeaning(DeliveryStatus.LATER, stops_account=True)
UNKNOWN = ReplyMeaning(DeliveryStatus.UNKNOWN)

_FINAL = (2, 4, 5)
_CLOSING = 421
_LOG_IN = frozenset({530, 534, 535, 538})  # RFC 4954
_OF_COMMANDS = frozenset({500, 502, 503, 504, 521, 555})  # RFC 5321, 7504: said of us or of the server, not of anybody
_BAD_ARGUMENT = 501

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_OURS = re.compile(
    r"\brelay(?:ing)?\b(?! recipient)|authenticat|\blog[ -]?in\b|"
    r"(?:submission|sending|outgoing|outbound|daily|hourly|rate)[\W_]*(?:\w+[\W_]+){0,3}?(?:limit|quota)|"
    r"too many (?:messages|mails|e-?mails|connections|log)|(?:unusual|suspicious) (?:sending|activity)|"
    r"\b(?:your|sender'?s?|client|connecting|sending)\W+(?:\w+\W+){0,2}?(?:ip|host|address|domain|account|server|network)\b|"
    r"(?:block|black|deny)[ -]?list|\bdnsbl\b|\brbl\b|spamhaus|\bspf\b|\bdkim\b|\bdmarc\b",
    re.IGNORECASE,
)
_LONGEST_TEXT = 1000
"""Words of servers that name no enhanced status code, or one that says nothing: it is about who sends."""


def enhanced_code(code: int, text: str) -> tuple[int, int] | None:
    """Return subject and detail of a reply's enhanced status code; None without one, or where its class is another."""
    found = _ENHANCED.match(text)
    if found is None or int(found[1]) != code // 100:
        return None
    return int(found[2]), int(found[3])


def meaning_of(stage: Stage, code: int | None, text: str = "") -> ReplyMeaning:
    """Return what a reply, or its absence, means.

    Args:
        stage: of the conversation.
        code: of the reply; None where there was none: the connection or the time was lost, or it was no reply at all.
        text: of the reply, where its enhanced status code stands.
    """
    if stage is Stage.QUIT:
        return SENT
    if code is None or code // 100 not in _FINAL:
        return UNKNOWN if stage is Stage.CONTENT else ACCOUNT
    if stage is Stage.CONTENT and code // 100 == 2:
        return SENT
    if stage not in (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT) or code // 100 == 2 or code == _CLOSING:
        return ACCOUNT
    enhanced = enhanced_code(code, text)
    if stage is Stage.MAIL:
        return REFUSED if code // 100 == 5 and enhanced is not None and _is_of_message(*enhanced) else ACCOUNT
    meant = _meaning(stage, code, enhanced)
    return ACCOUNT if _OURS.search(text[:_LONGEST_TEXT]) and not _is_certain(enhanced) else meant


def _is_of_message(subject: int, detail: int) -> bool:
    """Return whether a code is about the message itself: its size or its form."""
    return subject == 6 or (subject, detail) in {(2, 3), (3, 4)}


def _is_certain(enhanced: tuple[int, int] | None) -> bool:
    """Return whether a code is so plain about a recipient or message that no word beside it counts."""
    return enhanced in {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1), (2, 2), (2, 3), (3, 4), (6, 7)}


def _meaning(stage: Stage, code: int, enhanced: tuple[int, int] | None) -> ReplyMeaning:
    is_final = code // 100 == 5
    for_this_one = REFUSED if is_final else LATER
    if code in _LOG_IN or code in _OF_COMMANDS:
        return ACCOUNT
    if code == _BAD_ARGUMENT and enhanced is None:
        return for_this_one if stage is Stage.RCPT else ACCOUNT
    if enhanced is None:
        return _plain(stage, code)
    subject, detail = enhanced
    if _is_of_message(subject, detail):
        return for_this_one
    match subject:
        case 1:  # addresses; 7 and 8 are the sender's, 90 is a large host's word for the day's quota
            return ACCOUNT if detail in (7, 8, 90) else for_this_one
        case 2:  # the mailbox
            return for_this_one
        case 3:  # the mail system
            return ACCOUNT if detail in (1, 2, 3, 5) else LATER
        case 4:  # the way there; 3 is the server's own directory, 5 congestion, and a large host's quota
            return ACCOUNT if detail in (3, 5) else for_this_one
        case 5:  # the protocol; 0 stands for an unknown mailbox at a large host
            return _plain(stage, code) if detail == 0 else ACCOUNT
        case 7:
            return _policy(stage, detail, for_this_one)
        case _:
            return _plain(stage, code)


def _plain(stage: Stage, code: int) -> ReplyMeaning:
    """Read a reply that has no enhanced status code."""
    if code // 100 == 4:
        return ACCOUNT if code in (432, 452, 454) else LATER
    if code == 571:  # an old spelling of 5.7.1
        return _policy(stage, 1, REFUSED)
    return REFUSED if 550 <= code <= 559 or code == 523 else LATER


_OF_RECIPIENT = frozenset({2, 15, 16, 17, 18})
_OF_SENDER = frozenset({*range(3, 15), *range(20, 31)})
_RESTRICTED_MAILBOXES = range(100, 200)
_SENDING_ACCOUNTS = range(500, 1000)


def _policy(stage: Stage, detail: int, for_this_one: ReplyMeaning) -> ReplyMeaning:
    """Read x.7.z: who may send what to whom. 0 and 1 say only that somebody may not: in doubt later."""
    if detail in _OF_RECIPIENT or detail in _RESTRICTED_MAILBOXES:
        return for_this_one
    if detail in _OF_SENDER or detail in _SENDING_ACCOUNTS:
        return ACCOUNT
    # Who has read the message speaks of it; who has read only the addresses may speak of either of them.
    return for_this_one if stage is Stage.CONTENT and detail in (0, 1) else LATER


def told(stage: Stage, code: int | None, text: str, meaning: ReplyMeaning, *, reason: str = "") -> str:
    """Return what happened in words: what the server said, to what, what that means. Never the server's own words.

    Args:
        stage: of the conversation.
        code: of the reply, or None.
        text: of the reply.
        meaning: what it means.
        reason: what was lost, where there was no reply.
    """
    if meaning.verdict is DeliveryStatus.SENT:
        return ""
    advice = _advice(stage, code) if meaning.stops_account else ""
    if code is None:
        after = " while the message was under way" if meaning.verdict is DeliveryStatus.UNKNOWN else ""
        return f"the mail server was lost at {stage}{after} ({reason or 'no answer'}){advice}"
    enhanced = enhanced_code(code, text)
    spelt = str(code) if enhanced is None else f"{code} {code // 100}.{enhanced[0]}.{enhanced[1]}"
    means = "refused because of this recipient or message" if meaning.verdict is DeliveryStatus.REFUSED else "later"
    return f"the mail server said {spelt} at {stage}: {means}{advice}"


def _advice(stage: Stage, code: int | None) -> str:
    match stage:
        case Stage.CONNECT | Stage.GREETING:
            return "; see SMTP_HOST and SMTP_PORT"
        case Stage.STARTTLS:
            return "; see SMTP_SECURITY"
        case Stage.AUTH:
            is_refused = code is not None and code // 100 == 5
            return "; see SMTP_USERNAME and SMTP_PASSWORD" if is_refused else ""
        case Stage.MAIL:
            return "; see SMTP_SENDER, SMTP_USERNAME and the account's limits"
        case _:
            return "; see the account's limits and rights" if code is not None and code // 100 == 5 else ""
