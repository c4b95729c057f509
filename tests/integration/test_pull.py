"""A pull brings the mirror up to date, resumes where it stopped, and tells what it did."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import event

from connectors.base import Binding, Fatal, Page, Retriable
from connectors.memory import Memory
from rules.language import Text
from rules.records import FieldType, Kind, Relation
from rules.time import Instant
from service import pull
from service.store import bindings, cursors
from service.store.engine import Store, StoreError
from tests.integration.pages import (
    NOON,
    NOW,
    Workspace,
    account,
    deal_of,
    opportunity,
    page,
)

# Only there so that nothing hangs, however loaded the machine is.
PATIENCE = 300
GONE = Text("Le CRM ne répond pas.", "The CRM does not answer.")
POTENTIAL = Binding(
    kind=Kind.ACCOUNT, name="potential", crm_field="Potentiel", type=FieldType.MONEY
)


class Watched(Memory):
    """The CRM in memory; notes how each stream was asked for, and by which threads."""

    def __init__(self, *, page_size: int = 100, readers: int = 1) -> None:
        super().__init__(page_size=page_size, readers=readers)
        self.asked: list[tuple[Kind, str | None]] = []
        self.callers: set[int] = set()

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        self.asked.append((kind, cursor))
        for each in super().pull(kind, cursor, bindings, own_fields):
            self.callers.add(threading.get_ident())
            yield each


class Together(Watched):
    """The CRM in memory; lets no stream end before three are under way."""

    def __init__(self) -> None:
        super().__init__(page_size=10, readers=3)
        self.together = threading.Barrier(3, timeout=PATIENCE)

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        for each in super().pull(kind, cursor, bindings, own_fields):
            if each.is_last:
                self.together.wait()
            yield each


class Paced(Memory):
    """The CRM in memory; 400 ms go by with each page."""

    def __init__(self, *, page_size: int) -> None:
        super().__init__(page_size=page_size)
        self.now = NOW

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        for each in super().pull(kind, cursor, bindings, own_fields):
            self.now += 400
            yield each


def run(
    workspace: Workspace,
    crm: Memory,
    *,
    full: bool = False,
    kinds: Sequence[Kind] = pull.ORDER,
    now: Callable[[], Instant] = lambda: NOW,
    progress: Callable[[pull.StreamReport], None] = lambda _: None,
) -> pull.PullReport:
    return pull.run(
        workspace.store,
        crm,
        connection_id=workspace.connection_id,
        run_id=None,
        now=now,
        full=full,
        kinds=kinds,
        progress=progress,
    )


def stream(report: pull.PullReport, kind: Kind) -> pull.StreamReport:
    (found,) = [each for each in report.streams if each.kind is kind]
    return found


def fill(crm: Memory, accounts: int = 25) -> None:
    crm.put_owner("O1", email="maude@example.test")
    crm.put_stage("S1")
    for number in range(accounts):
        name = f"A{number:03}"
        crm.put_account(name, name=f"Client {number}", owner_id="O1")
        crm.put_opportunity(f"D{number:03}", amount="10", stage_id="S1", account_id=name)


def mirror_of(workspace: Workspace) -> dict[str, object]:
    """The mirror in the CRM's own ids, which do not depend on the order of arrival."""
    references, links = workspace.rows("external_ref"), workspace.rows("link")
    names = {(each.kind, each.entity_id): each.external_id for each in references}
    return {
        "accounts": {row.external_id: row.name for row in workspace.rows("account")},
        "deals": {row.external_id: row.team_amount for row in workspace.rows("opportunity")},
        "links": {
            (names[Kind.OPPORTUNITY, each.from_id], names[Kind.ACCOUNT, each.to_id])
            for each in links
            if each.relation == Relation.OPPORTUNITY_ACCOUNT
        },
    }


def test_a_first_pull_brings_everything(workspace: Workspace) -> None:
    crm = Watched(page_size=10)
    fill(crm)
    report = run(workspace, crm)
    assert stream(report, Kind.ACCOUNT) == pull.StreamReport(
        kind=Kind.ACCOUNT, is_full=True, pages=3, written=25, dirtied=25
    )
    assert [each.kind for each in report.streams] == list(pull.ORDER)
    assert report.received == 52
    assert report.calls == crm.calls
    assert report.counts["account.received"] == 25
    assert report.counts["opportunity.written"] == 25
    assert workspace.row("opportunity", "D003").team_amount == 1000


