"""A row, or sentences, in; a link to its page, or lines below each other, out."""

from __future__ import annotations

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def link(row: Model, words: object = "") -> SafeString:
    """A row's name, or other words, leading to its page."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a class="lull-link" href="{}">{}</a>', address, words or row)


def joined_lines(words: list[str]) -> SafeString:
    """Sentences below each other."""
    return format_html_join("", "<p>{}</p>", ((line,) for line in words))
