"""Writes state_dicts/: state dictionaries as people have them, and in expected.json what PyTorch computes with each.

    python make_state_dicts.py

Needs torch (2.15 made the files here), numpy and safetensors. For a dictionary that can be read, "log_probabilities"
are those of each character of TEXT after those before it, computed in float64 from the numbers as they were saved; for
one that cannot, "refusal" is a part of the reason that must be given. "cell" is what the user has to say, "order" the
tokens by the rows of the decoder where they are not in ascending order.
"""
import argparse
import collections
import json
import pathlib
import zipfile

import numpy
import torch
from safetensors.torch import save_file, save_model
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

FOLDER = pathlib.Path(__file__).resolve().parent / "state_dicts"
TEXT = "hello, old world: hello!"
TOKENS = sorted(set(TEXT))
V, E, H = len(TOKENS), 5, 6


class Model(nn.Module):
    """Embedding (or one-hot characters), a recurrent module, a decoder; the names are arguments."""

    def __init__(self, recurrent=nn.LSTM, names=("embedding", "lstm", "fc"), embedding=E, bias=True, **options):
        super().__init__()
        self.names, self.is_one_hot = names, embedding is None
        if not self.is_one_hot:
            setattr(self, names[0], nn.Embedding(V, embedding))
        setattr(self, names[1], recurrent(V if self.is_one_hot else embedding, H, bias=bias, **options))
        setattr(self, names[2], nn.Linear(H, V, bias=bias))
        # PyTorch's small weights would hide mistakes.
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.9, 0.9)

    def forward(self, tokens):
        embedding, recurrent, decoder = (getattr(self, name, None) for name in self.names)
        x = nn.functional.one_hot(tokens, V).to(decoder.weight.dtype) if self.is_one_hot else embedding(tokens)
        return decoder(recurrent(x[:, None])[0][:, 0])


class ModelPyGRU(nn.Module):
    """The GRU of the model.py that this package writes."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.Module()
        for name, shape in [("weight_ih", (3 * H, V)), ("weight_hh", (3 * H, H)), ("bias_ih", (3 * H,)),
                            ("bias_hh", (3 * H,))]:
            setattr(self.rnn, f"{name}_l0", nn.Parameter(torch.empty(shape).uniform_(-0.9, 0.9)))
        self.decoder = nn.Linear(H, V)

    def forward(self, tokens):
        w, u, b, c = (getattr(self.rnn, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        h, outputs = torch.zeros(H, dtype=w.dtype), []
        for token in tokens:
            inputs = w[:, token] + b
            r, z = torch.sigmoid(inputs[:2 * H] + u[:2 * H] @ h + c[:2 * H]).chunk(2)
            n = torch.tanh(inputs[2 * H:] + u[2 * H:] @ (r * h) + c[2 * H:])
            h = z * n + (1 - z) * h
            outputs.append(h)
        return self.decoder(torch.stack(outputs))


def tied():
    model = Model(embedding=H)
    model.fc.weight = model.embedding.weight
    return model


def prefixed(prefix, model):
    return {prefix + name: tensor for name, tensor in model.state_dict().items()}


def log_probabilities(model, tokens=TOKENS):
    numbers = torch.tensor([tokens.index(character) for character in TEXT])
    with torch.no_grad():
        logarithms = torch.log_softmax(model.double().eval()(numbers[:-1]), dim=-1)
    return [round(value, 9) for value in logarithms[range(len(TEXT) - 1), numbers[1:]].tolist()]


expected = {}


def add(name, model=None, state=None, save=None, refusal=None, cell=None, order=None, ignored=None,
        ending="safetensors"):
    """Saves the model's state dictionary, or `state`, and remembers what must come of it."""
    file = f"{name}.{ending}"
    state = model.state_dict() if state is None else state
    if save is not None:
        save(str(FOLDER / file))
    elif ending == "safetensors":
        save_file({key: value.contiguous() for key, value in state.items()}, str(FOLDER / file))
    else:
        torch.save(state, FOLDER / file)
    entry = {"cell": cell, "order": order, "ignored": ignored, "refusal": refusal}
    if refusal is None:
        entry["log_probabilities"] = log_probabilities(model, order or TOKENS)
    expected[file] = {key: value for key, value in entry.items() if value is not None}


