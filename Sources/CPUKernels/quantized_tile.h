// The whole-number sums of a tile, for one instruction set. quantized.c includes this once for each, with these defined:
//
// TILE        the function's name
// TARGET      the attribute of functions that use the instructions
// BYTES       the width of a register; 16 columns are 64 bytes
// MOST_ROWS   of a tile, so that the sums of all of them live in registers
// DOT(s, x, w)   the sums s, each plus the four products of bytes of x, 0 to 127, and of w, −127 to 127
#define PASTE(a, b) a##b
#define NAME(a, b) PASTE(a, b)
#define VECTOR NAME(TILE, _vector)
#define TILE_OF NAME(TILE, _of)

typedef int32_t VECTOR __attribute__((vector_size(BYTES), aligned(4)));

/// `rows` and `panels`, one of which is 1, are constants at every call.
TARGET INLINE void TILE_OF(const uint8_t *a, long a_stride, const int32_t *panel, long quads, int32_t *sums,
                           const int rows, const int panels) {
    enum { parts = 64 / BYTES, lanes = BYTES / 4, most = MOST_ROWS > row_panels ? MOST_ROWS : row_panels };
    const long panel_stride = panel_count(quads);
    VECTOR s[most][parts];
    UNROLLED
    for (int i = 0; i < rows * panels; i++) {
        UNROLLED
        for (int p = 0; p < parts; p++) {
            s[i][p] = *(const VECTOR *)(panel + i / rows * panel_stride + starts_place + p * lanes);
        }
    }
    ALIGNED
    for (long q = 0; q < quads; q++) {
        UNROLLED
        for (int i = 0; i < rows * panels; i++) {
            int32_t four;
            memcpy(&four, a + i / panels * a_stride + 4 * q, sizeof four);
            const VECTOR x = (VECTOR){0} + four;
            const int32_t *weights = panel + i / rows * panel_stride + weights_place + q * width;
            UNROLLED
            for (int p = 0; p < parts; p++) s[i][p] = DOT(s[i][p], x, *(const VECTOR *)(weights + p * lanes));
        }
    }
    UNROLLED
    for (int i = 0; i < rows * panels; i++) {
        UNROLLED
        for (int p = 0; p < parts; p++) *(VECTOR *)(sums + i * width + p * lanes) = s[i][p];
    }
}

/// sums: rows × 16 of one panel, up to MOST_ROWS rows; or of one row panels × 16, where that many are `row_panels`.
TARGET static void TILE(const uint8_t *a, long a_stride, const int32_t *panel, long quads, int32_t *sums, long rows,
                        long panels) {
#define ROWS(count)                                                                              \
    case count:                                                                                  \
        if (count <= MOST_ROWS) TILE_OF(a, a_stride, panel, quads, sums, count, 1);              \
        break;
    if (panels == row_panels) return TILE_OF(a, a_stride, panel, quads, sums, 1, row_panels);
    switch (rows) { ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) }
#undef ROWS
}

#undef PASTE
#undef NAME
#undef VECTOR
#undef TILE_OF
#undef TILE
#undef TARGET
#undef BYTES
#undef MOST_ROWS
#undef DOT
