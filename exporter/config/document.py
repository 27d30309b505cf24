"""YAML as it is written: a text to plain values and the line of each; what could be taken for two things is a mistake.

PyYAML follows YAML 1.1: a key given twice counts once, `on` is true, `010` is eight, `1:30` is ninety. Here a key
stands once, and what is not clearly null, a number, `true` or `false` is a text, for the setting's type to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from exporter.config.scalars import is_number, is_whole
from exporter.errors import ConfigError

Path = tuple[str | int, ...]

_MOST_VALUES = 20_000
"""Counted with what aliases repeat: nine lines of aliases make a thousand million values."""

_PLACEHOLDER = re.compile(r"\$?\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[^\W\d][\w -]{0,63}|<<|\d+")
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""What bytes of the environment become that are no UTF-8."""
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(slots=True)
class Document:
    """What a text says. `lines`: where each key and each entry of a list stands; `mistakes`: what is wrong so far.

    `filled`: what holds a variable of the environment, and so perhaps a secret.
    """

    data: Any = None
    filled: set[Path] = field(default_factory=set)
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def line(self, path: tuple[Any, ...]) -> int:
        """The line of the deepest part of a path that there is."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 1)


def read(text: str, source: str, environment: Mapping[str, str]) -> Document:
    """Read a text, and put the environment's variables in. `ConfigError`: it is no YAML."""
    reading = _Reading(source, environment)
    try:
        tree = yaml.compose(text, Loader=_Loader)
        if tree is not None:
            reading.document.data = reading.value(tree, ())
    except yaml.YAMLError as error:
        raise ConfigError(_not_yaml(error, text, source)) from None
    except RecursionError:
        raise ConfigError(f"{source}:1: nested too deep for settings; mend the brackets or the aliases") from None
    return reading.document


class _Loader(yaml.SafeLoader):
    """Composes nodes whose tags say null, number, true or false only where every reader says so."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own shape


for _tag, _pattern, _firsts in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _firsts)


class _Reading:
    """One text being read."""

    def __init__(self, source: str, environment: Mapping[str, str]) -> None:
        self.document = Document()
        self._source = source
        self._environment = environment
        self._values = 0
        self._around: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        """The value of a node, which stands at this path."""
        self._values += 1
        if self._values > _MOST_VALUES:
            line = node.start_mark.line + 1
            raise ConfigError(f"{self._source}:{line}: more than {_MOST_VALUES:,} values; take out what aliases repeat")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._around:
            self._wrong(node, path, "holds itself by an alias; write out what is meant")
            return None
        if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._wrong(node, path, "has a tag; leave it out")
            return None
        self._around.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        finally:
            self._around.discard(id(node))

    def _sequence(self, node: yaml.Node, path: Path) -> list[Any]:
        found = []
        for place, item in enumerate(node.value):
            self.document.lines[(*path, place)] = item.start_mark.line + 1
            found.append(self.value(item, (*path, place)))
        return found

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        """Its own keys come before those that it merges, as YAML has it; of several mappings the first one's."""
        seen: dict[str, int] = {}
        own: list[tuple[Path, yaml.ScalarNode, yaml.Node]] = []
        found: dict[str, Any] = {}
        for key, item in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                self._wrong(key, path, "a list or a mapping is no name of a setting; write a text")
                continue
            at = (*path, name)
            if name in seen:
                self._wrong(key, at, f"stands twice, in line {seen[name]} too; leave one")
                continue
            seen[name] = key.start_mark.line + 1
            if key.tag == _MERGE:
                found = self._merged(item, path)
            else:
                own.append((at, key, item))
        for at, key, item in own:
            self.document.lines[at] = key.start_mark.line + 1
            found[key.value] = self.value(item, at)
        return found

    def _merged(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in reversed(node.value) if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(each, path)
            if isinstance(value, dict):
                found |= value
            else:
                self._wrong(each, (*path, "<<"), "only a mapping can be merged; name one")
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text = node.value
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "str" if node.style is None and is_whole(text):
                return int(text)
            case "str" if node.style is None and is_number(text):
                return float(text)
            case "str":
                return self._filled(text, node, path)
        self._wrong(node, path, "has a tag; leave it out, and put a text into quotes")
        return None

    def _filled(self, text: str, node: yaml.Node, path: Path) -> str:
        """The text with each `${NAME}` replaced from the environment; `$${` stands for `${`."""

        def variable(match: re.Match[str]) -> str:
            if match[0].startswith("$$"):
                return match[0][1:]
            name = match[1]
            if not match[0].endswith("}") or not _NAME.fullmatch(name):
                self._wrong(node, path, "only ${NAME} is replaced by a variable; write $${ where ${ itself is meant")
                return ""
            self.document.filled.add(path)
            found = self._environment.get(name)
            if not found:
                state = "not set" if found is None else "empty"
                self._wrong(node, path, f"the environment variable {name} is {state}; set it, or write the value")
            elif _SURROGATE.search(found):
                self._wrong(node, path, f"the environment variable {name} is not UTF-8 text; set it anew")
            return found or ""

        return _PLACEHOLDER.sub(variable, text)

    def _wrong(self, node: yaml.Node, path: Path, what: str) -> None:
        mistake = f"{self._source}:{node.start_mark.line + 1}: {dotted(path)}: {what}"
        if mistake not in self.document.mistakes:  # aliases show it again
            self.document.mistakes.append(mistake)


def dotted(path: tuple[Any, ...]) -> str:
    """A path as one writes it. What can be no name of a setting may be a secret in the wrong place."""
    return ".".join(str(part) if _KEY.fullmatch(str(part)) else "…" for part in path) or "the file"


def _not_yaml(error: yaml.YAMLError, text: str, source: str) -> str:
    """Where the text is no YAML, why, and what to do. What it quotes is left out: it may be of a secret."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{source}:{line}: not valid YAML: holds the character U+{error.character:04X}; take it out"
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    problem = (getattr(error, "problem", None) or "not YAML").replace(r"'\t'", "TAB")
    problem = _QUOTED.sub("…", problem)
    remedy = "mend the line or quote the value"
    if "another document" in problem:
        problem, remedy = "a second document begins here", "leave one, without --- after it"
    elif "TAB" in problem:
        problem, remedy = "a tab", "indent with spaces"
    elif "escape" in problem:
        remedy = "in double quotes a backslash begins an escape: use single quotes"
    return f"{source}:{line}: not valid YAML: {problem}; {remedy}"
