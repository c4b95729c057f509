"""French first, English second: texts that exist in both, and numbers as each writes them."""

import errno
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent


class Language(StrEnum):
    """A language that Arpent speaks."""

    FR = "fr"
    EN = "en"

    @property
    def locale(self) -> str:
        """The locale of Québec in this language."""
        return f"{self.value}_CA"


class Text(NamedTuple):
    """A text in both languages."""

    fr: str
    en: str

    def to(self, language: Language) -> str:
        """The text in a language."""
        return self.fr if language is Language.FR else self.en


VOWELS = (*"aeiouyàâäéèêëîïôöùûü", *"AEIOUYÀÂÄÉÈÊËÎÏÔÖÙÛÜ")
"""The letters before which French elides."""


def of(word: str) -> str:
    """`de ` or `d'`, as French asks before a word."""
    return "d'" if word.startswith(VOWELS) else "de "


# Marks that turn the direction of what follows, and letters without width: they can make one name
# look like another. Joiners stay: emoji and some scripts are written with them.
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def shown(written: str) -> str:
    """A text of a CRM as people may see it: on one line, and nothing hidden in it."""
    if written.isascii() and written.isprintable():
        return written
    return _CONTROLS.sub(" ", _HIDDEN.sub("", written))


def money(minor: int, currency: str, language: Language) -> str:
    """An amount as people write it: `1 200 000 $`, cents only when there are some."""
    amount = Decimal(minor) / 100
    pattern = None if amount % 1 else ("#,##0\u00a0¤" if language is Language.FR else "¤#,##0")
    return format_currency(
        amount, currency, format=pattern, locale=language.locale, currency_digits=bool(amount % 1)
    )


def number(value: float, language: Language, *, digits: int = 1) -> str:
    """A number with at most `digits` decimals."""
    return format_decimal(round(value, digits), locale=language.locale)


def counted(count: int, one: Text, many: Text) -> Text:
    """`1 compte`, `2 comptes`; French counts none like one, English like many."""
    french, english = (number(count, each, digits=0) for each in Language)
    return Text(
        f"{french} {one.fr if abs(count) <= 1 else many.fr}",
        f"{english} {one.en if abs(count) == 1 else many.en}",
    )


def percent(ratio: float, language: Language) -> str:
    """A ratio as a whole percentage: `25 %`."""
    return format_percent(ratio, locale=language.locale)


def day_month(day: date, language: Language) -> str:
    """A day without its year: `14 janv.`, `Jan 14`."""
    pattern = "d MMM" if language is Language.FR else "MMM d"
    return format_date(day, pattern, locale=language.locale)


_CAUSES = {
    errno.ENOENT: Text("fichier ou dossier introuvable", "no such file or folder"),
    errno.EACCES: Text("accès refusé", "permission denied"),
    errno.EPERM: Text("opération interdite", "operation not permitted"),
    errno.EISDIR: Text("c'est un dossier", "it is a folder"),
    errno.ENOTDIR: Text("ce n'est pas un dossier", "not a folder"),
    errno.EEXIST: Text("existe déjà", "it exists already"),
    errno.ENOSPC: Text("il n'y a plus de place sur le disque", "no space is left on the disk"),
    errno.EDQUOT: Text("le quota du disque est atteint", "the disk quota is used up"),
    errno.EROFS: Text("le disque est en lecture seule", "the disk is read-only"),
    errno.ENAMETOOLONG: Text("le nom est trop long", "the name is too long"),
    errno.ELOOP: Text("des liens tournent en rond", "links go round in circles"),
    errno.EBUSY: Text("un autre programme l'utilise", "another program is using it"),
    errno.ETXTBSY: Text("un autre programme l'utilise", "another program is using it"),
    errno.EMFILE: Text("trop de fichiers sont ouverts", "too many files are open"),
    errno.EIO: Text("le disque répond par une erreur", "the disk answers with an error"),
}


def cause(error: OSError) -> Text:
    """Why the system could not do something with a file; in its own words where they are rare."""
    words = error.strerror or type(error).__name__
    return _CAUSES.get(error.errno or 0, Text(words, words))


def joined(words: Iterable[str], language: Language) -> str:
    """`a, b et c` / `a, b and c`."""
    *first, last = list(words)
    if not first:
        return last
    return f"{', '.join(first)} {Text('et', 'and').to(language)} {last}"