def test_who_calls_the_crm_never_holds_a_transaction(workspace: Workspace) -> None:
    crm = Watched(page_size=5, readers=3)
    fill(crm)
    writers: set[int] = set()

    def note(*_: object) -> None:
        writers.add(threading.get_ident())

    event.listen(workspace.store.engine, "begin", note)
    run(workspace, crm)
    event.remove(workspace.store.engine, "begin", note)
    assert writers == {threading.get_ident()}
    assert crm.callers
    assert writers.isdisjoint(crm.callers)


def test_streams_are_read_side_by_side_into_the_same_mirror(workspace: Workspace) -> None:
    crm = Together()
    fill(crm)
    report = run(workspace, crm)
    # The barrier has let nobody through before there were three.
    assert crm.together.broken is False
    assert [each.kind for each in report.streams] == list(pull.ORDER)
    assert report.received == 52
    state = mirror_of(workspace)
    crm.readers = 1
    crm.together = threading.Barrier(1)
    run(workspace, crm, full=True)
    assert mirror_of(workspace) == state
    assert stream(report, Kind.OPPORTUNITY).written == 25


def test_a_lease_that_is_lost_stops_every_reader(workspace: Workspace) -> None:
    crm = Watched(page_size=1, readers=3)
    fill(crm)

    def lose(_: pull.StreamReport) -> None:
        raise StoreError(GONE)

    with pytest.raises(StoreError):
        run(workspace, crm, progress=lose)
    assert [each.name for each in threading.enumerate() if each.name.startswith("pull")] == []


def test_the_next_pull_brings_only_what_changed(workspace: Workspace) -> None:
    crm = Watched()
    fill(crm)
    run(workspace, crm)
    workspace.evaluate()
    crm.put_account("A003", name="Nouveau nom", owner_id="O1")
    report = run(workspace, crm)
    assert stream(report, Kind.ACCOUNT).written == 1
    assert not stream(report, Kind.ACCOUNT).is_full
    assert workspace.dirty() == {"A003"}


def test_a_pull_that_brings_nothing_new_marks_nobody(workspace: Workspace) -> None:
    crm = Memory()
    fill(crm)
    run(workspace, crm)
    workspace.evaluate()
    report = run(workspace, crm, full=True)
    assert {name for name in report.counts if name.endswith(("written", "dirtied"))} == set()
    assert workspace.dirty() == set()


@pytest.mark.parametrize("stop_at", range(1, 9))
def test_a_pull_that_stops_at_any_call_is_resumed(workspace: Workspace, stop_at: int) -> None:
    crm = Watched(page_size=10)
    fill(crm)
    crm.fail(Retriable(GONE), on_call=stop_at)
    with pytest.raises(Retriable):
        run(workspace, crm)
    kept = len(workspace.rows("account"))
    report = run(workspace, crm)
    assert stream(report, Kind.ACCOUNT).written == 25 - kept
    assert stream(report, Kind.ACCOUNT).unchanged == 0
    state = mirror_of(workspace)
    run(workspace, crm, full=True)
    assert mirror_of(workspace) == state
    assert len(workspace.rows("link")) == 25


def test_pages_written_before_a_failure_are_told(workspace: Workspace) -> None:
    crm = Memory(page_size=10)
    fill(crm)
    crm.fail(Fatal(GONE), on_call=5)
    heard: list[pull.StreamReport] = []
    with pytest.raises(Fatal):
        pull.run(
            workspace.store,
            crm,
            connection_id=workspace.connection_id,
            run_id=None,
            now=lambda: NOW,
            progress=heard.append,
        )
    assert [(each.kind, each.pages) for each in heard] == [
        (Kind.OWNER, 1),
        (Kind.STAGE, 1),
        (Kind.ACCOUNT, 2),
    ]
    assert len(workspace.rows("account")) == 20


def test_pages_are_written_together_but_never_wait_longer_than_a_second(
    workspace: Workspace,
) -> None:
    crm = Paced(page_size=5)
    fill(crm)
    heard: list[tuple[int, int]] = []

    def note(report: pull.StreamReport) -> None:
        heard.append((report.pages, len(workspace.rows("account"))))

    for now in (lambda: crm.now, lambda: NOW):
        pull.run(
            workspace.store,
            crm,
            connection_id=workspace.connection_id,
            run_id=None,
            now=now,
            kinds=[Kind.ACCOUNT],
            full=True,
            progress=note,
        )
    assert heard == [(3, 15), (5, 25), (5, 25)]


