#!/usr/bin/env bash
# tract 0.23.9: a recurrent node with direction "reverse" runs forward, without a word; "bidirectional" is right.
#
# One expects a runtime that knows a direction in two to know it alone. tract gives, for an LSTM, a GRU (of either form) and
# an RNN with direction "reverse", the numbers of "forward": Y's first step has read the first input, and Y_h is the state
# after the last. The second half of a "bidirectional" node with the same weights is right to 1e-5. ONNX Runtime 1.32.0
# follows all of them. (That activations, clip and input_forget are left out is tract's issue 2751; this is another.)
#
# Give a reversed layer as the second half of a bidirectional one, or reverse the sequence and the outputs outside.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 tract==0.23.9
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import tract
from onnx import TensorProto, helper, numpy_helper

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
x = normal(STEPS, BATCH, INPUTS)


def model(operator, weights, direction, **attributes):
    directions = 2 if direction == "bidirectional" else 1
    tensors = [numpy_helper.from_array(np.concatenate([value] * directions), name) for name, value in zip("WRB", weights)]
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    node = helper.make_node(operator, ["X", "W", "R", "B"], ["Y", "Y_h"], hidden_size=HIDDEN, direction=direction, **attributes)
    graph = helper.make_graph([node], "recurrent", [of("X", *x.shape)],
                              [of("Y", STEPS, directions, BATCH, HIDDEN), of("Y_h", directions, BATCH, HIDDEN)], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def by_runtime(made):
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": x})


def by_tract(made):
    onnx.save(made, "recurrent.onnx")
    return [each.to_numpy() for each in tract.onnx().load("recurrent.onnx").into_model().into_runnable().run([x])]


near = lambda a, b: all(np.abs(one - other).max() < 1e-5 for one, other in zip(a, b))
changed = False
forms = [("LSTM", {}), ("GRU", {"linear_before_reset": 0}), ("GRU", {"linear_before_reset": 1}), ("RNN", {})]
for operator, attributes in forms:
    gates = GATES[operator]
    weights = normal(1, gates * HIDDEN, INPUTS), normal(1, gates * HIDDEN, HIDDEN), normal(1, 2 * gates * HIDDEN)
    right = {name: by_runtime(model(operator, weights, name, **attributes)) for name in ["forward", "reverse", "bidirectional"]}
    seen = {name: by_tract(model(operator, weights, name, **attributes)) for name in right}
    as_forward, as_reverse = (near(seen["reverse"], right[name]) for name in ["forward", "reverse"])
    both, half = near(seen["bidirectional"], right["bidirectional"]), right["bidirectional"][0][:, 1:]
    consistent = near([half], right["reverse"][:1])  # ONNX Runtime: the second half is the reverse
    print(operator, attributes, f"reverse: as forward {as_forward}, as reverse {as_reverse}; bidirectional: right {both}")
    changed |= not as_forward or as_reverse or not both or not consistent or not near(seen["forward"], right["forward"])
sys.exit("this has changed" if changed else 0)
PYTHON
