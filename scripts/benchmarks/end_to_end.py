"""What does a whole search cost: with title, url and a highlighted snippet of each of ten results, as users call it?

Two archives: the made one, whose articles are one chunk each, and one of judged articles in BEIR's layout with its own
questions as people typed them. searchkit is given whole articles; its peers, which have no chunks, are given
searchkit's, each with its article's title and url. searchkit shows up to three chunks an article, its peers one text a
row. Each question is asked in three rounds, so that what a system remembers of the texts that it showed counts. Vectors
are the made ones for all; what the default encoder takes for a question is added where "encoder" is said.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.corpus import DIMENSION, Corpus, MadeEncoder
from scripts.benchmarks.peers.hybrids import Runtime
from scripts.benchmarks.questions import CLASSES, questions
from scripts.benchmarks.timing import quantiles
from searchkit.config import IndexConfig
from searchkit.index.build import build
from searchkit.index.generation import open_generation
from searchkit.search.searcher import open_index
from searchkit.types import Article, Encoder

OURS, OURS_HYBRID = "searchkit, keyword", "searchkit, hybrid"
TANTIVY, FTS5, LANCE, TXTAI, BARE = "Tantivy", "SQLite FTS5", "LanceDB", "txtai", "encoder + FAISS"
THREADS = (1, 2, 4, 8)
K = 10
CHARACTERS = 320
QUESTIONS = 145
ROUNDS = 3

Shown = list[tuple[str, str, str]]
"""Title, url and snippet of each result."""


class Searches(Protocol):
    """What answers a question with what is shown."""

    def search(self, text: str) -> Shown:
        """Return the ten best."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One chunk as the peers are given it."""

    title: str
    url: str
    text: str


class CountingEncoder(MadeEncoder):
    """The made vectors, with the default encoder's tokens and, where ``paying``, its work for each question."""

    def __init__(self, true: Encoder) -> None:
        super().__init__()
        self._true, self.paying = true, False
        self.max_tokens = true.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count as the default encoder does."""
        return self._true.count_tokens(texts)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the made vector."""
        if self.paying:
            self._true.encode_query(text)
        return super().encode_query(text)


class Ours:
    """searchkit's ``Searcher.search``."""

    def __init__(self, index: Path, encoder: CountingEncoder, mode: str) -> None:
        self._searcher, self._encoder, self._mode = open_index(index, encoder=encoder), encoder, mode

    def search(self, text: str) -> Shown:
        """Return the ten best articles with their best chunk's snippet, its words marked."""
        self._encoder.paying = self._mode == "hybrid"
        answer = self._searcher.search(text, k=K, mode=self._mode)
        return [(one.article.title, one.article.url or "", _marked(one.chunks[0].snippet)) for one in answer.results]


def _marked(snippet: Any) -> str:
    """Put ``<b>`` around what stands out, as the peers do."""
    written, at = [], snippet.start
    for start, end in snippet.highlights:
        written += [snippet.text[at - snippet.start : start - snippet.start], "<b>"]
        written += [snippet.text[start - snippet.start : end - snippet.start], "</b>"]
        at = end
    return "".join([*written, snippet.text[at - snippet.start :]])


class Tantivy:
    """Tantivy with stored fields and its SnippetGenerator; any of the words, in title or text."""

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        import tantivy

        from scripts.benchmarks.peers.tantivy_peer import HEAP, _register

        self._tantivy = tantivy
        make = tantivy.SchemaBuilder()
        for name in ("title", "text"):
            make.add_text_field(name, stored=True, tokenizer_name="english", index_option="position")
        make.add_text_field("url", stored=True, tokenizer_name="raw", index_option="basic")
        self._index = tantivy.Index(make.build(), path=str(folder))
        _register(self._index)
        writer = self._index.writer(heap_size=HEAP, num_threads=1)
        for row in rows:
            document = tantivy.Document()
            for name in ("title", "text", "url"):
                document.add_text(name, getattr(row, name))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, text: str) -> Shown:
        """Return the ten best rows."""
        query, _ = self._index.parse_query_lenient(text, ["title", "text"])
        generator = self._tantivy.SnippetGenerator.create(self._searcher, query, self._index.schema, "text")
        generator.set_max_num_chars(CHARACTERS)
        passages = []
        for _, address in self._searcher.search(query, limit=K, count=False).hits:
            document = self._searcher.doc(address)
            snippet = generator.snippet_from_doc(document).to_html()
            passages.append((document["title"][0], document["url"][0], snippet))
        return passages


