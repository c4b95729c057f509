"""An administrator changes the CRM's fields: only what concerns a field stops, and it heals.

Each change is made in the emulated CRM between two readings, or in the middle of one: after the
schema was looked at, before the records are read. Every record is touched meanwhile, so that all
of them are read again.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from connectors.base import Fatal
from rules.rulebook import compile_rulebook
from service import (
    doctor,
    explain,
    preflight,
    pull,
    release_field,
    status,
    tag,
)
from service.app import read_playbook
from service.cli.show import cycle as show_cycle
from service.cli.show import status as show_status
from service.release_field import NotHeldError
from service.settings import SHIPPED_PLAYBOOK
from service.store import bindings, rulebooks
from service.store.notices import FieldState, Notice
from service.store.tables import tag as tag_table
from tests import portals
from tests.acceptance.territory import A_WHILE, VENDOR, Territory, settled

COMPANIES = "/crm/properties/2026-09/companies"
POTENTIAL = {
    "name": "potentiel_annuel", "label": "Potentiel annuel", "type": "number",
    "fieldType": "number", "groupName": "companyinformation",
}  # fmt: skip
# The office that every test edits, to see that the rest of the account is still read.
WITNESS = "20009"


class Reading:
    """An installation that reads: preflight, pull and tag, as a cycle does before it writes."""

    def __init__(self, territory: Territory) -> None:
        self.territory = territory
        self.app, self.portal = territory.app, territory.portal
        self.size = 20

    def read(self, midway: Callable[[], None] | None = None, *, full: bool = True) -> Any:
        """Read and tag; `midway` happens after the schema was looked at.

        A whole reading by default: HubSpot's search, which tells what changed, is slow.
        """
        crm = self.app.connect(self.territory.connector)
        self.app.preflight(self.territory.connector)
        if midway is not None:
            midway()
        report = pull.run(
            self.app.store, self.territory.connector, connection_id=crm.id, run_id=None,
            now=self.app.clock, full=full,
        )  # fmt: skip
        tag.run(self.app.store, self.app.published(), self.app.clock())
        return report

    def act(self, action: str, name: str, kind: str = "companies", **details: Any) -> None:
        self.portal.act(action, objectType=kind, property=name, **details)

    def touch(self) -> None:
        """Let time pass, touch every account, and give the witness another headcount."""
        self.territory.wait(A_WHILE)
        self.portal.act("touch_all", objectType="companies")
        self.size += 1
        self.territory.edit("companies", WITNESS, numberofemployees=str(self.size))
        self.territory.wait(A_WHILE)

    def goes_on(self) -> bool:
        """Whether the headcount of the witness is the last one written in the CRM."""
        return bool(self.value("size", WITNESS) == self.size)

    def value(self, name: str, company: str) -> Any:
        slots = {
            slot for kinds in self.app.published().slots.values() for slot in [kinds.get(name)]
        }
        (slot,) = slots - {None}
        (row,) = [row for row in self.territory.rows("account") if row.external_id == company]
        return getattr(row, str(slot))

    def tags(self) -> dict[int, tuple[Any, ...]]:
        """The values of every tag."""
        shown = [tag_table.c[name] for name in ("account_id", "tier", "priority", "why", "segment")]
        with self.app.store.read() as connection:
            return {row[0]: tuple(row) for row in connection.execute(select(*shown))}

    def notices(self) -> list[Notice]:
        (crm,) = status.run(self.app).crms
        return list(crm.notices)

    def told(self) -> str:
        """The one notice, in English."""
        (notice,) = self.notices()
        return notice.reason.en


@pytest.fixture(scope="module")
def workplace(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    """The worked case, read once; each test leaves it as it was."""
    database = tmp_path_factory.mktemp("schema") / "arpent.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    with (
        portals.elise() as portal,
        settled(portal, f"sqlite:///{database}") as territory,
    ):
        portal.switches.ten_second_limit = 100_000
        reading = Reading(territory)
        reading.read()
        yield reading


@pytest.fixture
def office(workplace: Reading) -> Iterator[Reading]:
    """The workplace, checked to be healed at the end of the test."""
    before = workplace.tags()
    yield workplace
    workplace.touch()
    workplace.read()
    assert workplace.notices() == []
    assert workplace.tags() == before
    assert workplace.goes_on()
    tag.run(workplace.app.store, workplace.app.published(), workplace.app.clock(), full=True)
    assert workplace.tags() == before


def gone(office: Reading) -> None:
    office.act("remove_property", "potentiel_annuel")


def back(office: Reading) -> None:
    office.territory.call("POST", COMPANIES, POTENTIAL)


@pytest.mark.parametrize("is_midway", [False, True], ids=["between", "midway"])
def test_a_field_that_goes_is_parked_alone_and_read_again_once_it_is_back(
    office: Reading,
    is_midway: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    before = office.tags()
    potential = office.value("potential", WITNESS)
    office.touch()
    if is_midway:
        office.read(midway=lambda: gone(office), full=False)
    else:
        gone(office)
        office.read(full=False)
    assert office.tags() == before
    assert office.goes_on()
    assert office.value("potential", WITNESS) == potential
    (notice,) = office.notices()
    assert notice.state is FieldState.PARKED
    for words in ("hubspot", "accounts", "potentiel_annuel", "money", "Restore it", "fields.yaml"):
        assert words in notice.reason.en
    for words in ("hubspot", "comptes", "« potentiel_annuel »", "montant", "Rétablissez-le"):
        assert words in notice.reason.fr
    # What is new meanwhile has no value, and what is old keeps its own.
    office.touch()
    office.read()
    assert office.notices() == [notice]
    assert (office.tags(), office.goes_on()) == (before, True)

    back(office)
    office.territory.edit("companies", WITNESS, potentiel_annuel="99999.99")
    report = office.read(full=False)

    (accounts,) = [each for each in report.streams if each.kind.value == "account"]
    assert accounts.is_full
    assert office.notices() == []
    assert office.value("potential", WITNESS) == 9_999_999
    office.territory.edit("companies", WITNESS, potentiel_annuel=str(potential / 100))


def test_a_renamed_field_is_guessed_and_the_corrected_playbook_takes_it_up(
    office: Reading,
) -> None:
    before = office.tags()
    office.territory.call("POST", COMPANIES, {**POTENTIAL, "name": "potentiel_annuel_2"})
    gone(office)
    office.touch()
    office.read()
    assert "potentiel_annuel_2" in office.told()
    assert office.tags() == before
    # Nothing is created in the place of what went.
    names = {each["name"] for each in office.territory.call("GET", COMPANIES)["results"]}
    assert "potentiel_annuel" not in names

    publish(office, "potentiel_annuel_2")
    assert office.notices() == []
    back(office)
    publish(office, "potentiel_annuel")
    office.act("remove_property", "potentiel_annuel_2")


def publish(office: Reading, crm_field: str) -> None:
    """Put the shipped playbook in force, with this field of the CRM as the potential."""
    files = read_playbook(SHIPPED_PLAYBOOK)
    fields = files["fields.yaml"].decode()
    files["fields.yaml"] = fields.replace(
        "hubspot: potentiel_annuel", f"hubspot: {crm_field}"
    ).encode()
    compiled = compile_rulebook(files)
    with office.app.store.write() as connection:
        rulebooks.publish(connection, compiled, author="ops", reason="", now=office.app.clock())


def test_a_field_retyped_to_what_can_not_be_read_is_parked(office: Reading) -> None:
    before = office.tags()
    office.touch()
    office.act("change_type", "potentiel_annuel", type="date", fieldType="date")
    office.read()
    assert "potentiel_annuel, among accounts, is of type 'date' in hubspot" in office.told()
    assert "Expected: a field that reads as 'money'" in office.told()
    assert (office.tags(), office.goes_on()) == (before, True)
    office.act("change_type", "potentiel_annuel", type="number", fieldType="number")


@pytest.mark.parametrize(
    "change",
    [
        lambda office: office.act("rename_label", "potentiel_annuel", label="Potentiel estimé"),
        lambda office: office.act(
            "change_type", "potentiel_annuel", type="string", fieldType="text"
        ),
        lambda office: office.act(
            "change_type", "potentiel_annuel", type="number", fieldType="calculation_equation"
        ),
        lambda office: office.act("change_type", "cycle_de_vente", type="string", fieldType="text"),
    ],
    ids=["relabelled", "number to text", "calculated", "choice to text"],
)
def test_a_change_that_leaves_the_values_readable_parks_nothing(
    office: Reading, change: Callable[[Reading], None]
) -> None:
    before = office.tags()
    office.touch()
    change(office)
    office.read()
    assert office.notices() == []
    assert (office.tags(), office.goes_on()) == (before, True)
    office.act("change_type", "potentiel_annuel", type="number", fieldType="number")
    offer(office, "court", "moyen", "long")


def test_an_option_that_is_removed_is_told_and_the_field_goes_on(office: Reading) -> None:
    before = office.tags()
    office.touch()
    office.act("remove_option", "cycle_de_vente", value="moyen")
    office.read()
    (notice,) = office.notices()
    assert notice.state is FieldState.WARNED
    assert "'moyen' is not an option of cycle_de_vente (accounts) in hubspot" in notice.reason.en
    assert "Found: court, long" in notice.reason.en
    assert (office.tags(), office.goes_on()) == (before, True)
    office.act("add_option", "cycle_de_vente", value="moyen")


def offer(office: Reading, *options: str) -> None:
    """Give the sales cycle these options and no other."""
    office.act(
        "change_type", "cycle_de_vente", type="enumeration", fieldType="select", options=options
    )


def test_a_choice_of_which_nothing_is_left_is_parked(office: Reading) -> None:
    before = office.tags()
    office.touch()
    offer(office, "S", "M", "L")
    office.read()
    (notice,) = office.notices()
    assert notice.state is FieldState.PARKED
    assert "Found: S, M, L" in notice.reason.en
    assert office.tags() == before
    offer(office, "court", "moyen", "long")


def test_an_option_that_the_playbook_does_not_know_is_set_aside(office: Reading) -> None:
    before = office.value("cycle", WITNESS)
    office.act("add_option", "cycle_de_vente", value="éternel")
    office.territory.edit("companies", WITNESS, cycle_de_vente="éternel")
    office.touch()
    office.read()
    assert office.notices() == []
    assert office.value("cycle", WITNESS) is None
    aside = [row for row in office.territory.rows("quarantine") if row.field == "cycle"]
    assert [(row.external_id, row.raw) for row in aside] == [(WITNESS, "éternel")]
    with office.app.store.read() as connection:
        bound = bindings.load_bindings(connection, VENDOR)
    (told,) = [
        text.en
        for text in preflight.unknown_options(office.territory.connector, bound)
        if "cycle" in text.en
    ]
    assert told.endswith("set aside: éternel.")
    written = {"short": "court", "medium": "moyen", "long": "long", None: ""}
    office.territory.edit("companies", WITNESS, cycle_de_vente=written[before])
    office.act("remove_option", "cycle_de_vente", value="éternel")


def test_a_field_of_deals_goes_alone_too(office: Reading) -> None:
    known = [row.text_1 for row in office.territory.rows("opportunity")]
    office.act("remove_property", "source", "deals")
    office.touch()
    office.portal.act("touch_all", objectType="deals")
    office.read()
    assert "no field 'source'" in office.told()
    assert "among those of opportunities" in office.told()
    assert [row.text_1 for row in office.territory.rows("opportunity")] == known
    assert office.goes_on()
    options = [
        {"label": each, "value": each, "displayOrder": at}
        for at, each in enumerate(["Client existant", "Nouveau client", "Référence"])
    ]
    body = {
        "name": "source", "label": "Source", "type": "enumeration", "fieldType": "select",
        "groupName": "dealinformation", "options": options,
    }  # fmt: skip
    office.territory.call("POST", "/crm/properties/2026-09/deals", body)
    office.read()
    assert [row.text_1 for row in office.territory.rows("opportunity")] == known


def test_every_place_tells_of_a_parked_field_and_the_log_once(
    office: Reading, capsys: pytest.CaptureFixture[str]
) -> None:
    gone(office)
    with structlog.testing.capture_logs() as logged:
        report = office.read()
        office.read()
    assert [(line["event"], line["field"]) for line in logged] == [
        ("field parked", "account.potential")
    ]
    show_cycle.pulled(VENDOR, report)
    show_status.status(status.run(office.app))
    # The table of `status` breaks the sentence into lines.
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("« potentiel_annuel »") >= 1
    assert printed.count("Depuis le") >= 2
    found = [each for each in doctor.run(office.app.settings) if not each.is_fine]
    assert any("potentiel_annuel" in each.text.en and "Since" in each.text.en for each in found)
    told = explain.run(office.app.store, office.app.published(), WITNESS, 20_000)
    (potential,) = [each for each in told.inputs if each.name == "potential"]
    assert potential.note is not None
    assert "Depuis le" in potential.note
    back(office)


def clear_many(office: Reading, count: int) -> dict[str, str]:
    """Empty the potential of so many accounts; returns what they had."""
    rows = [row for row in office.territory.rows("account") if row.money_1 is not None]
    had = {row.external_id: str(row.money_1 / 100) for row in rows[:count]}
    write_many(office, dict.fromkeys(had, ""))
    return had


def write_many(office: Reading, potentials: dict[str, str]) -> None:
    inputs = [
        {"id": key, "properties": {"potentiel_annuel": value}} for key, value in potentials.items()
    ]
    for start in range(0, len(inputs), 100):
        body = {"inputs": inputs[start : start + 100]}
        office.territory.call("POST", "/crm/objects/2026-09/companies/batch/update", body)


def test_a_field_emptied_at_once_demotes_nobody_until_values_come_back(office: Reading) -> None:
    before = office.tags()
    had = clear_many(office, 60)
    office.touch()
    office.read(full=False)
    (notice,) = office.notices()
    assert notice.state is FieldState.EMPTIED
    assert "emptied at once in hubspot on 60 of" in notice.reason.en
    assert "arpent fields release potential" in notice.reason.en
    assert (office.tags(), office.goes_on()) == (before, True)
    # A value that is written is read, held or not; a whole reading changes nothing.
    office.read()
    assert (office.notices()[0].since_at, office.tags()) == (notice.since_at, before)
    write_many(office, dict(list(had.items())[:20]))
    office.territory.wait(A_WHILE)
    office.read()
    # 40 are few enough to be believed.
    assert office.notices() == []
    assert sum(row[1] == "unrated" for row in office.tags().values()) >= 40
    write_many(office, had)


def test_a_person_releases_a_field_that_was_emptied_on_purpose(office: Reading) -> None:
    had = clear_many(office, 60)
    office.touch()
    office.read()
    unrated = sum(row[1] == "unrated" for row in office.tags().values())
    with pytest.raises(NotHeldError, match=r"No field 'potentiel' is held.*Held: potential"):
        release_field.run(office.app, VENDOR, "potentiel")

    assert release_field.run(office.app, VENDOR, "potential") == 60

    office.read()
    assert office.notices() == []
    assert office.value("potential", next(iter(had))) is None
    incremental = office.tags()
    assert sum(row[1] == "unrated" for row in incremental.values()) > unrated + 50
    tag.run(office.app.store, office.app.published(), office.app.clock(), full=True)
    assert office.tags() == incremental
    write_many(office, had)


def test_a_few_blanks_are_taken_over_by_the_same_pull(office: Reading) -> None:
    had = clear_many(office, 3)
    office.touch()
    office.read()
    assert [office.value("potential", each) for each in had] == [None] * 3
    assert office.territory.rows("blank") == []
    write_many(office, had)


def test_a_field_that_never_was_there_stops_the_reading(office: Reading) -> None:
    publish(office, "potentiel_anuel")
    with pytest.raises(Fatal, match="no field 'potentiel_anuel'"):
        office.read()
    with pytest.raises(tag.UnreadFieldsError):
        tag.run(office.app.store, office.app.published(), office.app.clock())
    publish(office, "potentiel_annuel")


def test_a_lost_field_stays_parked_on_both_databases(territory: Territory) -> None:
    office = Reading(territory)
    office.read()
    before = office.tags()
    office.touch()
    office.read(midway=lambda: gone(office))
    assert office.tags() == before
    had = {row.external_id: row.money_1 for row in territory.rows("account")}
    back(office)
    cleared = clear_many(office, 60)
    office.read()
    (notice,) = office.notices()
    assert notice.state is FieldState.EMPTIED
    assert {row.external_id: row.money_1 for row in territory.rows("account")} == had
    release_field.run(office.app, VENDOR, "potential")
    assert office.value("potential", next(iter(cleared))) is None
