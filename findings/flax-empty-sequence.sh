#!/usr/bin/env bash
# flax 0.12.8 and JAX 0.10.2: the state after a sequence of length 0 is that after all its padding, not its first one.
#
# One expects a recurrent network that is given the lengths of its sequences to leave the state of an empty one as it was,
# as a loop of no steps does: so a batch can go on in which some text has nothing left to read. flax.nnx.RNN and
# flax.linen.RNN (return_carry=True, seq_lengths) and jax.experimental.rnn.lstm_ref take the state at step length - 1, and
# -1 is the last. So the state has read the padding, whatever that is; with numbers that mean nothing there it is NaN.
# The states of sequences of one step and more are right to 1e-4. Nothing is said.
#
# Whoever carries states from chunk to chunk and gives lengths must keep the old state of a sequence that has ended:
# jnp.where(lengths[:, None] > 0, new, old).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 jax==0.10.2 flax==0.12.8
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx
from jax.experimental import rnn

BATCH, STEPS, INPUTS, HIDDEN = 3, 5, 4, 6
LENGTHS = [5, 0, 2]
key = jax.random.key
x = jax.random.normal(key(1), (BATCH, STEPS, INPUTS))
lengths = jnp.array(LENGTHS, jnp.int32)
began = jax.random.normal(key(2), (BATCH, HIDDEN)), jax.random.normal(key(3), (BATCH, HIDDEN))


def by_hand(step, states, x, count):
    """The states of one sequence after its first `count` steps."""
    for t in range(count):
        states = step(states, x[None, t])
    return states


def of_nnx(kind, states, x):
    cell = kind(in_features=INPUTS, hidden_features=HIDDEN, rngs=nnx.Rngs(0))
    return (nnx.RNN(cell, return_carry=True)(x, initial_carry=states, seq_lengths=lengths)[0],
            lambda states, x: cell(states, x)[0])


def of_linen(kind, states, x):
    network = linen.RNN(kind(HIDDEN), return_carry=True)
    weights = network.init(key(4), x)
    cell, inner = kind(HIDDEN), {"params": weights["params"]["cell"]}
    return (network.apply(weights, x, initial_carry=states, seq_lengths=lengths)[0],
            lambda states, x: cell.apply(inner, states, x)[0])


def of_jax(_, states, x):
    parts = rnn.unpack_lstm_weights(rnn.init_lstm_weight(key(5), INPUTS, HIDDEN, 1, False), INPUTS, HIDDEN, 1, False)

    def run(states, x, lengths):
        h, c = states
        _, h, c = rnn.lstm_ref(x, h[None], c[None], *parts, lengths, INPUTS, HIDDEN, 1, 0.0, False)
        return h[0], c[0]

    return run(states, x, lengths), lambda states, x: run(states, x[:, None], jnp.ones(1, jnp.int32))


changed = False
near = lambda a, b: float(np.abs(np.asarray(a) - np.asarray(b)).max()) < 1e-4
for run, kind in [(of_nnx, nnx.LSTMCell), (of_nnx, nnx.GRUCell), (of_linen, linen.LSTMCell), (of_linen, linen.GRUCell),
                  (of_jax, None)]:
    name = f"{run.__name__} {kind.__name__ if kind else 'lstm_ref'}"
    states = began[0] if kind and kind.__name__ == "GRUCell" else began
    leaves = lambda states: jnp.stack(jax.tree.leaves(states))
    seen, step = run(kind, states, x)
    seen = leaves(seen)
    for at, length in enumerate(LENGTHS):
        one = jax.tree.map(lambda each: each[at:at + 1], states)
        after = {count: leaves(by_hand(step, one, x[at], count))[:, 0] for count in (length, STEPS)}
        as_described = near(seen[:, at], after[length or STEPS]) and (length > 0 or not near(seen[:, at], after[0]))
        print("as described:" if as_described else "NOT as described:", f"{name}, length {length}: the state is",
              "right" if near(seen[:, at], after[length]) else "that after the padding")
        changed |= not as_described
    rubbish = x.at[1].set(jnp.nan)  # that sequence is empty, so nothing of it may be read
    as_described = bool(jnp.isnan(leaves(run(kind, states, rubbish)[0])[:, 1]).all())
    print("as described:" if as_described else "NOT as described:", f"{name}: with NaN for padding it is NaN")
    changed |= not as_described
sys.exit("this has changed" if changed else 0)
PYTHON
