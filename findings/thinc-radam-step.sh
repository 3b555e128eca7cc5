#!/usr/bin/env bash
# thinc 9.1.1: RAdam is one step ahead in its count, so its first updates are half of what they should be.
#
# One expects thinc.api.RAdam to be Liu and others' algorithm: step t divides the moments by 1 - beta^t. Optimizer has
# counted the step when it calls its RAdam, which adds one more, to t + 1. So
#   - the first update, which should be the learning rate times the gradient, is 0.526 of it (0.1 / (1 - 0.9²)), the second
#     0.70, and the bias is there until beta1^t has died out;
#   - the rectification begins one step early, with the wrong factor.
# All steps are the algorithm's with t + 1 for t, to 1e-6 of NumPy's in float64. Adam beside it counts right: its first
# update is the learning rate. The documentation has no word of it.
#
# Rates found with another library's RAdam do not carry over, and each parameter that joins later (a key of its own) begins
# so anew. It cannot be set; take Adam with warmup_linear.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 thinc==9.1.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from thinc.api import Adam, RAdam

RATE, STEPS, SIZE = 0.01, 60, 5
changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


def of_thinc(kind, gradients, **options):
    optimizer = kind(RATE, L2=0.0, grad_clip=0.0, use_averages=False, eps=1e-8, **options)
    weights, made = np.zeros(SIZE, np.float32), [np.zeros(SIZE)]
    for gradient in gradients:
        weights, _ = optimizer((0, "W"), weights, gradient.copy())
        optimizer.step_schedules()
        made.append(weights.astype(float))
    return np.diff(made, axis=0)  # the updates


def of_paper(gradients, beta1, beta2, ahead=0, rectified=True):
    """The updates of RAdam, or of Adam, with `ahead` added to the number of the step."""
    first, second, updates = np.zeros(SIZE), np.zeros(SIZE), []
    longest = 2 / (1 - beta2) - 1
    for step, gradient in enumerate(gradients.astype(float), 1 + ahead):
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient**2
        mean, root = first / (1 - beta1**step), np.sqrt(second / (1 - beta2**step))
        length = longest - 2 * step * beta2**step / (1 - beta2**step)
        if not rectified:
            updates.append(-RATE * mean / root)
        elif length < 5:
            updates.append(-RATE * mean)
        else:
            factor = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            updates.append(-RATE * np.sqrt(factor) * mean / root)
    return np.array(updates)


near = lambda a, b: float(np.abs(a - b).max()) < 1e-6
random = np.random.default_rng(1)
gradients = random.normal(size=(STEPS, SIZE)).astype(np.float32)
for beta1, beta2 in [(0.9, 0.999), (0.9, 0.99), (0.5, 0.95)]:
    betas = {"beta1": beta1, "beta2": beta2}
    updates, right = of_thinc(RAdam, gradients, **betas), of_paper(gradients, **betas)
    see(f"{betas}: the algorithm's updates with t + 1 for t", near(updates, of_paper(gradients, **betas, ahead=1)))
    see("  not the algorithm's", not near(updates, right))
    part = updates[0] / right[0]
    see(f"  the first: {part[0]:.3f} of what is right", np.abs(part - (1 - beta1) / (1 - beta1**2)).max() < 1e-4)
    see("  Adam: right", near(of_thinc(Adam, gradients, **betas), of_paper(gradients, **betas, rectified=False)))
sys.exit("this has changed" if changed else 0)
PYTHON
