"""How fields look."""

from __future__ import annotations

from django import forms


def text_input(**attrs: str) -> forms.TextInput:
    """One line; attrs: of the element."""
    return forms.TextInput(attrs={"class": "input", **attrs})


def select() -> forms.Select:
    """A list to choose from."""
    return forms.Select(attrs={"class": "input"})
