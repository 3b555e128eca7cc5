#!/usr/bin/env bash
# onnxsim 0.8.1, onnxoptimizer 0.4.2, onnxslim 0.1.98 and others: two draws of an ONNX model become one, or a constant.
#
# One expects an optimizer to leave alone what the standard calls random. Two nodes of Multinomial that read the same
# logits, for two continuations of one text, are two samples: a node without a seed gets one of its own. Instead come of
#   - onnxoptimizer and onnxsim: one node, for Multinomial, Bernoulli and the four Random operators;
#   - onnxslim: the same of those with an input; RandomUniform and RandomNormal become constants in the file;
#   - onnx-graphsurgeon 0.6.1, fold_constants: such constants;
#   - onnxscript 0.7.2 (onnx-ir 1.1.0), and ONNX Runtime 1.32.0 by default: one node, for Bernoulli alone.
# All files pass onnx's checker. Without its optimizations ONNX Runtime draws twice in each case.
#
# A seed for each node keeps them two, though not from becoming constants; or sample outside of the model.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 \
    onnxoptimizer==0.4.2 onnxsim==0.8.1 onnxslim==0.1.98 onnx-graphsurgeon==0.6.1 onnxscript==0.7.2 onnx-ir==1.1.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import contextlib
import io
import sys

import numpy as np
import onnx
import onnx_graphsurgeon
import onnxoptimizer
import onnxruntime
import onnxscript.optimizer
import onnxsim
import onnxslim
from onnx import TensorProto, helper

COUNT = 64
half = np.full((1, COUNT), 0.5, np.float32)
operators = ["Multinomial", "Bernoulli", "RandomNormalLike", "RandomUniformLike", "RandomNormal", "RandomUniform"]


def model(operator, seeds=None):
    """Two draws, each of which goes through a Cast."""
    reads = operator not in ("RandomNormal", "RandomUniform")
    attributes = {} if reads else {"shape": half.shape}
    if operator == "Multinomial":
        attributes["sample_size"] = COUNT
    nodes = [helper.make_node(operator, ["x"] if reads else [], [f"draw{i}"], **attributes,
                              **({"seed": seeds[i]} if seeds else {})) for i in range(2)]
    nodes += [helper.make_node("Cast", [f"draw{i}"], [f"y{i}"], to=TensorProto.DOUBLE) for i in range(2)]
    of = lambda name, kind: helper.make_tensor_value_info(name, kind, half.shape)
    graph = helper.make_graph(nodes, "draws", [of("x", TensorProto.FLOAT)] if reads else [],
                              [of(f"y{i}", TensorProto.DOUBLE) for i in range(2)])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def draws(made, optimized=False):
    """Whether the two outputs are equal, and whether they are the same in the next run."""
    options = onnxruntime.SessionOptions()
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feed = {each.name: half for each in session.get_inputs()}
    first, second = session.run(None, feed), session.run(None, feed)
    equal, fixed = np.array_equal(*first), np.array_equal(first[0], second[0])
    return "constants" if fixed else "one" if equal else "two"


def graphsurgeon(made):
    graph = onnx_graphsurgeon.import_onnx(made)
    return onnx_graphsurgeon.export_onnx(graph.fold_constants().cleanup())


tools = {
    "onnxoptimizer": lambda made: onnxoptimizer.optimize(made, onnxoptimizer.get_fuse_and_elimination_passes()),
    "onnxsim": lambda made: onnxsim.simplify(made)[0],
    "onnxslim": onnxslim.slim,
    "onnx-graphsurgeon": graphsurgeon,
    "onnxscript": onnxscript.optimizer.optimize,
    "ONNX Runtime": None,
}


def described(tool, operator):
    reads = operator not in ("RandomNormal", "RandomUniform")
    if tool in ("onnxoptimizer", "onnxsim"):
        return "one"
    if tool == "onnxslim":
        return "one" if reads else "constants"
    if tool == "onnx-graphsurgeon":
        return "two" if reads else "constants"
    return "one" if operator == "Bernoulli" else "two"


changed = False
for tool, apply in tools.items():
    for operator in operators:
        seen = []
        for made in (model(operator), model(operator, seeds=[1.0, 2.0])):
            if apply:
                with contextlib.redirect_stdout(io.StringIO()):
                    made = apply(made)
                onnx.checker.check_model(made, full_check=True)
            seen.append(draws(made, optimized=apply is None))
        print(f"{tool}, {operator}: {seen[0]}; with seeds {seen[1]}")
        expected = described(tool, operator)
        changed |= seen != [expected, "constants" if expected == "constants" else "two"]
for operator in operators:
    changed |= draws(model(operator)) != "two"
sys.exit("this has changed" if changed else 0)
PYTHON
