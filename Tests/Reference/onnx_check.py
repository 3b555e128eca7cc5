"""Holds exported ONNX files against other programs: onnx's checker, ONNX Runtime and onnx's reference evaluator.

    python onnx_check.py PATH/TO/char-rnn [FOLDER with .t7 and .json of the original programs]

Needs onnx, onnxruntime, numpy and safetensors. The weights beside this file are exported and computed again here in
float64, with numpy alone; the files of the original programs (if there are any) come with what those computed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnx.reference
import onnxruntime
from safetensors.numpy import load_file

HERE = pathlib.Path(__file__).resolve().parent
SHAPES = [(1, 1), (7, 3), (50, 1), (2, 20)]  # steps and streams


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def step(cell, x, state, w, u, b, c):
    """The equations of Sources/OpenCLCompute/Contract/Cells; state: h, of an LSTM and a Mogrifier also the memory."""
    h, size = state[0], state[0].shape[1]
    if cell == "rnn":
        return [numpy.tanh(x @ w.T + b + h @ u.T + c)]
    if cell == "mingru":
        z, n = numpy.split(x @ w.T + b, 2, axis=1)
        return [sigmoid(z) * n + (1 - sigmoid(z)) * h]
    if cell == "gru":
        gates = 2 * size
        r, z = numpy.split(sigmoid((x @ w.T + b)[:, :gates] + h @ u[:gates].T + c[:gates]), 2, axis=1)
        n = numpy.tanh((x @ w.T + b)[:, gates:] + (r * h) @ u[gates:].T + c[gates:])
        return [z * n + (1 - z) * h]
    if cell == "mogrifier":
        bias = b + c
        x = 2 * sigmoid(h @ u[:size].T + bias[:size]) * (x @ w.T + bias[6 * size:])
        h = 2 * sigmoid(x @ u[size:2 * size].T + bias[size:2 * size]) * h
        # The rest is an LSTM that reads both.
        w, u, b, c = u[2 * size:6 * size], u[6 * size:], b[2 * size:6 * size], c[2 * size:6 * size]
    i, f, g, o = numpy.split(x @ w.T + b + h @ u.T + c, 4, axis=1)
    memory = sigmoid(f) * state[1] + sigmoid(i) * numpy.tanh(g)
    return [sigmoid(o) * numpy.tanh(memory), memory]


def network(cell, weights, tokens, states):
    """Logits T x B x V and the states after the last step, each L x B x H, in float64."""
    weights = {name: value.astype(numpy.float64) for name, value in weights.items()}
    x = weights.get("embedding.weight", numpy.eye(weights["decoder.bias"].size))[tokens]
    after = []
    for layer in range(states[0].shape[0]):
        state, outputs = [s[layer].astype(numpy.float64) for s in states], []
        parameters = [weights.get(f"rnn.{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        for row in x:
            state = step(cell, row, state, *parameters)
            outputs.append(state[0])
        x = numpy.stack(outputs)
        after.append(state)
    return x @ weights["decoder.weight"].T + weights["decoder.bias"], [numpy.stack(s) for s in zip(*after)]


def log_softmax(logits):
    logits = logits.astype(numpy.float64)
    top = logits.max(-1, keepdims=True)
    return logits - top - numpy.log(numpy.exp(logits - top).sum(-1, keepdims=True))


class Model:
    """An ONNX file in two programs."""

    def __init__(self, path):
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        self.inputs = model.graph.input
        self.metadata = {entry.key: entry.value for entry in model.metadata_props}
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        assert session.get_modelmeta().custom_metadata_map == self.metadata
        self.programs = {"onnxruntime": session, "onnx.reference": onnx.reference.ReferenceEvaluator(model)}
        sizes = [dimension.dim_value for dimension in self.inputs[1].type.tensor_type.shape.dim]
        self.layers, self.hidden = sizes[0], sizes[2]
        names = [output.name for output in model.graph.output]
        assert names == ["logits"] + [f"next_{each.name}" for each in self.inputs[1:]], names
        assert (model.ir_version, model.opset_import[0].version) == (8, 17)

    def zero_states(self, streams):
        return [numpy.zeros((self.layers, streams, self.hidden), numpy.float32) for _ in self.inputs[1:]]

    def run(self, program, tokens, states):
        feed = dict(zip([each.name for each in self.inputs], [tokens.astype(numpy.int64)] + states))
        logits, *states = self.programs[program].run(None, feed)
        return logits, states


def check_weights(model, weights):
    """Against our equations, at several sizes, from states that are not zero."""
    cell = json.loads(model.metadata["configuration"])["cell"]
    generator = numpy.random.default_rng(1)
    v, worst = weights["decoder.bias"].size, {}
    for program in model.programs:
        for steps, streams in SHAPES:
            tokens = generator.integers(v, size=(steps, streams))
            states = [generator.uniform(-0.9, 0.9, s.shape).astype(numpy.float32) for s in model.zero_states(streams)]
            logits, after = model.run(program, tokens, states)
            expected, expected_after = network(cell, weights, tokens, states)
            assert logits.shape == (steps, streams, v)
            pairs = [(log_softmax(logits), log_softmax(expected))] + list(zip(after, expected_after, strict=True))
            worst[program] = max([worst.get(program, 0)] + [abs(a - b).max() for a, b in pairs])
    return worst


def check_original(model, expected):
    """Against what the original program computed: each log-probability, and the likeliest text."""
    tokens = json.loads(model.metadata["vocabulary"])
    if model.metadata["token_kind"] != "bytes":
        tokens = [ord(token) for token in tokens]
    numbers = {token: number for number, token in enumerate(tokens)}
    order = [numbers[entry[0]] for entry in expected["vocab_bytes_by_index"]]
    primer = numpy.array([numbers[byte] for byte in expected["primer"].encode()])[:, None]
    worst = {}
    for program in model.programs:
        logits, states = model.run(program, primer, model.zero_states(1))
        after_each = numpy.array(expected["log_probs_after_each_char"])
        worst[program] = abs(log_softmax(logits)[:, 0, order] - after_each).max()
        # The same character by character, in three streams at once.
        streams = model.zero_states(3)
        for token, row in zip(primer[:, 0], after_each, strict=True):
            single, streams = model.run(program, numpy.full((1, 3), token), streams)
            worst[program] = max(worst[program], abs(log_softmax(single)[0, :, order].T - row).max())
        text = ""
        for _ in range(60):
            token = int(logits[-1, 0].argmax())
            text += chr(tokens[token])
            logits, states = model.run(program, numpy.array([[token]]), states)
        assert text == expected["greedy_continuation_60"], (program, text)
    return worst


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    originals = sorted(pathlib.Path(sys.argv[2]).glob("*.t7")) if len(sys.argv) > 2 else []
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(HERE.glob("*.safetensors")) + originals:
            path = f"{folder}/{file.stem}.onnx"
            subprocess.run([program, "convert", file, path], check=True, stderr=subprocess.DEVNULL)
            model = Model(path)
            if file.suffix == ".t7":
                worst = check_original(model, json.loads(file.with_suffix(".json").read_text()))
            else:
                worst = check_weights(model, load_file(file))
            print(f"{file.stem:22}", "  ".join(f"{name}: {value:.1e}" for name, value in worst.items()))
            assert max(worst.values()) <= 1e-5, "beyond 1e-5"


main()
