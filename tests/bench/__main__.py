"""`make bench`: every race, as Markdown; the latest stands in docs/benchmarks.md."""

from tests.bench import pulling, pushing, tagging

for bench in (tagging, pulling, pushing):
    print(bench.run(), flush=True)  # noqa: T201 - the figures are the output
