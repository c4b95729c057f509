"""Caps, delays, margins, freezes and decisions on both databases, against a plain settlement.

Every step is evaluated incrementally and compared with `settlement`, which looks at everything; a
full evaluation then changes nothing.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from rules.records import Kind
from rules.rulebook import Rulebook, compile_rulebook
from service import tag as stage
from service.store import dirt, overrides, rulebooks
from service.store.engine import Store
from service.store.overrides import Decision
from service.store.tables import account, challenge, dirty, override, owner, rep, tag
from service.store.tags import Evaluation, Moment, evaluate
from tests.integration import settlement
from tests.integration.settlement import Card, Policy, Settled
from tests.integration.test_tags import undone
from tests.playbooks import SLOTS, TEAM, small

# 2026-03-02, a Monday: the quarter ends in four weeks.
START = 20_514
DAY_MS = 86_400_000

TABLE = """\
scope: {when: kind is not null}
level: {bands: {of: potential, high: ">= 500k", medium: ">= 100k", low: "< 100k"}}
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver], bronze: [Bronze, Bronze]}
  table:
    - {level: high, vip: yes, then: gold, why: [grand et actif, large and active]}
    - {level: high | medium, then: silver, why: [assez grand, large enough]}
    - {else: bronze, why: [petit, small]}
"""
PRIORITY = """\
priority:
  values: {p1: [A, A], p2: [B, B]}
  table: [{tier: gold, then: p1}, {else: p2}]
