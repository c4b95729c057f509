"""Init: from what a CRM has to a playbook folder that `rules check` and `rules test` accept.

1. The team: the CRM's zone and currency, its active owners as reps.
2. The fields: for each need the best candidate that is clear, or the one that is named.
3. The files (`service.playbook_writing`), checked and tried before any is written.

Nothing that exists is ever overwritten, and no key is written anywhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from rules import candidates, checking
from rules.candidate_words import Need
from rules.candidates import LABELS, Candidate, Declared
from rules.language import Language, Text, cause, shown
from rules.located import Issue, PlaybookError, nearest
from rules.owned import CORE
from rules.records import Owner
from rules.time import Instant, day_of, moment_of
from service import examples, playbook_writing
from service.app import read_playbook
from service.playbook_writing import NEEDS, OPTIONAL, Draft, Member
from service.settings import SHIPPED_PLAYBOOK
from service.suggest import Suggested

_LONGEST_NAME = 120
_LONGEST_KEY = 40
_YAML = (".yaml", ".yml")
# Where a CRM's own are unusable: those of the first users.
_ZONE, _CURRENCY = "America/Toronto", "CAD"
_CODE = 3


class InitError(Exception):
    """What was asked for can't be done: a name that is not there, a file that is."""

    def __init__(self, message: Text) -> None:
        super().__init__(message.en)
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person said; what is None is the CRM's, or the best."""

    language: Language = Language.FR
    zone: str | None = None
    currency: str | None = None
    fields: Mapping[Need, str | None] | None = None
    plans: Sequence[str] = ()


def drafted(suggested: Suggested, asked: Asked, now: Instant) -> Draft:
    """What the playbook will say; raises `InitError` for what can't be used."""
    zone = asked.zone or suggested.identity.time_zone
    if zone not in available_timezones():
        if asked.zone:
            raise InitError(_no_zone(zone))
        zone = _ZONE
    reps = members(sellers(suggested, asked.plans))
    bound = {need: found for need in NEEDS if (found := _chosen(suggested, asked, need))}
    today = moment_of(now, ZoneInfo(zone)).date()
    return Draft(
        vendor=suggested.identity.vendor,
        language=asked.language,
        zone=zone,
        currency=_currency(suggested, asked),
        start=next_monday(today),
        reps=reps,
        bound=bound,
        has_room=has_room(suggested),
        plans=[_rep(name, reps).key for name in asked.plans],
    )


def sellers(suggested: Suggested, named: Sequence[str] = ()) -> list[Owner]:
    """The owners who may be reps: neither Arpent's own user, nor those known to hold nothing.

    Who is named, by key, name or address, is one all the same.
    """
    held, wanted = suggested.holders, [candidates.folded(each) for each in named]

    def is_named(owner: Owner) -> bool:
        words = candidates.folded(owner.name)
        spoken = (words, words[:1], candidates.folded(owner.email or ""))
        return any(each in wanted for each in spoken)

    others = [
        each for each in suggested.owners
        if each.external_id != suggested.identity.user_id or is_named(each)
    ]  # fmt: skip
    holding = [
        each for each in others if held is None or each.external_id in held or is_named(each)
    ]
    return holding or others


def left_out(suggested: Suggested, reps: Sequence[Member]) -> list[str]:
    """The names of the active owners who are no reps of the playbook."""
    there = {each.email.lower() for each in reps}
    return [each.name for each in members(suggested.owners) if each.email.lower() not in there]


def has_room(suggested: Suggested) -> bool:
    """Whether the CRM has room for the optional own fields besides the core."""
    wanted = len(CORE) + len(OPTIONAL) - suggested.own
    return suggested.room is None or suggested.room.left >= wanted


def next_monday(today: date) -> date:
    """The first Monday after a day."""
    return today + timedelta(days=7 - today.weekday())


def members(owners: Iterable[Owner]) -> list[Member]:
    """The active owners who have an address of their own, each with a key made of the name."""
    people: dict[str, tuple[str, str]] = {}
    for owner in sorted(owners, key=lambda each: (candidates.folded(each.name), each.external_id)):
        email = " ".join(shown(owner.email or "").split())
        name = " ".join(shown(owner.name).split())[:_LONGEST_NAME] or email
        if owner.is_active and email:
            people.setdefault(email.lower(), (name, email))
    first = Counter(_key(name, 1) for name, _ in people.values())
    taken: set[str] = set()
    found = []
    for name, email in people.values():
        short = _key(name, 1)
        key = _free(short if first[short] == 1 else _key(name, None), taken)
        taken.add(key)
        found.append(Member(key=key, name=name, email=email))
    return found


def _key(name: str, words: int | None) -> str:
    made = "_".join(candidates.folded(name)[:words])[:_LONGEST_KEY].strip("_")
    return made if made[:1].isalpha() else f"rep_{made}".rstrip("_")


def _free(key: str, taken: set[str]) -> str:
    number = 1
    while (found := key if number == 1 else f"{key}_{number}") in taken:
        number += 1
    return found


def _rep(name: str, reps: Sequence[Member]) -> Member:
    wanted, told = candidates.folded(name), name.lower()
    # A key before all: it alone is sure to be one rep's.
    for found in (
        [rep for rep in reps if rep.key == told],
        [rep for rep in reps if rep.email.lower() == told],
        [rep for rep in reps if candidates.folded(rep.name) == wanted],
    ):
        if found:
            return found[0]
    hint, known = nearest(name, [rep.key for rep in reps]), ", ".join(rep.key for rep in reps)
    those = Text(f"Ceux qui le sont : {known}.", f"Those who are: {known}.")
    nobody = Text("Il n'y en a aucun qui ait une adresse.", "There is none who has an address.")
    more = those if reps else nobody
    raise InitError(
        Text(
            f"--owner : « {name} » n'est pas un responsable actif du CRM{hint.fr}. {more.fr}",
            f"--owner: '{name}' is not an active owner of the CRM{hint.en}. {more.en}",
        )
    )


