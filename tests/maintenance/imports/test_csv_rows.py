"""Files as people really send them: what is taken, what is refused, and in which words."""

from __future__ import annotations

import csv
import gzip
import io
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.imports import csv_rows
from maintenance.imports.csv_rows import Chunk, Reject
from maintenance.imports.text_files import Unreadable

COLUMNS = ("timestamp", "count")
Values = tuple[str, ...]


def not_bad(values: Sequence[str]) -> Values:
    """Take every row but those that say "bad"."""
    if "bad" in values:
        raise Reject("it says bad")
    return tuple(values)


def chunks(path: Path, size: int = 100) -> list[Chunk[Values]]:
    """All of the file."""
    return list(csv_rows.chunks(path, COLUMNS, not_bad, size))


def rows(path: Path) -> list[Values]:
    """All rows that were taken."""
    return [row for chunk in chunks(path) for row in chunk.rows]


def rejected(path: Path) -> list[tuple[int, str]]:
    """Line and reason of all rows that were not."""
    return [(row.line, row.reason) for chunk in chunks(path) for row in chunk.rejected]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the file of a test lies."""
    return tmp_path / "traffic.csv"


def refusal(path: Path) -> str:
    """The sentence with which the whole file is refused."""
    with pytest.raises(Unreadable) as refused:
        chunks(path)
    return str(refused.value)


def test_rows_come_in_chunks_and_in_order(file: Path) -> None:
    """The last chunk is what is left."""
    file.write_text("timestamp,count\na,1\nb,2\nc,3\n")
    assert [chunk.rows for chunk in chunks(file, size=2)] == [[("a", "1"), ("b", "2")], [("c", "3")]]


def test_the_share_ends_at_one(file: Path) -> None:
    """Progress needs an end."""
    file.write_text("timestamp,count\na,1\nb,2\nc,3\n")
    assert chunks(file, size=2)[-1].share == 1.0


@pytest.mark.parametrize("text", ["Count , TIMESTAMP\n1,a\n", "timestamp,note,count\na,x,1\n"])
def test_columns_are_found_by_name(file: Path, text: str) -> None:
    """In any order, beside others, however they are written."""
    file.write_text(text)
    assert rows(file) == [("a", "1")]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf8_is_read_with_and_without_its_mark(file: Path, mark: bytes) -> None:
    """Excel writes the mark, others do not."""
    file.write_bytes(mark + "timestamp,count\nفاطمة,١\n".encode())
    assert rows(file) == [("فاطمة", "١")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(file: Path, end: str) -> None:
    """And the line's number is right."""
    file.write_bytes(end.join(["timestamp,count", "a,1", "bad,2", ""]).encode())
    assert (rows(file), rejected(file)) == ([("a", "1")], [(3, "it says bad")])


def test_blank_lines_are_passed_over_and_counted_as_lines(file: Path) -> None:
    """A line of commas is as blank as an empty one."""
    file.write_text("\ntimestamp,count\n\na,1\n , \n,\nbad,2\n\n")
    assert (rows(file), rejected(file)) == ([("a", "1")], [(7, "it says bad")])


def test_a_row_is_named_by_the_line_it_begins_on(file: Path) -> None:
    """Quoted fields may hold line ends."""
    file.write_text('timestamp,count\n"a\nb",1\nbad,"x\ny"\nc,2\nbad,3\n')
    assert (rows(file), rejected(file)) == (
        [("a\nb", "1"), ("c", "2")],
        [(4, "it says bad"), (7, "it says bad")],
    )


def test_a_rejected_row_keeps_its_values(file: Path) -> None:
    """So that it can be written out and mended."""
    file.write_text("count,timestamp\n1,bad\n")
    assert chunks(file)[0].rejected[0].values == ["bad", "1"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a", "it has 1 fields where the first line has 2"),
        ("a,1,2", "it has 3 fields where the first line has 2"),
        ('a,"1\n2",3', "it has 3 fields where the first line has 2 (it goes on to line 3)"),
        ("a,1\x00", "it holds a NUL character"),
    ],
)
def test_a_misshapen_row_is_rejected_alone(file: Path, row: str, reason: str) -> None:
    """The rows after it are kept."""
    file.write_text(f"timestamp,count\n{row}\nb,2\n")
    assert (rows(file), rejected(file)) == ([("b", "2")], [(2, reason)])


@pytest.mark.parametrize("row", ['"a,1', 'a,"1', '"a"b,1'])
def test_a_quotation_mark_that_is_not_closed_costs_only_its_line(file: Path, row: str) -> None:
    """The reader has run to the next mark, or to the end, and goes back."""
    file.write_text(f'timestamp,count\n{row}\nb,2\nbad,3\n"c",4\n')
    assert (rows(file), rejected(file)) == (
        [("b", "2"), ("c", "4")],
        [(2, "its quotation marks do not match"), (4, "it says bad")],
    )


