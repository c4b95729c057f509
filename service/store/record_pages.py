"""The addresses of records in their CRMs, so that what is told of one can be a link to it.

A connector knows them once it is connected; a digest is composed when none is. So each connection
keeps what an address looks like, with a placeholder where the record's id goes.
"""

from collections.abc import Collection, Mapping
from urllib.parse import quote

from sqlalchemy import Connection, select, update

from connectors.base import Connector
from rules.records import Kind
from service.store.tables import account, opportunity
from service.store.tables import connection as crm

# Every CRM takes it for the id of a record: Salesforce's have 18 letters and digits.
_SAMPLE = "000000000000000AAA"
_PLACE = "{id}"
_CHUNK = 500
_RECORDS = {Kind.ACCOUNT: account, Kind.OPPORTUNITY: opportunity}
_COLUMNS = {Kind.ACCOUNT: crm.c.account_page, Kind.OPPORTUNITY: crm.c.opportunity_page}


def keep(connection: Connection, connection_id: int, connector: Connector) -> None:
    """Remember the addresses of a CRM that has just been connected; they follow the CRM."""
    found = {column.name: _page(connector, kind) for kind, column in _COLUMNS.items()}
    differs = [column.is_distinct_from(found[column.name]) for column in _COLUMNS.values()]
    connection.execute(
        update(crm).where(crm.c.id == connection_id, differs[0] | differs[1]).values(found)
    )


def _page(connector: Connector, kind: Kind) -> str | None:
    """What the address of a record of a kind looks like; None where its id has no place in it."""
    address = connector.record_url(kind, _SAMPLE)
    return address.replace(_SAMPLE, _PLACE) if address.count(_SAMPLE) == 1 else None


def pages(
    connection: Connection, records: Collection[tuple[Kind, int]]
) -> Mapping[tuple[Kind, int], str]:
    """(kind, our id) → the address, of accounts and opportunities; without those not known."""
    found: dict[tuple[Kind, int], str] = {}
    for kind, table in _RECORDS.items():
        ids = sorted({number for each, number in records if each is kind})
        for start in range(0, len(ids), _CHUNK):
            rows = connection.execute(
                select(table.c.id, table.c.external_id, _COLUMNS[kind].label("page"))
                .join(crm, crm.c.id == table.c.connection_id)
                .where(table.c.id.in_(ids[start : start + _CHUNK]), _COLUMNS[kind].is_not(None))
            )
            for row in rows:
                found[kind, row.id] = row.page.replace(_PLACE, quote(row.external_id, safe=""))
    return found
