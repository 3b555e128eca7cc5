#!/usr/bin/env bash
# IREE 3.13.0: a Scan over any number of steps gives the last one alone; its directions and its output axes are left out.
#
# One expects the compiler to make of ONNX's Scan, the standard's loop over a sequence, what the standard says, or to refuse
# it. A Scan with a fixed number of steps is right. These compile without a word; ONNX Runtime 1.32.0 follows all of them:
#   - where the number of steps is a name, not a number, the output that should have a row a step has one row, the last;
#   - scan_input_directions = [1] (from the end) and scan_output_directions = [1] run and write forward;
#   - scan_output_axes = [1] gives zeros.
# The state after the last step is right wherever the input's direction is forward.
#
# Layers that ONNX has no operator for, such as minGRU, are exported as a Scan. With one step at a time they are right.
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
from onnx import TensorProto, helper

STEPS, UNITS = 5, 3
files = map("network-{}".format, itertools.count())
x, state = np.random.default_rng(1).normal(size=(STEPS, UNITS)).astype(np.float32), np.ones(UNITS, np.float32)


def run(steps=STEPS, **attributes):
    """The last state and those of all steps, of state = state / 2 + x, by ONNX Runtime and by IREE."""
    of = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    body = helper.make_graph(
        [helper.make_node("Mul", ["before", "half"], ["decayed"]), helper.make_node("Add", ["decayed", "step"], ["after"]),
         helper.make_node("Identity", ["after"], ["row"])],
        "body", [of("before", UNITS), of("step", UNITS)], [of("after", UNITS), of("row", UNITS)],
        [helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5])])
    node = helper.make_node("Scan", ["S", "X"], ["last", "all"], num_scan_inputs=1, body=body, **attributes)
    shape = (UNITS, steps) if "scan_output_axes" in attributes else (steps, UNITS)
    graph = helper.make_graph([node], "scan", [of("S", UNITS), of("X", steps, UNITS)], [of("last", UNITS), of("all", *shape)])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    name = next(files)
    onnx.save(made, name + ".onnx")
    for command in [["iree-import-onnx", name + ".onnx", "-o", name + ".mlir"],
                    ["iree-compile", name + ".mlir", "-o", name + ".vmfb", "--iree-hal-target-device=local",
                     "--iree-hal-local-target-device-backends=llvm-cpu", "--iree-llvmcpu-target-cpu=host"]]:
        subprocess.run(command, check=True, capture_output=True)
    context = iree.runtime.SystemContext(config=iree.runtime.Config("local-task"))
    module = iree.runtime.VmModule.mmap(context.instance, name + ".vmfb")
    context.add_vm_module(module)
    session = onnxruntime.InferenceSession(name + ".onnx", providers=["CPUExecutionProvider"])
    return session.run(None, {"S": state, "X": x}), [each.to_host() for each in context.modules[module.name].scan(state, x)]


near = lambda a, b: a.shape == b.shape and float(np.abs(a - b).max()) < 1e-5
changed = False


def see(what, expected):
    global changed
    print("as described:" if expected else "NOT as described:", what)
    changed |= not expected


(last, rows), seen = run()
see("a fixed number of steps is right", near(seen[0], last) and near(seen[1], rows))
right, seen = run("steps")
see(f"any number: {seen[1].shape} for {right[1].shape}, the last row", near(right[1], rows) and near(seen[1], rows[-1:]))
see("any number: the last state is right", near(seen[0], last))
right, seen = run(scan_input_directions=[1])
see("from the end: as from the beginning", near(seen[1], rows) and near(seen[0], last) and not near(right[1], rows))
right, seen = run(scan_output_directions=[1])
see("written from the end: as from the beginning", near(seen[1], rows) and near(right[1], rows[::-1]))
right, seen = run(scan_output_axes=[1])
see("steps along axis 1: zeros", near(right[1], rows.T) and seen[1].shape == (UNITS, STEPS) and not seen[1].any())
sys.exit("this has changed" if changed else 0)
PYTHON
