"""What `rules check` prints: for people, for programs, and as annotations of a GitHub workflow."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rules.alert.false_alarms import FalseAlarms, told
from rules.checking import Checked
from rules.language import Language, Text, counted
from rules.located import Issue, PlaybookError
from rules.proof import Proof
from rules.rulebook import Rulebook
from service.cli.edge import say
from service.cli.show import terminal
from service.cli.show.terminal import line

_WARNING, _NOTE = Text("avertissement", "warning"), Text("note", "note")
# As GitHub's workflow commands want them: the text, then also what stands in a property.
_ESCAPED = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_ESCAPED_PROPERTY = {**_ESCAPED, ":": "%3A", ",": "%2C"}


def as_text(
    checked: Checked, folder: Path | None = None, alarms: FalseAlarms | None = None
) -> None:
    """What is proved, then warnings and notes; errors (with warnings) are for standard error.

    `alarms` are those that chance alone gives a year.

    Files are named within `folder` where it is given: another one than that of the settings.
    """
    found = checked if folder is None else _within(folder, checked)
    if found.errors or found.rulebook is None:
        raise PlaybookError([*found.errors, *(_called(each, _WARNING) for each in found.warnings)])
    for word, issues in ((_WARNING, found.warnings), (_NOTE, found.notes)):
        for each in issues:
            called = _called(each, word)
            line(Text(called.to(Language.FR), called.to(Language.EN)))
    line(_summary(found.rulebook))
    if found.proof is not None:
        for text in _proved(found.proof):
            line(text)
    if alarms is not None:
        line(told(alarms))


def _within(folder: Path, found: Checked) -> Checked:
    """The same, its files named by their way from where one is."""

    def placed(issues: Sequence[Issue]) -> list[Issue]:
        # What is said of the folder itself names it already.
        return [
            each if each.file == str(folder) else replace(each, file=str(folder / each.file))
            for each in issues
        ]

    return replace(
        found, errors=placed(found.errors), warnings=placed(found.warnings),
        notes=placed(found.notes),
    )  # fmt: skip


def _called(issue: Issue, word: Text) -> Issue:
    text = Text(f"{word.fr} : {issue.text.fr}", f"{word.en}: {issue.text.en}")
    return replace(issue, text=text)


def as_json(found: Checked, alarms: FalseAlarms | None = None) -> None:
    """One document; `issues` are the errors, `false_alarms` what chance alone gives a year."""
    terminal.as_json(
        {
            "issues": [_plain(each) for each in found.errors],
            "warnings": [_plain(each) for each in found.warnings],
            "notes": [_plain(each) for each in found.notes],
            "proved": list(found.proof.proved) if found.proof else [],
            "opaque": found.proof.opaque if found.proof else {},
            "hash": found.rulebook.hash if found.rulebook and not found.errors else None,
            "false_alarms": asdict(alarms) if alarms else None,
        }
    )


def as_annotations(found: Checked, folder: Path) -> None:
    """A line for each, which GitHub shows beside the line of the file; paths from where one is."""
    here = Path.cwd()
    where = folder.resolve()
    base = where.relative_to(here) if where.is_relative_to(here) else where
    levels = (("error", found.errors), ("warning", found.warnings), ("notice", found.notes))
    for level, issues in levels:
        for each in issues:
            path = _escaped((base / each.file).as_posix(), _ESCAPED_PROPERTY)
            place = f"file={path},line={each.line},col={each.column}"
            sys.stdout.write(f"::{level} {place}::{_escaped(say(each.text), _ESCAPED)}\n")


def _plain(issue: Issue) -> dict[str, object]:
    return {
        "file": issue.file, "line": issue.line, "column": issue.column,
        "fr": issue.text.fr, "en": issue.text.en,
    }  # fmt: skip


def _escaped(text: str, characters: dict[str, str]) -> str:
    return "".join(characters.get(each, each) for each in text)


def _summary(book: Rulebook) -> Text:
    rules = counted(len(book.segments.rules), Text("règle", "rule"), Text("règles", "rules"))
    plans = counted(len(book.plans), Text("plan", "plan"), Text("plans", "plans"))
    return Text(
        f"Aucune erreur : {rules.fr}, {plans.fr}, version {book.hash}.",
        f"No errors: {rules.en}, {plans.en}, version {book.hash}.",
    )


def _proved(proof: Proof) -> Iterator[Text]:
    """What is proved, and what the proof can't see into."""
    if proof.proved:
        names = ", ".join(proof.proved)
        yield Text(
            f"Démontré, sur tous les comptes possibles : {names}.",
            f"Proved, over every possible account: {names}.",
        )
    for name, users in proof.opaque.items():
        used = ", ".join(users)
        yield Text(
            f"Non démontré : « {name} », que la preuve prend pour oui, non ou inconnu dans {used}.",
            f"Not proved: '{name}', which the proof takes for yes, no or unknown in {used}.",
        )
