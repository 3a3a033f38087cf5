"""Remarks on parts of the machine on the session page, without any script."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sessions_app.models import Annotation, DebugSession, Run
from sessions_app.services.annotations import annotation_edit
from sessions_app.tests.factories import create_annotation, store_silence

AT = "?run=1&hit=3"


def url(session: DebugSession, tail: str = "") -> str:
    return f"/sessions/{session.pk}/{tail}"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def annotate(client: Client, run: Run, **fields: object) -> None:
    sent = {"run": 1, "hit": 3, "body": "Look here."} | fields
    answer = client.post(url(run.session, "annotate/"), sent)
    assert answer.status_code == 302, answer.content


def test_each_bit_leads_to_the_form(alice_client: Client, run: Run) -> None:
    html = page(alice_client, url(run.session, AT))

    link = re.search(r'<a href="([^"]*)"[^>]*aria-label="Annotate DR7 bit 1,', html)
    assert link is not None
    assert link[1] == "?run=1&amp;hit=3&amp;on=dr7.1#annotate"


def test_the_form_has_the_part_of_the_address(alice_client: Client, run: Run) -> None:
    html = page(alice_client, url(run.session, f"{AT}&on=dr7.1"))

    assert re.search(r'id="note-on" name="on" value="dr7.1"', html)


def test_the_address_marks_its_part_for_whoever_reads(
    bob_client: Client, run: Run
) -> None:
    html = page(bob_client, url(run.session, f"{AT}&on=dr7.1"))

    assert re.search(r'class="bit[^"]*is-pinned[^"]*"[^>]*bit 1, global enable', html)


@pytest.mark.parametrize("on", ["nonsense.1.2", "0x10:99999", "cpu9.slot9"])
def test_an_address_of_no_part_is_a_page_all_the_same(
    alice_client: Client, run: Run, on: str
) -> None:
    assert "Hit" in page(alice_client, url(run.session, f"{AT}&on={on}"))


def test_who_only_reads_gets_no_links(bob_client: Client, run: Run) -> None:
    html = page(bob_client, url(run.session, AT))

    assert "data-on=" not in html
    assert 'role="img" class="bit' in html


def test_a_bit_is_marked_and_named(alice_client: Client, run: Run) -> None:
    annotate(alice_client, run, on="dr7.1")

    html = page(alice_client, url(run.session, AT))

    assert re.search(r'class="bit[^"]*is-pinned[^"]*"[^>]*bit 1, global enable', html)
    assert "on <b>DR7 bit 1 G0</b>" in html


def test_another_moment_is_not_marked(alice_client: Client, run: Run) -> None:
    annotate(alice_client, run, on="dr7.1")

    html = page(alice_client, url(run.session, "?run=1&hit=4"))

    assert "is-pinned" not in html


def test_a_slot_is_marked(alice_client: Client, run: Run) -> None:
    annotate(alice_client, run, on="cpu0.slot1")

    html = page(alice_client, url(run.session, AT))

    assert re.search(r'is-pinned"[^>]*data-on="cpu0.slot1"', html)
    assert "on <b>slot DR1 of CPU 0</b>" in html


def test_bytes_are_named_as_the_run_calls_them(alice_client: Client, run: Run) -> None:
    annotate(alice_client, run, on="0x402000:4")

    html = page(alice_client, url(run.session, AT))

    assert "on <b>4 bytes at counter, 0x402000</b>" in html


def test_the_snapshot_comes_back(alice_client: Client, run: Run) -> None:
    annotate(alice_client, run, on="dr6", moment="entry")

    html = page(alice_client, url(run.session, AT))

    assert 'href="?run=1&amp;hit=3&amp;moment=entry">hit 3</a>' in html
    assert "at entry" in html


def test_what_is_refused_comes_back_with_its_words(
    alice_client: Client, run: Run
) -> None:
    sent = {"run": 1, "hit": 3, "on": "dr7.99", "body": "Do not lose <this>."}

    answer = alice_client.post(url(run.session, "annotate/"), sent)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "bit: no such bit, not 99; allowed: 0 to 31" in html
    assert "Do not lose &lt;this&gt;." in html
    assert not Annotation.objects.exists()


def test_an_event_that_no_hit_caused_is_annotated(
    alice_client: Client, run: Run
) -> None:
    seq = store_silence(run)
    alice_client.post(
        url(run.session, "annotate/"), {"run": 1, "event": seq, "body": "Unseen."}
    )

    html = page(alice_client, url(run.session, f"?run=1&event={seq}"))
    assert f'href="?run=1&amp;event={seq}">event' in html
    assert "on <b>this event</b>" in html


# Talk in the notes.


def test_an_answer_stands_below_its_remark(
    alice_client: Client, session: DebugSession
) -> None:
    top = create_annotation(session, body="Is it?")

    alice_client.post(url(session, "annotate/"), {"answers": top.pk, "body": "It is."})

    assert Annotation.objects.get(body="It is.").answers == top


@pytest.fixture
def edited(run: Run) -> Annotation:
    made = create_annotation(run.session, run=run, seq=13, body="two watches")
    return annotation_edit(annotation=made, body="three watches")


def test_earlier_words_are_shown_with_the_difference(
    alice_client: Client, edited: Annotation
) -> None:
    html = page(alice_client, url(edited.session))

    assert "edited 1 time<" in html
    assert "<del>two</del><ins>three</ins> watches" in html


def test_the_author_edits_on_the_page(
    alice_client: Client, session: DebugSession
) -> None:
    remark = create_annotation(session, body="two")
    address = url(session, f"annotations/{remark.pk}/")

    alice_client.post(address, {"do": "edit", "body": "three"})

    remark.refresh_from_db()
    assert (remark.body, remark.earlier.get().body) == ("three", "two")


def test_no_words_change_nothing(alice_client: Client, session: DebugSession) -> None:
    remark = create_annotation(session, body="two")

    alice_client.post(
        url(session, f"annotations/{remark.pk}/"), {"do": "edit", "body": ""}
    )

    remark.refresh_from_db()
    assert remark.body == "two"


def test_only_the_place_of_a_removed_one_is_shown(
    alice_client: Client, session: DebugSession, run: Run
) -> None:
    remark = create_annotation(session, body="secret words")
    create_annotation(session, body="an answer", answers=remark)

    alice_client.post(url(session, f"annotations/{remark.pk}/"), {"do": "remove"})

    html = page(alice_client, url(session))
    assert "removed by its author" in html
    assert "secret words" not in html
    assert "an answer" in html


def test_an_answer_leads_back_to_the_moment_of_its_talk(
    alice_client: Client, edited: Annotation
) -> None:
    sent = {"answers": edited.pk, "body": "Four."}

    answer = alice_client.post(url(edited.session, "annotate/"), sent)

    assert answer["Location"].startswith(f"{url(edited.session)}?run=1&hit=3&tab=notes")
