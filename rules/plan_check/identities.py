"""The identities that the numbers of a plan must keep, and what breaks them.

    opportunities × conversion = wins         wins × average won deal = revenue
    opportunities of a source ≤ its accounts × opportunities per account
    opportunities a month × average amount × months of cycle = pipeline      (Little's law)

Each function looks at one identity and returns what breaks it, with the number that would make it
true and ways to repair it. An identity with an unknown number in it is not looked at. Numbers that
the plan leaves free are taken at their most favourable, so that one wrong number breaks the
identity that it is in and not its neighbours; a measured one is taken at the favourable end of its
interval, so that chance alone breaks nothing.

Source of Little's law: J. D. C. Little, "A Proof for the Queuing Formula: L = λW", *Operations
Research* 9 (1961).
"""

from collections.abc import Iterator

from rules.language import Text
from rules.plan.terms import FindingName
from rules.plan_check.repairs import change as line
from rules.plan_check.repairs import (
    conversion,
    cycle,
    deal,
    moving,
    objective,
    opportunities,
    pipeline,
)
from rules.plan_check.terms import Terms
from rules.plan_check.values import (
    MONTH_DAYS,
    ROUNDING,
    STEADY,
    Finding,
    Kind,
    Provenance,
    Quantity,
    Repair,
    down,
    up,
)
from rules.plan_check.words import (
    amount,
    count,
    pace_of,
    share,
    told,
    written_number,
    written_share,
)

_DOLLAR, _TENTH, _THOUSANDTH = 100, 0.1, 0.001
_REPAIRS = 3


def identities(terms: Terms) -> Iterator[Finding]:
    """What breaks the identities of sales, in the order in which they build on each other."""
    for found in (revenue(terms), *accounts(terms), stock(terms)):
        if found is not None:
            yield found


def revenue(terms: Terms) -> Finding | None:
    """Opportunities × conversion × average won deal must make the objective."""
    opened, rate, won = terms.opportunities, terms.conversion, terms.deal
    if opened is None or rate is None or won is None:
        return None
    if terms.yearly * rate.highest * won.highest >= terms.objective * (1 - ROUNDING):
        return None
    made = terms.yearly * rate.value * won.value
    needed = terms.objective / (terms.yearly * rate.value)
    more = terms.monthly_for(terms.objective / (rate.value * won.value))
    better = terms.objective / (terms.yearly * won.value)
    repairs = [
        deal(terms, won, up(needed, _DOLLAR)),
        opportunities(terms, up(more, _TENTH)),
        conversion(terms, rate, up(better, _THOUSANDTH))
        if better <= 1
        else objective(terms, down(made, _DOLLAR)),
    ]
    return terms.found(
        FindingName.REVENUE_OUT_OF_REACH,
        ("objective",),
        _revenue_text(terms, rate, won, made=made, needed=needed, more=more),
        figures=[terms.goal, opened, rate, won],
        would_be=won.becoming(needed),
        repairs=repairs,
    )


def _revenue_text(
    terms: Terms, rate: Quantity, won: Quantity, *, made: float, needed: float, more: float
) -> Text:
    goal, makes = (amount(minor, terms.currency) for minor in (terms.objective, made))
    each, better = (amount(minor, terms.currency) for minor in (won.value, up(needed, _DOLLAR)))
    pace, yearly, share_won = pace_of(terms.pace), count(terms.yearly), told(rate, "")
    many = count(up(more, _TENTH))
    why = Text("", "")
    if won.provenance is Provenance.SUPPOSED:
        why = Text(
            " (le minimum d'une opportunité : la vente moyenne n'est ni déclarée, ni mesurée)",
            " (the least that an opportunity is worth: the average is neither declared nor "
            "measured)",
        )
    return Text(
        f"{yearly.fr} opportunités dans l'année ({pace.fr}) × {share_won.fr} × {each.fr}{why.fr} "
        f"font {makes.fr}, et l'objectif est de {goal.fr}. À {pace.fr}, il faut {better.fr} par "
        f"vente gagnée ; avec une vente moyenne de {each.fr}, il faudrait {many.fr} opportunités "
        "par mois.",
        f"{yearly.en} opportunities in the year ({pace.en}) × {share_won.en} × {each.en}{why.en} "
        f"make {makes.en}, and the objective is {goal.en}. At {pace.en}, each won deal must be "
        f"worth {better.en}; with an average deal of {each.en}, {many.en} opportunities a month "
        "would be needed.",
    )


