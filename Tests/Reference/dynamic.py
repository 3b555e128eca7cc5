"""Dynamic evaluation in PyTorch, in float64: the mean loss of each segment of a text, before the step that it leads to.

    python dynamic.py > dynamic.json

It shares nothing with the Swift package but the files beside it. The rules are those of Krause et al. 2018, "Dynamic
Evaluation of Neural Sequence Models": equation 5 with decay to the trained weights, and equations 6 to 8, in which M are the
mean squares of the gradient over segments of another part of the text.
"""
import json
import pathlib

import torch
from safetensors import safe_open

from train import TorchGRU

here = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
SEGMENT, LENGTH, STATISTICS = 10, 301, slice(1000, 1401)
SGD = {"rate": 0.5, "decay": 0.05}
RMS = {"rate": 0.005, "decay": 0.02, "epsilon": 1e-3}


class Network:
    def __init__(self, file):
        with safe_open(file, "pt") as weights:
            configuration = json.loads(weights.metadata()["configuration"])
            tensors = {name: weights.get_tensor(name).double() for name in weights.keys()}
        self.vocabulary = configuration["vocabulary"]["tokens"]
        self.hidden, self.layers = configuration["hiddenSize"], configuration["layerCount"]
        self.is_lstm = configuration["cell"] == "lstm"
        kind = {"lstm": torch.nn.LSTM, "rnn": torch.nn.RNN, "gru": TorchGRU}[configuration["cell"]]
        size = len(self.vocabulary)
        self.modules = torch.nn.ModuleDict(
            {"rnn": kind(size, self.hidden, self.layers), "decoder": torch.nn.Linear(self.hidden, size)})
        self.modules.load_state_dict({n: t for n, t in tensors.items() if not n.startswith("training.")})
        self.parameters = list(self.modules.parameters())

    def segments(self, text):
        """The mean loss of each segment, whose gradient the parameters have meanwhile."""
        tokens = torch.tensor([self.vocabulary.index(c) for c in text])
        state = torch.zeros(self.layers, 1, self.hidden)
        if self.is_lstm:
            state = (state, state.clone())
        for first in range(0, len(tokens) - SEGMENT, SEGMENT):
            x = torch.nn.functional.one_hot(tokens[first : first + SEGMENT], len(self.vocabulary)).double()
            outputs, state = self.modules["rnn"](x[:, None], state)
            loss = torch.nn.functional.cross_entropy(
                self.modules["decoder"](outputs[:, 0]), tokens[first + 1 : first + SEGMENT + 1])
            self.modules.zero_grad()
            loss.backward()
            state = tuple(s.detach() for s in state) if self.is_lstm else state.detach()
            yield loss.item()


def evaluate(network, text, step):
    losses = []
    for loss in network.segments(text):
        losses.append(loss)
        with torch.no_grad():
            step()
    return losses


def main():
    text = (here / "text.txt").read_text(encoding="utf-8")
    result = {}
    for cell in ["lstm", "gru", "rnn"]:
        file = here / f"{cell}.safetensors"
        network = Network(file)
        trained = [p.detach().clone() for p in network.parameters]

        def sgd():
            for p, start in zip(network.parameters, trained):
                p -= SGD["rate"] * p.grad
                p += SGD["decay"] * (start - p)

        plain = evaluate(network, text[:LENGTH], sgd)

        network = Network(file)
        squares = [torch.zeros_like(p) for p in network.parameters]
        count = 0
        for _ in network.segments(text[STATISTICS]):
            for square, p in zip(squares, network.parameters):
                square += p.grad**2
            count += 1
        # The two biases of a gate are added to one another. What counts as a parameter, and so goes into the mean, is each.
        roots = [(square / count).sqrt() for square in squares]
        mean = torch.cat([root.flatten() for root in roots]).mean()

        def rms():
            for p, start, root in zip(network.parameters, trained, roots):
                p -= RMS["rate"] * p.grad / (root + RMS["epsilon"])
                p += (RMS["decay"] * root / mean).clamp(max=1) * (start - p)

        result[cell] = {"sgd": plain, "rms": evaluate(network, text[:LENGTH], rms)}
    print(json.dumps({cell: {rule: [round(x, 12) for x in losses] for rule, losses in rules.items()}
                      for cell, rules in result.items()}, indent=0))


if __name__ == "__main__":
    main()
