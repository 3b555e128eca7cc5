#!/usr/bin/env python3
"""What other networks would give, before any is built: the rows of a table of LearningMore.

    ablations.py TEXT [--iterations N] [NAME ...]

trains each in PyTorch on nanoGPT's split of TEXT, with the options of the recipe quick, for 500 iterations, and prints the
loss on the last tenth in nats per character, by windows of 256 from the zero state, and that of the last 50 steps.
"""

import argparse
import math
import pathlib
import time

import torch
import torch.nn.functional as F
from torch import nn

BATCH, STEPS, WINDOW = 64, 64, 256
MUON_RATE, ADAM_RATE, DECAY, WARM_UP, RESETS = 0.04, 0.02, 0.1, 50, 0.2


def matrix(rows, columns):
    bound = 1 / math.sqrt(columns)
    return nn.Parameter(torch.empty(rows, columns).uniform_(-bound, bound))


class LSTM(nn.Module):
    """h, c = cell(x, h, c); gates i, f, g, o as PyTorch has them."""

    gates = 4

    def __init__(self, inputs, units, zoneout=0.0, normalized=False):
        super().__init__()
        self.units, self.zoneout = units, zoneout
        self.W, self.U = matrix(4 * units, inputs), matrix(4 * units, units)
        self.bias = nn.Parameter(torch.zeros(4 * units))
        self.bias.data[units : 2 * units] = 1
        # Ba et al. 2016: the two sums and the cell state, each with gains of its own.
        self.norms = nn.ModuleList([nn.LayerNorm(n * units) for n in (4, 4, 1)]) if normalized else None

    def zero(self, count):
        return (torch.zeros(count, self.units),) * 2

    def forward(self, x, state):
        W, U, memory = self.norms or (nn.Identity(),) * 3
        sums, outputs = W(x @ self.W.T), []
        h, c = state
        for t in range(x.shape[1]):
            h_new, c_new = self.step(sums[:, t] + U(h @ self.U.T), c, memory)
            h, c = self.keep(h, h_new), self.keep(c, c_new)
            outputs.append(h)
        return torch.stack(outputs, 1), (h, c)

    def step(self, sums, c, memory=nn.Identity()):
        """h and c after a step, whose gates have these sums; h is made of what `memory` makes of c."""
        i, f, g, o = (sums + self.bias).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * memory(c).tanh(), c

    def keep(self, old, new):
        """Zoneout (Krueger et al. 2016): some units stay as they were."""
        if self.zoneout == 0:
            return new
        share = (torch.rand_like(new) < self.zoneout).float() if self.training else self.zoneout
        return share * old + (1 - share) * new


