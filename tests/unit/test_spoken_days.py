"""Days in SQL are said as `day_month` says them, in both languages."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Integer, create_engine, literal, select

from rules.language import Language, day_month
from rules.spoken_days import spoken_day
from rules.time import day_number


@pytest.mark.parametrize("language", list(Language))
def test_every_day_of_a_year_is_said_as_people_say_it(language: Language) -> None:
    days = [date(2028, 1, 1) + timedelta(each) for each in range(366)]
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        for start in range(0, 366, 61):
            some = days[start : start + 61]
            said = connection.execute(
                select(*(spoken_day(literal(day_number(day), Integer), language) for day in some))
            ).one()
            assert list(said) == [day_month(day, language) for day in some]
        unknown = select(spoken_day(literal(None, Integer), language))
        assert connection.execute(unknown).scalar_one() is None
    engine.dispose()
