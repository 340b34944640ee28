"""An approval is bound to every byte of its content and facts, and no history takes it where it may not go."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.errors import ApprovalExpired, Conflict, InvalidInput, NotPending, StaleDraft
from core.outreach import approvals
from core.outreach.approval_text import text_of
from core.outreach.approvals import Approval, ApprovalKind, ApprovalStatus, Decision, Proposal

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CONTENT = {"to": "ada@brightwell.example", "subject": "Pumps", "body": "Good morning,\nmay we talk?"}
FACTS = {"company_name": "Brightwell", "score": 81.5, "tags": ["a", "b"]}
LIFE = approvals.DEFAULT_LIFETIME

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def proposal(content: dict[str, Any] = CONTENT, facts: dict[str, Any] = FACTS) -> Proposal:
    return Proposal(ApprovalKind.EMAIL, "draft-1", "Pumps", content, facts, recipient=content.get("to"))


def pending() -> Approval:
    return approvals.requested(proposal(), now=NOW)


def approved() -> Approval:
    known = pending()
    return approvals.decided(known, Decision.APPROVE, by="Maud", digest=known.digest, now=NOW)


@given(JSON)
def test_the_canonical_form_says_the_same_and_survives_a_round_trip(value: Any) -> None:
    written = approvals.canonical(value)
    assert written.isascii()
    assert approvals.canonical(json.loads(written)) == written


@given(st.dictionaries(st.text(max_size=4), st.integers(), min_size=2, max_size=5))
def test_the_order_of_keys_does_not_count(facts: dict[str, int]) -> None:
    backwards = dict(reversed(facts.items()))
    assert proposal(facts=facts).digest == proposal(facts=backwards).digest


@given(st.sampled_from(["content", "facts"]), st.integers(min_value=0), st.characters(categories=["L", "N", "P", "Z"]))
def test_one_character_makes_another_digest(where: str, place: int, other: str) -> None:
    text = CONTENT["body"]
    changed = text[: place % len(text)] + other + text[place % len(text) + 1 :]
    digests = [
        proposal({**CONTENT, "body": words}, {**FACTS, "notes": fact}).digest
        for words, fact in [(text, text), (changed, text) if where == "content" else (text, changed)]
    ]
    assert (digests[0] == digests[1]) == (text == changed)


def test_every_part_counts() -> None:
    variants = [
        proposal(),
        Proposal(ApprovalKind.MEETING, "draft-1", "Pumps", CONTENT, FACTS, recipient=CONTENT["to"]),
        Proposal(ApprovalKind.EMAIL, "draft-2", "Pumps", CONTENT, FACTS, recipient=CONTENT["to"]),
        Proposal(ApprovalKind.EMAIL, "draft-1", "Pumps", CONTENT, FACTS, recipient="else@brightwell.example"),
        proposal({**CONTENT, "body": "Café"}),
        proposal({**CONTENT, "body": "Cafe\u0301"}),
        proposal(facts={**FACTS, "score": 81}),
        proposal(facts={**FACTS, "score": "81"}),
        proposal(facts={**FACTS, "tags": ["b", "a"]}),
    ]
    assert len({each.digest for each in variants}) == len(variants)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), NOW, {1: "x"}, {"a": [object()]}, b"bytes"])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        approvals.canonical(value)


@pytest.mark.parametrize("name", ["", "   ", "\t\n", None, "a\x00b", "x" * 201])
def test_a_decision_has_a_name(name: str | None) -> None:
    with pytest.raises(InvalidInput, match="name of the person"):
        approvals.decided(pending(), Decision.APPROVE, by=name or "", digest=pending().digest, now=NOW)


def test_who_is_second_is_told_who_was_first() -> None:
    known = pending()
    won = approvals.decided(known, Decision.REJECT, by="Maud", digest=known.digest, now=NOW, reason="too early")
    with pytest.raises(NotPending, match=r"rejected by Maud at 2026-11-23 09:00 UTC \(too early\)"):
        approvals.decided(won, Decision.APPROVE, by="Odo", digest=won.digest, now=NOW)


def test_an_edit_has_to_be_decided_as_it_reads_now() -> None:
    known = pending()
    words = {**CONTENT, "body": "Good morning."}
    other = approvals.edited(known, words, by="Odo", digest=known.digest, now=NOW)
    assert (other.status, other.content, other.original_content) == (ApprovalStatus.PENDING, words, CONTENT)
    with pytest.raises(StaleDraft):
        approvals.decided(other, Decision.APPROVE, by="Maud", digest=known.digest, now=NOW)
    done = approvals.decided(other, Decision.APPROVE, by="Maud", digest=other.digest, now=NOW)
    assert approvals.claimed(done, FACTS, by="run", now=NOW).status is ApprovalStatus.EXECUTING


@pytest.mark.parametrize(
    "content",
    [
        {**CONTENT, "to": "else@brightwell.example"},
        {**CONTENT, "bcc": "else@brightwell.example"},
        {"to": CONTENT["to"], "subject": "Pumps"},
        {"subject": "Pumps", "body": "x"},
    ],
)
def test_an_edit_changes_words_only(content: dict[str, Any]) -> None:
    known = pending()
    with pytest.raises(InvalidInput, match="subject and body only"):
        approvals.edited(known, content, by="Odo", digest=known.digest, now=NOW)


def test_changed_facts_make_it_stale_and_are_named_without_their_values() -> None:
    refused = approvals.claimed(approved(), {**FACTS, "company_name": "Brightwel"}, by="run", now=NOW)
    assert (refused.status, refused.reason) == (ApprovalStatus.STALE, "facts changed since: company_name")
    assert not refused.is_held_by("run")


def test_content_changed_after_the_decision_makes_it_stale() -> None:
    from dataclasses import replace

    known = approved()
    tampered = replace(known, proposal=proposal({**CONTENT, "body": CONTENT["body"] + " "}))
    assert approvals.claimed(tampered, FACTS, by="run", now=NOW).status is ApprovalStatus.STALE


def test_it_expires_before_and_after_the_decision() -> None:
    late = NOW + LIFE
    with pytest.raises(ApprovalExpired):
        approvals.decided(pending(), Decision.APPROVE, by="Maud", digest=pending().digest, now=late)
    refused = approvals.claimed(approved(), FACTS, by="run", now=late)
    assert refused.status is ApprovalStatus.EXPIRED
    assert not refused.is_held_by("run")


def test_only_one_holds_it_until_the_lease_is_over() -> None:
    mine = approvals.claimed(approved(), FACTS, by="one", now=NOW)
    assert mine.is_held_by("one")
    assert approvals.claimed(mine, FACTS, by="two", now=NOW) is mine
    assert not mine.is_held_by("two")
    later = NOW + approvals.DEFAULT_LEASE
    assert approvals.claimed(mine, FACTS, by="two", now=later).claimed_by == "two"
    done = approvals.finished(mine, now=NOW)
    assert approvals.claimed(done, FACTS, by="one", now=later) is done


def test_what_was_claimed_and_not_done_waits_as_before_and_expires_like_any_other() -> None:
    mine = approvals.claimed(approved(), FACTS, by="one", now=NOW)
    waiting = approvals.released(mine, now=NOW)
    assert (waiting.status, waiting.claimed_by, waiting.lease_until) == (ApprovalStatus.APPROVED, None, None)
    assert approvals.claimed(waiting, FACTS, by="two", now=NOW).is_held_by("two")
    late = NOW + LIFE
    assert approvals.claimed(mine, FACTS, by="one", now=late).status is ApprovalStatus.EXPIRED
    assert approvals.claimed(mine, FACTS, by="two", now=late).status is ApprovalStatus.EXPIRED
    assert approvals.claimed(waiting, FACTS, by="two", now=late).status is ApprovalStatus.EXPIRED
    assert approvals.released(mine, now=late).status is ApprovalStatus.EXPIRED
    with pytest.raises(NotPending):
        approvals.released(waiting, now=NOW)


def test_a_message_is_shown_as_it_will_read() -> None:
    assert text_of(CONTENT) == ("To: ada@brightwell.example\nSubject: Pumps\n\nGood morning,\nmay we talk?")
    assert text_of({"changes": 3}) == '{\n  "changes": 3\n}'


class Histories(RuleBasedStateMachine):
    """Any order of edits, decisions, claims, changes of facts and passing time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.facts: dict[str, Any] = dict(FACTS)
        self.approval = pending()
        self.accepted: str | None = None
        self.executions = 0
        self.is_done = True

    def attempt(self, change: Any) -> None:
        try:
            changed = change()
        except Conflict:
            return
        assert changed is self.approval or changed.revision == self.approval.revision + 1
        self.approval = changed

    @rule(by=st.sampled_from(["Maud", "Odo"]), decision=st.sampled_from(Decision), seen=st.booleans())
    def decide(self, by: str, decision: Decision, *, seen: bool) -> None:
        before = self.approval
        digest = before.digest if seen else "0" * 64
        self.attempt(lambda: approvals.decided(before, decision, by=by, digest=digest, now=self.now))
        if self.approval is not before:
            assert before.status is ApprovalStatus.PENDING
            assert seen
            self.accepted = self.approval.digest if decision is Decision.APPROVE else None

    @rule(words=st.sampled_from(["one", "two"]))
    def edit(self, words: str) -> None:
        known = self.approval
        content = {**known.content, "body": words}
        self.attempt(lambda: approvals.edited(known, content, by="Odo", digest=known.digest, now=self.now))

    @rule(name=st.sampled_from(["Brightwell", "Brightwell Ltd"]))
    def change_facts(self, name: str) -> None:
        self.facts["company_name"] = name

    @rule(hours=st.sampled_from([1, 100]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(by=st.sampled_from(["one", "two"]))
    def execute(self, by: str) -> None:
        self.attempt(lambda: approvals.claimed(self.approval, self.facts, by=by, now=self.now))
        if not self.approval.is_held_by(by):
            return
        current = approvals.digest_of(ApprovalKind.EMAIL, "draft-1", CONTENT["to"], self.approval.content, self.facts)
        assert self.accepted == current == self.approval.digest
        assert self.now < self.approval.expires_at
        if self.is_done:
            self.executions += 1
            self.approval = approvals.finished(self.approval, now=self.now)
        else:
            self.approval = approvals.released(self.approval, now=self.now)

    @rule(is_done=st.booleans())
    def change_the_weather(self, *, is_done: bool) -> None:
        self.is_done = is_done

    @invariant()
    def is_executed_at_most_once_and_by_a_persons_word(self) -> None:
        assert self.executions <= 1
        decided = self.approval.decision is not None
        assert decided == bool(self.approval.decided_by)
        if self.approval.status in (ApprovalStatus.APPROVED, ApprovalStatus.EXECUTING, ApprovalStatus.EXECUTED):
            assert self.approval.decision is Decision.APPROVE


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=25)
