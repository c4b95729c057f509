"""What `arpent undo` says of values that the CRM would not take yet."""

import pytest

from service.cli.show.undo import undone
from service.push_report import PushReport
from service.undo import UndoReport


@pytest.mark.parametrize("left", [0, 7])
def test_values_that_are_not_put_back_yet_are_said(
    capsys: pytest.CaptureFixture[str], left: int
) -> None:
    pushed = PushReport(run_id=14, owed=7, left=left, calls=1)

    report = UndoReport(crm="zoho", undone_run=5, run_id=14, pushed=pushed)

    undone(5, [report], limit=10)

    said = " ".join(capsys.readouterr().out.split())
    assert ("7 valeurs ne sont pas encore remises" in said) is bool(left)
    assert report.is_complete is not bool(left)