"""
CAP, BOTH = (
    "  cap: {gold: 2 per owner, rank: potential}\n",
    ("  cap: {silver: 2 per owner, gold: 2 per owner, rank: potential}\n"),
)
MARGIN = "  demote: {after: 21 d, margin: 10 %}\n"
FREEZE = "  freeze: last 5 business days of quarter\n"
OVERFLOW = "  cap: {gold: 1 per owner, silver: 3 per owner, rank: potential, overflow: bronze}\n"
GOLD, SILVER = ("gold", (2, "silver")), ("silver", (2, "bronze"))
POLICIES: list[tuple[str, Policy]] = [
    (CAP, Policy(caps=dict([GOLD]))),
    (CAP + MARGIN, Policy(caps=dict([GOLD]), after=21, margin=0.1)),
    (BOTH + MARGIN + FREEZE, Policy(caps=dict([GOLD, SILVER]), after=21, margin=0.1, freeze=5)),
    (BOTH + "  demote: {after: 7 d}\n", Policy(caps=dict([GOLD, SILVER]), after=7)),
    (
        OVERFLOW + MARGIN + FREEZE,
        Policy(caps={"gold": (1, "bronze"), "silver": (3, "bronze")},
               after=21, margin=0.1, freeze=5),
    ),
    ("  demote: {after: 21 d, margin: 10 %, of: potential}\n", Policy(after=21, margin=0.1)),
    (FREEZE, Policy(freeze=5)),
]  # fmt: skip
BOOKS = [compile_rulebook(small(segments=TABLE + text + PRIORITY)) for text, _ in POLICIES]

POTENTIALS = (
    None, 50, 92, 95, 100, 101, 300, 460, 470, 500, 500, 505, 540, 549, 700, 900, 2**40,
)  # fmt: skip
ACCOUNTS = 12


def rate(card: Card, extra: float) -> str:
    """The table of `TABLE`, by its meaning."""
    potential = -1.0 if card.potential is None else card.potential * (1 + extra)
    if potential >= 500 and card.is_active:
        return "gold"
    return "silver" if potential >= 100 else "bronze"


class Office:
    """A few reps and their accounts, in the store and as cards."""

    def __init__(self, connection: Connection, seed: int, which: int) -> None:
        self.connection = connection
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible history
        self.book: Rulebook = BOOKS[which]
        self.policy = POLICIES[which][1]
        self.today = START + self.chance.randrange(30)
        self.steps = 0
        self.left_on = self.today + self.chance.randrange(-5, 40)
        self.cards: dict[int, Card] = {}
        self.owner_of: dict[int, int | None] = {}
        self.decided: dict[int, list[tuple[int, str, int, int | None]]] = {}
        self.settled: dict[int, Settled] = {}
        self._people()
        for key in range(1, ACCOUNTS + 1):
            self._new(key)

    def _people(self) -> None:
        for key, end_on in (("ana", None), ("bob", self.left_on)):
            self.connection.execute(insert(rep).values(key=key, name=key, end_on=end_on))
        for number, name in ((1, "ana"), (2, "bob"), (3, None)):
            self.connection.execute(
                insert(owner).values(
                    id=number, connection_id=1, external_id=str(number), name=str(number),
                    is_active=True, rep_key=name,
                )
            )  # fmt: skip

    def _new(self, key: int) -> None:
        self.connection.execute(
            insert(account).values(
                id=key, connection_id=1, external_id=str(key), modified_at=0, pulled_at=0
            )
        )
        self.cards[key] = Card(key, None, is_active=True)
        for change in (self.potential, self.active, self.give):
            change(key)

    def _put(self, key: int, **values: Any) -> None:
        self.connection.execute(update(account).where(account.c.id == key).values(**values))
        self.connection.execute(delete(dirty).where(dirty.c.account_id == key))
        self.connection.execute(insert(dirty).values(account_id=key))

    # What happens to an account.

    def potential(self, key: int) -> None:
        found = self.chance.choice(POTENTIALS)
        self.cards[key] = settlement.moved(self.cards[key], potential=found)
        self._put(key, money_1=None if found is None else found * 1000_00)

    def active(self, key: int) -> None:
        is_active = self.chance.random() < 0.8
        self.cards[key] = settlement.moved(self.cards[key], is_active=is_active)
        self._put(key, yes_no_1=is_active)

    def scope(self, key: int) -> None:
        in_scope = self.chance.random() < 0.8
        self.cards[key] = settlement.moved(self.cards[key], in_scope=in_scope)
        self._put(key, text_1="client" if in_scope else None)

    def give(self, key: int) -> None:
        to = self.chance.choice([1, 1, 1, 2, 2, 3, 4, None])
        name = {1: "ana", 2: "bob", 3: "owner:3", 4: "owner:4", None: None}[to]
        self.cards[key] = settlement.moved(self.cards[key], rep=name)
        self._put(key, owner_id=to, text_1="client" if self.cards[key].in_scope else None)

    def leave(self, _key: int) -> None:
        """All that Bob holds goes to Ana, where he has left."""
        for key, card in self.cards.items():
            if card.rep == "bob" and self.today >= self.left_on:
                self.cards[key] = settlement.moved(card, rep="ana")
                self._put(key, owner_id=1)

    def impose(self, key: int) -> None:
        start = self.today + self.chance.choice([0, 0, 0, 3])
        until = self.chance.choice([None, start, start + 10, start + 40])
        value = self.chance.choice(settlement.TIERS)
        overrides.impose(
            self.connection,
            Decision(account_id=key, field="tier", value=value, author="Marc Lavoie",
                     reason="entente signée", from_on=start, until_on=until),
        )  # fmt: skip
        known = self.decided.setdefault(key, [])
        # A new one ends those in force on its first day.
        known[:] = [
            each for each in known
            if not (each[2] <= start and (each[3] is None or each[3] >= start))
        ]  # fmt: skip
        known.append((len(known), value, start, until))

    def end(self, key: int) -> None:
        ids = self.connection.scalars(
            select(override.c.id).where(override.c.account_id == key)
        ).all()
        overrides.end(self.connection, ids, "Marc Lavoie", self.today)
        self.decided.pop(key, None)

    def wait(self, _key: int) -> None:
        self.today += self.chance.choice([0, 1, 1, 2, 3, 5, 7, 10, 21, 30])

    def step(self) -> None:
        """Some changes, an evaluation, and a comparison."""
        changes = [
            self.potential, self.potential, self.active, self.scope, self.give, self.leave,
            self.impose, self.end, self.wait, self.wait, self.wait,
        ]  # fmt: skip
        for _ in range(self.chance.randint(1, 3)):
            self.chance.choice(changes)(self.chance.randint(1, ACCOUNTS))
        self.run()
        self.check()

    def run(self, *, is_full: bool = False) -> Evaluation:
        self.steps += 1
        moment = Moment(instant=self.today * DAY_MS + self.steps, today=self.today)
        return evaluate(self.connection, self.book.tagging, SLOTS, 1, moment, is_full=is_full)

    def _imposed(self, key: int) -> str | None:
        in_force = [
            each for each in self.decided.get(key, ())
            if each[2] <= self.today and (each[3] is None or self.today <= each[3])
        ]  # fmt: skip
        return in_force[-1][1] if in_force else None

    def check(self) -> None:
        """The store says what a person would, and no cap is exceeded by rule."""
        cards = [
            settlement.moved(card, imposed=self._imposed(key)) for key, card in self.cards.items()
        ]
        self.settled = settlement.settle(
            self.policy, rate, cards, self.settled, self.today,
            lambda key: key == "bob" and self.left_on <= self.today,
        )  # fmt: skip
        rows = {row.account_id: row for row in self.connection.execute(select(tag))}
        found = {
            key: Settled(
                tier=row.tier, rated=row.rated_tier, by=row.settled_by, since=row.lower_since_on,
                received=row.received_on, rep=row.rep,
            )
            for key, row in rows.items()
        }  # fmt: skip
        assert found == self.settled
        assert settlement.exceeded(self.policy, found) == []
        for key, row in rows.items():
            expected = {"gold": "p1", None: None}.get(row.tier, "p2")
            assert row.priority == (expected if self.cards[key].in_scope else None)
            assert len(row.why or "") <= 250


@given(seed=st.integers(0, 10**9), which=st.integers(0, len(POLICIES) - 1))
@settings(
    max_examples=5, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_what_is_evaluated_alone_is_what_a_person_would_settle_from_everything(
    store: Store, seed: int, which: int
) -> None:
    with undone(store) as connection:
        office = Office(connection, seed, which)
        office.run(is_full=True)
        office.check()
        for _ in range(10):
            office.step()
            if office.chance.random() < 0.3:
                assert office.run(is_full=True).changed == 0


# Single cases.


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """A transaction of which nothing stays."""
    with undone(store) as opened:
        yield opened


CAPPED = compile_rulebook(
    small(segments=TABLE + "  cap: {gold: 12 per owner, rank: potential}\n" + MARGIN + PRIORITY)
)


def add(connection: Connection, key: int, **values: Any) -> None:
    """A large and active account of Ana's; the greater its key, the larger."""
    plain = {
        "connection_id": 1, "external_id": str(key), "modified_at": 0, "pulled_at": 0,
        "owner_id": 1, "text_1": "client", "yes_no_1": True, "money_1": (600_000 + key) * 100,
    }  # fmt: skip
    connection.execute(insert(account).values(id=key, **{**plain, **values}))
    connection.execute(insert(dirty).values(account_id=key))


