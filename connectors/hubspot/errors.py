"""HubSpot's errors, turned into what to do next: one table, by status, then by category.

Bodies are read with suspicion: HubSpot answers some errors in HTML or with nothing at all.
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
from rules.language import Text
from rules.time import Instant

MISSING_STATUS = 404
LOCKED_SECONDS = 2.0
MIGRATION_SECONDS = 3_600.0
TEN_SECONDLY_SECONDS = 10.0
SECONDLY_SECONDS = 1.0
MISSING_PROPERTY = "PROPERTY_DOESNT_EXIST"
MISSING_RECORD = "OBJECT_NOT_FOUND"
# Rules of an administrator, applied to writes by API since 2026-09.
REQUIRED_CODES = frozenset({"MISSING_CONDITIONAL_REQUIRED_PROPERTY", "MISSING_REQUIRED_PROPERTY"})

_LONGEST_WORDS = 500
_WRAPPER = "Property values were not valid: "
_NAMED = re.compile(r"\b(arpent_\w+)")


class DailyLimit(Retriable):
    """The day's calls are used up, for every tool of the customer."""


class Locked(Retriable):
    """A record is locked by somebody else's change: this request, and no other, has to wait."""


class Forbidden(Fatal):
    """The credentials open the account, and not this."""


class Refused(ConnectorError):  # noqa: N818 - named by what happened, as its base is
    """HubSpot refuses this request as it is: another like it would be refused too.

    `words` are HubSpot's own; `details` its `errors`, each with its `code` and `context`.
    """

    def __init__(
        self, status: int, category: str, words: str, details: Sequence[Mapping[str, Any]]
    ) -> None:
        super().__init__(
            Text(
                fr=f"HubSpot a refusé la demande ({status} {category}) : {words}",
                en=f"HubSpot refused the request ({status} {category}): {words}",
            )
        )
        self.status = status
        self.category = category
        self.words = words
        self.details = details

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the details; an unknown property may be told only in the words."""
        codes = {str(detail["code"]) for detail in self.details if detail.get("code")}
        if MISSING_PROPERTY in self.words or "does not exist" in self.words:
            codes.add(MISSING_PROPERTY)
        return frozenset(codes)

    @property
    def required(self) -> Sequence[str]:
        """The properties that an administrator's rule wants filled, in the order told."""
        names: dict[str, None] = {}
        for detail in self.details:
            context = detail.get("context")
            if detail.get("code") in REQUIRED_CODES and isinstance(context, Mapping):
                found = context.get("propertyName") or ()
                names.update(dict.fromkeys([found] if isinstance(found, str) else map(str, found)))
        return list(names)

    @property
    def properties(self) -> frozenset[str]:
        """The names of the properties that the refusal is about, as far as it tells."""
        names = set(_NAMED.findall(self.words))
        for detail in self.details:
            context = detail.get("context")
            if isinstance(context, Mapping):
                found = context.get("propertyName") or context.get("name") or ()
                names.update([found] if isinstance(found, str) else map(str, found))
        return frozenset(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error body, read: everything in it is optional."""

    status: int
    category: str
    policy: str
    words: str
    details: Sequence[Mapping[str, Any]]
    wait: float | None


def problem_of(answer: Answer, now: Instant) -> Problem:
    """The error of an answer; HTML and empty bodies give the status alone."""
    body: Any = None
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.loads(answer.body)
    if not isinstance(body, Mapping):
        body = {}
    listed = body.get("errors")
    details: list[Mapping[str, Any]] = []
    if isinstance(listed, list):
        details = [one for one in listed if isinstance(one, Mapping)]
    if isinstance(body.get("context"), Mapping):
        details.append({"code": body.get("subCategory"), "context": body["context"]})
    return Problem(
        status=answer.status,
        category=str(body.get("category") or ""),
        policy=str(body.get("policyName") or ""),
        words=words_of(body.get("message") or answer.reason),
        details=details,
        wait=retry_after(answer.headers, now),
    )


def words_of(message: object) -> str:
    """HubSpot's own words, without a credential, and without the JSON that wraps some of them.

    An invalid value is told as `Property values were not valid: [{"name": …, "message": …}]`.
    """
    words = str(message or "?")
    _, wrapped, listed = words.partition(_WRAPPER)
    if wrapped:
        with contextlib.suppress(orjson.JSONDecodeError, TypeError, KeyError):
            words = "; ".join(f"{one['name']}: {one['message']}" for one in orjson.loads(listed))
    return redact(words)[:_LONGEST_WORDS]


def failure_of(answer: Answer, now: Instant) -> ConnectorError:
    """What an answer that is not a success means for the caller."""
    problem = problem_of(answer, now)
    if (named := _BY_STATUS.get(problem.status)) is not None:
        return named(problem)
    if problem.status >= SERVER_ERRORS:
        return _unanswered(problem)
    return Refused(problem.status, problem.category, problem.words, problem.details)


def _unauthorised(problem: Problem) -> Fatal:
    return Fatal(
        Text(
            fr="HubSpot ne reconnaît pas la clé (401) : elle a expiré, a été remplacée ou est mal "
            "copiée. Créez ou renouvelez une clé de service (Développement → Clés → Clés de "
            f"service), puis mettez-la dans les réglages. HubSpot dit : {problem.words}",
            en="HubSpot does not recognise the key (401): it has expired, was replaced or is "
            "miscopied. Create or rotate a service key (Development → Keys → Service keys), then "
            f"put it in the settings. HubSpot says: {problem.words}",
        )
    )


def _forbidden(problem: Problem) -> Fatal:
    scopes = sorted(missing_scopes(problem.details))
    if not scopes:
        return Forbidden(
            Text(
                fr=f"HubSpot interdit cette opération (403) : {problem.words} Vérifiez les droits "
                "de la clé de service.",
                en=f"HubSpot forbids this operation (403): {problem.words} Check the rights of "
                "the service key.",
            )
        )
    listed = ", ".join(scopes)
    return Forbidden(
        Text(
            fr=f"Il manque des droits à la clé de service de HubSpot : {listed}. Ajoutez-les à la "
            "clé (Développement → Clés → Clés de service), puis relancez.",
            en=f"The HubSpot service key lacks scopes: {listed}. Add them to the key "
            "(Development → Keys → Service keys), then run again.",
        )
    )


def missing_scopes(details: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The scopes that a refusal asks for."""
    scopes: set[str] = set()
    for detail in details:
        context = detail.get("context")
        if isinstance(context, Mapping):
            for name in ("requiredGranularScopes", "requiredScopes"):
                found = context.get(name)
                scopes.update(map(str, found if isinstance(found, list) else ()))
    return frozenset(scopes)


def _limited(problem: Problem) -> Retriable:
    if problem.policy == "DAILY":
        return DailyLimit(
            Text(
                fr="Les appels quotidiens de HubSpot sont épuisés, tous outils confondus.",
                en="HubSpot's daily calls are used up, all tools together.",
            ),
            retry_after=problem.wait,
        )
    usual = SECONDLY_SECONDS if problem.policy == "SECONDLY" else TEN_SECONDLY_SECONDS
    wait = usual if problem.wait is None else problem.wait
    return RateLimited(_waiting(problem, wait), retry_after=wait)


def _busy(problem: Problem, wait: float) -> Retriable:
    return Retriable(_waiting(problem, wait), retry_after=wait)


def _locked(problem: Problem) -> Locked:
    wait = LOCKED_SECONDS if problem.wait is None else problem.wait
    return Locked(_waiting(problem, wait), retry_after=wait)


def _waiting(problem: Problem, wait: float) -> Text:
    return Text(
        fr=f"HubSpot demande d'attendre {wait:g} s ({problem.status}) : {problem.words} "
        "Arpent réessaiera.",
        en=f"HubSpot asks to wait {wait:g} s ({problem.status}): {problem.words} "
        "Arpent will try again.",
    )


def _migrating(problem: Problem) -> Retriable:
    return Retriable(
        Text(
            fr="HubSpot déplace ce compte vers un autre centre de données (477). La "
            "synchronisation reprend d'elle-même, au plus tard dans 24 h.",
            en="HubSpot is moving this account to another data centre (477). Syncing resumes by "
            "itself, within 24 h at the latest.",
        ),
        retry_after=MIGRATION_SECONDS if problem.wait is None else problem.wait,
    )


def _misrouted(problem: Problem) -> Retriable:
    return Retriable(
        Text(
            fr="HubSpot n'a pas su où envoyer la demande (530), ce qui trahit souvent une clé mal "
            "copiée. Si cela dure, copiez à nouveau la clé de service dans les réglages.",
            en="HubSpot did not know where to send the request (530), often the sign of a "
            "miscopied key. If it lasts, copy the service key into the settings again.",
        ),
        retry_after=problem.wait,
    )


def _unanswered(problem: Problem) -> Unanswered:
    return Unanswered(
        Text(
            fr=f"HubSpot est en difficulté ({problem.status}) : {problem.words} Arpent réessaiera.",
            en=f"HubSpot is in trouble ({problem.status}): {problem.words} Arpent will try again.",
        ),
        retry_after=problem.wait,
    )


def wrong_account(found: str, expected: str) -> Fatal:
    """The credentials open another account than the one where the plan lives."""
    return Fatal(
        Text(
            fr=f"La clé ouvre le compte HubSpot {found}, le plan vit dans le compte {expected} : "
            "rien n'a été lu ni écrit. Mettez la clé du bon compte dans les réglages.",
            en=f"The key opens HubSpot account {found}, and the plan lives in account {expected}: "
            "nothing was read or written. Put the right account's key in the settings.",
        )
    )


SERVER_ERRORS = 500
_BY_STATUS: Mapping[int, Callable[[Problem], ConnectorError]] = {
    401: _unauthorised,
    403: _forbidden,
    408: _unanswered,
    423: _locked,
    429: _limited,
    477: _migrating,
    530: _misrouted,
}
