"""The whole of a portal in dictionaries: records, properties, owners, pipelines, links."""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.standard import standard_groups, standard_properties
from connectors.sandbox.hubspot.tables import Table
from connectors.sandbox.hubspot.vocabulary import TYPES

# When the portal got its standard properties and pipeline: long before anything that it holds.
_FOUNDED = "2015-01-05T15:00:00Z"

# from id → to type → to id → association numbers.
Links = dict[str, dict[str, dict[str, list[int]]]]


class State:
    """Everything that the journal can rebuild."""

    def __init__(self) -> None:
        self.tables = {name: Table(kind) for name, kind in TYPES.items()}
        self.groups = {name: standard_groups(name) for name in TYPES}
        self.properties = {name: standard_properties(name, _FOUNDED) for name in TYPES}
        self.archived_properties: dict[str, dict[str, JsonObject]] = {name: {} for name in TYPES}
        self.owners: dict[str, JsonObject] = {}
        self.pipelines: dict[str, JsonObject] = {"default": default_pipeline(_FOUNDED)}
        self.links: dict[str, Links] = {name: {} for name in TYPES}
        # (kind, id in the loaded files) → id here.
        self.loaded_ids: dict[tuple[str, str], str] = {}
        self.writes: list[JsonObject] = []
        self.last_at = ""
        self._next = dict.fromkeys((*TYPES, "owners"), 0)
        for order, name in enumerate(self._next):
            self._next[name] = (order + 1) * 10_000_000_000 + 1

    def allocate(self, kind: str) -> str:
        """Return a free numeric id for a record or an owner."""
        taken = self.owners if kind == "owners" else self.tables[kind].records
        merged = {} if kind == "owners" else self.tables[kind].merged
        while str(self._next[kind]) in taken or str(self._next[kind]) in merged:
            self._next[kind] += 1
        self._next[kind] += 1
        return str(self._next[kind] - 1)

    def linked(self, source: str, record_id: str, target: str) -> dict[str, list[int]]:
        """Return the ids of type `target` linked to a record, with the association numbers."""
        return self.links[source].get(record_id, {}).get(target, {})

    def stage(self, stage_id: str) -> JsonObject | None:
        """Find a deal stage in any pipeline."""
        for pipeline in self.pipelines.values():
            for stage in pipeline["stages"]:
                if stage["id"] == stage_id:
                    return dict(stage)
        return None


_DEFAULT_STAGES = (
    ("Appointment Scheduled", "0.2"),
    ("Qualified To Buy", "0.4"),
    ("Presentation Scheduled", "0.6"),
    ("Decision Maker Bought-In", "0.8"),
    ("Contract Sent", "0.9"),
    ("Closed Won", "1.0"),
    ("Closed Lost", "0.0"),
)


def stage_slug(label: str) -> str:
    """Return the id that HubSpot's default labels have: letters and digits only, lower case."""
    return "".join(letter for letter in label.lower() if letter.isascii() and letter.isalnum())


def stage(stage_id: str, label: str, probability: str, order: int, at: str) -> JsonObject:
    """Build a stage in the shape of the pipelines API."""
    return {
        "id": stage_id,
        "label": label,
        "displayOrder": order,
        "metadata": {
            "isClosed": "true" if probability in {"0.0", "1.0"} else "false",
            "probability": probability,
        },
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def default_pipeline(at: str) -> JsonObject:
    """Return the sales pipeline of a new portal."""
    return {
        "id": "default",
        "label": "Sales Pipeline",
        "displayOrder": 0,
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "stages": [
            stage(stage_slug(label), label, probability, order, at)
            for order, (label, probability) in enumerate(_DEFAULT_STAGES)
        ],
    }
