"""Answer: what people decide about a challenge, or about the tier of an account.

An accepted challenge becomes a decision with an author, a reason and an end; it goes before the
rules until then. Nobody decides about their own account. Nothing is written to a CRM here: the next
cycle evaluates the account, and pushes.
"""

from dataclasses import dataclass

from rules.language import Text, shown
from rules.last_word import is_about_tier, wanted_tier
from rules.located import nearest
from rules.owned import LABELS, Owned
from rules.rulebook import Rulebook
from rules.time import Day, Instant, day_of
from service import explain
from service.people import Who, rep_named
from service.store import answers, overrides, reps
from service.store.answers import Answer, Challenge
from service.store.challenges import ACCEPTED, OPEN, REFUSED
from service.store.engine import MistakenError, Store, Transaction
from service.store.overrides import Decision, Override


class AnswerError(MistakenError):
    """An answer that can't be given, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is decided about an account of a rep: a value of the tier or of the priority."""

    account_id: int
    account: str
    rep_key: str | None
    field: str
    value: str


def accept(
    store: Store,
    rulebook: Rulebook,
    challenge_id: int,
    *,
    who: Who,
    why: str,
    now: Instant,
    value: str | None = None,
    until_on: Day | None = None,
) -> Challenge:
    """Accept a challenge; returns it as answered.

    `value` is what is decided instead of what is wanted; without `until_on` it stands as long as
    the playbook says. Where no value is wanted, the reason is kept and nothing else.
    """
    today = day_of(now, rulebook.team.zone)
    with store.write() as connection:
        asked = _open_challenge(connection, challenge_id, today)
        _refuse_oneself(rulebook, who, asked.rep_key, asked.account, author=asked.author)
        _check_why(why)
        wanted = _wanted(rulebook, asked, value)
        grant(connection, rulebook, asked, wanted, who=who, why=why, now=now, until_on=until_on)
        return _answered(connection, challenge_id, today)


def grant(
    connection: Transaction,
    rulebook: Rulebook,
    asked: Challenge,
    wanted: str | None,
    *,
    who: Who,
    why: str,
    now: Instant,
    until_on: Day | None = None,
) -> None:
    """Accept within a transaction; whoever calls this has checked who may."""
    today = day_of(now, rulebook.team.zone)
    last = until_on or asked.until_on or today + lasts(rulebook)
    if wanted is not None:
        _check_until(last, today)
        decision = Decision(
            account_id=asked.account_id, field=asked.about or Owned.TIER.value, value=wanted,
            author=who.name, reason=why, from_on=today, until_on=last, challenge_id=asked.id,
            crm_value=asked.value if asked.field == Owned.IMPOSED_TIER else None,
        )  # fmt: skip
        overrides.impose(connection, decision)
    answers.record(
        connection, asked, Answer(state=ACCEPTED, by=who.name, reason=why, value=wanted), now
    )


def refuse(
    store: Store, rulebook: Rulebook, challenge_id: int, *, who: Who, why: str, now: Instant
) -> Challenge:
    """Refuse a challenge: our value is owed again, and the answer is kept."""
    today = day_of(now, rulebook.team.zone)
    with store.write() as connection:
        asked = _open_challenge(connection, challenge_id, today)
        _check_why(why)
        answers.record(connection, asked, Answer(state=REFUSED, by=who.name, reason=why), now)
        return _answered(connection, challenge_id, today)


def about(store: Store, words: str, field: str, value: str) -> Asked:
    """What would be decided of the account with this id, name, or CRM address.

    Raises `NotFound` where there is none, or several.
    """
    with store.read() as connection:
        found = explain.find(connection, words)
        rep_key = reps.of_account(connection, found.id)
    return Asked(account_id=found.id, account=found.name, rep_key=rep_key, field=field, value=value)


def impose(
    store: Store,
    rulebook: Rulebook,
    asked: Asked,
    *,
    who: Who,
    why: str,
    now: Instant,
    until_on: Day | None = None,
) -> Override:
    """Decide the tier or the priority of an account, without a challenge."""
    today = day_of(now, rulebook.team.zone)
    _refuse_oneself(rulebook, who, asked.rep_key, asked.account)
    _check_why(why)
    _check_value(rulebook, asked.field, asked.value)
    last = until_on or today + lasts(rulebook)
    _check_until(last, today)
    decision = Decision(
        account_id=asked.account_id, field=asked.field, value=asked.value, author=who.name,
        reason=why, from_on=today, until_on=last,
    )  # fmt: skip
    with store.write() as connection:
        key = overrides.impose(connection, decision)
        return _kept(connection, key, today)