def _currency(suggested: Suggested, asked: Asked) -> str:
    code = asked.currency or suggested.identity.currency
    if len(code) == _CODE and code.isascii() and code.isalpha() and code.isupper():
        return code
    if asked.currency is None:
        return _CURRENCY
    raise InitError(
        Text(
            f"--currency : « {code} » n'est pas un code de monnaie : écrivez par exemple CAD.",
            f"--currency: '{code}' is not a currency code: write for example CAD.",
        )
    )


def _no_zone(zone: str) -> Text:
    hint = nearest(zone, sorted(available_timezones()))
    return Text(
        f"--zone : « {zone} » n'est pas un fuseau{hint.fr} : écrivez par exemple America/Toronto.",
        f"--zone: '{zone}' is not a time zone{hint.en}: write for example America/Toronto.",
    )


def _chosen(suggested: Suggested, asked: Asked, need: Need) -> Candidate | None:
    """The field that was named (None: none at all), else the best that is clear."""
    named = asked.fields or {}
    if need in named:
        name = named[need]
        return None if name is None else _named(suggested, need, name)
    return best(suggested, need)


def best(suggested: Suggested, need: Need) -> Candidate | None:
    """The best candidate that may be taken without asking."""
    return next((each for each in suggested.candidates[need] if is_bindable(need, each)), None)


def is_bindable(need: Need, candidate: Candidate) -> bool:
    """Whether a candidate is clear, and its options say what the rules ask."""
    return candidate.is_clear and _is_readable(need, candidate)


def _is_readable(need: Need, candidate: Candidate) -> bool:
    declared = candidate.declared
    can_be_named = candidates.is_writable(declared.name)
    return can_be_named and candidate.type > 0 and candidates.is_usable(need, declared.options)


def _named(suggested: Suggested, need: Need, name: str) -> Candidate:
    declared = suggested.declared[need.object]
    known = {each.declared.name: each for each in suggested.candidates[need]}
    field = next((each for each in declared if each.name == name), None)
    if field is None:
        hint = nearest(name, [each.name for each in declared])
        raise InitError(
            Text(
                f"--field {need} : le CRM n'a pas de champ « {name} »{hint.fr}. « arpent fields "
                "suggest » montre ceux qui conviennent.",
                f"--field {need}: the CRM has no field '{name}'{hint.en}. `arpent fields suggest` "
                "shows those that would do.",
            )
        )
    found = known.get(name) or Candidate(
        declared=field, words=candidates.nearness(need, field), type=candidates.fitness(need, field)
    )
    if not _is_readable(need, found):
        raise InitError(_unfit(need, found.declared))
    return found


def _unfit(need: Need, field: Declared) -> Text:
    options = ", ".join(shown(option) for option, _ in field.options[:20]) or "–"
    return Text(
        f"--field {need} : « {field.name} » ne se lit pas comme {LABELS[need].fr} (options : "
        f"{options}). Prenez-en un autre, ou liez-le à la main dans fields.yaml.",
        f"--field {need}: '{field.name}' does not read as {LABELS[need].en} (options: {options}). "
        "Take another, or bind it by hand in fields.yaml.",
    )


def written(draft: Draft, now: Instant) -> dict[str, str]:
    """The files of a draft, checked and tried; raises `PlaybookError` when they are not right."""
    shipped = {name: text.decode() for name, text in read_playbook(SHIPPED_PLAYBOOK).items()}
    made = playbook_writing.files(draft, shipped)
    book = checking.check(made, now).accepted()
    failures = examples.run(book, day_of(now, book.team.zone))
    if failures:
        issues: list[Issue] = [each.issue for each in failures]
        raise PlaybookError(issues)
    return made


def require_free(folder: Path) -> None:
    """Raise `InitError` where a folder has rules already: they are never overwritten."""
    if folder.exists() and not folder.is_dir():
        raise InitError(
            Text(
                f"{folder} est un fichier : donnez un autre dossier. Rien n'a été écrit.",
                f"{folder} is a file: give another folder. Nothing was written.",
            )
        )
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _YAML)
    if found:
        raise InitError(
            Text(
                f"{found[0]} existe déjà et n'est jamais remplacé : donnez un autre dossier. Rien "
                "n'a été écrit.",
                f"{found[0]} exists already and is never overwritten: give another folder. Nothing "
                "was written.",
            )
        )


def save(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write new files, all of them or none.

    Raises `InitError` for one that can't be written, or that is there meanwhile.
    """
    paths: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as opened:
                paths.append(path)
                opened.write(text)
    except BaseException as error:
        # Half a playbook would stand in the way of the next try.
        for written_so_far in paths:
            written_so_far.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InitError(_unwritten(path, error)) from error
        raise
    return paths


def _unwritten(path: Path, error: OSError) -> Text:
    if isinstance(error, FileExistsError) and path.exists():
        return Text(
            f"{path} existe déjà et n'est jamais remplacé : donnez un autre dossier. Rien n'a été "
            "écrit.",
            f"{path} exists already and is never overwritten: give another folder. Nothing was "
            "written.",
        )
    return Text(
        f"{path} ne s'écrit pas ({cause(error).fr}) : vérifiez le dossier et vos droits. Rien n'a "
        "été écrit.",
        f"{path} can't be written ({cause(error).en}): check the folder and your rights. Nothing "
        "was written.",
    )
