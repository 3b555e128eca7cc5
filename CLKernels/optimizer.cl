// Optimizer steps over all n parameters at once, with the gradient clipped on the way and both norms summed.
//
// x             n    parameters
// gradient      n    left as it is; g below is its value after clipping
// norms         2    norms[0] enters as Σ gradient² where norm_bound is finite, and is not read otherwise
// sums          2 × parts, Σg² of each part, then Σx² after the step
//
// Elements beyond the end read as x = g = 0 with a mean square of 1, so that they add nothing to either sum.
//
// One work-group for each part of `part` elements, [p·part, (p+1)·part); lanes: a float for each of its items.

// Within ± value_bound, and scaled as the norm demands; an infinite bound does nothing. NaN stays NaN, to be seen in
// the norm (fmin and fmax would hide it).
static inline vector optimizer_clip(vector g, float scale, float value_bound) {
    g *= scale;
    g = g > (vector)value_bound ? (vector)value_bound : g;
    return g < (vector)(-value_bound) ? (vector)(-value_bound) : g;
}

static inline float optimizer_scale(global const float *norms, float norm_bound) {
    if (isinf(norm_bound)) return 1.0f;
    float norm = sqrt(norms[0]);
    return norm > norm_bound ? norm_bound / norm : 1.0f;
}

static inline void optimizer_sums(vector squares_g, vector squares_x, global float *sums, local float *lanes) {
    float sum_g = group_sum(vector_sum(squares_g), lanes);
    float sum_x = group_sum(vector_sum(squares_x), lanes);
    if (get_local_id(0) != 0) return;
    sums[get_group_id(0)] = sum_g;
    sums[get_num_groups(0) + get_group_id(0)] = sum_x;
}

// m = αm + (1 − α)g²; x = x − ηg / (√m + ε), α being the decay and η the rate.
KERNEL void optimizer_rmsprop(
    int n, int part, float value_bound, float norm_bound, float rate, float decay, float epsilon, global float *x,
    int x_at, global const float *gradient, int gradient_at, global float *mean_square, int mean_square_at,
    global const float *norms, int norms_at, global float *sums, int sums_at, local float *lanes) {
    int begin = get_group_id(0) * part, end = begin + min(part, n - begin);
    x += x_at;
    gradient += gradient_at;
    mean_square += mean_square_at;
    float scale = optimizer_scale(norms + norms_at, norm_bound);
    vector squares_g = 0.0f, squares_x = 0.0f;
    for (int i = begin + get_local_id(0) * WIDTH; i < end; i += get_local_size(0) * WIDTH) {
        int left = end - i;
        vector g = optimizer_clip(vector_load(gradient + i, left), scale, value_bound);
        vector m = decay * vector_load_or(mean_square + i, left, 1.0f) + (1.0f - decay) * g * g;
        vector value = vector_load(x + i, left) - rate * g / (sqrt(m) + epsilon);
        vector_store(m, mean_square + i, left);
        vector_store(value, x + i, left);
        squares_g += g * g;
        squares_x += value * value;
    }
    optimizer_sums(squares_g, squares_x, sums + sums_at, lanes);
}

// m = β₁m + (1 − β₁)g; v = β₂v + (1 − β₂)g²; x = x − η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
// mean_scale and square_scale are 1/(1−β₁ᵗ) and 1/(1−β₂ᵗ).
KERNEL void optimizer_adam(
    int n, int part, float value_bound, float norm_bound, float rate, float beta1, float beta2, float epsilon,
    float mean_scale, float square_scale, global float *x, int x_at, global const float *gradient, int gradient_at,
    global float *mean, int mean_at, global float *mean_square, int mean_square_at, global const float *norms,
    int norms_at, global float *sums, int sums_at, local float *lanes) {
    int begin = get_group_id(0) * part, end = begin + min(part, n - begin);
    x += x_at;
    gradient += gradient_at;
    mean += mean_at;
    mean_square += mean_square_at;
    float scale = optimizer_scale(norms + norms_at, norm_bound);
    vector squares_g = 0.0f, squares_x = 0.0f;
    for (int i = begin + get_local_id(0) * WIDTH; i < end; i += get_local_size(0) * WIDTH) {
        int left = end - i;
        vector g = optimizer_clip(vector_load(gradient + i, left), scale, value_bound);
        vector m = beta1 * vector_load(mean + i, left) + (1.0f - beta1) * g;
        vector v = beta2 * vector_load_or(mean_square + i, left, 1.0f) + (1.0f - beta2) * g * g;
        vector value = vector_load(x + i, left) - rate * (m * mean_scale) / (sqrt(v * square_scale) + epsilon);
        vector_store(m, mean + i, left);
        vector_store(v, mean_square + i, left);
        vector_store(value, x + i, left);
        squares_g += g * g;
        squares_x += value * value;
    }
    optimizer_sums(squares_g, squares_x, sums + sums_at, lanes);
}

// x within its bounds, as g above, and the sums of its squares alone: sums has `parts` elements.
KERNEL void optimizer_bound(
    int n, int part, float value_bound, float norm_bound, global float *x, int x_at, global const float *norms,
    int norms_at, global float *sums, int sums_at, local float *lanes) {
    int begin = get_group_id(0) * part, end = begin + min(part, n - begin);
    x += x_at;
    float scale = optimizer_scale(norms + norms_at, norm_bound);
    vector squares = 0.0f;
    for (int i = begin + get_local_id(0) * WIDTH; i < end; i += get_local_size(0) * WIDTH) {
        int left = end - i;
        vector value = optimizer_clip(vector_load(x + i, left), scale, value_bound);
        vector_store(value, x + i, left);
        squares += value * value;
    }
    float sum = group_sum(vector_sum(squares), lanes);
    if (get_local_id(0) == 0) sums[sums_at + get_group_id(0)] = sum;
}

// y = a·x + b·y; x and y may be the same. One work-item for each vector of the n elements.
KERNEL void optimizer_combine(
    int n, float a, float b, global const float *x, int x_at, global float *y, int y_at) {
    int i = get_global_id(0) * WIDTH, left = n - i;
    if (left <= 0) return;
    x += x_at + i;
    y += y_at + i;
    vector_store(a * vector_load(x, left) + b * vector_load(y, left), y, left);
}
