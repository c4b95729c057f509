"""Writing: what HubSpot's answers mean for each record, and how a record at fault is found."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.base import Change, Fatal, Outcome, Retriable, State, Task
from connectors.http import Unanswered
from connectors.hubspot.client import Client
from connectors.hubspot.errors import Refused
from connectors.hubspot.objects import API_VERSION, paths_of
from connectors.hubspot.writing import Writer, batches, marker, task_body
from connectors.pace import Clock
from rules.language import Text

Answer = Callable[[list[dict[str, Any]]], dict[str, Any]]


class Portal(Client):
    """HubSpot as far as writing goes: `answer` gives what a batch is answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(SecretStr("token"), base_url="http://127.0.0.1:1", clock=Clock())
        self.answer = answer
        self.batches: list[list[str]] = []
        self.bodies: list[dict[str, Any]] = []

    def write(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert (method, path) == ("POST", "/crm/objects/2026-09/companies/batch/update")
        self.bodies.append(body)
        self.batches.append([one["id"] for one in body["inputs"]])
        return self.answer(body["inputs"])


def update(answer: Answer, changes: Sequence[Change]) -> tuple[list[Outcome], Portal]:
    portal = Portal(answer)
    return Writer(portal, paths_of(API_VERSION)).update(changes), portal


def tiers(*ids: str) -> list[Change]:
    return [Change(external_id=key, values={"tier": "gold"}) for key in ids]


def states(outcomes: Sequence[Outcome]) -> list[State]:
    return [one.state for one in outcomes]


def succeed(inputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": "COMPLETE", "results": [{"id": one["id"]} for one in reversed(inputs)]}


def poisoned(*poison: str, category: str = "VALIDATION_ERROR") -> Answer:
    """Refuses a whole batch because of one record, without saying which."""

    def answer(inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if any(one["id"] in poison for one in inputs):
            raise Refused(400, category, "X is required", [])
        return succeed(inputs)

    return answer


A, R, U = State.APPLIED, State.REJECTED, State.UNKNOWN


def test_a_change_is_sent_with_its_trace_and_a_cleared_value_as_empty() -> None:
    change = Change(external_id="7", values={"tier": "gold", "why": None})

    _, portal = update(succeed, [change])

    assert portal.bodies == [
        {
            "inputs": [
                {
                    "id": "7",
                    "objectWriteTraceId": "0",
                    "properties": {"arpent_tier": "gold", "arpent_why": ""},
                }
            ]
        }
    ]


def test_answers_are_matched_by_id_whatever_their_order() -> None:
    outcomes, _ = update(succeed, tiers("3", "1", "2"))

    assert [(one.external_id, one.state) for one in outcomes] == [("3", A), ("1", A), ("2", A)]


def test_a_record_that_the_answer_does_not_mention_is_unknown() -> None:
    outcomes, _ = update(lambda _: {"results": [{"id": "2"}]}, tiers("1", "2"))

    assert states(outcomes) == [U, A]
    assert outcomes[0].remedy is not None


PARTIAL: list[tuple[dict[str, Any], State, str]] = [
    ({"context": {"ids": ["2"]}, "category": "OBJECT_NOT_FOUND", "message": "Gone"}, R, "Gone"),
    ({"context": {"objectWriteTraceId": ["1"]}, "message": "No"}, R, "No"),
    ({"context": {"objectWriteTraceId": "1"}, "message": "No"}, R, "No"),
    ({"context": {"id": [2]}, "category": "X"}, R, "X"),
    ({"context": {"objectWriteTraceId": ["9"]}, "message": "Other"}, U, ""),
    ({"context": None, "message": "Nobody"}, U, ""),
    ({}, U, ""),
]


@pytest.mark.parametrize(("error", "state", "reason"), PARTIAL)
def test_an_error_within_an_accepted_batch_is_its_record_s(
    error: dict[str, Any], state: State, reason: str
) -> None:
    outcomes, _ = update(
        lambda _: {"results": [{"id": "1"}, {"id": "3"}], "errors": [error, None]},
        tiers("1", "2", "3"),
    )

    assert states(outcomes) == [A, state, A]
    assert outcomes[1].reason == reason or state is U


@pytest.mark.parametrize("place", [0, 1, 49, 50, 98, 99])
def test_a_record_at_fault_is_found_by_halving(place: int) -> None:
    ids = [str(number) for number in range(100)]

    outcomes, portal = update(poisoned(str(place)), tiers(*ids))

    assert states(outcomes) == [R if number == place else A for number in range(100)]
    assert outcomes[place].reason == "X is required"
    assert len(portal.batches) <= 1 + 2 * 7


def test_a_record_that_the_refusal_names_is_left_out_at_once() -> None:
    def answer(inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if any(one["id"] == "41" for one in inputs):
            raise Refused(400, "VALIDATION_ERROR", "No", [{"context": {"ids": ["41"]}}])
        return succeed(inputs)

    outcomes, portal = update(answer, tiers(*map(str, range(100))))

    assert [one.external_id for one in outcomes if one.state is R] == ["41"]
    assert [len(batch) for batch in portal.batches] == [100, 99]


def test_a_missing_property_is_not_searched_record_by_record() -> None:
    def answer(inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if any("arpent_why" in one["properties"] for one in inputs):
            detail = {"code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["arpent_why"]}}
            raise Refused(400, "VALIDATION_ERROR", "…", [detail])
        return succeed(inputs)

    changes = tiers(*map(str, range(60)))
    changes[7] = Change(external_id="7", values={"why": "Potentiel"})
    outcomes, portal = update(answer, changes)

    assert [one.external_id for one in outcomes if one.state is R] == ["7"]
    assert outcomes[7].remedy is not None
    assert "fields ensure" in outcomes[7].remedy.fr
    assert len(portal.batches) == 2


@given(poison=st.sets(st.integers(0, 39), max_size=40))
def test_whichever_records_are_at_fault_the_others_are_written(poison: set[int]) -> None:
    ids = [str(number) for number in range(40)]

    outcomes, _ = update(poisoned(*map(str, poison)), tiers(*ids))

    assert states(outcomes) == [R if number in poison else A for number in range(40)]


@given(names=st.lists(st.integers(0, 150), max_size=400))
def test_batches_keep_the_order_hold_a_hundred_and_never_repeat_a_record(names: list[int]) -> None:
    changes = [Change(external_id=str(name), values={}) for name in names]

    cut = batches(changes)

    assert [one for batch in cut for one in batch] == list(enumerate(changes))
    for batch in cut:
        ids = [change.external_id for _, change in batch]
        assert len(ids) <= 100
        assert len(ids) == len(set(ids))


OOPS = Text(fr="Panne.", en="Down.")


@pytest.mark.parametrize("error", [Retriable(OOPS), Unanswered(OOPS), Fatal(OOPS)])
def test_a_failure_keeps_what_was_settled_before_it(error: Exception) -> None:
    def answer(inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if any(one["id"] == "100" for one in inputs):
            raise error
        return succeed(inputs)

    outcomes, portal = update(answer, tiers(*map(str, range(250))))

    assert states(outcomes) == [A] * 100 + [U] * 150
    assert outcomes[-1].remedy == OOPS
    assert len(portal.batches) == 2
    with pytest.raises(type(error)):
        update(answer, tiers("100", "101"))


TASK = Task(
    key="slipping:<2026-W47>:1",
    subject="À relancer: <Côté>",
    body="Trois semaines & rien.\n<script>alert(1)</script>",
    due_at=1_796_050_800_123,
    owner_id="501",
    account_id="7",
    is_urgent=True,
)


def test_a_task_is_an_escaped_to_do_tied_to_its_company() -> None:
    assert task_body(TASK) == {
        "properties": {
            "hs_timestamp": "2026-11-30T15:00:00.123Z",
            "hs_task_subject": "À relancer: <Côté>",
            "hs_task_body": (
                "Trois semaines &amp; rien.<br>&lt;script&gt;alert(1)&lt;/script&gt;<br>"
                "[Arpent slipping:&lt;2026-W47&gt;:1]"
            ),
            "hs_task_type": "TODO",
            "hs_task_status": "NOT_STARTED",
            "hs_task_priority": "HIGH",
            "hubspot_owner_id": "501",
        },
        "associations": [
            {
                "to": {"id": "7"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}],
            }
        ],
    }


def test_the_mark_of_a_key_is_not_that_of_a_longer_one() -> None:
    assert marker("a:1") not in f"… {marker('a:11')}"
