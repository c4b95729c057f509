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
    "deleted_record_in_collection": ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"),
    "missing_rows_in_read": ("null", "left_out"),
    "deleted_rows_in_read": ("null", "row"),
    "null_under_not": ("matches", "excluded"),
    "id_order": ("characters", "ignoring_case"),
    "week_starts_on": ("sunday", "monday"),
    "tooling_full_name": ("optional", "required"),
    "field_cap_code": ("LIMIT_EXCEEDED", "FIELD_INTEGRITY_EXCEPTION"),
    "identity_host": ("as_called", "login"),
    "unprocessed_path": ("any_case", "lower_case"),
    "history_values": ("value", "label"),
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
        "purged_locator": "INVALID_QUERY_LOCATOR_404",
        "deleted_record_in_collection": "INVALID_CROSS_REFERENCE_KEY",
        "missing_rows_in_read": "left_out",
        "deleted_rows_in_read": "row",
        "null_under_not": "excluded",
        "null_is_below_everything": True,
        "id_order": "ignoring_case",
        "ids_in_order": False,
        "week_starts_on": "monday",
        "deletion_stamps": False,
        "tooling_full_name": "required",
        "field_cap_code": "FIELD_INTEGRITY_EXCEPTION",
        "activity_external_ids": False,
        "identity_host": "login",
        "ingest_results_repeat_id": False,
        "unprocessed_path": "lower_case",
        "tracks_history": False,
        "history_values": "label",
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
    # WHERE: whether NOT turns a comparison with null into a match, or leaves it unknown as SQL
    # does; whether a null is below every value.
    null_under_not: str = "matches"
    null_is_below_everything: bool = False
    # Ids: how they compare and sort; whether a later record has a greater one.
    id_order: str = "characters"
    ids_in_order: bool = True
    week_starts_on: str = "sunday"
    # Days after which closed activities are archived: then only `queryAll` shows them.
    archive_days: int = 365
    # Feeds of what was updated and deleted: ids in an answer; seconds that deletions are known.
    replication_id_limit: int = 600_000
    deletion_log_seconds: float = 1_296_000.0
    # Seconds (of the org's clock) that a locator lives: documented as two days.
    locator_seconds: float = 172_800.0
    purged_locator: str = "INVALID_QUERY_LOCATOR"
    # Seconds between the stamp of a person's write and the moment at which readers can see it:
    # that of a call is committed before it is answered.
    late_commit_seconds: float = 0.0
    # Writing: how collections refuse; whether writing the same value moves SystemModstamp.
    unknown_field_in_collection: str = "request"
    missing_record_in_collection: str = "INVALID_CROSS_REFERENCE_KEY"
    deleted_record_in_collection: str = "ENTITY_IS_DELETED"
    touch_on_same_value: bool = True
    # Whether going to the recycle bin, also by a merge, moves a record's stamps.
    deletion_stamps: bool = True
    # Collections read by id: what stands for a row that is not there, or in the bin.
    missing_rows_in_read: str = "null"
    deleted_rows_in_read: str = "null"
    # Deleting an account takes its contacts, opportunities and activities into the recycle bin.
    delete_cascades: bool = True
    # Row locks: the share of updated rows that another transaction holds.
    lock_row_percent: float = 0.0
    lock_row_seed: int = 0
    # Administrators' rules: {object, condition (SOQL), message, field}: a row that meets the
    # condition is refused; {object, field}: two records may not share that field's value.
    validation_rules: list[dict[str, str]] = field(default_factory=list)
    duplicate_rules: list[dict[str, str]] = field(default_factory=list)
    # Administrators' flows before a save: "Account.Site" → "upper", the form of the value kept.
    before_save: dict[str, str] = field(default_factory=dict)
    # Sessions: seconds of idleness after which a token is dead; calls that a token may make.
    session_seconds: float = 7200.0
    calls_per_session: int = 0
    # "This session is not valid for use with the REST API": no refresh ever mends it.
    rest_disabled: bool = False
    api_disabled: bool = False
    rotates_refresh_token: bool = False
    soap_login: bool = True
    # Whose host the `id` of a login's answer has: the one that was called, or the common one.
    identity_host: str = "as_called"
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
    # Results of an ingest: whether they show the Id column of the upload beside sf__Id; whether
    # the last word of `unprocessedrecords` may be written in any case.
    ingest_results_repeat_id: bool = True
    unprocessed_path: str = "any_case"
    # The words with which jobs fail, an ingest after so many rows.
    bulk_failure: str = ""
    bulk_failure_after_rows: int = 0
    # Custom fields that an object may have (500 in an Enterprise Edition), those deleted in the
    # last 15 days counted; the code of the refusal; whether a deleted one's name may be reused;
    # whether a change must name the field again; whether activities take external ids.
    custom_field_limit: int = 500
    field_cap_code: str = "LIMIT_EXCEEDED"
    deleted_name_is_blocked: bool = False
    tooling_full_name: str = "optional"
    activity_external_ids: bool = True
    # Histories of accounts: whether the org keeps any, of how many fields, and whether they show a
    # picklist's values or its labels.
    tracks_history: bool = True
    tracked_field_limit: int = 20
    history_values: str = "value"
    # Bytes of the address and the headers together.
    longest_address: int = 16_384
    oldest_version: int = 31
    newest_version: int = 68

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
