"""Whatever happens in whatever order: once it is quiet, the CRM is as the rules and people want.

A state machine draws commands, changes in the CRM, faults and deaths of processes;
`machine_checks` says what must hold. `ARPENT_TEST_EXAMPLES` asks for a long run on new examples
instead of the few that every run of the suite repeats; `ARPENT_TEST_SEED` repeats a long run.
"""

import os
import random
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rules.owned import Owned
from rules.records import Kind
from service import lease
from service.store import rulebooks
from service.store.engine import Store, open_store
from service.store.requests import Wanted
from tests.integration import machine_checks
from tests.integration.machine import (
    FAULTS,
    HOUR,
    NO_FAULT,
    VARIANTS,
    WORKERS,
    Fault,
    World,
    hasten,
)
from tests.integration.office import DAY, MINUTE

EXAMPLES = os.environ.get("ARPENT_TEST_EXAMPLES")
STEPS = int(os.environ.get("ARPENT_TEST_STEPS", "30"))
SHARE = {"sqlite": 6, "postgresql": 2}
PERSON = "Élise Gagnon"
NAMES = ("a", "b", "c", "d")
# 1 November 2026, half an hour before Toronto goes back to winter time; then 14 March 2027.
CHANGES_OF_HOUR = (1_793_511_000_000, 1_805_005_800_000)

faults = st.one_of(
    st.just(NO_FAULT),
    st.builds(
        Fault,
        kind=st.sampled_from(FAULTS),
        at=st.integers(1, 12),
        account=st.sampled_from(NAMES),
    ),
)
picks = st.integers(0, 9)
steps_of_time = st.sampled_from([MINUTE, 20 * MINUTE, 5 * HOUR, DAY, 3 * DAY, 7 * DAY, None])
edits = st.sampled_from(
    [
        *[(Owned.TIER, value) for value in ("gold", "silver", "bronze", None)],
        *[(Owned.PRIORITY, value) for value in ("p1", "p4", None)],
        *[(Owned.WHY, value) for value in ("à moi", "pas d'accord", None)],
        (Owned.SEGMENT, "à moi"),
        (Owned.NEXT_CONTACT, "2026-09-01"),
    ]
)
changes = st.sampled_from(
    [
        *[("potentiel_annuel", value) for value in ("600000", "200000", "50000", "", "beaucoup")],
        *[("lifecyclestage", value) for value in ("lead", "customer", "other")],
        *[("owner", value) for value in ("501", "502", None)],
        *[("cycle_de_vente", value) for value in ("court", "long")],
    ]
)

compiled = cache(rulebooks._compiled.__wrapped__)


