"""A page becomes rows, links and dirty accounts: once, whatever is repeated or late."""

from typing import Any

import pytest

from rules.records import (
    Activity,
    ActivityKind,
    Contact,
    ContactRole,
    Kind,
    Link,
    Opportunity,
    Quarantine,
    Relation,
    Stage,
    StageKind,
)
from rules.time import Instant
from service.store.mirror import PageCounts
from tests.integration.pages import (
    MINUTE,
    NOON,
    NOW,
    Workspace,
    account,
    activity,
    contact,
    deal_of,
    linked,
    opportunity,
    owner,
    page,
    stage,
)

LATER = NOON + MINUTE


def test_a_page_of_accounts_is_written_and_marks_them(workspace: Workspace) -> None:
    counts = workspace.write(page(account("A1"), account("A2")))
    assert counts == PageCounts(written=2, dirtied=2)
    assert workspace.row("account", "A1").name == "Érablière Tremblay"
    assert workspace.dirty() == {"A1", "A2"}


@pytest.mark.parametrize(
    "again",
    [
        page(account("A1"), account("A2")),
        page(opportunity(), links=[deal_of("A1")]),
        page(contact(), links=[linked(Relation.CONTACT_ACCOUNT, "C1", "A1")]),
        page(activity(), links=[linked(Relation.ACTIVITY_ACCOUNT, "V1", "A1")]),
        page(owner()),
        page(stage()),
    ],
    ids=lambda each: each.kind.value,
)
def test_the_same_page_again_writes_and_marks_nothing(workspace: Workspace, again: Any) -> None:
    first = workspace.write(again)
    before = {name: workspace.rows(name) for name in ("link", "history", "external_ref")}
    assert first.written == len(again.records)
    workspace.evaluate()
    assert workspace.write(again, now=NOW + MINUTE) == PageCounts(unchanged=len(again.records))
    assert workspace.dirty() == set()
    assert {name: workspace.rows(name) for name in before} == before


def test_an_older_page_is_ignored(workspace: Workspace) -> None:
    workspace.write(page(account(name="Neuf", modified_at=LATER)))
    workspace.evaluate()
    assert workspace.write(page(account(name="Vieux"))) == PageCounts(older=1)
    assert workspace.row("account", "A1").name == "Neuf"
    assert workspace.dirty() == set()


def test_the_links_of_an_older_record_are_ignored(workspace: Workspace) -> None:
    workspace.write(page(opportunity(modified_at=LATER), links=[deal_of("A1")]))
    links = workspace.links()
    workspace.write(page(opportunity(), links=[deal_of("A2")]))
    assert workspace.links() == links


def test_of_two_records_with_one_id_in_a_page_the_newer_counts(workspace: Workspace) -> None:
    counts = workspace.write(
        page(account(name="Neuf", modified_at=LATER), account(name="Vieux", modified_at=NOON))
    )
    assert counts == PageCounts(written=1, older=1, dirtied=1)
    assert workspace.row("account", "A1").name == "Neuf"


def test_a_time_stamp_alone_marks_nobody(workspace: Workspace) -> None:
    workspace.write(page(account()))
    workspace.evaluate()
    assert workspace.write(page(account(modified_at=LATER))) == PageCounts(written=1)
    assert workspace.row("account", "A1").modified_at == LATER


def test_the_echo_of_our_own_fields_marks_nobody(workspace: Workspace) -> None:
    workspace.write(page(account()))
    workspace.evaluate()
    echo = account(modified_at=LATER, observed={"tier": "gold", "why": "Depuis le 14 janv."})
    assert workspace.write(page(echo), now=NOW + MINUTE) == PageCounts(written=1)
    row = workspace.row("account", "A1")
    assert (row.observed_tier, row.observed_why) == ("gold", "Depuis le 14 janv.")
    assert row.pulled_at == NOW + MINUTE


def test_own_fields_that_were_not_read_keep_what_was_observed(workspace: Workspace) -> None:
    workspace.write(page(account(observed={"tier": "gold", "segment": "PME"})))
    echo = account(modified_at=LATER, observed={"tier": "silver"})
    workspace.write(page(echo), own_fields=("tier",))
    row = workspace.row("account", "A1")
    assert (row.observed_tier, row.observed_segment) == ("silver", "PME")


