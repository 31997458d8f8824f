"""Small files that are what they say, for tests; and the one harmless file that every scanner knows."""

from io import BytesIO
from zipfile import ZipFile

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"
TEXT = "The printer says: paper jam, kâğıt sıkıştı.\n".encode()
# In two halves, so that no scanner takes this source for the file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"


def packed(*names: str, first: bytes = b"x") -> bytes:
    """A ZIP with these names in it, as office documents are."""
    whole = BytesIO()
    with ZipFile(whole, "w") as archive:
        for name in names:
            archive.writestr(name, first)
    return whole.getvalue()


SAMPLES: dict[str, bytes] = {
    "png": PNG,
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(40),
    "jpeg": b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00" + bytes(40),
    "gif": b"GIF89a" + bytes(40),
    "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(40),
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(40),
    "txt": TEXT,
    "log": b"\x1b[31merror\x1b[0m\r\n",
    "csv": b"a;b\n1;2\n",
    "md": b"# Paper jam\n",
    "json": b'{"jam": true}\n',
    "docx": packed("[Content_Types].xml", "word/document.xml"),
    "xlsx": packed("[Content_Types].xml", "xl/workbook.xml"),
    "pptx": packed("[Content_Types].xml", "ppt/presentation.xml"),
    "odt": packed("mimetype", first=b"application/vnd.oasis.opendocument.text"),
    "ods": packed("mimetype", first=b"application/vnd.oasis.opendocument.spreadsheet"),
    "odp": packed("mimetype", first=b"application/vnd.oasis.opendocument.presentation"),
    "zip": packed("log.txt"),
    "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40),
    "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(40),
}
