"""Trains in PyTorch, in float64, from the weights of a checkpoint, and prints the loss of each step.

    python train.py WEIGHTS.safetensors TEXT [--steps 20] [--batch 4] [--length 8] [--optimizer adamw] [--validate]

The numbers of losses.json and optimizers.json beside this file were made with it, with PyTorch 2.13 (see README.md). It shares nothing
with the Swift package but the file format: batches, network, loss, clipping and optimizer are written anew, and
torch.nn.LSTM and torch.nn.RNN load the checkpoint's tensors as they are. char-rnn's GRU is not PyTorch's (the reset
gate acts before the product, and z is the share of the new), and PyTorch has no minGRU and no Mogrifier, so these stand
here as modules of their own.
"""
import argparse
import json

import torch
from safetensors import safe_open


class Layers(torch.nn.Module):
    """Recurrent layers of one cell, which has the rows of its parameters as multiples of H, and a step: from W x, the states
    before it, U and the sum of the biases to the states after it."""

    def __init__(self, inputs, hidden, layers):
        super().__init__()
        self.hidden, self.layers = hidden, layers
        for layer in range(layers):
            columns = {"weight_ih": [inputs if layer == 0 else hidden], "weight_hh": [hidden]}
            for name, rows in self.rows.items():
                parameter = torch.nn.Parameter(torch.empty([rows * hidden] + columns.get(name, [])))
                self.register_parameter(f"{name}_l{layer}", parameter)

    def forward(self, x, state):
        """state and the second result: layers x B x H, or a pair of these, as of torch.nn.LSTM."""
        final, is_pair = [], isinstance(state, tuple)
        for layer in range(self.layers):
            parameters = {name: getattr(self, f"{name}_l{layer}") for name in self.rows}
            bias = sum(parameter for name, parameter in parameters.items() if name.startswith("bias"))
            states, outputs = [each[layer] for each in (state if is_pair else [state])], []
            for x_t in x:
                states = self.step(x_t @ parameters["weight_ih"].T, states, parameters.get("weight_hh"), bias)
                outputs.append(states[0])
            x = torch.stack(outputs)
            final.append(states)
        final = tuple(torch.stack(each) for each in zip(*final))
        return x, final if is_pair else final[0]


class TorchGRU(Layers):
    rows = {"weight_ih": 3, "weight_hh": 3, "bias_ih": 3, "bias_hh": 3}

    def step(self, inputs, states, u, bias):
        h, gates = states[0], 2 * self.hidden
        r, z = torch.sigmoid(inputs[:, :gates] + h @ u[:gates].T + bias[:gates]).chunk(2, dim=1)
        n = torch.tanh(inputs[:, gates:] + (r * h) @ u[gates:].T + bias[gates:])
        return [z * n + (1 - z) * h]


class TorchMinGRU(Layers):
    rows = {"weight_ih": 2, "bias_ih": 2}

    def step(self, inputs, states, u, bias):
        z, n = (inputs + bias).chunk(2, dim=1)
        return [torch.lerp(states[0], n, torch.sigmoid(z))]


class TorchMogrifier(Layers):
    """A round for the input and one for the state, before nn.LSTMCell's equations."""

    rows = {"weight_ih": 1, "weight_hh": 10, "bias_ih": 7, "bias_hh": 7}

    def step(self, inputs, states, u, bias):
        (h, c), one = states, self.hidden
        x = 2 * torch.sigmoid(h @ u[:one].T + bias[:one]) * (inputs + bias[6 * one :])
        h = 2 * torch.sigmoid(x @ u[one : 2 * one].T + bias[one : 2 * one]) * h
        none = torch.zeros(4 * one)
        return torch.lstm_cell(x, (h, c), u[2 * one : 6 * one], u[6 * one :], bias[2 * one : 6 * one], none)


def batches(text, vocabulary, size, length):
    """char-rnn's layout: rows of consecutive text, cut into columns. Yields (inputs, targets), each length x size."""
    count = len(text) // (size * length) * size * length
    tokens = [vocabulary.index(c) for c in text[:count]]
    following = tokens[1:] + tokens[:1]  # the last character that is used is followed by the first
    inputs = torch.tensor(tokens).view(size, -1)
    targets = torch.tensor(following).view(size, -1)
    return list(zip((c.T for c in inputs.split(length, dim=1)), (c.T for c in targets.split(length, dim=1))))


def orthogonal(x):
    """Muon's Newton-Schulz iteration, with a polynomial for each step (Amsel et al. 2025), from the largest singular value
    below 1 by a bound on it."""
    x = x / (x.norm() + 1e-7)
    x = x / (x @ x.T @ x @ x.T).norm() ** 0.25
    for a, b, c in [(8.0934, -23.6204, 17.4462), (3.6366, -2.7219, 0.5365), (2.6613, -1.9772, 0.4526)]:
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


