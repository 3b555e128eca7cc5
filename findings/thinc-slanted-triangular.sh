#!/usr/bin/env bash
# thinc 9.1.1: after its number of steps the slanted triangular schedule gives negative learning rates.
#
# One expects slanted_triangular(max_rate, num_steps), "an infinite series of values" by its documentation, to stay at its
# least value, max_rate / ratio, or to end, once num_steps are done: Howard and Ruder's paper has no step after the last.
# Its line goes on instead. Of num_steps = 100 and max_rate = 0.01 step 99 has 0.0002, step 102 a rate below 0, step 110
# -0.0009 and step 1000 -0.097, ten times the greatest. Optimizer takes it as it is, so that SGD then climbs: a number
# that is learnt to a loss of 1e-3 is farther away 300 steps later than at the beginning. Nothing is said. Up to the last
# step the values are the paper's, to 1e-9; warmup_linear, beside it, stays at 0.
#
# A run that goes on for some epochs more, or whose batches were counted too few, unlearns what it has learnt. Stop at
# num_steps, or give a Schedule of one's own that takes the greater of it and max_rate / ratio.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 thinc==9.1.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from thinc.api import Optimizer, slanted_triangular, warmup_linear

changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


def of_paper(step, most, steps, fraction, ratio):
    """Howard and Ruder's third equation, of the steps 1 to `steps`."""
    cut = int(steps * fraction)
    p = step / cut if step < cut else 1 - (step - cut) / (cut * (1 / fraction - 1))
    return most * (1 + p * (ratio - 1)) / ratio


for most, steps, options in [(0.01, 100, {}), (1.0, 1000, {"cut_frac": 0.2, "ratio": 10})]:
    fraction, ratio = options.get("cut_frac", 0.1), options.get("ratio", 32)
    schedule = slanted_triangular(most, steps, **options)
    rates = np.array([schedule(step) for step in range(10 * steps + 1)])
    during = [of_paper(step + 1, most, steps, fraction, ratio) for step in range(steps)]
    see(f"{steps} steps: the paper's values", np.abs(rates[:steps] - during).max() < 1e-9 and rates[:steps].min() > 0)
    below = int(np.argmax(rates < 0))
    see(f"  step {below}: {rates[below]:.1e}, later ones fall on", steps < below < 1.2 * steps and (rates[below:] < 0).all()
        and (np.diff(rates[steps:]) < 0).all())
    see(f"  step {10 * steps}: {rates[-1]:.2g}", rates[-1] < -most)
    linear = warmup_linear(most, steps // 10, steps)
    see("  warmup_linear: 0", all(linear(step) == 0 for step in (steps, 2 * steps, 10 * steps)))

optimizer = Optimizer(slanted_triangular(0.05, 100), L2=0.0, beta1=0.0, beta2=0.0, grad_clip=0.0, use_averages=False)
slope, losses = np.zeros(1, np.float32), []
for step in range(401):
    losses.append(float((slope[0] - 3) ** 2))  # 3 is to be learnt
    slope, _ = optimizer((0, "slope"), slope, 2 * (slope - 3))
    optimizer.step_schedules()
see(f"SGD: a loss of {losses[0]:.0f}, after 100 steps {losses[100]:.0e}, after 400 {losses[400]:.2g}",
    losses[100] < 1e-3 and losses[400] > losses[0])
sys.exit("this has changed" if changed else 0)
PYTHON
