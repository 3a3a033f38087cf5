"""The HTML pages: who may open them and what stands in them without any script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from sessions_app.models import (
    Annotation,
    ApiToken,
    DebugSession,
    LoginLink,
    Run,
    ShareLink,
)
from sessions_app.services.sharing import share_link_create
from sessions_app.tests.factories import (
    create_annotation,
    create_run,
    create_session,
    secret_and_hash,
    store_hits,
)


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def session_url(session: DebugSession, tail: str = "") -> str:
    return f"/sessions/{session.pk}/{tail}"


@pytest.mark.parametrize("url", ["/", "/sessions/new/", "/accounts/tokens/"])
def test_pages_of_a_person_lead_to_the_login(
    client: Client, db: None, url: str
) -> None:
    assert client.get(url)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "tail", ["", "?run=1&hit=2", "share/", "runs/1/hits/2/", "runs/1/output/"]
)
def test_charlie_does_not_find_the_session(
    charlie_client: Client, run: Run, tail: str
) -> None:
    assert charlie_client.get(session_url(run.session, tail)).status_code == 404


@pytest.mark.parametrize(
    "tail", ["annotate/", "patch/", "share/", "runs/1/cancel/", "runs/1/again/"]
)
def test_charlie_changes_nothing(charlie_client: Client, run: Run, tail: str) -> None:
    assert charlie_client.post(session_url(run.session, tail)).status_code == 404


@pytest.mark.parametrize(
    "tail", ["annotate/", "patch/", "share/", "runs/1/cancel/", "runs/1/again/"]
)
def test_bob_changes_nothing(bob_client: Client, run: Run, tail: str) -> None:
    assert bob_client.post(session_url(run.session, tail)).status_code == 403


def test_home_lists_own_sessions_only(
    alice_client: Client, session: DebugSession, charlie: User
) -> None:
    create_session(charlie, title="A secret of charlie")

    html = page(alice_client, "/")

    assert "A watched counter" in html and "A secret of charlie" not in html


def test_home_says_livelock_in_words(
    alice_client: Client, session: DebugSession
) -> None:
    create_run(session, outcome="livelock", detail="the same #DB 8 times")

    html = page(alice_client, "/")

    assert 'data-s="livelock"' in html and "the same #DB 8 times" in html


@pytest.mark.parametrize("count", [1, 6])
def test_home_does_not_query_per_session(
    alice_client: Client, alice: User, count: int, django_assert_max_num_queries
) -> None:
    run = create_run(create_session(alice))
    for _ in range(count):
        create_run(create_session(alice), recipe=run.recipe)

    with django_assert_max_num_queries(9):  # one of them: the count in the head
        page(alice_client, "/")


def test_the_session_page_names_hit_and_verdict(alice_client: Client, run: Run) -> None:
    html = page(alice_client, session_url(run.session, "?run=1&hit=12"))

    assert 'id="h-n">12<' in html and "Delivered once" in html


def test_the_session_page_holds_the_tree(alice_client: Client, run: Run) -> None:
    html = page(alice_client, session_url(run.session, "?run=1&hit=12"))

    names = re.findall(r'class="fn">([^<]+)<', html)
    assert names == [
        "#DB",
        "notify_die",
        "hw_breakpoint_exceptions_notify",
        "perf_bp_event",
        "iret",
    ]


def test_the_session_page_marks_changed_registers(
    alice_client: Client, run: Run
) -> None:
    html = page(alice_client, session_url(run.session, "?run=1&hit=12"))

    assert re.findall(
        r'class="gpr chg" title="was (0x[0-9a-f]+)"><dt>(\w+)<', html
    ) == [("0xb", "rax")]


def test_the_session_page_marks_the_trapping_instruction(
    alice_client: Client, run: Run
) -> None:
    html = page(alice_client, session_url(run.session, "?run=1&hit=12"))

    trap = re.search(r'<div class="ln trap".*?</div>', html, re.DOTALL)
    assert trap is not None and "addl" in trap[0] and "0xb → 0xc" in trap[0]


def test_the_session_page_says_dr7_in_words(alice_client: Client, run: Run) -> None:
    html = page(alice_client, session_url(run.session))

    words = html.partition("DR7 in words")[2].partition("</table>")[0]
    assert words.count("<td>write, 4 bytes, global</td>") == 2


def test_a_filter_is_part_of_the_address(alice_client: Client, run: Run) -> None:
    html = page(alice_client, session_url(run.session, "?run=1&q=t:11..30"))

    assert html.count('class="hit is-flow"') == 2


def test_a_wrong_filter_says_what_is_allowed(alice_client: Client, run: Run) -> None:
    html = page(alice_client, session_url(run.session, "?run=1&q=slot:9"))

    assert "allowed: 0 to 3 (at character 6)" in html


def test_a_hit_that_is_not_there_is_no_error(alice_client: Client, run: Run) -> None:
    html = page(alice_client, session_url(run.session, "?run=1&hit=9999"))

    assert "Choose a hit" in html


def test_a_run_that_is_not_there_is_404(alice_client: Client, run: Run) -> None:
    assert alice_client.get(session_url(run.session, "?run=7")).status_code == 404


def test_titles_are_escaped(alice_client: Client, alice: User) -> None:
    session = create_session(alice, title="<script>alert(1)</script>")

    assert "<script>alert" not in page(alice_client, session_url(session))


def test_remarks_are_escaped(alice_client: Client, run: Run) -> None:
    create_annotation(run.session, body="<img src=x onerror=alert(1)>", run=run, seq=1)

    assert "<img" not in page(alice_client, session_url(run.session, "?run=1&hit=1"))


@pytest.mark.parametrize(
    "url", ["/", "/sessions/new/", "/api/docs/", "/accounts/login/"]
)
def test_no_page_has_anything_inline(alice_client: Client, url: str) -> None:
    html = page(alice_client, url)

    inline = re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)[^>]*>", html)
    assert inline == []


def test_the_session_page_has_only_data_inline(alice_client: Client, run: Run) -> None:
    html = page(alice_client, session_url(run.session))

    inline = re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)[^>]*>", html)
    assert inline == [
        '<script id="breakpoints" type="application/json">',
        '<script id="noted" type="application/json">',
    ]


def test_the_policy_allows_nothing_inline(alice_client: Client) -> None:
    assert "unsafe" not in alice_client.get("/")["Content-Security-Policy"]


def test_annotate_a_hit(alice_client: Client, run: Run) -> None:
    form = {"run": 1, "hit": 3, "register": "dr7", "body": "G1 is gone"}
    alice_client.post(session_url(run.session, "annotate/"), form)

    html = page(alice_client, session_url(run.session, "?run=1&hit=3"))
    assert html.count("G1 is gone") == 3  # beside DR7, in the notes, to be edited


def test_annotate_leads_back_to_the_moment(alice_client: Client, run: Run) -> None:
    form = {"run": 1, "hit": 3, "body": "here"}
    answer = alice_client.post(session_url(run.session, "annotate/"), form)

    assert answer["Location"].endswith("?run=1&hit=3")


def test_a_remark_on_a_patch_line_stands_in_the_patch(
    alice_client: Client, run: Run
) -> None:
    form = {"run": 1, "hit": 3, "patch_line": 2, "body": "this line does it"}
    alice_client.post(session_url(run.session, "annotate/"), form)

    html = page(alice_client, session_url(run.session))
    assert re.search(r'cited" id="patch-2".*?this line does it', html, re.DOTALL)


def test_resolve_a_remark(alice_client: Client, session: DebugSession) -> None:
    remark = create_annotation(session)
    alice_client.post(session_url(session, f"annotations/{remark.pk}/resolve/"))

    assert Annotation.objects.get().resolved_at is not None


def test_the_patch_is_kept_with_the_session(
    alice_client: Client, session: DebugSession
) -> None:
    alice_client.post(session_url(session, "patch/"), {"patch_text": "+a\r\n-b\r\n"})

    session.refresh_from_db()
    assert session.patch_text == "+a\n-b\n"


def test_the_share_link_is_shown_once(alice_client: Client, run: Run) -> None:
    url = session_url(run.session, "share/")
    made = alice_client.post(url, {"run": 1, "hit": 3, "days": "7"}).content.decode()

    secret = re.search(r"/s/([\w-]+)/", made)
    assert secret is not None and secret[1] not in page(alice_client, url)


def test_the_share_link_opens_the_same_moment(alice_client: Client, run: Run) -> None:
    url = session_url(run.session, "share/")
    made = alice_client.post(url, {"run": 1, "hit": 3, "days": "7"}).content.decode()
    link = re.search(r"/s/[\w-]+/", made)
    assert link is not None

    answer = Client().get(link[0])

    assert answer["Location"] == session_url(run.session, "?run=1&hit=3")


def test_the_share_link_says_nothing_to_others(alice: User, run: Run) -> None:
    _, secret = share_link_create(of=run.session, by=alice)

    answer = Client().get(f"/s/{secret}/")

    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == (
        "no-referrer",
        "noindex",
    )


def test_bob_sees_who_made_the_link(bob_client: Client, run: Run) -> None:
    html = page(bob_client, session_url(run.session))

    assert "Read only: one session through a link. Made by <b>alice</b>" in html


def test_bob_sees_no_control_that_changes(bob_client: Client, run: Run) -> None:
    html = page(bob_client, session_url(run.session, "?run=1&hit=3"))

    assert 'method="post"' not in html


def test_a_link_opens_one_session_only(bob_client: Client, alice: User) -> None:
    other = create_session(alice)

    assert bob_client.get(session_url(other)).status_code == 404


def test_a_forged_cookie_opens_nothing(session: DebugSession, alice: User) -> None:
    link, _ = share_link_create(of=session, by=alice)
    browser = Client()
    browser.cookies["hwbpweb_share"] = f'["{link.pk}"]'

    assert browser.get(session_url(session)).status_code == 404


def test_a_revoked_link_says_so(
    alice_client: Client, alice: User, session: DebugSession
) -> None:
    link, secret = share_link_create(of=session, by=alice)
    alice_client.post(session_url(session, f"share/{link.pk}/revoke/"))

    answer = Client().get(f"/s/{secret}/")

    assert answer.status_code == 410 and b"This link was revoked" in answer.content


def test_an_opened_link_is_counted(bob_client: Client) -> None:
    assert ShareLink.objects.get().used_count == 1


def test_tokens_are_made_on_a_page(alice_client: Client) -> None:
    html = alice_client.post("/accounts/tokens/", {"name": "laptop"}).content.decode()

    assert ApiToken.objects.get().name == "laptop" and 'id="secret"' in html


def test_a_login_link_is_not_spent_by_looking(alice: User, client: Client) -> None:
    secret = login_link(alice)
    client.get(f"/login/{secret}/")

    assert client.post(f"/login/{secret}/")["Location"] == "/"


def test_a_login_link_works_once(alice: User) -> None:
    secret = login_link(alice)
    Client().post(f"/login/{secret}/")

    assert Client().post(f"/login/{secret}/").status_code == 410


def login_link(user: User) -> str:
    secret, digest = secret_and_hash()
    LoginLink.objects.create(
        user=user, token_hash=digest, expires_at=timezone.now() + timedelta(hours=1)
    )
    return secret


def test_a_moment_needs_few_queries(
    alice_client: Client, session: DebugSession, django_assert_max_num_queries
) -> None:
    run = create_run(session)
    store_hits(run, 250)

    with django_assert_max_num_queries(24):
        alice_client.get(session_url(session, "runs/1/hits/240/"))
