#!/usr/bin/env bash
# ONNX Runtime 1.32.0: three activations of recurrent operators have the parameter 0 where none is given.
#
# One expects an activation without activation_alpha and activation_beta to be the operator of its name with its
# defaults, as the standard says for RNN, GRU and LSTM ("Default values are the same as of corresponding ONNX
# operators"), or to be refused. LeakyRelu, HardSigmoid and Elu are that. ThresholdedRelu, whose operator keeps what is
# above 1, is Relu: it keeps 0.5. Affine and ScaledTanh have no operator in the standard today, and so no defaults; they
# are not refused, and give 0 for every number, ScaledTanh with an alpha alone as well: the whole network gives nothing,
# without a word. With all their parameters they are right to 1e-5.
#
# Write activation_alpha and activation_beta for each activation that has them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

x = np.linspace(-3, 3, 13, dtype=np.float32)


def runtime(node, shape, tensors={}):
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    states = (shape[0], 1, *shape[1:]) if tensors else shape
    graph = helper.make_graph([node], "graph", [of("X", *shape)], [of("Y", *states)],
                              [numpy_helper.from_array(value, name) for name, value in tensors.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": x.reshape(shape)})[0].ravel()


def network(kind, name, place, **attributes):
    """An RNN's Y is the activation of X; of a GRU and an LSTM the candidate's is `name`."""
    gates, count = {"RNN": (1, 1), "GRU": (3, 2), "LSTM": (4, 3)}[kind]
    activations = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}[kind]
    activations[place] = name
    W = np.zeros((1, gates, 1), np.float32)
    W[0, -1] = 1  # the gates are sigmoid(0) = 1/2
    node = helper.make_node(kind, ["X", "W", "R"], ["Y"], hidden_size=1, activations=activations, **attributes)
    return runtime(node, (1, len(x), 1), {"W": W, "R": np.zeros((1, gates, 1), np.float32)})


def after(kind, activation):
    """What the network of one step gives, of the activation's values."""
    return {"RNN": activation, "GRU": activation / 2, "LSTM": np.tanh(activation / 2) / 2}[kind]


changed = False


def see(what, seen, expected, right):
    global changed
    near = lambda a, b: float(np.abs(a - b).max()) < 1e-5
    as_described = near(seen, expected)
    print("as described:" if as_described else "NOT as described:", what, "right" if near(seen, right) else "wrong")
    changed |= not as_described


PLACES = {"RNN": 0, "GRU": 1, "LSTM": 1}
for kind, place in PLACES.items():
    for name in ["LeakyRelu", "HardSigmoid", "Elu", "ThresholdedRelu"]:
        operator = runtime(helper.make_node(name, ["X"], ["Y"]), x.shape)
        expected = np.maximum(x, 0) if name == "ThresholdedRelu" else operator
        see(f"{kind}, {name}:", network(kind, name, place), after(kind, expected), after(kind, operator))
    for name, right in [("Affine", x), ("ScaledTanh", np.tanh(x))]:
        see(f"{kind}, {name}:", network(kind, name, place), 0 * x, after(kind, right))
        full = network(kind, name, place, activation_alpha=[1.0], activation_beta=[0.0 if name == "Affine" else 1.0])
        see(f"{kind}, {name}, alpha and beta given:", full, *[after(kind, right)] * 2)
    see(f"{kind}, ScaledTanh, alpha = 2 alone:", network(kind, "ScaledTanh", place, activation_alpha=[2.0]), 0 * x,
        after(kind, 2 * np.tanh(x)))
    see(f"{kind}, ThresholdedRelu, alpha = 1:", network(kind, "ThresholdedRelu", place, activation_alpha=[1.0]),
        *[after(kind, np.where(x > 1, x, 0))] * 2)
sys.exit("this has changed" if changed else 0)
PYTHON
