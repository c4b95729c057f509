"""Zoho's errors, turned into what to do next: by code first, then by status.

A body is one flat object (`code`, `details`, `message`, `status`), under any status, 200 among
them; answers to writes list one such object for each item, which is no failure of the request.
Bodies are read with suspicion: pages in HTML and empty bodies come too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.base import ConnectorError, Fatal, Retriable, Unanswered
from connectors.http import Answer, object_of, redact, retry_after
from connectors.retries import RateLimited
from connectors.zoho import error_words as words
from rules.language import Text
from rules.time import Instant

UNAUTHORISED = 401
FORBIDDEN = 403
MISSING_STATUS = 404
TOO_MANY = 429
SERVER_ERRORS = 500
BUSY_SECONDS = 2.0
ALREADY_MODIFIED = "ALREADY_MODIFIED"
INVALID_MODULE = "INVALID_MODULE"
EXPIRED = "EXPIRED_VALUE"
INVALID_DATA = "INVALID_DATA"
DUPLICATE = "DUPLICATE_DATA"
LOCKED = frozenset({"RECORD_LOCKED", "RECORD_IN_BLUEPRINT", "LOCKED", ALREADY_MODIFIED})
NO_ROOM = frozenset({"LIMIT_EXCEEDED", "FIELD_LIMIT_EXCEEDED"})

_TIMED_OUT = 408
_LONGEST_WORDS = 500
# In bytes.
_LONGEST_ERROR = 8_192


class CreditsUsedUp(Retriable):
    """The organization's credits of the last 24 hours are used up, for every tool."""


class Forbidden(Fatal):
    """The token opens the organization, and not this."""


class Refused(ConnectorError):  # noqa: N818 - named by what happened, as its base is
    """Zoho refuses this request as it is: another like it would be refused too.

    `code` is Zoho's own (`INVALID_DATA`), `words` its sentence, `details` what it adds.
    """

    def __init__(
        self, status: int, code: str, said: str, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            Text(
                fr=f"Zoho a refusé la demande ({status} {code}) : {said}",
                en=f"Zoho refused the request ({status} {code}): {said}",
            )
        )
        self.status = status
        self.code = code
        self.words = said
        self.details = dict(details or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error body, read: everything in it is optional. `path` is what was asked."""

    status: int
    code: str
    words: str
    path: str
    wait: float | None
    details: Mapping[str, Any] = field(default_factory=dict)


def problem_of(answer: Answer, path: str, now: Instant) -> Problem:
    """The error of an answer; HTML and empty bodies give the status alone."""
    told = object_of(answer)
    for member in ("data", "fields", "layouts"):
        listed = told.get(member)
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            told = listed[0]
    details = told.get("details")
    return Problem(
        status=answer.status,
        code=str(told.get("code") or told.get("error") or ""),
        words=words_of(told.get("message") or told.get("error") or answer.reason, details),
        path=path,
        wait=retry_after(answer.headers, now),
        details=details if isinstance(details, dict) else {},
    )


def words_of(message: object, details: object = None) -> str:
    """Zoho's own words, on one line and without a credential, with the field that it blames."""
    said = redact(" ".join(str(message or "?").split()))
    if isinstance(details, dict):
        told = [
            f"{name} {details[name]}"
            for name in ("api_name", "column_name", "param_name", "limit", "clause", "near")
            if details.get(name) not in {None, ""}
        ]
        # Several mistakes of one record are one error (MULTIPLE_OR_MULTI_ERRORS) with each in it.
        listed = details.get("errors")
        told += [
            words_of(each.get("message") or each.get("code"), each.get("details"))
            for each in (listed if isinstance(listed, list) else ())
            if isinstance(each, dict)
        ]
        said = f"{said} ({', '.join(told)})" if told else said
    return said[:_LONGEST_WORDS]


def is_error(answer: Answer) -> bool:
    """Whether an answer of any status says that it is an error; those are short."""
    told = _short(answer)
    return told.get("status") in {"error", "failure"} or ("error" in told and "data" not in told)


def is_expired(answer: Answer) -> bool:
    """Whether another token would do."""
    told = _short(answer).get("code")
    is_scope = told == "OAUTH_SCOPE_MISMATCH"
    return told == "INVALID_TOKEN" or (answer.status == UNAUTHORISED and not is_scope)


def _short(answer: Answer) -> dict[str, Any]:
    """The object of an answer that is short enough to be an error: pages are decoded once."""
    return object_of(answer) if len(answer.body) <= _LONGEST_ERROR else {}


def failure_of(answer: Answer, path: str, api: str, now: Instant) -> ConnectorError:
    """What an answer that is not a success means for the caller."""
    problem = problem_of(answer, path, now)
    if (named := _BY_CODE.get(problem.code)) is not None:
        return named(problem, api)
    if problem.status == UNAUTHORISED:
        return _unauthorised(problem, api)
    if problem.status == TOO_MANY:
        return _limited(problem, api)
    if problem.status >= SERVER_ERRORS or problem.status == _TIMED_OUT:
        return _in_trouble(problem, api)
    if problem.status == FORBIDDEN:
        return _forbidden(problem, api)
    return Refused(problem.status, problem.code, problem.words, problem.details)


def unreadable(refused: Refused, what: str) -> Fatal:
    """A reading that Zoho refuses as it is."""
    if refused.code == INVALID_MODULE:
        return Fatal(words.no_module(what))
    return Fatal(words.unreadable(what, refused.status, refused.code, refused.words))


def _unauthorised(problem: Problem, api: str) -> Fatal:
    return Fatal(words.unauthorised(api, problem.words))


def _scope(problem: Problem, _api: str) -> Forbidden:
    return Forbidden(words.missing_scope(problem.path, problem.words))


def _forbidden(problem: Problem, _api: str) -> Forbidden:
    listed = problem.details.get("permissions")
    permissions = [str(each) for each in listed] if isinstance(listed, list) else []
    return Forbidden(words.forbidden(problem.path, permissions, problem.words))


def _limited(problem: Problem, _api: str) -> Retriable:
    """One answer for the day's credits and for too many at once; some messages tell them apart."""
    if "credit" in problem.words.lower():
        return CreditsUsedUp(words.CREDITS)
    wait = BUSY_SECONDS if problem.wait is None else problem.wait
    return RateLimited(words.waiting(problem.words, wait), retry_after=problem.wait)


def _in_trouble(problem: Problem, _api: str) -> Unanswered:
    return Unanswered(words.in_trouble(problem.status, problem.words), retry_after=problem.wait)


_BY_CODE: Mapping[str, Callable[[Problem, str], ConnectorError]] = {
    "INVALID_TOKEN": _unauthorised,
    "AUTHENTICATION_FAILURE": _unauthorised,
    "OAUTH_SCOPE_MISMATCH": _scope,
    "NO_PERMISSION": _forbidden,
    "TOO_MANY_REQUESTS": _limited,
    "RATE_LIMIT_EXCEEDED": _limited,
    "INTERNAL_ERROR": _in_trouble,
    "INTERNAL_SERVER_ERROR": _in_trouble,
}
