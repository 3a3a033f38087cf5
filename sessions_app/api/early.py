"""Views that may know the answer before their handler is asked."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from rest_framework.views import APIView


class Answered(Exception):
    """The request is answered."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response
        super().__init__()


class EarlyView(APIView):
    """``initial`` may raise Answered, once it has made sure of who asks."""

    def handle_exception(self, exc: Exception) -> Any:
        """An answer is no error."""
        if isinstance(exc, Answered):
            return exc.response
        return super().handle_exception(exc)
