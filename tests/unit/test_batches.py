"""How changes are cut in batches, and what is known of them once a batch has failed."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Change, Fatal, Outcome, Retriable, State, Unanswered
from connectors.batches import Numbered, Outcomes, cut, settled
from rules.language import Text

DOWN = Text(fr="Panne.", en="Down.")


def numbered(*names: object) -> list[Numbered]:
    return list(enumerate(Change(external_id=str(name), values={}) for name in names))


@given(names=st.lists(st.integers(0, 150), max_size=400))
def test_batches_keep_the_order_hold_so_many_and_never_repeat_a_record(names: list[int]) -> None:
    changes = numbered(*names)

    batches = cut(changes, 100)

    assert [one for batch in batches for one in batch] == changes
    for batch in batches:
        ids = [change.external_id for _, change in batch]
        assert 0 < len(ids) <= 100
        assert len(ids) == len(set(ids))


def test_a_change_that_goes_alone_closes_the_batch_before_it() -> None:
    batches = cut(
        numbered("a", "ALONE", "b", "c"), 100, lambda change: change.external_id.isupper()
    )

    assert [[place for place, _ in batch] for batch in batches] == [[0], [1], [2, 3]]


@pytest.mark.parametrize("error", [Retriable(DOWN), Unanswered(DOWN), Fatal(DOWN)])
def test_what_a_failed_batch_has_settled_is_kept_and_all_that_follows_is_unknown(
    error: Exception,
) -> None:
    def write(batch: Sequence[Numbered], outcomes: Outcomes) -> None:
        for place, change in batch:
            if change.external_id == "3":
                raise error
            outcomes[place] = Outcome(external_id=change.external_id, state=State.APPLIED)

    outcomes = settled(cut(numbered(*range(6)), 2), write)

    applied, unknown = State.APPLIED, State.UNKNOWN
    assert [outcomes[place].state for place in range(6)] == [applied] * 3 + [unknown] * 3
    assert outcomes[5].remedy == DOWN


def test_a_failure_before_anything_was_settled_is_raised() -> None:
    def write(_batch: Sequence[Numbered], _outcomes: Outcomes) -> None:
        raise Retriable(DOWN)

    with pytest.raises(Retriable):
        settled(cut(numbered("a", "b"), 1), write)
