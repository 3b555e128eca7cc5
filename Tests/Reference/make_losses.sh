#!/usr/bin/env bash
# Makes losses.json and optimizers.json with train.py, from the weights and the text beside it. PYTHON names a Python with PyTorch.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
train() { "$python" train.py "$1.safetensors" text.txt "${@:2}"; }
{
    echo '{"losses": {'
    echo "\"lstm\": $(train lstm),"
    echo "\"gru\": $(train gru),"
    echo "\"rnn\": $(train rnn),"
    echo "\"mingru\": $(train mingru),"
    echo "\"mogrifier\": $(train mogrifier)},"
    echo '"validationLosses": {'
    echo "\"lstm\": $(train lstm --validate),"
    echo "\"gru\": $(train gru --validate),"
    echo "\"rnn\": $(train rnn --validate),"
    echo "\"mingru\": $(train mingru --validate),"
    echo "\"mogrifier\": $(train mogrifier --validate)}}"
} > losses.json
{
    echo '{"adamw": {'
    echo "\"embedded\": $(train embedded --optimizer adamw),"
    echo "\"lstm\": $(train lstm --optimizer adamw),"
    echo "\"gru\": $(train gru --optimizer adamw),"
    echo "\"rnn\": $(train rnn --optimizer adamw),"
    echo "\"mingru\": $(train mingru --optimizer adamw),"
    echo "\"mogrifier\": $(train mogrifier --optimizer adamw)},"
    echo '"muon": {'
    echo "\"embedded\": $(train embedded --optimizer muon),"
    echo "\"lstm\": $(train lstm --optimizer muon),"
    echo "\"gru\": $(train gru --optimizer muon),"
    echo "\"rnn\": $(train rnn --optimizer muon),"
    echo "\"mingru\": $(train mingru --optimizer muon),"
    echo "\"mogrifier\": $(train mogrifier --optimizer muon)}}"
} > optimizers.json