def change(connection: Connection, key: int, **values: Any) -> None:
    connection.execute(update(account).where(account.c.id == key).values(**values))
    connection.execute(insert(dirty).values(account_id=key))


def people(connection: Connection, **ends: int | None) -> None:
    """Reps with the day on which they leave; the owner of the first is 1, and so on."""
    for number, (name, end_on) in enumerate(ends.items(), 1):
        connection.execute(insert(rep).values(key=name, name=name.title(), end_on=end_on))
        connection.execute(
            insert(owner).values(
                id=number, connection_id=1, external_id=str(number), name=name, is_active=True,
                rep_key=name,
            )
        )  # fmt: skip


def evaluated(
    connection: Connection, day: int = START, step: int = 0, book: Rulebook = CAPPED
) -> dict[int, Any]:
    """The tags by account, after an evaluation of what is dirty or due."""
    moment = Moment(instant=day * DAY_MS + step, today=day)
    evaluate(connection, book.tagging, SLOTS, 1, moment, is_full=False)
    rows = connection.execute(select(tag).order_by(tag.c.account_id))
    return {row.account_id: row for row in rows}


def test_the_thirteenth_gold_account_waits_and_is_told_why(connection: Connection) -> None:
    people(connection, ana=None)
    for key in range(1, 14):
        add(connection, key)
    rows = evaluated(connection)
    assert [key for key, row in rows.items() if row.tier == "gold"] == list(range(2, 14))
    last = rows[1]
    assert (last.tier, last.rated_tier, last.settled_by, last.priority) == (
        "silver", "gold", "waiting", "p2",
    )  # fmt: skip
    assert last.why == (
        "Argent : en attente d'une place en Or (12 par représentant) – grand et actif"
    )
    assert rows[2].why == "Or : grand et actif"
    # A fourteenth, not much larger: those who hold a place keep it.
    add(connection, 14, money_1=620_000_00)
    rows = evaluated(connection, START + 1)
    assert (rows[14].tier, rows[2].tier) == ("silver", "gold")
    # Much larger: the smallest gold account has three weeks, then the place is given.
    change(connection, 14, money_1=900_000_00)
    rows = evaluated(connection, START + 2)
    assert (rows[14].tier, rows[2].tier, rows[2].settled_by) == ("silver", "gold", "kept")
    assert rows[2].why == "Or : maintenu jusqu'au 24 mars si rien ne change – grand et actif"
    assert rows[2].recheck_on == START + 23
    rows = evaluated(connection, START + 22)
    assert (rows[14].tier, rows[2].tier) == ("silver", "gold")
    rows = evaluated(connection, START + 23)
    assert (rows[14].tier, rows[2].tier, rows[2].settled_by) == ("gold", "silver", "waiting")


