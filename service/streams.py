"""Streams side by side: several are fetched at once, and one thread writes what came.

The cursor of a stream tells each request by the answer before it, so one stream reaches a third
of what a CRM lets us call. Each stream under way is therefore fetched by a thread, which gathers
the pages of about a second; what it has gathered is written by the caller's thread while the next
pages come. So at most two gatherings of each stream under way are in memory, and no thread that
calls the CRM touches the store.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import chain
from threading import Event

from connectors.base import ConnectorError, Fatal, Page
from rules.records import Account, Kind
from rules.time import Instant

# Pages wait to be written together until they hold this many records, or so many milliseconds.
MOST_RECORDS = 2_500
LONGEST_WAIT = 1_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """Pages to write together, in their order, and the failure that came after them."""

    pages: Sequence[Page]
    failure: ConnectorError | None = None

    @property
    def is_end(self) -> bool:
        """Whether the stream has nothing more to give."""
        return self.failure is not None or not self.pages or self.pages[-1].is_last


class Stream:
    """The pages of a kind, which are fetched as they are asked for; by one thread at a time."""

    def __init__(self, kind: Kind, pages: Iterable[Page], now: Callable[[], Instant]) -> None:
        self.kind = kind
        self._pages = iter(pages)
        self._now = now
        self._held: list[Page] = []

    def gather(self, stopping: Event) -> Gathered:
        """The next pages that are written together: until the last one, or `stopping` is set.

        No record is in two of them, so that each keeps the order in which it came and went.
        """
        since = self._now()
        gathered: list[Page] = []
        names: set[str] = set()
        held, self._held = self._held, []
        try:
            for page in chain(held, self._pages):
                its_names = _names(page)
                if gathered and not names.isdisjoint(its_names):
                    self._held = [page]
                    break
                gathered.append(page)
                names |= its_names
                is_enough = len(names) >= MOST_RECORDS or self._now() - since >= LONGEST_WAIT
                if page.is_last or is_enough or stopping.is_set():
                    break
        except ConnectorError as error:
            return Gathered(gathered, error)
        return Gathered(gathered)


def read(
    streams: Iterable[Stream], width: int, write: Callable[[Kind, Sequence[Page]], None]
) -> None:
    """Read the streams to their ends, `width` of them at a time, in the order given.

    `write` is called in this thread, with pages of one stream. The first stream that fails ends
    the reading: what has come by then is written, and its failure raised; a `Fatal` before any
    other. Whatever is raised, each thread has ended, with the page that it was fetching.
    """
    idle, arrived = deque(streams), list[tuple[Kind, Sequence[Page]]]()
    under_way: dict[Future[Gathered], Stream] = {}
    failure: ConnectorError | None = None
    stopping = Event()
    with ThreadPoolExecutor(width, thread_name_prefix="pull") as readers:
        try:
            while True:
                while idle and len(under_way) < width:
                    stream = idle.popleft()
                    under_way[readers.submit(stream.gather, stopping)] = stream
                for kind, pages in arrived:
                    write(kind, pages)
                if not under_way:
                    break
                arrived.clear()
                for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                    stream, gathered = under_way.pop(done), done.result()
                    if gathered.pages:
                        arrived.append((stream.kind, gathered.pages))
                    failure = _graver(failure, gathered.failure)
                    if not gathered.is_end:
                        idle.appendleft(stream)
                if failure is not None:
                    stopping.set()
                    idle.clear()
        finally:
            stopping.set()
    if failure is not None:
        raise failure


def _graver(one: ConnectorError | None, other: ConnectorError | None) -> ConnectorError | None:
    """The failure to tell of two: the first, unless only the other needs a person."""
    if one is None or (isinstance(other, Fatal) and not isinstance(one, Fatal)):
        return other or one
    return one


def _names(page: Page) -> set[str]:
    """The external ids of the records that a page shows, or says to be gone or merged."""
    names = {record.external_id for record in page.records}
    names.update(page.gone)
    if page.kind is Kind.ACCOUNT:
        for record in page.records:
            if isinstance(record, Account) and record.merged_ids:
                names.update(record.merged_ids)
    return names
