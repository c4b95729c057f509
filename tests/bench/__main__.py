"""`make bench`: every race, as Markdown; the latest stands in docs/benchmarks.md."""

from tests.bench import pulling, tagging

for bench in (tagging, pulling):
    print(bench.run(), flush=True)  # noqa: T201 - the figures are the output
