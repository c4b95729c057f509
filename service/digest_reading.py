"""Read a digest again, as it was composed."""

from collections.abc import Sequence

from rules.digest.digest import Audience
from rules.language import Text
from rules.located import nearest
from service.app import App
from service.people import rep_named
from service.store import digests
from service.store.digests import KeptDigest
from service.store.engine import MistakenError

TEAM = "team"
_MANY = 2_000


def find(
    app: App, recipient: str, *, week: str | None = None, audience: str | None = None
) -> Sequence[KeptDigest]:
    """The digests of somebody in a week, the latest one without it: one for each audience.

    Raises `MistakenError` where there is none.
    """
    team = app.published().rulebook.team
    key = TEAM if recipient == TEAM else rep_named(team, recipient)
    with app.store.read() as connection:
        kept = digests.listed(connection, recipient=key or recipient, count=_MANY)
    weeks = list(dict.fromkeys(each.period for each in kept))
    if not kept:
        raise _nobody(recipient, [*team.reps, TEAM])
    chosen = week or weeks[0]
    wanted = Audience(audience) if audience in set(Audience) else None
    found = [
        each
        for each in kept
        if each.period == chosen and (wanted is None or each.audience is wanted)
    ]
    if not found:
        raise _no_week(recipient, chosen, weeks)
    return found


def _nobody(recipient: str, known: Sequence[str]) -> MistakenError:
    hint = nearest(recipient, known)
    return MistakenError(
        Text(
            f"Aucun message de la semaine pour « {recipient} »{hint.fr}. « arpent digest list » "
            "dit ce qui a été composé.",
            f"No weekly digest for '{recipient}'{hint.en}. `arpent digest list` says what was "
            "composed.",
        )
    )


def _no_week(recipient: str, week: str, weeks: Sequence[str]) -> MistakenError:
    some = ", ".join(weeks[:6])
    return MistakenError(
        Text(
            f"Aucun message de la semaine {week} pour « {recipient} ». Il y en a de : {some}.",
            f"No digest of week {week} for '{recipient}'. There are some of: {some}.",
        )
    )
