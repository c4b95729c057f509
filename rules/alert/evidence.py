"""Why an alert exists: what was seen, what was expected, and the records behind it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from json import dumps, loads
from typing import Self

from rules.chance.deviations import State
from rules.language import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The figures of an alert and its records, kept with its episode. Days are ISO texts.

    Of a deviation: `observed`, `expected`, `low`, `high` and `missing` in `unit` (of a rate: ratios
    of `trials`, and `missing` things), over the `weeks` from `since` to `until`. Of a fact:
    `observed` records, of which `accounts` (id, name, tier) and `deals` (id, name) are the first;
    of a deviation, `accounts` are where to start. `items` are the ids of all records told, and
    `silenced` those that a person has answered for, or that were there before the first alert.
    `on_plan_since` is the Monday of the first look on plan in a row. `is_ended`: closed without
    having recovered, because it is no longer judged, or because another one goes on. `words`: the
    line, its details and its action, each in French and in English.
    """

    period: str
    kpi: str = ""
    definition: str = ""
    state: State = State.CONFIRMED
    unit: str = "count"
    weeks: int = 0
    since: str = ""
    until: str = ""
    observed: float = 0.0
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    missing: float = 0.0
    p: float = 1.0
    trials: int | None = None
    dispersion: float = 1.0
    accounts: Sequence[tuple[int, str, str]] = ()
    deals: Sequence[tuple[int, str]] = ()
    items: Sequence[int] = ()
    silenced: Sequence[int] = ()
    on_plan_since: str | None = None
    is_ended: bool = False
    words: Sequence[str] = ()

    @property
    def text(self) -> Text:
        """The line."""
        return self._words(0)

    @property
    def body(self) -> Text:
        """Its details."""
        return self._words(2)

    @property
    def action(self) -> Text | None:
        """The smallest action that would settle it; None where none is known."""
        action = self._words(4)
        return action if action.fr else None

    def worded(self, text: Text, body: Text, action: Text | None) -> Self:
        """The same evidence with these words."""
        return replace(self, words=(*text, *body, *(action or ("", ""))))

    def _words(self, at: int) -> Text:
        return Text(*(self.words[at : at + 2] or ("", "")))

    def to_json(self) -> str:
        """As a JSON text, its keys in order."""
        return dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> Self:
        """The evidence that `to_json` wrote."""
        data = loads(text)
        return cls(
            state=State(data.pop("state")),
            accounts=tuple((number, name, tier) for number, name, tier in data.pop("accounts")),
            deals=tuple((number, name) for number, name in data.pop("deals")),
            items=tuple(data.pop("items")),
            silenced=tuple(data.pop("silenced")),
            words=tuple(data.pop("words")),
            **data,
        )
