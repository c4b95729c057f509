"""What a CRM offers for the rules: how full each candidate is, for whom, by how many calls."""

import pytest

from connectors.base import CrmField
from connectors.memory import Memory
from rules.candidate_words import Need
from rules.candidates import Candidate, Filled
from rules.records import ContactRole, FieldType, Kind
from service import remove, suggest
from service.read_only import ReadOnly
from service.settings import Settings
from service.store import notices
from service.store.engine import Store
from service.suggest import Suggested
from tests.integration.office import Office


@pytest.fixture
def crm() -> Memory:
    made = Memory(page_size=10)
    made.put_owner("1", name="Élise Gagnon", email="elise@example.org")
    made.put_owner("2", name="Marc Lavoie", email="marc@example.org")
    for name, fits, options in (
        ("potentiel", FieldType.NUMBER, ()),
        ("budget", FieldType.NUMBER, ()),
        ("secteur", FieldType.TEXT, ()),
        ("decideur", FieldType.TEXT, ()),
        ("cycle_de_vente", FieldType.TEXT, ()),
        ("type_de_compte", FieldType.CHOICE, ("Client", "Prospect", "Licorne")),
    ):
        declared = CrmField(name=name, label=name, type="x", fits=fits, options=options)
        made.declare_field(Kind.ACCOUNT, declared)
    for place in range(30):
        owner = "1" if place < 20 else "2"
        fields = {
            "secteur": f"Atelier du numéro {place}",
            "decideur": "Mme Canari",
            "cycle_de_vente": ("court", "moyen", "long")[place % 3],
            "type_de_compte": "Client" if place % 2 else "Prospect",
            **({"potentiel": str(1000 * place)} if owner == "1" else {}),
        }
        made.put_account(f"a{place:02}", owner_id=owner, fields=fields)
    made.put_contact("c1", role=ContactRole.DECISION_MAKER, account_id="a00")
    made.put_contact("c2", account_id="a00")
    return made


def best(found: Suggested, need: Need) -> Candidate:
    return found.candidates[need][0]


def test_it_says_how_full_a_field_is_for_each_owner(crm: Memory) -> None:
    seen = best(suggest.run(crm), Need.POTENTIAL).seen
    assert seen is not None
    assert seen.filled == Filled(count=20, of=30)
    assert {name: each.share for name, each in seen.by_owner.items()} == {
        "Élise Gagnon": 1, "Marc Lavoie": 0,
    }  # fmt: skip
    assert list(seen.samples) == ["0", "1000", "2000"]


def test_options_come_with_their_counts_and_a_text_of_few_values_has_options(crm: Memory) -> None:
    found = suggest.run(crm)
    kind, cycle = best(found, Need.KIND).seen, best(found, Need.CYCLE)
    assert kind is not None
    assert kind.counts == {"Client": 15, "Prospect": 15}
    assert cycle.is_clear
    assert {option for option, _ in cycle.declared.options} == {"court", "moyen", "long"}


def test_nothing_that_somebody_typed_freely_is_shown(crm: Memory) -> None:
    found = suggest.run(crm)
    sector, decider = best(found, Need.SECTOR).seen, best(found, Need.DECISION_MAKER).seen
    assert sector is not None
    assert decider is not None
    assert sector.filled.share == decider.filled.share == 1
    for seen in (sector, decider):
        assert (list(seen.samples), dict(seen.counts)) == ([], {})
    assert found.contacts == Filled(count=1, of=2)


def test_the_sample_bounds_the_calls(crm: Memory) -> None:
    few, many = suggest.run(crm, sample=5), suggest.run(crm, sample=500)
    assert (few.accounts, many.accounts) == (5, 30)
    assert many.calls - few.calls == 2
    assert crm.calls == few.calls + many.calls
    assert crm.written == []


def leaving(store: Store) -> Office:
    """An office whose values are all in the CRM."""
    office = Office(store)
    office.put_accounts("a", "b")
    office.decide()
    office.push()
    return office


def test_leaving_says_what_is_lost_then_takes_it_away(store: Store) -> None:
    office = leaving(store)
    looked = remove.look(office.app, office.crm, office.connection_id)
    assert {each.removed.field: each.accounts for each in looked if each.accounts} == (
        dict.fromkeys(
            ("tier", "priority", "next_contact", "why", "segment", "quadrant", "contact_status"), 2
        )
    )
    assert office.crm.own_schema

    lost = remove.run(office.app, office.crm, office.connection_id)

    assert office.crm.own_schema == {}
    assert remove.gone(lost) == remove.gone(looked)
    assert remove.counts(lost)["lost"] == 2 * 7
    again = remove.run(office.app, office.crm, office.connection_id)
    assert remove.gone(again) == []
    assert remove.counts(again)["lost"] == 0


def test_after_leaving_a_push_says_how_to_come_back_and_sends_nothing(store: Store) -> None:
    office = leaving(store)
    remove.run(office.app, office.crm, office.connection_id)
    written = len(office.crm.written)

    report = office.push()

    (told,) = report.lost
    assert "arpent fields ensure" in told.fr
    assert "arpent_tier" in told.fr
    assert len(office.crm.written) == written
    with store.read() as connection:
        parked = notices.parked(connection, office.crm.vendor, notices.OWN)
    assert parked == office.crm.deleted_schema


def test_read_only_refuses_to_leave(store: Store) -> None:
    office = leaving(store)
    shut = office.settled(store, Settings(database_url="sqlite://", read_only=True))
    with pytest.raises(ReadOnly):
        remove.run(shut, office.crm, office.connection_id)
    assert office.crm.own_schema
