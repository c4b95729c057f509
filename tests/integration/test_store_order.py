"""Whatever the order and the repetition of pages, the mirror is the same, and marks what moved."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from connectors.base import Binding, Page
from connectors.memory import Memory
from rules.records import Kind, Link, Record, Relation
from service import pull
from service.store.mirror import PageCounts
from service.store.tables import metadata
from tests.integration.pages import (
    NOON,
    Workspace,
    account,
    activity,
    deal_of,
    linked,
    opportunity,
    page,
)

ACCOUNTS, DEALS, CALLS = ("A1", "A2", "A3"), ("D1", "D2", "D3"), ("V1", "V2")
KINDS = {"A": Kind.ACCOUNT, "D": Kind.OPPORTUNITY, "V": Kind.ACTIVITY}

# A state of a record: which record, and when the CRM last changed it.
State = tuple[str, int]


@dataclass(frozen=True)
class Content:
    """What one state of a record says; the accounts it belongs to are part of it."""

    word: str
    owner: str | None
    accounts: frozenset[str]


@dataclass(frozen=True)
class Story:
    """What each state says, and the pages that tell of them, in order of arrival."""

    contents: Mapping[State, Content]
    pages: Sequence[Sequence[State]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    states = [(name, age) for name in (*ACCOUNTS, *DEALS, *CALLS) for age in range(3)]
    content = st.builds(
        Content,
        st.sampled_from(["a", "b"]),
        st.sampled_from(["O1", "O2", None]),
        st.frozensets(st.sampled_from(ACCOUNTS), max_size=2),
    )
    contents = {state: draw(content) for state in states}
    letter = st.sampled_from("ADV")
    one_page = letter.flatmap(
        lambda first: st.lists(
            st.sampled_from([state for state in states if state[0].startswith(first)]),
            min_size=1,
            max_size=4,
        )
    )
    told = draw(st.lists(one_page, min_size=1, max_size=6))
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    return Story(contents, draw(st.permutations([*told, *again])))


def page_of(story: Story, states: Sequence[State]) -> Page:
    newest = {name: max(age for other, age in states if other == name) for name, _ in states}
    records: list[Record] = []
    links: list[Link] = []
    for name, age in states:
        content, at = story.contents[name, age], NOON + age
        match KINDS[name[0]]:
            case Kind.ACCOUNT:
                records.append(
                    account(name, name=content.word, owner_id=content.owner, modified_at=at)
                )
            case Kind.OPPORTUNITY:
                values = {"name": content.word, "owner_id": content.owner, "amount": age}
                records.append(opportunity(name, modified_at=at, **values))
                if age == newest[name]:
                    links += [deal_of(each, name) for each in content.accounts]
            case _:
                records.append(activity(name, owner_id=content.owner, modified_at=at))
                if age == newest[name]:
                    links += [
                        linked(Relation.ACTIVITY_ACCOUNT, name, each) for each in content.accounts
                    ]
    return page(*records, links=links)


def clear(workspace: Workspace) -> None:
    with workspace.store.write() as connection:
        for name in ("account", "opportunity", "activity", "link", "history", "dirty"):
            connection.execute(delete(metadata.tables[name]))
        connection.execute(delete(metadata.tables["external_ref"]))


class Names:
    """The CRM's ids of ours."""

    def __init__(self, workspace: Workspace) -> None:
        self._names = {
            (row.kind, row.entity_id): row.external_id for row in workspace.rows("external_ref")
        }

    def of(self, kind: Kind, entity_id: int | None) -> str | None:
        return None if entity_id is None else self._names[kind.value, entity_id]


def views(workspace: Workspace) -> dict[str, object]:
    """What rules can see of each account: its row, and the records that belong to it."""
    names = Names(workspace)
    records: dict[str, object] = {}
    seen: defaultdict[str, list[object]] = defaultdict(list)
    for row in workspace.rows("account"):
        records[row.external_id] = (row.name, row.owner_id, row.archived_at)
    for table in ("opportunity", "activity"):
        for row in workspace.rows(table):
            visible = row._asdict()
            records[row.external_id] = {
                column: value
                for column, value in visible.items()
                if column not in {"modified_at", "pulled_at"}
            }
    for row in workspace.rows("link"):
        kind = Kind.OPPORTUNITY if row.relation == "opportunity_account" else Kind.ACTIVITY
        name = names.of(kind, row.from_id)
        to = names.of(Kind.ACCOUNT, row.to_id)
        seen[str(to)].append((row.relation, row.is_primary, records.get(str(name))))
    return {each: (records.get(each), seen[each]) for each in ACCOUNTS}


