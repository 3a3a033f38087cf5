"""The product's tables, one file per aggregate. Services write them."""

from sessions_app.models.block import StoredBlock
from sessions_app.models.by_hand import PatchPairing, Trial, VersionJoin
from sessions_app.models.check import SeriesCheck
from sessions_app.models.chunk import EventChunk
from sessions_app.models.command import RunCommand
from sessions_app.models.earlier_text import EarlierText
from sessions_app.models.idempotency import KeptAnswer
from sessions_app.models.mail import (
    MailMessage,
    Review,
    ReviewRemark,
    SeriesPatch,
    SeriesVersion,
)
from sessions_app.models.marks import RunMarks
from sessions_app.models.matrix import MatrixCell
from sessions_app.models.notebook import NotebookEntry
from sessions_app.models.notice import NoticePreference, Notification
from sessions_app.models.recipe import BroughtImage, Image, StoredRecipe
from sessions_app.models.review import Annotation
from sessions_app.models.run import Run
from sessions_app.models.session import DebugSession
from sessions_app.models.sharing import (
    ApiToken,
    Invitation,
    LinkHolder,
    LinkOpening,
    LoginLink,
    ShareLink,
)
from sessions_app.models.switch_set import SwitchSet
from sessions_app.models.team import Membership, Team
from sessions_app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "Annotation",
    "ApiToken",
    "BroughtImage",
    "DebugSession",
    "EarlierText",
    "EventChunk",
    "Image",
    "KeptAnswer",
    "Invitation",
    "LinkHolder",
    "LinkOpening",
    "LoginLink",
    "MailMessage",
    "MatrixCell",
    "Membership",
    "NotebookEntry",
    "NoticePreference",
    "Notification",
    "PatchPairing",
    "Review",
    "ReviewRemark",
    "Run",
    "RunCommand",
    "SeriesCheck",
    "SeriesPatch",
    "SeriesVersion",
    "RunMarks",
    "ShareLink",
    "StoredBlock",
    "StoredRecipe",
    "SwitchSet",
    "Team",
    "Trial",
    "VersionJoin",
    "Webhook",
    "WebhookDelivery",
]
