"""What wants a person's attention; which mails they get; getting none any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app.forms.notices import MailWishForm
from sessions_app.models import NoticePreference, Notification
from sessions_app.permissions import person_of
from sessions_app.readers import notification_for, notifications_of
from sessions_app.services.notices.attention import (
    notification_set_read,
    notifications_read,
)
from sessions_app.services.notices.mail import (
    preference_set,
    unsubscribe_person,
)
from sessions_app.services.notices.places import annotation_place, remark_place
from sessions_app.services.notices.tell import mail_wish

_PAGE = 50
_WORDS = {
    Notification.Why.MENTION: "mentioned you in",
    Notification.Why.REPLY: "answered you in",
    Notification.Why.REMARK: "remarked on",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A notification as the list shows it."""

    notice: Notification
    words: str
    author: str
    title: str
    body: str


def _row(notice: Notification) -> Row:
    said = notice.annotation or notice.remark
    of = notice.session or notice.review
    assert said is not None and of is not None  # a constraint of the table
    words = _WORDS[Notification.Why(notice.why)]
    return Row(notice, words, said.author_name, of.title, said.body)


@login_required
@never_cache
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """Unread first, then the newest."""
    person = person_of(request)
    own = notifications_of(person)
    ordered = own.order_by(F("read_at").asc(nulls_first=True), "-created_at")
    page = Paginator(ordered, _PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "rows": [_row(each) for each in page],
        "shown": page,
        "unread": own.filter(read_at=None).count(),
        "mail": mail_wish(person.pk),
        "wishes": NoticePreference.Mail.choices,
    }
    return render(request, "notices/list.html", context)


@login_required
@never_cache
@require_safe
def notification(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Go to the very place; whoever was there has read it."""
    found = notification_for(request, notice_id)
    notification_set_read(notice=found, read=True)
    if found.annotation is not None:
        return redirect(annotation_place(found.annotation))
    assert found.remark is not None  # a constraint of the table
    return redirect(remark_place(found.remark))


@login_required
@require_POST
def notification_mark(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Read, or unread again."""
    found = notification_for(request, notice_id)
    notification_set_read(notice=found, read=found.read_at is None)
    return redirect("notifications")


@login_required
@require_POST
def mark_all(request: HttpRequest) -> HttpResponse:
    """All of one's own."""
    person = person_of(request)
    notifications_read(person=person)
    return redirect("notifications")


@login_required
@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Which mails to get."""
    form = MailWishForm(request.POST)
    if form.is_valid():
        preference_set(person=person_of(request), mail=form.cleaned_data["mail"])
        messages.success(request, "Kept.")
    else:
        messages.error(request, "Not changed: choose one of what is offered.")
    return redirect(f"{reverse('notifications')}#mail")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """No more mails, without signing in. A GET only shows the button, because mail
    scanners follow links; a mail program posts at once (RFC 8058), with no cookie and no
    CSRF token: the signed token in the address is what allows it."""
    person = unsubscribe_person(token)
    if person is None:
        raise Http404("no such link")
    done = request.method == "POST"
    if done:
        preference_set(person=person, mail=NoticePreference.Mail.OFF)
    answer = render(request, "notices/unsubscribe.html", {"done": done})
    answer["X-Robots-Tag"] = "noindex"
    return answer
