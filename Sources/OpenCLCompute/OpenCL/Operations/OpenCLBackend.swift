import COpenCL
import Synchronization

/// An OpenCL device at work: products by CLBlast, on processors by kernels of our own; all else by the kernels of the
/// folder CLKernels.
///
/// The files beside this one implement the groups of ``Backend``.
final class OpenCLBackend: Backend {
    let context: OpenCLContext
    private let tuning: GPUTuning?
    private let stream: Mutex<OpenCLStream>

    /// - Throws: ``DeviceError`` when the driver does not give what the device promised.
    init(
        device: cl_device_id, info: OpenCLDeviceInfo, id: String, tuning: GPUTuning?, profile: OpenCLProfile?
    ) throws {
        self.tuning = tuning
        context = try OpenCLContext(device: device, info: info, id: id, profile: profile)
        stream = Mutex(OpenCLStream(context))
    }

    /// Queues an operation. No other operation comes between its launches.
    func enqueue(_ operation: (inout OpenCLStream) throws -> Void) throws {
        try stream.withLock { try operation(&$0) }
    }

    /// Whether the time steps of a layer are one launch: on a GPU where that was measured to be faster; on a processor
    /// but for few rows without a backward pass, which do not repay the panels.
    func fuses(_ sequence: RecurrentSequence, backward: Bool = false) -> Bool {
        if let tuning { return tuning.fuses(sequence.cell, hiddenSize: sequence.hiddenSize) }
        return backward || OpenCLStream.repaysPanels(rows: sequence.steps * sequence.batchSize)
    }

    /// Whether, where they are not, each half-step is one launch with its product: on GPUs.
    func takesWholeSteps(_ sequence: RecurrentSequence) -> Bool {
        tuning?.takesWholeSteps(sequence.cell, hiddenSize: sequence.hiddenSize) ?? false
    }
}
