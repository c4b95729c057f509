"""What our fields hold on some accounts now, and who changed each last.

Salesforce tells who changed a field only where its history is tracked, and the user may read it:
elsewhere the author and the moment stay unknown (see `tracking`).
"""

from collections.abc import Sequence

from connectors.base import Edit
from connectors.salesforce import soql
from connectors.salesforce.client import Client, Json
from connectors.salesforce.errors import Forbidden, Refused, unreadable
from connectors.salesforce.mapping import Mapper
from connectors.salesforce.objects import own_field
from connectors.salesforce.schema import Declared, crm_fields
from connectors.salesforce.tracking import Changes, OwnName
from rules.records import Account


def read_edits(
    client: Client, mapper: Mapper, external_ids: Sequence[str], own_fields: Sequence[str],
    declared: Declared,
) -> list[Edit]:  # fmt: skip
    """The own fields of accounts that are there; a query reads what is committed."""
    found: list[Edit] = []
    labels = {each.own: each.option_labels for each in crm_fields(declared) if each.own}
    names = [
        OwnName(name=name, crm_field=own_field(name), labels=labels.get(name, {}))
        for name in own_fields
    ]
    for chunk in soql.chunks(external_ids):
        try:
            rows = client.rows(soql.among("Account", mapper.fields, "Id", chunk))
        except Refused as refused:
            raise unreadable(refused, "Account") from refused
        seen = [each for each in names if each.name in labels]
        changes = Changes(_history(client, chunk, seen), names)
        for record in mapper.records(rows, now=client.crm_now()):
            if isinstance(record, Account) and record.archived_at is None:
                found += [_edit(record, name, changes) for name in own_fields]
    return found


def _edit(record: Account, name: str, changes: Changes) -> Edit:
    value = record.observed[name]
    last = changes.last(record.external_id, name, value)
    return Edit(
        external_id=record.external_id, field=name, value=value,
        author=last.author if last else None, at=last.at if last else None,
    )  # fmt: skip


def _history(client: Client, keys: Sequence[str], names: Sequence[OwnName]) -> list[Json]:
    """The changes of our fields; none where the org, or the user, has no such history."""
    if not names:
        return []
    try:
        return client.rows(soql.history(keys, [each.crm_field for each in names]))
    except (Refused, Forbidden):
        return []
