#!/usr/bin/env bash
# jax2onnx 0.17.1: one_hot of -1, in JAX a row of zeros, is the last character in the ONNX file; slices shrink.
#
# One expects the file to compute what the function computes, also where JAX gives a meaning to what is out of range. The
# converter writes operators of ONNX that mean something else, and no warning:
#   - jax.nn.one_hot(-1, n) is all zeros: so padding, commonly -1, drops out of a sum. It becomes OneHot, which counts -1
#     from the end, as it does -n to -2. Zero or more and below -n is right;
#   - lax.dynamic_slice (dynamic_slice_in_dim, dynamic_index_in_dim) moves a window that leaves the array until it fits,
#     and so always gives as many rows. It becomes Slice, which cuts: of 2 rows from row 4 of 5 one is left, of row 7
#     none. dynamic_update_slice and jnp.take(mode="clip" and "wrap") are right.
# The files pass onnx's checker; ONNX Runtime 1.32.0 computes them as the standard says.
#
# A loss whose targets are padded with -1 grows with it. Write jnp.where(x[..., None] < 0, 0, one_hot(x, n)), and
# jnp.clip the start of a slice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 jax==0.10.2 flax==0.12.8 jax2onnx==0.17.1
cd "$folder"
venv/bin/python -W ignore - 2> errors <<'PYTHON' || { tail -n 5 errors >&2; exit 1; }
import sys

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from jax import lax
from jax2onnx import to_onnx

VOCABULARY = 4
characters = np.array([0, 3, -1, -2, -4, -5, 4], np.int32)
numbers = np.arange(15, dtype=np.float32).reshape(5, 3)
logits = np.random.default_rng(1).normal(size=(5, VOCABULARY)).astype(np.float32)
targets, padded = np.array([2, 0, 1, 3, 3], np.int32), np.array([2, 0, 1, -1, -1], np.int32)
start = lambda value: np.array(value, np.int32)


def loss(logits, targets):
    return -(jax.nn.one_hot(targets, VOCABULARY) * jax.nn.log_softmax(logits)).sum()


def mended(x):
    return jnp.where(x[..., None] < 0, 0, jax.nn.one_hot(x, VOCABULARY))


def window(x, at):
    return lax.dynamic_slice(x, (at, 0), (2, 3))


def mended_window(x, at):
    return window(x, jnp.clip(at, 0, 3))


def row(x, at):
    return lax.dynamic_index_in_dim(x, at, 0)


def updated(x, at):
    return lax.dynamic_update_slice(x, jnp.zeros((2, 3)), (at, 0))


def taken(x, at):
    return jnp.take(x, at, axis=0, mode="clip")


hot = lambda *rows: np.array([[float(character == each) for each in range(VOCABULARY)] for character in rows], np.float32)
surprising = -np.asarray(jax.nn.log_softmax(logits))[range(5), [2, 0, 1, 3, 3]].sum()
cases = {  # what JAX gives is asked of JAX, what comes of the file is the last entry, or None where it is the same
    "one_hot": (lambda x: jax.nn.one_hot(x, VOCABULARY), [characters], hot(0, 3, 3, 2, 0, 9, 9)),
    "one_hot, mended": (mended, [characters], None),
    "loss": (loss, [logits, targets], None),
    "loss, padded": (loss, [logits, padded], np.asarray(surprising)),
    "window at 2": (window, [numbers, start(2)], None),
    "window at 4": (window, [numbers, start(4)], numbers[4:]),
    "window at -1": (window, [numbers, start(-1)], numbers[4:]),
    "window at 4, mended": (mended_window, [numbers, start(4)], None),
    "row 7": (row, [numbers, start(7)], numbers[:0]),
    "update at 4": (updated, [numbers, start(4)], None),
    "take 7": (taken, [numbers, start([7, -2])], None),
}
right = {name: np.asarray(function(*map(jnp.asarray, inputs))) for name, (function, inputs, _) in cases.items()}
assert np.array_equal(right["one_hot"], hot(0, 3, 9, 9, 9, 9, 9)) and np.array_equal(right["window at 4"], numbers[3:])
same = lambda a, b: a.shape == b.shape and np.allclose(a, b, atol=1e-5)
changed = False
for name, (function, inputs, expected) in cases.items():
    made = to_onnx(function, [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in inputs])
    onnx.checker.check_model(made)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    seen = session.run(None, {each.name: value for each, value in zip(session.get_inputs(), inputs)})[0]
    as_described = same(seen, right[name] if expected is None else expected) and (
        expected is None or not same(seen, right[name]))
    text = lambda a: str(a.tolist())
    print("as described:" if as_described else "NOT as described:", name,
          "is right" if same(seen, right[name]) else f"\n  JAX  {text(right[name])}\n  ONNX {text(seen)}")
    changed |= not as_described
sys.exit("this has changed" if changed else 0)
PYTHON
