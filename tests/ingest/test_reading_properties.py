from __future__ import annotations

import gzip
import json
import tempfile
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.ingest import article_from_dict, read
from searchkit.ingest.article_builder import checked_article
from searchkit.ingest.compression import COMPRESSIONS
from searchkit.ingest.format_detection import FORMATS
from searchkit.ingest.formats.markdown import parse_markdown
from searchkit.ingest.formats.plain_text import parse_plain
from searchkit.ingest.formats.sections import atx_headings, sections_under
from searchkit.ingest.text_cleanup import clean
from searchkit.types import Article, Problem, Section

_OF_EXTRAS = set() if find_spec("pyarrow") else {".parquet", ".arrow", ".feather", ".ipc"}
SUFFIXES = [*sorted(set(FORMATS) - _OF_EXTRAS), ".xyz", "", ".txt.gz", ".jsonl.zst", *COMPRESSIONS]
LINES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "",
            "-",
            "## Part",
            "### Lower",
            "# Title",
            "Short line",
            "A full sentence ends here.",
            "```",
            "1. one",
            "> q",
            "| a | b |",
        ]
    ),
)
TEXTS = st.lists(LINES, max_size=12).map("\n".join)


def check(article: Article) -> None:
    assert article.id
    assert article.text or article.title
    assert clean(article.text) == article.text
    check_sections(article.text, article.sections)


def check_sections(text: str, sections: tuple[Section, ...]) -> None:
    end = 0
    for section in sections:
        assert end <= section.start < section.end <= len(text)
        assert text[section.start : section.end] == text[section.start : section.end].strip()
        end = section.end
    covered = "\n".join(f"{section.heading}\n{text[section.start : section.end]}" for section in sections)
    words = {word.strip("#*_`") for word in covered.split()}
    for word in text.split() if sections else ():
        # Marks of headings and emphasis apart, every word stands in a section or in a heading.
        assert word.strip("#*_`") in words or any(mark in word for mark in "#*_`[]()!")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.sampled_from(SUFFIXES))
def test_no_bytes_in_any_format_raise(data: bytes, suffix: str):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"a{suffix}").write_bytes(data)
        for entry in read([folder]):
            if isinstance(entry, Article):
                check(entry)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(SUFFIXES[:-5]))
def test_no_text_in_any_format_raises(text: str, suffix: str):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"a{suffix}.gz").write_bytes(gzip.compress(text.encode("utf-8", "surrogatepass")))
        for entry in read([folder]):
            if isinstance(entry, Article):
                check(entry)
            else:
                assert isinstance(entry, Problem)


@settings(deadline=None)
@given(TEXTS)
def test_plain_text_keeps_every_word_and_its_sections_are_in_order(text: str):
    draft = parse_plain(text)
    stored = str(draft.values["text"])
    check_sections(stored, draft.sections or ())


@settings(deadline=None)
@given(TEXTS)
def test_sections_of_markdown_are_in_order(text: str):
    draft = parse_markdown(text)
    stored = str(draft.values["text"])
    assert clean(stored) == stored
    check_sections(stored, draft.sections or ())


@settings(deadline=None)
@given(TEXTS)
def test_sections_of_headings_in_a_text_are_in_order(text: str):
    text = clean(text)
    check_sections(text, sections_under(text, atx_headings(text)))


@settings(deadline=None)
@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["date", "tags", "authors", "metadata", "lang", "source", "x", "y.z"]), VALUES))
def test_any_values_of_json_make_an_article_that_checks_out_or_a_problem(values: dict[str, object]):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_text(json.dumps({"id": "1", "text": "t", **values}), encoding="utf-8")
        entries = list(read([path]))
    assert entries
    for entry in entries:
        if isinstance(entry, Article):
            check(entry)
            assert checked_article(entry) == entry


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "s/a", "a.txt", "s.x/b"]),
            st.sampled_from([".txt", ".md", ".jsonl", ".story", ".txt.gz"]),
        ),
        unique=True,
        min_size=1,
    ),
    st.randoms(use_true_random=False),
)
def test_ids_do_not_depend_on_the_order_in_which_files_came(names: list[tuple[str, str]], random: object):
    def build(folder: Path, order: list[tuple[str, str]]) -> list[str]:
        for stem, suffix in order:
            path = folder / f"{stem}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            content = b'{"text":"x"}' if suffix == ".jsonl" else f"{stem}\n\ntext of {suffix}".encode()
            path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
        return [entry.id for entry in read([folder]) if isinstance(entry, Article)]

    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        first, second = build(Path(one), names), build(Path(two), shuffled)
    assert first == second
    assert len(set(first)) == len(names)


def test_an_article_checks_out_as_it_was_made():
    article = article_from_dict({"id": "1", "text": "a\n## b\nc", "lang": "en", "date": "2024", "x": [1]})
    assert checked_article(article) == article
