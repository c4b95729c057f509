"""The edge of the program: where errors become sentences and exit codes.

0 done · 1 a CRM or the store could not do it · 2 settings, playbook or command to correct · 3 done,
but values are held: they wait for a person · 130 Ctrl-C.
"""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache

from rich.console import Console

from connectors.base import ConnectorError, Misconfigured
from rules.language import Language, Text
from rules.located import PlaybookError
from rules.sheets import SheetError
from service.settings import SettingsError, load_settings
from service.store.engine import MistakenError, StoreError

FAILED, MISTAKEN, HELD, INTERRUPTED = 1, 2, 3, 130

DEFECT = Text(
    "C'est un défaut d'Arpent. Ce qui était fait est gardé ; relancez la commande. Si cela se "
    "répète, « arpent doctor » dit ce qui va et ce qui ne va pas : joignez-y ces lignes.",
    "This is a defect of Arpent. What was done is kept; run the command again. If it happens "
    "again, `arpent doctor` says what works and what does not: send these lines along.",
)


class Mistake(Exception):  # noqa: N818 - what was typed, said in a sentence
    """An option that can't be used."""

    def __init__(self, message: Text) -> None:
        super().__init__(message.en)
        self.message = message


# What a command opens is closed when it ends.
at_end = ExitStack()


def main() -> None:
    """Run the command line and exit."""
    with at_end:
        _run()


def _run() -> None:
    from service.cli.commands import app  # noqa: PLC0415 - the commands import the stages lazily

    # urllib3 and its like log request lines: nothing of a request belongs on a terminal.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except PlaybookError as error:
        _say([f"{issue.to(language())}" for issue in error.issues])
        sys.exit(MISTAKEN)
    except Mistake as error:
        _say([say(error.message)])
        sys.exit(MISTAKEN)
    except (SettingsError, SheetError) as error:
        _say([problem.to(language()) for problem in error.problems])
        sys.exit(MISTAKEN)
    except (Misconfigured, MistakenError) as error:
        _say([error.message.to(language())])
        sys.exit(MISTAKEN)
    except (ConnectorError, StoreError) as error:
        _say([error.message.to(language())])
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001 - Python's own trace would quote values at hand
        _say([_defect(error), say(DEFECT)])
        sys.exit(FAILED)


def _defect(error: Exception) -> str:
    """Where a defect of the program happened, without a secret or a value of the CRM."""
    from service import logs  # noqa: PLC0415 - only a defect needs it

    try:
        hidden = load_settings().secrets
    except SettingsError:
        hidden = []
    return logs.Hiding(hidden).text(logs.trace_of(error))


def language() -> Language:
    """The language of this terminal: `ARPENT_LANGUAGE`, from wherever it is set, else French."""
    given = os.environ.get("ARPENT_LANGUAGE")
    if given is None:
        return _written_language()
    return Language.EN if given.lower() == Language.EN else Language.FR


@cache
def _written_language() -> Language:
    """The language that `.env` or `arpent.toml` name; settings that can't be read say nothing."""
    try:
        return load_settings().language
    except SettingsError:
        return Language.FR


def say(text: Text) -> str:
    """A text in the language of this terminal."""
    return text.to(language())


def complain(text: Text) -> None:
    """Say on standard error what went wrong, where the command goes on."""
    _say([say(text)])


def _say(lines: Sequence[str]) -> None:
    # With emoji, rich would print line 100 of a file, `:100:`, as a picture.
    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    for line in lines:
        console.print(line, markup=False, style="red" if console.is_terminal else None)
