"""The words of an SMS in; how a phone network counts them out (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""One septet each. A lower-case ç and a curly quote are not among them, which surprises everybody."""
_EXTENDED: Final = "\f^{}\\[~]|€"
"""Two septets each, an escape and the character, which may not be parted by a segment's end."""
_GSM_7: Final = re.compile(f"[{re.escape(_BASIC + _EXTENDED)}]*")
_ESCAPED: Final = re.compile(f"[{re.escape(_EXTENDED)}]")
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
"""Two UTF-16 code units each, a surrogate pair, which may not be parted either."""

# a segment of several gives six octets to the header that puts them together again
_ALONE: Final = {"GSM-7": 160, "UCS-2": 70}
_JOINED: Final = {"GSM-7": 153, "UCS-2": 67}

_SIMPLER: Final = str.maketrans(
    {
        **dict.fromkeys(
            "\u00a0\u1680\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000", " "
        ),
        **dict.fromkeys("\u200b\u2060\ufeff", None),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        "…": "...",
    }
)


@dataclass(frozen=True, slots=True)
class Segments:
    """`units` are septets of GSM-7 or UTF-16 code units of UCS-2; each segment is paid for."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def counted_segments(text: str) -> Segments:
    """What this text costs on the wire: 160 or 70 units in one segment, 153 or 67 in each of several."""
    if _GSM_7.fullmatch(text):
        return _counted("GSM-7", text, _ESCAPED)
    return _counted("UCS-2", text, _ASTRAL)


def simplify(text: str) -> str:
    """Replace typographer's quotes, dashes and spaces by plain ones.

    They read the same on a phone, but a single one puts a whole English text into UCS-2 and
    so doubles its price; Babel's times bring such a space along (U+202F before AM).
    """
    return text.translate(_SIMPLER)


def _counted(encoding: Literal["GSM-7", "UCS-2"], text: str, double: re.Pattern[str]) -> Segments:
    doubles = len(double.findall(text))
    units = len(text) + doubles
    room = _JOINED[encoding]
    if units <= _ALONE[encoding]:
        segments = min(units, 1)
    elif not doubles:
        segments = -(-units // room)
    else:
        segments = _packed(text, double, room)
    return Segments(encoding, units, segments)


def _packed(text: str, double: re.Pattern[str], room: int) -> int:
    """Segments filled one after the other, where no character is split in two."""
    segments, filled = 0, room
    for character in text:
        width = 2 if double.match(character) else 1
        if filled + width > room:
            segments, filled = segments + 1, 0
        filled += width
    return segments
