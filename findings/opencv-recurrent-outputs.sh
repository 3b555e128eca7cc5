#!/usr/bin/env bash
# OpenCV 5.0.0: a GRU of which only Y, all its states, is asked gives the last one; other recurrent nodes are as quietly wrong.
#
# One expects cv2.dnn to compute an LSTM or a GRU of an ONNX file as the standard says, or to refuse it, as it refuses RNN,
# peepholes and other activations. These it runs without a word; ONNX Runtime 1.32.0 follows the standard in all:
#   - GRU with the outputs ["Y"]: Y has the shape and the numbers of Y_h, the state after the last step. With a batch of one
#     a Squeeze and a MatMul behind it take that, and the model gives one step of logits. With ["Y", ""] or ["Y", "Y_h"],
#     which mean the same, Y is right.
#   - GRU with direction "reverse": it runs forward. "bidirectional" is right.
#   - LSTM with direction "reverse": Y is right; Y_h and Y_c are of the wrong end, Y_h is Y's last step, not its first.
#   - GRU with sequence_lens: left out, states after a sequence's end are not zero. An LSTM with them is refused.
#
# Give a GRU's node both outputs, though nothing reads the second; reverse and cut sequences outside the network.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3}
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
x = normal(STEPS, BATCH, INPUTS)
weights = {operator: (normal(1, gates * HIDDEN, INPUTS), normal(1, gates * HIDDEN, HIDDEN), normal(1, 2 * gates * HIDDEN))
           for operator, gates in GATES.items()}


def model(operator, outputs, lengths=None, **attributes):
    tensors = [numpy_helper.from_array(value, name) for name, value in zip("WRB", weights[operator])]
    inputs = ["X", "W", "R", "B"]
    if lengths:
        tensors.append(numpy_helper.from_array(np.array(lengths, np.int32), "lengths"))
        inputs.append("lengths")
    shapes = {"Y": (STEPS, 1, BATCH, HIDDEN), "Y_h": (1, BATCH, HIDDEN), "Y_c": (1, BATCH, HIDDEN)}
    of = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    node = helper.make_node(operator, inputs, outputs, hidden_size=HIDDEN, **attributes)
    given = [of(name, shapes[name]) for name in outputs if name]
    graph = helper.make_graph([node], "recurrent", [of("X", x.shape)], given, tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def runtime(made):
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([each.name for each in made.graph.output], session.run(None, {"X": x})))


def opencv(made):
    network = cv2.dnn.readNetFromONNX(np.frombuffer(made.SerializeToString(), np.uint8))
    network.setInput(x, "X")
    names = [each.name for each in made.graph.output]
    return dict(zip(names, map(np.array, network.forward(names))))


def near(a, b):
    return a.shape == b.shape and float(np.abs(a - b).max()) < 1e-4


changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


both, three = ["Y", "Y_h"], ["Y", "Y_h", "Y_c"]
for linear_before_reset in [0, 1]:
    form = {"linear_before_reset": linear_before_reset}
    right = runtime(model("GRU", both, **form))
    alone, named = opencv(model("GRU", ["Y"], **form)), opencv(model("GRU", both, **form))
    see(f"GRU, {form}: Y alone has shape {alone['Y'].shape} and is Y_h", near(alone["Y"], right["Y_h"]))
    see(f"GRU, {form}: Y and Y_h are right", near(named["Y"], right["Y"]) and near(named["Y_h"], right["Y_h"]))
    see(f"GRU, {form}: so is Y with an empty name after it", near(opencv(model("GRU", ["Y", ""], **form))["Y"], right["Y"]))
    reverse = opencv(model("GRU", both, direction="reverse", **form))
    see(f"GRU, {form}: reverse runs forward", near(reverse["Y"], right["Y"]) and near(reverse["Y_h"], right["Y_h"]))
    cut = opencv(model("GRU", both, [5, 2], **form))
    see(f"GRU, {form}: sequence_lens is left out", near(cut["Y"], right["Y"]) and bool(cut["Y"][2:, 0, 1].all()))
right, seen = (run(model("LSTM", three, direction="reverse")) for run in (runtime, opencv))
see("LSTM, reverse: Y is right", near(seen["Y"], right["Y"]))
see("LSTM, reverse: Y_h is the last step", near(seen["Y_h"], right["Y"][-1]) and near(right["Y_h"], right["Y"][0]))
see("LSTM, reverse: Y_c is another", not near(seen["Y_c"], right["Y_c"]))
right, seen = (run(model("LSTM", three)) for run in (runtime, opencv))
see("LSTM: all are right", all(near(seen[name], right[name]) for name in three))
sys.exit("this has changed" if changed else 0)
PYTHON
