"""A notebook's frame: answers as a pandas frame, counted by month and source. Needs pandas.

pip install pandas
python scripts/examples/notebook_frame.py INDEX 'air defense'
"""

from __future__ import annotations

import sys

import searchkit

try:
    import pandas as pd
except ModuleNotFoundError:
    sys.exit("This program needs pandas: pip install pandas")


def frame(index: str, question: str, *, k: int = 1_000) -> pd.DataFrame:
    """Return a row for each article that matches, best first."""
    with searchkit.open(index) as searcher:
        answer = searcher.search(question, k=k, mode="keyword", syntax="words")
    return pd.DataFrame.from_records(answer.to_records())


def by_month(rows: pd.DataFrame) -> pd.DataFrame:
    """Count articles by month and source."""
    dated = rows.dropna(subset=["published"])
    month = dated["published"].dt.strftime("%Y-%m").rename("month")
    return pd.crosstab(month, dated["source"].fillna("unknown"))


if __name__ == "__main__":
    try:
        rows = frame(sys.argv[1], sys.argv[2])
    except searchkit.SearchkitError as error:
        sys.exit(str(error))
    print(rows[["rank", "score", "confidence", "title"]].head(10).to_string(index=False))
    print(by_month(rows).to_string())
