#!/usr/bin/env bash
# Keras 3.15.1: with unroll=True a recurrent layer leaves out zero_output_for_mask; so does a Bidirectional one.
#
# One expects unroll to change how the steps are run, not what they give: the documentation calls it a matter of speed and
# of memory. With the backends JAX and NumPy, LSTM, GRU and SimpleRNN, at the steps that a mask leaves out,
#   - with zero_output_for_mask=True, which Bidirectional sets in its two layers: give zeros, and unrolled the last output
#     once more. What is read later is right, and so are the states that are returned;
#   - with an initial state and a mask that begins with left-out steps: give that state, and unrolled zeros.
# At the steps that the mask lets through both are the same. Nothing is said.
#
# What sums or averages a layer's outputs over the steps (a Lambda, keras.ops.mean, an exported network) gets other numbers
# once the layer is unrolled: here the mean of a text of 2 characters and 4 of padding. Multiply by the mask first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 jax==0.10.2 keras==3.15.1
cat > "$folder/unroll.py" <<'PYTHON'
import sys

import keras
import numpy as np

INPUTS, HIDDEN = 3, 4
random = np.random.default_rng(1)
x = random.normal(size=(2, 6, INPUTS)).astype(np.float32)
state = random.normal(size=(2, HIDDEN)).astype(np.float32)
at_end = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0]], bool)
at_begin = at_end[:, ::-1]
changed = False


def run(kind, mask, bidirectional=False, initial=False, **arguments):
    """The outputs of the loop and of the unrolled steps, with the same weights."""
    outputs = []
    for unroll in (False, True):
        layer = getattr(keras.layers, kind)(HIDDEN, return_sequences=True, unroll=unroll, **arguments)
        if bidirectional:
            layer = keras.layers.Bidirectional(layer)
        layer.build(x.shape)
        weights = np.random.default_rng(2)
        layer.set_weights([weights.normal(0, 0.7, each.shape) for each in layer.get_weights()])
        told = {"initial_state": [state, state] if kind == "LSTM" else [state]} if initial else {}
        outputs.append(keras.ops.convert_to_numpy(layer(x, mask=mask, **told)))
    return outputs


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", f"{keras.backend.backend()}, {what}")
    changed |= not expected


near = lambda a, b: float(np.abs(a - b).max()) < 1e-5
for kind in ["LSTM", "GRU", "SimpleRNN"]:
    loop, unrolled = run(kind, at_end, zero_output_for_mask=True)
    see(f"{kind}, zero_output_for_mask: zeros, unrolled the last output", near(loop[at_end], unrolled[at_end])
        and near(loop[1, 2:], 0) and near(unrolled[1, 2:], unrolled[1, 1]) and not near(unrolled[1, 2:], 0))
    loop, unrolled = run(kind, at_end, bidirectional=True)
    means = [float(np.abs(each.mean(axis=1)[1]).sum()) for each in (loop, unrolled)]
    see(f"{kind}, Bidirectional: so too; the means sum to {means[0]:.2g} and {means[1]:.2g}",
        near(loop[at_end], unrolled[at_end]) and near(loop[1, 2:], 0) and not near(unrolled[1, 2:, :HIDDEN], 0)
        and abs(means[0] - means[1]) > 0.1)
    loop, unrolled = run(kind, at_begin, initial=True)
    see(f"{kind}, initial state: it, unrolled zeros",
        near(loop[at_begin], unrolled[at_begin]) and near(loop[1, :4], state[1]) and near(unrolled[1, :4], 0))
    for mask in (at_end, at_begin):
        see(f"{kind}: without either the same", near(*run(kind, mask)))
    see(f"{kind}: without a mask the same", near(*run(kind, None, bidirectional=True)))
sys.exit("this has changed" if changed else 0)
PYTHON
for backend in jax numpy; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" "$folder/venv/bin/python" -W ignore "$folder/unroll.py"
done
