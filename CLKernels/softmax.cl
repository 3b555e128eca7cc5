// Softmax cross-entropy and its gradient.
//
// logits    N × V    enter without the bias b, so x = logits + b; leave as scale · (softmax(x) − one-hot(target)), or
//                    without a meaning where no gradient is wanted
// bias      V        b
// targets   N        columns; below 0 there is none, and loss and gradient are 0
// losses    N        −ln softmax(x)[target] = ln Σ exp(x − max) − (x[target] − max)
//
// One work-group for each row; lanes: a float for each of its items. A work-item meets the same columns in each loop,
// so nobody reads what another has written.
KERNEL void softmax_cross_entropy(
    int V, float scale, int with_gradient, global float *logits, int logits_at, global const float *bias, int bias_at,
    global const int *targets, int targets_at, global float *losses, int losses_at, local float *lanes) {
    int row = get_group_id(0);
    int first = get_local_id(0) * WIDTH, stride = get_local_size(0) * WIDTH;
    logits += logits_at + row * V;
    bias += bias_at;
    int target = targets[targets_at + row];
    if (target < 0) {
        for (int v = first; v < V; v += stride) vector_store((vector)(0.0f), logits + v, V - v);
        if (first == 0) losses[losses_at + row] = 0.0f;
        return;
    }

    vector largest = -INFINITY;
    for (int v = first; v < V; v += stride) {
        largest = fmax(largest, vector_load_or(logits + v, V - v, -INFINITY) + vector_load(bias + v, V - v));
    }
    // Without it exp overflows where scores pass 88.
    float maximum = group_maximum(vector_maximum(largest), lanes);

    vector partial = 0.0f;
    float score = 0.0f;
    for (int v = first; v < V; v += stride) {
        if (v <= target && target < v + WIDTH) score = logits[target] + bias[target] - maximum;
        vector x = vector_load_or(logits + v, V - v, -INFINITY) + vector_load(bias + v, V - v);
        vector power = exp(x - maximum);
        partial += power;
        vector_store(power, logits + v, V - v);
    }
    float sum = group_sum(vector_sum(partial), lanes);

    for (int v = first; v < V; v += stride) {
        if (with_gradient) vector_store(scale / sum * vector_load(logits + v, V - v), logits + v, V - v);
        if (v <= target && target < v + WIDTH) {
            if (with_gradient) logits[target] -= scale;
            losses[losses_at + row] = log(sum) - score;
        }
    }
}
