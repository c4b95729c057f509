"""Reads the budget of tiers (`rules.budget`) from the keys under `tier:`; complains of all else."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rules.budget import WANTED, Budget, Cap
from rules.conditions import compile_condition
from rules.language import Text
from rules.last_word import LASTS
from rules.located import Document, Misfit, Path, nearest
from rules.numbers import read_days, read_number, read_share
from rules.records import FieldType
from rules.syntax import ConditionError
from rules.terms import Name, Term

CAP_LIMIT = 100_000
FREEZE_LIMIT = 30
HOURS_LIMIT = 100
_CAP = re.compile(r"([+-]?\d[\d\s]*)\s+per\s+(?:owner|rep)", re.ASCII)
_NUMBER = re.compile(r"[+-]?[\d\s]+", re.ASCII)
_FREEZE = re.compile(r"last\s+([+-]?\d+)\s+business\s+days?\s+of\s+(?:the\s+)?quarter", re.ASCII)
_HOURS = re.compile(r"(.+?)\s*(h|min)", re.ASCII)
_MINUTES = 60
_TIER = "tier"
_RANKED = (FieldType.NUMBER, FieldType.MONEY)


class BudgetReader:
    """Reads the keys of the budget under a tier; what is wrong is complained about and left out."""

    def __init__(
        self,
        document: Document,
        data: Mapping[str, Any],
        facts: Mapping[str, Name],
        tiers: Mapping[str, Text],
    ) -> None:
        self._document = document
        self._data = data
        self._facts = facts
        self._tiers = list(tiers)
        self._labels = tiers

    def read(self, names: Mapping[str, Name]) -> Budget:
        """The budget; `names` are the facts and the rules, for the condition of `challenge`."""
        rank, caps = self._cap()
        after, margin, subject = self._demote(rank)
        accept, lasts = self._challenge(names)
        return Budget(
            caps=caps, rank=rank if caps else None, after=after, margin=margin,
            margin_fact=subject if margin else None, freeze=self._freeze(),
            contact_hours=self._contact_hours(), challenge_accept=accept,
            challenge_lasts=lasts,
        )  # fmt: skip

    # cap: {gold: 12 per owner, rank: potential, overflow: silver}

    def _cap(self) -> tuple[str | None, list[Cap]]:
        data = self._map("cap", "{gold: 12 per owner, rank: potential}")
        if data is None:
            return None, []
        tiers = {key: text for key, text in data.items() if key not in {"rank", "overflow"}}
        for key in [key for key in tiers if key not in self._tiers]:
            self._unknown(("cap", key), key, [*self._tiers, "rank", "overflow"])
            del tiers[key]
        limits = {key: self._limit(("cap", key), text) for key, text in tiers.items()}
        if not tiers and not data.keys() - {"rank", "overflow"}:
            self._complain(
                ("cap",),
                "quel niveau est limité ? écrivez par exemple gold: 12 per owner",
                "which tier is capped? write for example gold: 12 per owner",
                at_key=True,
            )
        rank = self._rank(data)
        overflows = self._overflows(data, list(tiers))
        caps = [
            Cap(tier=tier, limit=limits[tier] or 0, overflow=overflows.get(tier) or "")
            for tier in self._tiers
            if tier in tiers
        ]
        return rank, caps

    def _limit(self, path: Path, text: object) -> int | None:
        written = text.strip() if isinstance(text, str) else ""
        found = _CAP.fullmatch(written.lower())
        if found is None:
            hint = f"{written} per owner" if _NUMBER.fullmatch(written) else "12 per owner"
            self._complain(
                path,
                f"« {written} » n'est pas une limite : écrivez par exemple {hint}",
                f"'{written}' is not a cap: write for example {hint}",
            )
            return None
        limit = int(re.sub(r"\s", "", found[1])[:9])
        if not 0 < limit <= CAP_LIMIT:
            self._complain(
                path,
                f"une limite va de 1 à {CAP_LIMIT} comptes : pour aucun, retirez les lignes de la "
                "table qui donnent ce niveau",
                f"a cap is from 1 to {CAP_LIMIT} accounts: for none, remove the rows of the table "
                "that give this tier",
            )
            return None
        return limit

    def _rank(self, data: Mapping[str, Any]) -> str | None:
        if "rank" not in data:
            self._complain(
                ("cap",),
                "dites qui passe d'abord : rank: potential",
                "say who comes first: rank: potential",
                at_key=True,
            )
            return None
        return self._ranked(("cap", "rank"), data["rank"])

    def _ranked(self, path: Path, name: object) -> str | None:
        """A fact by which accounts can be ranked."""
        if not isinstance(name, str) or name not in self._facts:
            hint = nearest(str(name), list(self._facts))
            self._complain(path, f"champ inconnu « {name} »{hint.fr}",
                           f"unknown field '{name}'{hint.en}")  # fmt: skip
            return None
        if self._facts[name].type not in _RANKED:
            self._complain(
                path,
                f"« {name} » n'est ni un nombre ni un montant : rien n'y est plus grand",
                f"'{name}' is neither a number nor an amount: nothing in it is greater",
            )
            return None
        return name

    def _overflows(self, data: Mapping[str, Any], capped: Sequence[str]) -> dict[str, str]:
        """Where the accounts beyond each cap go: as written, else the next value in order."""
        written = data.get("overflow")
        each = written if isinstance(written, dict) else dict.fromkeys(capped, written)
        path: Path = ("cap", "overflow")
        found: dict[str, str] = {}
        for tier in each.keys() - set(capped):
            self._complain(
                (*path, tier),
                f"« {tier} » n'a pas de limite dans cap{nearest(tier, list(capped)).fr}",
                f"'{tier}' has no cap{nearest(tier, list(capped)).en}",
                at_key=True,
            )
        for tier in capped:
            at = (*path, tier) if isinstance(written, dict) else path
            found[tier] = self._overflow(at, tier, each.get(tier)) or ""
        return found

    def _overflow(self, path: Path, tier: str, target: object) -> str | None:
        worse = self._tiers[self._tiers.index(tier) + 1 :]
        if target is None and worse:
            return worse[0]
        if target is None or not worse:
            self._complain(
                ("cap", tier),
                f"« {tier} » est le dernier des niveaux : le surplus n'a où aller",
                f"'{tier}' is the last of the tiers: the surplus has nowhere to go",
                at_key=True,
            )
            return None
        if not isinstance(target, str) or target not in self._tiers:
            self._unknown(path, target, self._tiers, at_key=False)
            return None
        if target not in worse:
            self._complain(
                path,
                f"le surplus de « {tier} » doit aller plus bas, sinon il tourne en rond : "
                f"{', '.join(worse)}",
                f"the surplus of '{tier}' must go to a worse tier, or it would go in circles: "
                f"{', '.join(worse)}",
            )
            return None
        return target

    # demote: {after: 21 d, margin: 10 %, of: potential}

    def _demote(self, rank: str | None) -> tuple[int, float, str | None]:
        data = self._map("demote", "{after: 21 d, margin: 10 %}")
        if data is None:
            return 0, 0.0, None
        for key in data.keys() - {"after", "margin", "of"}:
            self._unknown(("demote", key), key, ["after", "margin", "of"], is_key=True)
        after = self._days(("demote", "after"), data["after"]) if "after" in data else 0
        margin = self._margin(data["margin"]) if "margin" in data else 0.0
        return after, margin, self._subject(data, rank)

    def _subject(self, data: Mapping[str, Any], rank: str | None) -> str | None:
        """The fact that the margin is on."""
        path: Path = ("demote", "of")
        if "margin" not in data:
            if "of" in data:
                self._complain(path, "of ne va qu'avec margin", "of only goes with margin",
                               at_key=True)  # fmt: skip
            return None
        if "cap" not in self._data:
            if "of" in data:
                return self._ranked(path, data["of"])
            self._complain(
                ("demote", "margin"),
                "une marge de quoi ? ajoutez of: potential, ou une limite (cap) avec rank",
                "a margin of what? add of: potential, or a cap with its rank",
                at_key=True,
            )
            return None
        if "of" in data and rank is not None and data["of"] != rank:
            self._complain(
                path,
                f"la marge porte déjà sur « {rank} », le rank de cap : retirez of",
                f"the margin is already on '{rank}', the rank of cap: remove of",
            )
        return rank

    def _margin(self, text: object) -> float:
        path: Path = ("demote", "margin")
        try:
            share = read_share(text)
        except Misfit as error:
            self._document.complain((_TIER, *path), error.text)
            return 0.0
        if not 0 < share < 1:
            self._complain(
                path,
                "une marge va de plus de 0 à moins de 100 % : écrivez par exemple 10 %",
                "a margin is over 0 and under 100 %: write for example 10 %",
            )
            return 0.0
        return share

    # freeze: last 5 business days of quarter

    def _freeze(self) -> int:
        if "freeze" not in self._data:
            return 0
        text = self._data["freeze"]
        found = _FREEZE.fullmatch(text.strip().lower()) if isinstance(text, str) else None
        if found is None:
            self._complain(
                ("freeze",),
                "écrivez par exemple last 5 business days of quarter",
                "write for example last 5 business days of quarter",
            )
            return 0
        days = int(found[1][:6])
        if not 0 < days <= FREEZE_LIMIT:
            self._complain(
                ("freeze",),
                f"un gel dure de 1 à {FREEZE_LIMIT} jours ouvrables",
                f"a freeze lasts from 1 to {FREEZE_LIMIT} business days",
            )
            return 0
        return days

    # contact_hours: {gold: 2 h, silver: 30 min}

    def _contact_hours(self) -> dict[str, float]:
        data = self._map("contact_hours", "{gold: 2 h, silver: 1 h}") or {}
        hours = {}
        for tier, text in data.items():
            path: Path = ("contact_hours", tier)
            if tier not in self._tiers:
                self._unknown(path, tier, self._tiers)
            elif (found := self._hours(path, text)) is not None:
                hours[tier] = found
        return hours

    def _hours(self, path: Path, text: object) -> float | None:
        found = _HOURS.fullmatch(text.strip().lower()) if isinstance(text, str) else None
        try:
            value = read_number(found[1]) / (_MINUTES if found[2] == "min" else 1) if found else 0
        except Misfit:
            value = 0
        if 0 < value <= HOURS_LIMIT:
            return value
        self._complain(
            path,
            f"« {text} » n'est pas une durée de contact : écrivez par exemple 1,5 h ou 30 min "
            f"(au plus {HOURS_LIMIT} h)",
            f"'{text}' is not how long a contact takes: write for example 1.5 h or 30 min "
            f"(at most {HOURS_LIMIT} h)",
        )
        return None

    # challenge: {accept: "wanted = 'silver' and potential > 100k", lasts: 90 d}

    def _challenge(self, names: Mapping[str, Name]) -> tuple[Term | None, int]:
        data = self._map("challenge", "{accept: condition, lasts: 90 d}")
        if data is None:
            return None, LASTS
        for key in data.keys() - {"accept", "lasts"}:
            self._unknown(("challenge", key), key, ["accept", "lasts"], is_key=True)
        lasts = self._days(("challenge", "lasts"), data["lasts"]) if "lasts" in data else LASTS
        return self._accept(data, names) if "accept" in data else None, lasts

    def _accept(self, data: Mapping[str, Any], names: Mapping[str, Name]) -> Term | None:
        path: Path = (_TIER, "challenge", "accept")
        if not isinstance(data["accept"], str):
            self._complain(path[1:], "écrivez une condition", "write a condition")
            return None
        label = Text("niveau demandé", "wanted tier")
        wanted = Name(name=WANTED, type=FieldType.CHOICE, label=label, choices=self._labels)
        try:
            return compile_condition(data["accept"], {**names, WANTED: wanted})
        except ConditionError as error:
            self._document.complain(path, error.text, offset=error.offset)
            return None

    # What several keys need.

    def _map(self, key: str, shape: str) -> dict[str, Any] | None:
        """The map under a key; None where the key is absent, or holds something else."""
        if key not in self._data:
            return None
        data = self._data[key]
        if isinstance(data, dict) and data:
            return data
        self._complain((key,), f"écrivez {shape}", f"write {shape}")
        return None

    def _days(self, path: Path, text: object) -> int:
        try:
            days = read_days(text)
        except Misfit as error:
            self._document.complain((_TIER, *path), error.text)
            return 0
        if days == 0:
            self._complain(path, "il faut au moins 1 jour", "at least 1 day is needed")
        return days

    def _unknown(
        self,
        path: Path,
        word: object,
        known: Sequence[str],
        *,
        at_key: bool = True,
        is_key: bool = False,
    ) -> None:
        hint, listed = nearest(str(word), known), ", ".join(known)
        fr, en = ("clé inconnue", "unknown key") if is_key else ("niveau inconnu", "unknown tier")
        self._complain(
            path,
            f"{fr} « {word} »{hint.fr} : {listed}",
            f"{en} '{word}'{hint.en}: {listed}",
            at_key=at_key,
        )

    def _complain(self, path: Path, fr: str, en: str, *, at_key: bool = False) -> None:
        self._document.complain((_TIER, *path), Text(fr, en), at_key=at_key)
