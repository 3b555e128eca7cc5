#!/usr/bin/env bash
# zstandard 0.25.0 and polars 2.1.0: a .zst file as pzstd writes it is an empty text for the one, and no zstd for the other.
#
# One expects who reads zstd to read a file that begins with a skippable frame: the format wants such frames skipped wherever
# they stand, and pzstd, which compresses on several cores, writes one before each part.
#   - zstandard's ZstdDecompressor().read_to_iter(file) gives no chunk and no error. Its copy_stream, stream_writer and
#     stream_reader(read_across_frames=True) of the same file give the whole text. (That read_to_iter ends with the first
#     frame is not in its documentation, which says it of other calls; of two plain frames it gives the first.)
#   - polars's read_csv and scan_csv take the compressed bytes themselves for the text, whatever the file is called, and stop
#     at "invalid utf-8 sequence". A skippable frame in the middle or at the end does no harm.
# pandas 3.1.1, pyarrow 26.0.1, DuckDB 2.0.1 and `zstd -d` read it.
#
# `zstd -T0` compresses on all cores into one frame, which everyone reads.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 zstandard==0.25.0 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1 duckdb==2.0.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import io
import struct
import sys

import duckdb
import pandas
import polars
import pyarrow
import zstandard

rows = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(1000))
half = rows.index(b"\n", len(rows) // 2) + 1
compress = zstandard.ZstdCompressor(write_checksum=True).compress


def after_skippable(frame):
    """As pzstd: magic number, length 4, and the length of the frame that follows."""
    return struct.pack("<III", 0x184D2A50, 4, len(frame)) + frame


def copied(data):
    result = io.BytesIO()
    zstandard.ZstdDecompressor().copy_stream(io.BytesIO(data), result)
    return result.getvalue()


def frame(read):
    """The shape of a table, or what is said instead of it."""
    try:
        return read().shape
    except polars.exceptions.ComputeError as error:
        return str(error).splitlines()[0]


first, second = compress(rows[:half]), compress(rows[half:])
files = {"one frame": compress(rows), "two frames": first + second,
         "as pzstd": after_skippable(first) + after_skippable(second)}
changed = False
for name, data in files.items():
    with open("rows.csv.zst", "wb") as file:
        file.write(data)
    iterated = len(b"".join(zstandard.ZstdDecompressor().read_to_iter(io.BytesIO(data))))
    whole = [copied(data), pyarrow.input_stream(io.BytesIO(data), compression="zstd").read(),
             zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()]
    tables = [frame(lambda: polars.read_csv("rows.csv.zst")), frame(lambda: polars.scan_csv("rows.csv.zst").collect())]
    others = [pandas.read_csv("rows.csv.zst").shape,
              duckdb.connect().execute("select count(*), 2 from read_csv('rows.csv.zst')").fetchall()[0]]
    print(f"{name}: read_to_iter {iterated} of {len(rows)} bytes; polars {tables}; pandas, DuckDB {others}")
    changed |= iterated != {"one frame": len(rows), "two frames": half, "as pzstd": 0}[name]
    changed |= whole != [rows] * 3 or others != [(1000, 2)] * 2
    changed |= tables != [("invalid utf-8 sequence" if name == "as pzstd" else (1000, 2))] * 2
sys.exit("this has changed" if changed else 0)
PYTHON
