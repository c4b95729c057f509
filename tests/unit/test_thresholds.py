"""From when on a push is held: above a share and above a number, never at either."""

import pytest

from rules.located import Misfit
from rules.owned import Owned
from rules.thresholds import Mass, Threshold, Thresholds, read_by_field


def is_too_much(field: Owned, changed: int, holders: int, cleared: int = 0) -> bool:
    mass = Mass(field=field, holders=holders, changed=changed, cleared=cleared)
    return Thresholds().is_too_much(mass)


@pytest.mark.parametrize(
    ("field", "changed", "holders", "expected"),
    [
        (Owned.TIER, 51, 100, True),
        (Owned.TIER, 50, 100, False),  # not above 50 accounts
        (Owned.TIER, 60, 200, False),  # not above 30 %
        (Owned.TIER, 61, 200, True),
        (Owned.WHY, 61, 100, True),
        (Owned.WHY, 60, 100, False),  # what moves every week: not above 60 %
        (Owned.NEXT_CONTACT, 600, 1_000, False),
        (Owned.QUADRANT, 301, 1_000, True),
    ],
)
def test_a_share_and_a_number_must_both_be_passed(
    field: Owned,
    changed: int,
    holders: int,
    expected: bool,  # noqa: FBT001 - what is expected
) -> None:
    assert is_too_much(field, changed, holders) is expected


@pytest.mark.parametrize(
    ("cleared", "holders", "expected"),
    [(21, 200, True), (20, 100, False), (21, 210, False), (22, 210, True)],
)
def test_values_that_vanish_are_told_sooner(cleared: int, holders: int, expected: bool) -> None:  # noqa: FBT001 - what is expected
    assert is_too_much(Owned.WHY, cleared, holders, cleared) is expected


def test_a_field_may_have_a_threshold_of_its_own() -> None:
    own = read_by_field(" why=80%/200 , tier = 10 % / 20 ")
    assert own == {Owned.WHY: Threshold(80, 200), Owned.TIER: Threshold(10, 20)}
    thresholds = Thresholds(by_field=own)
    assert thresholds.of(Owned.WHY) == Threshold(80, 200)
    assert thresholds.of(Owned.PRIORITY) == Threshold(60, 50)
    assert read_by_field("") == {}


def test_at_a_hundred_percent_nothing_is_ever_held() -> None:
    assert not Threshold(100, 0).is_passed(1_000, 1_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("why=80", "« why=80 » n'est pas un seuil"),
        ("teir=10%/5", "« teir » n'est pas un champ d'Arpent (vouliez-vous dire « tier » ?)"),
    ],
)
def test_a_threshold_that_can_not_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(Misfit) as raised:
        read_by_field(text)
    assert said in raised.value.text.fr
