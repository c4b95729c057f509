"""Beginning with a CRM, and leaving it: what it offers, a first playbook, our fields taken away."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from rules.language import Language, Text
from service.cli.commands.each_crm import each_crm
from service.cli.commands.options import (
    Crm,
    Json,
    app,
    fields,
    open_installation,
    recorded,
    vendors_of,
)
from service.cli.edge import FAILED, Mistake, at_end, language, say

Sample = Annotated[int, typer.Option(min=1, max=10_000, help="How many accounts to look at.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]


@fields.command("suggest")
def fields_suggest(*, crm: Crm = None, sample: Sample = 500, json: Json = False) -> None:
    """Show which fields of the CRM the rules could use, and how full they are."""
    from service import suggest
    from service.cli.show import beginning as show

    opened = _prepared()
    vendors = vendors_of(opened, crm)
    with each_crm(vendors) as turns:
        for vendor in vendors:
            with turns.of(vendor):
                with opened.connector(vendor) as connector:
                    found = suggest.run(connector, sample=sample)
                if json:
                    turns.told[vendor] = show.to_json(found)
                else:
                    show.suggested(found)


@app.command()
def init(
    folder: Annotated[
        Path | None, typer.Argument(help="The new playbook (ARPENT_PLAYBOOK, else playbook).")
    ] = None,
    *,
    crm: Crm = None,
    lang: Annotated[
        Language | None, typer.Option("--language", help="Of the labels in the CRM.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="The time zone (default: the CRM's).")] = None,
    currency: Annotated[str | None, typer.Option(help="The currency (default: the CRM's).")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="potential=internal_name; potential= for none. Repeatable."),
    ] = None,
    owner: Annotated[
        list[str] | None, typer.Option("--owner", help="Write a plan for this rep. Repeatable.")
    ] = None,
    sample: Sample = 500,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Write a first playbook from what the CRM has. Overwrites nothing, writes no key."""
    from service import editor_schema, lacking, suggest
    from service import init as stage
    from service.cli.show import beginning as show
    from service.cli.show import terminal

    opened = _prepared()
    vendors = vendors_of(opened, crm)
    if len(vendors) > 1:
        raise Mistake(_one_of(vendors))
    target = folder or _default_folder(opened.settings.playbook)
    with _mistakes():
        stage.require_free(target)
        named = _fields_of(field or [])
        with opened.connector(vendors[0]) as connector:
            found = suggest.run(connector, sample=sample, looks_for_holders=True)
        asked = stage.Asked(
            language=lang or language(), zone=zone, currency=currency, fields=named,
            plans=owner or (),
        )  # fmt: skip
        if sys.stdin.isatty() and not yes and not json:
            asked = _questions(found, asked, is_language_given=lang is not None)
        now = opened.clock()
        draft = stage.drafted(found, asked, now)
        saved = stage.save(target, stage.written(draft, now))
    editor_schema.run(target)
    missing = lacking.of(draft, found)
    if json:
        terminal.as_json(show.begun_as_json(target, saved, draft, missing, found))
    else:
        show.begun(target, saved, draft, missing, found)


