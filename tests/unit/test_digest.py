"""A digest: what is in it, its length whatever it is made of, and reading it again."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.alert.evidence import Evidence
from rules.alert.lines import LineKind, WeekLine
from rules.digest.digest import (
    REP_WORDS,
    Audience,
    Digest,
    Line,
    Section,
    fitted,
    one_line,
    plain,
    words_in,
)
from rules.digest.manager import manager_digest
from rules.digest.material import OfRep, Visits, fitting
from rules.digest.rep import rep_digest
from rules.digest.team import team_digest
from rules.digest.words import labelled, paced
from rules.kpi.names import KpiName, Unit
from rules.language import Language, Text
from rules.records import Kind
from tests.unit import digests
from tests.unit.hostile_names import HOSTILE

TEXTS = st.text(max_size=400) | st.sampled_from(HOSTILE) | st.just("mot " * 300)
LINES = st.lists(st.builds(Line, lead=TEXTS, text=TEXTS, rank=st.integers(0, 60)), max_size=15).map(
    tuple
)
SECTIONS = st.lists(
    st.builds(
        Section, title=TEXTS, lines=LINES, more=st.integers(0, 10_000), where=TEXTS,
        stands_out=st.booleans(),
    ),
    max_size=5,
).map(tuple)  # fmt: skip
DIGESTS = st.builds(
    Digest, audience=st.sampled_from(Audience), recipient=st.just("elise"),
    language=st.sampled_from(Language), period=st.just("2026-W27"), subject=TEXTS, intro=TEXTS,
    sections=SECTIONS, foot=st.lists(TEXTS, max_size=4).map(tuple),
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(DIGESTS)
def test_whatever_it_is_made_of_it_fits(digest: Digest) -> None:
    found = fitted(digest)
    assert len(plain(found).split()) <= REP_WORDS
    kept = sum(len(section.lines) + section.more for section in found.sections)
    whole = sum(
        len(section.lines) + section.more for section in digest.sections[: len(found.sections)]
    )
    # What is not told is counted, section by section.
    assert kept == whole


@settings(deadline=None, max_examples=40)
@given(
    names=st.lists(TEXTS, min_size=1, max_size=10),
    said=st.lists(st.tuples(st.sampled_from(LineKind), TEXTS), max_size=20),
    language=st.sampled_from(Language),
)
def test_a_reps_digest_never_has_more_than_250_words(
    names: list[str], said: list[tuple[LineKind, str]], language: Language
) -> None:
    lines = [digests.line(kind, text) for kind, text in said]
    rep = digests.rep(names[0], names=names, lines=lines, language=language)
    assert len(plain(rep_digest(rep, digests.week(names[-1]))).split()) <= 250


def test_what_has_the_highest_rank_goes_first_and_is_counted() -> None:
    lines = [Line(text=f"{'mot ' * 20}ligne{rank}", rank=rank) for rank in (3, 1, 2)]
    digest = replace(
        rep_digest(digests.rep(), digests.week()),
        sections=[Section(title="Un", lines=lines, where="dans le CRM")], foot=(), intro="",
    )  # fmt: skip
    told = plain(fitted(digest, 60))
    assert "ligne3" not in told
    assert "ligne1" in told
    assert "ligne2" in told
    assert "et 1 autre : dans le CRM" in told


def test_a_rep_reads_where_to_go_the_pace_one_decision_and_praise() -> None:
    lines = [
        digests.line(LineKind.WATCH, "appels en baisse", severity=9.0),
        digests.line(LineKind.CONFIRMED, "7 opportunités, 12 attendues", severity=1.0),
        digests.line(LineKind.RECOGNITION, "Nordet est passé d'Argent à Or"),
    ]
    found = rep_digest(digests.rep(names=["Nordet inc.", "Acier Roy"], lines=lines), digests.week())
    assert found.subject == "Votre semaine du 29 juin : 62 comptes à voir"
    titles = [section.title for section in found.sections]
    assert titles == [
        "Où aller cette semaine", "Votre rythme", "Une décision", "Bravo", "À suivre",
    ]  # fmt: skip
    where, pace, decision, praise, news = found.sections
    assert [each.lead for each in where.lines] == ["Nordet inc.", "Acier Roy"]
    assert where.lines[0].text == "dû le 19 juin – Or : Nordet inc."
    assert where.more == 60
    assert pace.lines[0].text == "120\u00a0k$, attendu 100\u00a0k$, marge 60\u00a0k$ à 180\u00a0k$"
    # The confirmed one, though the other is graver by its number; and one only.
    assert [each.lead or each.text for each in decision.lines] == [
        "Faites 7 opportunités, 12 attendues.", "7 opportunités, 12 attendues",
    ]  # fmt: skip
    assert [each.text for each in praise.lines] == ["Nordet est passé d'Argent à Or"]
    assert [(each.lead, each.text) for each in news.lines] == [("À surveiller", "appels en baisse")]
    assert found.foot[0] == "Chiffres gelés, jusqu'au 28 juin inclus."
    assert "par an, dans une équipe au plan : 31 à surveiller, 8 en écart" in found.foot[2]


def test_however_much_there_is_no_section_is_only_a_count() -> None:
    why = "Or : client au potentiel de 100 k$ et plus, contacté au cours des 90 derniers jours"
    told = digests.rep(
        names=[f"Approvisionnement Talbot-Nolet et filles {place}" for place in range(10)],
        lines=[
            digests.line(LineKind.CONFIRMED, "Opportunités en 13 semaines : 17, pour 36 attendues"),
            digests.line(LineKind.RECOGNITION, "Bravo : 5 références depuis l'exercice."),
            *(digests.line(LineKind.FACT, f"Opportunités ouvertes depuis plus de {days} jours, "
                                          "plus que presque toutes celles qui ont été gagnées")
              for days in range(5)),
        ],
    )  # fmt: skip
    first = [replace(visit, why=why) for visit in told.visits.first]
    rep = replace(told, visits=replace(told.visits, first=first))
    found = rep_digest(rep, digests.week())
    fewest = {"Où aller cette semaine": 3, "Votre rythme": 2, "Une décision": 2, "Bravo": 1,
              "À suivre": 1}  # fmt: skip
    assert {each.title: len(each.lines) >= fewest[each.title] for each in found.sections} == (
        dict.fromkeys(fewest, True)
    )
    assert sum(each.more > 0 for each in found.sections) == 3
    # The manager reads what certainly stands there: no more than that.
    marc = plain(manager_digest(digests.rep("Marc Lavoie", key="marc"), [rep], digests.week()))
    said = plain(found)
    assert "plus de 0 jours" in said
    assert "plus de 0 jours" in marc
    assert "plus de 1 jours" not in marc


def test_false_alarms_are_told_beside_an_alert_only() -> None:
    fact = digests.line(LineKind.FACT, "5 opportunités anciennes")
    assert "hasard, par an" not in plain(rep_digest(digests.rep(lines=[fact]), digests.week()))
    watched = digests.line(LineKind.WATCH, "appels en baisse")
    assert "hasard, par an" in plain(rep_digest(digests.rep(lines=[watched]), digests.week()))


def test_a_day_of_another_year_says_which() -> None:
    rep = digests.rep()
    late = [replace(each, due_on=digests.MONDAY - 200) for each in rep.visits.first]
    told = replace(rep, visits=replace(rep.visits, first=late))
    assert "dû le 11 déc. 2025 –" in plain(rep_digest(told, digests.week()))
    english = replace(told, language=Language.EN)
    assert "due Dec 11, 2025 –" in plain(rep_digest(english, digests.week()))


@pytest.mark.parametrize("language", Language)
def test_no_sentence_ends_twice(language: Language) -> None:
    """The short name of a month has a dot of its own in French."""
    week = replace(digests.week(), as_of=digests.MONDAY + 146)
    assert ".." not in plain(rep_digest(digests.rep(language=language), week))


def test_figures_that_nobody_froze_are_not_said_to_be() -> None:
    week = replace(digests.week(), is_frozen=False)
    for told in (rep_digest(digests.rep(), week), manager_digest(digests.rep(), [], week)):
        assert told.foot[0] == "Chiffres du moment, jusqu'au 28 juin inclus."


def test_a_manager_reads_who_is_away_and_whose_message_ops_hold() -> None:
    matter = digests.line(LineKind.FACT, "une vieille affaire")
    marc = digests.rep("Marc Lavoie", key="marc")
    away = replace(digests.rep(lines=[matter]), is_away=True)
    told = plain(manager_digest(marc, [away], digests.week()))
    assert "absent cette semaine, sans message" in told
    assert "vieille affaire" not in told
    held = replace(digests.rep(lines=[matter]), is_for_ops=True)
    told = plain(manager_digest(marc, [held], digests.week()))
    assert "message aux opérations seules, 61 comptes à voir. une vieille affaire" in told


def test_the_third_question_is_asked_where_no_hour_is_logged() -> None:
    week = replace(digests.week(), groups={"prospects": Text("Prospects", "Prospects")})
    found = manager_digest(digests.rep("Marc Lavoie", key="marc"), [digests.rep()], week)
    (time,) = [each for each in found.sections if each.title.startswith("3. ")]
    assert [each.text for each in time.lines] == ["aucune heure consignée"]


def test_a_rep_without_matter_decides_about_the_latest_account() -> None:
    found = rep_digest(digests.rep(names=["Nordet", "Acier Roy"]), digests.week())
    (decision,) = [section for section in found.sections if section.stands_out]
    assert [each.lead for each in decision.lines] == ["Nordet"]
    nobody = rep_digest(replace(digests.rep(), visits=Visits()), digests.week())
    assert not any(section.stands_out for section in nobody.sections)
    assert "aucun compte n'attend de contact d'ici dimanche" in plain(nobody)


def test_a_silent_matter_is_nobody_s_decision() -> None:
    quiet = replace(digests.line(LineKind.CONFIRMED, "reportée"), is_silent=True)
    assert "reportée" not in plain(rep_digest(digests.rep(lines=[quiet]), digests.week()))


def test_each_reads_in_their_language() -> None:
    found = rep_digest(digests.rep(language=Language.EN), digests.week())
    assert found.subject == "Your week of Jun 29: 61 accounts to see"
    assert "expected $100k" in plain(found)


def test_a_figure_in_doubt_tells_no_value() -> None:
    doubted = replace(
        digests.figure(KpiName.REVENUE_WON, 700_00.0, 100.0),
        doubt=Text("non concluant : 38 % des montants vides", "not conclusive: 38% empty"),
    )
    rep = replace(digests.rep(), figures=[doubted])
    told = plain(rep_digest(rep, digests.week()))
    assert "non concluant : 38 % des montants vides" in told
    assert "700" not in told


def test_a_manager_reads_by_rep_and_the_three_questions() -> None:
    line = digests.line(LineKind.CONFIRMED, "7 opportunités, 12 attendues")
    reps = [replace(digests.rep(lines=[line]), delivered=True)]
    marc = digests.rep("Marc Lavoie", key="marc")
    found = manager_digest(marc, reps, digests.week())
    told = plain(found)
    assert "3 contestations attendent, la plus ancienne depuis 12 jours (Nordet inc.)" in told
    for number in "123":
        assert any(section.title.startswith(f"{number}. ") for section in found.sections[:5]) or (
            number == "3"
        )
    assert "9 sur 40" in told
    assert "message remis, 61 comptes à voir. 7 opportunités, 12 attendues" in told
    assert "Chiffres gelés, jusqu'au 28 juin" in told


@pytest.mark.parametrize("count", [1, 3])
def test_a_channel_reads_nothing_of_a_single_rep(count: int) -> None:
    matters = [LineKind.CONFIRMED, LineKind.WATCH, LineKind.FACT, LineKind.ANSWERED]
    lines = [digests.line(kind, f"verdict {kind}") for kind in matters]
    praise = digests.line(LineKind.RECOGNITION, "Bravo Élise")
    reps = [
        digests.rep(f"Personne{place}", names=[f"Compte{place}"], lines=[*lines, praise])
        for place in range(count)
    ]
    told = plain(team_digest(digests.rep("team", key="team"), reps, digests.week()))
    assert "Bravo Élise" in told
    assert "verdict" not in told
    assert "Personne" not in told
    assert "Compte" not in told
    # The figures of a team of one are somebody's.
    assert ("attendu" in told) is (count == 3)


@settings(deadline=None, max_examples=25)
@given(DIGESTS)
def test_it_is_read_again_as_it_was(digest: Digest) -> None:
    assert plain(Digest.of_json(digest.to_json())) == plain(digest)
    assert Digest.of_json(digest.to_json()) == digest


def test_words_are_what_stands_between_spaces() -> None:
    assert words_in("un\u00a0deux\ntrois ") == 3


def visiting(many: int, hours: float | None, fits: int | None) -> OfRep:
    rep = digests.rep(names=[f"Compte {place}" for place in range(many)])
    return replace(rep, visits=replace(rep.visits, hours=hours, fits=fits))


def test_the_hours_of_the_week_say_how_many_to_see_and_how_many_wait() -> None:
    found = rep_digest(visiting(4, 3.0, 2), digests.week())
    assert found.subject == "Votre semaine du 29 juin : 2 comptes à voir, 62 attendront"
    where = found.sections[0]
    assert [line.lead or line.text for line in where.lines] == [
        "2 contacts tiennent dans vos 3\u00a0h", "Compte 0", "Compte 1",
    ]  # fmt: skip
    assert where.more == 0
    unknown = rep_digest(visiting(4, None, None), digests.week())
    assert unknown.subject == "Votre semaine du 29 juin : 64 comptes à voir"
    assert unknown.sections[0].more == 60


def test_contacts_fit_until_the_hours_are_used_up() -> None:
    hours = {"gold": 2.0, "silver": 1.0}
    tiers = ["gold", "gold", "silver", None, "silver"]
    assert fitting(tiers, hours, 5.0) == 3
    assert fitting(tiers, hours, 5.9) == 3
    assert fitting(tiers, hours, 6.0) == 4
    assert fitting(tiers, hours, 0.5) == 1, "somebody is seen in any week that is worked"
    assert fitting(tiers, hours, 40.0) == 5


def fact(names: int, observed: float) -> WeekLine:
    deals = [(place, f"Affaire {place}") for place in range(names)]
    told = digests.line(LineKind.FACT, f"Trop vieilles : {observed:.0f}")
    evidence = Evidence(period="2026-W27", observed=observed, deals=deals)
    return replace(told, evidence=evidence)


def test_a_fact_names_three_of_its_records_and_counts_the_others() -> None:
    page = "https://app.hubspot.com/contacts/1/record/0-3/7"
    week = replace(digests.week(), pages={(Kind.OPPORTUNITY, 0): page})
    decided = rep_digest(digests.rep(lines=[fact(10, 12.0)]), week).sections[2]
    told = decided.lines[1]
    assert one_line(told, Language.FR) == (
        "Trop vieilles : 12 (Affaire 0, Affaire 1, Affaire 2 et 9 de plus)"
    )
    assert [record.link for record in told.records] == [page, "", ""]
    two = rep_digest(digests.rep(lines=[fact(2, 2.0)]), week).sections[2].lines[1]
    assert one_line(two, Language.EN) == "Trop vieilles : 2 (Affaire 0 and Affaire 1)"


def test_near_the_end_of_a_quarter_its_coverage_is_told_in_amounts() -> None:
    held = replace(
        digests.figure(KpiName.REVENUE_WON, 0.0, 0.0), kpi=KpiName.COVERAGE, unit=Unit.TIMES,
        expected=None, low=None, high=None, numerator=0.0, denominator=142_000_00.0,
    )  # fmt: skip
    week = replace(digests.week(), quarter_ends=digests.MONDAY + 1)
    assert labelled(held, week, Language.FR) == "coverage (jusqu'au 30 juin)"
    assert paced(held, week, Language.FR) == ("0\u00a0$ à fermer d'ici là, il manque 142\u00a0k$")
    assert paced(held, replace(week, quarter_ends=digests.MONDAY + 40), Language.FR) == "0\u00a0×"


def test_a_digest_with_records_is_read_again_as_it_was_and_an_older_one_too() -> None:
    digest = rep_digest(digests.rep(lines=[fact(10, 12.0)]), digests.week())
    assert plain(Digest.of_json(digest.to_json())) == plain(digest)
    kept = json.loads(digest.to_json())
    for section in kept["sections"]:
        for line in section["lines"]:
            for name in ("link", "records", "others"):
                del line[name]
    assert "Trop vieilles : 12" in plain(Digest.of_json(json.dumps(kept)))
