#!/usr/bin/env bash
# thinc 9.1.1: the gradient of its LSTM's weights holds the weights themselves, and leaves out the first step.
#
# One expects the callback of thinc.api.LSTM to give the derivatives of what the layer computes. Forward it is the
# textbooks' LSTM, to 1e-6; back come, on a processor (NumpyOps), without a word and the same at each call,
#   - the weights, added to their own gradient: it is not 0 for a gradient of 0 of the outputs, it is the weights;
#   - nothing of the first step: its input's gradient is 0, and the only one of a sequence of one step is lost;
#   - for the recurrent weights, products with the state that a step makes in place of the one it reads;
#   - 0 for the second of the two biases, which are added and so have the same gradient.
# The inputs' gradients from the second step on are right. (They are compared with NumPy's in float64, which differences
# confirm.) The class Ops, whose methods a backend uses that has none of its own, gives 0 for all weights and inputs.
#
# An optimizer then draws the weights to 0 beside what it learns, and training looks merely slow. Give the layer
# PyTorchLSTM, which leaves both ways to PyTorch, or check a layer's gradient by differences first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 thinc==9.1.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from thinc.api import LSTM, with_padded
from thinc.backends.ops import Ops

INPUTS, HIDDEN, GATES = 3, 4, 4  # forget, input, output, candidate
SHAPES = {"W": (GATES, HIDDEN, INPUTS), "b": (GATES, HIDDEN), "R": (GATES, HIDDEN, HIDDEN), "c": (GATES, HIDDEN)}
ENDS = np.cumsum([np.prod(shape) for shape in SHAPES.values()])
sigmoid = lambda v: 1 / (1 + np.exp(-v))


def parts(flat):
    return {name: part.reshape(SHAPES[name]) for name, part in zip(SHAPES, np.split(flat, ENDS[:-1]))}


def states(weights, x):
    h = cell = np.zeros(HIDDEN)
    made = []
    for step in x:
        forget, read, out, new = weights["W"] @ step + weights["b"] + weights["R"] @ h + weights["c"]
        cell = sigmoid(forget) * cell + sigmoid(read) * np.tanh(new)
        h = sigmoid(out) * np.tanh(cell)
        made.append((forget, read, out, new, cell, h))
    return made


def gradients(weights, x, back, first=0, read_new=False):
    """Those of sum(back * h): of the weights from the step `first` on, and of x."""
    made, zero = states(weights, x), np.zeros(HIDDEN)
    given = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    given["x"] = np.zeros_like(x)
    d_h, d_cell = zero, zero
    for t in reversed(range(len(x))):
        forget, read, out, new, cell, h = made[t]
        old_cell, old_h = made[t - 1][4:] if t else (zero, zero)
        d_h = d_h + back[t]
        d_cell = d_cell + d_h * sigmoid(out) * (1 - np.tanh(cell) ** 2)
        slope = lambda v: sigmoid(v) * sigmoid(-v)
        d = np.array([d_cell * old_cell * slope(forget), d_cell * np.tanh(new) * slope(read),
                      d_h * np.tanh(cell) * slope(out), d_cell * sigmoid(read) * (1 - np.tanh(new) ** 2)])
        if t >= first:
            given["W"] += d[:, :, None] * x[t]
            given["R"] += d[:, :, None] * (h if read_new else old_h)
            given["b"] += d
            given["c"] += d
            given["x"][t] = np.einsum("gh,ghi->i", d, weights["W"])
        d_h, d_cell = np.einsum("gh,ghi->i", d, weights["R"]), d_cell * sigmoid(forget)
    return given


def near(a, b):
    return float(np.abs(np.asarray(a, float) - b).max()) < 1e-4


changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


random = np.random.default_rng(1)
for steps in [1, 2, 6]:
    x, back = (random.normal(size=(steps, size)).astype(np.float32) for size in (INPUTS, HIDDEN))
    layer = with_padded(LSTM(HIDDEN, INPUTS, dropout=0.0))
    layer.initialize(X=[x])
    node = next(node for node in layer.walk() if node.has_param("LSTM"))
    flat = random.normal(0, 0.5, ENDS[-1]).astype(np.float32)
    node.set_param("LSTM", flat)
    weights = parts(flat.astype(float))
    right = gradients(weights, x.astype(float), back)
    for name in SHAPES:  # the oracle is tested itself
        shift = np.zeros(SHAPES[name])
        at = tuple(random.integers(shift.shape))
        shift[at] = 1e-5
        more, less = (sum(back[t] @ made[-1] for t, made in enumerate(
            states(weights | {name: weights[name] + sign * shift}, x.astype(float)))) for sign in (1, -1))
        assert abs((more - less) / 2e-5 - right[name][at]) < 1e-6

    def called(back):
        y, callback = layer([x], is_train=True)
        node.set_grad("LSTM", np.zeros_like(flat))
        d_x = callback([back.copy()])[0]
        return y[0], parts(node.get_grad("LSTM").copy()), d_x

    y, seen, d_x = called(back)
    partly = gradients(weights, x.astype(float), back, first=1, read_new=True)
    fused = {"W": weights["W"], "b": weights["b"] + weights["c"], "R": weights["R"]}
    forward = np.array([made[-1] for made in states(weights, x)])
    see(f"steps: {steps}, the states are right", near(y, forward))
    none = called(np.zeros_like(back))
    see("  no gradient: the weights", all(near(none[1][name], fused[name]) for name in fused) and near(none[2], 0))
    see("  a gradient: the weights and that of the later steps",
        all(near(seen[name], fused[name] + partly[name]) and not near(seen[name], right[name]) for name in fused))
    see("  second bias: 0", near(seen["c"], 0) and not near(right["c"], 0))
    see("  inputs: right but for the first", near(d_x[0], 0) and not near(right["x"][0], 0)
        and (steps == 1 or near(d_x[1:], right["x"][1:])))
    inits, lengths = np.zeros((1, 1, HIDDEN), np.float32), np.ones(steps, np.int32)
    y, kept = Ops().lstm_forward_training(flat, inits, inits, x, lengths)
    d_x, d_weights = Ops().backprop_lstm(back.copy(), lengths, flat, kept)
    see("  Ops: 0", near(y, forward) and near(d_x, 0) and near(d_weights, 0))
sys.exit("this has changed" if changed else 0)
PYTHON
