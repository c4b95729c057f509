"""The pages of the CRM in dictionaries: its records as the contract wants them, cut by a size."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from connectors import values
from connectors.base import Binding, Page
from connectors.memory_records import RELATIONS, Records, Row
from rules.records import Account, Kind, Link, Opportunity, Quarantine, Record, Value
from rules.time import Instant


class Pages(Records):
    """The records, `page_size` at a time.

    `rates` says by currency what one unit is worth in the home `currency`; an amount in one that
    has no rate is not known there. `unread` are fields that nobody can read any more.
    """

    def __init__(self, clock: Callable[[], Instant] | None, page_size: int) -> None:
        super().__init__(clock)
        self.page_size = page_size
        self.currency = "CAD"
        self.rates: dict[str, Decimal] = {}
        self.unread: set[tuple[Kind, str]] = set()

    def page(
        self, kind: Kind, cursor: str | None, bound: Sequence[Binding], own_fields: Sequence[str]
    ) -> Page:
        """Cursors are `full:CHANGE_AT_START:LAST_ORDER` and `since:LAST_CHANGE`."""
        stream = self._streams[kind]
        mode, *numbers = (cursor or f"full:{self._change}:0").split(":")
        gone: list[tuple[str, int]] = []
        if mode == "full":
            start, after = map(int, numbers)
            rows = sorted((r for r in stream.rows.values() if r.order > after), key=_order)
            shown = rows[: self.page_size]
            following = f"full:{start}:{shown[-1].order}" if shown else ""
            finished = f"since:{start}"
        else:
            after = int(numbers[0])
            rows = sorted((r for r in stream.rows.values() if r.change > after), key=_change)
            shown = rows[: self.page_size]
            gone = [each for each in stream.destroyed.items() if each[1] > after]
            following = f"since:{shown[-1].change}" if shown else ""
            finished = f"since:{self._change}"
        is_last = len(rows) == len(shown)
        quarantine: list[Quarantine] = []
        found = [
            _canonical(
                self._readable(row, kind), kind, bound, self._observed(row, own_fields), quarantine
            )
            for row in shown
        ]
        return Page(
            kind=kind,
            records=[self._valued(record) for record in found],
            cursor=finished if is_last else following,
            is_last=is_last,
            links=[link for row in shown for link in self._links_of(kind, row.record)],
            # What was destroyed between the changes of a page is told with it: the next one starts
            # after them.
            gone=[key for key, change in gone if is_last or change <= shown[-1].change],
            quarantined=quarantine,
        )

    def _valued(self, record: Record) -> Record:
        """An opportunity with its amount in the home currency, where that is known."""
        if not isinstance(record, Opportunity):
            return record
        rate = self.rates.get(record.currency or "")
        if record.currency == self.currency:
            rate = Decimal(1)
        if record.amount is None or rate is None:
            return record
        return replace(record, home_amount=round(record.amount * rate))

    def _readable(self, row: Row, kind: Kind) -> Row:
        """A row without the values that nobody can read any more."""
        hidden = {name for of_kind, name in self.unread if of_kind is kind}
        if not hidden:
            return row
        raw = {name: value for name, value in row.raw.items() if name not in hidden}
        return replace(row, raw=raw)

    def _links_of(self, kind: Kind, record: Record) -> Iterator[Link]:
        relation = RELATIONS.get(kind)
        if relation is None:
            return
        links = self._links.get((relation, record.external_id), {})
        for to_id, is_primary in links.items():
            yield Link(
                relation=relation, from_id=record.external_id, to_id=to_id, is_primary=is_primary
            )

    def _observed(self, row: Row, own_fields: Sequence[str]) -> dict[str, str | None]:
        own = self._own.get(row.record.external_id, {})
        return {name: own.get(name) for name in own_fields}


def _canonical(
    row: Row,
    kind: Kind,
    bound: Sequence[Binding],
    observed: Mapping[str, str | None],
    quarantine: list[Quarantine],
) -> Record:
    """A record with its values read, and our fields as observed."""
    record = row.record
    key = record.external_id

    def read(name: str, raw: object, parse: values.Parser) -> Value:
        try:
            return parse(raw)
        except values.Unreadable as error:
            quarantine.append(values.quarantined(kind, key, name, raw, error))
            return None

    if not isinstance(record, Account | Opportunity):
        return record
    fields = {
        each.name: read(
            each.name, row.raw.get(each.crm_field), values.parser(each.type, each.values)
        )
        for each in bound
    }
    if isinstance(record, Account):
        return replace(record, name=values.text(record.name), fields=fields, observed=observed)
    amount = read("amount", row.raw["amount"], values.money)
    closes_at = read("closes_at", row.raw["closes_at"], values.business_instant)
    return replace(
        record,
        fields=fields,
        amount=amount if isinstance(amount, int) else None,
        closes_at=closes_at if isinstance(closes_at, int) else None,
    )


def _order(row: Row) -> int:
    return row.order


def _change(row: Row) -> int:
    return row.change
