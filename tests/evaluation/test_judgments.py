from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from searchkit.errors import ConfigError, MissingExtra, SourceError
from searchkit.evaluation.judgments import read_files, read_judged, read_qrels, read_queries

BEIR_QUERIES = '{"_id": "q1", "text": "first"}\n\n{"_id": "q2", "text": "second", "metadata": {}}\n'
BEIR_QRELS = "query-id\tcorpus-id\tscore\nq1\ta one\t2\nq1\tb\t0\nq2\tc\t1\n"
TREC_QRELS = "q1 0 a 2\nq1 0 b 0\nq2\t0\tc\t-1\n"
TOPICS = """<top>
<num> Number: 301
<title> International  organised
crime
<desc> Description: …
</top>
<top><num>302</num><title>Poliomyelitis</title></top>
"""


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "set" / "queries.jsonl", BEIR_QUERIES)
    written(tmp_path / "set" / "qrels" / "test.tsv", BEIR_QRELS)
    written(tmp_path / "set" / "qrels" / "train.tsv", "query-id\tcorpus-id\tscore\nq1\ta one\t1\nq9\tx\t1\n")
    return tmp_path / "set"


def test_a_folder_gives_its_queries_and_the_judgements_of_a_split(folder: Path) -> None:
    judged = read_judged(folder)
    assert judged.name == "set/test"
    assert judged.queries == {"q1": "first", "q2": "second"}
    assert judged.qrels == {"q1": {"a one": 2, "b": 0}, "q2": {"c": 1}}
    assert (judged.judgements, judged.notes) == (3, ())


def test_queries_without_judgement_and_judgements_without_query_are_noted(folder: Path) -> None:
    judged = read_judged(folder, split="train")
    assert judged.queries == {"q1": "first"}
    assert set(judged.qrels) == {"q1", "q9"}
    assert judged.notes == (
        "1 of 2 queries have no judgement in set/train and aren't asked.",
        "1 judged queries have no text: they count 0.",
    )


def test_the_files_of_trec_are_read(tmp_path: Path) -> None:
    qrels = written(tmp_path / "qrels.txt", TREC_QRELS)
    queries = written(tmp_path / "queries.tsv", "q1\tfirst\u2028line\r\nq2\tsecond\r\n")
    judged = read_files(queries=queries, qrels=qrels)
    assert judged.queries == {"q1": "first\u2028line", "q2": "second"}
    assert judged.qrels == {"q1": {"a": 2, "b": 0}, "q2": {"c": -1}}
    assert read_files(queries=None, qrels=qrels).queries == {}
    assert read_queries(written(tmp_path / "topics", TOPICS)) == {
        "301": "International organised crime",
        "302": "Poliomyelitis",
    }


def test_a_heading_is_known_by_the_word_above_the_grades(tmp_path: Path) -> None:
    for word in ("score", "Relevance", "GRADE", "label"):
        assert read_qrels(written(tmp_path / "q.tsv", f"query\tarticle\t{word}\n1\tx\t1\n")) == {"1": {"x": 1}}


def test_judgements_none_of_which_is_relevant_are_noted(tmp_path: Path) -> None:
    qrels = written(tmp_path / "none.txt", "q1 0 a 0\nq2 0 b -1\n")
    queries = written(tmp_path / "queries.tsv", "q1\tfirst\nq2\tsecond\n")
    said = "No grade of none is above 0, so nothing is relevant and every measure of relevance is 0."
    assert read_files(queries=queries, qrels=qrels).notes == (said,)
    assert read_files(queries=None, qrels=qrels).notes == (said,)


