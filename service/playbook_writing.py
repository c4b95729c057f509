"""The files of a first playbook, as text: the shipped one with a team and a CRM written into it.

Nothing is read or written here. Comments stay; what a CRM calls its people, fields and options is
quoted, whatever is in it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rules import candidates, examples
from rules.candidate_words import Need
from rules.candidates import LABELS, WANTED, Candidate
from rules.language import Language, Text, shown
from rules.owned import Owned
from rules.records import Kind

# What the shipped playbook writes besides the core.
OPTIONAL = (Owned.SEGMENT, Owned.QUADRANT, Owned.CONTACT_STATUS)
SHIPPED_PLAN = "plans/elise.yaml"
# In the order of `fields.yaml`. Who decides is counted from the roles of contacts.
NEEDS = (
    *(Need.KIND, Need.POTENTIAL, Need.SECTOR, Need.SIZE, Need.CYCLE),
    *(Need.SOURCE, Need.PRODUCT),
)
_LONGEST_COMMENT = 300
# The line by which editors find what a file may hold.
_EDITORS = "# yaml-language-server:"

# The values of choices: their labels, and the option that stands in where there is no field.
_CHOICES: Mapping[Need, Mapping[str, tuple[Text, str]]] = {
    Need.KIND: {
        "client": (Text("client", "customer"), "client"),
        "prospect": (Text("prospect", "prospect"), "prospect"),
        "other": (Text("autre", "other"), "autre"),
    },
    Need.CYCLE: {
        "short": (Text("court", "short"), "court"),
        "medium": (Text("moyen", "medium"), "moyen"),
        "long": (Text("long", "long"), "long"),
    },
    Need.SOURCE: {
        "existing": (Text("client existant", "existing customer"), "existant"),
        "new": (Text("nouveau client", "new customer"), "nouveau"),
        "referral": (Text("référence", "referral"), "référence"),
    },
}
_PLAIN = re.compile(r"[^\W\d_](?:[\w .'@-]*\w)?")
_NULLS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody of the team: the key in `team.yaml`, the name and the address of the CRM."""

    key: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a first playbook says; a need without a field is missing. `start` is a Monday."""

    vendor: str
    language: Language
    zone: str
    currency: str
    start: date
    reps: Sequence[Member]
    bound: Mapping[Need, Candidate]
    has_room: bool
    plans: Sequence[str] = ()

    @property
    def optional(self) -> list[str]:
        """The own fields to write besides the core, where the CRM has room."""
        return [each.value for each in OPTIONAL] if self.has_room else []

    @property
    def missing(self) -> list[Need]:
        """The needs that no field answers."""
        return [need for need in NEEDS if need not in self.bound]


def files(draft: Draft, shipped: Mapping[str, str]) -> dict[str, str]:
    """The files of the playbook by name, from those of the shipped one."""
    written = {name: text for name, text in shipped.items() if not name.startswith("plans/")}
    written["team.yaml"] = _team(draft, shipped["team.yaml"])
    written["fields.yaml"] = _fields(draft, shipped["fields.yaml"])
    written["segments.yaml"] = _segments(draft, shipped["segments.yaml"])
    written["alerts.yaml"] = re.sub(
        r"^start: \S+", f"start: {draft.start}", shipped["alerts.yaml"], flags=re.MULTILINE
    )
    written[examples.FILE] = _tests(draft, shipped[examples.FILE])
    for rep in draft.reps:
        if rep.key in draft.plans:
            written[f"plans/{rep.key}.yaml"] = _plan(draft, rep, shipped[SHIPPED_PLAN])
    return written


def quoted(text: str) -> str:
    """A text as YAML, plain where nothing in it could mean anything else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NULLS and "  " not in text:
        return text
    return '"' + "".join(_escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _comment(text: str) -> str:
    """A text that can stand in a comment: one line, and not a long one."""
    plain = "".join(each if each.isprintable() else " " for each in shown(text))
    return plain if len(plain) <= _LONGEST_COMMENT else f"{plain[:_LONGEST_COMMENT]}…"


def _team(draft: Draft, shipped: str) -> str:
    head = shipped[: shipped.index("zone:")]
    language = f"language: {draft.language.value:<18}"
    lines = [
        f"{head}zone: {draft.zone}",
        f"currency: {draft.currency}",
        f"{language}# fr | en : la langue des étiquettes et des tâches dans le CRM",
        "fiscal_year: january",
    ]
    if draft.reps:
        lines.append("# Les responsables actifs du CRM ; ajoutez à chacun son manager: clé.")
        lines.append("# The active owners of the CRM; add to each their manager: key.")
        lines.append("reps:")
    lines += [
        f"  {rep.key}: {{name: {quoted(rep.name)}, email: {quoted(rep.email)}}}"
        for rep in draft.reps
    ]
    return "\n".join(lines) + "\n"


def _fields(draft: Draft, shipped: str) -> str:
    """The shipped file with the sections of accounts and opportunities written anew."""
    head, *parts = re.split(r"^(?=[a-z_]+:)", shipped, flags=re.MULTILINE)
    sections = {part.partition(":")[0]: part for part in parts}
    for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY):
        # What stands after the last entry announces the next section.
        after = re.search(r"(?:\n(?:#[^\n]*)?)*\Z", sections[kind.value])
        blocks = [_entry(draft, need) for need in NEEDS if need.object is kind]
        tail = after.group(0) if after else "\n"
        sections[kind.value] = f"{kind.value}:\n" + "\n".join(blocks) + tail
    if not draft.has_room:
        sections["write"] = re.sub(
            r"^  optional: .*$", "  optional: []            # segment, quadrant, contact_status",
            sections["write"], flags=re.MULTILINE,
        )  # fmt: skip
    return head + "".join(sections.values())


