/// The positions of a list of indices, grouped by index: those of index v are
/// `positions[starts[v]..<starts[v + 1]]`, ascending.
public struct IndexGroups: Sendable {
    /// V + 1 entries.
    public let starts: Buffer<Int32>
    /// As many entries as there are indices.
    public let positions: Buffer<Int32>

    /// Lists that have been made.
    public init(starts: Buffer<Int32>, positions: Buffer<Int32>) {
        self.starts = starts
        self.positions = positions
    }

    /// The two lists for `indices`, each below `count`, by a counting sort.
    public static func grouping(_ indices: [Int32], count: Int) -> (starts: [Int32], positions: [Int32]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for index in indices { starts[Int(index) + 1] += 1 }
        for v in 0..<count { starts[v + 1] += starts[v] }
        var next = starts
        var positions = [Int32](repeating: 0, count: indices.count)
        for (position, index) in indices.enumerated() {
            positions[Int(next[Int(index)])] = Int32(position)
            next[Int(index)] += 1
        }
        return (starts, positions)
    }
}
