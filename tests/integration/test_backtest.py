"""A backtest of a small world whose figures are worked out by hand."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.backtest import Finding, Outcome
from rules.records import Opportunity, StageKind
from rules.rulebook import compile_rulebook
from rules.time import Instant, day_number, instant_of
from service import backtest
from service.app import App
from service.backtest import Backtest, BacktestError, Trial
from service.cli.show import backtesting, terminal
from service.settings import Settings
from service.store import bindings, rulebooks
from service.store.engine import Store
from tests.integration.pages import Workspace, account, deal_of, opportunity, owner, page, settle
from tests.integration.pages import stage as a_stage
from tests.playbooks import FIELDS, TIER, small

ZONE = ZoneInfo("America/Toronto")
VENDOR = "hubspot"
# The bound fields were read in full on 10 January 2026; the rules that were in force on 1 March
# had been published five days before that, with a lower limit for gold.
READ, ON = (2026, 1, 10), (2026, 3, 1)
OLD_TIER = TIER.replace("500k", "300k")
# What is said does not depend on the database.
on_one_database = pytest.mark.parametrize("database", ["sqlite"])
KEYS = ("accounts", "opened", "won", "lost", "won_amount", "unknown_amounts")


def at(year: int, month: int, day: int, hour: int = 12) -> Instant:
    moment = datetime(year, month, day, hour, tzinfo=ZONE)
    return instant_of(moment.astimezone(UTC))


def on(*day: int) -> int:
    return day_number(date(*day))


@dataclass(frozen=True, slots=True)
class Sale:
    """An opportunity of an account: its stage now, when it was created, its close date."""

    of: str
    state: str
    created: tuple[int, int, int]
    closes: tuple[int, int, int]
    amount: int | None = 100_00
    seen: tuple[int, int, int] = (2026, 9, 1)
    archived_at: Instant | None = None

    def record(self, number: int) -> Opportunity:
        return opportunity(
            f"D{number}", stage_id=self.state, created_at=at(*self.created),
            closes_at=at(*self.closes), amount=self.amount, modified_at=at(*self.seen),
            archived_at=self.archived_at,
        )  # fmt: skip


class World:
    """Three accounts whose potential changes after the day, and what they buy."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.workspace: Workspace = settle(store, vendor=VENDOR)
        self.folder = folder
        self.now = at(2026, 12, 1)
        self.sold = 0
        self.app = App(Settings(database_url="sqlite://", playbook=folder), store, lambda: self.now)
        self.put_on_disk(TIER)

    def put_on_disk(self, segments: str, **files: str) -> None:
        for name, content in small(segments=segments, **files).items():
            (self.folder / name).write_text(str(content), encoding="utf-8")

    def publish(self, segments: str, when: Instant, **files: str) -> None:
        book = compile_rulebook(small(segments=segments, **files))
        with self.workspace.store.write() as connection:
            rulebooks.publish(connection, book, author="ops", reason="", now=when)

    def read(self) -> None:
        """The first pull, then what changed in spring."""
        write = self.workspace.write
        write(page(owner("O1")), now=at(*READ))
        write(page(*(a_stage(kind.value, kind=kind) for kind in StageKind)), now=at(*READ))
        self.put(READ, A=600, B=400, C=100)
        with self.workspace.store.write() as connection:
            bound = bindings.load_bindings(connection, VENDOR)
            bindings.mark_backfilled(connection, VENDOR, bound, at(*READ))
        self.put((2026, 4, 1), A=100)
        self.put((2026, 5, 1), C=900)

    def put(self, seen: tuple[int, int, int], **potentials: int) -> None:
        """Accounts with their potential in thousands, as they were on a day."""
        records = [
            account(
                name, created_at=at(2025, 1, 1), modified_at=at(*seen),
                fields={"potential": thousands * 100_000},
            )
            for name, thousands in potentials.items()
        ]  # fmt: skip
        self.workspace.write(page(*records), now=at(*seen))

    def sell(self, *sales: "Sale") -> None:
        """Opportunities, as they were last changed."""
        now = max(at(*each.seen) for each in sales)
        records = [each.record(number) for number, each in enumerate(sales, self.sold)]
        links = [
            deal_of(each.of, record.external_id)
            for each, record in zip(sales, records, strict=True)
        ]
        self.workspace.write(page(*records, links=links), now=now)
        self.sold += len(sales)

    def sell_all(self) -> None:
        """What follows, and what must not be taken for it."""
        february, march = (2026, 2, 1), (2026, 3, 15)
        # Won on 20 February already, as was seen then, whatever its close date says.
        self.sell(Sale("C", "won", february, (2026, 6, 1), seen=(2026, 2, 20)))
        self.sell(
            Sale("A", "won", february, (2026, 4, 10), amount=1_000_00),
            Sale("A", "lost", march, (2026, 5, 1)),
            Sale("B", "won", march, (2026, 6, 1), amount=500_00),
            # The last day of the window is 28 August, 180 days after 1 March.
            Sale("C", "lost", february, (2026, 8, 28)),
            Sale("C", "won", march, (2026, 8, 29)),
            Sale("A", "won", february, (2026, 2, 20)),
            Sale("B", "lost", ON, ON),
            Sale("C", "won", (2026, 3, 2), (2026, 7, 1), amount=None),
            Sale("B", "won", march, (2026, 6, 1), archived_at=at(2026, 9, 1)),
        )

    def test(self, **values: Any) -> Backtest:
        return backtest.run(self.app, None, **{"on": on(*ON), **values})

    def refusal(self, **values: Any) -> str:
        with pytest.raises(BacktestError) as caught:
            self.test(**values)
        return caught.value.message.fr


