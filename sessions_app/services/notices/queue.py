"""What is due again, or whose message was lost, goes back into the queue."""

from __future__ import annotations

from sessions_app import dispatch
from sessions_app.services.notices.mail import due_mails
from sessions_app.services.webhooks.delivery import due_deliveries

#: Of each kind in a round.
_AT_ONCE = 50


def notices_requeue() -> int:
    """How many were queued. While some wait there none are: each would come twice."""
    deliveries, mails = due_deliveries(_AT_ONCE), due_mails(_AT_ONCE)
    if not (deliveries or mails) or dispatch.waiting_notices():
        return 0
    dispatch.send_due(dispatch.DELIVER, deliveries)
    dispatch.send_due(dispatch.MAIL, mails)
    return len(deliveries) + len(mails)
