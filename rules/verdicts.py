"""What a proof says to people: the sentences of its findings."""

from collections.abc import Sequence

from rules.language import Language, Text, joined
from rules.outcomes import STEP_LIMIT, Ladder
from rules.shapes import Rule

TOO_LARGE = Text(
    f"trop de combinaisons pour être démontré (plus de {STEP_LIMIT} étapes) : découpez cette "
    "règle en plusieurs, ou essayez-la avec « arpent preview »",
    f"too many combinations to prove (over {STEP_LIMIT} steps): split this rule into several, or "
    "try it with `arpent preview`",
)
USELESS_ELSE = Text(
    "la ligne else ne sert à aucun compte : les autres les prennent tous",
    "the else row serves no account: the others take them all",
)


def gap(rule: Rule, example: Text, conditions: Sequence[str] = ()) -> Text:
    """Accounts without a result, if these opaque rules allow them."""
    allowed = Text("", "")
    if conditions:
        fr, en = (joined(conditions, language) for language in Language)
        allowed = Text(f" (si {fr} le permet : non démontré)", f" (if {en} allows it: not proved)")
    if rule.shape == "bands":
        return Text(
            f"aucune bande ne convient{allowed.fr}, par exemple à {example.fr} : élargissez-en "
            "une, ou ajoutez-en une",
            f"no band fits{allowed.en}, for example, {example.en}: widen one, or add one",
        )
    return Text(
        f"aucune ligne ne convient à certains comptes{allowed.fr}, par exemple {example.fr} : "
        "ajoutez une ligne, ou {else: …} à la fin",
        f"no row fits some accounts{allowed.en}, for example {example.en}: add a row, or "
        "{else: …} at the end",
    )


def unrated_gap(rule: Rule, example: Text) -> Text:
    """A rule without a result, which another one that uses it does not provide for."""
    text = gap(rule, example)
    return Text(
        f"{text.fr} ; sinon le résultat est inconnu, et une règle qui s'en sert ne dit pas "
        "qu'en faire (unknown)",
        f"{text.en}; otherwise the result is unknown, and a rule that uses it does not say what "
        "then (unknown)",
    )


def expected_gap(example: Text) -> Text:
    """A rule without a result, which those that use it provide for."""
    return Text(
        f"sans résultat pour certains comptes, par exemple {example.fr} ; les règles qui s'en "
        "servent prévoient l'inconnu",
        f"no result for some accounts, for example {example.en}; the rules that use it provide "
        "for the unknown",
    )


def named(rule: Rule, ladder: Ladder, numbers: Sequence[int]) -> Text:
    """`la ligne 3`, `les lignes 1 et 2`, `la bande « low »`, `la case « > 2 »`."""
    words = {
        "table": (Text("la ligne", "row"), Text("les lignes", "rows")),
        "bands": (Text("la bande", "band"), Text("les bandes", "bands")),
        "points": (Text("la case", "cell"), Text("les cases", "cells")),
    }[rule.shape][len(numbers) > 1]
    names = [
        str(number + 1) if rule.shape == "table" else f"« {ladder.rungs[number].path[-1]} »"
        for number in numbers
    ]
    fr, en = (joined(names, language) for language in Language)
    return Text(
        f"{words.fr} {fr}", f"{words.en} {en.replace('« ', chr(39)).replace(' »', chr(39))}"
    )


def covered(dead: Text, takers: Text, example: Text, taker: Text) -> Text:
    """A row whose accounts others take before it; `taker` is the one that takes the example."""
    takes_fr = "prennent" if takers.fr.startswith("les") else "prend"
    takes_en = "take" if takers.fr.startswith("les") else "takes"
    return Text(
        f"{dead.fr} ne sert jamais : {takers.fr} {takes_fr} déjà tous ses comptes (par exemple "
        f"{example.fr}, pour {taker.fr}) ; placez-la plus haut, ou retirez-la",
        f"{dead.en} never counts: {takers.en} already {takes_en} all its accounts (for example "
        f"{example.en}, for {taker.en}); move it up, or remove it",
    )


def impossible(dead: Text, cells: Sequence[str]) -> Text:
    """A row that describes no account at all, because of these cells."""
    written = [f"« {cell} »" for cell in cells]
    quoted = [f"'{cell}'" for cell in cells]
    if len(cells) == 1:
        return Text(
            f"{dead.fr} ne sert jamais : aucun compte n'a {written[0]} ; corrigez-la, ou "
            "retirez-la",
            f"{dead.en} never counts: no account has {quoted[0]}; correct it, or remove it",
        )
    return Text(
        f"{dead.fr} ne sert jamais : {joined(written, Language.FR)} ne vont jamais ensemble ; "
        "corrigez-la, ou retirez-la",
        f"{dead.en} never counts: {joined(quoted, Language.EN)} never go together; correct it, or "
        "remove it",
    )