def test_a_decision_takes_a_place_and_may_exceed_the_cap(connection: Connection) -> None:
    people(connection, ana=None)
    for key in range(1, 14):
        add(connection, key)
    evaluated(connection)
    decision = Decision(
        account_id=1, field="tier", value="gold", author="Marc Lavoie", reason="entente\nsignée",
        from_on=START, until_on=START + 120,
    )  # fmt: skip
    overrides.impose(connection, decision)
    rows = evaluated(connection, step=1)
    assert rows[1].why == "Or : décision de Marc Lavoie jusqu'au 30 juin – entente signée"
    assert (rows[1].settled_by, rows[1].priority) == ("imposed", "p1")
    connection.execute(update(override).values(author="Élise Gagnon"))
    dirt.mark(connection, [1])
    rows = evaluated(connection, step=1)
    assert rows[1].why == "Or : décision d'Élise Gagnon jusqu'au 30 juin – entente signée"
    # It took the place of the smallest, at once: a cap stands.
    assert [key for key, row in rows.items() if row.tier == "silver"] == [2]
    assert rows[1].recheck_on == START + 121
    rows = evaluated(connection, START + 121)
    assert [key for key, row in rows.items() if row.tier == "silver"] == [1]


def test_what_comes_from_a_rep_who_left_has_thirty_days(connection: Connection) -> None:
    people(connection, ana=None, bob=START - 1)
    for key in range(1, 13):
        add(connection, key)
    add(connection, 13, owner_id=2, money_1=500_000_00)
    assert evaluated(connection)[13].tier == "gold"
    change(connection, 13, owner_id=1)
    rows = evaluated(connection, START + 1)
    assert (rows[13].tier, rows[13].settled_by, rows[13].received_on) == (
        "gold", "received", START + 1,
    )  # fmt: skip
    assert rows[13].why == (
        "Or : compte d'un collègue parti, hors limite jusqu'au 1 avr. – grand et actif"
    )
    assert sum(row.tier == "gold" for row in rows.values()) == 13
    assert rows[13].recheck_on == START + 31
    rows = evaluated(connection, START + 31)
    assert sum(row.tier == "gold" for row in rows.values()) == 12
    assert (rows[13].tier, rows[13].received_on) == ("silver", None)


