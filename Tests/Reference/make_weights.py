"""Writes lstm.safetensors, gru.safetensors and rnn.safetensors: char-rnn's first weights for seed 123 over text.txt; and
with weights of their own embedded.safetensors, an LSTM whose tokens are embedded, and the cells that char-rnn has not.

    python make_weights.py

The numbers come from numpy's MT19937, which is Torch's generator, so that they are a check on the package's own. Torch
first draws one number a parameter for its layers' own weights, which char-rnn throws away; then it draws all
parameters from +-0.08 in the order of its graph: per layer the matrices listed below, each followed by its bias, and
the decoder. An LSTM's input biases of the forget gates are 1.
"""
import json
import os

import numpy
from safetensors.numpy import save_file

HIDDEN, LAYERS, SEED = 12, 2, 123
FOLDER = os.path.dirname(os.path.abspath(__file__))

# Gates by their place in our files: LSTM i, f, g, o; GRU r, z, n. Each matrix: input or recurrent, and its gates.
ORDER = {
    "lstm": [("ih", [0, 1, 3, 2]), ("hh", [0, 1, 3, 2])],
    "gru": [("ih", [1]), ("hh", [1]), ("ih", [2]), ("ih", [0]), ("hh", [0]), ("hh", [2])],
    "rnn": [("ih", [0]), ("hh", [0])],
}
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
# Rows of the other cells' matrices and biases, as multiples of the units.
OTHERS = {
    "mingru": {"weight_ih": 2, "bias_ih": 2},
    "mogrifier": {"weight_ih": 1, "weight_hh": 10, "bias_ih": 7, "bias_hh": 7},
}


def other_weights(cell, size):
    """So large that gates open and close."""
    shapes = {}
    for layer in range(LAYERS):
        columns = {"weight_ih": (size if layer == 0 else HIDDEN,), "weight_hh": (HIDDEN,)}
        for name, rows in OTHERS[cell].items():
            shapes[f"rnn.{name}_l{layer}"] = (rows * HIDDEN,) + columns.get(name, ())
    shapes |= {"decoder.weight": (size, HIDDEN), "decoder.bias": (size,)}
    generator = numpy.random.RandomState(SEED)
    return {name: generator.uniform(-0.7, 0.7, shape).astype(numpy.float32) for name, shape in shapes.items()}


def weights(cell, size, embedding=None):
    tensors = {}
    for layer in range(LAYERS):
        for kind, inputs in (("ih", (embedding or size) if layer == 0 else HIDDEN), ("hh", HIDDEN)):
            tensors[f"rnn.weight_{kind}_l{layer}"] = numpy.zeros((GATES[cell] * HIDDEN, inputs), numpy.float32)
            tensors[f"rnn.bias_{kind}_l{layer}"] = numpy.zeros(GATES[cell] * HIDDEN, numpy.float32)
    tensors["decoder.weight"] = numpy.zeros((size, HIDDEN), numpy.float32)
    tensors["decoder.bias"] = numpy.zeros(size, numpy.float32)

    generator = numpy.random.RandomState(SEED)

    def draw(shape):
        words = generator.randint(0, 2**32, size=shape, dtype=numpy.uint32)
        return words * 2.0**-32 * 0.16 - 0.08

    draw(sum(t.size for t in tensors.values()))
    for layer in range(LAYERS):
        for kind, gates in ORDER[cell]:
            rows = numpy.concatenate([numpy.arange(g * HIDDEN, (g + 1) * HIDDEN) for g in gates])
            weight = tensors[f"rnn.weight_{kind}_l{layer}"]
            weight[rows] = draw((len(rows), weight.shape[1]))
            tensors[f"rnn.bias_{kind}_l{layer}"][rows] = draw(len(rows))
        if cell == "lstm":
            tensors[f"rnn.bias_ih_l{layer}"][HIDDEN : 2 * HIDDEN] = 1
    tensors["decoder.weight"][:] = draw((size, HIDDEN))
    tensors["decoder.bias"][:] = draw(size)
    if embedding:
        tensors["embedding.weight"] = generator.standard_normal((size, embedding)).astype(numpy.float32)
    return tensors


with open(os.path.join(FOLDER, "text.txt"), encoding="utf-8", newline="") as file:
    tokens = sorted(set(file.read()))
for name, cell, embedding in [(cell, cell, None) for cell in ORDER | OTHERS] + [("embedded", "lstm", 5)]:
    configuration = {
        "cell": cell, "vocabulary": {"kind": "scalars", "tokens": tokens}, "hiddenSize": HIDDEN,
        "layerCount": LAYERS, "dropout": 0}
    if embedding:
        configuration["embeddingSize"] = embedding
    metadata = {"format": "char-rnn checkpoint 1", "configuration": json.dumps(configuration), "options": "{}"}
    path = os.path.join(FOLDER, f"{name}.safetensors")
    tensors = other_weights(cell, len(tokens)) if cell in OTHERS else weights(cell, len(tokens), embedding)
    save_file(tensors, path, metadata)
    os.chmod(path, 0o644)  # save_file makes it private
