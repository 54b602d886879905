"""By which rules was a text cut into chunks and analysed? A number, so that an index of other rules isn't mistaken.

A change of what ``ingest/chunks.py``, ``ingest/compose.py`` or ``index/keyword/analysis.py`` (with all that they use)
make of some text makes old indexes miss words, without any of their files being wrong. ``RULES`` is raised by hand
with each such change; ``tests/index/test_rules.py`` fails when the analysis of fixed texts changes and the number
doesn't. The manifest has the number that an index was built by. A search in an index of other rules is answered, with a
note; nothing is added to it or taken from it, for what is deleted is analysed again to be subtracted.
"""

from __future__ import annotations

from searchkit.errors import FormatTooNew, FormatTooOld
from searchkit.index.facts import Manifest

RULES = 2


def rules_note(manifest: Manifest) -> str:
    """Return what a search must tell its user of an index of other rules; nothing where they are ours."""
    if manifest.rules == RULES:
        return ""
    remedy = (
        "'searchkit rebuild' brings it up to date" if manifest.rules < RULES else "a later searchkit wrote it: update"
    )
    return (
        f"The index was analysed by rules {manifest.rules}, the query by rules {RULES}: words may be missed; {remedy}."
    )


def check_rules(manifest: Manifest, what: str) -> None:
    """Refuse to change an index that was analysed by other rules than ours; ``what`` names the index.

    Raises ``FormatTooOld`` or ``FormatTooNew``.
    """
    said = f"{what} was analysed by rules {manifest.rules}; this searchkit has {RULES}, and they can't be mixed."
    if manifest.rules < RULES:
        raise FormatTooOld(
            said,
            hint="Run 'searchkit rebuild --index PATH' first: no vector is computed again, but the encoder"
            f" '{manifest.encoder.name}' must be here, by whose tokens texts are cut into chunks.",
        )
    if manifest.rules > RULES:
        raise FormatTooNew(said)
