"""The product's tables, one file per aggregate. Services write them."""

from sessions_app.models.chunk import EventChunk
from sessions_app.models.recipe import Image, StoredRecipe
from sessions_app.models.review import Annotation
from sessions_app.models.run import Run
from sessions_app.models.session import DebugSession
from sessions_app.models.sharing import ApiToken, LoginLink, ShareLink

__all__ = [
    "Annotation",
    "ApiToken",
    "DebugSession",
    "EventChunk",
    "Image",
    "LoginLink",
    "Run",
    "ShareLink",
    "StoredRecipe",
]