@pytest.fixture
def empty(store: Store, tmp_path: Path) -> World:
    """A playbook on disk and another one in force; nothing was read."""
    world = World(store, tmp_path)
    world.publish(OLD_TIER, at(2026, 1, 5))
    return world


@pytest.fixture
def world(empty: World) -> World:
    """The same, with everything that was read and sold."""
    empty.read()
    empty.sell_all()
    return empty


def figures(trial: Trial | None) -> dict[str | None, tuple[int, ...]]:
    assert trial is not None
    return {each.tier: tuple(getattr(each, key) for key in KEYS) for each in trial.outcomes}


def outcome(trial: Trial, tier: str) -> Outcome:
    return next(each for each in trial.outcomes if each.tier == tier)


def test_what_followed_is_counted_by_the_tier_of_the_day(world: World) -> None:
    found = world.test()
    assert (found.on, found.until) == (on(*ON), on(2026, 8, 28))
    # On 1 March A had 600 k$, B 400 k$ and C 100 k$.
    assert figures(found.new) == {
        "gold": (1, 1, 1, 1, 1_000_00, 0),
        "silver": (2, 3, 2, 1, 500_00, 1),
    }
    assert figures(found.old) == {
        "gold": (2, 2, 2, 1, 1_500_00, 0),
        "silver": (1, 2, 1, 1, 0, 1),
    }
    assert found.old
    assert found.old.published_on == on(2026, 1, 5)
    assert outcome(found.old, "gold").won_per_account == 750_00
    assert outcome(found.new, "silver").win_rate == pytest.approx(2 / 3)
    findings = {each.finding for each in (*found.new.comparisons, *found.changes)}
    assert findings == {Finding.NOT_CONCLUSIVE}
    assert "non concluant (n = 2)" in found.new.comparisons[0].text.fr
    # The potential is known since 10 January.
    assert found.new.hindsight == []


def test_a_fact_whose_history_starts_later_is_hindsight(world: World) -> None:
    world.sell(Sale("A", "won", (2025, 10, 1), (2025, 12, 1), seen=(2025, 12, 2)))
    found = world.test(on=on(2026, 1, 9))
    # All three last changed on 10 January or later.
    (told,) = found.new.hindsight
    assert (told.fact, told.since_on, told.accounts) == ("potential", on(*READ), 3)
    assert "« potential » est connu après coup pour 3 comptes" in told.text.fr
    assert "2026-01-10" in told.text.fr
    assert {tier: row[0] for tier, row in figures(found.new).items()} == {"gold": 1, "silver": 2}


def test_an_account_that_was_not_changed_since_is_no_hindsight(world: World) -> None:
    world.workspace.write(
        page(account("D", created_at=at(2025, 1, 1), modified_at=at(2025, 6, 1))), now=at(*READ)
    )
    (told,) = world.test(on=on(2026, 1, 9)).new.hindsight
    assert told.accounts == 3


def test_a_field_that_was_never_read_is_unknown_and_said_to_be(world: World) -> None:
    world.put_on_disk(
        TIER.replace("potential", "worth"), fields=FIELDS.replace("potential", "worth")
    )
    found = world.test()
    assert {tier: row[0] for tier, row in figures(found.new).items()} == {"gold": 0, "silver": 3}
    (told,) = found.new.hindsight
    assert (told.fact, told.since_on, told.accounts) == ("worth", None, 3)
    assert {tier: row[0] for tier, row in figures(found.old).items()} == {"gold": 2, "silver": 1}


@on_one_database
def test_one_name_for_another_field_is_another_field(world: World) -> None:
    world.put_on_disk(TIER, fields=FIELDS.replace("hubspot: a}", "hubspot: z}"))
    assert [each.fact for each in world.test().new.hindsight] == ["potential"]


@on_one_database
def test_tiers_far_apart_are_told_apart(world: World) -> None:
    day = (2026, 4, 2)
    world.sell(
        *(Sale("A", "won", day, day) for _ in range(18)),
        *(Sale("A", "lost", day, day) for _ in range(2)),
        *(Sale("B", "lost", day, day) for _ in range(20)),
    )
    found = world.test()
    (told,) = found.new.comparisons
    # 19 of 22 is [67 %, 95 %], 2 of 23 is [2 %, 27 %].
    assert (told.finding, outcome(found.new, "gold").won) == (Finding.HIGHER, 19)
    assert "taux de gain plus haut (86\xa0% contre 9\xa0%)" in told.text.fr


