"""The very place of a remark, as a path."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from sessions_app.models import Annotation, ReviewRemark
from sessions_app.selectors import hit_by_number, hit_number


def annotation_place(annotation: Annotation) -> str:
    """The session page at the remark's moment, the remark in sight."""
    where: dict[str, int | str] = {}
    if annotation.run is not None:
        where["run"] = annotation.run.number
        if annotation.seq is not None:
            number = hit_number(annotation.run, annotation.seq)
            record = hit_by_number(annotation.run, number) if number else None
            exact = record is not None and record.seq == annotation.seq
            where |= {"hit": number or 0} if exact else {"event": annotation.seq}
    # The pane is for a phone, which shows one at a time.
    where |= {"tab": "notes", "pane": "code"}
    page = reverse("session", args=[annotation.session_id])
    return f"{page}?{urlencode(where)}#note-{annotation.pk}"


def remark_place(remark: ReviewRemark) -> str:
    """The page that shows its message: a patch's own, else the thread."""
    review = remark.review_id
    found = remark.message.patches.select_related("version").last()
    if found is None:
        return f"{reverse('review', args=[review])}#mail-{remark.message.pk}"
    patch = [review, found.version.version, found.number]
    return f"{reverse('review-patch', args=patch)}#remark-{remark.pk}"
