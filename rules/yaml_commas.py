"""Decimal commas within braces, where YAML takes a comma for the end of an entry."""

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from rules.language import Text


def cut_in_two(mapping: MappingNode, value: Node, key: Node, nothing: Node) -> str | None:
    """The number as it was meant: `{USD: 1,37}` says 1 of USD, and nothing of 37.

    `value` is that of an entry, `key` and `nothing` are the entry after it. Whoever separates two
    entries leaves a space, and gives the second a value.
    """
    is_cut = (
        mapping.flow_style
        and _is_plain(value)
        and _is_plain(key)
        and _is_plain(nothing)
        and nothing.start_mark.index == nothing.end_mark.index
        and key.start_mark.index == value.end_mark.index + 1
        and value.value[-1:].isdigit()
        and key.value[:1].isdigit()
    )
    return f"{value.value},{key.value}" if is_cut else None


def told(whole: str) -> Text:
    """What to do about such a number."""
    point = whole.replace(",", ".")
    return Text(
        f"entre accolades, la virgule sépare : écrivez {point} ou '{whole}'",
        f"within braces a comma separates: write {point} or '{whole}'",
    )


def _is_plain(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.style is None
