"""An installation, an emulated CRM, and the line between them, on which anything may go wrong.

In the CRM are a rep, four prospects of hers and, from the first cycle on, what Arpent wrote: tags
and a task. `check` says that nothing is lost: the mirror equals the CRM, what was owed is written,
and each task is there once.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select, update

from connectors.base import Connector
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.exchange import JsonObject
from rules.language import Text
from rules.owned import Owned
from rules.time import instant_of
from service import cycle, owe, provision
from service.app import App, open_app
from service.settings import SHIPPED_PLAYBOOK, load_settings
from service.store import rulebooks
from service.store.tables import alert, metadata

# Monday 29 June 2026, 7:00 in Toronto: the hour of the weekly look, which wants a task.
LOOK = datetime(2026, 6, 29, 11, tzinfo=UTC)
A_WHILE = timedelta(minutes=40)
# Longer than any CRM is left alone.
A_DAY = timedelta(hours=25)
# The CRM is given so long for an answer, in seconds: the machine is a busy one.
SECONDS = 0.4
# Potentials of a prospect who was never contacted, and the tier that each gives.
TIERS = {"600000": "silver", "50000": "bronze"}


class Line(ABC):
    """One vendor's line. `emulated` is its CRM, `accounts` the ids of the prospects there."""

    vendor: str
    # Begins each word that nobody may ever see.
    secret: str
    emulated: Emulated
    crm: Connector
    accounts: list[str]

    def __init__(self, file: Path) -> None:
        self.tasks = 1
        self._changes = count(1)
        settings = load_settings(
            database_url=f"sqlite:///{file}", playbook=SHIPPED_PLAYBOOK, **self.emulated.settings
        )
        self.app: App = open_app(settings, lambda: instant_of(self.emulated.clock.now()))

    @abstractmethod
    def edit(self, key: str, *, name: str, potential: str) -> None:
        """A person changes an account."""

    @abstractmethod
    def open_a_deal(self, name: str) -> None:
        """A person creates an opportunity."""

    @abstractmethod
    def deals(self) -> set[str]:
        """The ids of the opportunities in the CRM."""

    @abstractmethod
    def seen(self, key: str) -> Mapping[str, str]:
        """An account in the CRM: its `name`, its `potential`, and our fields by our names."""

    @abstractmethod
    def task_bodies(self) -> list[str]:
        """The texts of all tasks in the CRM."""

    def begin(self) -> None:
        """Publish the playbook, make our fields, and run the first cycle."""
        self.emulated.clock.set(LOOK - A_WHILE)
        with self.app.store.write() as connection:
            rulebooks.publish(
                connection, self.app.compile(), author="ops", reason="", now=self.app.clock()
            )
        provision.run(self.crm, self.app.published().rulebook, dry_run=False)
        self.emulated.clock.advance(A_WHILE)
        assert cycle.run(self.app, {self.vendor: self.crm}).failures == {}
        self.check()

    def close(self) -> None:
        self.crm.close()
        self.app.store.close()

    def fail(self, *faults: JsonObject) -> None:
        self.emulated.set_faults(*faults)

    def cycle(self) -> Mapping[str, Text]:
        """A cycle, once the CRM may be asked again; returns what was said of failures."""
        (crm,) = self.rows("connection")
        is_parked = (crm.not_before_at or 0) > self.app.clock()
        self.emulated.clock.advance(A_DAY if is_parked else A_WHILE)
        return cycle.run(self.app, {self.vendor: self.crm}).failures

    def recover(self) -> None:
        """The trouble is over: nothing is left of it. What was refused is sent again by hand."""
        self.fail()
        self.retry()
        assert self.cycle() == {}
        self.check()

    def retry(self) -> None:
        """A person has what was refused sent again."""
        owe.retry(self.app.store, self.app.connection(self.vendor).id)

    def work(self) -> None:
        """People work: a rename, other potentials, a new deal; and an alert that wants a task."""
        number = next(self._changes)
        potential = list(TIERS)[number % 2]
        for key in self.accounts:
            self.edit(key, name=f"Compte {key} {number}", potential=potential)
        self.open_a_deal(f"Affaire {number}")
        with self.app.store.write() as connection:
            wanted = {"key": f"ESSAI{number:011}", "task_state": "owed", "task_id": None}
            is_done = alert.c.task_state == "created"
            self.tasks += connection.execute(update(alert).where(is_done).values(wanted)).rowcount

    def rows(self, table: str) -> list[Row[Any]]:
        with self.app.store.read() as connection:
            return list(connection.execute(select(metadata.tables[table])))

    def check(self) -> None:
        """The mirror equals the CRM, what is owed is there, and each task once."""
        there = {key: self.seen(key) for key in self.accounts}
        accounts = self.rows("account")
        assert {row.external_id: (row.name, row.archived_at) for row in accounts} == {
            key: (seen["name"], None) for key, seen in there.items()
        }
        assert {row.external_id for row in self.rows("opportunity")} == self.deals()
        names = {row.id: row.external_id for row in accounts}
        tags = {names[row.account_id]: row.tier for row in self.rows("tag")}
        assert tags == {key: TIERS[seen["potential"]] for key, seen in there.items()}
        for debt in self.rows("outbox"):
            assert debt.state == "settled", debt
            assert there[names[debt.account_id]].get(debt.field, "") == (debt.desired or ""), debt
        for key, seen in there.items():
            assert seen[Owned.TIER] == tags[key]
        assert self.marks() == dict.fromkeys(self.marks(), 1)
        assert len(self.marks()) == self.tasks
        assert self.rows("quarantine") == []

    def marks(self) -> Counter[str]:
        """How often each task is in the CRM, by its mark."""
        return Counter(body.rpartition("[Arpent ")[2] for body in self.task_bodies())

    def assert_told(self, said: Text, *words: str) -> None:
        """A sentence in each language: what, where, what next; no key, nor how we are made."""
        assert said.fr != said.en
        for spoken in said:
            assert self.vendor in spoken.lower() or "127.0.0.1" in spoken or "CRM" in spoken
            assert self.secret not in spoken
            assert "Traceback" not in spoken
            assert "object at 0x" not in spoken
            assert not [word for word in words if word not in spoken], spoken
        nexts = ("éessaiera", "eprend", "érifiez", "réez", "joutez", "opiez", "onnez", "ettez")
        assert any(each in said.fr for each in nexts), said.fr


def hurt(line: Line, places: tuple[JsonObject, ...], fault: JsonObject, *words: str) -> None:
    """A fault hits each place once, while people work."""
    line.work()
    line.fail(*[{"match": place, "nth": 1, "times": 1, "fault": fault} for place in places])
    for _ in places:
        failures = line.cycle()
        for said in failures.values():
            line.assert_told(said, *words)
        if not failures:
            break
    assert line.emulated.faults.fired >= len(places) - 1


def lines_of(made: Line) -> Iterator[Line]:
    """A line for one test: with as many tasks as are there, and without faults afterwards."""
    made.tasks = len(made.marks())
    yield made
    made.fail()
