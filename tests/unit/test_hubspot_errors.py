"""HubSpot's errors, row by row: what each status means for the caller."""

import orjson
import pytest

from connectors.base import ConnectorError, Fatal, Retriable, Unanswered
from connectors.http import Answer
from connectors.hubspot.errors import (
    DailyLimit,
    Forbidden,
    Locked,
    Refused,
    failure_of,
    problem_of,
    words_of,
)
from connectors.retries import RateLimited

NOW = 1_795_417_200_000  # 2026-11-23T07:00:00Z


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status=status, reason="Reason", headers=told, body=content)


def limited(policy: str) -> dict[str, str]:
    return {"category": "RATE_LIMITS", "policyName": policy, "message": "You have reached …"}


TABLE: list[tuple[Answer, type[ConnectorError], float | None]] = [
    (answer(400, {"category": "VALIDATION_ERROR", "message": "no"}), Refused, None),
    (answer(401, {"category": "INVALID_AUTHENTICATION"}), Fatal, None),
    (answer(401, {"category": "EXPIRED_AUTHENTICATION"}), Fatal, None),
    (answer(401, b"<html>"), Fatal, None),
    (answer(403, {"category": "MISSING_SCOPES"}), Forbidden, None),
    (answer(403, b""), Forbidden, None),
    (answer(404, {"category": "OBJECT_NOT_FOUND"}), Refused, None),
    (answer(404, b""), Refused, None),
    (answer(408), Unanswered, None),
    (answer(409, {"category": "OBJECT_ALREADY_EXISTS"}), Refused, None),
    (answer(414, b"<html>Request-URI Too Large</html>"), Refused, None),
    (answer(422), Refused, None),
    (answer(423), Locked, 2.0),
    (answer(423, Retry_After="5"), Locked, 5.0),
    (answer(429, limited("TEN_SECONDLY_ROLLING")), RateLimited, 10.0),
    (answer(429, limited("TEN_SECONDLY_ROLLING"), Retry_After="3"), RateLimited, 3.0),
    (answer(429, limited("SECONDLY")), RateLimited, 1.0),
    (answer(429, limited("DAILY")), DailyLimit, None),
    (answer(429, b""), RateLimited, 10.0),
    (answer(477, Retry_After="86400"), Retriable, 86_400.0),
    (answer(477), Retriable, 3_600.0),
    (answer(500), Unanswered, None),
    (answer(502, b"<html>Bad gateway</html>"), Unanswered, None),
    (answer(503, Retry_After="7"), Unanswered, 7.0),
    (answer(504), Unanswered, None),
    (answer(521), Unanswered, None),
    (answer(522), Unanswered, None),
    (answer(523), Unanswered, None),
    (answer(524), Unanswered, None),
    (answer(525), Unanswered, None),
    (answer(526), Unanswered, None),
    (answer(530), Retriable, None),
]


@pytest.mark.parametrize(
    ("told", "expected", "wait"), TABLE, ids=[str(row[0].status) for row in TABLE]
)
def test_a_status_means_one_thing(
    told: Answer, expected: type[ConnectorError], wait: float | None
) -> None:
    failure = failure_of(told, NOW)

    assert type(failure) is expected
    assert failure.message.fr != failure.message.en
    if isinstance(failure, Retriable):
        assert failure.retry_after == wait


def test_missing_scopes_are_named_exactly() -> None:
    body = {
        "category": "MISSING_SCOPES",
        "message": "This app hasn't been granted all required scopes",
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {
                    "requiredGranularScopes": ["crm.objects.deals.read", "crm.schemas.deals.read"]
                },
            }
        ],
    }

    failure = failure_of(answer(403, body), NOW)

    for language in (failure.message.fr, failure.message.en):
        assert "crm.objects.deals.read, crm.schemas.deals.read." in language


def test_a_refusal_keeps_hubspot_s_words_and_its_codes() -> None:
    body = {
        "category": "VALIDATION_ERROR",
        "message": "Property values were not valid: "
        '[{"isValid":false,"message":"Property \\"arpent_tier\\" does not exist",'
        '"error":"PROPERTY_DOESNT_EXIST","name":"arpent_tier"}]',
        "errors": [
            {"code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["arpent_tier"]}},
            "not an error",
        ],
        "context": {"ids": ["7"]},
    }

    failure = failure_of(answer(400, body), NOW)

    assert isinstance(failure, Refused)
    assert failure.words == 'arpent_tier: Property "arpent_tier" does not exist'
    assert failure.codes == {"PROPERTY_DOESNT_EXIST"}
    assert failure.properties == {"arpent_tier"}
    assert failure.details[-1]["context"] == {"ids": ["7"]}


def test_what_an_administrator_s_rule_wants_is_named_in_order() -> None:
    body = {
        "category": "VALIDATION_ERROR",
        "message": "…",
        "errors": [
            {
                "code": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
                "context": {"propertyName": ["region", "siret"]},
            },
            {"code": "MISSING_REQUIRED_PROPERTY", "context": {"propertyName": "name"}},
            {"code": "INVALID_OPTION", "context": {"propertyName": ["arpent_tier"]}},
            {"code": "MISSING_REQUIRED_PROPERTY"},
        ],
    }

    failure = failure_of(answer(400, body), NOW)

    assert isinstance(failure, Refused)
    assert failure.required == ["region", "siret", "name"]


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"[]",
        b"null",
        b"7",
        {"errors": 7},
        {"errors": {"a": 1}},
        {"errors": [None], "context": []},
        {"message": None, "category": None},
    ],
)
def test_any_body_can_be_read(body: object) -> None:
    problem = problem_of(answer(400, body), NOW)

    assert problem.details == []
    assert problem.words == "Reason"


def test_words_are_short_and_hold_no_credential() -> None:
    assert words_of("x" * 900) == "x" * 500
    assert words_of("The key pat-na1-0123-abcd has expired") == "The key *** has expired"
    assert words_of("Property values were not valid: soon") == (
        "Property values were not valid: soon"
    )
