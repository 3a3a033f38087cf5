"""Who may see and change what. Every page and every resource asks here, once.

An owner sees and changes their own. A team's members have their role with what was given
to the team. A share cookie lets anybody read the one session or review that its link was
made for, and speak or debug as far as the link's role goes. What is unlisted or public is
read by whoever has the address, and remarked on by whoever has an account. Of several
roles the strongest counts. For everybody else a thing does not exist: 404, never 403, so
that ids cannot be probed.
Whom a worker may tell of something, without a request, is in readers.py.
"""

from sessions_app.permissions.grants import (
    BY_LINK,
    MAX_LINKS,
    SHARE_COOKIE,
    SHARE_SALT,
    link_ids,
    links_held,
    live_links,
    member_role,
    needs_no_link,
    person_of,
)
from sessions_app.permissions.reviews import (
    own_review,
    own_words,
    postings_of,
    public_reviews,
    remarking,
    review_access,
    reviews_of,
    sole_review,
)
from sessions_app.permissions.runs import (
    controlled_run,
    numbered_run,
    recipe_is_readable,
    restorable_run,
    run_access,
    runs_of,
)
from sessions_app.permissions.sessions import (
    access_for,
    annotation_access,
    is_author,
    own_annotation,
    owner_access,
    public_sessions,
    session_access,
    sessions_of,
    socket_access,
    sole_access,
    speaking_access,
)
from sessions_app.permissions.switch_sets import (
    own_switch_set,
    public_switch_sets,
    switch_set_for,
    switch_sets_of,
)
from sessions_app.permissions.teams import (
    joined_team,
    managed_team,
    team_access,
    teams_of,
)
from sessions_app.roles import Access, Person, ReviewAccess

__all__ = [
    "Access",
    "BY_LINK",
    "MAX_LINKS",
    "Person",
    "ReviewAccess",
    "SHARE_COOKIE",
    "SHARE_SALT",
    "access_for",
    "annotation_access",
    "controlled_run",
    "is_author",
    "joined_team",
    "link_ids",
    "links_held",
    "live_links",
    "managed_team",
    "member_role",
    "needs_no_link",
    "numbered_run",
    "own_annotation",
    "own_review",
    "own_switch_set",
    "own_words",
    "owner_access",
    "person_of",
    "postings_of",
    "public_reviews",
    "public_sessions",
    "public_switch_sets",
    "recipe_is_readable",
    "remarking",
    "restorable_run",
    "review_access",
    "reviews_of",
    "run_access",
    "runs_of",
    "session_access",
    "sessions_of",
    "socket_access",
    "sole_access",
    "sole_review",
    "speaking_access",
    "switch_set_for",
    "switch_sets_of",
    "team_access",
    "teams_of",
]
