#!/usr/bin/env bash
# Makes losses.json with train.py, from the weights and the text beside it. PYTHON names a Python with PyTorch.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
train() { "$python" train.py "$1.safetensors" text.txt "${@:2}"; }
{
    echo '{"losses": {'
    echo "\"lstm\": $(train lstm),"
    echo "\"gru\": $(train gru),"
    echo "\"rnn\": $(train rnn)},"
    echo '"validationLosses": {'
    echo "\"lstm\": $(train lstm --validate),"
    echo "\"gru\": $(train gru --validate),"
    echo "\"rnn\": $(train rnn --validate)}}"
} > losses.json
