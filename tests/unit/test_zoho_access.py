"""What opens an organization: one refresh for all, errors in HTTP 200, the right data centre."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.base import Fatal, Misconfigured, Pass, Retriable, Unanswered
from connectors.http import Answer
from connectors.pace import Clock
from connectors.retries import RateLimited
from connectors.zoho.centres import CENTRES, centre_of, hosts_of, is_api
from connectors.zoho.client import address
from connectors.zoho.errors import CreditsUsedUp, Forbidden, Refused, failure_of
from connectors.zoho.objects import TASKS
from rules.records import Kind
from tests.unit.test_pace import Time
from tests.unit.zoho_office import (
    NOW,
    ORG,
    REFRESH,
    SECRET,
    Office,
    connected,
    error,
    grant,
    opened,
    rows,
)


@pytest.fixture
def office() -> Iterator[Office]:
    with opened(Office()) as found:
        yield found


class Shelf:
    """A shelf in memory."""

    def __init__(self) -> None:
        self.left: Pass | None = None
        self._turn = threading.Lock()

    def try_turn(self) -> bool:
        return self._turn.acquire(blocking=False)

    def end_turn(self) -> None:
        self._turn.release()

    def read(self) -> Pass | None:
        return self.left

    def leave(self, left: Pass) -> None:
        self.left = left


def test_the_organization_is_named_and_its_edition_sets_the_limits(office: Office) -> None:
    zoho = connected(office)

    identity = zoho.identify()

    assert (identity.vendor, identity.account_id, identity.name) == (
        "zoho", ORG, "Érablière Côté",
    )  # fmt: skip
    assert (identity.time_zone, identity.currency) == ("America/Toronto", "CAD")
    assert zoho.calls == 2
    assert office.calls[0].headers["authorization"] == "Zoho-oauthtoken 1000.access-1"
    allowance = zoho.allowance
    assert allowance is not None
    # Enterprise with ten users: 50,000 and 1,000 each; Zoho tells what is left from half on.
    assert (allowance.burst, allowance.daily, allowance.daily_left) == (20, 60_000, None)
    assert any("60000 API credits in 24 hours, more than half" in each.text.en
               for each in zoho.remarks())  # fmt: skip


def test_a_trial_is_of_the_edition_that_is_tried(office: Office) -> None:
    details = {"paid": False, "paid_type": "free", "trial_type": "ultimate"}
    org = {"zgid": ORG, "license_details": {**details, "users_license_purchased": 1}}
    office.script = lambda call: (200, {"org": [org]}) if call.path.endswith("/org") else None
    zoho = connected(office)

    identity = zoho.identify()

    assert zoho.allowance is not None
    assert zoho.allowance.daily == 52_000
    assert (identity.name, identity.time_zone, identity.currency) == (f"Zoho {ORG}", "UTC", "USD")


@pytest.mark.parametrize("told", [{}, {"org": []}, {"org": [{"zgid": None}]}])
def test_an_organization_that_does_not_say_who_it_is_is_refused(
    office: Office, told: dict[str, object]
) -> None:
    office.script = lambda call: (200, told) if call.path.endswith("/org") else None

    with pytest.raises(Fatal, match=r"ZohoCRM\.org\.READ"):
        connected(office).identify()


def test_another_organization_than_the_pinned_one_is_refused(office: Office) -> None:
    with pytest.raises(Fatal, match="110009999999") as refused:
        connected(office, expected_account_id="110009999999").identify()

    assert ORG in refused.value.message.fr


def test_threads_share_one_refresh(office: Office) -> None:
    zoho = connected(office)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: zoho.identify(), range(16)))

    assert len(office.forms) == 1
    assert office.forms[0]["grant_type"] == "refresh_token"


def test_processes_share_one_refresh_and_where_it_is_good(office: Office) -> None:
    shelf = Shelf()
    connected(office, access=grant(shelf)).identify()

    second = connected(office, access=grant(shelf))

    second.identify()
    assert all(each.is_fine for each in second.remarks())
    assert len(office.forms) == 1
    assert shelf.left is not None
    assert shelf.left.token.get_secret_value() == f"1000.access-1@{office.url}@{NOW}!0"


def test_a_token_of_the_shelf_for_a_foreign_server_is_not_used(office: Office) -> None:
    shelf = Shelf()
    connected(office, access=grant(shelf)).identify()
    assert shelf.left is not None
    token = type(shelf.left.token)("1000.access-1@https://evil.example")
    shelf.left = Pass(token=token, renew_at=NOW + 10**6, ends_at=NOW + 10**6, account_id=None)

    connected(office, access=grant(shelf)).identify()

    assert len(office.forms) == 2


def test_a_token_that_is_not_recognised_is_renewed_once(office: Office) -> None:
    zoho = connected(office)
    zoho.identify()
    office.known.clear()

    zoho.identify()

    assert len(office.forms) == 2


def test_a_wrong_data_centre_is_named(office: Office) -> None:
    """A token of another data centre is answered INVALID_TOKEN, however fresh."""
    office.is_closed_to_all = True

    with pytest.raises(Fatal) as refused:
        connected(office).identify()

    assert "ARPENT_ZOHO_DATA_CENTER" in refused.value.message.en
    assert len(office.forms) == 2


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        # Failures come with HTTP 200 as well as 400: the body decides.
        (200, {"error": "invalid_code"}, Fatal, "revoked, or comes from another data centre"),
        (400, {"error": "invalid_code"}, Fatal, "revoked"),
        (200, {"error": "invalid_client"}, Fatal, "does not recognise the client"),
        (200, {"error": "invalid_client_secret"}, Fatal, "does not recognise the client"),
        (200, {}, Retriable, "without an access token"),
        (200, b"<html>", Retriable, "without an access token"),
        (502, b"<html>", Retriable, "in trouble (502)"),
        (
            400,
            {"error": "Access Denied", "status": "failure",
             "error_description": "You have made too many requests continuously."},
            Retriable,
            "ten in ten minutes",
        ),
    ],
)  # fmt: skip
def test_an_access_that_is_refused_says_what_to_do(
    office: Office, status: int, body: object, kind: type[Exception], said: str
) -> None:
    office.token = (status, body)

    with pytest.raises(kind) as refused:
        connected(office).identify()

    assert said in str(refused.value)
    assert office.calls == []


def test_a_throttled_token_is_not_asked_for_again_for_a_while(office: Office) -> None:
    time = Time()
    office.token = (200, {"error": "Access Denied", "error_description": "too many requests"})
    zoho = connected(office, clock=time.clock)
    with pytest.raises(Retriable):
        zoho.identify()

    with pytest.raises(Retriable) as again:
        zoho.identify()

    assert again.value.retry_after == pytest.approx(600, abs=1)
    assert len(office.forms) == 1
    time.now += 601
    office.token = None
    zoho.identify()


def test_no_more_than_eight_tokens_are_asked_for_in_ten_minutes(office: Office) -> None:
    time = Time()
    office.is_closed_to_all = True
    zoho = connected(office, clock=time.clock)
    said = ""
    for _ in range(9):
        # As so many restarted processes would, each sure that the next token will do.
        zoho._client._credentials._renewal._end = None
        with pytest.raises((Fatal, Retriable)) as refused:
            zoho.identify()
        said = str(refused.value)

    assert len(office.forms) == 8
    assert "ten in ten minutes" in said


def test_no_secret_is_in_an_error(office: Office) -> None:
    office.token = (400, {"error": "invalid_client", "error_description": f"{SECRET} {REFRESH}"})

    with pytest.raises(Fatal) as refused:
        connected(office).identify()

    assert SECRET not in str(refused.value.message)
    assert REFRESH not in str(refused.value.message)


@pytest.mark.parametrize(
    "api",
    ["https://evil.example", "http://www.zohoapis.ca", "https://www.zohoapis.ca.evil.example"],
)
def test_a_token_is_sent_to_no_foreign_server(office: Office, api: str) -> None:
    office.api_domain = api

    with pytest.raises(Fatal, match="no API of Zoho's"):
        connected(office).identify()

    assert office.calls == []


def test_data_centres_are_known_by_their_accounts_and_their_api() -> None:
    canada = CENTRES["ca"]
    accounts = "https://accounts.zohocloud.ca"

    assert (canada.accounts, canada.api, canada.pages) == (
        "accounts.zohocloud.ca", "zohoapis.ca", "crm.zohocloud.ca",
    )  # fmt: skip
    assert centre_of(accounts) is centre_of("https://www.zohoapis.ca") is canada
    assert centre_of("https://example.org") is None
    assert is_api("https://sandbox.zohoapis.ca", accounts)
    assert is_api("https://www.zohoapis.com.au", accounts)
    assert not is_api("https://www.zohoapis.ca:99999", accounts)
    assert not is_api("https://user@www.zohoapis.ca", accounts)
    assert not is_api("http://127.0.0.1:8000", accounts)
    assert "www.zohoapis.ca" in hosts_of(accounts)
    assert hosts_of("http://127.0.0.1:8000") == {"127.0.0.1"}


def test_an_access_that_can_not_travel_is_refused_before_anything_is_sent(office: Office) -> None:
    with pytest.raises(Misconfigured):
        connected(office, access=type(grant())(
            client_id=" ", client_secret=grant().client_secret,
            refresh_token=grant().refresh_token, keep=lambda _: True,
        ))  # fmt: skip


def answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status=status, reason="Reason", headers=headers, body=body)


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (401, b'{"code":"OAUTH_SCOPE_MISMATCH","status":"error"}', Forbidden, "docs/zoho.md"),
        (403, b'{"code":"OAUTH_SCOPE_MISMATCH","status":"error"}', Forbidden, "lacks the scope"),
        (403, b'{"code":"NO_PERMISSION","details":{"permissions":["Crm_Implied_View_Accounts"]}}',
         Forbidden, "Crm_Implied_View_Accounts"),
        (401, b"", Fatal, "data centre"),
        (429, b'{"code":"TOO_MANY_REQUESTS"}', RateLimited, "too many calls at once"),
        (429, b'{"code":"TOO_MANY_REQUESTS","message":"API credits exhausted"}',
         CreditsUsedUp, "used up"),
        (429, b"<html>", RateLimited, "no API credits left"),
        (500, b'{"code":"INTERNAL_ERROR"}', Unanswered, "in trouble"),
        (503, b"", Unanswered, "status.zoho.com"),
        (200, b'{"code":"INVALID_DATA","status":"error","message":"the id is invalid"}',
         Refused, "the id is invalid"),
        (400, b'{"code":"LIMIT_EXCEEDED","details":{"limit":50,"param_name":"fields"}}',
         Refused, "param_name fields, limit 50"),
        (404, b"<html>", Refused, "404"),
    ],
)  # fmt: skip
def test_an_error_says_what_to_do_next(
    status: int, body: bytes, kind: type[Exception], said: str
) -> None:
    found = failure_of(answer(status, body), "GET Accounts", "www.zohoapis.ca", NOW)

    assert type(found) is kind
    assert said in found.message.en
    assert found.message.fr != found.message.en


def test_an_error_inside_of_http_200_is_one(office: Office) -> None:
    office.script = lambda call: (
        (200, error("INVALID_DATA", "the given id is invalid")) if "users" in call.path else None
    )

    with pytest.raises(Fatal, match="the given id is invalid"):
        list(connected(office).pull(Kind.OWNER, None, (), ()))


def test_too_many_calls_at_once_are_waited_for_by_all(office: Office) -> None:
    refusals = iter([429, 429])
    waits: list[float] = []
    clock = Clock(sleep=waits.append, wall=lambda: NOW, jitter=lambda: 0.5)

    def script(call: object) -> tuple[int, object] | None:
        del call
        status = next(refusals, None)
        return None if status is None else (status, error("TOO_MANY_REQUESTS"))

    office.script = script
    ticks = iter(range(10**6))
    clock = Clock(
        sleep=waits.append, wall=lambda: NOW, jitter=lambda: 0.5,
        monotonic=lambda: float(next(ticks)),
    )  # fmt: skip

    assert connected(office, clock=clock).identify().account_id == ORG
    assert waits


def test_a_missing_scope_is_named(office: Office) -> None:
    office.script = lambda call: (
        (401, error("OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL"))
        if call.path.endswith("coql")
        else None
    )

    with pytest.raises(Fatal, match="lacks the scope that “POST coql” needs"):
        list(connected(office).pull(Kind.ACCOUNT, None, (), ()))
    assert len(office.forms) == 1


def test_a_module_that_is_renamed_or_hidden_is_named(office: Office) -> None:
    del office.modules["Accounts"]

    with pytest.raises(Fatal, match="no module “Accounts”"):
        list(connected(office).pull(Kind.ACCOUNT, None, (), ()))


def test_a_module_without_modified_time_is_named(office: Office) -> None:
    listed = office.modules[TASKS.name]
    office.modules[TASKS.name] = [one for one in listed if one["api_name"] != "Modified_Time"]

    with pytest.raises(Fatal, match="“Tasks” does not show Modified_Time"):
        list(connected(office).pull(Kind.ACTIVITY, None, (), ()))


def test_an_answer_that_is_no_data_is_tried_again(office: Office) -> None:
    answers = iter([(200, b"<html>"), (200, b"[1]"), rows()])
    office.script = lambda call: (
        next(answers) if call.path.endswith("coql") and call.coql.startswith("select id,") else None
    )

    pages = list(connected(office).pull(Kind.ACCOUNT, None, (), ()))

    assert pages[-1].is_last


def test_paths_of_jobs_are_on_a_branch_of_their_own() -> None:
    api = "https://www.zohoapis.ca"

    assert address(api, "coql") == f"{api}/crm/v8/coql"
    assert address(api, "bulk/read", [("a", "b c")]) == f"{api}/crm/bulk/v8/read?a=b+c"
    assert address(api, "/crm/bulk/v8/read/1/result") == f"{api}/crm/bulk/v8/read/1/result"
