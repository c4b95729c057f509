"""What cannot be known of HubSpot from its documentation, and what differs between portals.

Each is a switch, so that a connector can be run under every answer.
"""

from dataclasses import asdict, dataclass, field, fields

from connectors.sandbox.wire import JsonObject, invalid


@dataclass(slots=True, kw_only=True)
class Switches:
    """The portal's behaviour, changed by `POST /__switches` or from Python."""

    # Search: seconds until a write can be found; short and empty pages; ids compared as text.
    search_lag_seconds: float = 0.0
    short_pages: bool = False
    lexicographic_ids: bool = False
    # Batches: results in another order than the inputs; what one bad row does to the others.
    shuffled_results: bool = False
    batch_update_with_trace: str = "multi_status"  # or "reject": all or nothing, even with traces
    missing_ids_in_update: str = "multi_status"  # or "reject"
    # Associations: a JSON number as documented and seen, or a string as specified.
    numeric_to_object_id: bool = True
    association_page_size: int = 500
    # A record without links, in a batch read: an error of a 207, or just left out.
    unlinked_as_errors: bool = True
    # Writes: who HubSpot says did it; whether writing the same value touches the record.
    source_type: str = "INTEGRATION"  # or "API"
    touch_on_same_value: bool = False
    merge_creates_new_id: bool = True
    reject_archived_owner: bool = True
    # Administrators' rules: object type → properties that a create must carry; and conditions.
    required_properties: dict[str, list[str]] = field(default_factory=dict)
    conditional_rules: list[dict[str, str]] = field(default_factory=list)
    # Properties: seconds until a new one can be read; "companies.name" entries in use elsewhere.
    property_delay_seconds: float = 0.0
    properties_in_use: list[str] = field(default_factory=list)
    # Limits of the edition, and whether a 429 says how long to wait.
    ten_second_limit: int = 190
    search_per_second: int = 5
    daily_limit: int = 625_000
    retry_after_on_429: bool = False
    custom_property_limit: int = 1000
    # Seconds by which the `Date` header is off.
    clock_skew_seconds: float = 0.0

    def change(self, values: JsonObject) -> JsonObject:
        """Set several switches and return all; 400 when one is unknown or mistyped."""
        known = {entry.name for entry in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise invalid(
                    f"There is no switch '{name}'; the switches are {', '.join(sorted(known))}."
                )
            self._check(name, value)
        for name, value in values.items():
            setattr(self, name, value)
        return self.as_json()

    def _check(self, name: str, value: object) -> None:
        present = getattr(self, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(present, float):
            matches = is_number
        elif isinstance(present, bool):
            matches = isinstance(value, bool)
        else:
            matches = isinstance(value, type(present)) and not isinstance(value, bool)
        if not matches:
            raise invalid(
                f"The switch '{name}' takes a value like {present!r}, and {value!r} is not one."
            )

    def as_json(self) -> JsonObject:
        """Return every switch with its present value."""
        return asdict(self)
