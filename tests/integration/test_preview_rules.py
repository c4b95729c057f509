"""Previews of rules on both databases: what they foretell is what publishing then does.

The figures after are counted in Python over the rows of the store, and those of the push come from
the preview of the real push.
"""

import csv
import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, update

from rules.loads import hours_asked, hours_each
from rules.records import Kind
from rules.rulebook import Rulebook, compile_rulebook
from rules.thresholds import Threshold, Thresholds
from service import owe, preview, preview_kept, preview_rules, tag
from service.moves_file import Labels, write
from service.preview_figures import RulesPreview
from service.store import bindings, rulebooks
from service.store.engine import Store
from service.store.moves import Move
from service.store.rulebooks import Published
from service.store.tables import metadata
from tests.playbooks import small

DAY_MS = 86_400_000
TODAY = 20_600
NOW = TODAY * DAY_MS + DAY_MS // 2
LIMITS = Thresholds(
    firm=Threshold(20, 2), moving=Threshold(30, 2), cleared=Threshold(10, 1), by_field={}
)
TABLES = metadata.tables

TEAM = """\
zone: America/Toronto
currency: CAD
reps:
  elise: {name: Élise, email: elise@arpent.example}
  marc: {name: Marc, email: marc@arpent.example}
"""
FIELDS = """\
account:
  potential: {type: money, hubspot: a}
  kind: {type: choice, hubspot: c, values: {client: c, prospect: p, other: o}}
write: {optional: [segment, quadrant, contact_status]}
"""
RULES = """\
scope: {when: kind <> 'other'}
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver], bronze: Bronze, unrated: [À voir, Unrated]}
  table:
    - {potential: unknown, then: unrated}
    - {potential: "> 500k", last_logged_contact: "< 90 d ago", then: gold, why: gros et actif}
    - {potential: "> 250k", then: silver, why: moyen}
    - {else: bronze, why: petit}
  contact_every: {gold: 14 d, silver: 30 d, bronze: 90 d}
  contact_hours: {gold: 2 h, silver: 1 h}
priority:
  values: {p1: Vite, p2: Ensuite, p3: Plus tard}
  table: [{tier: gold, then: p1}, {tier: silver, kind: client, then: p1}, {tier: silver, then: p2},
    {else: p3}]
quadrant:
  values: {big: Gros, small: Petit}
  table: [{tier: gold | silver, then: big}, {else: small}]
segment:
  table: [{else: "{tier} · {kind}"}]
"""
PLAN = """\
owner: elise
period: 2026
currency: CAD
objective: 1 000
time: {capacity: 32 h per week}
"""
LOWER = ("segments", "> 250k", "> 100k")
BUDGET = """\
  cap: {silver: 1 per owner, rank: potential}
  demote: {after: 21 d, margin: 10 %}
"""
Change = tuple[str, str, str]
VARIANTS: Mapping[str, tuple[Change, ...]] = {
    "threshold": (LOWER,),
    "scope": (("segments", "kind <> 'other'", "kind = 'client'"),),
    "fewer fields": (("fields", "segment, quadrant, ", ""), LOWER),
    "another team": (("team", "elise@", "autre@"), ("segments", "gold: 2 h", "gold: 4 h")),
    "budget": (("segments", "  contact_every", f"{BUDGET}  contact_every"), LOWER),
    "same meaning": (("segments", "scope:", "# Rien.\nscope:"),),
}


@cache
def book(*changes: Change) -> Rulebook:
    """A playbook of a few lines, compiled; each change is a file, what to replace, and by what."""
    files = {"team": TEAM, "fields": FIELDS, "segments": RULES}
    for name, old, new in changes:
        assert old in files[name], old
        files[name] = files[name].replace(old, new)
    return compile_rulebook({**small(**files), "plans/elise.yaml": PLAN})