class Fts5:
    """SQLite's FTS5 with ``snippet()``; any of the words, in title or text."""

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        self._database = sqlite3.connect(folder / "fts.sqlite", check_same_thread=False)
        self._database.execute("create virtual table t using fts5(title, text, url unindexed, tokenize='porter')")
        self._database.executemany("insert into t values (?, ?, ?)", ((row.title, row.text, row.url) for row in rows))
        self._database.execute("insert into t(t) values ('optimize')")
        self._database.commit()

    def search(self, text: str) -> Shown:
        """Return the ten best rows."""
        words = " OR ".join(f'"{word}"' for word in text.replace('"', " ").split())
        statement = (
            "select title, url, snippet(t, 1, '<b>', '</b>', '…', 54) from t where t match ? order by rank limit ?"
        )
        return list(self._database.execute(statement, (words, K)))


class Lance:
    """LanceDB with its hybrid search and the columns as they are: it makes no snippets."""

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        import pyarrow

        from scripts.benchmarks.peers.hybrids import _lancedb

        lancedb = _lancedb()  # before anything else of it, or it warns with every search
        from lancedb.index import FTS

        self._encoder = MadeEncoder()
        vectors = self._encoder.encode_chunks([row.text for row in rows])
        columns = {name: [getattr(row, name) for row in rows] for name in ("title", "url", "text")}
        columns["vector"] = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(vectors.ravel()), DIMENSION)
        self._table = lancedb.connect(str(folder)).create_table("chunks", pyarrow.table(columns))
        self._table.create_index("text", config=FTS())
        self._table.optimize()

    def search(self, text: str) -> Shown:
        """Return the ten best rows."""
        search = self._table.search(query_type="hybrid").vector(self._encoder.encode_query(text)).text(text)
        rows = search.select(["title", "url", "text"]).limit(K).to_arrow()
        return [(row["title"], row["url"], row["text"]) for row in rows.to_pylist()]


class Txtai:
    """txtai with its hybrid search and stored content: it makes no snippets."""

    def __init__(self, rows: Sequence[Row]) -> None:
        import os

        os.environ["ALLOW_RESOLVE_TRANSFORM"] = "True"
        from txtai import Embeddings

        transform = "scripts.benchmarks.peers.hybrids.made_vectors"
        self._embeddings = Embeddings(method="external", transform=transform, hybrid=True, content=True)
        named = ({"text": row.text, "title": row.title, "url": row.url} for row in rows)
        self._embeddings.index((number, row, None) for number, row in enumerate(named))

    def search(self, text: str) -> Shown:
        """Return the ten best rows."""
        statement = "select title, url, text from txtai where similar(:text) limit 10"
        rows = self._embeddings.search(statement, K, parameters={"text": text})
        return [(row["title"], row["url"], row["text"]) for row in rows]


class EncoderAndFaiss:
    """The default encoder's work and a flat FAISS index over the same vectors: the least that a hybrid can cost."""

    def __init__(self, runtime: Runtime, rows: Sequence[Row]) -> None:
        import faiss

        self._runtime, self._encoder = runtime, MadeEncoder()
        self._index: Any = faiss.IndexFlatIP(DIMENSION)
        self._index.add(self._encoder.encode_chunks([row.text for row in rows]))

    def search(self, text: str) -> Shown:
        """Find the nearest rows; nothing of them is shown."""
        self._runtime.encode(text)
        self._index.search(self._encoder.encode_query(text).reshape(1, -1), K)
        return []


@dataclass(frozen=True, slots=True)
class Archive:
    """What is searched, and its questions."""

    name: str
    articles: Sequence[Article]
    questions: Sequence[str]


