"""The words by which people name what the rules need: French and English, without accents.

How near each is goes from 0 to 1: what could as well be something else weighs less.
"""

from collections.abc import Mapping
from enum import StrEnum

from rules.records import Kind


class Need(StrEnum):
    """What the rules of a playbook speak of, by its name in `fields.yaml`."""

    POTENTIAL = "potential"
    SECTOR = "sector"
    SIZE = "size"
    CYCLE = "cycle"
    KIND = "kind"
    DECISION_MAKER = "decision_maker"
    SOURCE = "source"
    PRODUCT = "product"

    @property
    def object(self) -> Kind:
        """The record that has it."""
        of_opportunities = (Need.SOURCE, Need.PRODUCT)
        return Kind.OPPORTUNITY if self in of_opportunities else Kind.ACCOUNT


WORDS: Mapping[Need, Mapping[str, float]] = {
    Need.POTENTIAL: {
        "potentiel annuel": 1, "annual potential": 1, "potentiel": 0.95, "potential": 0.95,
        "valeur potentielle": 0.95, "valeur du compte": 0.8, "account value": 0.8,
        "revenu estime": 0.75, "estimated revenue": 0.75, "wallet": 0.7, "budget annuel": 0.65,
        "annual budget": 0.65, "budget": 0.5, "chiffre d affaires": 0.5, "annual revenue": 0.5,
        "revenu annuel": 0.5,
    },
    Need.SECTOR: {
        "secteur d activite": 1, "secteur": 0.95, "industry": 0.95, "industrie": 0.95,
        "sector": 0.95, "vertical": 0.8, "domaine d activite": 0.8, "scian": 0.75, "naics": 0.75,
        "branche": 0.7,
    },
    Need.SIZE: {
        "effectif": 1, "effectifs": 1, "headcount": 1, "number of employees": 1,
        "nombre d employes": 1, "nombre employes": 1, "nb employes": 0.95, "employees": 0.9,
        "employes": 0.9, "salaries": 0.8, "company size": 0.8, "taille": 0.75, "size": 0.7,
    },
    Need.CYCLE: {
        "cycle de vente": 1, "cycle des ventes": 1, "sales cycle": 1, "cycle d achat": 0.8,
        "buying cycle": 0.8, "duree du cycle": 0.8, "cycle": 0.7,
    },
    Need.KIND: {
        "type de compte": 1, "account type": 1, "type de client": 1, "customer type": 1,
        "lifecycle stage": 0.95, "phase du cycle de vie": 0.95, "etape du cycle de vie": 0.95,
        "cycle de vie": 0.8, "statut client": 0.85, "customer status": 0.85,
        "client ou prospect": 1, "relation": 0.5, "type": 0.65, "statut": 0.5, "status": 0.5,
    },
    Need.DECISION_MAKER: {
        "decideur": 1, "decideurs": 1, "decision maker": 1, "decision makers": 1,
        "buying role": 0.9, "signataire": 0.8, "contact principal": 0.5, "primary contact": 0.5,
    },
    Need.SOURCE: {
        "source de revenus": 1, "source de revenu": 1, "revenue source": 1, "source": 0.9,
        "type d affaire": 0.8, "deal type": 0.8, "origine": 0.7, "provenance": 0.7,
    },
    Need.PRODUCT: {
        "produit": 1, "produits": 0.95, "product": 1, "products": 0.95, "gamme de produits": 1,
        "product line": 1, "ligne de produits": 1, "famille de produits": 0.95, "gamme": 0.8,
        "product family": 0.95, "line of business": 0.8, "solution": 0.7, "offre": 0.6,
    },
}  # fmt: skip
# Words that make of a field something else.
OTHERWISE: Mapping[Need, frozenset[str]] = {
    Need.POTENTIAL: frozenset({"date", "score", "probabilite", "probability"}),
    Need.SECTOR: frozenset({"vente", "ventes", "sales", "territoire", "geographique", "postal"}),
    Need.SIZE: frozenset({"deal", "opportunite", "commande", "order"}),
    Need.CYCLE: frozenset({"vie", "life", "date"}),
    Need.KIND: frozenset({"lead", "date", "source", "paiement", "payment", "contrat"}),
    Need.DECISION_MAKER: frozenset({"date"}),
    Need.SOURCE: frozenset({"traffic", "trafic", "drill", "analytics", "record", "object", "id"}),
    Need.PRODUCT: frozenset({"prix", "price", "quantite", "quantity", "nombre", "date", "id"}),
}
# A value of the playbook → the words of an option that mean it; the first that fits wins.
MEANINGS: Mapping[Need, Mapping[str, tuple[str, ...]]] = {
    Need.KIND: {
        "other": (
            "other", "autre", "autres", "subscriber", "abonne", "evangelist", "evangeliste",
            "partner", "partenaire", "vendor", "fournisseur", "supplier", "reseller", "revendeur",
            "competitor", "concurrent", "ancien client", "former customer",
        ),
        "prospect": (
            "prospect", "prospects", "lead", "leads", "piste", "marketingqualifiedlead",
            "salesqualifiedlead", "mql", "sql", "opportunity", "opportunite", "suspect",
            "client potentiel", "potential customer",
        ),
        "client": ("client", "clients", "customer", "customers", "client actif"),
    },
    Need.CYCLE: {
        "short": ("court", "courte", "short", "rapide", "fast"),
        "medium": ("moyen", "moyenne", "medium", "normal", "average"),
        "long": ("long", "longue", "lent", "slow"),
    },
    Need.SOURCE: {
        "existing": (
            "existant", "existante", "existants", "existing", "existingbusiness", "client actuel",
            "renouvellement", "renewal", "upsell",
        ),
        "new": ("nouveau", "nouvelle", "nouveaux", "new", "newbusiness", "acquisition"),
        "referral": ("reference", "references", "referral", "recommandation", "bouche a oreille"),
    },
}  # fmt: skip
