"""How own fields are written: batches, every item's outcome, options, conditions, no workflow."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Change, Outcome, Retriable, State
from rules.records import Kind
from tests.unit.test_pace import Time
from tests.unit.zoho_office import (
    Answer,
    Call,
    Json,
    Office,
    column,
    connected,
    error,
    opened,
    options,
    rows,
    success,
)

OWN = [
    column(
        "Arpent_Tier", "picklist", custom=True,
        pick_list_values=options(("gold", "Or"), ("silver", "Argent")),
    ),
    column("Arpent_Why", custom=True),
    column("Arpent_Next_Contact", "date", custom=True),
    column(
        "Arpent_Challenge", "picklist", custom=True,
        pick_list_values=options(("tier_too_low", "Niveau trop bas")),
    ),
]  # fmt: skip


@pytest.fixture
def office() -> Iterator[Office]:
    found = Office()
    found.modules["Accounts"] += OWN
    found.script = put(lambda item: success(item["id"]))
    with opened(found) as running:
        yield running


def put(outcome: Any, status: int = 200) -> Any:
    """A script that gives each written item an outcome."""

    def script(call: Call) -> Answer | None:
        if call.method != "PUT":
            return None
        return status, {"data": [outcome(item) for item in call.body["data"]]}

    return script


def gold(*keys: int) -> list[Change]:
    return [Change(external_id=str(key), values={"tier": "gold"}) for key in keys]


def update(office: Office, *changes: Change) -> list[Outcome]:
    return list(connected(office).update(changes))


def test_a_hundred_at_a_time_without_a_workflow(office: Office) -> None:
    outcomes = update(office, *gold(*range(1, 231)))

    sent = [call for call in office.calls if call.method == "PUT"]
    assert [len(call.body["data"]) for call in sent] == [100, 100, 30]
    assert all(call.body["trigger"] == [] for call in sent)
    assert sent[0].body["data"][0] == {"id": "1", "Arpent_Tier": "Or"}
    assert {one.state for one in outcomes} == {State.APPLIED}
    assert [one.external_id for one in outcomes] == [str(key) for key in range(1, 231)]


def test_every_item_s_outcome_is_read(office: Office) -> None:
    said: dict[str, Json] = {
        "1": success("1"),
        "2": error("INVALID_DATA", "the id given seems to be invalid", api_name="id"),
        "3": error("RECORD_LOCKED", "record locked"),
        "4": error("MANDATORY_NOT_FOUND", "required field not found", api_name="Phone"),
        "5": error("AUTHORIZATION_FAILED", "no access"),
        "6": {},
    }
    office.script = put(lambda item: said[item["id"]], 207)

    found = update(office, *gold(1, 2, 3, 4, 5, 6))

    assert [one.state for one in found] == [
        State.APPLIED, State.REJECTED, State.DEFERRED, State.REJECTED, State.REJECTED,
        State.UNKNOWN,
    ]  # fmt: skip
    assert "Phone" in found[3].reason
    remedies = [one.remedy.en for one in found[1:] if one.remedy]
    assert ["no longer exists" in remedies[0], "rule of your admin" in remedies[2]] == [True, True]
    assert "may not edit" in remedies[3]


def test_a_request_whose_items_all_failed_is_read_item_by_item(office: Office) -> None:
    office.script = put(lambda _: error("INVALID_DATA", "invalid", api_name="id"), 400)

    assert [one.state for one in update(office, *gold(1, 2))] == [State.REJECTED] * 2


def test_an_error_inside_of_http_200_is_no_success(office: Office) -> None:
    office.script = put(lambda _: error("DUPLICATE_DATA", "duplicate data"))

    (found,) = update(office, *gold(1))

    assert (found.state, found.reason) == (State.REJECTED, "duplicate data")


def test_outcomes_are_matched_by_the_id_that_they_name(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if call.method != "PUT":
            return None
        return 200, {"data": [success("2"), success("3")]}

    office.script = script

    found = update(office, *gold(1, 2, 3))

    assert [one.state for one in found] == [State.UNKNOWN, State.APPLIED, State.APPLIED]


def test_a_value_that_is_no_option_is_not_sent(office: Office) -> None:
    """Zoho takes any value for a picklist: a wrong one would stand there."""
    changes = [*gold(1), Change(external_id="2", values={"tier": "platinum"}), *gold(3)]

    found = update(office, *changes)

    assert [one.state for one in found] == [State.APPLIED, State.REJECTED, State.APPLIED]
    assert "platinum" in found[1].reason
    assert "fields ensure" in (found[1].remedy.en if found[1].remedy else "")
    (sent,) = [call for call in office.calls if call.method == "PUT"]
    assert [item["id"] for item in sent.body["data"]] == ["1", "3"]


def test_a_field_that_zoho_lacks_is_told(office: Office) -> None:
    """Zoho ignores a name that it does not know, and calls that a success."""
    (found,) = update(office, Change(external_id="1", values={"tier": "gold", "segment": "a"}))

    assert (found.state, found.missing) == (State.REJECTED, frozenset({"segment"}))
    assert not [call for call in office.calls if call.method == "PUT"]


def test_a_field_that_an_admin_has_just_deleted_is_told(office: Office) -> None:
    zoho = connected(office)
    assert "Arpent_Why" in {one.name for one in zoho.fields(Kind.ACCOUNT)}
    office.modules["Accounts"].remove(OWN[1])

    (found,) = zoho.update([Change(external_id="1", values={"tier": "gold", "why": "a"})])

    assert (found.state, found.missing) == (State.REJECTED, frozenset({"why"}))


def test_many_batches_in_a_row_ask_for_the_fields_once(office: Office) -> None:
    zoho = connected(office, clock=Time().clock)

    for key in range(1, 6):
        zoho.update(gold(key))

    assert len(office.asked("settings/fields")) == 1


def test_an_option_goes_by_the_other_name_where_zoho_wants_that(office: Office) -> None:
    def outcome(item: Json) -> Json:
        if item["Arpent_Tier"] == "gold":
            return success(item["id"])
        return error("INVALID_DATA", "invalid data", api_name="Arpent_Tier")

    office.script = put(outcome, 207)
    zoho = connected(office)

    assert {one.state for one in zoho.update(gold(1, 2))} == {State.APPLIED}
    office.calls.clear()
    assert {one.state for one in zoho.update(gold(3))} == {State.APPLIED}
    # It is known by then.
    assert len([call for call in office.calls if call.method == "PUT"]) == 1


def test_values_are_written_as_zoho_takes_them(office: Office) -> None:
    update(
        office,
        Change(external_id="1", values={"why": "Lien actif", "next_contact": "2026-12-01"}),
        Change(external_id="2", values={"why": None, "tier": None}),
    )

    (sent,) = [call for call in office.calls if call.method == "PUT"]
    assert sent.body["data"] == [
        {"id": "1", "Arpent_Why": "Lien actif", "Arpent_Next_Contact": "2026-12-01"},
        {"id": "2", "Arpent_Why": None, "Arpent_Tier": None},
    ]


def test_what_a_person_may_have_edited_is_written_as_it_was_seen(office: Office) -> None:
    stamp = "2026-11-20T10:00:00-05:00"
    written = office.script
    office.script = lambda call: (
        rows({"id": "1", "Arpent_Challenge": "Niveau trop bas", "Modified_Time": stamp})
        if call.path.endswith("coql") and "order by" in call.coql
        else written(call)
    )
    zoho = connected(office)
    list(zoho.pull(Kind.ACCOUNT, None, (), ["challenge", "tier"]))

    zoho.update([*gold(1), Change(external_id="1", values={"challenge": None}), *gold(2)])

    sent = [call for call in office.calls if call.method == "PUT"]
    assert [call.headers.get("if-unmodified-since") for call in sent] == [
        None, "2026-11-20T15:00:00+00:00", None,
    ]  # fmt: skip


@pytest.mark.parametrize("is_flat", [True, False])
def test_what_was_edited_meanwhile_is_put_off(office: Office, is_flat: bool) -> None:  # noqa: FBT001 - both answers
    said = error("ALREADY_MODIFIED", "record already modified")
    office.script = lambda call: (
        (412, said if is_flat else {"data": [said]}) if call.method == "PUT" else None
    )

    (found,) = update(office, Change(external_id="1", values={"challenge": None}))

    assert found.state is State.DEFERRED


def test_a_request_that_is_refused_whole_is_halved_to_who_is_to_blame(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if call.method != "PUT":
            return None
        listed = [item["id"] for item in call.body["data"]]
        if "3" in listed:
            return 400, error("INVALID_DATA", "body is not valid")
        return 200, {"data": [success(key) for key in listed]}

    office.script = script

    found = update(office, *gold(1, 2, 3, 4))

    assert [one.state for one in found] == [
        State.APPLIED, State.APPLIED, State.REJECTED, State.APPLIED,
    ]  # fmt: skip


def test_a_write_whose_answer_is_lost_is_not_tried_again(office: Office) -> None:
    office.script = lambda call: (500, b"<html>") if call.method == "PUT" else None

    with pytest.raises(Retriable):
        update(office, *gold(1))
    assert len([call for call in office.calls if call.method == "PUT"]) == 1


def test_what_was_settled_before_a_failure_is_kept(office: Office) -> None:
    usual = office.script
    office.script = lambda call: (
        (500, b"") if call.method == "PUT" and call.body["data"][0]["id"] != "1" else usual(call)
    )

    found = update(office, *gold(*range(1, 151)))

    assert {one.state for one in found[:100]} == {State.APPLIED}
    assert {one.state for one in found[100:]} == {State.UNKNOWN}


def test_edits_tell_who_changed_a_field_last(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if call.path.endswith("Accounts/1/__timeline"):
            return 200, {"__timeline": [
                {"audited_time": "2026-11-21T10:00:00-05:00", "done_by": {"name": "Élise"},
                 "field_history": [{"api_name": "Arpent_Why", "_value": {"new": "b"}}]},
                {"audited_time": "2026-11-20T10:00:00-05:00", "done_by": {"name": "Arpent"},
                 "field_history": [{"api_name": "Arpent_Why", "_value": {"new": "a"}}]},
            ]}  # fmt: skip
        if call.path.endswith("coql"):
            return rows({"id": "1", "Modified_Time": "2026-11-21T10:00:00-05:00",
                         "Arpent_Why": "b", "Arpent_Tier": "Or"})  # fmt: skip
        return None

    office.script = script

    found = connected(office).edits(["1", "404404"], ["why", "tier"])

    assert [(one.field, one.value, one.author, one.at) for one in found] == [
        ("why", "b", "Élise", 1_795_273_200_000), ("tier", "gold", None, None),
    ]  # fmt: skip
