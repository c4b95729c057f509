"""A new org, before anybody worked in it: its organization, profiles, first users, stages."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from connectors.sandbox.salesforce import effects
from connectors.sandbox.salesforce.catalog import pick
from connectors.sandbox.salesforce.fields import Choice
from connectors.sandbox.salesforce.org import Org, Values
from connectors.sandbox.salesforce.other_objects import currency_type, dated_conversion_rate

ADMIN = "admin@arpent.example"
INTEGRATION = "integration@arpent.example"
# Stage, probability, forecast category, closed, won: those of a new English org.
_STAGES: tuple[tuple[str, float, str, bool, bool], ...] = (
    ("Prospecting", 10, "Pipeline", False, False),
    ("Qualification", 10, "Pipeline", False, False),
    ("Needs Analysis", 20, "Pipeline", False, False),
    ("Value Proposition", 50, "Pipeline", False, False),
    ("Id. Decision Makers", 60, "Pipeline", False, False),
    ("Perception Analysis", 70, "Pipeline", False, False),
    ("Proposal/Price Quote", 75, "Pipeline", False, False),
    ("Negotiation/Review", 90, "Pipeline", False, False),
    ("Closed Won", 100, "Closed", True, True),
    ("Closed Lost", 0, "Omitted", True, False),
)
_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
_PRIORITIES = ("High", "Normal", "Low")


def furnish(org: Org, name: str) -> None:
    """Fill a new org with what Salesforce gives it."""
    zone = str(org.zone)
    kinds = org.objects
    org.put("Organization", org.org_id, _organization(org, name, zone))
    profiles = {
        label: effects.create(org, "", kinds["Profile"], {"Name": label})
        for label in ("System Administrator", "Standard User", "Minimum Access - API Only")
    }
    for label, profile_id in profiles.items():
        owned = {"Name": f"X{profile_id}", "Label": label, "IsOwnedByProfile": True}
        effects.create(org, "", kinds["PermissionSet"], owned | {"ProfileId": profile_id})
    add_user(org, ADMIN, "Admin", "Arpent", "System Administrator")
    add_user(org, INTEGRATION, "Integration", "Arpent", "System Administrator")
    set_stages(
        org,
        [
            {
                "ApiName": label,
                "MasterLabel": label,
                "DefaultProbability": float(chance),
                "ForecastCategoryName": category,
                "IsClosed": is_closed,
                "IsWon": is_won,
            }
            for label, chance, category, is_closed, is_won in _STAGES
        ],
    )
    set_task_words(
        org,
        [(word, word) for word in _STATUSES],
        "Completed",
        [(word, word) for word in _PRIORITIES],
    )
    set_fiscal_year(org, 1, named_by_start=False)


def _organization(org: Org, name: str, zone: str) -> Values:
    now = org.now()
    return {
        "Id": org.org_id,
        "Name": name,
        "LanguageLocaleKey": "fr",
        "DefaultLocaleSidKey": "fr_CA",
        "TimeZoneSidKey": zone,
        "FiscalYearStartMonth": 1,
        "UsesStartDateAsFiscalYearName": False,
        "OrganizationType": "Enterprise Edition",
        "IsSandbox": org.is_sandbox,
        "InstanceName": "CAN42",
        "CreatedDate": now,
        "LastModifiedDate": now,
        "SystemModstamp": now,
    }


def add_user(org: Org, username: str, first: str, last: str, profile: str = "Standard User") -> str:
    """Add an active user and return the id; KeyError when there is no such profile."""
    profiles = {row["Name"]: row["Id"] for row in org.rows("Profile")}
    values = {
        "Username": username,
        "Email": username,
        "FirstName": first,
        "LastName": last,
        "Alias": (first[:1] + last)[:8].lower(),
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": str(org.zone),
        "LocaleSidKey": "fr_CA",
        "LanguageLocaleKey": "fr",
        "EmailEncodingKey": "UTF-8",
        "ProfileId": profiles[profile],
    }
    return effects.create(org, "", org.objects["User"], values)


def user_named(org: Org, username: str) -> str | None:
    """Return the id of the user with a user name, in any case."""
    lowered = username.lower()
    for row in org.rows("User"):
        if str(row["Username"]).lower() == lowered:
            return str(row["Id"])
    return None


def set_stages(org: Org, stages: Iterable[Values]) -> None:
    """Replace the stages: `ApiName`, `MasterLabel`, `DefaultProbability`, `IsClosed`, … each."""
    org.tables["OpportunityStage"].clear()
    listed = list(stages)
    codes = {"Best Case": "BestCase", "Most Likely": "MostLikely", "Commit": "Forecast"}
    for order, stage in enumerate(listed, start=1):
        category = stage.get("ForecastCategoryName", "Pipeline")
        more = {"IsActive": True, "SortOrder": order, "ForecastCategoryName": category}
        more["ForecastCategory"] = codes.get(category, category)
        effects.create(org, "", org.objects["OpportunityStage"], more | stage)
    for name in ("Opportunity", "OpportunityHistory"):
        org.objects[name].fields["StageName"].choices = [
            Choice(value=stage["ApiName"], label=stage["MasterLabel"]) for stage in listed
        ]


def set_task_words(
    org: Org,
    statuses: list[tuple[str, str]],
    closed: str,
    priorities: list[tuple[str, str]],
) -> None:
    """Replace a task's statuses and priorities, (API name, label) each.

    The first status is the default, `closed` the API name of the one that ends a task; of the
    priorities the first is high and the second the default.
    """
    for name, words in (("TaskStatus", statuses), ("TaskPriority", priorities)):
        org.tables[name].clear()
        default = 0 if name == "TaskStatus" else 1
        for order, (value, label) in enumerate(words):
            row = {"ApiName": value, "MasterLabel": label, "SortOrder": order + 1}
            row |= {"IsDefault": order == default, "IsClosed": value == closed}
            row["IsHighPriority"] = order == 0
            effects.create(org, "", org.objects[name], row)
        field = org.objects["Task"].fields[name.removeprefix("Task")]
        field.choices = [
            Choice(value=value, label=label, is_default=order == default)
            for order, (value, label) in enumerate(words)
        ]
        field.default = words[default][0]


def set_fiscal_year(org: Org, month: int, *, named_by_start: bool) -> None:
    """Let the fiscal year start in a month, and make the periods of the years around now."""
    found = org.tables["Organization"][org.org_id]
    changes = {"FiscalYearStartMonth": month, "UsesStartDateAsFiscalYearName": named_by_start}
    org.put("Organization", org.org_id, found.values | changes)
    org.tables["Period"].clear()
    this_year = org.now().year
    for year in range(this_year - 2, this_year + 2):
        for kind, length in (("Year", 12), ("Quarter", 3), ("Month", 1)):
            for number in range(12 // length):
                start = _month(year, month + number * length, is_end=False)
                end = _month(year, month + (number + 1) * length - 1, is_end=True)
                row = {"Type": kind, "StartDate": start, "EndDate": end, "Number": number + 1}
                row["IsForecastPeriod"] = kind == "Month"
                effects.create(org, "", org.objects["Period"], row)


def _month(year: int, month: int, *, is_end: bool) -> date:
    years, place = divmod(month - 1, 12)
    day = monthrange(year + years, place + 1)[1] if is_end else 1
    return date(year + years, place + 1, day)


def set_currencies(
    org: Org, rates: dict[str, float], dated: Iterable[tuple[str, date, float]] = ()
) -> None:
    """Make the org multi-currency: how many units of each are worth one corporate unit.

    `dated` are (currency, first day, rate): they turn on advanced currency management.
    """
    org.is_multi_currency = True
    org.add_object(currency_type())
    org.tables["CurrencyType"].clear()
    for code, rate in {org.currency: 1.0, **rates}.items():
        row = {"IsoCode": code, "ConversionRate": rate, "DecimalPlaces": 2, "IsActive": True}
        row["IsCorporate"] = code == org.currency
        effects.create(org, "", org.objects["CurrencyType"], row)
    codes = "|".join([org.currency, *rates])
    for name in ("Account", "Contact", "Opportunity", "OpportunityHistory", "User"):
        kind = org.objects[name]
        if "CurrencyIsoCode" not in kind.fields:
            kind.add(pick("CurrencyIsoCode", "Currency ISO Code", codes, org.currency,
                          permissionable=False))  # fmt: skip
        for found in org.tables[name].values():
            found.values = {"CurrencyIsoCode": org.currency} | found.values
    _set_dated_rates(org, sorted(dated))


def _set_dated_rates(org: Org, dated: list[tuple[str, date, float]]) -> None:
    if not dated:
        return
    org.add_object(dated_conversion_rate())
    org.tables["DatedConversionRate"].clear()
    for place, (code, start, rate) in enumerate(dated):
        following = dated[place + 1] if place + 1 < len(dated) else None
        until = following[1] if following and following[0] == code else date(9999, 12, 31)
        row = {"IsoCode": code, "StartDate": start, "NextStartDate": until, "ConversionRate": rate}
        effects.create(org, "", org.objects["DatedConversionRate"], row)