def made_archive(chunks: int) -> Archive:
    """Return the made archive: a title is what its text begins with, a question four to eight of a chunk's words."""
    corpus = Corpus(chunks)
    articles = [
        Article(
            id=str(document.row),
            title=" ".join(document.text.split()[:6]),
            text=document.text,
            url=f"https://example.org/{document.row}",
            language="en",
            published=document.published,
        )
        for block in corpus.blocks()
        for document in block
    ]
    classes = [one for one in CLASSES if one.name in {"OR 4", "OR 8"}]
    sampled = [question for one in classes for question in questions(corpus, one, QUESTIONS // 2)]
    return Archive(f"made, {chunks:,} articles", articles, [" ".join(one.words) for one in sampled])


def judged_archive(folder: Path) -> Archive:
    """Return judged articles in BEIR's layout with their questions, as they were typed."""
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    articles = [
        Article(
            id=row["_id"],
            title=row.get("title") or "",
            text=row["text"],
            url=(row.get("metadata") or {}).get("url") or f"https://example.org/{row['_id']}",
            language="en",
        )
        for row in rows
    ]
    texts = [json.loads(line)["text"] for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    return Archive(f"{folder.name}, {len(articles):,} articles", articles, texts[:QUESTIONS])


def end_to_end(archives: Sequence[Archive], place: Path, runtime: Runtime, say: Callable[[str], None]) -> Facts:
    """Build, ask and time all of them; return what each took."""
    return {archive.name: _measured(archive, place / "end-to-end", runtime, say) for archive in archives}


Facts = dict[str, Any]


def _measured(archive: Archive, place: Path, runtime: Runtime, say: Callable[[str], None]) -> Facts:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    encoder = CountingEncoder(runtime.encoder)
    say(f"  {archive.name}: building")
    synthetic = archive.name.startswith("made")
    config = IndexConfig(chunk_tokens=512) if synthetic else IndexConfig()
    build(
        place / "index", archive.articles, config=config, encoder=MadeEncoder() if synthetic else encoder, cache=False
    )
    rows = list(_rows(place / "index"))
    folders = {name: place / name.replace(" ", "-") for name in (TANTIVY, FTS5, LANCE)}
    for folder in folders.values():
        folder.mkdir()
    systems: dict[str, Searches] = {
        OURS: Ours(place / "index", encoder, "keyword"),
        TANTIVY: Tantivy(folders[TANTIVY], rows),
        FTS5: Fts5(folders[FTS5], rows),
        OURS_HYBRID: Ours(place / "index", encoder, "hybrid"),
        BARE: EncoderAndFaiss(runtime, rows),
        LANCE: Lance(folders[LANCE], rows),
        TXTAI: Txtai(rows),
    }
    times = _times(systems, archive.questions)
    facts: Facts = {"chunks": len(rows), "questions": len(archive.questions)}
    facts["cpu_ms"] = {name: [round(1e3 * value, 4) for value in quantiles(each)[:2]] for name, each in times.items()}
    say("    " + ", ".join(f"{name} {p50:.2f} / {p95:.2f} ms" for name, (p50, p95) in facts["cpu_ms"].items()))
    for mode in (OURS, OURS_HYBRID):
        rates = {str(n): round(_requests(systems[mode], archive.questions, n), 1) for n in THREADS}
        facts.setdefault("requests_per_s", {})[mode] = rates
        say(f"    {mode}, searches a second by threads: {rates}")
    shutil.rmtree(place, ignore_errors=True)
    return facts


def _rows(index: Path) -> Iterator[Row]:
    with open_generation(index) as generation:
        for number in range(generation.article_count):
            article, rows = generation.article_at(number)
            for chunk in generation.chunks_at(rows):
                yield Row(article.title, article.url or "", chunk.text)


def _times(systems: Mapping[str, Searches], asked: Sequence[str]) -> dict[str, list[float]]:
    """Ask all in turn, round by round; return the less of each question's CPU seconds, the first round aside.

    A question's vector is remembered by searchkit: where the encoder is paid for it is another question each time.
    """
    times: dict[str, list[float]] = {name: [float("inf")] * len(asked) for name in systems}
    for turn in range(ROUNDS):
        for place, text in enumerate(asked):
            for name in list(systems) if (turn + place) % 2 else list(systems)[::-1]:
                question = f"{text} {'?' * turn}" if name in {OURS_HYBRID, BARE} else text
                started = time.process_time()
                systems[name].search(question)
                taken = time.process_time() - started
                if turn:
                    times[name][place] = min(times[name][place], taken)
    return times


def _requests(system: Searches, asked: Sequence[str], threads: int, seconds: float = 3.0) -> float:
    """Return the searches a second of wall time of so many threads on one searcher, each question another one."""
    done = [0] * threads
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        turn = number
        while time.perf_counter() < end:
            system.search(f"{asked[turn % len(asked)]} {turn} {threads}")
            done[number] += 1
            turn += threads

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / (time.perf_counter() - started)
