"""The organization itself, its users, its currencies.

Sources: "Organization Data", "Users" and "Currencies" of the CRM API.
"""

from collections.abc import Callable

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply, nothing
from connectors.sandbox.zoho.errors import wrong_parameter
from connectors.sandbox.zoho.org import ADMINISTRATOR, Org, User

_PAID = {"free": "free", "standard": "standard", "professional": "professional",
         "enterprise": "enterprise", "ultimate": "ultimate"}  # fmt: skip


def organization(call: Call) -> Reply:
    """`GET /org`."""
    call.allow()
    org = call.org
    users = sum(user.status == "active" for user in org.users.values())
    shown = {
        "country": org.country,
        "country_code": {"Canada": "CA"}.get(org.country, org.country[:2].upper()),
        "company_name": org.name,
        "alias": None,
        "id": org.id,
        "zgid": org.zgid,
        "domain_name": f"org{org.zgid}",
        "currency": f"{org.currency} - {org.currency}",
        "currency_symbol": {"CAD": "$", "USD": "$", "EUR": "€"}.get(org.currency, org.currency),
        "currency_locale": "fr_CA",
        "iso_code": org.currency,
        "primary_email": next(iter(org.users.values())).email,
        "time_zone": str(org.clock.zone),
        "type": "production",
        "mc_status": org.is_multi_currency,
        "gapps_enabled": False,
        "privacy_settings": False,
        "translation_enabled": False,
        "license_details": {
            "paid": org.switches.edition != "free",
            "paid_type": _PAID[org.switches.edition],
            "paid_expiry": None,
            "trial_type": None,
            "trial_expiry": None,
            "trial_action": None,
            "users_license_purchased": users,
        },
    }
    return Reply(body={"org": [shown]})


def _is_admin(org: Org, user: User) -> bool:
    return org.profiles.get(user.profile) == ADMINISTRATOR


# The words of `type=` → which users they mean.
_TYPES: dict[str, Callable[[Org, User], bool]] = {
    "AllUsers": lambda _, user: user.status != "deleted",
    "ActiveUsers": lambda _, user: user.status == "active",
    "DeactiveUsers": lambda _, user: user.status == "disabled",
    "ConfirmedUsers": lambda _, user: user.is_confirmed and user.status != "deleted",
    "NotConfirmedUsers": lambda _, user: not user.is_confirmed and user.status != "deleted",
    "DeletedUsers": lambda _, user: user.status == "deleted",
    "ActiveConfirmedUsers": lambda _, user: user.is_confirmed and user.status == "active",
    "AdminUsers": lambda org, user: _is_admin(org, user) and user.status != "deleted",
    "ActiveConfirmedAdmins": lambda org, user: (
        _is_admin(org, user) and user.is_confirmed and user.status == "active"
    ),
}


def users(call: Call) -> Reply:
    """`GET /users?type=`; without a type all of them."""
    call.allow("type", "page", "per_page", "ids")
    kind = call.query.get("type", "AllUsers")
    if kind == "CurrentUser":
        found = [call.org.users[call.user_id]]
    elif kind in _TYPES:
        found = [user for user in call.org.users.values() if _TYPES[kind](call.org, user)]
    else:
        raise wrong_parameter("type", supported_values=[*_TYPES, "CurrentUser"])
    if "ids" in call.query:
        wanted = set(call.query["ids"].split(","))
        found = [user for user in found if user.id in wanted]
    since = call.header_instant("If-Modified-Since")
    if since is not None:
        found = [user for user in found if user.modified >= since]
    size, number = call.page_size(), call.number("page", 1)
    page = found[(number - 1) * size : number * size]
    if not page:
        return nothing()
    info = {
        "per_page": size,
        "count": len(page),
        "page": number,
        "more_records": number * size < len(found),
    }
    return Reply(body={"users": [_user(call.org, user) for user in page], "info": info})


def user(call: Call) -> Reply:
    """`GET /users/{id}`."""
    call.allow()
    found = call.org.users.get(call.params["id"])
    return nothing() if found is None else Reply(body={"users": [_user(call.org, found)]})


def _user(org: Org, found: User) -> JsonObject:
    zone = str(org.clock.zone)
    return {
        "id": found.id,
        "first_name": found.first_name,
        "last_name": found.last_name,
        "full_name": found.full_name,
        "email": found.email,
        "status": found.status,
        "confirm": found.is_confirmed,
        "role": {"name": org.roles[found.role], "id": found.role},
        "profile": {"name": org.profiles[found.profile], "id": found.profile},
        "Reporting_To": None,
        "language": "fr_FR",
        "locale": "fr_CA",
        "country_locale": "fr_CA",
        "time_zone": zone,
        "zuid": found.id[-9:],
        "created_time": org.printed(found.created),
        "Modified_Time": org.printed(found.modified),
        "type__s": "Regular User",
        "category": "regular_user",
        "Isonline": False,
    }


def currencies(call: Call) -> Reply:
    """`GET /org/currencies`; none until several are switched on."""
    call.allow()
    if not call.org.is_multi_currency:
        return nothing()
    rows = [
        {
            "symbol": "$",
            "name": f"{entry.code} - {entry.code}",
            "iso_code": entry.code,
            "exchange_rate": f"{entry.rate:.9f}",
            "is_active": entry.is_active,
            "is_base": entry.is_base,
            "prefix_symbol": True,
            "id": entry.id,
            "format": {
                "decimal_separator": "Period",
                "thousand_separator": "Comma",
                "decimal_places": "2",
            },
        }
        for entry in call.org.currencies
    ]
    return Reply(body={"currencies": rows})
