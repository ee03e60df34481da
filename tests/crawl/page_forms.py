"""A page in; its forms with what a browser would send of them, and the parameters its links name, out."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

_ON_ITS_OWN = {"submit", "button", "reset", "image"}


@dataclass
class Form:
    """`fields` are sent as they stand; `choices`, with what each offers, could be; `files` ask for one."""

    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """Every name that can be sent."""
        return sorted({*self.fields, *self.choices})

    @property
    def agreed(self) -> dict[str, list[str]]:
        """What is sent by whoever ticks every box, and takes the first of what there is to choose."""
        return {name: values[:1] for name, values in self.choices.items()} | self.fields


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "form":
            self._form = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            form.choices.setdefault(self._select, []).append(given.get("value", ""))
            if "selected" in given:
                form.fields.setdefault(self._select, []).append(given.get("value", ""))
        elif tag == "textarea" and name:
            self._area = name
            form.fields.setdefault(name, []).append("")
        elif tag in ("input", "button") and name:
            if kind == "file":
                form.files.add(name)
            elif kind in _ON_ITS_OWN or (kind in ("checkbox", "radio") and "checked" not in given):
                form.choices.setdefault(name, []).append(given.get("value", "on"))
            else:
                form.fields.setdefault(name, []).append(given.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.fields[self._area][-1] += data


def read(page: str) -> tuple[list[Form], set[str]]:
    """The forms, and the names of the parameters in addresses that stand on it."""
    reader = _Reader()
    reader.feed(page)
    named = {name for link in reader.links for name, _ in parse_qsl(urlsplit(link).query)}
    return reader.forms, named
