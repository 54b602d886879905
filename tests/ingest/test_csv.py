from __future__ import annotations

from pathlib import Path

from searchkit import Article, Problem
from searchkit.ingest import read


def test_a_quotation_that_nothing_closes_is_named_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    path.write_text('id,title,text\n1,One,"fine, ok"\n2,Two,"open here\n3,Three,x\n4,Four,y\n')
    read_one, problem = list(read([path]))
    assert isinstance(read_one, Article)
    assert isinstance(problem, Problem)
    assert (problem.line, problem.lost) == (3, True)
    assert "nothing closes" in problem.reason
