import COpenCL
import Synchronization

/// An OpenCL device at work: products by CLBlast, on processors by kernels of our own; all else by the kernels of the
/// folder CLKernels.
///
/// The files beside this one implement the groups of ``Backend``.
final class OpenCLBackend: Backend {
    let context: OpenCLContext
    private let tuning: CardTuning?
    private let stream: Mutex<OpenCLStream>

    /// - Throws: ``DeviceError`` when the driver does not give what the device promised.
    init(
        device: cl_device_id, info: OpenCLDeviceInfo, id: String, tuning: CardTuning?, profile: OpenCLProfile?
    ) throws {
        self.tuning = tuning
        context = try OpenCLContext(device: device, info: info, id: id, profile: profile)
        stream = Mutex(OpenCLStream(context))
    }

    /// Queues an operation. No other operation comes between its launches.
    func enqueue(_ operation: (inout OpenCLStream) throws -> Void) throws {
        try stream.withLock { try operation(&$0) }
    }

    /// Whether the time steps of a layer are one launch: always on a processor, which has no tuning; on a card where that
    /// was measured to be faster.
    func fuses(_ sequence: RecurrentSequence) -> Bool {
        guard let tuning else { return true }
        let (cell, hiddenSize) = (sequence.cell, sequence.hiddenSize)
        return tuning.fuses(cell, hiddenSize: hiddenSize) && context.info.holdsSlice(cell, hiddenSize: hiddenSize)
    }
}
