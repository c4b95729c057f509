"""What cannot be known of Zoho CRM from its documents, and what differs between organizations.

Those of `OTHER_ANSWERS` are questions that documents leave open: the default is the likelier
answer. The rest describe one organization: its edition, its administrator's choices, its moods.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.switches import Switches

EDITIONS = ("free", "standard", "professional", "enterprise", "ultimate")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "edition": EDITIONS,
    "option_name": ("display", "actual"),
    "unknown_field_in_list": ("absent", "refused"),
    "unknown_key_in_write": ("ignored", "refused"),
    "closed_field_in_write": ("ignored", "refused"),
    "coql_lookup": ("name_and_id", "id"),
    "mixed_outcome": ("207", "202", "200"),
    "too_many_requests": ("TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"),
    "bulk_id_header": ("Id", "id"),
    "bulk_empty_result": ("header", "no_content"),
    "merged_records": ("permanent", "recycle"),
    "duplicate_value": ("record", "id"),
    "already_modified": ("item", "flat"),
    "taken_api_name": ("refused", "numbered"),
    "patched_pick_list": ("added", "replaced"),
    "page_position": ("offset", "record"),
    "accents_in_api_names": ("plain", "removed"),
}
# The other answer to each open question: `ZohoSwitches.change` takes all of them at once.
OTHER_ANSWERS: Mapping[str, str | float | bool] = MappingProxyType(
    {
        "strict_picklists": True,
        "option_name": "actual",
        "unknown_field_in_list": "refused",
        "unknown_key_in_write": "refused",
        "closed_field_in_write": "refused",
        "coql_lookup": "id",
        "coql_columns": 500,
        "coql_textarea": False,
        "coql_cuts_texts": True,
        "coql_parent_module": False,
        "coql_deal_history": False,
        "coql_what_id": False,
        "coql_user_fields": False,
        "coql_negation_finds_nulls": True,
        "coql_stage_modified_time": True,
        "accents_in_api_names": "removed",
        "fields_per_call": 25,
        "field_name_in_answer": True,
        "mixed_outcome": "202",
        "all_failed_status": 200,
        "scope_mismatch_status": 403,
        "throttled_status": 200,
        "token_refusal_status": 400,
        "rotates_refresh_token": True,
        "too_many_requests": "RATE_LIMIT_EXCEEDED",
        "retry_after_seconds": 1.0,
        "touch_on_same_value": False,
        "modified_since_is_inclusive": False,
        "page_position": "record",
        "nulls_last_when_descending": False,
        "late_commit_seconds": 2.0,
        "search_lag_seconds": 30.0,
        "delete_cascades": False,
        "merged_records": "recycle",
        "deleted_feed_keeps_restored": True,
        "duplicate_value": "id",
        "already_modified": "flat",
        "taken_api_name": "numbered",
        "patched_pick_list": "replaced",
        "role_touches_deal": False,
        "bulk_id_header": "id",
        "bulk_empty_result": "no_content",
        "external_fields": False,
        "clock_skew_seconds": 30.0,
    }
)
# What each rule of an administrator must say.
_RULE = frozenset({"module", "field", "condition", "message"})


@dataclass(slots=True, kw_only=True)
class ZohoSwitches(Switches):
    """The organization's behaviour, changed by `POST /__switches` or from Python."""

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = _CHOICES

    # What the company pays for: it decides credits, concurrency and room for custom fields.
    edition: str = "enterprise"
    # Credits of a rolling day and calls at once; 0 leaves it to the edition.
    daily_credits: int = 0
    concurrency: int = 0
    # Heavy calls (COQL, search, sorted lists, writes of more than 10 records) at once.
    sub_concurrency: int = 10
    # Machine's seconds that a call keeps its place: calls are answered one after another here.
    call_seconds: float = 0.0
    credits_exhausted: bool = False
    too_many_requests: str = "TOO_MANY_REQUESTS"
    # The header Retry-After of a 429 (0: none, as documented).
    retry_after_seconds: float = 0.0
    # Access tokens: seconds of life, how many for a refresh token in how many seconds.
    token_seconds: float = 3600.0
    tokens_per_window: int = 10
    token_window_seconds: float = 600.0
    throttled_status: int = 400
    # HTTP status of the other refusals of the token endpoint.
    token_refusal_status: int = 200
    scope_mismatch_status: int = 401
    # A refresh token is good once, and a new one comes with each access token: Zoho's are not.
    rotates_refresh_token: bool = False
    # Every token is one of another data centre.
    wrong_data_center: bool = False
    # Reading lists.
    unknown_field_in_list: str = "absent"
    modified_since_is_inclusive: bool = True
    page_token_seconds: float = 86_400.0
    # Rows that an answer holds at most, whatever was asked for (0: as asked for).
    short_pages: int = 0
    # Rows after which page tokens lead no further.
    longest_list: int = 100_000
    # What a page token remembers: how many rows came before it, or which record came last.
    page_position: str = "offset"
    # COQL: what a look-up column shows, how many columns, whether long texts can be selected,
    # where nulls stand.
    coql_lookup: str = "name_and_id"
    coql_columns: int = 50
    coql_textarea: bool = True
    coql_cuts_texts: bool = False
    # Whether `'$se_module'` can be selected, DealHistory queried, `What_Id` compared.
    coql_parent_module: bool = True
    coql_deal_history: bool = True
    coql_what_id: bool = True
    # Whether `Owner.email` can be read, and a deal's Stage_Modified_Time (it could not by 2026).
    coql_user_fields: bool = True
    coql_stage_modified_time: bool = False
    # Whether `!=`, `not in` and the like find records without a value.
    coql_negation_finds_nulls: bool = False
    nulls_last_when_descending: bool = True
    # Seconds between the stamp of a person's write and the moment at which readers see it; of the
    # search index.
    late_commit_seconds: float = 0.0
    search_lag_seconds: float = 0.0
    # Writing.
    strict_picklists: bool = False
    # By which of its names records take and give an option of a pick list.
    option_name: str = "display"
    unknown_key_in_write: str = "ignored"
    # A write to a field that the user's profile may only read, or not even see.
    closed_field_in_write: str = "ignored"
    touch_on_same_value: bool = True
    # HTTP status when some records failed, and when all did.
    mixed_outcome: str = "207"
    all_failed_status: int = 400
    # Deleting an account takes its contacts, deals and activities into the recycle bin.
    delete_cascades: bool = True
    merged_records: str = "permanent"
    # Whether the feed of deleted records goes on telling of those that were restored.
    deleted_feed_keeps_restored: bool = False
    # How a second unique value names the record that has it; whether a write that came too late
    # (If-Unmodified-Since) fails as an item or as a whole.
    duplicate_value: str = "record"
    already_modified: str = "item"
    # Whether a role of a contact is a change of the deal.
    role_touches_deal: bool = True
    # Administrators' rules: {module, field, condition (COQL), message}: a record that meets the
    # condition is refused, for the field; what a workflow makes of a field's text before it is
    # kept: {"Accounts.Field": "upper"}.
    validation_rules: list[dict[str, str]] = field(default_factory=list)
    before_save: dict[str, str] = field(default_factory=dict)
    external_fields: bool = True
    # Custom fields created in a call; whether the answer names them; in a module (0: the edition).
    fields_per_call: int = 5
    field_name_in_answer: bool = False
    custom_field_limit: int = 0
    # What the API name of a new field makes of é: e, or nothing.
    accents_in_api_names: str = "plain"
    # A new field whose derived name is taken; whether values sent for a pick list join the others.
    taken_api_name: str = "refused"
    patched_pick_list: str = "added"
    # Bulk read: seconds (of the organization's clock) in each state; rows of a page; results.
    bulk_seconds: float = 0.0
    bulk_page_size: int = 200_000
    bulk_failure: bool = False
    bulk_downloads_per_minute: int = 10
    bulk_result_seconds: float = 86_400.0
    bulk_id_header: str = "Id"
    bulk_empty_result: str = "header"

    def check(self, name: str, value: object) -> None:
        """Raise `ImpossibleError` for rules that make no sense."""
        if name == "validation_rules" and isinstance(value, list):
            for rule in value:
                if not isinstance(rule, dict) or not rule.keys() >= _RULE:
                    said = ", ".join(sorted(_RULE))
                    raise ImpossibleError(f"A validation rule says {said}: {rule!r} does not.")
        if name == "before_save" and isinstance(value, dict):
            for place, way in value.items():
                if "." not in place or way != "upper":
                    raise ImpossibleError(
                        f"'before_save' is like {{'Accounts.Field': 'upper'}}: "
                        f"{place!r}: {way!r} is not."
                    )
