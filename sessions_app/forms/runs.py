"""Breakpoints, a new session, and a run once more with other settings."""

from __future__ import annotations

from typing import Any

from django import forms

from sessions_app.forms.widgets import select, text_input
from sessions_app.services.recipes import Watch

TYPES = [("write", "write"), ("access", "access"), ("execute", "execute")]
#: Who sets a breakpoint, and through what.
OWNERS = [
    ("", "perf, by itself"),
    ("perf_user", "perf, on a task"),
    ("perf_wide", "perf, on every CPU"),
    ("perf_cpu", "perf, on one CPU"),
    ("ptrace", "a tracer, ptrace"),
    ("kgdb", "the debugger, kgdb"),
]
LENGTHS = [("1", "1"), ("2", "2"), ("4", "4"), ("8", "8")]
MODES = [("user", "user, CPL3"), ("kernel", "kernel, CPL0")]
CPUS = [(str(n), str(n)) for n in range(1, 9)]
ROWS = 4
MAX_SOURCE = 1_000_000
MAX_INSTRUCTIONS = 100_000_000_000
MAX_EVENTS = 10_000_000
MAX_WALL_MS = 600_000
MAX_COUNT = 2**53 - 1

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


class WatchForm(forms.Form):
    """One line of the breakpoint list; without a place it is left out."""

    use_required_attribute = False
    type = forms.ChoiceField(choices=TYPES, widget=select(), label="type")
    length = forms.ChoiceField(choices=LENGTHS, initial="4", widget=select())
    at = forms.CharField(
        max_length=200,
        required=False,
        widget=text_input(
            placeholder="counter", spellcheck="false", autocomplete="off"
        ),
    )
    owner = forms.ChoiceField(choices=OWNERS, required=False, widget=select())
    cpu = forms.IntegerField(
        required=False, min_value=0, max_value=7, widget=text_input(inputmode="numeric")
    )
    slot = forms.IntegerField(
        required=False, min_value=0, max_value=3, widget=text_input(inputmode="numeric")
    )
    condition = forms.CharField(
        max_length=1000,
        required=False,
        widget=text_input(
            placeholder="if, e.g. value > 5", spellcheck="false", autocomplete="off"
        ),
    )
    ignore = forms.IntegerField(
        min_value=0,
        max_value=MAX_COUNT,
        required=False,
        widget=text_input(placeholder="ignore", inputmode="numeric"),
    )
    limit = forms.IntegerField(
        min_value=1,
        max_value=MAX_COUNT,
        required=False,
        widget=text_input(placeholder="limit", inputmode="numeric"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, word in (
            ("type", "Type"),
            ("length", "Bytes"),
            ("at", "Symbol or address"),
            ("owner", "Owner"),
            ("cpu", "CPU"),
            ("slot", "Register, for a tracer"),
            ("condition", "Condition"),
            ("ignore", "Hits to ignore"),
            ("limit", "Hits after which it ends"),
        ):
            number = int(str(self.prefix).removeprefix("bp")) + 1
            self.fields[name].widget.attrs["aria-label"] = (
                f"{word} of breakpoint {number}"
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("at", "").strip():
            return cleaned
        owner = cleaned.get("owner")
        if owner == "perf_cpu" and cleaned.get("cpu") is None and not self.errors:
            self.add_error("cpu", "Which CPU? 0 is the first.")
        if owner == "ptrace" and cleaned.get("slot") is None and not self.errors:
            self.add_error("slot", "Which register? 0 to 3.")
        return cleaned

    def watch(self) -> Watch | None:
        """The breakpoint, or None for an empty line."""
        place = self.cleaned_data.get("at", "").strip()
        if not place:
            return None
        kind = self.cleaned_data["type"]
        # DR7 wants length field 0 for execute breakpoints; others are undefined.
        length = 1 if kind == "execute" else int(self.cleaned_data["length"])
        given = self.cleaned_data
        return Watch(
            kind,
            length,
            place,
            given["owner"],
            given["cpu"],
            given["slot"],
            condition=given["condition"] or None,
            ignore=given["ignore"] or 0,
            limit=given["limit"],
        )


class NewSessionForm(forms.Form):
    """What runs, on which kernel, what to watch."""

    use_required_attribute = False
    title = forms.CharField(
        max_length=200,
        required=False,
        widget=text_input(placeholder="What is it about?"),
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
    image = forms.RegexField("^[0-9a-f]{64}$", required=False)
    """A program that was read already; a file or a text goes before it."""
    variant = forms.ChoiceField(widget=select(), label="Kernel variant")
    mode = forms.ChoiceField(choices=MODES, widget=select(), label="Mode")
    cpus = forms.TypedChoiceField(
        choices=CPUS, coerce=int, widget=select(), label="CPUs"
    )
    instructions = forms.IntegerField(
        min_value=1,
        max_value=MAX_INSTRUCTIONS,
        initial=10_000_000,
        widget=text_input(inputmode="numeric"),
        label="Instructions",
    )
    events = forms.IntegerField(
        min_value=1,
        max_value=MAX_EVENTS,
        initial=1_000_000,
        widget=text_input(inputmode="numeric"),
        label="Events",
    )
    wall_ms = forms.IntegerField(
        min_value=1,
        max_value=MAX_WALL_MS,
        initial=60_000,
        widget=text_input(inputmode="numeric"),
        label="Wall time, ms",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**53 - 1,
        initial=1,
        widget=text_input(inputmode="numeric"),
        label="Schedule seed",
    )
    kgdb = forms.BooleanField(required=False, label="kgdb, connected")
    hold = forms.BooleanField(
        required=False, label="Hold before the first instruction, for a debugger"
    )
    breakpoints = forms.Field(required=False)

    def __init__(
        self,
        *args: Any,
        variants: list[tuple[str, list[tuple[str, str]]]],
        **kwargs: Any,
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
        given = cleaned.get("elf") or cleaned.get("image")
        if not given and not cleaned.get("assembly", "").strip():
            self.add_error("assembly", "Paste assembly or choose an ELF file.")
        if not all(row.is_valid() for row in self.watches):
            self.add_error("breakpoints", "A breakpoint line is not complete.")
        self._check_owners(cleaned)
        return cleaned

    def _check_owners(self, cleaned: dict[str, Any]) -> None:
        """What a line asks of the rest of the form."""
        cpus = cleaned.get("cpus") or 1
        for row in self.watches:
            watch = row.watch() if row.is_valid() else None
            if watch is None:
                continue
            if watch.owner == "kgdb" and not cleaned.get("kgdb"):
                row.add_error("owner", "This kernel has no kgdb: tick it above.")
            if watch.cpu is not None and watch.cpu >= cpus:
                row.add_error("cpu", f"There are CPUs 0 to {cpus - 1}.")
            if watch.owner == "ptrace" and cleaned.get("mode") == "kernel":
                row.add_error("owner", "A tracer traces programs: choose mode user.")
            if row.errors and "breakpoints" not in self.errors:
                self.add_error("breakpoints", "A breakpoint line does not fit.")

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


class SettingsForm(forms.Form):
    """What of a recipe changes most often."""

    use_required_attribute = False
    seed = forms.IntegerField(
        min_value=0,
        max_value=MAX_COUNT,
        widget=text_input(inputmode="numeric"),
        label="Schedule seed",
    )
    instructions = forms.IntegerField(
        min_value=1,
        max_value=MAX_INSTRUCTIONS,
        widget=text_input(inputmode="numeric"),
        label="Instructions",
    )
    events = forms.IntegerField(
        min_value=1,
        max_value=MAX_EVENTS,
        widget=text_input(inputmode="numeric"),
        label="Events",
    )
    wall_ms = forms.IntegerField(
        min_value=1,
        max_value=MAX_WALL_MS,
        widget=text_input(inputmode="numeric"),
        label="Wall time, ms",
    )


class RecipeForm(forms.Form):
    """A recipe as text."""

    use_required_attribute = False
    text = forms.CharField(
        max_length=MAX_SOURCE,
        strip=False,
        label="Recipe, JSON",
        widget=forms.Textarea(
            attrs={
                "class": "input",
                "rows": "28",
                "spellcheck": "false",
                "autocomplete": "off",
            }
        ),
    )
    label = forms.CharField(
        max_length=200,
        required=False,
        label="What this run is for",
        widget=text_input(placeholder="edited recipe"),
    )
