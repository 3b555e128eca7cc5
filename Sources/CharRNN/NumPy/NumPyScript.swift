/// The program that ``Checkpoint/writeNumPy(to:)`` puts beside the weights; the same for every model.
let numPyScript = #"""
    """Lets the network of weights.npz, beside this file, write:  python sample.py [LENGTH [TEMPERATURE [PRIME]]]"""
    import json
    import pathlib
    import sys

    import numpy as np

    weights = np.load(pathlib.Path(__file__).with_name("weights.npz"))
    configuration = json.loads(bytes(weights["configuration"]))
    kind, tokens = configuration["vocabulary"]["kind"], configuration["vocabulary"]["tokens"]
    # Stands for all scalars that have no token of their own.
    unknown = configuration["vocabulary"].get("unknown") if kind == "scalars" else None
    layers = []
    for layer in range(configuration["layerCount"]):
        w, u, b, c = (weights.get(f"rnn.{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        # Every gate has two biases, but a mingru has no weight_hh and no bias_hh.
        layers.append((w, u, b if c is None else b + c))
    decoder, decoder_bias = weights["decoder.weight"], weights["decoder.bias"]
    size = configuration["hiddenSize"]


    def sigmoid(x):
        return 0.5 + 0.5 * np.tanh(0.5 * x)


    def lstm(inputs, state, u, bias):
        i, f, g, o = np.split(inputs + u @ state[0] + bias, 4)
        memory = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
        return np.stack([sigmoid(o) * np.tanh(memory), memory])


    def gru(inputs, state, u, bias):
        h, gates = state[0], 2 * size
        r, z = np.split(sigmoid(inputs[:gates] + u[:gates] @ h + bias[:gates]), 2)
        n = np.tanh(inputs[gates:] + u[gates:] @ (r * h) + bias[gates:])
        return np.stack([z * n + (1 - z) * h])


    def rnn(inputs, state, u, bias):
        return np.stack([np.tanh(inputs + u @ state[0] + bias)])


    def mingru(inputs, state, u, bias):
        z, n = np.split(inputs + bias, 2)
        return np.stack([sigmoid(z) * n + (1 - sigmoid(z)) * state[0]])


    def mogrifier(inputs, state, u, bias):
        h, (q, r, of_x1, of_h1) = state[0], np.split(u, [size, 2 * size, 6 * size])
        for_q, for_r, for_lstm, for_x = np.split(bias, [size, 2 * size, 6 * size])
        x1 = 2 * sigmoid(q @ h + for_q) * (inputs + for_x)
        h1 = 2 * sigmoid(r @ x1 + for_r) * h
        # What they have become enters an LSTM.
        return lstm(of_x1 @ x1, np.stack([h1, state[1]]), of_h1, for_lstm)


    cell = {"lstm": lstm, "gru": gru, "rnn": rnn, "mingru": mingru, "mogrifier": mogrifier}[configuration["cell"]]


    def start():
        """The states before a text."""
        return [np.zeros((2 if cell in (lstm, mogrifier) else 1, size), np.float32) for _ in layers]


    def read(states, number):
        """Reads a token; the logits of what follows, and the states after it. The input is one-hot: a column of W."""
        after, x = [], None
        for state, (w, u, bias) in zip(states, layers):
            after.append(cell(w[:, number] if x is None else w @ x, state, u, bias))
            x = after[-1][0]
        return decoder @ x + decoder_bias, after


    if __name__ == "__main__":
        length, temperature, prime = (sys.argv[1:] + ["500", "0.8", ""][len(sys.argv) - 1:])[:3]
        logits, states, generator = np.zeros(len(tokens)), start(), np.random.default_rng()
        for token in prime.encode() if kind == "bytes" else prime:
            logits, states = read(states, tokens.index(token if token in tokens else unknown or token))
        written = prime.encode()
        for _ in range(int(length)):
            p = np.exp((logits - logits.max()) / max(float(temperature), 1e-9))
            number = generator.choice(len(tokens), p=p / p.sum())
            written += bytes([tokens[number]]) if kind == "bytes" else tokens[number].encode()
            logits, states = read(states, number)
        sys.stdout.buffer.write(written + b"\n")

    """#
