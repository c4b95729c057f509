"""What KPIs are called, what they count, and along what they are cut."""

from enum import StrEnum


class KpiName(StrEnum):
    """The KPIs, as `kpis.yaml`, plans and alerts call them."""

    OPPORTUNITIES_OPENED = "opportunities_opened"
    CONVERSION_RATE = "conversion_rate"
    ACTIVE_PIPELINE = "active_pipeline"
    PRIORITY_CONTACTED = "priority_contacted"
    REVENUE_WON = "revenue_won"
    STAGE_CONVERSION = "stage_conversion"
    PROPOSALS = "proposals"
    WEIGHTED_PIPELINE = "weighted_pipeline"
    COVERAGE = "coverage"
    ACTIVITIES = "activities"
    TIME_SHARE = "time_share"
    SALES_CYCLE = "sales_cycle"
    PRIORITY_COVERED = "priority_covered"
    PRIORITY_TIME = "priority_time"
    PRIORITY_REVENUE = "priority_revenue"
    TIER_MOVES = "tier_moves"
    POTENTIAL_CAPTURED = "potential_captured"
    PLAN_WINS = "plan_wins"
    PLAN_REVENUE = "plan_revenue"
    COVERAGE_BONUS = "coverage_bonus"


class Unit(StrEnum):
    """What a KPI's value counts.

    Things, a ratio from 0 to 1, minor units of money, days, how many times one sum holds another,
    or yes (1) and no (0).
    """

    COUNT = "count"
    RATIO = "ratio"
    MONEY = "money"
    DAYS = "days"
    TIMES = "times"
    YES_NO = "yes_no"


class Cut(StrEnum):
    """Along what a KPI is cut into members; `WHOLE` is not cut, its only member is the empty one.

    A record without a value along a cut is in the empty member, never dropped.
    """

    WHOLE = ""
    SEGMENT = "segment"
    SOURCE = "source"
    CHANNEL = "channel"
    PRODUCT = "product"
    TIER = "tier"
    STAGE = "stage"
    ACTIVITY = "activity"
    GROUP = "group"
    MOVE = "move"


BY_ACCOUNT = (Cut.SEGMENT, Cut.TIER)
"""The cuts that every account has; those of an opportunity are of its main account."""
BY_DEAL = (Cut.SEGMENT, Cut.SOURCE, Cut.CHANNEL, Cut.PRODUCT, Cut.TIER)
"""The cuts that every opportunity has."""
