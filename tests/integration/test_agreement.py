"""Tag, explain and preview never disagree, and incremental equals full, whatever the playbook.

Random playbooks over random accounts that change on random days. `ARPENT_TEST_AGREEMENT` says how
many playbooks are tried on each database.
"""

import os
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, insert, select

from rules.records import Kind
from rules.rulebook import Rulebook
from rules.tagging import TAG_COLUMNS
from rules.time import date_of
from service import explain
from service.explain import Explanation
from service.store import examples, explanations, moves, outbox
from service.store.engine import Store
from service.store.explanations import Found
from service.store.inputs import Inputs
from service.store.rulebooks import Published
from service.store.tables import challenge, override, tag
from service.store.tables import connection as crm
from tests.integration.random_playbooks import TIERS, playbook
from tests.integration.test_tags import ACCOUNTS, History, run, tags, undone
from tests.playbooks import SLOTS

PUBLISHED_SLOTS = {Kind.ACCOUNT: SLOTS}
READ = Inputs(
    slots=PUBLISHED_SLOTS, unknown={Kind.ACCOUNT: {}, Kind.OPPORTUNITY: {}}, unread=[],
    has_new_rules=False,
)  # fmt: skip
TRIED = int(os.environ.get("ARPENT_TEST_AGREEMENT", "3"))
STEPS = 3
_SOME = 0.3
CHOICES = {"tier": TIERS, "priority": ("p1", "p2", "p3")}
CRM: Mapping[str, Any] = {
    "id": 1,
    "vendor": "hubspot",
    "account_id": "1",
    "name": "CRM",
    "currency": "CAD",
    "state": "active",
}
_TOLD = ("is_in_scope", "tier", "tier_row", "priority", "next_contact_on", "why", "recheck_on")
_STANDING = ("rated_tier", "settled_by", "lower_since_on", "received_on", "rep")
_OWED = {"tier": "tier", "priority": "priority", "why": "why", "next_contact": "next_contact_on"}


class Anyhow(History):
    """Accounts with a value at random in every field that the playbooks read."""

    def _account(self) -> dict[str, Any]:
        choice = self.chance.choice
        return {
            "owner_id": choice([None, 1, 1, 1, 2]),
            "text_1": choice(["client", "client", "prospect", None]),
            "text_2": choice(["bois", "mines", "", None]),
            "money_1": choice([None, 0, 99_999_99, 100_000_00, 300_000_00, 500_000_01, 2**52]),
            "number_1": choice([None, 0.0, 1.0, 2.5, 3.0, 4.0]),
            "yes_no_1": choice([None, True, False]),
            "date_1": choice([None, self._day(), self._day()]),
            "created_on": choice([None, self._day(), self._day()]),
            "archived_at": None,
        }

    def step(self) -> None:
        """Random changes of the records, and sometimes a person's decision or objection."""
        super().step()
        account_id, field = self.chance.randint(1, ACCOUNTS), self.chance.choice(sorted(CHOICES))
        wanted, days = self.chance.choice(CHOICES[field]), self.chance.choice([None, 0, 1, 40])
        if self.chance.random() < _SOME:
            self.connection.execute(
                insert(override).values(
                    account_id=account_id, field=field, value=wanted, author="Marc", reason="oui",
                    from_on=self.today, until_on=None if days is None else self.today + days,
                )
            )  # fmt: skip
            self._mark(account_id)
        elif self.chance.random() < _SOME:
            self.connection.execute(
                insert(challenge).values(
                    account_id=account_id, field=field, value=wanted, received_at=0, state="open",
                    received_on=self.today,
                )
            )  # fmt: skip
            self._mark(account_id)


def compared(connection: Connection, rulebook: Rulebook, history: History) -> None:
    """What is explained of an account is what it was tagged; of some, what is missing too."""
    known = tags(connection)
    account_id = history.chance.choice(sorted(known)) if known else None
    if account_id is None:
        return
    told, row = explained(connection, rulebook, account_id, history.today), known[account_id]
    assert {name: getattr(told, name) for name in _TOLD} == {
        name: getattr(row, name) for name in _TOLD
    }
    assert {name: getattr(told.standing, name) for name in _STANDING} == {
        name: getattr(row, name) for name in _STANDING
    }
    (won,) = [
        [each.number for each in step.rows if each.won]
        for step in told.steps
        if step.name == "tier"
    ]
    assert won == ([row.tier_row] if row.tier_row else [])
    if history.chance.random() < _SOME:
        check_missing(connection, rulebook, told, account_id, history.today)


