"""What cannot be known of Salesforce from its documents, and what differs between orgs.

Those of `OTHER_ANSWERS` are questions that documents leave open: the default is the likelier
answer. The rest describe one org: its edition, its administrator's rules, its moods.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.switches import Switches

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "unknown_field_in_collection": ("request", "row"),
    "missing_record_in_collection": ("INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"),
    "bulk_query_errors": ("request", "job"),
    "purged_locator": ("INVALID_QUERY_LOCATOR", "INVALID_QUERY_LOCATOR_404"),
}
# The other answer to each open question: `SalesforceSwitches.change` takes all of them at once.
OTHER_ANSWERS: Mapping[str, str | float | bool] = MappingProxyType(
    {
        "short_pages": True,
        "unknown_field_in_collection": "row",
        "missing_record_in_collection": "NOT_FOUND",
        "nulls_last_when_descending": True,
        "rows_of_page_are_live": True,
        "touch_on_same_value": False,
        "rotates_refresh_token": True,
        "limit_header": False,
        "delete_cascades": False,
        "sort_picklists_by_label": True,
        "clock_skew_seconds": 30.0,
        "late_commit_seconds": 2.0,
        "bulk_charset": True,
        "bulk_query_errors": "job",
    }
)


# What each rule of an administrator must say.
_RULES = {
    "validation_rules": frozenset({"object", "condition", "message"}),
    "duplicate_rules": frozenset({"object", "field"}),
}


@dataclass(slots=True, kw_only=True)
class SalesforceSwitches(Switches):
    """The org's behaviour, changed by `POST /__switches` or from Python."""

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = _CHOICES

    # Reading: rows on a page; pages cut short as Salesforce does for wide rows.
    page_size: int = 2000
    short_pages: bool = False
    # Whether a page shows its rows as they are when it is fetched, or as the query found them.
    rows_of_page_are_live: bool = False
    nulls_last_when_descending: bool = False
    sort_picklists_by_label: bool = False
    # Seconds (of the org's clock) that a locator lives: documented as two days.
    locator_seconds: float = 172_800.0
    purged_locator: str = "INVALID_QUERY_LOCATOR"
    # Seconds between the stamp of a write and the moment at which readers can see it.
    late_commit_seconds: float = 0.0
    # Writing: how collections refuse; whether writing the same value moves SystemModstamp.
    unknown_field_in_collection: str = "request"
    missing_record_in_collection: str = "INVALID_CROSS_REFERENCE_KEY"
    touch_on_same_value: bool = True
    # Deleting an account takes its contacts, opportunities and activities into the recycle bin.
    delete_cascades: bool = True
    # Row locks: the share of updated rows that another transaction holds.
    lock_row_percent: float = 0.0
    lock_row_seed: int = 0
    # Administrators' rules: {object, condition (SOQL), message, field}: a row that meets the
    # condition is refused; {object, field}: two records may not share that field's value.
    validation_rules: list[dict[str, str]] = field(default_factory=list)
    duplicate_rules: list[dict[str, str]] = field(default_factory=list)
    # Sessions: seconds of idleness after which a token is dead; calls that a token may make.
    session_seconds: float = 7200.0
    calls_per_session: int = 0
    # "This session is not valid for use with the REST API": no refresh ever mends it.
    rest_disabled: bool = False
    api_disabled: bool = False
    rotates_refresh_token: bool = False
    soap_login: bool = True
    # Limits: of a rolling day; whether answers say what is used; both storms.
    daily_limit: int = 100_000
    limit_header: bool = True
    concurrent_requests_exceeded: bool = False
    daily_requests_exceeded: bool = False
    # Bulk 2.0: seconds (of the org's clock) that a job looks under way; rows of a result page;
    # whether results name their charset; where a wrong query shows (the request, or the job).
    bulk_seconds: float = 0.0
    bulk_page_size: int = 250_000
    bulk_charset: bool = False
    bulk_query_errors: str = "request"
    bulk_query_jobs_limit: int = 10_000
    # The words with which jobs fail, an ingest after so many rows.
    bulk_failure: str = ""
    bulk_failure_after_rows: int = 0
    # Custom fields that an object may have (500 in an Enterprise Edition).
    custom_field_limit: int = 500
    # Bytes of the address and the headers together.
    longest_address: int = 16_384
    oldest_version: int = 31
    newest_version: int = 68
    # Seconds by which the `Date` header is off.
    clock_skew_seconds: float = 0.0

    def check(self, name: str, value: object) -> None:
        """Raise `ImpossibleError` for rules that make no sense."""
        needed = _RULES.get(name)
        if needed is None or not isinstance(value, list):
            return
        for rule in value:
            if not isinstance(rule, dict) or not needed <= rule.keys():
                raise ImpossibleError(
                    f"Each rule of '{name}' says {', '.join(sorted(needed))}: {rule!r} does not."
                )
