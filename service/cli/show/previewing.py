"""What `rules preview` prints, and `rules publish` in short."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rules.language import Text, counted, money, number, percent
from rules.owned import Owned
from service.cli.edge import language, say
from service.cli.show import counts
from service.cli.show.terminal import line, table
from service.preview_figures import Book, Crossing, RepOutlook, RulesPreview, Step, Writes
from service.store.inputs import Unread
from service.store.moves import POTENTIAL, Move

_ACCOUNT, _ACCOUNTS = Text("compte", "account"), Text("comptes", "accounts")
_NOBODY = Text("sans responsable", "nobody's")


def previewed(found: RulesPreview, currency: str) -> None:
    """What a playbook would change: tiers, reps, priorities, writes, and the first accounts."""
    for text in _warnings(found):
        line(text)
    if not found.accounts:
        line(_NO_ACCOUNT if found.owner is None else _none_of(found.owner))
        return
    if found.is_nothing:
        line(_nothing(found))
        return
    _matrix(found)
    for text in _crossings(found):
        line(text)
    _reps(found, currency)
    _priorities(found)
    for text in (*_notes(found), *summary(found)):
        line(text)
    _moves(found)


def summary(found: RulesPreview) -> Iterator[Text]:
    """How many accounts move, and what a push would write; nothing where there is no account."""
    if not found.accounts:
        return
    if found.is_nothing:
        yield _nothing(found)
        return
    moved = counted(found.moved, _ACCOUNT, _ACCOUNTS)
    again = counted(found.reprioritised, _ACCOUNT, _ACCOUNTS)
    all_ = counted(found.accounts, _ACCOUNT, _ACCOUNTS)
    yield Text(
        f"Changent de niveau ou de portée : {moved.fr} sur {all_.fr}. Changent de priorité : "
        f"{again.fr}.",
        f"Change tier or scope: {moved.en} of {all_.en}. Change priority: {again.en}.",
    )
    for each in found.writes:
        yield _written(each)
        if each.would_hold:
            names = ", ".join(field.value for field in each.would_hold)
            yield Text(
                f"Trop de valeurs changeraient d'un coup : un push vers {each.vendor} retiendrait "
                f"{names}, jusqu'à ce qu'une personne les libère.",
                f"Too many values would change at once: a push to {each.vendor} would hold "
                f"{names}, until a person lets them go.",
            )


def kept(path: Path, count: int) -> None:
    """A file of the accounts that move."""
    accounts = counted(count, _ACCOUNT, _ACCOUNTS)
    line(Text(f"{path} : {accounts.fr}.", f"{path}: {accounts.en}."))


_NO_ACCOUNT = Text(
    "Aucun compte n'a encore été lu : il n'y a rien à comparer. Lancez « arpent pull », puis "
    "recommencez.",
    "No account was read so far: there is nothing to compare. Run `arpent pull`, then try again.",
)


def _none_of(rep: str) -> Text:
    return Text(
        f"Aucun compte lu n'est à {rep} : il n'y a rien à comparer. Vérifiez son adresse dans "
        "team.yaml, ou lancez « arpent pull ».",
        f"No account that was read is {rep}'s: there is nothing to compare. Check the address in "
        "team.yaml, or run `arpent pull`.",
    )


def _nothing(found: RulesPreview) -> Text:
    if found.hash == found.in_force:
        return Text(
            f"Rien ne change : le sens du playbook est celui qui est en vigueur ({found.hash}).",
            f"Nothing changes: the playbook means what is in force ({found.hash}).",
        )
    return Text(
        "Rien ne change : aucun compte n'aurait d'autre étiquette, et un push n'écrirait rien de "
        "plus.",
        "Nothing changes: no account would have another tag, and a push would write nothing more.",
    )


def _warnings(found: RulesPreview) -> Iterator[Text]:
    if found.behind:
        accounts = counted(found.behind, _ACCOUNT, _ACCOUNTS)
        yield Text(
            f"{accounts.fr} à évaluer selon les règles en vigueur : une part de ce qui suit vient "
            "de là. Lancez « arpent tag » d'abord pour ne voir que l'effet du playbook.",
            f"{accounts.en} to evaluate under the rules in force: a part of what follows comes "
            "from that. Run `arpent tag` first to see the effect of the playbook alone.",
        )
    yield from unread(found)
    changed = [each for each in found.unread if each.is_known]
    if changed:
        names = _fields(changed)
        yield Text(
            f"À relire, parce que leurs valeurs sont nommées autrement : {names}. Leurs valeurs "
            "comptent ici comme elles ont été lues. Après la publication : « arpent pull ».",
            f"To be read again, as their values are named otherwise: {names}. Their values count "
            "here as they were read. Once published: `arpent pull`.",
        )


def unread(found: RulesPreview) -> Iterator[Text]:
    """The fields of the playbook that were never read, and what to do: before publishing, after."""
    lost = [each for each in found.unread if not each.is_known]
    if lost:
        names = _fields(lost)
        yield Text(
            f"Jamais lus dans le CRM : {names}. Ils comptent ici comme inconnus. Une fois le "
            "playbook publié, « arpent pull » les lit, et rien n'est évalué avant. Si le CRM ne "
            "connaît pas l'un de ces noms, « arpent fields suggest » montre ceux qu'il a.",
            f"Never read from the CRM: {names}. They count as unknown here. Once the playbook is "
            "published, `arpent pull` reads them, and nothing is evaluated before. If the CRM does "
            "not know one of these names, `arpent fields suggest` shows those it has.",
        )


def _fields(unread: Sequence[Unread]) -> str:
    return ", ".join(f"{each.name} ({each.vendor} : {each.crm_field})" for each in unread)


def _notes(found: RulesPreview) -> Iterator[Text]:
    if not found.has_potential:
        yield Text(
            f"Montants : aucun champ « {POTENTIAL} » de type money n'est lié et lu.",
            f"Amounts: no field '{POTENTIAL}' of type money is bound and read.",
        )
    books = [book for each in found.reps for book in (each.before, each.after)]
    if not any(book.hours is not None for book in books):
        yield Text(
            "Heures : « contact_hours » manque sous tier dans segments.yaml (par exemple "
            "contact_hours: {gold: 2 h}).",
            "Hours: 'contact_hours' is missing under tier in segments.yaml (for example "
            "contact_hours: {gold: 2 h}).",
        )
    elif not any(book.capacity is not None for book in books):
        yield Text(
            "Charge : aucun plan en vigueur n'a de « time: {capacity: 32 h per week} ».",
            "Utilisation: no plan in force has 'time: {capacity: 32 h per week}'.",
        )


def _matrix(found: RulesPreview) -> None:
    """A row for each tier before, a column for each after; what stays is on the diagonal."""
    moved = {(each.before, each.after): each.accounts for each in found.tiers}
    used = {tier for pair in moved for tier in pair}
    known = found.labels.values(Owned.TIER)
    tiers = sorted(used, key=lambda tier: known.index(tier) if tier in known else len(known))
    names = [found.labels.tier(tier) for tier in tiers]
    table(
        Text("Niveaux", "Tiers"),
        [Text("avant ↓ après →", "before ↓ after →"), *(Text(name, name) for name in names)],
        [
            (name, *(moved.get((before, after), 0) or "" for after in tiers))
            for before, name in zip(tiers, names, strict=True)
        ],
    )


def _crossings(found: RulesPreview) -> Iterator[Text]:
    for words, some in (
        (Text("Entrent dans la portée", "Enter the scope"), found.entering),
        (Text("Sortent de la portée", "Leave the scope"), found.leaving),
    ):
        if some:
            told = ", ".join(_crossing(found, each) for each in some)
            yield Text(f"{words.fr} : {told}.", f"{words.en}: {told}.")


def _crossing(found: RulesPreview, each: Crossing) -> str:
    return f"{found.labels.tier(each.tier)} {number(each.accounts, language(), digits=0)}"


def _reps(found: RulesPreview, currency: str) -> None:
    table(
        Text("Par responsable, avant → après", "By owner, before → after"),
        [Text("Responsable", "Owner"), Text("Comptes", "Accounts"), Text("Déplacés", "Moved"),
         Text("Autre priorité", "Other priority"), Text("Potentiel", "Potential"),
         Text("Heures par semaine", "Hours per week"), Text("Charge", "Utilisation")],
        [_rep(each, currency) for each in found.reps],
    )  # fmt: skip


def _rep(each: RepOutlook, currency: str) -> tuple[object, ...]:
    pairs = [
        _arrow(words(each.before), words(each.after))
        for words in (_accounts, lambda book: _potential(book, currency), _hours, _utilisation)
    ]
    name = each.name or say(_NOBODY)
    return (name, pairs[0], each.moved, each.reprioritised, *pairs[1:])


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _accounts(book: Book) -> str:
    return number(book.accounts, language(), digits=0)


def _potential(book: Book, currency: str) -> str:
    if book.potential is None:
        return "–"
    return money(round(book.potential / 100) * 100, currency, language())


def _hours(book: Book) -> str:
    if book.hours is None:
        return "–"
    hours = f"{number(book.hours, language())} h"
    return hours if book.capacity is None else f"{hours} / {number(book.capacity, language())} h"


def _utilisation(book: Book) -> str:
    return "–" if book.utilisation is None else percent(book.utilisation, language())


def _priorities(found: RulesPreview) -> None:
    moves: list[Step] = [each for each in found.priorities if each.before != each.after]
    if moves:
        table(
            Text("Priorités", "Priorities"),
            [Text("Avant", "Before"), Text("Après", "After"), Text("Comptes", "Accounts")],
            [
                (found.labels.priority(each.before), found.labels.priority(each.after),
                 each.accounts)
                for each in sorted(moves, key=lambda each: -each.accounts)
            ],
        )  # fmt: skip


def _written(writes: Writes) -> Text:
    fields = ", ".join(f"{field} {count}" for field, count in writes.by_field.items())
    french, english = (
        counted(writes.waiting, Text("est due déjà", "is owed already"),
                Text("sont dues déjà", "are owed already"))
    )  # fmt: skip
    values, accounts = counts.values(writes.values), counts.accounts(writes.accounts)
    calls = counts.calls(writes.calls)
    return Text(
        f"Un push écrirait dans {writes.vendor} {values.fr} sur {accounts.fr} "
        f"({fields or 'rien'}), en {calls.fr} ; {french}.",
        f"A push would write {values.en} on {accounts.en} of {writes.vendor} "
        f"({fields or 'none'}), in {calls.en}; {english}.",
    )


def _moves(found: RulesPreview) -> None:
    if not found.moves:
        return
    table(
        Text("Les premiers comptes qui changent", "The first accounts that change"),
        [Text("Compte", "Account"), Text("Responsable", "Owner"), Text("Niveau", "Tier"),
         Text("Priorité", "Priority"), Text("Pourquoi avant", "Why before"),
         Text("Pourquoi après", "Why after")],
        [_move(found, each) for each in found.moves],
    )  # fmt: skip
    line(
        Text(
            "(--limit 0 pour tout voir, -o FICHIER.csv pour tout garder)",
            "(--limit 0 to see all, -o FILE.csv to keep all)",
        )
    )


def _move(found: RulesPreview, each: Move) -> tuple[str, ...]:
    labels = found.labels
    tiers = (
        labels.tier(each.tier_before, is_in_scope=each.was_in_scope),
        labels.tier(each.tier_after, is_in_scope=each.is_in_scope),
    )
    priorities = labels.priority(each.priority_before), labels.priority(each.priority_after)
    return (
        each.account, each.owner or "–", _arrow(*tiers), _arrow(*priorities),
        each.why_before or "–", each.why_after or "–",
    )  # fmt: skip
