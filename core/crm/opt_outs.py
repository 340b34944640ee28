"""Who a CRM says is not to be written to: a mark on an address, a field of a person or company, a status."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.imports.opt_out_columns import OptOutColumn, Said, read_cell, read_header
from core.outreach.opt_outs import targets
from core.outreach.suppression import Reason, ReportedOptOut, Target, of_voice
from core.text import normalize

_REASONS = {
    Said.OPT_OUT: Reason.OPT_OUT,
    Said.COMPLAINT: Reason.COMPLAINT,
    Said.BOUNCE: Reason.BOUNCE,
    Said.NO_CALL: Reason.DO_NOT_CALL,
}
_STATUS = OptOutColumn("status")


@dataclass(frozen=True, slots=True)
class RemoteRefusal:
    """That a person or a company in the CRM is not to be written to.

    Attributes:
        record_id: the CRM's, of the person or the company.
        where: the field or mark that says so.
        of_company: it is the company's, with all its people.
        addresses: of the person, or of all the company's people.
        name: the person's.
        company: the company's name.
        website: the company's.
    """

    record_id: str
    where: str
    reason: Reason = Reason.OPT_OUT
    of_company: bool = False
    addresses: tuple[str, ...] = ()
    name: str | None = None
    company: str | None = None
    website: str | None = None


def refusing(fields: Mapping[str, object], *, status: str | None = None) -> tuple[str, Reason] | None:
    """Return the first field that says its record is not to be written to, and why; None where none does.

    Args:
        fields: a record's fields by their names; lists of texts, truth values and numbers as they come.
        status: of a company.
    """
    of_calls = None
    for name, reason in _said(fields, status):
        if reason is not Reason.DO_NOT_CALL:
            return name, reason
        of_calls = of_calls or (name, reason)
    return of_calls  # less than any other


def _said(fields: Mapping[str, object], status: str | None) -> Iterator[tuple[str, Reason]]:
    for name, value in fields.items():
        column = read_header(name)
        for text in _texts(value) if column is not None else ():
            if column is not None and (reason := _REASONS.get(read_cell(column, text))) is not None:
                yield name, reason
    if status and (reason := _REASONS.get(read_cell(_STATUS, status))) is not None:
        yield f"status {status}", reason


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return () if value is None else (str(value),)


def reported_opt_outs(refusals: Iterable[RemoteRefusal], crm: str) -> list[ReportedOptOut]:
    """Return what to suppress for what a CRM says."""
    return [
        ReportedOptOut(
            target, each.reason, f"crm {crm}", f"{each.where} of {each.record_id}", f"crm {crm}, {each.record_id}"
        )
        for each in refusals
        for target in _targets(each)
    ]


def _targets(refusal: RemoteRefusal) -> list[Target]:
    read = (normalize.email(address) for address in refusal.addresses)
    addresses = [address for address in read if address is not None]
    if refusal.reason is Reason.BOUNCE:
        return [Target("address", address) for address in addresses[:1]]
    domain = normalize.own_domain(refusal.website) if refusal.website else None
    lead = {"contact_name": refusal.name, "company_name": refusal.company, "company_domain": domain}
    found = targets(lead, addresses, of_company=refusal.of_company)
    return [of_voice(each) for each in found] if refusal.reason is Reason.DO_NOT_CALL else list(found)
