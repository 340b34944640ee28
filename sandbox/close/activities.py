"""Close's opportunities, tasks, activities and bulk actions. Source: Close API reference, checked August 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.close.gate import invalid, not_found
from sandbox.close.store import USER, Row

if TYPE_CHECKING:
    from starlette.routing import Route

    from sandbox.close.app import Call, Close

OPPORTUNITY_STATUSES = [
    {"id": "stat_oppo_active", "label": "Active", "type": "active"},
    {"id": "stat_oppo_won", "label": "Won", "type": "won"},
    {"id": "stat_oppo_lost", "label": "Lost", "type": "lost"},
]
_EMAIL_STATUSES = frozenset({"inbox", "draft", "scheduled", "outbox", "sent", "error"})
_ACTIVITIES = ("activity.note", "activity.email", "activity.meeting")
_EMAIL_NULLS = (
    "bulk_email_action_id",
    "email_account_id",
    "envelope",
    "followup_sequence_delay",
    "followup_sequence_id",
    "in_reply_to_id",
    "opens_summary",
    "send_as_id",
    "sequence_id",
    "template_id",
)
"""Keys that an e-mail always has, and that are null unless something of Close's own fills them."""
_BULK_KEYS: dict[str, Row] = {
    "email": dict.fromkeys(("contact_preference", "email_account_id", "sender", "template_id")),
    "edit": dict.fromkeys(("custom_field_name", "custom_field_value", "lead_status_id")) | {"type": "set_lead_status"},
    "delete": {"bulk_object_type": "lead"},
    "sequence_subscription": {
        **dict.fromkeys(("calls_assigned_to", "contact_preference", "from_phone_number_id", "sequence_id")),
        **dict.fromkeys(("sender_account_id", "sender_email", "sender_name")),
        "action_type": "subscribe",
    },
}
_PERIODS = {"one_time": 1, "monthly": 12, "annual": 1}


def routes(close: Close) -> list[Route]:
    """Return the routes of this module, answered from `close`'s store."""
    desk = _Desk(close)
    at = close.at
    return [
        at("/opportunity/", GET=desk.list_opportunities, POST=desk.create_opportunity),
        at("/opportunity/{id}/", GET=close.get("opportunity"), DELETE=close.delete("opportunity")),
        at("/task/", GET=desk.list_tasks, POST=desk.create_task),
        at("/task/{id}/", GET=close.get("task"), PUT=desk.update_task, DELETE=close.delete("task")),
        at("/activity/", GET=desk.list_activities),
        at("/activity/note/", GET=desk.list_activities, POST=desk.create_note),
        at("/activity/email/", GET=desk.list_activities, POST=desk.create_email),
        at("/activity/email/{id}/", GET=close.get("activity.email"), PUT=desk.update_email),
        at("/activity/meeting/", GET=desk.list_activities),
        at("/bulk_action/{kind}/", POST=desk.create_bulk_action),
        at("/bulk_action/{kind}/{id}/", GET=desk.get_bulk_action),
    ]


