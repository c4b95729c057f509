"""Whole cycles with a CRM on a busy day: what is written there, once, and what people's acts do."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.records import Kind
from service.store.engine import Store, open_store
from tests.contract.busy import BusyCrm
from tests.contract.territory import Territory, playbook
from tests.integration.machine import empty, hasten

HIGH, LOW = "600000", "1000"
# More refusals in a row than a connector bears.
STORM = 6


@pytest.fixture(scope="module")
def one_store(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all: its statements are compiled once."""
    path = tmp_path_factory.mktemp("cycles") / "arpent.sqlite3"
    shutil.copy(sqlite_template, path)
    opened = open_store(f"sqlite:///{path}")
    hasten(opened)
    yield opened
    opened.close()


@pytest.fixture
def store(one_store: Store) -> Store:
    """The store, with nothing in it."""
    empty(one_store)
    return one_store


@pytest.fixture
def territory(busy: BusyCrm, store: Store) -> Territory:
    """Two reps and no alert."""
    return Territory(busy, store)


@pytest.fixture
def alerted(busy: BusyCrm, store: Store) -> Territory:
    """An account of Élise's, who is far behind her plan."""
    made = Territory(busy, store, book=playbook(busy, alerts=True))
    made.put_accounts(HIGH)
    return made


def is_quiet(territory: Territory) -> bool:
    """Whether a cycle writes nothing, and asks nothing to write."""
    before = territory.crm.writes()
    pushed = territory.later()
    return (pushed.calls, territory.crm.writes() - before) == (0, 0)


# Echo.


def test_what_we_wrote_ourselves_is_not_written_again(territory: Territory) -> None:
    high, low = territory.put_accounts(HIGH, LOW)

    pushed = territory.cycle()

    assert (pushed.rejected, pushed.values["applied"] > 0) == (0, True)
    assert territory.crm.own_value(high, "tier") == "gold"
    assert territory.crm.own_value(low, "tier") == "silver"
    assert is_quiet(territory)
    assert territory.later(full=True).calls == 0
    assert is_quiet(territory)


def test_what_the_crm_keeps_in_another_form_is_not_written_again(territory: Territory) -> None:
    (key,) = territory.put_accounts(HIGH)
    territory.crm.keep_upper_case("why")

    territory.cycle()

    assert "POTENTIEL ÉLEVÉ" in (territory.crm.own_value(key, "why") or "")
    # A CRM that keeps silent about the form leaves it to look like somebody's edit.
    if not territory.crm.tells_kept_form:
        territory.later()
    assert is_quiet(territory)
    expected = "settled" if territory.crm.tells_kept_form else "drift"
    assert territory.debts(key)["why"].state == expected


def test_only_what_changes_is_written(territory: Territory) -> None:
    first, second = territory.put_accounts(LOW, LOW)
    territory.cycle()
    journal = len(territory.rows("push_journal"))

    territory.crm.set_potential(second, HIGH)
    territory.later()

    assert territory.crm.own_value(second, "tier") == "gold"
    changed = territory.rows("push_journal")[journal:]
    assert {row.account_id for row in changed} == {territory.account(second).id}
    assert territory.crm.own_value(first, "tier") == "silver"
    assert is_quiet(territory)


def test_accents_and_emoji_arrive_as_they_are(territory: Territory) -> None:
    (key,) = territory.put_accounts(HIGH)

    territory.cycle()

    assert "« potentiel élevé » 🍁" in (territory.crm.own_value(key, "why") or "")
    assert territory.account(key).name == "Scierie n° 0"
    assert is_quiet(territory)


# Refused.


def test_one_refused_record_is_one_dead_letter_and_the_rest_is_written(
    territory: Territory,
) -> None:
    ids = territory.put_accounts(HIGH, HIGH, LOW, LOW)
    words = territory.crm.refuse(ids[1])

    pushed = territory.cycle()

    assert [territory.crm.own_value(key, "tier") for key in ids] == [
        "gold", None, "silver", "silver",
    ]  # fmt: skip
    (letter,) = pushed.rejections
    assert words in letter.reason
    assert letter.external_id == ids[1]
    refused = territory.debts(ids[1])["tier"]
    assert refused.state == "rejected"
    assert words in refused.reason


def test_a_dead_letter_is_not_sent_again_by_itself(territory: Territory) -> None:
    ids = territory.put_accounts(HIGH, LOW)
    territory.crm.refuse(ids[0])
    territory.cycle()

    assert is_quiet(territory)
    territory.crm.accept(ids[0])
    territory.crm.set_potential(ids[0], LOW)
    territory.later()

    assert territory.crm.own_value(ids[0], "tier") == "silver"


