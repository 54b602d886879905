"""Option types that pydantic needn't check: importing it takes .06 s."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

_WHOLE = re.compile(r"\d{1,9}", re.ASCII)


def skip_checks(parameters: list[Any]) -> list[Any]:
    """Let the parameters of a command take plain values themselves; returns them.

    What typer would make of a value is asked through ``get_runtime_param``. Where it asks in another way, this changes
    nothing.
    """
    for parameter in parameters:
        annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
        check = getattr(parameter, "get_runtime_param", None)
        if check is not None and annotation is not None and not isinstance(check, _PlainParameter):
            parameter.get_runtime_param = _PlainParameter(taker=_PlainType(annotation=annotation, check=check))
    return parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlainType:
    """Turns what was typed for one parameter into its value: by itself where nothing can be wrong, else as typer does.

    ``check`` gives typer's own way, whose messages the user gets for what can't be understood.
    """

    annotation: Any
    check: Any

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value, as typer's method of this name does."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if several:
            if self.annotation == list[str] and not isinstance(value, str) and all(map(_is_text, value)):
                return list(value)
        elif self.annotation is str and _is_text(value):
            return value
        elif _is_choice(self.annotation, value):
            return self.annotation(value)
        elif self.annotation in {int, float} and type(value) is self.annotation:
            return value
        elif self.annotation is int and _is_whole(value, param):
            return int(value)
        return self.check().coerce(value, param=param, ctx=ctx)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlainParameter:
    """Stands where typer asks a parameter for the way to its value."""

    taker: _PlainType

    def __call__(self) -> _PlainType:
        return self.taker


def _is_whole(value: object, param: Any) -> bool:
    """Say whether a value is a number in digits, within the ends that a parameter has: typer's message names them."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        return False
    number = int(value)
    least, most = getattr(param, "min", None), getattr(param, "max", None)
    return (least is None or number >= least) and (most is None or number <= most)


def _is_text(value: object) -> bool:
    """Say whether a value is text that can be encoded; what can't, such as bytes of another encoding, is checked."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_choice(annotation: Any, value: object) -> bool:
    """Say whether a value is one of an enumeration's, or its text as it is written there."""
    return (
        isinstance(annotation, type)
        and issubclass(annotation, Enum)
        and value in [choice.value for choice in annotation]
    )
