#!/usr/bin/env bash
# emx-onnx-cgen 1.4.0: the C code for a GRU or an RNN of any number of steps makes none; a reversed LSTM's states are misplaced.
#
# One expects the code generator to write a recurrent node as ONNX has it, or to refuse it, as it refuses GRU and RNN with a
# direction, even "forward", which is what they have without one. `compile` says nothing of these:
#   - GRU and RNN where the number of steps is a name, not a number: the C function takes it (`int T`), but the loop in it
#     runs to -1 (`int seq_limit = -1;`). Y is left as it was, and Y_h is the state of the beginning. LSTM is right.
#   - LSTM with direction "reverse" or "bidirectional": the code runs backwards, as it should, but puts the state after its
#     first step into Y[0], where the standard has the last: right steps in the wrong places. Y_h and Y_c are right.
# `emx-onnx-cgen verify`, which compares with ONNX Runtime, tells of both ("Out of tolerance").
#
# Write GRU and RNN for a fixed number of steps, flip what runs backwards, and verify what was generated. Needs a C compiler.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 emx-onnx-cgen==1.4.0
cd "$folder"
PATH="$folder/venv/bin:$PATH" venv/bin/python - <<'PYTHON'
import ctypes
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
x = normal(STEPS, BATCH, INPUTS)


def compare(operator, direction, steps):
    """Y and Y_h by ONNX Runtime, and by the generated code, which writes over numbers of -9."""
    directions, gates = 2 if direction == "bidirectional" else 1, GATES[operator]
    sizes = [(gates * HIDDEN, INPUTS), (gates * HIDDEN, HIDDEN), (2 * gates * HIDDEN,)]
    weights = [normal(directions, *size) for size in sizes]
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    told = {} if direction == "forward" else {"direction": direction}
    node = helper.make_node(operator, ["X", "W", "R", "B"], ["Y", "Y_h"], hidden_size=HIDDEN, **told)
    graph = helper.make_graph([node], "recurrent", [of("X", steps, BATCH, INPUTS)],
                              [of("Y", steps, directions, BATCH, HIDDEN), of("Y_h", directions, BATCH, HIDDEN)],
                              list(map(numpy_helper.from_array, weights, "WRB")))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    name = f"{operator}-{direction}-{steps}"
    onnx.save(made, name + ".onnx")
    subprocess.run(["emx-onnx-cgen", "compile", "--model-name", "network", name + ".onnx", name + ".c"], check=True,
                   capture_output=True)
    compiler = [os.environ.get("CC", "cc"), "-std=c99", "-shared", "-fPIC"]
    subprocess.run([*compiler, "-o", name + ".so", name + ".c", "-lm"], check=True)
    session = onnxruntime.InferenceSession(name + ".onnx", providers=["CPUExecutionProvider"])
    right = session.run(None, {"X": x})
    seen = [np.full(each.shape, -9, np.float32) for each in right]
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, *seen)]
    ctypes.CDLL(f"./{name}.so").network(*([] if steps == STEPS else [ctypes.c_int(STEPS)]), *pointers)
    return right, seen


near = lambda a, b: float(np.abs(a - b).max()) < 1e-5
changed = False
for operator in GATES:
    for steps in [STEPS, "T"]:
        right, seen = compare(operator, "forward", steps)
        is_right, untouched = all(map(near, seen, right)), bool((seen[0] == -9).all() and not seen[1].any())
        print(f"{operator}, steps {steps}: right {is_right}; Y is as it was and Y_h zero {untouched}")
        none = steps == "T" and operator != "LSTM"
        changed |= is_right == none or untouched != none
for direction in ["reverse", "bidirectional"]:
    right, seen = compare("LSTM", direction, STEPS)
    changed |= not near(seen[1], right[1])
    as_it_is, flipped = near(seen[0][:, -1], right[0][:, -1]), near(seen[0][::-1, -1], right[0][:, -1])
    print(f"LSTM, {direction}: what runs backwards is right in Y_h; in Y {as_it_is}, in Y flipped {flipped}")
    changed |= as_it_is or not flipped
sys.exit("this has changed" if changed else 0)
PYTHON