class World:
    """A store where the shipped playbook is in force and evaluated, with a past of pushes."""

    def __init__(self, store: Store, seed: int, size: int = 24) -> None:
        self.store = store
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible world
        with store.write() as connection:
            hubspot = {"id": 1, "vendor": "hubspot", "account_id": "1", "name": "-"}
            connection.execute(
                insert(TABLES["connection"]).values(**hubspot, currency="CAD", state="active")
            )
        self.publish(book())
        self._fill(size)
        self.evaluate()
        self._push()
        self._live(size)

    def publish(self, rules: Rulebook, **more: Any) -> bool:
        with self.store.write() as connection:
            is_new = rulebooks.publish(connection, rules, author="ops", reason="", now=NOW, **more)
            found = bindings.load_bindings(connection, "hubspot")
            bindings.mark_backfilled(connection, "hubspot", found, NOW)
            return is_new

    def published(self) -> Published:
        with self.store.read() as connection:
            found = rulebooks.load(connection)
        assert found is not None
        return found

    def evaluate(self) -> None:
        """What `arpent tag` and the beginning of a push do."""
        published = self.published()
        tag.run(self.store, published, NOW)
        owe.run(self.store, published.rulebook, 1)

    def rows(self, name: str) -> list[Any]:
        table = TABLES[name]
        with self.store.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key)))

    def _fill(self, size: int) -> None:
        slots = self.published().slots[Kind.ACCOUNT]
        pick = self.chance.choice
        stamps = {"connection_id": 1, "modified_at": 0, "pulled_at": 10}
        accounts = [
            {
                "id": number, "external_id": str(number), "name": f"Compte {number}", **stamps,
                "owner_id": pick([None, 1, 1, 2, 3]), "created_on": TODAY - pick([1, 50, 900]),
                "archived_at": pick([None, None, None, None, 5]),
                slots["kind"]: pick(["client", "client", "prospect", "other", None]),
                slots["potential"]: pick([None, 90_000_00, 150_000_00, 300_000_00, 700_000_00]),
            }
            for number in range(1, size + 1)
        ]  # fmt: skip
        activities = [
            {
                "id": 1_000 + number, "connection_id": 1, "external_id": str(number),
                "kind": "call", "happened_on": TODAY - pick([1, 80, 200, 500]),
                "is_contact": True, "modified_at": 0,
            }
            for number in range(1, size + 1)
        ]  # fmt: skip
        people = [("Élise", "elise@arpent.example"), ("Marc", "MARC@arpent.example"), ("Zoé", None)]
        with self.store.write() as connection:
            connection.execute(
                insert(TABLES["owner"]),
                [
                    {"id": number, "connection_id": 1, "external_id": str(number), "name": name,
                     "email": email, "is_active": True, "rep_key": key}
                    for number, ((name, email), key) in enumerate(
                        zip(people, ["elise", "marc", None], strict=True), 1
                    )
                ],
            )  # fmt: skip
            connection.execute(insert(TABLES["account"]), accounts)
            connection.execute(insert(TABLES["activity"]), activities)
            connection.execute(
                insert(TABLES["link"]),
                [
                    {"relation": "activity_account", "from_id": 1_000 + number, "to_id": number,
                     "is_primary": True}
                    for number in range(1, size + 1) if pick([True, True, False])
                ],
            )  # fmt: skip

    def _push(self) -> None:
        """Rows as pushes, people and undone runs leave them; the CRM holds what it confirmed."""
        pick = self.chance.choice
        outbox, account = TABLES["outbox"], TABLES["account"]
        with self.store.write() as connection:
            for row in connection.execute(select(outbox)).all():
                values: dict[str, Any] = {}
                state = pick(["settled"] * 4 + ["owed", "held", "rejected", "drift", "pinned"])
                confirmed = pick([row.desired, row.desired, "silver", None])
                if state in {"settled", "drift", "pinned"} or pick([True, False]):
                    values = {
                        "confirmed": row.desired if state == "settled" else confirmed,
                        "confirmed_version": 1, "confirmed_at": pick([5, 20]),
                    }  # fmt: skip
                if state == "pinned":
                    values |= {"pin": pick(["undone", "respected"]), "pin_computed": row.desired,
                               "desired": confirmed, "version": 2, "state": "owed"}  # fmt: skip
                else:
                    values |= {"state": state}
                if pick([True, False, False]):
                    values["released_version"] = 1
                if state == "held":
                    values["held_run_id"] = 1
                key = (outbox.c.account_id == row.account_id, outbox.c.field == row.field)
                values["attempts"] = pick([0, 0, 1])
                connection.execute(update(outbox).where(*key).values(**values))
                seen = pick([row.desired, row.desired, "gold", None])
                connection.execute(
                    update(account).where(account.c.id == row.account_id)
                    .values({f"observed_{row.field}": seen})
                )  # fmt: skip
                if pick([True, False]):
                    connection.execute(
                        insert(TABLES["push_journal"]).values(
                            run_id=1, account_id=row.account_id, field=row.field, version=1,
                            outcome=pick(["applied", "rejected", "unknown"]), actor="arpent", at=1,
                        )
                    )  # fmt: skip

    def _live(self, size: int) -> None:
        """What has changed since: other values, nothing evaluated; some rows are gone."""
        account, slots = TABLES["account"], self.published().slots[Kind.ACCOUNT]
        outbox, tags = TABLES["outbox"], TABLES["tag"]
        numbers = range(1, size + 1)
        some = [1, *(number for number in numbers if self.chance.random() < 0.2)]
        lost = [2, *(number for number in numbers if self.chance.random() < 0.1)]
        with self.store.write() as connection:
            connection.execute(
                update(account)
                .where(account.c.id.in_(some))
                .values({slots["potential"]: 120_000_00, slots["kind"]: "client"})
            )
            connection.execute(delete(outbox).where(outbox.c.account_id.in_(lost)))
            connection.execute(delete(tags).where(tags.c.account_id.in_(lost[:2])))
            touched = [{"account_id": each} for each in sorted({*some, *lost})]
            connection.execute(insert(TABLES["dirty"]), touched)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_preview_foretells_what_publishing_does(store: Store, name: str) -> None:
    world = World(store, seed=len(name))
    rules = book(*VARIANTS[name])
    before = {row.account_id: row for row in world.rows("tag")}
    found = preview_rules.run(store, rules, now=NOW, thresholds=LIMITS)
    pilot = preview_rules.run(store, rules, now=NOW, thresholds=LIMITS, rep_key="marc", limit=0)
    assert world.publish(rules) is (name != "same meaning")
    world.evaluate()
    check_tags(world, found, before)
    check_push(world, found, None)
    check_push(world, pilot, "marc")


