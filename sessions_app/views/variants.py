"""Kernel variants: what each is, where it comes from, and its switches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from sessions_app import runner

_CERTAINTIES = (
    ("recorded", "seen on a real kernel"),
    ("read", "read in that release's source"),
    ("derived", "follows from the source, never run"),
    ("reconstruction", "of a patch whose text is lost"),
    ("ours", "no such kernel exists"),
)
#: What machine profiles of a variant say, in words.
_MACHINE = {
    ("dr6_fixed_bits", "real"): "DR6 reads with its fixed ones set, as on silicon",
    (
        "dr6_fixed_bits",
        "zero",
    ): "DR6 reads 0 in its fixed bits, as in emulators of 2010",
    ("hypervisor", False): "CPUID has no hypervisor bit: bare metal",
    ("hypervisor", True): "CPUID has the hypervisor bit",
}


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant with what differs from its base."""

    variant: runner.Variant
    rows: Sequence[runner.SwitchRow]

    @property
    def changed(self) -> list[runner.SwitchRow]:
        """The switches that differ."""
        return [row for row in self.rows if row.changed]

    @property
    def machine(self) -> list[str]:
        """What the processor is like."""
        told = self.variant.machine.items()
        return [_MACHINE.get(item, f"{item[0]} = {item[1]}") for item in told]


def variant_view(variant: runner.Variant) -> VariantView:
    """A variant as pages show it."""
    return VariantView(variant, runner.switch_rows(variant.id, None))


def by_section(
    rows: Sequence[runner.SwitchRow],
) -> list[tuple[str, list[runner.SwitchRow]]]:
    """Switches under the headings of their source."""
    found: dict[str, list[runner.SwitchRow]] = {}
    for row in rows:
        found.setdefault(row.section, []).append(row)
    return list(found.items())


@login_required
@require_safe
def variants(request: HttpRequest) -> HttpResponse:
    """All kernels in historical order."""
    views = [variant_view(variant) for variant in runner.variants()]
    context = {"page": "variants", "views": views, "certainties": _CERTAINTIES}
    return render(request, "variants/list.html", context)


@login_required
@require_safe
def variant(request: HttpRequest, name: str) -> HttpResponse:
    """One kernel with all of its switches."""
    found = runner.variant(name)
    if found is None:
        raise Http404("no such kernel")
    if found.id != name:
        return redirect("variant", found.id)
    view = variant_view(found)
    context = {
        "page": "variants",
        "view": view,
        "variant": found,
        "sections": by_section(view.rows),
        "children": [v for v in runner.variants() if v.base == found.id],
    }
    return render(request, "variants/detail.html", context)
