"""Hints: what to do next is written in the words of the command line, and said in those of who reads it.

A command in quotes (``'searchkit rebuild --index PATH'``, ``'pip install …'``) is the same for everybody: it is typed
into a shell. An option that stands alone (``--mode keyword``) is an argument to a program, and a parameter to who asks
over HTTP.
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"('[a-z]+ [^']*')")
_OPTION = re.compile(r"(?<![\w-])--(?P<name>[a-z][a-z-]*)(?P<value> (?:[\d.]+|[a-z]+(?![\w' ])|[A-Z]+(?!\w)))?")
_LEAVE_OUT = re.compile(r"(?<=Leave )--(?P<name>[a-z][a-z-]*)(?= out)")
_WITH_INDEX = re.compile(r",? with --index(?![\w-])| with --encoder(?![\w-])")

_ARGUMENTS = {
    "wait": "lock_timeout_s",
    "poll": "poll_s",
    "words": "syntax='words'",
    "expression": "syntax='expression'",
}
"""What is called otherwise in a program, or stands for a value of something."""

_PARAMETERS = {"mode": "mode", "words": "syntax=words", "expression": "syntax=expression", "sort": "sort"}
"""What a request can say, too; everything else is said to who runs the server."""

_DEFAULTS = {
    "Run 'searchkit --help' to see what is possible.": "help(searchkit) says what is possible.",
    "Run 'searchkit search --help' to see how to ask.": "help(searchkit.Searcher.search) says how to ask.",
}

_REQUEST_DEFAULTS = {
    "Run 'searchkit --help' to see what is possible.": "GET /openapi.json says what is possible.",
    "Run 'searchkit search --help' to see how to ask.": "GET /openapi.json says how to ask.",
}


def for_program(hint: str) -> str:
    """Return a hint as it is said to a program: its options are arguments."""
    if "--" not in hint:
        return hint
    if hint in _DEFAULTS:
        return _DEFAULTS[hint]
    return "".join(part if _COMMAND.fullmatch(part) else _argued(part) for part in _COMMAND.split(hint))


def for_request(hint: str) -> str:
    """Return a hint as it is said to who asks over HTTP: options of a search are parameters."""
    if "--" not in hint:
        return hint
    if hint in _REQUEST_DEFAULTS:
        return _REQUEST_DEFAULTS[hint]
    return "".join(part if _COMMAND.fullmatch(part) else _OPTION.sub(_parameter, part) for part in _COMMAND.split(hint))


def _argued(text: str) -> str:
    text = _WITH_INDEX.sub("", text)
    text = _LEAVE_OUT.sub(lambda match: _name(match["name"]), text)
    return _OPTION.sub(_argument, text)


def _name(option: str) -> str:
    return _ARGUMENTS.get(option, option.replace("-", "_"))


def _argument(match: re.Match[str]) -> str:
    name, value = _name(match["name"]), (match["value"] or "").strip()
    if "=" in name:
        return f"{name}{match['value'] or ''}"
    if not value:
        return f"{name}=True"
    return f"{name}={value}" if not value.islower() else f"{name}='{value}'"


def _parameter(match: re.Match[str]) -> str:
    name, value = _PARAMETERS.get(match["name"]), (match["value"] or "").strip()
    if name is None:
        return match[0]
    return f"{name}{match['value'] or ''}" if "=" in name else f"{name}={value}"
