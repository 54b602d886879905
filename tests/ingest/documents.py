"""Small documents made by hand: PDFs of words at places, Word, OpenDocument and EPUB files of their members."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OPEN_DOCUMENT = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
    for name, kind in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("meta", "meta"),
        ("draw", "drawing"),
    )
)
DUBLIN_CORE = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
HELVETICA = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding <</Differences [1 /fi]>>>>"
SILENT_FONT = (
    "<</Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [<</Type /Font /Subtype"
    " /CIDFontType2 /BaseFont /X /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /DW 500"
    " /FontDescriptor <</Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 500 700]>>>>]>>"
)
"""A font that shows codes of two bytes and doesn't say which letters they are."""
ALPHABET = {"ﬁ": "\\001"}
"""Letters that the fonts here have beyond ASCII, by the code that they are shown with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Words on a page, from a place on, at a size."""

    text: str
    x: float
    y: float
    size: float = 10


def pdf(
    pages: Iterable[Sequence[Shown]],
    *,
    info: str = "",
    rotate: int = 0,
    picture: bool = False,
    font: str = HELVETICA,
    annotations: Sequence[str] = (),
) -> bytes:
    """Return a PDF of pages of 600 by 800 points; with ``picture`` each shows a grey square.

    ``annotations`` are those of each page, and the fields of the document's form.
    """
    objects = ["", "", font]
    objects.append(
        "<</Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
        " /Length 1>> stream\n7\nendstream"
    )
    objects += [f"<</Type /Annot {each}>>" for each in annotations]
    notes = " ".join(f"{number} 0 R" for number in range(5, len(objects) + 1))
    kids = []
    for page in pages:
        lines = [f"BT /F {each.size} Tf {each.x} {each.y} Td ({escaped(each.text)}) Tj ET" for each in page]
        content = "\n".join([*lines, "q 500 0 0 700 50 50 cm /P Do Q" if picture else ""])
        objects.append(f"<</Length {len(content)}>> stream\n{content}\nendstream")
        objects.append(
            f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Rotate {rotate} /Contents {len(objects)} 0 R"
            f" /Annots [{notes}]"
            " /Resources <</Font <</F 3 0 R>> /XObject <</P 4 0 R>>>>>>"
        )
        kids.append(f"{len(objects)} 0 R")
    form = f" /AcroForm <</Fields [{notes}]>>" if notes else ""
    objects[0] = f"<</Type /Catalog /Pages 2 0 R{form}>>"
    objects[1] = f"<</Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)}>>"
    objects.append(f"<<{info}>>")
    return _file(objects)


def escaped(text: str) -> str:
    for letter, code in {"\\": "\\\\", "(": "\\(", ")": "\\)", **ALPHABET}.items():
        text = text.replace(letter, code)
    return text


def _file(objects: Sequence[str]) -> bytes:
    data = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    data += (
        f"trailer <</Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R>>\nstartxref\n{start}\n%%EOF".encode()
    )
    return bytes(data)


def lines(text: str, x: float, y: float, *, size: float = 10, step: float = 12) -> list[Shown]:
    """Return the lines of a text, one under the other."""
    return [Shown(text=line, x=x, y=y - i * step, size=size) for i, line in enumerate(text.split("\n"))]


def zipped(members: Mapping[str, str | bytes], *, compress: bool = False) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def docx(body: str, *, core: str = "", members: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a Word document of a body in WordprocessingML; ``core`` holds its properties."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/></w:style>'
        for name in ("Title", "heading 1", "heading 2", "List Paragraph")
    )
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
            "docProps/core.xml": f'<cp:coreProperties xmlns:cp="x" {DUBLIN_CORE}>{core}</cp:coreProperties>',
            **(members or {}),
        }
    )


def paragraph(text: str, style: str = "") -> str:
    """Return a paragraph of a Word document."""
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{text}</w:t></w:r></w:p>"


def odt(body: str, *, meta: str = "", members: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return an OpenDocument text; ``meta`` holds its properties."""
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {OPEN_DOCUMENT}><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
            "meta.xml": f"<office:document-meta {OPEN_DOCUMENT} {DUBLIN_CORE}><office:meta>{meta}</office:meta>"
            "</office:document-meta>",
            **(members or {}),
        }
    )


def epub(
    chapters: Mapping[str, str], *, metadata: str = "", toc: str = "", members: Mapping[str, str | bytes] | None = None
) -> bytes:
    """Return an EPUB of chapters, by their file's name: the inside of each one's body."""
    items = "".join(
        f'<item id="i{i}" href="text/{name}" media-type="application/xhtml+xml"/>' for i, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{i}"/>' for i in range(len(chapters)))
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": f'<package xmlns="http://www.idpf.org/2007/opf"><metadata {DUBLIN_CORE}>{metadata}'
            f'</metadata><manifest>{items}<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
            f'</manifest><spine toc="toc">{spine}</spine></package>',
            "OEBPS/toc.ncx": f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{toc}</navMap></ncx>',
            **{
                f"OEBPS/text/{name}": f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>'
                f"<body>{body}</body></html>"
                for name, body in chapters.items()
            },
            **(members or {}),
        }
    )