def test_nothing_changes_in_the_last_days_of_a_quarter(connection: Connection) -> None:
    files = small(segments=TABLE + FREEZE)
    team = f"{TEAM}holidays: CA-QC\n"
    book = compile_rulebook({**files, "team.yaml": team})
    # 2026-06-24 is a holiday: the last five business days of June 2026 are from the 23rd on.
    first = 20_627
    add(connection, 1)
    assert evaluated(connection, first - 1, book=book)[1].tier == "gold"
    change(connection, 1, money_1=1)
    add(connection, 2)
    rows = evaluated(connection, first, book=book)
    assert (rows[1].tier, rows[1].settled_by, rows[2].tier) == ("gold", "frozen", "gold")
    assert rows[1].why == "Or : inchangé jusqu'au 30 juin (fin de trimestre) – petit"
    assert rows[1].recheck_on == first + 8
    assert evaluated(connection, first + 8, book=book)[1].tier == "bronze"


def test_a_margin_is_told_without_a_day(connection: Connection) -> None:
    people(connection, ana=None)
    add(connection, 1)
    evaluated(connection)
    change(connection, 1, money_1=460_000_00)
    row = evaluated(connection, START + 1)[1]
    assert (row.tier, row.rated_tier, row.settled_by) == ("gold", "silver", "kept")
    assert row.why == "Or : maintenu, à moins de 10 % du seuil – assez grand"
    assert row.recheck_on is None


def test_a_challenge_is_told_after_the_reason(connection: Connection) -> None:
    people(connection, ana=None)
    plain = {"field": "challenge", "received_at": 0}
    for key, state in ((1, "open"), (2, "refused")):
        add(connection, key)
        connection.execute(
            insert(challenge).values(
                account_id=key, state=state, received_on=START, answered_on=START + 1,
                answer="trop\npetit", **plain,
            )
        )  # fmt: skip
    rows = evaluated(connection, START + 1)
    assert rows[1].why == "Or : grand et actif (contestation reçue le 2 mars)"
    assert rows[2].why == "Or : grand et actif (contestation refusée le 3 mars : trop petit)"
    assert (rows[1].recheck_on, rows[2].recheck_on) == (None, START + 31)
    rows = evaluated(connection, START + 31)
    assert rows[2].why == "Or : grand et actif"


def published(store: Store, files: dict[str, str | bytes], day: int, step: int) -> None:
    """Put a playbook in force, and evaluate."""
    now = day * DAY_MS + DAY_MS // 2 + step
    with store.write() as opened:
        rulebooks.publish(opened, compile_rulebook(files), author="A", reason="B", now=now)
        book = rulebooks.load(opened)
    assert book is not None
    stage.run(store, book, now)


def gold(store: Store) -> Any:
    with store.read() as opened:
        return opened.execute(select(tag).where(tag.c.account_id == 1)).one()


def test_other_rules_act_at_once_and_other_plans_change_nothing(store: Store) -> None:
    text = TABLE + "  demote: {after: 21 d}\n"
    files = {**small(segments=text), "alerts.yaml": "start: 2026-02-01"}
    published(store, small(segments=text), START, 0)
    with store.write() as opened:
        slot = rulebooks.load(opened).slots[Kind.ACCOUNT]  # type: ignore[union-attr]  # just published
        money, kind, vip = (slot[name] for name in ("potential", "kind", "vip"))
        add(opened, 1, **{money: 600_000_00, kind: "client", vip: True})
    published(store, small(segments=text), START, 1)
    with store.write() as opened:
        change(opened, 1, **{money: 1})
    published(store, small(segments=text), START, 2)
    assert (gold(store).tier, gold(store).settled_by) == ("gold", "kept")
    # Another file than the rules: the delay goes on.
    published(store, files, START + 1, 0)
    assert (gold(store).tier, gold(store).lower_since_on) == ("gold", START)
    # The rules as they were, with a comment: so does it.
    published(store, {**files, "segments.yaml": f"# oui\n{text}"}, START + 2, 0)
    assert gold(store).tier == "gold"
    # Another table: what it says counts at once.
    other = text.replace('">= 100k"', '">= 90k"')
    published(store, {**files, "segments.yaml": other}, START + 3, 0)
    assert (gold(store).tier, gold(store).settled_by) == ("bronze", "rule")
