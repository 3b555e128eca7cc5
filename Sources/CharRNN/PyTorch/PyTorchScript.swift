/// The program that ``Checkpoint/writePyTorch(to:)`` puts beside the weights; the same for every model.
let pyTorchScript = #"""
    """The network of weights.safetensors, beside this file, in PyTorch.

        python model.py --length 500 --temperature 0.8 --prime "KING RICHARD:"

    Needs the packages torch, numpy and safetensors. Other programs: from model import load.
    """
    import argparse
    import json
    import pathlib
    import sys

    import safetensors.torch
    import torch
    from torch import nn
    from torch.nn import functional


    class Layers(nn.Module):
        """Recurrent layers like torch.nn's, whose parameters have the names of those; a subclass is a cell."""

        rows = {}  # of each parameter of a layer, as multiples of the layer's units
        state_count = 1  # what goes from step to step

        def __init__(self, input_size, hidden_size, num_layers, dropout=0.0):
            super().__init__()
            self.hidden_size, self.num_layers, self.dropout = hidden_size, num_layers, dropout
            for layer in range(num_layers):
                columns = {"weight_ih": [input_size if layer == 0 else hidden_size], "weight_hh": [hidden_size]}
                for name, rows in self.rows.items():
                    shape = [rows * hidden_size] + columns.get(name, [])
                    parameter = nn.Parameter(torch.empty(shape).uniform_(-0.08, 0.08))
                    self.register_parameter(f"{name}_l{layer}", parameter)

        def step(self, inputs, states, u, bias):
            """inputs: W x of a step; the states after it, of which the first is the output."""
            raise NotImplementedError

        def forward(self, x, state=None):
            """x: T x B x inputs; state and the second result: layers x B x H, or a pair of these, as of nn.LSTM."""
            if state is None:
                state = x.new_zeros(self.state_count, self.num_layers, x.shape[1], self.hidden_size)
            elif self.state_count == 1:
                state = [state]
            last = []
            for layer in range(self.num_layers):
                w, u, b, c = (getattr(self, f"{name}_l{layer}", None)
                              for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
                bias = b if c is None else b + c
                states, outputs = [each[layer] for each in state], []
                if layer > 0:
                    x = functional.dropout(x, self.dropout, self.training)
                for inputs in functional.linear(x, w):
                    states = self.step(inputs, states, u, bias)
                    outputs.append(states[0])
                x = torch.stack(outputs)
                last.append(states)
            last = tuple(torch.stack(each) for each in zip(*last))
            return x, last[0] if self.state_count == 1 else last


    class GRU(Layers):
        """The gated recurrent unit of char-rnn, with the parameters of torch.nn.GRU (gates r, z, n).

        It is not torch.nn.GRU: here the reset gate acts before the product with U_n, and z is the share of the new
        state, h = z * n + (1 - z) * h.
        """

        rows = {"weight_ih": 3, "weight_hh": 3, "bias_ih": 3, "bias_hh": 3}

        def step(self, inputs, states, u, bias):
            h, gates = states[0], 2 * self.hidden_size  # r and z; n comes after them
            rz = torch.sigmoid(inputs[:, :gates] + functional.linear(h, u[:gates], bias[:gates]))
            r, z = rz.chunk(2, dim=-1)
            n = torch.tanh(inputs[:, gates:] + functional.linear(r * h, u[gates:], bias[gates:]))
            return [z * n + (1 - z) * h]


    class MinGRU(Layers):
        """The minimal gated recurrent unit (Feng et al. 2024): z = sigmoid(W_z x), h = z * W_n x + (1 - z) * h."""

        rows = {"weight_ih": 2, "bias_ih": 2}

        def step(self, inputs, states, u, bias):
            z, n = (inputs + bias).chunk(2, dim=-1)
            return [torch.sigmoid(z) * n + (1 - torch.sigmoid(z)) * states[0]]


    class Mogrifier(Layers):
        """A Mogrifier LSTM of two rounds (Melis et al. 2020): input and state gate one another, x1 = 2 sigmoid(Q h) * W x,
        then h1 = 2 sigmoid(R x1) * h, and both enter an LSTM. Biases are of q, r, i, f, g, o, x.
        """

        rows = {"weight_ih": 1, "weight_hh": 10, "bias_ih": 7, "bias_hh": 7}
        state_count = 2

        def step(self, inputs, states, u, bias):
            (h, c), size = states, self.hidden_size
            q, r, of_x1, of_h1 = u.split([size, size, 4 * size, 4 * size])
            for_q, for_r, for_lstm, for_x = bias.split([size, size, 4 * size, size])
            x1 = 2 * torch.sigmoid(functional.linear(h, q, for_q)) * (inputs + for_x)
            h1 = 2 * torch.sigmoid(functional.linear(x1, r, for_r)) * h
            arguments = functional.linear(x1, of_x1, for_lstm) + functional.linear(h1, of_h1)
            i, f, g, o = arguments.chunk(4, dim=-1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            return [torch.sigmoid(o) * torch.tanh(c), c]


    class CharRNN(nn.Module):
        """One-hot characters, recurrent layers, a linear decoder."""

        def __init__(self, cell, vocabulary, hidden_size, layers, dropout=0.0):
            super().__init__()
            self.kind, self.tokens = vocabulary["kind"], vocabulary["tokens"]
            self.numbers = {token: number for number, token in enumerate(self.tokens)}
            # Stands for all scalars that have no token of their own.
            self.unknown = vocabulary.get("unknown") if self.kind == "scalars" else None
            self.dropout = nn.Dropout(dropout)
            module = {"lstm": nn.LSTM, "gru": GRU, "rnn": nn.RNN, "mingru": MinGRU, "mogrifier": Mogrifier}[cell]
            self.rnn = module(len(self.tokens), hidden_size, layers, dropout=dropout if layers > 1 else 0)
            self.decoder = nn.Linear(hidden_size, len(self.tokens))

        def forward(self, numbers, state=None):
            """numbers: T x B; the logits of what follows each, T x B x V, and the state after the last."""
            x = functional.one_hot(numbers, len(self.tokens)).to(self.decoder.weight.dtype)
            outputs, state = self.rnn(x, state)
            return self.decoder(self.dropout(outputs)), state

        def encode(self, text):
            """The numbers of a text's tokens, the longest that fits at each place."""
            if self.kind == "bytes":
                return [self.numbers[byte] for byte in text.encode()]
            longest, numbers, place = max(map(len, self.tokens)), [], 0
            while place < len(text):
                parts = (text[place:place + length] for length in range(longest, 0, -1))
                token = next((part for part in parts if part in self.numbers), self.unknown)
                if token is None:
                    raise ValueError(f"the model does not know the character {text[place]!r} at position {place}")
                numbers.append(self.numbers[token])
                place += len(token)
            return numbers

        def decode(self, number):
            """The bytes of a token."""
            token = self.tokens[number]
            return bytes([token]) if self.kind == "bytes" else token.encode()

        @torch.no_grad()
        def sample(self, prime, length, temperature):
            """The bytes of `length` tokens that follow `prime`; without one the first is any, all as likely."""
            logits, state = torch.zeros(len(self.tokens)), None
            numbers = self.encode(prime)
            for _ in range(length):
                if numbers:
                    outputs, state = self(torch.tensor(numbers)[:, None], state)
                    logits = outputs[-1, 0]
                if temperature > 0:
                    number = torch.multinomial(torch.softmax(logits / temperature, dim=0), 1).item()
                else:
                    number = logits.argmax().item()
                yield self.decode(number)
                numbers = [number]


    def load(path=pathlib.Path(__file__).with_name("weights.safetensors")):
        # As bytes, for the package opens no file whose name is not UTF-8.
        data = pathlib.Path(path).read_bytes()
        header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
        configuration = json.loads(header["__metadata__"]["configuration"])
        model = CharRNN(configuration["cell"], configuration["vocabulary"], configuration["hiddenSize"],
                        configuration["layerCount"], configuration["dropout"])
        model.load_state_dict(safetensors.torch.load(data))
        return model.eval()


    if __name__ == "__main__":
        parser = argparse.ArgumentParser(description="Let the model write.")
        parser.add_argument("--length", type=int, default=2000)
        parser.add_argument("--temperature", type=float, default=1.0, help="0 takes the likeliest")
        parser.add_argument("--prime", default="", help="a text to continue")
        parser.add_argument("--seed", type=int, default=123)
        options = parser.parse_args()
        torch.manual_seed(options.seed)
        sys.stdout.buffer.write(options.prime.encode())
        for token in load().sample(options.prime, options.length, options.temperature):
            sys.stdout.buffer.write(token)
            sys.stdout.buffer.flush()
        sys.stdout.buffer.write(b"\n")

    """#
