#!/usr/bin/env bash
# mlx 0.32.4: one tensor of F64 makes a whole safetensors file unreadable, and mlx's own float64 arrays cannot be saved to one.
#
# One expects of a reader that a tensor which nobody asks for does no harm, and of a library with float64 arrays that it reads
# and writes the format's F64. `mx.load` refuses the file with the weights in it; `mx.save_safetensors` refuses the array. The
# same arrays go through `mx.load` from .npz, and the safetensors library reads the file.
#
# Programs that keep a loss or a learning rate beside float32 weights should write it as metadata, or as F32.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'mlx[cpu]==0.32.4' numpy==2.4.6 safetensors==0.8.0
venv/bin/python - <<'PYTHON'
import sys

import mlx.core as mx
import numpy as np
from safetensors.numpy import load_file, save_file

mx.set_default_device(mx.cpu)
tensors = {"weight": np.ones((2, 3), np.float32), "loss": np.array([1.5])}
save_file(tensors, "both.safetensors")
np.savez("both.npz", **tensors)


def attempt(name, action):
    """What it returns, or the words of the error."""
    try:
        result = action()
        print(f"{name}: {result}")
        return result
    except (RuntimeError, ValueError, TypeError) as error:
        print(f"{name}: {type(error).__name__}: {error}")
        return str(error)


def types(arrays):
    return {name: str(array.dtype).removeprefix("mlx.core.") for name, array in sorted(arrays.items())}


both = {"loss": "float64", "weight": "float32"}
seen = [
    attempt("safetensors reads the file", lambda: types(load_file("both.safetensors"))) == both,
    attempt("mlx reads the same arrays from .npz", lambda: types(mx.load("both.npz"))) == both,
    "F64" in attempt("mlx reads the file", lambda: types(mx.load("both.safetensors"))),
    "dtype" in str(attempt("mlx writes a float64 array of its own",
                           lambda: mx.save_safetensors("own.safetensors", {"loss": mx.array([1.5], mx.float64)}))),
]
sys.exit(0 if all(seen) else "this has changed")
PYTHON