class Machine(RuleBasedStateMachine):
    """Commands, people and faults, in any order."""

    store: Store
    reference: Store
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.world: World | None = None
        for left in self.folder.iterdir():
            left.unlink()

    @initialize(
        is_careful=st.booleans(), variant=st.sampled_from(sorted(VARIANTS)), is_old=st.booleans()
    )
    def begin(self, is_careful: bool, variant: str, is_old: bool) -> None:  # noqa: FBT001 - drawn by name
        self.world = World(self.store, self.folder, is_careful=is_careful)
        self.patch.setattr(lease, "me", self.world.me)
        # Examples change playbooks more often than a year of operations: each is compiled once.
        self.patch.setattr(rulebooks, "_compiled", compiled)
        self.world.put_accounts(*NAMES[:2])
        self.world.put_accounts(*NAMES[2:], potential="50000", owner="502")
        self.world.publish(variant)
        if is_old:
            self.world.run_cycle()

    @property
    def there(self) -> World:
        """The world, once it is there."""
        assert self.world is not None
        return self.world

    def account(self, pick: int) -> str | None:
        """One of the accounts that are there."""
        live = self.there.crm.live()
        return live[pick % len(live)] if live else None

    # Commands.

    @rule(fault=faults, full=st.booleans())
    def pull(self, fault: Fault, full: bool) -> None:  # noqa: FBT001 - drawn by name
        self.there.pull(fault, full=full)

    @rule(fault=faults, full=st.booleans())
    def run_cycle(self, fault: Fault, full: bool) -> None:  # noqa: FBT001 - drawn by name
        self.there.run_cycle(fault, full=full)

    @rule()
    def run_undisturbed(self) -> None:
        self.there.run_cycle()

    @rule(fault=faults, owner=st.sampled_from([None, "elise", "marc"]))
    def push(self, fault: Fault, owner: str | None) -> None:
        self.there.push_owed(fault, owner)

    @rule(fault=faults, pick=picks)
    def release_held(self, fault: Fault, pick: int) -> None:
        held = self.there.held_runs()
        if held:
            self.there.release_held(fault, held[pick % len(held)])

    @rule(fault=faults, pick=picks)
    def undo(self, fault: Fault, pick: int) -> None:
        # Of the runs that wrote something, most often the last one.
        runs = sorted({row.run_id for row in self.there.rows("push_journal")})
        if runs:
            self.there.undo(fault, runs[-1 - pick % len(runs)])

    @rule(fault=faults, pick=picks)
    def release_undone(self, fault: Fault, pick: int) -> None:
        pinned = sorted({row.pin_run_id for row in self.there.rows("outbox") if row.pin_run_id})
        if pinned:
            self.there.release_undone(fault, pinned[pick % len(pinned)])

    @rule(process=st.sampled_from(WORKERS), fault=faults)
    def tick(self, process: str, fault: Fault) -> None:
        self.there.tick(process, fault)

    @rule(name=st.sampled_from(sorted(VARIANTS)), fault=faults)
    def publish(self, name: str, fault: Fault) -> None:
        self.there.publish(name, fault)

    @rule(fault=faults)
    def roll_back(self, fault: Fault) -> None:
        self.there.roll_back(fault)

    @rule(order=st.sampled_from(["pause", "go on", "now", "read only", "write again"]))
    def order(self, order: str) -> None:
        world = self.there
        if order in {"pause", "go on"}:
            world.is_paused = order == "pause"
            world.ask(Wanted.PAUSE, is_on=world.is_paused)
        elif order == "now":
            world.ask(Wanted.NOW, is_on=True)
        else:
            world.is_read_only = order == "read only"

    @rule(pick=picks)
    def back_up_or_put_back(self, pick: int) -> None:
        if pick < 5 and self.there.backups:
            self.there.put_back(self.there.backups[pick % len(self.there.backups)])
        else:
            self.there.back_up()

    @precondition(lambda self: self.world and self.world.is_restored)
    @rule()
    def resume(self) -> None:
        self.there.resume()

    # The CRM and its people.

    @rule(pick=picks, change=changes)
    def change(self, pick: int, change: tuple[str, str | None]) -> None:
        if key := self.account(pick):
            self.there.crm.change_account(key, *change)

    @rule(pick=picks, edit=edits)
    def edit_and_look(self, pick: int, edit: tuple[Owned, str | None]) -> None:
        self.edit(pick, edit)
        self.there.run_cycle()

    @rule(pick=picks, edit=edits)
    def edit(self, pick: int, edit: tuple[Owned, str | None]) -> None:
        key, (name, value) = self.account(pick), edit
        if key and name in self.there.crm.own_schema:
            self.there.crm.edit_own_field(key, name, value, author=PERSON)

    @rule(pick=picks, is_won=st.booleans())
    def sell(self, pick: int, is_won: bool) -> None:  # noqa: FBT001 - drawn by name
        if key := self.account(pick):
            crm = self.there.crm
            crm.put_opportunity(
                f"sale-{key}", stage_id="won" if is_won else "open", account_id=key, amount="100",
                owner_id="501", closes_at="2026-06-30" if is_won else None,
            )  # fmt: skip

    @rule(pick=picks, days=st.sampled_from([0, 12, 27, 88]))
    def contact(self, pick: int, days: int) -> None:
        if key := self.account(pick):
            # Some days from now, the next contact is late and the account no longer active.
            at = self.there.now - days * DAY
            self.there.crm.put_activity(account_id=key, owner_id="501", happened_at=at)

    @rule(pick=picks, how=st.sampled_from(["archive", "destroy"]))
    def delete(self, pick: int, how: str) -> None:
        if key := self.account(pick):
            getattr(self.there.crm, how)(Kind.ACCOUNT, key)

    @rule()
    def restore(self) -> None:
        for key in self.there.crm.archived():
            self.there.crm.restore(Kind.ACCOUNT, key)

    @rule(one=picks, other=picks)
    def merge(self, one: int, other: int) -> None:
        loser, winner = self.account(one), self.account(other)
        if loser and winner and loser != winner:
            self.there.crm.merge(loser, winner)

    @rule(owner=st.sampled_from(["501", "502"]))
    def add(self, owner: str) -> None:
        self.there.crm.put_account(
            name="Neuf", owner_id=owner,
            fields={"lifecyclestage": "lead", "potentiel_annuel": "600000"},
        )  # fmt: skip

    @rule(pick=picks)
    def finish_task(self, pick: int) -> None:
        crm = self.there.crm
        if unfinished := sorted(crm.tasks.keys() - crm.finished):
            key = unfinished[pick % len(unfinished)]
            crm.finish_task(key)
            crm.finished_by_people.add(key)

    @rule(
        name=st.sampled_from(
            ["potentiel_annuel", "lifecyclestage", "industry", Owned.TIER, Owned.WHY, None]
        )
    )
    def administer(self, name: str | None) -> None:
        """An admin takes a field away, or brings back all that were."""
        crm = self.there.crm
        if name is None:
            crm.show_fields()
            self.there.ensure_fields()
        elif name in crm.own_schema:
            crm.delete_own_field(name)
        else:
            crm.hide_field(name)

    # Time.

    @rule(step=steps_of_time)
    def pass_time(self, step: int | None) -> None:
        """Some time passes, or all of it until a change of hour."""
        now = self.there.now
        later = [at for at in CHANGES_OF_HOUR if at > now]
        self.there.now = later[0] if later and step is None else now + (step or HOUR)

    # What must hold.

    @rule(releases=st.booleans())
    def settle(self, releases: bool) -> None:  # noqa: FBT001 - drawn by name
        machine_checks.settle(self.there, self.reference, releases=releases)

    @invariant()
    def holds_ever(self) -> None:
        if self.world is not None:
            machine_checks.ever(self.world)

    def teardown(self) -> None:
        try:
            # After a failure, what a second one says would hide the first.
            if self.world is not None and sys.exception() is None:
                machine_checks.settle(self.world, self.reference, releases=True)
        finally:
            self.patch.undo()


