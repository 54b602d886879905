"""Here is an index; how would someone forge it? Every digest and checksum is put right again after the change."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from searchkit.errors import SearchkitError
from searchkit.index.manifest import publish, sealed
from searchkit.index.paths import IndexPaths
from tests.torture.schemas import SCRIPTS

OUTSIDE = "outside"
"""The folder beside the index that nothing may touch."""

NUMBERS = (
    -1,
    0,
    1,
    255,
    1 << 16,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 47,
    (1 << 48) - 1,
    (1 << 63) - 1,
    1 << 64,
)
VALUES: tuple[Any, ...] = (
    *NUMBERS, 10**300, -0.5, 1e308, float("nan"), float("inf"), True, None, "", "0", "\ud800", "\0", [], {}, [[]],
    "../../outside/secret", "/etc/passwd", "000001/../../../outside", "..", "~/outside", "a" * 100_000, "١٢٣٤٥٦",
)  # fmt: skip


def current_manifest(index: Path) -> Path:
    """Return the manifest in force."""
    return max((index / "generations").glob("[0-9]*.json"))


def rewritten(index: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest in force and seal it anew: each file's size and digest are what they are now."""
    path = current_manifest(index)
    values = json.loads(path.read_bytes())
    for segment in values["segments"]:
        for name, fact in segment["files"].items():
            _measure(index / "segments" / segment["name"] / name, fact)
        if segment["deletions"]:
            folder = index / "deletions" / f"{segment['deletions']['generation']:06d}"
            _measure(folder / f"{segment['name']}.rows", segment["deletions"]["rows"])
            _measure(folder / f"{segment['name']}.delta", segment["deletions"]["counts"])
    change(values)
    _put(index, json.dumps(sealed(values)).encode())


def _put(index: Path, content: bytes) -> None:
    """Put a manifest in the place of the one in force, and let CURRENT name it."""
    path = current_manifest(index)
    path.write_bytes(content)
    with suppress(SearchkitError):  # it can't be named: CURRENT stays as it is
        publish(IndexPaths(index), int(path.stem))


def _measure(path: Path, fact: dict[str, Any]) -> None:
    content = path.read_bytes()
    fact.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def forge_manifest(index: Path, dice: random.Random) -> str:
    """Change one to three values of a manifest, wherever they stand."""
    done = []

    def change(values: dict[str, Any]) -> None:
        for _ in range(dice.randint(1, 3)):
            where: Any = values
            key: Any = dice.choice([name for name in values if name != "check"])
            while isinstance(where[key], dict | list) and where[key] and dice.random() < 0.85:
                where = where[key]
                key = dice.choice(list(where)) if isinstance(where, dict) else dice.randrange(len(where))
            match dice.randrange(6):
                case 0 if isinstance(where, dict):
                    del where[key]
                case 1 if isinstance(where, list):
                    where.extend([where[key]] * dice.choice((1, 500)))
                case 2 if isinstance(where, dict):
                    where[dice.choice(("more", "__class__", "", "../x"))] = dice.choice(VALUES)
                case _:
                    where[key] = dice.choice(VALUES)
            done.append(str(key)[:40])
            if not values.keys() - {"check"}:
                return

    rewritten(index, change)
    return " ".join(done)


def forge_text(index: Path, dice: random.Random) -> str:
    """Put something in the place of a manifest that is hard to read."""
    good = current_manifest(index).read_bytes()
    name, content = dice.choice(
        (
            ("deep lists", b"[" * 1_000_000),
            ("deep objects", b'{"a":' * 300_000),
            ("wide", b'{"format": 1, "x": [' + b"[]," * 2_500_000 + b"[]]}"),
            ("vast", b'{"format": 1, "x": "' + b"a" * (80 << 20) + b'"}'),
            ("digits", b'{"format": ' + b"9" * 100_000 + b"}"),
            ("exponent", b'{"format": 1e999999999}'),
            ("UTF-16", good.decode().encode("utf-16")),
            ("not UTF-8", good.replace(b'"', b'"\xff', 5)),
            ("null", b"null"),
            ("twice", good[:-1] + b',"format":1,"segments":[]}'),
        )
    )
    _put(index, content)
    return name


