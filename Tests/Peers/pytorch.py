"""One measurement of PyTorch on the CPU, as a JSON object: the peer of `char-rnn bench`.

    python pytorch.py CELL HIDDEN LAYERS DROPOUT SECONDS THREADS [BATCH LENGTH VOCABULARY EMBEDDING]

Trains torch.nn.LSTM, GRU or RNN on one-hot input, or on an embedding of a size that is not 0, with a linear decoder, batches
of 50 x 50 over 65 characters where nothing else is said, RMSprop and value clipping; then writes text step by step, one
stream, as sampling loops in PyTorch do.
"""
import json
import sys

import torch

import timing

cell, hidden, layers, dropout, seconds, threads = (
    sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]))
torch.set_num_threads(threads)
torch.manual_seed(1)
batch, length, vocabulary, embedding = (int(word) for word in sys.argv[7:] or (50, 50, 65, 0))

embed = torch.nn.Embedding(vocabulary, embedding) if embedding else torch.eye(vocabulary).__getitem__
network = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell](
    embedding or vocabulary, hidden, layers, dropout=dropout)
decoder = torch.nn.Linear(hidden, vocabulary)
parameters = [*network.parameters(), *decoder.parameters(), *(embed.parameters() if embedding else [])]
optimizer = torch.optim.RMSprop(parameters, lr=2e-3, alpha=0.95, eps=1e-8)
characters = torch.randint(vocabulary, (length, batch))
targets = torch.randint(vocabulary, (length * batch,))


def detached(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


state = None


def train():
    global state
    optimizer.zero_grad()
    outputs, state = network(embed(characters), state)
    state = detached(state)
    loss = torch.nn.functional.cross_entropy(decoder(outputs).flatten(0, 1), targets, reduction="sum") / batch
    loss.backward()
    torch.nn.utils.clip_grad_value_(parameters, 5)
    optimizer.step()
    return loss.item()


def write(count=50):
    token, memory = 0, None
    for _ in range(count):
        output, memory = network(embed(torch.tensor([[token]])), memory)
        token = int(decoder(output).argmax())


result = {"seconds_per_batch": timing.median(train, seconds)}
network.eval()
with torch.inference_mode():
    result["sampled_per_second"] = 50 / timing.median(write, seconds)
print(json.dumps(result))
