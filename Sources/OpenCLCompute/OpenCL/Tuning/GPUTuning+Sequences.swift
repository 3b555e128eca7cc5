import Synchronization

/// Our own part of a tuning: up to which hidden size the time steps of a layer are one launch, by cell. It is 0 until
/// that has been measured to be faster.
extension GPUTuning {
    /// The name under which it is kept beside CLBlast's kernels.
    static let sequences = "Sequence"

    /// Has the time steps of a cell's layers be one launch up to a hidden size.
    package static func fused(_ cell: RecurrentCell, upTo hiddenSize: Int) -> Parameters {
        [sequences: [cell.rawValue: hiddenSize]]
    }

    /// The two ways for a layer and those that are smaller, or larger, where all else is as in `parameters`; none where
    /// the GPU has no choice.
    package func sequenceChoices(_ cell: RecurrentCell, hiddenSize: Int, in parameters: Parameters) -> [Parameters] {
        guard info.holdsShare(cell, hiddenSize: hiddenSize) else { return [] }
        let sizes = parameters[Self.sequences]!
        let now = sizes[cell.rawValue]!
        return [max(now, hiddenSize), min(now, hiddenSize - 1)].map { size in
            [Self.sequences: sizes.merging([cell.rawValue: size]) { $1 }]
        }
    }

    /// Whether the time steps of such a layer are one launch.
    package func fuses(_ cell: RecurrentCell, hiddenSize: Int) -> Bool {
        hiddenSize <= fusedSizes.byCell.withLock { $0[cell.rawValue]! }
            && info.holdsShare(cell, hiddenSize: hiddenSize)
    }

    /// The sizes in force, shared by the device's backends.
    final class FusedSizes: Sendable {
        let byCell = Mutex(Dictionary(uniqueKeysWithValues: RecurrentCell.allCases.map { ($0.rawValue, 0) }))
    }
}
