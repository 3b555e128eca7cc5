"""One measurement of JAX on the CPU, as a JSON object: the peer of the training of `char-rnn bench`.

    python jax_training.py CELL HIDDEN LAYERS DROPOUT SECONDS

Trains an LSTM, a GRU or an RNN as pytorch.py does, the whole step compiled by XLA: the products of the inputs are one for all
time steps, those of the states are in a scan. XLA takes as many threads as the process may use.
"""
import functools
import json
import sys

import jax
import jax.numpy as jnp

import timing

cell, hidden, layers, dropout, seconds = (
    sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
vocabulary, batch, length = 65, 50, 50
gates = {"lstm": 4, "gru": 3, "rnn": 1}[cell]


def drawn(key, *shape):
    return jax.random.uniform(key, shape, minval=-0.08, maxval=0.08)


def parameters():
    keys = iter(jax.random.split(jax.random.key(1), 4 * layers + 2))
    sizes = [vocabulary] + [hidden] * (layers - 1)
    return {
        "layers": [{"w": drawn(next(keys), size, gates * hidden), "u": drawn(next(keys), hidden, gates * hidden),
                    "b": drawn(next(keys), gates * hidden), "c": drawn(next(keys), gates * hidden)} for size in sizes],
        "decoder": drawn(next(keys), hidden, vocabulary), "bias": drawn(next(keys), vocabulary)}


def step(layer, state, x):
    """One time step of a layer, whose state is h and c."""
    h, c = state
    y = h @ layer["u"] + layer["c"]
    if cell == "rnn":
        h = jnp.tanh(x + y)
    elif cell == "gru":
        (xr, xz, xn), (yr, yz, yn) = jnp.split(x, 3, -1), jnp.split(y, 3, -1)
        z = jax.nn.sigmoid(xz + yz)
        h = (1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + yr) * yn) + z * h
    else:
        i, f, g, o = jnp.split(x + y, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def loss(weights, states, inputs, targets, key):
    after, x = [], None
    for number, (layer, state) in enumerate(zip(weights["layers"], states)):
        # One-hot, so the product is a look-up.
        products = layer["w"][inputs] if x is None else x @ layer["w"]
        state, x = jax.lax.scan(functools.partial(step, layer), state, products + layer["b"])
        after.append(state)
        if dropout > 0 and number < layers - 1:
            x = jnp.where(jax.random.bernoulli(jax.random.fold_in(key, number), 1 - dropout, x.shape), x / (1 - dropout), 0)
    logits = jax.nn.log_softmax(x @ weights["decoder"] + weights["bias"])
    chosen = jnp.take_along_axis(logits, targets[..., None], -1)
    return -chosen.sum() / batch, after


@functools.partial(jax.jit, donate_argnums=(0, 1, 2))
def train(weights, squares, states, inputs, targets, key):
    key, mask = jax.random.split(key)
    (value, states), gradient = jax.value_and_grad(loss, has_aux=True)(weights, states, inputs, targets, mask)
    gradient = jax.tree.map(lambda g: jnp.clip(g, -5, 5), gradient)
    squares = jax.tree.map(lambda s, g: 0.95 * s + 0.05 * g * g, squares, gradient)
    weights = jax.tree.map(lambda w, s, g: w - 2e-3 * g / (jnp.sqrt(s) + 1e-8), weights, squares, gradient)
    return weights, squares, states, key, value


inputs = jax.random.randint(jax.random.key(2), (length, batch), 0, vocabulary)
targets = jax.random.randint(jax.random.key(3), (length, batch), 0, vocabulary)
weights = parameters()
squares = jax.tree.map(jnp.zeros_like, weights)
states = [(jnp.zeros((batch, hidden)), jnp.zeros((batch, hidden))) for _ in range(layers)]
key = jax.random.key(4)


def work():
    global weights, squares, states, key
    weights, squares, states, key, value = train(weights, squares, states, inputs, targets, key)
    return float(value)


work()  # is compiled
print(json.dumps({"seconds_per_batch": timing.median(work, seconds)}))