def accounts(terms: Terms) -> Iterator[Finding]:
    """What a source must bring takes opportunities, and its accounts can open only so many."""
    for source, reach in terms.reach.items():
        known = terms.accounts.get(source)
        asked = terms.asked_of(source)
        if known is None or not asked or asked <= known.value * reach.value * (1 + ROUNDING):
            continue
        yield terms.found(
            FindingName.TOO_FEW_ACCOUNTS,
            ("accounts", source) if known.provenance is Provenance.DECLARED else ("sources",),
            _accounts_text(terms, source, asked, known, reach),
            figures=[
                Quantity(
                    name=f"sources.{source}", value=terms.sources[source], kind=Kind.MONEY
                ),
                Quantity(
                    name=f"opportunities.{source}", value=asked, kind=Kind.COUNT,
                    provenance=Provenance.SUPPOSED,
                ),
                known,
                reach,
            ],
            would_be=known.becoming(up(asked / reach.value)),
            repairs=_of_accounts(terms, source, asked, known, reach)[:_REPAIRS],
        )  # fmt: skip


def _accounts_text(
    terms: Terms, source: str, asked: float, known: Quantity, reach: Quantity
) -> Text:
    worth, needed = amount(terms.sources[source], terms.currency), count(up(asked), 0)
    have, limit = count(known.value, 0), share(reach.value)
    part = share(round(asked / known.value, 2)) if known.value else None
    of = Text(f" : {part.fr} d'entre eux", f": {part.en} of them") if part else Text("", "")
    return Text(
        f"« {source} » doit apporter {worth.fr} : il y faut {needed.fr} opportunités, pour "
        f"{have.fr} comptes{of.fr}, et {limit.fr} au plus en ouvrent une.",
        f"'{source}' must bring {worth.en}: that takes {needed.en} opportunities, from {have.en} "
        f"accounts{of.en}, and {limit.en} of them open one at most.",
    )


def _of_accounts(
    terms: Terms, source: str, asked: float, known: Quantity, reach: Quantity
) -> list[Repair]:
    wanted, cap = up(asked / reach.value), known.value * reach.value
    more = count(wanted, 0)
    found = [
        Repair(
            text=Text(f"{more.fr} comptes dans « {source} »", f"{more.en} accounts in '{source}'"),
            changes=[line(terms, ("accounts", source), written_number(wanted))],
        )
    ]
    rate = up(asked / known.value, _THOUSANDTH) if known.value else None
    if rate is not None and rate <= 1:
        said = share(rate)
        found.append(
            Repair(
                text=Text(
                    f"une opportunité pour {said.fr} des comptes, si l'expérience le permet",
                    f"an opportunity from {said.en} of the accounts, if experience bears it out",
                ),
                changes=[
                    line(terms, ("assumptions", "opportunities_per_account"), written_share(rate))
                ],
            )
        )
    found.append(moving(terms, source, down(terms.sources[source] * cap / asked, _DOLLAR)))
    if terms.conversion is not None and cap:
        minor = up(terms.sources[source] / (cap * terms.conversion.value), _DOLLAR)
        found.append(deal(terms, terms.deal or terms.supposed_deal(minor), minor))
    return found


