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