class Told(Memory):
    """A CRM whose streams are written down, page by page."""

    def __init__(self, *pages: Page) -> None:
        super().__init__()
        self.pages = pages

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        del kind, cursor, bindings, own_fields
        yield from self.pages


def told(*pages: Page) -> Told:
    return Told(*[replace(each, is_last=each is pages[-1]) for each in pages])


def test_a_record_that_comes_twice_belongs_to_whom_it_said_last(workspace: Workspace) -> None:
    before = page(opportunity("D1"), opportunity("D2"), links=[deal_of("A1"), deal_of("A1", "D2")])
    after = page(opportunity("D1", modified_at=NOON + 1), links=[deal_of("A2")])
    run(workspace, told(before, after), kinds=[Kind.OPPORTUNITY])
    first, second = workspace.id_of(Kind.ACCOUNT, "A1"), workspace.id_of(Kind.ACCOUNT, "A2")
    deal, other = (workspace.id_of(Kind.OPPORTUNITY, each) for each in ("D1", "D2"))
    assert workspace.links() == {(deal, second, True), (other, first, True)}


def test_a_record_that_goes_and_comes_back_is_there(workspace: Workspace) -> None:
    gone = page(kind=Kind.OPPORTUNITY, gone=["D1"])
    back = page(opportunity("D1", modified_at=NOON + 1))
    run(workspace, told(page(opportunity("D1")), gone, back), kinds=[Kind.OPPORTUNITY])
    assert workspace.row("opportunity", "D1").archived_at is None
    run(workspace, told(back, gone), kinds=[Kind.OPPORTUNITY], full=True)
    assert workspace.row("opportunity", "D1").archived_at == NOW


def test_an_account_and_then_its_merge_are_written_one_after_the_other(
    workspace: Workspace,
) -> None:
    pages = page(account("A1")), page(account("A2", merged_ids=["A1"], modified_at=NOON + 1))
    report = run(workspace, told(*pages), kinds=[Kind.ACCOUNT])
    assert stream(report, Kind.ACCOUNT).written == 2
    assert [each.external_id for each in workspace.rows("account")] == ["A2"]


def test_a_full_pull_makes_tombstones_of_what_is_absent(workspace: Workspace) -> None:
    crm = Memory()
    fill(crm)
    run(workspace, crm)
    workspace.evaluate()
    # The CRM forgot it without a trace, as it does when its list of deletions has expired.
    del crm._streams[Kind.ACCOUNT].rows["A003"]
    del crm._streams[Kind.OPPORTUNITY].rows["D007"]
    assert stream(run(workspace, crm), Kind.ACCOUNT).archived == 0
    report = run(workspace, crm, full=True, now=lambda: NOW + 5)
    assert stream(report, Kind.ACCOUNT).archived == 1
    assert workspace.row("account", "A003").archived_at == NOW + 5
    assert workspace.row("opportunity", "D007").archived_at == NOW + 5
    assert workspace.dirty() == {"A003", "A007"}
    assert stream(run(workspace, crm, full=True), Kind.ACCOUNT).archived == 0


def test_a_crm_that_shows_nothing_any_more_is_not_believed(workspace: Workspace) -> None:
    crm = Memory()
    fill(crm, accounts=120)
    run(workspace, crm)
    crm._streams[Kind.ACCOUNT].rows.clear()
    report = run(workspace, crm, full=True)
    assert stream(report, Kind.ACCOUNT).held == 120
    assert {row.archived_at for row in workspace.rows("account")} == {None}


def test_a_deleted_record_is_told_by_the_next_pull(workspace: Workspace) -> None:
    crm = Memory()
    fill(crm)
    run(workspace, crm)
    workspace.evaluate()
    crm.destroy(Kind.ACCOUNT, "A005")
    assert stream(run(workspace, crm), Kind.ACCOUNT).archived == 1
    assert workspace.dirty() == {"A005"}


def test_accounts_merged_in_the_crm_become_one(workspace: Workspace) -> None:
    crm = Memory()
    fill(crm, accounts=3)
    run(workspace, crm)
    workspace.evaluate()
    crm.merge("A000", "A001")
    run(workspace, crm)
    assert workspace.row("account", "A000").archived_at is not None
    assert workspace.row("account", "A001").archived_at is None
    winner = workspace.id_of(Kind.ACCOUNT, "A001")
    assert workspace.id_of(Kind.ACCOUNT, "A000") == winner
    assert [row.to_id for row in workspace.rows("link")].count(winner) == 2
    assert "A001" in {row.external_id for row in workspace.rows("account") if row.id == winner}
    assert winner in {row.account_id for row in workspace.rows("dirty")}