def _entry(draft: Draft, need: Need) -> str:
    found = draft.bound.get(need)
    label = f"[{LABELS[need].fr}, {LABELS[need].en}]"
    lines = [f"  {need.value}:"]
    if found is None:
        lines.append("    # Aucun champ du CRM pour l'instant : les comptes n'en ont pas. Une fois")
        lines.append(f"    # créé, remplacez « missing: yes » par « {draft.vendor}: nom_interne ».")
    lines += [f"    label: {label}", f"    type: {WANTED[need].value}"]
    lines.append(
        "    missing: yes"
        if found is None
        else f"    {draft.vendor}: {quoted(found.declared.name)}"
    )
    if need in _CHOICES:
        lines += _values(need, found)
    return "\n".join(lines)


def _values(need: Need, found: Candidate | None) -> list[str]:
    known = _CHOICES[need]
    meant = {value: [option] for value, (_, option) in known.items()}
    left: list[str] = []
    if found is not None:
        meant, left = candidates.meanings(need, found.declared.options)
    lines = ["    values:"]
    lines += [
        f"      {value}: [{', '.join(quoted(option) for option in meant[value])}]"
        for value in known
        if value in meant
    ]
    if left:
        listed = _comment(", ".join(left))
        lines.append(f"    # Options sans valeur, lues comme inconnues : {listed}")
    labels = ", ".join(
        f"{value}: [{label.fr}, {label.en}]" for value, (label, _) in known.items()
        if value in meant
    )  # fmt: skip
    return [*lines, f"    labels: {{{labels}}}"]


def _segments(draft: Draft, shipped: str) -> str:
    """The shipped rules; without a type of account, whoever has an owner is in their scope."""
    if Need.KIND in draft.bound:
        return shipped
    return re.sub(
        r"^(scope:[^\n]*\n  when: )[^\n]*", r"\g<1>owner is not null", shipped, flags=re.MULTILINE
    )


def _tests(draft: Draft, shipped: str) -> str:
    """The shipped examples, but for those that speak of a field or value that is not there."""
    absent = [need.value for need in draft.missing]
    # The key stands alone, so that the first example may be left out like any other.
    spaced = re.sub(r"^examples:\n+", "examples:\n\n", shipped, flags=re.MULTILINE)
    head, *parts = re.split(r"\n{2,}", spaced.rstrip("\n"))
    kept = [head] + [part for part in parts if part.startswith("#") or not _needs(part, absent)]
    text = "\n\n".join(part for part in kept if not _is_lost(draft, part)) + "\n"
    if Need.KIND not in draft.bound:
        text = re.sub(r"^(always: .*?),? kind: \w+", r"\1", text, flags=re.MULTILINE)
    # Written as this team's CRM does not; and the words of a reason are those of one language.
    text = re.sub(r"\bcycle: court\b", "cycle: short", text)
    if draft.language is not Language.FR:
        text = re.sub(r", why: [^}]*}", "}", text)
    return text


def _needs(part: str, absent: Sequence[str]) -> bool:
    given = re.search(r"given: {([^}]*)}", part)
    return given is not None and any(
        re.search(rf"\b{name}:", given.group(1)) is not None for name in absent
    )


def _is_lost(draft: Draft, part: str) -> bool:
    """Whether an example is of an account that is neither a client nor a prospect here."""
    found = draft.bound.get(Need.KIND)
    if found is None or "kind: other" not in part:
        return False
    return "other" not in candidates.meanings(Need.KIND, found.declared.options)[0]


def _plan(draft: Draft, rep: Member, shipped: str) -> str:
    body = shipped[shipped.index("owner:") :]
    for key, value in (
        ("owner", rep.key), ("period", str(draft.start.year)), ("currency", draft.currency),
    ):  # fmt: skip
        body = re.sub(rf"^{key}: .*$", f"{key}: {value}", body, flags=re.MULTILINE)
    # Nobody has agreed to it so far, and whom it is looked at again with is not known.
    body = re.sub(r"^agreed: .*\n", "", body, flags=re.MULTILINE)
    body = re.sub(r"^(review: {every: [^,}]+)[^}]*}", r"\1}", body, flags=re.MULTILINE)
    first, end, _ = shipped.partition("\n")
    head = first + end if first.startswith(_EDITORS) else ""
    name = _comment(rep.name)
    return head + (
        f"# Le plan de territoire : {name}.\n"
        "# Les montants et les cibles sont un exemple : remplacez-les par les siens.\n"
        "# The amounts and targets are an example: replace them by their own.\n" + body
    )