def stock(terms: Terms) -> Finding | None:
    """The pipeline that the inflow holds, by Little's law, and the target for it."""
    opened, target, needed = terms.opportunities, terms.pipeline, terms.needed_deal
    each = terms.known_deal or needed
    if opened is None or target is None or each is None or not each.value:
        return None
    months = (terms.cycle.lowest / MONTH_DAYS, terms.cycle.highest / MONTH_DAYS)
    least = opened.value * each.lowest * months[0]
    most = opened.value * max(each.highest, needed.value if needed else 0) * months[1]
    if target.value < least * (1 - STEADY):
        return _below(terms, opened, target, each)
    if target.value > most * (1 + STEADY):
        larger = each if needed is None or each.value >= needed.value else needed
        return _above(terms, opened, target, larger)
    return None


def _stock_text(terms: Terms, target: Quantity, each: Quantity, held: float, then: Text) -> Text:
    size, holds, asked = (
        amount(minor, terms.currency) for minor in (each.value, held, target.value)
    )
    pace, months = pace_of(terms.pace), count(terms.cycle_months)
    why = Text("", "")
    if each.provenance is Provenance.SUPPOSED:
        why = Text(" (la vente que l'objectif demande)", " (the deal that the objective needs)")
    return Text(
        f"{pace.fr} × {size.fr}{why.fr} × {months.fr} mois de cycle tiennent un pipeline de "
        f"{holds.fr}, et la cible est de {asked.fr}. {then.fr}",
        f"{pace.en} × {size.en}{why.en} × {months.en} months of cycle hold a pipeline of "
        f"{holds.en}, and the target is {asked.en}. {then.en}",
    )


def _below(terms: Terms, opened: Quantity, target: Quantity, each: Quantity) -> Finding:
    held = opened.value * each.value * terms.cycle_months
    days = down(target.value / (opened.value * each.value) * MONTH_DAYS)
    fewer = down(target.value / (each.value * terms.cycle_months), _TENTH)
    smaller = down(target.value / (opened.value * terms.cycle_months), _DOLLAR)
    repairs = [pipeline(terms, up(held, _DOLLAR))]
    if days >= 1:
        repairs.append(cycle(terms, days))
    if fewer > 0:
        repairs.append(opportunities(terms, fewer, each))
    if smaller > 0:
        repairs.append(deal(terms, each, smaller))
    told_days = count(max(days, 1))
    then = Text(
        f"Cette cible ne va qu'avec un cycle de {told_days.fr} jours au plus.",
        f"This target only goes with a cycle of {told_days.en} days at most.",
    )
    name = FindingName.PIPELINE_BELOW_INFLOW
    return _of_stock(terms, name, (target, opened, each), then, repairs[:_REPAIRS])


def _above(terms: Terms, opened: Quantity, target: Quantity, each: Quantity) -> Finding:
    held = opened.value * each.value * terms.cycle_months
    days = up(target.value / (opened.value * each.value) * MONTH_DAYS)
    more = up(target.value / (each.value * terms.cycle_months), _TENTH)
    told_days = count(days)
    then = Text(
        f"Pour tenir cette cible, il faudrait un cycle de {told_days.fr} jours.",
        f"To hold this target, the cycle would have to be {told_days.en} days.",
    )
    repairs = [
        pipeline(terms, down(held, _DOLLAR)),
        cycle(terms, days),
        opportunities(terms, more, each),
    ]
    name = FindingName.PIPELINE_ABOVE_INFLOW
    return _of_stock(terms, name, (target, opened, each), then, repairs)


def _of_stock(
    terms: Terms,
    name: FindingName,
    figures: tuple[Quantity, Quantity, Quantity],
    then: Text,
    repairs: list[Repair],
) -> Finding:
    """What breaks Little's law: the target, the opportunities opened, the deal reckoned with."""
    target, opened, each = figures
    held = opened.value * each.value * terms.cycle_months
    return terms.found(
        name,
        ("targets", "active_pipeline"),
        _stock_text(terms, target, each, held, then),
        figures=[*figures, terms.cycle],
        would_be=target.becoming(held),
        repairs=repairs,
    )