def test_a_stray_byte_far_down_costs_only_its_line(file: Path) -> None:
    """Beyond the beginning that is looked at first."""
    good = b"a,1\n" * 300_000
    file.write_bytes(b"timestamp,count\n" + good + b"caf\xe9,2\nb,3\n")
    assert rejected(file) == [(300_002, "it is not UTF-8")]


def test_a_line_without_end_does_not_fill_the_memory(file: Path) -> None:
    """It is taken apart like any other wrong row, piece by piece."""
    file.write_text("timestamp,count\n" + "x" * (3 << 20) + "\nb,2\n")
    assert (rows(file), {reason for _, reason in rejected(file)}) == (
        [("b", "2")],
        {"it has a field of more than 131,072 characters"},
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "traffic.csv is empty."),
        (b"\xef\xbb\xbf \r\n\n", "traffic.csv is empty."),
        (
            b"timestamp,count\n\n",
            "traffic.csv names its columns but has no row below them.",
        ),
        (
            b"PK\x03\x04\x14\x00\x06\x00\x08\x00",
            "traffic.csv is a spreadsheet or a ZIP archive: export the sheet as “CSV UTF-8”.",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "traffic.csv is an old Excel workbook: export the sheet as “CSV UTF-8”.",
        ),
        (gzip.compress(b"timestamp,count\na,1\n", mtime=0), "traffic.csv is compressed: unpack it first."),
        (b"%PDF-1.7\n", "traffic.csv is a PDF, not a CSV file."),
        (b"<!doctype html>\n<table>", "traffic.csv is HTML or XML, not a CSV file."),
        (b'\n {"timestamp": 1}', "traffic.csv is JSON, not a CSV file."),
        (b'[{"timestamp": 1}]', "traffic.csv is JSON, not a CSV file."),
        ("timestamp,count\na,1\n".encode("utf-16"), "traffic.csv is UTF-16: save it as “CSV UTF-8”."),
        ("timestamp,count\na,1\n".encode("utf-16-be"), "traffic.csv is UTF-16: save it as “CSV UTF-8”."),
        (
            "timestamp,count\ncafé,1\n".encode("latin-1"),
            "traffic.csv is not UTF-8 (line 2): save it as “CSV UTF-8”.",
        ),
        (
            b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00\x01\x00\x00\x00",
            "traffic.csv is not a text file, so it cannot be CSV.",
        ),
        (
            b'"timestamp,count\na,1\n',
            "traffic.csv is not a CSV file: its first line must be timestamp,count.",
        ),
        (
            b"timestamp;count\na;1\n",
            "traffic.csv separates its columns by semicolons: export it with commas.",
        ),
        (b"timestamp\tcount\na\t1\n", "traffic.csv separates its columns by tabs: export it with commas."),
        (
            b"time,count\na,1\n",
            "traffic.csv lacks the column timestamp: its first line is time, count, not timestamp,count.",
        ),
        (
            b"hello\n",
            "traffic.csv lacks the columns timestamp, count: its first line is hello, not timestamp,count.",
        ),
        (
            b"timestamp,count,count\na,1,2\n",
            "traffic.csv has the column count more than once: leave one of each.",
        ),
    ],
)
def test_another_sort_of_file_is_refused_in_one_sentence(file: Path, content: bytes, sentence: str) -> None:
    """It says what the file is, and what to do."""
    file.write_bytes(content)
    assert refusal(file) == sentence


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the path as it was given."""
    assert refusal(tmp_path / "gone.csv") == f"There is no file {tmp_path}/gone.csv."


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """Opening it would be an error of the system's own words."""
    assert refusal(tmp_path) == f"{tmp_path} is a folder: name a CSV file in it."


def test_what_the_system_cannot_open_is_refused(tmp_path: Path) -> None:
    """In its words."""
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    assert refusal(loop) == f"{loop} cannot be read: Too many levels of symbolic links."


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """Nothing is read twice, so a file need not lie anywhere."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("timestamp,count\na,1\n",))
    writer.start()
    taken = rows(pipe)
    writer.join()
    assert taken == [("a", "1")]


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\r\t")).map(
    str.strip
)


@given(
    table=st.lists(st.tuples(cells, cells).filter(any), min_size=1),
    size=st.integers(1, 5),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[tuple[str, str]],
    size: int,
    end: str,
    encoding: str,
) -> None:
    """Whatever the cells hold: commas, quotation marks, line ends, any script."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *table])
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    assert [row for chunk in chunks(path, size) for row in chunk.rows] == table


def outcome(path: Path) -> str | list[int]:
    """The sentence that refuses the file, or the lines of the rows that were rejected."""
    try:
        return [row.line for chunk in chunks(path, size=3) for row in chunk.rejected]
    except Unreadable as refused:
        return str(refused)


@given(
    content=st.binary() | st.text('a1",;\n\r \x00é').map(str.encode),
    header=st.sampled_from([b"", b"timestamp,count\n"]),
)
def test_no_content_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, header: bytes
) -> None:
    """Refused whole in one sentence, or read row by row in ascending lines: nothing else."""
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(header + content)
    became = outcome(path)
    assert became.endswith(".") if isinstance(became, str) else became == sorted(set(became))