@fields.command("remove")
def fields_remove(
    *,
    crm: Crm = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is lost.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Leave the CRM: archive Arpent's own fields there, and no other."""
    from connectors.base import Removal
    from service import lease
    from service import remove as stage
    from service.cli.show import beginning as show

    opened = open_installation()
    if not dry_run:
        opened.require_writable()
    vendors = vendors_of(opened, crm)
    with each_crm(vendors) as turns:
        for vendor in vendors:
            with turns.of(vendor):
                with opened.connector(vendor) as connector:
                    known = opened.connect(connector)
                    losses = stage.look(opened, connector, known.id)
                    is_done = dry_run or not stage.gone(losses)
                    if not json:
                        show.losses(vendor, losses, is_announced=True)
                    if not is_done:
                        _confirm(connector.identify(), yes=yes, json=json)
                        with (
                            lease.held(opened, vendor),
                            recorded(opened, "fields remove", vendor) as (_, counts),
                        ):
                            losses = stage.run(opened, connector, known.id)
                            counts.update(stage.counts(losses))
                if json:
                    turns.told[vendor] = {"crm": vendor, "dry_run": dry_run, "fields": losses}
                elif not is_done:
                    show.losses(vendor, losses, is_announced=False)
                if any(each.removed.state is Removal.REFUSED for each in losses):
                    turns.ends_with(FAILED)


def _one_of(vendors: Sequence[str]) -> Text:
    listed = ", ".join(vendors)
    return Text(
        f"Les réglages ouvrent plusieurs CRM ({listed}). Dites avec --crm duquel part le premier "
        "playbook ; les champs des autres s'y ajoutent ensuite, dans fields.yaml.",
        f"The settings open several CRMs ({listed}). Say with --crm which one the first playbook "
        "starts from; the fields of the others are added afterwards, in fields.yaml.",
    )


def _prepared() -> Any:  # noqa: ANN401 - an App, imported late
    """The installation, its tables made where there are none so far."""
    from service.settings import load_settings
    from service.store import schema
    from service.store.engine import open_store

    store = open_store(load_settings().database_url)
    at_end.callback(store.close)
    if schema.revision(store) is None:
        schema.upgrade(store)
    return open_installation()


@contextmanager
def _mistakes() -> Iterator[None]:
    """What was asked for wrongly is a mistake: code 2."""
    from service.init import InitError

    try:
        yield
    except InitError as error:
        raise Mistake(error.message) from None


def _default_folder(playbook: Path) -> Path:
    from service.settings import SHIPPED_PLAYBOOK

    return Path("playbook") if playbook == SHIPPED_PLAYBOOK else playbook


def _fields_of(given: Sequence[str]) -> dict[Any, str | None]:
    """`potential=internal_name` by need; nothing after the sign is no field at all."""
    from rules.located import nearest
    from service.playbook_writing import NEEDS

    known = {need.value: need for need in NEEDS}
    named: dict[Any, str | None] = {}
    for each in given:
        need, sign, name = each.partition("=")
        if need in known and known[need] in named:
            raise Mistake(
                Text(
                    f"--field : « {need} » est donné deux fois ; gardez un seul champ.",
                    f"--field: '{need}' is given twice; keep one field.",
                )
            )
        if not sign or need not in known:
            hint = Text("", "") if need in known else nearest(need, list(known))
            listed = ", ".join(known)
            raise Mistake(
                Text(
                    f"--field : « {each} » ne se lit pas{hint.fr}. Écrivez "
                    f"potential=nom_interne ; les noms admis : {listed}.",
                    f"--field: '{each}' can't be read{hint.en}. Write "
                    f"potential=internal_name; the names are: {listed}.",
                )
            )
        named[known[need]] = name.strip() or None
    return named


def _questions(found: Any, asked: Any, *, is_language_given: bool) -> Any:  # noqa: ANN401 - imported late
    """Ask on the terminal what no option says; Enter takes what is proposed."""
    from dataclasses import replace

    from service.cli.show import beginning as show
    from service.playbook_writing import NEEDS

    show.suggested(found)
    if not is_language_given:
        text = _ask(Text("Langue des étiquettes (fr, en)", "Language of the labels (fr, en)"),
                    asked.language.value, ("fr", "en"))  # fmt: skip
        asked = replace(asked, language=Language(text))
    if asked.zone is None:
        zone = _ask(Text("Fuseau horaire", "Time zone"), found.identity.time_zone)
        asked = replace(asked, zone=zone)
    if asked.currency is None:
        currency = _ask(Text("Monnaie", "Currency"), found.identity.currency)
        asked = replace(asked, currency=currency)
    named: dict[Any, str | None] = dict(asked.fields or {})
    for need in NEEDS:
        if need not in named:
            named[need] = _which(found, need)
    return replace(asked, fields=named)


def _which(found: Any, need: Any) -> str | None:  # noqa: ANN401 - imported late
    """The field for a need, by its number or its name; `-` for none."""
    from rules.candidates import LABELS
    from service import init as stage

    names = [each.declared.name for each in found.candidates[need]]
    best = stage.best(found, need)
    listed = ", ".join(f"{place} {name}" for place, name in enumerate(names, start=1)) or "–"
    label = LABELS[need]
    question = Text(
        f"Champ pour « {label.fr} » ({listed} ; - aucun)",
        f"Field for “{label.en}” ({listed}; - none)",
    )
    said = _ask(question, best.declared.name if best else "-")
    if said == "-":
        return None
    is_place = said.isdecimal() and 0 < int(said) <= len(names)
    return names[int(said) - 1] if is_place else said


def _ask(question: Text, proposed: str, allowed: Sequence[str] = ()) -> str:
    while True:
        said = str(typer.prompt(say(question), default=proposed)).strip()
        if not allowed or said in allowed:
            return said


def _confirm(identity: Any, *, yes: bool, json: bool) -> None:  # noqa: ANN401 - imported late
    """Have the name of the CRM account typed; raises `Mistake` where it is not."""
    if yes:
        return
    if json or not sys.stdin.isatty():
        raise Mistake(
            Text(
                "Rien n'a été retiré : ajoutez --yes pour le faire sans confirmation.",
                "Nothing was removed: add --yes to do it without confirmation.",
            )
        )
    name = identity.name
    said = typer.prompt(
        say(Text(f"Pour confirmer, tapez « {name} »", f"To confirm, type “{name}”")), default=""
    )
    if said.strip() not in (name, identity.account_id):
        raise Mistake(
            Text(
                f"Ce n'est pas « {name} » : rien n'a été retiré.",
                f"That is not “{name}”: nothing was removed.",
            )
        )
