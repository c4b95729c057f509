"""How far long work has come: bars on a terminal, nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from rules.language import Text
from rules.records import Kind
from service.cli.edge import say
from service.cli.show.cycle import STREAMS
from service.pull import StreamReport

Pulled = Callable[[StreamReport], None]
Counted = Callable[[int, int], None]


@contextmanager
def _drawn() -> Iterator[Progress]:
    """Bars on standard error while it is a terminal; they leave no trace."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield progress


@contextmanager
def pulling(renew: Callable[[], None] = lambda: None) -> Iterator[Pulled]:
    """A bar for each stream, and a renewed lease; how long a stream is, nobody knows before."""
    with _drawn() as progress:
        bars: dict[Kind, TaskID] = {}

        def show(report: StreamReport) -> None:
            renew()
            if report.kind not in bars:
                bars[report.kind] = progress.add_task(say(STREAMS[report.kind]), total=None)
            progress.update(bars[report.kind], completed=report.received)

        yield show


@contextmanager
def working(title: Text) -> Iterator[None]:
    """A sign that something is going on, for work that can't be counted."""
    with _drawn() as progress:
        progress.add_task(say(title), total=None)
        yield


@contextmanager
def counting(title: Text) -> Iterator[Counted]:
    """One bar: so many done of so many."""
    with _drawn() as progress:
        bar = progress.add_task(say(title), total=None)

        def show(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        yield show