def safetensors_files():
    add("one_hot", Model(names=("", "lstm", "linear"), embedding=None))
    add("embedding", Model())
    add("embedding_as_wide_as_hidden", Model(names=("encoder", "rnn", "decoder"), embedding=H, num_layers=2))
    add("three_layers", Model(num_layers=3, dropout=0.5))
    model = nn.Sequential(nn.Embedding(V, E), nn.LSTM(E, H), nn.Linear(H, V))
    named = Model(names=("0", "1", "2"))
    named.load_state_dict(model.state_dict())
    add("sequential", named)
    add("tanh", Model(nn.RNN, num_layers=2), cell="rnn")
    add("tanh_or_relu", Model(nn.RNN, nonlinearity="relu"), refusal="tanh or relu")
    add("gru_of_pytorch", Model(nn.GRU), refusal="torch.nn.GRU's equations are others")
    add("gru_of_model_py", ModelPyGRU(), cell="gru")

    model = tied()
    add("tied", model, save=lambda path: save_model(model, path))
    model = tied()
    del (state := model.state_dict())["fc.weight"]
    add("tied_unnamed", model, state)
    model = Model(embedding=H, bias=False)
    add("no_bias_two_alike", model)
    model = Model(names=("a", "rnn", "b"), embedding=H, bias=False)
    add("which_is_which", model, refusal="rename it to 'embedding.weight'")

    add("bfloat16", Model().bfloat16())
    add("float16", Model().half())
    add("float64", Model().double())
    model = Model().double()
    model.fc.bias.data[0] = 1e300
    add("float64_too_large", model, refusal="'fc.bias' has a number beyond 32 bits")
    add("no_bias", Model(bias=False))

    model = Model()
    for name in ("weight_hh_l0", "weight_ih_l0"):
        model.lstm = weight_norm(model.lstm, name)
    model.fc = weight_norm(model.fc, dim=None)
    model.lstm.weight_hh_l0_g.data *= 1.5
    add("weight_norm_old", model)
    model = Model()
    parametrizations.weight_norm(model.lstm, "weight_hh_l0")
    parametrizations.weight_norm(model.fc, dim=1)
    model.lstm.parametrizations.weight_hh_l0.original0.data *= 1.5
    add("weight_norm_new", model)
    model = Model()
    parametrizations.spectral_norm(model.fc)
    add("spectral_norm", model, refusal="a parametrization that is not a weight norm")

    model = Model()
    average = torch.optim.swa_utils.AveragedModel(model)
    average.update_parameters(model)
    add("averaged", model, average.state_dict(), ignored=["n_averaged"])
    for prefix in ("module.", "_orig_mod.", "model.", "module._orig_mod.net."):
        model = Model(num_layers=2)
        add("prefix_" + prefix.replace(".", ""), model, prefixed(prefix, model))
    model = Model()
    add("class_weights", model, model.state_dict() | {"criterion.weight": torch.rand(V)}, ignored=["criterion.weight"])
    shuffled = [TOKENS[(7 * i + 3) % V] for i in range(V)]
    assert sorted(shuffled) == TOKENS
    add("set_order", Model(), order=shuffled)
    add("set_order_one_hot", Model(names=("", "lstm", "fc"), embedding=None), order=shuffled)

    add("projection", Model(proj_size=3), refusal="proj_size")
    add("bidirectional", Model(bidirectional=True), refusal="bidirectional=True")
    model = Model()
    model.lstm = nn.LSTMCell(E, H)
    add("cell", model, refusal="LSTMCell")
    model = Model()
    model.norm = nn.LayerNorm(H)
    add("layer_norm", model, refusal="LayerNorm")
    model = Model()
    model.norm = nn.BatchNorm1d(H)
    add("batch_norm", model, refusal="BatchNorm")
    model = Model()
    model.second = nn.LSTM(H, H)
    add("two_modules", model, refusal="two recurrent modules, 'lstm' and 'second'")
    model = Model()
    model.attention = nn.MultiheadAttention(H, 1)
    add("attention", model, refusal="MultiheadAttention")
    model = Model()
    model.hidden = nn.Linear(H, H)
    add("two_linear", model, refusal="nothing else can stand beside the layers")
    model = Model()
    model.embedding = nn.Embedding(V + 1, E)
    add("padding_token", model, refusal="the same rows")
    add("no_recurrence", nn.Sequential(nn.Embedding(V, H), nn.Linear(H, V)), refusal="no LSTM, GRU or RNN")


def save_again(save, path, compression=zipfile.ZIP_STORED):
    """Writes the archive of `save` once more, without the code that TorchScript puts into it."""
    save(path)
    with zipfile.ZipFile(path) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist() if "/code/" not in name]
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, contents in entries:
            archive.writestr(zipfile.ZipInfo(name), contents, compression)


