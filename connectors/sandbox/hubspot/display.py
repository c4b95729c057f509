"""Values as people read them: labels of choices, names of owners, dates and money in a language."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

from connectors.sandbox.clock import epoch_milliseconds, from_milliseconds
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.standard import readable
from connectors.sandbox.hubspot.words import LOCALES, has_word, word

_MONEY = frozenset({"amount", "amount_in_home_currency", "annualrevenue"})
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "ul", "ol", "h1", "h2", "h3"})
_CODE = frozenset({"script", "style"})


class Display:
    """Prints the values of one portal in one language."""

    def __init__(self, portal: Portal, language: str) -> None:
        self._portal = portal
        self.language = language
        self._locale = LOCALES[language]

    def word(self, key: str, **fills: object) -> str:
        """Return a word of the page."""
        return word(key, self.language).format(**fills)

    def count(self, key: str, number: int) -> str:
        """Return a number with its noun; in French zero is singular."""
        is_one = number == 1 or (number == 0 and self.language == "fr")
        return self.word(f"{key}_one" if is_one else key, count=number)

    def label(self, definition: JsonObject) -> str:
        """Return a property's label; HubSpot's own properties speak the page's language."""
        name: str = definition["name"]
        name = "province" if name == "state" else name
        # A label that somebody chose is shown as chosen.
        is_translated = has_word(name) and definition["label"] == readable(definition["name"])
        return word(name, self.language) if is_translated else str(definition["label"])

    def value(self, definition: JsonObject, text: str | None, currency: str = "") -> str:
        """Return a value as people read it; empty when there is none."""
        if not text:
            return ""
        if definition["name"] == "hubspot_owner_id":
            return self.owner(text)
        if definition["name"] in _MONEY:
            return self.money(text, currency or self._portal.account.currency)
        match definition["type"]:
            case "enumeration" | "bool":
                shown = self._choices(definition, text)
            case "number":
                shown = self._number(text)
            case "date" | "datetime":
                shown = self.day(text)
            case _:
                shown = text_of(text) if definition["fieldType"] == "html" else text
        return shown

    def _choices(self, definition: JsonObject, text: str) -> str:
        labels = {row["value"]: row["label"] for row in definition["options"]}
        parts = [part for part in text.split(";") if part]
        return ", ".join(
            word(part, self.language)
            if definition["hubspotDefined"] and has_word(part)
            else labels.get(part, part)
            for part in parts
        )

    def _number(self, text: str) -> str:
        try:
            return format_decimal(Decimal(text), locale=self._locale)
        except InvalidOperation:
            return text

    def money(self, text: str | None, currency: str) -> str:
        """Return an amount in its currency."""
        if not text:
            return ""
        try:
            amount = Decimal(text)
        except InvalidOperation:
            return text
        pattern = Locale.parse(self._locale).currency_formats["standard"].pattern
        if amount == amount.to_integral_value():
            # Whole amounts are read more easily without cents.
            pattern = pattern.replace(".00", "")
        return format_currency(
            amount, currency, pattern, locale=self._locale, currency_digits=False
        )

    def owner(self, owner_id: str | None) -> str:
        """Return an owner's name."""
        owner = self._portal.state.owners.get(owner_id or "")
        if owner is None:
            return self.word("unassigned")
        return f"{owner['firstName']} {owner['lastName']}".strip() or str(owner.get("email", ""))

    def stage(self, stage_id: str | None) -> str:
        """Return a stage's label."""
        stage = self._portal.state.stage(stage_id or "")
        return str(stage["label"]) if stage else stage_id or ""

    def day(self, text: str | None) -> str:
        """Return a day, or the day of an instant in the portal's zone."""
        moment = self._moment(text)
        if moment is None:
            return text or ""
        if text and "T" not in text and not text.isdigit():
            return format_date(moment.date(), "medium", locale=self._locale)
        return format_date(
            moment.astimezone(self._portal.clock.zone).date(), "medium", locale=self._locale
        )

    def time(self, text: str | None) -> str:
        """Return an instant with its hour, in the portal's zone."""
        moment = self._moment(text)
        if moment is None:
            return text or ""
        local = moment.astimezone(self._portal.clock.zone)
        hour = format_time(local, "short", tzinfo=local.tzinfo, locale=self._locale)
        return f"{format_date(local.date(), 'medium', locale=self._locale)}, {hour}"

    @staticmethod
    def text(html: str) -> str:
        """Return the text of an HTML value."""
        return text_of(html)

    def outcome(self, kind: str, text: str) -> str:
        """Return how a call or a meeting ended."""
        if has_word(f"{kind}_{text}"):
            return self.word(f"{kind}_{text}")
        name = "hs_call_status" if kind == "calls" else "hs_meeting_outcome"
        return self._choices(self._portal.state.properties[kind][name], text)

    @staticmethod
    def _moment(text: str | None) -> datetime | None:
        milliseconds = epoch_milliseconds(text or "")
        return None if milliseconds is None else from_milliseconds(milliseconds)


class _Text(HTMLParser):
    """Collects the text of HTML, with line breaks where its blocks end."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._is_code = False

    def handle_data(self, data: str) -> None:
        if not self._is_code:
            self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._is_code = tag in _CODE
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._is_code = False
        if tag in _BREAKS - {"br"}:
            self.parts.append("\n")


def text_of(html: str) -> str:
    """Return the text of an HTML value; the pages never print its markup."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [line.strip() for line in "".join(parser.parts).splitlines()]
    return "\n".join(line for line in lines if line)
