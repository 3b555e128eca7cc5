import OpenCLCompute

/// How the gradients of all who share a batch become one, and how the parameters travel back.
///
/// The streams of a batch are shared among ``count`` processes, and those of a process among its devices, each of which
/// has a ``Replica`` of the model. In a step each device makes the gradient of its streams; ``sumGradients()`` adds them
/// up, and the optimizer follows the sum on the first device of each process. All processes take the same step, so what
/// ``sumGradients()`` leaves must have the same bits in each of them.
///
/// Within one process it is a ``DeviceExchange``. An exchange among processes does with one what is to be done inside
/// each, and passes on what is left: the gradient of its first replica, always of the same size, which it may read, sum
/// and write back in pieces. Every method is called by all processes, in the same order; each waits for the others.
///
/// It need not wait for the end of the backward pass, which makes the gradient from its last element to its first:
/// ``gradientIsMade(from:)`` says how far it is.
///
/// An exchange serves one ``Trainer``.
public protocol GradientExchange: AnyObject {
    /// The processes that share each batch.
    var count: Int { get }
    /// Which of them this is, from 0. Their streams are in the order of the ranks.
    var rank: Int { get }

    /// Takes note of the process's replicas, its first device's first, and reserves what the exchange needs. They have
    /// equal parameters; where there are several processes, all get those of rank 0.
    ///
    /// - Throws: `DeviceError` when a device has not enough memory.
    func prepare(_ replicas: [Replica]) throws

    /// Gives the process's other replicas the parameters of its first, before a pass with new ones. Processes have made
    /// the same step and need nothing from one another, unless their devices round differently.
    func sendParameters() throws

    /// In the backward pass of a process with one device: the elements of its gradient from `start` on are made, or queued
    /// to be, and the exchange may sum them while the pass goes on. It is told at the same places in every step, from the
    /// last to the first, and not of the whole, which is ``sumGradients()``'s. Whoever does nothing here sums all there.
    func gradientIsMade(from start: Int) throws

    /// Whether a backward pass is to call ``gradientIsMade(from:)``, for which it cuts products that it would else make at once.
    /// Asked in each pass after ``prepare(_:)``.
    var sumsInPieces: Bool { get }

    /// Makes the gradient of the first replica the sum of all replicas' gradients, those of the other processes
    /// included. The others' are then undefined.
    func sumGradients() throws

    /// The same, and what ``gather(_:)`` returns of some numbers, as many from each process. Beside a gradient a few numbers
    /// travel without a wait of their own, so each step has its loss and the wish to stop go here. Whoever leaves this out
    /// has them follow.
    func sumGradients(gathering values: [Float]) throws -> [[Float]]

    /// What each process has given, in the order of the ranks: losses, states, the wish to stop. No two need to give as
    /// many numbers.
    func gather(_ values: [Float]) throws -> [[Float]]
}

extension GradientExchange {
    public func gradientIsMade(from start: Int) throws {}

    public var sumsInPieces: Bool { count > 1 }

    public func sumGradients(gathering values: [Float]) throws -> [[Float]] {
        try sumGradients()
        return try gather(values)
    }

    /// Whether one of the processes wishes to, so that all stop, or save, after the same step.
    public func isWishedByAny(_ isWished: Bool) throws -> Bool {
        guard count > 1 else { return isWished }
        return try gather([isWished ? 1 : 0]).contains([1])
    }

    /// Whether the first process holds it, for which others may not, such as that a checkpoint is due.
    func isSaidByFirst(_ isSaid: Bool) throws -> Bool {
        guard count > 1 else { return isSaid }
        return try gather([isSaid ? 1 : 0])[0] == [1]
    }
}

/// The parameters and the gradient that a device has, P numbers each, in the same order on all.
public struct Replica: Sendable {
    /// Where both lie.
    public let backend: any Backend
    /// P numbers, which an optimizer changes on the first device.
    public let parameters: Buffer<Float>
    /// Of the device's own streams, in units of the whole batch: the sum over all devices is the batch's gradient.
    public let gradient: Buffer<Float>
}
