"""`rules preview` and what `rules publish` keeps of it, on the worked case and on a terminal.

By hand, from the files of the case: if a potential were high from 200 k$ on, an account of 200 to
500 k$ that nobody contacted for a year would be silver by its potential alone. There are `COLD`.
Gold takes a medium potential as well as a high one, and whoever was silver by a medium potential is
silver by a high one: nobody else moves.
"""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from rules.rulebook import compile_rulebook
from service import cycle, preview_rules
from service.app import read_playbook
from service.rehearsal import ELISE
from service.settings import SHIPPED_PLAYBOOK
from service.store import bindings
from service.store.engine import open_store
from service.store.tables import metadata
from tests.acceptance.shell import Shell
from tests.acceptance.territory import VENDOR, Territory
from tests.playbooks import small

COLD = 9
AS_OF = date(2026, 6, 29)
HIGHER = ('high: "> 500k", medium: "100k..500k"', 'high: "> 200k", medium: "100k..200k"')


def rows(name: str) -> Iterator[dict[str, str]]:
    with (ELISE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def test_the_cold_accounts_of_the_case_are_as_many_as_said() -> None:
    contacted: dict[str, date] = {}
    for each in rows("activities.csv"):
        if each["status"] == "COMPLETED" or each["direction"] == "EMAIL":
            day = datetime.fromisoformat(each["timestamp"]).date()
            contacted[each["account_id"]] = max(day, contacted.get(each["account_id"], day))
    cold = [
        each["name"]
        for each in rows("accounts.csv")
        if 200_000 < float(each["potentiel_annuel"] or 0) <= 500_000
        and (AS_OF - contacted.get(each["id"], date.min)).days > 365
    ]
    assert len(cold) == COLD


def test_the_worked_case_with_a_lower_threshold(territory: Territory) -> None:
    app = territory.app
    reading = replace(app, settings=app.settings.model_copy(update={"read_only": True}))
    assert cycle.run(reading, {VENDOR: territory.connector}).failures == {}
    files = {name: text.decode() for name, text in read_playbook(SHIPPED_PLAYBOOK).items()}
    assert HIGHER[0] in files["segments.yaml"]
    files["segments.yaml"] = files["segments.yaml"].replace(*HIGHER)
    calls = territory.connector.calls
    found = preview_rules.run(app.store, compile_rulebook(files), now=app.clock())
    assert {(each.before, each.after): each.accounts for each in found.tiers} == {
        ("gold", "gold"): 12, ("silver", "silver"): 28, ("bronze", "silver"): COLD,
        ("bronze", "bronze"): 75 - COLD,
    }  # fmt: skip
    assert (found.moved, found.entering, found.leaving) == (COLD, [], [])
    assert [each.tier_after for each in found.moves if each.tier_before != each.tier_after] == [
        "silver"
    ] * COLD
    (elise,) = found.reps
    assert (elise.key, elise.before.accounts, elise.after.capacity) == ("elise", 115, 32)
    assert territory.connector.calls == calls


# On a terminal.


@pytest.fixture
def bench(shell: Shell, sqlite_template: Path) -> Shell:
    """Ten accounts of Élise's, worth 50 k$ to 500 k$, evaluated; nothing hangs on the clock."""
    shutil.copy(sqlite_template, shell.folder / "arpent.sqlite3")
    url = f"sqlite:///{shell.folder / 'arpent.sqlite3'}"
    write(shell, RULES)
    shell.settings |= {"database_url": url, "playbook": "book", "read_only": "1"}
    assert shell.say("rules", "publish").code == 0
    store = open_store(url)
    with store.write() as connection:
        crm = insert(metadata.tables["connection"])
        connection.execute(
            crm.values(id=1, vendor="hubspot", account_id="1", name="-", currency="CAD",
                       state="active")
        )  # fmt: skip
        connection.execute(
            insert(metadata.tables["owner"]).values(
                id=1, connection_id=1, external_id="1", name="Élise", is_active=True,
                rep_key="elise", email="e@x.example",
            )
        )  # fmt: skip
        found = bindings.load_bindings(connection, "hubspot")
        bindings.mark_backfilled(connection, "hubspot", found, 1)
        for number in range(1, 11):
            connection.execute(
                insert(metadata.tables["account"]).values(
                    id=number, connection_id=1, external_id=f"90{number}", owner_id=1,
                    name=f"=Compte {number}", modified_at=1, pulled_at=1,
                    money_1=number * 50_000_00,
                )
            )  # fmt: skip
            connection.execute(insert(metadata.tables["dirty"]).values(account_id=number))
    store.close()
    assert shell.say("tag").code == 0
    return shell


RULES = """\
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver]}
  table:
    - {potential: "> 300k", then: gold, why: assez gros}
    - {else: silver, why: trop petit}
"""
TEAM = """\
zone: America/Toronto
currency: CAD
reps: {elise: {name: Élise, email: e@x.example}}
"""


def write(shell: Shell, rules: str) -> None:
    """The playbook on disk: a potential, and these rules."""
    fields = "account: {potential: {type: money, hubspot: a}}\n"
    (shell.folder / "book").mkdir(exist_ok=True)
    for name, text in small(team=TEAM, fields=fields, segments=rules).items():
        (shell.folder / "book" / name).write_text(str(text), "utf-8")


def test_what_a_terminal_shows_and_a_file_keeps(bench: Shell) -> None:
    write(bench, RULES.replace("300k", "200k"))
    said = bench.say("rules", "preview", "-o", "moves.csv", "--owner", "elise")
    assert said.code == 0, said.err
    for words in (
        "avant ↓ après →",
        "Changent de niveau ou de portée : 2 comptes sur 10 comptes",
        "contact_hours",
        "2 750 000 $",
        "valeurs sur 10 comptes",
        "moves.csv : 2 comptes.",
        "Argent → Or",
    ):
        assert words in said.out.replace("\xa0", " "), words
    lines = (bench.folder / "moves.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(";")[:5] for line in lines[1:]] == [
        ["'=Compte 5", "905", "Élise", "Argent", "Or"],
        ["'=Compte 6", "906", "Élise", "Argent", "Or"],
    ]


def test_what_is_wrong_is_said_as_by_check(bench: Shell) -> None:
    same = bench.say("rules", "preview")
    assert "Rien ne change : le sens du playbook est celui qui est en vigueur" in same.out
    wrong = bench.say("rules", "preview", "--owner", "elize")
    assert (wrong.code, "« elise »" in wrong.err) == (2, True)
    nowhere = bench.say("rules", "preview", "-o", "no/such/folder/file.csv")
    assert (nowhere.code, "ne peut pas être écrit" in nowhere.err) == (2, True)
    team = bench.folder / "book" / "team.yaml"
    marc = "reps: {marc: {name: Marc, email: m@x.example}, "
    team.write_text(TEAM.replace("reps: {", marc), "utf-8")
    nothing = bench.say("rules", "preview", "--owner", "marc")
    assert (nothing.code, "Aucun compte lu n'est à marc" in nothing.out) == (0, True)
    team.write_text("zone: Mars\n", "utf-8")
    broken = bench.say("rules", "preview")
    assert (broken.code, "team.yaml:1:7" in broken.err) == (2, True)


def test_a_publication_tells_what_it_moves_and_keeps_it(bench: Shell) -> None:
    write(bench, RULES.replace("300k", "200k"))
    foretold = bench.say("rules", "preview", "--json").json
    assert {(each["before"], each["after"]): each["accounts"] for each in foretold["tiers"]} == {
        ("gold", "gold"): 4, ("silver", "gold"): 2, ("silver", "silver"): 4,
    }  # fmt: skip
    said = bench.say("rules", "publish")
    assert "Changent de niveau ou de portée : 2 comptes sur 10 comptes" in said.out
    assert bench.say("tag").code == 0
    found = bench.say("rules", "history", "--json").json["publications"]
    assert [each["moved"] for each in found] == [2, 0]
    assert "Comptes déplacés" in bench.say("rules", "history").out
    assert bench.say("rules", "publish", "--json").json["published"] is False
