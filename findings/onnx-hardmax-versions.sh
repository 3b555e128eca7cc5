#!/usr/bin/env bash
# onnx 1.23.2: its version converter takes Hardmax past version 13 as it is, though that gave it another meaning.
#
# One expects a model that onnx.version_converter.convert_version has brought to a newer version to compute what it did.
# Up to version 12 Hardmax, like Softmax, makes its input a matrix, flattened from `axis` on (1 unless given), and finds
# one largest element in each row; from 13 on, one along `axis` (the last unless given). Around Softmax and LogSoftmax
# the converter puts a Flatten and a Reshape; Hardmax it leaves alone, in the graph and in the body of a Scan. For logits
# of 2 x 3 x 4 then 2 choices become 6, and the new model passes the full check. ONNX Runtime 1.32.0 follows both
# definitions, as NumPy computes them here.
#
# Both agree where the last axis is named, or the input has two dimensions. Else put Flatten and Reshape there by hand.
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
from onnx import TensorProto, helper, numpy_helper, version_converter

x = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def checked(graph, version):
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def plain(operator, axis, version):
    attributes = {} if axis is None else {"axis": axis}
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    return checked(helper.make_graph([node], "plain", [of("x", *x.shape)], [of("y", *x.shape)]), version)


def scan(operator, version):
    """The same of x as one step of a Scan."""
    nodes = [helper.make_node("Identity", ["s"], ["t"]), helper.make_node(operator, ["step"], ["y"])]
    body = helper.make_graph(nodes, "body", [of("s", 1), of("step", *x.shape)], [of("t", 1), of("y", *x.shape)])
    node = helper.make_node("Scan", ["start", "x"], ["end", "y"], num_scan_inputs=1, body=body)
    start = numpy_helper.from_array(np.zeros(1, np.float32), "start")
    return checked(helper.make_graph([node], "scan", [of("x", 1, *x.shape)], [of("y", 1, *x.shape)], [start]), version)


def run(made, feed):
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": feed})[0]


def hardmax(axis, version):
    """What the standard says."""
    if version < 13:
        rows = x.reshape(int(np.prod(x.shape[: 1 if axis is None else axis % x.ndim])), -1)
        return np.eye(rows.shape[1], dtype=np.float32)[rows.argmax(1)].reshape(x.shape)
    last = -1 if axis is None else axis
    result = np.zeros_like(x)
    np.put_along_axis(result, np.expand_dims(x.argmax(last), last), 1, last)
    return result


changed = False
for operator in ["Softmax", "LogSoftmax", "Hardmax"]:
    for axis in [None, 0, 1, 2, -1]:
        before = plain(operator, axis, 12)
        after = version_converter.convert_version(before, 13)
        onnx.checker.check_model(after, full_check=True)
        one, other = run(before, x), run(after, x)
        same = np.allclose(one, other, atol=1e-6)
        nodes = [node.op_type for node in after.graph.node]
        chosen = f", {one.sum():.0f} ones become {other.sum():.0f}" if operator == "Hardmax" else ""
        print(f"{operator}, axis {axis}: {nodes}, the same numbers: {same}{chosen}")
        changed |= same != (operator != "Hardmax" or axis in (2, -1))
        if operator == "Hardmax":
            changed |= not np.array_equal(one, hardmax(axis, 12)) or not np.array_equal(other, hardmax(axis, 13))
    before = scan(operator, 12)
    after = version_converter.convert_version(before, 13)
    same = np.allclose(run(before, x[None]), run(after, x[None]), atol=1e-6)
    print(f"{operator} in a Scan: the same numbers: {same}")
    changed |= same != (operator != "Hardmax")
sys.exit("this has changed" if changed else 0)
PYTHON
