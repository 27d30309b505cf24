"""YAML as it is written: nothing is taken for something else, and what could be is told with its line and key."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.config import document
from exporter.errors import ConfigError


def data(text: str, **environment: str) -> Any:
    """What a good text says."""
    found = document.read(text, "x.yaml", environment)
    assert found.mistakes == []
    return found.data


def mistakes(text: str, **environment: str) -> list[str]:
    """What is wrong with a text."""
    return document.read(text, "x.yaml", environment).mistakes


def refusal(text: str) -> str:
    """Why a text is no YAML."""
    with pytest.raises(ConfigError) as raised:
        document.read(text, "x.yaml", {})
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10), ("-1", -1), ("0.05", 0.05), (".5", 0.5), ("1e-3", 0.001), ("true", True), ("FALSE", False),
        ("~", None), ("null", None), ("", None), ("'10'", "10"), ('"true"', "true"), ("''", ""), ("'~'", "~"),
        ("010", "010"), ("0x1F", "0x1F"), ("0o17", "0o17"), ("1_000", "1_000"), ("1:30", "1:30"), ("00", "00"),
        ("yes", "yes"), ("No", "No"), ("on", "on"), ("OFF", "OFF"), ("y", "y"), ("tRue", "tRue"), (".inf", ".inf"),
        (".nan", ".nan"), ("2024-01-01", "2024-01-01"), ("2024-13-45", "2024-13-45"), ("=", "="), ("9" * 30, "9" * 30),
        ("1.2.3", "1.2.3"), ("+1", 1), ("1e999", float("inf")), ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)  # fmt: skip
def test_a_value_is_what_every_reader_takes_it_for_or_a_text(text: str, value: object) -> None:
    found = data(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_the_texts_that_are_written() -> None:
    assert data("on: 1\n010: 2\nnull: 3\n2024-01-01: 4") == {"on": 1, "010": 2, "null": 3, "2024-01-01": 4}


@pytest.mark.parametrize(
    ("text", "line", "key", "first"),
    [
        ("a: 1\na: 2", 2, "a", 1),
        ("a:\n  b: 1\n  c: 2\n  b: 3", 4, "a.b", 2),
        ("a: {b: 1, c: 2,\n  b: 3}", 2, "a.b", 1),
        ("a: 1\n'a': 2", 2, "a", 1),
        ("a:\n- b: 1\n  b: 2", 3, "a.0.b", 2),
        ("a: {b: 1}\nc: 1\na: {d: 1}", 3, "a", 1),
        ("x: &x {b: 1, b: 2}\na: {<<: *x}", 1, "x.b", 1),
        ("x: &x {b: 1}\na:\n  <<: *x\n  <<: *x", 4, "a.<<", 3),
    ],
)
def test_a_key_that_stands_twice_is_told_with_both_lines(text: str, line: int, key: str, first: int) -> None:
    assert mistakes(text)[0] == f"x.yaml:{line}: {key}: stands twice, in line {first} too; leave one"


def test_what_is_merged_gives_way_to_what_is_written_and_the_first_to_the_next() -> None:
    text = "x: &x {a: 1, b: 1, c: 1}\ny: &y {a: 2, b: 2, d: 2}\nz:\n  a: 3\n  <<: [*x, *y]\n"
    assert data(text)["z"] == {"a": 3, "b": 1, "c": 1, "d": 2}


def test_each_value_has_the_line_of_its_key() -> None:
    found = document.read("x: &x {a: 1}\nz:\n  b:\n  - 1\n  - c: 2\n  <<: *x\n  a: 3\n", "x.yaml", {})
    lines = {path: found.line(path) for path in (("z",), ("z", "b", 1, "c"), ("z", "a"), ("z", "nothing"), ("q",))}
    assert lines == {("z",): 2, ("z", "b", 1, "c"): 5, ("z", "a"): 7, ("z", "nothing"): 2, ("q",): 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n---\nb: 2", "x.yaml:2: not valid YAML: a second document begins here; leave one"),
        ("a:\n\tb: 1", "x.yaml:2: not valid YAML: a tab; indent with spaces"),
        ("a: @b", "x.yaml:1: not valid YAML: found character '@' that cannot start any token; mend the line or quote"),
        ('a: "C:\\path"', "x.yaml:1: not valid YAML: found unknown escape character 'p'; in double quotes a backslash"),
        ("a: 1\nb: \0", "x.yaml:2: not valid YAML: holds the character U+0000; take it out"),
        ("a: *Secret1", "x.yaml:1: not valid YAML: found undefined alias …; "),
        ("[" * 5000, "x.yaml:1: nested too deep"),
        ("x0: &x0 {a: 1}\n" + "".join(f"x{i + 1}: &x{i + 1} {{a: *x{i}}}\n" for i in range(3000)), "x.yaml:"),
        ("a: &a [1, 1]\n" + "".join(f"{c}: &{c} [{'*' + p + ', ' * 1}*{p}]\n" for p, c in zip("abcdefghijklmnop",
         "bcdefghijklmnopq", strict=True)), "x.yaml:1: more than 20,000 values; take out what aliases repeat"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_with_its_line_and_without_what_it_holds(text: str, expected: str) -> None:
    assert refusal(text).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !env X", "x.yaml:1: a: has a tag; leave it out"),
        ("a: !!binary aGk=", "x.yaml:1: a: has a tag; leave it out"),
        ("a: !!python/object:os.system x", "x.yaml:1: a: has a tag; leave it out"),
        ("a: !!set {b}", "x.yaml:1: a: has a tag; leave it out"),
        ("a: &a [*a]", "x.yaml:1: a.0: holds itself by an alias"),
        ("a: &a {b: *a}", "x.yaml:1: a.b: holds itself by an alias"),
        ("? [a, b]\n: 1", "x.yaml:1: the file: a list or a mapping is no name of a setting"),
        ("a: {<<: 1}", "x.yaml:1: a.<<: only a mapping can be merged; name one"),
    ],
)
def test_what_settings_have_no_use_for_is_refused(text: str, expected: str) -> None:
    assert mistakes(text)[0].startswith(expected)


@pytest.mark.parametrize(
    "value", ["a: b", "{x: 1}", "[1]", "# no", "*a", "!x", "true", "010", "~", "'", '"', "a\nb: c", "- a"]
)
def test_a_variable_is_a_text_whatever_it_holds(value: str) -> None:
    text = "a: ${V}\nb: ['x${V}', '${V}']\nc: {d: \"${V}y\"}"
    assert data(text, V=value) == {"a": value, "b": [f"x{value}", value], "c": {"d": f"{value}y"}}


def test_a_variable_holds_no_other_variable() -> None:
    assert data("a: ${V}", V="${W}", W="x") == {"a": "${W}"}


def test_two_dollars_stand_for_one_before_a_brace() -> None:
    assert data("a: $${V} $V $5 {V}") == {"a": "${V} $V $5 {V}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  - ${V}", "x.yaml:2: a.0: the environment variable V is not set; set it, or write the value"),
        ("a: x${EMPTY}", "x.yaml:1: a: the environment variable EMPTY is empty; set it, or write the value"),
        ("a: ${BYTES}", "x.yaml:1: a: the environment variable BYTES is not UTF-8 text; set it anew"),
        ("a: ${V:-x}", "x.yaml:1: a: only ${NAME} is replaced by a variable; write $${ where ${ itself is meant"),
        ("a: ${V", "x.yaml:1: a: only ${NAME} is replaced"),
        ("a: ${}", "x.yaml:1: a: only ${NAME} is replaced"),
    ],
)
def test_a_variable_that_cannot_be_put_in_is_told_with_its_place(text: str, expected: str) -> None:
    (found,) = mistakes(text, EMPTY="", BYTES="\udcff")
    assert found.startswith(expected)
