"""A playbook read whole: the files of ops become one checked, compiled value.

`compile_rulebook` collects everything that is wrong, in every file, before it refuses. The hash
of a rulebook is that of its meaning: comments, spaces and examples don't count.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from rules import examples
from rules.alert.alerts import Alerts, Known, names_for, read_alerts
from rules.examples import Example, read_examples
from rules.facts import Fields, names_of, read_fields
from rules.kpi.kpis import Kpis, read_kpis
from rules.language import Language, Text
from rules.located import Document, Issue, PlaybookError, nearest
from rules.owned import BY_PEOPLE, CORE, Owned
from rules.plan.members import Members, members_of
from rules.plan.plan import Plan
from rules.plan.reading import check_plans, read_plan
from rules.segments import TAGS, Segments, read_segments
from rules.tagging import Tagging
from rules.team import Team, read_team
from rules.terms import Name
from rules.yaml_text import read

FILES = ("team.yaml", "fields.yaml", "segments.yaml", "kpis.yaml", "alerts.yaml")
OPTIONAL_FILES = (examples.FILE,)
RULE_FILES = ("fields.yaml", "segments.yaml")
PLANS = "plans/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """A playbook as compiled; `source` are its files, `hash` is that of its meaning.

    `rules_hash` is that of the rules and of the fields that they read.
    """

    team: Team
    fields: Fields
    segments: Segments
    kpis: Kpis
    alerts: Alerts
    plans: Sequence[Plan]
    tagging: Tagging
    examples: Sequence[Example]
    source: Mapping[str, str]
    hash: str
    rules_hash: str

    @property
    def own_fields(self) -> tuple[Owned, ...]:
        """The fields that Arpent has in a CRM under these rules: a tag without its rule is none."""
        return tuple(
            owned
            for owned in (*CORE, *self.fields.optional)
            if owned not in TAGS or self.segments.rule(owned) is not None
        )

    @property
    def written(self) -> tuple[Owned, ...]:
        """The own fields that a push writes: all but those that people write."""
        return tuple(owned for owned in self.own_fields if owned not in BY_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A playbook as far as it could be read, and all that is wrong with it.

    `segments` and `names`, the facts that its rules can name, are there where they are right even
    when another file is not.
    """

    documents: Mapping[str, Document]
    issues: Sequence[Issue]
    team: Team | None
    segments: Segments | None
    names: Mapping[str, Name]
    rulebook: Rulebook | None


def compile_rulebook(files: Mapping[str, str | bytes]) -> Rulebook:
    """The rulebook of these files (name → content); raises `PlaybookError` with all issues."""
    reading = read_rulebook(files)
    if reading.issues or reading.rulebook is None:
        raise PlaybookError(reading.issues)
    return reading.rulebook


