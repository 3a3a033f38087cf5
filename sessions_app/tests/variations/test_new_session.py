"""A new session whose breakpoints are chosen from an uploaded program."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from emulator.tests.compiling import image_of
from sessions_app.models import DebugSession, Image
from sessions_app.tests.factories import create_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]
FORM = {
    "assembly": "nop",
    "variant": "g-bare",
    "mode": "user",
    "cpus": "1",
    "instructions": "1000",
    "events": "1000",
    "wall_ms": "1000",
    "seed": "1",
    **{
        f"bp{n}-{name}": v
        for n in range(4)
        for name, v in (("type", "write"), ("length", "4"), ("at", ""))
    },
}


@pytest.fixture
def owner(transactional_db: None) -> Client:
    alice: User = create_user("alice")
    client = Client()
    client.force_login(alice)
    return client


def post(client: Client, **fields: Any) -> Any:
    return client.post("/sessions/new/", FORM | fields)


def elf(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("paced", data)


@pytest.fixture
def read(owner: Client) -> str:
    """The page after the program was read; it names the program from now on."""
    html: str = post(owner, elf=elf(image_of("paced")), read="1").content.decode()
    return html


def sha_in(html: str) -> str:
    found = re.search(r'name="image" value="(\w+)"', html)
    assert found is not None
    return found[1]


def test_symbols_come_with_sizes_and_types(owner: Client, read: str) -> None:
    answer = post(owner, image=sha_in(read), find="sample", read="1")
    row = re.search(r"<tr><td[^>]*>sample</td>.*?</tr>", answer.content.decode())

    assert row is not None
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row[0])[2:] == ["8", "data"]
    assert "watch 8 bytes" in row[0]


def test_reading_makes_no_session(read: str) -> None:
    assert not DebugSession.objects.exists()


def test_a_chosen_symbol_is_in_the_first_empty_line(owner: Client, read: str) -> None:
    first = {"bp0-at": "0x401000", "bp0-type": "execute", "bp0-length": "1"}
    answer = post(owner, image=sha_in(read), choose="sample", **first)

    html = answer.content.decode()
    line = re.search(r'<input[^>]*name="bp1-at"[^>]*>', html)
    assert line is not None and 'value="sample"' in line[0]
    assert re.search(r'name="bp1-length".*?value="8" selected', html, re.DOTALL)


def test_symbols_are_found_by_a_part_of_their_name(owner: Client, read: str) -> None:
    html = post(owner, image=sha_in(read), find="SAMPL", read="1").content.decode()

    assert "Choose sample" in html
    assert "Choose _start" not in html


def test_the_program_that_was_read_is_the_one_that_runs(
    owner: Client, read: str
) -> None:
    sha = sha_in(read)
    line = {"bp0-at": "sample", "bp0-length": "8"}
    answer = post(owner, image=sha, **line)

    assert answer.status_code == 302
    recipe = json.loads(DebugSession.objects.get().runs.get().recipe.body)
    assert recipe["images"][0]["sha256"] == sha
    assert recipe["tasks"][0]["entry"] == Image.objects.get(pk=sha).entry


def test_what_is_no_program_is_refused_in_place(owner: Client) -> None:
    answer = post(owner, elf=elf(b"no ELF at all"), read="1")

    assert answer.status_code == 422
    assert 'id="id_elf-error"' in answer.content.decode()
    assert not Image.objects.exists()


def test_without_a_file_there_is_nothing_to_read(owner: Client) -> None:
    answer = post(owner, read="1")

    assert "Choose an ELF file" in answer.content.decode()