def mirror_of(workspace: Workspace) -> dict[str, Any]:
    """The mirror in the CRM's own ids."""
    names = Names(workspace)
    found: dict[str, Any] = {}
    for table in ("account", "opportunity", "activity"):
        for row in workspace.rows(table):
            owner = names.of(Kind.OWNER, row.owner_id)
            found[row.external_id] = (row.modified_at - NOON, getattr(row, "name", None), owner)
    links: defaultdict[str, set[str | None]] = defaultdict(set)
    for row in workspace.rows("link"):
        kind = Kind.OPPORTUNITY if row.relation == "opportunity_account" else Kind.ACTIVITY
        links[str(names.of(kind, row.from_id))].add(names.of(Kind.ACCOUNT, row.to_id))
    return {name: (*found[name], frozenset(links[name])) for name in found}


def expected(story: Story) -> dict[str, Any]:
    """The newest state told of each record, whatever came first."""
    told = [state for states in story.pages for state in states]
    newest = {name: max(age for other, age in told if other == name) for name, _ in told}
    return {
        name: (
            age,
            None if name in CALLS else story.contents[name, age].word,
            story.contents[name, age].owner,
            frozenset() if name in ACCOUNTS else story.contents[name, age].accounts,
        )
        for name, age in newest.items()
    }


any_story = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@any_story
@given(story=stories())
def test_any_order_and_repetition_leave_the_same_mirror(workspace: Workspace, story: Story) -> None:
    clear(workspace)
    pages = [page_of(story, states) for states in story.pages]
    workspace.write(*pages)
    assert mirror_of(workspace) == expected(story)
    workspace.evaluate()
    for each in pages:
        counts = workspace.write(each)
        assert counts == PageCounts(unchanged=counts.unchanged, older=counts.older)
    assert workspace.dirty() == set()


class Teller(Memory):
    """A CRM that tells a story: each stream is its pages of that kind, in their order.

    The streams are read side by side, so that they are written in any order.
    """

    def __init__(self, story: Story) -> None:
        super().__init__(readers=3)
        self.told = [page_of(story, states) for states in story.pages]

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        del cursor, bindings, own_fields
        told = [each for each in self.told if each.kind is kind] or [page(kind=kind)]
        for each in told:
            yield replace(each, is_last=each is told[-1])


@any_story
@given(story=stories())
def test_pages_that_are_pulled_together_leave_the_same_mirror(
    workspace: Workspace, story: Story
) -> None:
    clear(workspace)
    pull.run(
        workspace.store,
        Teller(story),
        connection_id=workspace.connection_id,
        run_id=None,
        now=lambda: NOON,
        full=True,
    )
    assert mirror_of(workspace) == expected(story)


@any_story
@given(story=stories())
def test_a_page_marks_exactly_the_accounts_whose_view_it_changed(
    workspace: Workspace, story: Story
) -> None:
    clear(workspace)
    before = views(workspace)
    for states in story.pages:
        workspace.evaluate()
        workspace.write(page_of(story, states))
        after = views(workspace)
        assert workspace.dirty() == {each for each in ACCOUNTS if before[each] != after[each]}
        before = after


@any_story
@given(story=stories())
def test_histories_never_overlap_and_end_with_what_is(workspace: Workspace, story: Story) -> None:
    clear(workspace)
    workspace.write(*[page_of(story, states) for states in story.pages])
    spans: defaultdict[tuple[str, int, str], list[Any]] = defaultdict(list)
    for row in workspace.rows("history"):
        spans[row.kind, row.entity_id, row.field].append(row)
    for rows in spans.values():
        assert all(first.valid_to_at == then.valid_from_at for first, then in pairwise(rows))
        assert rows[-1].valid_to_at is None
    current = {
        (kind, row.id, field): getattr(row, field)
        for kind, fields in (("account", ["owner_id"]), ("opportunity", ["owner_id", "amount"]))
        for row in workspace.rows(kind)
        for field in fields
    }
    for key, value in current.items():
        last = spans[key][-1].value if key in spans else None
        assert last == (None if value is None else str(value))