def test_what_an_account_is_locked_for_is_written_later(territory: Territory) -> None:
    locked, other = territory.put_accounts(HIGH, HIGH)
    territory.crm.lock(locked)
    territory.cycle()
    assert territory.crm.own_value(locked, "tier") is None
    assert territory.crm.own_value(other, "tier") == "gold"

    territory.crm.unlock(locked)
    territory.later()

    assert territory.crm.own_value(locked, "tier") == "gold"
    assert is_quiet(territory)


# People's words.


def author(territory: Territory, name: str) -> str | None:
    """Whom the CRM names as the author of an edit, where it tells."""
    return name if territory.crm.tells_last_change else None


def test_a_person_s_edit_is_kept_and_told(territory: Territory) -> None:
    (key,) = territory.put_accounts(HIGH)
    territory.cycle()

    territory.crm.edit_by(territory.crm.owner_id, key, "tier", "silver")
    pushed = territory.later()

    assert pushed.read_back["drift"] == 1
    assert territory.crm.own_value(key, "tier") == "silver"
    assert territory.debts(key)["tier"].state == "drift"
    (heard,) = territory.rows("challenge")
    assert (heard.field, heard.value, heard.state) == ("tier", "silver", "open")
    assert heard.author == author(territory, "Élise Gagnon")
    territory.later()
    assert territory.crm.own_value(key, "tier") == "silver"
    assert is_quiet(territory)


def test_an_edit_that_is_taken_back_is_settled(territory: Territory) -> None:
    (key,) = territory.put_accounts(HIGH)
    territory.cycle()
    territory.crm.edit_by(territory.crm.owner_id, key, "tier", "silver")
    territory.later()

    territory.crm.edit_by(territory.crm.owner_id, key, "tier", "gold")
    territory.later()

    assert territory.debts(key)["tier"].state == "settled"
    assert [row.state for row in territory.rows("challenge")] == ["settled"]


def test_a_challenge_of_a_rep_is_heard_once_with_its_author(territory: Territory) -> None:
    (key,) = territory.put_accounts(LOW)
    territory.cycle()

    territory.crm.edit_by(territory.crm.owner_id, key, "challenge", "tier_too_low")
    territory.later()
    territory.later()

    (heard,) = territory.rows("challenge")
    assert (heard.field, heard.value, heard.about, heard.wanted, heard.state) == (
        "challenge", "tier_too_low", "tier", "gold", "open",
    )  # fmt: skip
    assert heard.author == author(territory, "Élise Gagnon")
    assert territory.crm.own_value(key, "challenge") == "tier_too_low"


def test_a_challenge_that_is_taken_back_is_settled(territory: Territory) -> None:
    (key,) = territory.put_accounts(LOW)
    territory.cycle()
    territory.crm.edit_by(territory.crm.owner_id, key, "challenge", "tier_too_low")
    territory.later()

    territory.crm.edit_by(territory.crm.owner_id, key, "challenge", None)
    territory.later()

    assert [row.state for row in territory.rows("challenge")] == ["settled"]


def test_a_tier_that_a_manager_imposes_goes_before_the_rules(territory: Territory) -> None:
    (key,) = territory.put_accounts(LOW)
    territory.cycle()

    territory.crm.edit_by(territory.marc, key, "imposed_until", "2026-12-31")
    territory.crm.edit_by(territory.marc, key, "imposed_tier", "gold")
    territory.later()

    if not territory.crm.tells_last_change:
        # Nobody knows whose decision it is: a person is asked.
        (asked,) = territory.rows("challenge")
        assert (asked.field, asked.wanted, asked.state) == ("imposed_tier", "gold", "open")
        assert territory.crm.own_value(key, "tier") == "silver"
        return
    (kept,) = territory.rows("override")
    assert (kept.field, kept.value, kept.author) == ("tier", "gold", "Marc Lavoie")
    assert territory.crm.own_value(key, "tier") == "gold"
    territory.crm.edit_by(territory.marc, key, "imposed_tier", None)
    territory.later()
    assert territory.crm.own_value(key, "tier") == "silver"


def test_a_tier_that_its_owner_imposes_waits_for_a_manager(territory: Territory) -> None:
    (key,) = territory.put_accounts(LOW)
    territory.cycle()

    territory.crm.edit_by(territory.crm.owner_id, key, "imposed_tier", "gold")
    territory.later()

    assert territory.rows("override") == []
    (asked,) = territory.rows("challenge")
    assert (asked.field, asked.wanted) == ("imposed_tier", "gold")
    assert asked.author == author(territory, "Élise Gagnon")
    assert territory.crm.own_value(key, "tier") == "silver"


# Lost answers, limits, sessions.