def read_rulebook(files: Mapping[str, str | bytes]) -> Reading:
    """As much as can be read, so that every file is checked even when another is wrong."""
    documents = {name: read(name, content) for name, content in sorted(files.items())}
    readable = {name: document for name, document in documents.items() if not document.issues}
    team = read_team(readable["team.yaml"]) if "team.yaml" in readable else None
    fields = read_fields(readable["fields.yaml"]) if "fields.yaml" in readable else None
    names = names_of(fields) if fields else {}
    segments = None
    if fields and "segments.yaml" in readable:
        language = team.language if team else Language.FR
        segments = read_segments(readable["segments.yaml"], names, language)
    tiers = tuple(segments.tier.choices) if segments else _tiers(readable.get("segments.yaml"))
    # Which rules there are is known once those that are written can all be read.
    rules = segments if segments and not readable["segments.yaml"].issues else None
    kpis = alerts = None
    if "kpis.yaml" in readable and tiers is not None:
        kpis = read_kpis(
            readable["kpis.yaml"],
            tiers,
            {**names, **{rule.name: rule.as_name for rule in rules.rules}} if rules else None,
            fields.opportunity if fields else None,
        )
    if kpis and "alerts.yaml" in readable:
        alerts = read_alerts(
            readable["alerts.yaml"],
            Known(
                kpis=kpis, tiers=tiers or (), names=names_for(names, rules) if rules else None,
                opportunity_fields=fields.opportunity if fields else (),
            ),
        )  # fmt: skip
    members = members_of(kpis, fields, rules) if kpis and fields and rules else None
    plans = _plans(readable, team, kpis, members)
    tried: Sequence[Example] = ()
    if fields and segments and examples.FILE in readable:
        tried = read_examples(readable[examples.FILE], names, fields, segments)
    rulebook = None
    data = {name: document.data for name, document in documents.items()}
    if team and fields and segments and kpis and alerts and plans is not None:
        rulebook = Rulebook(
            team=team, fields=fields, segments=segments, kpis=kpis, alerts=alerts, plans=plans,
            tagging=Tagging(segments, names, team), examples=tried, source=_source(files),
            hash=_hash(data), rules_hash=_rules_hash(data),
        )  # fmt: skip
    issues = [issue for document in documents.values() for issue in document.issues]
    return Reading(
        documents=documents, issues=sorted([*_missing(documents), *issues]), team=team,
        segments=segments, names=names, rulebook=rulebook,
    )  # fmt: skip


def _plans(
    readable: Mapping[str, Document],
    team: Team | None,
    kpis: Kpis | None,
    members: Members | None,
) -> list[Plan] | None:
    """The plans, checked one by one and together; None when one can't be read."""
    files = [document for name, document in readable.items() if name.startswith(PLANS)]
    plans = [read_plan(document, team) for document in files] if team else []
    found = [plan for plan in plans if plan is not None]
    if len(found) < len(plans):
        return None
    if kpis and team:
        check_plans(list(zip(files, found, strict=True)), kpis, members)
    return found


def _source(files: Mapping[str, str | bytes]) -> dict[str, str]:
    return {
        name: content if isinstance(content, str) else content.decode("utf-8-sig")
        for name, content in files.items()
    }


def _missing(documents: Mapping[str, Document]) -> list[Issue]:
    issues = [
        Issue(name, 1, 1, Text("ce fichier manque dans le playbook", "this file is missing"))
        for name in FILES
        if name not in documents
    ]
    for name in documents:
        known = (*FILES, *OPTIONAL_FILES)
        if name not in known and not name.startswith(PLANS):
            hint = nearest(name, known)
            text = Text(
                f"fichier inconnu{hint.fr} : {', '.join(known)} et {PLANS}*.yaml",
                f"unknown file{hint.en}: {', '.join(known)} and {PLANS}*.yaml",
            )
            issues.append(Issue(name, 1, 1, text))
    return issues


def _tiers(segments: Document | None) -> tuple[str, ...] | None:
    """The tiers that a file of rules declares, whatever else is wrong with it."""
    tier = segments.data.get("tier") if segments and isinstance(segments.data, dict) else None
    values = tier.get("values") if isinstance(tier, dict) else None
    return tuple(values) if isinstance(values, dict) else None


def rules_hash(source: Mapping[str, str]) -> str:
    """The hash of the meaning of rules; neither plans count nor what is written in the CRM."""
    return _rules_hash({name: read(name, source[name]).data for name in RULE_FILES})


def _rules_hash(data: Mapping[str, object]) -> str:
    meaning = {name: data[name] for name in RULE_FILES}
    fields = meaning.get("fields.yaml")
    if isinstance(fields, dict):
        meaning["fields.yaml"] = {key: each for key, each in fields.items() if key != "write"}
    return _hash(meaning)


def _hash(meaning: Mapping[str, object]) -> str:
    """Of the content in its order: the first band that holds wins, so the order has a meaning."""
    counted = {name: data for name, data in meaning.items() if name not in OPTIONAL_FILES}
    return sha256(json.dumps(counted).encode()).hexdigest()[:16]