def explained(
    connection: Connection, rulebook: Rulebook, account_id: int, today: int
) -> Explanation:
    published = Published(
        id=1, rulebook=rulebook, slots=PUBLISHED_SLOTS, author="", reason="", published_at=0
    )
    found = Found(id=account_id, external_id=str(account_id), name="–", owner=None)
    return explain.of_account(connection, published, found, today)


def check_preview(connection: Connection, rulebook: Rulebook) -> None:
    """Every value that a push would write is that of the tag, and every other is there already."""
    while outbox.owe(connection, 1, rulebook.written):
        pass
    shown: dict[int, dict[str, str | None]] = {}
    for each in outbox.pending(connection, 1):
        shown.setdefault(each.account_id, {})[each.field] = each.after
    for account_id, row in tags(connection).items():
        values = {name: _written(row, column) for name, column in _OWED.items()}
        wanted = {name: value for name, value in values.items() if value is not None}
        seen = {name: value for name, value in shown.get(account_id, {}).items() if name in _OWED}
        assert {name: value for name, value in seen.items() if value is not None} == wanted


def _written(row: Row[Any], column: str) -> str | None:
    value = getattr(row, column)
    if column == "next_contact_on" and value is not None:
        return date_of(value).isoformat()
    return None if value is None else str(value)


def check_step(connection: Connection, rulebook: Rulebook, today: int, step: int) -> None:
    """The incremental evaluation comes to what a full one would, and a preview of these rules."""
    columns = [tag.c[name] for name in TAG_COLUMNS]
    query = select(*columns).order_by(tag.c.account_id)
    before = tags(connection)
    foreseen = {each.account_id: each for each in moves.movers(connection, rulebook, READ, today)}
    with connection.begin_nested() as savepoint:
        run(connection, today, rulebook=rulebook, slots=SLOTS, is_full=True, step=step)
        full = connection.execute(query).all()
        savepoint.rollback()
    run(connection, today, rulebook=rulebook, slots=SLOTS, step=step)
    assert connection.execute(query).all() == full
    for account_id, row in tags(connection).items():
        move, old = foreseen.get(account_id), before.get(account_id)
        if move is not None:
            after = (move.is_in_scope, move.tier_after, move.priority_after, move.why_after)
            assert after == (row.is_in_scope, row.tier, row.priority, row.why)
        else:
            assert (row.tier, row.priority) == ((old.tier, old.priority) if old else (None, None))


def check_missing(
    connection: Connection, rulebook: Rulebook, told: Explanation, account_id: int, today: int
) -> None:
    """What is said to be missing leads to the tier, and nothing less than all of it does."""
    values = explanations.read(connection, rulebook.tagging, PUBLISHED_SLOTS, account_id, today)
    facts = {name: values[name] for name in (*rulebook.tagging.facts, *rulebook.tagging.flips)}
    for each in told.missing:
        applied = {**facts, **{change.name: change.after for change in each.changes}}
        less = [{**applied, change.name: change.before} for change in each.changes]
        reached, *others = examples.evaluate(rulebook.tagging, [applied, *less], today)
        assert reached["tier"] == each.tier
        assert all(other["tier"] != each.tier for other in others)


@given(seed=st.integers(0, 10**9))
@settings(
    max_examples=TRIED, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_tag_explain_and_preview_agree(store: Store, seed: int) -> None:
    rulebook = playbook(seed)
    with undone(store) as connection:
        connection.execute(insert(crm).values(**CRM))
        history = Anyhow(connection, seed)
        run(connection, history.today, rulebook=rulebook, slots=SLOTS, is_full=True)
        compared(connection, rulebook, history)
        for step in range(1, STEPS + 1):
            history.step()
            check_step(connection, rulebook, history.today, step)
            compared(connection, rulebook, history)
        check_preview(connection, rulebook)
