"""The CRM objects that are read, and where each is found: HubSpot's names in one place.

Association ids are those of HubSpot's associations guide: a deal's primary company is 5, a
contact's 1; activities have no primary. The list endpoint names the primary association by its
pair (`deal_to_company`) and the plain one with a suffix (`deal_to_company_unlabeled`).
"""

import re
from dataclasses import dataclass

from connectors.base import Misconfigured
from rules.language import Text
from rules.records import ActivityKind, Kind, Relation

API_VERSION = "2026-09"
LEGACY_VERSION = "v3"
OWN_PREFIX = "arpent_"
GROUP = "arpent"
TASK_TO_COMPANY = 192

_DATED = re.compile(r"20\d\d-(03|09)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """An object of the CRM: its path, its modified property and its link to companies."""

    path: str
    type_id: str
    kind: Kind
    modified: str = "hs_lastmodifieddate"
    history: tuple[str, ...] = ()
    relation: Relation | None = None
    primary_type: int | None = None
    primary_name: str | None = None
    activity: ActivityKind | None = None

    @property
    def page_size(self) -> int:
        """Records in one list page or batch read; HubSpot halves it with histories."""
        return 50 if self.history else 100


COMPANIES = ObjectType(path="companies", type_id="0-2", kind=Kind.ACCOUNT)
CONTACTS = ObjectType(
    path="contacts",
    type_id="0-1",
    kind=Kind.CONTACT,
    modified="lastmodifieddate",
    relation=Relation.CONTACT_ACCOUNT,
    primary_type=1,
    primary_name="contact_to_company",
)
DEALS = ObjectType(
    path="deals",
    type_id="0-3",
    kind=Kind.OPPORTUNITY,
    history=("dealstage", "amount"),
    relation=Relation.OPPORTUNITY_ACCOUNT,
    primary_type=5,
    primary_name="deal_to_company",
)


def _activity(path: str, type_id: str, kind: ActivityKind) -> ObjectType:
    return ObjectType(
        path=path,
        type_id=type_id,
        kind=Kind.ACTIVITY,
        relation=Relation.ACTIVITY_ACCOUNT,
        activity=kind,
    )


CALLS = _activity("calls", "0-48", ActivityKind.CALL)
MEETINGS = _activity("meetings", "0-47", ActivityKind.MEETING)
EMAILS = _activity("emails", "0-49", ActivityKind.EMAIL)
NOTES = _activity("notes", "0-46", ActivityKind.NOTE)

STREAMS: dict[Kind, tuple[ObjectType, ...]] = {
    Kind.ACCOUNT: (COMPANIES,),
    Kind.CONTACT: (CONTACTS,),
    Kind.OPPORTUNITY: (DEALS,),
    Kind.ACTIVITY: (CALLS, MEETINGS, EMAILS, NOTES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The paths of one version of the API; the legacy one does not tell the limits."""

    account: str
    associations: str
    limits: str | None
    oauth: str
    objects: str
    owners: str
    pipelines: str
    properties: str


def paths_of(version: str) -> Paths:
    """The paths of a dated version (`2026-09`) or of the legacy one (`v3`, v4 associations)."""
    if version == LEGACY_VERSION:
        return Paths(
            account="/account-info/v3/details",
            associations="/crm/v4/associations",
            limits=None,
            oauth="/oauth/v1/token",
            objects="/crm/v3/objects",
            owners="/crm/v3/owners/",
            pipelines="/crm/v3/pipelines",
            properties="/crm/v3/properties",
        )
    if not _DATED.fullmatch(version):
        raise Misconfigured(
            Text(
                fr=f"« {version} » n'est pas une version de l'API de HubSpot : écrivez "
                f"{API_VERSION} (ou {LEGACY_VERSION}) dans les réglages.",
                en=f"“{version}” is not a version of HubSpot's API: write {API_VERSION} "
                f"(or {LEGACY_VERSION}) in the settings.",
            )
        )
    return Paths(
        account=f"/account-info/{version}/details",
        associations=f"/crm/associations/{version}",
        limits=f"/crm/limits/{version}/custom-properties",
        oauth=f"/oauth/{version}/token",
        objects=f"/crm/objects/{version}",
        owners=f"/crm/owners/{version}",
        pipelines=f"/crm/pipelines/{version}",
        properties=f"/crm/properties/{version}",
    )
