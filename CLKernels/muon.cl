// What Muon does besides products.

// Scales a matrix whose rows lie `stride` apart to the Frobenius norm 1; one of zeros stays so.
// One work-group; lanes: a float for each of its items.
KERNEL void muon_normalize(
    int rows, int columns, int stride, global float *matrix, int matrix_at, local float *lanes) {
    matrix += matrix_at;
    int vectors = VECTORS(columns), count = rows * vectors;
    vector squares = 0.0f;
    for (int i = get_local_id(0); i < count; i += get_local_size(0)) {
        int row = i / vectors, j = i % vectors * WIDTH;
        vector value = vector_load(matrix + row * stride + j, columns - j);
        squares += value * value;
    }
    float scale = 1.0f / (sqrt(group_sum(vector_sum(squares), lanes)) + 1e-7f);
    for (int i = get_local_id(0); i < count; i += get_local_size(0)) {
        int row = i / vectors, j = i % vectors * WIDTH;
        global float *x = matrix + row * stride + j;
        vector_store(scale * vector_load(x, columns - j), x, columns - j);
    }
}

// bound[0] = ‖square‖^¼ for n numbers, but no less than 1e-4. One work-group; lanes: a float for each of its items.
KERNEL void muon_bound(int n, global const float *square, int square_at, global float *bound, int bound_at,
                       local float *lanes) {
    square += square_at;
    vector squares = 0.0f;
    for (int i = get_local_id(0) * WIDTH; i < n; i += get_local_size(0) * WIDTH) {
        vector value = vector_load(square + i, n - i);
        squares += value * value;
    }
    float sum = group_sum(vector_sum(squares), lanes);
    if (get_local_id(0) == 0) bound[bound_at] = fmax(sqrt(sqrt(sqrt(sum))), 1e-4f);
}

// square (n × n) = a/s·I + b/s³·gram + c/s⁵·square, where s = bound[0]. One work-item for each vector of a row.
KERNEL void muon_polynomial(
    int n, float a, float b, float c, global const float *bound, int bound_at, global const float *gram, int gram_at,
    global float *square, int square_at) {
    float s = bound[bound_at];
    a /= s;
    b /= s * s * s;
    c /= s * s * s * s * s;
    int row = get_global_id(1), column = get_global_id(0) * WIDTH, left = n - column;
    if (row >= n || left <= 0) return;
    gram += gram_at + row * n + column;
    square += square_at + row * n + column;
    vector_store(b * vector_load(gram, left) + c * vector_load(square, left), square, left);
    if (row >= column && row < column + WIDTH) square[row - column] += a;
}