class _Desk:
    """Handlers over the store of one Close."""

    def __init__(self, close: Close) -> None:
        self._close = close

    def list_opportunities(self, call: Call) -> Row:
        """List opportunities with their totals."""
        rows = list(self._close.store.rows["opportunity"].values())
        if "lead_id" in call.params:
            rows = [row for row in rows if row["lead_id"] == call.params["lead_id"]]
        answer = self._close.page(call, "opportunity", ordered(rows, call), lambda row: row)
        for period in _PERIODS:
            total = sum(row["value"] or 0 for row in rows if row["value_period"] == period)
            answer[f"total_value_{period}"] = total
            answer[f"total_value_{period}_formatted"] = _dollars(total) if total else None
        return answer

    def create_opportunity(self, call: Call) -> Row:
        """Make an opportunity; `value` is in cents."""
        body = call.body
        lead_id = self._lead(body)
        value = body.get("value")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise invalid(fields={"value": "Expected an integer (cents)."})
        period = body.get("value_period", "one_time")
        if period not in _PERIODS:
            raise invalid(fields={"value_period": f"{period!r} is not a valid choice."})
        status = next((s for s in OPPORTUNITY_STATUSES if s["id"] == body.get("status_id")), OPPORTUNITY_STATUSES[0])
        confidence = body.get("confidence", 50)
        row = {
            "lead_id": lead_id,
            "value": value,
            "value_period": period,
            "value_currency": "USD",
            "value_formatted": f"{_dollars(value)} {period}" if value else None,
            "annualized_value": (value or 0) * _PERIODS[period],
            "expected_value": round((value or 0) * confidence / 100),
            "annualized_expected_value": round((value or 0) * _PERIODS[period] * confidence / 100),
            "confidence": confidence,
            "status_id": status["id"],
            "status_label": status["label"],
            "status_type": status["type"],
            "pipeline_id": "pipe_sandbox",
            "note": body.get("note", ""),
            "contact_id": body.get("contact_id"),
            "user_id": body.get("user_id", USER),
            "date_won": body.get("date_won"),
            "date_lost": None,
        }
        return self._child("opportunity", row, call)

    def list_tasks(self, call: Call) -> Row:
        """List tasks, by the view that is asked for."""
        rows = list(self._close.store.rows["task"].values())
        now = self._close.world.clock.moment().date().isoformat()
        match call.params.get("view"):
            case "inbox":
                rows = [row for row in rows if not row["is_complete"] and (row["date"] or "") <= now]
            case "future":
                rows = [row for row in rows if not row["is_complete"] and (row["date"] or "") > now]
            case "archive":
                rows = [row for row in rows if row["is_complete"]]
        return self._close.page(call, "task", ordered(rows, call), lambda row: row)

    def create_task(self, call: Call) -> Row:
        """Make a task on a lead."""
        if call.body.get("_type", "lead") not in {"lead", "outgoing_call"}:
            raise invalid(fields={"_type": "Only lead and outgoing_call tasks can be created."})
        row = {
            "_type": call.body.get("_type", "lead"),
            "lead_id": self._lead(call.body),
            "text": call.body.get("text", ""),
            "date": call.body.get("date"),
            "assigned_to": call.body.get("assigned_to", "user_sandbox"),
            "is_complete": bool(call.body.get("is_complete", False)),
            "is_dateless": "date" not in call.body,
            "deduplication_key": None,
        }
        return self._child("task", row, call)

    def update_task(self, call: Call) -> Row:
        """Change a task."""
        row = self._close.row("task", call.id())
        known: Row = {key: call.body[key] for key in ("text", "date", "is_complete", "assigned_to") if key in call.body}
        return self._close.store.update("task", row, known, path=call.path)

    def list_activities(self, call: Call) -> Row:
        """List activities; most filters work only together with `lead_id`."""
        alone = {"_type__in", "user_id", "contact_id"} & set(call.params)
        if alone and "lead_id" not in call.params:
            raise invalid(f"{', '.join(sorted(alone))} works only together with lead_id.")
        part = call.path.rstrip("/").rsplit("/", 1)[-1]
        kinds = _ACTIVITIES if part == "activity" else (f"activity.{part}",)
        rows = [row for kind in kinds for row in self._close.store.rows[kind].values()]
        if "lead_id" in call.params:
            rows = [row for row in rows if row["lead_id"] == call.params["lead_id"]]
        if "_type__in" in call.params:
            rows = [row for row in rows if row["_type"] in call.params["_type__in"].split(",")]
        return self._close.page(call, "activity", rows, lambda row: row)

    def create_note(self, call: Call) -> Row:
        """Write a note on a lead."""
        row = {"_type": "Note", **self._activity(call.body), "note": call.body.get("note", "")}
        return self._child("activity.note", row, call)

    def create_email(self, call: Call) -> Row:
        """Log, draft or send an e-mail; status `outbox` really sends and is a violation unless allowed."""
        body = call.body
        status = body.get("status")
        if status not in _EMAIL_STATUSES:
            raise invalid(fields={"status": "This field is required." if status is None else "Not a valid choice."})
        if status in {"inbox", "scheduled", "outbox", "error"} and not body.get("sender"):
            raise invalid(fields={"sender": "This field is required."})
        if status == "scheduled" and not body.get("date_scheduled"):
            raise invalid(fields={"date_scheduled": "This field is required."})
        if status in {"outbox", "scheduled"} and not self._close.settings.allows_outbox:
            self._close.violate(call.request, "email_really_sent", f"status {status}")
        row = {
            "_type": "Email",
            **self._activity(body),
            **dict.fromkeys(_EMAIL_NULLS),
            **{key: list(body.get(key) or []) for key in ("to", "cc", "bcc")},
            **{key: body.get(key) for key in ("sender", "subject", "body_text", "body_html", "date_scheduled")},
            "status": status,
            "direction": "incoming" if status == "inbox" else "outgoing",
            "date_sent": self._close.world.clock.moment().isoformat() if status == "sent" else None,
            "message_ids": [],
            "references": [],
            "opens": [],
            "attachments": [],
            "has_reply": False,
            "need_smtp_credentials": False,
            "followup_sequence_add_cc_bcc": False,
            "thread_id": self._close.store.new_id("activity.email"),
        }
        return self._child("activity.email", row, call)

    def update_email(self, call: Call) -> Row:
        """Edit a draft; nothing else may be edited."""
        row = self._close.row("activity.email", call.id())
        if row["status"] != "draft":
            raise invalid("Only drafts can be edited.")
        if call.body.get("status") in {"outbox", "scheduled"} and not self._close.settings.allows_outbox:
            self._close.violate(call.request, "email_really_sent", f"status {call.body['status']}")
        known: Row = {
            key: call.body[key] for key in ("status", "subject", "body_text", "body_html", "to") if key in call.body
        }
        return self._close.store.update("activity.email", row, known, path=call.path)

    def create_bulk_action(self, call: Call) -> Row:
        """Start a bulk job; a violation unless the test asked for it, and nothing is changed."""
        if call.id("kind") not in _BULK_KEYS:
            raise not_found()
        missing = {key: "This field is required." for key in ("s_query", "results_limit") if key not in call.body}
        if missing:
            raise invalid(fields=missing)
        if not self._close.settings.allows_bulk:
            self._close.violate(call.request, "bulk_action", call.id("kind"))
        own = {key: call.body.get(key, usual) for key, usual in _BULK_KEYS[call.id("kind")].items()}
        row: dict[str, Any] = {
            **own,
            **dict.fromkeys(("n_leads", "n_leads_processed", "n_objects", "n_objects_processed"), 0),
            **{key: call.body.get(key) for key in ("query", "results_limit", "s_query")},
            "sort": call.body.get("sort") or [],
            "send_done_email": bool(call.body.get("send_done_email", True)),
            "status": "created",
        }
        return self._close.store.insert("bulk_action", row, path=call.path)

    def get_bulk_action(self, call: Call) -> Row:
        """Show a bulk job, which is one step further at each look: created, processing, done."""
        row = self._close.row("bulk_action", call.id())
        row["status"] = {"created": "processing"}.get(row["status"], "done")
        return row

    def _activity(self, body: Row) -> Row:
        """Return what every activity has."""
        lead_id, by = self._lead(body), body.get("user_id", USER)
        at = body.get("activity_at") or self._close.world.clock.moment().isoformat()
        return {"lead_id": lead_id, "contact_id": body.get("contact_id"), "user_id": by, "users": [], "activity_at": at}

    def _lead(self, body: Row) -> str:
        """Return the body's `lead_id`, or raise a 400."""
        lead_id = body.get("lead_id")
        if lead_id is None:
            raise invalid(fields={"lead_id": "This field is required."})
        if lead_id not in self._close.store.rows["lead"]:
            raise invalid(fields={"lead_id": "Object does not exist."})
        return str(lead_id)

    def _child(self, kind: str, row: Row, call: Call) -> Row:
        stored = self._close.store.insert(kind, row, path=call.path)
        self._close.store.touch(stored["lead_id"])
        return stored


def ordered(rows: list[Row], call: Call) -> list[Row]:
    """Return rows in the order `_order_by` asks for; a minus sign turns it round."""
    column = call.params.get("_order_by", "")
    if not column:
        return rows
    return sorted(rows, key=lambda row: str(row.get(column.lstrip("-")) or ""), reverse=column.startswith("-"))


def _dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}".removesuffix(".00")
