#!/usr/bin/env bash
# IREE 3.13.0: in ONNX's recurrent operators each activation that its compiler does not know is compiled as Relu.
#
# One expects the compiler to know the activations that the standard names for RNN, GRU and LSTM, or to refuse them, as it
# refuses clip and direction "reverse". Tanh, Sigmoid and Relu are right. HardSigmoid (in old Keras the gates' default),
# Softsign, Softplus, Elu and LeakyRelu compile without a word and give max(0, x): 4 where HardSigmoid has 1. ONNX Runtime
# 1.32.0 follows the standard in all. As silently sequence_lens and an LSTM's peepholes (the input P) are left out.
#
# Whoever needs another activation has to write the cell out in plain operators, or compare with another runtime first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 iree-base-compiler==3.13.0 iree-base-runtime==3.13.0
cd "$folder"
PATH="$folder/venv/bin:$PATH" venv/bin/python - <<'PYTHON'
import itertools
import subprocess
import sys

import iree.runtime
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

names = map("network-{}".format, itertools.count())


def run(operator, x, weights, **attributes):
    """Y by ONNX Runtime and by IREE; `weights` by the names of the inputs, in their order."""
    steps, batch, _ = x.shape
    hidden = weights["R"].shape[2]
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items() if value is not None]
    inputs = ["X", *(name if value is not None else "" for name, value in weights.items())]
    node = helper.make_node(operator, inputs, ["Y"], hidden_size=hidden, **attributes)
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "recurrent", [of("X", *x.shape)], [of("Y", steps, 1, batch, hidden)], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    name = next(names)
    onnx.save(made, name + ".onnx")
    for command in [["iree-import-onnx", name + ".onnx", "-o", name + ".mlir"],
                    ["iree-compile", name + ".mlir", "-o", name + ".vmfb", "--iree-hal-target-device=local",
                     "--iree-hal-local-target-device-backends=llvm-cpu", "--iree-llvmcpu-target-cpu=host"]]:
        subprocess.run(command, check=True, capture_output=True)
    context = iree.runtime.SystemContext(config=iree.runtime.Config("local-task"))
    module = iree.runtime.VmModule.mmap(context.instance, name + ".vmfb")
    context.add_vm_module(module)
    session = onnxruntime.InferenceSession(name + ".onnx", providers=["CPUExecutionProvider"])
    return session.run(None, {"X": x})[0], context.modules[module.name].recurrent(x).to_host()


near = lambda a, b: float(np.abs(a - b).max()) < 1e-4
changed = False
x = np.linspace(-4, 4, 9, dtype=np.float32).reshape(1, 9, 1)
identity = {"W": np.ones((1, 1, 1), np.float32), "R": np.zeros((1, 1, 1), np.float32)}  # so that Y is the activation of X
for activation in ["Tanh", "Sigmoid", "Relu", "HardSigmoid", "Softsign", "Softplus", "Elu", "LeakyRelu"]:
    right, seen = run("RNN", x, identity, activations=[activation])
    known, as_relu = near(seen, right), near(seen.ravel(), np.maximum(x, 0).ravel())
    print(f"{activation:11}: right {known}, Relu {as_relu}")
    changed |= known != (activation in ["Tanh", "Sigmoid", "Relu"]) or as_relu != (activation not in ["Tanh", "Sigmoid"])

random = np.random.default_rng(1)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
x, weights = normal(5, 2, 3), {"W": normal(1, 16, 3), "R": normal(1, 16, 4), "B": normal(1, 32)}
right, plain = run("LSTM", x, weights)
changed |= not near(right, plain)
for what, more in [("sequence_lens", {"L": np.array([5, 2], np.int32)}),
                   ("peepholes", {"L": None, "H": None, "C": None, "P": normal(1, 12)})]:
    right, seen = run("LSTM", x, weights | more)
    print(f"{what}: as without them {near(seen, plain)}")
    changed |= not near(seen, plain) or near(right, plain)
sys.exit("this has changed" if changed else 0)
PYTHON
