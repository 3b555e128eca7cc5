#!/usr/bin/env bash
# torchfile 0.1.0: a list of tensors in a .t7 file cannot be read with today's NumPy, and in a table `true` overwrites 1.
#
# One expects the reader of Torch7's files on PyPI to read {torch.FloatTensor(...), ...}, a table of tensors under the keys
# 1 to n. It makes a list of such tables, and asks of each element whether it is the table itself: NumPy looks in the table
# for __array_struct__, gets None, as of any name, and torchfile.load ends with "ValueError: invalid __array_struct__". So it
# is with NumPy 1.26.4 and 2.4.6; with 1.23.5 the file is read. The same tensors under other keys are read with each.
#
# Of what is read, the keys 1 and true fall together, as do 0 and false, which are two in Lua and one in Python: of
# {[1] = "one", [true] = "yes"} one entry is left, {1: b"yes"}, and {[true] = "yes"} comes back as the list [b"yes"].
#
# T7Reader(file, use_list_heuristic=False).read_obj() reads the first, as a dictionary; keys that fall together still do.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 torchfile==0.1.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import struct
import sys

import torchfile

NUMBER, STRING, TABLE, TORCH, BOOLEAN = 1, 2, 3, 4, 5
count = 0


def number(value):
    return struct.pack("<id", NUMBER, value)


def boolean(value):
    return struct.pack("<ii", BOOLEAN, value)


def text(value):
    return struct.pack("<i", len(value)) + value.encode()


def string(value):
    return struct.pack("<i", STRING) + text(value)


def numbered(kind):
    global count
    count += 1
    return struct.pack("<ii", kind, count)


def table(*entries):
    return numbered(TABLE) + struct.pack("<i", len(entries)) + b"".join(key + value for key, value in entries)


def tensor(*values):
    header = numbered(TORCH) + text("V 1") + text("torch.FloatTensor") + struct.pack("<iqqq", 1, len(values), 1, 1)
    storage = numbered(TORCH) + text("V 1") + text("torch.FloatStorage") + struct.pack("<q", len(values))
    return header + storage + struct.pack(f"<{len(values)}f", *values)


def read(written, **options):
    with open("table.t7", "wb") as file:
        file.write(written)
    with open("table.t7", "rb") as file:
        try:
            return torchfile.T7Reader(file, **options).read_obj()
        except ValueError as error:
            return str(error)


tensors = tensor(1, 2), tensor(3, 4, 5)
a_list = table(*zip(map(number, [1, 2]), tensors))
seen = {
    "a list of tensors": read(a_list),
    "without the heuristic": read(a_list, use_list_heuristic=False),
    "the same under strings": read(table(*zip(map(string, ["a", "b"]), tensors))),
    "one tensor": read(tensors[1]),
    "a list of numbers": read(table((number(1), number(7)), (number(2), number(8)))),
    "1 and true": read(table((number(1), string("one")), (boolean(True), string("yes")))),
    "0 and false": read(table((number(0), string("zero")), (boolean(False), string("no")))),
    "true": read(table((boolean(True), string("yes")))),
}
for name, value in seen.items():
    print(f"{name}: {value!r}")
listed = lambda values: {key: value.tolist() for key, value in values.items()}
same = (
    seen["a list of tensors"] == "invalid __array_struct__"
    and listed(seen["without the heuristic"]) == {1: [1, 2], 2: [3, 4, 5]}
    and listed(seen["the same under strings"]) == {b"a": [1, 2], b"b": [3, 4, 5]}
    and seen["one tensor"].tolist() == [3, 4, 5]
    and seen["a list of numbers"] == [7, 8]
    and dict(seen["1 and true"]) == {1: b"yes"}
    and dict(seen["0 and false"]) == {0: b"no"}
    and seen["true"] == [b"yes"]
)
sys.exit(0 if same else "this has changed")
PYTHON