def end(
    store: Store, rulebook: Rulebook, override_id: int, *, who: Who, why: str, now: Instant
) -> Override:
    """End a decision before its day."""
    today = day_of(now, rulebook.team.zone)
    with store.write() as connection:
        found = overrides.find(connection, override_id, today)
        if found is None or not found.is_in_force:
            raise AnswerError(
                Text(
                    f"Aucune décision {override_id} n'est en vigueur. Voyez « arpent overrides "
                    "list ».",
                    f"No decision {override_id} is in force. See `arpent overrides list`.",
                )
            )
        _refuse_oneself(rulebook, who, found.rep_key, found.account)
        _check_why(why)
        overrides.end(connection, [override_id], f"{who.name} : {why}", today)
        return _kept(connection, override_id, today)


def lasts(rulebook: Rulebook) -> int:
    """For how many days a decision stands where nobody says until when."""
    return rulebook.segments.budget.challenge_lasts


def _wanted(rulebook: Rulebook, asked: Challenge, given: str | None) -> str | None:
    """What is decided; None where only the reason is kept."""
    about = asked.about or Owned.TIER.value
    value = given or asked.wanted
    if value is None and is_about_tier(asked.value):
        value = wanted_tier(asked.value, asked.tier, list(rulebook.segments.tier.choices))
    if value is not None:
        _check_value(rulebook, about, value)
    elif asked.about is not None:
        raise AnswerError(
            Text(
                f"La contestation {asked.id} ne dit pas quelle valeur est voulue, ou il n'y en a "
                "pas au-delà. Ajoutez --tier et la valeur décidée, ou refusez-la.",
                f"Challenge {asked.id} does not say which value is wanted, or there is none "
                "beyond. Add --tier and the value decided, or refuse it.",
            )
        )
    return value


def _open_challenge(connection: Transaction, challenge_id: int, today: Day) -> Challenge:
    found = answers.take(connection, challenge_id, today)
    if found is None:
        raise AnswerError(
            Text(
                f"Aucune contestation {challenge_id}. Voyez « arpent challenges list ».",
                f"No challenge {challenge_id}. See `arpent challenges list`.",
            )
        )
    if found.state != OPEN:
        by = shown(found.answered_by or "–")
        raise AnswerError(
            Text(
                f"La contestation {challenge_id} n'attend plus de réponse ({by}). Pour décider "
                "autrement : « arpent overrides set ».",
                f"Challenge {challenge_id} waits for no answer any more ({by}). To decide "
                "otherwise: `arpent overrides set`.",
            )
        )
    return found


def _answered(connection: Transaction, challenge_id: int, today: Day) -> Challenge:
    found = answers.find(connection, challenge_id, today)
    if found is None:  # a challenge is never deleted once it was answered
        raise LookupError(challenge_id)
    return found


def _kept(connection: Transaction, override_id: int, today: Day) -> Override:
    found = overrides.find(connection, override_id, today)
    if found is None:  # a decision is never deleted
        raise LookupError(override_id)
    return found


def _refuse_oneself(
    rulebook: Rulebook, who: Who, owner: str | None, account: str, *, author: str | None = None
) -> None:
    """Raise where somebody would decide about their own account, or accept what they asked."""
    is_owner = who.rep_key is not None and who.rep_key == owner
    written_by = rep_named(rulebook.team, author)
    is_author = author is not None and (
        author.casefold() == who.name.casefold()
        or (written_by is not None and written_by == who.rep_key)
    )
    if not is_owner and not is_author:
        return
    name = shown(account)
    rep = rulebook.team.reps.get(who.rep_key or "")
    manager = rulebook.team.reps.get(rep.manager or "") if rep else None
    ask = manager.name if manager else None
    fr = "est votre compte" if is_owner else "porte votre propre contestation"
    en = "is your account" if is_owner else "has your own challenge"
    raise AnswerError(
        Text(
            f"« {name} » {fr} : la décision revient à quelqu'un d'autre"
            f"{f' ({ask}, par exemple)' if ask else ''}. Rien n'a changé.",
            f"'{name}' {en}: the decision is somebody else's"
            f"{f' ({ask}, for example)' if ask else ''}. Nothing has changed.",
        )
    )


def _check_value(rulebook: Rulebook, field: str, value: str) -> None:
    rule = rulebook.segments.rule(field)
    choices = list(rule.choices) if rule else []
    if value in choices:
        return
    hint, known = nearest(value, choices), ", ".join(choices)
    label = LABELS[Owned(field)]
    raise AnswerError(
        Text(
            f"« {value} » n'est pas une valeur de {label.fr}{hint.fr} : {known}.",
            f"'{value}' is no value of {label.en}{hint.en}: {known}.",
        )
    )


def _check_why(why: str) -> None:
    if not why.strip():
        raise AnswerError(
            Text(
                "Dites pourquoi (--why) : le représentant le lira dans le CRM.",
                "Say why (--why): the rep will read it in the CRM.",
            )
        )


def _check_until(until_on: Day, today: Day) -> None:
    if until_on < today:
        raise AnswerError(
            Text(
                "La décision finirait avant aujourd'hui : donnez une date à venir (--until).",
                "The decision would end before today: give a day to come (--until).",
            )
        )