def test_values_whose_answer_is_lost_are_settled_by_what_is_read(territory: Territory) -> None:
    ids = territory.put_accounts(HIGH, LOW)
    territory.crm.lose_the_next_batch()
    report = territory.attempt()
    assert report.failures
    assert territory.crm.own_value(ids[0], "tier") == "gold"

    territory.later()

    assert {row.state for key in ids for row in territory.debts(key).values()} == {"settled"}
    assert is_quiet(territory)


def test_a_task_whose_answer_is_lost_is_never_created_twice(alerted: Territory) -> None:
    alerted.crm.lose_the_next_task()

    alerted.attempt()
    assert alerted.crm.tasks() == 1
    for _ in range(3):
        alerted.later()

    assert alerted.crm.tasks() == 1
    (alert,) = alerted.rows("alert")
    assert alert.task_id


def test_an_alert_is_one_task_however_many_cycles_pass(alerted: Territory) -> None:
    pushed = alerted.cycle()

    assert pushed.tasks["applied"] == 1
    (alert,) = alerted.rows("alert")
    subject, _ = alerted.crm.task_text(alert.task_id)
    assert (subject, subject.endswith("🍁")) == (alert.subject_line, True)
    assert is_quiet(alerted)
    assert alerted.crm.tasks() == 1


def test_a_storm_of_refusals_delays_and_loses_nothing(territory: Territory) -> None:
    ids = territory.put_accounts(HIGH, LOW, HIGH)
    territory.crm.storm(STORM)

    for _ in range(2 * STORM):
        if not territory.attempt().failures:
            break
        territory.crm.settle()

    assert [territory.crm.own_value(key, "tier") for key in ids] == ["gold", "silver", "gold"]
    assert is_quiet(territory)


def test_a_storm_that_meets_the_push_delays_it(territory: Territory) -> None:
    (key,) = territory.put_accounts(LOW)
    territory.cycle()
    territory.crm.set_potential(key, HIGH)
    territory.crm.settle()
    territory.attempt(pushes=False)
    territory.crm.storm(STORM)

    for _ in range(2 * STORM):
        if not territory.attempt().failures:
            break
        territory.crm.settle()

    assert territory.crm.own_value(key, "tier") == "gold"
    assert is_quiet(territory)


def test_a_session_that_ends_between_two_cycles_is_opened_anew(territory: Territory) -> None:
    (key,) = territory.put_accounts(LOW)
    territory.cycle()
    before = territory.crm.logins()

    territory.crm.set_potential(key, HIGH)
    territory.crm.end_session()
    territory.cycle()

    assert territory.crm.own_value(key, "tier") == "gold"
    assert territory.crm.logins() > before


def test_without_access_the_crm_stops_alone_and_nothing_is_forgotten(
    territory: Territory,
) -> None:
    ids = territory.put_accounts(HIGH, LOW)
    territory.cycle()
    before, tiers = territory.crm.writes(), territory.tiers()
    territory.crm.withdraw()

    report = territory.attempt()

    assert list(report.failures) == [territory.crm.vendor]
    assert territory.crm.writes() == before
    assert territory.tiers() == tiers
    assert {row.archived_at for row in territory.rows("account") if row.external_id in ids} == {
        None
    }


# Records that go, come back, become one.


def test_a_deleted_account_has_its_tombstone_and_no_write(territory: Territory) -> None:
    gone, kept = territory.put_accounts(HIGH, LOW)
    territory.cycle()

    territory.crm.archive(Kind.ACCOUNT, gone)
    territory.later()

    assert territory.account(gone).archived_at is not None
    assert territory.tiers() == {kept: "silver"}
    assert is_quiet(territory)


def test_a_restored_account_is_tagged_again(territory: Territory) -> None:
    (key,) = territory.put_accounts(HIGH)
    territory.cycle()
    territory.crm.archive(Kind.ACCOUNT, key)
    territory.later()
    assert territory.tiers() == {}

    territory.crm.restore(Kind.ACCOUNT, key)
    territory.crm.set_potential(key, LOW)
    territory.later()

    assert territory.tiers() == {key: "silver"}
    assert territory.crm.own_value(key, "tier") == "silver"
    assert is_quiet(territory)


def test_accounts_that_are_merged_are_one_with_one_tier(territory: Territory) -> None:
    loser, winner = territory.put_accounts(LOW, HIGH)
    territory.crm.put_deal("5000", loser)
    territory.cycle()

    survivor = territory.crm.merge(loser, winner)
    territory.later()
    territory.later()

    assert territory.tiers() == {survivor: "gold"}
    assert territory.crm.own_value(survivor, "tier") == "gold"
    # What leads to a tombstone stays, in case that it comes back.
    gone = {row.id for row in territory.rows("account") if row.archived_at}
    (link,) = [
        row
        for row in territory.rows("link")
        if row.relation == "opportunity_account"
        and (territory.crm.tells_survivor or row.to_id not in gone)
    ]
    assert link.to_id == territory.account(survivor).id
    assert is_quiet(territory)


