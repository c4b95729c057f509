"""Streams are fetched side by side and written by one thread; no thread outlives the reading."""

import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import pytest

from connectors.base import ConnectorError, Fatal, Page, Retriable
from rules.language import Text
from rules.records import Kind, Owner
from rules.time import Instant
from service import streams

BUSY = Text("Le CRM est occupé.", "The CRM is busy.")
REVOKED = Text("La clé est révoquée.", "The key is revoked.")
FOUR = (Kind.ACCOUNT, Kind.CONTACT, Kind.OPPORTUNITY, Kind.ACTIVITY)
# Only there so that nothing hangs, however loaded the machine is.
PATIENCE = 300.0


def page(number: int, kind: Kind = Kind.OWNER, *, is_last: bool = False) -> Page:
    """A page of one record, whose cursor is the number."""
    record = Owner(external_id=f"{kind}-{number}", name="Élise", email=None, is_active=True)
    return Page(kind=kind, records=[record], cursor=str(number), is_last=is_last)


def still() -> Instant:
    return 0


def a_page_at_a_time() -> Callable[[], Instant]:
    """A clock on which every page takes longer than pages wait to be written together."""
    seconds = count(0, streams.LONGEST_WAIT)
    return lambda: next(seconds)


def readers() -> list[str]:
    """The threads that fetch and live."""
    return [each.name for each in threading.enumerate() if each.name.startswith("pull")]


class Written:
    """What was written, by which thread."""

    def __init__(self) -> None:
        self.cursors: dict[Kind, list[str]] = {}
        self.threads: set[int] = set()

    def __call__(self, kind: Kind, pages: Sequence[Page]) -> None:
        self.threads.add(threading.get_ident())
        self.cursors.setdefault(kind, []).extend(each.cursor for each in pages)


def test_several_streams_are_under_way_and_one_thread_writes() -> None:
    together = threading.Barrier(len(FOUR), timeout=PATIENCE)
    fetching: set[int] = set()

    def fetched(kind: Kind) -> Iterator[Page]:
        for number in range(3):
            # Nobody is let through before all four are here.
            together.wait()
            fetching.add(threading.get_ident())
            yield page(number, kind, is_last=number == 2)

    written = Written()
    streams.read([streams.Stream(kind, fetched(kind), still) for kind in FOUR], 4, written)

    assert written.cursors == {kind: ["0", "1", "2"] for kind in FOUR}
    assert written.threads == {threading.get_ident()}
    assert len(fetching) == 4
    assert threading.get_ident() not in fetching
    assert readers() == []


def test_no_more_streams_are_under_way_than_the_crm_is_worth() -> None:
    lock = threading.Lock()
    begun: list[Kind] = []
    ended: list[Kind] = []
    most = 0

    def fetched(kind: Kind) -> Iterator[Page]:
        nonlocal most
        with lock:
            begun.append(kind)
            most = max(most, len(begun) - len(ended))
        yield page(0, kind)
        with lock:
            ended.append(kind)
        yield page(1, kind, is_last=True)

    written = Written()
    streams.read([streams.Stream(kind, fetched(kind), still) for kind in FOUR], 2, written)

    assert most <= 2
    assert set(begun[:2]) == set(FOUR[:2])
    assert written.cursors == {kind: ["0", "1"] for kind in FOUR}


def test_the_next_pages_come_while_some_are_written_and_never_many() -> None:
    asked = [threading.Event() for _ in range(12)]

    def fetched() -> Iterator[Page]:
        for number, event in enumerate(asked):
            event.set()
            yield page(number, is_last=event is asked[-1])

    places: list[int] = []

    def write(_: Kind, pages: Sequence[Page]) -> None:
        place = int(pages[-1].cursor)
        # The page after this one is fetched though this one is not written yet; no other is.
        assert place == len(asked) - 1 or asked[place + 1].wait(PATIENCE)
        assert not any(event.is_set() for event in asked[place + 2 :])
        places.append(place)

    streams.read([streams.Stream(Kind.OWNER, fetched(), a_page_at_a_time())], 4, write)

    assert places == list(range(12))


@pytest.mark.parametrize("error", [Retriable(BUSY), Fatal(REVOKED)])
def test_what_came_before_a_failure_is_written_of_every_stream(error: ConnectorError) -> None:
    has_failed, is_amid = threading.Event(), threading.Event()

    def failing() -> Iterator[Page]:
        yield page(0, Kind.ACCOUNT)
        assert is_amid.wait(PATIENCE)
        has_failed.set()
        raise error

    def endless() -> Iterator[Page]:
        yield page(0, Kind.CONTACT)
        is_amid.set()
        assert has_failed.wait(PATIENCE)
        for number in count(1):
            yield page(number, Kind.CONTACT)

    written = Written()
    with pytest.raises(type(error)) as caught:
        streams.read(
            [
                streams.Stream(Kind.ACCOUNT, failing(), still),
                streams.Stream(Kind.CONTACT, endless(), still),
                streams.Stream(Kind.ACTIVITY, iter([page(0, Kind.ACTIVITY, is_last=True)]), still),
            ],
            2,
            written,
        )

    assert caught.value is error
    assert "failing" in {frame.name for frame in traceback.extract_tb(caught.value.__traceback__)}
    assert written.cursors[Kind.ACCOUNT] == ["0"]
    # Without a gap, as far as it came; and what had not begun was not begun.
    came = written.cursors[Kind.CONTACT]
    assert came == [str(number) for number in range(len(came))]
    assert Kind.ACTIVITY not in written.cursors
    assert readers() == []


def test_what_needs_a_person_is_told_before_what_needs_patience() -> None:
    together = threading.Barrier(2, timeout=PATIENCE)

    def failing(error: ConnectorError) -> Iterator[Page]:
        together.wait()
        raise error
        yield

    for errors in ([Retriable(BUSY), Fatal(REVOKED)], [Fatal(REVOKED), Retriable(BUSY)]):
        reading = [streams.Stream(Kind.OWNER, failing(error), still) for error in errors]
        with pytest.raises(Fatal):
            streams.read(reading, 2, Written())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a defect")])
def test_whatever_the_writer_raises_every_reader_stops(error: BaseException) -> None:
    fetched = 0
    has_raised = threading.Event()

    def endless(kind: Kind) -> Iterator[Page]:
        nonlocal fetched
        for number in count():
            if has_raised.is_set():
                fetched += 1
            yield page(number, kind)

    def write(_: Kind, __: Sequence[Page]) -> None:
        has_raised.set()
        raise error

    reading = [streams.Stream(kind, endless(kind), still) for kind in FOUR]
    with pytest.raises(type(error)):
        streams.read(reading, 4, write)

    assert readers() == []
    assert fetched <= 4 * streams.MOST_RECORDS


def test_a_defect_of_a_reader_is_raised_and_stops_the_others() -> None:
    def broken() -> Iterator[Page]:
        raise ZeroDivisionError
        yield

    def endless() -> Iterator[Page]:
        for number in count():
            yield page(number, Kind.CONTACT)

    reading = [
        streams.Stream(Kind.ACCOUNT, broken(), still),
        streams.Stream(Kind.CONTACT, endless(), still),
    ]
    with pytest.raises(ZeroDivisionError):
        streams.read(reading, 2, Written())

    assert readers() == []
