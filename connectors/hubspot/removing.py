"""Leaving: our own properties of companies are archived, and nothing of anybody else's.

HubSpot keeps the values of an archived property, and gives them back to whoever creates it again
under the same name. One that a workflow, a list or a calculation uses is not archived: HubSpot
says so, and a person takes it out of there first. A property that is not there is no failure.
"""

from collections.abc import Mapping, Sequence

from connectors.base import OwnField, Removal, Removed
from connectors.hubspot.answers import found_results
from connectors.hubspot.client import Client
from connectors.hubspot.errors import Refused
from connectors.hubspot.mapping import Json
from connectors.hubspot.objects import COMPANIES, GROUP, OWN_PREFIX, Paths
from connectors.hubspot.provisioning import is_same_type
from rules.language import Text

_GONE = 404


def remove_fields(
    client: Client, paths: Paths, fields: Sequence[OwnField], *, dry_run: bool
) -> list[Removed]:
    """Read what exists, then archive it one by one; the group goes last, where it is empty."""
    path = f"{paths.properties}/{COMPANIES.path}"
    existing = {str(raw.get("name")): raw for raw in found_results(client.get(path))}
    decided = [_decided(field, existing) for field in fields]
    if dry_run:
        return decided
    done = [_removed(client, path, one) for one in decided]
    if any(one.state is Removal.REMOVED for one in done):
        _remove_group(client, path)
    return done


def _decided(field: OwnField, existing: Mapping[str, Json]) -> Removed:
    crm_field = OWN_PREFIX + field.name
    found, note = existing.get(crm_field), None
    if found is None:
        state = Removal.ABSENT
    elif is_same_type(field, found):
        state = Removal.REMOVED
    else:
        state = Removal.FOREIGN
        note = Text(
            f"{crm_field} n'a pas le type de celui d'Arpent : quelqu'un d'autre l'a créé, il "
            "reste.",
            f"{crm_field} is not of the type of Arpent's: somebody else made it, it stays.",
        )
    return Removed(field=field.name, crm_field=crm_field, state=state, note=note)


def _removed(client: Client, path: str, decided: Removed) -> Removed:
    if decided.state is not Removal.REMOVED:
        return decided
    try:
        client.write("DELETE", f"{path}/{decided.crm_field}", None)
    except Refused as refused:
        if refused.status == _GONE:
            return Removed(field=decided.field, crm_field=decided.crm_field, state=Removal.ABSENT)
        note = Text(
            f"HubSpot garde {decided.crm_field} : {refused.words} Retirez-le de ce qui s'en sert "
            "(workflows, listes, calculs), puis relancez « arpent fields remove ».",
            f"HubSpot keeps {decided.crm_field}: {refused.words} Take it out of what uses it "
            "(workflows, lists, calculations), then run `arpent fields remove` again.",
        )
        return Removed(
            field=decided.field, crm_field=decided.crm_field, state=Removal.REFUSED, note=note
        )
    return decided


def _remove_group(client: Client, path: str) -> None:
    """Archive our group; where a property of somebody's is still in it, it stays."""
    try:
        client.write("DELETE", f"{path}/groups/{GROUP}", None)
    except Refused:
        return