def check_tags(world: World, found: RulesPreview, before: Mapping[int, Any]) -> None:
    """The figures of a preview, counted over the tags before and after."""
    live = {row.id: row for row in world.rows("account") if row.archived_at is None}
    after = {row.account_id: row for row in world.rows("tag")}
    slot = world.published().slots[Kind.ACCOUNT]["potential"]
    keys = {row.id: row.rep_key for row in world.rows("owner")}
    tiers: Counter[Any] = Counter()
    priorities, entering, leaving, worth = tiers.copy(), tiers.copy(), tiers.copy(), tiers.copy()
    people: dict[Any, list[tuple[Any, Any, Any]]] = {}
    moving = set()
    for number, row in live.items():
        old, new = before.get(number), after[number]
        was, is_ = old is not None and old.is_in_scope, new.is_in_scope
        people.setdefault(keys.get(row.owner_id), []).append((row, old if was else None, new))
        if was and is_:
            assert old is not None
            tiers[old.tier, new.tier] += 1
            worth[old.tier, new.tier] += getattr(row, slot) or 0
            priorities[old.priority, new.priority] += 1
        entering[new.tier] += is_ and not was
        leaving[old.tier if old else None] += was and not is_
        if was != is_ or (old and (old.tier, old.priority) != (new.tier, new.priority)):
            moving.add(number)
    assert {(each.before, each.after): each.accounts for each in found.tiers} == tiers
    assert {(each.before, each.after): each.potential for each in found.tiers} == worth
    assert {(each.before, each.after): each.accounts for each in found.priorities} == priorities
    assert {each.tier: each.accounts for each in found.entering} == +entering
    assert {each.tier: each.accounts for each in found.leaving} == +leaving
    assert {each.account_id for each in found.moves} == moving
    for each in found.moves:
        assert each.why_after == after[each.account_id].why
        old = before.get(each.account_id)
        assert each.why_before == (old.why if old else None)
    check_people(found, people, world.published().rulebook.segments.budget.contact_hours)


