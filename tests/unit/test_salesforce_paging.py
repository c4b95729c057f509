"""No row is lost and none loops, whatever shares a second and whenever it is committed.

A model of the table answers the connector's own queries: rows in the order of (SystemModstamp, Id),
visible from their commit on, in pages as short as it pleases.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Page
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.soql import moment
from rules.records import Kind
from tests.unit.test_pace import MIDNIGHT, Time
from tests.unit.test_salesforce_client import ACCESS, Call, Said
from tests.unit.test_salesforce_reading import Crm, key, rows

STAMP = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
START, END = re.compile(f"SystemModstamp >= {STAMP}"), re.compile(f"SystemModstamp < {STAMP}")
AFTER = re.compile(rf"SystemModstamp = {STAMP} AND Id > '(\w+)'")


@dataclass(slots=True)
class Row:
    """A row written at `written`, seen from `seen` on; seconds of the clock."""

    number: int
    written: int
    seen: int


class Table:
    """Rows, and the clock that says which of them can be seen."""

    def __init__(self, time: Time, page: int) -> None:
        self.rows: list[Row] = []
        self.time = time
        self.page = page

    def answer(self, call: Call) -> Said:
        text = call.soql
        start, end, after = START.search(text), END.search(text), AFTER.search(text)
        assert end is not None
        found = sorted(
            (stamp, key("001", row.number))
            for row in self.rows
            if row.seen <= self.time.now
            for stamp in [moment(MIDNIGHT + row.written * 1000)]
            if stamp < end[1] and (start is None or stamp >= start[1])
        )
        if after is not None:
            found = [each for each in found if each > (after[1], after[2])]
        shown = [
            {"Id": one, "SystemModstamp": stamp.replace("Z", ".000+0000"), "IsDeleted": False}
            for stamp, one in found[: self.page]
        ]
        return rows(*shown, done=len(found) <= self.page)


@pytest.fixture(scope="module")
def crm() -> Iterator[Crm]:
    made = Crm()
    with pytest.MonkeyPatch.context() as patch:
        # The server's `Date` is that of this machine: the table has a time of its own.
        patch.setattr("connectors.crm_clock.CrmClock.learn", lambda *_: None)
        yield made
    made.org.close()


def ids(pages: list[Page]) -> list[str]:
    return [record.external_id for page in pages for record in page.records]


ROWS = st.lists(
    # Few seconds, so that many rows share one; a commit up to nine minutes after the write.
    st.tuples(st.integers(0, 20), st.integers(0, 540)),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=ROWS, page=st.integers(1, 4), stop=st.integers(0, 5))
def test_every_row_is_read_within_the_lag(
    crm: Crm, written: list[tuple[int, int]], page: int, stop: int
) -> None:
    time = Time(now=30)
    table = Table(time, page)
    table.rows = [Row(number, at, at + late) for number, (at, late) in enumerate(written, start=1)]
    crm.answers = [("FROM Account", table.answer)]
    connector = Salesforce(ACCESS, base_url=crm.org.url, clock=time.clock)

    first = list(connector.pull(Kind.ACCOUNT, None, (), ()))
    visible = {key("001", row.number) for row in table.rows if row.seen <= 30}
    assert sorted(ids(first)) == sorted(visible)

    # Stopped after any page, then gone on with.
    place = min(stop, len(first) - 1)
    rest = list(connector.pull(Kind.ACCOUNT, first[place].cursor, (), ()))
    assert set(ids(first[: place + 1])) | set(ids(rest)) >= visible

    time.now = 590
    later = list(connector.pull(Kind.ACCOUNT, first[-1].cursor, (), ()))
    assert {*ids(first), *ids(later)} == {key("001", row.number) for row in table.rows}
    connector.close()
