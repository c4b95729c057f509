"""The SQL that somebody would write by hand for exactly the KPIs of the benchmark, for one week.

The same figures come out of it as out of the product; `tests.bench.kpis` checks that before the
race. Days are numbers, money is cents; `:first` to `:as_of` is the week.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

# (rep, KPI, member) → value, numerator, denominator; what is not compared is None.
Cell = tuple[float | None, float | None, float | None]
Cells = dict[tuple[str, str, str], Cell]

_DEALS = """
WITH d AS (
  SELECT w.rep_key AS rep, s.kind, s.probability, o.team_amount AS amount, o.created_on,
         o.closes_on, o.team_peak_amount AS peak,
         CASE WHEN t.tier IN ('gold', 'silver') THEN 1 ELSE 0 END AS prior,
         s.kind = 'won' AND o.closes_on BETWEEN :first AND :as_of AS is_won,
         s.kind = 'open' AND o.closes_on BETWEEN :as_of AND :as_of + 180 AS is_open,
         s.kind <> 'open' AND o.closes_on BETWEEN :as_of - 89 AND :as_of AS is_closed
  FROM opportunity o
  JOIN owner w ON w.id = o.owner_id JOIN stage s ON s.id = o.stage_id
  LEFT JOIN link l ON l.from_id = o.id AND l.relation = 'opportunity_account' AND l.is_primary
  LEFT JOIN account a ON a.id = l.to_id AND a.archived_at IS NULL
  LEFT JOIN tag t ON t.account_id = a.id
  WHERE o.archived_at IS NULL AND w.rep_key IS NOT NULL)
SELECT rep,
  sum(CASE WHEN is_won THEN amount END) AS revenue,
  count(CASE WHEN is_won THEN amount END) AS known_won,
  count(CASE WHEN is_won THEN 1 END) AS won,
  sum(CASE WHEN is_won AND prior = 1 THEN amount END) AS prior_revenue,
  count(CASE WHEN is_won AND prior = 1 THEN 1 END) AS prior_won,
  sum(CASE WHEN is_won THEN amount * 1.0 * amount END) AS squares,
  count(CASE WHEN created_on BETWEEN :first AND :as_of AND (amount >= 1000000 OR peak >= 1000000)
      THEN 1 END) AS opened,
  count(CASE WHEN is_closed AND kind = 'won' THEN 1 END) AS converted,
  count(CASE WHEN is_closed THEN 1 END) AS closed,
  sum(CASE WHEN is_open THEN amount END) AS active,
  count(CASE WHEN is_open THEN amount END) AS known_active,
  count(CASE WHEN is_open THEN 1 END) AS every_active,
  sum(CASE WHEN is_open THEN amount * probability END) AS weighted
FROM d GROUP BY rep
"""
_PROPOSALS = """
SELECT w.rep_key, count(*) FROM (
  SELECT entity_id, min(valid_from_on) AS entered_on FROM history
  WHERE kind = 'opportunity' AND field = 'stage_id'
    AND value IN (SELECT CAST(id AS TEXT) FROM stage WHERE label = 'Proposition')
  GROUP BY entity_id) h
JOIN opportunity o ON o.id = h.entity_id JOIN owner w ON w.id = o.owner_id
WHERE h.entered_on BETWEEN :first AND :as_of AND o.archived_at IS NULL AND w.rep_key IS NOT NULL
GROUP BY w.rep_key
"""
_PASSAGE = """
WITH e AS (
  SELECT DISTINCT h.entity_id, s.label, s.position
  FROM history h JOIN stage s ON s.id = CAST(h.value AS BIGINT)
  WHERE h.kind = 'opportunity' AND h.field = 'stage_id' AND s.kind = 'open'
    AND h.valid_from_on BETWEEN :as_of - 364 AND :as_of),
d AS (
  SELECT w.rep_key, e.label, now.kind, now.kind = 'won' OR EXISTS (
      SELECT 1 FROM history h JOIN stage s ON s.id = CAST(h.value AS BIGINT)
      WHERE h.kind = 'opportunity' AND h.entity_id = o.id AND h.field = 'stage_id'
        AND s.kind = 'open' AND s.position > e.position) AS went_on
  FROM e JOIN opportunity o ON o.id = e.entity_id
  JOIN owner w ON w.id = o.owner_id JOIN stage now ON now.id = o.stage_id
  WHERE o.archived_at IS NULL AND w.rep_key IS NOT NULL)
SELECT rep_key, label, count(CASE WHEN went_on THEN 1 END),
  count(CASE WHEN went_on OR kind <> 'open' THEN 1 END)