def test_the_rules_alone_count_with_their_caps(world: World) -> None:
    everyone = TIER.replace('{potential: "> 500k", then: gold}', '{potential: "> 50k", then: gold}')
    world.put_on_disk(f"{everyone}  cap: {{gold: 1 per owner, rank: potential}}\n")
    # A has the highest potential on 1 March, though the lowest one now.
    assert {tier: row[0] for tier, row in figures(world.test().new).items()} == {
        "gold": 1,
        "silver": 2,
    }
    assert figures(world.test().new)["gold"] == (1, 1, 1, 1, 1_000_00, 0)


def test_measures_of_the_playbook_see_the_records_of_the_day(world: World) -> None:
    measures = """\
measures:
  bought: {sum: opportunity.amount, when: "state = 'won' and days_since(closes) < 365"}
  moves: {count: history, when: "field = 'stage'"}
"""
    tier = """\
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver], bronze: [Bronze, Bronze]}
  table:
    - {moves: "> 0", then: gold}
    - {bought: "> 50", then: silver}
    - {else: bronze}
"""
    world.put_on_disk(tier, fields=FIELDS + measures)
    found = world.test()
    # By 1 March, C's stage had been seen, and A had bought on 20 February.
    assert {each.tier: (each.accounts, each.won) for each in found.new.outcomes} == {
        "gold": (1, 1),
        "silver": (1, 1),
        "bronze": (1, 1),
    }
    # What was first seen in September may have been otherwise in March.
    told = {each.fact: each.accounts for each in found.new.hindsight}
    assert told == {"bought": 3, "moves": 3}


@on_one_database
def test_the_same_rules_are_shown_once(world: World) -> None:
    world.put_on_disk(OLD_TIER)
    found = world.test()
    assert found.old is None
    assert any("la même chose" in note.fr for note in found.notes)


@on_one_database
def test_before_any_publication_the_rules_in_force_now_are_the_old_ones(world: World) -> None:
    world.put((2025, 12, 1), E=1)
    found = world.test(on=on(2026, 1, 2))
    assert found.old
    assert any("Aucun playbook n'était publié le 2026-01-02" in note.fr for note in found.notes)


@on_one_database
def test_a_horizon_beyond_today_is_cut_and_said(world: World) -> None:
    world.now = at(2026, 4, 30)
    found = world.test()
    assert found.until == on(2026, 4, 30)
    assert found.notes[0].fr.startswith("L'horizon irait jusqu'au 2026-08-28 : il s'arrête")
    assert figures(found.new)["gold"] == (1, 1, 1, 0, 1_000_00, 0)


@on_one_database
def test_without_a_closed_opportunity_nothing_is_compared(world: World) -> None:
    found = world.test(on=on(2026, 9, 15), horizon=30)
    assert sum(each.closed for each in found.new.outcomes) == 0
    assert any("Aucune opportunité de ces comptes" in note.fr for note in found.notes)
    assert "non concluant (n = 0)" in found.new.comparisons[0].text.fr
    backtesting.backtest(found)


@on_one_database
def test_a_day_that_tells_nothing_is_refused_with_a_sentence(world: World) -> None:
    assert "n'est pas passé" in world.refusal(on=on(2027, 1, 1))
    assert "n'est pas passé" in world.refusal(on=on(2026, 12, 1))
    assert "au moins un jour" in world.refusal(horizon=0)
    assert "l'historique commence le" in world.refusal(on=on(2020, 1, 1))


@on_one_database
def test_without_an_account_that_was_there_nothing_is_compared(empty: World) -> None:
    # An import gives accounts its own day, whatever their opportunities tell.
    empty.workspace.write(page(a_stage("won", kind=StageKind.WON)))
    young = account("A", created_at=at(2026, 6, 1), modified_at=at(2026, 6, 1))
    empty.workspace.write(page(young), now=at(2026, 6, 1))
    empty.sell(Sale("A", "won", (2025, 3, 1), (2026, 4, 1), seen=(2025, 4, 1)))
    notes = [note.fr for note in empty.test().notes]
    assert any("Aucun compte de la portée n'était créé le 2026-03-01" in note for note in notes)


@on_one_database
def test_before_the_first_pull_there_is_nothing_to_look_at(empty: World) -> None:
    assert "arpent pull" in empty.refusal()


@on_one_database
def test_without_a_day_it_is_the_horizon_before_today(world: World) -> None:
    found = world.test(on=None, horizon=100)
    assert (found.on, found.until) == (on(2026, 8, 23), on(2026, 12, 1))


@on_one_database
def test_what_is_printed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    found = world.test()
    backtesting.backtest(found)
    printed = capsys.readouterr().out
    assert "Niveaux au 2026-03-01, et ce qui a suivi jusqu'au 2026-08-28" in printed
    assert "Règles nouvelles – Or contre Argent : non concluant (n = 2)" in printed
    assert "(+ 1 sans montant)" in printed
    terminal.as_json(backtesting.plain(found))
    told = json.loads(capsys.readouterr().out)
    assert told["new"]["tiers"][1]["won_amount"] == 500_00
    assert told["new"]["tiers"][0]["interval"] == pytest.approx([0.0945, 0.9055], abs=0.001)
