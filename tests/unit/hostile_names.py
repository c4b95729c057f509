"""Forty names that a CRM may hold and that no message may obey."""

RTL, LRI, PDI, ZERO = "\u202e", "\u2066", "\u2069", "\u200b"

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>',
    "</td></tr></table><h1>Gagné</h1>", "<a href='https://evil.example'>ici</a>",
    "&lt;b&gt;", "&amp;amp;", "&#60;script&#62;", "<!-- ", "]]>", "<style>*{display:none}</style>",
    "<!channel>", "<!here>", "<!everyone>", "<@U012AB3CD>", "<#C012AB3CD>",
    "<!subteam^S012AB|ops>", "<https://evil.example|Nordet>", "<mailto:a@evil.example|courriel>",
    "@channel", "@here", "@everyone", "#general",
    "[Nordet](https://evil.example)", "![x](https://evil.example/p.png)", "**gras**", "_it_ ~st~",
    "`code`", "```\ncode\n```", "# Titre", "> cité", "- liste\n- liste", "<at>Marc</at>",
    f"Nor{RTL}tedroN{LRI}x{PDI}", f"Nor{ZERO}det", "חברה בע״מ (שרון)", "شركة النور",
    "Érable 🍁👩‍👩‍👧‍👦", "Nordet\r\nBcc: x@evil.example\r\n\r\ncorps", "A" * 10_240,
]  # fmt: skip
