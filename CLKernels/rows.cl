// Work on rows: a bias for each, one-hot input as a look-up, its gradient, the same for columns, and a transpose.
// One work-item for each vector of columns (first index) and row (second), but in rows_transpose.

// matrix(i, j) += bias[j]; matrix is rows × columns.
KERNEL void rows_add_bias(
    int rows, int columns, global float *matrix, int matrix_at, global const float *bias, int bias_at) {
    int i = get_global_id(1), j = get_global_id(0) * WIDTH, left = columns - j;
    if (i >= rows || j >= columns) return;
    matrix += matrix_at + i * columns + j;
    vector_store(vector_load(matrix, left) + vector_load(bias + bias_at + j, left), matrix, left);
}

// result(i, j) = table(indices[i], j); result is rows × columns, its rows `stride` apart, table V × columns.
KERNEL void rows_gather(
    int rows, int columns, int stride, global const float *table, int table_at, global const int *indices, int indices_at,
    global float *result, int result_at) {
    int i = get_global_id(1), j = get_global_id(0) * WIDTH, left = columns - j;
    if (i >= rows || j >= columns) return;
    table += table_at + indices[indices_at + i] * columns + j;
    vector_store(vector_load(table, left), result + result_at + i * stride + j, left);
}

// table(v, j) = Σ rows(positions[k], j) over starts[v] ≤ k < starts[v + 1]; table is V × columns, rows are
// `stride` apart.
// A work-item owns its element of the table and walks the group in order: no atomics, and the same bits every time.
KERNEL void rows_scatter(
    int V, int columns, int stride, global const float *rows, int rows_at, global const int *starts, int starts_at,
    global const int *positions, int positions_at, global float *table, int table_at) {
    int v = get_global_id(1), j = get_global_id(0) * WIDTH, left = columns - j;
    if (v >= V || j >= columns) return;
    rows += rows_at + j;
    starts += starts_at;
    positions += positions_at;
    vector sum = 0.0f;
    for (int k = starts[v]; k < starts[v + 1]; k++) sum += vector_load(rows + positions[k] * stride, left);
    vector_store(sum, table + table_at + v * columns + j, left);
}

// result(i, j) = table(j, indices[i]); result is rows × columns, table columns × V.
KERNEL void rows_gather_columns(
    int rows, int columns, int V, global const float *table, int table_at, global const int *indices, int indices_at,
    global float *result, int result_at) {
    int i = get_global_id(1), first = get_global_id(0) * WIDTH;
    if (i >= rows) return;
    table += table_at + indices[indices_at + i];
    result += result_at + i * columns;
    for (int j = first; j < min(first + WIDTH, columns); j++) result[j] = table[j * V];
}

// table(j, indices[i]) = matrix(i, j); matrix is rows × columns, table columns × V. No index is there twice, so that no
// element of the table has two work-items.
KERNEL void rows_scatter_columns(
    int rows, int columns, int V, global const float *matrix, int matrix_at, global const int *indices, int indices_at,
    global float *table, int table_at) {
    int i = get_global_id(1), first = get_global_id(0) * WIDTH;
    if (i >= rows) return;
    table += table_at + indices[indices_at + i];
    matrix += matrix_at + i * columns;
    for (int j = first; j < min(first + WIDTH, columns); j++) table[j * V] = matrix[j];
}

// result(j, i) = matrix(i, j); matrix is rows × columns, its rows `stride` apart.
// One work-item for each square of TRANSPOSED_TILE columns (first index) and TRANSPOSED_TILE rows: it reads and writes runs
// of TRANSPOSED_TILE elements, which spares caches without the local memory that a larger tile needs.
KERNEL void rows_transpose(
    int rows, int columns, int stride, global const float *matrix, int matrix_at, global float *result, int result_at) {
    int top = get_global_id(1) * TRANSPOSED_TILE, first = get_global_id(0) * TRANSPOSED_TILE;
    if (top >= rows || first >= columns) return;
    matrix += matrix_at;
    result += result_at;
    int bottom = min(top + TRANSPOSED_TILE, rows), end = min(first + TRANSPOSED_TILE, columns);
    for (int j = first; j < end; j++) {
        for (int i = top; i < bottom; i++) result[j * rows + i] = matrix[i * stride + j];
    }
}
