"""A YAML file of settings to a validated, frozen value. Errors name file, line, key, value and remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from exporter.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Section(BaseModel):
    """Settings that belong together: frozen, and a key that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


SectionT = TypeVar("SectionT", bound=Section)


def read(path: Path, option: str) -> str:
    """The text of a file of settings, which was named by this option."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {reason}; name a readable file with {option}") from None


def parse_section(
    section: type[SectionT], text: str, source: str, environment: Mapping[str, str], needed: str
) -> SectionT:
    """Validate a text as a section; `needed` says what belongs into a file that holds nothing."""
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # PyYAML lets a date that is none pass as a ValueError
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{source}:{line}: not valid YAML: {problem}; mend the line or quote the value") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{source}:1: holds no settings; {needed}")
    mistakes: list[str] = []
    data = _expand(data, source, tree, (), environment, mistakes)
    if not mistakes:
        try:
            return section.model_validate(data)
        except ValidationError as error:
            mistakes = [_explain(problem, source, tree) for problem in error.errors(include_url=False)]
    raise ConfigError("\n".join(mistakes))


def _expand(
    value: Any,
    source: str,
    tree: yaml.Node | None,
    path: tuple[str | int, ...],
    environment: Mapping[str, str],
    mistakes: list[str],
) -> Any:
    """The value with each `${VARIABLE}` replaced from the environment."""
    if isinstance(value, dict):
        return {key: _expand(item, source, tree, (*path, key), environment, mistakes) for key, item in value.items()}
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        found = environment.get(match[1])
        if found is None:
            mistakes.append(
                f"{source}:{_line(tree, path)}: {'.'.join(map(str, path))}: the environment variable "
                f"{match[1]} is not set; set it, or write the value"
            )
        return found or ""

    return _VARIABLE.sub(variable, value)


_SECRET_KEYS = frozenset({"url", "password"})


def _explain(problem: Any, source: str, tree: yaml.Node | None) -> str:
    """One mistake as file, line, key, value and remedy. Values of secrets stay out of it."""
    path = tuple(problem["loc"])
    key = ".".join("…" if "://" in str(part) else str(part) for part in path) or "the file"
    where = f"{source}:{_line(tree, path)}: {key}"
    message = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden":
            return f"{where}: no such setting; the settings are listed in docs/configuration.md"
        case "missing":
            return f"{where}: is required; see docs/configuration.md"
    value = problem.get("input")
    if isinstance(value, dict | list) or _SECRET_KEYS.intersection(map(str, path)) or path == ("database",):
        return f"{where}: {message}; see docs/configuration.md"
    return f"{where}: {value!r}: {message}; see docs/configuration.md"


def _line(tree: yaml.Node | None, path: tuple[Any, ...]) -> int:
    """The line of the deepest key of the path that the file has."""
    node, line = tree, 1
    for part in path:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == str(part):
                line, node = key.start_mark.line + 1, value
                break
        else:
            break
    return line
