"""What differs between the versions of HubSpot's API: one table, read by the endpoints.

| | v1 | v3 | v4 | 2026-03 | 2026-09 |
|---|---|---|---|---|---|
| path families | oauth | all | objects, associations | all | all |
| `options[].displayOrder` when a property is written | – | optional | – | required | required |
| associations: named (`id, type`) or numbered (`toObjectId`) | – | named | numbered | = v4 | = v4 |
| administrators' rules bind API writes | – | no | no | no | **yes** |
| `warnings[]` about normalised values | – | no | no | no | **yes** |
| OAuth parameters | query or body | body | – | body | body |
| OAuth errors carry `error`, `error_description` | no | yes | – | yes | yes |
| metadata of a token | GET by token | POST introspect | – | POST introspect | POST introspect |
| custom-property limits below `/crm/` | – | `v3/limits` | – | `limits/2026-03` | `limits/2026-09` |

Sources: HubSpot's changelogs "Introducing date-based API versioning" and "CRM API write validation
enforcement", its guides of OAuth v1, v3 and latest, and the limits-tracking reference. Everything
that is not in this table is the same in all versions.
"""

from dataclasses import dataclass

_ALL = frozenset(
    {"objects", "associations", "properties", "pipelines", "owners", "limits", "account-info"}
    | {"oauth"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the API and what is particular to it."""

    name: str
    families: frozenset[str] = _ALL
    requires_option_order: bool = True
    names_associations: bool = False
    enforces_rules: bool = False
    warns: bool = False
    reads_credentials_from_query: bool = False
    has_standard_oauth_errors: bool = True


VERSIONS = {
    version.name: version
    for version in (
        Version(
            name="v1",
            families=frozenset({"oauth"}),
            reads_credentials_from_query=True,
            has_standard_oauth_errors=False,
        ),
        Version(name="v3", requires_option_order=False, names_associations=True),
        Version(name="v4", families=frozenset({"objects", "associations"})),
        Version(name="2026-03"),
        Version(name="2026-09", enforces_rules=True, warns=True),
    )
}
# Endpoints whose path has no version, or one that no other path shares.
UNVERSIONED = Version(name="")
