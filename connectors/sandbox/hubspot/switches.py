"""What cannot be known of HubSpot from its documentation, and what differs between portals.

Each is a switch, so that a connector can be run under every answer. Those of `OTHER_ANSWERS` are
questions that documentation leaves open: the default is the likelier answer, and
`docs/hubspot.md` says why. The rest describe one portal: its edition, its administrator's rules,
its currencies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import ClassVar

from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.switches import Switches

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "search_lag": ("constant", "tailed"),
    "batch_update_with_trace": ("multi_status", "reject"),
    "missing_ids_in_update": ("multi_status", "reject"),
    "source_type": ("INTEGRATION", "API"),
}
# The other answer to each open question: `HubSpotSwitches.change` takes all of them at once.
OTHER_ANSWERS: Mapping[str, str | float | bool] = MappingProxyType(
    {
        "search_lag_seconds": 2.0,
        "search_lag": "tailed",
        "short_pages": True,
        "lexicographic_ids": True,
        "shuffled_results": True,
        "batch_update_with_trace": "reject",
        "missing_ids_in_update": "reject",
        "numeric_to_object_id": False,
        "association_page_size": 1,
        "unlinked_as_errors": False,
        "source_type": "API",
        "touch_on_same_value": True,
        "merge_creates_new_id": False,
        "reject_archived_owner": False,
        "property_delay_seconds": 0.3,
        "rate_headers": False,
        "retry_after_on_429": True,
        "associations_counted_apart": True,
        "oauth_rotates_refresh_token": True,
        "longest_address": 8_000,
        "clock_skew_seconds": 30.0,
    }
)
_RULE = {"objectType", "property", "value", "required"}


def _is_rate(value: object) -> bool:
    try:
        return isinstance(value, str) and Decimal(value) > 0
    except InvalidOperation:
        return False


@dataclass(slots=True, kw_only=True)
class HubSpotSwitches(Switches):
    """The portal's behaviour, changed by `POST /__switches` or from Python."""

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = _CHOICES

    # Search: seconds until a write can be found: always as many, or ("tailed") drawn for each
    # write: exponential with that mean, and a share of writes that take up to the tail's seconds.
    search_lag_seconds: float = 0.0
    search_lag: str = "constant"
    search_lag_tail_seconds: float = 280.0
    search_lag_tail_share: float = 0.02
    search_lag_seed: int = 0
    # Search: short and empty pages; ids compared as text.
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
    # Currencies besides the company's → how much one unit is worth in the company's ("1.37").
    exchange_rates: dict[str, str] = field(default_factory=dict)
    # Administrators' rules, which bind API writes from 2026-09 on: object type → properties that
    # a create must carry; {objectType, property, value, required}: what a value makes required.
    required_properties: dict[str, list[str]] = field(default_factory=dict)
    conditional_rules: list[dict[str, str]] = field(default_factory=list)
    # "companies.city" → "upper", "lower", "digits" or "trim": how HubSpot rewrites its values.
    normalised_properties: dict[str, str] = field(default_factory=dict)
    # Properties: seconds until a new one can be read; "companies.name" entries in use elsewhere.
    property_delay_seconds: float = 0.0
    properties_in_use: list[str] = field(default_factory=list)
    # Limits of the edition; whether answers carry them, and whether a 429 says how long to wait.
    ten_second_limit: int = 190
    search_per_second: int = 5
    daily_limit: int = 625_000
    rate_headers: bool = True
    retry_after_on_429: bool = False
    # Room for custom properties: of each object type, and of all together (0: ten times as many).
    custom_property_limit: int = 1000
    custom_property_overall_limit: int = 0
    # Associations: whether their calls have limits of their own, beside the application's.
    associations_counted_apart: bool = False
    associations_ten_second_limit: int = 150
    associations_daily_limit: int = 500_000
    # OAuth: seconds that an access token lives; whether a refresh replaces the refresh token.
    oauth_expires_in: int = 1800
    oauth_rotates_refresh_token: bool = False
    oauth_ten_second_limit: int = 110
    # Characters from which on HubSpot's edge refuses an address (seen at about 16,200).
    longest_address: int = 16_200

    def check(self, name: str, value: object) -> None:
        """Raise `ImpossibleError` for rules and rates that make no sense."""
        if name == "conditional_rules" and isinstance(value, list):
            for rule in value:
                if not isinstance(rule, dict) or set(rule) != _RULE:
                    raise ImpossibleError(
                        f"Each rule of '{name}' has exactly {', '.join(sorted(_RULE))}."
                    )
        if name == "exchange_rates" and isinstance(value, dict):
            for currency, rate in value.items():
                if not _is_rate(rate):
                    raise ImpossibleError(f"The rate of {currency} must be a text like '1.37'.")