FROM d GROUP BY rep_key, label
"""
_CYCLES = """
SELECT rep, days, event, count(*) FROM (
  SELECT w.rep_key AS rep,
    CASE WHEN s.kind = 'open' OR o.closes_on > :as_of THEN :as_of - o.created_on
         WHEN o.closes_on < o.created_on THEN 0 ELSE o.closes_on - o.created_on END AS days,
    CASE WHEN s.kind = 'open' OR o.closes_on > :as_of THEN 'censored' ELSE s.kind END AS event
  FROM opportunity o JOIN owner w ON w.id = o.owner_id JOIN stage s ON s.id = o.stage_id
  WHERE o.archived_at IS NULL AND w.rep_key IS NOT NULL
    AND o.created_on BETWEEN :as_of - 729 AND :as_of
    AND (s.kind = 'open' OR o.closes_on IS NOT NULL)) d
GROUP BY rep, days, event
"""
_ACCOUNTS = """
WITH c AS (
  SELECT l.to_id AS id, max(CASE WHEN v.happened_on < :first THEN v.happened_on END) AS before_on,
         max(CASE WHEN v.happened_on >= :first THEN v.happened_on END) AS within_on,
         max(v.happened_on) AS last_on
  FROM link l JOIN activity v ON v.id = l.from_id
  WHERE l.relation = 'activity_account' AND v.is_contact AND v.archived_at IS NULL
    AND v.happened_on <= :as_of
  GROUP BY l.to_id),
p AS (
  SELECT l.to_id AS id, sum(o.team_amount) AS won
  FROM opportunity o JOIN stage s ON s.id = o.stage_id
  JOIN link l ON l.from_id = o.id AND l.relation = 'opportunity_account' AND l.is_primary
  WHERE o.archived_at IS NULL AND s.kind = 'won' AND o.closes_on BETWEEN :as_of - 364 AND :as_of
  GROUP BY l.to_id),
b AS (
  SELECT w.rep_key AS rep, CASE t.tier WHEN 'gold' THEN 14 WHEN 'silver' THEN 30 END AS days,
         c.before_on, c.within_on, c.last_on, p.won,
         CASE WHEN t.is_in_scope AND a.{potential} > 0 THEN a.{potential} END AS potential
  FROM account a JOIN owner w ON w.id = a.owner_id LEFT JOIN tag t ON t.account_id = a.id
  LEFT JOIN c ON c.id = a.id LEFT JOIN p ON p.id = a.id
  WHERE a.archived_at IS NULL AND w.rep_key IS NOT NULL)
SELECT rep,
  count(CASE WHEN days IS NOT NULL AND (before_on IS NULL OR before_on + days <= :last)
        AND within_on IS NOT NULL THEN 1 END),
  count(CASE WHEN days IS NOT NULL AND (before_on IS NULL OR before_on + days <= :last) THEN 1 END),
  count(CASE WHEN last_on + days >= :as_of THEN 1 END),
  count(days),
  coalesce(sum(CASE WHEN potential IS NOT NULL THEN won END), 0),
  sum(potential)
FROM b GROUP BY rep
"""
_EFFORT = """
WITH v AS (
  SELECT v.id, v.kind, w.rep_key AS rep,
    max(CASE WHEN a.{sort} = 'client' THEN 1 ELSE 0 END) AS client,
    max(CASE WHEN a.{sort} = 'prospect' THEN 1 ELSE 0 END) AS prospect,
    max(CASE WHEN t.tier = 'gold' THEN 1 ELSE 0 END) AS gold,
    max(CASE WHEN t.tier IN ('gold', 'silver') THEN 1 ELSE 0 END) AS prior
  FROM activity v JOIN owner w ON w.id = v.owner_id
  LEFT JOIN link l ON l.from_id = v.id AND l.relation = 'activity_account'
  LEFT JOIN account a ON a.id = l.to_id AND a.archived_at IS NULL
  LEFT JOIN tag t ON t.account_id = a.id
  WHERE v.archived_at IS NULL AND w.rep_key IS NOT NULL AND (v.is_contact OR v.kind = 'note')
    AND v.happened_on BETWEEN :first AND :as_of
  GROUP BY v.id, v.kind, w.rep_key),
h AS (
  SELECT *, CASE kind WHEN 'meeting' THEN 2.0 WHEN 'call' THEN 0.5 ELSE 0.25 END AS hours FROM v)
