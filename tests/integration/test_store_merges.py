"""Accounts merged in the CRM: one survivor, which inherits what hung on the others."""

from sqlalchemy import insert

from rules.records import Kind
from service.store.mirror import PageCounts
from service.store.tables import challenge, override
from tests.integration.pages import (
    MINUTE,
    NOON,
    NOW,
    Workspace,
    account,
    deal_of,
    opportunity,
    page,
)

LATER = NOON + MINUTE
MERGED = page(account("A2", merged_ids=["A1"], modified_at=LATER))


def seed(workspace: Workspace) -> tuple[int, int]:
    """Two accounts with an opportunity each; returns their ids."""
    workspace.write(page(account("A1"), account("A2")))
    workspace.write(page(opportunity("D1"), links=[deal_of("A1", "D1")]))
    workspace.write(page(opportunity("D2"), links=[deal_of("A2", "D2")]))
    workspace.evaluate()
    return workspace.id_of(Kind.ACCOUNT, "A1"), workspace.id_of(Kind.ACCOUNT, "A2")


def test_the_survivor_inherits_links_and_decisions(workspace: Workspace) -> None:
    loser, survivor = seed(workspace)
    with workspace.store.write() as connection:
        decision = {"field": "tier", "author": "Luc", "reason": "client clé", "from_on": 1}
        connection.execute(insert(override).values(account_id=loser, **decision))
        asked = {"field": "tier", "received_at": NOW, "state": "open"}
        connection.execute(insert(challenge).values(account_id=loser, **asked))
    workspace.write(MERGED)
    assert {row.to_id for row in workspace.rows("link")} == {survivor}
    assert [row.account_id for row in workspace.rows("override")] == [survivor]
    assert [row.account_id for row in workspace.rows("challenge")] == [survivor]
    assert workspace.row("account", "A1").archived_at == NOW
    assert {row.account_id for row in workspace.rows("dirty")} == {loser, survivor}


def test_a_merge_told_again_changes_nothing(workspace: Workspace) -> None:
    seed(workspace)
    workspace.write(MERGED)
    workspace.evaluate()
    assert workspace.write(MERGED, now=NOW + MINUTE) == PageCounts(unchanged=1)
    assert workspace.dirty() == set()


def test_what_names_the_loser_later_means_the_survivor(workspace: Workspace) -> None:
    _, survivor = seed(workspace)
    workspace.write(MERGED, page(opportunity("D3"), links=[deal_of("A1", "D3")]))
    deal = workspace.id_of(Kind.OPPORTUNITY, "D3")
    assert (deal, survivor, True) in workspace.links()


def test_a_late_page_of_the_loser_does_not_overwrite_the_survivor(workspace: Workspace) -> None:
    _, survivor = seed(workspace)
    workspace.write(MERGED)
    late = page(account("A1", name="Fantôme", modified_at=LATER + MINUTE))
    assert workspace.write(late) == PageCounts(older=1)
    assert workspace.row("account", "A2").id == survivor
    assert workspace.row("account", "A2").name == "Érablière Tremblay"


def test_the_loser_reported_as_gone_does_not_bury_the_survivor(workspace: Workspace) -> None:
    seed(workspace)
    workspace.write(MERGED, page(kind=Kind.ACCOUNT, gone=["A1"]))
    assert workspace.row("account", "A2").archived_at is None


def test_a_loser_that_was_never_seen_is_known_as_merged(workspace: Workspace) -> None:
    workspace.write(MERGED)
    assert workspace.write(page(account("A1"))) == PageCounts(older=1)
    assert [row.external_id for row in workspace.rows("account")] == ["A2"]


def test_a_new_id_takes_over_the_history_of_the_merged(workspace: Workspace) -> None:
    first, second = seed(workspace)
    # Some CRMs give the merged record an id of its own.
    workspace.write(page(account("A9", merged_ids=["A1", "A2"], modified_at=LATER)))
    assert workspace.row("account", "A9").id == first
    assert {row.to_id for row in workspace.rows("link")} == {first}
    assert {row.external_id: row.id for row in workspace.rows("account")} == {
        "A9": first,
        "A2": second,
    }


def test_a_merge_of_merges_leads_to_the_last_survivor(workspace: Workspace) -> None:
    seed(workspace)
    workspace.write(MERGED)
    workspace.write(page(account("A3", merged_ids=["A2"], modified_at=LATER + 1)))
    survivor = workspace.row("account", "A3").id
    ids = {workspace.id_of(Kind.ACCOUNT, name) for name in ("A1", "A2", "A3")}
    assert ids == {survivor}
    # The earlier merge comes by once more.
    workspace.write(MERGED)
    assert {workspace.id_of(Kind.ACCOUNT, name) for name in ("A1", "A2", "A3")} == {survivor}


def test_a_deal_of_both_belongs_once_to_the_survivor(workspace: Workspace) -> None:
    _, survivor = seed(workspace)
    both = [deal_of("A1", "D3"), deal_of("A2", "D3", is_primary=False)]
    workspace.write(page(opportunity("D3"), links=both), MERGED)
    deal = workspace.id_of(Kind.OPPORTUNITY, "D3")
    assert [to_id for from_id, to_id, _ in workspace.links() if from_id == deal] == [survivor]
