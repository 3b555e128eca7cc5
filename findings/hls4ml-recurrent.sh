#!/usr/bin/env bash
# hls4ml 1.3.0: a Keras GRU with reset_after=False is computed as one with reset_after=True; go_backwards is left out.
#
# One expects the converter to take these arguments of Keras' layers as Keras means them, or to refuse them, as it does
# return_state. Both pass without a word, and the C++ that it writes, compiled and run in fixed point of 32 bits,
#   - GRU(reset_after=False): multiplies by the reset gate after the product with the old state, not before it. The
#     project's own description says apply_reset_gate "before", which changes nothing. Without biases the states are 0.15
#     off here; of a bias the project holds the first two numbers alone, as its two biases;
#   - LSTM and GRU with go_backwards=True: reads the text forward. (Bidirectional runs an LSTM's second layer backward.)
# With neither argument LSTM and GRU are as Keras computes them, to 0.02. So it is with the backends Vivado and Vitis.
#
# The GRUs of the original char-rnn and of older Keras are of the first kind, and cannot be written in the other form:
# train with reset_after=True what is to go on a chip, and turn the input round before the network.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 jax==0.10.2 keras==3.15.1 hls4ml==1.3.0
cd "$folder"
KERAS_BACKEND=jax HOME="$folder" venv/bin/python -W ignore - 2> errors <<'PYTHON' || { tail -n 5 errors >&2; exit 1; }
import contextlib
import itertools
import sys

import hls4ml
import keras
import numpy as np

STEPS, INPUTS, HIDDEN = 5, 3, 4
random = np.random.default_rng(1)
x = random.normal(size=(2, STEPS, INPUTS)).astype(np.float32)
folders = map("project-{}".format, itertools.count())


def model(kind, bidirectional=False, **arguments):
    layer = getattr(keras.layers, kind)(HIDDEN, return_sequences=True, **arguments)
    if bidirectional:
        layer = keras.layers.Bidirectional(layer)
    made = keras.Sequential([keras.Input((STEPS, INPUTS)), layer])
    weights = np.random.default_rng(2)
    made.set_weights([weights.normal(0, 0.7, each.shape) for each in made.get_weights()])
    return made


def as_hls(made, backend, runs=True):
    with contextlib.redirect_stdout(sys.stderr):
        options = hls4ml.utils.config_from_keras_model(
            made, granularity="name", backend=backend, default_precision="fixed<32,10>")
        network = hls4ml.converters.convert_from_keras_model(
            made, hls_config=options, backend=backend, output_dir=next(folders))
        layer = list(network.get_layers())[-1]
        if not runs:
            return layer
        network.compile()
        return network.predict(x).reshape(len(x), STEPS, -1), layer


def keras_of(made, x=x):
    return np.asarray(made(x))


def reset_after(made):
    """The states, in float64, by the equation of Keras' other form with the same weights and no biases."""
    W, R = (each.astype(float) for each in made.get_weights())
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h, states = np.zeros((len(x), HIDDEN)), []
    for step in x.astype(float).transpose(1, 0, 2):
        update, reset, new = np.split(step @ W, 3, axis=1)
        from_update, from_reset, from_new = np.split(h @ R, 3, axis=1)
        keep = sigmoid(update + from_update)
        h = keep * h + (1 - keep) * np.tanh(new + sigmoid(reset + from_reset) * from_new)
        states.append(h)
    return np.array(states).transpose(1, 0, 2)


changed = False
off = lambda a, b: float(np.abs(a - b).max())


def see(what, seen, expected, other=None):
    """`seen` is `expected`, and is not what Keras gives, `other`."""
    global changed
    as_described = off(seen, expected) < 0.03 and (other is None or off(seen, other) > 0.1)
    print("as described:" if as_described else "NOT as described:", what, f"{off(seen, expected):.2g}",
          "" if other is None else f"(from Keras {off(seen, other):.2g})")
    changed |= not as_described


for backend in ["Vivado", "Vitis"]:
    for kind in ["LSTM", "GRU"]:
        plain, backward = model(kind), model(kind, go_backwards=True)
        see(f"{backend}, {kind}: from Keras", as_hls(plain, backend)[0], keras_of(plain))
        see(f"{backend}, {kind}, go_backwards: from forward", as_hls(backward, backend)[0], keras_of(plain),
            keras_of(backward))
        changed |= off(keras_of(backward), keras_of(plain, x[:, ::-1])) > 1e-4
    both = model("LSTM", bidirectional=True)
    see(f"{backend}, LSTM, bidirectional: from Keras", as_hls(both, backend)[0], keras_of(both))
    before = model("GRU", reset_after=False, use_bias=False)
    seen, layer = as_hls(before, backend)
    see(f"{backend}, GRU, reset_after=False: from reset_after=True", seen, reset_after(before), keras_of(before))
    print("apply_reset_gate:", layer.get_attr("apply_reset_gate"))
    changed |= layer.get_attr("apply_reset_gate") != "before"
    biased = model("GRU", reset_after=False)
    layer, bias = as_hls(biased, backend, runs=False), biased.get_weights()[2]
    held = [layer.get_weights(name).data for name in ("bias", "recurrent_bias")]
    print(f"of the bias {bias}: {held}")
    changed |= [each.size for each in held] != [1, 1] or off(np.array(held), bias[:2]) > 1e-6
sys.exit("this has changed" if changed else 0)
PYTHON
