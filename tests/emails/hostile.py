"""Five hundred texts that want to be more than text; the same ones on every run."""

from itertools import islice
from random import Random

_ENCODED = (
    "=?utf-8?q?hi=0D=0ABcc=3A_evil=40example.test?=",
    "=?utf-8?b?aGkNCkJjYzogZXZpbEBleGFtcGxlLnRlc3Q=?=",
    "=?utf-8?q?a?= =?utf-8?q?=0A?=",
)
_BREAKS = tuple(
    f"hi{each}Bcc: evil@example.test" for each in ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00", "\r\n\r\n")
)
_BIDI = ("\u202egnp.exe", "\u2066hidden\u2069", "\u200fright", "\ufeffmark", "zero\u200bwidth")
_MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p></td></table></body></html>",
    "<!-- ",
    "<style>*{display:none}</style>",
    '<a href="https://evil.test">It works</a>',
    "&lt;b&gt;&#60;i&#62;",
    "<form action=https://evil.test><button>",
    "' onmouseover='alert(1)",
)
_TEMPLATES = ("{{ 7*7 }}", "{% raw %}", "{{ ''.__class__.__mro__ }}", "{# #}", "${7*7}", "%(number)s", "{number}", "{% endblock %}")
_SEPARATORS = (
    ", evil@example.test",
    "; evil@example.test",
    "<evil@example.test>",
    '"quoted" <evil@example.test>',
    "a:b@c;",
    "\\",
    "(comment)",
)
_LONG = ("x" * 5000, "é" * 1500, "😀" * 900, "a b " * 1200, "=?" * 900, "<" * 2000)
_SEEDS = (*_ENCODED, *_BREAKS, *_BIDI, *_MARKUP, *_TEMPLATES, *_SEPARATORS, *_LONG)


def hostile_texts(count: int = 500) -> list[str]:
    """The seeds, and mixtures of two or three of them with ordinary words between."""
    dice = Random(4)  # noqa: S311 -- the same texts each time

    def mixed() -> str:
        return dice.choice(("", " ", "Yazıcı ", "\n", "é")).join(dice.choices(_SEEDS, k=dice.choice((2, 3))))[:9_000]

    return [*_SEEDS, *islice(iter(mixed, None), count - len(_SEEDS))]
