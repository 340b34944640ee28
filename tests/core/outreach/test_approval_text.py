"""An approval as a person reads it: changes of a CRM record by record, never as raw JSON."""

from core.outreach.approval_text import text_of

CHANGES = {
    "why": "it is to be seen before anything is changed",
    "in_words": "1 new companies, 0 new people; 0 companies matched.",
    "counts": {"theirs create lead": 1, "ours update contact": 60},
    "changes": [
        {
            "side": "theirs", "action": "create", "kind": "lead", "record": "4f0c", "name": "Brackwater Pumps",
            "changes": {"name": [None, "Brackwater Pumps"], "address.city": ["Hall", "Hull"]},
        },
        {
            "side": "ours", "action": "update", "kind": "contact", "record": "5e1d", "name": "",
            "changes": {"emails": [[], ["a@b.example", "c@b.example"]], "phone": ["1", None]},
        },
    ],
}  # fmt: skip


def test_a_plan_reads_change_by_change() -> None:
    text = text_of(CHANGES)
    assert "- create lead in the CRM: Brackwater Pumps (name: Brackwater Pumps; address.city: Hall → Hull)" in text
    assert "- update contact here: 5e1d (emails: a@b.example, c@b.example; phone: 1 → nothing)" in text
    assert "    60 × ours update contact" in text
    assert "… and 59 more" in text


def test_what_is_neither_message_nor_plan_is_json() -> None:
    assert text_of({"a": 1}) == '{\n  "a": 1\n}'
