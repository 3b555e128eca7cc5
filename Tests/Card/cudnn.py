"""A model's training step in PyTorch on the card, cuDNN's LSTM, in turns with `char-rnn bench`, and the ratio.

    python3 cudnn.py COMMAND DEVICE CELL LAYERS HIDDEN BATCH
"""
import json
import statistics
import subprocess
import sys
import time

import torch

command, device, cell = sys.argv[1:4]
layers, hidden, batch = map(int, sys.argv[4:7])
vocabulary, length, rounds, seconds = 65, 50, 3, 2

torch.manual_seed(1)
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
network = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell](vocabulary, hidden, layers).cuda()
decoder = torch.nn.Linear(hidden, vocabulary).cuda()
parameters = [*network.parameters(), *decoder.parameters()]
optimizer = torch.optim.RMSprop(parameters, lr=2e-3, alpha=0.95, eps=1e-8)
identity = torch.eye(vocabulary, device="cuda")
characters = torch.randint(vocabulary, (length, batch), device="cuda")
targets = torch.randint(vocabulary, (length * batch,), device="cuda")


def train():
    optimizer.zero_grad()
    outputs, _ = network(identity[characters])
    loss = torch.nn.functional.cross_entropy(decoder(outputs).flatten(0, 1), targets)
    loss.backward()
    torch.nn.utils.clip_grad_value_(parameters, 5)
    optimizer.step()
    return loss.item()


def theirs():
    begin, times = time.perf_counter(), []
    while len(times) < 20 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        train()  # its loss is read, so it has ended
        times.append(time.perf_counter() - start)
    return statistics.median(times[5:])


def ours():
    output = subprocess.run(
        [command, "bench", "--json", "--device", device, "--cell", cell, "--layers", str(layers), "--hidden-size",
         str(hidden), "--batch-size", str(batch), "--seconds", str(seconds)],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])["seconds_per_batch"]


pairs = [(theirs(), ours()) for _ in range(rounds)]
peer, own = (statistics.median(column) for column in zip(*pairs))
print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, float32 without TF32")
print(f"training step: cuDNN {1000 * peer:.2f} ms, char-rnn {1000 * own:.2f} ms, ratio {own / peer:.2f}")
