// Dropout by a counter-based generator: the mask is a function of the seed and the counter, not of the order of work.
//
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3; 2011) makes four words from
// the counter (⌊i/4⌋, layer, step low, step high) and the key (seed low, seed high); word i mod 4 belongs to element i.

// In scalars, which compilers make vectors of across work-items; a uint4 they would shuffle.
static inline void dropout_philox(uint words[4], uint key0, uint key1) {
    for (int round = 0; round < 10; round++) {
        ulong first = (ulong)0xD2511F53u * words[0], second = (ulong)0xCD9E8D57u * words[2];
        words[0] = (uint)(second >> 32) ^ words[1] ^ key0;
        words[1] = (uint)second;
        words[2] = (uint)(first >> 32) ^ words[3] ^ key1;
        words[3] = (uint)first;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

// result[i] = word ≥ threshold ? scale · x[i] : 0. x and result are rows of `length` elements, of which row r begins at
// element first + r·stride of the mask. One work-item for four words (first index) of a row (second).
KERNEL void dropout_apply(
    int first, int length, int stride, uint threshold, float scale, uint layer, uint step_low, uint step_high,
    uint seed_low, uint seed_high, global const float *x, int x_at, global float *result, int result_at) {
    int row = get_global_id(1), start = first + row * stride, block = start / 4 + get_global_id(0);
    if (block * 4 >= start + length) return;
    uint words[4] = {block, layer, step_low, step_high};
    dropout_philox(words, seed_low, seed_high);
    x += x_at + row * length;
    result += result_at + row * length;
    for (int k = 0; k < 4; k++) {
        int i = block * 4 + k - start;
        if (i >= 0 && i < length) result[i] = words[k] >= threshold ? scale * x[i] : 0.0f;
    }
}
