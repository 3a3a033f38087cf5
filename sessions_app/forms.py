"""Forms of the HTML pages. Rules of a recipe are the emulator's; here only shapes are checked."""

from __future__ import annotations

from typing import Any

from django import forms

from sessions_app.services.recipes import Watch

TYPES = [("write", "write"), ("access", "access"), ("execute", "execute")]
LENGTHS = [("1", "1"), ("2", "2"), ("4", "4"), ("8", "8")]
MODES = [("user", "user, CPL3"), ("kernel", "kernel, CPL0")]
CPUS = [(str(n), str(n)) for n in range(1, 9)]
ROWS = 4
MAX_SOURCE = 1_000_000
MAX_PATCH = 1_000_000
MAX_INSTRUCTIONS = 100_000_000_000
MAX_EVENTS = 10_000_000
MAX_WALL_MS = 600_000

EXAMPLE = """\
	.globl	_start
_start:
	mov	$10, %ecx
again:
	addl	$1, counter(%rip)	# watched
	loop	again
	mov	$60, %eax		# exit(0)
	xor	%edi, %edi
	syscall

	.data
	.balign	8
counter:
	.long	0
"""


def _input(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "input", **attrs})


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "input"})


class WatchForm(forms.Form):
    """One line of the breakpoint list; without a place it is left out."""

    use_required_attribute = False
    type = forms.ChoiceField(choices=TYPES, widget=_select(), label="type")
    length = forms.ChoiceField(choices=LENGTHS, initial="4", widget=_select())
    at = forms.CharField(
        max_length=200,
        required=False,
        widget=_input(placeholder="counter", spellcheck="false", autocomplete="off"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, word in (
            ("type", "Type"),
            ("length", "Bytes"),
            ("at", "Symbol or address"),
        ):
            number = int(str(self.prefix).removeprefix("bp")) + 1
            self.fields[name].widget.attrs["aria-label"] = (
                f"{word} of breakpoint {number}"
            )

    def watch(self) -> Watch | None:
        """The breakpoint, or None for an empty line."""
        place = self.cleaned_data.get("at", "").strip()
        if not place:
            return None
        kind = self.cleaned_data["type"]
        # DR7 wants length field 0 for execute breakpoints; others are undefined.
        length = 1 if kind == "execute" else int(self.cleaned_data["length"])
        return Watch(kind, length, place)


class NewSessionForm(forms.Form):
    """What runs, on which kernel, what to watch."""

    use_required_attribute = False
    title = forms.CharField(
        max_length=200,
        required=False,
        widget=_input(placeholder="What is it about?"),
        label="Title",
    )
    assembly = forms.CharField(
        required=False,
        max_length=MAX_SOURCE,
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "input", "rows": "12", "spellcheck": "false"}
        ),
    )
    elf = forms.FileField(
        required=False, widget=forms.FileInput(attrs={"class": "input"})
    )
    variant = forms.ChoiceField(widget=_select(), label="Kernel variant")
    mode = forms.ChoiceField(choices=MODES, widget=_select(), label="Mode")
    cpus = forms.TypedChoiceField(
        choices=CPUS, coerce=int, widget=_select(), label="CPUs"
    )
    instructions = forms.IntegerField(
        min_value=1,
        max_value=MAX_INSTRUCTIONS,
        initial=10_000_000,
        widget=_input(inputmode="numeric"),
        label="Instructions",
    )
    events = forms.IntegerField(
        min_value=1,
        max_value=MAX_EVENTS,
        initial=1_000_000,
        widget=_input(inputmode="numeric"),
        label="Events",
    )
    wall_ms = forms.IntegerField(
        min_value=1,
        max_value=MAX_WALL_MS,
        initial=60_000,
        widget=_input(inputmode="numeric"),
        label="Wall time, ms",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**53 - 1,
        initial=1,
        widget=_input(inputmode="numeric"),
        label="Schedule seed",
    )
    breakpoints = forms.Field(required=False)

    def __init__(
        self, *args: Any, variants: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["variant"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = variants
        self.fields["assembly"].initial = EXAMPLE
        first = {"type": "write", "length": "4", "at": "counter"}
        data = self.data if self.is_bound else None
        self.watches = [
            WatchForm(
                data, prefix=f"bp{n}", initial=first if n == 0 else {"length": "4"}
            )
            for n in range(ROWS)
        ]

    @property
    def limit_errors(self) -> bool:
        """Whether the folded part of the form holds an error."""
        return any(
            name in self.errors
            for name in ("instructions", "events", "wall_ms", "seed")
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("elf") and not cleaned.get("assembly", "").strip():
            self.add_error("assembly", "Paste assembly or choose an ELF file.")
        if not all(row.is_valid() for row in self.watches):
            self.add_error("breakpoints", "A breakpoint line is not complete.")
        return cleaned

    def wanted(self) -> list[Watch]:
        """The breakpoints in order."""
        return [w for w in (row.watch() for row in self.watches) if w]

    def blame(self, field: str | None, detail: str) -> None:
        """Put an error of the recipe where the person can mend it."""
        if field and field.startswith("breakpoints["):
            index = int(field.partition("[")[2].partition("]")[0])
            filled = [r for r in self.watches if r.cleaned_data.get("at", "").strip()]
            if index < len(filled):
                filled[index].add_error(None, detail)
                return
        name = (field or "").rpartition(".")[2]
        known = {"program": "assembly", "file": "elf", "base": "variant", "cpu": "cpus"}
        name = known.get(name, name)
        self.add_error(name if name in self.fields else None, detail)


class AnnotationForm(forms.Form):
    """A remark on a hit, a register or a patch line."""

    body = forms.CharField(max_length=10_000)
    run = forms.IntegerField(required=False, min_value=1)
    hit = forms.IntegerField(required=False, min_value=1)
    register = forms.CharField(required=False, max_length=16)
    patch_line = forms.IntegerField(required=False, min_value=1)


class PatchForm(forms.Form):
    """The patch under discussion."""

    patch_text = forms.CharField(required=False, max_length=MAX_PATCH, strip=False)


class ShareForm(forms.Form):
    """How long a link lives and what it opens."""

    days = forms.TypedChoiceField(
        choices=[("", "until revoked"), ("1", "1"), ("7", "7"), ("30", "30")],
        coerce=int,
        empty_value=None,
        required=False,
    )
    run = forms.IntegerField(required=False, min_value=1)
    hit = forms.IntegerField(required=False, min_value=1)


class TokenForm(forms.Form):
    """The name of a new token."""

    name = forms.CharField(max_length=80)
