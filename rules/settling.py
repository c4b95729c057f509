"""From the tier that the table gives to the one that an account gets, as layers of the SELECT.

The table *rates*. An account that holds a better tier keeps it where it falls short by no more
than the margin. Then each rep's best accounts take the seats of each capped tier, which says what
each account *deserves*. One that deserves less than it holds keeps that for some days, and none
changes in a freeze. Seats are then given once more, so that a cap stands whatever is kept: first to
what people imposed, then to those that hold the tier and deserve it, then to those that hold it,
then to newcomers. A person's decision stands above all.

Tiers are numbers here: 0 is the best, the number of tiers stands for no tier at all. To settle
again what was settled changes nothing: that is what lets a part of the accounts be evaluated alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    BindParameter,
    Boolean,
    Float,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import Text as TextType
from sqlalchemy.sql.expression import FromClause

from rules.budget import Cap
from rules.circumstances import GRACE
from rules.easing import EASED_TIER, increased
from rules.layers import fenced, nothing
from rules.owned import Owned
from rules.segments import Segments
from rules.terms import TODAY, Sql

IS_FROZEN: BindParameter[bool] = bindparam("is_frozen", value=False, type_=Boolean)
"""Whether no tier changes today."""

FREEZE_FLIP_ON: BindParameter[int | None] = bindparam("freeze_flip_on", value=None, type_=Integer)
"""In a freeze the first day after it, else the first day of the next one."""

RATED_TIER = "rated_tier"
SINCE = "settled since"


class SettledBy(StrEnum):
    """What settled a tier."""

    RULE = "rule"
    IMPOSED = "imposed"
    WAITING = "waiting"
    KEPT = "kept"
    FROZEN = "frozen"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class _Places:
    """The columns of a layer that say which tier an account has, step by step."""

    layer: FromClause

    def __getattr__(self, name: str) -> Sql:
        found: Sql = self.layer.c[f"{name} at"]
        return found


class Settling:
    """The settlement of one playbook."""

    def __init__(self, segments: Segments) -> None:
        self._budget = segments.budget
        self._order = list(segments.tier.choices)
        self._none = len(self._order)

    def settled(self, layer: FromClause) -> FromClause:
        """The layer with the tier, what settled it, and since when it is better than deserved.

        The layer has `rated_tier` and, where there is a margin, the eased tier.
        """
        imposed = case((layer.c.is_in_scope.is_(True), self._at(layer.c.imposed_tier, null())))
        if self._budget.is_trivial:
            tier = func.coalesce(self._tier(imposed), layer.c[RATED_TIER])
            by = case(
                (layer.c.is_in_scope.is_not(True), null()),
                (imposed.is_not(None), literal(SettledBy.IMPOSED.value, TextType)),
                else_=literal(SettledBy.RULE.value, TextType),
            )
            return fenced(
                select(
                    *layer.c, tier.label(Owned.TIER), cast(by, TextType).label("settled_by"),
                    nothing(Integer).label(SINCE),
                )
            )  # fmt: skip
        wide = self._based(layer, imposed)
        wide = self._seated(wide) if self._budget.caps else self._alone(wide)
        return self._told(wide)

    # What the table and the margin give.

    def _based(self, layer: FromClause, imposed: Sql) -> FromClause:
        rated = self._at(layer.c[RATED_TIER], self._number(self._none))
        before: Sql = case((layer.c.is_in_scope.is_(True), self._at(layer.c.tier_before, null())))
        first = fenced(
            select(
                *layer.c, imposed.label("imposed at"), rated.label("rated at"),
                before.label("before at"), *self._eased(layer),
            )
        )  # fmt: skip
        at = _Places(first)
        branches: list[tuple[Sql, Sql]] = [(at.imposed.is_not(None), at.imposed)]
        if EASED_TIER in layer.c:
            # Better than what the table gives, yet not better than what it gives with the margin.
            is_near = and_(at.before < at.rated, at.before >= at.eased)
            branches.append((is_near, at.before))
        return fenced(select(*first.c, case(*branches, else_=at.rated).label("base at")))

    def _eased(self, layer: FromClause) -> list[Sql]:
        if EASED_TIER not in layer.c:
            return []
        return [self._at(layer.c[EASED_TIER], self._number(self._none)).label("eased at")]

    # What is kept for some time.

    def _alone(self, wide: FromClause) -> FromClause:
        """Without caps, each account deserves what the table and the margin give."""
        columns = [each for each in wide.c if each.name != "base at"]
        deserving = fenced(select(*columns, wide.c["base at"].label("deserved at")))
        return fenced(select(*deserving.c, self._kept(deserving).label("final at")))

    def _kept(self, layer: FromClause) -> Sql:
        """The tier after the delay and the freeze."""
        at = _Places(layer)
        branches: list[tuple[Sql, Sql]] = [
            (at.imposed.is_not(None), at.imposed),
            (at.before.is_(None), at.deserved),
        ]
        if self._budget.freeze:
            branches.append((IS_FROZEN, at.before))
        if self._budget.after:
            branches.append((self._is_delayed(layer), at.before))
        return case(*branches, else_=at.deserved)

    def _is_delayed(self, layer: FromClause) -> Sql:
        at = _Places(layer)
        return and_(at.deserved > at.before, self._since(layer) + self._budget.after > TODAY)

    @staticmethod
    def _since(layer: FromClause) -> Sql:
        return func.coalesce(layer.c.lower_since_on, TODAY)

    # Seats.

    def _seated(self, wide: FromClause) -> FromClause:
        """The steps of those that may take part in a cap, then the others as they are anyway.

        Put one after the other, not joined: SQLite may take a joined layer for a small one, and
        read the whole of it for each account.
        """
        at = _Places(wide)
        capped = [self._order.index(cap.tier) for cap in self._budget.caps]
        takes_part = and_(
            wide.c.rep.is_not(None),
            wide.c.received_on.is_(None),
            or_(*(column == tier for column in (at.base, at.before) for tier in capped)),
        )
        score: Sql = cast(wide.c[self._budget.rank or ""], Float)
        marked = fenced(
            select(
                *(each for each in wide.c if each.name != "base at"),
                at.base.label("deserved at"),
                case((takes_part, score)).label("score"),
                case((takes_part, 1), else_=0).label("takes part"),
            )
        )
        part, others = (
            fenced(select(marked).where(marked.c["takes part"] == each)) for each in (1, 0)
        )
        for cap in self._budget.caps:
            part = self._with_seats(part, cap, "deserved at", is_last=False)
        part = fenced(select(*part.c, self._kept(part).label("final at")))
        if self._budget.has_delays:
            for cap in self._budget.caps:
                part = self._with_seats(part, cap, "final at", is_last=True)
        others = fenced(select(*others.c, self._kept(others).label("final at")))
        names = [each.name for each in others.c if each.name not in {"score", "takes part"}]
        both = union_all(*(select(*(each.c[name] for name in names)) for each in (part, others)))
        return fenced(select(both.subquery()))

    def _with_seats(self, part: FromClause, cap: Cap, name: str, *, is_last: bool) -> FromClause:
        """The same with a place of `name` that a cap allows."""
        tier = self._order.index(cap.tier)
        place = func.row_number().over(
            partition_by=[part.c.rep, part.c[name]],
            order_by=self._by_right(part, tier, is_last=is_last),
        )
        ranked = fenced(select(*part.c, place.label("place")))
        at = _Places(ranked)
        here = ranked.c[name]
        beyond: Sql = self._number(self._order.index(cap.overflow))
        # What is only kept falls to what there would be without.
        lower = at.deserved if is_last else at.rated
        fallen = case((lower > tier, lower), else_=beyond)
        is_out = and_(here == tier, at.imposed.is_(None), ranked.c.place > cap.limit)
        kept = [each for each in ranked.c if each.name not in {name, "place"}]
        return fenced(select(*kept, case((is_out, fallen), else_=here).label(name)))

    def _by_right(self, part: FromClause, tier: int, *, is_last: bool) -> list[Sql]:
        """Who comes first for the seats of a tier."""
        at = _Places(part)
        holds = at.before == tier
        rights: list[tuple[Sql, int]] = [(at.imposed.is_not(None), 0)]
        if is_last:
            rights += [(and_(holds, at.deserved == tier), 1), (holds, 2)]
        score: Sql = part.c.score
        if self._budget.margin:
            score = case((holds, increased(score, self._budget.margin)), else_=score)
        return [
            case(*rights, else_=3),
            case((part.c.score.is_(None), 1), else_=0),
            score.desc(),
            part.c.account_id,
        ]

    # What is told of it.

    def _told(self, wide: FromClause) -> FromClause:
        at = _Places(wide)
        since: Sql = nothing(Integer)
        if self._budget.after:
            is_kept = and_(at.imposed.is_(None), at.deserved > at.before, at.final == at.before)
            since = case((is_kept, self._since(wide)))
        columns = [each for each in wide.c if not each.name.endswith(" at")]
        dated = fenced(
            select(
                *columns, at.imposed, at.rated, at.deserved, at.final, since.label(SINCE),
                self._tier(at.final).label(Owned.TIER),
            )
        )  # fmt: skip
        return fenced(select(*dated.c, cast(self._settled_by(dated), TextType).label("settled_by")))

    def _settled_by(self, layer: FromClause) -> Sql:
        at = _Places(layer)
        branches: list[tuple[Sql, object]] = [
            (layer.c.is_in_scope.is_not(True), null()),
            (at.imposed.is_not(None), SettledBy.IMPOSED.value),
            (layer.c[SINCE] + self._budget.after > TODAY, SettledBy.KEPT.value),
        ]
        if self._budget.freeze:
            branches.append((and_(IS_FROZEN, at.final != at.deserved), SettledBy.FROZEN.value))
        branches += [
            (at.final > at.rated, SettledBy.WAITING.value),
            (at.final < at.rated, SettledBy.KEPT.value),
        ]
        if self._budget.caps:
            capped = [self._order.index(cap.tier) for cap in self._budget.caps]
            is_capped = or_(*(at.final == tier for tier in capped))
            is_received = and_(layer.c.received_on.is_not(None), is_capped)
            branches.append((is_received, SettledBy.RECEIVED.value))
        return case(*branches, else_=SettledBy.RULE.value)

    def flips(self, layer: FromClause) -> Sequence[Sql]:
        """The days on which what is settled may change by itself."""
        flips: list[Sql] = [layer.c.imposed_flip_on]
        if self._budget.after:
            flips.append(layer.c[SINCE] + self._budget.after)
        if self._budget.freeze:
            at = _Places(layer)
            flips.append(case((at.final != at.deserved, FREEZE_FLIP_ON)))
        if self._budget.caps:
            flips.append(layer.c.received_on + GRACE)
        return flips

    def _at(self, tier: Sql, otherwise: Sql) -> Sql:
        numbers = ((tier == value, self._number(each)) for each, value in enumerate(self._order))
        return case(*numbers, else_=otherwise)

    def _tier(self, at: Sql) -> Sql:
        values = ((at == each, literal(value, TextType)) for each, value in enumerate(self._order))
        return case(*values)

    @staticmethod
    def _number(place: int) -> Sql:
        return literal(place, Integer)