def forge_current(index: Path, dice: random.Random) -> str:
    """Let CURRENT say something else."""
    said = dice.choice(
        (b"../../outside\n", b"/etc/passwd\n", b"000001/../../x\n", b"-00001\n", b"\xd9\xa0" * 6, b"999999999999\n",
         b"0" * 50_000_000, b"\0\0\0\0\0\0", b"000001\n000002\n", b"000000\n", b"1\n")
    )  # fmt: skip
    current = index / "CURRENT"
    if dice.random() < 0.2:
        current.unlink()
        current.symlink_to("/dev/zero")
        return "zeros without end"
    current.write_bytes(said)
    return repr(said[:20])


def forge_arrays(index: Path, dice: random.Random) -> str:
    """Let numbers of an array file lie, or its table of contents; its checksums are put right."""
    path = dice.choice(sorted([*index.rglob("*.bin"), *index.rglob("*.delta")]))
    content = bytearray(path.read_bytes())
    entries, at = struct.unpack_from("<IQ", content, 12)
    place = at + 64 * dice.randrange(max(1, entries))
    name = bytes(content[place : place + 40]).rstrip(b"\0").decode()
    width, (offset, count) = int(chr(content[place + 41])), struct.unpack_from("<QQ", content, place + 48)
    how = dice.choice(("one", "one", "one", "all", "turned", "noise", "count", "offset", "width"))
    if count and how in {"one", "all", "turned", "noise"}:
        numbers = [int.from_bytes(content[offset + n * width :][:width], "little") for n in range(count)]
        if how == "one":
            nth = dice.choice((0, count - 1, dice.randrange(count)))
            numbers[nth] = dice.choice((0, 1, numbers[nth] + 1, numbers[nth] - 1, 1 << 62, *NUMBERS, count))
        elif how == "all":
            numbers = [dice.choice(NUMBERS)] * count
        elif how == "turned":
            numbers.reverse()
        else:
            numbers = [dice.getrandbits(8 * width) for _ in range(count)]
        laid = b"".join((number % (1 << 8 * width)).to_bytes(width, "little") for number in numbers)
        content[offset : offset + len(laid)] = laid
    elif how == "count":
        struct.pack_into("<Q", content, place + 56, dice.choice((0, count - 1, count + 1, *NUMBERS)) % (1 << 64))
    elif how == "offset":
        struct.pack_into("<Q", content, place + 48, dice.choice((0, 64, offset + 64, *NUMBERS)) % (1 << 64))
    else:
        content[place + 41] = ord(dice.choice("01248x"))
    struct.pack_into("<I", content, 32, zlib.crc32(content[at:]))
    struct.pack_into("<I", content, 36, zlib.crc32(content[:36]))
    path.write_bytes(content)
    rewritten(index, lambda _: None)
    return f"{path.suffix} {name} {how}"


def forge_bytes(index: Path, dice: random.Random) -> str:
    """Change bytes of a file, or its length, and let the manifest agree."""
    path = dice.choice(sorted(one for one in index.rglob("0*/*") if one.is_file() and one.suffix != ".json"))
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 1, 4, 30))):
        at = dice.randrange(max(1, len(content))) if dice.random() < 0.5 else dice.randrange(100)
        content[at : at + 1] = dice.choice((b"\0", b"\xff", b"\x7f", b"\x80", dice.randbytes(1)))
    if dice.random() < 0.2:
        del content[dice.randrange(len(content) + 1) :]
    path.write_bytes(content)
    rewritten(index, lambda _: None)
    return path.name


def forge_vectors(index: Path, dice: random.Random) -> str:
    """Let the head of a file of vectors lie, or its values be none."""
    path = dice.choice(sorted(index.rglob("*.faiss")))
    content = bytearray(path.read_bytes())
    how = dice.choice(("dimension", "rows", "values", "nan", "inf", "huge", "kind", "count"))
    head = {"dimension": ("<i", 4), "rows": ("<q", 8), "values": ("<Q", 37)}  # all of its forms begin so
    if how in head:
        form, at = head[how]
        with suppress(struct.error):
            struct.pack_into(form, content, at, dice.choice(NUMBERS))
    elif how == "kind":
        content[:4] = dice.choice((b"IxFl", b"IwFl", b"IxPQ", b"IHNf", b"IxMp", b"IvFl", b"ILfl", b"IxRF", b"\0\0\0\0"))
    elif how != "count":
        number = {"nan": float("nan"), "inf": float("inf"), "huge": 3e38}[how]
        for at in range(45, len(content) - 3, 4):
            struct.pack_into("<f", content, at, number)
    path.write_bytes(content)

    def change(values: dict[str, Any]) -> None:
        if how == "count":
            dice.choice(values["segments"])[dice.choice(("chunks", "articles"))] = dice.choice(NUMBERS)

    rewritten(index, change)
    return f"{path.name} {how}"