def check_people(
    found: RulesPreview,
    people: Mapping[Any, list[tuple[Any, Any, Any]]],
    budget: Mapping[str, float],
) -> None:
    """The figures of each rep, by hand: gold 2 h (or 4) every 14 days, silver 1 h every 30."""
    weekly = {"gold": 2 * 7 / 14, "silver": 7 / 30}
    weekly_after = {**weekly, "gold": budget["gold"] * 7 / 14}
    for each in found.reps:
        if each.key is None:
            continue
        rows = people[each.key]
        old = [row.tier for _, row, _ in rows if row is not None]
        new = [row.tier for _, _, row in rows if row.is_in_scope]
        assert (each.before.accounts, each.after.accounts) == (len(old), len(new))
        hours = sum(weekly.get(tier, 0) for tier in old)
        assert each.before.hours == pytest.approx(hours)
        assert each.after.hours == pytest.approx(sum(weekly_after.get(tier, 0) for tier in new))
        if each.key == "elise":
            assert each.before.capacity == 32
            assert each.before.utilisation == pytest.approx(hours / 32)


def check_push(world: World, found: RulesPreview, rep_key: str | None) -> None:
    """What a push would send, by the preview of the push, and by the rows themselves."""
    (writes,) = found.writes
    pushed = preview.run(world.store, 1, rep_key=rep_key, thresholds=LIMITS)
    assert dict(writes.by_field) == dict(pushed.by_field)
    assert (writes.values, writes.accounts, writes.calls) == (
        pushed.values, pushed.accounts, pushed.calls,
    )  # fmt: skip
    assert sorted(writes.would_hold) == sorted(pushed.would_hold)
    if rep_key is None:
        live = {row.id for row in world.rows("account") if row.archived_at is None}
        owed = [row for row in world.rows("outbox") if row.state == "owed"]
        assert writes.values == sum(row.account_id in live for row in owed)


# Single cases.


def test_the_same_meaning_changes_nothing(store: Store) -> None:
    world = World(store, seed=1, size=6)
    world.evaluate()
    other = book(*VARIANTS["same meaning"])
    found = preview_rules.run(store, other, now=NOW)
    assert found.hash == found.in_force
    assert found.is_nothing
    assert (found.moved, found.reprioritised, found.changed, found.behind) == (0, 0, 0, 0)
    assert list(found.moves) == []
    # Other rules that give the same tags: nothing changes either, and they are others.
    again = preview_rules.run(store, book(("segments", "> 500k", "> 499k")), now=NOW)
    assert again.is_nothing
    assert again.hash != again.in_force
    assert not preview_rules.run(store, book(LOWER), now=NOW).is_nothing


def test_a_field_that_was_never_read_counts_as_unknown_and_is_named(store: Store) -> None:
    world = World(store, seed=2, size=12)
    world.evaluate()
    bound = ("fields", "  kind:", "  vip: {type: yes_no, hubspot: g}\n  kind:")
    rules = book(
        bound,
        ("segments", "    - {potential: unknown, then: unrated}",
         "    - {potential: unknown, then: unrated}\n    - {vip: unknown, then: silver, why: '?'}"),
    )  # fmt: skip
    found = preview_rules.run(store, rules, now=NOW)
    (unread,) = found.unread
    assert (unread.name, unread.vendor, unread.crm_field, unread.is_known) == (
        "vip", "hubspot", "g", False,
    )  # fmt: skip
    # Unknown everywhere: whoever has a potential is silver.
    assert {each.after for each in found.tiers} <= {"unrated", "silver"}
    world.publish(rules)
    world.evaluate()
    live = {row.id for row in world.rows("account") if row.archived_at is None}
    tags = [row for row in world.rows("tag") if row.is_in_scope and row.account_id in live]
    silver = sum(each.accounts for each in found.tiers if each.after == "silver")
    silver += sum(each.accounts for each in found.entering if each.tier == "silver")
    assert Counter(row.tier for row in tags)["silver"] == silver > 0


