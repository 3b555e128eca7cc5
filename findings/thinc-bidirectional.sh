#!/usr/bin/env bash
# thinc 9.1.1: the second layer of `bidirectional` reads forward too, and learns from the first one's gradient.
#
# One expects thinc.api.bidirectional(l2r, r2l), "a bidirectional layer" of two recurrent ones by its documentation, to run
# the second from a sequence's end to its beginning. It runs both from the beginning:
#   - with the same weights in its two LSTMs the two halves of each output are the same numbers, and right for the first;
#     a change of a text's last character changes no output but the last, as if nothing read backward;
#   - back, both layers are given the first half of the outputs' gradient: the second learns what the first should, and
#     what the loss says of the second half is lost. The inputs' gradient is twice the first half's.
# Nothing is said. The LSTM's outputs are compared with NumPy's in float64. (Its gradient is wrong for another reason, see
# thinc-lstm-gradient: here layers that pass on what they are given show what that is.)
#
# A tagger built so sees no character after the one it judges, and half of it learns for the other half. Reverse the
# sequences by hand, or take PyTorchLSTM(bi=True).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 thinc==9.1.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from thinc.api import LSTM, Model, bidirectional, with_padded

INPUTS, HIDDEN = 3, 4
random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
sigmoid = lambda v: 1 / (1 + np.exp(-v))
near = lambda a, b: float(np.abs(np.asarray(a, float) - b).max()) < 1e-5
changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


def lstm(flat, x):
    """The outputs of one LSTM from the first row of x to the last, in float64."""
    sizes = np.cumsum([4 * HIDDEN * INPUTS, 4 * HIDDEN, 4 * HIDDEN * HIDDEN])
    W, b, R, c = np.split(flat.astype(float), sizes)
    h = cell = np.zeros(HIDDEN)
    outputs = []
    for step in x.astype(float):
        gates = W.reshape(-1, INPUTS) @ step + b + R.reshape(-1, HIDDEN) @ h + c
        forget, read, out, new = gates.reshape(4, HIDDEN)
        cell = sigmoid(forget) * cell + sigmoid(read) * np.tanh(new)
        h = sigmoid(out) * np.tanh(cell)
        outputs.append(h)
    return np.array(outputs)


texts = [normal(steps, INPUTS) for steps in (6, 3, 1)]
layer = with_padded(bidirectional(LSTM(HIDDEN, INPUTS, dropout=0.0), LSTM(HIDDEN, INPUTS, dropout=0.0)))
layer.initialize(X=texts)
first, second = [node for node in layer.walk() if node.has_param("LSTM")]
weights = normal(*first.get_param("LSTM").shape) / 2
for alike in (True, False):
    of_second = weights if alike else normal(*weights.shape) / 2
    first.set_param("LSTM", weights.copy())
    second.set_param("LSTM", of_second.copy())
    for x, y in zip(texts, layer.predict(texts)):
        forward, backward = lstm(of_second, x), lstm(of_second, x[::-1])[::-1]
        see(f"{'the same' if alike else 'other'} weights, {len(x)} steps: the first half is right, the second forward too",
            near(y[:, :HIDDEN], lstm(weights, x)) and near(y[:, HIDDEN:], forward)
            and (len(x) == 1) == near(y[:, HIDDEN:], backward))
other = [texts[0].copy()]
other[0][-1] += 1
was, now = layer.predict(texts[:1])[0], layer.predict(other)[0]
see("another last character: no output before it is another", near(now[:-1], was[:-1]) and not near(now[-1], was[-1]))

got = []  # the gradients that the two inner layers are given


def passing(model, x, is_train):
    def callback(back):
        got.append(back.data.copy())
        return back

    return x, callback


layer = with_padded(bidirectional(Model("first", passing), Model("second", passing)))
for what, scale in [("a gradient of the outputs", (1, 1)), ("one of the second half alone", (0, 1))]:
    back = normal(6, 2 * INPUTS) * np.repeat(scale, INPUTS).astype(np.float32)
    halves = back[:, :INPUTS], back[:, INPUTS:]
    got.clear()
    y, callback = layer(texts[:1], is_train=True)
    of_inputs = callback([back.copy()])[0]
    see(f"{what}: both layers get the first half", len(got) == 2 and all(near(each[:, 0], halves[0]) for each in got)
        and near(y[0], np.tile(texts[0], 2)) and near(of_inputs, 2 * halves[0]) and not near(of_inputs, sum(halves)))
sys.exit("this has changed" if changed else 0)
PYTHON