def forge_rows(index: Path, dice: random.Random) -> str:
    """Let what is deleted lie."""
    for path in index.rglob("*.rows"):
        content = path.read_bytes()
        path.write_bytes(dice.choice((bytes(len(content)), b"\xff" * len(content), content * 1000, b"", b"\xfe")))

    def change(values: dict[str, Any]) -> None:
        for segment in values["segments"]:
            if segment["deletions"]:
                segment["deletions"][dice.choice(("chunks", "articles", "generation"))] = dice.choice(
                    (0, 1, 8, *NUMBERS)
                )

    rewritten(index, change) if dice.random() < 0.5 else rewritten(index, lambda _: None)
    return ""


def forge_schema(index: Path, dice: random.Random) -> str:
    """Write SQL into an ``articles.sqlite`` that should never be there."""
    path = dice.choice(sorted(index.rglob("articles.sqlite")))
    name = dice.choice(sorted(SCRIPTS))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        try:
            db.executescript(SCRIPTS[name])
        except sqlite3.Error as error:  # this SQLite lacks the module
            return f"{name} ({error})"
    rewritten(index, lambda _: None)
    return name


def forge_cells(index: Path, dice: random.Random) -> str:
    """Put values of any type into cells of an ``articles.sqlite``."""
    path = dice.choice(sorted(index.rglob("articles.sqlite")))
    values = (
        None, 0, -1, 1, 7, 1 << 40, (1 << 63) - 1, 0.5, 1e308, "", "x", b"", b"\xff\xfe", "[1, 2]", '{"a": 1}',
        "[" * 200_000,
        '[{"heading": 1, "start": -5, "end": 1e99}]', '[{"start": 0}]', '{"a": [[1]]}', "null", "9999-99-99", "NaN",
        "0001-01-01T00:00:00+23:59", "2020-01-01", "\ud800".encode("utf-8", "surrogatepass"), "a" * 3_000_000, "\0",
        b"\0\0\0\0\1\0\0\0", "../../outside",
    )  # fmt: skip
    done = []
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        for _ in range(dice.choice((1, 1, 2, 5))):
            table = dice.choice(("articles", "articles", "chunks", "labels", "dates", "starts"))
            column = dice.choice([one[1] for one in db.execute(f"PRAGMA table_info({table})")])
            value = dice.choice(values)
            one = "" if table == "starts" else "WHERE article = 0" if table in {"labels", "dates"} else "WHERE row = 0"
            with suppress(sqlite3.Error, OverflowError):
                db.execute(f"UPDATE OR REPLACE {table} SET {column} = ? {one if dice.random() < 0.7 else ''}", (value,))
                done.append(f"{table}.{column}={str(value)[:12]!r}")
    rewritten(index, lambda _: None)
    return " ".join(done)


def forge_links(index: Path, dice: random.Random) -> str:
    """Put a link, a pipe, a device or a folder in the place of a file or a folder."""
    every = [path for path in sorted(index.rglob("*")) if path.name != "LOCK"] + [index / "LOCK"]
    path = dice.choice(every)
    how = dice.choice(("inside", "outside", "outside", "zero", "pipe", "folder", "nowhere", "itself"))
    outside = index.parent / OUTSIDE / path.name
    if how in {"inside", "outside"} and path.exists():
        shutil.move(path, outside if how == "outside" else path.with_name("moved"))
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    targets = {"inside": path.with_name("moved"), "outside": outside, "zero": Path("/dev/zero")}
    if how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    else:
        path.symlink_to(targets.get(how, path if how == "itself" else Path("/nowhere/at/all")))
    return f"{path.relative_to(index)} {how}"


FORGERIES: dict[str, Callable[[Path, random.Random], str]] = {
    "manifest": forge_manifest,
    "text": forge_text,
    "current": forge_current,
    "arrays": forge_arrays,
    "bytes": forge_bytes,
    "vectors": forge_vectors,
    "rows": forge_rows,
    "schema": forge_schema,
    "cells": forge_cells,
    "links": forge_links,
}
