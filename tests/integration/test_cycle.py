"""A whole cycle over CRMs in memory: what fails stops alone, and everything is recorded."""

import json

import pytest

from connectors.base import Fatal, Retriable
from rules.language import Text
from rules.records import Kind
from service import cycle, provision
from service.settings import Settings
from service.store.engine import Store, StoreError
from tests.integration.office import DAY, FIELDS, LOOK, MINUTE, Crm, Died, Office

BUSY = Text("Le CRM est occupé.", "The CRM is busy.")
REVOKED = Text("La clé est révoquée.", "The key is revoked.")


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def states(office: Office) -> list[str]:
    return [row.state for row in office.rows("run")]


def test_a_cycle_writes_what_is_owed_and_the_next_has_nothing_to_write(office: Office) -> None:
    office.put_accounts("a", "b")
    first = office.cycle()
    assert first.pushed["hubspot"].written == 2 * FIELDS
    assert first.pushed["hubspot"].tasks == {"applied": 1}
    second = office.cycle()
    assert second.pushed["hubspot"].calls == 0
    assert second.tagged.evaluated == 0
    assert states(office) == ["done", "done"]
    counts = json.loads(office.rows("run")[0].counts)
    assert counts == first.counts()
    assert counts["hubspot.push.values.applied"] == 2 * FIELDS


def test_nothing_runs_before_a_playbook_is_published(store: Store) -> None:
    from_scratch = Office.__new__(Office)
    from_scratch.now = LOOK
    app = from_scratch.settled(store, Settings(database_url="sqlite://"))
    with pytest.raises(StoreError) as raised:
        cycle.run(app, {})
    assert "arpent rules publish" in raised.value.message.fr


@pytest.mark.parametrize("error", [Fatal(REVOKED), Retriable(BUSY)])
def test_a_crm_that_can_not_be_read_stops_alone(office: Office, error: Fatal) -> None:
    other = Crm(office, "salesforce")
    office.furnish(other)
    other.put_account("x", name="x", owner_id="501", fields={})
    office.put_accounts("a")
    other.fail(error)

    report = office.cycle(office.crm, other)

    assert report.failures == {"salesforce": error.message}
    assert report.pushed.keys() == report.pulled.keys() == {"hubspot"}
    assert office.crm.own_field("a", "tier") == "silver"
    (run,) = office.rows("run")
    assert (run.state, run.error) == ("failed", f"Salesforce : {error.message.fr}")
    # What it was owed waits, and the next cycle goes on with both.
    assert office.cycle(office.crm, other).failures == {}


def test_a_crm_that_can_not_be_written_stops_alone_and_catches_up(office: Office) -> None:
    other = Crm(office, "salesforce")
    office.furnish(other)
    office.cycle(office.crm, other)
    office.put_accounts("a")
    # Identity, two lists of fields, six streams; then the write.
    office.crm.fail(Fatal(REVOKED), on_call=10)

    report = office.cycle(office.crm, other)

    assert report.failures == {"hubspot": REVOKED}
    assert report.pushed.keys() == {"salesforce"}
    assert states(office)[-1] == "failed"
    assert office.cycle(office.crm, other).pushed["hubspot"].written == FIELDS


def test_a_push_that_stops_early_is_a_failure_with_its_counts(office: Office) -> None:
    office.cycle()
    office.put_accounts("a")
    office.crm.fail(Retriable(BUSY), on_call=10)
    report = office.cycle()
    assert report.failures == {"hubspot": BUSY}
    assert report.pushed["hubspot"].written == 0
    assert states(office) == ["done", "failed"]


def test_the_look_waits_until_every_crm_was_read(office: Office) -> None:
    office.put_accounts("a")
    office.crm.fail(Retriable(BUSY))
    assert office.cycle().alerted is None
    assert office.rows("alert") == []
    office.now += 2 * DAY
    report = office.cycle()
    assert report.alerted is not None
    assert not report.alerted.is_already_done
    assert len(office.crm.tasks) == 1


