/// A named array of floats as files hold it, row-major.
struct Tensor: Equatable, Sendable {
    let name: String
    let shape: [Int]
    let values: [Float]
}
