"""What `challenges` and `overrides` print."""

from collections.abc import Sequence

from rules.language import Text, counted, shown
from rules.owned import CHALLENGES, LABELS, Owned
from rules.rulebook import Rulebook
from rules.time import Day, date_of
from service.cli.edge import say
from service.cli.show.terminal import line, table
from service.store.answers import Challenge
from service.store.challenges import ACCEPTED, OPEN
from service.store.overrides import Override

_ANSWERED = {
    True: Text("acceptée", "accepted"),
    False: Text("refusée", "refused"),
}


def challenges(found: Sequence[Challenge], book: Rulebook) -> None:
    """The open challenges, then the answers."""
    waiting = [each for each in found if each.state == OPEN]
    answered = [each for each in found if each.state != OPEN]
    if not waiting:
        line(Text("Aucune contestation n'attend.", "No challenge waits."))
    else:
        table(
            Text("Contestations sans réponse", "Challenges without an answer"),
            [Text("N°", "No."), Text("Compte", "Account"), Text("Responsable", "Owner"),
             Text("Dit", "Says"), Text("Voulu", "Wanted"), Text("Depuis", "Since"),
             Text("Jours", "Days"), Text("Niveau", "Tier"), Text("Pourquoi", "Why")],
            [
                (each.id, each.account, each.owner or each.rep_key or "–", _said(each, book),
                 _value(book, each.about, each.wanted), _day(each.received_on), each.days,
                 _value(book, Owned.TIER, each.tier), each.why or "–")
                for each in waiting
            ],
        )  # fmt: skip
        for each in waiting:
            if each.note is not None:
                note = shown(each.note)
                line(Text(f"{each.id} : {note}", f"{each.id}: {note}"))
        line(
            Text(
                "Répondez par « arpent challenges accept ID --why … » ou « arpent challenges "
                "refuse ID --why … ».",
                "Answer with `arpent challenges accept ID --why …` or `arpent challenges refuse "
                "ID --why …`.",
            )
        )
    if answered:
        table(
            Text("Répondues depuis 30 jours", "Answered within 30 days"),
            [Text("N°", "No."), Text("Compte", "Account"), Text("Dit", "Says"),
             Text("Réponse", "Answer"), Text("Par", "By"), Text("Le", "On"),
             Text("Raison", "Reason")],
            [
                (each.id, each.account, _said(each, book),
                 say(_ANSWERED[each.state == ACCEPTED]), each.answered_by or "–",
                 _day(each.answered_on), each.answer or "–")
                for each in answered
            ],
        )  # fmt: skip


def answered(found: Challenge) -> None:
    """What became of a challenge."""
    account, is_accepted = shown(found.account), found.state == ACCEPTED
    word = _ANSWERED[is_accepted]
    then = (
        Text("Le prochain cycle l'applique.", "The next cycle applies it.")
        if is_accepted
        else Text("Le prochain cycle remet notre valeur.", "The next cycle writes our value again.")
    )
    line(
        Text(
            f"Contestation {found.id} {word.fr} ({account}), par {found.answered_by}. {then.fr}",
            f"Challenge {found.id} {word.en} ({account}), by {found.answered_by}. {then.en}",
        )
    )


def overrides(found: Sequence[Override], book: Rulebook) -> None:
    """The decisions, with who made them and why."""
    if not found:
        line(Text("Aucune décision n'est en vigueur.", "No decision is in force."))
        return
    table(
        Text("Décisions", "Decisions"),
        [Text("N°", "No."), Text("Compte", "Account"), Text("Responsable", "Owner"),
         Text("Champ", "Field"), Text("Décidé", "Decided"), Text("Par", "By"),
         Text("Du", "From"), Text("Au", "To"), Text("Raison", "Reason")],
        [
            (each.id, each.account, each.owner or each.rep_key or "–",
             say(LABELS[Owned(each.field)]), _value(book, each.field, each.value), each.author,
             _day(each.from_on), _end(each), each.reason)
            for each in found
        ],
    )  # fmt: skip


def imposed(found: Override, book: Rulebook) -> None:
    """A decision that was just made."""
    value, label = _value(book, found.field, found.value), LABELS[Owned(found.field)]
    account, last = shown(found.account), _day(found.until_on)
    line(
        Text(
            f"Décision {found.id} : {label.fr} {value} pour {account} jusqu'au {last}, par "
            f"{found.author}. Le prochain cycle l'applique.",
            f"Decision {found.id}: {label.en} {value} for {account} until {last}, by "
            f"{found.author}. The next cycle applies it.",
        )
    )


def ended(found: Override, book: Rulebook) -> None:
    """A decision that was just ended."""
    value, account = _value(book, found.field, found.value), shown(found.account)
    line(
        Text(
            f"La décision {found.id} ({value} pour {account}) prend fin : les règles comptent de "
            "nouveau au prochain cycle.",
            f"Decision {found.id} ({value} for {account}) ends: the rules count again at the next "
            "cycle.",
        )
    )


def waiting_days(count: int, oldest: int | None) -> Text:
    """`3, la plus ancienne depuis 12 jours`."""
    if not count:
        return Text("aucune", "none")
    days = counted(oldest or 0, Text("jour", "day"), Text("jours", "days"))
    return Text(
        f"{count}, la plus ancienne depuis {days.fr} (« arpent challenges list »)",
        f"{count}, the oldest for {days.en} (`arpent challenges list`)",
    )


def _said(each: Challenge, book: Rulebook) -> str:
    """What was said, and by whom."""
    if each.field == Owned.CHALLENGE:
        said = CHALLENGES.get(each.value or "")
        words = say(said) if said else each.value or "–"
    elif each.field in set(Owned):
        changed = each.wanted if each.field == Owned.IMPOSED_TIER else each.value
        words = f"{say(LABELS[Owned(each.field)])} → {_value(book, each.about, changed)}"
    else:
        words = say(Text("décision à reprendre", "decision to take again"))
    return f"{words} ({each.author})" if each.author else words


def _value(book: Rulebook, field: str | None, value: str | None) -> str:
    """A value with its label."""
    rule = book.segments.rule(field) if field else None
    if value is None or rule is None or value not in rule.choices:
        return value or "–"
    return say(rule.choices[value])


def _end(each: Override) -> str:
    if each.ended_on is not None:
        over = say(Text("finie", "ended"))
        return f"{_day(each.ended_on)} ({over} : {each.ended_by or '–'})"
    return _day(each.until_on)


def _day(day: Day | None) -> str:
    return "–" if day is None else date_of(day).isoformat()
