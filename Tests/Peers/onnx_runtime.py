"""One measurement of ONNX Runtime on the CPU, as a JSON object: the peer of the sampling of `char-rnn bench`.

    python onnx_runtime.py MODEL.onnx SECONDS THREADS

Writes text step by step with a model of `char-rnn convert`, always the likeliest character: one text, and 64 side by side.
"""
import json
import sys

import numpy
import onnxruntime

import timing

file, seconds, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
names = [each.name for each in session.get_inputs()]


def characters_per_second(texts, count=50):
    state = [numpy.zeros([size if isinstance(size, int) else texts for size in each.shape], numpy.float32)
             for each in session.get_inputs()[1:]]
    tokens = numpy.zeros((1, texts), numpy.int64)

    def write():
        nonlocal tokens, state
        for _ in range(count):
            logits, *state = session.run(None, dict(zip(names, [tokens, *state])))
            tokens = logits[-1:].argmax(-1)

    return count * texts / timing.median(write, seconds)


print(json.dumps({"sampled_per_second": characters_per_second(1),
                  "group_sampled_per_second": characters_per_second(64)}))
