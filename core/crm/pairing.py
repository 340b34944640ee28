"""Which person of the CRM is which of ours, before anything links them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.crm.records import RemoteRecord
from core.crm.units import LocalRecord, RecordLink, name_key
from core.crm.values import items


def pair_contacts(
    locals_: Sequence[LocalRecord], links: Mapping[UUID, RecordLink], remotes: Sequence[RemoteRecord]
) -> dict[str, LocalRecord]:
    """Return which person of the CRM is which of ours, where no link says it yet; by the CRM's id.

    By our own id in the CRM, else by an address both have, else by the same name.
    """
    linked = {link.remote_id for link in links.values() if link.remote_id}
    free = {local.own_id: local for local in locals_ if _is_free(links.get(local.own_id))}
    found: dict[str, LocalRecord] = {}
    open_ones = [remote for remote in remotes if remote.id not in linked]
    for matches in (_is_own, _shares_address, _has_same_name):
        for remote in open_ones:
            if remote.id in found:
                continue
            twin = next((local for local in free.values() if matches(local, remote)), None)
            if twin is not None:
                found[remote.id] = free.pop(twin.own_id)
    return found


def _is_free(link: RecordLink | None) -> bool:
    return link is None or (link.remote_id is None and not link.is_gone)


def _is_own(local: LocalRecord, remote: RemoteRecord) -> bool:
    return local.own_id == remote.own_id


def _shares_address(local: LocalRecord, remote: RemoteRecord) -> bool:
    return bool(items(local.values.get("emails")) & items(remote.values.get("emails")))


def _has_same_name(local: LocalRecord, remote: RemoteRecord) -> bool:
    name = name_key(remote.values.get("name"))
    return bool(name) and name == name_key(local.values.get("name"))