def torch_files():
    """Files of torch.save; whole modules and other things of Python are not read."""
    add("plain", Model(), ending="pt")
    add("tied", tied(), ending="pt")
    for name in ("bfloat16", "half", "double"):
        add(name, getattr(Model(), name)(), ending="pt")
    model = Model(nn.RNN, names=("encoder", "rnn", "decoder"))
    add("parameters", model, dict(model.named_parameters()), cell="rnn", ending="pt")

    model = Model(num_layers=2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.tensor([0, 1])).sum().backward()
    optimizer.step()
    run = {"epoch": 3, "loss": 1.5, "best": None, "history": [(1, 2.5), (2, 1.75)], "chars": TOKENS,
           "counts": collections.Counter("aab"), "model": model.state_dict(), "optimizer": optimizer.state_dict(),
           "shape": torch.Size([3, 4]), "type": torch.float32, "device": torch.device("cpu"), "big": 2**40,
           "done": True}
    add("run", model, run, ending="pth")
    model = Model()
    lightning = {"epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.5.0", "loops": {"fit_loop": {}},
                 "state_dict": prefixed("model.", model), "optimizer_states": [], "hyper_parameters": {"lr": 0.001}}
    add("lightning", model, lightning, ending="ckpt")
    model = Model()
    state = model.state_dict()
    state["fc.weight"] = state["fc.weight"].t().contiguous().t()  # a view with other strides
    wide = torch.rand(V + 2, E)
    state["embedding.weight"] = wide[1:-1]  # a part of a larger storage
    model.embedding.weight.data = wide[1:-1].clone()
    add("views", model, state, ending="pt")
    model = Model()
    average = torch.optim.swa_utils.AveragedModel(model)
    average.update_parameters(model)
    add("averaged", model, average.state_dict(), ignored=["n_averaged"], ending="pt")

    state = Model().state_dict()
    expanded = state | {"lstm.bias_hh_l0": torch.rand(1).expand(4 * H)}
    add("expanded", state=expanded, refusal="outside its storage", ending="pt")
    add("whole_module", state=nn.LSTM(V, H), refusal="class or function torch.nn.modules.rnn.LSTM", ending="pt")
    arguments = {"args": argparse.Namespace(lr=1), "model": state}
    add("arguments", state=arguments, refusal="argparse.Namespace", ending="pt")
    add("numpy_scalar", state={"loss": numpy.float64(1), "model": state}, refusal="numpy", ending="pt")
    add("two_models", state={"model": state, "average": dict(state)}, refusal="several state dictionaries", ending="pt")
    add("nothing", state={"epoch": 3}, refusal="no state dictionary", ending="pt")
    add("quantized", state=state | {"fc.weight": torch.quantize_per_tensor(state["fc.weight"], 0.1, 0, torch.qint8)},
        refusal="torch._utils._rebuild_qtensor, which is not a plain tensor", ending="pt")
    script = torch.jit.script(nn.Linear(2, 2))
    add("torchscript", refusal="TorchScript", state={}, save=lambda path: save_again(script.save, path), ending="pt")
    add("compressed", refusal="its entries are compressed", state={}, ending="pt",
        save=lambda path: save_again(lambda file: torch.save(state, file), path, zipfile.ZIP_DEFLATED))
    add("before_1_6", state={}, refusal="PyTorch before 1.6", ending="pt",
        save=lambda path: torch.save(state, path, _use_new_zipfile_serialization=False))


def files_without_numbers():
    """Weights that are NaN or infinite: of a run that went wrong, of numbers too large for 16 bits, and of 0/0."""
    model = Model()
    model.fc.bias.data[1] = torch.nan
    add("nan", model, refusal="'fc.bias' has a number that is NaN or infinite")
    model = Model()
    model.lstm.weight_hh_l0.data[2, 3] = 1e6
    add("half_infinite", model.half(), refusal="'lstm.weight_hh_l0' has a number that is NaN or infinite", ending="pt")
    model = Model()
    model.fc = weight_norm(model.fc)
    model.fc.weight_v.data[0] = 0
    add("weight_norm_of_nothing", model, refusal="'fc.weight' has a number that is NaN or infinite")


def main():
    torch.manual_seed(1)
    FOLDER.mkdir(exist_ok=True)
    safetensors_files()
    torch_files()
    files_without_numbers()  # the last, so that the others stay as they are
    text = json.dumps({"text": TEXT, "files": expected}, indent=1, ensure_ascii=False)
    (FOLDER / "expected.json").write_text(text + "\n")
    print(len(expected), "files")


main()
