"""People: who somebody is in the team, as they are named on a command line or by a CRM.

Nobody decides about an account of their own: that is why it matters who somebody is.
"""

from dataclasses import dataclass
from unicodedata import combining, normalize

from rules.language import Text
from rules.located import nearest
from rules.team import Team
from rules.time import Day
from service.store.engine import MistakenError


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who decides: the name to keep, and the rep, where it is one of the team."""

    name: str
    rep_key: str | None = None


class UnknownPersonError(MistakenError):
    """Nobody of the team has this key or this address."""

    def __init__(self, asked: str, team: Team) -> None:
        hint, known = nearest(asked, list(team.reps)), ", ".join(team.reps)
        super().__init__(
            Text(
                f"--who : « {asked} » n'est ni une clé, ni une adresse, ni un nom de "
                f"team.yaml{hint.fr}. Ceux qui y sont : {known}.",
                f"--who: '{asked}' is neither a key, nor an address, nor a name of "
                f"team.yaml{hint.en}. Those who are: {known}.",
            )
        )


def deciding(team: Team, given: str | None, user: str) -> Who:
    """Who decides: the rep that was given, else whoever is at the keyboard.

    Raises `UnknownPersonError` for a name that was given and that the team does not know.
    """
    key = rep_named(team, given or user)
    if key is not None:
        return Who(team.reps[key].name, key)
    if given is not None:
        raise UnknownPersonError(given, team)
    return Who(user)


def rep_named(team: Team, told: str | None) -> str | None:
    """The rep with this key, address or name; None for nobody, and for a name that two have."""
    found = reps_named(team, told)
    return found[0] if len(found) == 1 else None


def reps_named(team: Team, told: str | None) -> list[str]:
    """The reps with exactly this key, else this key, address or name but for case and accents."""
    if not told:
        return []
    if told in team.reps:
        return [told]
    compared = _folded(told)
    return [
        key
        for key, rep in team.reps.items()
        if compared in {_folded(key), _folded(rep.email or ""), _folded(rep.name)}
    ]


def _folded(name: str) -> str:
    letters = normalize("NFKD", name.strip().casefold())
    return "".join(each for each in letters if not combining(each))


def departed(team: Team, today: Day) -> dict[str, Day]:
    """The reps who have left by a day, and when."""
    return {
        key: rep.end for key, rep in team.reps.items() if rep.end is not None and rep.end <= today
    }