@pytest.fixture
def reference(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """The store of the expectation: always SQLite, so that both databases answer to one."""
    path = tmp_path / "reference.sqlite3"
    shutil.copy(sqlite_template, path)
    opened = open_store(f"sqlite:///{path}")
    hasten(opened)
    yield opened
    opened.close()


def test_whatever_happens_it_comes_to_rest_as_it_should(
    store: Store, reference: Store, database: str, tmp_path: Path
) -> None:
    hasten(store)
    folder = tmp_path / "backups"
    folder.mkdir()
    given = {"store": store, "reference": reference, "folder": folder}
    machine = type("Given", (Machine,), given)
    number = int(os.environ.get("ARPENT_TEST_SEED", random.SystemRandom().randrange(2**32)))
    if EXAMPLES is not None:
        machine = seed(number)(machine)
    print(f"{database}: seed {number if EXAMPLES else 'of the suite'}")  # noqa: T201 - pytest shows it with a failure
    share = SHARE[database]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(EXAMPLES) * share // sum(SHARE.values()) if EXAMPLES else share,
            stateful_step_count=STEPS,
            derandomize=EXAMPLES is None,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


# Found by the machine, and shrunk.


@pytest.fixture
def world(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two accounts whose values are in the CRM."""
    found = World(store, tmp_path)
    monkeypatch.setattr(lease, "me", found.me)
    found.put_accounts("a", "b")
    found.run_cycle()
    return found


def test_an_edit_that_was_seen_survives_the_loss_and_the_return_of_its_field(
    world: World, reference: Store
) -> None:
    world.crm.edit_own_field("a", "tier", "bronze", author=PERSON)
    world.pull()
    world.crm.delete_own_field("tier")
    world.pull()
    world.ensure_fields()
    world.run_cycle()
    assert world.crm.own_field("a", "tier") == "bronze"
    (heard,) = world.rows("challenge")
    assert (heard.field, heard.value, heard.author) == ("tier", "bronze", PERSON)
    machine_checks.settle(world, reference, releases=True)


def test_what_was_destroyed_between_two_pages_of_changes_is_gone(
    world: World, reference: Store
) -> None:
    world.crm.page_size = 1
    world.put_accounts("c")
    world.crm.destroy(Kind.ACCOUNT, "c")
    world.crm.change_account("a", "owner", "502")
    world.crm.destroy(Kind.ACCOUNT, "b")
    world.put_accounts("d", "e")
    world.pull()
    live = {row.external_id for row in world.rows("account") if row.archived_at is None}
    assert live == {"a", "d", "e"}
    machine_checks.settle(world, reference, releases=True)
