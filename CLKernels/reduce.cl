// Sums. Every order is fixed by the shape and the group's size, so the same device gives the same bits.

// sums(s, j) = Σ matrix(i, j) over the rows i of part s, [s·part_rows, (s+1)·part_rows); matrix is rows × columns.
// Sums of parts, then of their sums, keep a GPU busy where the columns are few.
// One work-item for each vector of columns (first index) and part (second).
KERNEL void reduce_columns(
    int rows, int columns, int part_rows, global const float *matrix, int matrix_at, global float *sums, int sums_at) {
    int part = get_global_id(1), j = get_global_id(0) * WIDTH, left = columns - j;
    int first = part * part_rows;
    if (first >= rows || j >= columns) return;
    matrix += matrix_at + j;
    int end = min(first + part_rows, rows);
    vector sum = 0.0f;
    for (int i = first; i < end; i++) sum += vector_load(matrix + i * columns, left);
    vector_store(sum, sums + sums_at + part * columns + j, left);
}

// sums[i] = scale · Σⱼ matrix(i, j); matrix is rows × columns.
// One work-group for each row; lanes: a float for each of its items.
KERNEL void reduce_rows(
    int columns, float scale, global const float *matrix, int matrix_at, global float *sums, int sums_at,
    local float *lanes) {
    int i = get_group_id(0);
    matrix += matrix_at + i * columns;
    vector partial = 0.0f;
    for (int j = get_local_id(0) * WIDTH; j < columns; j += get_local_size(0) * WIDTH) {
        partial += vector_load(matrix + j, columns - j);
    }
    float sum = group_sum(vector_sum(partial), lanes);
    if (get_local_id(0) == 0) sums[sums_at + i] = scale * sum;
}

// sums[p] = Σ x[i]² over the part p of the n elements, [p·part, (p+1)·part).
// One work-group for each part; lanes: a float for each of its items.
KERNEL void reduce_squares(
    int n, int part, global const float *x, int x_at, global float *sums, int sums_at, local float *lanes) {
    int p = get_group_id(0), begin = p * part, end = begin + min(part, n - begin);
    x += x_at;
    vector partial = 0.0f;
    for (int i = begin + get_local_id(0) * WIDTH; i < end; i += get_local_size(0) * WIDTH) {
        vector value = vector_load(x + i, end - i);
        partial += value * value;
    }
    float sum = group_sum(vector_sum(partial), lanes);
    if (get_local_id(0) == 0) sums[sums_at + p] = sum;
}
