"""People have the last word: challenges in the CRM, answers, decisions and their end."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Row

from connectors.base import Retriable
from rules.language import Text
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import day_of
from service import answer, explain, listen, preview_rules, provision, status, undo
from service.answer import AnswerError, Asked
from service.app import read_playbook
from service.cli.show import explaining
from service.cli.show import status as show_status
from service.cli.show import undo as show_undo
from service.people import UnknownPersonError, Who, deciding
from service.settings import SHIPPED_PLAYBOOK
from service.store import answers, departures, overrides, rulebooks
from service.store.answers import Challenge
from service.store.engine import Store
from service.undo import NothingPinnedError, UndoReport
from tests.integration.office import DAY, MINUTE, Office, shipped

ONE = pytest.mark.parametrize("database", ["sqlite"])
MARC, ELISE = Who("Marc Lavoie", "marc"), Who("Élise Gagnon", "elise")
LOW, HIGH = "tier_too_low", "tier_too_high"
WHY = "client clé"
BUSY = Text("Le CRM est occupé.", "The CRM is busy.")


@pytest.fixture
def office(store: Store) -> Office:
    """An account of Élise's, silver in the CRM."""
    office = Office(store)
    office.put_accounts("a")
    office.cycle()
    assert office.crm.own_field("a", "tier") == "silver"
    return office


@cache
def book_of(name: str, old: str, new: str) -> Rulebook:
    """The shipped playbook with a text replaced in one of its files."""
    files: dict[str, str | bytes] = dict(read_playbook(SHIPPED_PLAYBOOK))
    content = files[name]
    text = content if isinstance(content, str) else content.decode()
    if name == "segments.yaml":
        text = re.sub(r"^  challenge: .*\n", "", text, flags=re.MULTILINE)
    assert old in text
    return compile_rulebook({**files, name: text.replace(old, new, 1)})


def publish(office: Office, change: tuple[str, str, str]) -> None:
    """Put other rules in force, and their fields in the CRM."""
    with office.app.store.write() as connection:
        rulebooks.publish(connection, book_of(*change), author="ops", reason="", now=office.now)
    provision.run(office.crm, book(office), dry_run=False)


IMPOSING = (
    "fields.yaml",
    "[segment, quadrant, contact_status]",
    "[segment, quadrant, contact_status, imposed_tier, imposed_until]",
)


def say(office: Office, field: str, value: str | None, author: str = "Élise Gagnon") -> None:
    """Somebody writes in the CRM, and a cycle passes."""
    office.now += MINUTE
    office.crm.edit_own_field("a", field, value, author=author)
    office.cycle()


def told(office: Office) -> Sequence[Challenge]:
    """What `challenges list` shows."""
    with office.app.store.read() as connection:
        return answers.listed(connection, today_of(office))


def today_of(office: Office) -> int:
    return day_of(office.now, office.app.zone())


def accept(office: Office, which: int, **options: Any) -> Challenge:
    given = {"who": MARC, "why": WHY, "now": office.now, **options}
    return answer.accept(office.app.store, book(office), which, **given)


def refuse(office: Office, which: int, **options: Any) -> Challenge:
    given = {"who": MARC, "why": WHY, "now": office.now, **options}
    return answer.refuse(office.app.store, book(office), which, **given)


def book(office: Office) -> Rulebook:
    return office.app.published().rulebook


def decisions(office: Office) -> list[Row[Any]]:
    return [row for row in office.rows("override") if row.ended_on is None]


def written(office: Office, field: str) -> list[str | None]:
    """The values that we have sent of a field, in order."""
    return [row.after for row in office.rows("push_journal") if row.field == field]


@ONE
def test_a_challenge_opens_once_with_its_author_and_its_wish(office: Office) -> None:
    said_at = office.now + MINUTE
    say(office, "challenge", LOW)
    (heard,) = told(office)
    assert (heard.field, heard.value, heard.about, heard.wanted) == (
        "challenge", LOW, "tier", "gold",
    )  # fmt: skip
    assert (heard.author, heard.since_at, heard.state) == ("Élise Gagnon", said_at, "open")
    assert (heard.tier, heard.days, heard.rep_key) == ("silver", 0, "elise")
    for full in (False, True):
        office.now += DAY
        office.cycle(full=full)
    (again,) = told(office)
    assert (again.id, again.days) == (heard.id, 2)
    waiting = status.run(office.app).challenges
    assert (waiting.count, waiting.oldest_days) == (1, 2)
    assert office.crm.own_field("a", "challenge") == LOW


