"""Keywords as the command's flags. options.json is made from the command's own tables (cli/python-options.test.ts)."""

from __future__ import annotations

import datetime
import difflib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import Any, TypeVar

from ._errors import InputError

_table: dict[str, Any] = json.loads(resources.files(__package__).joinpath("options.json").read_text("utf8"))
version: str = _table["version"]
keywords: dict[str, dict[str, dict[str, str]]] = {
    command: {entry["name"]: entry for entry in entries} for command, entries in _table["keywords"].items()
}
_names = {entry["flag"]: name for entries in keywords.values() for name, entry in entries.items()}


def flags(command: str, options: Mapping[str, Any]) -> list[str]:
    """The command's arguments for keywords; raises InputError where one is unknown or its value has no form."""
    known = keywords[command]
    arguments: list[str] = []
    for name, value in options.items():
        if name not in known:
            raise InputError(f"{command}() has no keyword {name!r}; {_suggestion(name, list(known))}")
        if value is not None:
            arguments += _arguments(known[name], value)
    return arguments


def in_python(sentence: str) -> str:
    """A sentence of the command, with keywords where it names flags."""

    def keyword(found: re.Match[str]) -> str:
        name = _names.get(found[1])
        if name is None:
            return found[0]
        return f"{name}={found[2].strip()}" if found[2] else name

    return re.sub(r"(--[a-z][a-z-]*)( \d+(?:\.\d+)?)?", keyword, sentence)


def _suggestion(name: str, known: list[str]) -> str:
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_").lower()
    close = difflib.get_close_matches(spelled, known, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"its keywords are {', '.join(known)}."


def _arguments(option: dict[str, str], value: Any) -> list[str]:
    name, flag, takes = option["name"], option["flag"], option["takes"]
    if takes == "truth":
        if value not in (True, False):
            raise InputError(f"{name} is True or False, not {value!r}.")
        return [flag] if value else []
    if takes == "value":
        return [f"{flag}={text_of(name, value)}"]
    if name == "at" and isinstance(value, Mapping):
        return [f"{flag}={column}={_values_at(column, values)}" for column, values in value.items()]
    values = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    return [f"{flag}={text_of(name, item)}" for item in values]


def text_of(name: str, value: Any) -> str:
    """A value as the command reads it."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise InputError(f"{name} cannot be {value!r}: give a text or a number.")


def _values_at(column: str, values: Any) -> str:
    several = [values] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
    return ",".join(_quoted(text_of(f"at[{column!r}]", value)) for value in several)


def _quoted(text: str) -> str:
    if not re.search(r"[,'\"]|^\s|\s$|^$", text):
        return text
    for quote in ('"', "'"):
        if quote not in text:
            return f"{quote}{text}{quote}"
    raise InputError(f"at cannot hold {text!r}, with quotes of both kinds.")


_Function = TypeVar("_Function", bound=Callable[..., Any])


def documented(command: str) -> Callable[[_Function], _Function]:
    """Lists the keywords where people look for them: in the signature and in the doc string."""

    def document(function: _Function) -> _Function:
        signature = inspect.signature(function)
        own = [value for value in signature.parameters.values() if value.kind is not value.VAR_KEYWORD]
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in keywords[command]
        ]
        function.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
        lines = [f"    {name}: {in_python(entry['help'])}" for name, entry in keywords[command].items()]
        function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\nKeywords:\n" + "\n".join(lines)
        return function

    return document
