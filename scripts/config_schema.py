"""JSON Schema of the files of settings, for editors: made of the same models that read them (`make docs`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BeforeValidator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

import alerts.settings
import dashboards.settings
from exporter.config import Config
from exporter.config.durations import Duration, format_duration
from exporter.config.file import Section
from exporter.config.scalars import Number, Switch, Whole

MODELS: Mapping[str, tuple[type[Section], str]] = {
    "exporter": (Config, "Configuration of campaign-exporter"),
    "dashboards": (dashboards.settings.Settings, "Settings of campaign-exporter dashboards build"),
    "alerts": (alerts.settings.Settings, "Settings of campaign-exporter alerts build"),
}


def _reads(kind: Any) -> Any:
    """The function that makes a value of a type of settings."""
    return next(each.func for each in kind.__metadata__ if isinstance(each, BeforeValidator))


_VARIABLE = r"\$\{"
"""What a variable will hold is not known here, so a text with one is taken everywhere."""
_WHOLE = r"[+-]?(0|[1-9][0-9]*)"
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_TEXTS: Mapping[Any, str] = {
    _reads(Duration): r"\s*([0-9]+(\.[0-9]+)?(w|d|h|ms|m|s))+\s*",
    _reads(Whole): _WHOLE,
    _reads(Number): _NUMBER,
    _reads(Switch): r"[Tt]rue|[Ff]alse|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|TRUE|FALSE|YES|NO|ON|OFF",
}
"""What may be written as a text besides, by the function that reads it."""
_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


class _Generator(GenerateJsonSchema):
    """Takes all that the program takes: texts with variables, durations, numbers and switches as texts."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        found = super().function_before_schema(schema)
        text = _TEXTS.get(schema["function"]["function"])
        return found if text is None else _or_text(found, rf"^({text})$")

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return _or_text(super().literal_schema(schema))

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        return _or_text(super().enum_schema(schema))

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        found = super().str_schema(schema)
        return _or_text(found) if "pattern" in found else found

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        inner: Any = schema
        while "schema" in inner and inner["type"] != "function-before":
            inner = inner["schema"]
        reader = inner["function"]["function"] if inner["type"] == "function-before" else None
        if reader is _reads(Duration) and isinstance(found["default"], int | float):
            found["default"] = format_duration(found["default"])
        return found

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _or_text(schema: JsonSchemaValue, pattern: str = "") -> JsonSchemaValue:
    texts = "|".join(filter(None, (pattern, _VARIABLE)))
    return {"anyOf": [schema, {"type": "string", "pattern": texts}]}


def schemas() -> dict[str, str]:
    """The text of each file of `docs/schema`, by its path from the root."""
    return {f"docs/schema/{name}.schema.json": _text(*what) for name, what in MODELS.items()}


def _text(model: type[Section], title: str) -> str:
    found = _mended(model.model_json_schema(by_alias=True, schema_generator=_Generator))
    if model is Config:  # what a validator of it says in code
        given = ({"required": [key], "properties": {key: {"type": "string"}}} for key in ("url", "url_file"))
        found["$defs"]["DatabaseConfig"]["oneOf"] = list(given)
    found = {"$schema": _Generator.schema_dialect, "title": title, **found}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _mended(node: Any) -> Any:
    """Bounds in the words of JSON Schema, descriptions without links, and sections that may be left empty."""
    if isinstance(node, list):
        return [_mended(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: _mended(value) for key, value in node.items()}
    for key, word in _BOUNDS.items():  # pydantic leaves its own where a function of ours reads the value
        if isinstance(found.get(key), int | float):
            found[word] = found.pop(key)
    if isinstance(found.get("title"), str):
        del found["title"]  # the name of a class
    if isinstance(found.get("description"), str):
        found["description"] = _LINK.sub(r"\1", found["description"])
    if isinstance(found.get("properties"), dict):
        required = found.get("required", ())
        found["properties"] = {
            name: each if name in required else _or_empty(each) for name, each in found["properties"].items()
        }
    return found


def _or_empty(schema: dict[str, Any]) -> dict[str, Any]:
    """A section, a list or a mapping of which all lines are commented out has its defaults."""
    if schema.get("type") in ("array", "object"):
        return {**schema, "type": [schema["type"], "null"]}
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {"anyOf": [{"$ref": schema["$ref"]}, {"type": "null"}], **rest}
    return schema