def test_a_changed_account_is_marked(workspace: Workspace) -> None:
    workspace.write(page(account("A1"), account("A2")))
    workspace.evaluate()
    counts = workspace.write(page(account("A1", owner_id="O2"), account("A2")))
    assert counts == PageCounts(written=1, unchanged=1, dirtied=1)
    assert workspace.dirty() == {"A1"}


def test_an_account_taken_by_an_evaluation_is_marked_anew(workspace: Workspace) -> None:
    workspace.write(page(account()))
    with workspace.store.write() as connection:
        connection.exec_driver_sql("UPDATE dirty SET claim = 1")
    workspace.write(page(account(name="Autre", modified_at=LATER)))
    assert [row.claim for row in workspace.rows("dirty")] == [None]


def test_a_moved_opportunity_marks_the_old_account_and_the_new(workspace: Workspace) -> None:
    workspace.write(page(*[account(name) for name in ("A1", "A2", "A3")]))
    workspace.write(page(opportunity(), links=[deal_of("A1")]))
    workspace.evaluate()
    workspace.write(page(opportunity(modified_at=LATER), links=[deal_of("A2")]))
    assert workspace.dirty() == {"A1", "A2"}
    ends = workspace.id_of(Kind.OPPORTUNITY, "D1"), workspace.id_of(Kind.ACCOUNT, "A2")
    assert workspace.links() == {(*ends, True)}


def test_a_changed_opportunity_marks_all_its_accounts(workspace: Workspace) -> None:
    links = [deal_of("A1"), deal_of("A2", is_primary=False)]
    workspace.write(page(opportunity(), links=links))
    workspace.evaluate()
    workspace.write(page(opportunity(amount=5, modified_at=LATER), links=links))
    assert workspace.dirty() == {"A1", "A2"}


def test_a_change_of_the_main_account_marks_both(workspace: Workspace) -> None:
    both = [deal_of("A1"), deal_of("A2", is_primary=False), deal_of("A3", is_primary=False)]
    workspace.write(page(opportunity(), links=both))
    workspace.evaluate()
    turned = [deal_of("A1", is_primary=False), deal_of("A2"), both[2]]
    workspace.write(page(opportunity(modified_at=LATER), links=turned))
    assert workspace.dirty() == {"A1", "A2"}


def test_a_new_activity_marks_its_account(workspace: Workspace) -> None:
    workspace.write(page(account("A1"), account("A2")))
    workspace.evaluate()
    workspace.write(page(activity(), links=[linked(Relation.ACTIVITY_ACCOUNT, "V1", "A2")]))
    assert workspace.dirty() == {"A2"}


@pytest.mark.parametrize(
    ("changed", "marked"),
    [
        (stage(position=9), set()),  # rules don't see the order of the stages
        (stage(label="Autre nom"), {"A1"}),
        (stage(pipeline_label="Renouvellements"), {"A1"}),
        (stage(kind=StageKind.WON), {"A1"}),
        (stage(probability=0.9), {"A1"}),  # a weighted amount may depend on it
    ],
    ids=["position", "label", "pipeline", "kind", "probability"],
)
def test_a_stage_marks_accounts_only_when_rules_can_see_the_change(
    workspace: Workspace, changed: Stage, marked: set[str]
) -> None:
    workspace.write(page(stage(), stage("S2")), page(account("A1"), account("A2")))
    workspace.write(page(opportunity("D1"), links=[deal_of("A1")]))
    workspace.write(page(opportunity("D2", stage_id="S2"), links=[deal_of("A2", "D2")]))
    workspace.evaluate()
    workspace.write(page(changed))
    assert workspace.dirty() == marked


