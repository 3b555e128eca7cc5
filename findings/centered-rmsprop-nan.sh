#!/usr/bin/env bash
# Keras 3.15.1 and optax 0.2.8: centered RMSProp makes NaN of a gradient that stays the same.
#
# One expects the variance in the centered form, the mean of the squares less the square of the mean, not to fall below 0,
# as no variance does; then the square root with its epsilon is a number. In float32 it does fall below, by the rounding of
# the two means, once the gradient has been the same for some hundred steps: keras.optimizers.RMSprop(centered=True) and
# optax.rmsprop(centered=True), with eps_in_sqrt or without, take the root of it as it is. Of 1000 constant gradients of 1
# to 100 more than a twentieth are NaN after 400 steps at rho = 0.9, and stay so; all numbers given are finite and of
# ordinary size, the epsilons (1e-7 and 1e-8) are the libraries' own. The same formula in float64, and both libraries
# without centered, give a number for each. With the epsilon in the root small gradients, to 1e-3, are safe; without none
# is. Neither documentation has a word of it.
#
# A bias that a loss pulls one way is lost so, and by the next forward pass all is. Leave centered out, or keep the epsilon
# in the root and give it a millionth of the largest square of a gradient.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 jax==0.10.2 keras==3.15.1 optax==0.2.8
KERAS_BACKEND=jax KERAS_HOME="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

RATE, RHO, COUNT, STEPS = 0.001, 0.9, 1000, 400
changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


def of_keras(gradients, **options):
    optimizer = keras.optimizers.RMSprop(RATE, rho=RHO, **options)
    weights = keras.Variable(np.zeros(COUNT, np.float32))
    optimizer.build([weights])
    for _ in range(STEPS):
        optimizer.apply([jnp.asarray(gradients)], [weights])
    return np.array(weights.value)


def of_optax(gradients, **options):
    optimizer = optax.rmsprop(RATE, decay=RHO, **options)
    weights = jnp.zeros(COUNT)
    state, update = optimizer.init(weights), jax.jit(optimizer.update)
    for _ in range(STEPS):
        step, state = update(jnp.asarray(gradients), state)
        weights = optax.apply_updates(weights, step)
    return np.array(weights)


def in_float64(gradients, epsilon):
    gradients = gradients.astype(float)
    square, mean, weights = np.zeros(COUNT), np.zeros(COUNT), np.zeros(COUNT)
    for _ in range(STEPS):
        square = RHO * square + (1 - RHO) * gradients**2
        mean = RHO * mean + (1 - RHO) * gradients
        weights -= RATE * gradients / np.sqrt(square - mean**2 + epsilon)
    return weights


gradients = np.random.default_rng(1).uniform(1, 100, COUNT).astype(np.float32)
lost = lambda weights: int(np.isnan(weights).sum())
for name, run, options in [("Keras", of_keras, {}), ("optax", of_optax, {}), ("optax", of_optax, {"eps_in_sqrt": False})]:
    seen = run(gradients, centered=True, **options)
    see(f"{name}{options or ''}, centered: {lost(seen)} of {COUNT} weights are NaN", COUNT / 20 < lost(seen) < COUNT / 2)
    see("  not centered: none", lost(run(gradients, **options)) == 0)
    small = run(gradients / np.float32(1e5), centered=True, **options)
    see(f"  gradients of 1e-5 to 1e-3: {lost(small)}", (lost(small) > 0) == bool(options))
    if not options:
        safe = run(gradients, centered=True, **{"epsilon" if run is of_keras else "eps": 1e-6 * 100**2})
        see("  with the epsilon 0.01: none", lost(safe) == 0)
for epsilon in (1e-7, 1e-8):
    see(f"float64, epsilon {epsilon}: none", np.isfinite(in_float64(gradients, epsilon)).all())
sys.exit("this has changed" if changed else 0)
PYTHON