class Scheduled:
    """AdamW by PyTorch, for "muon" with Muon for the weights between units (not those of one-hot tokens), each gate's block
    apart; the gradient's norm is held to 2, the rate rises over 5 steps and falls to 0 over the last 40 %."""

    def __init__(self, network, hidden, muon):
        one_hot = [] if "embedding" in network else ["rnn.weight_ih_l0"]
        is_matrix = {
            name: muon and "rnn.weight" in name and name not in one_hot for name, p in network.named_parameters()}
        self.parameters = list(network.parameters())
        self.matrices = [p for name, p in network.named_parameters() if is_matrix[name]]
        self.sums = [torch.zeros_like(p) for p in self.matrices]
        others = [(name, p) for name, p in network.named_parameters() if not is_matrix[name]]
        groups = [
            {"params": [p for name, p in others if "weight" in name], "weight_decay": 0.1},
            {"params": [p for name, p in others if "bias" in name], "weight_decay": 0.0},
        ]
        self.adamw = torch.optim.AdamW(groups, lr=4e-3, betas=(0.9, 0.99), eps=1e-8)
        self.hidden = hidden

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self, number, count):
        factor = min(1, number / 5) * min(1, (1 - (number - 1) / count) / 0.4)
        with torch.no_grad():
            norm = sum((p.grad**2).sum() for p in self.parameters).sqrt()
            for p in self.parameters:
                p.grad *= min(1, 2 / norm)
            for group in self.adamw.param_groups:
                group["lr"] = 4e-3 * factor
            for p, total in zip(self.matrices, self.sums):
                total.mul_(0.95).add_(p.grad)
                direction = p.grad + 0.95 * total
                for block, part in zip(p.split(self.hidden), direction.split(self.hidden)):
                    scale = max(1, part.shape[0] / part.shape[1]) ** 0.5
                    block.mul_(1 - 0.03 * factor * 0.1).sub_(0.03 * factor * scale * orthogonal(part))
                p.grad = None
        self.adamw.step()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weights")
    parser.add_argument("text")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int, default=8)
    parser.add_argument("--optimizer", default="rmsprop", choices=["rmsprop", "adamw", "muon"])
    parser.add_argument("--validate", action="store_true", help="print the validation loss in place of training")
    options = parser.parse_args()

    with safe_open(options.weights, "pt") as file:
        configuration = json.loads(file.metadata()["configuration"])
        tensors = {name: file.get_tensor(name).double() for name in file.keys()}
    vocabulary = configuration["vocabulary"]["tokens"]
    hidden, layers = configuration["hiddenSize"], configuration["layerCount"]
    kind = {
        "lstm": torch.nn.LSTM, "rnn": torch.nn.RNN, "gru": TorchGRU, "mingru": TorchMinGRU,
        "mogrifier": TorchMogrifier}[configuration["cell"]]
    torch.set_default_dtype(torch.float64)
    size, embedding = len(vocabulary), configuration.get("embeddingSize")
    network = torch.nn.ModuleDict(
        {"rnn": kind(embedding or size, hidden, layers), "decoder": torch.nn.Linear(hidden, size)})
    if embedding:
        network["embedding"] = torch.nn.Embedding(size, embedding)
    network.load_state_dict({n: t for n, t in tensors.items() if not n.startswith("training.")})

    with open(options.text, encoding="utf-8", newline="") as file:
        chunks = batches(file.read(), vocabulary, options.batch, options.length)
    train_count = int(len(chunks) * 0.95 + 1e-9)
    state = torch.zeros(layers, options.batch, hidden)
    if configuration["cell"] in ("lstm", "mogrifier"):
        state = (state, state.clone())

    def losses(inputs, targets, state):
        x = network["embedding"](inputs) if embedding else torch.nn.functional.one_hot(inputs, size).double()
        outputs, state = network["rnn"](x, state)
        logits = network["decoder"](outputs).flatten(0, 1)
        loss = torch.nn.functional.cross_entropy(logits, targets.flatten(), reduction="sum")
        return loss, tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()

    if options.validate:
        total = 0.0
        with torch.no_grad():
            for inputs, targets in chunks[train_count:]:
                loss, state = losses(inputs, targets, state)
                total += loss.item() / inputs.numel()
        print(total / (len(chunks) - train_count))
        return

    is_rmsprop = options.optimizer == "rmsprop"
    optimizer = (
        torch.optim.RMSprop(network.parameters(), lr=2e-3, alpha=0.95, eps=1e-8)
        if is_rmsprop else Scheduled(network, hidden, options.optimizer == "muon"))
    result = []
    for step in range(options.steps):
        optimizer.zero_grad()
        inputs, targets = chunks[step % train_count]
        loss, state = losses(inputs, targets, state)
        (loss / options.batch).backward()  # the sum over time of the mean over the batch
        if is_rmsprop:
            torch.nn.utils.clip_grad_value_(network.parameters(), 5)
            optimizer.step()
        else:
            optimizer.step(step + 1, options.steps)
        result.append(loss.item() / inputs.numel())
    print(json.dumps(result))


if __name__ == "__main__":
    main()
