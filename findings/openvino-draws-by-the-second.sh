#!/usr/bin/env bash
# OpenVINO 2026.4.1: all that a sampler without a seed draws within the same second is the same.
#
# One expects Multinomial without a seed, which draws the next character of a text, to draw anew at each inference: ONNX
# says that a node without a seed gets one of its own. OpenVINO's processor plugin seeds it by the clock at each
# inference, in whole seconds. Of the same logits
#   - one character at a time is the same one until the clock's second changes, a hundred times and more;
#   - two nodes of a model draw the same;
#   - with a seed each inference draws the same for ever; ONNX Runtime's goes on from what it drew.
# The frequencies within one draw of many are right, so a test of those shows nothing. RandomUniform and RandomNormal
# without a seed draw anew. ONNX Runtime 1.32.0 draws anew in each case. OpenVINO's description of Multinomial-13 names
# two seeds whose default is 0, and no clock.
#
# A text that is sampled in the model repeats itself: give the model a uniform number for each draw as an input, or
# sample outside of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper

CHARACTERS = 4
logits = np.log(np.full((1, CHARACTERS), 1 / CHARACTERS, np.float32))


def model(operator, count, outputs=1, **attributes):
    """Each output is `count` draws."""
    reads = operator == "Multinomial"
    kind = TensorProto.INT64 if reads else TensorProto.FLOAT
    attributes |= {"sample_size": count, "dtype": kind} if reads else {"shape": [1, count]}
    names = [f"y{i}" for i in range(outputs)]
    nodes = [helper.make_node(operator, ["x"] if reads else [], [name], **attributes) for name in names]
    graph = helper.make_graph(
        nodes, "draws", [helper.make_tensor_value_info("x", TensorProto.FLOAT, logits.shape)] if reads else [],
        [helper.make_tensor_value_info(name, kind, [1, count]) for name in names])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


def vino(made):
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(made), "CPU")
    feed = [logits] if compiled.inputs else []
    return lambda: [value.copy() for value in compiled(feed).values()]


def runtime(made):
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    feed = {each.name: logits for each in session.get_inputs()}
    return lambda: session.run(None, feed)


def within_a_second(draw, times):
    """So many draws of the same second of the clock."""
    while True:
        time.sleep(1 - time.time() % 1 + 0.05)
        second, drawn = int(time.time()), [draw() for _ in range(times)]
        if int(time.time()) == second:
            return drawn


changed = False


def see(what, seen, expected):
    global changed
    print("as described:" if seen == expected else "NOT as described:", f"{what}: {seen}")
    changed |= seen != expected


different = lambda drawn: len({each[0].tobytes() for each in drawn})
for name, run in [("OpenVINO", vino), ("ONNX Runtime", runtime)]:
    is_vino = name == "OpenVINO"
    one = [int(each[0][0, 0]) for each in within_a_second(run(model("Multinomial", 1)), 100)]
    print(f"{name}, a character at a time:", "".join("abcd"[each] for each in one))
    changed |= (len(set(one)) == 1) != is_vino
    many = run(model("Multinomial", 64))
    see(f"{name}, different among 20 of one second", different(within_a_second(many, 20)), 1 if is_vino else 20)
    later = [each[0] for each in within_a_second(many, 1) + within_a_second(many, 1) + within_a_second(many, 1)]
    see(f"{name}, different in three seconds", len({each.tobytes() for each in later}), 3)
    both = within_a_second(run(model("Multinomial", 64, outputs=2)), 1)[0]
    see(f"{name}, two nodes draw the same", np.array_equal(*both), is_vino)
    seeded = within_a_second(run(model("Multinomial", 64, seed=1.0)), 20)
    see(f"{name}, different among 20 inferences with a seed", different(seeded), 1 if is_vino else 20)
    often = np.bincount(run(model("Multinomial", 100000))()[0].ravel(), minlength=CHARACTERS) / 100000
    see(f"{name}, frequencies within one draw are right", bool(np.abs(often - 1 / CHARACTERS).max() < 0.02), True)
    for operator in ["RandomUniform", "RandomNormal"]:
        see(f"{name}, {operator}: different among 20", different(within_a_second(run(model(operator, 64)), 20)), 20)
sys.exit("this has changed" if changed else 0)
PYTHON
