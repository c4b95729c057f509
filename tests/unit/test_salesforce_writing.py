"""How own fields and tasks are written to Salesforce, and what each answer means for a record."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Change, Outcome, State, Task, Unanswered
from connectors.salesforce.connector import Salesforce
from tests.unit.test_pace import Time
from tests.unit.test_salesforce_client import ACCESS, Call, Said, error
from tests.unit.test_salesforce_reading import Crm, fields, key, rows

ONE, TWO, THREE = (key("001", number) for number in (1, 2, 3))
COLLECTION = "PATCH /services/data/v68.0/composite/sobjects"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def crm() -> Iterator[Crm]:
    made = Crm()
    yield made
    made.org.close()


@pytest.fixture
def connector(crm: Crm, time: Time) -> Iterator[Salesforce]:
    made = Salesforce(ACCESS, base_url=crm.org.url, clock=time.clock)
    yield made
    made.close()


def ok(external_id: str) -> dict[str, object]:
    return {"id": external_id, "success": True, "errors": []}


def failed(code: str, message: str = "…", *blamed: str) -> dict[str, object]:
    return {
        "success": False,
        "errors": [{"statusCode": code, "message": message, "fields": list(blamed)}],
    }


def change(external_id: str, **values: str | None) -> Change:
    return Change(external_id=external_id, values=values or {"tier": "gold"})


def sent(crm: Crm) -> list[list[dict[str, Any]]]:
    return [call.json["records"] for call in crm.org.calls if call.is_at("composite/sobjects")]


def states(outcomes: object) -> list[State]:
    assert isinstance(outcomes, list)
    return [outcome.state for outcome in outcomes]


def test_changes_travel_two_hundred_at_a_time_and_an_empty_value_clears(
    connector: Salesforce, crm: Crm
) -> None:
    def said(call: Call) -> Said:
        return Said([ok(record["id"]) for record in call.json["records"]])

    crm.answers.append((COLLECTION, said))
    ids = [key("001", number) for number in range(450)]

    outcomes = connector.update(
        [change(each, tier="gold", why="Été – près du lac", next_contact=None) for each in ids]
    )

    assert [outcome.external_id for outcome in outcomes] == ids
    assert set(states(outcomes)) == {State.APPLIED}
    batches = sent(crm)
    assert [len(batch) for batch in batches] == [200, 200, 50]
    assert batches[0][0] == {
        "attributes": {"type": "Account"},
        "id": ids[0],
        "arpent_tier__c": "gold",
        "arpent_why__c": "Été – près du lac",
        "arpent_next_contact__c": None,
    }
    (call, *_) = [call for call in crm.org.calls if call.is_at("composite/sobjects")]
    assert call.json["allOrNone"] is False
    assert call.headers["Sforce-Auto-Assign"] == "FALSE"


def test_a_refused_record_does_not_block_the_batch(connector: Salesforce, crm: Crm) -> None:
    words = "Le secteur est obligatoire pour un compte Or."
    crm.on(COLLECTION, Said([ok(ONE), failed("FIELD_CUSTOM_VALIDATION_EXCEPTION", words), ok(THREE)]))  # fmt: skip  # noqa: E501

    outcomes = connector.update([change(ONE), change(TWO), change(THREE)])

    assert states(outcomes) == [State.APPLIED, State.REJECTED, State.APPLIED]
    assert words in outcomes[1].reason
    assert outcomes[1].remedy is not None
    assert "règle de validation" in outcomes[1].remedy.fr


@pytest.mark.parametrize(
    ("result", "remedy", "missing"),
    [
        (failed("ENTITY_IS_DELETED", "entity is deleted"), "Pull again", set()),
        (failed("INVALID_CROSS_REFERENCE_KEY", "invalid"), "Pull again", set()),
        (
            failed("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value", "arpent_tier__c"),
            "fields ensure",
            set(),
        ),
        (
            failed(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                "Unable to create/update fields: arpent_tier__c.",
                "arpent_tier__c",
            ),
            "fields ensure",
            {"tier"},
        ),
        (failed("DUPLICATES_DETECTED", "Use one of these records?"), "duplicate rule", set()),
        (failed("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Trigger"), "administrator", set()),
        (failed("SOMETHING_NEW", "?"), "rule", set()),
    ],
)
def test_each_refusal_has_its_remedy(
    result: dict[str, object],
    remedy: str,
    missing: set[str],
    connector: Salesforce,
    crm: Crm,
) -> None:
    crm.on(COLLECTION, Said([result]))

    (outcome,) = connector.update([change(ONE)])

    assert outcome.state is State.REJECTED
    assert outcome.remedy is not None
    assert remedy in outcome.remedy.en
    assert set(outcome.missing) == missing


def test_a_locked_record_is_sent_again_alone(connector: Salesforce, crm: Crm, time: Time) -> None:
    locked = failed("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
    crm.on(COLLECTION, Said([ok(ONE), locked]), Said([ok(TWO)]))

    assert states(connector.update([change(ONE), change(TWO)])) == [State.APPLIED] * 2

    assert [[record["id"] for record in batch] for batch in sent(crm)] == [[ONE, TWO], [TWO]]
    assert time.now > 0


def test_a_record_that_stays_locked_is_put_off(connector: Salesforce, crm: Crm) -> None:
    crm.on(COLLECTION, Said([failed("UNABLE_TO_LOCK_ROW")]))

    (outcome,) = connector.update([change(ONE)])

    assert outcome.state is State.DEFERRED
    assert len(sent(crm)) == 4


def test_a_request_that_is_refused_whole_is_halved(connector: Salesforce, crm: Crm) -> None:
    def said(call: Call) -> Said:
        listed = [record["id"] for record in call.json["records"]]
        if TWO in listed:
            return error(400, "JSON_PARSER_ERROR", "Unexpected value")
        return Said([ok(each) for each in listed])

    crm.answers.append((COLLECTION, said))

    outcomes = connector.update([change(ONE), change(TWO), change(THREE)])

    assert states(outcomes) == [State.APPLIED, State.REJECTED, State.APPLIED]


def test_a_record_that_the_answer_does_not_mention_is_unknown(
    connector: Salesforce, crm: Crm
) -> None:
    crm.on(COLLECTION, Said([ok(ONE)]))

    assert states(connector.update([change(ONE), change(TWO)])) == [State.APPLIED, State.UNKNOWN]


def test_what_was_settled_before_a_failure_is_kept(connector: Salesforce, crm: Crm) -> None:
    ids = [key("001", number) for number in range(201)]
    crm.on(COLLECTION, Said([ok(each) for each in ids[:200]]), Said(b"", 503))

    outcomes = connector.update([change(each) for each in ids])

    assert states(outcomes) == [*[State.APPLIED] * 200, State.UNKNOWN]


def test_a_failure_before_anything_was_settled_is_raised(connector: Salesforce, crm: Crm) -> None:
    crm.on(COLLECTION, Said(b"<html/>", 502))

    with pytest.raises(Unanswered):
        connector.update([change(ONE)])

    assert len(sent(crm)) == 1


def test_no_batch_names_a_record_twice(connector: Salesforce, crm: Crm) -> None:
    crm.on(COLLECTION, Said([ok(ONE)]))

    assert (
        states(connector.update([change(ONE), change(ONE, tier="silver")])) == [State.APPLIED] * 2
    )
    assert [len(batch) for batch in sent(crm)] == [1, 1]


def test_edits_are_what_our_fields_hold_now(connector: Salesforce, crm: Crm) -> None:
    crm.on("FROM Account", rows({"Id": ONE, "arpent_tier__c": "silver", "IsDeleted": False}))

    (edit,) = connector.edits([ONE, TWO, "not an id"], ["tier"])

    assert (edit.external_id, edit.field, edit.value) == (ONE, "tier", "silver")
    assert "not an id" not in crm.texts("FROM Account")[0]


# Tasks.

TASK_ID = key("00T", 1)


def task(**more: object) -> Task:
    values: dict[str, Any] = {
        "key": "slipping:2026-W47:1",
        "subject": "À relancer",
        "body": "Trois semaines sans contact.\nVoir le plan.",
        # 2026-11-28T02:00:00Z is still the 27th in Toronto.
        "due_at": 1_795_831_200_000,
        "owner_id": key("005", 1),
        "account_id": ONE,
        **more,
    }
    return Task(**values)


@pytest.fixture
def french(crm: Crm) -> Crm:
    """An org whose words for tasks are French."""
    crm.on("FROM TaskStatus", rows(
        {"ApiName": "Terminée", "IsClosed": True, "IsDefault": False},
        {"ApiName": "Reportée", "IsClosed": False, "IsDefault": False},
        {"ApiName": "À faire", "IsClosed": False, "IsDefault": True},
    ))  # fmt: skip
    crm.on("FROM TaskPriority", rows(
        {"ApiName": "Normale", "IsHighPriority": False, "IsDefault": True},
        {"ApiName": "Haute", "IsHighPriority": True, "IsDefault": False},
    ))  # fmt: skip
    return crm


def body_of_the_write(crm: Crm) -> dict[str, Any]:
    (call,) = [call for call in crm.org.calls if "sobjects/Task" in call.path and call.body]
    found: dict[str, Any] = call.json
    return found


def test_a_task_speaks_the_words_of_the_org(connector: Salesforce, french: Crm) -> None:
    french.on("POST", Said({"id": TASK_ID, "success": True, "errors": []}, 201))

    outcome = connector.create_task(task(is_urgent=True))

    assert outcome == Outcome(external_id=TASK_ID, state=State.APPLIED)
    assert body_of_the_write(french) == {
        "Subject": "À relancer",
        "Description": "Trois semaines sans contact.\nVoir le plan.\n[Arpent slipping:2026-W47:1]",
        "WhatId": ONE,
        "OwnerId": key("005", 1),
        "ActivityDate": "2026-11-27",
        "Status": "À faire",
        "Priority": "Haute",
    }


def test_a_task_is_found_by_its_mark(connector: Salesforce, crm: Crm) -> None:
    crm.on("FROM Task WHERE WhatId", rows(
        {"Id": key("00T", 2), "Description": None},
        {"Id": TASK_ID, "Description": "…\n[Arpent slipping:2026-W47:1]"},
    ))  # fmt: skip

    assert connector.find_task(task()) == TASK_ID
    assert connector.find_task(task(key="other")) is None


def test_with_a_field_for_the_key_that_is_asked_and_a_second_task_is_impossible(
    connector: Salesforce, crm: Crm
) -> None:
    crm.describe = fields("Id", "arpent_alert_key__c")
    said = "duplicate value found: arpent_alert_key__c duplicates value on record with id: 00T"
    crm.on("POST", error(400, "DUPLICATE_VALUE", said))
    crm.on("arpent_alert_key__c =", rows({"Id": TASK_ID, "WhatId": task().account_id}))

    assert connector.create_task(task()) == Outcome(external_id=TASK_ID, state=State.APPLIED)
    assert body_of_the_write(crm)["arpent_alert_key__c"] == "slipping:2026-W47:1"
    assert connector.find_task(task()) == TASK_ID
    assert connector.find_task(replace(task(), account_id=key("001", 2))) is None


def test_a_task_that_is_older_than_the_field_for_its_key_is_found_by_its_mark(
    connector: Salesforce, crm: Crm
) -> None:
    crm.describe = fields("Id", "arpent_alert_key__c")
    crm.on("arpent_alert_key__c =", rows())
    crm.on("WhatId =", rows({"Id": TASK_ID, "Description": "…\n[Arpent slipping:2026-W47:1]"}))

    assert connector.find_task(task()) == TASK_ID


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (Said(b"", 504), State.UNKNOWN),
        (Said({}, 201), State.UNKNOWN),
        (error(400, "INACTIVE_OWNER_OR_USER", "owner is inactive"), State.REJECTED),
        (error(400, "UNABLE_TO_LOCK_ROW", "unable to obtain"), State.DEFERRED),
        (error(403, "INSUFFICIENT_ACCESS_OR_READONLY", "no access"), State.REJECTED),
    ],
)
def test_a_task_is_never_tried_twice(
    said: Said, state: State, connector: Salesforce, crm: Crm
) -> None:
    crm.on("POST", said)

    assert connector.create_task(task()).state is state
    assert len([call for call in crm.org.calls if call.method == "POST"]) == 1


Act = Callable[[Salesforce], Outcome]


@pytest.mark.parametrize(
    ("act", "written"),
    [
        (
            lambda crm: crm.update_task(TASK_ID, task(subject="Autre")),
            {
                "Subject": "Autre",
                "Description": "Trois semaines sans contact.\nVoir le plan.\n"
                "[Arpent slipping:2026-W47:1]",
            },
        ),
        (lambda crm: crm.complete_task(TASK_ID), {"Status": "Terminée"}),
    ],
)
def test_an_open_task_is_rewritten_or_completed(
    act: Act, written: dict[str, str], connector: Salesforce, french: Crm
) -> None:
    french.on("FROM Task WHERE Id", rows({"Id": TASK_ID, "IsClosed": False}))
    french.on("PATCH", Said(status=204))

    assert act(connector).state is State.APPLIED
    assert body_of_the_write(french) == written


@pytest.mark.parametrize("found", [rows(), rows({"Id": TASK_ID, "IsClosed": True})])
def test_a_task_that_is_closed_or_gone_is_left_alone(
    found: Said, connector: Salesforce, crm: Crm
) -> None:
    crm.on("FROM Task WHERE Id", found)

    assert connector.update_task(TASK_ID, task()).state is State.UNCHANGED
    assert connector.complete_task(TASK_ID).state is State.UNCHANGED
    assert all(call.method == "GET" for call in crm.org.calls)
