#!/usr/bin/env python3
"""Writes traces.json: the activations that PyTorch's modules have while they read a text.

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install torch==2.13.0 safetensors numpy
    /tmp/reference/bin/python traces.py > traces.json

The weights are those of lstm.safetensors and rnn.safetensors, in double precision. torch.nn.LSTM answers with h after
every step; c comes from reading a step at a time. The gates are computed from h and c by PyTorch's own equations
(documentation of torch.nn.LSTM), and must give the same c again.
"""
import json
import os

import torch
from safetensors import safe_open

FOLDER = os.path.dirname(os.path.abspath(__file__))
TEXT = "The clerk reads.\n"


def load(cell):
    with safe_open(os.path.join(FOLDER, f"{cell}.safetensors"), "pt") as file:
        tensors = {name: file.get_tensor(name).double() for name in file.keys()}
        configuration = json.loads(file.metadata()["configuration"])
    return tensors, configuration


def rounded(matrix):
    return [[round(float(x), 9) for x in row] for row in matrix]


def trace(cell):
    tensors, configuration = load(cell)
    tokens = configuration["vocabulary"]["tokens"]
    size, hidden, layers = len(tokens), configuration["hiddenSize"], configuration["layerCount"]
    kind = {"lstm": torch.nn.LSTM, "rnn": torch.nn.RNN}[cell]
    ids = torch.tensor([tokens.index(c) for c in TEXT])
    x = torch.nn.functional.one_hot(ids, size).double()
    result = {"hidden": [], "cell": [], "gates": []}
    for layer in range(layers):
        module = kind(x.shape[1], hidden).double()
        module.load_state_dict({
            f"{name}_l0": tensors[f"rnn.{name}_l{layer}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
        with torch.no_grad():
            outputs = module(x)[0]
            result["hidden"].append(rounded(outputs))
            if cell == "lstm":
                state, cells, gates = None, [], []
                for step in range(len(x)):
                    before = (torch.zeros(1, hidden).double(),) * 2 if state is None else state
                    output, state = module(x[step:step + 1], state)
                    arguments = (x[step] @ module.weight_ih_l0.T + module.bias_ih_l0
                                 + before[0][0] @ module.weight_hh_l0.T + module.bias_hh_l0)
                    i, f, g, o = arguments.chunk(4)
                    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
                    assert torch.allclose(f * before[1][0] + i * g, state[1][0], atol=1e-12)
                    assert torch.allclose(output[0], outputs[step], atol=1e-12)
                    cells.append(state[1][0])
                    gates.append((i, f, g, o))
                result["cell"].append(rounded(cells))
                result["gates"].append({name: rounded([g[k] for g in gates]) for k, name in enumerate("ifgo")})
            x = outputs
    logits = x @ tensors["decoder.weight"].T + tensors["decoder.bias"]
    probabilities = logits.log_softmax(-1)
    result["entropy"] = rounded([-(probabilities.exp() * probabilities).sum(-1)])[0]
    result["surprise"] = rounded([[-probabilities[t, ids[t + 1]] for t in range(len(TEXT) - 1)]])[0]
    best = probabilities.topk(5)
    result["likeliest"] = [[tokens[i] for i in row] for row in best.indices.tolist()]
    result["probabilities"] = rounded(best.values.exp())
    return result


print(json.dumps({"text": TEXT, **{cell: trace(cell) for cell in ("lstm", "rnn")}}))
