"""A YAML file of settings to a validated, frozen value. Errors name file, line, key, value and remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from exporter.config.document import Document, dotted
from exporter.config.document import read as read_document
from exporter.config.text_file import UnreadableError, read_text
from exporter.errors import ConfigError


class Section(BaseModel):
    """Settings that belong together: frozen, and a key that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_defaults(cls, data: Any) -> Any:
        """A section, a list or a mapping of which all lines are commented out."""
        if data is None:
            return {}
        if not isinstance(data, dict):
            return data
        holders = {field.alias or name for name, field in cls.model_fields.items() if _holds(field.annotation)}
        return {key: value for key, value in data.items() if value is not None or key not in holders}


def _holds(annotation: Any) -> bool:
    """Whether a setting of this type holds others."""
    return get_origin(annotation) in (tuple, Mapping)


SectionT = TypeVar("SectionT", bound=Section)


def read(path: Path, option: str) -> str:
    """The text of a file of settings, which was named by this option."""
    try:
        return read_text(path)
    except UnreadableError as error:
        raise ConfigError(f"{path}: cannot be read: {error}; name a readable file with {option}") from None


def parse_section(
    section: type[SectionT],
    text: str,
    source: str,
    environment: Mapping[str, str],
    needed: str,
    page: str = "docs/configuration.md",
) -> SectionT:
    """Validate a text as a section; `needed` says what belongs into a file that holds nothing, `page` lists all."""
    document = read_document(text, source, environment)
    mistakes = document.mistakes
    if not mistakes:
        if not isinstance(document.data, dict):
            raise ConfigError(f"{source}:1: holds no settings; {needed}")
        try:
            return section.model_validate(document.data)
        except ValidationError as error:
            mistakes = [
                _explain(problem, source, document, section, page) for problem in error.errors(include_url=False)
            ]
    raise ConfigError("\n".join(mistakes))


_SECRET_KEYS = frozenset(
    {"url", "url_file", "password", "password_file", "basic_auth_users", "key", "cert", "client_ca"}
)
_LOGIN = re.compile(r"//[^/]*@")


def _explain(problem: Any, source: str, document: Document, section: type[Section], page: str) -> str:
    """One mistake as file, line, key, value and remedy. Values of secrets stay out of it."""
    path = tuple(problem["loc"])
    where = f"{source}:{document.line(path)}: {dotted(path)}"
    message = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden" if path[:1] == ("database",) and problem["input"] is None:
            # A password with a comma, between braces.
            return f"{where.removesuffix(dotted(path[1:]))}…: no such setting; put the value before it into quotes"
        case "extra_forbidden":
            meant = _meant(section, path)
            return f"{where}: no such setting; {meant}the settings are listed in {page}"
        case "missing":
            return f"{where}: is required; see {page}"
        case "string_type" | "path_type":
            message = "not a text; put it into quotes"
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            message = "not a section; write its settings below it, indented, each with its value"
    value = problem.get("input")
    if value is None:
        return f"{where}: has no value; write one, or leave the line out for the default; see {page}"
    secret = _SECRET_KEYS.intersection(map(str, path)) or path in document.filled or _LOGIN.search(str(value))
    if isinstance(value, dict | list) or secret or path == ("database",):
        return f"{where}: {message}; see {page}"
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return f"{where}: {shown}: {message}; see {page}"


def _meant(section: type[Section], path: tuple[Any, ...]) -> str:
    """Which setting an unknown one may have been meant for: one beside it, or one of its name elsewhere."""
    *above, name = (part for part in path if isinstance(part, str))
    known = {tuple(each): ".".join(each) for each in _settings(section)}
    beside = {each[-1]: text for each, text in known.items() if list(each[:-1]) == above}
    close = difflib.get_close_matches(name, beside, n=1)
    found = beside[close[0]] if close else next((text for each, text in known.items() if each[-1] == name), None)
    return f"did you mean {found}? " if found else ""


def _settings(section: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every setting and every section by its path."""
    for name, field in section.model_fields.items():
        path = (*above, field.alias or name)
        yield path
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _settings(kind, path)
