"""An iCalendar document in; what libical, the library behind many calendars, finds wrong in it, out.

Its restriction check knows which properties each component must, may and must not have under each METHOD
(RFC 5545, RFC 5546).
"""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from functools import lru_cache
from typing import Final

NAME: Final = find_library("ical")
_FOUND: Final = "X-LIC-ERROR"


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(NAME)
    library.icalparser_parse_string.argtypes = [ctypes.c_char_p]
    library.icalparser_parse_string.restype = ctypes.c_void_p
    library.icalrestriction_check.argtypes = [ctypes.c_void_p]
    library.icalrestriction_check.restype = ctypes.c_int
    library.icalcomponent_as_ical_string.argtypes = [ctypes.c_void_p]
    library.icalcomponent_as_ical_string.restype = ctypes.c_char_p
    library.icalcomponent_free.argtypes = [ctypes.c_void_p]
    library.icalcomponent_free.restype = None
    return library


def faults(document: bytes) -> list[str]:
    """One sentence for each; none where the document keeps the standards."""
    library = _library()
    read = library.icalparser_parse_string(document)
    if not read:
        return ["it cannot be read"]
    try:
        is_kept = bool(library.icalrestriction_check(read))
        # what was found, by the parser too, stands in the document itself
        written = library.icalcomponent_as_ical_string(read).decode().replace("\r\n ", "")
    finally:
        library.icalcomponent_free(read)
    found = [line for line in written.splitlines() if line.startswith(_FOUND)]
    return found if found or is_kept else ["a restriction is broken, and libical does not say which"]
