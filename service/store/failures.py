"""What a failure of the database means for people, and what they can do about it."""

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, ProgrammingError

from rules.language import Text

_UNDEFINED_TABLE = "42P01"


@dataclass(frozen=True, slots=True)
class _Advice:
    """A message for failures with these words (SQLite) or states (PostgreSQL, its appendix A)."""

    words: tuple[str, ...]
    states: tuple[str, ...]
    fr: str
    en: str


_ADVICE = (
    _Advice(
        ("not a database",),
        (),
        "Le fichier {place} n'est pas une base SQLite. Choisissez un autre fichier, ou restaurez "
        "une copie avec « arpent db restore ».",
        "The file {place} is not a SQLite database. Choose another file, or restore a copy with "
        '"arpent db restore".',
    ),
    _Advice(
        ("locked",),
        ("55P03", "40P01", "57014"),  # lock timeout, deadlock, statement timeout
        "La base {place} est occupée par un autre programme ; rien n'a été changé. Réessayez "
        "dans un moment ({words}).",
        "The database {place} is busy with another program; nothing was changed. Try again in a "
        "moment ({words}).",
    ),
    _Advice(
        ("disk is full",),
        ("53100",),
        "Il n'y a plus de place sur le disque de {place} ; rien n'a été changé. Libérez de "
        "l'espace, puis relancez.",
        "The disk of {place} is full; nothing was changed. Free some space, then run again.",
    ),
    _Advice(
        # Also what SQLite says where a full disk leaves no room for the files beside the store.
        ("disk I/O error",),
        ("58030",),
        "Le disque de {place} ne se lit ou ne s'écrit pas : il est plein, ou abîmé ({words}). "
        "Libérez de l'espace, puis relancez ; « arpent db restore » remet une sauvegarde.",
        "The disk of {place} can't be read or written: it is full, or damaged ({words}). Free some "
        "space, then run again; `arpent db restore` puts a backup back.",
    ),
    _Advice(
        ("readonly", "unable to open"),
        ("25006",),
        "La base {place} ne peut pas être écrite. Vérifiez les droits du fichier et de son "
        "dossier, ou de l'utilisateur ({words}).",
        "The database {place} can't be written. Check the permissions of the file and of its "
        "folder, or of the user ({words}).",
    ),
    _Advice(
        ("no such table",),
        (_UNDEFINED_TABLE,),
        "La base {place} n'a pas encore toutes ses tables. Lancez « arpent db upgrade ».",
        'The database {place} does not have all its tables yet. Run "arpent db upgrade".',
    ),
)
_OTHERWISE = _Advice(
    (),
    (),
    "La base {place} ne répond pas comme prévu. Vérifiez qu'elle est démarrée et que "
    "ARPENT_DATABASE_URL est juste ({words}).",
    "The database {place} does not answer as expected. Check that it is running and that "
    "ARPENT_DATABASE_URL is right ({words}).",
)


def is_defect(error: DBAPIError) -> bool:
    """Whether a statement of ours is wrong, which no advice to people can mend."""
    if isinstance(error, ProgrammingError):
        return _state(error) != _UNDEFINED_TABLE
    words = str(error.orig)
    return "no such column" in words or "syntax error" in words


def explain(error: DBAPIError, place: str) -> Text:
    """What a failure means and what to do next, for the database at `place`."""
    words = str(error.orig).strip().partition("\n")[0]
    state = _state(error)
    fitting = (
        each
        for each in _ADVICE
        if state in each.states or any(word in words for word in each.words)
    )
    advice = next(fitting, _OTHERWISE)
    return Text(
        advice.fr.format(place=place, words=words), advice.en.format(place=place, words=words)
    )


def _state(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state
