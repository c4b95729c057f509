"""What our fields hold on some accounts now.

Salesforce tells who changed a field only where an administrator tracks it (at most twenty fields an
object): the author and the moment stay unknown.
"""

from collections.abc import Sequence

from connectors.base import Edit
from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.errors import Refused, unreadable
from connectors.salesforce.mapping import Mapper
from rules.records import Account


def read_edits(
    client: Client, mapper: Mapper, external_ids: Sequence[str], own_fields: Sequence[str]
) -> list[Edit]:
    """The own fields of accounts that are there; a query reads what is committed."""
    found: list[Edit] = []
    for chunk in soql.chunks(external_ids):
        try:
            answer = client.query(soql.among("Account", mapper.fields, "Id", chunk))
            rows = list(answer["records"])
            while answer.get("done") is not True:
                answer = client.more(str(answer.get("nextRecordsUrl") or ""))
                rows += answer["records"]
        except Refused as refused:
            raise unreadable(refused, "Account") from refused
        for record in mapper.records(rows, now=client.crm_now()):
            if isinstance(record, Account) and record.archived_at is None:
                found += [
                    Edit(external_id=record.external_id, field=name, value=record.observed[name])
                    for name in own_fields
                ]
    return found
