"""What a first playbook lacks: what the rules do without it, and what to create in the CRM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.candidate_words import Need
from rules.language import Text
from service.playbook_writing import Draft
from service.suggest import Suggested


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A need that no field answers: what the rules do without it, and what to create."""

    need: Need
    effect: Text
    remedy: Text
    unsure: Sequence[str]


def of(draft: Draft, suggested: Suggested) -> list[Lacking]:
    """What the rules will do without, by need, with the fields that a person could confirm."""
    return [
        Lacking(
            need=need, effect=_EFFECTS[need], remedy=_REMEDIES[need],
            unsure=[each.declared.name for each in suggested.candidates[need]],
        )
        for need in draft.missing
    ]  # fmt: skip


_EFFECTS: Mapping[Need, Text] = {
    Need.KIND: Text(
        "tout compte qui a un responsable est dans la portée, fournisseurs compris",
        "every account that has an owner is in scope, suppliers too",
    ),
    Need.POTENTIAL: Text(
        "tous les comptes restent « À qualifier » : niveau, quadrant et segment en dépendent",
        "all accounts stay Unrated: tier, quadrant and segment depend on it",
    ),
    Need.SECTOR: Text(
        "aucun compte n'a de groupe de secteurs : le territoire des manufacturiers reste vide",
        "no account has an industry group: the territory of manufacturers stays empty",
    ),
    Need.SIZE: Text(
        "aucun compte n'est PME, grand compte ou stratégique",
        "no account is a small business, a large account or a strategic one",
    ),
    Need.CYCLE: Text(
        "l'effort compte un cycle moyen pour tous, et le segment dit « cycle inconnu »",
        "effort counts a medium cycle for all, and the segment says that it is unknown",
    ),
    Need.SOURCE: Text(
        "la source de revenus des opportunités reste inconnue",
        "the revenue source of opportunities stays unknown",
    ),
    Need.PRODUCT: Text(
        "la gamme dit « rien encore » de tous les comptes",
        "the product line says “nothing so far” of all accounts",
    ),
}
_REMEDIES: Mapping[Need, Text] = {
    Need.KIND: Text(
        "un champ de choix des comptes « Type de compte » : Client, Prospect, Autre",
        "a choice field of accounts, “Account type”: Customer, Prospect, Other",
    ),
    Need.POTENTIAL: Text(
        "un champ nombre des comptes « Potentiel annuel », en dollars",
        "a number field of accounts, “Annual potential”, in dollars",
    ),
    Need.SECTOR: Text(
        "un champ de choix des comptes « Secteur »", "a choice field of accounts, “Sector”"
    ),
    Need.SIZE: Text(
        "un champ nombre des comptes « Effectif »", "a number field of accounts, “Headcount”"
    ),
    Need.CYCLE: Text(
        "un champ de choix des comptes « Cycle de vente » : court, moyen, long",
        "a choice field of accounts, “Sales cycle”: short, medium, long",
    ),
    Need.SOURCE: Text(
        "un champ de choix des opportunités « Source » : client existant, nouveau client, "
        "référence",
        "a choice field of opportunities, “Source”: existing customer, new customer, referral",
    ),
    Need.PRODUCT: Text(
        "un champ de choix des opportunités « Produit »",
        "a choice field of opportunities, “Product”",
    ),
}
