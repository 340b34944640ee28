"""Close's `POST /data/search/`: pages of hits and cursors that die. Source: Close API, "Advanced Filtering"."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sandbox.close import shapes
from sandbox.close.gate import invalid, too_deep
from sandbox.close.search import matches
from sandbox.close.store import Row
from sandbox.provider import exchange_of

if TYPE_CHECKING:
    from starlette.routing import Route

    from sandbox.close.app import Call, Close

_LARGEST_PAGE = 200
_SEARCH_CAP = 10_000


def routes(close: Close) -> list[Route]:
    """Return the search route, answered from `close`'s store."""
    return [close.at("/data/search/", POST=_Desk(close).search)]


class _Desk:
    """Searches over the store of one Close."""

    def __init__(self, close: Close) -> None:
        self._close = close

    def search(self, call: Call) -> Row:
        """Answer an advanced search: a page of rows, bare ids unless `_fields` names more, and a cursor."""
        limit = call.body.get("_limit") or 100
        if not isinstance(limit, int) or not 1 <= limit <= _LARGEST_PAGE:
            raise too_deep("_limit", _LARGEST_PAGE)
        cursor, now = call.body.get("cursor"), self._close.world.clock.now()
        if cursor is None:
            found, total = self._found(call.body)
        else:
            expires_at, found, total, asked = self._close.cursors.pop(str(cursor), (0.0, [], 0, {}))
            if now > expires_at or asked != call.body.get("query"):
                raise invalid("The cursor is invalid or has expired.")
        fields = call.body.get("_fields", {})
        page = [self._hit(hit, fields) for hit in found[:limit]]
        rest, next_cursor = found[limit:], None
        if rest:
            next_cursor = f"cursor_{exchange_of(call.request).number}"
            expires_at = now + self._close.settings.search_cursor_s
            self._close.cursors[next_cursor] = (expires_at, rest, total, call.body.get("query", {}))
        answer: Row = {"data": [hit for hit in page if hit is not None], "cursor": next_cursor}
        if call.body.get("include_counts"):
            answer["count"] = {"limited": min(total, _SEARCH_CAP), "total": total}
        return answer

    def _found(self, body: Row) -> tuple[list[str], int]:
        """Return `kind/id` of the first 10,000 hits in order, and how many there are."""
        visible = self._close.world.clock.moment().timestamp() - self._close.settings.search_lag_s
        hits: list[tuple[str, Row]] = []
        for kind in ("lead", "contact"):
            for row in self._close.store.rows[kind].values():
                indexed = self._close.settings.search_lag_s == 0 or _epoch(row["date_created"]) <= visible
                if indexed and matches(body.get("query") or {}, self._flat(kind, row), kind, self._related):
                    hits.append((kind, row))
        for order in reversed(body.get("sort") or []):
            name = order["field"].get("field_name") or f"custom.{order['field'].get('custom_field_id')}"
            hits.sort(key=lambda hit: str(hit[1].get(name) or ""), reverse=order.get("direction") == "desc")
        return [f"{kind}/{row['id']}" for kind, row in hits][:_SEARCH_CAP], len(hits)

    def _flat(self, kind: str, row: Row) -> Row:
        return row | {"display_name": row["name"]} if kind == "lead" else row

    def _related(self, kind: str, lead_id: str) -> list[Row]:
        rows = self._close.store.rows.get(kind, {}).values()
        return [row for row in rows if (row["id"] if kind == "lead" else row.get("lead_id")) == lead_id]

    def _hit(self, hit: str, fields: Row) -> Row | None:
        kind, row_id = hit.split("/")
        row = self._close.store.rows[kind].get(row_id)
        if row is None:  # deleted since the first page
            return None
        shown = shapes.shown_lead(self._close.store, row) if kind == "lead" else shapes.shown_contact(row)
        named = {"id", *fields.get(kind, [])}
        return {"__object_type": kind} | shapes.only(shown, ",".join(named))


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
