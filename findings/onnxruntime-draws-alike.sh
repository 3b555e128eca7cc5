#!/usr/bin/env bash
# ONNX Runtime 1.32.0: samplers at the same place in two Scans, or in a Scan and around it, draw the same numbers.
#
# One expects each node of Multinomial, Bernoulli, RandomNormalLike or RandomUniformLike that is given no seed to draw
# for itself: the standard has the runtime find it one. Two such nodes of one graph do. But two in the bodies of two
# Scans draw the same in each step and each run, if both are the first node there, or both the second; so do the first
# node of a graph and the first of a body in it, until the body's has drawn more often. Then two noises are one of twice
# the size, and two continuations of a text the same. onnx's reference evaluator 1.23.2 draws different numbers, though
# it has no Multinomial.
#
# Give each such node a seed of its own; with one they still draw anew in each run of a session.
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
from onnx.reference import ReferenceEvaluator

STEPS, COUNT = 3, 256
x = np.full((STEPS, 1, COUNT), 0.5, np.float32)


def model(operator, places, seeds=(None, None), around=False):
    """Two Scans with a sampler at a place of each body, or a sampler at a place of the graph and a Scan."""
    kind = TensorProto.INT32 if operator == "Multinomial" else TensorProto.FLOAT
    of = lambda name, kind, *shape: helper.make_tensor_value_info(name, kind, shape)

    def sampler(i, source):
        attributes = {"sample_size": COUNT} if operator == "Multinomial" else {}
        attributes |= {} if seeds[i] is None else {"seed": seeds[i]}
        before = [helper.make_node("Identity", [f"{source}{k or ''}"], [f"{source}{k + 1}"]) for k in range(places[i])]
        return [*before, helper.make_node(operator, [f"{source}{places[i] or ''}"], [f"y{i}"], **attributes)]

    def scan(i):
        nodes = [*sampler(i, "step"), helper.make_node("Identity", ["s"], ["t"])]
        takes = [of("s", TensorProto.FLOAT, 1), of("step", TensorProto.FLOAT, 1, COUNT)]
        gives = [of("t", TensorProto.FLOAT, 1), of(f"y{i}", kind, 1, COUNT)]
        body = helper.make_graph(nodes, f"body{i}", takes, gives)
        return helper.make_node("Scan", ["start", "x"], [f"end{i}", f"all{i}"], num_scan_inputs=1, body=body)

    start = numpy_helper.from_array(np.zeros(1, np.float32), "start")
    inputs, outputs = [of("x", TensorProto.FLOAT, STEPS, 1, COUNT)], [of("all1", kind, STEPS, 1, COUNT)]
    if around:
        inputs.append(of("first", TensorProto.FLOAT, 1, COUNT))
        outputs.insert(0, of("y0", kind, 1, COUNT))
        nodes = [*sampler(0, "first"), scan(1)]
    else:
        outputs.insert(0, of("all0", kind, STEPS, 1, COUNT))
        nodes = [scan(0), scan(1)]
    made = helper.make_model(helper.make_graph(nodes, "draws", inputs, outputs, [start]),
                             opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def alike(made, session):
    """Whether both samplers draw the same, in each of two runs, and whether the second run draws anew."""
    feed = {each.name: x if each.name == "x" else x[0] for each in made.graph.input}
    first, second = session.run(None, feed), session.run(None, feed)
    same = [np.array_equal(a, b if a.shape == b.shape else b[0]) for a, b in (first, second)]
    return same, not np.array_equal(first[1], second[1])


def runtime(made, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return alike(made, session)


levels = onnxruntime.GraphOptimizationLevel
changed = False
for operator in ["Multinomial", "Bernoulli", "RandomNormalLike", "RandomUniformLike"]:
    for text, made, expected in [
        ("two Scans, both first", model(operator, (0, 0)), True),
        ("two Scans, both second", model(operator, (1, 1)), True),
        ("two Scans, first and second", model(operator, (0, 1)), False),
        ("two Scans, with seeds", model(operator, (0, 0), seeds=(1.0, 2.0)), False),
        ("graph and Scan, both first", model(operator, (0, 0), around=True), None),
    ]:
        outcomes = [runtime(made, level) for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL)]
        seen = [same for same, _ in outcomes]
        print(f"{operator}, {text}: alike in two runs, without and with optimizations: {seen}")
        # The graph's sampler draws once a run and the Scan's once a step, so that they part after the first.
        changed |= seen != ([[True, False]] * 2 if expected is None else [[expected] * 2] * 2)
        changed |= not all(anew for _, anew in outcomes)
        if operator != "Multinomial":
            changed |= any(alike(made, ReferenceEvaluator(made))[0])
sys.exit("this has changed" if changed else 0)
PYTHON
