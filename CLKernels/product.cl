// Matrix products on processors; cpu.cl has what they are made of.
//
// a         m × k    rows a_stride apart
// b         k × n    as it stands, or in panels
// c         m × n    rows c_stride apart: c = a·b, or c += a·b when adding
//
// Read as it stands, b brings a new page with every row, and every row the same few places of the cache; but it needs
// no copy. Work-items are alone in their groups.

// The panels of b(i, j) = b[i·row_step + j·column_step].
// One work-item for each panel (first index) and BLOCK_DEPTH rows of b (second).
KERNEL void product_pack(
    int n, int k, int row_step, int column_step, global const float *b, int b_at, global float *packed, int packed_at) {
    int first = get_global_id(0) * PANEL, columns = min(PANEL, n - first);
    int begin = get_global_id(1) * BLOCK_DEPTH, end = min(begin + BLOCK_DEPTH, k);
    b += b_at + first * column_step;
    packed += packed_at + first * k;
    if (columns == PANEL && column_step == 1) {
        for (int i = begin; i < end; i++) vstore16(vload16(0, b + i * row_step), 0, packed + i * PANEL);
        return;
    }
    for (int i = begin; i < end; i++) {
        for (int j = 0; j < PANEL; j++) {
            packed[i * PANEL + j] = j < columns ? b[i * row_step + j * column_step] : 0.0f;
        }
    }
}

// b(i, j) = b[(j / PANEL)·panel_step + i·row_step + j mod PANEL], of which b_columns are there: n rounded up in panels.
// One work-item for each panel (first index) and `rows` rows (second).
KERNEL void product_multiply(
    int m, int n, int k, int rows, int adding, global const float *a, int a_at, int a_stride, global const float *b,
    int b_at, int panel_step, int row_step, int b_columns, global float *c, int c_at, int c_stride) {
    int column = get_global_id(0) * PANEL, first = get_global_id(1) * rows;
    panel_multiply(
        min(rows, m - first), k, n - column, adding, a + a_at + first * a_stride, a_stride,
        b + b_at + get_global_id(0) * panel_step, row_step, b_columns - column, c + c_at + first * c_stride + column,
        c_stride);
}

// m = 1, as in sampling: nothing of b is used twice, so b is read as it stands, rows b_stride apart.
// One work-item for each ROW_COLUMNS columns, whole lines of the cache.
KERNEL void product_row(
    int n, int k, int adding, global const float *a, int a_at, int a_step, global const float *b, int b_at,
    int b_stride, global float *c, int c_at) {
    int column = get_global_id(0) * ROW_COLUMNS, left = n - column;
    a += a_at;
    b += b_at + column;
    c += c_at + column;
    for (; left > 0 && left < ROW_COLUMNS; left -= PANEL, b += PANEL, c += PANEL) {
        float16 sum = adding ? panel_load(c, left) : (float16)(0.0f);
        for (int i = 0; i < k; i++) sum += a[i * a_step] * panel_load(b + i * b_stride, left);
        panel_store(sum, c, left);
    }
    if (left <= 0) return;
    float16 sums[4];
    #pragma unroll
    for (int p = 0; p < 4; p++) sums[p] = adding ? vload16(p, c) : (float16)(0.0f);
    for (int i = 0; i < k; i++) {
        #pragma unroll
        for (int p = 0; p < 4; p++) sums[p] += a[i * a_step] * vload16(p, b + i * b_stride);
    }
    #pragma unroll
    for (int p = 0; p < 4; p++) vstore16(sums[p], p, c);
}
