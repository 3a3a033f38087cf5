"""Who may do what: every address, every method. A route without a line fails a test."""

from __future__ import annotations

#: Who comes by a link that is alive, the weakest first.
GUESTS = ("viewer", "commenter", "controller")
#: Who comes without a link that is alive, and without an account.
OUTSIDE = ("nobody", "expired", "revoked", "forged")
#: Who is in the team that the session and the review are given to, the weakest first.
MEMBERS = (
    *("team viewer", "team commenter", "team controller"),
    *("team maintainer", "team owner"),
)
#: Who comes while the session, and it alone, is unlisted or public: with an account, and
#: with nothing.
PASSING = ("unlisted stranger", "unlisted nobody", "public stranger", "public nobody")
ROLES = (
    *("forged", "nobody", "expired", "revoked"),
    *("unlisted nobody", "public nobody"),
    *("viewer", "commenter", "controller", "stranger"),
    *("unlisted stranger", "public stranger"),
    *MEMBERS,
    "owner",
)

#: Roles that have an account.
_STRANGERS = ("stranger", "unlisted stranger", "public stranger")
_ACCOUNTS = ("owner", *_STRANGERS, *MEMBERS)
_STRANGE = ("unlisted stranger", "public stranger")
_NAMELESS = ("unlisted nobody", "public nobody")
_WRITE = ("owner", "team maintainer", "team owner")
_CONTROL = (*_WRITE, "team controller")
_SPEAK = (*_CONTROL, "team commenter")


def rule(*parts: tuple[tuple[str, ...], object]) -> dict[str, object]:
    """Roles and what they get; for whoever is not named the thing is not there."""
    found: dict[str, object] = dict.fromkeys(ROLES, 404)
    for roles, outcome in parts:
        found |= dict.fromkeys(roles, outcome)
    return found


_NO_ACCOUNT = tuple(role for role in ROLES if role not in _ACCOUNTS)

#: Rules, by what the roles of ROLES get. ok: not refused; the number is a status; login:
#: sent to the login page.
RULES: dict[str, dict[str, object]] = {
    "everybody": rule((ROLES, "ok")),
    # Pages for whoever is signed in.
    "person": rule((_ACCOUNTS, "ok"), (_NO_ACCOUNT, "login")),
    # The same over REST.
    "script": rule((_ACCOUNTS, "ok"), (_NO_ACCOUNT, 401)),
    # Things of a session: whoever holds a live link, is in its team, or comes while it
    # is not private reads them.
    "reads": rule((("owner", *GUESTS, *MEMBERS, *PASSING), "ok")),
    "writes": rule(((*GUESTS, *MEMBERS, *PASSING), 403), (_WRITE, "ok")),
    "script writes": rule(
        ((*MEMBERS, *_STRANGE), 403), (_WRITE, "ok"), (_NO_ACCOUNT, 401)
    ),
    # What its owner alone does.
    "sole": rule(((*GUESTS, *MEMBERS, *PASSING), 403), (("owner",), "ok")),
    "script sole": rule(
        ((*MEMBERS, *_STRANGE), 403), (("owner",), "ok"), (_NO_ACCOUNT, 401)
    ),
    # What a commenter may too, and what only a controller may too. Over REST whoever
    # has no signed cookie at all is asked for a token.
    "speaks": rule(
        (("viewer", "team viewer", *_NAMELESS), 403),
        ((*_SPEAK, "commenter", "controller", *_STRANGE), "ok"),
    ),
    "controls": rule(
        ((*GUESTS, *MEMBERS, *PASSING), 403), ((*_CONTROL, "controller"), "ok")
    ),
    "script speaks": rule(
        (("viewer", "team viewer"), 403),
        ((*_SPEAK, "commenter", "controller", *_STRANGE), "ok"),
        (("nobody", "forged", *_NAMELESS), 401),
    ),
    "script controls": rule(
        ((*GUESTS, *MEMBERS, *_STRANGE), 403),
        ((*_CONTROL, "controller"), "ok"),
        (("nobody", "forged", *_NAMELESS), 401),
    ),
    # Things of a review, which is private: the guests' link is for the session, and the
    # team's members have their role here too. Its own links are in test_review_links.
    "reads there": rule((("owner", *MEMBERS), "ok")),
    "writes there": rule((MEMBERS, 403), (_WRITE, "ok")),
    "sole there": rule((MEMBERS, 403), (("owner",), "ok")),
    "speaks there": rule((("team viewer",), 403), (_SPEAK, "ok")),
    "script writes there": rule((MEMBERS, 403), (_WRITE, "ok"), (_NO_ACCOUNT, 401)),
    "script sole there": rule((MEMBERS, 403), (("owner",), "ok"), (_NO_ACCOUNT, 401)),
    "script speaks there": rule(
        (("team viewer",), 403),
        (_SPEAK, "ok"),
        (("nobody", "forged", *_NAMELESS), 401),
    ),
    # A draft of alice's, which nobody else has.
    "own words there": rule((("team viewer",), 403), (("owner",), "ok")),
    "script words": rule((("team viewer",), 403), (_SPEAK, "ok"), (_NO_ACCOUNT, 401)),
    # One's own remarks in it; who may not speak is told so first.
    "script own words": rule(
        (("team viewer",), 403), (("owner",), "ok"), (_NO_ACCOUNT, 401)
    ),
    # Things that are one person's and nobody else's.
    "own": rule((("owner",), "ok"), (_NO_ACCOUNT, "login")),
    "script own": rule((("owner",), "ok"), (_NO_ACCOUNT, 401)),
    # Of a team: alice made it, so she is one of its owners.
    "member": rule((("owner", *MEMBERS), "ok"), (_NO_ACCOUNT, "login")),
    "manages": rule(
        (MEMBERS, 403), (("owner", "team owner"), "ok"), (_NO_ACCOUNT, "login")
    ),
    "script member": rule((("owner", *MEMBERS), "ok"), (_NO_ACCOUNT, 401)),
    "script manages": rule(
        (MEMBERS, 403), (("owner", "team owner"), "ok"), (_NO_ACCOUNT, 401)
    ),
    "nothing": rule(),
}

