#!/usr/bin/env bash
# OpenVINO 2026.4.1: an ONNX LSTM with peepholes is computed as one without them; input_forget = 1 counts as 0.
#
# One expects an LSTM's input P, the peepholes of the standard, and its attribute input_forget, which makes 1 - i of the
# forget gate, to be followed or refused, as activations such as HardSigmoid are. OpenVINO reads and compiles such a model
# without a word, in each direction, and gives to 1e-6 what the same node gives without them. ONNX Runtime 1.32.0 and the
# equations in float64 agree on other numbers. clip, sequence_lens, both forms of the GRU and "reverse" are right.
#
# Where an LSTM came from an old toolkit with peepholes, or with one gate for reading and forgetting, write the cell out in
# plain operators (a Scan), which OpenVINO computes.
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

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3}
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
x = normal(STEPS, BATCH, INPUTS)
weights = {(kind, ways): {"W": normal(ways, gates * HIDDEN, INPUTS), "R": normal(ways, gates * HIDDEN, HIDDEN),
                          "B": normal(ways, 2 * gates * HIDDEN)} for kind, gates in GATES.items() for ways in (1, 2)}
peepholes = {ways: normal(ways, 3 * HIDDEN) for ways in (1, 2)}


def model(kind, direction, inputs={}, **attributes):
    ways = 2 if direction == "bidirectional" else 1
    tensors = weights[kind, ways] | inputs
    names = ["X", *(name if name in tensors else "" for name in ["W", "R", "B", "lengths", "h", "c", "P"])]
    while not names[-1]:
        names.pop()
    node = helper.make_node(kind, names, ["Y"], hidden_size=HIDDEN, direction=direction, **attributes)
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "recurrent", [of("X", *x.shape)], [of("Y", STEPS, ways, BATCH, HIDDEN)],
                              [numpy_helper.from_array(value, name) for name, value in tensors.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


def runtime(made):
    return onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"]).run(None, {"X": x})[0]


def vino(made):
    core = openvino.Core()
    return core.compile_model(core.read_model(made), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x])[0]


def equations(P=np.zeros((1, 3 * HIDDEN)), coupled=False):
    """The states of the forward LSTM by the standard's equations, gates in its order: input, output, forget, cell."""
    W, R, B = (weights["LSTM", 1][name][0].astype(float) for name in "WRB")
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    p_input, p_output, p_forget = np.split(P[0].astype(float), 3)
    h = cell = np.zeros((BATCH, HIDDEN))
    states = []
    for step in x.astype(float):
        read, out, forget, new = np.split(step @ W.T + h @ R.T + B[:4 * HIDDEN] + B[4 * HIDDEN:], 4, axis=1)
        read = sigmoid(read + p_input * cell)
        cell = (1 - read if coupled else sigmoid(forget + p_forget * cell)) * cell + read * np.tanh(new)
        h = sigmoid(out + p_output * cell) * np.tanh(cell)
        states.append(h)
    return np.array(states)[:, None]


off = lambda a, b: float(np.abs(a - b).max())
changed = False
for name, right, made in [("peepholes", equations(P=peepholes[1]), model("LSTM", "forward", {"P": peepholes[1]})),
                          ("input_forget", equations(coupled=True), model("LSTM", "forward", input_forget=1))]:
    print(f"{name}, from the equations: ONNX Runtime {off(runtime(made), right):.2g}, OpenVINO {off(vino(made), right):.2g}")
    changed |= off(runtime(made), right) > 1e-5 or off(vino(made), right) < 0.02
    changed |= off(vino(made), equations()) > 1e-5
lengths = {"lengths": np.array([5, 2], np.int32)}
for direction in ["forward", "reverse", "bidirectional"]:
    plain = vino(model("LSTM", direction))
    for name, made in [("peepholes", model("LSTM", direction, {"P": peepholes[len(plain[0])]})),
                       ("input_forget", model("LSTM", direction, input_forget=1))]:
        right, seen = runtime(made), vino(made)
        print(f"LSTM, {direction}, {name}: from without {off(seen, plain):.2g}, from ONNX Runtime {off(seen, right):.2g}")
        changed |= off(seen, plain) > 1e-5 or off(seen, right) < 0.02
    for kind, inputs, attributes in [("LSTM", lengths, {}), ("LSTM", {}, {"clip": 0.5}), ("GRU", lengths, {}),
                                     ("GRU", {}, {"linear_before_reset": 1}), ("GRU", {}, {"clip": 0.5})]:
        made = model(kind, direction, inputs, **attributes)
        changed |= off(vino(made), runtime(made)) > 1e-5
try:
    vino(model("LSTM", "forward", activations=["HardSigmoid", "Tanh", "Tanh"]))
    changed = True
except RuntimeError:
    print("HardSigmoid: refused")
sys.exit("this has changed" if changed else 0)
PYTHON