def test_the_look_is_done_at_its_hour_and_once_a_week(office: Office) -> None:
    office.put_accounts("a")
    office.now = LOOK - 2 * MINUTE
    assert office.cycle().alerted is None
    first = office.cycle()
    assert first.alerted is not None
    assert not first.alerted.is_already_done
    again = office.cycle()
    assert again.alerted is not None
    assert again.alerted.is_already_done
    assert len(office.crm.tasks) == 1
    # Another week of the same episode brings no other task.
    office.now += 7 * DAY
    office.cycle()
    assert len(office.crm.tasks) == 1


def test_reading_only_decides_everything_and_writes_nothing(office: Office) -> None:
    office.put_accounts("a")
    reading = office.settled(office.app.store, Settings(database_url="sqlite://", read_only=True))
    report = office.cycle(app=reading)
    assert report.unwritten is not None
    assert "ARPENT_READ_ONLY" in report.unwritten.en
    assert report.pushed == {}
    assert report.tagged.moved == 1
    assert office.crm.written == []
    assert office.crm.tasks == {}


def test_a_cycle_for_one_rep_writes_only_theirs(office: Office) -> None:
    office.put_accounts("hers")
    office.put_accounts("his", owner="502")
    assert office.cycle(rep_key="marc").pushed["hubspot"].written == FIELDS
    assert office.crm.own_field("hers", "tier") is None
    assert office.crm.own_field("his", "tier") == "silver"


def test_a_cycle_that_dies_is_recorded_as_failed(office: Office) -> None:
    office.put_accounts("a")
    office.crm.dies_before_task = True
    with pytest.raises(Died):
        office.cycle()
    (run,) = office.rows("run")
    assert (run.state, run.error) == ("failed", "Died")
    assert run.finished_at is not None


def test_a_field_that_the_crm_loses_is_parked_and_the_others_go_on(office: Office) -> None:
    office.put_accounts("a")
    office.cycle()
    declared = office.crm.declared[Kind.ACCOUNT]
    lost = next(each for each in declared if each.name == "potentiel_annuel")
    declared.remove(lost)
    office.put_accounts("a", potential="0")
    report = office.cycle()
    assert report.failures == {}
    (notice,) = report.pulled["hubspot"].notices
    assert (notice.name, notice.state) == ("potential", "parked")
    assert "« potentiel_annuel »" in str(report.to_json()["fields"])
    assert office.crm.own_field("a", "tier") == "silver"
    # It is read again, in full, as soon as it is back.
    declared.append(lost)
    report = office.cycle()
    assert report.pulled["hubspot"].notices == []
    assert office.crm.own_field("a", "tier") == "bronze"


def test_an_own_field_that_the_crm_loses_is_alone_left_unwritten(office: Office) -> None:
    office.put_accounts("a")
    office.cycle()
    before = office.crm.own_field("a", "why")
    office.crm.delete_own_field("why")
    office.put_accounts("a", potential="0")
    report = office.cycle(full=True)
    assert report.failures == {}
    pushed = report.pushed["hubspot"]
    (lost,) = pushed.lost
    assert "HubSpot ne laisse pas Arpent écrire le champ arpent_why des comptes" in lost.fr
    assert "arpent fields ensure" in lost.fr
    assert (pushed.rejected, pushed.read_back["drift"]) == (0, 0)
    assert office.crm.own_field("a", "tier") == "bronze"
    assert [row.state for row in office.debts("a") if row.field == "why"] == ["owed"]
    # Nothing is asked of a person but to create it again, and then it is written by itself.
    provision.run(office.crm, office.app.published().rulebook, dry_run=False)
    report = office.cycle()
    assert report.pushed["hubspot"].lost == []
    assert report.pushed["hubspot"].written == 1
    assert office.crm.own_field("a", "why") not in (None, before)


def test_an_own_field_that_goes_during_a_push_does_not_cost_the_others(office: Office) -> None:
    office.put_accounts("a", "b")
    office.decide()
    office.crm.delete_own_field("why")
    report = office.push()
    assert report.written == 2 * (FIELDS - 1)
    assert report.rejected == 0
    assert len(report.lost) == 1
    assert report.owed == sum(report.values.values()) + report.left
    assert {row.state for row in office.debts("a") if row.field == "why"} == {"owed"}
    # A push without a reading knows by now.
    assert office.push().calls == 0