SELECT rep, count(CASE WHEN kind = 'call' AND client = 1 THEN 1 END),
  count(CASE WHEN kind = 'meeting' THEN 1 END), sum(hours),
  sum(CASE WHEN gold = 1 THEN hours ELSE 0 END),
  sum(CASE WHEN gold = 0 AND client = 1 THEN hours ELSE 0 END),
  sum(CASE WHEN gold = 0 AND client = 0 AND prospect = 1 THEN hours ELSE 0 END),
  sum(CASE WHEN prior = 1 THEN hours ELSE 0 END)
FROM h GROUP BY rep
"""
STATEMENTS = 6


def figures(connection: Connection, slots: Mapping[str, str], days: Mapping[str, int]) -> Cells:
    """Every KPI of a week for every rep, in six statements; `slots` are columns of accounts."""
    found: Cells = {}

    def rows(statement: str) -> list[Any]:
        return list(connection.execute(text(statement.format(**slots)), days))

    for row in rows(_DEALS):
        _deals(found, row)
    for rep, count in rows(_PROPOSALS):
        found[rep, "proposals", ""] = (count, None, None)
    for rep, label, on, known in rows(_PASSAGE):
        if known:
            found[rep, "stage_conversion", label] = (on / known, on, known)
    cycles: dict[str, list[tuple[int, str, int]]] = {}
    for rep, length, event, count in rows(_CYCLES):
        cycles.setdefault(rep, []).append((length, event, count))
    for rep, lengths in cycles.items():
        found[rep, "sales_cycle", ""] = _median(lengths)
    for row in rows(_ACCOUNTS):
        _accounts(found, row)
    for row in rows(_EFFORT):
        _effort(found, row)
    return found


def _deals(found: Cells, row: Any) -> None:
    rep = row.rep
    found[rep, "revenue_won", ""] = (_sum(row.revenue, row.won), row.known_won, row.won)
    share = float(row.prior_revenue or 0) / float(row.revenue) if row.revenue else None
    found[rep, "priority_revenue", ""] = (share, None, None)
    found[rep, "plan_wins", ""] = (row.prior_won, None, row.won)
    found[rep, "plan_revenue", ""] = (_sum(row.prior_revenue, row.prior_won), None, row.prior_won)
    found[rep, "opportunities_opened", ""] = (row.opened, None, None)
    rate = row.converted / row.closed if row.closed else None
    found[rep, "conversion_rate", ""] = (rate, row.converted, row.closed)
    known, every = row.known_active, row.every_active
    found[rep, "active_pipeline", ""] = (_sum(row.active, every), known, every)
    found[rep, "weighted_pipeline", ""] = (_sum(row.weighted, every), known, every)


def _accounts(found: Cells, row: Any) -> None:
    rep, contacted, due, covered, every, won, potential = row
    found[rep, "priority_contacted", ""] = (_share(contacted, due), contacted, due)
    found[rep, "priority_covered", ""] = (_share(covered, every), covered, every)
    captured = _share(won, potential)
    found[rep, "potential_captured", ""] = (captured, won, potential)


def _effort(found: Cells, row: Any) -> None:
    rep, calls, meetings, whole, *groups, prior = row
    found[rep, "activities", "client_calls"] = (calls, None, None)
    found[rep, "activities", "meetings"] = (meetings, None, None)
    for name, hours in zip(("strategic", "existing", "prospects"), groups, strict=True):
        found[rep, "time_share", name] = (_share(hours, whole), hours, whole)
    found[rep, "priority_time", ""] = (_share(prior, whole), prior, whole)


def _sum(total: float | None, count: int) -> float | None:
    """A sum over no record is 0; over records that are all unknown it is none."""
    return total if total is not None or count else 0


def _share(part: float | None, whole: float | None) -> float | None:
    return float(part or 0) / float(whole) if whole else None


def _median(lengths: list[tuple[int, str, int]]) -> Cell:
    """By Aalen and Johansen, from how many ended how after how many days."""
    at_risk = every = sum(count for *_, count in lengths)
    won = sum(count for _, event, count in lengths if event == "won")
    ends: dict[int, dict[str, int]] = {}
    for length, event, count in lengths:
        ends.setdefault(length, {})[event] = count
    surviving, incidence, curve = 1.0, 0.0, []
    for length in sorted(ends):
        here = ends[length]
        wins, losses = here.get("won", 0), here.get("lost", 0)
        incidence += surviving * wins / at_risk
        surviving *= 1 - (wins + losses) / at_risk
        at_risk -= sum(here.values())
        curve.append((length, incidence))
    half = incidence / 2 - 1e-12
    median = next((length for length, height in curve if height >= half), None) if won else None
    return median, won, every
