"""Explanations for a person: the sums that a result's score is worked out by.

Rounded to three digits, numbers that are multiplied don't give what stands beside them: (4.195 - 0.393) × 1.25 is
4.753 where the share is 4.769. So every sum is worked out from what is written, and gets digits until it is right.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from math import exp, sqrt

from searchkit.answer import Contribution, Result, Vote

FEWEST = 3
MOST = 15
"""Digits of a number; with more, a float says nothing."""

NEARLY_HALF = 0.4999
"""Of a unit of the last digit. Less rounds to it, and at the half itself who rounds otherwise reads another."""

_NUMBER = re.compile(r"[0-9]+\.[0-9]+")
_ROOT = re.compile(r"sqrt\(([^()]*)\)")


def sums(result: Result) -> Iterator[str]:
    """Yield a line for each vote: what it counts, its score, and its retrievers' shares as arithmetic.

    The votes add up to the result's score, and each line to the vote's, to the last digit that is written.
    """
    digits = _digits_of(result)
    for vote in result.votes:
        counts, score = f"{vote.counts:.{digits}f}", f"{vote.score:.{digits}f}"
        yield f"{counts} of {score}, of #{vote.chunk_id.rpartition('#')[2]}: {_written(vote, digits)}"


def signed(number: str, *, first: bool) -> str:
    """Write a part of a sum with the sign that joins it to what stands before it."""
    if first:
        return number
    return f"- {number[1:]}" if number.startswith("-") else f"+ {number}"


def _digits_of(result: Result) -> int:
    """Return how many digits of counts and scores make the votes add up to the score, and the counts to 1."""
    for digits in range(FEWEST, MOST):
        counts = [round(vote.counts, digits) for vote in result.votes]
        total = sum(part * round(vote.score, digits) for part, vote in zip(counts, result.votes, strict=True))
        if _same(total, result.score, FEWEST) and _same(sum(counts), 1.0, digits):
            return digits
    return MOST


def _written(vote: Vote, digits: int) -> str:
    """Write the arithmetic of a vote's score, right to so many digits."""
    for more in range(FEWEST, MOST):
        parts = [_sum(part, more) for part in vote.contributions]
        values = [worked_out(part) for part in parts]
        pairs = zip(values, vote.contributions, strict=True)
        each = all(abs(value - part.share) < 0.5 * 10**-FEWEST for value, part in pairs)
        if each and _same(sum(values), vote.score, digits):
            break
    return " ".join(signed(_read(part), first=not place) for place, part in enumerate(parts))


def _same(value: float, wanted: float, digits: int) -> bool:
    """Return whether a value, rounded, is what is written of the one that is wanted."""
    return bool(abs(value - float(f"{wanted:.{digits}f}")) < NEARLY_HALF * 10**-digits)


def _sum(part: Contribution, digits: int) -> str:
    """Write a share as ``Contribution.how`` says, with numbers in the place of names."""
    names = {
        "score": f"{part.score:.{digits}f}",
        "less": f"{part.less:.{digits}f}",
        "times": f"{part.times:.{digits}g}",
    }
    written = _NUMBER.sub(lambda found: f"{float(found[0]):.{digits}f}", part.how or f"{part.share:.{digits}f}")
    for name, number in {**names, "rank": str(part.rank)}.items():
        written = written.replace(name, number)
    return written.replace("- -", "+ ").replace("--", "")


def _read(written: str) -> str:
    """Return the arithmetic as a person reads it."""
    return _ROOT.sub(r"√\1", written).replace(" * ", " × ")


def worked_out(written: str) -> float:
    """Work out arithmetic of numbers, ``+ - * /``, brackets, ``sqrt`` and ``exp``. Raises ``ValueError`` for others."""
    return _value(ast.parse(written, mode="eval").body)


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left) + _value(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _value(left) - _value(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _value(left) * _value(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _value(left) / _value(right)
        case ast.Call(func=ast.Name(id="sqrt"), args=[of]):
            return sqrt(_value(of))
        case ast.Call(func=ast.Name(id="exp"), args=[of]):
            return exp(_value(of))
    raise ValueError(f"not arithmetic: {ast.unparse(node)}")
