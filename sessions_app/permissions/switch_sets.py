"""Kernels of people's own."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from sessions_app.models import SwitchSet
from sessions_app.roles import Person


def switch_sets_of(person: Person) -> QuerySet[SwitchSet]:
    """The switch sets of a person, by name."""
    if not person.is_authenticated:
        return SwitchSet.objects.none()
    return SwitchSet.objects.filter(owner=person).order_by("name")


def public_switch_sets(person: Person) -> QuerySet[SwitchSet]:
    """Those that others have made public, by name."""
    if not person.is_authenticated:
        return SwitchSet.objects.none()
    public = SwitchSet.objects.filter(visibility=SwitchSet.Visibility.PUBLIC)
    return public.exclude(owner=person).select_related("owner").order_by("name")


def switch_set_for(request: HttpRequest, set_id: UUID | str) -> SwitchSet:
    """A set to read: one's own, a public one, or an unlisted one, whose address is the
    capability. Raises Http404."""
    found = SwitchSet.objects.select_related("owner").filter(pk=set_id).first()
    if found is None or not request.user.is_authenticated:
        raise Http404("no such switch set")
    private = found.visibility == SwitchSet.Visibility.PRIVATE
    if private and found.owner_id != request.user.pk:
        raise Http404("no such switch set")
    return found


def own_switch_set(request: HttpRequest, set_id: UUID | str) -> SwitchSet:
    """A set to change: a reader is told so, others get 404."""
    found = switch_set_for(request, set_id)
    if found.owner_id != request.user.pk:
        raise PermissionDenied("this switch set is somebody else's")
    return found
