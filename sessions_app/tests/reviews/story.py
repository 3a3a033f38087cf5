"""A thread as on a list: three versions of a patch, four people, one dispute."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

from sessions_app.tests.mail.letters import letter, mbox

START = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
TITLE = "x86/hw_breakpoint: Write DR7 back from the saved value"
FILE = "arch/x86/kernel/hw_breakpoint.c"
ALICE = "Alice Author <alice@example.org>"
BOB = "Bob Reviewer <bob@example.org>"
CAROL = "Carol Kgdb <carol@example.org>"
DAVE = "Dave Perf <dave@example.org>"

#: The lines that the versions add.
LINES = {
    1: ["\tset_debugreg(dr7, 7);"],
    2: ["\t/* kgdb may have armed its own */", "\tset_debugreg(dr7, 7);"],
    3: [
        "\t/* kgdb may have armed its own */",
        "\tset_debugreg(__this_cpu_read(cpu_dr7), 7);",
    ],
}


def patch_body(version: int) -> str:
    """Description, diff, signature."""
    added = LINES[version]
    plus = "".join(f"+{line}\n" for line in added)
    return (
        "The handler clears DR7 while it works and nobody writes it back when the\n"
        "exception came from kgdb.\n"
        "\n"
        'Fixes: 0067f1297241 ("hw-breakpoints: Rewrite the hw-breakpoints layer")\n'
        f"Signed-off-by: {ALICE}\n"
        "---\n"
        f" {FILE} | {len(added)} +\n"
        "\n"
        f"diff --git a/{FILE} b/{FILE}\n"
        "index 1111111..2222222 100644\n"
        f"--- a/{FILE}\n"
        f"+++ b/{FILE}\n"
        f"@@ -530,6 +530,{6 + len(added)} @@ static int hw_breakpoint_handler(void)\n"
        " \tif (dr6 & (~DR_TRAP_BITS))\n"
        " \t\trc = NOTIFY_DONE;\n"
        " \n"
        f"{plus}"
        " \tput_cpu();\n"
        " \n"
        " \treturn rc;\n"
        "-- \n"
        "2.39.2\n"
    )


def mail(
    name: str, author: str, subject: str, body: str, minute: int, parent: str = ""
) -> bytes:
    """One message; name is its id."""
    headers = {
        "From": author,
        "To": "linux-kernel@example.org",
        "Cc": "Bob Reviewer <bob@example.org>",
        "Message_ID": f"<{name}@example.org>",
        "Date": format_datetime(START + timedelta(minutes=minute)),
    }
    if parent:
        headers |= {
            "In_Reply_To": f"<{parent}@example.org>",
            "References": f"<{parent}@example.org>",
        }
    return letter(subject, body, **headers)


def posting(version: int) -> bytes:
    """The patch itself."""
    tag = "" if version == 1 else f" v{version}"
    subject = f"[PATCH{tag}] {TITLE}"
    return mail(f"v{version}", ALICE, subject, patch_body(version), 100 * version)


ANSWERS = [
    mail(
        "bob-1",
        BOB,
        f"Re: [PATCH] {TITLE}",
        "On Mon, 2 Mar 2026, Alice Author wrote:\n"
        "> +\tset_debugreg(dr7, 7);\n"
        "\n"
        "This writes the value of before the stop. What kgdb armed meanwhile is lost.\n",
        110,
        "v1",
    ),
    mail(
        "alice-1",
        ALICE,
        f"Re: [PATCH] {TITLE}",
        "On Mon, 2 Mar 2026, Bob Reviewer wrote:\n"
        "> This writes the value of before the stop. What kgdb armed meanwhile is lost.\n"
        "\n"
        "Is it? kgdb restores its own on leave, as far as I can tell.\n",
        120,
        "bob-1",
    ),
    mail(
        "carol-2",
        CAROL,
        f"Re: [PATCH v2] {TITLE}",
        "> +\t/* kgdb may have armed its own */\n"
        "\n"
        "Then say so in the changelog.\n"
        "\n"
        "Acked-by: Carol Kgdb <carol@example.org>\n",
        210,
        "v2",
    ),
    mail(
        "dave-3",
        DAVE,
        f"Re: [PATCH v3] {TITLE}",
        "Looks right from the perf side.\n\nReviewed-by: Dave Perf <dave@example.org>\n",
        310,
        "v3",
    ),
]
#: All of it, as an archive gives it.
THREAD = mbox(*(posting(version) for version in (1, 2, 3)), *ANSWERS)
