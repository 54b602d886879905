"""Access: who may ask what. Tokens are held as digests and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from searchkit.errors import ConfigError, QueryError
from searchkit.filter_expression import Conditions, filter_expression
from searchkit.types import FilterExpression

READ_TOKEN, WRITE_TOKEN = "SEARCHKIT_TOKEN", "SEARCHKIT_WRITE_TOKEN"
SHORTEST_TOKEN = 16
"""Characters of a token. 16 of base64 are 96 bits, which nobody tries out over a network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What whoever asks may do.

    ``where`` is the filter that every answer lies within; None: there is none. ``indexes`` are the names that may be
    asked for; None: all.
    """

    name: str = "anonymous"
    may_write: bool = False
    indexes: frozenset[str] | None = None
    where: FilterExpression | None = None

    def admits(self, index: str) -> bool:
        """Say whether an index may be asked for."""
        return self.indexes is None or index in self.indexes

    def within(self, where: Conditions) -> Conditions:
        """Return conditions that hold within the fixed ones. Raises ``QueryError`` for those that can't be read."""
        if self.where is None or where is None:
            return where if self.where is None else self.where
        return FilterExpression(operator="and", operands=(self.where, filter_expression(where)))


ANONYMOUS = Access()
NOBODY = Access(name="nobody", indexes=frozenset())
"""Whoever asks without a token that is known, where one is needed: of what is open to all, no index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, as its digest, and what it gives access to."""

    digest: bytes
    access: Access


class TokenCheck:
    """Tells what a token gives access to."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tuple(tokens)

    def access(self, authorization: bytes | None) -> Access | None:
        """Return what a header ``Authorization`` gives access to; None where that is nothing.

        Without tokens everybody may read. Every token is compared, whichever fits, so that time tells nothing.
        """
        if not self._tokens:
            return ANONYMOUS
        scheme, _, secret = (authorization or b"").partition(b" ")
        digest = hashlib.sha256(secret.strip()).digest()
        access = None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest):
                access = token.access
        return access if scheme.lower() == b"bearer" else None


def token_of(secret: str, access: Access) -> Token:
    """Return a token. Raises ``ConfigError`` for one that is too short or that a header can't carry."""
    if len(secret) < SHORTEST_TOKEN or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ConfigError(
            f"The token '{access.name}' is too short, or has characters that a header can't carry.",
            hint=f"Take {SHORTEST_TOKEN} or more: python -c 'import secrets; print(secrets.token_urlsafe(32))'.",
        )
    return Token(digest=hashlib.sha256(secret.encode()).digest(), access=access)


def tokens_from(file: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[Token, ...]:
    """Return the tokens of the environment and of a file. Raises ``ConfigError`` where they can't be read."""
    tokens = []
    if secret := environment.get(READ_TOKEN):
        tokens.append(token_of(secret, Access(name=READ_TOKEN)))
    if secret := environment.get(WRITE_TOKEN):
        tokens.append(token_of(secret, Access(name=WRITE_TOKEN, may_write=True)))
    if file is not None:
        tokens += [_token(values, file) for values in _tables(file)]
    if len({token.digest for token in tokens}) < len(tokens):
        raise ConfigError("Two tokens are the same.", hint="Give each its own: what they give access to may differ.")
    return tuple(tokens)


def _tables(file: Path) -> list[dict[str, Any]]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The tokens of {file} can't be read: {error}.", hint="Write [[token]] tables.") from error
    tables = values.get("token")
    if set(values) != {"token"} or not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ConfigError(f"{file} holds something else than [[token]] tables.", hint="Write [[token]] above each.")
    return tables


_KEYS = {"name": str, "token": str, "write": bool, "indexes": list, "where": dict}


def _token(values: Mapping[str, Any], file: Path) -> Token:
    """Make a token of a table. Raises ``ConfigError`` naming what is wrong, never the token itself."""
    name = str(values.get("name", ""))
    for key, value in values.items():
        if key not in _KEYS or not isinstance(value, _KEYS[key]):
            raise ConfigError(
                f"The token '{name}' in {file} has the key '{key}', which isn't known or has no such value.",
                hint="There are: name, token (text), write (true or false), indexes (a list), where (a table).",
            )
    if not name or "token" not in values:
        raise ConfigError(f"A token in {file} lacks 'name' or 'token'.", hint="Give both.")
    where = values.get("where")
    if where is not None and values.get("write"):
        raise ConfigError(
            f"The token '{name}' may write and has a 'where'.",
            hint="What is written can't be held within a filter: give a token for reading and another for writing.",
        )
    try:
        fixed = None if where is None else filter_expression(where)
    except QueryError as error:
        raise ConfigError(f"The 'where' of the token '{name}': {error.message}", hint=error.hint) from error
    indexes = values.get("indexes")
    access = Access(
        name=name,
        may_write=bool(values.get("write")),
        indexes=None if indexes is None else frozenset(map(str, indexes)),
        where=fixed,
    )
    return token_of(values["token"], access)
