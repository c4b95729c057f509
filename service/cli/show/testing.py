"""What `rules test` prints."""

from collections.abc import Sequence

from rules.examples import FILE
from rules.language import Text, counted
from rules.rulebook import Rulebook
from service.cli.edge import say
from service.cli.show.terminal import console, line
from service.examples import Failure

_EXAMPLE = Text("exemple", "example"), Text("exemples", "examples")


def tested(rulebook: Rulebook, failures: Sequence[Failure]) -> None:
    """Each expectation that is not met, then how many examples there are."""
    count = len(rulebook.examples)
    for failure in failures:
        issue = failure.issue
        text = f"{issue.file}:{issue.line}:{issue.column}: {say(issue.text)}"
        console.print(text, markup=False, soft_wrap=True)
    if not count:
        line(
            Text(
                f"Aucun exemple : écrivez-en dans {FILE}, et chaque publication les vérifiera.",
                f"No example: write some in {FILE}, and each publication will verify them.",
            )
        )
    elif failures:
        wrong = len({failure.example for failure in failures})
        told = counted(wrong, *_EXAMPLE)
        line(
            Text(
                f"Autre chose que prévu pour {told.fr}, sur {count} : corrigez la règle, ou "
                "l'exemple.",
                f"Something else than expected for {told.en}, of {count}: correct the rule, or the "
                "example.",
            )
        )
    else:
        told = counted(count, *_EXAMPLE)
        line(Text(f"{told.fr}, tout est comme prévu.", f"{told.en}, all as expected."))