def test_a_field_bound_elsewhere_is_unknown_and_one_with_other_choices_is_as_read(
    store: Store,
) -> None:
    world = World(store, seed=3, size=12)
    world.evaluate()
    elsewhere = preview_rules.run(store, book(("fields", "hubspot: a", "hubspot: b")), now=NOW)
    assert [(each.name, each.is_known) for each in elsewhere.unread] == [("potential", False)]
    assert {each.after for each in elsewhere.tiers} == {"unrated"}
    assert not elsewhere.has_potential
    assert {each.potential for each in elsewhere.tiers} == {None}
    renamed = preview_rules.run(store, book(("fields", "other: o", "other: [o, q]")), now=NOW)
    assert [(each.name, each.is_known) for each in renamed.unread] == [("kind", True)]
    assert renamed.moved == 0


def test_a_preview_writes_nothing_at_all(store: Store) -> None:
    world = World(store, seed=4, size=12)
    before = {name: world.rows(name) for name in TABLES}

    def refuse(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        assert statement.split(maxsplit=1)[0].upper() in {"BEGIN", "SELECT", "WITH"}, statement

    event.listen(store.engine, "before_cursor_execute", refuse)
    try:
        preview_rules.run(store, book(LOWER), now=NOW, keep=lambda moves, _: list(moves))
    finally:
        event.remove(store.engine, "before_cursor_execute", refuse)
    assert {name: world.rows(name) for name in TABLES} == before


def test_an_empty_store_has_nothing_to_compare(store: Store) -> None:
    found = preview_rules.run(store, book(), now=NOW)
    assert (found.accounts, found.in_force, found.writes) == (0, None, [])


def test_publishing_keeps_its_preview_within_bounds(store: Store) -> None:
    world = World(store, seed=5, size=12)
    rules = book(LOWER)
    found = preview_rules.run(store, rules, now=NOW)
    long = replace(found, reps=[replace(found.reps[0], name="É" * 400)] * 200)
    for each in (found, long):
        text = preview_kept.as_json(each)
        assert len(text.encode()) <= preview_kept.SIZE_LIMIT
        assert json.loads(text)["moved"] == found.moved > 0
    assert json.loads(preview_kept.as_json(long))["is_cut"]
    assert world.publish(rules, preview=preview_kept.as_json(found))
    with store.read() as connection:
        newest, first = rulebooks.history(connection)
    assert (newest.moved, first.moved) == (found.moved, None)


def test_no_cell_of_the_file_is_a_formula(tmp_path: Path) -> None:
    bad = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "Ets;Roy", '"x"', "a\nb"]
    moves = [
        Move(
            account_id=1, external_id=text, account=text, owner_id=1, owner=text,
            was_in_scope=True, is_in_scope=False, tier_before=text, tier_after=None,
            priority_before=text, priority_after=None, why_before=text, why_after=text,
        )
        for text in bad
    ]  # fmt: skip
    path = tmp_path / "moves.csv"
    assert write(path, iter(moves), Labels(book())) == len(bad)
    with path.open(encoding="utf-8-sig", newline="") as file:
        heading, *rows = csv.reader(file, delimiter=";")
    assert heading[0] == "Compte"
    assert len(rows) == len(bad)
    for row, text in zip(rows, bad, strict=True):
        assert row[4] == "hors de la portée"
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
        assert row[0].removeprefix("'").split() == text.split()
    assert path.stat().st_mode & 0o777 == 0o600


def test_hours_a_week() -> None:
    # 2 h every two weeks is 1 h; 1 h every 7 days is 1 h; a tier without a cadence asks nothing.
    each = hours_each({"gold": 2, "silver": 1, "bronze": 3}, {"gold": 14, "silver": 7, "none": 5})
    assert each == {"gold": 1, "silver": 1}
    assert hours_asked({"gold": 12, "silver": 3, "bronze": 5, None: 2}, each) == 15
    assert hours_asked({"gold": 12}, {}) is None
    assert hours_each({"gold": 2}, {"gold": 0}) == {}
