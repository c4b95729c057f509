"""What a push would write: the figures of all of it, and as many changes as are wanted."""

import pytest

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
        2,
    )
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
