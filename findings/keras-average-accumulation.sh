#!/usr/bin/env bash
# Keras 3.15.1: with accumulated gradients the moving average of the weights moves at each batch, not at each update.
#
# One expects gradient_accumulation_steps=k to give what one batch k times as large gives: the documentation says that "model
# and optimizer variables will not be updated at every step", but at every k-th. With use_ema=True and the backend JAX
#   - the average, an optimizer variable, is updated at each step, k times an update: it forgets by ema_momentum to the
#     power of k. Of weights 1, 2, ... 10 the average by 0.9 is 4.49, with k = 2 it is 5.97, with k = 4 it is 7.44;
#   - with ema_overwrite_frequency=3 the weights are overwritten by the average at each of the third update's batches, so
#     before that update too: the gradients gathered for it are those of two models.
# The weights themselves, without overwriting, are the same to 1e-6 for each k, in SGD and in Adam. Nothing is said.
#
# Who halves the batch to fit the memory, and doubles k, gets an average over half as many updates. Keep the average oneself,
# at each k-th batch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 jax==0.10.2 keras==3.15.1
KERAS_BACKEND=jax KERAS_HOME="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import jax.numpy as jnp
import keras
import numpy as np

UPDATES, MOMENTUM = 10, 0.9
changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


def run(steps, kind=keras.optimizers.SGD, gradients=-np.ones(UPDATES), **options):
    """The weight and its average after each batch; a batch of each update has the same gradient."""
    optimizer = kind(1.0, use_ema=True, ema_momentum=MOMENTUM,
                     gradient_accumulation_steps=steps if steps > 1 else None, **options)
    weight = keras.Variable(np.zeros(1, np.float32), name="weight")
    optimizer.build([weight])
    average, = [each for each in optimizer.variables if "average" in each.path]
    made = []
    for gradient in np.repeat(gradients, steps):
        optimizer.apply([jnp.full(1, gradient, jnp.float32)], [weight])
        made.append([float(each.value[0]) for each in (weight, average)])
    return np.array(made)


def averages(weights, momentum):
    made = weights[:1]
    for weight in weights[1:]:
        made = np.append(made, momentum * made[-1] + (1 - momentum) * weight)
    return made


near = lambda a, b: float(np.abs(a - b).max()) < 1e-5
weights = np.arange(1.0, UPDATES + 1)
for steps in (1, 2, 4):
    made = run(steps)
    right, each_batch = averages(weights, MOMENTUM)[-1], averages(made[steps - 1:, 0], MOMENTUM)[-1]
    see(f"k = {steps}: the average is {made[-1, 1]:.3f}, right is {right:.3f}", near(made[-1, 1], each_batch)
        and near(made[steps - 1::steps, 0], weights) and near(made[-1, 1], right) == (steps == 1))
documented = "will not be updated at every step" in " ".join((keras.optimizers.SGD.__doc__ or "").split())
see("the documentation says that it does not move at every step", documented)

random = np.random.default_rng(1).normal(size=UPDATES)
for kind in (keras.optimizers.SGD, keras.optimizers.Adam):
    alone, *gathered = [run(steps, kind, random)[steps - 1::steps] for steps in (1, 2, 4)]
    see(f"{kind.__name__}: the same weights, other averages",
        all(near(each[:, 0], alone[:, 0]) and not near(each[:, 1], alone[:, 1]) for each in gathered))
    for steps in (2, 4):
        made = run(steps, kind, random)
        within = made[steps:].reshape(-1, steps, 2)  # the batches of each update but the first
        see(f"  k = {steps}: the average moves where the weights stand", near(within[:, :-1, 0], made[steps - 1:-1:steps, :1])
            and (np.abs(within[1:, 0, 1] - made[2 * steps - 1:-1:steps, 1]) > 1e-3).all())

alone = run(1, ema_overwrite_frequency=3)[:, 0]
see(f"overwriting, k = 1: after the third update, {alone[:4].round(2).tolist()}", near(alone[:3], [1, 2, 1.29]))
made = run(4, ema_overwrite_frequency=3)[:, 0]
third = made[8:12]
see(f"overwriting, k = 4: at the third update's batches, {third.round(2).tolist()}", near(made[7], 2)
    and near(third[:3], 1.19) and near(third[3], 1.29))
sys.exit("this has changed" if changed else 0)
PYTHON
