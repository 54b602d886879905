"""Is a file that was damaged, or made to do harm, refused by name, and never followed?"""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt, SearchkitError
from searchkit.keyword.postings import deletion_stats
from searchkit.keyword.postings import reader as postings
from searchkit.keyword.postings.reader import MAGIC, PostingsReader
from searchkit.keyword.query.ast import And, Fuzzy, Not, Or, Pattern, Phrase, Term, Tree
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings
from searchkit.storage.array_file import ALIGNMENT, FORMAT, ArrayFile, ArrayWriter
from tests.keyword.chunks import CHUNKS, build

ENTRY = struct.Struct("<40s8sQQ")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pairs = [("", "", "x y", None), ("", "", "y missiles", "en", "", 0)] * 100
    chunks = [*CHUNKS, ("", "", "x " * 300, None), *pairs]
    build(tmp_path / "postings.bin", chunks).close()
    return tmp_path / "postings.bin"


def test_the_table_in_the_docstring_is_what_is_written(path: Path):
    described = table(postings.__doc__)
    expected = [
        name.replace("F.", f"{field}.") for field in ("text", "title") for name in described if name[:2] == "F."
    ]
    expected += [name for name in described if name[:2] != "F."]
    written = {name: kind for name, kind, _, _ in contents(path)}
    assert sorted(written) == sorted(expected)
    for name, kind in written.items():
        assert kind in described[re.sub("^(text|title)[.]", "F.", name)]


def test_the_table_in_the_docstring_of_a_delta_is_what_is_written(path: Path, tmp_path: Path):
    with PostingsReader(path) as reader:
        deletion_stats.write_delta(tmp_path / "d", deletion_stats.deltas(reader, CHUNKS[:2]))
    described = table(deletion_stats.__doc__)
    expected = [
        name.replace("F.", f"{field}.") for field in ("text", "title") for name in described if name[:2] == "F."
    ]
    expected += [name for name in described if name[:2] != "F."]
    assert sorted(name for name, *_ in contents(tmp_path / "d")) == sorted(expected)


def test_arrays_are_aligned_and_lie_apart(path: Path):
    end = 64
    for _, kind, offset, count in sorted(contents(path), key=lambda entry: entry[2:]):
        assert offset % ALIGNMENT == 0
        assert offset >= end
        end = offset + int(kind[1:]) * count
    assert end <= path.stat().st_size


def test_numbers_are_as_narrow_as_they_may_be(path: Path):
    kinds = {name: kind for name, kind, _, _ in contents(path)}
    assert kinds["text.lengths"] == "u2"
    assert kinds["text.starts"] == kinds["text.terms.offsets"] == "u4"


def test_a_missing_or_empty_file_is_named(tmp_path: Path):
    with pytest.raises(IndexCorrupt, match=r"nothing\.bin"):
        PostingsReader(tmp_path / "nothing.bin")
    (tmp_path / "empty.bin").touch()
    with pytest.raises(IndexCorrupt, match=r"empty\.bin"):
        PostingsReader(tmp_path / "empty.bin")
    with pytest.raises(IndexCorrupt, match=re.escape(tmp_path.name)):
        PostingsReader(tmp_path)


def test_another_kind_of_file_is_refused(tmp_path: Path):
    (tmp_path / "p").write_bytes(b"SQLite format 3\0" * 100)
    with pytest.raises(IndexCorrupt, match="another kind"):
        PostingsReader(tmp_path / "p")


@pytest.mark.parametrize(("version", "error"), [(FORMAT + 1, FormatTooNew), (0, FormatTooOld)])
def test_another_format_is_refused(path: Path, version: int, error: type[SearchkitError]):
    rewrite_header(path, lambda fields: fields.__setitem__(1, version))
    with pytest.raises(error, match="postings"):
        PostingsReader(path)


def test_an_unfinished_file_is_refused(tmp_path: Path):
    writer = ArrayWriter(tmp_path / "p", MAGIC)
    writer.reserve("a", 4, 10)
    writer.append("a", np.arange(5))
    with pytest.raises(ValueError, match="as long as announced"):
        writer.finish()
    writer.close()
    with pytest.raises(IndexCorrupt, match="p is damaged"):
        ArrayFile(tmp_path / "p", MAGIC)


def test_a_file_cut_short_anywhere_is_refused(path: Path, tmp_path: Path):
    whole = path.read_bytes()
    for size in [*range(0, 130, 7), *range(0, len(whole), 997), len(whole) - 1]:
        cut = tmp_path / "cut"
        cut.write_bytes(whole[:size])
        with pytest.raises(IndexCorrupt, match="cut"):
            PostingsReader(cut)