#: Name of the route, then METHOD=rule. What is not named is not allowed (405).
TABLE = """
home                        GET=person
health                      GET=everybody
login                       GET=everybody POST=everybody
logout                      POST=everybody
usage                       GET=person
tokens                      GET=person POST=person
token-delete                POST=own
password                    GET=person POST=person
password-reset              GET=everybody POST=everybody
password-sent               GET=everybody
password_reset_confirm      GET=everybody POST=everybody PATCH=everybody DELETE=everybody
sign-up                     GET=everybody POST=everybody
invitations                 GET=person POST=person
invitation-delete           POST=own
invited                     GET=everybody POST=everybody
webhooks                    GET=person POST=person
webhook                     GET=own
webhook-change              POST=own
webhook-delete              POST=own
webhook-again               POST=own
notifications               GET=person
notifications-read          POST=person
notifications-mail          POST=person
notification                GET=own
notification-mark           POST=own
address                     POST=person
address-confirm             GET=everybody POST=everybody
unsubscribe                 GET=everybody POST=everybody
login-link                  GET=everybody POST=everybody
share-open                  GET=everybody POST=everybody
session-new                 GET=person POST=person
scenarios                   GET=everybody
scenario                    GET=person
scenario-run                POST=person
scenario-compare            POST=person
session                     GET=reads
session-patch               POST=writes
session-edit                GET=writes POST=writes
session-rename              POST=writes
session-duplicate           POST=writes
session-delete              POST=sole
session-restore             POST=own
bundle-new                  GET=person POST=person
share                       GET=writes POST=writes
session-visibility          POST=writes
share-revoke                POST=writes
annotate                    POST=speaks
annotation-resolve          POST=writes
annotation-change           POST=writes
notebook-keep               POST=writes
notebook-markdown           GET=reads
notebook-entry              POST=writes
run-again                   POST=writes
run-change                  GET=writes
run-breakpoint              POST=writes
run-settings                POST=writes
run-recipe                  GET=writes POST=writes
run-delete                  POST=writes
run-restore                 POST=writes
run-verify                  POST=writes
run-fork                    POST=writes
debugger                    GET=reads
run-control                 POST=controls
run-listen                  POST=writes
run-replay                  POST=writes
packets                     GET=reads
memory                      GET=reads
problems                    GET=reads
output                      GET=reads
moment                      GET=reads
event                       GET=reads
run-command                 POST=controls
compare                     GET=reads
variants                    GET=person
variant                     GET=person
switch-sets                 GET=person
switch-set-new              GET=person POST=person
switch-set                  GET=own
switch-set-edit             GET=own POST=own
switch-set-delete           POST=own
reviews                     GET=person POST=person
review                      GET=reads-there
review-change               POST=writes-there
review-delete               POST=sole-there
review-share                GET=writes-there POST=writes-there
review-share-revoke         POST=writes-there
review-publish              POST=speaks-there
review-message              GET=reads-there
review-versions             GET=reads-there
review-bind                 POST=writes-there
review-tested               GET=speaks-there
review-remark               POST=speaks-there
review-remark-change        POST=own-words-there
review-patch                GET=reads-there
review-reply                GET=speaks-there
review-interdiff            GET=reads-there
review-join                 POST=writes-there
review-trial                POST=writes-there
review-pair                 POST=writes-there
review-unjoin               POST=writes-there
matrix                      GET=person
matrix-cell                 GET=person
matrix-run                  POST=person
matrix-compare              POST=person
teams                       GET=person POST=person
team                        GET=member
team-rename                 POST=manages
team-delete                 POST=manages
team-leave                  POST=member
team-invite                 POST=manages
team-add                    POST=manages
team-member                 POST=manages
api-schema                  GET=everybody
api-docs                    GET=everybody
api-docs-of                 GET=everybody
api:session-list            GET=script POST=script
api:session-detail          GET=reads PATCH=script-writes DELETE=script-sole
api:session-public          GET=script
api:session-runs            GET=reads
api:session-duplicate       POST=script-writes
api:run-list                GET=script POST=script
api:session-restore         POST=script-own
api:bundles                 POST=script
api:export                  GET=reads
api:run-detail              GET=reads DELETE=script-writes
api:run-restore             POST=script-writes
api:run-verify              POST=script-writes
api:run-cancel              POST=script-writes
api:run-fork                POST=script-writes
api:run-pause               POST=script-controls
api:run-replay              POST=script-writes
api:run-resume              POST=script-controls
api:run-park                POST=script-controls
api:run-symbols             GET=reads
api:run-viewers             GET=reads
api:breakpoint              POST=script-writes
api:settings                POST=script-writes
api:symbol-table            GET=reads
api:recipe-list             POST=script
api:recipe-check            POST=script
api:recipe-detail           GET=reads
api:image-list              POST=script
api:scenario-list           GET=script
api:scenario-detail         GET=script
api:scenario-compare        POST=script
api:scenario-run            POST=script
api:variant-list            GET=script
api:variant-detail          GET=script
api:switch-set-list         GET=script POST=script
api:switch-set-detail       GET=script-own PATCH=script-own DELETE=script-own
api:review-list             GET=script POST=script
api:review-detail           GET=reads-there PATCH=script-writes-there DELETE=script-sole-there
api:check-list              GET=reads-there POST=script-writes-there
api:review-messages         GET=reads-there
api:review-publish          POST=script-words
api:review-versions         GET=reads-there
api:remark-list             GET=reads-there POST=script-speaks-there
api:remark-detail           PATCH=script-own-words DELETE=script-own-words
api:review-interdiff        GET=reads-there
api:review-pairs            POST=script-writes-there
api:trial-list              GET=reads-there POST=script-writes-there
api:join-list               GET=script-writes-there POST=script-writes-there
api:join-detail             DELETE=script-writes-there
api:token-list              GET=script POST=script
api:token-detail            DELETE=script-own
api:team-list               GET=script POST=script
api:team-detail             GET=script-member PATCH=script-manages DELETE=script-manages
api:team-invitations        POST=script-manages
api:member-list             GET=script-member POST=script-manages
api:member-detail           PATCH=script-manages DELETE=script-manages
api:quota                   GET=script
api:webhook-list            GET=script POST=script
api:webhook-detail          GET=script-own PATCH=script-own DELETE=script-own
api:webhook-again           POST=script-own
api:webhook-deliveries      GET=script-own
api:webhook-test            POST=script-own
api:notification-list       GET=script
api:notification-detail     PATCH=script-own
api:notification-read       POST=script
api:notification-mail       GET=script PATCH=script
api:compare                 GET=reads
api:matrix                  GET=script
api:matrix-run              POST=script
api:annotation-list         GET=reads POST=script-speaks
api:annotation-detail       PATCH=script-writes DELETE=script-writes
api:notebook-entry-list     GET=reads POST=script-writes
api:notebook-entry-markdown GET=reads
api:notebook-entry-detail   PATCH=script-writes DELETE=script-writes
api:share-link-list         GET=script-writes POST=script-writes
api:share-link-detail       DELETE=script-writes
api:share-link-openings     GET=script-writes
api:review-link-list        GET=script-writes-there POST=script-writes-there
api:review-link-detail      DELETE=script-writes-there
api:review-link-openings    GET=script-writes-there
api:memory                  GET=reads
api:event-list              GET=reads
api:event-count             GET=reads
api:event-detail            GET=reads
api:event-snapshot          GET=reads
api:timeline-list           GET=reads
api:timeline-nearest        GET=reads
api:found-list              GET=reads
api:hit-list                GET=reads
api:hit-count               GET=reads
api:hit-values              GET=reads
api:hit-detail              GET=reads
api:hit-tree                GET=reads
api:output-list             GET=reads
api:control-list            GET=reads POST=script-controls
api:packet-list             GET=reads
api:command-list            GET=reads
api:listen-list             POST=script-writes
api:nothing                 GET=nothing POST=nothing PATCH=nothing DELETE=nothing
"""
METHODS = ("GET", "POST", "PATCH", "DELETE")


def parsed() -> dict[str, dict[str, str]]:
    """Route to method to rule."""
    found = {}
    for line in TABLE.strip().splitlines():
        name, *rules = line.split()
        pairs = (rule.split("=") for rule in rules)
        found[name] = {method: rule.replace("-", " ") for method, rule in pairs}
    return found
