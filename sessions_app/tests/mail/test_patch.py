"""Patches taken apart."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.mail import patch as module
from sessions_app.mail.patch import parse_patch
from sessions_app.mail.trailers import Trailer, find_trailers
from sessions_app.tests.mail.letters import PATCH

HEAD = "Title\n\n---\n"
RENAME = """\
diff --git a/old.c b/new.c
similarity index 100%
rename from old.c
rename to new.c
"""
MODE = "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"
BINARY = """\
diff --git a/i.png b/i.png
new file mode 100644
index 0000000..1234567
GIT binary patch
literal 5
McmZQzWMT#Y01f~L

literal 0
HcmV?d00001

"""
EDIT = """\
diff --git a/x.c b/x.c
index 1..2 100644
--- a/x.c
+++ b/x.c
@@ -1,3 +1,3 @@
 one
-two
+deux
 three
\\ No newline at end of file
"""


def test_description_notes_and_diff_are_told_apart() -> None:
    patch = parse_patch(PATCH)

    assert patch.description.endswith("Reviewed-by: Bob <bob@example.org>")
    assert patch.notes.startswith("v2: save it before the loop")
    assert PATCH.split("\n")[patch.diff_at - 1].startswith("diff --git")


def test_each_line_is_where_it_stands_in_the_mail() -> None:
    lines = PATCH.split("\n")
    (file,) = parse_patch(PATCH).files

    for hunk in file.hunks:
        assert lines[hunk.at - 1].startswith("@@ -460,8 +460,9 @@")
        for line in hunk.lines:
            assert lines[line.at - 1] in (line.sign + line.text, line.text)


def test_lines_have_their_numbers_in_both_files() -> None:
    (file,) = parse_patch(PATCH).files
    (hunk,) = file.hunks

    numbered = [(line.sign, line.old, line.new) for line in hunk.lines]
    assert numbered[:5] == [
        (" ", 460, 460),
        (" ", 461, 461),
        (" ", 462, 462),
        ("-", 463, None),
        ("-", 464, None),
    ]
    assert (file.added, file.removed) == (3, 2)


def test_the_signature_is_no_part_of_the_diff() -> None:
    (file,) = parse_patch(PATCH).files

    assert all("2.39" not in line.text for line in file.hunks[-1].lines)


def test_trailers_are_collected() -> None:
    names = [trailer.name for trailer in parse_patch(PATCH).trailers]

    assert names == ["Fixes", "Signed-off-by", "Reviewed-by"]


def test_quoted_trailers_are_not_given_again() -> None:
    text = (
        "> Acked-by: Carol <c@x>\n\nreviewed-BY: Dave <d@x>\nReviewed-by: Dave <d@x>\n"
    )

    assert find_trailers(text) == [Trailer("Reviewed-by", "Dave <d@x>")]


@pytest.mark.parametrize(
    ("diff", "name", "said"),
    [
        (RENAME, "new.c", ("rename from old.c", "rename to new.c")),
        (MODE, "run.sh", ("old mode 100644", "new mode 100755")),
        (BINARY, "i.png", ("new file mode 100644", "binary")),
        (EDIT, "x.c", ()),
        (EDIT.replace("\n", "\r\n").replace("\r\n", "\n", 4), "x.c", ()),
    ],
)
def test_files_without_hunks_are_files(
    diff: str, name: str, said: tuple[str, ...]
) -> None:
    (file,) = parse_patch(HEAD + diff).files

    assert (file.name, file.said) == (name, said)


def test_no_newline_is_a_note_on_its_line() -> None:
    (file,) = parse_patch(HEAD + EDIT).files
    last = file.hunks[0].lines[-1]

    lines = (HEAD + EDIT).split("\n")
    assert (last.sign, lines[last.at - 1]) == ("\\", "\\ No newline at end of file")


def test_a_new_file_has_no_old_name() -> None:
    text = EDIT.replace("index 1", "new file mode 100644\nindex 1")
    text = text.replace("--- a/x.c", "--- /dev/null").replace("-1,3 +1,3", "-0,0 +1,1")
    text = text.replace(" one\n-two\n", "").replace(" three\n", "")

    (file,) = parse_patch(HEAD + text).files

    assert (file.old, file.new) == ("", "x.c")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/../../x", "/etc/passwd"])
def test_a_name_that_leaves_the_tree_is_marked(name: str) -> None:
    text = EDIT.replace("x.c", name)

    (file,) = parse_patch(HEAD + text).files

    assert file.suspicious


@pytest.mark.parametrize(
    "diff",
    [
        EDIT.replace("-1,3 +1,3", "-1,300 +1,3"),
        EDIT.replace("@@ -1,3 +1,3 @@", "@@ nonsense @@"),
        EDIT.replace(" three", "?three"),
        "--- a/x.c\n+++ b/x.c\n",
    ],
)
def test_a_damaged_diff_is_said_and_kept_as_text(diff: str) -> None:
    patch = parse_patch(HEAD + diff)

    assert patch.problems or all(not file.hunks for file in patch.files)
    assert patch.diff_at > 0


def test_a_huge_diff_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINES", 5)

    assert "more than 5 lines" in parse_patch(PATCH).problems[0]


def test_mail_without_a_diff_is_only_words() -> None:
    patch = parse_patch("Looks good.\n\nAcked-by: Carol <c@x>\n")

    assert (patch.files, patch.diff_at, patch.problems) == ((), 0, [])


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("text", [PATCH, HEAD + EDIT, HEAD + MODE + EDIT])
def test_the_counts_are_those_of_git_apply(text: str) -> None:
    told = subprocess.run(
        ["git", "apply", "--numstat", "-"],
        input=text.encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()

    counted = [
        (
            "-" if file.binary else str(file.added),
            "-" if file.binary else str(file.removed),
            file.name,
        )
        for file in parse_patch(text).files
    ]
    assert counted == [tuple(line.split("\t")) for line in told.splitlines()]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_a_damaged_patch_ends_nothing(data: st.DataObject) -> None:
    text = list(PATCH + EDIT + RENAME)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.sampled_from("@+- \n\\0/a"))

    patch = parse_patch("".join(text))

    last = text.count("\n") + 1
    lines = [x for file in patch.files for hunk in file.hunks for x in hunk.lines]
    assert all(0 < line.at <= last + 1 for line in lines)