def test_the_new_name_of_a_stage_or_of_an_owner_marks_whoever_had_it_once(
    workspace: Workspace,
) -> None:
    workspace.write(page(stage(), stage("S2")), page(owner(), owner("O2", email="o2@a.test")))
    workspace.write(page(account("A1"), account("A2", owner_id="O2")))
    workspace.write(page(opportunity(), links=[deal_of("A1")]))
    workspace.write(
        page(opportunity(stage_id="S2", modified_at=LATER), links=[deal_of("A1")]),
        page(account("A1", owner_id="O2", modified_at=LATER)),
    )
    for changed, marked in ((stage(label="Autre"), {"A1"}), (owner(name="Maude Cyr"), {"A1"})):
        workspace.evaluate()
        workspace.write(page(changed))
        assert workspace.dirty() == marked


@pytest.mark.parametrize(
    "changed",
    [
        contact(role=ContactRole.INFLUENCER, modified_at=LATER),
        activity(kind=ActivityKind.MEETING, modified_at=LATER),
        activity(is_contact=False, modified_at=LATER),
        opportunity(peak_amount=9, modified_at=LATER),
        opportunity(name="Autre", modified_at=LATER),
    ],
    ids=["role", "kind of activity", "contact or not", "greatest amount", "name"],
)
def test_what_measures_can_read_of_a_record_marks_its_account(
    workspace: Workspace, changed: Contact | Activity | Opportunity
) -> None:
    workspace.write(page(stage()), page(owner()), page(account()))
    links = [
        linked(Relation.CONTACT_ACCOUNT, "C1", "A1"),
        linked(Relation.ACTIVITY_ACCOUNT, "V1", "A1"),
        deal_of("A1"),
    ]
    records = (contact(), activity(), opportunity())
    for number, each in enumerate(links):
        workspace.write(page(records[number], links=[each]))
    workspace.evaluate()
    place = [type(record) for record in records].index(type(changed))
    workspace.write(page(changed, links=[links[place]]))
    assert workspace.dirty() == {"A1"}


def test_orphans_join_when_the_parent_arrives(workspace: Workspace) -> None:
    workspace.write(page(opportunity(), links=[deal_of("A1")]))
    ends = workspace.id_of(Kind.OPPORTUNITY, "D1"), workspace.id_of(Kind.ACCOUNT, "A1")
    assert workspace.links() == {(*ends, True)}
    assert workspace.rows("account") == []
    workspace.write(page(account()), page(stage()), page(owner()))
    deal = workspace.row("opportunity", "D1")
    assert workspace.row("account", "A1").id == ends[1]
    assert workspace.row("stage", "S1").id == deal.stage_id
    assert workspace.row("owner", "O1").id == deal.owner_id


def test_a_late_stage_and_a_late_owner_mark_the_accounts_they_explain(
    workspace: Workspace,
) -> None:
    workspace.write(page(account()), page(opportunity(), links=[deal_of("A1")]))
    for late in (page(stage()), page(owner())):
        workspace.evaluate()
        workspace.write(late)
        assert workspace.dirty() == {"A1"}


def test_what_is_gone_becomes_a_tombstone(workspace: Workspace) -> None:
    workspace.write(page(account("A1"), account("A2")))
    workspace.write(page(opportunity(), links=[deal_of("A2")]))
    workspace.evaluate()
    gone = workspace.write(page(kind=Kind.OPPORTUNITY, gone=["D1", "never seen"]))
    assert gone == PageCounts(archived=1, dirtied=1)
    assert workspace.row("opportunity", "D1").archived_at == NOW
    assert workspace.dirty() == {"A2"}
    workspace.evaluate()
    assert workspace.write(page(kind=Kind.OPPORTUNITY, gone=["D1"])) == PageCounts()
    assert workspace.dirty() == set()


def test_a_restored_record_loses_its_tombstone(workspace: Workspace) -> None:
    workspace.write(page(account()), page(kind=Kind.ACCOUNT, gone=["A1"]))
    workspace.evaluate()
    assert workspace.write(page(account())) == PageCounts(written=1, dirtied=1)
    assert workspace.row("account", "A1").archived_at is None


def test_an_owner_who_is_gone_is_inactive(workspace: Workspace) -> None:
    workspace.write(page(owner()), page(account()))
    workspace.evaluate()
    assert workspace.write(page(kind=Kind.OWNER, gone=["O1"])).archived == 1
    assert workspace.row("owner", "O1").is_active is False
    assert workspace.dirty() == {"A1"}


