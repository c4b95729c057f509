"""Logs: lines for people on a terminal, JSON elsewhere. Events and counts, never a payload.

Whatever a line is made of, it goes through `Hiding`: no secret of the settings, nothing that looks
like a credential. Errors of others quote the values they fail on, and a value may be a person's
name: of a defect the log keeps where it happened, and of its message what is not quoted.
"""

import logging
import re
import sys
import traceback
from collections.abc import Collection, Iterator
from typing import Literal

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from connectors.base import ConnectorError
from connectors.http import redact
from rules.language import Language, Text
from rules.located import PlaybookError
from service.store.engine import StoreError

# Shorter ones would be found in ordinary words.
SHORTEST_SECRET = 6
_LONGEST_MESSAGE = 300
# What stands in quotes, unless it is a name of the program's (`pk_account`); values of keys and
# rows as PostgreSQL tells them; addresses of mail; amounts and ids.
_VALUES = re.compile(
    r"“[^”]*”|«[^»]*»|\"(?![a-z.]+_[a-z0-9_.]+\")(?:[^\"\\]|\\.)*\""
    r"|(?<!\w)'(?![a-z.]+_[a-z0-9_.]+')(?:[^'\\]|\\.)*'(?!\w)"
    r"|(?<==)\(.*\)|(?<=contains )\(.*\)|[^\s<>@]+@[^\s<>@]+|\d[\d\s.,\u00a0\u202f]{4,}\d"
)

_log = structlog.get_logger()


def tell(event: str, **fields: object) -> None:
    """A line for people to look at, where this process keeps a log: commands answer otherwise."""
    if structlog.is_configured():
        _log.warning(event, **fields)


def configure(
    style: Literal["auto", "json", "console"], hidden: Collection[SecretStr] = ()
) -> None:
    """Set structlog up for this process, once; `hidden` shows in no line."""
    is_console = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if is_console
        else structlog.processors.JSONRenderer()
    )
    # Ticks that find a cycle under way are expected: no line of another shape for each.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _with_trace,
            Hiding(hidden),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class Hiding:
    """Takes secrets out of every text of a line."""

    def __init__(self, hidden: Collection[SecretStr]) -> None:
        self._hidden = [each for each in hidden if len(each.get_secret_value()) >= SHORTEST_SECRET]

    def text(self, text: str) -> str:
        """A text without secrets."""
        return redact(text, *self._hidden)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """A line without secrets, as a processor of structlog."""
        return {
            name: self.text(value) if isinstance(value, str) else value
            for name, value in event.items()
        }


def impersonal(text: str, *names: str) -> str:
    """What a CRM or a program says, without the values it quotes nor the names given."""
    for name in names:
        if name:
            text = text.replace(name, "***")
    first = text.partition("\n")[0]
    return _VALUES.sub("***", first)[:_LONGEST_MESSAGE]


def trace_of(error: BaseException) -> str:
    """Where an error happened, and where those that led to it did.

    As text, and without the variables at hand: these are payloads and keys.
    """
    return "\n".join(_traces(error))


def _traces(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _traces(before)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield f"{type(error).__qualname__}: {impersonal(str(error))}"


def told(error: BaseException) -> Text:
    """What a run's record keeps of an error: its sentence, or of a defect only what it is."""
    if isinstance(error, ConnectorError | StoreError):
        return error.message
    if isinstance(error, PlaybookError):
        return Text(*("\n".join(issue.to(each) for issue in error.issues) for each in Language))
    name = type(error).__name__
    return Text(name, name)


def _with_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = trace_of(error)
    return event
