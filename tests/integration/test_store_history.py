"""What was true when: each tracked value from its beginning to its end."""

from datetime import date

from connectors.base import Page
from rules.records import Kind, StageEntry
from rules.time import day_number
from tests.integration.pages import (
    MINUTE,
    NOON,
    Workspace,
    account,
    deal_of,
    entry,
    opportunity,
    page,
)

T1, T2, T3 = NOON, NOON + MINUTE, NOON + 2 * MINUTE


def test_a_change_of_owner_closes_the_old_value_and_opens_the_new(workspace: Workspace) -> None:
    workspace.write(page(account(owner_id="O1", modified_at=T1)))
    workspace.write(page(account(owner_id="O1", name="Autre", modified_at=T2)))
    workspace.write(page(account(owner_id="O2", modified_at=T3)))
    first, second = (str(workspace.id_of(Kind.OWNER, name)) for name in ("O1", "O2"))
    assert workspace.history("owner_id") == [(first, T1, T3), (second, T3, None)]


def test_an_account_that_never_had_an_owner_has_no_history(workspace: Workspace) -> None:
    workspace.write(page(account(owner_id=None)))
    assert workspace.history("owner_id") == []


def test_losing_the_owner_is_a_change(workspace: Workspace) -> None:
    workspace.write(page(account(owner_id="O1", modified_at=T1)))
    workspace.write(page(account(owner_id=None, modified_at=T2)))
    first = str(workspace.id_of(Kind.OWNER, "O1"))
    assert workspace.history("owner_id") == [(first, T1, T2), (None, T2, None)]


def test_an_entry_knows_its_day_in_the_zone_of_the_team(workspace: Workspace) -> None:
    # Half past four in the morning of UTC is still the day before in Montréal.
    early = NOON + (11 * 60 + 30) * MINUTE
    workspace.write(in_stages(entry("S1", NOON), entry("S2", early)))
    workspace.write(page(account(modified_at=0)))
    days = {(row.field, row.valid_from_at): row.valid_from_on for row in workspace.rows("history")}
    today = day_number(date(2026, 1, 5))
    assert days["stage_id", NOON] == days["stage_id", early] == today
    # Of a record that does not say when it changed, nobody knows since when.
    assert days["owner_id", 0] is None


def test_two_changes_at_one_instant_keep_the_last(workspace: Workspace) -> None:
    workspace.write(page(account(owner_id="O1", modified_at=T1)))
    workspace.write(page(account(owner_id="O2", modified_at=T1)))
    assert workspace.history("owner_id") == [(str(workspace.id_of(Kind.OWNER, "O2")), T1, None)]


def test_a_change_of_amount_is_kept(workspace: Workspace) -> None:
    for amount, at in ((100, T1), (100, T2), (250, T3)):
        workspace.write(page(opportunity(amount=amount, modified_at=at)))
    assert workspace.history("amount") == [("100", T1, T3), ("250", T3, None)]


def stages(workspace: Workspace) -> list[tuple[str, int, int | None]]:
    names = {
        str(row.entity_id): row.external_id
        for row in workspace.rows("external_ref")
        if row.kind == Kind.STAGE
    }
    return [(names[value or ""], since, to) for value, since, to in workspace.history("stage_id")]


def in_stages(*entries: StageEntry, modified_at: int = T3) -> Page:
    return page(
        opportunity(stage_id=entries[-1].stage_id, stage_entries=entries, modified_at=modified_at),
        links=[deal_of("A1")],
    )


def test_stage_entries_of_the_crm_last_until_the_next(workspace: Workspace) -> None:
    workspace.write(in_stages(entry("S2", T2), entry("S1", T1)))
    assert stages(workspace) == [("S1", T1, T2), ("S2", T2, None)]


def test_an_entry_to_the_same_stage_is_none(workspace: Workspace) -> None:
    workspace.write(in_stages(entry("S1", T1), entry("S1", T2), entry("S2", T3)))
    assert stages(workspace) == [("S1", T1, T3), ("S2", T3, None)]


def test_a_further_entry_closes_the_one_before_and_marks_the_account(
    workspace: Workspace,
) -> None:
    workspace.write(in_stages(entry("S1", T1), modified_at=T1))
    workspace.evaluate()
    workspace.write(in_stages(entry("S1", T1), entry("S2", T2)))
    assert stages(workspace) == [("S1", T1, T2), ("S2", T2, None)]
    assert workspace.dirty() == {"A1"}


def test_entries_that_a_person_corrected_replace_the_earlier(workspace: Workspace) -> None:
    workspace.write(in_stages(entry("S1", T1), entry("S2", T2), modified_at=T2))
    workspace.evaluate()
    workspace.write(in_stages(entry("S1", T1), entry("S2", T3)))
    assert stages(workspace) == [("S1", T1, T3), ("S2", T3, None)]
    assert workspace.dirty() == {"A1"}


def test_entries_that_the_crm_forgot_stay(workspace: Workspace) -> None:
    workspace.write(in_stages(entry("S1", T1), entry("S2", T2), modified_at=T2))
    workspace.write(in_stages(entry("S2", T2), entry("S3", T3)))
    assert stages(workspace) == [("S1", T1, T2), ("S2", T2, T3), ("S3", T3, None)]


def test_without_entries_a_change_of_stage_counts_from_the_change(workspace: Workspace) -> None:
    workspace.write(page(opportunity(stage_id="S1", modified_at=T1)))
    workspace.write(page(opportunity(stage_id="S2", modified_at=T2)))
    assert stages(workspace) == [("S1", T1, T2), ("S2", T2, None)]