def test_an_owner_is_a_rep_by_address_in_any_case(workspace: Workspace) -> None:
    workspace.add_rep("maude", "Maude@Example.test")
    workspace.write(page(owner(), owner("O2", email="luc@example.test"), owner("O3", email=None)))
    reps = {row.external_id: row.rep_key for row in workspace.rows("owner")}
    assert reps == {"O1": "maude", "O2": None, "O3": None}


def test_days_belong_to_the_zone_of_the_team(workspace: Workspace) -> None:
    half_past_eleven_at_night: Instant = NOON + (11 * 60 + 30) * MINUTE
    workspace.write(page(account(created_at=half_past_eleven_at_night)))
    # 2026-01-05 is day 20,458; in UTC it is already the next one.
    assert workspace.row("account", "A1").created_on == 20_458


def test_what_could_not_be_read_is_kept_until_it_can_be(workspace: Workspace) -> None:
    fault = Quarantine(
        kind=Kind.ACCOUNT, external_id="A1", field="potential", raw="N/A", reason="not a number"
    )
    read = page(account(), quarantined=[fault])
    assert workspace.write(read).quarantined == 1
    assert workspace.write(read).quarantined == 0
    (kept,) = workspace.rows("quarantine")
    assert (kept.external_id, kept.field, kept.raw) == ("A1", "potential", "N/A")
    workspace.write(page(account(modified_at=LATER)))
    assert workspace.rows("quarantine") == []


def test_what_could_not_be_read_of_an_older_record_is_ignored(workspace: Workspace) -> None:
    workspace.write(page(account(modified_at=LATER)))
    fault = Quarantine(kind=Kind.ACCOUNT, external_id="A1", field="x", raw="?", reason="odd")
    assert workspace.write(page(account(), quarantined=[fault])).quarantined == 0


def test_a_record_without_a_usable_id_is_rejected_alone(workspace: Workspace) -> None:
    counts = workspace.write(page(account(""), account("A\0"), account("A1")))
    assert counts == PageCounts(written=1, rejected=2, quarantined=2, dirtied=1)
    assert counts.received == 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Fée 🧚 d'où \u202eça\u202c", "Fée 🧚 d'où \u202eça\u202c"),
        ("a\0b", "ab"),
        ("\ud800x", "x"),
        ("\\N\t\n'\"%s{}", "\\N\t\n'\"%s{}"),
        ("é" * 65_536, "é" * 65_536),
    ],
    ids=["emoji", "nul", "surrogate", "escapes", "long"],
)
def test_odd_text_survives(workspace: Workspace, given: str, kept: str) -> None:
    many = [account(f"A{number}", name=given) for number in range(60)]
    workspace.write(page(account(name=given)), page(*many))
    assert {row.name for row in workspace.rows("account")} == {kept}


def test_the_largest_amounts_survive_and_larger_ones_become_unknown(
    workspace: Workspace,
) -> None:
    most = 2**63 - 1
    workspace.write(page(opportunity("D1", amount=most), opportunity("D2", amount=-most - 1)))
    counts = workspace.write(page(opportunity("D3", amount=most + 1)))
    amounts = {row.external_id: row.amount for row in workspace.rows("opportunity")}
    assert amounts == {"D1": most, "D2": -most - 1, "D3": None}
    assert counts.quarantined == 1


def test_an_instant_outside_of_the_calendar_costs_only_its_day(workspace: Workspace) -> None:
    workspace.write(page(account(created_at=10**18)))
    assert workspace.row("account", "A1").created_on is None
    assert [row.field for row in workspace.rows("quarantine")] == ["created_at"]


def test_a_link_told_from_another_record_joins(workspace: Workspace) -> None:
    told = Link(relation=Relation.CONTACT_ACCOUNT, from_id="C1", to_id="A1")
    workspace.write(page(account(), links=[told]))
    ends = workspace.id_of(Kind.CONTACT, "C1"), workspace.id_of(Kind.ACCOUNT, "A1")
    assert workspace.links() == {(*ends, False)}
    workspace.evaluate()
    assert workspace.write(page(account(), links=[told])) == PageCounts(unchanged=1)