def test_judgements_without_a_heading_and_with_grades_like_1_0_are_read(tmp_path: Path) -> None:
    assert read_qrels(written(tmp_path / "q.tsv", "\ufeff1\tx\t1.0\n1\tx\t1\n")) == {"1": {"x": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no judgement"),
        ("q-id\td-id\tscore\n", "no judgement"),
        ("q1\ta\tx\nq1\tb\t1\n", "line 1: 'x' is no grade"),
        ("q1 0 a score\nq1 0 b 1\n", "line 1: 'score' is no grade"),
        ("1 0 a 1\n1 0 b\t\n", "line 2"),
        ("1 0 a 1\n1 0 b good\n", "line 2: 'good' is no grade"),
        ("1 0 a 1\n1 0 a 2\n", "line 2: 'a' has two grades"),
        ("1 0 a 1\n1 0 b 0.5\n", "line 2: '0.5' is no grade"),
        ("1 0 a 1735689600\n", "line 1: '1735689600' is no grade"),
        ("1 0 a inf\n1 0 a nan\n", "line 1: 'inf' is no grade"),
    ],
)
def test_a_bad_line_of_judgements_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_qrels(written(tmp_path / "qrels.tsv", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "no query"),
        ('{"_id": "1", "text": "x"}\n{"_id"', "line 2: it isn't valid JSON"),
        ('{"_id": "1"}', "no 'text'"),
        ('{"_id": "1", "text": "x"}\n[1]', "line 2"),
        ('{"_id": "1", "text": "x"}\n{"_id": "1", "text": "y"}', "two queries '1'"),
        ("1\tone\ntwo\n", "line 2: there is no tab"),
        ("<top><num>1</num></top>", "topic 1 has no <num> or no <title>"),
        ("<html></html>", "no query"),
    ],
)
def test_a_bad_line_of_queries_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_queries(written(tmp_path / "queries", text))


def test_what_is_not_there_is_said_with_what_is(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no judgements 'tset'.*test, train.*split='test'"):
        read_judged(folder, split="tset")
    with pytest.raises(ConfigError, match="no folder"):
        read_judged(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="stand in qrels"):
        read_judged(written(tmp_path / "bare" / "queries.jsonl", BEIR_QUERIES).parent)
    with pytest.raises(SourceError, match="can't be read: no such file"):
        read_files(queries=tmp_path / "none", qrels=folder / "qrels" / "test.tsv")
    (tmp_path / "latin").write_bytes(b"1\tcaf\xe9\n")
    with pytest.raises(SourceError, match="isn't UTF-8"):
        read_queries(tmp_path / "latin")


def test_queries_and_judgements_that_share_no_id_are_refused(tmp_path: Path) -> None:
    queries = written(tmp_path / "queries.tsv", "1\tone\n")
    with pytest.raises(SourceError, match="ids differ"):
        read_files(queries=queries, qrels=written(tmp_path / "qrels", TREC_QRELS))


def test_a_data_set_of_ir_datasets_needs_that_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_datasets", None)
    with pytest.raises(MissingExtra, match="pip install ir-datasets"):
        read_judged("irds:cranfield")


LIKE_IR_DATASETS = """
from collections import namedtuple

Query = namedtuple("Query", "query_id text")
Query.default_text = lambda self: self.text
Judgement = namedtuple("Judgement", "query_id doc_id relevance iteration")


class Dataset:
    def __init__(self, name):
        self.name = name

    def has_queries(self):
        return self.name != "documents"

    def has_qrels(self):
        return True

    def queries_iter(self):
        if self.name == "unreachable":
            raise RuntimeError("All download sources failed", ["one", "another"])
        return iter([Query("1", "missiles"), Query("2", "rice")])

    def qrels_iter(self):
        return iter([Judgement("1", "a", 2, "0"), Judgement("1", "b", 0, "0")])


def load(name):
    if name == "nothing":
        raise KeyError(name)
    return Dataset(name)
"""


def test_a_data_set_of_ir_datasets_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("ir_datasets")
    exec(LIKE_IR_DATASETS, vars(package))
    monkeypatch.setitem(sys.modules, "ir_datasets", package)
    judged = read_judged("irds:some/test")
    assert (judged.name, judged.queries, judged.qrels) == ("some/test", {"1": "missiles"}, {"1": {"a": 2, "b": 0}})
    with pytest.raises(SourceError, match="can't read 'unreachable': All download sources failed"):
        read_judged("irds:unreachable")
    with pytest.raises(ConfigError, match="no data set 'nothing'"):
        read_judged("irds:nothing")
    with pytest.raises(ConfigError, match="no queries or no qrels"):
        read_judged("irds:documents")
