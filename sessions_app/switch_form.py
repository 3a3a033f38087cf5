"""The form of a switch set: one field for each switch of the model, made from its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from sessions_app import runner
from sessions_app.models import SwitchSet

_PREFIX = "sw_"
_AS_BASE = "as in the base"
_BOOLS = {"true": True, "false": False}
_MAX_PRIORITY = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SwitchField:
    """One line of the form."""

    told: runner.SwitchMeaning
    base_value: Any
    bound: forms.BoundField

    name = property(lambda self: self.told.name)
    meaning = property(lambda self: self.told.meaning)
    choices = property(lambda self: self.told.choices)


class SwitchSetForm(forms.Form):
    """Name, base, who may use it, and what differs; an empty switch is as in the base."""

    use_required_attribute = False
    name = forms.CharField(
        max_length=80, widget=forms.TextInput(attrs={"class": "input"}), label="Name"
    )
    base = forms.ChoiceField(
        widget=forms.Select(attrs={"class": "input"}), label="Base"
    )
    visibility = forms.ChoiceField(
        choices=SwitchSet.Visibility.choices,
        initial=SwitchSet.Visibility.PRIVATE,
        widget=forms.Select(attrs={"class": "input"}),
        label="Who may use it",
    )
    note = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"class": "input prose", "rows": "3"}),
        label="Note",
    )

    def __init__(self, *args: Any, base: str, **kwargs: Any) -> None:
        """base: the variant whose values stand beside the fields."""
        super().__init__(*args, **kwargs)
        self.base_shown = base
        choice = self.fields["base"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(v.id, f"{v.id} · {v.title}") for v in runner.variants()]
        for told in runner.switch_meanings():
            self.fields[_PREFIX + told.name] = _field(told)

    @property
    def sections(self) -> list[tuple[str, list[SwitchField]]]:
        """The switches under the headings of their source."""
        values = runner.switch_values(self.base_shown, {})
        found: dict[str, list[SwitchField]] = {}
        for told in runner.switch_meanings():
            line = SwitchField(
                told, getattr(values, told.name), self[_PREFIX + told.name]
            )
            found.setdefault(told.section, []).append(line)
        return list(found.items())

    @property
    def changes(self) -> dict[str, Any]:
        """What was chosen, as a recipe spells it."""
        found = {}
        for told in runner.switch_meanings():
            value = self.cleaned_data.get(_PREFIX + told.name)
            if value not in ("", None):
                found[told.name] = _BOOLS.get(value, value)
        return found

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """What is wrong: id of the field, its name, the words."""
        return [
            (self[name].id_for_label, name.removeprefix(_PREFIX), str(error))
            for name, errors in self.errors.items()
            if name in self.fields
            for error in errors
        ]

    def blame(self, field: str | None, detail: str) -> None:
        """Put an error where the person can mend it."""
        name = (field or "").replace("changes.", _PREFIX, 1)
        self.add_error(name if name in self.fields else None, detail)


def initial_values(switch_set: SwitchSet) -> dict[str, Any]:
    """A set as the form takes it."""
    return {
        "name": switch_set.name,
        "base": switch_set.base,
        "visibility": switch_set.visibility,
        "note": switch_set.note,
        **{_PREFIX + name: _spelled(v) for name, v in switch_set.changes.items()},
    }


def _spelled(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _field(told: runner.SwitchMeaning) -> forms.Field:
    attrs: Mapping[str, str] = {"class": "input mono", "aria-label": told.name}
    if told.kind == "int":
        return forms.IntegerField(
            required=False,
            min_value=-_MAX_PRIORITY,
            max_value=_MAX_PRIORITY,
            widget=forms.TextInput(
                attrs={**attrs, "inputmode": "numeric", "placeholder": _AS_BASE}
            ),
        )
    values = list(_BOOLS) if told.kind == "bool" else list(told.choices)
    return forms.ChoiceField(
        required=False,
        choices=[("", _AS_BASE), *((v, v) for v in values)],
        widget=forms.Select(attrs=dict(attrs)),
    )
