"""Bad input on the real stack: an error that names field and reason, and nothing stored."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from emulator.tests.programs.elf_files import ElfFile, Load
from hwbpweb.tests.processes import Service
from sessions_app.tests.browser.rest import Answer, Api

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

PROGRAM = """\
\t.globl\t_start
_start:
\taddq\t$1, counter(%rip)
\tmov\t$60, %eax
\txor\t%edi, %edi
\tsyscall
\t.data
\t.balign\t8
counter:
\t.quad\t0
"""
OVERLAPPING = ElfFile([Load(), Load(vaddr=0x401008, flags=6)]).pack()
TABLES = ("image", "storedrecipe", "run", "debugsession", "eventchunk")


def rows(service: Service) -> list[int]:
    """How many of each kind are stored."""
    with closing(sqlite3.connect(service.data / "db.sqlite3")) as database:
        return [
            database.execute(f"SELECT count(*) FROM sessions_app_{name}").fetchone()[0]
            for name in TABLES
        ]


@pytest.fixture(scope="module")
def image(api: Api) -> str:
    """An image with a symbol "counter", to make wrong recipes of."""
    return str(api.post("images/", {"assembly": PROGRAM})["sha256"])


@pytest.fixture
def nothing_stored(service: Service, image: str, api: Api) -> Iterator[None]:
    """After the test there are as many rows as before it."""
    before = rows(service)
    yield
    assert rows(service) == before


def refusal(answer: Answer) -> tuple[int, str, str]:
    """Status, field and reason of a problem."""
    assert answer.kind == "application/problem+json", answer
    first = answer.body["errors"][0]
    return answer.status, first["field"], first["detail"]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ElfFile(elf_class=1).pack(), "32-bit"),
        (ElfFile().pack()[:0x208], "cut off"),
        (ElfFile().pack()[:40], "cut off"),
        (OVERLAPPING, "overlap"),
        (b"MZ" + bytes(200), "ELF"),
        (ElfFile(machine=183).pack(), "machine"),
    ],
    ids=["class", "truncated", "header", "overlap", "magic", "machine"],
)
def test_an_elf_that_cannot_be_loaded(api: Api, data: bytes, reason: str) -> None:
    status, field, detail = refusal(api.upload(data))

    assert (status, field) == (422, "file")
    assert reason in detail


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("_start:\n\tmovv $1, %eax\n", "line 2"),
        ('_start:\n\tnop\n\t.incbin "/etc/passwd"\n', "line 3"),
        ('\t.include "/etc/passwd"\n_start: nop\n', "line 1"),
        ("_start:\n\t.rept 0x7fffffff\n\tnop\n\t.endr\n", ""),
    ],
    ids=["error", "incbin", "include", "rept"],
)
def test_an_assembly_that_is_refused(api: Api, text: str, reason: str) -> None:
    status, field, detail = refusal(api.send("images/", {"assembly": text}))

    assert (status, field) == (422, "assembly")
    assert detail
    assert reason in detail
    assert "root:" not in detail


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("watch", "field", "reason"),
    [
        (
            {"length": 4, "at": "counter+0x2"},
            "breakpoints[0].at",
            "multiple of the length",
        ),
        ({"length": 16, "at": "counter"}, "breakpoints[0].length", "16"),
        ({"length": 4, "at": "countre"}, "breakpoints[0].at", "countre"),
    ],
    ids=["unaligned", "overlong", "unknown"],
)
def test_a_breakpoint_that_cannot_be(
    api: Api, image: str, watch: dict[str, object], field: str, reason: str
) -> None:
    wish = {"image": image, "breakpoints": [{"type": "write", **watch}]}

    status, where, detail = refusal(api.send("recipes/", wish))

    assert (status, where) == (422, field)
    assert reason in detail


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("name", "value"),
    [("instructions", 10**12), ("events", 10**8), ("wall_ms", 0), ("cpus", 9)],
)
def test_a_recipe_over_its_limits(api: Api, image: str, name: str, value: int) -> None:
    wish = {"image": image, "breakpoints": [], name: value}

    status, where, _ = refusal(api.send("recipes/", wish))

    assert (status, where) == (422, name)


@pytest.mark.usefixtures("nothing_stored")
def test_a_hundred_megabytes(api: Api) -> None:
    status, field, detail = refusal(api.upload(bytes(100 << 20)))

    assert (status, field) == (413, "body")
    assert detail == "too long"


def test_the_fifth_slot_is_refused_by_the_kernel_of_the_run(
    api: Api, image: str
) -> None:
    watch = {"type": "write", "length": 8, "at": "counter"}
    run = api.run(api.recipe(image, breakpoints=[watch] * 5))
    api.end(run)

    found = api.get(f"runs/{run}/events/?kind=BREAKPOINT_REGISTERED")["results"]

    assert [event["ret"] for event in found] == [0, 0, 0, 0, -errno.ENOSPC]


@pytest.mark.usefixtures("nothing_stored", "home")
@pytest.mark.parametrize(
    ("data", "reason"),
    [(ElfFile(elf_class=1).pack(), "32-bit"), (OVERLAPPING, "overlap")],
    ids=["class", "overlap"],
)
def test_the_page_says_what_is_wrong_with_an_elf(
    page: Page, data: bytes, reason: str
) -> None:
    page.get_by_role("link", name="New session").click()
    page.get_by_label("or a static ELF64 executable").set_input_files(
        {"name": "a", "mimeType": "application/octet-stream", "buffer": data}
    )
    page.get_by_role("button", name="Run", exact=True).click()

    expect(page.locator(".error").first).to_contain_text(reason)


@pytest.mark.usefixtures("nothing_stored", "home")
def test_the_page_says_what_is_wrong_with_a_breakpoint(page: Page) -> None:
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Symbol or address of breakpoint 1").fill("counter+0x2")
    page.get_by_role("button", name="Run", exact=True).click()

    expect(page.locator(".watch .error").first).to_contain_text(
        "multiple of the length"
    )