@ONE
def test_a_challenge_taken_back_is_settled_and_another_one_opens(office: Office) -> None:
    say(office, "challenge", LOW)
    say(office, "challenge", "not_mine")
    assert [(row.value, row.state) for row in office.rows("challenge")] == [
        (LOW, "settled"), ("not_mine", "open"),
    ]  # fmt: skip
    say(office, "challenge", None)
    assert told(office) == []


def test_an_accepted_challenge_is_a_dated_decision_and_empties_the_field(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    done = accept(office, asked.id)
    assert (done.state, done.answered_by, done.answer) == ("accepted", "Marc Lavoie", WHY)
    (kept,) = decisions(office)
    today = today_of(office)
    assert (kept.field, kept.value, kept.author, kept.reason) == (
        "tier", "gold", "Marc Lavoie", WHY,
    )  # fmt: skip
    assert (kept.from_on, kept.until_on, kept.challenge_id) == (today, today + 90, asked.id)
    office.cycle()
    assert office.crm.own_field("a", "challenge") is None
    assert office.crm.own_field("a", "tier") == "gold"
    # Handled: the rep may challenge anew, even with the same words.
    office.cycle()
    say(office, "challenge", LOW)
    assert [each.state for each in told(office)] == ["open", "accepted"]


@ONE
def test_a_decision_falls_away_after_its_last_day(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    accept(office, asked.id, until_on=today_of(office) + 10)
    office.cycle()
    office.now += 10 * DAY
    office.cycle()
    assert office.crm.own_field("a", "tier") == "gold"
    office.now += DAY
    office.cycle()
    assert office.crm.own_field("a", "tier") == "silver"


@ONE
def test_another_tier_than_the_one_wanted_may_be_decided(office: Office) -> None:
    say(office, "challenge", HIGH)
    (asked,) = told(office)
    assert asked.wanted == "bronze"
    with pytest.raises(AnswerError, match="'golden' is no value of Tier"):
        accept(office, asked.id, value="golden")
    accept(office, asked.id, value="gold")
    assert [row.value for row in decisions(office)] == ["gold"]


def test_of_two_who_answer_at_once_the_second_is_told(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    with ThreadPoolExecutor(1) as pool:
        with office.app.store.write() as connection:
            first = answers.take(connection, asked.id, today_of(office))
            assert first is not None
            second = pool.submit(accept, office, asked.id, value="bronze")
            assert not wait([second], timeout=0.3).done
            answer.grant(connection, book(office), first, "gold", who=MARC, why=WHY, now=office.now)
        with pytest.raises(AnswerError, match="no answer any more"):
            second.result()
    assert [kept.value for kept in decisions(office)] == ["gold"]


@ONE
def test_a_decision_that_was_ended_meanwhile_is_not_submitted_again(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    accept(office, asked.id)
    today = today_of(office)
    with office.app.store.write() as connection:
        kept = overrides.listed(connection, today)
        overrides.end(connection, [each.id for each in kept], "Marc Lavoie", today)
        notes = {each.id: "" for each in kept}
        assert departures.submit_again(connection, kept, notes, office.now, today) == 0
    assert [each.state for each in told(office)] == ["accepted"]


@ONE
def test_nobody_decides_about_their_own_account(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    with pytest.raises(AnswerError, match=r"'a' is your account.*\(Marc Lavoie, for example\)"):
        accept(office, asked.id, who=ELISE)
    mine = Asked(
        account_id=asked.account_id, account="a", rep_key="elise", field="tier", value="gold"
    )
    with pytest.raises(AnswerError, match="'a' is your account"):
        answer.impose(office.app.store, book(office), mine, who=ELISE, why=WHY, now=office.now)
    assert [each.state for each in told(office)] == ["open"]
    assert office.rows("override") == []


@ONE
def test_nobody_accepts_what_they_asked(office: Office) -> None:
    say(office, "challenge", LOW, author="Marc Lavoie")
    (asked,) = told(office)
    with pytest.raises(AnswerError, match="'a' has your own challenge"):
        accept(office, asked.id)
    accept(office, asked.id, who=Who("directrice"))
    assert [row.author for row in decisions(office)] == ["directrice"]


def test_who_decides_is_a_key_an_address_or_the_user() -> None:
    team = shipped().team
    assert deciding(team, "marc", "root") == MARC
    assert deciding(team, "MARC@arpent.example", "root") == MARC
    assert deciding(team, None, "elise") == ELISE
    assert deciding(team, None, "root") == Who("root")
    with pytest.raises(UnknownPersonError, match="did you mean 'marc'"):
        deciding(team, "marcc", "root")


@ONE
def test_a_refusal_keeps_the_tier_and_the_reason(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    refuse(office, asked.id, why="trop petit")
    publish(office, IMPOSING)  # other rules forget nothing of it
    office.cycle()
    assert office.crm.own_field("a", "tier") == "silver"
    assert office.crm.own_field("a", "challenge") is None
    (done,) = told(office)
    assert (done.state, done.answer) == ("refused", "trop petit")
    assert done.why is not None
    assert done.why.endswith("(contestation refusée le 29 juin : trop petit)")
    with pytest.raises(AnswerError, match="waits for no answer any more"):
        accept(office, asked.id)
    office.now += 31 * DAY
    assert told(office) == []


@ONE
def test_an_accepted_edit_of_the_tier_is_not_written_again(office: Office) -> None:
    say(office, "tier", "gold")
    (asked,) = told(office)
    assert (asked.field, asked.about, asked.wanted) == ("tier", "tier", "gold")
    accept(office, asked.id)
    sent = written(office, "tier")
    office.cycle()
    office.cycle()
    assert written(office, "tier") == sent
    assert office.crm.own_field("a", "tier") == "gold"
    (debt,) = [row for row in office.debts("a") if row.field == "tier"]
    assert (debt.state, debt.desired, debt.confirmed) == ("settled", "gold", "gold")


@ONE
def test_a_refused_edit_of_the_tier_is_written_over(office: Office) -> None:
    say(office, "tier", "gold")
    (asked,) = told(office)
    refuse(office, asked.id)
    office.cycle()
    assert office.crm.own_field("a", "tier") == "silver"
    office.cycle()
    assert written(office, "tier") == ["silver", "silver"]
    assert [row.state for row in office.rows("challenge")] == ["refused"]


@ONE
def test_what_nobody_decides_is_acknowledged_without_a_decision(office: Office) -> None:
    office.crm.edit_own_field("a", "segment", "à moi", author="Élise Gagnon")
    say(office, "challenge", "wrong_potential")
    for each in told(office):
        assert (each.about, each.wanted) == (None, None)
        accept(office, each.id, why="corrigé dans le CRM")
    office.cycle()
    assert office.rows("override") == []
    assert office.crm.own_field("a", "challenge") is None
    # Of another field, the edit stands until the rules come to another value.
    assert office.crm.own_field("a", "segment") == "à moi"


@ONE
def test_a_challenge_written_meanwhile_is_not_emptied(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    refuse(office, asked.id)
    # Written after the last pull, before the push.
    office.now += MINUTE
    office.crm.edit_own_field("a", "challenge", "not_mine", author="Élise Gagnon")
    office.push()
    assert office.crm.own_field("a", "challenge") == "not_mine"
    office.cycle()
    assert [each.value for each in told(office)] == ["not_mine", LOW]
    assert office.crm.own_field("a", "challenge") == "not_mine"


@ONE
def test_the_survivor_of_a_merge_keeps_the_challenge(office: Office) -> None:
    office.put_accounts("b", owner="502")
    office.cycle()
    say(office, "challenge", LOW)
    office.now += MINUTE
    office.crm.merge("a", "b")
    office.cycle()
    (asked,) = told(office)
    assert (asked.external_id, asked.value, asked.state) == ("b", LOW, "open")
    accept(office, asked.id, who=Who("directrice"))
    office.cycle()
    assert office.crm.own_field("b", "tier") == "gold"
    assert len(office.rows("challenge")) == 1


def test_a_manager_imposes_a_tier_in_the_crm(office: Office) -> None:
    publish(office, IMPOSING)
    office.crm.edit_own_field("a", "imposed_until", "2026-07-31", author="Marc Lavoie")
    say(office, "imposed_tier", "gold", author="Marc Lavoie")
    (kept,) = decisions(office)
    assert (kept.value, kept.author, kept.until_on) == ("gold", "Marc Lavoie", 20_665)
    assert office.crm.own_field("a", "tier") == "gold"
    office.cycle(full=True)
    assert len(office.rows("override")) == 1
    say(office, "imposed_tier", None, author="Marc Lavoie")
    assert decisions(office) == []
    assert office.crm.own_field("a", "tier") == "silver"


@ONE
@pytest.mark.parametrize(
    ("author", "words"),
    [
        ("Élise Gagnon", "Élise Gagnon a imposé le niveau de son propre compte"),
        ("Automate", "« Automate », que team.yaml ne connaît pas"),
    ],
)
def test_a_tier_imposed_by_the_owner_waits(office: Office, author: str, words: str) -> None:
    publish(office, IMPOSING)
    say(office, "imposed_tier", "gold", author=author)
    office.cycle(full=True)
    (asked,) = told(office)
    assert (asked.field, asked.wanted, asked.author) == ("imposed_tier", "gold", author)
    assert words in (asked.note or "")
    assert office.rows("override") == []
    accept(office, asked.id)
    office.cycle()
    assert office.crm.own_field("a", "tier") == "gold"
    # Emptied in the CRM, what came from there ends.
    say(office, "imposed_tier", None)
    assert decisions(office) == []


@ONE
def test_a_tier_imposed_until_a_day_that_is_past_waits(office: Office) -> None:
    publish(office, IMPOSING)
    office.crm.edit_own_field("a", "imposed_until", "2026-06-01", author="Marc Lavoie")
    say(office, "imposed_tier", "gold", author="Marc Lavoie")
    (asked,) = told(office)
    assert asked.note == "Imposé jusqu'au : le 2026-06-01 est déjà passé."
    assert office.rows("override") == []


def test_a_decision_is_submitted_again_once_its_rep_has_left(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    accept(office, asked.id)
    office.cycle()
    left = "team.yaml", "manager: marc}", "manager: marc, end: 2026-06-29}"
    (move,) = preview_rules.run(office.app.store, book_of(*left), now=office.now).moves
    publish(office, left)
    office.cycle()
    assert decisions(office) == []
    assert (move.tier_before, move.tier_after) == ("gold", office.crm.own_field("a", "tier"))
    again, _ = told(office)
    assert (again.field, again.about, again.wanted) == ("override", "tier", "gold")
    assert again.note == f"Élise Gagnon a quitté l'équipe. Décision de Marc Lavoie : {WHY}"
    # Whoever had decided may decide again.
    accept(office, again.id)
    office.cycle()
    assert [each.state for each in told(office)] == ["accepted", "accepted"]
    found = status.run(office.app)
    assert [(each.external_id, each.rep_key) for each in found.orphans] == [("a", "elise")]
    assert (found.challenges.count, found.challenges.oldest_days) == (0, None)


def test_the_condition_of_the_playbook_grants_at_once(office: Office) -> None:
    granted = "  challenge: {accept: \"wanted = 'gold' and potential > 500k\", lasts: 30 d}\n"
    publish(office, ("segments.yaml", "tier:\n", "tier:\n" + granted))
    say(office, "challenge", LOW)
    (kept,) = decisions(office)
    assert (kept.author, kept.value) == ("Arpent (règle)", "gold")
    assert kept.until_on - kept.from_on == 30
    assert office.crm.own_field("a", "tier") == "gold"
    assert office.crm.own_field("a", "challenge") is None


@ONE
def test_the_condition_sees_the_tier_that_a_freeze_keeps(office: Office) -> None:
    frozen = "  freeze: last 5 business days of quarter\n"
    granted = "  challenge: {accept: \"wanted = 'gold' and tier = 'silver'\"}\n"
    publish(office, ("segments.yaml", "tier:\n", "tier:\n" + frozen + granted))
    office.cycle()
    office.put_accounts("a", potential="1000")
    say(office, "challenge", LOW)
    assert [(kept.author, kept.value) for kept in decisions(office)] == [("Arpent (règle)", "gold")]


@ONE
def test_where_the_condition_is_not_true_a_person_answers(office: Office) -> None:
    granted = "  challenge: {accept: \"wanted = 'gold' and potential > 700k\"}\n"
    publish(office, ("segments.yaml", "tier:\n", "tier:\n" + granted))
    say(office, "challenge", LOW)
    assert [each.state for each in told(office)] == ["open"]
    assert listen.accept_by_rule(office.app.store, office.app.published(), office.now) == 0


@ONE
def test_an_emptied_challenge_comes_back_when_its_run_is_undone(office: Office) -> None:
    say(office, "challenge", LOW)
    (asked,) = told(office)
    refuse(office, asked.id)
    run = office.cycle().run_id
    assert office.crm.own_field("a", "challenge") is None
    office.now += MINUTE
    undo.run(office.app, office.crm, book(office), run, office.begin("undo"))
    assert office.crm.own_field("a", "challenge") == LOW
    office.cycle()
    # It is ours now: nobody asked anew.
    assert [each.state for each in told(office)] == ["refused"]
    # Emptied by a person and written once more, it is a challenge again.
    say(office, "challenge", None)
    say(office, "challenge", LOW)
    assert [each.state for each in told(office)] == ["open", "refused"]
    office.cycle()
    assert office.crm.own_field("a", "challenge") == LOW


def granted(office: Office) -> int:
    """A challenge that was accepted, and the run that wrote the decision into the CRM."""
    say(office, "challenge", LOW)
    (asked,) = told(office)
    accept(office, asked.id)
    run = office.cycle().run_id
    assert (office.crm.own_field("a", "tier"), office.crm.own_field("a", "challenge")) == (
        "gold", None,
    )  # fmt: skip
    return run


def take_back(office: Office, run: int) -> UndoReport:
    office.now += MINUTE
    return undo.run(office.app, office.crm, book(office), run, office.begin("undo"))


def release(office: Office, run: int) -> int:
    office.now += MINUTE
    return undo.release(office.app, book(office), run)


def put_back(office: Office) -> list[str]:
    """The fields that an undoing keeps."""
    return [row.field for row in office.debts("a") if row.pin == "undone"]


@ONE
def test_an_undoing_says_which_decisions_stand_all_the_same(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    run = granted(office)
    (kept,) = decisions(office)
    before = undo.preview(office.app, office.crm.vendor, run)
    report = take_back(office, run)
    assert office.crm.own_field("a", "tier") == "silver"
    assert [each.id for each in before.standing] == [kept.id]
    assert report.standing == before.standing
    show_undo.undone(run, [report], 40)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"1 décision reste en vigueur malgré l'annulation : {kept.id} (a, Niveau)." in shown
    assert f"« arpent overrides end {kept.id} --why … » met fin à une décision." in shown
    # Ended, nothing is kept by the undoing: the rules want what is there.
    answer.end(office.app.store, book(office), kept.id, who=MARC, why="fini", now=office.now)
    office.cycle()
    assert office.crm.own_field("a", "tier") == "silver"
    assert "tier" not in put_back(office)
    assert take_back(office, run).standing == []


@ONE
def test_a_decision_for_the_value_of_before_is_not_told(office: Office) -> None:
    run = granted(office)
    (kept,) = decisions(office)
    imposed = Asked(
        account_id=kept.account_id, account="a", rep_key="elise", field="tier", value="silver"
    )
    answer.impose(office.app.store, book(office), imposed, who=MARC, why=WHY, now=office.now)
    assert len(decisions(office)) == 1
    assert take_back(office, run).standing == []


@ONE
def test_what_an_undoing_keeps_is_told_by_the_account_and_the_status(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    run = granted(office)
    (crm,) = status.run(office.app).crms
    assert crm.put_back == {}
    pinned = take_back(office, run).pinned
    (crm,) = status.run(office.app).crms
    assert crm.put_back == {run: pinned}
    assert pinned == len(put_back(office)) > 1
    show_status.status(status.run(office.app))
    shown = " ".join(re.sub("[│┃]", " ", capsys.readouterr().out).split())
    assert f"{pinned} valeurs remises par une annulation : « arpent undo {run} --release" in shown

    found = explain.run(office.app.store, office.app.published(), "a", today_of(office))
    said = found.standing.sentences[-1]
    assert said.startswith(
        f"Le CRM montre autre chose, remis par l'annulation de l'exécution {run} : Niveau Argent, "
    )
    assert "Contester Niveau trop bas" in said
    assert f"« arpent undo {run} --release »" in said
    explaining.told(found, office.app.zone())
    shown = " ".join(capsys.readouterr().out.split())
    line = shown.partition("Dans le CRM : ")[2].partition(". ")[0]
    assert f"remis par l'annulation de l'exécution {run}" in line
    assert "Niveau" not in line.partition("à jour")[0]

    release(office, run)
    (crm,) = status.run(office.app).crms
    assert crm.put_back == {}


@pytest.mark.parametrize("cycles", [0, 1])
def test_a_release_empties_again_what_was_answered(office: Office, cycles: int) -> None:
    run = granted(office)
    pinned = take_back(office, run).pinned
    for _ in range(cycles):
        office.cycle()
    assert office.crm.own_field("a", "challenge") == LOW
    assert release(office, run) == pinned
    assert put_back(office) == []
    written_before = len(office.crm.written)
    office.cycle()
    assert (office.crm.own_field("a", "tier"), office.crm.own_field("a", "challenge")) == (
        "gold", None,
    )  # fmt: skip
    sent = sum(len(each.values) for each in office.crm.written[written_before:])
    assert sent == pinned
    office.cycle(full=True)
    assert [each.state for each in told(office)] == ["accepted"]
    with pytest.raises(NothingPinnedError):
        release(office, run)
    # Answered and gone: the same words are a challenge anew.
    say(office, "challenge", LOW)
    assert [each.state for each in told(office)] == ["open", "accepted"]


@ONE
@pytest.mark.parametrize("is_pulled", [True, False])
def test_a_release_does_not_empty_what_was_written_since(office: Office, is_pulled: bool) -> None:  # noqa: FBT001 - a parameter of the test
    run = granted(office)
    take_back(office, run)
    office.now += MINUTE
    office.crm.edit_own_field("a", "challenge", "not_mine", author="Élise Gagnon")
    if is_pulled:
        office.cycle()
    release(office, run)
    office.push()
    office.cycle()
    assert office.crm.own_field("a", "challenge") == "not_mine"
    assert [(each.value, each.state) for each in told(office)] == [
        ("not_mine", "open"), (LOW, "accepted"),
    ]  # fmt: skip


@ONE
def test_a_release_after_an_undoing_that_stopped_leaves_nothing_owed(office: Office) -> None:
    run = granted(office)
    office.crm.fail(Retriable(BUSY), on_call=2)
    assert not take_back(office, run).is_complete
    assert office.crm.own_field("a", "challenge") is None
    release(office, run)
    office.cycle()
    office.cycle()
    assert (office.crm.own_field("a", "tier"), office.crm.own_field("a", "challenge")) == (
        "gold", None,
    )  # fmt: skip
    assert [each.state for each in told(office)] == ["accepted"]
    assert {row.state for row in office.debts("a")} == {"settled"}


@ONE
@pytest.mark.parametrize("is_pulled", [True, False])
def test_the_same_challenge_written_anew_is_left_alone(office: Office, is_pulled: bool) -> None:  # noqa: FBT001 - a parameter of the test
    run = granted(office)
    office.now += MINUTE
    office.crm.edit_own_field("a", "challenge", LOW, author="Élise Gagnon")
    if is_pulled:
        office.cycle()
    left = [each for each in take_back(office, run).left if each.field == "challenge"]
    assert [(each.now, each.author) for each in left] == [(LOW, "Élise Gagnon")]
    release(office, run)
    office.cycle()
    assert office.crm.own_field("a", "challenge") == LOW
    assert [each.state for each in told(office)] == ["open", "accepted"]
