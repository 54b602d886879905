"""Annotations of a PDF: what is written into its form's fields, readers' notes and the words that they marked.

The library reads the fields of AcroForms; a ticked box is a ``☑`` where it stands, an empty one nothing. XFA
forms, drawings, stamps and the pictures of annotations are lost.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from searchkit.ingest.formats.page_layout import Run
from searchkit.ingest.text_cleanup import one_line

_MOST_ON_A_PAGE = 2_000
_LONGEST = 100_000
"""Characters of one annotation."""
_LINE = 11.0
"""Points of a line in a field: what a form is filled in with has about the size of its text."""
_WITH_TEXT = frozenset({"combobox", "listbox", "textfield"})
_TICKED = "\u2611"
_PASSWORD = 1 << 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What a page has besides its own text: ``runs`` stand on it, ``notes`` and ``highlights`` are readers'."""

    runs: tuple[Run, ...] = ()
    notes: tuple[str, ...] = ()
    highlights: tuple[str, ...] = ()


class AnnotationReader:
    """Reads the annotations of a document's pages; ``form`` is the library's handle of its form, None: it has none."""

    def __init__(self, raw: Any, form: Any) -> None:
        self._raw, self._form = raw, form
        self._marks = {raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE, raw.FPDF_ANNOT_SQUIGGLY}
        self._comments = {
            *self._marks,
            *(raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_CARET, raw.FPDF_ANNOT_INK),
            *(raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE, raw.FPDF_ANNOT_LINE, raw.FPDF_ANNOT_STAMP),
            *(raw.FPDF_ANNOT_POLYGON, raw.FPDF_ANNOT_POLYLINE),
        }
        self._kinds = {getattr(raw, f"FPDF_FORMFIELD_{name.upper()}") for name in _WITH_TEXT}
        self._boxes = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}

    def read(self, page: Any) -> Annotations:
        """Return what the annotations of a page hold."""
        count = min(self._raw.FPDFPage_GetAnnotCount(page.raw), _MOST_ON_A_PAGE)
        parts = list(filter(None, (self._part(page, number) for number in range(count))))
        return Annotations(
            runs=tuple(run for part in parts for run in part.runs),
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
            highlights=tuple(dict.fromkeys(marked for part in parts for marked in part.highlights)),
        )

    def _part(self, page: Any, number: int) -> Annotations | None:
        annotation = self._raw.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            return None
        try:
            return self._read(annotation, page)
        finally:
            self._raw.FPDFPage_CloseAnnot(annotation)

    def _read(self, annotation: Any, page: Any) -> Annotations | None:
        kind = self._raw.FPDFAnnot_GetSubtype(annotation)
        if kind == self._raw.FPDF_ANNOT_WIDGET:
            return Annotations(runs=tuple(self._runs(annotation, self._field_value(annotation))))
        content = self._string(annotation, b"Contents")
        if kind == self._raw.FPDF_ANNOT_FREETEXT:
            return Annotations(runs=tuple(self._runs(annotation, content)))
        if kind not in self._comments:
            return None
        marked = self._marked(annotation, page) if kind in self._marks else ""
        note = one_line(content)  # some programs repeat there what is marked
        return Annotations(
            notes=(note,) if note and note != marked else (),
            highlights=(marked,) if marked else (),
        )

    def _field_value(self, annotation: Any) -> str:
        raw, form = self._raw, self._form
        kind = None if form is None else raw.FPDFAnnot_GetFormFieldType(form, annotation)
        if kind in self._boxes:
            return _TICKED if raw.FPDFAnnot_IsChecked(form, annotation) else ""
        if kind not in self._kinds:
            return ""
        if raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
            return ""
        return self._text(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size))

    def _string(self, annotation: Any, key: bytes) -> str:
        return self._text(lambda buffer, size: self._raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size))

    def _text(self, write: Any) -> str:
        """Return what the library writes in UTF-16, of which it says first how many bytes it is, with a null behind."""
        size = min(write(None, 0), 2 * _LONGEST)
        if size <= 2:
            return ""
        buffer = (ctypes.c_ushort * (size // 2))()
        if write(buffer, size) > size:
            return ""
        return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")

    def _runs(self, annotation: Any, text: str) -> Iterator[Run]:
        """Yield the lines of a text where it stands, from the top of its box on."""
        box = self._raw.FS_RECTF()
        lines = [one_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        if not any(lines) or not self._raw.FPDFAnnot_GetRect(annotation, ctypes.byref(box)):
            return
        left, right = sorted((box.left, box.right))
        bottom, top = sorted((box.bottom, box.top))
        height = min(_LINE, (top - bottom) or _LINE)
        first = top if lines[1:] else (top + bottom + height) / 2
        for number, line in enumerate(lines):
            if line:
                above = first - number * height * 1.2
                yield Run(text=line, left=left, right=max(right, left + 1), bottom=above - height, top=above)

    def _marked(self, annotation: Any, page: Any) -> str:
        """Return the words under the boxes of a mark."""
        text_page = page.get_textpage()
        try:
            points = self._raw.FS_QUADPOINTSF()
            texts = []
            for number in range(min(self._raw.FPDFAnnot_CountAttachmentPoints(annotation), _MOST_ON_A_PAGE)):
                if self._raw.FPDFAnnot_GetAttachmentPoints(annotation, number, ctypes.byref(points)):
                    across = (points.x1, points.x2, points.x3, points.x4)
                    along = (points.y1, points.y2, points.y3, points.y4)
                    texts.append(text_page.get_text_bounded(min(across), min(along), max(across), max(along)))
            return one_line(" ".join(texts))
        finally:
            text_page.close()