def test_any_altered_byte_of_header_or_contents_is_refused(path: Path, tmp_path: Path):
    whole = bytearray(path.read_bytes())
    at = struct.unpack_from("<Q", whole, 16)[0]
    for place in [*range(40), *range(at, len(whole), 11)]:
        altered = bytearray(whole)
        altered[place] ^= 0x21
        (tmp_path / "altered").write_bytes(altered)
        with pytest.raises(IndexCorrupt, match="altered"):
            PostingsReader(tmp_path / "altered")


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.__setitem__(2, entry[2] + 1),
        lambda entry: entry.__setitem__(2, 0),
        lambda entry: entry.__setitem__(2, 1 << 62),
        lambda entry: entry.__setitem__(2, (1 << 64) - 64),
        lambda entry: entry.__setitem__(3, entry[3] + 100_000),
        lambda entry: entry.__setitem__(3, (1 << 64) - 1),
        lambda entry: entry.__setitem__(3, 0),
        lambda entry: entry.__setitem__(1, b"O8"),
        lambda entry: entry.__setitem__(1, b"u1"),
        lambda entry: entry.__setitem__(1, b"u8"),
        lambda entry: entry.__setitem__(0, b"meta"),
        lambda entry: entry.__setitem__(0, b"\xff"),
    ],
)
def test_contents_that_lie_are_refused(path: Path, tmp_path: Path, change: Callable[[list[object]], None]):
    names = [name for name, *_ in contents(path)]
    for name in names:
        if name == "meta" or name.endswith((".above", ".exact")):
            continue
        forged = tmp_path / "forged"
        forged.write_bytes(path.read_bytes())
        before = [entry for entry in contents(path) if entry[0] == name]
        rewrite_entry(forged, name, change)
        if [entry for entry in contents(forged) if entry[0] == name] == before:
            continue  # It was so already: an array of that type.
        if numbers(forged, name) == numbers(path, name):
            continue  # One small number, with zeros behind it, is the same number in another width.
        with pytest.raises(IndexCorrupt, match="forged"):
            exercise(forged)


def test_arrays_that_overlap_are_refused(path: Path):
    rewrite_entry(path, "words.rows", lambda entry: entry.__setitem__(2, 64))
    with pytest.raises(IndexCorrupt, match="overlap"):
        PostingsReader(path)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_arrays_hold_reading_ends_well_or_names_the_file(path: Path, tmp_path: Path, seed: int):
    chance = random.Random(seed)
    whole = bytearray(path.read_bytes())
    names = [entry for entry in contents(path) if entry[3]]
    for _ in range(chance.choice([1, 3, 50])):
        _, kind, offset, count = chance.choice(names)
        width = int(kind[1:])
        value = chance.choice([0, 1, 255, (1 << 8 * width) - 1, 1 << (8 * width - 1), chance.randrange(1 << 8 * width)])
        whole[(at := offset + chance.randrange(count) * width) : at + width] = (value % (1 << 8 * width)).to_bytes(
            width, "little"
        )
    (tmp_path / "hostile").write_bytes(whole)
    try:
        exercise(tmp_path / "hostile")
    except IndexCorrupt as error:
        assert "hostile" in str(error)  # noqa: PT017


def forms(reader: PostingsReader, pairs: list[tuple[int, int]]) -> None:
    for term_id, form in pairs:
        check_rows(reader.field("text").form_counts(term_id, form)[0], reader.rows)


def exercise(path: Path) -> None:
    """Read all that can be read; a part that is refused doesn't keep the others from being tried."""
    refused: list[IndexCorrupt] = []

    def attempt(ask: Callable[[], object]) -> None:
        try:
            ask()
        except IndexCorrupt as error:
            refused.append(error)

    with PostingsReader(path) as reader:
        some = np.arange(0, reader.rows if reader.rows < 1000 else 1000, 3, dtype=np.uint32)
        for name in ("text", "title"):
            field = reader.field(name)
            attempt(lambda field=field: field.frequencies(np.arange(field.term_count)))
            for term_id in range(field.term_count):
                attempt(lambda field=field, at=term_id: check_rows(field.postings(at)[0], reader.rows))
                attempt(lambda field=field, at=term_id: field.positions(at))
                attempt(lambda field=field, at=term_id: field.positions_of(at, some))
                attempt(lambda field=field, at=term_id: field.positions_of(at, some[:1]))
                attempt(lambda field=field, at=term_id: field.term_id(field.term(at)))
                attempt(lambda field=field, at=term_id: (field.df(at), field.cf(at)))
            attempt(lambda field=field: field.terms(list(range(field.term_count))))
        attempt(lambda: ask(reader))
        words = reader.words
        for at in range(len(words)):
            attempt(lambda at=at: (words.word(at), words.count(at)))
            attempt(lambda at=at: words.terms_of(at))
            attempt(lambda at=at: forms(reader, words.forms_of(words.word(at))))
        attempt(lambda: words.slice(0, len(words)))
        attempt(lambda: words.prefix("p"))
    if refused:
        raise refused[0]