class Mogrifier(LSTM):
    """Melis et al. 2020: before each step input and state gate one another, in turn."""

    def __init__(self, inputs, units, rounds):
        super().__init__(inputs, units)
        self.Q = nn.ParameterList([matrix(inputs, units) for _ in range((rounds + 1) // 2)])
        self.R = nn.ParameterList([matrix(units, inputs) for _ in range(rounds // 2)])

    def forward(self, x, state):
        outputs = []
        for t in range(x.shape[1]):
            step, (h, c) = x[:, t], state
            for number in range(len(self.Q) + len(self.R)):
                if number % 2 == 0:
                    step = 2 * torch.sigmoid(h @ self.Q[number // 2].T) * step
                else:
                    h = 2 * torch.sigmoid(step @ self.R[number // 2].T) * h
            output, state = super().forward(step[:, None], (h, c))
            outputs.append(output)
        return torch.cat(outputs, 1), state


class Multiplicative(LSTM):
    """Krause et al. 2016: the gates see the state multiplied by what the input makes of it."""

    def __init__(self, inputs, units):
        super().__init__(inputs, units)
        self.M, self.N = matrix(units, inputs), matrix(units, units)

    def forward(self, x, state):
        sums, factors, outputs = x @ self.W.T, x @ self.M.T, []
        h, c = state
        for t in range(x.shape[1]):
            mixed = factors[:, t] * (h @ self.N.T)
            h, c = self.step(sums[:, t] + mixed @ self.U.T, c)
            outputs.append(h)
        return torch.stack(outputs, 1), (h, c)


class Minimal(nn.Module):
    """minGRU and minLSTM (Feng et al. 2024), whose gates see the input alone."""

    def __init__(self, inputs, units, gates):
        super().__init__()
        self.units, self.gates = units, gates
        self.W, self.bias = matrix(gates * units, inputs), nn.Parameter(torch.zeros(gates * units))

    def zero(self, count):
        return (torch.zeros(count, self.units),)

    def forward(self, x, state):
        (h,), outputs = state, []
        parts = (x @ self.W.T + self.bias).chunk(self.gates, 2)
        candidate = torch.where(parts[0] >= 0, parts[0] + 0.5, parts[0].sigmoid())
        if self.gates == 2:
            takes = parts[1].sigmoid()
            keeps = 1 - takes
        else:
            takes, keeps = parts[1].sigmoid(), parts[2].sigmoid()
            takes, keeps = takes / (takes + keeps), keeps / (takes + keeps)
        for t in range(x.shape[1]):
            h = keeps[:, t] * h + takes[:, t] * candidate[:, t]
            outputs.append(h)
        return torch.stack(outputs, 1), (h,)


class Model(nn.Module):
    def __init__(self, vocabulary, layers, tied=False, residual=False, smoothing=0.0):
        super().__init__()
        units = layers[0].units
        self.embedding, self.layers, self.residual = matrix(vocabulary, units), nn.ModuleList(layers), residual
        # The share of each target that is spread over all characters.
        self.smoothing = smoothing
        self.decoder = self.embedding if tied else matrix(vocabulary, units)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def zero(self, count):
        return [layer.zero(count) for layer in self.layers]

    def forward(self, tokens, states):
        x, after = self.embedding[tokens], []
        for number, (layer, state) in enumerate(zip(self.layers, states)):
            y, state = layer(x, state)
            x = x + y if self.residual and number > 0 else y
            after.append(state)
        return x @ self.decoder.T + self.bias, after


def orthogonal(g):
    """Newton-Schulz, as Muon's authors have it."""
    x = g / (g.norm() + 1e-7)
    flipped = x.shape[0] > x.shape[1]
    x = x.T if flipped else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if flipped else x


class Optimizer:
    """Muon for what lies between units, each gate's block apart; AdamW for the rest."""

    def __init__(self, model):
        # The rows of a block are as many as the layer has units, also where a matrix has one block.
        self.moved = [(p, layer.units) for layer in model.layers for p in layer.parameters() if p.dim() == 2]
        moved = {id(p) for p, _ in self.moved}
        rest = [p for p in model.parameters() if id(p) not in moved]
        self.momenta = [torch.zeros_like(p) for p, _ in self.moved]
        self.adam = torch.optim.AdamW(
            [{"params": [p for p in rest if p.dim() == 2], "weight_decay": DECAY},
             {"params": [p for p in rest if p.dim() == 1], "weight_decay": 0}],
            lr=ADAM_RATE, betas=(0.9, 0.99))

    @torch.no_grad()
    def step(self, factor):
        for group in self.adam.param_groups:
            group["lr"] = ADAM_RATE * factor
        self.adam.step()
        rate = MUON_RATE * factor
        for (p, units), momentum in zip(self.moved, self.momenta):
            momentum.mul_(0.95).add_(p.grad)
            direction = p.grad + 0.95 * momentum
            p.mul_(1 - rate * DECAY)
            for rows in range(0, p.shape[0], units):
                p[rows : rows + units] -= rate * orthogonal(direction[rows : rows + units])


VARIANTS = {
    "LSTM 1x256": lambda v: Model(v, [LSTM(256, 256)]),
    "layer norm": lambda v: Model(v, [LSTM(256, 256, normalized=True)]),
    "zoneout 0.05": lambda v: Model(v, [LSTM(256, 256, zoneout=0.05)]),
    "label smoothing 0.02": lambda v: Model(v, [LSTM(256, 256)], smoothing=0.02),
    "tied embedding": lambda v: Model(v, [LSTM(256, 256)], tied=True),
    "Mogrifier, 5 rounds": lambda v: Model(v, [Mogrifier(256, 256, 5)]),
    "Mogrifier, 2 rounds": lambda v: Model(v, [Mogrifier(256, 256, 2)]),
    "Mogrifier, 1 round": lambda v: Model(v, [Mogrifier(256, 256, 1)]),
    "multiplicative LSTM": lambda v: Model(v, [Multiplicative(256, 256)]),
    "LSTM 2x160": lambda v: Model(v, [LSTM(160, 160), LSTM(160, 160)]),
    "LSTM 2x160, residual": lambda v: Model(v, [LSTM(160, 160), LSTM(160, 160)], residual=True),
    "minGRU 3x256": lambda v: Model(v, [Minimal(256, 256, 2) for _ in range(3)], residual=True),
    "minLSTM 3x256": lambda v: Model(v, [Minimal(256, 256, 3) for _ in range(3)], residual=True),
}


def train(model, training, iterations):
    optimizer = Optimizer(model)
    streams = training[: len(training) // BATCH * BATCH].view(BATCH, -1)
    states, place, losses, began = model.zero(BATCH), 0, [], time.time()
    for iteration in range(iterations):
        if place + STEPS + 1 > streams.shape[1]:
            place = 0
        kept = (torch.rand(BATCH, 1) >= RESETS).float()
        states = [tuple(s.detach() * kept for s in state) for state in states]
        logits, states = model(streams[:, place : place + STEPS], states)
        targets = streams[:, place + 1 : place + STEPS + 1]
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), label_smoothing=model.smoothing)
        model.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step(min(1, (iteration + 1) / WARM_UP, (1 - iteration / iterations) / 0.4))
        place += STEPS
        losses.append(loss.item())
    return sum(losses[-50:]) / 50, (time.time() - began) / iterations


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help="; ".join(VARIANTS))
    parser.add_argument("--iterations", type=int, default=500)
    options = parser.parse_args()
    if unknown := set(options.names) - set(VARIANTS):
        parser.error(f"no network of the name {'; '.join(unknown)}; there are: {'; '.join(VARIANTS)}")
    text = options.text.read_text(encoding="utf-8")
    numbers = {character: n for n, character in enumerate(sorted(set(text)))}
    tokens = torch.tensor([numbers[character] for character in text])
    training, end = tokens[: len(tokens) * 9 // 10], tokens[len(tokens) * 9 // 10 :]
    torch.set_num_threads(1)
    count = (len(end) - 1) // WINDOW
    inputs, targets = (end[n : n + count * WINDOW].view(count, WINDOW) for n in (0, 1))
    for name in options.names or VARIANTS:
        torch.manual_seed(123)
        model = VARIANTS[name](len(numbers))
        loss, seconds = train(model, training, options.iterations)
        with torch.no_grad():
            logits, _ = model.eval()(inputs, model.zero(count))
            validation = F.cross_entropy(logits.flatten(0, 1), targets.flatten()).item()
        size = sum(p.numel() for p in model.parameters())
        figures = f"windows {validation:.4f}, training {loss:.4f}, {size:,} parameters, {1000 * seconds:.0f} ms a step"
        print(f"{name}: {figures}", flush=True)


main()
