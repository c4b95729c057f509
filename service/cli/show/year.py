"""What `arpent demo --year` prints: the months, where it stood at half-year, what to read."""

from rules.language import Text, money, percent
from service.cli.edge import language, say
from service.cli.show.terminal import line, table
from service.year_report import Standing, YearReport

CURRENCY = "CAD"
_THOUSAND = 100_000
_RANKS = ("gold", "silver", "bronze")


def played(report: YearReport) -> None:
    """A year, or the weeks of it that were played."""
    table(
        Text("L'année d'Élise, mois par mois", "Élise's year, month by month"),
        [Text("Au", "As of"), Text("Gagné, k$", "Won, k$"), Text("Plan, k$", "Plan, k$"),
         Text("Niv.", "Tiers"), Text("Ouverts", "Opened"), Text("Clos", "Closed"),
         Text("Tâches", "Tasks"), Text("Envois", "Digests")],
        [
            (
                each.as_of, round(each.attained / _THOUSAND),
                round(each.expected / _THOUSAND), each.moved, each.opened,
                each.recovered, each.tasks, each.digests,
            )
            for each in report.months
        ],
    )  # fmt: skip
    line(
        Text(
            "Niv. : comptes qui en ont changé. Ouverts, clos : épisodes d'alerte. Envois : "
            "messages.",
            "Tiers: accounts that changed theirs. Opened, closed: episodes of alerts.",
        )
    )
    half = report.half_year
    if half is not None:
        _stood(Text("À la mi-année", "At half-year"), half)
    if half is None or report.end.as_of != half.as_of:
        _stood(Text("À la fin", "At the end"), report.end)
    confirmed = report.confirmed
    line(
        Text(
            f"Semaines : {report.weeks} ; écarts confirmés : {confirmed} ; tâches créées : "
            f"{report.tasks} ; secondes : {report.seconds} ; graine : {report.seed}.",
            f"Weeks: {report.weeks}; confirmed deviations: {confirmed}; tasks created: "
            f"{report.tasks}; seconds: {report.seconds}; seed: {report.seed}.",
        )
    )
    _what_to_read(report)


def _stood(when: Text, standing: Standing) -> None:
    spoken = language()
    share = percent(standing.share, spoken)
    attained, pipeline = _dollars(standing.attained), _dollars(standing.pipeline)
    tiers = " / ".join(str(standing.tiers.get(tier, 0)) for tier in _RANKS)
    risen = ", ".join(standing.risen) or say(Text("aucun", "none"))
    line(
        Text(
            f"{when.fr} ({standing.as_of}) : {share} de l'objectif ({attained}) ; références "
            f"ouvertes : {standing.referrals} ; passés de bronze à or depuis janvier : {risen} ; "
            f"pipeline actif : {pipeline} ; or / argent / bronze : {tiers}.",
            f"{when.en} ({standing.as_of}): {share} of the objective ({attained}); referrals "
            f"opened: {standing.referrals}; risen from bronze to gold since January: {risen}; "
            f"active pipeline: {pipeline}; gold / silver / bronze: {tiers}.",
        )
    )


def _dollars(minor: int) -> str:
    return money(100 * round(minor / 100), CURRENCY, language())


def _what_to_read(report: YearReport) -> None:
    if report.folder is None:
        line(
            Text(
                "Rien n'est resté. « --keep DOSSIER » garde tout : les messages de chaque semaine, "
                "les indicateurs gelés, l'historique.",
                "Nothing has stayed. `--keep FOLDER` keeps it all: the digests of every week, the "
                "frozen KPIs, the history.",
            )
        )
        return
    line(
        Text(
            f"Messages de chaque semaine (HTML et texte) : {len(report.digests)} fichiers, de "
            f"{report.digests[0]} à {report.digests[-1]}.",
            f"Digests of every week (HTML and text): {len(report.digests)} files, from "
            f"{report.digests[0]} to {report.digests[-1]}.",
        )
    )
    if report.reviews:
        listed = ", ".join(report.reviews)
        line(Text(f"Dossiers de revue : {listed}.", f"Review packs: {listed}."))
    week = report.end.week
    line(Text("À coller pour lire la suite :", "Lines to paste to read on:"))
    for command in (
        f"cd '{report.folder}'",
        "arpent status",
        "arpent digest list --owner elise",
        f"arpent digest show elise {week}",
        f"arpent kpi --week {report.end.frozen_week}",
    ):
        line(Text(f"  {command}", f"  {command}"))