# Owners.


def rep_of(territory: Territory, owner_id: int) -> str | None:
    (key,) = [row.rep_key for row in territory.rows("owner") if row.id == owner_id]
    return str(key) if key else None


def test_an_account_that_is_given_away_is_the_other_rep_s(territory: Territory) -> None:
    given, kept = territory.put_accounts(HIGH, HIGH)
    territory.cycle()

    territory.crm.reassign(Kind.ACCOUNT, given, territory.marc)
    territory.later()

    assert rep_of(territory, territory.account(given).owner_id) == "marc"
    assert rep_of(territory, territory.account(kept).owner_id) == "elise"
    assert territory.crm.own_value(given, "tier") == "gold"


def test_the_deals_of_a_rep_who_leaves_stay_counted_under_the_rep(territory: Territory) -> None:
    (key,) = territory.put_accounts(HIGH)
    territory.crm.put_deal("7000", key, owner=territory.marc)
    territory.cycle()

    territory.crm.deactivate_owner(territory.marc)
    territory.later()

    (marc,) = [row for row in territory.rows("owner") if row.external_id == territory.marc]
    assert (marc.is_active, marc.rep_key) == (False, "marc")
    (deal,) = [row for row in territory.rows("opportunity") if not row.archived_at]
    assert (deal.owner_id, deal.team_amount) == (marc.id, 700_000)


def test_the_deals_of_two_owners_on_a_company_are_each_one_s(territory: Territory) -> None:
    (key,) = territory.put_accounts(HIGH)
    territory.crm.put_deal("1000", key)
    territory.crm.put_deal("2000", key, owner=territory.marc)

    territory.cycle()

    deals = [row for row in territory.rows("opportunity") if not row.archived_at]
    assert {rep_of(territory, row.owner_id): row.team_amount for row in deals} == {
        "elise": 100_000,
        "marc": 200_000,
    }
    assert rep_of(territory, territory.account(key).owner_id) == "elise"
    linked = [row for row in territory.rows("link") if row.relation == "opportunity_account"]
    assert {(row.from_id, row.to_id) for row in linked} == {
        (row.id, territory.account(key).id) for row in deals
    }


def test_amounts_in_several_currencies_are_worth_what_the_crm_says(territory: Territory) -> None:
    territory.crm.use_currencies({"USD": "1.25"})
    territory.crm.catch_up()
    (key,) = territory.put_accounts(HIGH)
    territory.crm.put_deal("1000", key)
    territory.crm.put_deal("1000", key, currency="USD")

    territory.cycle()

    deals = [row for row in territory.rows("opportunity") if not row.archived_at]
    assert {(row.currency, row.amount, row.team_amount) for row in deals} == {
        ("CAD", 100_000, 100_000),
        ("USD", 100_000, 125_000),
    }


# Administrators.


def test_a_field_that_an_admin_removes_demotes_nobody(territory: Territory) -> None:
    ids = territory.put_accounts(HIGH, LOW)
    territory.cycle()
    before = territory.tiers()

    territory.crm.remove_field(territory.crm.potential.crm_field)
    territory.later()
    territory.later(full=True)

    assert territory.tiers() == before
    assert territory.crm.own_value(ids[0], "tier") == "gold"
    (notice,) = territory.rows("field_notice")
    assert (notice.name, notice.kind) == ("potential", "account")


def test_a_field_that_an_admin_retypes_demotes_nobody(territory: Territory) -> None:
    ids = territory.put_accounts(HIGH, LOW)
    territory.cycle()
    before = territory.tiers()

    territory.crm.retype_field(territory.crm.potential.crm_field)
    territory.later()
    territory.later(full=True)

    assert territory.tiers() == before
    assert territory.crm.own_value(ids[0], "tier") == "gold"
    (notice,) = territory.rows("field_notice")
    assert notice.name == "potential"


def test_a_field_that_an_admin_relabels_changes_nothing(territory: Territory) -> None:
    territory.put_accounts(HIGH, LOW)
    territory.cycle()

    territory.crm.relabel_field(territory.crm.potential.crm_field, "Potentiel (vieux) ⚠")
    territory.crm.settle()

    assert is_quiet(territory)
    assert territory.later(full=True).calls == 0
    assert territory.rows("field_notice") == []


def test_an_own_field_that_an_admin_deletes_costs_no_other(territory: Territory) -> None:
    (key,) = territory.put_accounts(LOW)
    territory.cycle()

    territory.crm.delete_own_field("why")
    territory.crm.set_potential(key, HIGH)
    pushed = territory.later()

    assert territory.crm.own_value(key, "tier") == "gold"
    assert len(pushed.lost) == 1
    assert is_quiet(territory)
