"""Bytes from an SMTP server in; its replies, each a code and its words, out (RFC 5321, 4.2)."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 65_536


class UnreadableReply(Exception):
    """What came is not SMTP."""


class Replies:
    """Keeps what has not come whole yet."""

    def __init__(self) -> None:
        self._rest = b""
        self._earlier: list[bytes] = []

    def read(self, data: bytes) -> list[tuple[int, str]]:
        """The replies that are whole now. Raises Nonsense."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        replies = []
        for line in lines:
            words = line[4:].strip()
            if line[3:4] == b"-":
                self._earlier.append(words)
                continue
            if not line[:3].isdigit():
                raise UnreadableReply(line.decode(errors="replace").strip())
            if self._earlier:
                words = b"\n".join([*self._earlier, words])
                self._earlier.clear()
            replies.append((int(line[:3]), words.decode(errors="replace")))
        if len(self._rest) + sum(map(len, self._earlier)) > _LONGEST:
            raise UnreadableReply("a reply without an end")
        return replies
