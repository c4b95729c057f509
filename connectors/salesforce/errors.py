"""Salesforce's errors, turned into what to do next: by error code, then by status.

An error is a list of objects (`errorCode`, `message`, `fields`); the login answers one object
(`error`, `error_description`). Bodies are read with suspicion: pages in HTML and empty bodies come
too, with the statuses 406 and 420 as well (seen by the authors of Airbyte's connector).
"""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.base import ConnectorError, Fatal, Retriable, Unanswered
from connectors.http import Answer, redact, retry_after
from connectors.retries import RateLimited
from connectors.salesforce import error_words as words
from connectors.salesforce.objects import own_name
from rules.language import Text
from rules.time import Instant

UNAUTHORISED = 401
MISSING_STATUS = 404
SERVER_ERRORS = 500
BUSY_SECONDS = 5.0
LOCKED = "UNABLE_TO_LOCK_ROW"
MISSING_FIELD = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"})
MISSING_OBJECT = "INVALID_TYPE"
SLOW = frozenset({"QUERY_TIMEOUT", "QUERY_TOO_COMPLICATED", "OPERATION_TOO_LARGE"})
LIMIT = "LIMIT_EXCEEDED"
NOT_FOR_REST = "not valid for use with the REST API"

_LONGEST_WORDS = 500
_NAMED = re.compile(r"\b(arpent_\w+?__c)\b", re.IGNORECASE)
# Statuses without a body worth reading, after which the same request succeeds.
_IN_PASSING = frozenset({406, 420, 429})
_TIMED_OUT = 408


class DailyLimit(Retriable):
    """The org's calls of the last 24 hours are used up, for every tool of the customer."""


class Forbidden(Fatal):
    """The credentials open the org, and not this."""


class Refused(ConnectorError):  # noqa: N818 - named by what happened, as its base is
    """Salesforce refuses this request as it is: another like it would be refused too.

    `code` is Salesforce's own (`INVALID_FIELD`), `words` its sentence, `named` the fields that it
    blames.
    """

    def __init__(self, status: int, code: str, said: str, named: Sequence[str] = ()) -> None:
        super().__init__(
            Text(
                fr=f"Salesforce a refusé la demande ({status} {code}) : {said}",
                en=f"Salesforce refused the request ({status} {code}): {said}",
            )
        )
        self.status = status
        self.code = code
        self.words = said
        self.named = tuple(named)

    @property
    def own_fields(self) -> frozenset[str]:
        """The fields of ours that the refusal is about, by our names."""
        found = map(own_name, (*self.named, *_NAMED.findall(self.words)))
        return frozenset(name for name in found if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error body, read: everything in it is optional."""

    status: int
    code: str
    words: str
    named: Sequence[str]
    wait: float | None


def problem_of(answer: Answer, now: Instant) -> Problem:
    """The first error of an answer; HTML and empty bodies give the status alone."""
    body: Any = None
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.loads(answer.body)
    if isinstance(body, list):
        body = body[0] if body else {}
    told: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    named = told.get("fields")
    return Problem(
        status=answer.status,
        code=str(told.get("errorCode") or told.get("error") or ""),
        words=words_of(told.get("message") or told.get("error_description") or answer.reason),
        named=[str(each) for each in named] if isinstance(named, list) else (),
        wait=retry_after(answer.headers, now),
    )


def words_of(message: object) -> str:
    """Salesforce's own words, on one line and without a credential."""
    return redact(" ".join(str(message or "?").split()))[:_LONGEST_WORDS]


def is_expired(answer: Answer) -> bool:
    """Whether another session would do; a session that is barred from REST never will."""
    return answer.status == UNAUTHORISED and NOT_FOR_REST.encode() not in answer.body


def failure_of(answer: Answer, now: Instant) -> ConnectorError:
    """What an answer that is not a success means for the caller."""
    problem = problem_of(answer, now)
    if (named := _BY_CODE.get(problem.code)) is not None:
        return named(problem)
    if problem.status == UNAUTHORISED:
        return _unauthorised(problem)
    if problem.status in _IN_PASSING:
        wait = BUSY_SECONDS if problem.wait is None else problem.wait
        return RateLimited(words.waiting(problem.status, problem.words, wait), retry_after=wait)
    if problem.status >= SERVER_ERRORS or problem.status == _TIMED_OUT:
        return Unanswered(words.in_trouble(problem.status, problem.words), retry_after=problem.wait)
    if problem.status == 403:  # noqa: PLR2004 - HTTP status
        return Forbidden(words.forbidden(problem.code, problem.words))
    return Refused(problem.status, problem.code, problem.words, problem.named)


def _unauthorised(problem: Problem) -> Fatal:
    if NOT_FOR_REST in problem.words:
        return Fatal(words.NOT_FOR_REST)
    return Fatal(words.unauthorised(problem.words))


def _limited(problem: Problem) -> Retriable:
    """One code for the day's calls and for too many at once; the message tells them apart."""
    if "TotalRequests" in problem.words:
        return DailyLimit(words.DAILY)
    return RateLimited(
        words.waiting(problem.status, problem.words, BUSY_SECONDS), retry_after=BUSY_SECONDS
    )


def _disabled(problem: Problem) -> Fatal:
    return Fatal(words.disabled(problem.words))


def _retired(problem: Problem) -> Fatal:
    return Fatal(words.retired(problem.words))


def _unavailable(problem: Problem) -> Unanswered:
    return Unanswered(words.in_trouble(problem.status, problem.words), retry_after=problem.wait)


def unreadable(refused: Refused, what: str) -> Fatal:
    """A reading that Salesforce refuses as it is."""
    return Fatal(words.unreadable(what, refused.status, refused.code, refused.words))


def wrong_account(found: str, expected: str, *, is_sandbox: bool | None = None) -> Fatal:
    """The credentials open another org than the one where the plan lives."""
    return Fatal(words.wrong_account(found, expected, is_sandbox=is_sandbox))


_BY_CODE: Mapping[str, Callable[[Problem], ConnectorError]] = {
    "INVALID_SESSION_ID": _unauthorised,
    "REQUEST_LIMIT_EXCEEDED": _limited,
    "API_DISABLED_FOR_ORG": _disabled,
    "API_CURRENTLY_DISABLED": _disabled,
    "UNSUPPORTED_API_VERSION": _retired,
    "GONE": _retired,
    "InvalidVersion": _retired,
    "SERVER_UNAVAILABLE": _unavailable,
    "UNKNOWN_EXCEPTION": _unavailable,
}
