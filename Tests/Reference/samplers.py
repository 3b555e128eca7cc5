#!/usr/bin/env python3
"""Writes samplers.json: what the logits processors of Hugging Face transformers make of some logits.

    python3 -m venv /tmp/samplers
    /tmp/samplers/bin/pip install transformers==5.24.0 torch numpy
    /tmp/samplers/bin/python samplers.py > samplers.json

Each case has logits, the piece with its value, and the logits that are left, null for a token that is ruled out. The
logits are random, so that no two are equal and no sum meets a share exactly: where those decide, transformers and the
library differ on purpose, and the tests say how.
"""
import json

import numpy
import torch
from transformers.generation import logits_process as processors

generator = numpy.random.default_rng(7)


def draw(spread, size):
    logits = [round(float(x), 4) for x in generator.normal(0, spread, size)]
    assert len(set(logits)) == size
    return logits


def case(name, value, logits, processor, recent=()):
    ids = torch.tensor([list(recent)], dtype=torch.long)
    result = processor(ids, torch.tensor([logits], dtype=torch.float32))[0].tolist()
    kept = [None if x == -float("inf") else round(x, 5) for x in result]
    return {"piece": name, "value": value, "logits": logits, "recent": list(recent), "expected": kept}


cases = []
for size, spread in [(2, 1), (7, 1), (65, 2), (65, 5), (120, 3)]:
    logits = draw(spread, size)
    for value in [0.25, 0.5, 2.0]:
        cases.append(case("temperature", value, logits, processors.TemperatureLogitsWarper(value)))
    for value in [1, 5, size]:
        cases.append(case("topK", value, logits, processors.TopKLogitsWarper(value)))
    for value in [0.1, 0.5, 0.9, 0.99]:
        cases.append(case("topP", value, logits, processors.TopPLogitsWarper(value)))
    for value in [0.02, 0.1, 0.5]:
        cases.append(case("minP", value, logits, processors.MinPLogitsWarper(value)))
    for value in [0.1, 0.5, 0.9, 0.99]:
        cases.append(case("typical", value, logits, processors.TypicalLogitsWarper(value)))
    recent = [int(x) for x in generator.integers(0, size, 30)]
    for value in [0.8, 1.1, 1.5]:
        cases.append(case("repetition", value, logits, processors.RepetitionPenaltyLogitsProcessor(value), recent))

# transformers' order is the one of the library's Sampling: repetition, temperature, top-k, top-p, min-p, typical.
logits = draw(2, 65)
recent = [int(x) for x in generator.integers(0, 65, 20)]
chain = processors.LogitsProcessorList([
    processors.RepetitionPenaltyLogitsProcessor(1.2), processors.TemperatureLogitsWarper(0.8),
    processors.TopKLogitsWarper(30), processors.TopPLogitsWarper(0.95), processors.MinPLogitsWarper(0.03),
    processors.TypicalLogitsWarper(0.9)])
cases.append(case("all", 0, logits, chain, recent))
print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")
