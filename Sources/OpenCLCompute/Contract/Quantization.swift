import CPUKernels

/// Weights of 8 bits: a column is a scale times whole numbers from −127 to 127, the scale being the column's largest magnitude
/// over 127, rounded up to 17 bits. So a scale times a whole number is a float without rounding, and weights that have been
/// rounded stay what they are when they are rounded again.
///
/// In a product the rows of the left factor are rounded too, each to a scale of its largest magnitude over 63. The sums are of
/// whole numbers: they are exact, the same in any order.
package enum Quantization {
    /// The scale of a column whose largest magnitude is `largest`; NaN where it is not finite, 0 where all is zero.
    package static func scale(largest: Float) -> Float { cpu_quantized_scale(largest) }

    /// The whole number whose multiple of the scale is nearest to x.
    package static func weight(_ x: Float, scale: Float) -> Int8 { cpu_quantized_weight(x, scale) }
}
