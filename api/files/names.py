"""Names of files as others may read them: what a name pretends, and what it could do elsewhere, is taken out (process.md S4).

What comes in is whatever a sender wrote; what goes out is a name that is safe in a page, in a header, and on the disk of whoever saves the file.
"""

import re
import unicodedata
from urllib.parse import quote

LONGEST = 120
_LONGEST_END = 10
# Not on every disk, or with a meaning there.
_FORBIDDEN = re.compile(r'[<>:"|?*%]')
# In the middle of a name they make "report.exe.pdf" look like a program to some, and the other way round.
_RUN_ELSEWHERE = re.compile(
    r"\.(?=(?:app|bat|cmd|com|cpl|dll|exe|hta|html?|jar|js|jse|lnk|msi|php|pif|ps1|py|reg|scr|sh|svg|vb|vbe|vbs|wsf|xhtml)(?:[. ]|$))",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"%(?:22|0d|0a)", re.IGNORECASE)
# Whatever ends follow; the digits also as small ones.
_KEPT_BY_WINDOWS = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[\d¹²³]) *(?:\.|$)", re.IGNORECASE)


def cleaned_name(told: str) -> str:
    """At most 120 characters, the end of the name kept; "file" where nothing is left."""
    # As browsers write what would end the name in a form.
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", _ESCAPED.sub("_", told)))[-1]
    # Controls, marks that turn the direction of writing, invisible ones, halves of characters.
    seen = "".join(
        " " if unicodedata.category(each) in ("Zl", "Zp", "Zs") else each for each in last if unicodedata.category(each)[0] != "C"
    )
    name = " ".join(_FORBIDDEN.sub("_", seen).split()).strip(". ")
    stem, dot, end = name.rpartition(".")
    if not dot or not stem:
        return _shortened(name, "")
    return _shortened(_RUN_ELSEWHERE.sub("_", stem), f".{end}")


def _shortened(stem: str, end: str) -> str:
    if _KEPT_BY_WINDOWS.match(stem):
        stem = f"_{stem}"
    end = end[: _LONGEST_END + 1]
    return (stem[: LONGEST - len(end)].strip(". ") or "file") + end


def end_of(name: str) -> str:
    """What stands behind the last dot, in small letters: what the file says it is."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def disposition(name: str) -> str:
    """The header that has a file saved and not shown, under its name: in ASCII for old readers, whole for others (RFC 6266)."""
    told = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    told = re.sub(r"[^A-Za-z0-9 ._()-]", "_", told).strip()
    # Among the letters that are none of ASCII are dots, too, and some of a name may be nothing but such letters.
    stem, dot, end = told.rpartition(".") if "." in told else (told, "", "")
    plain = f"{_RUN_ELSEWHERE.sub('_', stem).strip('. ') or 'file'}{dot}{end}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
