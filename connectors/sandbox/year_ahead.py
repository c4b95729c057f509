"""What people do after the day of a case: drawn from a seed, at the rates of a territory's plan.

Twelve opportunities of 10,000 dollars and more a month and a few smaller ones, about one in four
won; some eighteen calls, meetings and e-mails a week, most of them with the accounts that promise
most; four new accounts a month; now and then a potential that somebody corrects. What was open on
the day of the case goes on, and close dates that are past are moved. Nothing happens at weekends,
on Québec's holidays, in the two weeks of the construction holiday, nor from 24 December on.

The same seed gives the same acts. Every draw is made in the order of the days.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import exp
from random import Random
from types import MappingProxyType
from zoneinfo import ZoneInfo

from connectors.sandbox.csv_folder import CsvFolder
from connectors.sandbox.csv_table import Row
from connectors.sandbox.year import Act, Kind

YEAR_END = date(2026, 12, 31)
HOLIDAYS = frozenset(
    {date(2026, 7, 1), date(2026, 9, 7), date(2026, 10, 12), date(2026, 12, 24), date(2026, 12, 25)}
)
# The construction holiday: the last two whole weeks of July. Then from Christmas to New Year.
QUIET = ((date(2026, 7, 19), date(2026, 8, 1)), (date(2026, 12, 24), YEAR_END))
BUSINESS_DAYS_A_MONTH = 21
OPPORTUNITIES_A_MONTH = 12
SMALL_A_MONTH = 2
ACCOUNTS_A_MONTH = 4
CORRECTIONS_A_MONTH = 1
ACTIVITIES_A_DAY = 4.2
# The share of opportunities that are won, by where they come from.
CHANCES: Mapping[str, float] = MappingProxyType(
    {"Client existant": 0.35, "Nouveau client": 0.2, "Référence": 0.35}
)
REFERRED = 0.07
# The share of meetings that are with partners, who send referrals and buy nothing.
PARTNERS = 0.12
# Of calls, of meetings, of e-mails: answered, not missed, written rather than received.
ANSWERED, ATTENDED, WRITTEN = 0.78, 0.91, 0.7
SMALLEST = 10_000
_STAGES = ("Qualification", "Découverte", "Proposition", "Négociation")
_WON, _LOST = "Gagnée", "Perdue"
# How far a lost one comes, as in the case: most never see a proposal.
_LOST_AFTER = (30, 30, 25, 15)
# Days in each stage.
_PACE = ((5, 14), (8, 20), (10, 24), (7, 21))
_REASONS = ("Prix", "Concurrent", "Projet reporté", "Pas de réponse", "Budget coupé")
_PRODUCTS = ("Planification", "Traçabilité", "Maintenance", "Services-conseils")
_KINDS: Sequence[Kind] = ("email", "call", "meeting", "note")
_SHARES = (40, 36, 18, 6)
_SECTORS = ("Fabrication", "Construction", "Distribution", "Services professionnels", "Transport")
_REGIONS = ("Montérégie", "Laurentides", "Estrie", "Mauricie", "Chaudière-Appalaches", "Laval")
_TRADES = ("Usinage", "Excavation", "Entreposage", "Conseil", "Emballage", "Menuiserie", "Métaux")
_PLACES = ("Rive", "Côte", "Rang", "Anse", "Plateau", "Coulée", "Butte", "Grange")
_OF = ("aux-Érables", "du-Tonnelier", "des-Hérons", "aux-Aulnes", "du-Charron", "des-Merles")
_FIRST = ("Julie", "Martin", "Sylvie", "Karim", "Nathalie", "Simon", "Amélie", "Hoang")
_LAST = ("Bélanger", "Tremblay", "Nguyen", "Côté", "Haddad", "Gauthier", "Pelletier", "Roy")
_CYCLES = ("court", "moyen", "long")
# By the worth of an account to its rep: how often it is called.
_WEIGHTS = ((500_000, 9), (100_000, 6), (0, 1))
_CLIENT_WEIGHT = 2
_CUSTOMER, _PARTNER = "customer", "other"


@dataclass(slots=True)
class _Account:
    key: str
    name: str
    potential: int
    kind: str
    owner: str
    contacts: list[str] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """How much it draws its rep."""
        own = next(weight for least, weight in _WEIGHTS if self.potential >= least)
        return own * (_CLIENT_WEIGHT if self.kind == _CUSTOMER else 1)


class Ahead:
    """What follows the case of a folder, until the end of the year."""

    def __init__(self, files: CsvFolder, *, zone: ZoneInfo, since: datetime, seed: int) -> None:
        self._files = files
        self._zone = zone
        self._since = since
        # Drawn for a story, not for a secret.
        self._draw = Random(seed)  # noqa: S311 - a seed must repeat it
        known = _accounts(files)
        self._accounts = [account for account in known if account.kind != _PARTNER]
        self._partners = [account for account in known if account.kind == _PARTNER]
        self._next = {
            "account": 29_001,
            "contact": 39_001,
            "opportunity": 49_001,
            "activity": 59_001,
        }
        self._acts: list[Act] = []

    def acts(self) -> list[Act]:
        """Everything that people do until the end of the year, in order."""
        self._go_on()
        self._meet_as_planned()
        for day in self._business_days(self._since.date()):
            for _ in range(self._number(ACCOUNTS_A_MONTH / BUSINESS_DAYS_A_MONTH)):
                self._find_account(day)
            for _ in range(self._number(OPPORTUNITIES_A_MONTH / BUSINESS_DAYS_A_MONTH)):
                self._open(day, self._amount())
            for _ in range(self._number(SMALL_A_MONTH / BUSINESS_DAYS_A_MONTH)):
                self._open(day, self._draw.randrange(3_000, SMALLEST, 500))
            for _ in range(self._number(CORRECTIONS_A_MONTH / BUSINESS_DAYS_A_MONTH)):
                self._correct(day)
            for number in range(self._number(ACTIVITIES_A_DAY)):
                self._do(day, number)
        return sorted(self._acts, key=lambda act: act.at)

    def _go_on(self) -> None:
        """What was open goes on; close dates that are past are moved in the first days."""
        first = self._business_days(self._since.date())
        days = [next(first) for _ in range(5)]
        for number, row in enumerate(self._open_ones()):
            stage = _STAGES.index(row.text("stage"))
            closes = date.fromisoformat(row.text("close_date"))
            is_late = closes < self._since.date()
            day = days[number % len(days)]
            if is_late:
                closes = day + timedelta(days=self._draw.randint(30, 75))
                cells = {"close_date": closes.isoformat()}
                self._add(day, time(9, number), "opportunity", row.text("id"), cells)
            if closes <= YEAR_END:
                self._walk(row.text("id"), row.text("account_id"), day, stage, row.text("source"))

    def _open_ones(self) -> Iterator[Row]:
        return (row for row in self._files.opportunities.rows if not row.flag("is_closed"))

    def _meet_as_planned(self) -> None:
        """The meetings that the case has planned take place."""
        for row in self._files.activities.rows:
            moment = row.moment("timestamp")
            if isinstance(moment, datetime) and moment >= self._since:
                at = moment.astimezone(self._zone) + timedelta(hours=1)
                cells = {"status": "COMPLETED"}
                self._acts.append(Act(at=at, kind="meeting", key=row.text("id"), cells=cells))

    def _find_account(self, day: date) -> None:
        draw, key = self._draw, self._key("account")
        name = f"{draw.choice(_TRADES)} {draw.choice(_PLACES)}-{draw.choice(_OF)}"
        potential = draw.choice((40_000, 60_000, 85_000, 120_000, 160_000))
        owner = self._accounts[0].owner
        found = _Account(key, name, potential, "lead", owner)
        cells = {
            "name": name, "owner_id": owner, "industry": draw.choice(_SECTORS),
            "region": draw.choice(_REGIONS), "segment": "PME",
            "numberofemployees": str(draw.randrange(12, 200)), "lifecyclestage": "lead",
            "type": "PROSPECT", "potentiel_annuel": str(potential),
            "cycle_de_vente": draw.choice(_CYCLES),
        }  # fmt: skip
        self._add(day, time(7, 30), "account", key, cells, is_new=True)
        person = self._key("contact")
        who = {
            "name": f"{draw.choice(_FIRST)} {draw.choice(_LAST)}", "account_id": key,
            "hs_buying_role": "DECISION_MAKER",
        }  # fmt: skip
        self._add(day, time(7, 45), "contact", person, who, is_new=True)
        found.contacts.append(person)
        self._accounts.append(found)

    def _open(self, day: date, amount: int) -> None:
        """Somebody finds an opportunity, and works on it until it is won or lost."""
        draw, account = self._draw, self._chosen()
        source = "Client existant" if account.kind == _CUSTOMER else "Nouveau client"
        if account.kind != _CUSTOMER and draw.random() < REFERRED:
            source = "Référence"
        key, product = self._key("opportunity"), draw.choice(_PRODUCTS)
        closes = day + timedelta(days=draw.randint(40, 110))
        cells = {
            "name": f"{product} 2026 – {account.name}", "account_id": account.key,
            "owner_id": account.owner, "stage": _STAGES[0], "amount": str(amount),
            "currency": "CAD", "close_date": closes.isoformat(), "product": product,
            "source": source,
        }  # fmt: skip
        self._add(day, time(8), "opportunity", key, cells, is_new=True)
        self._walk(key, account.key, day, 0, source)

    def _walk(self, key: str, account: str, day: date, stage: int, source: str) -> None:
        """The stages that an opportunity enters from a day on, and its end, this year's ones."""
        draw = self._draw
        is_won = draw.random() < CHANCES[source]
        last = len(_STAGES) - 1
        if not is_won:
            last = max(stage, draw.choices(range(len(_STAGES)), _LOST_AFTER)[0])
        for number in range(stage, last + 1):
            day = self._after(day, draw.randint(*_PACE[number]))
            if day > YEAR_END:
                return
            if number < last:
                cells = {"stage": _STAGES[number + 1]}
                self._add(day, time(15), "opportunity", key, cells)
        ended = {"stage": _WON if is_won else _LOST, "close_date": day.isoformat()}
        if not is_won:
            ended["loss_reason"] = draw.choice(_REASONS)
        self._add(day, time(15), "opportunity", key, ended)
        if is_won:
            self._add(day, time(16, 30), "account", account, {"lifecyclestage": _CUSTOMER})

    def _correct(self, day: date) -> None:
        """Somebody learns that an account is worth more, or less, than was thought."""
        account = self._draw.choice(self._accounts)
        account.potential = 1_000 * round(
            account.potential * self._draw.choice((0.8, 1.25, 1.5)) / 1_000
        )
        cells = {"potentiel_annuel": str(account.potential)}
        self._add(day, time(11), "account", account.key, cells)

    def _do(self, day: date, number: int) -> None:
        """A call, a meeting, an e-mail or a note."""
        draw, account = self._draw, self._chosen()
        kind = draw.choices(_KINDS, _SHARES)[0]
        if kind == "meeting" and draw.random() < PARTNERS:
            account = draw.choice(self._partners)
        hour = time(8 + draw.randrange(9), 5 * draw.randrange(12), number)
        at = datetime.combine(day, hour, tzinfo=self._zone)
        cells = {
            "type": kind, "account_id": account.key, "owner_id": account.owner,
            "timestamp": at.isoformat(), **self._outcome(kind),
        }  # fmt: skip
        if account.contacts:
            cells["contact_id"] = draw.choice(account.contacts)
        key = self._key("activity")
        self._acts.append(Act(at=at, kind=kind, key=key, cells=cells, is_new=True))

    def _outcome(self, kind: Kind) -> dict[str, str]:
        draw = self._draw
        match kind:
            case "call":
                status = "COMPLETED" if draw.random() < ANSWERED else "NO_ANSWER"
                return {"status": status, "direction": "OUTBOUND"}
            case "meeting":
                return {"status": "COMPLETED" if draw.random() < ATTENDED else "NO_SHOW"}
            case "email":
                return {"direction": "EMAIL" if draw.random() < WRITTEN else "INCOMING_EMAIL"}
            case _:
                return {}

    def _chosen(self) -> _Account:
        weights = [account.weight for account in self._accounts]
        return self._draw.choices(self._accounts, weights)[0]

    def _amount(self) -> int:
        """From 10,000 up, half of them under 29,000, about 33,000 on average."""
        return max(SMALLEST, 500 * round(self._draw.lognormvariate(10.27, 0.5) / 500))

    def _number(self, expected: float) -> int:
        """How many come in a day, where so many are expected: a Poisson draw."""
        limit, number, product = exp(-expected), 0, self._draw.random()
        while product > limit:
            number += 1
            product *= self._draw.random()
        return number

    def _key(self, kind: str) -> str:
        self._next[kind] += 1
        return str(self._next[kind])

    def _add(
        self,
        day: date,
        hour: time,
        kind: Kind,
        key: str,
        cells: Mapping[str, str],
        *,
        is_new: bool = False,
    ) -> None:
        at = datetime.combine(day, hour, tzinfo=self._zone)
        self._acts.append(Act(at=at, kind=kind, key=key, cells=cells, is_new=is_new))

    def _business_days(self, first: date) -> Iterator[date]:
        day = first
        while day <= YEAR_END:
            if is_worked(day):
                yield day
            day += timedelta(days=1)

    def _after(self, day: date, days: int) -> date:
        """The first business day from so many days on."""
        day += timedelta(days=days)
        while day <= YEAR_END and not is_worked(day):
            day += timedelta(days=1)
        return day


def is_worked(day: date) -> bool:
    """Whether anybody is at work on a day."""
    is_quiet = any(first <= day <= last for first, last in QUIET)
    return day.weekday() < 5 and day not in HOLIDAYS and not is_quiet  # noqa: PLR2004 - Saturday


def _accounts(files: CsvFolder) -> list[_Account]:
    """The accounts that somebody follows, in the order of the file."""
    contacts: dict[str, list[str]] = {}
    for row in files.contacts.rows:
        contacts.setdefault(row.text("account_id"), []).append(row.text("id"))
    return [
        _Account(
            row.text("id"), row.text("name"), int(row.text("potentiel_annuel") or 0),
            row.text("lifecyclestage"), row.text("owner_id"), contacts.get(row.text("id"), []),
        )
        for row in files.accounts.rows
        if row.text("owner_id")
    ]  # fmt: skip