def test_only_the_streams_asked_for_are_read(workspace: Workspace) -> None:
    crm = Watched()
    fill(crm)
    run(workspace, crm, kinds=[Kind.OPPORTUNITY, Kind.OWNER])
    assert [kind for kind, _ in crm.asked] == [Kind.OWNER, Kind.OPPORTUNITY]


def bind(workspace: Workspace, *bound: Binding) -> None:
    with workspace.store.write() as connection:
        bindings.save_bindings(connection, {"memory": bound})


def waiting(workspace: Workspace) -> list[str]:
    with workspace.store.read() as connection:
        return [each.name for each in bindings.waiting(connection, "memory")]


def test_a_new_binding_is_backfilled_once_by_its_stream_alone(workspace: Workspace) -> None:
    crm = Watched()
    crm.put_account("A1", fields={"Potentiel": "1 500,50"})
    run(workspace, crm)
    bind(workspace, POTENTIAL)
    assert waiting(workspace) == ["potential"]
    crm.asked.clear()
    run(workspace, crm)
    assert [kind for kind, cursor in crm.asked if cursor is None] == [Kind.ACCOUNT]
    assert waiting(workspace) == []
    crm.asked.clear()
    run(workspace, crm)
    assert [kind for kind, cursor in crm.asked if cursor is None] == []


def test_a_bound_field_fills_its_slot(workspace: Workspace) -> None:
    crm = Memory()
    crm.put_account("A1", fields={"Potentiel": "1500.50"})
    bind(workspace, POTENTIAL)
    run(workspace, crm)
    assert workspace.row("account", "A1").money_1 == 150_050


def test_a_backfill_that_stopped_half_way_is_resumed(workspace: Workspace) -> None:
    crm = Watched(page_size=1)
    for number in range(4):
        crm.put_account(f"A{number}", fields={"Potentiel": str(number)})
    run(workspace, crm)
    bind(workspace, POTENTIAL)
    crm.fail(Retriable(GONE), on_call=3)
    with pytest.raises(Retriable):
        run(workspace, crm, kinds=[Kind.ACCOUNT])
    assert waiting(workspace) == ["potential"]
    run(workspace, crm, kinds=[Kind.ACCOUNT])
    assert waiting(workspace) == []
    assert [row.money_1 for row in workspace.rows("account")] == [0, 100, 200, 300]


def test_a_rebound_field_starts_the_load_under_way_again(workspace: Workspace) -> None:
    crm = Watched(page_size=1)
    for number in range(3):
        crm.put_account(f"A{number}", fields={"Potentiel": "1", "Budget": "2"})
    bind(workspace, POTENTIAL)
    crm.fail(Retriable(GONE), on_call=2)
    with pytest.raises(Retriable):
        run(workspace, crm, kinds=[Kind.ACCOUNT])
    budget = Binding(kind=Kind.ACCOUNT, name="potential", crm_field="Budget", type=FieldType.MONEY)
    bind(workspace, budget)
    run(workspace, crm, kinds=[Kind.ACCOUNT])
    assert {row.money_1 for row in workspace.rows("account")} == {200}
    assert waiting(workspace) == []


def test_a_rep_who_joined_since_is_tied_to_the_owner(workspace: Workspace) -> None:
    crm = Memory()
    fill(crm, accounts=2)
    run(workspace, crm)
    workspace.evaluate()
    workspace.add_rep("maude", "maude@example.test")
    run(workspace, crm)
    assert workspace.row("owner", "O1").rep_key == "maude"
    assert workspace.dirty() == {"A000", "A001"}


def test_the_cursor_is_kept_with_its_page(workspace: Workspace) -> None:
    crm = Memory(page_size=10)
    fill(crm)
    crm.fail(Retriable(GONE), on_call=4)
    with pytest.raises(Retriable):
        run(workspace, crm)
    with workspace.store.read() as connection:
        saved = cursors.load(connection, workspace.connection_id, Kind.ACCOUNT)
        later = cursors.load(connection, workspace.connection_id, Kind.OPPORTUNITY)
    assert saved is not None
    assert not saved.is_complete
    assert later is None


def test_a_workspace_without_a_team_says_so(store: Store) -> None:
    with pytest.raises(StoreError, match="rules publish"):
        pull.run(store, Memory(), connection_id=1, run_id=None, now=lambda: NOW)
