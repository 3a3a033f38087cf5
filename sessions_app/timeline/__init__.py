"""What is drawn and found over a whole run, from its marks: no chunk is read twice."""

from sessions_app.timeline.answer import Span, Timeline, nearest_hit, timeline
from sessions_app.timeline.lanes import LaneSummary, lane_table
from sessions_app.timeline.search import Found, find_hits

__all__ = [
    "Found",
    "LaneSummary",
    "Span",
    "Timeline",
    "find_hits",
    "lane_table",
    "nearest_hit",
    "timeline",
]
