"""What a kept moment says, and a notebook as a document. Reads only."""

from __future__ import annotations

from sessions_app.notebook.markdown import notebook_markdown
from sessions_app.notebook.words import kept_moment

__all__ = ["kept_moment", "notebook_markdown"]
