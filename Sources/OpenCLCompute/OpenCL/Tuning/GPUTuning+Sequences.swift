import Synchronization

/// Our own part of a tuning: how the time steps of a layer are launched, by cell and hidden size.
///
/// Up to one size all of them are one launch: that is 0 until it has been measured to be faster, since which size it is
/// hangs on the GPU. Up to another, each half-step is one launch with its product: that is every size until CLBlast's
/// products with a launch after each have been measured to be faster.
extension GPUTuning {
    /// The names under which these sizes are kept beside CLBlast's kernels.
    static let sequences = "Sequence", steps = "Step"

    /// A size that no layer reaches; the largest that a file may hold.
    private static let everySize = 1 << 20

    /// Has the time steps of a cell's layers be one launch up to a hidden size.
    package static func fused(_ cell: RecurrentCell, upTo hiddenSize: Int) -> Parameters {
        [sequences: [cell.rawValue: hiddenSize]]
    }

    /// Has the half-steps of a cell's layers be one launch each up to a hidden size.
    package static func whole(_ cell: RecurrentCell, upTo hiddenSize: Int) -> Parameters {
        [steps: [cell.rawValue: hiddenSize]]
    }

    /// The ways for a layer, where all else is as in `parameters`: one launch for all time steps, one for each half-step,
    /// and products by CLBlast. A way is taken for smaller layers too, and left for larger ones. Without those of which
    /// the GPU has no choice.
    package func sequenceChoices(_ cell: RecurrentCell, hiddenSize: Int, in parameters: Parameters) -> [Parameters] {
        func sizes(_ kind: String, _ isTaken: Bool) -> Parameters {
            let sizes = parameters[kind]!
            let now = sizes[cell.rawValue]!
            let size = isTaken ? max(now, hiddenSize) : min(now, hiddenSize - 1)
            return [kind: sizes.merging([cell.rawValue: size]) { $1 }]
        }
        let isStepped = sizes(Self.sequences, false)
        var ways: [Parameters] = []
        if info.holdsShare(cell, hiddenSize: hiddenSize) { ways.append(sizes(Self.sequences, true)) }
        if holdsWholeSteps(cell) { ways.append(isStepped.merging(sizes(Self.steps, true)) { $1 }) }
        ways.append(cell.hasRecurrentProduct ? isStepped.merging(sizes(Self.steps, false)) { $1 } : isStepped)
        return ways.count > 1 ? ways : []
    }

    /// Whether the time steps of such a layer are one launch.
    package func fuses(_ cell: RecurrentCell, hiddenSize: Int) -> Bool {
        hiddenSize <= size(Self.sequences, of: cell) && info.holdsShare(cell, hiddenSize: hiddenSize)
    }

    /// Whether, where they are not, each half-step of such a layer is one launch.
    package func takesWholeSteps(_ cell: RecurrentCell, hiddenSize: Int) -> Bool {
        hiddenSize <= size(Self.steps, of: cell) && holdsWholeSteps(cell)
    }

    /// Whether every half-step has a product, of as many gates as CLKernels/step.cl takes, and its tile has room.
    private func holdsWholeSteps(_ cell: RecurrentCell) -> Bool {
        info.holdsTile && cell.halfSteps.allSatisfy { $0.product.map { $0.gates.count <= 4 } ?? false }
    }

    private func size(_ kind: String, of cell: RecurrentCell) -> Int {
        launchSizes.byKind.withLock { $0[kind]![cell.rawValue]! }
    }

    /// The sizes in force, shared by the device's backends.
    final class LaunchSizes: Sendable {
        let byKind = Mutex([sequences: LaunchSizes.all(0), steps: LaunchSizes.all(everySize)])

        private static func all(_ size: Int) -> [String: Int] {
            Dictionary(uniqueKeysWithValues: RecurrentCell.allCases.map { ($0.rawValue, size) })
        }
    }
}
