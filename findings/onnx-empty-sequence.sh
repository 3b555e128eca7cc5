#!/usr/bin/env bash
# ONNX Runtime 1.32.0 and OpenVINO 2026.4.1: the state after a sequence of length 0 is zero, not the one it began with.
#
# One expects a recurrent operator to leave the state of an empty sequence as it was: initial_h, and an LSTM's
# initial_c, as a loop of no steps does. RNN, GRU and LSTM, in each direction, give 0 for a length of 0 and drop the
# given state without a word, beside sequences of one step and more, which are right to 1e-4, and also where all are
# empty. The standard gives sequence_lens no least value, and calls Y_h and Y_c the last values, which leaves it open;
# an issue of 2018 at ONNX asks for it. TensorFlow keeps the state, says that
# issue.
#
# So a batch in which some text has nothing left to read forgets what it has read. Keep the old state of such sequences
# outside of the model, or in it: Where(lengths > 0, Y_h, initial_h).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

STEPS, BATCH, INPUTS, HIDDEN = 5, 3, 3, 4
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
x = normal(STEPS, BATCH, INPUTS)
sigmoid = lambda v: 1 / (1 + np.exp(-v))


def model(kind, direction, lengths):
    ways = 2 if direction == "bidirectional" else 1
    states = ["h", "c"] if kind == "LSTM" else ["h"]
    tensors = {"W": normal(ways, GATES[kind] * HIDDEN, INPUTS), "R": normal(ways, GATES[kind] * HIDDEN, HIDDEN),
               "lengths": np.array(lengths, np.int32)} | {name: normal(ways, BATCH, HIDDEN) for name in states}
    node = helper.make_node(kind, ["X", "W", "R", "", "lengths", *states], ["", *(f"Y_{name}" for name in states)],
                            hidden_size=HIDDEN, direction=direction)
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "recurrent", [of("X", *x.shape)],
                              [of(f"Y_{name}", ways, BATCH, HIDDEN) for name in states],
                              [numpy_helper.from_array(value, name) for name, value in tensors.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString(), tensors, states


def last(kind, tensors, states, way, at, steps):
    """The states of one sequence after `steps`, by the standard's equations in float64."""
    W, R = (tensors[name][way].astype(float) for name in "WR")
    h, *cell = (tensors[name][way, at].astype(float) for name in states)
    for step in steps:
        read, old = W @ x[step, at].astype(float), R @ h
        if kind == "RNN":
            h = np.tanh(read + old)
        elif kind == "GRU":
            z, r = sigmoid(read[:2 * HIDDEN] + old[:2 * HIDDEN]).reshape(2, HIDDEN)
            h = (1 - z) * np.tanh(read[2 * HIDDEN:] + R[2 * HIDDEN:] @ (r * h)) + z * h
        else:
            i, o, f, c = (read + old).reshape(4, HIDDEN)
            cell = [sigmoid(f) * cell[0] + sigmoid(i) * np.tanh(c)]
            h = sigmoid(o) * np.tanh(cell[0])
    return np.array([h, *cell])


near = lambda a, b: float(np.abs(a - b).max()) < 1e-4
changed = False
for lengths in [[5, 0, 2], [0, 0, 0]]:
    for kind in GATES:
        for direction in ["forward", "reverse", "bidirectional"]:
            made, tensors, states = model(kind, direction, lengths)
            session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
            seen = np.array(session.run(None, {"X": x}))
            core = openvino.Core()
            compiled = core.compile_model(core.read_model(made), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            answer = compiled([x])
            seen = {"ONNX Runtime": seen, "OpenVINO": np.array([answer[i] for i in range(len(states))])}
            for runtime, states_seen in seen.items():
                as_described = True
                for way in range(states_seen.shape[1]):
                    backward = direction == "reverse" or way == 1
                    for at, length in enumerate(lengths):
                        steps = reversed(range(length)) if backward else range(length)
                        right = last(kind, tensors, states, way, at, steps)
                        as_described &= near(states_seen[:, way, at], right if length else 0)
                        as_described &= length > 0 or not near(right, 0)
                print("as described:" if as_described else "NOT as described:",
                      f"{runtime}, {kind}, {direction}, lengths {lengths}: an empty sequence's state is zero")
                changed |= not as_described
sys.exit("this has changed" if changed else 0)
PYTHON
