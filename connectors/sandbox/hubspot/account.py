"""The endpoints around the records: owners, the account and its usage."""

from datetime import timedelta

from connectors.sandbox.clock import stamp
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply, not_found

_OWNERS_MAXIMUM = 500


def list_owners(call: Call) -> Reply:
    """`GET …/owners?limit&after&email&archived`."""
    limit, after = call.limit(100, _OWNERS_MAXIMUM), call.cursor()
    wanted = call.text("email").lower()
    owners = sorted(call.portal.state.owners.values(), key=lambda owner: int(owner["id"]))
    following = [
        owner
        for owner in owners
        if owner["archived"] == call.flag("archived")
        and int(owner["id"]) > after
        and (not wanted or owner.get("email", "").lower() == wanted)
    ]
    page = following[:limit]
    body: JsonObject = {"results": page}
    if len(following) > limit:
        cursor = page[-1]["id"]
        address = call.url.partition("?")[0]
        link = f"{address}?limit={limit}&after={cursor}"
        body["paging"] = {"next": {"after": cursor, "link": link}}
    return Reply(body=body)


def get_owner(call: Call) -> Reply:
    """`GET …/owners/{id}?idProperty=id|userId&archived`."""
    name = "userId" if call.text("idProperty") == "userId" else "id"
    for owner in call.portal.state.owners.values():
        is_wanted = str(owner.get(name)) == call.params["id"]
        if is_wanted and owner["archived"] == call.flag("archived"):
            return Reply(body=owner)
    raise not_found(f"Owner {call.params['id']} does not exist")


def details(call: Call) -> Reply:
    """`GET /account-info/…/details`: which portal this is, its zone and its currency."""
    account, clock = call.portal.account, call.portal.clock
    offset = clock.now().astimezone(clock.zone).utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return Reply(
        body={
            "portalId": account.portal_id,
            "accountType": "SANDBOX",
            "timeZone": account.zone,
            "companyCurrency": account.currency,
            "additionalCurrencies": sorted(call.portal.switches.exchange_rates),
            "utcOffset": f"{sign}{minutes // 60:02d}:{minutes % 60:02d}",
            "utcOffsetMilliseconds": seconds * 1000,
            "uiDomain": call.url.partition("//")[2].partition("/")[0],
            "dataHostingLocation": "na1",
        }
    )


def usage(call: Call) -> Reply:
    """`GET /account-info/…/api-usage/daily/private-apps`: the account's day so far."""
    clock = call.portal.clock
    tomorrow = clock.now().astimezone(clock.zone).date() + timedelta(days=1)
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": call.portal.switches.daily_limit,
        "currentUsage": call.portal.used_today,
        "collectedAt": clock.stamp(),
        "fetchStatus": "SUCCESS",
        "resetsAt": stamp(clock.midnight(tomorrow)),
    }
    return Reply(body={"results": [row]})


def token_information(call: Call) -> Reply:
    """`POST /oauth/v2/private-apps/get/access-token-info {tokenKey}`: scopes of a key."""
    token = call.object().get("tokenKey")
    keyring = call.portal.keyring
    if not isinstance(token, str) or not keyring.is_good(token):
        raise ApiError(401, "INVALID_AUTHENTICATION", "The access token is not known here.")
    application = keyring.keys[token].application
    return Reply(
        body={
            "userId": 1,
            "hubId": call.portal.account.portal_id,
            "appId": int(application.id),
            "scopes": sorted(application.scopes),
        }
    )
