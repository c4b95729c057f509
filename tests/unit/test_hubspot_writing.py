"""Writing: what HubSpot's answers mean for each record, and how a record at fault is found."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.base import Change, Fatal, Outcome, Retriable, State, Unanswered
from connectors.hubspot.client import Client
from connectors.hubspot.errors import Locked, Refused
from connectors.hubspot.objects import API_VERSION, paths_of
from connectors.hubspot.writing import MOST_LOCKED, Writer
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

    def write(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        assert (method, path) == ("POST", "/crm/objects/2026-09/companies/batch/update")
        assert body is not None
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


# What HubSpot makes of a value, and what its administrators want.


def normalising(name: str, value: object, *, within: bool = True) -> Answer:
    """Applies all, and warns of the second record, in its result or beside the results."""

    def answer(inputs: list[dict[str, Any]]) -> dict[str, Any]:
        context = {"propertyName": name, "rawValue": "…", "normalizedValue": value}
        warning = {
            "category": "PROPERTY_VALUE_NORMALIZED",
            "message": "Trimmed",
            "context": context,
        }
        results: list[dict[str, Any]] = [{"id": one["id"]} for one in inputs]
        if within:
            results[1]["warnings"] = [warning, {"category": "OTHER"}, None]
            return {"results": results}
        context["ids"] = [inputs[1]["id"]]
        return {"results": results, "warnings": [warning]}

    return answer


@pytest.mark.parametrize("within", [True, False])
def test_a_value_that_hubspot_normalised_is_applied_as_hubspot_keeps_it(within: bool) -> None:  # noqa: FBT001 - a parameter of the test
    outcomes, _ = update(normalising("arpent_tier", "Gold", within=within), tiers("1", "2"))

    assert states(outcomes) == [A, A]
    assert [one.normalised for one in outcomes] == [{}, {"tier": "Gold"}]
    assert outcomes[1].reason.startswith("Trimmed")


KEPT: list[tuple[str, object, dict[str, str | None]]] = [
    ("arpent_next_contact", "1783900800000", {"next_contact": "2026-07-13"}),
    ("arpent_next_contact", "2026-07-13", {"next_contact": "2026-07-13"}),
    ("arpent_why", "", {"why": None}),
    ("arpent_why", None, {"why": None}),
    ("arpent_segment", "x", {}),  # not ours to judge: it was not written
    ("name", "x", {}),
]


@pytest.mark.parametrize(("name", "value", "kept"), KEPT)
def test_what_hubspot_keeps_is_told_as_a_pull_will_read_it(
    name: str, value: object, kept: dict[str, str | None]
) -> None:
    values = {"next_contact": "2026-07-13", "why": " "}
    changes = [Change(external_id=key, values=values) for key in ("1", "2")]

    outcomes, _ = update(normalising(name, value), changes)

    assert outcomes[1].normalised == kept


def rule(code: str) -> list[dict[str, Any]]:
    message = "region is required because of a conditional property rule based on [industry]"
    return [{"code": code, "message": message, "context": {"propertyName": ["region", "siret"]}}]


@pytest.mark.parametrize(
    "code", ["MISSING_CONDITIONAL_REQUIRED_PROPERTY", "MISSING_REQUIRED_PROPERTY"]
)
@pytest.mark.parametrize("is_partial", [True, False])
def test_what_a_rule_wants_filled_is_named_in_our_remedy(code: str, is_partial: bool) -> None:  # noqa: FBT001 - a parameter of the test
    def answer(inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if not any(one["id"] == "2" for one in inputs):
            return succeed(inputs)
        if not is_partial:
            raise Refused(400, "VALIDATION_ERROR", "Not valid", rule(code))
        error = {"context": {"ids": ["2"]}, "message": "Not valid", "errors": rule(code)}
        return {"results": [{"id": one["id"]} for one in inputs if one["id"] != "2"]} | {
            "errors": [error]
        }

    outcomes, _ = update(answer, tiers("1", "2", "3"))

    assert states(outcomes) == [A, R, A]
    assert outcomes[1].reason == "Not valid"
    assert outcomes[1].remedy is not None
    for words in outcomes[1].remedy:
        assert "region, siret" in words


# Locked records.


def locking(*locked: str, wait: float = 2.0) -> Answer:
    def answer(inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if any(one["id"] in locked for one in inputs):
            raise Locked(OOPS, retry_after=wait)
        return succeed(inputs)

    return answer


@pytest.mark.parametrize(("wait", "told"), [(2.0, None), (90.0, 90.0)])
def test_a_locked_record_waits_and_the_others_are_written(wait: float, told: float | None) -> None:
    outcomes, portal = update(locking("41", wait=wait), tiers(*map(str, range(100))))

    assert [one.external_id for one in outcomes if one.state is State.DEFERRED] == ["41"]
    assert {one.state for one in outcomes} == {A, State.DEFERRED}
    assert outcomes[41].wait == told
    assert len(portal.batches) <= 1 + 2 * 7


def test_a_portal_where_all_is_locked_is_not_asked_record_by_record() -> None:
    ids = [str(number) for number in range(100)]

    outcomes, portal = update(locking(*ids), tiers(*ids))

    assert {one.state for one in outcomes} == {State.DEFERRED}
    assert len(portal.batches) <= 1 + 2 * 7 + 7 * MOST_LOCKED


def test_a_lock_told_for_one_record_of_a_batch_is_a_lock() -> None:
    error = {"category": "RECORD_LOCKED", "message": "Busy", "context": {"ids": ["2"]}}

    outcomes, _ = update(lambda _: {"results": [{"id": "1"}], "errors": [error]}, tiers("1", "2"))

    assert [(one.state, one.reason) for one in outcomes] == [(A, ""), (State.DEFERRED, "Busy")]
