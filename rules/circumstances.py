"""What a tag depends on besides the facts: whose account it is, what people decided, what it was.

Rules can't name circumstances: they settle what the rules give (`rules.settling`). A relation that
doesn't bring one leaves it unknown, as in the examples of a playbook.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, Text
from sqlalchemy.types import TypeEngine

CIRCUMSTANCES: Mapping[str, TypeEngine[Any]] = {
    # The key of the rep in `team.yaml`, else `owner:` and the id of the owner.
    "rep": Text(),
    # What a person decided, in force today; the day after today on which a decision starts or ends.
    "imposed_tier": Text(),
    "imposed_priority": Text(),
    "imposed_by": Text(),
    "imposed_reason": Text(),
    "imposed_until_on": Integer(),
    "imposed_flip_on": Integer(),
    # The day of the open challenge; that of one refused in the last `NOTICE` days, and why.
    "challenged_on": Integer(),
    "refused_on": Integer(),
    "refused_reason": Text(),
    # The tier so far, unknown where the rules changed or where a person's decision has ended.
    "tier_before": Text(),
    # Since when the account deserves less than it holds; when it came from a rep who left.
    "lower_since_on": Integer(),
    "received_on": Integer(),
}  # fmt: skip

NOTICE = 30
"""For so many days a refused challenge is told in the reason of the tier."""

GRACE = 30
"""For so many days an account that came from a rep who left counts in no cap."""
