"""Which fields of a CRM could be what the rules need: by words, type and values."""

import pytest

from rules import candidates
from rules.candidate_words import Need
from rules.candidates import Candidate, Declared, Filled, Seen
from rules.records import FieldType

NUMBER, TEXT, CHOICE = FieldType.NUMBER, FieldType.TEXT, FieldType.CHOICE


def field(name: str, label: str = "", fits: FieldType | None = NUMBER, *options: str) -> Declared:
    return Declared(
        name=name, label=label or name, fits=fits, options=[(each, each) for each in options]
    )


@pytest.mark.parametrize(
    ("need", "declared"),
    [
        (Need.POTENTIAL, field("potentiel_annuel")),
        (Need.POTENTIAL, field("champ_17", "Potentiel d'achat")),
        (Need.POTENTIAL, field("AnnualPotential__c", "Annual Potential")),
        (Need.SECTOR, field("industry", "Industry", CHOICE)),
        (Need.SECTOR, field("x", "Secteur d’activité", TEXT)),
        (Need.SIZE, field("numberofemployees", "Nombre d'employés")),
        (Need.SIZE, field("EFFECTIF")),
        (Need.CYCLE, field("cycle_de_vente", "", CHOICE, "court", "moyen", "long")),
        (Need.CYCLE, field("x", "Sales cycle", CHOICE, "Short", "Average", "Long")),
        (Need.KIND, field("lifecyclestage", "Étape", CHOICE, "lead", "customer")),
        (Need.KIND, field("x", "Type de compte", CHOICE, "Client", "Prospect")),
        (Need.DECISION_MAKER, field("nb", "Nombre de décideurs")),
        (Need.SOURCE, field("source", "Source", CHOICE, "Nouveau client", "Client existant")),
    ],
)
def test_a_field_is_known_by_its_words_in_either_language(need: Need, declared: Declared) -> None:
    (found,) = candidates.shortlist(need, [field("zip"), declared], 5)
    assert found.declared == declared
    assert found.is_clear


@pytest.mark.parametrize(
    ("need", "declared"),
    [
        # A word alone does not make it: other words, or the type, say otherwise.
        (Need.CYCLE, field("x", "Étape du cycle de vie", CHOICE, "lead")),
        (Need.SECTOR, field("secteur_de_vente", "Secteur de vente", TEXT)),
        (Need.POTENTIAL, field("potentiel", "Date du potentiel", FieldType.DATE)),
        (Need.SIZE, field("taille", "Taille", FieldType.YES_NO)),
        (Need.POTENTIAL, field("zip")),
    ],
)
def test_a_field_that_says_something_else_is_none(need: Need, declared: Declared) -> None:
    assert candidates.shortlist(need, [declared], 5) == []


def test_the_revenue_of_a_company_is_proposed_and_never_taken_unasked() -> None:
    (found,) = candidates.shortlist(Need.POTENTIAL, [field("annualrevenue", "Annual Revenue")], 5)
    assert not found.is_clear
    assert candidates.reason(found).fr == "nom voisin, à confirmer, nombre"


def test_a_choice_without_the_options_that_the_rules_ask_is_not_taken() -> None:
    kind = field("type", "Type", CHOICE, "PROSPECT", "PARTNER")
    (found,) = candidates.shortlist(Need.KIND, [kind], 5)
    assert not found.is_clear
    assert not candidates.is_usable(Need.KIND, kind.options)


def with_values(declared: Declared, share: int) -> Candidate:
    (found,) = candidates.shortlist(Need.POTENTIAL, [declared], 1)
    seen = Seen(filled=Filled(count=share, of=100))
    return Candidate(declared=declared, words=found.words, type=found.type, seen=seen)


def test_of_two_names_as_near_the_fuller_field_is_first() -> None:
    old, new = with_values(field("potentiel_1"), 4), with_values(field("potentiel_2"), 81)
    assert [each.declared.name for each in candidates.ranked([old, new])] == [
        "potentiel_2", "potentiel_1",
    ]  # fmt: skip
    assert candidates.reason(new) == (
        "nom proche, 81 % rempli, nombre", "near name, 81% filled, number",
    )  # fmt: skip


def test_an_exact_name_that_is_empty_is_before_a_distant_one_that_is_full() -> None:
    exact, distant = with_values(field("potentiel"), 0), with_values(field("budget"), 90)
    ranked = candidates.ranked([distant, exact])
    assert [each.declared.name for each in ranked if each.is_clear] == ["potentiel"]


def test_options_are_given_a_meaning_by_their_words_and_others_are_left() -> None:
    options = [("customer", "Client"), ("1", "Piste chaude"), ("FOURNISSEUR", "Fournisseur"),
               ("7", "Client potentiel"), ("x", "Licorne"), ("client", "Client actif")]  # fmt: skip
    meant, left = candidates.meanings(Need.KIND, options)
    assert meant == {
        "client": ["customer", "client"], "other": ["FOURNISSEUR"], "prospect": ["1", "7"],
    }  # fmt: skip
    assert left == ["x"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Élèves_à l'École", ["eleves", "a", "l", "ecole"]),
        ("AnnualPotential__c", ["annual", "potential", "c"]),
        ("😀\n", []),
    ],
)
def test_words_are_told_apart_without_accents(written: str, words: list[str]) -> None:
    assert candidates.folded(written) == words
