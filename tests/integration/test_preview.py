"""What a push would write: the figures of all of it, and as many changes as are wanted."""

import pytest

from rules.owned import Owned
from service import preview
from service.preview import BATCH
from service.store.engine import Store
from tests.integration.office import FIELDS, Office

HERS, HIS = BATCH + 5, 2


@pytest.fixture
def owing(store: Store) -> Office:
    """An office that owes values on the accounts of two reps, in two batches."""
    office = Office(store)
    office.put_accounts(*(f"a{number:03}" for number in range(HERS)))
    office.put_accounts(*(f"b{number}" for number in range(HIS)), owner="502")
    office.decide()
    return office


def test_the_figures_are_those_of_everything(owing: Office) -> None:
    found = preview.run(owing.app.store, owing.connection_id, limit=3)
    assert (found.values, found.accounts, found.calls) == (
        (HERS + HIS) * FIELDS,
        HERS + HIS,
        2 + 3,
    )
    # Élise opened nothing in thirteen weeks: a task, to be looked for before it is created.
    assert found.tasks == {"create": 1}
    assert sum(found.by_field.values()) == found.values
    assert found.by_field["tier"] == HERS + HIS
    assert found.by_rep == {"Élise Gagnon": HERS, "Marc Lavoie": HIS}
    assert [change.account for change in found.changes] == ["a000"] * 3
    everything = preview.run(owing.app.store, owing.connection_id)
    assert everything.changes[:3] == found.changes
    assert len(everything.changes) == found.values


def test_all_changes_come_some_accounts_at_a_time(
    owing: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "_TOGETHER", 50)
    everything = preview.run(owing.app.store, owing.connection_id).changes
    assert list(preview.all_changes(owing.app.store, owing.connection_id)) == everything


def test_a_pilot_has_figures_of_its_own(owing: Office) -> None:
    found = preview.run(owing.app.store, owing.connection_id, rep_key="marc", limit=100)
    assert (found.values, found.accounts, found.calls) == (HIS * FIELDS, HIS, 1)
    assert found.by_rep == {"Marc Lavoie": HIS}
    assert {change.rep_key for change in found.changes} == {"marc"}
    nobody = preview.run(owing.app.store, owing.connection_id, rep_key="nobody")
    assert (nobody.values, nobody.accounts, nobody.calls, nobody.by_rep) == (0, 0, 0, {})


def test_a_preview_calls_nobody(owing: Office) -> None:
    calls = owing.crm.calls
    preview.run(owing.app.store, owing.connection_id)
    assert owing.crm.calls == calls


def test_the_changes_are_grouped_by_rep_and_reason(owing: Office) -> None:
    found = preview.run(owing.app.store, owing.connection_id, limit=0)
    assert sum(group.values for group in found.groups) == found.values
    tiers = [group for group in found.groups if group.field is Owned.TIER]
    assert [(group.owner, group.before, group.after, group.values) for group in tiers] == [
        ("Marc Lavoie", None, "silver", HIS),
        ("Élise Gagnon", None, "silver", HERS),
    ]
    # The row of the table that makes these accounts silver, and its reason as it is written.
    assert {(group.row, group.why) for group in tiers} == {
        (3, "Argent : potentiel de plus de 500 k$, relation à bâtir ou à réveiller")
    }
    (dates,) = [
        group for group in found.groups if group.field is Owned.WHY and group.owner == "Marc Lavoie"
    ]
    assert (dates.before, dates.after, dates.first, dates.cleared) == (None, None, HIS, 0)
    assert found.would_hold == []


def test_it_says_what_a_push_would_hold_and_holds_nothing(owing: Office) -> None:
    owing.push()
    owing.put_accounts(*(f"a{number:03}" for number in range(HERS)), potential="20000")
    owing.decide()
    found = preview.run(owing.app.store, owing.connection_id, limit=0)
    assert Owned.TIER in found.would_hold
    assert found.held == []
    assert {row.state for row in owing.debts("a000") if row.field == "tier"} == {"owed"}
