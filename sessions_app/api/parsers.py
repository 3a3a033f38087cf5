"""JSON that can be kept: text without lone surrogates, nested no deeper than Python goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions, parsers


class JSONParser(parsers.JSONParser):
    """As the framework's, but what no database takes is refused at the door."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            value: dict[str, Any] = super().parse(stream, media_type, parser_context)
            json.dumps(value, ensure_ascii=False).encode()
        except RecursionError as error:
            raise exceptions.ParseError("JSON that is nested too deeply") from error
        except UnicodeEncodeError as error:
            raise exceptions.ParseError("JSON text with a lone surrogate") from error
        return value
