"""What is printed for whoever runs Arpent: doctor, demo, backups."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rules.language import Text, counted
from rules.time import moment_of
from service.backup import Copied
from service.cli.edge import say
from service.cli.show.terminal import console, line, table
from service.doctor import Finding


def diagnosed(findings: Sequence[Finding]) -> None:
    """Each check, with a mark and a sentence."""
    for each in findings:
        mark = "✓" if each.is_fine else "✗"
        console.print(f"{mark} {say(each.check)} : {say(each.text)}", markup=False, soft_wrap=True)


def demonstrated(figures: Mapping[str, Any]) -> None:
    """The figures of the demo."""
    words = {
        "accounts": Text("Comptes dans la portée du plan", "Accounts in the plan's scope"),
        "opportunities": Text("Opportunités", "Opportunities"),
        "tiers": Text("Niveaux (Or / Argent / Bronze)", "Tiers (Gold / Silver / Bronze)"),
        "fields_written": Text("Valeurs écrites dans le CRM", "Values written to the CRM"),
        "tasks_created": Text("Tâches créées", "Tasks created"),
        "second_push_calls": Text("Requêtes du second push", "Calls of the second push"),
        "seconds": Text("Secondes", "Seconds"),
    }
    tiers = figures["tiers"]
    by_rank = (str(tiers.get(tier, 0)) for tier in ("gold", "silver", "bronze"))
    shown = {**figures, "tiers": " / ".join(by_rank)}
    table(
        Text("Le cas d'Élise, au lundi 29 juin 2026", "Élise's case, as of Monday 29 June 2026"),
        [Text("", ""), Text("", "")],
        [(say(text), str(shown[name])) for name, text in words.items()],
    )


def addresses(url: str, page: str | None) -> None:
    """Where to look at an emulated CRM; `page` is None for one that only programs can read."""
    if page is None:
        line(Text(f"L'API du CRM émulé : {url}", f"The API of the emulated CRM: {url}"))
        return
    line(Text(f"Le CRM émulé, comme le voit un représentant : {url}", f"The emulated CRM: {url}"))
    line(Text(f"  un compte Or : {page}", f"  a Gold account: {page}"))
    line(Text(f"  les tâches   : {url}/tasks", f"  the tasks     : {url}/tasks"))


def how_to_stop() -> None:
    """How to end what stays up."""
    line(Text("Ctrl-C pour arrêter.", "Ctrl-C to stop."))


def backed_up(copied: Copied) -> None:
    """A backup that was made."""
    rows = counted(copied.rows, *_ROWS)
    line(
        Text(
            f"{copied.file} : {rows.fr}. « arpent db restore » la remet en place.",
            f"{copied.file}: {rows.en}. `arpent db restore` puts it back.",
        )
    )


_ROWS = (Text("ligne", "row"), Text("lignes", "rows"))


def restored(copied: Copied) -> None:
    """A backup that was put back, and what to do next."""
    at = f"{moment_of(copied.taken_at, ZoneInfo('UTC')):%Y-%m-%d %H:%M} UTC"
    rows = counted(copied.rows, *_ROWS)
    line(
        Text(
            f"Base restaurée : {rows.fr}, sauvegarde du {at}. Rien n'est écrit dans "
            "les CRM pour l'instant : « arpent pull » les relit en entier, « arpent tag » décide, "
            "« arpent preview » montre la différence, « arpent schedule resume » laisse reprendre.",
            f"Store restored: {rows.en}, backed up at {at}. Nothing is written to the "
            "CRMs for now: `arpent pull` reads them whole, `arpent tag` decides, `arpent preview` "
            "shows the difference, `arpent schedule resume` lets it go on.",
        )
    )
    if copied.kept:
        line(
            Text(
                f"La base remplacée est sauvegardée dans {copied.kept}.",
                f"The store that it replaced is backed up in {copied.kept}.",
            )
        )
    if copied.set_aside:
        line(
            Text(
                f"Le fichier abîmé est gardé : {copied.set_aside}.",
                f"The damaged file is kept: {copied.set_aside}.",
            )
        )
