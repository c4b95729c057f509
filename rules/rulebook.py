"""A playbook read whole: the files of ops become one checked, compiled value.

`compile_rulebook` collects everything that is wrong, in every file, before it refuses. The hash
of a rulebook is that of its meaning: comments and spaces don't count.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from rules.alerts import Alerts, read_alerts
from rules.facts import Fields, names_of, read_fields
from rules.kpis import Kpis, read_kpis
from rules.language import Language, Text
from rules.located import Document, Issue, PlaybookError, nearest
from rules.plan import Plan, check_plans, read_plan
from rules.segments import Segments, read_segments
from rules.tagging import Tagging
from rules.team import Team, read_team
from rules.yaml_text import read

FILES = ("team.yaml", "fields.yaml", "segments.yaml", "kpis.yaml", "alerts.yaml")
PLANS = "plans/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """A playbook as compiled; `source` are its files, `hash` is that of its meaning."""

    team: Team
    fields: Fields
    segments: Segments
    kpis: Kpis
    alerts: Alerts
    plans: Sequence[Plan]
    tagging: Tagging
    source: Mapping[str, str]
    hash: str


def compile_rulebook(files: Mapping[str, str | bytes]) -> Rulebook:
    """The rulebook of these files (name → content); raises `PlaybookError` with all issues."""
    documents = {name: read(name, content) for name, content in sorted(files.items())}
    issues = _missing(documents)
    rulebook = _compile(documents, files)
    issues += [issue for document in documents.values() for issue in document.issues]
    if issues or rulebook is None:
        raise PlaybookError(issues)
    return rulebook


def _missing(documents: Mapping[str, Document]) -> list[Issue]:
    issues = [
        Issue(name, 1, 1, Text("ce fichier manque dans le playbook", "this file is missing"))
        for name in FILES
        if name not in documents
    ]
    for name in documents:
        if name not in FILES and not name.startswith(PLANS):
            hint = nearest(name, FILES)
            text = Text(
                f"fichier inconnu{hint.fr} : {', '.join(FILES)} et {PLANS}*.yaml",
                f"unknown file{hint.en}: {', '.join(FILES)} and {PLANS}*.yaml",
            )
            issues.append(Issue(name, 1, 1, text))
    return issues


def _compile(
    documents: Mapping[str, Document], files: Mapping[str, str | bytes]
) -> Rulebook | None:
    """As much as can be read, so that every file is checked even when another is wrong."""
    readable = {name: document for name, document in documents.items() if not document.issues}
    team = read_team(readable["team.yaml"]) if "team.yaml" in readable else None
    fields = read_fields(readable["fields.yaml"]) if "fields.yaml" in readable else None
    segments = None
    if fields and "segments.yaml" in readable:
        language = team.language if team else Language.FR
        segments = read_segments(readable["segments.yaml"], names_of(fields), language)
    tiers = tuple(segments.tier.choices) if segments else _tiers(readable.get("segments.yaml"))
    kpis = alerts = None
    if "kpis.yaml" in readable and tiers is not None:
        kpis = read_kpis(readable["kpis.yaml"], tiers)
    if kpis and "alerts.yaml" in readable:
        alerts = read_alerts(readable["alerts.yaml"], kpis)
    plan_files = [document for name, document in readable.items() if name.startswith(PLANS)]
    plans = [read_plan(document, team) for document in plan_files] if team else []
    found = [plan for plan in plans if plan is not None]
    if not (team and fields and segments and kpis and alerts) or len(found) < len(plans):
        return None
    check_plans(list(zip(plan_files, found, strict=True)), kpis)
    return Rulebook(
        team=team, fields=fields, segments=segments, kpis=kpis, alerts=alerts, plans=found,
        tagging=Tagging(segments, names_of(fields)),
        source={
            name: content if isinstance(content, str) else content.decode("utf-8-sig")
            for name, content in files.items()
        },
        hash=_hash({name: document.data for name, document in documents.items()}),
    )  # fmt: skip


def _tiers(segments: Document | None) -> tuple[str, ...] | None:
    """The tiers that a file of rules declares, whatever else is wrong with it."""
    tier = segments.data.get("tier") if segments and isinstance(segments.data, dict) else None
    values = tier.get("values") if isinstance(tier, dict) else None
    return tuple(values) if isinstance(values, dict) else None


def _hash(meaning: Mapping[str, object]) -> str:
    """Of the content in its order: the first band that holds wins, so the order has a meaning."""
    return sha256(json.dumps(meaning).encode()).hexdigest()[:16]
