#!/usr/bin/env bash
# MNN 3.6.1: a GRU in ONNX's default form, linear_before_reset = 0, is computed by an equation of neither form.
#
# One expects the converter to take a GRU as the standard writes it, or to refuse it. ONNX has two new states: the reset
# gate multiplies the old state before the product (0, the default), or product and bias after it (1, PyTorch's form).
#     0: tanh(W x + b + R (r * h) + c)        1: tanh(W x + b + r * (R h + c))
# MNN converts both without a word. It computes 1 as it stands, and for 0 it gives, to 1e-6,
#        tanh(W x + b + r * (R h) + c)
# so the numbers are wrong, from the first step that has a state on. ONNX Runtime 1.32.0 follows both. Less surprising, and
# as silent: direction "reverse" (with "bidirectional" the form 1 is right) and sequence_lens are left out.
#
# The GRUs of the original char-rnn and of Keras with reset_after=False are of form 0, and cannot be written in form 1: run
# them with another program. (The converter is called beneath its command: see mnn-converter-installs.sh.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 MNN==3.6.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import subprocess
import sys

import MNN.expr
import MNN.nn
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
x, h0 = normal(STEPS, BATCH, INPUTS), normal(1, BATCH, HIDDEN)
W, R, B = normal(1, 3 * HIDDEN, INPUTS), normal(1, 3 * HIDDEN, HIDDEN), normal(1, 6 * HIDDEN)


def model(linear_before_reset, lengths=None, **attributes):
    tensors = [numpy_helper.from_array(value, name) for name, value in zip("WRB", (W, R, B))]
    if lengths:
        tensors.append(numpy_helper.from_array(np.array(lengths, np.int32), "lengths"))
    node = helper.make_node("GRU", ["X", "W", "R", "B", "lengths" if lengths else "", "H"], ["Y"], hidden_size=HIDDEN,
                            linear_before_reset=linear_before_reset, **attributes)
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "gru", [of("X", STEPS, BATCH, INPUTS), of("H", 1, BATCH, HIDDEN)],
                              [of("Y", STEPS, 1, BATCH, HIDDEN)], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def runtime(made):
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": x, "H": h0})[0][:, 0]


def mnn(made):
    onnx.save(made, "gru.onnx")
    subprocess.run([sys.executable, "-c", "import sys, MNN, _tools; _tools.mnnconvert(sys.argv)", "-f", "ONNX", "--modelFile",
                    "gru.onnx", "--MNNModel", "gru.mnn", "--bizCode", "x"], check=True, capture_output=True)
    module = MNN.nn.load_module_from_file("gru.mnn", ["X", "H"], ["Y"])
    inputs = [MNN.expr.const(value.copy(), list(value.shape), MNN.expr.NCHW, MNN.expr.float) for value in (x, h0)]
    return np.array(MNN.expr.convert(module.onForward(inputs)[0], MNN.expr.NCHW).read())[:, 0]


def equations(new):
    """Float64; `new` makes the argument of the new state's tanh from W x + b, r, h, R and c."""
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    w, u, (b, c) = W[0].astype(float), R[0].astype(float), np.split(B[0].astype(float), 2)
    z, r, n = (slice(i * HIDDEN, (i + 1) * HIDDEN) for i in range(3))
    h, states = h0[0].astype(float), []
    for step in x.astype(float):
        update = sigmoid(step @ w[z].T + b[z] + h @ u[z].T + c[z])
        reset = sigmoid(step @ w[r].T + b[r] + h @ u[r].T + c[r])
        h = (1 - update) * np.tanh(new(step @ w[n].T + b[n], reset, h, u[n], c[n])) + update * h
        states.append(h)
    return np.array(states)


forms = {
    "form 0": equations(lambda read, r, h, u, c: read + (r * h) @ u.T + c),
    "form 1": equations(lambda read, r, h, u, c: read + r * (h @ u.T + c)),
    "neither": equations(lambda read, r, h, u, c: read + r * (h @ u.T) + c),
}
near = lambda a, b: float(np.abs(a - b).max()) < 1e-4
changed = False
for linear_before_reset, expected in [(0, "neither"), (1, "form 1")]:
    seen = mnn(model(linear_before_reset))
    names = [name for name, states in forms.items() if near(seen, states)]
    wrong = float(np.abs(seen - forms[f"form {linear_before_reset}"]).max())
    print(f"linear_before_reset = {linear_before_reset}: MNN computes {names}, off by {wrong:.2g}")
    changed |= names != [expected] or not near(runtime(model(linear_before_reset)), forms[f"form {linear_before_reset}"])
plain = mnn(model(1))
for told in [{"direction": "reverse"}, {"lengths": [5, 2]}]:
    left_out = near(mnn(model(1, **told)), plain)
    print(f"{told}: MNN", "leaves it out" if left_out else "follows it")
    changed |= not left_out or near(runtime(model(1, **told)), plain)
sys.exit("this has changed" if changed else 0)
PYTHON
