"""The CSV of Bulk API 2.0: every result quoted; uploads read whatever their line ending is."""

import csv
import io
from collections.abc import Iterable

from connectors.sandbox.salesforce.bulk_jobs import DELIMITERS, LINE_ENDINGS, Job


def printed_csv(job: Job, rows: Iterable[list[str]]) -> bytes:
    """Print rows, header first, as a job's delimiter and line ending say."""
    written = io.StringIO()
    ending = LINE_ENDINGS[job.line_ending]
    writer = csv.writer(
        written, delimiter=DELIMITERS[job.delimiter], quoting=csv.QUOTE_ALL, lineterminator=ending
    )
    writer.writerows(rows)
    return written.getvalue().encode()


def read_csv(job: Job) -> list[list[str]]:
    """Read what was uploaded; ValueError with a sentence when it is no CSV in UTF-8."""
    try:
        text = (job.uploaded or b"").decode("utf-8-sig")
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=DELIMITERS[job.delimiter], strict=True
        )
        return [row for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"InvalidBatch : Failed to parse CSV: {error}") from error
