"""Whatever is fed to the parser, it answers with a Recipe or a RecipeError."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import RecipeError
from emulator.recipe import parse
from emulator.tests.recipe.examples import full

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["0x10", "main", "program", "_start", "flat", "kernel", "g-bare"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: object) -> list[tuple[dict[str, object] | list[object], object]]:
    """Every (container, key) inside a JSON value."""
    found: list[tuple[dict[str, object] | list[object], object]] = []
    if isinstance(value, dict):
        found += [(value, key) for key in value]
    elif isinstance(value, list):
        found += [(value, key) for key in range(len(value))]
    for container, key in list(found):
        found += places(container[key])  # type: ignore[index,call-overload]
    return found


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_one_changed_member_gives_a_recipe_or_a_recipe_error(
    data: st.DataObject,
) -> None:
    value = full()
    container, key = data.draw(st.sampled_from(places(value)))
    container[key] = data.draw(VALUES)  # type: ignore[index,call-overload]

    with contextlib.suppress(RecipeError):
        assert len(parse(value).id) == 64


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_bytes_give_a_recipe_error(data: bytes) -> None:
    with pytest.raises(RecipeError):
        parse(data)


@given(VALUES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_json_value_gives_a_recipe_error(value: object) -> None:
    with pytest.raises(RecipeError):
        parse(json.dumps(value))
