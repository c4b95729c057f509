"""Logs: lines for people on a terminal, JSON elsewhere. Events and counts, never a payload."""

import logging
import sys
from typing import Literal

import structlog

_log = structlog.get_logger()


def tell(event: str, **fields: object) -> None:
    """A line for people to look at, where this process keeps a log: commands answer otherwise."""
    if structlog.is_configured():
        _log.warning(event, **fields)


def configure(style: Literal["auto", "json", "console"]) -> None:
    """Set structlog up for this process, once."""
    is_console = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
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
            # As text: structlog's own renderers print local variables too, payloads and keys.
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