def ask(reader: PostingsReader) -> None:
    """Ask every kind of question: the loops follow no row, no position and no offset that can't be."""
    index = KeywordSegments([SegmentPostings(postings=reader, article_of_row=np.arange(reader.rows, dtype=np.int32))])
    x, y, missile = Term(terms=("x",)), Term(terms=("y",)), Term(terms=("missil",))
    own = Term(terms=("missil",), surfaces=("missiles",))
    questions: list[Tree] = [
        x,
        Or(children=(x, y, missile)),
        And(children=(x, y)),
        And(children=(x, y, missile)),
        And(children=(x, Not(child=missile))),
        Phrase(units=(x, y), offsets=(0, 1)),
        Phrase(units=(x, y), offsets=(0, 1), slop=3),
        Phrase(units=(y, x), offsets=(0, 1)),
        own,
        Phrase(units=(y, own), offsets=(0, 1)),
        And(children=(Phrase(units=(own, x), offsets=(0, 1), slop=50), own)),
        Term(terms=("x", "y", "missil")),
        Pattern(text="m*"),
        Pattern(text="?*s*"),
        Fuzzy(word="missle", distance=2),
        *[Fuzzy(word="missle")] * 9,  # after some of them words are looked for in another way
    ]
    refused: list[IndexCorrupt] = []
    for question in questions:
        try:
            found = evaluate(index, question)
            assert np.all(found.best(5).rows < reader.rows)
            found.at(np.arange(reader.rows))
            assert len(found.scores) == reader.rows
        except IndexCorrupt as error:
            refused.append(error)
    if refused:
        raise refused[0]


def numbers(path: Path, name: str) -> list[int] | None:
    """Return what an array holds; None where it can't be read."""
    try:
        return list(ArrayFile(path, MAGIC).array(name, 1, 2, 4, 8).tolist())
    except IndexCorrupt:
        return None


def check_rows(rows: np.ndarray, limit: int) -> None:
    assert rows.max(initial=0) < limit


def contents(path: Path) -> list[tuple[str, str, int, int]]:
    whole = path.read_bytes()
    count, at = struct.unpack_from("<IQ", whole, 12)
    entries = [ENTRY.unpack_from(whole, at + place * ENTRY.size) for place in range(count)]
    return [
        (name.rstrip(b"\0").decode("latin-1"), kind.rstrip(b"\0").decode(), offset, size)
        for name, kind, offset, size in entries
    ]


def rewrite_entry(path: Path, wanted: str, change: Callable[[list[object]], None]) -> None:
    """Change one entry of the contents and make its checksum right again."""
    whole = bytearray(path.read_bytes())
    at = struct.unpack_from("<Q", whole, 16)[0]
    place = at + ENTRY.size * [name for name, *_ in contents(path)].index(wanted)
    entry = list(ENTRY.unpack_from(whole, place))
    change(entry)
    ENTRY.pack_into(whole, place, *entry)
    path.write_bytes(whole)
    rewrite_header(path, lambda fields: fields.__setitem__(5, zlib.crc32(whole[at:])))


def rewrite_header(path: Path, change: Callable[[list[object]], None]) -> None:
    """Change the header and make its checksum right again."""
    whole = bytearray(path.read_bytes())
    fields = list(struct.unpack_from("<8sIIQQI", whole))
    change(fields)
    struct.pack_into("<8sIIQQI", whole, 0, *fields)
    struct.pack_into("<I", whole, 36, zlib.crc32(whole[:36]))
    path.write_bytes(whole)


def table(docstring: str | None) -> dict[str, str]:
    """Read the arrays and their types from a module's docstring."""
    rows = [row.split("|")[1:-1] for row in (docstring or "").splitlines() if row.startswith("|")]
    return {name.strip(): kinds.strip() for name, kinds, *_ in rows[2:]}
