#!/usr/bin/env bash
# pnnx 20261020: a GRU in ONNX's default form is converted into one of the other form; clip is left out.
#
# One expects the converter to take a GRU as the standard writes it, or to refuse it, as it warns of what it leaves of
# other nodes ("ignore RNN … param"). ONNX has two new states: the reset gate multiplies the old state before the
# product (0, the default of linear_before_reset), or product and bias after it (1, PyTorch's form). pnnx makes of both
# the same nn.GRU for PyTorch and the same GRU for ncnn, which is form 1, for one direction and for both, without a
# word. ncnn 1.0.20261020 then gives, to 1e-5, what form 1 gives with these weights, and is 0.6 off; form 1 is right. So
# is clip=0.3 computed as if it were not there, of a GRU and of an LSTM. Neither tool's documentation names either. ONNX
# Runtime 1.32.0 follows the standard in all.
#
# The GRUs of the original char-rnn and of Keras with reset_after=False are of form 0, and cannot be written in form 1:
# run them with another program.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
# Without their dependencies, since the program beneath pnnx needs no PyTorch.
"$folder/venv/bin/pip" install -q --disable-pip-version-check --no-deps pnnx==20261020 ncnn==1.0.20261020
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 portalocker==4.4.2 tqdm==4.70.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import glob
import subprocess
import sys

import ncnn
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

STEPS, INPUTS, HIDDEN = 5, 3, 4
GATES = {"LSTM": 4, "GRU": 3}
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
sigmoid = lambda v: 1 / (1 + np.exp(-v))
x = normal(STEPS, 1, INPUTS)
weights = {(kind, ways): {"W": normal(ways, gates * HIDDEN, INPUTS), "R": normal(ways, gates * HIDDEN, HIDDEN),
                          "B": normal(ways, 2 * gates * HIDDEN)} for kind, gates in GATES.items() for ways in (1, 2)}


def model(kind, ways, **attributes):
    """The states of all steps, those of both directions side by side, as PyTorch has them."""
    tensors = weights[kind, ways] | {"shape": np.array([STEPS, 1, ways * HIDDEN])}
    nodes = [helper.make_node(kind, ["X", "W", "R", "B"], ["Y"], hidden_size=HIDDEN,
                              direction="bidirectional" if ways == 2 else "forward", **attributes),
             helper.make_node("Transpose", ["Y"], ["turned"], perm=[0, 2, 1, 3]),
             helper.make_node("Reshape", ["turned", "shape"], ["states"])]
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "recurrent", [of("X", *x.shape)], [of("states", STEPS, 1, ways * HIDDEN)],
                              [numpy_helper.from_array(value, name) for name, value in tensors.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def runtime(made):
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": x})[0][:, 0]


def converted(made):
    """What ncnn computes, and the lines of the converter that mention the node."""
    for path in glob.glob("network*"):
        open(path, "w").close()  # nothing is read that another conversion has left
    onnx.save(made, "network.onnx")
    program = glob.glob("venv/lib/python3*/site-packages/pnnx/pnnx")[0]
    # fp16=0 keeps the weights in float32, so that nothing else differs.
    said = subprocess.run([program, "network.onnx", f"inputshape=[{STEPS},1,{INPUTS}]f32", "fp16=0"], check=True,
                          capture_output=True, text=True)
    network = ncnn.Net()
    network.load_param("network.ncnn.param")
    network.load_model("network.ncnn.bin")
    run = network.create_extractor()
    run.input("in0", ncnn.Mat(x[:, 0].copy()))
    warned = [line for line in (said.stdout + said.stderr).splitlines() if "ignore" in line or "clip" in line]
    made = [line.strip() for line in open("network_pnnx.py") if "nn.GRU(" in line or "nn.LSTM(" in line]
    return np.array(run.extract("out0")[1]).reshape(STEPS, -1), warned, made


def equations(form):
    """The states of the forward GRU in float64."""
    W, R, B = (weights["GRU", 1][name][0].astype(float) for name in "WRB")
    b, c = B.reshape(2, 3, HIDDEN)
    W, R = W.reshape(3, HIDDEN, INPUTS), R.reshape(3, HIDDEN, HIDDEN)
    h, states = np.zeros(HIDDEN), []
    for step in x[:, 0].astype(float):
        z, r = (sigmoid(W[i] @ step + b[i] + R[i] @ h + c[i]) for i in (0, 1))
        old = r * (R[2] @ h + c[2]) if form else R[2] @ (r * h) + c[2]
        h = (1 - z) * np.tanh(W[2] @ step + b[2] + old) + z * h
        states.append(h)
    return np.array(states)


changed = False
off = lambda a, b: float(np.abs(a - b).max())


def see(what, seen, expected, right):
    """`seen` is `expected`, and is not `right` unless that is the same."""
    global changed
    states, warned, _ = seen
    differs = np.array_equal(expected, right) or off(states, right) > 0.02
    as_described = off(states, expected) < 1e-5 and differs and not warned
    print("as described:" if as_described else "NOT as described:",
          f"{what} {off(states, expected):.2g}, from ONNX Runtime {off(states, right):.2g}", *warned)
    changed |= not as_described


changed |= any(off(runtime(model("GRU", 1, linear_before_reset=form)), equations(form)) > 1e-5 for form in (0, 1))
for ways in (1, 2):
    directions = ["one direction", "both directions"][ways - 1]
    after, before = (model("GRU", ways, linear_before_reset=form) for form in (1, 0))
    form_1, form_0 = converted(after), converted(before)
    see(f"GRU, {directions}, linear_before_reset = 1: from form 1", form_1, *[runtime(after)] * 2)
    see(f"GRU, {directions}, linear_before_reset = 0: from form 1", form_0, runtime(after), runtime(before))
    print(form_0[2])
    changed |= form_0[2] != form_1[2]
    for kind, form in [("GRU", {"linear_before_reset": 1}), ("LSTM", {})]:
        see(f"{kind}, {directions}, clip = 0.3: from none", converted(model(kind, ways, clip=0.3, **form)),
            runtime(model(kind, ways, **form)), runtime(model(kind, ways, clip=0.3, **form)))
sys.exit("this has changed" if changed else 0)
PYTHON
